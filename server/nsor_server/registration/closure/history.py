"""Ends of records along the ledger: by two officers, a verified death or a term that was over, and by nothing else."""

from __future__ import annotations

import uuid
from typing import Final, NamedTuple

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import closure_pb2, registration_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.registration import store as registrations
from nsor_server.registration.closure import erasing, erasures, rules, store
from nsor_server.registration.history import History
from nsor_server.registration.persons import rules as review_rules
from nsor_server.registration.persons.history import Decided
from nsor_server.registration.proposals import rules as proposals
from nsor_server.registration.reviewed import Reviewed
from nsor_server.registration.worklists import seconds
from nsor_server.registration.worklists.history import Worklists
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_ERASURES: Final = f"""
SELECT r.index, uuid_send(c.closure_id), c.version, c.sealed
FROM ledger_record AS r
JOIN erasure_version AS c ON c.closure_id = {UUID_OF_RECORD} AND c.version = r.version
WHERE r.table_name = '{erasures.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_KEYS: Final = "SELECT uuid_send(registration_id) FROM registration_key WHERE registration_id = ANY (%s)"
_CLOSURES: Final = f"""
SELECT r.index, uuid_send(c.closure_id), c.version, c.sealed
FROM ledger_record AS r
JOIN closure_version AS c ON c.closure_id = {UUID_OF_RECORD} AND c.version = r.version
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_ERASED: Final = closure_pb2.CLOSURE_KIND_ERASED
_NOBODY: Final = "a record is archived, or isn't, and nobody has decided that"
_LEFT_OUT: Final = "the end of a person's record, or what undid it, has left out another one of his records"
_NOT_FREE: Final = "a registration is to be erased that what was decided of another one needs"
_STANDS_OR_ARCHIVED: Final = (registrations.CONFIRMED, int(registration_pb2.REGISTRATION_STATE_ARCHIVED))
_UNSEAL: Final = "nsor.v1.RegistrationService/ConfirmUnsealing"
_LIST: Final = "nsor.v1.RegistrationService/ListPendingDecisions"


class _Waived(NamedTuple):
    """By what a record isn't archived a second time."""

    term: bool = False
    died_day: int | None = None

    @classmethod
    def of(cls, record: record_pb2.RegistrationRecord) -> _Waived:
        """What a version says."""
        return cls(record.term_waived, record.waived_death_day if record.HasField("waived_death_day") else None)

    def after(self, archive: record_pb2.Archive, record: record_pb2.RegistrationRecord) -> _Waived:
        """What a record has to say that was taken out of an archive."""
        if archive.reason == closure_pb2.ARCHIVE_REASON_WITHDRAWN:
            return self
        if archive.reason == closure_pb2.ARCHIVE_REASON_TERM_OVER:
            return self._replace(term=True)
        own = record.HasField("verified_death_day")
        return self._replace(died_day=record.verified_death_day if own else archive.died_day)


class _Ending(NamedTuple):
    """A decision about one record of a person.

    Attributes:
        closure: the decision.
        before: how that record was archived before.
        others: ids of the person's other registrations.
    """

    closure: record_pb2.ClosureRecord
    before: record_pb2.Archive | None
    others: set[bytes]

    def is_of_one_end(self, archive: record_pb2.Archive) -> bool:
        """Whether another record was archived with it."""
        own = self.before
        return own is not None and (own.closure_id, own.time_us) == (archive.closure_id, archive.time_us)


class Reviews(NamedTuple):
    """The registrations at each entry, their reviews, and how far NPB is with each."""

    history: History
    reviewed: Reviewed
    decided: Decided


