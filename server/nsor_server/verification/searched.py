"""What searches have shown, compared with what the register held when their entries were written.

Whom the names of a search gave is what the process that compares names said: it isn't asked again, since there is no
index of names in the database. But of everybody whom it gave it is told again whether he had to be shown; and of an FIR
which records there were. So nobody is hidden from a search once he was found, and nobody shown who mustn't be.
"""

from __future__ import annotations

from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import Add, Concerns, Connection
from nsor_server.lookup.search import rules, store
from nsor_server.lookup.stored import SEARCH
from nsor_server.registration import cases
from nsor_server.registration.duplicates.rules import is_compared
from nsor_server.registration.history import History
from nsor_server.registration.shown import to_everybody
from nsor_server.registration.standing import Standing
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

_HIDDEN: Final = "a search didn't show a registration that it had found and had to show, in its newest version"
_SHOWN: Final = "a search showed a registration that it couldn't show"
_ELSEWHERE: Final = "a search was of an FIR of another place than its officer's"
_NOT_ELSEWHERE: Final = "a search was refused for the place of its FIR, which is its officer's"
_OUTSIDE: Final = "OUTSIDE_JURISDICTION"
_OF_CASE: Final = "the records of the case that a search read aren't those that there were"


class Searched:
    """Searches in the ledger's order. The history must be at the entry already."""

    def __init__(self, conn: Connection, keyring: Keyring, history: History, enrolled: Enrolled, add: Add) -> None:
        self._conn, self._history, self._enrolled, self._add = conn, history, enrolled, add
        self._blind_index = BlindIndex(keyring)
        self.concerns = Concerns(methods=frozenset({SEARCH}))

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next entry."""
        if leaf.method != SEARCH or detail is None:
            return
        if leaf.purpose == options_pb2.PURPOSE_PROSECUTION:
            self._compare_place(index, leaf, detail)
        if leaf.outcome != leaf_pb2.OUTCOME_ALLOWED:
            return
        shown = {each.registration_id: each.version for each in detail.shown}
        of_case = detail.rows == options_pb2.ROW_SCOPE_PART_IN_CASE
        case = cases.fir_case(detail.case_reference) if of_case else ""
        met = self._of_case(index, detail, case) if of_case else list(detail.searched.met)
        due = {one: standing for one in met if self._may_be_found(standing := self._history.standing(one), case)}
        for one, version in shown.items():
            was_read = one[-rules.END_BYTES :] in _ends(detail) if of_case else one in met
            if not was_read or (self._history.standing(one).whole and one not in due):
                self._add(index, _SHOWN)
            elif one in due and version != due[one].version:
                self._add(index, _HIDDEN)
        if not of_case and any(self._is_missing(standing, shown) for standing in due.values()):
            self._add(index, _HIDDEN)

    def _compare_place(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        """Whether the officer acts where the FIR is, of a search that was answered or refused by that."""
        is_refused = detail.outcome == _OUTSIDE
        if not is_refused and leaf.outcome != leaf_pb2.OUTCOME_ALLOWED:
            return
        station = detail.case_reference.partition(" ")[0]
        if self._enrolled.may_act(leaf.agency, detail.officer_key, station) == is_refused:
            self._add(index, _NOT_ELSEWHERE if is_refused else _ELSEWHERE)

    def finish(self) -> None:
        """Nothing is left."""

    def _is_missing(self, standing: Standing, shown: dict[bytes, int]) -> bool:
        """Of a person who has several registrations one is shown."""
        return standing.registration_id not in shown and shown.keys().isdisjoint(standing.person)

    def _may_be_found(self, standing: Standing, case: str) -> bool:
        """Whether a search that was given a registration had to show it; not of one that doesn't open any more."""
        if not standing.whole or not standing.in_look_ups:
            return False
        record = self._history.version(standing.registration_id, standing.version)
        if record is None:
            return False
        if case:
            return is_compared(record) and rules.is_of_case(to_everybody(record), case)
        return rules.may_be_found(record, standing.claim)

    def _of_case(self, index: int, detail: record_pb2.AccessDetail, case: str) -> list[bytes]:
        """The records of an FIR that were read; compared, but where one may have been of it that was erased since."""
        blinds = [blind for _, blind in self._blind_index.values("case", case)]
        there = [self._history.standing(one) for one in store.all_of_case(self._conn, blinds)]
        known = [each for each in there if each.cases.get(case, self._history.rotations + 1) <= self._history.rotations]
        were = known[: rules.MOST_OF_CASE]
        ends, erased = _ends(detail), self._history.erased
        if ends.isdisjoint(one[-rules.END_BYTES :] for one in erased) and not (erased and len(were) < len(ends)):
            read = rests_on.digest((each.registration_id, each.version) for each in were)
            joined = b"".join(each.registration_id[-rules.END_BYTES :] for each in were)
            if (detail.searched.of_case, detail.rests_on) != (joined, read):
                self._add(index, _OF_CASE)
        return [each.registration_id for each in were]


def _ends(detail: record_pb2.AccessDetail) -> frozenset[bytes]:
    """The ends of the ids of the records of a case that were read."""
    joined, size = detail.searched.of_case, rules.END_BYTES
    return frozenset(joined[at : at + size] for at in range(0, len(joined), size))
