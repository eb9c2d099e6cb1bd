"""Reviews and lists of unusual accesses along the ledger: who has reviewed what, and what each page had to show.

Whoever owns the database could hide one from a page, or have it look reviewed. What each time has found and NPB has
reviewed before say what a page had to show. What a time had to find is another comparison (``tripwires.py``).
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.lookup.tripwires import store
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

REVIEW: Final = "nsor.v1.LookupService/ReviewUnusualAccess"
_REVIEWS: Final = f"""
SELECT r.index, uuid_send(v.unusual_access_id), v.agency_id, v.finding, v.reviewed_by
FROM ledger_record AS r JOIN {store.REVIEW} AS v ON v.unusual_access_id = {UUID_OF_RECORD}
WHERE r.table_name = '{store.REVIEW}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
WRONG_REVIEW: Final = (
    "an unusual access was reviewed that wasn't there, by its own officer, or by another than its entry says"
)
WRONG_LIST: Final = "the unusual accesses that were listed aren't those that there were"


@dataclass(slots=True)
class _Unusual:
    """An unusual access.

    Attributes:
        index: of the entry that wrote it.
        finding: what NPB has made of it; 0: nothing yet.
        reviewed: index of the entry of the review; None: there was none.
    """

    record: record_pb2.UnusualAccessRecord
    index: int
    finding: int = 0
    reviewed: int | None = None

    def is_reviewed(self, before: int) -> bool:
        """Whether it was reviewed when there were so many entries."""
        return self.reviewed is not None and self.reviewed < before


class ListedUnusual:
    """Compares reviews and lists, entry by entry."""

    def __init__(self, conn: Connection, keyring: Keyring, enrolled: Enrolled, add: Add) -> None:
        self._enrolled, self._add, self._sealer = enrolled, add, Sealer(keyring)
        self._rows = Rows(conn, "unusual accesses that are listed", store.RECORDED, add)
        self._reviews = Rows(conn, "reviews of unusual accesses", _REVIEWS, add)
        self.concerns = Concerns((self._rows, self._reviews), frozenset({REVIEW}), ("listed_unusual",))
        self._known: dict[bytes, _Unusual] = {}
        self._in_order: list[bytes] = []

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written or shown by the next entry."""
        for columns in self._rows.take(index):
            record = self._opened(index, store.Stored(*columns))
            if record is not None:
                self._known[record.unusual_access_id] = _Unusual(record, index)
                bisect.insort(self._in_order, record.unusual_access_id)
        for review in self._reviews.take(index):
            self._review(index, leaf, detail, review)
        if detail is not None and detail.HasField("listed_unusual"):
            self._compare_list(index, leaf, detail.listed_unusual)

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()
        self._reviews.finish()

    def _opened(self, index: int, stored: store.Stored) -> record_pb2.UnusualAccessRecord | None:
        return opened(_found_already, index, store.TABLE, lambda: store.opened(self._sealer, stored))

    def _review(
        self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None, review: tuple[Any, ...]
    ) -> None:
        unusual_access_id, agency_id, finding, by = review
        known = self._known.get(unusual_access_id)
        if known is None or known.reviewed is not None:
            self._add(index, WRONG_REVIEW)
            return
        reviewer = self._enrolled.holder(leaf.agency, bytes(by))
        concerned = self._enrolled.of_number(known.record.agency, known.record.officer_number, index)
        agency = self._enrolled.agency(leaf.agency)
        is_npb = agency is not None and agency.kind == options_pb2.AGENCY_KIND_NPB
        is_his = detail is None or detail.officer_key == reviewer.key_id
        if not is_npb or not is_his or reviewer.is_same(concerned) or agency_id != known.record.agency:
            self._add(index, WRONG_REVIEW)
        known.finding, known.reviewed = int(finding), index

    def _compare_list(self, index: int, leaf: leaf_pb2.Leaf, listed: record_pb2.ListedUnusual) -> None:
        of_all = not listed.HasField("agency")
        page = islice(self._page(listed), listed.most)
        found = rests_on.digest(
            (each.record.unusual_access_id, each.finding if of_all and each.is_reviewed(listed.before) else 0)
            for each in page
        )
        agency = self._enrolled.agency(leaf.agency)
        may_all = agency is not None and agency.kind == options_pb2.AGENCY_KIND_NPB
        is_own = may_all if of_all else listed.agency == leaf.agency
        if not is_own or listed.before > index or listed.found != found:
            self._add(index, WRONG_LIST)

    def _page(self, listed: record_pb2.ListedUnusual) -> Iterator[_Unusual]:
        """What a list had to show, from where the page begins on: the newest in front."""
        until = bisect.bisect_left(self._in_order, listed.after) if listed.after else len(self._in_order)
        for unusual_access_id in reversed(self._in_order[:until]):
            known = self._known[unusual_access_id]
            if listed.HasField("agency"):
                is_listed = store.told_agency(known.record) == listed.agency
            else:
                is_listed = known.is_reviewed(listed.before) == listed.reviewed
            if is_listed and known.index < listed.before:
                yield known


def _found_already(_index: int, _problem: str) -> None:
    """What is wrong with the rows is found where the times are compared."""
