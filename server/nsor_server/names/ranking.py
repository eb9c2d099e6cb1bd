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
from nsor_server.names.postings import Offsets, Postings, Range, keys
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


class _Best(NamedTuple):
    """Slots, and the sum of the words of each."""

    slots: Slots
    sums: Floats


def best(asked: Asked, held: Held, most: int) -> list[int]:
    """Slots of those whose words sum up best, at most so many of a year that may be meant, and as many of no year.

    Args:
        asked: the query.
        held: all cards.
        most: how many.
    """
    words = [
        *(Word(Part.NAME, each) for each in _rarest(asked.names)),
        *(Word(Part.RELATIVE, each) for each in _rarest(asked.relatives)),
    ]
    if not words:
        return []
    found: list[int] = []
    for nth in range(2 if asked.birth_year else 1):
        parts = []
        for postings in held.arrays:
            within = postings.ranges(asked.birth_year, asked.last_birth_year, YEARS_APART)[nth]
            if within.first < within.end:
                parts.append(_within(words, postings, within, held, most))
        if parts:
            slots, sums = (np.concatenate(each) for each in zip(*parts, strict=True))
            ranked = np.argsort(-sums, kind="stable")[:most]
            found += slots[ranked[sums[ranked] >= _LEAST_SHARE * float(sums.max(initial=0.0))]].tolist()
    return found


def _within(words: Sequence[Word], postings: Postings, within: Range, held: Held, most: int) -> _Best:
    """Those of a range."""
    spans = [_spans(word, postings, within) for word in words]
    touched = [int((end - begin).sum()) for begin, end, _ in spans]
    if sum(touched) * _FEW <= within.end - within.first:
        begin, end = (np.concatenate(each) for each in list(zip(*spans, strict=True))[:2])
        slots = distinct(postings.slots(postings.places(begin, end)))
        slots = slots[held.cards.are_there(slots)]
        sums = np.maximum(held.gains.of(words, held.cards, slots), 0.0).sum(axis=1)
    else:
        all_sums = np.zeros(within.end - within.first, dtype=np.float32)
        left = _MOST_POSTINGS
        for (begin, end, gained), each in zip(spans, touched, strict=True):
            if each <= left:
                left -= each
                _add(all_sums, postings.places(begin, end) - within.first, np.repeat(gained, end - begin))
        places = np.flatnonzero(all_sums >= max(_LEAST, _LEAST_SHARE * float(all_sums.max())))
        slots, sums = postings.slots((places + within.first).astype(np.int32)), all_sums[places]
        there = held.cards.are_there(slots)
        slots, sums = slots[there], sums[there]
    if len(slots) > most:
        chosen = np.argpartition(sums, len(slots) - most)[-most:]
        slots, sums = slots[chosen], sums[chosen]
    return _Best(slots, sums)


def _spans(word: Word, postings: Postings, within: Range) -> tuple[Offsets, Offsets, Floats]:
    """Where the places begin and end that have a word in a spelling that counts, and what it counts there."""
    first = int(np.searchsorted(word.matched.gains, 0.0, side="right"))
    of_words, gained = codes(word.matched.numbers[first:], word.part), word.matched.gains[first:]
    both = np.stack((keys(of_words, one_part=False), keys(of_words, one_part=True)), axis=1).ravel()
    return *postings.spans(both, within), np.repeat(gained, 2)


def _add(sums: Floats, places: Slots, gained: Floats) -> None:
    """Add for each place the most that one word counts there; what counts least stands first."""
    once = np.zeros_like(sums)
    once[places] = gained  # of a card that has it in several spellings, the last one counts most
    sums += once


def _rarest(names: Iterable[tuple[Matched, ...]]) -> list[Matched]:
    """The words of names, each once, the rarest first."""
    found = {id(word): word for name in names for word in name}
    return sorted(found.values(), key=lambda word: -word.weight)[:_MOST_WORDS]
