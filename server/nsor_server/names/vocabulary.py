"""Every word that stands on a card, once: how many cards have it, and which words are taken for which.

A query's words are compared with the vocabulary, never with people. Words whose consonants differ by one at most are
found through what is left of them when one is taken away; those alone are aligned, sound by sound.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from nsor_server.names import alignment, sounds, words
from nsor_server.names.card import Rule

_PEOPLE_BEFORE: Final = 20_000
"""People whose words are taken to be known before the first card: a small register says little of rarity."""
_SHARE_OF_OTHERS: Final = 1 / 5_000
"""Share of people who have a word that isn't known to be frequent."""
_TITLES_COUNT: Final = 0.25
_PER_COST: Final = 5.0
"""Nats that a cost of 1 takes away."""
_SLIP: Final = 0.9
_SPELLING: Final = 0.3
"""What differs by more is another spelling of a name only if it isn't a name itself."""
_BOTH_NAMES: Final = 0.4
_SHARE_OF_A_NAME: Final = 1 / 20_000
_MOST_MATCHES: Final = 96
_MOST_ALIGNED: Final = 4_000
_CACHED: Final = 20_000
"""Answers that are kept, ..."""
_KEPT_UNTIL_MORE: Final = 0.02
"""... until there are so many more people, or fewer, that what words count has changed."""


class Match(NamedTuple):
    """A word of the vocabulary that may be meant by a query's word."""

    number: int
    cost: float
    rule: Rule


class Matched(NamedTuple):
    """What a query's word may mean.

    Attributes:
        weight: what the same word would count, in nats.
        matches: by number of the word.
        numbers: of those that count anything; shape (n,).
        gains: what each of them counts, in nats; shape (n,).
    """

    weight: float
    matches: dict[int, Match]
    numbers: npt.NDArray[np.int32]
    gains: npt.NDArray[np.float32]

    @classmethod
    def of(cls, weight: float, matches: dict[int, Match]) -> Matched:
        """Of the matches."""
        counting = {each.number: value for each in matches.values() if (value := gain(weight, each.cost)) > 0}
        numbers = np.fromiter(counting, dtype=np.int32, count=len(counting))
        return cls(weight, matches, numbers, np.fromiter(counting.values(), dtype=np.float32, count=len(counting)))

    def gain(self, number: int) -> float:
        """What one of the matches counts."""
        return gain(self.weight, self.matches[number].cost)


def gain(weight: float, cost: float) -> float:
    """What a word counts that was found at a cost."""
    return weight - _PER_COST * cost


