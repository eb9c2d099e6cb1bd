"""Confirmations along the ledger: each by another agency, and another person, than the one that entered the conviction.

The call that confirms is refused otherwise. Whoever gets past that, by a server of his own or by a directory that was
changed for one call, still has to sign; and who signed stands in the sealed versions.
"""

from __future__ import annotations

from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.ledger.stored import Add, Concerns
from nsor_server.registration import states
from nsor_server.registration.history import History
from nsor_server.storage.v1 import record_pb2


class Confirmed:
    """Who has confirmed each conviction, compared with who entered it. The history must be at the entry already."""

    def __init__(self, history: History, enrolled: Enrolled, add: Add) -> None:
        self._history, self._enrolled, self._add = history, enrolled, add
        self.concerns = Concerns(history.rows)
        self._compared: set[bytes] = set()

    def entry(self, index: int, _leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare what the next entry has confirmed; all come in their order."""
        for record in self._history.changed:
            for each in record.convictions:
                if states.was_confirmed(each) and each.conviction_id not in self._compared:
                    self._compared.add(each.conviction_id)
                    self._compare(index, each)

    def finish(self) -> None:
        """Nothing is left."""

    def _compare(self, index: int, conviction: record_pb2.Conviction) -> None:
        entered = self._enrolled.holder(conviction.entered_by_agency, conviction.entered_by_key)
        confirmed = self._enrolled.holder(conviction.confirmed_by_agency, conviction.confirmed_by_key)
        if confirmed.agency_id == entered.agency_id or confirmed.is_same(entered):
            self._add(index, "a conviction was confirmed by the agency or the officer that had entered it")
