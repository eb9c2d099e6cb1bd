"""Decisions on reviews along the ledger: two officers made each, and what follows from it was written with it.

Whoever owns the database can hide a decision while another one is made, and put it back; he can't make one. Told again
in the ledger's order, the sealed decisions say which registrations are of one person, which identifiers are disputed
and what is withdrawn; that is compared with every claim and every version that was written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.registration.history import History
from nsor_server.registration.persons import joining, rules, store
from nsor_server.registration.proposals import rules as proposals
from nsor_server.registration.reviewed import Reviewed
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_DECISIONS: Final = f"""
SELECT r.index, {store.COLUMNS}
FROM ledger_record AS r
JOIN review_decision AS d ON d.decision_id = {UUID_OF_RECORD} AND d.version = r.version
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_CLAIM: Final = "a claim doesn't say of which person NPB decided that it is, or what is disputed of it"
_WITHDRAWN: Final = "a registration was withdrawn without a decision of NPB, or wasn't by one"


class Decided:
    """The decisions at each entry, and what follows from them. History and reviews must be at the entry already."""

    def __init__(
        self,
        conn: Connection,
        keyring: Keyring,
        history: History,
        reviewed: Reviewed,
        enrolled: Enrolled,
        *,
        add: Add,
    ) -> None:
        self._sealer, self._history, self._reviewed, self._add = Sealer(keyring), history, reviewed, add
        self._enrolled = enrolled
        self._rows = Rows(conn, "review decisions", _DECISIONS, add)
        self.concerns = Concerns((self._rows, *history.rows))
        self._newest: dict[int, record_pb2.ReviewDecisionRecord] = {}
        self._merges: dict[bytes, dict[int, bytes]] = {}
        self._disputed: dict[bytes, set[int]] = {}
        self._withdrawn: set[bytes] = set()
        self._joined: list[joining.Merged] = []

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        touched = {each.registration_id for each in self._history.claimed}
        rows = self._rows.take(index)
        self._joined.clear()
        withdrawn = set(self._withdrawn) if rows else self._withdrawn
        for row in rows:
            stored = store.StoredDecision(*row)
            record = opened(self._add, index, store.TABLE, lambda: store.open_version(self._sealer, stored))  # noqa: B023
            if record is not None:
                touched |= self._take(index, leaf, record)
        if not all(map(self._says_what_was_decided, touched)):
            self._add(index, _CLAIM)
        for merged in self._joined:
            joining.compare(self._history, index, merged, self._person, self._add)
        changed = {each.registration_id: each.withdrawn for each in self._history.changed}
        wrong = any(is_so != (one in self._withdrawn) for one, is_so in changed.items())
        # The versions of one that was erased don't open any more.
        if wrong or not (withdrawn ^ self._withdrawn) - self._history.erased <= changed.keys():
            self._add(index, _WITHDRAWN)

    def version(self, number: int) -> int:
        """The newest version of the decision on a review after the last entry; 0: nothing was proposed of it."""
        newest = self.newest(number)
        return newest.version if newest else 0

    def newest(self, number: int) -> record_pb2.ReviewDecisionRecord | None:
        """The decision on a review after the last entry; None: nothing was proposed of it."""
        return self._newest.get(number)

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()

    def _take(self, index: int, leaf: leaf_pb2.Leaf, record: record_pb2.ReviewDecisionRecord) -> set[bytes]:
        """Take a version of a decision; gives the registrations whose claims follow from it."""
        number = record.review_number
        pair = record.earlier_registration_id, record.registration_id
        before = self._newest.get(number) or store.undecided(record.decision_id, number, *pair)
        self._newest[number] = record
        if self._reviewed.pair(number) != pair:
            self._add(index, "a decision is on no review of these two registrations")
        if not _goes_on(before, record, leaf.time_us):
            self._add(index, "the version of a decision on a review doesn't follow the one before")
        if record.HasField("end"):
            by_proposer = self._enrolled.are_one(record.end.by_key, before.proposed_by_key)
            if not proposals.is_right(record.end, before.expire_time_us, by_proposer=by_proposer):
                self._add(index, "a proposal how a review ends wasn't withdrawn or refused as it may be")
            return set()
        if not record.confirmed_by_key:
            return set()
        are_one = self._enrolled.are_one(record.confirmed_by_key, before.proposed_by_key)
        if are_one or not self._enrolled.counts(before.proposed_by_key, index):
            self._add(index, "a decision on a review was confirmed by the officer who had proposed it")
        is_undone = record.state == rules.OPEN
        if before.decision == rules.MERGE:
            return self._merged(number, pair, is_undone=is_undone)
        for one in before.decided_registration_ids:
            if before.decision == rules.DISTINCT:
                disputes = self._disputed.setdefault(one, set())
                (disputes.discard if is_undone else disputes.add)(number)
            else:
                (self._withdrawn.discard if is_undone else self._withdrawn.add)(one)
        return set(pair) if before.decided_registration_ids else set()

    def _merged(self, number: int, pair: tuple[bytes, bytes], *, is_undone: bool) -> set[bytes]:
        before = self._person(pair[0]) | self._person(pair[1])
        self._joined.append(joining.Merged(number, {each: self._person(each) for each in before}, is_undone))
        for one, other in (pair, pair[::-1]):
            merges = self._merges.setdefault(one, {})
            if is_undone:
                merges.pop(number, None)
            else:
                merges[number] = other
        return before

    def _says_what_was_decided(self, registration_id: bytes) -> bool:
        claim = self._history.standing(registration_id).claim
        person = sorted(self._person(registration_id), key=lambda one: self._history.standing(one).claimed_at)
        if claim.person != (b"".join(person) if len(person) > 1 else b""):
            return False
        if registration_id in self._history.erased:
            return True  # what else it said doesn't open any more
        merges = {each.review_number: each.registration_id for each in claim.merges}
        return merges == self._merges.get(registration_id, {}) and {
            each.review_number for each in claim.disputed
        } == self._disputed.get(registration_id, set())

    def _person(self, registration_id: bytes) -> set[bytes]:
        return rules.person_of(registration_id, self._merged_with)

    def _merged_with(self, registration_id: bytes) -> Iterable[bytes]:
        return self._merges.get(registration_id, {}).values()


def _goes_on(before: record_pb2.ReviewDecisionRecord, after: record_pb2.ReviewDecisionRecord, entry_us: int) -> bool:
    """Whether a version is the next step of the one before."""
    if after.HasField("end"):
        return rules.is_proposed(before) and after == rules.ended(before, after.end)
    if after.confirmed_by_key:
        proposed = rules.is_proposed(before) and proposals.was_in_time(before.expire_time_us, entry_us)
        return proposed and after == rules.confirmed(before, after.confirmed_by_key)
    decision = rules.REOPEN if after.state == rules.REOPENING_PROPOSED else after.decision
    named = after.decided_registration_ids
    expected = rules.proposed(before, decision, named, after.proposed_by_key, after.expire_time_us)
    return rules.may_be_proposed(decision, before.state) and after == expected
