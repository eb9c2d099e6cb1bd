"""What the words of a query count on cards, many cards at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from nsor_server.names.card import Part
from nsor_server.names.cards import Cards, Codes, Slots, codes
from nsor_server.names.vocabulary import Matched

NOTHING: Final = -1e9
"""Of a word that a card has in no spelling."""
_AT_A_TIME: Final = 8_192
"""Cards whose words are looked at together: a query may have a hundred thousand."""

Floats = npt.NDArray[np.float32]


class Word(NamedTuple):
    """A word of a query, in one of its parts."""

    part: Part
    matched: Matched

    @property
    def codes(self) -> Codes:
        """What it may mean, as cards have it."""
        return codes(self.matched.numbers, self.part)


class Gains:
    """A place for what counts, by the codes of words; empty between two queries."""

    def __init__(self) -> None:
        self._rows = np.zeros(1, dtype=np.int32)

    def of(self, words: Sequence[Word], cards: Cards, slots: Slots) -> Floats:
        """The most that each word counts on each of some cards, which have words."""
        found, table = self._filled(words, cards)
        result = np.empty((len(slots), len(words)), dtype=np.float32)
        for first in range(0, len(slots), _AT_A_TIME):
            of_cards, counts = cards.codes_of(slots[first : first + _AT_A_TIME])
            rows = table[self._rows[of_cards]]
            result[first : first + _AT_A_TIME] = np.maximum.reduceat(rows, np.cumsum(counts) - counts, axis=0)
        self._rows[found] = 0
        return result

    def each(self, words: Sequence[Word], cards: Cards, of_cards: Codes) -> tuple[npt.NDArray[np.int32], Floats]:
        """What each word counts on each word of some cards: which row, and of each word what it counts on each row.

        Row 0 is of what none of the words may mean, and of what stands between names.
        """
        found, table = self._filled(words, cards)
        rows = self._rows[of_cards]
        self._rows[found] = 0
        return rows, np.ascontiguousarray(table.T)

    def _filled(self, words: Sequence[Word], cards: Cards) -> tuple[Codes, Floats]:
        """The codes that have a row now, and what each word counts on each row."""
        if len(self._rows) <= cards.codes_end:
            self._rows = np.zeros(cards.codes_end * 5 // 4 + 1, dtype=np.int32)  # the last stays 0: between names
        of_words = [each.codes for each in words]
        found = np.concatenate(of_words)
        self._rows[found] = np.arange(1, len(found) + 1, dtype=np.int32)
        table = np.full((len(found) + 1, len(words)), NOTHING, dtype=np.float32)
        columns = np.repeat(np.arange(len(words)), [len(each) for each in of_words])
        table[self._rows[found], columns] = np.concatenate([each.matched.gains for each in words])
        return found, table
