"""Who may be as alike as is asked for: nobody who is so alike is left out, and few others are left in.

Two steps, each by the most that a card can count: cards that have none of the words that are needed aren't looked at
(``needed``), and of those that are looked at all words are summed up, with birth year, district and sex.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from nsor_server.names.alike import besides
from nsor_server.names.card import Part
from nsor_server.names.cards import Cards, Slots, codes, distinct
from nsor_server.names.evidence import DISTRICT, LEFT_OUT, YEARS_APART, Asked, year_whole
from nsor_server.names.gains import Floats, Word
from nsor_server.names.held import Held
from nsor_server.names.needed import Least, Way, floors
from nsor_server.names.postings import Offsets, keys
from nsor_server.names.vocabulary import Matched

_MOST_LOOKED_AT: Final = 200_000
"""Postings that one query goes through; what is beyond them is left out, of the words that most cards have."""
_ROUNDED: Final = 0.005
"""More than the rounding of a sum."""


class _Ways(NamedTuple):
    """The ways to write the names, or those to write the relatives', of a query."""

    part: Part
    ways: Sequence[Way]


class Likely:
    """A query for those who are alike enough."""

    def __init__(self, asked: Asked, strength: float, rarity: float) -> None:
        """Somebody has to be so alike, by share and in nats; by 0 anybody is who has one of the words."""
        self._asked = asked
        self._words: list[Word] = []
        names = _Ways(Part.NAME, tuple(self._ways(Part.NAME, asked.names)))
        relatives = _Ways(Part.RELATIVE, tuple(self._ways(Part.RELATIVE, asked.relatives)))
        self._parts = [part for part in (names, relatives) if part.ways]
        of_year = year_whole(asked) if asked.birth_year else 0.0
        self._least = Least(strength, rarity, of_year + (DISTRICT if asked.districts else 0.0))

    def best(self, held: Held, most: int) -> list[int]:
        """The slots of those who can be alike enough; of more than ``most`` those are left out who can count least."""
        needed = self._needed(held.cards)
        if not len(needed) or not held.arrays:
            return []
        share = _MOST_LOOKED_AT / sum(map(len, held.arrays))
        having = [
            postings.having(
                needed,
                postings.ranges(self._asked.birth_year, self._asked.last_birth_year, YEARS_APART),
                int(share * len(postings)) + 1,
            )
            for postings in held.arrays
        ]
        slots = distinct(np.concatenate(having))
        slots = slots[held.cards.are_there(slots)]
        if not len(slots):
            return []
        slots, bounds = self._enough(held.cards, slots, held.gains.of(self._words, held.cards, slots))
        if len(slots) > most:
            slots = slots[np.argsort(-bounds, kind="stable")[:most]]
        found: list[int] = slots.tolist()
        return found

    def _ways(self, part: Part, names: Iterable[tuple[Matched, ...]]) -> Iterator[Way]:
        numbers = {id(word.matched): number for number, word in enumerate(self._words) if word.part is part}
        for name in names:
            for matched in name:
                if id(matched) not in numbers:
                    numbers[id(matched)] = len(self._words)
                    self._words.append(Word(part, matched))
            yield Way(tuple(numbers[id(matched)] for matched in name), sum(matched.weight for matched in name))

    def _needed(self, cards: Cards) -> Offsets:
        """The words of which a card has one at least, in the spellings that count enough."""
        one = (self._keys([part], one_part=True) for part in self._parts if cards.may_have_only(part.part))
        return np.concatenate((self._keys(self._parts, one_part=False), *one))

    def _keys(self, parts: Sequence[_Ways], *, one_part: bool) -> Offsets:
        weights = [word.matched.weight for word in self._words]
        cards = [word.matched.cards for word in self._words]
        needed = floors(weights, cards, [part.ways for part in parts], self._least)
        found = [np.zeros(0, dtype=np.int32)]
        for part in parts:
            numbers = [
                word.matched.numbers[int(word.matched.gains.searchsorted(floor - _ROUNDED)) :]
                for word, floor in zip(self._words, needed, strict=True)
                if word.part is part.part and floor < math.inf
            ]
            if numbers:
                found.append(codes(np.concatenate(numbers), part.part))
        return keys(np.concatenate(found), one_part=one_part)

    def _enough(self, cards: Cards, slots: Slots, counted: Floats) -> tuple[Slots, Floats]:
        """Those whose words can sum up to enough, and to how much."""
        weights = np.array([word.matched.weight for word in self._words], dtype=np.float32)
        counted = np.maximum(counted, -LEFT_OUT * weights)
        nats, over = np.zeros(len(slots), dtype=np.float32), np.zeros(len(slots), dtype=np.float32)
        for part in self._parts:
            sums = np.stack([counted[:, way.words].sum(axis=1) for way in part.ways])
            wholes = np.array([[way.whole] for way in part.ways], dtype=np.float32)
            have = cards.have(slots, part.part)
            nats += np.where(have, sums.max(axis=0), 0.0)
            over += np.where(have, (sums - self._least.strength * wholes).max(axis=0), 0.0)
        # By far the most can't, even if all else is the same.
        most = self._least.besides
        can = np.flatnonzero(self._are_enough(nats + most, over + (1 - self._least.strength) * most))
        slots, nats, over = slots[can], nats[can], over[can]
        if len(slots):
            more, whole = besides(self._asked, cards, slots)
            nats, over = nats + more, over + more - self._least.strength * whole
            enough = self._are_enough(nats, over)
            slots, nats = slots[enough], nats[enough]
        return slots, nats

    def _are_enough(self, nats: Floats, over: Floats) -> npt.NDArray[np.bool_]:
        return (nats >= self._least.rarity - _ROUNDED) & (over >= -_ROUNDED)
