"""Rounds in which movements are compared again, told along the ledger: with whom, how far, and whom they have met.

What is said of movements whose keys are deleted stands, as of the first time that they were compared.
"""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from nsor_server.registration.claims import Identifier
from nsor_server.registration.movements import again, queues, rules
from nsor_server.registration.movements.queued import Reported
from nsor_server.storage.v1 import record_pb2

_FORGOTTEN_AT_ONCE: Final = 4_096


class Standing(NamedTuple):
    """What a round is held against, before the entry of its time.

    Attributes:
        came: what the time finds to have come to stand.
        erased: registrations of which nobody can say any more whom they have met.
        numbers: by which each registration is met.
        since: of a number and a registration the entry since which it is.
        may_have_forgotten: whether a registration isn't compared again, since it may have met a movement already.
        has_to_wait: whether a movement has to wait that would meet some registrations.
    """

    came: Collection[bytes]
    erased: AbstractSet[bytes]
    numbers: Mapping[bytes, frozenset[Identifier]]
    since: Callable[[Identifier, bytes], int]
    may_have_forgotten: Callable[[bytes], bool]
    has_to_wait: Callable[[AbstractSet[bytes]], bool]


class Compared(NamedTuple):
    """What was found of a time.

    Attributes:
        goes_right: it has gone as far as it had to, with whom it had to.
        names_right: it names whom it had to name.
    """

    goes_right: bool
    names_right: bool


class ComparedAgain:
    """The movements that may be compared again, and the rounds."""

    def __init__(self) -> None:
        self._entries, self._times = array("q"), array("q")
        """Of each movement, in their order: its entry, and when that was."""
        self._by_number: dict[Identifier, list[Reported]] = {}
        self._by_entry: dict[int, Reported] = {}
        self._known: dict[bytes, int] = {}
        """The entry of each movement that opens."""
        self._gone: dict[bytes, int] = {}
        """The same of those whose keys are deleted."""
        self._met: dict[bytes, set[bytes]] = {}
        self._last = record_pb2.ReviewTimeRecord()

    def add(self, reported: Reported) -> None:
        """Note the next one that was reported."""
        self._entries.append(reported.index)
        self._times.append(reported.time_us)
        if reported.record is None:
            self._gone[reported.movement_id] = reported.index
        else:
            self._known[reported.movement_id] = reported.index
            self._by_entry[reported.index] = reported
            self._by_number.setdefault(rules.identifier(reported.record), []).append(reported)

    def compare(self, time: record_pb2.ReviewTimeRecord, standing: Standing) -> Compared:
        """Hold what a time says of older movements against what it had to say."""
        before, self._last = self._last, time
        goes_on, made = again.following(before, standing.came), time.movements_again
        goes_right = _is_of(made, goes_on, standing.erased)
        first, last = goes_on.to, made.to
        must, may = set[tuple[bytes, bytes]](), set[tuple[bytes, bytes]]()
        for registration_id in made.registration_ids:
            for each, has_to in self._meets(registration_id, before, time, standing):
                if first < each.index <= last:
                    pair = each.movement_id, registration_id
                    may.add(pair)
                    if has_to:
                        must.add(pair)
        named = {
            (each.movement_id, one)
            for each in time.moved_again
            for one in each.registration_ids
            if one not in standing.erased
        }
        known = {pair for pair in named if pair[0] in self._known}
        gone = all(self._gone.get(one, last + 1) <= last for one, _ in named - known)
        if last < goes_on.end:
            goes_right &= self._had_to_stop(goes_on.to, before, time, standing)
        self._note(time.moved)
        self._note(time.moved_again)
        self._forget(time.movements_destroyed_before_us)
        return Compared(goes_right, must <= known <= may and gone)

    def record(self, movement_id: bytes) -> record_pb2.MovementRecord | None:
        """A movement; None: it doesn't open any more."""
        entry = self._known.get(movement_id)
        return None if entry is None else self._by_entry[entry].record

    def _meets(
        self,
        registration_id: bytes,
        before: record_pb2.ReviewTimeRecord,
        time: record_pb2.ReviewTimeRecord,
        standing: Standing,
    ) -> Iterable[tuple[Reported, bool]]:
        """The movements that a registration is met by again, and of each whether it has to be."""
        if registration_id in time.archived_ids or registration_id in standing.erased:
            return
        places, skipped = queues.places(before), standing.may_have_forgotten(registration_id)
        for one in standing.numbers.get(registration_id, ()):
            was_there = standing.since(one, registration_id) <= time.movements_to and not skipped
            for each in self._by_number.get(one, ()):
                waits = each.crossing is not None and each.index > places[each.crossing].entry
                if not waits and registration_id not in self._met.get(each.movement_id, ()):
                    yield each, was_there and each.time_us >= before.movements_destroyed_before_us

    def _had_to_stop(
        self,
        after: int,
        before: record_pb2.ReviewTimeRecord,
        time: record_pb2.ReviewTimeRecord,
        standing: Standing,
    ) -> bool:
        """Whether a time has opened as many as it may behind an entry, or the next one has to wait."""
        made = time.movements_again
        begins = max(
            bisect.bisect_right(self._entries, after),
            bisect.bisect_left(self._times, before.movements_destroyed_before_us),
        )
        ends = bisect.bisect_right(self._entries, made.to)
        if ends - begins >= again.MOST or ends == len(self._entries):
            return ends - begins >= again.MOST
        next_ = self._by_entry.get(self._entries[ends])
        if next_ is None:
            return True  # nobody can say any more whom it meets
        ids = {
            registration_id
            for registration_id in made.registration_ids
            for each, _ in self._meets(registration_id, before, time, standing)
            if each.index == next_.index
        }
        may_meet = bool(ids) or not standing.erased.isdisjoint(made.registration_ids)
        return may_meet and standing.has_to_wait(ids)

    def _note(self, moved: Iterable[record_pb2.MovedRecord]) -> None:
        for each in moved:
            if each.movement_id in self._known:
                self._met.setdefault(each.movement_id, set()).update(each.registration_ids)

    def _forget(self, before_us: int) -> None:
        """Forget movements whose keys are deleted: from now on none of them is compared."""
        count = bisect.bisect_left(self._times, before_us)
        if count < _FORGOTTEN_AT_ONCE:
            return
        bound = self._entries[count - 1]
        for one in [one for one, index in self._gone.items() if index <= bound]:
            del self._gone[one]
        del self._entries[:count], self._times[:count]


def _is_of(made: record_pb2.MovementsAgain, goes_on: record_pb2.MovementsAgain, erased: AbstractSet[bytes]) -> bool:
    """Whether a time goes on with what it had to.

    It may have found one to stand that did so no more when it was written: nothing is compared with such a one.
    """
    if made.end != goes_on.end or not goes_on.to <= made.to <= made.end:
        return False
    expected, found = ({*each.registration_ids, *each.next_ids} for each in (goes_on, made))
    if goes_on.to:
        is_round = list(made.registration_ids) == list(goes_on.registration_ids)
    else:
        is_round = not made.next_ids or len(made.registration_ids) == again.MOST_STANDING
    is_full = len(made.next_ids) >= again.MOST_NEXT
    return is_round and (is_full or expected - erased <= found)
