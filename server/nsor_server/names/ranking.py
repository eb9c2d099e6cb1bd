"""Whose words sum up best: those cards alone are compared with a query word by word.

Where a query says how alike somebody has to be, a card that lacks all of its rarest words can't be: the other words
together count too little. So only the cards that have one of the rarest words are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from nsor_server.names.evidence import BESIDES_NAMES, Asked, Numbers, Stored
from nsor_server.names.postings import Postings, Recent, Slots
from nsor_server.names.vocabulary import Matched

_MOST_WORDS: Final = 12
"""Words of a query's names, and as many of its relatives', that are looked for: the rarest."""
_MOST_POSTINGS: Final = 600_000
"""Postings that one query goes through; what is so frequent that it exceeds them counts in the ranking alone."""
_YEARS_APART: Final = 3
_FEW: Final = 4
"""Cards with a needed word that are fewer than one in so many are summed up by themselves, without all the others."""
_LEAST_SHARE: Final = 0.45
"""Of the best sum: what has less isn't ranked, where a query doesn't say how alike somebody has to be.

Who has several names has several times the sum of who has one of them.
"""
_ROUNDED: Final = 0.001
"""More than the rounding of a sum."""

Sums = npt.NDArray[np.float32]


class Least(NamedTuple):
    """The sums of words without which nobody is as alike as is asked for, even if all else is the same.

    Attributes:
        without_relative: of a card that has no relative's name.
        with_relative: of one that has.
    """

    without_relative: float
    with_relative: float

    @classmethod
    def of(cls, asked: Asked, strength: float) -> Least:
        """Those for a strength."""
        names, relatives = (
            min((sum(word.weight for word in name) for name in each), default=0.0)
            for each in (asked.names, asked.relatives)
        )
        return cls(
            *(max(0.01, strength * (whole + BESIDES_NAMES) - BESIDES_NAMES) for whole in (names, names + relatives))
        )


class Sought(NamedTuple):
    """The words that are looked for.

    Attributes:
        names: of the names, the rarest first.
        relatives: of the relatives' names.
        needed: those of both of which a card has one at least, or its sum is too little.
        birth_year: 0: of any.
        strength: how alike somebody has to be.
        least: the sums that are enough.
        left_out: what the words count that aren't looked for.
    """

    names: list[Matched]
    relatives: list[Matched]
    needed: tuple[list[Matched], list[Matched]]
    birth_year: int
    strength: float
    least: Least
    left_out: float

    @classmethod
    def of(cls, asked: Asked, strength: float) -> Sought:
        """The words of a query."""
        of_names, of_relatives = _words(asked.names), _words(asked.relatives)
        both = names, relatives = of_names[:_MOST_WORDS], of_relatives[:_MOST_WORDS]
        left_out = sum(word.weight for each in (of_names, of_relatives) for word in each[_MOST_WORDS:])
        left_out += _twice(asked.names) + _twice(asked.relatives)
        least = Least.of(asked, strength)
        needed: tuple[list[Matched], list[Matched]] = [], []
        others = 0.0
        for weight, part, nth in sorted((word.weight, p, n) for p in (0, 1) for n, word in enumerate(both[p])):
            others += weight
            if others > min(least) - _ROUNDED:
                needed[part].append(both[part][nth])
        return cls(names, relatives, needed, asked.birth_year, strength, least, left_out)


class _WordsOf(NamedTuple):
    """The words of cards.

    Attributes:
        names: of their names.
        relatives: of their relatives'.
        most: so many words there are, on any card.
    """

    names: Postings
    relatives: Postings
    most: int


class _Best(NamedTuple):
    """Slots, the sum of the words of each, and the most that these words can count."""

    slots: Slots
    sums: Sums
    bounds: Sums


class Arrays:
    """Cards in the order of their birth years: each has a place among them, and a slot by which the index has it."""

    def __init__(self, slots: Slots, years: Slots, has_relative: npt.NDArray[np.bool_], words: _WordsOf) -> None:
        """All by places."""
        self._slots, self._years, self._has_relative = slots, years, has_relative
        self._names, self._relatives, most = words
        self._gains = np.zeros(most, dtype=np.float32)

    @classmethod
    def of(cls, cards: Iterable[tuple[int, Stored]], words: int) -> Arrays:
        """Of cards with their slots; ``words``: so many there are, on any card."""
        kept = sorted(cards, key=lambda each: (each[1].birth_year, each[0]))
        count = len(kept)
        return cls(
            np.fromiter((slot for slot, _ in kept), dtype=np.int32, count=count),
            np.fromiter((card.birth_year for _, card in kept), dtype=np.int32, count=count),
            np.fromiter((bool(card.relatives) for _, card in kept), dtype=np.bool_, count=count),
            _WordsOf(
                Postings.of([_of(card.names) for _, card in kept], words),
                Postings.of([_of(card.relatives) for _, card in kept], words),
                words,
            ),
        )

    def and_(self, others: Arrays, cards: Sequence[Stored | None], words: int) -> Arrays:
        """Of these and others those that are still there: ``cards`` by slot."""
        slots = np.concatenate((self._slots, others._slots))
        years = np.concatenate((self._years, others._years))
        there = np.fromiter((cards[slot] is not None for slot in slots.tolist()), dtype=np.bool_, count=len(slots))
        by_year = np.argsort(years, kind="stable")
        order = by_year[there[by_year]].astype(np.int32)
        return Arrays(
            slots[order],
            years[order],
            np.concatenate((self._has_relative, others._has_relative))[order],
            _WordsOf(
                self._names.and_(others._names, order, words),
                self._relatives.and_(others._relatives, order, words),
                words,
            ),
        )

    def __len__(self) -> int:
        return len(self._years)

    def best(self, sought: Sought, most: int, *, of_years: bool) -> _Best | None:
        """Those whose words sum up best, at most so many, of a year that may be meant or of none; None: nobody."""
        first, end = 0, len(self)
        if sought.birth_year:
            years = (1, sought.birth_year - _YEARS_APART, sought.birth_year + _YEARS_APART + 1)
            unknown, *between = np.searchsorted(self._years, years).tolist()
            first, end = between if of_years else (0, unknown)
        needed = [
            (postings, word.numbers)
            for postings, words in zip((self._names, self._relatives), sought.needed, strict=True)
            for word in words
        ]
        if first == end or not needed:
            return None
        skipped = 0.0
        having = self._having(needed, first, end)
        if having is not None:
            sums = self._sums_of(sought, having)
            enough = sums >= min(sought.least)
            places, sums = having[enough], sums[enough]
        else:
            all_sums, skipped = self._sums_of_all(sought, first, end)
            best = np.flatnonzero(all_sums >= min(sought.least))
            places, sums = (best + first).astype(np.int32), all_sums[best]
        if len(places) > most:
            best = np.argpartition(sums, len(places) - most)[-most:]
            places, sums = places[best], sums[best]
        least = np.where(self._has_relative[places], sought.least.with_relative, sought.least.without_relative)
        enough = sums >= least
        sums = sums[enough]
        return _Best(self._slots[places[enough]], sums, sums + (skipped + sought.left_out))

    def _having(self, needed: Sequence[tuple[Postings, npt.NDArray[np.int32]]], first: int, end: int) -> Slots | None:
        """The places in a range that have a needed word; None: they aren't few."""
        if sum(postings.count(numbers) for postings, numbers in needed) > max(_MOST_POSTINGS, end - first):
            return None
        found = np.concatenate([postings.slots(numbers) for postings, numbers in needed])
        found = found[(found >= first) & (found < end)]
        return np.unique(found) if len(found) * _FEW <= end - first else None

    def _sums_of(self, sought: Sought, slots: Slots) -> Sums:
        """The sum of each of some slots, by its words."""
        sums = np.zeros(len(slots), dtype=np.float32)
        for words, postings in ((sought.names, self._names), (sought.relatives, self._relatives)):
            numbers, counts = postings.words(slots)
            having = np.flatnonzero(counts)
            if not len(having):
                continue
            begin = (np.cumsum(counts) - counts)[having]
            for word in words:
                known = word.numbers < len(self._gains)
                self._gains[word.numbers[known]] = word.gains[known]
                sums[having] += np.maximum.reduceat(self._gains[numbers], begin)
                self._gains[word.numbers[known]] = 0
        return sums

    def _sums_of_all(self, sought: Sought, first: int, end: int) -> tuple[Sums, float]:
        """The sum of each slot in a range, by the slots of the words; and what those words count that are too many."""
        sums = np.zeros(end - first, dtype=np.float32)
        left, skipped = _MOST_POSTINGS, 0.0
        for words, postings in ((sought.names, self._names), (sought.relatives, self._relatives)):
            for word in words:
                found = [postings.within(number, first, end) for number in word.numbers.tolist()]
                touched = sum(map(len, found))
                if touched > left:
                    skipped += word.weight
                if not touched or touched > left:
                    continue
                left -= touched
                _add(sums, list(zip(word.gains.tolist(), found, strict=True)), first)
        return sums, skipped


