"""Every word that stands on a card, once: how many cards have it, and which words are taken for which.

A query's words are compared with the vocabulary, never with people. Words whose consonants differ by one at most are
found through what is left of them when one is taken away; those alone are aligned, sound by sound.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
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
    """

    weight: float
    matches: dict[int, Match]
    numbers: npt.NDArray[np.int32]
    gains: npt.NDArray[np.float32]
    cards: int

    @classmethod
    def of(cls, weight: float, matches: dict[int, Match], cards: int) -> Matched:
        """Of the matches."""
        numbers = np.fromiter(matches, dtype=np.int32, count=len(matches))
        gains = np.fromiter((each.gain for each in matches.values()), dtype=np.float32, count=len(matches))
        order = np.argsort(gains, kind="stable")
        return cls(weight, matches, numbers[order], gains[order], cards)


_NEAR: Final = np.dtype(
    [
        ("number", np.int32),
        ("letters", np.int16),
        ("cost", np.float32),
        ("other_script", np.bool_),
        ("slip", np.bool_),
    ]
)
"""A word of the vocabulary that is near a query's word; this much never changes.

Its number, the letters of the shorter one of the two, its cost, whether it is of the other script, and whether one slip
of the keys makes one of the other.
"""
_Near = npt.NDArray[np.void]
_BYTES: Final = np.dtype((np.void, _NEAR.itemsize))


@dataclass(slots=True)
class _Kept:
    """What is known of a query's word.

    Attributes:
        looked_at: of each of its keys, how many words that have it were looked at.
        near: those that it may be.
        words: how many words the vocabulary had when that was found out.
        matched: what it may mean, and ...
        weight: ... what the word itself counted then, in nats.
    """

    looked_at: dict[str, int]
    near: _Near = field(default_factory=lambda: np.zeros(0, dtype=_NEAR))
    words: int = -1
    matched: Matched | None = None
    weight: float = 0.0


