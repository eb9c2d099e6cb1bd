"""Data keys of arrival notices along the ledger: which are gone, and which had to go.

Without its key nobody can open a notice: whoever owns the database could take one away, so that nobody can say any more
whom the notice had to match; or keep one that was to be destroyed. A time for reviews says which keys it deletes before
it does, and so does an erasure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from nsor_server.ledger.stored import Add
from nsor_server.policy.deadlines import Deadlines
from nsor_server.policy.decided_by import LONGEST_CALL_US
from nsor_server.registration.arrivals import rules
from nsor_server.storage.v1 import record_pb2

_DELETED: Final = (
    "the key of an arrival notice is missing, and neither a time for reviews nor an erasure has said that it is deleted"
)
_KEPT: Final = "the key of an arrival notice is there, and a time for reviews or an erasure has said that it is deleted"
_OTHERWISE: Final = "a time for reviews deletes keys of arrival notices otherwise than policy says"
_NOT_MET: Final = "an erasure has destroyed keys of arrival notices that hadn't met its registration, or hadn't ended"
_LEFT: Final = "an erasure has left keys of arrival notices that had met its registration and had ended"


class Forgotten:
    """What the times and the erasures say of the keys, held against those that are there."""

    def __init__(self, erasures: Mapping[bytes, record_pb2.ErasureRecord], add: Add) -> None:
        """``erasures``: all that were erased, by their registrations."""
        self._erasures, self._add = erasures, add
        self._erased = frozenset(arrival_id for each in erasures.values() for arrival_id in each.arrivals)
        self._said: list[tuple[int, int]] = []
        """When each time was written, and before which instant notices have ended whose keys it deletes."""
        self._before_us = self._surely_us = 0
        self._newest_without_us, self._oldest_with_us = -1, 1 << 62

    def take(self, arrival_id: bytes, end_us: int, *, has_key: bool) -> None:
        """Note a notice, until when its number is looked for, and whether its key is there."""
        if arrival_id in self._erased:
            if has_key:
                self._add(-1, _KEPT)
        elif has_key:
            self._oldest_with_us = min(self._oldest_with_us, end_us)
        else:
            self._newest_without_us = max(self._newest_without_us, end_us)

    def compare(
        self,
        index: int,
        time_us: int,
        time: record_pb2.ReviewTimeRecord,
        decided_by: Collection[Deadlines] | None,
    ) -> None:
        """Hold what a time deletes against policy.

        Args:
            index: of its entry.
            time_us: when that was written, microseconds since 1970.
            time: its record.
            decided_by: the policies that may have decided it; None: this version of the server can't read them.
        """
        said, before_us = time.arrivals_destroyed_before_us, self._before_us
        if decided_by is not None and said not in {
            rules.destroyed_before(each, time.due_us, before_us) for each in decided_by
        }:
            self._add(index, _OTHERWISE)
        # What the last time has said is deleted after it: only what the one before has said is surely gone.
        self._surely_us, self._before_us = before_us, said
        self._said.append((time_us, said))

    def finish(self, matched: Collection[tuple[bytes, bytes, int]], ends: Mapping[bytes, int]) -> None:
        """Report keys that are missing or there against what was said.

        Args:
            matched: notice, registration, and number of the time.
            ends: until when each notice was looked for.
        """
        if self._newest_without_us >= self._before_us:
            self._add(-1, _DELETED)
        if self._oldest_with_us < self._surely_us:
            self._add(-1, _KEPT)
        pairs = {(arrival_id, registration_id) for arrival_id, registration_id, _ in matched}
        for registration_id, erasure in self._erasures.items():
            for each in erasure.arrivals:
                if (each, registration_id) not in pairs or ends.get(each, erasure.time_us + 1) > erasure.time_us:
                    self._add(-1, _NOT_MET)
        for arrival_id, registration_id in sorted(pairs):
            had = self._erasures.get(registration_id)
            if had is not None and arrival_id not in self._erased and self._was_there(ends.get(arrival_id, 0), had):
                self._add(-1, _LEFT)

    def _was_there(self, end_us: int, erasure: record_pb2.ErasureRecord) -> bool:
        """Whether a notice had ended when something was erased, and no time had said yet that its key is deleted."""
        until_us = erasure.time_us + LONGEST_CALL_US
        return max((said for at_us, said in self._said if at_us <= until_us), default=0) <= end_us <= erasure.time_us