def best(several: Sequence[Arrays], sought: Sought, most: int) -> list[tuple[int, float]]:
    """Slots of those whose words sum up best, at most so many, and the most that the words of each can count."""
    found: list[tuple[int, float]] = []
    for of_years in (False, True) if sought.birth_year else (True,):
        parts = [each for arrays in several if (each := arrays.best(sought, most, of_years=of_years)) is not None]
        if parts:
            slots, sums, bounds = (np.concatenate(each) for each in zip(*parts, strict=True))
            ranked = np.argsort(-sums, kind="stable")[:most]
            if not sought.strength:
                ranked = ranked[sums[ranked] >= _LEAST_SHARE * float(sums.max(initial=0.0))]
            found += zip(slots[ranked].tolist(), bounds[ranked].tolist(), strict=True)
    return found


class Latest:
    """Cards that were added since, one by one."""

    def __init__(self) -> None:
        self._names, self._relatives = Recent(), Recent()

    def add(self, slot: int, card: Stored) -> None:
        """Add a card; one that is gone later is left out by who asks."""
        self._names.add(slot, _of(card.names))
        self._relatives.add(slot, _of(card.relatives))

    def best(self, sought: Sought, most: int, cards: Sequence[Stored | None]) -> list[tuple[int, float]]:
        """As ``best``; ``cards`` by slot."""
        sums = []
        for slot in self._having(sought):
            card = cards[slot]
            if card is None or not _may_be_born(sought.birth_year, card.birth_year):
                continue
            value = _sum(sought.names, card.names) + _sum(sought.relatives, card.relatives)
            if value >= (sought.least.with_relative if card.relatives else sought.least.without_relative):
                sums.append((-value, slot))
        return [(slot, sought.left_out - value) for value, slot in sorted(sums)[:most]]

    def _having(self, sought: Sought) -> set[int]:
        """The slots that have a needed word."""
        return {
            slot
            for words, recent in zip(sought.needed, (self._names, self._relatives), strict=True)
            for word in words
            for slots in recent.slots(word.matches)
            for slot in slots
        }


