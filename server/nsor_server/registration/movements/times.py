"""What a time for reviews makes of the movements since the one before: which registrations they have met.

Who reports a movement may not know of it. So the time is one entry whatever there is, and each agency hears of its own
registrations alone. A movement is compared once, with what stands then: what is confirmed later meets none before it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from nsor.v1 import options_pb2
from nsor_server import errors
from nsor_server.calls import Directory, RecordRef, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.instants import instant
from nsor_server.policy.deadlines import MOVEMENT_EXPIRY, Deadlines
from nsor_server.registration import store as registrations
from nsor_server.registration.duties.rules import Counting
from nsor_server.registration.movements import rules, store
from nsor_server.registration.persons.claimants import Claimants, Known
from nsor_server.registration.readable import readable
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

MOST: Final = 5_000
"""Movements that one time compares; the rest waits for the next."""
MOST_MET: Final = 100
"""Registrations that one time writes for them; the movement that meets more waits, with those after it."""
_DESTROYED_AT_ONCE: Final = 1_000
_DAY_US: Final = 86_400_000_000


@dataclass(slots=True)
class Crossed:
    """What a time adds.

    Attributes:
        rows: versions of registrations, and events.
        refs: what the ledger holds these versions to.
        seen: what they rest on.
    """

    rows: list[Row] = field(default_factory=list)
    refs: list[RecordRef] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


def due(
    conn: Connection,
    keys: tuple[Sealer, BlindIndex],
    time: record_pb2.ReviewTimeRecord,
    before: record_pb2.ReviewTimeRecord,
    *,
    written: Collection[RecordRef],
    directory: Directory,
) -> Crossed:
    """Note in the record of a fixed time the movements that have met registrations, and write these.

    Args:
        conn: any.
        keys: what opens movements and registrations, and finds these.
        time: that is being made; its instant is set, and whom it archives: these are met no more.
        before: the time before.
        written: what else the time writes: a movement waits that meets a registration with a version among it.
        directory: the agencies and the policy in force.
    """
    counting = Counting.by(directory.policy)
    time.movement_policy.CopyFrom(counting.policy)
    until = store.last_entry(conn)
    found = store.reported_between(conn, after=before.movements_to, until=until, most=MOST)
    time.movements_to = until if len(found) < MOST else found[-1][0]
    elsewhere = {each.row_id for each in written if each.table == registrations.TABLE} - set(time.archived_ids)
    met = _met(conn, keys, found, time, elsewhere)
    crossed, now = Crossed(), directory.now()
    npb = recipients.of_kind(directory.agencies, options_pb2.AGENCY_KIND_NPB)
    for _, (known, movements) in sorted(met.items()):
        following = rules.after(known.record, movements, counting)
        version = registrations.version_row(known.key, following, now)
        crossed.rows.append(version.row)
        crossed.refs.append(version.ref)
        crossed.seen += known.seen
        hear = [*recipients.responsible_police(directory.agencies, following.responsible_place), *npb]
        for kind in rules.alerts(following):
            crossed.rows += outbox.owed(kind, hear, registration_id=following.registration_id)
    time.movements_destroyed_before_us = before.movements_destroyed_before_us
    if time.movements_to == until:
        # What waits to be compared keeps its key.
        time.movements_destroyed_before_us = expired(directory.policy.deadlines, time.due_us)
    return crossed


def destroy(database: Database, time: record_pb2.ReviewTimeRecord) -> None:
    """Delete the keys that a time has said are deleted, and those that an interrupted one before it has left.

    Raises:
        psycopg.Error: the register can't be written now.
    """
    most = _DESTROYED_AT_ONCE
    while most == _DESTROYED_AT_ONCE:
        with database.transaction() as conn:
            most = store.destroy(conn, time.movements_destroyed_before_us, _DESTROYED_AT_ONCE)


def _met(
    conn: Connection,
    keys: tuple[Sealer, BlindIndex],
    found: list[tuple[int, store.StoredMovement]],
    time: record_pb2.ReviewTimeRecord,
    elsewhere: Collection[bytes],
) -> dict[bytes, tuple[Known, list[record_pb2.MetMovement]]]:
    """The registrations that movements have met, each with these; the time names them.

    The first movement that meets more than may be written, or a registration of which the time writes a version
    ``elsewhere``, waits for the next time, with those after it.
    """
    sealer, blind_index = keys
    opened = list(readable(found, lambda row: (row[0], store.opened(sealer, row[1]))))
    numbers = sorted({rules.identifier(each) for _, each in opened}, key=lambda one: (one.kind, one.text))
    claiming = store.claiming(conn, blind_index, numbers)
    claimants = Claimants(conn, sealer, blind_index)
    met: dict[bytes, tuple[Known, list[record_pb2.MetMovement]]] = {}
    for index, movement in opened:
        one = rules.identifier(movement)
        read = (_read(claimants, each) for each in claiming.get(one, ()) if each not in time.archived_ids)
        standing = [
            known
            for known in read
            if known is not None and known.confirmed
            if rules.may_meet(one, known.current, known.disputed, known.claim)
        ]
        ids = [each.registration_id for each in standing]
        if (met and len(met.keys() | set(ids)) > MOST_MET) or not set(ids).isdisjoint(elsewhere):
            time.movements_to = index - 1
            break
        if standing:
            time.moved.add(movement_id=movement.movement_id, registration_ids=ids)
        for known in standing:
            met.setdefault(known.registration_id, (known, []))[1].append(rules.met(movement))
    return met


def _read(claimants: Claimants, registration_id: bytes) -> Known | None:
    try:
        return claimants.get(registration_id)
    except errors.Internal:  # there is an alert already
        return None


def expired(deadlines: Deadlines, now_us: int) -> int:
    """The instant before which movements were reported that nobody needs to open any more."""
    today = instant(now_us).astimezone(KARACHI).date()
    last = deadlines.due(MOVEMENT_EXPIRY, instant(now_us)).due.astimezone(KARACHI).date()
    return now_us - (last - today).days * _DAY_US
