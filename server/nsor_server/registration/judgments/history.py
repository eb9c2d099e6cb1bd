"""Judgments along the ledger: each changed every conviction that it is about, at once or with its confirmation.

Whoever owns the database can hide a judgment while a conviction is confirmed, or a registration while a judgment is
recorded, and put all back afterwards. Told again in the ledger's order, the seals say which judgments a conviction
must have, and what they have made of it.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from operator import itemgetter
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import registration_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened, read
from nsor_server.registration import cases, states
from nsor_server.registration.history import History
from nsor_server.registration.judgments import record as records
from nsor_server.registration.judgments import rules, store
from nsor_server.registration.proposals import rules as proposals
from nsor_server.registration.worklists import seconds
from nsor_server.registration.worklists.history import Worklists
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_JUDGMENTS: Final = f"""
SELECT r.index, {store.COLUMNS}
FROM ledger_record AS r
JOIN judgment_version AS j ON j.judgment_id = {UUID_OF_RECORD} AND j.version = r.version
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_TRIAL_ROWS: Final = """
SELECT uuid_send(judgment_id), array_agg(key_id || ' ' || encode(blind, 'hex')) FROM judgment_trial GROUP BY judgment_id
"""
_first: Final = itemgetter(0)


class Judged:
    """The judgments at each entry, and what they make of convictions. The history must be at the entry already."""

    def __init__(
        self,
        conn: Connection,
        keyring: Keyring,
        history: History,
        enrolled: Enrolled,
        *,
        worklists: Worklists,
        add: Add,
    ) -> None:
        self._worklists = worklists
        self._conn, self._history, self._enrolled, self._add = conn, history, enrolled, add
        self._sealer, self._blind_index = Sealer(keyring), BlindIndex(keyring)
        self._rows = Rows(conn, "judgments", _JUDGMENTS, add)
        self.concerns = Concerns((self._rows, *history.rows))
        self._newest: dict[bytes, record_pb2.JudgmentRecord] = {}
        self._falling_due: list[tuple[int, bytes]] = []
        self._of_trial: dict[str, list[record_pb2.JudgmentRecord]] = {}
        self._tried: dict[str, dict[bytes, str]] = {}
        self._convictions: dict[bytes, bytes] = {}
        self._unsealed: list[record_pb2.JudgmentRecord] = []
        self._recorded: list[tuple[int, record_pb2.JudgmentRecord]] = []
        self._near: dict[str, dict[bytes, bytes]] = {}

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        self._unsealed.clear()
        recorded = [
            record
            for row in self._rows.take(index)
            if (record := self._version(index, leaf, store.StoredJudgment(*row)))
        ]
        changed = {each.registration_id for each in self._history.changed}
        for judgment in recorded:
            of_it = self._tried.get(rules.key_of_judgment(judgment), {})
            if any(one not in changed for one, cnic in of_it.items() if not judgment.cnics or cnic in judgment.cnics):
                self._add(index, "a judgment was recorded, and a conviction that it is about wasn't changed with it")
        for each in self._history.changed:
            self._compare(index, each)

    def newest(self, judgment_id: bytes) -> int:
        """The newest version of a judgment after the last entry; 0: there was none."""
        found = self._newest.get(judgment_id)
        return found.version if found else 0

    def overdue(self, after_us: int, until_us: int) -> list[bytes]:
        """Ids of the judgments whose confirmation fell due in between and that no registry had confirmed by now."""
        first, last = (bisect.bisect_right(self._falling_due, at, key=_first) for at in (after_us, until_us))
        return sorted(
            judgment_id
            for _, judgment_id in self._falling_due[first:last]
            if self._newest[judgment_id].state == registration_pb2.JUDGMENT_STATE_RECORDED
        )

    def judged(self, after: int, until: int) -> list[record_pb2.JudgedRecord]:
        """Whom the judgments have met by now that were recorded by entries after one and until another."""
        first, last = (bisect.bisect_right(self._recorded, at, key=_first) for at in (after, until))
        return [
            rules.judged(judgment, map(_judged_part, self._near.get(rules.near_case(judgment), {}).values()))
            for _, judgment in self._recorded[first:last]
        ]

    def finish(self) -> None:
        """Report what is left, and compare the index of trials with what the judgments are about."""
        self._rows.finish()
        found = dict(read(self._conn, "judgment_trial", _TRIAL_ROWS))
        for judgment_id, judgment in self._newest.items():
            key = rules.key_of_judgment(judgment)
            live = {f"{key_id} {blind.hex()}" for key_id, blind in self._blind_index.values(store.USE, key)}
            rows = found.pop(judgment_id, [])
            if len(rows) != 1 or rows[0] not in live:
                self._add(-1, "the row of judgment_trial isn't that of the sealed judgment")
        if found:
            self._add(-1, f"judgment_trial has rows of {len(found)} judgments that aren't there")

    def _version(self, index: int, leaf: leaf_pb2.Leaf, row: store.StoredJudgment) -> record_pb2.JudgmentRecord | None:
        """A judgment that is recorded; None for a later version, or what doesn't open."""
        record = opened(self._add, index, store.TABLE, lambda: store.open_version(self._sealer, row))
        if record is None:
            return None
        before = self._newest.get(record.judgment_id)
        self._newest[record.judgment_id] = record
        work = seconds.of_judgment(record)
        if work is not None:
            self._worklists.write(index, work)
        if before is not None:
            del self._falling_due[
                bisect.bisect_left(self._falling_due, (before.confirmation_due_us, before.judgment_id))
            ]
        bisect.insort(self._falling_due, (record.confirmation_due_us, record.judgment_id))
        if before is None and record.version == store.FIRST_VERSION:
            self._of_trial.setdefault(rules.key_of_judgment(record), []).append(record)
            self._recorded.append((index, record))
            return record
        if before is None or not _goes_on(before, record, leaf.time_us):
            self._add(index, "the version of a judgment doesn't follow the one before")
            return None
        if not self._is_by_whom_it_may(index, before, record):
            self._add(index, "a judgment was confirmed or unsealed by who had recorded or proposed it")
        if record.state == registration_pb2.JUDGMENT_STATE_UNSEALED:
            self._unsealed.append(record)
        return None

    def _is_by_whom_it_may(
        self, index: int, before: record_pb2.JudgmentRecord, record: record_pb2.JudgmentRecord
    ) -> bool:
        """Whether the step to a version was another person's than the step before it; a withdrawal, the same one's."""
        holder = self._enrolled.holder
        if rules.is_unsealing_proposed(before) and record.HasField("unsealing_end"):
            by_proposer = self._enrolled.are_one(record.unsealing_end.by_key, before.unsealing_proposed_by_key)
            until_us = before.unsealing_expire_time_us
            return proposals.is_right(record.unsealing_end, until_us, by_proposer=by_proposer)
        if record.state == registration_pb2.JUDGMENT_STATE_CONFIRMED:
            recorded = holder(record.recorded_by_agency, record.recorded_by_key)
            confirmed = holder(record.confirmed_by_agency, record.confirmed_by_key)
            return confirmed.agency_id != recorded.agency_id and not confirmed.is_same(recorded)
        if record.state == registration_pb2.JUDGMENT_STATE_UNSEALED:
            are_two = not self._enrolled.are_one(record.unsealed_by_key, record.unsealing_proposed_by_key)
            return are_two and self._enrolled.counts(record.unsealing_proposed_by_key, index)
        return True

    def _compare(self, index: int, record: record_pb2.RegistrationRecord) -> None:
        """Hold the convictions of a version against those of the one before, and the judgments there were."""
        for conviction in record.convictions:
            if not states.was_confirmed(conviction):
                self._convictions[conviction.conviction_id] = conviction.SerializeToString()
                continue
            key = rules.key_of_conviction(conviction)
            self._tried.setdefault(key, {})[record.registration_id] = record.cnic
            near = cases.near_case(conviction.court_place, conviction.case_number)
            self._near.setdefault(near, {})[record.registration_id] = _held(record)
            found = [each for each in self._of_trial.get(key, ()) if rules.concerns(each, record)]
            if list(conviction.judgment_ids) != [each.judgment_id for each in found]:
                self._add(index, "a conviction doesn't have the judgments that were recorded about it")
            elif not self._follows(record, conviction, found):
                self._add(index, "a conviction isn't what its judgments have made of it")
            self._convictions[conviction.conviction_id] = conviction.SerializeToString()

    def _follows(
        self,
        record: record_pb2.RegistrationRecord,
        conviction: record_pb2.Conviction,
        judgments: list[record_pb2.JudgmentRecord],
    ) -> bool:
        """Whether a conviction is what its confirmation and the judgments since its last version have made of it."""
        stored = self._convictions.get(conviction.conviction_id)
        if stored is None:
            return False
        before = record_pb2.Conviction.FromString(stored)
        alone = record_pb2.RegistrationRecord(cnic=record.cnic, convictions=[before])
        if not states.was_confirmed(before):
            by = conviction.confirmed_by_agency, conviction.confirmed_by_key
            alone = states.next_version(alone, states.confirming(before, *by))
        since = judgments[len(before.judgment_ids) :]
        after = rules.joined(alone, since)
        for judgment in self._unsealed:
            after = states.next_version(after, rules.unsealing(after, judgment))
        (expected,) = after.convictions
        return _decided(expected) == _decided(conviction)


