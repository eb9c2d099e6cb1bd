"""Every word that stands on a card, once: how many cards have it, and which words are taken for which.

A query's words are compared with the vocabulary, never with people.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from nsor_server.names import spellings, words
from nsor_server.names.card import Rule
from nsor_server.names.spellings import Near, NearWords, Spellings

_PEOPLE_BEFORE: Final = 20_000
"""People whose words are taken to be known before the first card: a small register says little of rarity."""
_SHARE_OF_OTHERS: Final = 1 / 5_000
"""Share of people who have a word that isn't known to be frequent."""
_TITLES_COUNT: Final = 1.5
"""Nats that a title counts at most: it comes and goes between two entries of one person."""
_LEAST_WEIGHT: Final = 0.05
_PER_COST: Final = 5.0
"""Nats that a cost of 1 takes away."""
_SURE: Final = 0.7
"""Share of that for a spelling that hardly anybody has: what else should it be?"""
_SLIP: Final = 0.75
_SPELLING: Final = 0.25
"""What differs by more is another spelling of a name only if it isn't a name itself."""
_BOTH_NAMES: Final = 0.55
_BETWEEN: Final = 0.7
"""Share of what the nearest name of the other script costs that no word there costs: it may well be that name, ..."""
_MOST_BETWEEN: Final = 0.45
"""... unless it costs more."""
_SHARE_OF_A_NAME: Final = 1 / 20_000
_UNKNOWN: Final = 3.0
"""What a word that hardly anybody has counts more than the most frequent one that it may be: it is likely a slip."""
_MOST_MATCHES: Final = 96
_KEPT: Final = 100_000
"""Words of queries of which it is kept what may be meant, ..."""
_KEPT_NATS: Final = 0.1
"""... and what they count, until the word itself counts so much more or less."""


class Match(NamedTuple):
    """A word of the vocabulary that may be meant by a query's word: what it counts, in nats, and why."""

    gain: float
    rule: Rule


class Matched(NamedTuple):
    """What a query's word may mean.

    Attributes:
        weight: what the same word would count, in nats.
        matches: by number of the word.
        numbers: of the words, those that count least first; shape (n,).
        gains: what each of them counts, in nats; shape (n,).
        cards: about how many cards have one of them.
        is_title: the word comes and goes: no other one stands in its place.
    """

    weight: float
    matches: dict[int, Match]
    numbers: npt.NDArray[np.int32]
    gains: npt.NDArray[np.float32]
    cards: int
    is_title: bool = False

    @classmethod
    def of(cls, weight: float, matches: dict[int, Match], cards: int, *, is_title: bool) -> Matched:
        """Of the matches."""
        numbers = np.fromiter(matches, dtype=np.int32, count=len(matches))
        gains = np.fromiter((each.gain for each in matches.values()), dtype=np.float32, count=len(matches))
        order = np.argsort(gains, kind="stable")
        return cls(weight, matches, numbers[order], gains[order], cards, is_title)


@dataclass(slots=True)
class _Kept:
    """What is known of a query's word.

    Attributes:
        near: the words that it may be.
        matched: what it may mean, and ...
        matched_of: ... of which words that was found out, and ...
        weight: ... what the word itself counted then, in nats.
    """

    near: NearWords
    matched: Matched | None = None
    matched_of: Near | None = None
    weight: float = 0.0


