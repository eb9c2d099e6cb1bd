"""Look-ups of candidates: each was shown by the search that its entry names, to this officer, and not long before.

Whoever owns the keys could make the id of a candidate whom no search has shown. The search's own entry says whom.
"""

from __future__ import annotations

import uuid
from collections import deque
from typing import Final, NamedTuple

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import Add
from nsor_server.lookup.stored import SEARCH
from nsor_server.storage.v1 import record_pb2

_LONGEST_US: Final = 25 * 3_600_000_000
"""No policy lets a candidate be looked up later than a day after his search."""
_OTHERS: Final = "a look-up was of a candidate whom the search that it names hasn't shown to this officer"


class _Search(NamedTuple):
    """What a search has shown, to whom.

    Attributes:
        made_for: agency, officer's key, purpose and case, and the position of the subject.
        shown: ids of registrations; None: its detail was dropped.
    """

    made_for: tuple[str, bytes, int, str, int]
    shown: frozenset[bytes] | None


class Found:
    """Keeps what the searches of the last day have shown."""

    def __init__(self, add: Add) -> None:
        self._add = add
        self._searches: dict[bytes, _Search] = {}
        self._order: deque[tuple[int, bytes]] = deque()

    def entry(self, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Take the next entry; all come in their order."""
        if leaf.method != SEARCH or leaf.outcome != leaf_pb2.OUTCOME_ALLOWED:
            return
        while self._order and self._order[0][0] < leaf.time_us - _LONGEST_US:
            del self._searches[self._order.popleft()[1]]
        shown = None if detail is None else frozenset(each.registration_id for each in detail.shown)
        self._searches[leaf.access_id] = _Search(_made_for(leaf, detail or record_pb2.AccessDetail()), shown)
        self._order.append((leaf.time_us, leaf.access_id))

    def compare(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        """Hold a look-up that was answered against the search that it names."""
        search = self._searches.get(detail.found_by)
        if search is not None and search.shown is None:
            return
        if (
            search is None
            or search.made_for != _made_for(leaf, detail)
            or search.shown is None
            or candidate_of(detail) not in search.shown
        ):
            self._add(index, _OTHERS)


def candidate_of(detail: record_pb2.AccessDetail) -> bytes:
    """The registration that a look-up of a candidate names."""
    return uuid.UUID(detail.named.removeprefix("registration ")).bytes


def _made_for(leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> tuple[str, bytes, int, str, int]:
    return leaf.agency, detail.officer_key, leaf.purpose, detail.case_reference, detail.grant_position
