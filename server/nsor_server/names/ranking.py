"""Whose words sum up best, where nobody says how alike somebody has to be: those alone are compared word by word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from nsor_server.names.card import Part
from nsor_server.names.cards import Slots, codes, distinct
from nsor_server.names.evidence import YEARS_APART, Asked
from nsor_server.names.gains import Floats, Word
from nsor_server.names.held import Held
from nsor_server.names.postings import Offsets, Places, Postings, Range, keys
from nsor_server.names.vocabulary import Matched

_MOST_WORDS: Final = 12
"""Words of a query's names, and as many of its relatives', that are looked for: the rarest."""
_MOST_POSTINGS: Final = 600_000
"""Postings that one query goes through; what is so frequent that it exceeds them counts in the ranking alone."""
_FEW: Final = 64
"""Cards with one of the words that are fewer than one in so many are summed up without all the others."""
_LEAST_SHARE: Final = 0.45
"""Of the best sum: what has less isn't ranked.

Who has several names has several times the sum of who has one of them.
"""
_LEAST: Final = 0.01
_DIGITS: Final = 3
"""Of a sum that tell two cards apart: in which order words were added tells nothing."""


_KEYS: Final = 2
"""By which a word is looked for: on cards of both parts, and of one."""
_FREQUENT: Final = 1 << 14
"""Postings of a word before which it is asked whether it can change anything."""


class _Searched(NamedTuple):
    """A part of some arrays' cards, which are numbered one array after another.

    Attributes:
        postings: the array.
        within: its part.
        first: the number of the first card.
    """

    postings: Postings
    within: Range
    first: int

    @property
    def end(self) -> int:
        """The number behind the last card."""
        return self.first + self.within.end - self.within.first


class _Spans(NamedTuple):
    """Where the places begin and end that have a word in a spelling that counts, of each array.

    Attributes:
        of_arrays: begins and ends; what counts least stands first.
        gained: what each counts.
        most: what the word can count.
        touched: how many places there are.
    """

    of_arrays: Sequence[tuple[Offsets, Offsets]]
    gained: Floats
    most: float
    touched: int


def best(asked: Asked, held: Held, most: int, sure: int) -> list[int]:
    """Slots of those whose words sum up best, at most so many of a year that may be meant, and as many of no year.

    Args:
        asked: the query.
        held: all cards.
        most: how many.
        sure: how many of them are those that have the best sums for certain; of the others a frequent word may be
            left out of the sum, if that spares most of the work.
    """
    words = sorted(
        (
            *(Word(Part.NAME, each) for each in _rarest(asked.names)),
            *(Word(Part.RELATIVE, each) for each in _rarest(asked.relatives)),
        ),
        key=lambda word: -word.matched.weight,
    )
    if not words:
        return []
    found: list[int] = []
    for nth in range(2 if asked.birth_year else 1):
        searched, first = [], 0
        for postings in held.arrays:
            within = postings.ranges(asked.birth_year, asked.last_birth_year, YEARS_APART)[nth]
            if within.first < within.end:
                searched.append(_Searched(postings, within, first))
                first = searched[-1].end
        if searched:
            found += _of(words, searched, held, most, sure).tolist()
    return found


def _of(words: Sequence[Word], searched: Sequence[_Searched], held: Held, most: int, sure: int) -> Slots:
    """The best of the cards that are searched."""
    spans = [_spans(word, searched) for word in words]
    if sum(each.touched for each in spans) * _FEW <= searched[-1].end:
        having = [
            each.postings.slots(each.postings.places(*of.of_arrays[nth]))
            for of in spans
            for nth, each in enumerate(searched)
        ]
        slots = distinct(np.concatenate(having))
        sums, less = np.maximum(held.gains.of(words, held.cards, slots), 0.0).sum(axis=1), 0.0
    else:
        numbers, sums, less = _summed(spans, searched, held, most, sure)
        slots = np.empty(len(numbers), dtype=np.int32)
        of_arrays = np.searchsorted([each.end for each in searched], numbers, side="right")
        for nth, each in enumerate(searched):
            these = np.flatnonzero(of_arrays == nth)
            slots[these] = each.postings.slots(numbers[these] - (each.first - each.within.first))
    there = held.cards.are_there(slots)
    slots, sums = slots[there], np.round(sums[there], _DIGITS)
    enough = sums >= _least(sums, less)
    slots, sums = slots[enough], sums[enough]
    if len(slots) > most:
        least = np.partition(sums, len(sums) - most)[-most]
        more, as_much = slots[sums > least], np.sort(slots[sums == least])
        # Of those who have the same words whoever has no others is likelier to be meant.
        shortest = np.argsort(held.cards.lengths(as_much), kind="stable")[: most - len(more)]
        slots = np.concatenate((more, as_much[shortest]))
    return slots


def _summed(
    spans: Sequence[_Spans], searched: Sequence[_Searched], held: Held, most: int, sure: int
) -> tuple[Places, Floats, float]:
    """The cards whose words sum up to enough, by numbers; to what; and what may still come to each.

    That is of words that were left out at the end.
    """
    held.sums.make_room(searched[-1].end)
    left, rest = _MOST_POSTINGS, sum(of.most for of in spans)
    for each in spans:
        if each.touched > _FREQUENT and _are_certain(held.sums.having()[1], rest, most, sure):
            break
        rest = max(0.0, rest - each.most)
        if each.touched <= left:
            left -= each.touched
            places, gained = [], []
            for part, (begin, end) in zip(searched, each.of_arrays, strict=True):
                places.append(part.postings.places(begin, end) + (part.first - part.within.first))
                gained.append(np.repeat(each.gained, end - begin))
            one_spelling = len(each.gained) == _KEYS
            held.sums.add(np.concatenate(places), np.concatenate(gained), each_once=one_spelling)
    numbers, sums = held.sums.having()
    held.sums.empty()
    enough = np.flatnonzero(sums >= _least(sums, rest))
    return numbers[enough], sums[enough], rest


def _are_certain(sums: Floats, rest: float, most: int, sure: int) -> bool:
    """Whether the best are among those ranked already, if up to so much may still come to each."""
    least = _least(sums, rest)
    if least <= _LEAST:
        return False
    can = sums[sums >= least]
    if len(can) <= most:
        return True
    ordered = np.partition(can, (len(can) - most, len(can) - sure))
    return bool(ordered[-most] + rest <= ordered[-sure])


def _least(sums: Floats, rest: float) -> float:
    """The least sum of who is ranked, if so much may still come to it."""
    return max(_LEAST, _LEAST_SHARE * float(sums.max(initial=0.0)) - rest)


def _spans(word: Word, searched: Sequence[_Searched]) -> _Spans:
    first = int(np.searchsorted(word.matched.gains, 0.0, side="right"))
    of_words, gained = codes(word.matched.numbers[first:], word.part), word.matched.gains[first:]
    both = np.stack((keys(of_words, one_part=False), keys(of_words, one_part=True)), axis=1).ravel()
    of_arrays = [each.postings.spans(both, each.within) for each in searched]
    count = sum(int((end - begin).sum()) for begin, end in of_arrays)
    return _Spans(of_arrays, np.repeat(gained, _KEYS), float(gained[-1]) if len(gained) else 0.0, count)


def _rarest(names: Iterable[tuple[Matched, ...]]) -> list[Matched]:
    """The words of names, each once, the rarest first."""
    found = {id(word): word for name in names for word in name}
    return sorted(found.values(), key=lambda word: -word.weight)[:_MOST_WORDS]
