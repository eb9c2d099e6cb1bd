"""Manifests that are over: of which of them the passengers have travelled, by the movements that were reported.

Whoever invents a flight to try documents out has passengers who never travel. That other flights of that crossing had
some says nothing of it: what is looked for is movements of the passengers themselves, that way and around that time. A
block keeps a hash of each document, and a movement is sealed with the document that was shown: both are opened here, by
whoever has the keyring, and neither says anything to whoever has the database. What it means says who asks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, NamedTuple

from nsor_server.formats.instants import instant, to_us
from nsor_server.lookup.screening import rules, store
from nsor_server.registration import facts as registrations
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_SCREENED: Final = """(
    SELECT coalesce(sum(newest.screened), 0) FROM (
        SELECT DISTINCT ON (b.block) b.screened FROM manifest_block AS b
        WHERE b.manifest_id = m.manifest_id ORDER BY b.block, b.version DESC
    ) AS newest
)"""
_COLUMNS: Final = "uuid_send(m.manifest_id), m.agency_id, m.border_crossing, m.direction, m.scheduled_at, m.closes_at"
_OVER: Final = f"""
SELECT {_COLUMNS}, {_SCREENED}
FROM manifest AS m
WHERE m.closes_at > %(after)s AND m.closes_at <= %(until)s
ORDER BY m.closes_at, m.manifest_id
LIMIT %(most)s
"""  # noqa: S608 - constants
_SMALL: Final = f"""
SELECT * FROM (
    SELECT {_COLUMNS}, {_SCREENED} AS screened
    FROM manifest AS m
    WHERE m.closes_at > %(after)s AND m.closes_at <= %(until)s
        AND m.agency_id = %(agency)s AND m.border_crossing = %(crossing)s
) AS every
WHERE screened > 0 AND screened < %(less)s
ORDER BY closes_at DESC, 1
LIMIT %(most)s
"""  # noqa: S608 - constants
_BLOCKS: Final = """
SELECT DISTINCT ON (b.block_id) uuid_send(b.block_id), b.version, uuid_send(b.manifest_id), b.block::bigint,
    b.screened::bigint, b.sealed, k.wrapped
FROM manifest_block AS b JOIN manifest_key AS k USING (manifest_id)
WHERE b.manifest_id = %s::uuid
ORDER BY b.block_id, b.version DESC
"""
_MOVEMENTS: Final = """
SELECT k.created_at, uuid_send(k.movement_id), k.border_crossing, k.wrapped, m.sealed
FROM movement_key AS k JOIN movement AS m USING (movement_id)
WHERE k.border_crossing = %(crossing)s AND k.created_at <= %(until)s
    AND (k.created_at, k.movement_id) > (%(since)s, %(behind)s::uuid)