class Closed:
    """The ends of records at each entry; history and reviews must be at the entry already."""

    def __init__(
        self,
        conn: Connection,
        keyring: Keyring,
        told: Reviews,
        enrolled: Enrolled,
        *,
        worklists: Worklists,
        add: Add,
    ) -> None:
        history, reviewed, self._decided = told
        self._history, self._reviewed, self._enrolled, self._add = history, reviewed, enrolled, add
        self._worklists = worklists
        self._conn, self._keyring, self._sealer = conn, keyring, Sealer(keyring)
        self._erasures = Rows(conn, "erasures", _ERASURES, add)
        self._erased: dict[bytes, record_pb2.ErasureRecord] = {}
        self._rows = Rows(conn, "closures", _CLOSURES, add)
        self.concerns = Concerns(
            (self._rows, self._erasures, *history.rows, *reviewed.rows), methods=frozenset({_LIST})
        )
        self._proposed: dict[bytes, record_pb2.ClosureRecord] = {}
        self._archived: dict[bytes, record_pb2.Archive] = {}
        self._waived: dict[bytes, _Waived] = {}
        self._died: dict[bytes, int] = {}

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written, or listed, by the next entry; all come in their order."""
        confirmed: dict[bytes, record_pb2.ClosureRecord] = {}
        for columns in self._rows.take(index):
            stored = store.StoredClosure(*columns)
            closure = opened(self._add, index, store.TABLE, lambda: store.opened(self._sealer, stored))  # noqa: B023
            if closure is not None:
                self._closure(index, leaf, closure, confirmed)
        time = self._reviewed.written
        expired = set(time.archived_ids) if time else set()
        self._compare_together(index, expired)
        endings = [_Ending(each, self._archived.get(one), self._others(one)) for one, each in confirmed.items()]
        for record in self._history.changed:
            decided = confirmed.pop(record.registration_id, None)
            with_it = [each for each in endings if record.registration_id in each.others]
            over = record.registration_id in expired
            expired.discard(record.registration_id)
            if decided is None and with_it:
                self._compare_other(index, record, with_it[0])
            else:
                is_unsealed = leaf.method == _UNSEAL
                self._compare(index, record, decided, time if over else None, is_unsealed=is_unsealed)
        for ending in endings:
            self._compare_left(index, ending)
        # The versions that say so themselves are unreadable once their key is destroyed.
        if (confirmed.keys() | expired) - self._history.erased:
            self._add(index, "it was decided how a record ends, and the record wasn't changed with it")
        for columns in self._erasures.take(index):
            kept = erasures.StoredErasure(*columns)
            erasure = opened(self._add, index, erasures.TABLE, lambda: erasures.opened(self._sealer, kept))  # noqa: B023
            if erasure is not None:
                self._erase(index, leaf, erasure)
        if leaf.method == _LIST and leaf.outcome == leaf_pb2.OUTCOME_ALLOWED and detail is not None:
            self._compare_listed(index, detail)

    def finish(self) -> None:
        """Report what is left, and see that what was destroyed is gone, and was about what was erased."""
        self._rows.finish()
        self._erasures.finish()
        ids = [uuid.UUID(bytes=each.registration_id) for each in self._erased.values()]
        if self._conn.execute(_KEYS.encode(), (ids,)).fetchone() is not None:
            self._add(-1, "the data key of a registration that was erased is there")
        for each in self._erased.values():
            found = erasing.about(self._conn, self._keyring, each.registration_id, each.closure_id)
            look_ups = erasing.looked_up(self._conn, each.number_labels)
            if not set(each.entries) <= {index for index, _ in found} | look_ups:
                self._add(-1, "an erasure has destroyed details of entries that aren't about its registration")
            if not set(each.answers) <= {access_id for _, access_id in found}:
                self._add(-1, "an erasure has destroyed answers that aren't about its registration")

    def _closure(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        record: record_pb2.ClosureRecord,
        confirmed: dict[bytes, record_pb2.ClosureRecord],
    ) -> None:
        before = self._proposed.get(record.closure_id)
        self._worklists.write(index, seconds.of_closure(record))
        if record.version == rules.PROPOSED and before is None:
            self._proposed[record.closure_id] = record
            return
        if before is not None and record.version == rules.ENDED:
            by_proposer = self._enrolled.are_one(record.end.by_key, before.proposed_by_key)
            is_right = proposals.is_right(record.end, before.expire_time_us, by_proposer=by_proposer)
            if before.version != rules.PROPOSED or record != rules.ended(before, record.end) or not is_right:
                self._add(index, "a proposal how a record ends wasn't withdrawn or refused as it may be")
            self._proposed[record.closure_id] = record
            return
        expected = record_pb2.ClosureRecord()
        if before is not None:
            expected.CopyFrom(before)
        expected.version, expected.confirmed_by_key = rules.CONFIRMED, record.confirmed_by_key
        if (
            before is None
            or record != expected
            or before.version != rules.PROPOSED
            or not proposals.was_in_time(before.expire_time_us, leaf.time_us)
            or self._enrolled.are_one(record.confirmed_by_key, record.proposed_by_key)
            or not self._enrolled.counts(record.proposed_by_key, index)
        ):
            self._add(index, "how a record ends wasn't proposed and confirmed by two officers")
        if record.kind == _ERASED and not self._is_free(record.registration_id, leaf.time_us):
            self._add(index, _NOT_FREE)
        confirmed[record.registration_id] = record
        self._proposed[record.closure_id] = record

    def _is_free(self, registration_id: bytes, now_us: int) -> bool:
        """Whether nothing that NPB decided of other registrations needed this one."""
        found = (self._decided.newest(number) for number in self._reviewed.numbers(registration_id))
        is_bound = any(each and review_rules.binds_another(each, registration_id, now_us) for each in found)
        return not is_bound and not self._others(registration_id)

    def _compare_listed(self, index: int, detail: record_pb2.AccessDetail) -> None:
        """Hold which ends could still be confirmed against the versions that their records had."""
        listed = [self._proposed[each] for each in detail.subjects if each in self._proposed]
        if any(each.registration_id in self._history.erased for each in listed):
            return  # which versions it had is destroyed
        read = ((each.closure_id, self._history.newest(each.registration_id)) for each in listed)
        if detail.rests_on != rests_on.digest(read):
            self._add(index, "what was listed as waiting for a second officer didn't rest on the newest versions")

    def _erase(self, index: int, leaf: leaf_pb2.Leaf, erasure: record_pb2.ErasureRecord) -> None:
        """Hold an erasure against the decision of two officers, and its completion against its time."""
        decided = self._proposed.get(erasure.closure_id)
        before = self._erased.get(erasure.closure_id)
        expected = record_pb2.ErasureRecord()
        expected.CopyFrom(before if before is not None else erasure)
        expected.version = erasures.COMPLETE if before is not None else erasures.DESTROYED
        is_time = before is None or before.complete_after_us <= leaf.time_us
        if (
            decided is None
            or (decided.kind, decided.version) != (_ERASED, rules.CONFIRMED)
            or decided.registration_id != erasure.registration_id
            or erasure.last_version != self._history.newest(erasure.registration_id)
            or erasure != expected
            or not is_time
        ):
            self._add(index, "a registration was erased that two officers haven't decided to erase, or before its time")
        self._erased[erasure.closure_id] = erasure

    def _compare(
        self,
        index: int,
        record: record_pb2.RegistrationRecord,
        decided: record_pb2.ClosureRecord | None,
        time: record_pb2.ReviewTimeRecord | None,
        *,
        is_unsealed: bool,
    ) -> None:
        """Hold what a version says of its end against what was decided, or was over."""
        before = self._archived.get(record.registration_id)
        now = record.archive if record.HasField("archive") else None
        waived = self._waived.get(record.registration_id, _Waived())
        if time is not None:
            is_right = before is None and now is not None and self._ends_by_itself(record, now, time.due_us)
        elif decided is not None and decided.kind == closure_pb2.CLOSURE_KIND_RESTORED:
            death = self._death(before, record, now)
            is_right = before is not None and (now == death or self._is_as_one_erased(record.registration_id, now))
            waived = waived if before is None else waived.after(before, record)
        elif decided is not None and decided.kind != _ERASED:
            with_other = before is not None and before.with_other
            is_right = now is not None and _repeats(now, decided, with_other=with_other, replaced=before)
        elif is_unsealed and before is None and record.state in _STANDS_OR_ARCHIVED:
            death = self._death(None, record, now)
            is_right = now == death or self._is_as_one_erased(record.registration_id, now)
        else:
            is_right = now == before
        is_right &= record.erased == (decided is not None and decided.kind == _ERASED)
        if not is_right or _Waived.of(record) != waived:
            self._add(index, _NOBODY)
        self._keep(record, now)

    def _death(
        self, before: record_pb2.Archive | None, record: record_pb2.RegistrationRecord, now: record_pb2.Archive | None
    ) -> record_pb2.Archive | None:
        """How a record had to be archived by its person's death; ``now``: what its version says."""
        others = self._others(record.registration_id).difference(self._history.erased)
        return rules.death(
            before,
            self._archives_of_others(record.registration_id),
            stands=before is not None and any(map(self._history.is_confirmed, others)),
            died=rules.died_day(record),
            time_us=now.time_us if now is not None else 0,
        )

    def _others(self, registration_id: bytes) -> set[bytes]:
        """The other registrations of a person."""
        return set(self._history.standing(registration_id).person) - {registration_id}

    def _archives_of_others(self, registration_id: bytes) -> list[record_pb2.Archive]:
        """How the other registrations of a person are archived, those that are."""
        others = self._others(registration_id).difference(self._history.erased)
        return [self._archived[each] for each in others if each in self._archived]

    def _is_as_one_erased(self, registration_id: bytes, archive: record_pb2.Archive | None) -> bool:
        """Whether a record may be archived by the death that another one of its person said, which was erased since."""
        is_death = archive is not None and archive.reason == closure_pb2.ARCHIVE_REASON_DECEASED
        return is_death and not self._others(registration_id).isdisjoint(self._history.erased)

    def _compare_other(self, index: int, record: record_pb2.RegistrationRecord, ending: _Ending) -> None:
        """Hold what a version says of its end against what was decided of another record of the person."""
        before = self._archived.get(record.registration_id)
        waived = self._waived.get(record.registration_id, _Waived())
        now = record.archive if record.HasField("archive") else None
        decided = ending.closure
        if decided.kind == closure_pb2.CLOSURE_KIND_DECEASED:
            is_right = before is None and now is not None and _repeats(now, decided, with_other=True)
        elif decided.kind == closure_pb2.CLOSURE_KIND_RESTORED and before is not None:
            # How a record was archived that was erased since doesn't open any more.
            is_known = decided.registration_id not in self._history.erased
            is_right = now is None and (ending.is_of_one_end(before) or not is_known)
            waived = waived.after(before, record)
        else:
            is_right = now == before
        if not is_right or record.erased or _Waived.of(record) != waived:
            self._add(index, _NOBODY)
        self._keep(record, now)

    def _compare_together(self, index: int, archived: set[bytes]) -> None:
        """See that a time has archived all of a person's records that stood, or none of them."""
        others = {other for each in archived for other in self._others(each)}
        if any(map(self._history.is_confirmed, others.difference(self._history.erased))):
            self._add(index, _LEFT_OUT)

    def _compare_left(self, index: int, ending: _Ending) -> None:
        """See that no other record of the person was left standing by a death, or in the archive by what undid it."""
        left = [
            each
            for each in ending.others.difference(self._history.erased)
            if (ending.closure.kind == closure_pb2.CLOSURE_KIND_DECEASED and self._history.is_confirmed(each))
            or (
                ending.closure.kind == closure_pb2.CLOSURE_KIND_RESTORED
                and each in self._archived
                and ending.is_of_one_end(self._archived[each])
            )
        ]
        if left:
            self._add(index, _LEFT_OUT)

    def _ends_by_itself(self, record: record_pb2.RegistrationRecord, archive: record_pb2.Archive, at_us: int) -> bool:
        """Whether a record is archived at a time by its term, or by a death verified in any of its person's records."""
        if archive.closure_id:
            return False
        if archive.reason == closure_pb2.ARCHIVE_REASON_DECEASED:
            person = {record.registration_id, *self._history.standing(record.registration_id).person}
            days = {self._died[each] for each in person if each in self._died}
            is_known = person.isdisjoint(self._history.erased)
            return (archive.died_day in days or not is_known) and archive.with_other == (rules.died_day(record) is None)
        term_is_over = archive.reason == closure_pb2.ARCHIVE_REASON_TERM_OVER and archive.term_end_us <= at_us
        is_by_rule = archive.term_rule in rules.term_rules(record)
        return term_is_over and is_by_rule and not record.term_waived and not archive.with_other

    def _keep(self, record: record_pb2.RegistrationRecord, archive: record_pb2.Archive | None) -> None:
        """Note what a version says of its end."""
        died = rules.died_day(record)
        self._died.pop(record.registration_id, None)
        self._archived.pop(record.registration_id, None)
        if died is not None:
            self._died[record.registration_id] = died
        if archive is not None:
            self._archived[record.registration_id] = archive
        waived = _Waived.of(record)
        if waived != _Waived():
            self._waived[record.registration_id] = waived


def _repeats(
    archive: record_pb2.Archive,
    decided: record_pb2.ClosureRecord,
    *,
    with_other: bool,
    replaced: record_pb2.Archive | None = None,
) -> bool:
    """Whether what a version says of its end is what two officers decided; ``replaced``: how it had ended before."""
    expected = record_pb2.Archive(
        reason=rules.ARCHIVE_REASONS[decided.kind],
        died_day=decided.died_day,
        certificate_number=decided.certificate_number,
        erasure_reason=decided.erasure_reason,
        time_us=archive.time_us,
        closure_id=decided.closure_id,
        with_other=with_other,
        replaced=rules.replaced(replaced),
    )
    return archive == expected
