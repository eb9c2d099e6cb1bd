"""The cards by their slots: what is known of each, in arrays, so that a million of them are small."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from nsor_server.names.card import Part, Person

Numbers = tuple[int, ...]
Slots = npt.NDArray[np.int32]
Codes = npt.NDArray[np.int32]
_ANOTHER_NAME: Final = -1
"""Stands between two names of a card."""
_END_OF_NAME: Final = -1
_END_OF_RELATIVE: Final = -2
"""Stand behind the words of a name and of a relative's name, of cards that are added."""
_BOTH: Final = 3
_MOST_KNOWN: Final = 10_000
"""Sets of districts, as cards say them, of which it is kept which set they are."""
_MOST_NAMES: Final = 255
"""Names of a card that are counted."""


class Stored(NamedTuple):
    """A card, its words as numbers.

    Attributes:
        names: each name's words.
        relatives: each relative's words.
    """

    names: tuple[Numbers, ...]
    relatives: tuple[Numbers, ...]
    birth_year: int
    sex: int
    districts: frozenset[str]

    @property
    def words(self) -> frozenset[int]:
        """All words."""
        return frozenset(itertools.chain(*self.names, *self.relatives))


class Written:
    """What is known of cards that are added together."""

    __slots__ = ("districts", "ends", "numbers", "sexes", "years")

    def __init__(self) -> None:
        self.numbers = list[int]()
        """The words of each name, and behind them whose name it is."""
        self.ends = list[int]()
        """Where in these each card ends."""
        self.years, self.sexes = list[int](), list[int]()
        self.districts = list[tuple[str, ...]]()

    def add(self, names: Iterable[Sequence[int]], relatives: Iterable[Sequence[int]], person: Person) -> None:
        """Add a card: the words of its names and of the relatives', and what else is known of the person."""
        numbers = self.numbers
        for name in names:
            numbers += name
            numbers.append(_END_OF_NAME)
        for name in relatives:
            numbers += name
            numbers.append(_END_OF_RELATIVE)
        self.ends.append(len(numbers))
        self.years.append(person.birth_year)
        self.sexes.append(person.sex)
        self.districts.append(person.districts)


def codes(numbers: npt.NDArray[np.int32], part: Part) -> Codes:
    """By what cards have words in a part: in names and in relatives' names a word isn't the same."""
    return numbers * 2 + (part is Part.RELATIVE)


