"""Records by the number that a person shows, in PostgreSQL.

Who sees one is a predicate of the read: absent, sealed, not confirmed, held by that number and another station's are
one answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from nsor.v1 import options_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.calls import Call, Seen, Versions
from nsor_server.registration import claims
from nsor_server.registration import store as registrations
from nsor_server.storage import arrays
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

MOST: Final = 10
"""Records that one number shows: a person has more only when NPB has merged some."""
_CLAIM: Final = "uuid_send(c.registration_id), c.version, c.cnic_held, c.passport_held, c.person, c.sealed"
_ID_BYTES: Final = 16
_OF_CLAIM: Final = len(claims.StoredClaim._fields)
"""How many of the columns are the claim's."""
_HEADS: Final = """
CROSS JOIN LATERAL (
    SELECT * FROM registration_version WHERE registration_id = i.registration_id ORDER BY version DESC LIMIT 1
) AS v
CROSS JOIN LATERAL (
    SELECT * FROM registration_claim
    WHERE registration_id = i.registration_id ORDER BY version DESC LIMIT 1
) AS c
JOIN registration_key AS k ON k.registration_id = i.registration_id
"""
NOT_HELD: Final = f"NOT CASE WHEN i.kind = {claims.IDENTIFIER_CNIC} THEN c.cnic_held ELSE c.passport_held END"
"""Whether an earlier record has no claim to the number: as for a look-up."""
_HOLDING: Final = Statement(
    b"registrations by numbers",
    f"""
SELECT q.ordinal, {_CLAIM}, {registrations.COLUMNS}
FROM unnest($1::integer[], $2::smallint[], $3::bigint[], $4::bytea[]) AS q (ordinal, kind, key_id, blind)
CROSS JOIN LATERAL (
    SELECT registration_id, kind FROM registration_identifier AS i
    WHERE i.kind = q.kind AND i.key_id = q.key_id AND i.blind = q.blind AND {claims.IS_LIVE}
    OFFSET 0
) AS i
{_HEADS}
WHERE v.in_look_ups AND {NOT_HELD}
ORDER BY q.ordinal, i.registration_id
""".encode(),  # noqa: S608 - constants
)
"""Only who is shown by look-ups: confirmed, standing, and not for what he did under 18 alone."""
_ANY: Final = """coalesce(
    (SELECT registration_id FROM registration_claim WHERE registration_id >= {start} ORDER BY registration_id LIMIT 1),
    (SELECT registration_id FROM registration_claim ORDER BY registration_id LIMIT 1)
)"""
"""Somebody else's, which is read where nobody has the number: the time doesn't tell who has one and isn't shown. It is
the same at each read of one call, and at each call: what was read a moment ago is read quicker."""
_START: Final = f"encode(substring({{blind}} FROM 1 FOR {_ID_BYTES}), 'hex')::uuid"
"""Whose that is follows from the number, and only whoever has the key can say how."""
_AS_FOUND: Final = "(SELECT array_agg(DISTINCT one.id) FROM (SELECT other.id OFFSET 0) AS one)"
"""Its id as those are collected that have the number: that, too, takes what it takes where somebody has it."""
_READ: Final = f"""
WITH read AS MATERIALIZED (
    SELECT i.is_found, {_CLAIM}, {registrations.COLUMNS}, {{shown}} AND {NOT_HELD} AS is_shown
    FROM (
        SELECT one.registration_id, has.ids IS NOT NULL AS is_found, {{kind}}::smallint AS kind
        FROM (
            SELECT array_agg(DISTINCT i.registration_id) AS ids
            FROM unnest({{key_ids}}::bigint[], {{blinds}}::bytea[]) AS live (key_id, blind)
            CROSS JOIN LATERAL (
                SELECT registration_id FROM registration_identifier AS i
                WHERE i.kind = {{kind}}::smallint AND i.key_id = live.key_id AND i.blind = live.blind
                    AND {claims.IS_LIVE}
                OFFSET 0
            ) AS i
        ) AS has
        CROSS JOIN LATERAL (
            SELECT {_ANY.format(start=_START.format(blind="({blinds}::bytea[])[1]"))} AS id OFFSET 0
        ) AS other
        CROSS JOIN LATERAL unnest(coalesce(has.ids, {_AS_FOUND})) AS one (registration_id)
    ) AS i
    {_HEADS}
)
SELECT * FROM read WHERE is_found AND is_shown ORDER BY 2
"""  # noqa: S608 - constants
"""The registrations of a number. Nothing is decided before all is read."""
_SHOWN: Final = Statement(
    b"registrations shown by a number",
    _READ.format(shown="v.in_look_ups", kind="$1", key_ids="$2", blinds="$3").encode(),
)
"""As those by numbers, of one."""
BY_NUMBER_IN: Final = rows.statements(
    "registrations by number",
    _READ.format(shown="{rows}", kind="$5", key_ids="$6", blinds="$7") + f"LIMIT {MOST}",
    registrations.PLACES,
    (options_pb2.ROW_SCOPE_RESPONSIBLE_PLACE,),
)
"""By the scope that the contract gives the caller; another scope shows nobody."""
_MOVES: Final = f"""coalesce((
    SELECT sum((
        (SELECT max(version) FROM registration_version WHERE registration_id = i.registration_id)
        + (SELECT max(version) FROM registration_claim WHERE registration_id = i.registration_id)
    ) * (has.ids IS NOT NULL)::integer)
    FROM (
        SELECT array_agg(DISTINCT registration_id) AS ids FROM registration_identifier
        WHERE kind = {{kind}} AND key_id = {{key_id}} AND blind = {{blind}}
    ) AS has
    CROSS JOIN LATERAL (SELECT {{any}} AS id OFFSET 0) AS other
    CROSS JOIN LATERAL unnest(coalesce(has.ids, {_AS_FOUND})) AS i (registration_id)
), 0)"""  # noqa: S608 - constants
NUMBER: Final = Versions(
    "registrations of a number",
    ("smallint", "bigint", "bytea"),
    _MOVES.format(kind="q.k1", key_id="q.k2", blind="q.k3", any=_ANY.format(start=_START.format(blind="q.k3"))),
)
"""How often the records that have or had a number have changed, under one key: it only grows."""
_OF_LIVE: Final = _ANY.format(start=_START.format(blind="live.blind"))
_COUNT: Final = Statement(
    b"registrations of a number counted",
    f"""
SELECT ({_MOVES.format(kind="$1::smallint", key_id="live.key_id", blind="live.blind", any=_OF_LIVE)})::bigint
FROM unnest($2::bigint[], $3::bytea[]) WITH ORDINALITY AS live (key_id, blind, nth)
ORDER BY nth
""".encode(),  # noqa: S608 - constants
)


