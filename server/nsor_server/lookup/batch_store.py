"""The statements of a batch of look-ups: whatever its size, the register is read twice and written once.

All run under the ledger head's lock, so that each sees what every earlier entry has committed. The writer keeps its
plans for as long as its connection lives, so the reads are written as one look at an index for each item: a join would
be planned by how small the tables were when the first batch came.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from nsor.v1 import options_pb2, registration_pb2
from nsor_server.access import rows
from nsor_server.calls import Row, Table
from nsor_server.registration import facts as registrations
from nsor_server.storage import arrays
from nsor_server.storage.session import Rows, Statement, Step

LOOK_UPS: Final = Table(
    "look_up",
    (
        ("agency_id", "text"),
        ("request_id", "uuid"),
        ("request_hash", "uuid"),
        ("grant_id", "uuid"),
        ("subject", "smallint"),
        ("use", "smallint"),
        ("answered_us", "bigint"),
        ("access_id", "uuid"),
    ),
)
SHOWN: Final = rows.predicate_in_batch(
    registrations.PLACES,
    (options_pb2.ROW_SCOPE_ALL, options_pb2.ROW_SCOPE_PART_IN_CASE, options_pb2.ROW_SCOPE_CUSTODY),
    of_case="found.of_case",
)
NO_GRANT: Final = bytes(16)
"""Grant id of a look-up on no grant, ticket or opened case."""
_ID_BYTES: Final = 16
"""Bytes of a registration's id; of a person they stand one after the other."""
_OF_VERSION: Final = ", ".join(registrations.StoredVersion._fields)
BLIND_BYTES: Final = 32
"""Bytes of a blind index; under several keys they stand one after the other."""

_KEY_IDS: Final = (
    f"(CASE q.kind WHEN {registrations.IDENTIFIER_CNIC} THEN $7::bigint[]"
    f" WHEN {registrations.IDENTIFIER_PASSPORT} THEN $8::bigint[] END)"
)
"""Of the keys under which the blind index of an item's identifier stands; none where it names a candidate."""
_HAS_IDENTIFIER: Final = f"""
    generate_subscripts({_KEY_IDS}, 1) AS nth
    CROSS JOIN LATERAL (
        SELECT registration_id
        FROM registration_identifier AS i
        WHERE kind = q.kind AND key_id = {_KEY_IDS}[nth]
            AND blind = substring(q.blinds FROM nth * {BLIND_BYTES} - {BLIND_BYTES - 1} FOR {BLIND_BYTES})
            AND {{and_where}} AND {registrations.IS_LIVE}
        OFFSET 0
    ) AS i
"""  # noqa: S608 - constants
"""Confirmed registrations that have the identifier."""
_HELD: Final = (
    f"CASE q.kind WHEN {registrations.IDENTIFIER_CNIC} THEN claim.cnic_held"
    f" WHEN {registrations.IDENTIFIER_PASSPORT} THEN claim.passport_held"
    " ELSE claim.cnic_held OR claim.passport_held END"
)
"""Whether an earlier registration has an identifier of that kind; of a candidate, of any."""
_DECOY: Final = """coalesce(
    (SELECT registration_id FROM registration_claim WHERE registration_id >= q.decoy ORDER BY registration_id LIMIT 1),
    (SELECT registration_id FROM registration_claim ORDER BY registration_id LIMIT 1)
)"""
"""Any that a court has confirmed: where none has the identifier, somebody else's is read, and shown to nobody."""
# Whatever isn't shown takes what it takes to see that: where nothing was found a decoy is looked at, by the same steps.
# Nothing is decided before all of them are done, so one condition stands at the end, and no part of it further up. For
# PART_IN_CASE the decoy comes out, as does what was found by a case that fell: by its seal alone that isn't shown.
#
# Of the case first, whatever the scope: where the case decides, nothing else is looked at, so that neither the time nor
# anything else tells of a registration of another case. A held one is shown on its own case, and to whoever has the
# person in custody: GetRegistration shows it there as well, so that the difference would tell that it is held. All
# registrations of its person come with it: no other statement could read them under the same lock.
_JUVENILES: Final = """CASE WHEN juvenile
        THEN EXISTS (SELECT FROM access_grant_juvenile AS j WHERE j.grant_id = access_grant.grant_id)
    END"""
