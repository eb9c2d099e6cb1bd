"""What owners had to do with their records, along the ledger: the rows that the fixed times and their own calls wrote.

Whoever owns the database can take such a row away, so that an owner doesn't hear of what waits for him. Which there
were follows from the times for reviews, the validations, the corrections, and who owned each record.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import Concerns
from nsor_server.registration.amendments.waiting_history import WaitingAmendments
from nsor_server.registration.corrections.history import Corrected
from nsor_server.registration.history import History
from nsor_server.registration.reviewed import Reviewed
from nsor_server.registration.validation.history import Validated
from nsor_server.registration.worklists import owed, rules
from nsor_server.registration.worklists.history import Worklists
from nsor_server.storage.v1 import record_pb2


class Told(NamedTuple):
    """Whoever tells what the rows follow from; all must be at an entry already."""

    history: History
    reviewed: Reviewed
    validated: Validated
    corrected: Corrected
    amendments: WaitingAmendments


class Owed:
    """The works of owners at each entry, written into the worklists."""

    def __init__(self, told: Told, worklists: Worklists) -> None:
        self._told, self._worklists = told, worklists
        # Those have the rows of the others too, each of them once.
        self.concerns = Concerns(
            tuple(dict.fromkeys((*told.validated.rows, *told.corrected.rows, *told.amendments.rows)))
        )
        self._live: set[tuple[bytes, int]] = set()
        self._changed: deque[tuple[int, bytes]] = deque()
        self._changed_at: dict[bytes, int] = {}

    def entry(self, index: int, _leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Go on to an entry; all come in their order."""
        if self._told.reviewed.written is not None:
            self._at_time(index, self._told.reviewed.written)
        for registration_id in self._told.validated.said_again:
            self._write(index, owed.done(registration_id, owed.OF_VALIDATION))
        for registration_id in self._told.corrected.just_decided:
            self._correct(index, registration_id)
        for changed in self._told.amendments.changed:
            self._amend(index, changed.registration_id, changed.at_us)
        for record in self._told.history.changed:
            if self._live and any((record.registration_id, part) in self._live for part in owed.PARTS):
                self._changed.append((index, record.registration_id))
                self._changed_at[record.registration_id] = index

    def finish(self) -> None:
        """Nothing is left: the rows are the worklists'."""

    def _at_time(self, index: int, time: record_pb2.ReviewTimeRecord) -> None:
        """Write what a time tells of, and what was another owner's until a version that it has looked at."""
        validate = set(time.overdue_validation_ids)
        correct = {each.registration_id for each in time.corrections}
        amend: set[bytes] = set()
        while self._changed and self._changed[0][0] <= time.returned_to:
            at, registration_id = self._changed.popleft()
            is_newest = self._changed_at[registration_id] == at
            if not is_newest or not self._told.history.is_confirmed(registration_id):
                continue
            if (registration_id, owed.OF_VALIDATION) in self._live:
                validate.add(registration_id)
            if (registration_id, owed.OF_CORRECTIONS) in self._live:
                correct.add(registration_id)
            if (registration_id, owed.OF_AMENDMENTS) in self._live:
                amend.add(registration_id)
        for registration_id in amend:
            waiting = self._told.amendments.waiting(registration_id)
            self._amend(index, registration_id, owed.at_time_us(waiting, time.due_us))
        for registration_id in validate:
            of, due_us = (
                self._told.history.standing(registration_id).owner,
                self._told.validated.due_us(registration_id),
            )
            self._write(index, owed.validation(registration_id, of, due_us))
        for registration_id in correct:
            self._correct(index, registration_id)

    def _correct(self, index: int, registration_id: bytes) -> None:
        of, open_us = self._told.history.standing(registration_id).owner, self._told.corrected.open_us(registration_id)
        self._write(index, owed.corrections(registration_id, of, open_us))

    def _amend(self, index: int, registration_id: bytes, now_us: int) -> None:
        of, waiting = self._told.history.standing(registration_id).owner, self._told.amendments.waiting(registration_id)
        self._write(index, owed.amendments(registration_id, of, waiting, now_us))

    def _write(self, index: int, work: rules.Work) -> None:
        if work.subject_id in self._told.history.erased:
            return  # what there was to do with it is destroyed
        key = work.subject_id, work.part
        if work.kind == rules.NONE:
            self._live.discard(key)
        else:
            self._live.add(key)
        self._worklists.write(index, work)
