"""Who is recalled, in which recalls. Pure.

One recall goes to an agency for each of its cases, and says what is to be thought now of what was shown for it. A
manifest is a case, so that whoever has its list finds the person there. The agency whose act has changed the
registration knows of it: of what it was shown for its work on the register it gets none, of its look-ups for a case it
does.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from nsor.v1 import options_pb2
from nsor_server.lookup.recalls.told import Disclosure
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2

PER_ENTRY: Final = 50
"""Recalls that one entry writes: its commit keeps everybody waiting, for a millisecond and 20 us more for each. By
fewer recalls more calls wait for an entry, by more the slowest of them wait longer."""
ENTRIES: Final = 20
"""A time has so many entries, or twice as many and so on: up to a thousand recalls don't show by how the tree grows."""
MOST_ACCESSES: Final = 500
"""Of one recall, all of which it names; what was shown more often for one case is recalled by several."""
PAGE_ACCESSES: Final = 1000
"""Accesses that a page of recalls names, each of which is opened for it: some 150 KB. It has at least one recall."""
PLANNED: Final = 10_000
"""Accesses whose recalls are planned together: some 6 MB. Of more, one case may have a recall of each part."""
LEFT_OUT: Final = 100
"""Orders that are left out at most, each for a row that can't be read; more are no accident, and nothing is written."""
_ON_THE_REGISTER: Final = frozenset(
    {
        options_pb2.PURPOSE_REGISTRATION,
        options_pb2.PURPOSE_NOTIFICATION,
        options_pb2.PURPOSE_REGISTER_OPERATION,
        options_pb2.PURPOSE_IDENTITY_CHECK,
    }
)
"""Purposes of work on the register itself."""


class Order(NamedTuple):
    """A row that makes something wrong that was told.

    Attributes:
        entry: index of the entry that wrote it.
        registration_id: of which it was told.
        version: of the row.
        made_by: its table.
        row_id: its id, 16 bytes.
    """

    entry: int
    registration_id: bytes
    version: int
    made_by: str
    row_id: bytes


class Wrong(NamedTuple):
    """An access that has to be recalled.

    Attributes:
        reason: number of nsor.v1.RecallReason.
        classes: numbers of the classes of fields that it showed and that say something else now.
    """

    told: Disclosure
    reason: int
    classes: frozenset[int]


class Place(NamedTuple):
    """Where an order goes on.

    Attributes:
        first: of accesses from this entry on.
        told: how many of the recalls of the next part of them are written.
    """

    order: Order
    first: int = 0
    told: int = 0

    @classmethod
    def of(cls, record: record_pb2.RecallPlace) -> Self:
        """As it is sealed."""
        order = Order(record.entry, record.registration_id, record.version, record.made_by, record.row_id)
        return cls(order, record.first, record.told)

    def sealed(self) -> record_pb2.RecallPlace:
        """The same, to be sealed."""
        entry, registration_id, version, made_by, row_id = self.order
        return record_pb2.RecallPlace(
            entry=entry,
            registration_id=registration_id,
            version=version,
            made_by=made_by,
            row_id=row_id,
            first=self.first,
            told=self.told,
        )


class Together(NamedTuple):
    """The accesses of which one recall tells.

    Attributes:
        classes: numbers of the classes of fields that it is about, by the index of the entry, in order.
    """

    agency: str
    reason: int
    classes: dict[int, frozenset[int]]


class Part(NamedTuple):
    """The recalls of some accesses of an order.

    Attributes:
        recalls: of what each tells, in the order of agencies and cases.
        behind: the entry from which its other accesses are; None: these were the last.
    """

    recalls: Sequence[Together]
    behind: int | None


@dataclass(frozen=True, slots=True)
class Planned:
    """A recall that is to be written.

    Attributes:
        entries: indexes of the accesses, in order.
    """

    agency: str
    reason: int
    classes: tuple[int, ...]
    entries: tuple[int, ...]


def knows(told: Disclosure, author: str) -> bool:
    """Whether whoever was shown it needs no recall, since it is his agency that has made it so."""
    return told.agency == author and told.purpose in _ON_THE_REGISTER


def wrong(told: Disclosure, made: registrations.Wrong | None, stands: Callable[[bytes], bool]) -> Wrong | None:
    """What has to be recalled of an access, of what is wrong with its version; None: nothing that it showed.

    Args:
        told: the access.
        made: what its version says otherwise now.
        stands: whether a registration stands after the order: of a person who was shown by several, and is registered
            still, something has changed.
    """
    if made is None:
        return None
    if made.reason != registrations.RECALL_CHANGED:
        if any(map(stands, told.beside)):
            return Wrong(told, registrations.RECALL_CHANGED, told.classes)
        return Wrong(told, made.reason, frozenset())
    classes = made.classes & told.classes
    return Wrong(told, made.reason, classes) if classes else None


