"""Whom a number found at a counter, told again: nobody was left out, and nobody shown who wasn't the officer's.

Whoever owns the database can hide a record for one call and put it back. What the histories say of who had the number,
who was held and where he belonged when the call was answered, he can't make.
"""

from __future__ import annotations

from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2
from nsor_server.access import rows
from nsor_server.access.enrolled import Enrolled
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import Add, Concerns
from nsor_server.registration import claims
from nsor_server.registration.arrivals import store
from nsor_server.registration.history import History
from nsor_server.registration.standing import Standing
from nsor_server.storage.v1 import record_pb2

_FIND: Final = "nsor.v1.NotificationService/FindRegistrant"
_OTHERS: Final = "a number at a counter didn't find the records that it had to"


class FoundByNumber:
    """Calls of FindRegistrant. The history must be at the entry already."""

    def __init__(self, history: History, enrolled: Enrolled, add: Add) -> None:
        self._history, self._enrolled, self._add = history, enrolled, add
        self.concerns = Concerns(history.rows, frozenset({_FIND}))
        self._places: dict[bytes, str] = {}

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next call; all come in their order."""
        for record in self._history.changed:
            self._places[record.registration_id] = record.responsible_place
        if leaf.method != _FIND or detail is None or leaf.outcome != leaf_pb2.OUTCOME_ALLOWED:
            return
        shown = claims.of_named(detail.named)
        if shown is None:
            self._add(index, _OTHERS)
            return
        having = [
            each
            for each in self._history.having(shown)
            if each.confirmed and not claims.is_held(each.claim, shown.kind)
        ]
        if not all(each.whole for each in having):
            return  # where one belonged that was erased doesn't open any more
        due = sorted((each.registration_id, each.version) for each in having if self._is_shown(each, leaf, detail))
        if detail.rests_on != rests_on.digest(due[: store.MOST]):
            self._add(index, _OTHERS)

    def finish(self) -> None:
        """Nothing is left."""

    def _is_shown(self, standing: Standing, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> bool:
        agency = self._enrolled.agency(leaf.agency)
        said = rows.Said(responsible_place=self._places.get(standing.registration_id, ""), confirmed=True)
        officer = self._enrolled.officer(detail.officer_key)
        return agency is not None and rows.shows(options_pb2.ROW_SCOPE_RESPONSIBLE_PLACE, said, agency, officer)
