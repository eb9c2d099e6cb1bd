"""Accesses out of the ledger, as the tripwires take them: read some at a time, in the order of their entries."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import tripwires_pb2
from nsor_server.access import watched
from nsor_server.access.own_numbers import OwnNumbers
from nsor_server.ledger.detail import Details
from nsor_server.lookup.grants import store as grants
from nsor_server.lookup.requests import store as requests
from nsor_server.lookup.tripwires import accesses, candidates, named_in
from nsor_server.lookup.tripwires.accesses import Use
from nsor_server.lookup.tripwires.named_in import Written
from nsor_server.lookup.tripwires.rules import Access, Ref, Who
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

AT_A_TIME: Final = 200
"""Entries that are read together."""
FEW: Final = 10
"""Entries that are read while other work goes first: as many as keep a turn from being idle."""
_RESTS_AFTER: Final = 10
"""Details that are opened without a rest."""
_MOST_KNOWN: Final = 20_000
"""Grants whose uses are kept while accesses are read: some 10 MB. All of those uses are older than what is read."""
_ENTRIES: Final = """
SELECT e.index, e.leaf, d.sealed
FROM ledger_entry AS e LEFT JOIN ledger_detail AS d USING (index)
WHERE e.index > %s AND e.index <= %s
ORDER BY e.index
LIMIT %s
"""
_USES: Final = """
SELECT uuid_send(l.grant_id), e.index, e.leaf, d.sealed
FROM look_up AS l
JOIN ledger_entry AS e ON e.access_id = l.access_id
JOIN ledger_detail AS d ON d.index = e.index
WHERE l.grant_id = ANY (%s)
"""
_ASKED: Final = f"""
SELECT g.row_id, e.index, e.leaf, d.sealed
FROM ledger_record AS g
JOIN ledger_record AS r ON r.index = g.index AND r.table_name = '{requests.REQUESTS}'
JOIN ledger_record AS f ON f.table_name = '{requests.REQUESTS}' AND f.row_id = r.row_id AND f.version = 1
JOIN ledger_entry AS e ON e.index = f.index
JOIN ledger_detail AS d ON d.index = e.index
WHERE g.table_name = '{grants.GRANTS}' AND g.row_id = ANY (%s)
"""  # noqa: S608 - constants
_KINDS: Final = {
    watched.Kind.DECOY: tripwires_pb2.TRIPWIRE_KIND_DECOY,
    watched.Kind.PROTECTED_PERSON: tripwires_pb2.TRIPWIRE_KIND_PROTECTED_PERSON,
}


_Known: TypeAlias = dict[bytes, dict[Use, int]]
"""By which officers and certificates grants were used or asked for, and in which entry first."""


class Opened(NamedTuple):
    """An entry that concerns the tripwires, with its detail."""

    entry: int
    leaf: leaf_pb2.Leaf
    detail: record_pb2.AccessDetail


class Reader:
    """Reads accesses. One thread uses it."""

    def __init__(
        self, keyring: Keyring, rest: Callable[[], None], let_first: Callable[[], bool] = lambda: True
    ) -> None:
        """Prepare.

        Args:
            keyring: opens details and registrations, and finds the numbers that are watched.
            rest: is done between some details and the next ones, so that calls of the same process go first.
            let_first: is done before some entries are read, so that other work goes first: once between two statements,
                since a turn mustn't be idle for long. Gives whether none does any more; until then few are read.
        """
        self._details, self._sealer, self._blind_index = Details(keyring), Sealer(keyring), BlindIndex(keyring)
        self._rest, self._let_first = rest, let_first
        self.has_unread = False
        """Whether an access showed a registration of which no number can be read any more."""

    def accesses(
        self, conn: Connection, after: int, until: int, *, telling: bool
    ) -> Iterator[tuple[int, Access | None]]:
        """The accesses of the entries after one up to another.

        Args:
            conn: any.
            after: index, exclusive.
            until: index, inclusive.
            telling: whether it is asked what watches whom they are about, and whether their certificates are new.

        Returns:
            Each entry's index, with its access; None: it says nothing that is counted, or nothing that can be read.
        """
        known: _Known = {}
        while after < until:
            at_a_time = AT_A_TIME if self._let_first() else FEW
            rows = conn.execute(_ENTRIES, (after, until, at_a_time), binary=True).fetchall()
            if not rows:
                return
            opened = list(self._opened(rows))
            found = {each.entry: accesses.access(*each) for each in opened}
            if telling:
                persons = [one for each in opened if (one := about(*each)) is not None]
                kinds, unread = kinds_of(conn, self._sealer, self._blind_index, persons, self._rest)
                self.has_unread = self.has_unread or bool(unread)
                if len(known) > _MOST_KNOWN:
                    known.clear()
                certificates = self._new_certificates(conn, opened, known)
                enrolments = [(each.entry, each.leaf) for each in opened if each.leaf.method == accesses.ENROL]
                if enrolments:
                    found |= enrolled(OwnNumbers(conn), enrolments)
                found = {
                    index: one and one._replace(kinds=kinds.get(index, NONE) | certificates.get(index, NONE))
                    for index, one in found.items()
                }
            for index, *_ in rows:
                yield index, found.get(index)
            after = rows[-1][0]

    def _opened(self, rows: Sequence[Any]) -> Iterator[Opened]:
        for nth, (index, stored, sealed) in enumerate(rows):
            opened = self._open(index, stored, sealed)
            if opened is not None:
                yield opened
            if nth % _RESTS_AFTER == 0:
                self._rest()

    def _open(self, index: int, stored: bytes, sealed: bytes | None, *, whatever: bool = False) -> Opened | None:
        """An entry with its detail; None: it isn't ``whatever`` and doesn't concern the tripwires, or can't be read."""
        found = self._details.readable(index, stored, sealed, lambda leaf: whatever or accesses.concerns(leaf))
        return None if found is None else Opened(index, *found)

    def _new_certificates(self, conn: Connection, opened: Sequence[Opened], known: _Known) -> dict[int, frozenset[int]]:
        """Of what grants have shown, those whose officer has used it, or asked for it, with other certificates only."""
        uses = {each.entry: grant for each in opened if (grant := accesses.read_by(each.leaf, each.detail))}
        self._learn(conn, sorted(set(uses.values()) - known.keys()), known)
        return {
            each.entry: NEW
            for each in opened
            if each.entry in uses
            and is_new(each.detail, [use for use, first in known[uses[each.entry]].items() if first < each.entry])
        }

    def _learn(self, conn: Connection, grants_of: Sequence[bytes], known: _Known) -> None:
        """Read all uses of grants, and who has asked for them."""
        if not grants_of:
            return
        known |= {grant: {} for grant in grants_of}
        statements = ((_USES, [uuid.UUID(bytes=each) for each in grants_of]), (_ASKED, grants_of))
        for statement, parameter in statements:
            rows = conn.execute(statement.encode(), (parameter,), binary=True)
            for nth, (grant, index, stored, sealed) in enumerate(rows):
                earlier = self._open(index, stored, sealed, whatever=True)
                if earlier is not None:
                    use = Use(earlier.detail.officer_number, earlier.detail.certificate)
                    known[grant][use] = min(index, known[grant].get(use, index))
                if nth % _RESTS_AFTER == 0:
                    self._rest()