class Vocabulary:
    """The words of all cards, each with a number."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._numbers: dict[str, int] = {}
        self._are_roman: list[bool] = []
        self._counts: list[int] = []
        self._people = 0
        self._near: dict[str, list[int]] = {}
        self._numbered = np.zeros((1024, alignment.LONGEST), dtype=np.int8)
        self._cache: OrderedDict[str, Matched] = OrderedDict()
        self._cached_near: dict[str, list[str]] = {}
        self._cached_at = 0

    def __len__(self) -> int:
        return len(self._words)

    def number(self, word: str) -> int:
        """The number of a word, which is new if need be."""
        found = self._numbers.get(word)
        if found is not None:
            return found
        number = self._numbers[word] = len(self._words)
        self._words.append(word)
        self._are_roman.append(sounds.is_roman(word))
        self._counts.append(0)
        if number == len(self._numbered):
            self._numbered = np.vstack([self._numbered, np.zeros_like(self._numbered)])
        self._numbered[number] = alignment.numbered([word])[0]
        for key in _keys(sounds.skeleton(sounds.sounds(word))):
            self._near.setdefault(key, []).append(number)
            for each in self._cached_near.pop(key, ()):
                self._cache.pop(each, None)  # it may mean the new word
        return number

    def knows(self, word: str) -> bool:
        """Whether a card has the word."""
        number = self._numbers.get(word)
        return number is not None and self._counts[number] > 0

    def count(self, numbers: frozenset[int], by: int) -> None:
        """Count a card that has words, or that it is gone."""
        self._people += by
        if abs(self._people - self._cached_at) > _KEPT_UNTIL_MORE * (self._people + _PEOPLE_BEFORE):
            self._cached_at = self._people
            self._cache.clear()
            self._cached_near.clear()
        for number in numbers:
            self._counts[number] += by

    def weight(self, number: int) -> float:
        """What it counts that two cards have a word, in nats."""
        return self._weight(self._words[number], self._counts[number])

    def matched(self, word: str) -> Matched:
        """What a query's word may mean; the answer is kept for the next query that has the word."""
        found = self._cache.get(word)
        if found is None:
            keys = _keys(sounds.skeleton(sounds.sounds(word)))
            found = self._cache[word] = self._match(word, keys)
            for key in keys:
                self._cached_near.setdefault(key, []).append(word)
            if len(self._cache) > _CACHED:
                self._cache.popitem(last=False)
        return found

    def _weight(self, word: str, count: int) -> float:
        share = words.SHARES.get(word, _SHARE_OF_OTHERS)
        weight = -math.log((count + share * _PEOPLE_BEFORE) / (self._people + _PEOPLE_BEFORE))
        return max(0.05, weight) * (_TITLES_COUNT if word in words.TITLES else 1.0)

    def _match(self, word: str, keys: set[str]) -> Matched:
        near = sorted({one for key in keys for one in self._near.get(key, ())})
        matches: list[Match] = []
        roman = sounds.is_roman(word)
        for between in (False, True):
            numbers = [each for each in near if (self._are_roman[each] != roman) is between]
            numbers = numbers[:_MOST_ALIGNED]
            if numbers:
                aligned = alignment.costs(word, self._numbered[numbers], between_scripts=between)
                matches += self._judged(word, numbers, aligned.astype(np.float64), between_scripts=between)
        if word in self._numbers:
            matches.append(Match(self._numbers[word], 0.0, Rule.SAME))
        best = {each.number: each for each in sorted(matches, key=lambda each: -each.cost)[-_MOST_MATCHES:]}
        same = sum(self._counts[each.number] for each in best.values() if each.cost <= _AS_GOOD_AS_SAME)
        return Matched.of(self._weight(word, same), best)

    def _judged(
        self, word: str, numbers: list[int], costs: npt.NDArray[np.float64], *, between_scripts: bool
    ) -> Iterator[Match]:
        """Those of some words that may be meant by a word, by what they cost: most words that are near are not."""
        others = [self._words[number] for number in numbers]
        lengths = np.fromiter(map(len, others), dtype=np.int64, count=len(others))
        shorter = np.minimum(lengths, len(word))
        if self._is_name(self._numbers.get(word)):
            names = np.fromiter(map(self._is_name, numbers), dtype=np.bool_, count=len(numbers))
            costs = np.where(names & (costs > _SPELLING), costs + _BOTH_NAMES, costs)
        alike = costs <= np.minimum(1.25, 0.12 + 0.16 * shorter)
        may_be_slips = (costs > _SLIP) & (shorter >= _LONG_ENOUGH_FOR_SLIPS) & (abs(lengths - len(word)) <= 1)
        may_be_slips &= not between_scripts
        rule = Rule.OTHER_SCRIPT if between_scripts else Rule.SPELLING
        for nth in np.flatnonzero(alike | may_be_slips).tolist():
            other, cost = others[nth], float(costs[nth])
            if word in words.SHARES and other in words.SHARES:
                continue  # all spellings of these are known
            if may_be_slips[nth] and alignment.one_slip(word, other):
                yield Match(
                    numbers[nth], min(cost, _SLIP + (_BOTH_NAMES if cost > _SLIP + _BOTH_NAMES else 0)), Rule.SLIP
                )
            elif alike[nth]:
                yield Match(numbers[nth], cost, rule)

    def _is_name(self, number: int | None) -> bool:
        """Whether so many have a word that no slip made it."""
        return number is not None and self._counts[number] >= max(3.0, self._people * _SHARE_OF_A_NAME)


_AS_GOOD_AS_SAME: Final = 0.2
_LONG_ENOUGH_FOR_SLIPS: Final = 4


def _keys(skeleton: str) -> set[str]:
    """A skeleton, and what is left of it without one of its consonants: two that differ by one share one of these."""
    return {skeleton, *(skeleton[:n] + skeleton[n + 1 :] for n in range(len(skeleton)))}
