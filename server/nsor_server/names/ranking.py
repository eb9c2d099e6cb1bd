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
_FEW: Final = 16
"""Cards with a needed word that are fewer than one in so many are summed up by themselves, without all the others."""
_LEAST_SHARE: Final = 0.45
"""Of the best sum: what has less isn't ranked."""
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
        least: the sums that are enough.
    """

    names: list[Matched]
    relatives: list[Matched]
    needed: tuple[list[Matched], list[Matched]]
    birth_year: int
    least: Least

    @classmethod
    def of(cls, asked: Asked, strength: float) -> Sought:
        """The words of a query."""
        both = names, relatives = _rarest(asked.names), _rarest(asked.relatives)
        least = Least.of(asked, strength)
        needed: tuple[list[Matched], list[Matched]] = [], []
        others = 0.0
        for weight, part, nth in sorted((word.weight, p, n) for p in (0, 1) for n, word in enumerate(both[p])):
            others += weight
            if others > min(least) - _ROUNDED:
                needed[part].append(both[part][nth])
        return cls(names, relatives, needed, asked.birth_year, least)


class Arrays:
    """Cards that were given at once, in the order of their birth years: a slot is a place among them."""

    def __init__(self, cards: Sequence[Stored] = (), words: int = 0) -> None:
        """``words``: so many there are, on any card."""
        self._years = np.fromiter((card.birth_year for card in cards), dtype=np.int32, count=len(cards))
        self._has_relative = np.fromiter((bool(card.relatives) for card in cards), dtype=np.bool_, count=len(cards))
        self._names = Postings.of([_of(card.names) for card in cards], words)
        self._relatives = Postings.of([_of(card.relatives) for card in cards], words)
        self._gains = np.zeros(words, dtype=np.float32)

    def __len__(self) -> int:
        return len(self._years)

    def best(self, sought: Sought, most: int) -> list[int]:
        """Slots of those whose words sum up best, at most so many."""
        ranges = [(0, len(self))]
        if sought.birth_year:
            years = (1, sought.birth_year - _YEARS_APART, sought.birth_year + _YEARS_APART + 1)
            unknown, first, end = np.searchsorted(self._years, years).tolist()
            ranges = [(0, unknown), (first, end)]
        return [slot for first, end in ranges if first < end for slot in self._best_in(sought, first, end, most)]

    def _best_in(self, sought: Sought, first: int, end: int, most: int) -> list[int]:
        needed = [
            (postings, word.numbers)
            for postings, words in zip((self._names, self._relatives), sought.needed, strict=True)
            for word in words
        ]
        if not needed:
            return []
        if sum(postings.count(numbers) for postings, numbers in needed) * _FEW <= end - first:
            slots = np.unique(np.concatenate([postings.slots(numbers) for postings, numbers in needed]))
            slots = slots[slice(*np.searchsorted(slots, (first, end)))]
            sums = self._sums_of(sought, slots)
            enough = sums >= min(sought.least)
            slots, sums = slots[enough], sums[enough]
        else:
            all_sums = self._sums_of_all(sought, first, end)
            best = np.flatnonzero(all_sums >= min(sought.least))
            slots, sums = best + first, all_sums[best]
        if len(slots) > most:
            best = np.argpartition(sums, len(slots) - most)[-most:]
            slots, sums = slots[best], sums[best]
        least = np.where(self._has_relative[slots], sought.least.with_relative, sought.least.without_relative)
        least = np.maximum(least, _LEAST_SHARE * float(sums.max(initial=0.0)))
        return [int(slot) for slot in slots[sums >= least]]

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

    def _sums_of_all(self, sought: Sought, first: int, end: int) -> Sums:
        """The sum of each slot in a range, by the slots of the words."""
        sums = np.zeros(end - first, dtype=np.float32)
        left = _MOST_POSTINGS
        for words, postings in ((sought.names, self._names), (sought.relatives, self._relatives)):
            for word in words:
                found = [postings.within(number, first, end) for number in word.numbers.tolist()]
                touched = sum(map(len, found))
                if not touched or touched > left:
                    continue
                left -= touched
                _add(sums, list(zip(word.gains.tolist(), found, strict=True)), first)
        return sums


class Latest:
    """Cards that were added since, one by one."""

    def __init__(self) -> None:
        self._names, self._relatives = Recent(), Recent()

    def add(self, slot: int, card: Stored) -> None:
        """Add a card; one that is gone later is left out by who asks."""
        self._names.add(slot, _of(card.names))
        self._relatives.add(slot, _of(card.relatives))

    def best(self, sought: Sought, most: int, cards: Sequence[Stored | None]) -> list[int]:
        """Slots of those whose words sum up best, at most so many; ``cards`` by slot."""
        sums = []
        for slot in self._having(sought):
            card = cards[slot]
            if card is None or not _may_be_born(sought.birth_year, card.birth_year):
                continue
            value = _sum(sought.names, card.names) + _sum(sought.relatives, card.relatives)
            if value >= (sought.least.with_relative if card.relatives else sought.least.without_relative):
                sums.append((-value, slot))
        return [slot for _, slot in sorted(sums)[:most]]

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


def _rarest(names: Iterable[tuple[Matched, ...]]) -> list[Matched]:
    """The words to look for, each once, the rarest first."""
    found = {id(word): word for name in names for word in name}
    return sorted(found.values(), key=lambda word: -word.weight)[:_MOST_WORDS]


def _may_be_born(asked: int, year: int) -> bool:
    return not asked or not year or abs(year - asked) <= _YEARS_APART


def _sum(asked: Iterable[Matched], names: Iterable[Numbers]) -> float:
    numbers = _of(names)
    return sum(max(_gains(word, numbers), default=0.0) for word in asked)


def _gains(word: Matched, numbers: Iterable[int]) -> Iterator[float]:
    return (word.gain(number) for number in numbers if number in word.matches)


def _of(names: Iterable[Numbers]) -> tuple[int, ...]:
    return tuple({number for name in names for number in name})
