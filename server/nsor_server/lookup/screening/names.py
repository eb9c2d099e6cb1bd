"""Passengers whose documents find nobody, compared by their names and the day of birth.

The process that holds the names of searches gives at most one registration for each of them; what is shown is read from
the database once more. That costs one of a small budget for each who is shown, and nothing where nobody is alike:
otherwise honest flights would use the budget up. Whoever is over it is told so by the budget alone.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from nsor.ledger import screened
from nsor.v1 import screening_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.formats.instants import to_date
from nsor_server.lookup.decoy import Decoy
from nsor_server.lookup.screening import rules
from nsor_server.lookup.search import rules as search_rules
from nsor_server.lookup.search import store as heads
from nsor_server.lookup.search.index import SearchIndex
from nsor_server.names.card import Name, Person
from nsor_server.registration import facts as registrations
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_TOGETHER: Final = 25
"""People who are compared by one question to the process: a search waits for no more."""
LONGEST_SECONDS: Final = 5.0
"""How long a message waits for its names: half of what it may take, so that its documents are answered all the same."""


class Compared(NamedTuple):
    """Somebody who is compared.

    Attributes:
        person: his names and his day of birth.
        is_paid: whether somebody was shown by them before, under the number of his row.
    """

    person: Person
    is_paid: bool


class Met(NamedTuple):
    """Whom a passenger's names have given.

    Attributes:
        head: as it was read; None: it isn't there any more.
        record: None: it may not be shown.
    """

    registration_id: bytes
    head: heads.Head | None
    record: record_pb2.RegistrationRecord | None


class PassengerNames:
    """Compares passengers by their names. Threads may share it."""

    def __init__(self, sealer: Sealer, index: SearchIndex) -> None:
        self._sealer, self._index, self._decoy = sealer, index, Decoy(sealer)

    def met(
        self, conn: Connection, people: Sequence[Compared], least_strength: float, deadline: float
    ) -> list[Met | None] | None:
        """Of each of some people whom his names have given; None: the names aren't read yet, or they take too long.

        Of those who were given the first ``MOST_HITS`` are read: who comes behind them can't be shown. Where a budget
        ends among them those who are paid take their places, so of these the first ``MOST_HITS`` are read too, if there
        is one. So many are read and opened in any case, others or nobody: the time doesn't tell of who was given and
        may not be shown.

        Raises:
            errors.Internal: a record contradicts itself.
            errors.DeadlineExceeded: it would last until the deadline (``time.monotonic``).
        """
        given = self._given([each.person for each in people], least_strength, deadline)
        if given is None:
            return None
        ids = [one for one in given if one is not None][: rules.MOST_HITS]
        paid = (one for one, each in zip(given, people, strict=True) if one is not None and each.is_paid)
        ids += itertools.islice(paid, rules.MOST_HITS)
        most = rules.MOST_HITS * (2 if any(each.is_paid for each in people) else 1)
        read = heads.heads(conn, [*ids, *heads.others(conn, most - len(ids))])
        opened = {one: self._opened(one, read.get(one)) for one in dict.fromkeys(ids)}
        for _ in range(most - len(opened)):
            self._decoy.open()
        return [
            None if one is None else _of_day(opened.get(one) or Met(one, None, None), each.person)
            for one, each in zip(given, people, strict=True)
        ]

    def _given(self, people: Sequence[Person], least_strength: float, deadline: float) -> list[bytes | None] | None:
        """The registration that the process gives for each; None: it isn't ready."""
        until = min(deadline, time.monotonic() + LONGEST_SECONDS)
        given: list[bytes | None] = []
        try:
            for first in range(0, len(people), _TOGETHER):
                answers = self._index.born(people[first : first + _TOGETHER], 1, least_strength, until)
                given += (each[0].card_id if each else None for each in answers)
        except errors.Unavailable:
            return None
        except errors.DeadlineExceeded:
            if time.monotonic() >= deadline:
                raise
            return None
        return given

    def _opened(self, registration_id: bytes, head: heads.Head | None) -> Met:
        """A registration as it is now."""
        if head is None:
            self._decoy.open()
            return Met(registration_id, None, None)
        record, key = registrations.open_keyed(self._sealer, head.row)
        claim = registrations.open_claim(key, head.claim)
        if claim.registration_id != registration_id or record.registration_id != registration_id:
            raise rows.outside(registrations.TABLE)
        return Met(registration_id, head, record if search_rules.may_be_found(record, claim) else None)


def of_row(row: screening_pb2.ManifestRow) -> tuple[bytes, Person | None]:
    """The names of a row that has some: their hash, and who is to be compared; None: they say too little."""
    name = Name(row.names.name, row.names.relative_name)
    day = to_date(row.birth_date).toordinal()
    person = Person((name,), row.birth_date.year, birth_day=day) if search_rules.says_enough(name) else None
    return screened.names_hash(name.text, name.relative), person


def candidate(row: int, record: record_pb2.RegistrationRecord) -> screening_pb2.ScreeningCandidate:
    """Who is shown of a passenger's row, masked."""
    return screening_pb2.ScreeningCandidate(
        row=row,
        person=registrations.masked(record),
        relative_initials=search_rules.initials(each.relative_name for each in record.names),
        sex=record.sex,  # type: ignore[arg-type]  # stored numbers are the enum's
    )


def _of_day(met: Met, person: Person) -> Met:
    """Of one whose date of birth has changed meanwhile nothing is shown."""
    if met.record is None or registrations.compared_person(met.record).birth_day == person.birth_day:
        return met
    return met._replace(record=None)
