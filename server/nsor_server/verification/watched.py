"""Watched numbers along the ledger: entered, ended and listed as they might be.

A number that is watched by one officer's word, or is no more, or that a page leaves out, shows here: the rows say what
each of their entries has made of a number, and whose word it was. The numbers themselves are nowhere; whether both
entries were of the same one, their keyed hashes say.
"""

from __future__ import annotations

import bisect
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.access.watched import FIRST_VERSION, ROWS, TABLE, State, Version
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows
from nsor_server.lookup.watched import store
from nsor_server.lookup.watched.service import OUTCOMES
from nsor_server.policy.deadlines import SECOND_OFFICER
from nsor_server.policy.decided_by import LONGEST_CALL_US, DecidedBy
from nsor_server.storage.v1 import record_pb2

ENTER: Final = "nsor.v1.LookupService/EnterWatchedNumber"
END: Final = "nsor.v1.LookupService/EndWatchedNumber"
_COLUMNS: Final = ", ".join(f"uuid_send(w.{name})" if kind == "uuid" else f"w.{name}" for name, kind in ROWS.columns)
_WRITTEN: Final = f"""
SELECT r.index, {_COLUMNS}
FROM ledger_record AS r JOIN {TABLE} AS w ON w.watched_id = {UUID_OF_RECORD} AND w.version = r.version
WHERE r.table_name = '{TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_NOT_TWO: Final = "a number came to be watched, or to be watched no more, otherwise than by two officers in time"
_NOT_SO: Final = "a watched number isn't what its entry says"
_LISTED: Final = "the watched numbers that were listed aren't those that there were"


class WatchedNumbers:
    """Watched numbers at each entry."""

    def __init__(self, conn: Connection, enrolled: Enrolled, decided_by: DecidedBy, add: Add) -> None:
        self._enrolled, self._decided_by, self._add = enrolled, decided_by, add
        self._written = Rows(conn, "watched numbers", _WRITTEN, add)
        self.concerns = Concerns((self._written,), frozenset({ENTER, END}), ("listed_watched_numbers",))
        self._heads: dict[bytes, Version] = {}
        self._in_order: list[tuple[int, bytes]] = []
        """As a list shows them from its end: by when they were entered, and by their ids."""
        self._entered_us: dict[bytes, int] = {}
        self._at: dict[bytes, list[int]] = {}
        """Of each that is listed, the index of every version."""

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written or listed by the next entry."""
        versions = [Version(*columns) for columns in self._written.take(index)]
        done = None if detail is None or detail.replay or leaf.outcome != leaf_pb2.OUTCOME_ALLOWED else detail
        if done is not None and leaf.method in {ENTER, END} and len(versions) != (done.outcome in OUTCOMES.values()):
            self._add(index, _NOT_SO)
        for version in versions:
            self._compare(index, leaf, detail, version)
        if detail is not None and detail.HasField("listed_watched_numbers"):
            self._compare_list(index, detail.listed_watched_numbers)

    def finish(self) -> None:
        """Report what is left."""
        self._written.finish()

    def _compare(
        self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None, version: Version
    ) -> None:
        """Hold a version against the one before it, and whoever has decided it against whoever had decided that."""
        before = self._heads.get(version.watched_id)
        self._heads[version.watched_id] = version
        self._at.setdefault(version.watched_id, []).append(index)
        if before is None:
            bisect.insort(self._in_order, (leaf.time_us, version.watched_id))
            self._entered_us[version.watched_id] = leaf.time_us
        if detail is not None and (
            (detail.outcome, detail.officer_key) != (OUTCOMES[State(version.state)], version.decided_by)
            or list(detail.subjects) != [version.watched_id]
        ):
            self._add(index, _NOT_SO)
        method = ENTER if version.state in {State.PROPOSED, State.WATCHED, State.DIFFERS} else END
        proposes = version.state in {State.PROPOSED, State.END_PROPOSED}
        if (
            leaf.method != method
            or version.version != (FIRST_VERSION if before is None else before.version + 1)
            or (version.expires_at is not None) != proposes
            or (proposes and not self._is_counted(version, leaf.time_us))
        ):
            self._add(index, _NOT_SO)
        if not self._follows(index, leaf, before, version):
            self._add(index, _NOT_TWO)

    def _follows(self, index: int, leaf: leaf_pb2.Leaf, before: Version | None, version: Version) -> bool:
        """Whether a version might follow the one before it."""
        if before is None:
            return version.state == State.PROPOSED
        if (before.kind, before.key_id) != (version.kind, version.key_id):
            return False
        same = before.blind == version.blind
        seconded = self._is_seconded(index, leaf, before, version)
        follows = {
            State.WATCHED: before.state == State.PROPOSED and seconded and same,
            State.DIFFERS: before.state == State.PROPOSED and seconded and not same,
            State.ENDED: before.state == State.END_PROPOSED and seconded and same,
            State.END_PROPOSED: same
            and (
                before.state == State.WATCHED
                or (before.state == State.END_PROPOSED and self._is_over(index, leaf, before))
            ),
        }
        return follows.get(State(version.state), False)

    def _is_seconded(self, index: int, leaf: leaf_pb2.Leaf, before: Version, version: Version) -> bool:
        """Whether another officer has decided than the one before, in time, and while that one's word counted."""
        first = self._enrolled.holder(leaf.agency, before.decided_by)
        second = self._enrolled.holder(leaf.agency, version.decided_by)
        in_time = before.expires_at is not None and leaf.time_us <= to_us(before.expires_at) + LONGEST_CALL_US
        return in_time and not second.is_same(first) and self._enrolled.counts(before.decided_by, index)

    def _is_over(self, index: int, leaf: leaf_pb2.Leaf, before: Version) -> bool:
        """Whether nobody could agree any more to what a version proposes."""
        ended = before.expires_at is None or leaf.time_us > to_us(before.expires_at)
        return ended or not self._enrolled.counts(before.decided_by, index)

    def _is_counted(self, version: Version, time_us: int) -> bool:
        """Whether the time for a second officer was counted by the policy, from when the call was decided."""
        deadlines = self._decided_by.deadlines(time_us)
        if deadlines is None or version.expires_at is None:
            return True
        return any(
            each.due(SECOND_OFFICER, instant(time_us - LONGEST_CALL_US)).due
            <= version.expires_at
            <= each.due(SECOND_OFFICER, instant(time_us + LONGEST_CALL_US)).due
            for each in deadlines
        )

    def _compare_list(self, index: int, listed: record_pb2.ListedWatchedNumbers) -> None:
        until = len(self._in_order)
        if listed.after in self._entered_us:
            until = bisect.bisect_left(self._in_order, (self._entered_us[listed.after], listed.after))
        page: list[tuple[bytes, int]] = []
        for _, watched_id in reversed(self._in_order[:until]):
            version = sum(at < listed.before for at in self._at[watched_id])
            if version and len(page) < listed.most:
                page.append((watched_id, version))
        if listed.before > index or listed.found != store.digest(page):
            self._add(index, _LISTED)
