"""Notices along the ledger: what each made of the record, and what became of it, by whom.

Whoever holds the keys for a while could seal a notice that moves a person to another station than it says, a version
with another name than was told, or a decision that nobody has made. Told again in the ledger's order, the notices and
the decisions on them say what the record must say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import notices_pb2, types_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.formats.instants import instant
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows
from nsor_server.notification import store
from nsor_server.notification.notices import effects, kinds, states
from nsor_server.policy.deadlines import Deadlines
from nsor_server.policy.decided_by import DecidedBy
from nsor_server.registration.history import History
from nsor_server.registration.identity import rules as identity
from nsor_server.registration.transfers.rules import of_silence
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.v1 import record_pb2

_CREATE: Final = "nsor.v1.NotificationService/CreateNotice"
_WITHDRAW: Final = "nsor.v1.NotificationService/WithdrawNotice"
_DECIDE: Final = "nsor.v1.NotificationService/DecideNotice"
_NOTICES: Final = f"""
SELECT r.index, k.wrapped, uuid_send(n.registration_id), uuid_send(n.notice_id), n.sealed
FROM ledger_record AS r
JOIN notice AS n ON n.notice_id = {UUID_OF_RECORD} AND r.version = {store.ONCE}
LEFT JOIN registration_key AS k USING (registration_id)
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_DECISIONS: Final = f"""
SELECT r.index, k.wrapped, uuid_send(n.registration_id), uuid_send(d.notice_id), d.version, d.sealed
FROM ledger_record AS r
JOIN notice_decision AS d ON d.notice_id = {UUID_OF_RECORD} AND d.version = r.version
LEFT JOIN notice AS n USING (notice_id)
LEFT JOIN registration_key AS k USING (registration_id)
WHERE r.table_name = '{store.DECISION}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_NOTICE: Final = """
SELECT k.wrapped, uuid_send(n.registration_id), uuid_send(n.notice_id), n.sealed
FROM notice AS n LEFT JOIN registration_key AS k USING (registration_id)
WHERE n.notice_id = encode(%s::bytea, 'hex')::uuid
"""
_MADE: Final = "a version isn't what its notice makes of the one before"
_MOVED: Final = "a notice moved a person to another place than it tells"
_BY: Final = "a notice, or what became of it, names another officer or version than its entry, or isn't its agency's"
_COUNTED: Final = "a notice's deadline, or one of the transfer that it opens, isn't what the policy of its day makes it"
_FOLLOWS: Final = "what became of a notice doesn't follow from where it stood"
_OTHERS: Final = "what a notice tells isn't told of another registration of the person, or of one that isn't his"
_ALONE: Final = "a call about a notice wrote a version and no notice of it, or a notice of another registration"
_NOBODY: Final = "a notice, or what became of one, was written by a call that writes none"


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry, and the version of a registration that it wrote behind the one before."""

    index: int
    leaf: leaf_pb2.Leaf
    detail: record_pb2.AccessDetail | None
    before: record_pb2.RegistrationRecord
    record: record_pb2.RegistrationRecord

    def is_by(self, written: record_pb2.NoticeRecord | record_pb2.NoticeDecisionRecord) -> bool:
        """Whether a record names who called; of an entry whose detail is gone its agency alone is known."""
        named = self.detail is None or written.officer_key == self.detail.officer_key
        return written.agency == self.leaf.agency and named


