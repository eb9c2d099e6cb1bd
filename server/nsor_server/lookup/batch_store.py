"""The statements of a batch of look-ups: whatever its size, the register is read twice and written once.

All run under the ledger head's lock, so that each sees what every earlier entry has committed. The writer keeps its
plans for as long as its connection lives, so the reads are written as one look at an index for each item: a join would
be planned by how small the tables were when the first batch came.
"""

from __future__ import annotations

import datetime as dt
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
        ("access_id", "uuid"),
    ),
)
SHOWN: Final = rows.predicate_in_batch(
    registrations.PLACES,
    (options_pb2.ROW_SCOPE_ALL, options_pb2.ROW_SCOPE_PART_IN_CASE, options_pb2.ROW_SCOPE_CUSTODY),
)
NO_GRANT: Final = bytes(16)
"""Grant id of a look-up without a grant."""

_HEADS: Final = Statement(
    b"look-up heads",
    f"""
SELECT q.ordinal, {registrations.COLUMNS}
FROM unnest($1::integer[], $2::smallint[], $3::bytea[], $4::smallint[], $5::text[])
    AS q (ordinal, key, blind, rows, agency_id)
CROSS JOIN LATERAL (
    SELECT registration_id
    FROM registration_identifier
    WHERE kind = {registrations.IDENTIFIER_CNIC} AND key_id = ($6::bigint[])[q.key] AND blind = q.blind
    OFFSET 0
) AS i
CROSS JOIN LATERAL (
    SELECT registration_id, version, state, held, responsible_place, custodian_agency, created_by_agency,
        court_places, created_at, sealed
    FROM registration_version
    WHERE registration_id = i.registration_id
    ORDER BY version DESC
    LIMIT 1
) AS v
CROSS JOIN LATERAL (SELECT wrapped FROM registration_key WHERE registration_id = v.registration_id OFFSET 0) AS k
WHERE v.state = {registration_pb2.REGISTRATION_STATE_CONFIRMED:d}
    AND NOT v.held
    AND {SHOWN}
""".encode(),  # noqa: S608 - constants
)
_EARLIER: Final = Statement(
    b"look-up earlier",
    b"""
SELECT q.ordinal,
    (SELECT request_hash FROM look_up WHERE request_id = q.request_id AND agency_id = q.agency_id),
    g.agency_id, g.expires_at, g.sealed,
    CASE WHEN g.grant_id IS NOT NULL THEN ARRAY(SELECT subject FROM look_up WHERE grant_id = g.grant_id) END
FROM unnest($1::integer[], $2::text[], $3::uuid[], $4::uuid[]) AS q (ordinal, agency_id, request_id, grant_id)
LEFT JOIN LATERAL (
    SELECT grant_id, agency_id, expires_at, sealed FROM access_grant
    WHERE grant_id = q.grant_id AND agency_id = q.agency_id
    OFFSET 0
) AS g ON true
""",
)


class Wanted(NamedTuple):
    """What is read for one look-up.

    Attributes:
        agency_id: the caller.
        rows: the rows that the contract shows the caller: a number of nsor.v1.RowScope.
        request_id: 16 bytes.
        blinds: key id and value of the CNIC's blind index, under each live key; the keys are the same for all.
        grant_id: 16 bytes, or ``NO_GRANT``.
    """

    agency_id: str
    rows: int
    request_id: bytes
    blinds: Sequence[tuple[int, bytes]]
    grant_id: bytes


class Earlier(NamedTuple):
    """What was found of earlier look-ups and of the grant.

    Attributes:
        request_hash: keyed hash of the request that used the request id before; None: none did.
        grant_agency: agency of the grant; None: the caller has no such grant.
        grant_expires_at: the column beside the sealed grant.
        grant_sealed: the grant.
        used: for each use of the grant so far, its subject.
    """

    request_hash: bytes | None
    grant_agency: str | None
    grant_expires_at: dt.datetime
    grant_sealed: bytes
    used: Sequence[int]


def reads(wanted: Sequence[Wanted]) -> tuple[Step, Step]:
    """Read the heads of the registrations that may be shown, and what was there before of requests and grants."""
    ordinals, keys, blinds, scopes, agencies = [], [], [], [], []
    for ordinal, each in enumerate(wanted):
        for key, (_, blind) in enumerate(each.blinds, 1):
            ordinals.append(ordinal)
            keys.append(key)
            blinds.append(blind)
            scopes.append(each.rows)
            agencies.append(each.agency_id)
    heads = _HEADS(
        arrays.integers(ordinals),
        arrays.shorts(keys),
        arrays.byteas(blinds),
        arrays.shorts(scopes),
        arrays.texts(agencies),
        arrays.longs([key_id for key_id, _ in wanted[0].blinds]),
    )
    earlier = _EARLIER(
        arrays.integers(range(len(wanted))),
        arrays.texts([each.agency_id for each in wanted]),
        arrays.uuids([each.request_id for each in wanted]),
        arrays.uuids([each.grant_id for each in wanted]),
    )
    return heads, earlier


def heads(found: Rows) -> dict[int, list[registrations.StoredVersion]]:
    """Heads by position of the look-up. What may not be shown isn't there."""
    by_position: dict[int, list[registrations.StoredVersion]] = {}
    for row in found:
        by_position.setdefault(row[0], []).append(registrations.StoredVersion(*row[1:]))
    return by_position


def earlier(found: Rows) -> list[Earlier]:
    """What was there before, in the order of the look-ups."""
    by_position = {row[0]: Earlier(*row[1:]) for row in found}
    return [by_position[position] for position in range(len(by_position))]


def row(wanted: Wanted, request_hash: bytes, access_id: bytes, subject: int | None, use: int | None) -> Row:
    """The row of a look-up that is answered; ``subject`` and ``use`` are None without a grant."""
    grant: Any = None if wanted.grant_id == NO_GRANT else wanted.grant_id
    return Row(LOOK_UPS, (wanted.agency_id, wanted.request_id, request_hash, grant, subject, use, access_id))