def _add(sums: Sums, found: list[tuple[float, Slots]], first: int) -> None:
    """Add for each slot the most that one word counts there."""
    once = np.zeros_like(sums)
    for value, slots in sorted(found, key=lambda each: each[0]):
        once[slots - first] = value
    sums += once


def _words(names: Iterable[tuple[Matched, ...]]) -> list[Matched]:
    """The words of names, each once, the rarest first."""
    found = {id(word): word for name in names for word in name}
    return sorted(found.values(), key=lambda word: -word.weight)


def _twice(names: Iterable[tuple[Matched, ...]]) -> float:
    """What those words count that stand in one name more than once, of the name with the most of it."""
    return max((sum(map(_weight, name)) - sum(map(_weight, _words((name,)))) for name in names), default=0.0)


def _weight(word: Matched) -> float:
    return word.weight


def _may_be_born(asked: int, year: int) -> bool:
    return not asked or not year or abs(year - asked) <= _YEARS_APART


def _sum(asked: Iterable[Matched], names: Iterable[Numbers]) -> float:
    numbers = _of(names)
    return sum(max(_gains(word, numbers), default=0.0) for word in asked)


def _gains(word: Matched, numbers: Iterable[int]) -> Iterator[float]:
    return (word.matches[number].gain for number in numbers if number in word.matches)


def _of(names: Iterable[Numbers]) -> tuple[int, ...]:
    return tuple({number for name in names for number in name})