ORDER BY k.created_at, k.movement_id
LIMIT %(most)s
"""
_AT_ONCE: Final = 500
"""Movements that one statement reads."""
PASSENGERS_AT_ONCE: Final = 20_000
"""Passengers of manifests whose movements are looked for in one reading of them: some megabytes."""
_RESTS_AFTER: Final = 1000
"""Comparisons of a movement with a manifest that are made without a rest: a millisecond."""
_OPENING: Final = 8
"""As how many of them a movement counts that is opened."""


class Over(NamedTuple):
    """A manifest that is over.

    Attributes:
        manifest_id: 16 bytes.
        agency_id: who has declared it.
        border_crossing: where, a number of nsor.v1.BorderCrossing.
        direction: which way, a number of nsor.v1.MovementDirection.
        scheduled_at: for when it was declared.
        closes_at: when it was over.
        screened: how many rows were screened.
    """

    manifest_id: bytes
    agency_id: str
    border_crossing: int
    direction: int
    scheduled_at: dt.datetime
    closes_at: dt.datetime
    screened: int


@dataclass(slots=True)
class _Awaited:
    """The passengers of a manifest, whose movements are looked for.

    Attributes:
        since_us: from when on a movement may be one of theirs, microseconds since 1970.
        until_us: until when it may be reported.
        needed: of how many there has to be one.
        by_number: who has shown a document, by what a block keeps of it.
        travelled: of whom there is one.
    """

    manifest: Over
    since_us: int
    until_us: int
    needed: int
    by_number: dict[bytes, int]
    travelled: set[int] = field(default_factory=set)

    def take(self, reported_us: int, movement: record_pb2.MovementRecord, one: registrations.Identifier) -> bool:
        """Take a movement by a number; tells whether so many have travelled now."""
        if (
            movement.direction == self.manifest.direction
            and self.since_us <= movement.time_us
            and reported_us <= self.until_us
        ):
            passenger = self.by_number.get(rules.kept_number(self.manifest.manifest_id, one.kind, one.text))
            if passenger is not None:
                self.travelled.add(passenger)
        return len(self.travelled) >= self.needed


def over(conn: Connection, after: dt.datetime, until: dt.datetime, *, most: int) -> list[Over]:
    """The manifests that were over behind one instant and until another, the oldest first.

    Args:
        conn: any.
        after: exclusive.
        until: inclusive.
        most: so many at most.
    """
    found = conn.execute(_OVER.encode(), {"after": after, "until": until, "most": most}, binary=True)
    return [Over(*(*columns, int(screened))) for *columns, screened in found]


def small(conn: Connection, like: Over, after: dt.datetime, until: dt.datetime, *, less: int, most: int) -> list[Over]:
    """The manifests of the same agency and crossing of which few were screened, but somebody: the newest in front.

    Args:
        conn: any.
        like: one of them.
        after: they were over behind it.
        until: and until then.
        less: fewer than so many were screened.
        most: so many at most.
    """
    of = {"agency": like.agency_id, "crossing": like.border_crossing, "less": less, "most": most}
    found = conn.execute(_SMALL.encode(), {**of, "after": after, "until": until}, binary=True)
    return [Over(*(*columns, int(screened))) for *columns, screened in found]


def untravelled(
    conn: Connection,
    sealer: Sealer,
    manifests: Sequence[Over],
    *,
    around: dt.timedelta,
    percent: int,
    rest: Callable[[], None],
) -> list[Over]:
    """Those of manifests of which fewer passengers have travelled; of one whose key is gone nobody has.

    A movement that somebody has changed is passed over, with an alert, and so is a block: nobody of it has travelled.

    Args:
        conn: any.
        sealer: opens blocks and movements.
        manifests: so long over that movements were reported, and that their keys are there still.
        around: so long before its time, and so long behind its end, a movement may be and may be reported.
        percent: of a hundred who were screened so many have to travel, and at least one.
        rest: is done between some movements and the next ones.
    """
    travelled = set[bytes]()
    for part in in_parts(manifests):
        awaited = [_awaited(conn, sealer, each, around, percent) for each in part]
        waiting = [each for each in awaited if len(set(each.by_number.values())) >= each.needed]
        work = 0
        for reported_us, movement in _movements(conn, sealer, part[0].border_crossing, waiting):
            work += _OPENING + len(waiting)
            if work >= _RESTS_AFTER:
                rest()
                work = 0
            one = registrations.number_of_movement(movement)
            done = [each for each in waiting if each.take(reported_us, movement, one)]
            travelled.update(each.manifest.manifest_id for each in done)
            if done:
                waiting = [each for each in waiting if each not in done]
            if not waiting:
                break
    return [each for each in manifests if each.manifest_id not in travelled]


def in_parts(manifests: Iterable[Over]) -> Iterator[list[Over]]:
    """The manifests of one crossing after another, in the order of their ends, few enough to be held at once."""
    part, passengers = list[Over](), 0
    for each in sorted(manifests, key=attrgetter("border_crossing", "closes_at")):
        fits = passengers + each.screened <= PASSENGERS_AT_ONCE
        if part and not (fits and each.border_crossing == part[0].border_crossing):
            yield part
            part, passengers = [], 0
        part.append(each)
        passengers += each.screened
    if part:
        yield part


def _awaited(conn: Connection, sealer: Sealer, manifest: Over, around: dt.timedelta, percent: int) -> _Awaited:
    by_number, passengers = dict[bytes, int](), 0
    blocks = conn.execute(_BLOCKS, (manifest.manifest_id.hex(),), binary=True).fetchall()
    for kept in readable(blocks, lambda columns: _kept(sealer, manifest, columns)):
        for each in kept:
            passengers += 1
            by_number.update(dict.fromkeys(each.numbers, passengers))
    since_us, until_us = to_us(manifest.scheduled_at - around), to_us(manifest.closes_at + around)
    needed = max(1, -(-manifest.screened * percent // 100))
    return _Awaited(manifest, since_us, until_us, needed, by_number)


def _kept(sealer: Sealer, manifest: Over, columns: Sequence[Any]) -> list[rules.Kept]:
    *block, wrapped = columns
    key = store.key_of(sealer, manifest.manifest_id, wrapped)
    return list(rules.rows_of(store.open_block(key, store.StoredBlock(*block))).values())


def _movements(
    conn: Connection, sealer: Sealer, crossing: int, waiting: Sequence[_Awaited]
) -> Iterator[tuple[int, record_pb2.MovementRecord]]:
    """The movements over a crossing that may be of these manifests: when each was reported, and what it says."""
    if not waiting:
        return
    since_us, until_us = min(each.since_us for each in waiting), max(each.until_us for each in waiting)
    place: tuple[dt.datetime, bytes] | None = instant(since_us), bytes(16)
    while place is not None:
        of = {"crossing": crossing, "since": place[0], "behind": place[1].hex(), "until": instant(until_us)}
        found = conn.execute(_MOVEMENTS, {**of, "most": _AT_ONCE}, binary=True).fetchall()
        place = (found[-1][0], found[-1][1]) if len(found) == _AT_ONCE else None
        for reported_at, record in readable(found, lambda columns: _movement(sealer, columns)):
            yield to_us(reported_at), record


def _movement(sealer: Sealer, columns: Sequence[Any]) -> tuple[dt.datetime, record_pb2.MovementRecord]:
    reported_at, *stored = columns
    return reported_at, registrations.open_movement(sealer, registrations.StoredMovement(*stored))
