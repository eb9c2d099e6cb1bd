"""Uses that are given back: a look-up said that there is no record, and the person has come to stand since.

Whoever is confirmed or unsealed is compared, at the fixed times (``times.py``), with the persons whom grants, tickets
and court cases name that still count. Each use that was answered "no record" for one of them is given back, if a
look-up would show him now: otherwise the use would tell of somebody whom it may not show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from nsor.v1 import notification_pb2
from nsor_server.calls import Row, Seen, Table
from nsor_server.events import outbox
from nsor_server.ledger.detail import Details
from nsor_server.lookup import rules
from nsor_server.lookup.grants import records, store, subjects
from nsor_server.registration import facts as registrations
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

RETURNS: Final = Table(
    "look_up_return",
    (("access_id", "uuid"), ("grant_id", "uuid"), ("subject", "smallint")),
    row_id="access_id",
)
"""Insert-only: a use that was given back, by the access that used it."""
_USES: Final = Statement(
    b"look-ups without a record",
    b"""
SELECT l.access_id, e.index, e.leaf, d.sealed
FROM look_up AS l
JOIN ledger_entry AS e ON e.access_id = l.access_id
JOIN ledger_detail AS d ON d.index = e.index
WHERE l.grant_id = $1 AND l.subject = $2::smallint
    AND NOT EXISTS (SELECT FROM look_up_return AS r WHERE r.access_id = l.access_id)
ORDER BY l.use
""",
)


class Named(NamedTuple):
    """A person whom a grant names, and who has come to stand.

    Attributes:
        grant: what names him.
        position: his place in it.
        registration_id: the one that has come to stand, 16 bytes.
        juveniles: whether the grant shows juveniles' records.
    """

    grant: record_pb2.GrantRecord
    position: int
    registration_id: bytes
    juveniles: bool


@dataclass(slots=True)
class Returned:
    """What a time gives back.

    Attributes:
        rows: uses, and events.
        seen: what they rest on.
    """

    rows: list[Row] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


def due(
    conn: Connection,
    keys: tuple[Sealer, Details],
    came: Mapping[bytes, registrations.CameToStand],
    *,
    now_us: int,
    compromised: Iterable[bytes],
) -> Returned:
    """What is given back at a time, and who hears of it.

    Args:
        conn: any.
        keys: what opens grants and registrations, and details of entries.
        came: the registrations that have come to stand since the time before, by their ids.
        now_us: only of grants that end later, microseconds since 1970.
        compromised: keys whose grants, tickets and court cases count no more.

    Raises:
        psycopg.Error: it can't be read now.
    """
    sealer, details = keys
    returned = Returned()
    agencies = store.agencies_counting(conn, now_us)
    returned.seen.append(store.allowed_of_juveniles(conn))
    returned.rows += outbox.owed(notification_pb2.EVENT_KIND_LOOK_UPS_COMPARED, agencies)
    given = set[tuple[bytes, int]]()
    for named in _named(conn, sealer, came, now_us, frozenset(compromised)):
        person, one = (named.grant.grant_id, named.position), came[named.registration_id]
        claim = next(readable((one,), lambda each: _claim(conn, sealer, each)), None)
        # Of one who was entered twice, both records may have come to stand: his uses come back once.
        if person in given or claim is None:
            continue
        if not is_shown(named.grant, named.position, one.record, claim, juveniles=named.juveniles):
            continue
        uses = list(_without_record(conn, details, *person))
        if not uses:
            continue
        given.add(person)
        returned.seen += (registrations.claim_seen(claim), registrations.seen(one.row))
        returned.rows += (Row(RETURNS, (access_id, named.grant.grant_id, named.position)) for access_id in uses)
        returned.rows += outbox.owed(
            notification_pb2.EVENT_KIND_LOOK_UP_RETURNED,
            [named.grant.agency],
            access_request_id=named.grant.access_request_id or None,
            about_agency=named.grant.opened_by_agency,
            grant_id=named.grant.grant_id,
        )
    return returned


def _claim(conn: Connection, sealer: Sealer, one: registrations.CameToStand) -> record_pb2.ClaimRecord | None:
    """The newest claim of a registration; None: it has none.

    Raises:
        errors.Internal: it isn't what its seal says.
    """
    registration_id = one.row.registration_id
    return registrations.claim_head(conn, sealer.open_data_key(registration_id, one.row.wrapped), registration_id)


def is_shown(
    grant: record_pb2.GrantRecord,
    position: int,
    record: record_pb2.RegistrationRecord,
    claim: record_pb2.ClaimRecord,
    *,
    juveniles: bool,
) -> bool:
    """Whether a look-up on a grant, by the identifier by which it names a person, would show a registration.

    ``juveniles``: it shows juveniles' records.
    """
    kinds = {one.kind for one in registrations.identifiers(record) if subjects.position(grant, one) == position}
    shown = registrations.to_everybody(record, with_juveniles=juveniles)
    of_case = records.case_of(grant) in registrations.standing_cases(shown)
    return registrations.in_look_ups(record, with_juveniles=juveniles) and any(
        of_case or not registrations.is_held(claim, kind) for kind in kinds
    )


def _named(
    conn: Connection,
    sealer: Sealer,
    came: Mapping[bytes, registrations.CameToStand],
    now_us: int,
    compromised: frozenset[bytes],
) -> Iterator[Named]:
    """Whom grants that count name of those who have come to stand; nobody has: none is opened."""
    having = [
        (one, registration_id)
        for registration_id, each in sorted(came.items())
        for one in sorted(registrations.identifiers(each.record), key=lambda one: (one.kind, one.text))
    ]
    if not having:
        return
    for grant, juveniles in store.all_counting(conn, sealer, now_us):
        if grant.opened_by_key in compromised:
            continue
        found: set[tuple[int, bytes]] = set()
        for one, registration_id in having:
            position = subjects.position(grant, one)
            if position is not None and (position, registration_id) not in found:
                found.add((position, registration_id))
                yield Named(grant, position, registration_id, juveniles)


def _without_record(conn: Connection, details: Details, grant_id: bytes, position: int) -> Iterator[bytes]:
    """The accesses of a grant that were answered "no record" for a person, and weren't given back."""
    for access_id, index, encoded, sealed in ask(conn, _USES, grant_id, position.to_bytes(2, "big")):
        found = details.readable(index, encoded, sealed)
        if found is not None and found[1].outcome == rules.NO_RECORD:
            yield access_id