class Holder(NamedTuple):
    """A registration that has a number, as it is stored."""

    claim: claims.StoredClaim
    row: registrations.StoredVersion


class Found(NamedTuple):
    """What was found by a number.

    Attributes:
        records: the newest versions that the caller is shown, each with its row, by their ids.
        seen: that these are all, and the newest.
    """

    records: list[tuple[registrations.StoredVersion, record_pb2.RegistrationRecord]]
    seen: list[Seen]


def by_number(conn: Connection, sealer: Sealer, blind_index: BlindIndex, shown: claims.Identifier, call: Call) -> Found:
    """The records that have a number and that the contract shows the caller. As much is read where nobody has it.

    Args:
        conn: any.
        sealer: opens them.
        blind_index: the number is looked for under every live key.
        shown: the number.
        call: past the gate.

    Raises:
        errors.Internal: a row isn't what its seal says, hasn't the number, or isn't the caller's to see.
    """
    # Counted before they are read: what changes in between is found or was not counted.
    seen = counted(conn, blind_index, shown)
    caller, number = rows.parameters(call.agency, call.officer), _parameters(blind_index, shown)
    found = []
    for _, *columns, _ in ask(conn, BY_NUMBER_IN[call.rows], *caller, *number):
        row = registrations.StoredVersion(*columns[_OF_CLAIM:])
        record, key = registrations.open_keyed(sealer, row)
        rows.require_shown(registrations.TABLE, registrations.said(row), call)
        claims.open_claim(key, claims.StoredClaim(*columns[:_OF_CLAIM]))
        if shown not in claims.identifiers(record):
            raise rows.outside(registrations.TABLE)
        found.append((row, record))
    return Found(found, seen)


def counted(conn: Connection, blind_index: BlindIndex, shown: claims.Identifier) -> list[Seen]:
    """How often the records that have or had a number have changed, under each live key, and no more often since."""
    live = blind_index.values(shown.use, shown.text)
    counts = ask(conn, _COUNT, *_parameters(blind_index, shown))
    return [Seen(NUMBER, (shown.kind, *value), count) for value, (count,) in zip(live, counts, strict=True)]


def _parameters(blind_index: BlindIndex, shown: claims.Identifier) -> tuple[bytes, bytes, bytes]:
    """A number as a statement's parameters: its kind, and its key ids and values under every live key."""
    key_ids, blinds = zip(*blind_index.values(shown.use, shown.text), strict=True)
    return shown.kind.to_bytes(2, "big"), arrays.longs(key_ids), arrays.byteas(blinds)


def holding(
    conn: Connection, blind_index: BlindIndex, shown: Mapping[bytes, claims.Identifier]
) -> list[tuple[bytes, Holder]]:
    """The registrations that look-ups show and that have one of some numbers: each with the id that stands for it."""
    live = [
        (shown_id, one.kind, *value)
        for shown_id, one in shown.items()
        for value in blind_index.values(one.use, one.text)
    ]
    if not live:
        return []
    ids, kinds, key_ids, blinds = zip(*live, strict=True)
    found = ask(
        conn,
        _HOLDING,
        arrays.integers(range(len(live))),
        arrays.shorts(kinds),
        arrays.longs(key_ids),
        arrays.byteas(blinds),
    )
    holders = {
        (ids[ordinal], columns[0]): Holder(
            claims.StoredClaim(*columns[:_OF_CLAIM]), registrations.StoredVersion(*columns[_OF_CLAIM:])
        )
        for ordinal, *columns in found
    }
    return [(shown_id, holder) for (shown_id, _), holder in holders.items()]


def shown_by(conn: Connection, blind_index: BlindIndex, shown: claims.Identifier) -> list[Holder]:
    """The registrations that look-ups show and that have a number. As much is read where nobody has it."""
    found = ask(conn, _SHOWN, *_parameters(blind_index, shown))
    return [
        Holder(claims.StoredClaim(*columns[:_OF_CLAIM]), registrations.StoredVersion(*columns[_OF_CLAIM:]))
        for _, *columns, _ in found
    ]


def other_number() -> errors.ApiError:
    """That a registration was read by a number that it hasn't: an alert."""
    return contradicted("registration_identifier", "a row of %s is of a number that its registration hasn't")
