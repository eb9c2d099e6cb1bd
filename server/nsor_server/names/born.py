"""Who was born on a day: cards by the day of birth, and which of a day's are alike by both names.

A passenger is compared with those of his day alone, so that little has to be compared: most cards of a day share too
few consonants with his names, and his words aren't looked for in the vocabulary unless one is left.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from nsor_server.names.cards import Cards, Numbers, Slots, Stored
from nsor_server.names.spellings import consonants
from nsor_server.names.vocabulary import Vocabulary

_MOST_LOST: Final = 0.5
"""Share of what the words of a name count that a card may have nothing like: with more it isn't close enough."""
_MOST_CONSONANTS: Final = 2
"""In which two words differ that share a key."""


class Births:
    """Slots of cards by the day of birth."""

    def __init__(self) -> None:
        self._slots: dict[int, array[int]] = {}

    def add(self, day: int, slot: int) -> None:
        """Add a card; one whose day isn't known (0) stands under none."""
        if day:
            self._slots.setdefault(day, array("i")).append(slot)

    def on(self, day: int) -> Slots:
        """The slots of a day's cards, also of those that are gone since."""
        return np.array(self._slots.get(day, ()), dtype=np.int32)

    def moved(self, to: Mapping[int, int]) -> None:
        """Give the cards their new slots; those that have none are forgotten."""
        kept = {day: array("i", [to[slot] for slot in slots if slot in to]) for day, slots in self._slots.items()}
        self._slots = {day: slots for day, slots in kept.items() if slots}


def near(
    names: Sequence[Sequence[str]], relatives: Sequence[Sequence[str]], cards: Cards, slots: Slots, known: Vocabulary
) -> list[tuple[int, Stored]]:
    """The cards that may be alike by the name and by the relative's name; none of the others is.

    Args:
        names: the words of a name, in each way in which it may be written.
        relatives: the same of the relative's.
        cards: all cards.
        slots: of those that are looked at.
        known: all words.
    """
    codes, counts = cards.codes_of(slots)
    of = np.repeat(np.arange(len(slots)), counts)
    are_words, are_relatives = codes >= 0, (codes & 1).astype(np.bool_)
    has = known.consonants_of(np.maximum(codes, 0) >> 1)
    may_be = np.ones(len(slots), dtype=np.bool_)
    for ways, of_part in ((names, are_words & ~are_relatives), (relatives, are_words & are_relatives)):
        found = np.zeros(len(slots), dtype=np.bool_)
        for way in ways:
            weights = [known.counts_at_most(word) for word in way]
            lost = np.zeros(len(slots))
            for word, weight in zip(way, weights, strict=True):
                few = np.bitwise_count(has ^ np.uint32(consonants(word))) <= _MOST_CONSONANTS
                lost += np.where(np.bincount(of[few & of_part], minlength=len(slots)), 0.0, weight)
            found |= lost <= _MOST_LOST * sum(weights)
        may_be &= found
    left = ((slot, cards.card(slot)) for slot in slots[may_be].tolist())
    return [
        (slot, card)
        for slot, card in left
        if _may_be(names, card.names, known) and _may_be(relatives, card.relatives, known)
    ]


def _may_be(ways: Iterable[Sequence[str]], names: Sequence[Numbers], known: Vocabulary) -> bool:
    """The same of one part of a card, by the words themselves."""
    numbers = {number for name in names for number in name}
    for way in ways:
        weights = [known.counts_at_most(word) for word in way]
        lost = sum(
            weight
            for word, weight in zip(way, weights, strict=True)
            if not any(known.may_be(word, number) for number in numbers)
        )
        if lost <= _MOST_LOST * sum(weights):
            return True
    return False