class Vocabulary:
    """The words of all cards, each with a number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._spellings = Spellings()
        self._counts = array("i")
        self._shares, self._most = array("f"), array("f")
        self._people = 0
        self.of_god = (-1, -1)
        """The numbers of the two words of which ``words`` makes one name where they begin it; -1: there is none yet."""
        self._kept: dict[str, _Kept] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def number(self, word: str) -> int:
        """The number of a word, which is new if need be."""
        found = self._numbers.get(word)
        if found is not None:
            return found
        number = self._numbers[word] = self._spellings.add(word)
        self._counts.append(0)
        self._shares.append(words.SHARES.get(word, _SHARE_OF_OTHERS))
        self._most.append(_TITLES_COUNT if word in words.TITLES else math.inf)
        if word in words.OF_GOD:
            self.of_god = self._numbers.get(words.OF_GOD[0], -1), self._numbers.get(words.OF_GOD[1], -1)
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

    def count_all(self, cards: int, numbers: npt.NDArray[np.int64]) -> None:
        """Count so many cards; ``numbers``: of the words of all of them, of each card once."""
        self._people += cards
        counts = np.frombuffer(self._counts, dtype=np.int32)
        counts += np.bincount(numbers, minlength=len(counts)).astype(np.int32)

    def weight(self, number: int) -> float:
        """What it counts that two cards have a word, in nats."""
        return self._weight(self._spellings[number], self._counts[number])

    def weights(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """The same of many words."""
        shares = np.frombuffer(self._shares, dtype=np.float32)[numbers]
        of_people = (self._counted(numbers) + shares * _PEOPLE_BEFORE) / (self._people + _PEOPLE_BEFORE)
        found: npt.NDArray[np.float32] = np.maximum(_LEAST_WEIGHT, -np.log(of_people))
        return np.minimum(found, np.frombuffer(self._most, dtype=np.float32)[numbers])

    def are_titles(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Which of many words are titles."""
        return np.isfinite(np.frombuffer(self._most, dtype=np.float32)[numbers])

    def is_title(self, number: int) -> bool:
        """Whether a word is a title."""
        return math.isfinite(self._most[number])

    def may_be(self, word: str, number: int) -> bool:
        """Whether a query's word may mean a word of the vocabulary: of most it is told without comparing them."""
        return self._numbers.get(word) == number or self._spellings.may_be(word, number)

    def consonants_of(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.uint32]:
        """As ``spellings.consonants``, of words by their numbers."""
        return self._spellings.consonants_of(numbers)

    def counts_at_most(self, word: str) -> float:
        """What it counts at most that a card has a query's word, in nats."""
        number = self._numbers.get(word)
        return self._weight(word, 0 if number is None else self._counts[number])

    def look_for(self, several: Iterable[str]) -> None:
        """Find out of words of queries what they may be: of many at once it costs much less than one by one."""
        self._spellings.look_for((self._kept.get(word) or self._keep(word)).near for word in several)

    def matched(self, word: str) -> Matched:
        """What a query's word may mean; the answer is kept for the next query that has the word."""
        kept = self._kept.get(word)
        if kept is None or kept.near.words < len(self):
            self.look_for((word,))
            kept = self._kept[word]
        number = self._numbers.get(word)
        weight = self._weight(word, 0 if number is None else self._counts[number])
        near = kept.near.found
        if kept.matched is None or kept.matched_of is not near or abs(weight - kept.weight) > _KEPT_NATS:
            kept.matched, kept.matched_of, kept.weight = self._match(word, near), near, weight
        return kept.matched

    def _keep(self, word: str) -> _Kept:
        if len(self._kept) >= _KEPT:
            del self._kept[next(iter(self._kept))]
        kept = self._kept[word] = _Kept(NearWords(word))
        return kept

    def _weight(self, word: str, count: int) -> float:
        share = words.SHARES.get(word, _SHARE_OF_OTHERS)
        weight = -math.log((count + share * _PEOPLE_BEFORE) / (self._people + _PEOPLE_BEFORE))
        return min(max(_LEAST_WEIGHT, weight), _TITLES_COUNT if word in words.TITLES else math.inf)

    def _counted(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """How many cards have each word."""
        return np.frombuffer(self._counts, dtype=np.int32)[numbers]  # a view that is left would keep it from growing

    def _as_near(self, word: str, number: int | None, counts: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
        """What it counts at most that a card has a word that is as near as each of some, the nearest last."""
        own = 0 if number is None else self._counts[number]
        having = np.cumsum(counts[::-1])[::-1] + own + words.SHARES.get(word, _SHARE_OF_OTHERS) * _PEOPLE_BEFORE
        found: npt.NDArray[np.float64] = -np.log(having / (self._people + _PEOPLE_BEFORE))
        return np.minimum(np.maximum(_LEAST_WEIGHT, found), _TITLES_COUNT if word in words.TITLES else math.inf)

    def _match(self, word: str, near: Near) -> Matched:
        """What a word may mean, of what it is near."""
        number = self._numbers.get(word)
        costs, counts = near["cost"].astype(np.float64), self._counted(near["number"])
        least = max(3.0, self._people * _SHARE_OF_A_NAME)  # so many have a word that no slip made it
        between = near["other_script"]
        names_there = costs[between & (counts >= least)]
        if len(names_there):
            costs[between] = np.maximum(0.0, costs[between] - _BETWEEN * min(_MOST_BETWEEN, float(names_there.min())))
        if number is not None and self._counts[number] >= least:
            costs[(costs > _SPELLING) & (counts >= least)] += _BOTH_NAMES
        slips = near["slip"] & (costs > _SLIP)
        most_of_slips = np.where(costs > _SLIP + _BOTH_NAMES, _SLIP + _BOTH_NAMES, _SLIP)
        costs = np.where(slips, np.minimum(costs, most_of_slips), costs)
        fit = slips | (costs <= spellings.most(near))
        if word in words.SHARES:
            fit &= ~self._spellings.are_frequent(near["number"])  # all spellings of these are known
        found = np.flatnonzero(fit)
        best = found[np.argsort(-costs[found], kind="stable")][-(_MOST_MATCHES - (number is not None)) :]
        numbers = near["number"][best].tolist()
        same = int(counts[best][costs[best] <= _AS_GOOD_AS_SAME].sum())
        cards = int(counts[best].sum())
        if number is not None and number not in numbers:
            same += self._counts[number]
            cards += self._counts[number]
        weight = self._weight(word, same)
        as_near = self._as_near(word, number, counts[best])
        if number is None or self._counts[number] < least:
            weight = min(weight, float(as_near.min(initial=np.inf)) + _UNKNOWN)
        own = self._weight(word, 0 if number is None else self._counts[number])
        rarer = np.maximum(own, self.weights(near["number"][best]))
        of_costs = _PER_COST * costs[best]
        gains = np.minimum(np.minimum(weight, as_near) - _SURE * of_costs, rarer - of_costs).tolist()
        rules = np.where(slips, Rule.SLIP, np.where(near["other_script"], Rule.OTHER_SCRIPT, Rule.SPELLING))
        matches = {
            of: Match(gain, _RULES[rule]) for of, gain, rule in zip(numbers, gains, rules[best].tolist(), strict=True)
        }
        if number is not None:
            matches[number] = Match(weight, Rule.SAME)
        return Matched.of(weight, matches, cards, is_title=word in words.TITLES)


_AS_GOOD_AS_SAME: Final = 0.2
_RULES: Final = {int(rule): rule for rule in Rule}