"""Whether a look-up on a grant shows juveniles' records: prosecutor and NPB have both said so; else false or NULL."""
_HEADS: Final = Statement(
    b"look-up heads",
    f"""
WITH found (
    ordinal, nth, of_case, claim_id, claim_version, cnic_held, passport_held, person, claim_sealed, {_OF_VERSION}
) AS (
SELECT q.ordinal, 0, v.of_case,
    uuid_send(v.registration_id), v.claim_version, v.cnic_held, v.passport_held, v.person, v.claim_sealed,
    {registrations.COLUMNS}
FROM unnest($1::integer[], $2::bytea[], $3::smallint[], $4::text[], $5::uuid[], $6::bytea[], $9::smallint[],
    $10::uuid[], $11::uuid[]) AS q (ordinal, blinds, rows, agency_id, grant_id, cases, kind, decoy, candidate)
LEFT JOIN LATERAL (
    SELECT case_blinds, {_JUVENILES} AS juveniles
    FROM access_grant WHERE grant_id = q.grant_id AND agency_id = q.agency_id OFFSET 0
) AS g ON true
CROSS JOIN LATERAL (
    SELECT array_agg(found.registration_id) AS ids, array_agg(found.of_case) AS of_case
    FROM (
        SELECT c.registration_id, true AS of_case
        FROM generate_series(1, octet_length(coalesce(g.case_blinds, q.cases)) / {BLIND_BYTES}) AS at
        CROSS JOIN LATERAL (
            SELECT registration_id
            FROM registration_case
            WHERE blind = substring(
                coalesce(g.case_blinds, q.cases) FROM at * {BLIND_BYTES} - {BLIND_BYTES - 1} FOR {BLIND_BYTES}
            )
            OFFSET 0
        ) AS c
        CROSS JOIN LATERAL (
            SELECT FROM {_HAS_IDENTIFIER.format(and_where="registration_id = c.registration_id")}
            UNION ALL
            SELECT WHERE q.candidate = c.registration_id
            LIMIT 1
        ) AS has_it
        UNION ALL
        SELECT i.registration_id, false
        FROM {_HAS_IDENTIFIER.format(and_where="true")}
        WHERE q.rows <> {options_pb2.ROW_SCOPE_PART_IN_CASE:d}
        UNION ALL
        SELECT q.candidate, false WHERE q.candidate IS NOT NULL AND q.rows <> {options_pb2.ROW_SCOPE_PART_IN_CASE:d}
    ) AS found
) AS has
CROSS JOIN LATERAL (
    SELECT found.of_case, claim.*, v.*
    FROM unnest(coalesce(has.ids, ARRAY[{_DECOY}]), has.of_case) AS found (registration_id, of_case)
    CROSS JOIN LATERAL (
        SELECT version AS claim_version, cnic_held, passport_held, person, sealed AS claim_sealed
        FROM registration_claim
        WHERE registration_id = found.registration_id
        ORDER BY version DESC
        LIMIT 1
    ) AS claim
    CROSS JOIN LATERAL (
        SELECT registration_id, version, state, responsible_place, custodian_agency, created_by_agency, court_places,
            in_look_ups, receiving_agency, release_places, release_day, transfer_places, transfer_first_day,
            transfer_last_day, created_at, sealed
        FROM registration_version
        WHERE registration_id = found.registration_id
        ORDER BY version DESC
        LIMIT 1
    ) AS v
    WHERE CASE
        WHEN (v.in_look_ups OR (g.juveniles AND v.state = {registration_pb2.REGISTRATION_STATE_CONFIRMED:d}))
            AND (found.of_case OR NOT {_HELD} OR q.rows = {options_pb2.ROW_SCOPE_CUSTODY:d})
            AND {SHOWN}
        THEN found.of_case IS NOT NULL
        ELSE found.of_case IS NULL AND q.rows = {options_pb2.ROW_SCOPE_PART_IN_CASE:d}
    END
    ORDER BY found.of_case DESC, {_HELD}, v.registration_id
    LIMIT 1
) AS v
CROSS JOIN LATERAL (SELECT wrapped FROM registration_key WHERE registration_id = v.registration_id OFFSET 0) AS k
)
SELECT * FROM found
UNION ALL
SELECT f.ordinal, at, f.of_case,
    uuid_send(c.registration_id), c.version, c.cnic_held, c.passport_held, c.person, c.sealed, {registrations.COLUMNS}
FROM found AS f
CROSS JOIN LATERAL generate_series(1, octet_length(f.person) / {_ID_BYTES}) AS at
CROSS JOIN LATERAL (
    SELECT encode(substring(f.person FROM at * {_ID_BYTES} - {_ID_BYTES - 1} FOR {_ID_BYTES}), 'hex')::uuid AS id
) AS one
CROSS JOIN LATERAL (
    SELECT * FROM registration_claim WHERE registration_id = one.id ORDER BY version DESC LIMIT 1
) AS c
CROSS JOIN LATERAL (
    SELECT * FROM registration_version WHERE registration_id = one.id ORDER BY version DESC LIMIT 1
) AS v
CROSS JOIN LATERAL (SELECT wrapped FROM registration_key WHERE registration_id = one.id OFFSET 0) AS k
WHERE f.person <> ''
""".encode(),  # noqa: S608 - constants
)
_OF_CLAIM: Final = len(registrations.StoredClaim._fields)
"""How many of the columns are the claim's."""
_EARLIER: Final = Statement(
    b"look-up earlier",
    f"""
SELECT q.ordinal, l.request_hash, l.answered_us, g.agency_id, g.expires_at, g.case_blinds, g.sealed, g.withdrawn,
    g.holder, coalesce(g.juveniles, false),
    CASE WHEN g.grant_id IS NOT NULL THEN ARRAY(SELECT subject FROM look_up WHERE grant_id = g.grant_id) END,
    CASE WHEN g.grant_id IS NOT NULL THEN ARRAY(SELECT subject FROM look_up_return WHERE grant_id = g.grant_id) END
FROM unnest($1::integer[], $2::text[], $3::uuid[], $4::uuid[]) AS q (ordinal, agency_id, request_id, grant_id)
LEFT JOIN LATERAL (
    SELECT request_hash, answered_us FROM look_up WHERE request_id = q.request_id AND agency_id = q.agency_id
    OFFSET 0
) AS l ON true
LEFT JOIN LATERAL (
    SELECT grant_id, agency_id, expires_at, case_blinds, sealed,
        EXISTS (SELECT FROM access_grant_withdrawal AS w WHERE w.grant_id = access_grant.grant_id) AS withdrawn,
        (SELECT officer_key FROM access_grant_holder AS h WHERE h.grant_id = access_grant.grant_id
         ORDER BY h.version DESC LIMIT 1) AS holder,
        {_JUVENILES} AS juveniles
    FROM access_grant
    WHERE grant_id = q.grant_id AND agency_id = q.agency_id
    OFFSET 0
) AS g ON true
""".encode(),  # noqa: S608 - constants
)


