"""What calls were answered, compared with what the register held when their entries were written.

Whoever owns the database can change what a call reads and put it back afterwards: nothing that is stored shows it. But
the sealed detail says what the answer was, and the history of the register says what it had to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2
from nsor_server.formats.instants import from_day
from nsor_server.ledger.stored import Add, Concerns, Connection, Rows
from nsor_server.lookup.grants import store as grants
from nsor_server.lookup.requests import store as requests
from nsor_server.lookup.stored import LOOK_UP, SEARCH
from nsor_server.registration import cases, claims, past
from nsor_server.registration.history import History
from nsor_server.registration.judgments.history import Judged
from nsor_server.registration.persons.shown import digest_of
from nsor_server.registration.standing import Standing
from nsor_server.storage.v1 import record_pb2
from nsor_server.verification.found_by import Found, candidate_of

_BASES: Final = f"""
SELECT index, table_name, row_id, version FROM ledger_record
WHERE table_name IN ('{requests.REQUESTS}', '{grants.GRANTS}') ORDER BY index, ordinal
"""  # noqa: S608 - constants
"""What look-ups rest on."""
_FOUND: Final = "FOUND"
_FOUND_AS_OF: Final = "FOUND_AS_OF"
_REVIEW: Final = "nsor.v1.RegistrationService/GetReview"
_OF_A_PERSON: Final = frozenset({LOOK_UP, "nsor.v1.RegistrationService/GetRegistration", _REVIEW})
"""Methods that show a registration with others: of its person, or of a review."""


class Answers:
    """Look-ups, and whatever shows a registration, a judgment or an access request, in the ledger's order.

    The histories must be at the entry already.
    """

    def __init__(self, conn: Connection, history: History, judged: Judged, add: Add) -> None:
        self._history, self._judged, self._add = history, judged, add
        self._bases = Rows(conn, "what look-ups rest on", _BASES, add)
        self.concerns = Concerns(every=True)
        self._found = Found(add)
        self._requests: dict[bytes, int] = {}
        self._granted: dict[bytes, int] = {}

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next entry."""
        if self._bases.next_index <= index:
            self._take_bases(index)
        method = leaf.method
        if method == SEARCH:
            self._found.entry(leaf, detail)
        if detail is None or leaf.outcome != leaf_pb2.OUTCOME_ALLOWED:
            return
        version = detail.shown_version
        if version and detail.HasField("as_of_day"):
            before_us = past.end_of_us(from_day(detail.as_of_day))
            if version != self._history.newest_before(detail.subjects[0], before_us):
                self._add(index, "the answer showed another version than that of the day")
        elif version and version != self._newest(detail.subjects[0]):
            self._add(index, "the answer showed another version than the newest one")
        if detail.HasField("claim_read"):
            self._compare_claim(index, self._history.standing(detail.subjects[0]), detail.claim_read)
        if method == LOOK_UP:
            self._compare_look_up(index, leaf, detail)
        if method in _OF_A_PERSON and detail.outcome in {_FOUND, _FOUND_AS_OF} and detail.subjects:
            self._compare_person(index, leaf, detail)

    def finish(self) -> None:
        """Report what is left."""
        self._bases.finish()

    def _compare_claim(self, index: int, shown: Standing, version: int) -> None:
        """Whether it is held, and who is of its person, was said by its newest claim."""
        if shown.whole and version != shown.claim.version:
            self._add(index, "the answer rests on another claim than the newest one")

    def _take_bases(self, index: int) -> None:
        for table, row_id, version in self._bases.take(index):
            if table == requests.REQUESTS:
                self._requests[row_id] = version
            else:
                self._granted[row_id] = self._history.rotations

    def _newest(self, subject: bytes) -> int:
        """The newest version of a registration, a judgment or an access request; 0: there was none."""
        return self._history.newest(subject) or self._judged.newest(subject) or self._requests.get(subject, 0)

    def _compare_person(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        """What was shown of a person is all that stands of him: the newest version of each, or that of the day."""
        shown = self._history.standing(detail.subjects[0])
        if leaf.method == _REVIEW:
            whole = [self._history.standing(each) for each in detail.subjects]
        elif (
            detail.rows != options_pb2.ROW_SCOPE_PART_IN_CASE
            and leaf.purpose != options_pb2.PURPOSE_REGISTRATION
            and (person := shown.person)
        ):
            others = [self._history.standing(each) for each in person if each != shown.registration_id]
            is_shown = _shown_by(detail) if leaf.method == LOOK_UP else _stands
            whole = [shown, *filter(is_shown, others)]
        else:
            whole = [shown]
        if detail.shown_together != digest_of(list(self._versions(detail, whole))):
            self._add(index, "the answer didn't show all registrations of the person, or another version of one")

    def _versions(self, detail: record_pb2.AccessDetail, whole: Iterable[Standing]) -> Iterator[tuple[bytes, int]]:
        """The versions that were shown: the newest ones, or those of the day that was asked for, if there was one."""
        before_us = past.end_of_us(from_day(detail.as_of_day)) if detail.HasField("as_of_day") else None
        for each in whole:
            found = each.registration_id
            version = each.version if before_us is None else self._history.newest_before(found, before_us)
            if version:
                yield found, version

    def _compare_look_up(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        subject = claims.of_named(detail.named)
        if detail.found_by:
            self._found.compare(index, leaf, detail)
        if subject is not None or detail.found_by:
            self._compare(index, leaf, detail, subject)

    def _compare(
        self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail, subject: claims.Identifier | None
    ) -> None:
        # A grant knows its case under the keys that were live when it was given: what was confirmed under later ones
        # may be of its case or not.
        now = self._history.rotations
        granted = self._granted.get(detail.subjects[-1], now) if detail.subjects else now
        answered = detail.subjects[0] if detail.outcome == _FOUND else b""
        claiming = self._claiming(detail, subject)
        for rotations in (now,) if granted == now else (now, granted):
            due = self._shown_of(self._due(leaf, detail, subject, rotations, claiming), detail) if claiming else None
            if answered == (due.registration_id if due else b""):
                return
        shown = _shown_by(detail)
        if not answered and any(shown(each) and each.registration_id in self._history.erased for each in claiming):
            return  # of which cases one was that was erased doesn't open any more: it may have hidden the others
        self._add(index, _problem(answered, due))

    def _claiming(self, detail: record_pb2.AccessDetail, subject: claims.Identifier | None) -> Sequence[Standing]:
        """The registrations that have the identifier that was asked for, or the one that was a search's candidate."""
        if subject is not None:
            return self._history.having(subject)
        return [self._history.standing(candidate_of(detail))]

    def _shown_of(self, found: Standing | None, detail: record_pb2.AccessDetail) -> Standing | None:
        """Of a person's registrations the one that is shown: that was found, or by all rows the first that stands."""
        if found is None or detail.rows != options_pb2.ROW_SCOPE_ALL:
            return found
        return next(filter(_shown_by(detail), map(self._history.standing, found.person)), found)

    def _due(
        self,
        leaf: leaf_pb2.Leaf,
        detail: record_pb2.AccessDetail,
        subject: claims.Identifier | None,
        rotations: int,
        claiming: Sequence[Standing],
    ) -> Standing | None:
        """The registration that the look-up had to show, as the statement of ``lookup/batch_store.py`` finds it."""
        of = _ON_A_CASE.get(leaf.purpose)
        case = of(detail.case_reference) if of else ""
        best: tuple[tuple[bool, bool, bytes], Standing] | None = None
        for each in claiming:
            of_case = each.cases.get(case, rotations + 1) <= rotations
            held = claims.is_held(each.claim, subject.kind if subject else 0)
            if _is_found(each, detail, leaf.agency, of_case=of_case, held=held):
                rank = (not of_case, held, each.registration_id)
                if best is None or rank < best[0]:
                    best = rank, each
        if best is None or best[0][0]:
            return best[1] if best else None
        found, held = best[1], best[0][1]
        if case in (found.juvenile_cases if detail.juvenile else found.standing_cases):
            return found
        # It was found by a case that fell.
        return found if _is_found(found, detail, leaf.agency, of_case=False, held=held) else None


def _shown_by(detail: record_pb2.AccessDetail) -> Callable[[Standing], bool]:
    """Tells whether a look-up shows a registration: one that shows juveniles' records shows whatever stands."""
    return _stands if detail.juvenile else _in_look_ups


def _in_look_ups(standing: Standing) -> bool:
    return standing.in_look_ups


def _stands(standing: Standing) -> bool:
    return standing.confirmed


def _is_found(standing: Standing, detail: record_pb2.AccessDetail, agency: str, *, of_case: bool, held: bool) -> bool:
    """Whether a look-up finds a registration that has the identifier."""
    rows = detail.rows
    if not _shown_by(detail)(standing):
        return False
    if rows == options_pb2.ROW_SCOPE_CUSTODY:
        return standing.custodian == agency
    return of_case or (rows == options_pb2.ROW_SCOPE_ALL and not held)


def _problem(answered: bytes, due: Standing | None) -> str:
    if not answered:
        return "the look-up was answered NO_RECORD, and a record stood that it had to show"
    if due is None:
        return "the look-up showed a registration that it couldn't be shown"
    return "the look-up showed another registration than it had to"


_ON_A_CASE: Final[Mapping[int, Callable[[str], str]]] = {
    options_pb2.PURPOSE_INVESTIGATION: cases.fir_case,
    options_pb2.PURPOSE_PROSECUTION: cases.fir_case,
    options_pb2.PURPOSE_TRIAL: cases.court_case,
}
"""Purpose of a look-up that names a case -> the case as a registration has it, from how the detail names it."""