class Cards:
    """Cards, each with a slot: the next one is added behind all others."""

    def __init__(self) -> None:
        self._codes, self._ends, self._codes_end = array("i"), array("q", [0]), 0
        self._years, self._sexes, self._names = array("i"), array("i"), array("B")
        self._parts, self._there = array("b"), array("b")
        self._districts, self._sets = array("i"), _DistrictSets()
        self._one_part: set[Part] = set()

    def __len__(self) -> int:
        return len(self._years)

    def add(self, written: Written) -> npt.NDArray[np.int64]:
        """Add cards; tells the numbers of the words that they have, each as often as cards have it."""
        count, numbers = len(written.ends), np.array(written.numbers, dtype=np.int64)
        ends = np.array(written.ends, dtype=np.int64)
        cards = np.repeat(np.arange(count), np.diff(ends, prepend=0))
        behind = np.flatnonzero(numbers < 0)
        of_relatives = numbers[behind] == _END_OF_RELATIVE
        of_words = numbers * 2 + np.repeat(of_relatives, np.diff(behind, prepend=-1))
        of_words[behind] = _ANOTHER_NAME
        self._codes_end = max(self._codes_end, int(of_words.max(initial=-1)) // 2 * 2 + 2)
        names, relatives = (
            np.bincount(cards[behind[these]], minlength=count) for these in (~of_relatives, of_relatives)
        )
        self._add_parts(names > 0, relatives > 0)
        self._names.frombytes(np.minimum(_MOST_NAMES, names + relatives).astype(np.uint8).tobytes())
        self._ends.frombytes((ends + len(self._codes)).tobytes())
        self._codes.frombytes(of_words.astype(np.int32).tobytes())
        self._years.extend(written.years)
        self._sexes.extend(written.sexes)
        self._there.frombytes(bytes([1]) * count)
        self._districts.extend(map(self._sets.number, written.districts))
        words = numbers >= 0
        span = int(numbers.max(initial=0)) + 1
        of_cards: npt.NDArray[np.int64] = cards[words] * span + numbers[words]
        return distinct(of_cards) % span

    def _add_parts(self, have_names: npt.NDArray[np.bool_], have_relatives: npt.NDArray[np.bool_]) -> None:
        self._parts.frombytes((have_names + 2 * have_relatives).astype(np.int8).tobytes())
        if np.any(have_names & ~have_relatives):
            self._one_part.add(Part.NAME)
        if not np.all(have_names):
            self._one_part.add(Part.RELATIVE)

    @property
    def codes_end(self) -> int:
        """Above all codes of words."""
        return self._codes_end

    def may_have_only(self, part: Part) -> bool:
        """Whether there may be cards that have words in one part only."""
        return part in self._one_part

    def remove(self, slot: int) -> None:
        """Forget a card; its slot stays empty."""
        self._there[slot] = 0

    def card(self, slot: int) -> Stored:
        """A card as it was added."""
        names: tuple[list[Numbers], list[Numbers]] = ([], [])
        words: list[int] = []
        part = 0
        for code in self._codes[self._ends[slot] : self._ends[slot + 1]]:
            if code == _ANOTHER_NAME:
                names[part].append(tuple(words))
                words = []
            else:
                part = code & 1
                words.append(code >> 1)
        districts = self._sets.districts(self._districts[slot])
        return Stored(tuple(names[0]), tuple(names[1]), self._years[slot], self._sexes[slot], districts)

    # A view that is left would keep an array from growing.

    def codes_of(self, slots: Slots) -> tuple[Codes, npt.NDArray[np.int64]]:
        """What cards have, one after another, and how much each: the codes of words, and less than 0 between names."""
        ends = np.frombuffer(self._ends, dtype=np.int64)
        begin, end = ends[slots], ends[slots + 1]
        return parts(np.frombuffer(self._codes, dtype=np.int32), begin, end), end - begin

    def are_there(self, slots: Slots) -> npt.NDArray[np.bool_]:
        """Which of some cards aren't forgotten."""
        return np.frombuffer(self._there, dtype=np.bool_)[slots]

    def lengths(self, slots: Slots) -> npt.NDArray[np.float64]:
        """How long the names of each are on average: one more than they have words."""
        ends = np.frombuffer(self._ends, dtype=np.int64)
        names = np.frombuffer(self._names, dtype=np.uint8)[slots]
        found: npt.NDArray[np.float64] = (ends[slots + 1] - ends[slots]) / np.maximum(names, 1)
        return found

    def years(self, slots: Slots) -> npt.NDArray[np.int32]:
        """Their birth years, 0 where none is known."""
        return np.frombuffer(self._years, dtype=np.int32)[slots]

    def sexes(self, slots: Slots) -> npt.NDArray[np.int32]:
        """Their sexes, 0 where none is known."""
        return np.frombuffer(self._sexes, dtype=np.int32)[slots]

    def have(self, slots: Slots, part: Part) -> npt.NDArray[np.bool_]:
        """Which of them have words in a part."""
        bit = 2 if part is Part.RELATIVE else 1
        return np.bitwise_and(np.frombuffer(self._parts, dtype=np.int8)[slots], bit).astype(np.bool_)

    def have_one_part(self, slots: Slots) -> npt.NDArray[np.bool_]:
        """Which of them have names only, or relatives' only."""
        return np.not_equal(np.frombuffer(self._parts, dtype=np.int8)[slots], _BOTH)

    def have_districts(self, slots: Slots) -> npt.NDArray[np.bool_]:
        """Of which of them a district is known."""
        return np.frombuffer(self._districts, dtype=np.int32)[slots].astype(np.bool_)

    def share_a_district(self, slots: Slots, districts: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Which of them have one of some districts."""
        return self._sets.sharing(districts)[np.frombuffer(self._districts, dtype=np.int32)[slots]]

    def kept(self) -> tuple[Cards, Slots]:
        """Those that aren't forgotten, in the same order, and the slots that they had."""
        slots = np.flatnonzero(np.frombuffer(self._there, dtype=np.bool_)).astype(np.int32)
        found = Cards()
        of_cards, counts = self.codes_of(slots)
        found._codes.frombytes(of_cards.tobytes())
        found._ends.frombytes(np.cumsum(counts).tobytes())
        found._sets, found._codes_end, found._one_part = self._sets, self._codes_end, self._one_part
        for name in ("_years", "_sexes", "_names", "_parts", "_there", "_districts"):
            of_all = getattr(self, name)
            getattr(found, name).frombytes(np.frombuffer(of_all, dtype=of_all.typecode)[slots].tobytes())
        return found, slots


class _DistrictSets:
    """Which districts cards have: few different sets of them; 0 is the empty one."""

    def __init__(self) -> None:
        self._sets: list[frozenset[str]] = [frozenset()]
        self._numbers: dict[frozenset[str], int] = {frozenset(): 0}
        self._having: dict[str, array[int]] = {}
        self._known: dict[tuple[str, ...], int] = {}

    def number(self, districts: tuple[str, ...]) -> int:
        found = self._known.get(districts)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            found = self._known[districts] = self._number(frozenset(districts))
        return found

    def _number(self, districts: frozenset[str]) -> int:
        found = self._numbers.get(districts)
        if found is None:
            found = self._numbers[districts] = len(self._sets)
            self._sets.append(districts)
            for district in districts:
                self._having.setdefault(district, array("i")).append(found)
        return found

    def districts(self, number: int) -> frozenset[str]:
        return self._sets[number]

    def sharing(self, districts: Iterable[str]) -> npt.NDArray[np.bool_]:
        found = np.zeros(len(self._sets), dtype=np.bool_)
        for district in districts:
            numbers = self._having.get(district)
            if numbers is not None:
                found[np.frombuffer(numbers, dtype=np.int32)] = True
        return found


def parts(of: npt.NDArray[np.int32], begin: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Several parts of an array, one after another."""
    lengths = end - begin
    before = np.cumsum(lengths) - lengths
    found: npt.NDArray[np.int32] = of[np.arange(int(lengths.sum())) + np.repeat(begin - before, lengths)]
    return found


_I = TypeVar("_I", np.int32, np.int64)


def distinct(several: npt.NDArray[_I]) -> npt.NDArray[_I]:
    """Each number once, in ascending order."""
    ordered = np.sort(several)
    firsts = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=firsts[1:])
    return ordered[firsts]