class _Words:
    """What is compared of words, by their numbers: their sounds, their letters, and how many cards have each."""

    def __init__(self) -> None:
        self.counts = array("i")
        self._sounds = array("b")
        self._letters, self._lengths = array("Q"), array("i")
        self._begin, self._end = array("I"), array("I")
        self._roman, self._frequent = array("b"), array("b")

    def add(self, word: str, numbered: alignment.Numbers) -> None:
        """Add a word; its sounds as numbers."""
        self.counts.append(0)
        self._sounds.frombytes(numbered.tobytes())
        self._letters.append(_letters(word))
        self._lengths.append(len(word))
        self._begin.append(_pair(word[:2]))
        self._end.append(_pair(word[-2:]))
        self._roman.append(sounds.is_roman(word))
        self._frequent.append(word in words.SHARES)

    # A view that is left would keep the array from growing.

    def sounds(self, numbers: npt.NDArray[np.int32]) -> alignment.Numbers:
        """The sounds of words as numbers, one row each."""
        return np.frombuffer(self._sounds, dtype=np.int8).reshape(-1, alignment.LONGEST)[numbers]

    def lengths(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """The letters that each has."""
        return np.frombuffer(self._lengths, dtype=np.int32)[numbers]

    def counted(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """How many cards have each."""
        return np.frombuffer(self.counts, dtype=np.int32)[numbers]

    def are_roman(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Of which script each is."""
        return np.frombuffer(self._roman, dtype=np.bool_)[numbers]

    def are_frequent(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Whether all spellings of each are known."""
        return np.frombuffer(self._frequent, dtype=np.bool_)[numbers]

    def may_be_slips(self, word: str, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
        """Which of some words may be one slip away, all of which have ``_LONG_ENOUGH_FOR_SLIPS`` letters.

        One letter is more, less or another one at most. In a longer word no slip changes both of its ends.
        """
        letters = np.frombuffer(self._letters, dtype=np.uint64)[numbers]
        apart = np.abs(self.lengths(numbers) - len(word))
        may_be = (np.bitwise_count(letters ^ np.uint64(_letters(word))) <= 2) & (apart <= 1)
        begin = np.frombuffer(self._begin, dtype=np.uint32)[numbers] == _pair(word[:2])
        end = np.frombuffer(self._end, dtype=np.uint32)[numbers] == _pair(word[-2:])
        longer = np.maximum(self.lengths(numbers), len(word)) > _LONG_ENOUGH_FOR_SLIPS
        return np.flatnonzero(may_be & (begin | end | ~longer))


class Vocabulary:
    """The words of all cards, each with a number."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._numbers: dict[str, int] = {}
        self._compared = _Words()
        self._people = 0
        self._near: dict[str, array[int]] = {}
        self._kept: dict[str, _Kept] = {}

    def __len__(self) -> int:
        return len(self._words)

    def number(self, word: str) -> int:
        """The number of a word, which is new if need be."""
        found = self._numbers.get(word)
        if found is not None:
            return found
        number = self._numbers[word] = len(self._words)
        self._words.append(word)
        self._compared.add(word, alignment.numbered([word]))
        for key in _keys_of(word):
            self._near.setdefault(key, array("i")).append(number)
        return number

    def knows(self, word: str) -> bool:
        """Whether a card has the word."""
        number = self._numbers.get(word)
        return number is not None and self._compared.counts[number] > 0

    def count(self, numbers: frozenset[int], by: int) -> None:
        """Count a card that has words, or that it is gone."""
        self._people += by
        for number in numbers:
            self._compared.counts[number] += by

    def weight(self, number: int) -> float:
        """What it counts that two cards have a word, in nats."""
        return self._weight(self._words[number], self._compared.counts[number])

    def look_for(self, several: Iterable[str]) -> None:
        """Find out of words of queries what they may be: of many at once it costs much less than one by one."""
        waiting: dict[str, _Kept] = {}
        for word in several:
            kept = self._kept.get(word)
            if kept is None:
                kept = self._keep(word)
            if kept.words < len(self._words):
                waiting[word] = kept
        if waiting:
            self._align(waiting)

    def matched(self, word: str) -> Matched:
        """What a query's word may mean; the answer is kept for the next query that has the word."""
        kept = self._kept.get(word)
        if kept is None or kept.words < len(self._words):
            self.look_for((word,))
            kept = self._kept[word]
        number = self._numbers.get(word)
        weight = self._weight(word, 0 if number is None else self._compared.counts[number])
        if kept.matched is None or abs(weight - kept.weight) > _KEPT_NATS:
            kept.matched, kept.weight = self._match(word, kept.near), weight
        return kept.matched

    def _keep(self, word: str) -> _Kept:
        if len(self._kept) >= _KEPT:
            del self._kept[next(iter(self._kept))]
        kept = self._kept[word] = _Kept(dict.fromkeys(_keys_of(word), 0))
        return kept

    def _weight(self, word: str, count: int) -> float:
        share = words.SHARES.get(word, _SHARE_OF_OTHERS)
        weight = -math.log((count + share * _PEOPLE_BEFORE) / (self._people + _PEOPLE_BEFORE))
        return max(0.05, weight) * (_TITLES_COUNT if word in words.TITLES else 1.0)

    def _align(self, waiting: Mapping[str, _Kept]) -> None:
        """Compare words with those of the vocabulary that they weren't compared with yet."""
        to_compare = {word: numbers for word, kept in waiting.items() if len(numbers := self._waiting(kept))}
        for between in (False, True):
            found = []
            for word, numbers in to_compare.items():
                these = numbers[(self._compared.are_roman(numbers) != sounds.is_roman(word)) == between]
                if len(these):
                    found.append((word, self._to_compare(word, these[:_MOST_ALIGNED], between=between)))
            if found:
                self._compare(found, waiting, between=between)

    def _waiting(self, kept: _Kept) -> npt.NDArray[np.int32]:
        """The words that have one of its keys and weren't looked at yet."""
        kept.words = len(self._words)
        found = []
        for key, looked_at in kept.looked_at.items():
            numbers = self._near.get(key)
            if numbers is not None and len(numbers) > looked_at:
                found.append(np.frombuffer(numbers, dtype=np.int32, offset=looked_at * numbers.itemsize))
                kept.looked_at[key] = len(numbers)
        return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int32)

    def _to_compare(self, word: str, numbers: npt.NDArray[np.int32], *, between: bool) -> _Near:
        """Words of one script, at no cost yet."""
        near = np.zeros(len(numbers), dtype=_NEAR)
        near["number"], near["other_script"] = numbers, between
        near["letters"] = np.minimum(self._compared.lengths(numbers), min(len(word), _MOST_LETTERS))
        if not between and len(word) >= _LONG_ENOUGH_FOR_SLIPS:
            for nth in self._compared.may_be_slips(word, numbers).tolist():
                near["slip"][nth] = alignment.one_slip(word, self._words[numbers[nth]])
            near["slip"] &= near["letters"] >= _LONG_ENOUGH_FOR_SLIPS
        return near

    def _compare(self, found: Sequence[tuple[str, _Near]], waiting: Mapping[str, _Kept], *, between: bool) -> None:
        """Add what words may be to what is kept of them: of what costs too much nothing is left."""
        lengths = [len(near) for _, near in found]
        of_words = np.repeat(alignment.numbered([word for word, _ in found]), lengths, axis=0)
        near = _joined([each for _, each in found])
        wanted = np.where(near["slip"], np.inf, _most(near) + _ROUNDED).astype(np.float32)
        of_others = self._compared.sounds(near["number"])
        near["cost"] = alignment.costs(of_words, of_others, wanted, between_scripts=between)
        is_left = near["slip"] | (near["cost"] <= wanted)
        parts = np.cumsum(lengths)[:-1]
        for (word, _), each, left in zip(found, np.split(near, parts), np.split(is_left, parts), strict=True):
            if left.any():
                kept = waiting[word]
                kept.near, kept.matched = _joined((kept.near, each[left])), None

    def _match(self, word: str, near: _Near) -> Matched:
        """What a word may mean, of what it is near."""
        number = self._numbers.get(word)
        costs, counts = near["cost"].astype(np.float64), self._compared.counted(near["number"])
        least = max(3.0, self._people * _SHARE_OF_A_NAME)  # so many have a word that no slip made it
        if number is not None and self._compared.counts[number] >= least:
            costs[(costs > _SPELLING) & (counts >= least)] += _BOTH_NAMES
        slips = near["slip"] & (costs > _SLIP)
        most_of_slips = np.where(costs > _SLIP + _BOTH_NAMES, _SLIP + _BOTH_NAMES, _SLIP)
        costs = np.where(slips, np.minimum(costs, most_of_slips), costs)
        fit = slips | (costs <= _most(near))
        if word in words.SHARES:
            fit &= ~self._compared.are_frequent(near["number"])  # all spellings of these are known
        found = np.flatnonzero(fit)
        best = found[np.argsort(-costs[found], kind="stable")][-(_MOST_MATCHES - (number is not None)) :]
        numbers = near["number"][best].tolist()
        same = int(counts[best][costs[best] <= _AS_GOOD_AS_SAME].sum())
        cards = int(counts[best].sum())
        if number is not None and number not in numbers:
            same += self._compared.counts[number]
            cards += self._compared.counts[number]
        weight = self._weight(word, same)
        gains = (weight - _PER_COST * costs[best]).tolist()
        rules = np.where(slips, Rule.SLIP, np.where(near["other_script"], Rule.OTHER_SCRIPT, Rule.SPELLING))
        matches = {
            of: Match(gain, _RULES[rule]) for of, gain, rule in zip(numbers, gains, rules[best].tolist(), strict=True)
        }
        if number is not None:
            matches[number] = Match(weight, Rule.SAME)
        return Matched.of(weight, matches, cards)


_AS_GOOD_AS_SAME: Final = 0.2
_LONG_ENOUGH_FOR_SLIPS: Final = 4
_MOST_LETTERS: Final = 1_000
"""Letters that are counted."""
_ROUNDED: Final = 0.001
"""More than the rounding of a cost."""
_RULES: Final = {int(rule): rule for rule in Rule}


def _most(near: _Near) -> npt.NDArray[np.float64]:
    """What each may cost, unless it is one slip: a short word less."""
    return np.minimum(_MOST_COST, 0.12 + 0.16 * near["letters"])


def _pair(letters: str) -> int:
    """Two letters as one number."""
    return sum((ord(letter) & 0xFFFF) << 16 * nth for nth, letter in enumerate(letters))


def _joined(parts: Sequence[_Near]) -> _Near:
    """Several, one after another: as bytes, since their fields are the same."""
    return np.concatenate([each.view(_BYTES) for each in parts]).view(_NEAR)


def _letters(word: str) -> int:
    """Which letters a word has: a bit for each, which several letters may share."""
    found = 0
    for letter in word:
        found |= 1 << ord(letter) % 64
    return found


def _keys_of(word: str) -> set[str]:
    return _keys(sounds.skeleton(sounds.sounds(word)))


def _keys(skeleton: str) -> set[str]:
    """A skeleton, and what is left of it without one of its consonants: two that differ by one share one of these."""
    return {skeleton, *(skeleton[:n] + skeleton[n + 1 :] for n in range(len(skeleton)))}
