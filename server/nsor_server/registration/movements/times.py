"""What a time for reviews makes of the movements since the one before: which registrations they have met.

Who reports a movement may not know of it. So the time is one entry whatever there is, and each agency hears of its own
registrations alone. A movement is compared with what stands at its time, and as long as its key lives with what comes
to stand later.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from nsor.v1 import options_pb2
from nsor_server.calls import Directory, RecordRef, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import instant, to_us
from nsor_server.policy.deadlines import MOVEMENT_COMPARISON, MOVEMENT_EXPIRY, Deadlines
from nsor_server.registration import store as registrations
from nsor_server.registration.duties.due_dates import Counting
from nsor_server.registration.movements import again, meeting, queues, rules, store
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

MOST: Final = 5_000
"""Movements that one time compares for the first time, of all crossings; the rest waits for the next."""
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
    came: Collection[bytes],
    directory: Directory,
) -> Crossed:
    """Note in the record of a fixed time the movements that have met registrations, and write these.

    Args:
        conn: any.
        keys: what opens movements and registrations, and finds these.
        time: that is being made; its instant is set, and whom it archives: these are met no more.
        before: the time before.
        written: what else the time writes: a movement waits that meets a registration with a version among it.
        came: the registrations that have come to stand since the time before, by their ids.
        directory: the agencies and the policy in force.
    """
    counting = Counting.by(directory.policy)
    time.movement_policy.CopyFrom(counting.policy)
    end, after = store.last_entry(conn), queues.places(before)
    waiting = queues.queues(store.waiting(conn, after, until=end.entry, most=MOST + 1), MOST)
    time.movements_to, time.movements_to_us = end
    elsewhere = {each.row_id for each in written if each.table == registrations.TABLE} - set(time.archived_ids)
    meets = meeting.Meeting(Claimants(conn, *keys), time.archived_ids, elsewhere)
    _compare(conn, keys, waiting, time, meets)
    if (goes_on := again.following(before, came)) != record_pb2.MovementsAgain():
        time.movements_again.CopyFrom(goes_on)
        again.compare(conn, keys[0], time, before, meets)
    for queue in sorted(waiting, key=lambda each: each.crossing):
        left = queue.left(after[queue.crossing])
        if left is not None:
            time.movements_waiting.append(left)
    crossed, now = Crossed(), directory.now()
    npb = recipients.of_kind(directory.agencies, options_pb2.AGENCY_KIND_NPB)
    for _, (known, movements) in sorted(meets.met.items()):
        following = rules.after(known.record, movements, counting)
        version = registrations.version_row(known.key, known.record, following, now)
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


def _compare(
    conn: Connection,
    keys: tuple[Sealer, BlindIndex],
    waiting: Sequence[queues.Queue],
    time: record_pb2.ReviewTimeRecord,
    meets: meeting.Meeting,
) -> None:
    """Compare what waits at each crossing; the time names whom it has met.

    A movement that can't be written now waits for the next time, with those of its crossing after it.
    """
    sealer, blind_index = keys
    opened = _opened(conn, sealer, [each.movement_id for queue in waiting for each in queue.to_be_compared])
    numbers = sorted({rules.identifier(each) for each in opened.values()}, key=lambda one: (one.kind, one.text))
    claiming = store.claiming(conn, blind_index, numbers)
    for queue, next_ in queues.in_turn(waiting):
        movement = opened.get(next_.movement_id)
        if movement is None:  # there is an alert already
            queue.taken += 1
            continue
        one = rules.identifier(movement)
        if meets.add(movement, meets.having(one, claiming.get(one, ())), time.moved):
            queue.taken += 1
        else:
            queue.stopped = True


def _opened(conn: Connection, sealer: Sealer, movement_ids: Sequence[bytes]) -> dict[bytes, record_pb2.MovementRecord]:
    """Movements by their ids, but for those that don't open, or aren't there: of these there is an alert."""
    rows = store.read(conn, movement_ids)
    found = readable(movement_ids, lambda each: store.opened(sealer, rows.get(each) or store.missing()))
    return {each.movement_id: each for each in found}


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
