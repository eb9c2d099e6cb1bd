"""Every word that stands on a card, once: how many cards have it, and which words are taken for which.

A query's words are compared with the vocabulary, never with people. Words whose consonants differ by one at most are
found through what is left of them when one is taken away; those alone are aligned, sound by sound.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
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
_MOST_COST: Final = 1.25
"""What differs by more is another word, unless it is one slip."""
_KEPT: Final = 100_000
"""Words of queries of which it is kept what may be meant, ..."""
_KEPT_NATS: Final = 0.1
"""... and what they count, until the word itself counts so much more or less."""


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


class _Near(NamedTuple):
    """A word of the vocabulary that is near a query's word; this much never changes."""

    number: int
    cost: float
    other_script: bool
    one_slip: bool


@dataclass(slots=True)
class _Kept:
    """What is known of a query's word.

    Attributes:
        waiting: numbers of words that it was not aligned with yet, in any order, some twice.
        near: those of the others that it may be.
        matched: what it may mean, and ...
        weight: ... what the word itself counted then, in nats.
    """

    waiting: list[int]
    near: list[_Near] = field(default_factory=list)
    matched: Matched | None = None
    weight: float = 0.0


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
        self._kept: dict[str, _Kept] = {}
        self._kept_near: dict[str, set[str]] = {}

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
        for key in _keys_of(word):
            self._near.setdefault(key, []).append(number)
            for each in self._kept_near.get(key, ()):
                self._kept[each].waiting.append(number)
        return number

    def knows(self, word: str) -> bool:
        """Whether a card has the word."""
        number = self._numbers.get(word)
        return number is not None and self._counts[number] > 0

    def count(self, numbers: frozenset[int], by: int) -> None:
        """Count a card that has words, or that it is gone."""
        self._people += by
        for number in numbers:
            self._counts[number] += by

    def weight(self, number: int) -> float:
        """What it counts that two cards have a word, in nats."""
        return self._weight(self._words[number], self._counts[number])

    def matched(self, word: str) -> Matched:
        """What a query's word may mean; the answer is kept for the next query that has the word."""
        kept = self._kept.get(word)
        if kept is None:
            kept = self._keep(word)
        if kept.waiting:
            kept.near += self._aligned(word, sorted(set(kept.waiting)))
            kept.waiting.clear()
            kept.matched = None
        number = self._numbers.get(word)
        weight = self._weight(word, 0 if number is None else self._counts[number])
        if kept.matched is None or abs(weight - kept.weight) > _KEPT_NATS:
            kept.matched, kept.weight = self._match(word, kept.near), weight
        return kept.matched

    def _keep(self, word: str) -> _Kept:
        if len(self._kept) >= _KEPT:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            for key in _keys_of(oldest):
                self._kept_near[key].discard(oldest)
        keys = _keys_of(word)
        for key in keys:
            self._kept_near.setdefault(key, set()).add(word)
        kept = self._kept[word] = _Kept([number for key in keys for number in self._near.get(key, ())])
        return kept

    def _weight(self, word: str, count: int) -> float:
        share = words.SHARES.get(word, _SHARE_OF_OTHERS)
        weight = -math.log((count + share * _PEOPLE_BEFORE) / (self._people + _PEOPLE_BEFORE))
        return max(0.05, weight) * (_TITLES_COUNT if word in words.TITLES else 1.0)

    def _aligned(self, word: str, numbers: list[int]) -> Iterator[_Near]:
        """Those of some words that a word may be, whatever they count."""
        roman = sounds.is_roman(word)
        for between in (False, True):
            these = [each for each in numbers if (self._are_roman[each] != roman) is between][:_MOST_ALIGNED]
            if not these:
                continue
            aligned = alignment.costs(word, self._numbered[these], between_scripts=between)
            for number, cost in zip(these, aligned.tolist(), strict=True):
                other = self._words[number]
                slip = (
                    not between
                    and min(len(word), len(other)) >= _LONG_ENOUGH_FOR_SLIPS
                    and alignment.one_slip(word, other)
                )
                if slip or cost <= _MOST_COST:
                    yield _Near(number, cost, between, slip)

    def _match(self, word: str, near: list[_Near]) -> Matched:
        matches = [match for each in near if (match := self._judged(word, each)) is not None]
        if word in self._numbers:
            matches.append(Match(self._numbers[word], 0.0, Rule.SAME))
        best = {each.number: each for each in sorted(matches, key=lambda each: -each.cost)[-_MOST_MATCHES:]}
        same = sum(self._counts[each.number] for each in best.values() if each.cost <= _AS_GOOD_AS_SAME)
        return Matched.of(self._weight(word, same), best)

    def _judged(self, word: str, near: _Near) -> Match | None:
        other, cost = self._words[near.number], near.cost
        if word in words.SHARES and other in words.SHARES:
            return None  # all spellings of these are known
        if cost > _SPELLING and self._is_name(self._numbers.get(word)) and self._is_name(near.number):
            cost += _BOTH_NAMES
        if near.one_slip and cost > _SLIP:
            most = _SLIP + (_BOTH_NAMES if cost > _SLIP + _BOTH_NAMES else 0)
            return Match(near.number, min(cost, most), Rule.SLIP)
        if cost > min(_MOST_COST, 0.12 + 0.16 * min(len(word), len(other))):
            return None
        return Match(near.number, cost, Rule.OTHER_SCRIPT if near.other_script else Rule.SPELLING)

    def _is_name(self, number: int | None) -> bool:
        """Whether so many have a word that no slip made it."""
        return number is not None and self._counts[number] >= max(3.0, self._people * _SHARE_OF_A_NAME)


_AS_GOOD_AS_SAME: Final = 0.2
_LONG_ENOUGH_FOR_SLIPS: Final = 4


def _keys_of(word: str) -> set[str]:
    return _keys(sounds.skeleton(sounds.sounds(word)))


def _keys(skeleton: str) -> set[str]:
    """A skeleton, and what is left of it without one of its consonants: two that differ by one share one of these."""
    return {skeleton, *(skeleton[:n] + skeleton[n + 1 :] for n in range(len(skeleton)))}
