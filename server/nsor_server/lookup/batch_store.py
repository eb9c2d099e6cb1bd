"""The statements of a batch of look-ups: whatever its size, the register is read twice and written once.

All run under the ledger head's lock, so that each sees what every earlier entry has committed. The writer keeps its
plans for as long as its connection lives, so the reads are written as one look at an index for each item: a join would
be planned by how small the tables were when the first batch came.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from nsor.v1 import options_pb2, registration_pb2
from nsor_server.access import rows
from nsor_server.calls import Row, Table
from nsor_server.registration import facts as registrations
from nsor_server.storage import arrays
from nsor_server.storage.blind_index import SHORT_LENGTH
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

_HAS_IDENTIFIER: Final = f"kind = q.kind AND key_id = q.key_id AND blind = q.blind AND {registrations.IS_LIVE}"
"""Of rows of ``registration_identifier AS i``: whether one is the item's identifier of a confirmed registration."""
_HELD: Final = (
    f"CASE q.kind WHEN {registrations.IDENTIFIER_CNIC} THEN claim.cnic_held"
    f" WHEN {registrations.IDENTIFIER_PASSPORT} THEN claim.passport_held"
    " ELSE claim.cnic_held OR claim.passport_held END"
)
"""Whether an earlier registration has an identifier of that kind; of a candidate, of any."""
_IS_SHOWN: Final = f"""(
    claim.registration_id = found.registration_id
    AND (v.in_look_ups OR (g.juveniles AND v.state = {registration_pb2.REGISTRATION_STATE_CONFIRMED:d}))
    AND (found.of_case OR NOT {_HELD} OR q.rows = {options_pb2.ROW_SCOPE_CUSTODY:d})
    AND {SHOWN}
)"""
# Whatever isn't shown takes what it takes to see that: where nothing was found a decoy is looked at, by the same steps.
# Its claim is found by the same look at the index, too: the last one up to an id, which is that of what was found, or
# follows from the number, so that it is the same at each call: what was read a moment ago is read quicker. Whose it is
# only whoever has the key of the blind index can say. Nothing is decided before all of them are done, so one condition
# stands at the end, as a CASE, of which the planner moves no part further up; and OFFSET 0 keeps it from reading more
# than what is of the case. For PART_IN_CASE a row comes out whatever it is, without ``of_case`` where it isn't shown:
# of one that was found by a case that fell the seal alone tells that.
#
# Of the case first, whatever the scope: where the case decides, nothing else is looked at, so that neither the time nor
# anything else tells of a registration of another case. A held one is shown on its own case, and to whoever has the
# person in custody: GetRegistration shows it there as well, so that the difference would tell that it is held. All
# registrations of its person come with it: no other statement could read them under the same lock.
#
# For a batch of few, PostgreSQL spends most of its time on preparing the nodes of the plan, some 8 us each, whether or
# not they are come to. So nothing is sorted or collected here: ``heads`` takes the first of several.
_JUVENILES: Final = """CASE WHEN juvenile
        THEN EXISTS (SELECT FROM access_grant_juvenile AS j WHERE j.grant_id = access_grant.grant_id)
    END"""