def enrolled(numbers: OwnNumbers, entries: Iterable[tuple[int, leaf_pb2.Leaf]]) -> dict[int, Access]:
    """Of entries that have enrolled somebody who was in force in another agency: that, as it is counted.

    Args:
        numbers: of all officers.
        entries: each with its index.
    """
    return {
        index: Access(Ref(index, leaf.access_id, leaf.time_us), who, leaf.purpose, others=elsewhere)
        for index, leaf in entries
        for who, others in numbers.enrolled_by(index)
        if (elsewhere := tuple(other for other in others if other[0] != who[0]))
    }


NONE: Final = frozenset[int]()
"""Nothing is unusual of an access by itself."""
NEW: Final = frozenset({int(tripwires_pb2.TRIPWIRE_KIND_NEW_CERTIFICATE)})
"""What is unusual of a grant that shows something to another certificate."""


def is_new(detail: record_pb2.AccessDetail, before: Sequence[Use]) -> bool:
    """Whether an officer has used a grant, or asked for it, before, and never with this certificate."""
    own = {use.certificate for use in before if use.officer_number == detail.officer_number}
    return bool(own) and detail.certificate not in own


DECOY_ENTERED: Final = int(tripwires_pb2.TRIPWIRE_KIND_DECOY_ENTERED)
"""A registration was entered with a decoy's number, or got it."""
OF_NUMBERS: Final = frozenset({*_KINDS.values(), tripwires_pb2.TRIPWIRE_KIND_OWN_NUMBER, DECOY_ENTERED})
"""Kinds that hang on the number of whoever an access was about."""


