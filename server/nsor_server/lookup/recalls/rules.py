"""Who is recalled, in which recalls. Pure.

One recall goes to an agency for each of its cases, and says what is to be thought now of what was shown for it. The
agency whose act has changed the registration knows of it: of what it was shown for its work on the register it gets
none, of its look-ups for a case it does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from nsor.v1 import options_pb2
from nsor_server.lookup.recalls.told import Disclosure
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2

PER_ENTRY: Final = 100
"""Recalls that one entry writes: its commit keeps everybody waiting."""
ENTRIES: Final = 10
"""A time has so many entries, or twice as many and so on: up to a thousand recalls don't show by how the tree grows."""
MOST_ACCESSES: Final = 500
"""Of one recall; what was shown more often for one case is recalled by several."""
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


def planned(wrong: Iterable[Wrong]) -> list[Planned]:
    """The recalls of an order, in the order of agencies and cases."""
    cases: dict[tuple[str, str, int], list[Wrong]] = {}
    for each in wrong:
        cases.setdefault((each.told.agency, each.told.case_reference, each.reason), []).append(each)
    return [
        Planned(
            agency,
            reason,
            tuple(sorted(frozenset[int]().union(*(each.classes for each in part)))),
            tuple(each.told.entry for each in part),
        )
        for (agency, _, reason), of_case in sorted(cases.items())
        for part in _parts(of_case)
    ]


def _parts(of_case: list[Wrong]) -> Iterator[list[Wrong]]:
    for at in range(0, len(of_case), MOST_ACCESSES):
        yield of_case[at : at + MOST_ACCESSES]


def left(orders: Iterable[Order], before: record_pb2.RecallPassRecord | None) -> list[tuple[Order, int]]:
    """Of some orders those that aren't told to their end, each with how many of its recalls are written."""
    if before is None:
        return [(order, 0) for order in orders]
    if not before.registration_id:
        return [(order, 0) for order in orders if order.entry > before.until]
    last = Order(before.until, before.registration_id, before.version, before.made_by, before.row_id)
    return [(order, before.told if order == last else 0) for order in orders if order >= last]


def is_ended(record: record_pb2.RecallPassRecord) -> bool:
    """Whether a pass is the last one of its time."""
    return not record.registration_id and record.nth % ENTRIES == 0


def goes_on(record: record_pb2.RecallPassRecord, order: Order, told: int) -> None:
    """Have a pass say that an order goes on in the next one."""
    record.until, record.registration_id, record.version, record.made_by, record.row_id = order
    record.told = told
