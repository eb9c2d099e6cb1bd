"""Who was shown a registration: every access, in which version, and which classes of fields.

Found by labels: of whatever its requests named, by every identifier that the registration ever had, it or another one
of its person; and by those beside answers that may show several. Proved by the sealed detail of each: a label says that
somebody asked, and the detail whether he was shown it. Of a detail that was destroyed nothing is left to prove it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from nsor.ledger.merkle import leaf_hash
from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.disclosures import FOUND_BY, FoundBy
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.detail import Details
from nsor_server.ledger.labels import NAMED, Labels
from nsor_server.lookup.recalls import accesses as stored
from nsor_server.lookup.recalls.accesses import Accesses, Connection
from nsor_server.lookup.screening import rules as screening
from nsor_server.registration import facts as registrations
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

AT_A_TIME: Final = 24
"""Accesses that are opened without a rest: half a millisecond. Threads take turns more often
(``ledger.watching.TURNS_SECONDS``), and of 10,000 accesses the rests alone were a second at 16."""
LABELS_AT_A_TIME: Final = 192
"""Labels that are made without a rest: likewise."""
READ_AT_ONCE: Final = 128
"""Accesses that one statement reads: while its rows are made ready, for half a millisecond, nobody else computes."""
ENTRIES_AT_ONCE: Final = 1 << 14
"""Entries whose labels, for one registration, one statement reads: at most 13 MB. Nobody waits for the next one for
longer than a turn may be idle (``ledger/watching.py``), also with its rests."""
DETAILS_AT_ONCE: Final = 1 << 10
"""Entries whose details one statement reads: at most 3 MB."""
MOST_BY_LABELS: Final = 8
"""Registrations of which each has its label made for each access; it takes less to open the details for more."""
_BY_NAME: Final = sorted(method for method, by in FOUND_BY.items() if by is FoundBy.NAMED)


@dataclass(frozen=True, slots=True)
class Access:
    """An access.

    Attributes:
        entry: index of its entry.
        access_id: 16 bytes.
        time_us: of its entry, microseconds since 1970.
        agency: whose it was.
        method: full name.
        purpose: for which.
        officer_number: who of the agency, or empty.
        case_reference: for which case, or empty.
        manifest_id: of which manifest it screened rows, 16 bytes; empty: of none.
    """

    entry: int
    access_id: bytes
    time_us: int
    agency: str
    method: str
    purpose: int
    officer_number: str
    case_reference: str
    manifest_id: bytes

    @property
    def case(self) -> str:
        """What the accesses have in common that one recall is for: their case, or else their manifest."""
        return self.case_reference or self.manifest_id.hex()


@dataclass(frozen=True, slots=True)
class NamedAccess(Access):
    """An access as a recall names it.

    Attributes:
        rows: the rows of the manifest in which registrations were shown: id of the registration, number of the row.
    """

    rows: tuple[tuple[bytes, int], ...]


@dataclass(frozen=True, slots=True)
class Disclosure(Access):
    """An access that showed a registration.

    Attributes:
        version: of the registration.
        classes: numbers of the classes of fields that were shown.
        beside: the other registrations of the person that were shown with it, as one.
        photos: of the registration that were shown, 16 bytes each.
    """

    version: int
    classes: frozenset[int]
    beside: tuple[bytes, ...] = ()
    photos: tuple[bytes, ...] = ()


class Finder:
    """Finds who was shown registrations. Threads may share it."""

    def __init__(self, keyring: Keyring, rest: Callable[[], None] | None = None, *, passes_over: bool = False) -> None:
        """Prepare.

        Args:
            keyring: what opens registrations and details, and makes labels.
            rest: is done between some accesses and the next ones, so that calls of the same process go first.
            passes_over: whether an access that isn't what was hashed or sealed is left out, with an alert.
        """
        self.sealer, self._rest, self._passes_over = Sealer(keyring), rest or _go_on, passes_over
        self._details, self._labels = Details(keyring), Labels(keyring)

    def told(
        self, conn: Connection, registration_id: bytes, before: int, first: int = 0, among: Accesses | None = None
    ) -> Iterator[Disclosure]:
        """Every access that showed a registration when there were so many entries, in their order.

        Args:
            conn: any role that may read.
            registration_id: 16 bytes.
            before: accesses of a smaller index.
            first: and of this one on.
            among: what ``may_show`` has found for it, at least of these; None: it is looked for now.

        Raises:
            errors.Internal: a registration isn't what was sealed.
            DetailError, LeafError: an access isn't, and isn't passed over.
        """
        if among is None:
            among = self.may_show(conn, registration_id, before, first)
        begin, end = np.searchsorted(among, (first, before)).tolist()
        for start in range(begin, end, READ_AT_ONCE):
            indexes = among[start : min(end, start + READ_AT_ONCE)].tolist()
            for nth, access in enumerate(stored.accesses(conn, indexes)):
                if nth % AT_A_TIME == 0:
                    self._rest()
                disclosure = self._disclosure(conn, registration_id, access)
                if disclosure is not None:
                    yield disclosure

    def may_show(
        self,
        conn: Connection,
        registration_id: bytes,
        before: int,
        first: int = 0,
        by_labels: Collection[int] | None = None,
    ) -> Accesses:
        """The accesses that may have shown a registration, by all of their labels, in their order.

        Args:
            conn: any role that may read.
            registration_id: 16 bytes.
            before: accesses of a smaller index.
            first: and of this one on.
            by_labels: what ``by_labels`` has found for it, at least of these; None: it is looked for now.

        Raises:
            errors.Internal: a registration isn't what was sealed.
            DetailError, LeafError: as ``told``.
        """
        if by_labels is None:
            by_labels = self.by_labels(conn, [registration_id], before, first)[registration_id]
        of_labels = np.fromiter((each for each in by_labels if first <= each < before), dtype=np.int64)
        return np.union1d(of_labels, self._named(conn, registration_id, before, first))

    def by_labels(
        self, conn: Connection, registration_ids: Collection[bytes], before: int, first: int = 0
    ) -> dict[bytes, array[int]]:
        """The accesses that have a label of some registrations beside their entries, for each: one way for all of them.

        Args:
            conn: any role that may read.
            registration_ids: 16 bytes each.
            before: accesses of a smaller index.
            first: and of this one on.

        Raises:
            DetailError, LeafError: as ``told``.
        """
        found: dict[bytes, array[int]] = {each: array("q") for each in registration_ids}
        if found:
            first = max(first, min(stored.first_entry(conn, each) for each in found))
            few = len(found) <= MOST_BY_LABELS
            for entry, registration_id in (self._labelled if few else self._detailed)(conn, found, first, before):
                found[registration_id].append(entry)
        return found

    def _labelled(
        self, conn: Connection, wanted: Collection[bytes], first: int, before: int
    ) -> Iterator[tuple[int, bytes]]:
        """By making their labels."""
        made = 0
        for beside in stored.shown(conn, first, before, ENTRIES_AT_ONCE // len(wanted)):
            for each in wanted:
                # What lies across two labels is proved by no detail, and is looked at in vain.
                if any(label in beside.labels for label in self._labels.of_registration(beside.access_id, each)):
                    yield beside.entry, each
            made += len(wanted)
            if made >= LABELS_AT_A_TIME:
                self._rest()
                made = 0

    def _detailed(
        self, conn: Connection, wanted: Collection[bytes], first: int, before: int
    ) -> Iterator[tuple[int, bytes]]:
        """By opening the details."""
        for nth, access in enumerate(stored.shown_details(conn, first, before, DETAILS_AT_ONCE)):
            if nth % AT_A_TIME == 0:
                self._rest()
            opened = self._opened(access)
            if opened is not None:
                for registration_id in {each.registration_id for each in opened[1].shown} & set(wanted):
                    yield access.entry, registration_id

    def accesses(self, conn: Connection, entries: Collection[int]) -> dict[int, NamedAccess]:
        """Accesses by the indexes of their entries; of one whose detail was destroyed, what its leaf says.

        Raises:
            DetailError, LeafError: an entry isn't what was hashed or sealed.
        """
        found = {}
        for each in stored.accesses(conn, entries):
            leaf, detail = self._opened(each) or (leaves.decode(each.leaf), record_pb2.AccessDetail())
            found[each.entry] = NamedAccess(*(*said(each.entry, leaf, detail), _rows(detail)))
        return found

    def _named(self, conn: Connection, registration_id: bytes, before: int, first: int) -> Accesses:
        names = {
            name
            for one in stored.persons(conn, registration_id)
            for name in registrations.names_of(one, stored.versions(conn, self.sealer, one))
        }
        labels = [label for name in sorted(names) for label in self._labels.every(NAMED, name, _BY_NAME)]
        return stored.named(conn, labels, before, first)

    def _disclosure(self, conn: Connection, registration_id: bytes, access: stored.StoredAccess) -> Disclosure | None:
        """What an access showed of the registration; None: nothing, or nothing that can be proved any more."""
        opened = self._opened(access)
        if opened is None:
            return None
        leaf, detail = opened
        version, beside = self._shown(conn, registration_id, access.entry, detail)
        if not version or leaf.outcome != leaf_pb2.OUTCOME_ALLOWED:
            return None
        of_entry = said(access.entry, leaf, detail)
        return Disclosure(*(*of_entry, version, frozenset(detail.classes_shown), beside, photos_of(detail)))

    def _opened(self, access: stored.StoredAccess) -> tuple[leaf_pb2.Leaf, record_pb2.AccessDetail] | None:
        if self._passes_over:
            return self._details.readable(access.entry, access.leaf, access.sealed)
        if access.sealed is None:
            return None
        leaf = leaves.decode(access.leaf)
        detail = self._details.open(access.entry, leaf_hash(access.leaf), access.sealed, leaf.detail_hash)
        return leaf, detail

    def _shown(
        self, conn: Connection, registration_id: bytes, index: int, detail: record_pb2.AccessDetail
    ) -> tuple[int, tuple[bytes, ...]]:
        """Which version of the registration an answer showed, 0: none; and the others that it showed as one with it."""
        for each in detail.shown:
            if each.registration_id == registration_id:
                return each.version, ()
        if detail.shown_rows or not detail.shown_version or not detail.subjects:
            return 0, ()
        first = detail.subjects[0]
        if not detail.shown_together:
            return (detail.shown_version if first == registration_id else 0), ()
        person = {each: stored.version_at(conn, each, index) for each in stored.person_at(conn, first, index)}
        shown = {each: version for each, (version, state) in person.items() if state == registrations.CONFIRMED}
        shown[first] = detail.shown_version
        return shown.get(registration_id, 0), tuple(each for each in shown if each != registration_id)


def photos_of(detail: record_pb2.AccessDetail) -> tuple[bytes, ...]:
    """The photos that an answer showed."""
    return tuple(detail.subjects[1:]) if detail.HasField("photos_read") else ()


def _go_on() -> None:
    """Without a rest."""


def said(entry: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> tuple[Any, ...]:
    """What an entry says of an access: the values of ``Access``, in their order."""
    of_leaf = entry, leaf.access_id, leaf.time_us, leaf.agency, leaf.method, leaf.purpose
    return (*of_leaf, detail.officer_number, detail.case_reference, detail.screened.manifest_id)


def _rows(detail: record_pb2.AccessDetail) -> tuple[tuple[bytes, int], ...]:
    """Whom the rows of a manifest have shown; of another access nobody."""
    if not detail.HasField("screened"):
        return ()
    numbers = screening.found_of(detail.screened.found)
    return tuple((each.registration_id, number) for each, number in zip(detail.shown, numbers, strict=True))