class Noticed:
    """Notices, decisions on them, and the versions that both wrote. The history must be at the entry already."""

    def __init__(
        self,
        conn: Connection,
        keyring: Keyring,
        history: History,
        enrolled: Enrolled,
        decided_by: DecidedBy,
        *,
        add: Add,
    ) -> None:
        self._conn, self._history, self._enrolled, self._add = conn, history, enrolled, add
        self._sealer, self._decided_by = Sealer(keyring), decided_by
        self._taken = Rows(conn, "notices", _NOTICES, add)
        self._decided = Rows(conn, "notice decisions", _DECISIONS, add)
        self.concerns = Concerns((self._taken, self._decided), frozenset({_CREATE, _WITHDRAW, _DECIDE}))
        self._newest: dict[bytes, tuple[int, int]] = {}
        """Of each notice how many decisions there are, and its state."""
        self._written: tuple[int, list[record_pb2.NoticeRecord]] = (-1, [])

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        taken, decided = list(self._taken.take(index)), list(self._decided.take(index))
        notices = [one for row in taken if (one := self._open(*row)) is not None]
        self._written = index, notices
        decisions = [each for row in decided if (each := self._open_decision(*row)) is not None]
        if leaf.method not in {_CREATE, _WITHDRAW, _DECIDE}:
            if notices or decisions:
                self._add(index, _NOBODY)
            return
        if not all(self._is_counted(leaf, notice) for notice in notices):
            self._add(index, _COUNTED)
        written = taken if leaf.method == _CREATE else decided
        named = {row[1] for row in (*taken, *decided)}
        if not self._are_of_version(named, len(written)):
            self._add(index, _ALONE)
        self._compare_others(index, leaf, notices, decisions)
        for record in self._history.changed:
            if record.registration_id not in named:
                continue  # of another registration of the person
            before = self._history.version(record.registration_id, record.version - 1)
            if before is None:
                continue
            entry = _Entry(index, leaf, detail, before, record)
            if leaf.method == _CREATE:
                for notice in notices:
                    self._compare_notice(entry, notice, decisions)
            else:
                self._compare_decision(entry, notices, decisions)

    def finish(self) -> None:
        """Report what is left."""
        self._taken.finish()
        self._decided.finish()

    def written(self, index: int) -> record_pb2.NoticeRecord | None:
        """The notice that the last entry wrote, if it has this index."""
        return next(iter(self._written[1]), None) if self._written[0] == index else None

    def _are_of_version(self, registration_ids: set[bytes], count: int) -> bool:
        """Whether the rows of an entry are of the registration of which it wrote a version, and one has made that.

        Args:
            registration_ids: of the rows; of one that was erased no version is told again.
            count: of the rows that make a version.
        """
        changed = {each.registration_id for each in self._history.changed} - self._others(registration_ids)
        return registration_ids - self._history.erased == changed and (count == 1 or not changed)

    def _others(self, registration_ids: set[bytes]) -> set[bytes]:
        """The other registrations of their person that stand, and open."""
        found = {other for each in registration_ids for other in self._history.standing(each).person}
        return set(filter(self._history.is_confirmed, found - registration_ids - self._history.erased))

    def _compare_others(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        notices: list[record_pb2.NoticeRecord],
        decisions: list[record_pb2.NoticeDecisionRecord],
    ) -> None:
        """Hold the versions of the person's other registrations against what was told of the one, or taken back."""
        named = [each.registration_id for each in (notices if leaf.method == _CREATE else decisions)[:1]]
        ended = [one for each in decisions if (one := self._notice(each.notice_id)) is not None]
        changed = {each.registration_id: each for each in self._history.changed}
        for other in self._others(set(named)):
            record = changed.get(other)
            number = self._history.newest(other) - (record is not None)
            before = self._history.version(other, number)
            if before is None:
                continue
            made = before
            for each in ended:
                if leaf.method == _CREATE:
                    made = effects.without(made, each, record.update_time_us if record is not None else 0)
                elif decisions[0].state != states.VERIFIED and effects.is_carried(made, each.notice_id):
                    time_us = record.update_time_us if record is not None else 0
                    made = effects.decided(made, each, decisions[0].state, time_us)
            if leaf.method == _CREATE:
                made = effects.after_other(made, notices[0])
                del made.duties[:]
                made.duties.extend(record.duties if record is not None else ())  # they are told again by themselves
            if (made is before) != (record is None) or (record is not None and not _is(made, record)):
                self._add(index, _OTHERS)

    def _compare_notice(
        self, entry: _Entry, notice: record_pb2.NoticeRecord, decisions: list[record_pb2.NoticeDecisionRecord]
    ) -> None:
        """Hold a version against the notice that wrote it, and against the one that this one supersedes."""
        base = entry.before
        if [each.notice_id for each in decisions] != [notice.supersedes] * bool(notice.supersedes):
            self._add(entry.index, _FOLLOWS)
        for decision in decisions:
            earlier = self._notice(decision.notice_id)
            self._follow(entry, decision, states.SUPERSEDED)
            if earlier is None:
                continue
            if not states.supersedes(notice, earlier) or decision.superseded_by != notice.notice_id:
                self._add(entry.index, _FOLLOWS)
            base = effects.without(base, earlier, entry.record.update_time_us)
        self._newest[notice.notice_id] = (0, states.TAKEN)
        if not entry.is_by(notice) or notice.version != entry.record.version or not self._is_responsible(entry):
            self._add(entry.index, _BY)
        if not _says_where(base, notice):
            self._add(entry.index, _MOVED)
        made = effects.after(base, notice)
        made.ClearField("duties")
        made.duties.extend(entry.record.duties)  # they are told again by themselves
        if not _is(made, entry.record):
            self._add(entry.index, _MADE)

    def _compare_decision(
        self,
        entry: _Entry,
        notices: list[record_pb2.NoticeRecord],
        decisions: list[record_pb2.NoticeDecisionRecord],
    ) -> None:
        """Hold a version against the decision that wrote it."""
        if notices or len(decisions) > 1:
            self._add(entry.index, _NOBODY)
        for decision in decisions:
            notice = self._notice(decision.notice_id)
            if entry.leaf.method == _WITHDRAW:
                self._follow(entry, decision, states.WITHDRAWN)
                if notice is not None and notice.agency != decision.agency:
                    self._add(entry.index, _BY)
            else:
                self._follow(entry, decision, states.VERIFIED, states.REFUSED)
            if not self._is_responsible(entry):
                self._add(entry.index, _BY)
            if notice is None:
                continue
            made = effects.decided(entry.before, notice, decision.state, entry.record.update_time_us)
            if not _is(made, entry.record):
                self._add(entry.index, _MADE)

    def _is_counted(self, leaf: leaf_pb2.Leaf, notice: record_pb2.NoticeRecord) -> bool:
        """Whether a policy of that time says of a notice what it says of its deadline and its transfer's."""
        by = self._decided_by.deadlines(leaf.time_us)
        return by is None or any(_counts(each, notice) for each in by)

    def _follow(self, entry: _Entry, decision: record_pb2.NoticeDecisionRecord, *may: int) -> None:
        """See that a decision follows from where the notice stood, and is by who called."""
        count, state = self._newest.get(decision.notice_id, (0, int(states.TAKEN)))
        follows = decision.state in may and states.follows(state, decision.state)
        if not follows or decision.version != count + 1 or bool(decision.refusal) != (decision.state == states.REFUSED):
            self._add(entry.index, _FOLLOWS)
        if not entry.is_by(decision) or decision.registration_version != entry.record.version:
            self._add(entry.index, _BY)
        self._newest[decision.notice_id] = (decision.version, decision.state)

    def _is_responsible(self, entry: _Entry) -> bool:
        """Whether the agency is the police of the place, and the officer acts there."""
        key_id = entry.detail.officer_key if entry.detail is not None else None
        return self._enrolled.may_act(entry.leaf.agency, key_id, entry.before.responsible_place)

    def _notice(self, notice_id: bytes) -> record_pb2.NoticeRecord | None:
        found = self._conn.execute(_NOTICE.encode(), (notice_id,)).fetchone()
        return self._open(*found) if found is not None else None

    def _open(
        self, wrapped: bytes | None, registration_id: bytes, notice_id: bytes, sealed: bytes
    ) -> record_pb2.NoticeRecord | None:
        """A notice; None: it doesn't open, which was found already."""
        try:
            key = self._sealer.open_data_key(registration_id, wrapped or b"")
            return record_pb2.NoticeRecord.FromString(key.open(store.TABLE, notice_id, store.ONCE, sealed))
        except (SealBroken, DecodeError):
            return None

    def _open_decision(
        self, wrapped: bytes | None, registration_id: bytes | None, notice_id: bytes, version: int, sealed: bytes
    ) -> record_pb2.NoticeDecisionRecord | None:
        """Likewise, what became of one."""
        try:
            key = self._sealer.open_data_key(registration_id or b"", wrapped or b"")
            return record_pb2.NoticeDecisionRecord.FromString(key.open(store.DECISION, notice_id, version, sealed))
        except (SealBroken, DecodeError):
            return None