class About(NamedTuple):
    """Whom an access was about.

    Attributes:
        entry: its index.
        who: by whom it was.
        number: that it named, in its normal form; None: it named none.
        shown: the registrations that it showed: id and version of each.
        as_one: the first of them, if a person of several was shown as one; empty: nobody was.
        is_by_number: whether it looked for a person; else it read a record of its own.
        written: the row in which those stand whom it has named besides; None: there is none.
        enters: whether it has entered whom it names.
        changes: whether it may have given registrations numbers that it doesn't name.
    """

    entry: int
    who: Who
    number: watched.Number | None
    shown: Sequence[tuple[bytes, int]]
    as_one: bytes
    is_by_number: bool
    written: Written | None
    enters: bool
    changes: bool


class Kinds(NamedTuple):
    """What watched the numbers of accesses when they were made.

    Attributes:
        of_entries: kinds of tripwires by the indexes of their entries; nothing for most.
        unread: entries that showed a registration of which no number can be read any more: mostly it was erased.
    """

    of_entries: Mapping[int, frozenset[int]]
    unread: frozenset[int]


def about(index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> About | None:
    """Whom an access was about; None: nobody whose number can be known."""
    one, shown, written = accesses.number(leaf, detail), accesses.shown(leaf, detail), accesses.written(leaf, detail)
    changes = leaf.method in accesses.CHANGING and leaf.outcome == leaf_pb2.OUTCOME_ALLOWED
    if not (one or shown or written or changes):
        return None
    return About(
        index,
        (leaf.agency, detail.officer_number),
        watched.Number(one.use, one.text) if one else None,
        shown,
        accesses.shown_as_one(leaf, detail),
        leaf.method in accesses.BY_NUMBER,
        written,
        leaf.method in accesses.ENTERING,
        changes,
    )


def kinds_of(
    conn: Connection,
    sealer: Sealer,
    blind_index: BlindIndex,
    these: Sequence[About],
    rest: Callable[[], None] = lambda: None,
) -> Kinds:
    """What watched those whom accesses were about, when they were made: of whoever was shown the numbers of then.

    Args:
        conn: any.
        sealer: opens the registrations that were shown, and the rows that name persons.
        blind_index: of the keyring.
        these: the accesses.
        rest: is done between some registrations and the next ones.
    """
    others = candidates.others(conn, [(each.entry, each.as_one) for each in these if each.as_one])
    shown = {each.entry: [*each.shown, *others.get(each.entry, ())] for each in these}
    of_shown = candidates.numbers(conn, sealer, (one for several in shown.values() for one in several), rest)
    of_written = named_in.numbers(conn, sealer, (each.written for each in these if each.written))
    entered = named_in.decoys(conn, sealer, blind_index, (each.entry for each in these if each.changes), rest)
    named = {
        each.entry: [*_one(each.number), *(of_written.get(each.written, ()) if each.written else ())] for each in these
    }
    found_in = {
        entry: [number for one in several for number in of_shown.get(one, ())] for entry, several in shown.items()
    }
    every = [number for several in (*named.values(), *found_in.values()) for number in several]
    found = watched.watched(conn, blind_index, every) if every else {}
    kinds: dict[int, frozenset[int]] = {}
    for each in these:
        tripped = {_kind(one, each) for one in _at(found, named[each.entry], each.entry)}
        tripped |= {_kind_of_shown(one, each) for one in _at(found, found_in[each.entry], each.entry)}
        if each.entry in entered.decoys:
            tripped.add(DECOY_ENTERED)
        if tripped - {0}:
            kinds[each.entry] = frozenset(tripped - {0})
    unread = {
        each.entry
        for each in these
        if not all(one in of_shown for one in shown[each.entry]) or (each.written and each.written not in of_written)
    }
    return Kinds(kinds, frozenset(unread) | entered.unread)


def _one(number: watched.Number | None) -> Sequence[watched.Number]:
    return () if number is None else (number,)


def _at(
    found: Mapping[watched.Number, Sequence[watched.Watched]], numbers: Iterable[watched.Number], entry: int
) -> Iterator[watched.Watched]:
    """What watched some numbers when an access was made."""
    return (one for number in numbers for one in found.get(number, ()) if one.at(entry))


def _kind(one: watched.Watched, access: About) -> int:
    """The tripwire of an access that names a number which is watched; 0: there is none."""
    if access.enters:
        return DECOY_ENTERED if one.kind is watched.Kind.DECOY else 0
    if one.kind is watched.Kind.OWN:
        return int(tripwires_pb2.TRIPWIRE_KIND_OWN_NUMBER) if one.is_of(*access.who) else 0
    return int(_KINDS[one.kind])


def _kind_of_shown(one: watched.Watched, access: About) -> int:
    """Likewise, of one that has shown somebody: whoever has a record before him hasn't looked for a decoy by it."""
    return 0 if one.kind is watched.Kind.DECOY and not access.is_by_number else _kind(one, access)
