"""What NPB was shown of reviews along the ledger, and of the times at which they were written: made again.

Whoever owns the database can hide a review, the decision on one, or what took its registrations away, while a call is
answered, and put it back: then NPB ends a review that has ended, or never hears of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import Add, Concerns
from nsor_server.registration.history import History
from nsor_server.registration.persons import rules
from nsor_server.registration.persons.history import Decided
from nsor_server.registration.reviewed import Reviewed
from nsor_server.storage.v1 import record_pb2

_LIST: Final = "nsor.v1.RegistrationService/ListReviews"
_GET: Final = "nsor.v1.RegistrationService/GetReview"
_UNMATCHED: Final = "nsor.v1.RegistrationService/ListUnmatchedJudgments"
_Read = Iterator[tuple[bytes, int]]


class ShownReviews:
    """Reviews and times that were shown. History, reviews and decisions must be at the entry already."""

    def __init__(self, history: History, reviewed: Reviewed, decided: Decided, add: Add) -> None:
        self._history, self._reviewed, self._decided, self._add = history, reviewed, decided, add
        self.concerns = Concerns(methods=frozenset(self._READ))

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what the next entry answered."""
        read = self._READ.get(leaf.method)
        if read is None or detail is None or leaf.outcome != leaf_pb2.OUTCOME_ALLOWED:
            return
        if detail.rests_on != rests_on.digest(read(self, detail)) or not self._shows_what_stands(leaf, detail):
            self._add(index, "what NPB was shown of reviews, or of their times, isn't what there was")

    def finish(self) -> None:
        """Nothing is left to report."""

    def _of_list(self, detail: record_pb2.AccessDetail) -> _Read:
        """Each review of a page that NPB is shown, with how far it is with it."""
        for number in _page(detail, self._reviewed.last_review):
            pair = self._reviewed.pair(number) or ()
            if rules.is_shown(self._decided.newest(number), pair, list(filter(self._history.is_gone, pair))):
                yield rests_on.number(number), self._decided.version(number)

    def _of_review(self, detail: record_pb2.AccessDetail) -> _Read:
        """How far NPB is with a review, and the claims of both registrations, each with those of one person with it."""
        (number,) = _page(detail, self._reviewed.last_review)
        yield rests_on.number(number), self._decided.version(number)
        for each in map(self._history.standing, self._reviewed.pair(number) or ()):
            yield each.registration_id, each.claim.version
            others = (self._history.standing(one) for one in each.person if one != each.registration_id)
            yield from ((other.registration_id, other.claim.version) for other in others if other.confirmed)

    def _shows_what_stands(self, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> bool:
        """Whether a review that was shown had the registrations that aren't sealed, and no other one."""
        if leaf.method != _GET:
            return True
        (number,) = _page(detail, self._reviewed.last_review)
        pair = self._reviewed.pair(number) or ()
        return list(detail.subjects) == [each for each in pair if not self._history.is_gone(each)]

    def _of_times(self, detail: record_pb2.AccessDetail) -> _Read:
        """Each time of a page; what it says is sealed."""
        return ((rests_on.number(number), 1) for number in _page(detail, self._reviewed.last_time))

    # Not bound to the one that holds it: it would live on, with the cursors that it reads, until it is collected.
    _READ: ClassVar[Mapping[str, Callable[[ShownReviews, record_pb2.AccessDetail], _Read]]] = {
        _LIST: _of_list,
        _GET: _of_review,
        _UNMATCHED: _of_times,
    }


def _page(detail: record_pb2.AccessDetail, last: int) -> range:
    """The numbers of a page, the newest first."""
    first = detail.listed_below - 1 if detail.HasField("listed_below") else last
    return range(first, max(first - detail.listed_most, 0), -1)
