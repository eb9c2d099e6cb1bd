"""Which cards have a word: arrays that are made of many cards at once.

A card's place in them follows its birth year, so that a query with a year touches a narrow part of everything.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from nsor_server.names.cards import Cards, Codes, Slots

Offsets = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
_PLACE_BITS: Final = 32


class Range(NamedTuple):
    """Cards of some birth years, which lie side by side.

    Attributes:
        first: the first place, and ...
        end: ... that behind the last one.
        first_year: the number of the first of these years, and ...
        end_year: ... that behind the last one.
    """

    first: int
    end: int
    first_year: int
    end_year: int


class Postings:
    """From words to the cards that have them, of the cards that have the slots from ``first`` to before ``end``."""

    def __init__(self, cards: Cards, first: int, end: int) -> None:
        slots = np.arange(first, end, dtype=np.int32)
        slots = slots[cards.are_there(slots)]
        years = cards.years(slots)
        self._slots: Slots = slots[np.argsort(years, kind="stable")]
        each_year, first_places, years_of_places = _numbered(np.sort(years))
        self._years: list[int] = each_year.tolist()
        self._first_places: list[int] = first_places.tolist()
        self._first_slot, self._end_slot = first, end
        codes, counts = cards.codes_of(self._slots)
        of_words = codes >= 0
        places = np.repeat(np.arange(len(slots), dtype=np.int32), counts)[of_words]
        packed = keys(codes[of_words], one_part=False)
        packed += cards.have_one_part(self._slots)[places]
        packed <<= _PLACE_BITS
        packed += places
        packed.sort()
        packed = packed[_firsts(packed)]  # a word that a card has twice
        self._places: Places = (packed & ((1 << _PLACE_BITS) - 1)).astype(np.int32)
        packed >>= _PLACE_BITS
        packed *= len(self._years)
        packed += years_of_places[self._places]
        firsts = np.flatnonzero(_firsts(packed))
        self._keys = packed[firsts]
        self._starts: Offsets = np.append(firsts, len(packed)).astype(np.int64)

    def __len__(self) -> int:
        return self._end_slot - self._first_slot

    @property
    def first_slot(self) -> int:
        """The slot with which it begins."""
        return self._first_slot

    @property
    def end_slot(self) -> int:
        """The slot behind its last one."""
        return self._end_slot

    def ranges(self, year: int, last_year: int, apart: int) -> tuple[Range, ...]:
        """Those of whom no birth year is known, and those born so far from some years at most; year 0: all cards."""
        if not year:
            return (self._range(0, len(self._years)),)
        return (
            self._range(0, bisect.bisect_left(self._years, 1)),
            self._range(
                bisect.bisect_left(self._years, year - apart), bisect.bisect_right(self._years, last_year + apart)
            ),
        )

    def _range(self, first: int, end: int) -> Range:
        """The cards of the years from ``first`` to before ``end``, by the numbers of these."""
        return Range(self._first_places[first], self._first_places[end], first, end)

    def spans(self, words: Offsets, within: Range) -> tuple[Offsets, Offsets]:
        """Where the places that have each of some words begin and end, in a range. Words as by ``keys``."""
        of_words = words * len(self._years)
        bounds = np.searchsorted(self._keys, np.concatenate((of_words + within.first_year, of_words + within.end_year)))
        found = self._starts[bounds]
        return found[: len(words)], found[len(words) :]

    def places(self, begin: Offsets, end: Offsets) -> Places:
        """The places of spans, one after another."""
        some = np.flatnonzero(end > begin)
        spans = [self._places[first:last] for first, last in zip(begin[some].tolist(), end[some].tolist(), strict=True)]
        return np.concatenate(spans) if spans else self._places[:0]

    def having(self, words: Offsets, ranges: Sequence[Range], most: int) -> Slots:
        """The slots in some ranges that have one of some words, each as often as it has one.

        At most so many: beyond them the words are left out that most cards have.
        """
        years = np.array([year for each in ranges for year in (each.first_year, each.end_year)], dtype=np.int64)
        found = self._starts[np.searchsorted(self._keys, words * len(self._years) + years[:, np.newaxis])]
        begin, end = found[0::2].ravel(), found[1::2].ravel()
        counts = end - begin
        if int(counts.sum()) > most:
            rarest = np.argsort(counts, kind="stable")
            rarest = rarest[: np.searchsorted(np.cumsum(counts[rarest]), most, side="right")]
            begin, end = begin[rarest], end[rarest]
        return self._slots[self.places(begin, end)]

    def slots(self, places: Places) -> Slots:
        """The slots of places."""
        return self._slots[places]


def keys(codes: Codes, *, one_part: bool) -> Offsets:
    """How words are looked for: apart on cards that have names only, or relatives' only."""
    found: Offsets = codes.astype(np.int64) * 2 + one_part
    return found


def _numbered(years: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], Offsets, npt.NDArray[np.int64]]:
    """Each year once; where those of each begin, and where all end; and the number of each one's year."""
    firsts = np.flatnonzero(_firsts(years))
    starts = np.append(firsts, len(years)).astype(np.int64)
    return years[firsts], starts, np.repeat(np.arange(len(firsts), dtype=np.int64), np.diff(starts))


def _firsts(ordered: npt.NDArray[np.int32] | Offsets) -> npt.NDArray[np.bool_]:
    """Which are other than the one before."""
    found = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=found[1:])
    return found