class Wanted(NamedTuple):
    """What is read for one look-up.

    Attributes:
        agency_id: the caller.
        rows: the rows that the contract shows the caller: a number of nsor.v1.RowScope.
        request_id: 16 bytes.
        kind: of identifier; 0: it names a candidate.
        blinds: key id and value of its blind index, under each live key; the keys are the same for all of one kind.
        grant_id: of a grant, ticket or opened case, 16 bytes; or ``NO_GRANT``.
        cases: the blind index of the case that the request names, under each live key; empty: it names none. That of a
            grant's case stands beside the grant.
        candidate: id of the registration that it names, 16 bytes; None: it names an identifier.
    """

    agency_id: str
    rows: int
    request_id: bytes
    kind: int
    blinds: Sequence[tuple[int, bytes]]
    grant_id: bytes
    cases: bytes
    candidate: bytes | None = None


class Found(NamedTuple):
    """The registration that a look-up shows.

    Attributes:
        of_case: whether it is of the case that the look-up rests on; None: it is a decoy.
        claim: says whether it is held, and of which person it is.
        row: its newest version.
        person: all registrations of its person, itself among them, each with its claim; none: it is alone.
    """

    of_case: bool | None
    claim: registrations.StoredClaim
    row: registrations.StoredVersion
    person: list[tuple[registrations.StoredClaim, registrations.StoredVersion]]