def _counts(deadlines: Deadlines, notice: record_pb2.NoticeRecord) -> bool:
    """Whether deadlines say of a notice by which rule it was due, if it came late, and until when police answer."""
    due = kinds.due(deadlines, notice)
    if (notice.deadline_rule, notice.late) != (due.rule_id if due else "", kinds.is_late(notice, due)):
        return False
    silence: list[record_pb2.TransferDeadline] = []
    if notice.at_home:
        province = notice.address.place_code.split("/", 1)[0]
        silence = of_silence(deadlines, instant(notice.create_time_us), province)
    return list(notice.transfer_deadlines) == silence


def _says_where(before: record_pb2.RegistrationRecord, notice: record_pb2.NoticeRecord) -> bool:
    """Whether a notice names who was responsible before, and says that the person lives where it tells if it does."""
    moves = (
        notice.HasField("address")
        and notice.address.kind == types_pb2.ADDRESS_KIND_CURRENT
        and notice.timing == notices_pb2.NOTICE_TIMING_HAPPENED
    )
    return notice.place_before == before.responsible_place and moves == notice.at_home


def _is(made: record_pb2.RegistrationRecord, record: record_pb2.RegistrationRecord) -> bool:
    """Whether a version is the one that had to be made."""
    made.update_time_us = record.update_time_us
    identity.settle(made)
    return made == record
