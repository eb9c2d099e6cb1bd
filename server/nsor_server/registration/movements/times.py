"""What a time for reviews makes of the movements since the one before: which registrations they have met.

Who reports a movement may not know of it. So the time is one entry whatever there is, and each agency hears of its own
registrations alone. A movement is compared once, with what stands then: what is confirmed later meets none before it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from nsor.v1 import options_pb2
from nsor_server import errors
from nsor_server.calls import Directory, RecordRef, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import instant, to_us
from nsor_server.policy.deadlines import MOVEMENT_COMPARISON, MOVEMENT_EXPIRY, Deadlines
from nsor_server.registration import store as registrations
from nsor_server.registration.duties.rules import Counting
from nsor_server.registration.movements import queues, rules, store
from nsor_server.registration.persons.claimants import Claimants, Known
from nsor_server.registration.readable import readable
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

MOST: Final = 5_000
"""Movements that one time compares, of all crossings; the rest waits for the next."""
MOST_MET: Final = 100
"""Registrations that one time writes for them; a movement that meets more waits, and those of its crossing after it."""
_DESTROYED_AT_ONCE: Final = 1_000


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
    end, after = store.last_entry(conn), queues.places(before)
    waiting = queues.queues(store.waiting(conn, after, until=end.entry, most=MOST + 1), MOST)
    time.movements_to, time.movements_to_us = end
    elsewhere = {each.row_id for each in written if each.table == registrations.TABLE} - set(time.archived_ids)
    met = _met(conn, keys, waiting, time, elsewhere)
    for queue in sorted(waiting, key=lambda each: each.crossing):
        left = queue.left(after[queue.crossing])
        if left is not None:
            time.movements_waiting.append(left)
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
    time.movements_destroyed_before_us = destroyed_before(directory.policy.deadlines, time, before)
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
    waiting: Sequence[queues.Queue],
    time: record_pb2.ReviewTimeRecord,
    elsewhere: Collection[bytes],
) -> dict[bytes, tuple[Known, list[record_pb2.MetMovement]]]:
    """The registrations that movements have met, each with these; the time names them.

    A movement waits for the next time, with those of its crossing after it, if it meets more than may be written, or a
    registration of which the time writes a version ``elsewhere``.
    """
    sealer, blind_index = keys
    opened = _opened(conn, sealer, [each.movement_id for queue in waiting for each in queue.to_be_compared])
    numbers = sorted({rules.identifier(each) for each in opened.values()}, key=lambda one: (one.kind, one.text))
    claiming = store.claiming(conn, blind_index, numbers)
    claimants = Claimants(conn, sealer, blind_index)
    met: dict[bytes, tuple[Known, list[record_pb2.MetMovement]]] = {}
    for queue, next_ in queues.in_turn(waiting):
        movement = opened.get(next_.movement_id)
        if movement is None:  # there is an alert already
            queue.taken += 1
            continue
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
            queue.stopped = True
            continue
        queue.taken += 1
        if standing:
            time.moved.add(movement_id=movement.movement_id, registration_ids=ids)
        for known in standing:
            met.setdefault(known.registration_id, (known, []))[1].append(rules.met(movement))
    return met


def _opened(conn: Connection, sealer: Sealer, movement_ids: Sequence[bytes]) -> dict[bytes, record_pb2.MovementRecord]:
    """Movements by their ids, but for those that don't open, or aren't there: of these there is an alert."""
    rows = store.read(conn, movement_ids)
    found = readable(movement_ids, lambda each: store.opened(sealer, rows.get(each) or store.missing()))
    return {each.movement_id: each for each in found}


def _read(claimants: Claimants, registration_id: bytes) -> Known | None:
    try:
        return claimants.get(registration_id)
    except errors.Internal:  # there is an alert already
        return None


def late(deadlines: Deadlines, time: record_pb2.ReviewTimeRecord) -> int:
    """Of how many crossings a movement waits longer than policy says, after a time."""
    oldest = (instant(each.since_us) for each in time.movements_waiting)
    return sum(deadlines.due(MOVEMENT_COMPARISON, each).due < instant(time.due_us) for each in oldest)


def destroyed_before(
    deadlines: Deadlines, time: record_pb2.ReviewTimeRecord, before: record_pb2.ReviewTimeRecord
) -> int:
    """The instant before which the keys of movements are deleted with a time, but of none that waits to be compared.

    Args:
        deadlines: of the policy in force.
        time: it; what waits is known.
        before: the time before: what it has said stays so.
    """
    oldest = min((each.since_us for each in time.movements_waiting), default=time.due_us)
    return max(before.movements_destroyed_before_us, min(oldest, expired(deadlines, time.due_us)))


def expired(deadlines: Deadlines, now_us: int) -> int:
    """The instant before which movements were reported that nobody needs to open any more."""
    return to_us(deadlines.days_before(MOVEMENT_EXPIRY, instant(now_us)))