class Earlier(NamedTuple):
    """What was found of earlier look-ups and of the grant.

    Attributes:
        request_hash: keyed hash of the request that used the request id before; None: none did.
        answered_us: when that was answered first, microseconds since 1970.
        grant_agency: agency of the grant; None: the caller has no such grant.
        grant_expires_at: the column beside the sealed grant.
        grant_case_blinds: the other one.
        grant_sealed: the grant.
        withdrawn: whether it was withdrawn.
        holder: key id of the officer to whom it was passed last; None: to nobody.
        juveniles: whether it shows juveniles' records.
        used: for each use of the grant so far, its subject.
        returned: for each use that was given back, likewise.
    """

    request_hash: bytes | None
    answered_us: int | None
    grant_agency: str | None
    grant_expires_at: dt.datetime
    grant_case_blinds: bytes
    grant_sealed: bytes
    withdrawn: bool
    holder: bytes | None
    juveniles: bool
    used: Sequence[int]
    returned: Sequence[int]


def reads(wanted: Sequence[Wanted]) -> tuple[Step, Step]:
    """Read the heads of the registrations that are shown, and what was there before of requests and grants."""
    heads = _HEADS(
        arrays.integers(range(len(wanted))),
        arrays.byteas([b"".join([blind for _, blind in each.blinds]) for each in wanted]),
        arrays.shorts([each.rows for each in wanted]),
        arrays.texts([each.agency_id for each in wanted]),
        arrays.uuids([each.grant_id for each in wanted]),
        arrays.byteas([each.cases for each in wanted]),
        arrays.longs(_key_ids(wanted, registrations.IDENTIFIER_CNIC)),
        arrays.longs(_key_ids(wanted, registrations.IDENTIFIER_PASSPORT)),
        arrays.shorts([each.kind for each in wanted]),
        arrays.uuids(_any_ids(len(wanted))),
        arrays.uuids([each.candidate for each in wanted]),
    )
    earlier = _EARLIER(
        arrays.integers(range(len(wanted))),
        arrays.texts([each.agency_id for each in wanted]),
        arrays.uuids([each.request_id for each in wanted]),
        arrays.uuids([each.grant_id for each in wanted]),
    )
    return heads, earlier


def _any_ids(count: int) -> list[bytes]:
    """So many ids that nobody foresees: whose row is read as a decoy isn't for the caller to say."""
    random = os.urandom(count * _ID_BYTES)
    return [random[at : at + _ID_BYTES] for at in range(0, len(random), _ID_BYTES)]


def _key_ids(wanted: Sequence[Wanted], kind: int) -> list[int]:
    """Ids of the keys of a kind of identifier; none, where no look-up is by one."""
    return next(([key_id for key_id, _ in each.blinds] for each in wanted if each.kind == kind), [])


def heads(rows: Rows) -> dict[int, Found]:
    """What each look-up shows, by its position. What may not be shown isn't there."""
    found: dict[int, Found] = {}
    for ordinal, nth, of_case, *columns in sorted(rows, key=lambda row: row[1]):
        claim = registrations.StoredClaim(*columns[:_OF_CLAIM])
        version = registrations.StoredVersion(*columns[_OF_CLAIM:])
        if not nth:
            found[ordinal] = Found(of_case, claim, version, [])
        else:
            found[ordinal].person.append((claim, version))
    return found


def earlier(found: Rows) -> list[Earlier]:
    """What was there before, in the order of the look-ups."""
    by_position = {row[0]: Earlier(*row[1:]) for row in found}
    return [by_position[position] for position in range(len(by_position))]


def row(wanted: Wanted, request_hash: bytes, access_id: bytes, use: tuple[int, int] | None, answered_us: int) -> Row:
    """The row of a look-up that is answered; ``use``: position of the person in the grant, and which use it is."""
    grant: Any = None if use is None else wanted.grant_id
    subject, nth = use or (None, None)
    return Row(
        LOOK_UPS,
        (wanted.agency_id, wanted.request_id, request_hash, grant, subject, nth, answered_us, access_id),
    )
