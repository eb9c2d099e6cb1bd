"""Which words a card must have to be as alike as is asked for: those that lack all of them needn't be looked at.

Each word of a query that a card lacks takes a fifth of its weight away, besides what it doesn't give. So the words that
most cards have are left aside, as long as they, with all else the same, aren't enough. Of a word that can only be left
aside in part, those spellings are looked for that count more than that part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from nsor_server.names.evidence import LEFT_OUT

_ROUNDED: Final = 0.002
"""More than the rounding of a sum."""


class Way(NamedTuple):
    """One way to write a name.

    Attributes:
        words: the numbers of its words, among those of the query.
        whole: what they count together.
    """

    words: tuple[int, ...]
    whole: float


class Least(NamedTuple):
    """How alike somebody has to be.

    Attributes:
        strength: share of what there is to be found.
        rarity: in nats.
        besides: most that all but names can count.
    """

    strength: float
    rarity: float
    besides: float

    def sum_of(self, whole: float) -> float:
        """What the words of names that count ``whole`` have to sum up to, if all else is the same."""
        return max(self._by_strength(whole), self.rarity - self.besides)

    def slope(self, whole: float) -> tuple[float, float]:
        """The same as a straight line: what is enough for so much, and less than what is enough for all else."""
        if self._by_strength(whole) >= self.rarity - self.besides:
            return self.strength, (self.strength - 1) * self.besides
        return 0.0, self.rarity - self.besides

    def _by_strength(self, whole: float) -> float:
        return self.strength * whole + (self.strength - 1) * self.besides


def floors(
    weights: Sequence[float], cost_of: Sequence[int], parts: Sequence[Sequence[Way]], least: Least
) -> list[float]:
    """What each word has to count at least, to be looked for; infinite: it needn't be looked for at all.

    Args:
        weights: what each word counts.
        cost_of: how many cards have each, in any spelling.
        parts: the ways to write the name, or those to write the relative's, or both: a card has one way of each.
        least: how alike somebody has to be.
    """
    whole = sum(max(way.whole for way in ways) for ways in parts)
    if least.sum_of(whole) - _ROUNDED > whole:
        return [math.inf] * len(weights)
    slope, more = least.slope(whole)
    # What is left aside of a way counts up from here; the most of one part and the most of the other may be ``more``.
    aside = [[-(slope + LEFT_OUT) * way.whole for way in ways] for ways in parts]
    found = [math.inf] * len(weights)
    having = [
        [
            (p, n, way.words.count(word))
            for p, ways in enumerate(parts)
            for n, way in enumerate(ways)
            if word in way.words
        ]
        for word in range(len(weights))
    ]
    for word in sorted(range(len(weights)), key=lambda each: -cost_of[each]):
        left = (1 + LEFT_OUT) * weights[word]
        for p, n, times in having[word]:
            others = sum(max(of_part) for other, of_part in enumerate(aside) if other != p)
            left = min(left, (more - _ROUNDED - others - aside[p][n]) / times)
        left = max(0.0, left)
        for p, n, times in having[word]:
            aside[p][n] += left * times
        if having[word] and left < (1 + LEFT_OUT) * weights[word]:
            found[word] = left - LEFT_OUT * weights[word]
    return found
