"""Which words are spelled much alike: they may be one word in another spelling, or with a slip.

Words whose consonants differ by one at most are found through what is left of them when one is taken away; those alone
are aligned, sound by sound. What was found for a word is kept, so that later only words that are new are compared.
"""

from __future__ import annotations

import functools
from array import array
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from nsor_server.names import alignment, slips, sounds, words

_MOST_ALIGNED: Final = 4_000
"""Words of each script that a word is compared with at a time."""
_WORDS_TOGETHER: Final = 64
"""Words that are compared together: it takes memory."""
_MOST_COST: Final = 0.95
"""What differs by more, as by another consonant, is another word, unless it is one slip."""
_LONG_ENOUGH_FOR_SLIPS: Final = 4
_MOST_LETTERS: Final = 1_000
"""Letters that are counted."""
_ROUNDED: Final = 0.001
"""More than the rounding of a cost."""
_NUMBER_BITS: Final = 32
_BITS: Final = {each: 1 << nth for nth, each in enumerate(sounds.CONSONANTS + sounds.TH)}
Numbers = npt.NDArray[np.int32]
Offsets = npt.NDArray[np.int64]

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
Near = npt.NDArray[np.void]
_BYTES: Final = np.dtype((np.void, _NEAR.itemsize))


class NearWords:
    """The words that a word may be, as far as they were looked for.

    Attributes:
        word: the word.
        found: those that it may be.
        words: how many words there were when they were looked for.
    """

    __slots__ = ("found", "looked_at", "word", "words")

    def __init__(self, word: str) -> None:
        """Nothing was looked for yet."""
        self.word, self.words = word, 0
        self.found: Near = np.zeros(0, dtype=_NEAR)
        self.looked_at = dict.fromkeys(_keys_of(word), 0)
        """Of each of its keys, how many words that have it were looked at."""


class Spellings:
    """All words by their numbers, and which of them are near another word."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._having: dict[str, array[int]] = {}
        self._sounds = array("b")
        self._letters, self._lengths = array("Q"), array("i")
        self._begin, self._end = array("I"), array("I")
        self._roman, self._frequent = array("b"), array("b")
        self._consonants = array("I")

    def __getitem__(self, number: int) -> str:
        return self._words[number]

    def add(self, word: str) -> int:
        """Add a word; tells its number."""
        number, skeleton = len(self._words), sounds.skeleton(sounds.sounds(word))
        self._words.append(word)
        self._sounds.frombytes(alignment.numbered_one(word))
        self._letters.append(_letters(word))
        self._lengths.append(len(word))
        self._begin.append(_pair(word[:2]))
        self._end.append(_pair(word[-2:]))
        self._roman.append(sounds.is_roman(word))
        self._frequent.append(word in words.SHARES)
        self._consonants.append(_bits(skeleton))
        for key in _keys(skeleton):
            self._having.setdefault(key, array("i")).append(number)
        return number

    def may_be(self, word: str, number: int) -> bool:
        """Whether a word shares one of its keys: one that shares none is never found to be near."""
        return not _kept_keys(word).isdisjoint(_kept_keys(self._words[number]))

    def consonants_of(self, numbers: Numbers) -> npt.NDArray[np.uint32]:
        """As ``consonants``, of each word."""
        return np.frombuffer(self._consonants, dtype=np.uint32)[numbers]

    # A view that is left would keep the array from growing.

    def _sounds_of(self, numbers: Numbers) -> alignment.Numbers:
        """The sounds of words as numbers, one row each."""
        return np.frombuffer(self._sounds, dtype=np.int8).reshape(-1, alignment.LONGEST)[numbers]

    def _lengths_of(self, numbers: Numbers) -> Numbers:
        """The letters that each has."""
        return np.frombuffer(self._lengths, dtype=np.int32)[numbers]

    def _are_roman(self, numbers: Numbers) -> npt.NDArray[np.bool_]:
        """Of which script each is."""
        return np.frombuffer(self._roman, dtype=np.bool_)[numbers]

    def are_frequent(self, numbers: Numbers) -> npt.NDArray[np.bool_]:
        """Whether all spellings of each are known."""
        return np.frombuffer(self._frequent, dtype=np.bool_)[numbers]

    def _may_be_slips(self, several: Sequence[str], of: Offsets, numbers: Numbers) -> npt.NDArray[np.intp]:
        """Of pairs of one of several words and a word, which may be one slip away; both are long enough then.

        One letter is more, less or another one at most. In a longer word no slip changes both of its ends.
        """
        lengths, own_lengths = self._lengths_of(numbers), np.array([len(word) for word in several], dtype=np.int32)[of]
        may_be = np.flatnonzero(
            (np.abs(lengths - own_lengths) <= 1)
            & (np.minimum(lengths, own_lengths) >= _LONG_ENOUGH_FOR_SLIPS - ~self._are_roman(numbers))
            & (np.maximum(lengths, own_lengths) >= _LONG_ENOUGH_FOR_SLIPS)
        )
        of, numbers = of[may_be], numbers[may_be]
        own = np.array([_letters(word) for word in several], dtype=np.uint64)[of]
        few = np.bitwise_count(np.frombuffer(self._letters, dtype=np.uint64)[numbers] ^ own) <= 2
        begins = np.array([_pair(word[:2]) for word in several], dtype=np.uint32)[of]
        ends = np.array([_pair(word[-2:]) for word in several], dtype=np.uint32)[of]
        begin = np.frombuffer(self._begin, dtype=np.uint32)[numbers] == begins
        end = np.frombuffer(self._end, dtype=np.uint32)[numbers] == ends
        longer = np.maximum(lengths, own_lengths)[may_be] > _LONG_ENOUGH_FOR_SLIPS
        found: npt.NDArray[np.intp] = may_be[few & (begin | end | ~longer)]
        return found

    def look_for(self, several: Iterable[NearWords]) -> None:
        """Find out what words are near: of many at once it costs much less than one by one."""
        waiting = list({id(each): each for each in several if each.words < len(self._words)}.values())
        for first in range(0, len(waiting), _WORDS_TOGETHER):
            self._align(waiting[first : first + _WORDS_TOGETHER])

    def _align(self, waiting: Sequence[NearWords]) -> None:
        """Compare words with those that they weren't compared with yet."""
        of, numbers = self._waiting(waiting)
        if not len(of):
            return
        are_between = self._are_roman(numbers) != np.array([sounds.is_roman(each.word) for each in waiting])[of]
        for between in (False, True):
            these = np.flatnonzero(are_between == between)
            these = these[_nth_of_each(of[these]) < _MOST_ALIGNED]
            if len(these):
                self._compare(waiting, of[these], numbers[these], between=between)

    def _waiting(self, several: Sequence[NearWords]) -> tuple[Offsets, Numbers]:
        """The words that have one of the keys of others and weren't looked at yet, each pair once, in order."""
        of: list[int] = []
        found: list[Numbers] = []
        for nth, kept in enumerate(several):
            kept.words = len(self._words)
            for key, looked_at in kept.looked_at.items():
                numbers = self._having.get(key)
                if numbers is not None and len(numbers) > looked_at:
                    of.append(nth)
                    found.append(np.frombuffer(numbers, dtype=np.int32, offset=looked_at * numbers.itemsize))
                    kept.looked_at[key] = len(numbers)
        pairs = np.repeat(np.array(of, dtype=np.int64), [len(each) for each in found]) << _NUMBER_BITS
        pairs += np.concatenate(found or [np.zeros(0, dtype=np.int32)])
        pairs.sort()
        pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]
        return pairs >> _NUMBER_BITS, (pairs & ((1 << _NUMBER_BITS) - 1)).astype(np.int32)

    def _compare(self, waiting: Sequence[NearWords], of: Offsets, numbers: Numbers, *, between: bool) -> None:
        """Add what words may be to what was found for them: of what costs too much nothing is left.

        Args:
            waiting: the words.
            of: of each pair which word it is, in order.
            numbers: and with which it is compared.
            between: these are of the other script.
        """
        several = [each.word for each in waiting]
        near = np.zeros(len(numbers), dtype=_NEAR)
        near["number"], near["other_script"] = numbers, between
        lengths = np.array([min(len(word), _MOST_LETTERS) for word in several], dtype=np.int16)[of]
        near["letters"] = np.minimum(self._lengths_of(numbers), lengths)
        if not between:
            for nth in self._may_be_slips(several, of, numbers).tolist():
                near["slip"][nth] = slips.one_slip(several[of[nth]], self._words[numbers[nth]])
        wanted = np.where(near["slip"], np.inf, most(near) + _ROUNDED).astype(np.float32)
        of_words, of_others = alignment.numbered(several)[of], self._sounds_of(numbers)
        near["cost"] = alignment.costs(of_words, of_others, wanted, between_scripts=between)
        left = np.flatnonzero(near["slip"] | (near["cost"] <= wanted))
        for nth, begin, end in zip(*_parts(of[left]), strict=True):
            waiting[nth].found = _joined((waiting[nth].found, near[left[begin:end]]))