_PROPOSED: Final = int(registration_pb2.JUDGMENT_STATE_UNSEALING_PROPOSED)
_NEXT: Final[Mapping[int, tuple[int, ...]]] = {
    registration_pb2.JUDGMENT_STATE_RECORDED: (registration_pb2.JUDGMENT_STATE_CONFIRMED,),
    registration_pb2.JUDGMENT_STATE_CONFIRMED: (_PROPOSED,),
    _PROPOSED: (registration_pb2.JUDGMENT_STATE_UNSEALED, _PROPOSED),
}
"""Where a judgment goes from each state; once a proposal's time is over it is proposed again."""


def _goes_on(before: record_pb2.JudgmentRecord, after: record_pb2.JudgmentRecord, entry_us: int) -> bool:
    """Whether a version is the next step of the one before, in its time, and nothing else."""
    if before.state == _PROPOSED:
        if after.HasField("unsealing_end"):
            return after == records.unsealing_ended(before, after.unsealing_end)
        until_us = before.unsealing_expire_time_us
        is_again = after.state == _PROPOSED
        if (
            (after.unsealing_proposed_time_us <= until_us)
            if is_again
            else not proposals.was_in_time(until_us, entry_us)
        ):
            return False
    if after.state not in _NEXT.get(before.state, ()):
        return False
    expected = record_pb2.JudgmentRecord()
    expected.CopyFrom(before)
    expected.version += 1
    expected.state = after.state
    if after.state == registration_pb2.JUDGMENT_STATE_CONFIRMED:
        expected.confirmed_by_agency, expected.confirmed_by_key = after.confirmed_by_agency, after.confirmed_by_key
    elif after.state == registration_pb2.JUDGMENT_STATE_UNSEALING_PROPOSED:
        expected.unsealing_proposed_by_key = after.unsealing_proposed_by_key
        expected.unsealing_proposed_time_us = after.unsealing_proposed_time_us
        expected.unsealing_expire_time_us = after.unsealing_expire_time_us
        expected.ClearField("unsealing_end")
    else:
        expected.unsealed_by_key = after.unsealed_by_key
    return expected == after


def _held(record: record_pb2.RegistrationRecord) -> bytes:
    """What judgments are held against of a record, encoded: as a message it takes twenty times as much."""
    part = record_pb2.RegistrationRecord(registration_id=record.registration_id, cnic=record.cnic)
    for each in record.convictions:
        part.convictions.add(
            court_place=each.court_place,
            case_number=each.case_number,
            state=each.state,
            judgment_ids=each.judgment_ids,
        )
    return part.SerializeToString()


def _judged_part(held: bytes) -> record_pb2.RegistrationRecord:
    """The same as a record."""
    return record_pb2.RegistrationRecord.FromString(held)


def _decided(conviction: record_pb2.Conviction) -> tuple[object, ...]:
    """What judgments decide of a conviction."""
    counts = [(count.stands, count.taken_by_judgment, count.sentence_kind, count.months) for count in conviction.counts]
    return conviction.state, conviction.appeal_state, counts