def of_parting(told: Disclosure, registration_id: bytes, person: Collection[bytes]) -> Wrong | None:
    """What has to be recalled of an access when a merge was undone: somebody was shown as one with another person.

    Args:
        told: the access.
        registration_id: that isn't of one person any more with some who were shown beside it.
        person: the registrations of its person from now on, in their order; none: it is alone.
    """
    others = [each for each in told.beside if each not in person]
    shown_first = next((each for each in person if each in told.beside or each == registration_id), registration_id)
    # Of several that have left together, each has its order; the first of those that were shown tells of all.
    if not others or shown_first != registration_id:
        return None
    return Wrong(told, registrations.RECALL_CHANGED, told.classes)


def of_photo(told: Disclosure, photo_id: bytes) -> Wrong | None:
    """What has to be recalled of an access when a photo was rejected."""
    classes = told.classes & {options_pb2.FIELD_CLASS_PHOTO}
    if photo_id not in told.photos or not classes:
        return None
    return Wrong(told, registrations.RECALL_CHANGED, classes)


def part(wrong: Iterator[Wrong]) -> Part:
    """The recalls of the next accesses of an order, and how far these are.

    Args:
        wrong: what has to be recalled, in the order of the accesses; no more of it is taken than is planned together.
            Nothing of it is kept but what a recall says.
    """
    cases: dict[tuple[str, str, int], dict[int, frozenset[int]]] = {}
    taken = last = 0
    for told, reason, classes in itertools.islice(wrong, PLANNED):
        cases.setdefault((told.agency, told.case, reason), {})[told.entry] = classes
        taken, last = taken + 1, told.entry
    recalls = [Together(of[0], of[2], each) for of in sorted(cases) for each in _parts(cases[of])]
    return Part(recalls, last + 1 if taken == PLANNED else None)


def planned(together: Together) -> Planned:
    """A recall of what was shown for one case and is wrong for one reason."""
    agency, reason, classes = together
    return Planned(agency, reason, tuple(sorted(frozenset[int]().union(*classes.values()))), tuple(classes))


def _parts(of_case: dict[int, frozenset[int]]) -> Iterator[dict[int, frozenset[int]]]:
    entries = list(of_case.items())
    for at in range(0, len(entries), MOST_ACCESSES):
        yield dict(entries[at : at + MOST_ACCESSES])


def on_page(accesses: Sequence[int], most: int) -> int:
    """How many recalls a page has, by how many accesses each of those names that there are.

    Args:
        accesses: of the recalls, in their order.
        most: of the recalls, as it was asked for.
    """
    sums = itertools.accumulate(accesses[:most])
    return max(1, sum(each <= PAGE_ACCESSES for each in sums)) if accesses else 0


def until(before: record_pb2.RecallPassRecord | None) -> int:
    """The entry up to which all orders were told, or left out, by a pass and those before it."""
    return -1 if before is None else before.until


def left(orders: Iterable[Order], before: record_pb2.RecallPassRecord | None) -> list[Place]:
    """What isn't told to its end, in its order.

    What a time has left out the next one begins with; in the entries between it isn't tried again.

    Args:
        orders: those of the entries behind ``until``.
        before: the last pass; None: there was none.
    """
    places = [Place(order) for order in orders if order.entry > until(before)]
    if before is None:
        return places
    if before.HasField("next"):
        going_on = Place.of(before.next)
        behind = [each for each in (*left_out(before), *places) if each.order > going_on.order]
        return [going_on, *behind]
    return [*left_out(before), *places] if is_ended(before) else places


def left_out(record: record_pb2.RecallPassRecord | None) -> list[Place]:
    """The orders that a pass says that it, or one before it, has left out."""
    return [] if record is None else [Place.of(each) for each in record.left_out]


def is_ended(record: record_pb2.RecallPassRecord) -> bool:
    """Whether a pass is the last one of its time."""
    return not record.HasField("next") and record.nth % ENTRIES == 0


def ends(record: record_pb2.RecallPassRecord, before: int, going_on: Place | None, left: Iterable[Place]) -> None:
    """Have a pass say how far it has come.

    Args:
        record: the pass.
        before: ``until`` of the one before it.
        going_on: the order that goes on in the next one; None: all of its time are told, or left out.
        left: those that were left out.
    """
    if going_on is None:
        record.until = record.to
    else:
        # One that was left out before goes on in front of all that weren't looked at yet.
        record.until = max(before, going_on.order.entry - 1)
        record.next.CopyFrom(going_on.sealed())
    record.left_out.extend(each.sealed() for each in sorted(left))