def most(near: Near) -> npt.NDArray[np.float64]:
    """What each may cost, unless it is one slip: a short word less."""
    return np.minimum(_MOST_COST, 0.12 + 0.16 * near["letters"])


def _nth_of_each(ordered: Offsets) -> Offsets:
    """Of numbers in order, how many of the same stand before each."""
    return np.arange(len(ordered)) - np.searchsorted(ordered, ordered)


def _parts(ordered: Offsets) -> tuple[list[int], list[int], list[int]]:
    """Each of some numbers in order, and where those that are the same begin and end."""
    begin = np.flatnonzero(np.diff(ordered, prepend=-1))
    return ordered[begin].tolist(), begin.tolist(), [*begin[1:].tolist(), len(ordered)][: len(begin)]


def _pair(letters: str) -> int:
    """Two letters as one number."""
    return sum((ord(letter) & 0xFFFF) << 16 * nth for nth, letter in enumerate(letters))


def _joined(parts: Sequence[Near]) -> Near:
    """Several, one after another: as bytes, since their fields are the same."""
    return np.concatenate([each.view(_BYTES) for each in parts]).view(_NEAR)


def _letters(word: str) -> int:
    """Which letters a word has: a bit for each, which several letters may share."""
    found = 0
    for letter in word:
        found |= 1 << ord(letter) % 64
    return found


def consonants(word: str) -> int:
    """A bit for each consonant of a word's skeleton: of two words that share a key no more than two bits differ."""
    return _bits(sounds.skeleton(sounds.sounds(word)))


def _bits(skeleton: str) -> int:
    return sum(_BITS[each] for each in set(skeleton))


def _keys_of(word: str) -> set[str]:
    return _keys(sounds.skeleton(sounds.sounds(word)))


@functools.lru_cache(maxsize=20_000)
def _kept_keys(word: str) -> frozenset[str]:
    return frozenset(_keys_of(word))


def _keys(skeleton: str) -> set[str]:
    """A skeleton, and what is left of it without one of its consonants: two that differ by one share one of these."""
    return {skeleton, *(skeleton[:n] + skeleton[n + 1 :] for n in range(len(skeleton)))}