"""Whether a look-up on a grant shows juveniles' records: prosecutor and NPB have both said so; else false or NULL."""
_HEADS: Final = Statement(
    b"look-up heads",
    f"""
WITH found (
    ordinal, nth, of_one, of_case,
    claim_id, claim_version, cnic_held, passport_held, person, claim_sealed, {_OF_VERSION}
) AS (
SELECT q.ordinal, 0, NULL::bytea, CASE WHEN {_IS_SHOWN} THEN found.of_case END,
    uuid_send(v.registration_id), claim.version, claim.cnic_held, claim.passport_held, claim.person, claim.sealed,
    {registrations.COLUMNS}
FROM (
    SELECT ordinal, blind, rows, agency_id, grant_id, cases, key_id, kind, candidate, greatest(
            any_id, (SELECT registration_id FROM registration_claim ORDER BY registration_id LIMIT 1)
        ) AS decoy
    FROM unnest($1::integer[], $2::bytea[], $3::smallint[], $4::text[], $5::uuid[], $6::bytea[], $7::bigint[],
        $8::smallint[], $9::uuid[], $10::uuid[])
        AS q (ordinal, blind, rows, agency_id, grant_id, cases, key_id, kind, any_id, candidate)
    OFFSET 0
) AS q
LEFT JOIN LATERAL (
    SELECT case_blinds, {_JUVENILES} AS juveniles
    FROM access_grant WHERE grant_id = q.grant_id AND agency_id = q.agency_id OFFSET 0
) AS g ON true
LEFT JOIN LATERAL (
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
    WHERE q.candidate = c.registration_id OR EXISTS (
        SELECT FROM registration_identifier AS i
        WHERE registration_id = c.registration_id AND {_HAS_IDENTIFIER}
        OFFSET 0
    )
    UNION ALL
    SELECT registration_id, false
    FROM registration_identifier AS i
    WHERE {_HAS_IDENTIFIER} AND q.rows <> {options_pb2.ROW_SCOPE_PART_IN_CASE:d}
    UNION ALL
    SELECT q.candidate, false WHERE q.candidate IS NOT NULL AND q.rows <> {options_pb2.ROW_SCOPE_PART_IN_CASE:d}
) AS found ON true
CROSS JOIN LATERAL (
    SELECT registration_id, version, cnic_held, passport_held, person, sealed
    FROM registration_claim
    WHERE registration_id <= coalesce(found.registration_id, q.decoy)
    ORDER BY registration_id DESC, version DESC
    LIMIT 1
) AS claim
CROSS JOIN LATERAL (
    SELECT registration_id, version, state, responsible_place, custodian_agency, created_by_agency, court_places,
        in_look_ups, receiving_agency, release_places, release_day, transfer_places, transfer_first_day,
        transfer_last_day, created_at, sealed
    FROM registration_version
    WHERE registration_id = claim.registration_id
    ORDER BY version DESC
    LIMIT 1
) AS v
CROSS JOIN LATERAL (SELECT wrapped FROM registration_key WHERE registration_id = v.registration_id OFFSET 0) AS k
WHERE CASE WHEN q.rows = {options_pb2.ROW_SCOPE_PART_IN_CASE:d} THEN true ELSE {_IS_SHOWN} END
)
SELECT * FROM found
UNION ALL
SELECT f.ordinal, at, f.claim_id, f.of_case,
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
WHERE f.person <> '' AND f.of_case IS NOT NULL
""".encode(),  # noqa: S608 - constants
)
_OF_FOUND: Final = 4
"""How many columns stand before the claim's."""
_OF_CLAIM: Final = _OF_FOUND + len(registrations.StoredClaim._fields)
"""Before the version's."""
_FIRST: Final = (True, False, None)
"""What comes first of several: what is of the case; a decoy comes last."""
_NO_BLIND: Final = ((0, b""),)
"""Of a look-up that names a candidate, or reads nobody."""
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
        reads_nobody: the person isn't read, nor what is of the case: as far as is known it is refused.
    """

    agency_id: str
    rows: int
    request_id: bytes
    kind: int
    blinds: Sequence[tuple[int, bytes]]
    grant_id: bytes
    cases: bytes
    candidate: bytes | None = None
    reads_nobody: bool = False

    def person(self) -> Wanted:
        """What is read of the person: the same, or nobody."""
        if not self.reads_nobody:
            return self
        return self._replace(kind=0, blinds=(), grant_id=NO_GRANT, cases=b"", candidate=None)


class Found(NamedTuple):
    """The registration that a look-up shows.

    Attributes:
        of_case: whether it is of the case that the look-up rests on; None: it isn't shown, or is a decoy.
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
    # Under each live key: an item of several is asked for as often, each time by itself.
    persons = [each.person() for each in wanted]
    asked = [(at, each, *under) for at, each in enumerate(persons) for under in each.blinds or _NO_BLIND]
    heads = _HEADS(
        arrays.integers([at for at, _, _, _ in asked]),
        arrays.byteas([blind for _, _, _, blind in asked]),
        arrays.shorts([each.rows for _, each, _, _ in asked]),
        arrays.texts([each.agency_id for _, each, _, _ in asked]),
        arrays.uuids([each.grant_id for _, each, _, _ in asked]),
        arrays.byteas([each.cases for _, each, _, _ in asked]),
        arrays.longs([key_id for _, _, key_id, _ in asked]),
        arrays.shorts([each.kind for _, each, _, _ in asked]),
        arrays.uuids([blind[:_ID_BYTES] or each.candidate or NO_GRANT for _, each, _, blind in asked]),
        arrays.uuids([each.candidate for _, each, _, _ in asked]),
    )
    earlier = _EARLIER(
        arrays.integers(range(len(wanted))),
        arrays.texts([each.agency_id for each in wanted]),
        arrays.uuids([each.request_id for each in wanted]),
        arrays.uuids([each.grant_id for each in wanted]),
    )
    return heads, earlier


def heads(rows: Rows, wanted: Sequence[Wanted]) -> dict[int, Found]:
    """What each look-up shows, by its position. What may not be shown isn't there.

    Of several it is what is of the case, then what isn't held, then the first by its id.
    """
    found: dict[int, Found] = {}
    persons: dict[tuple[int, bytes], dict[int, tuple[registrations.StoredClaim, registrations.StoredVersion]]] = {}
    for row in rows:
        ordinal, nth, of_one, of_case = row[:_OF_FOUND]
        claim = registrations.StoredClaim._make(row[_OF_FOUND:_OF_CLAIM])
        version = registrations.StoredVersion._make(row[_OF_CLAIM:])
        if nth:
            persons.setdefault((ordinal, of_one), {})[nth] = claim, version
            continue
        one, other = Found(of_case, claim, version, []), found.get(ordinal)
        if other is None or _rank(one, wanted[ordinal]) < _rank(other, wanted[ordinal]):
            found[ordinal] = one
    for (ordinal, of_one), person in persons.items():
        if found[ordinal].row.registration_id == of_one:
            found[ordinal].person.extend(each for _, each in sorted(person.items()))
    return found


def _rank(found: Found, wanted: Wanted) -> tuple[int, bool, bytes]:
    return _FIRST.index(found.of_case), registrations.is_held(found.claim, wanted.kind), found.row.registration_id


def earlier(found: Rows) -> list[Earlier]:
    """What was there before, in the order of the look-ups."""
    by_position = {row[0]: Earlier(*row[1:]) for row in found}
    return [by_position[position] for position in range(len(by_position))]


def kept(request_hash: bytes, answered_us: int) -> bytes:
    """What is kept of a request that was answered: no hash goes with another time that somebody puts beside it."""
    return hashlib.sha256(request_hash + answered_us.to_bytes(8, "big", signed=True)).digest()[:SHORT_LENGTH]


def row(wanted: Wanted, request_hash: bytes, access_id: bytes, use: tuple[int, int] | None, answered_us: int) -> Row:
    """The row of a look-up that is answered; ``use``: position of the person in the grant, and which use it is."""
    grant: Any = None if use is None else wanted.grant_id
    subject, nth = use or (None, None)
    return Row(
        LOOK_UPS,
        (wanted.agency_id, wanted.request_id, request_hash, grant, subject, nth, answered_us, access_id),
    )
