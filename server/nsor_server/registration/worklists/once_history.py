"""Lists of duties and transfers along the ledger: a merged person is one row, and no row is left out but for that.

Whoever owns the database can show a registration as merged while a list is read, or hide that it is. Told again in the
ledger's order, the claims say whose registrations they are, and the versions which one stands for the person.
"""

from __future__ import annotations

from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import Add, Concerns
from nsor_server.registration.duties.history import Owing
from nsor_server.registration.history import History
from nsor_server.registration.persons.others import Others
from nsor_server.registration.transfers.history import Transferred
from nsor_server.registration.worklists import of_person, rules
from nsor_server.registration.worklists.history import Worklists
from nsor_server.storage.v1 import record_pb2

PROBLEM: Final = "a list has left out a row that no other registration of the person stands for, or shows him twice"


class ListedOnce:
    """Pages of duties and transfers. History, worklists, duties and transfers must be at the entry already."""

    def __init__(
        self, history: History, worklists: Worklists, owing: Owing, transferred: Transferred, *, add: Add
    ) -> None:
        self._history, self._worklists, self._add = history, worklists, add
        self._owing, self._transferred = owing, transferred
        self.concerns = Concerns(told=("listed_work",))

    def entry(self, index: int, _leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare the page that the next entry has shown; all come in their order."""
        found = self._worklists.found
        if detail is None or found is None:
            return
        listed, beside = detail.listed_work, set[int]()
        unknown = set[int]()
        for at, (place, registration_id) in enumerate(found):
            person = self._history.standing(registration_id).person
            if place.kind not in of_person.KINDS or not person:
                continue
            if not self._history.erased.isdisjoint(person):
                unknown.add(at)
                continue
            of = self._owing.of if place.kind == rules.DUTY else self._transferred.of
            records = {each: of(each) for each in person}
            others = Others.of(registration_id, person, records)
            if of_person.stands_another(place, records[registration_id], others, listed.due_us):
                beside.add(at)
        if set(listed.beside) - unknown != beside:
            self._add(index, PROBLEM)

    def finish(self) -> None:
        """Nothing is left: the pages are the worklists'."""
