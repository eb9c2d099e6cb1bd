"""Replays of tripwires along the ledger: proposed, approved, computed, shown and listed as they might be.

What one found is computed again, as long as no detail of the entries that it has read, and no candidate whom
they have shown, was destroyed since: whoever owns
the database could have hidden accesses from it, or a watched number.
"""

from __future__ import annotations

import bisect
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.lookup.replays import computing, rules, store
from nsor_server.lookup.tripwires.reading import Reader
from nsor_server.policy.deadlines import SECOND_OFFICER
from nsor_server.policy.decided_by import LONGEST_CALL_US, DecidedBy
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

PROPOSE: Final = "nsor.v1.LookupService/ProposeTripwireReplay"
APPROVE: Final = "nsor.v1.LookupService/ApproveTripwireReplay"
GET: Final = "nsor.v1.LookupService/GetTripwireReplay"
_METHODS: Final = {rules.PROPOSED: PROPOSE, rules.APPROVED: APPROVE, rules.COMPUTED: computing.METHOD}
_WRITTEN: Final = f"""
SELECT r.index, uuid_send(t.replay_id), t.version, t.sealed
FROM ledger_record AS r JOIN {store.TABLE} AS t ON t.replay_id = {UUID_OF_RECORD} AND t.version = r.version
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_DESTROYED: Final = """
SELECT EXISTS (
    SELECT FROM ledger_entry AS e LEFT JOIN ledger_detail AS d USING (index)
    WHERE e.index >= %s AND e.index <= %s AND d.index IS NULL
)
"""
_NOT_SO: Final = "a replay of tripwires isn't what its entry says, or wasn't approved by a second officer in time"
_OTHERS: Final = "a replay of tripwires didn't find what it had to, or found something else"
_SHOWN: Final = "a replay of tripwires was shown that wasn't the newest"
_LISTED: Final = "the replays that were listed aren't those that there were"


class Replays:
    """Replays at each entry."""

    def __init__(self, conn: Connection, keyring: Keyring, enrolled: Enrolled, decided_by: DecidedBy, add: Add) -> None:
        self._conn, self._keyring, self._sealer = conn, keyring, Sealer(keyring)
        self._enrolled, self._decided_by, self._add = enrolled, decided_by, add
        self._written = Rows(conn, "replays of tripwires", _WRITTEN, add)
        self.concerns = Concerns((self._written,), frozenset({GET}), ("listed_replays",))
        self._heads: dict[bytes, record_pb2.TripwireReplayRecord] = {}
        self._in_order: list[tuple[int, bytes]] = []
        """As a list shows them from its end: by when they were proposed, and by their ids."""
        self._proposed_us: dict[bytes, int] = {}
        self._at: dict[bytes, list[int]] = {}
        """Of each the index of every version."""

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written, shown or listed by the next entry."""
        for columns in self._written.take(index):
            record = self._opened(index, store.StoredReplay(*columns))
            if record is not None:
                self._compare(index, leaf, detail, record)
        if detail is None or leaf.outcome != leaf_pb2.OUTCOME_ALLOWED:
            return
        if leaf.method == GET:
            self._compare_shown(index, detail)
        elif detail.HasField("listed_replays"):
            self._compare_list(index, detail.listed_replays)

    def finish(self) -> None:
        """Report what is left."""
        self._written.finish()

    def _opened(self, index: int, stored: store.StoredReplay) -> record_pb2.TripwireReplayRecord | None:
        return opened(self._add, index, store.TABLE, lambda: store.opened(self._sealer, stored))

    def _compare(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        detail: record_pb2.AccessDetail | None,
        record: record_pb2.TripwireReplayRecord,
    ) -> None:
        """Hold a version against the one before it, and against whoever has signed it."""
        before = self._heads.get(record.replay_id)
        self._heads[record.replay_id] = record
        self._at.setdefault(record.replay_id, []).append(index)
        if before is None:
            bisect.insort(self._in_order, (leaf.time_us, record.replay_id))
            self._proposed_us[record.replay_id] = leaf.time_us
        key = {rules.PROPOSED: record.proposed_by_key, rules.APPROVED: record.approved_by_key}.get(record.version, b"")
        is_said = detail is None or (detail.officer_key, list(detail.subjects)) == (key, [record.replay_id])
        if leaf.method != _METHODS.get(record.version) or not is_said or not self._follows(index, leaf, before, record):
            self._add(index, _NOT_SO)
        elif record.version == rules.COMPUTED and not self._is_found(record):
            self._add(index, _OTHERS)

    def _follows(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        before: record_pb2.TripwireReplayRecord | None,
        record: record_pb2.TripwireReplayRecord,
    ) -> bool:
        """Whether a version might follow the one before it."""
        if before is None:
            return record.version == rules.PROPOSED and self._is_counted(record, leaf.time_us)
        expected = record_pb2.TripwireReplayRecord()
        expected.CopyFrom(before)
        expected.version = before.version + 1
        if record.version == rules.APPROVED:
            expected.approved_by_key = record.approved_by_key
            first = self._enrolled.holder(leaf.agency, before.proposed_by_key)
            second = self._enrolled.holder(leaf.agency, record.approved_by_key)
            in_time = leaf.time_us <= before.expire_time_us + LONGEST_CALL_US
            if second.is_same(first) or not in_time or not self._enrolled.counts(before.proposed_by_key, index):
                return False
        elif record.HasField("result"):
            expected.result.CopyFrom(record.result)
        return record == expected and record.HasField("result") == (record.version == rules.COMPUTED)

    def _is_counted(self, record: record_pb2.TripwireReplayRecord, time_us: int) -> bool:
        """Whether it is of a time that was over, and the time for a second officer was counted by the policy."""
        if (
            not record.start_us < record.end_us <= record.propose_time_us
            or abs(time_us - record.propose_time_us) > LONGEST_CALL_US
        ):
            return False
        start, deadlines = instant(record.propose_time_us), self._decided_by.deadlines(time_us)
        return deadlines is None or any(
            to_us(each.due(SECOND_OFFICER, start).due) == record.expire_time_us for each in deadlines
        )

    def _is_found(self, record: record_pb2.TripwireReplayRecord) -> bool:
        """Whether it finds the same again; where it can't be said any more, it does."""
        if self._conn.execute(_DESTROYED, (record.result.since, record.result.until)).fetchone() != (False,):
            return True
        reader = Reader(self._keyring, lambda: None)
        found = computing.replayed(self._conn, reader, record, record.result.every_minutes)
        return reader.has_unread or found == record.result

    def _compare_shown(self, index: int, detail: record_pb2.AccessDetail) -> None:
        shown = detail.subjects[0] if detail.subjects else b""
        newest = sum(at < index for at in self._at.get(shown, ()))
        # One that was computed while the call ran may have been shown as it was before: then the call ran again.
        if not newest or detail.rests_on != store.digest([(shown, newest)]):
            self._add(index, _SHOWN)

    def _compare_list(self, index: int, listed: record_pb2.ListedReplays) -> None:
        until = len(self._in_order)
        if listed.after in self._proposed_us:
            until = bisect.bisect_left(self._in_order, (self._proposed_us[listed.after], listed.after))
        page: list[tuple[bytes, int]] = []
        for _, replay_id in reversed(self._in_order[:until]):
            version = sum(at < listed.before for at in self._at[replay_id])
            if version and len(page) < listed.most:
                page.append((replay_id, version))
        if listed.before > index or listed.found != store.digest(page):
            self._add(index, _LISTED)
