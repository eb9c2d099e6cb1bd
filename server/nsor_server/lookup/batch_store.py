"""The three statements of a batch of look-ups: whatever its size, the register is read twice and written once.

All run under the ledger head's lock, so that each sees what every earlier entry has committed. The writer keeps its
plans for as long as its connection lives, so the reads are written as one look at an index for each item: a join would
be planned by how small the tables were when the first batch came.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from nsor.v1 import registration_pb2
from nsor_server.ledger import arrays
from nsor_server.registration import store as registrations
from nsor_server.rpc.calls import Connection

TABLE: Final = "look_up"

_HEADS: Final = f"""
SELECT q.ordinal, {registrations.COLUMNS}
FROM unnest(%b::int[], %b::smallint[], %b::bytea[], %b::text[]) AS q (ordinal, key, blind, custodian)
CROSS JOIN LATERAL (
    SELECT registration_id
    FROM registration_identifier
    WHERE kind = {registrations.IDENTIFIER_CNIC} AND key_id = (%b::bigint[])[q.key] AND blind = q.blind
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
    AND q.custodian IN ('', v.custodian_agency)
""".encode()  # noqa: S608 - constants

_CLAIMS: Final = b"""
SELECT q.ordinal,
    (SELECT request_hash FROM look_up WHERE agency_id = q.agency_id AND request_id = q.request_id),
    g.agency_id, (extract(epoch FROM g.expires_at) * 1000000)::bigint, g.sealed,
    ARRAY(SELECT subject FROM look_up WHERE grant_id = g.grant_id)
FROM unnest(%b::int[], %b::text[], %b::uuid[], %b::uuid[]) AS q (ordinal, agency_id, request_id, grant_id)
LEFT JOIN LATERAL (
    SELECT grant_id, agency_id, expires_at, sealed FROM access_grant
    WHERE grant_id = q.grant_id AND agency_id = q.agency_id
    OFFSET 0
) AS g ON true
"""

_INSERT: Final = b"""
INSERT INTO look_up (agency_id, request_id, request_hash, grant_id, subject, use, access_id)
SELECT q.agency_id, q.request_id, q.request_hash, nullif(q.grant_id, '00000000-0000-0000-0000-000000000000'),
    nullif(q.subject, -1), nullif(q.use, -1), q.access_id
FROM unnest(%b::text[], %b::uuid[], %b::uuid[], %b::uuid[], %b::smallint[], %b::smallint[], %b::uuid[])
    AS q (agency_id, request_id, request_hash, grant_id, subject, use, access_id)
"""


NO_GRANT: Final = bytes(16)
"""Grant id of a look-up without a grant."""
NO_USE: Final = -1
"""Subject and use of a look-up without a grant."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is read for one look-up.

    Attributes:
        agency_id: the caller.
        request_id: 16 bytes.
        blinds: key id and value of the CNIC's blind index, under each live key; the keys are the same for all.
        custodian: only a registration in this agency's custody; empty: any.
        grant_id: 16 bytes, or ``NO_GRANT``.
    """

    agency_id: str
    request_id: bytes
    blinds: Sequence[tuple[int, bytes]]
    custodian: str
    grant_id: bytes


class Claim(NamedTuple):
    """What was found of earlier look-ups and of the grant.

    Attributes:
        request_hash: keyed hash of the request that used the request id before; None: none did.
        grant_agency: agency of the grant; None: the caller has no such grant.
        grant_expires_at_us: the column beside the sealed grant.
        grant_sealed: the grant.
        used: for each use of the grant so far, its subject.
    """

    request_hash: uuid.UUID | None
    grant_agency: str | None
    grant_expires_at_us: int
    grant_sealed: bytes
    used: Sequence[int]


class Made(NamedTuple):
    """A look-up that is answered."""

    agency_id: str
    request_id: bytes
    request_hash: bytes
    grant_id: bytes
    subject: int
    use: int
    access_id: bytes


def heads(conn: Connection, questions: Sequence[Question]) -> dict[int, list[registrations.Row]]:
    """Heads of the registrations that may be shown, by position of the question. What may not be shown isn't there."""
    ordinals, keys, blinds, custodians = [], [], [], []
    for ordinal, question in enumerate(questions):
        for key, (_, blind) in enumerate(question.blinds, 1):
            ordinals.append(ordinal)
            keys.append(key)
            blinds.append(blind)
            custodians.append(question.custodian)
    parameters = (
        arrays.integers(ordinals),
        arrays.shorts(keys),
        arrays.byteas(blinds),
        arrays.texts(custodians),
        [key_id for key_id, _ in questions[0].blinds],
    )
    found: dict[int, list[registrations.Row]] = {}
    for row in _rows(conn, _HEADS, parameters):
        found.setdefault(row[0], []).append(registrations.Row(*row[1:]))
    return found


def claims(conn: Connection, questions: Sequence[Question]) -> dict[int, Claim]:
    """Earlier look-ups under the same request ids, and grants with their uses, by position of the question."""
    parameters = (
        arrays.integers(range(len(questions))),
        arrays.texts([question.agency_id for question in questions]),
        arrays.uuids([question.request_id for question in questions]),
        arrays.uuids([question.grant_id for question in questions]),
    )
    return {row[0]: Claim(*row[1:]) for row in _rows(conn, _CLAIMS, parameters)}


def insert(conn: Connection, made: Sequence[Made]) -> None:
    """Write the look-ups that are answered."""
    if not made:
        return
    agencies, requests, hashes, grants, subjects, uses, accesses = zip(*made, strict=True)
    parameters = (
        arrays.texts(agencies),
        arrays.uuids(requests),
        arrays.uuids(hashes),
        arrays.uuids(grants),
        arrays.shorts(subjects),
        arrays.shorts(uses),
        arrays.uuids(accesses),
    )
    conn.execute(_INSERT, parameters, prepare=True)


def _rows(conn: Connection, statement: bytes, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
    return conn.execute(statement, parameters, prepare=True, binary=True).fetchall()
