"""What it costs to take one word's sounds for another's: 0 for the same word, about 1 for a wrong consonant.

Two tables of costs: within a script a vowel tells something; between the scripts a short vowel tells nothing, since
Urdu doesn't write it. Many words are compared at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from nsor_server.names import sounds

LONGEST: Final = 16
"""Sounds of a word that are compared; what is behind them isn't."""
_NUMBERS: Final = {sound: number for number, sound in enumerate(sounds.ALPHABET, start=1)}
_SIZE: Final = len(sounds.ALPHABET) + 1
Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int8]

_LIKE_CONSONANTS: Final = {
    "kq": 0.05,
    "kx": 0.35,
    "xq": 0.4,
    "xh": 0.3,
    "gG": 0.15,
    "Gq": 0.4,
    "Gk": 0.6,
    "zj": 0.3,
    "zs": 0.35,
    "sS": 0.45,
    "cS": 0.6,
    "cj": 0.6,
    "td": 0.5,
    "pf": 0.3,
    "pb": 0.6,
    "wb": 0.6,
    "wf": 0.7,
    "mn": 0.7,
    "lr": 0.8,
    "gk": 0.6,
    "yj": 0.7,
    "Tt": 0.03,
    "Ts": 0.15,
    "Td": 0.5,
    "dz": 0.45,
    "Dd": 0.03,
    "Dz": 0.05,
    "Dt": 0.5,
    "Hh": 0.0,
}
_LAST_A: Final = {"A": 0.0, "a": 0.03, "e": 0.1, "E": 0.3, "O": 0.3, "I": 0.45, "H": 0.3, "h": 0.1, "'": 0.3}
_LIKE_VOWELS: Final = {
    "aA": 0.03,
    "iI": 0.03,
    "uU": 0.03,
    "oO": 0.03,
    "eE": 0.05,
    "ae": 0.08,
    "ei": 0.08,
    "ai": 0.2,
    "au": 0.15,
    "ou": 0.05,
    "oU": 0.08,
    "uO": 0.15,
    "UO": 0.12,
    "eI": 0.1,
    "iE": 0.2,
    "EI": 0.2,
    "eA": 0.2,
    "aE": 0.35,
    "AE": 0.4,
    "aO": 0.3,
    "AO": 0.3,
    "ao": 0.2,
    "aI": 0.4,
    "aU": 0.4,
    "wU": 0.1,
    "wO": 0.1,
    "wu": 0.1,
    "wo": 0.1,
    "yI": 0.1,
    "yi": 0.1,
    "yE": 0.1,
    "ye": 0.1,
}
_UNSURE: Final = {
    **dict.fromkeys(("Ww", "WU", "WO", "Yy", "YI", "YE"), 0.0),
    "Wu": 0.05,
    "Wo": 0.05,
    "Yi": 0.05,
    "Ye": 0.08,
    "Ya": 0.3,
    "Wa": 0.3,
    "YA": 0.4,
    "WA": 0.4,
    "WY": 0.6,
    **{"'" + vowel: 0.05 for vowel in sounds.LONG + sounds.SHORT},
    **{sounds.ANY_VOWEL + vowel: 0.05 for vowel in sounds.LONG + sounds.SHORT},
}
_LAST_A_LEFT_OUT: Final = 0.8
_OTHER_VOWEL: Final = 0.45
_VOWEL_FOR_CONSONANT: Final = 1.1


def _swaps() -> Floats:
    table = np.ones((_SIZE, _SIZE), dtype=np.float32)
    vowels = sounds.LONG + sounds.SHORT + sounds.UNSURE + sounds.SILENT + sounds.LAST_A
    for one, other in itertools.product(sounds.ALPHABET, repeat=2):
        both = (one in vowels) + (other in vowels)
        table[_NUMBERS[one], _NUMBERS[other]] = (1.0, _VOWEL_FOR_CONSONANT, _OTHER_VOWEL)[both]
    for pair, cost in {**_LIKE_CONSONANTS, **_LIKE_VOWELS, **_UNSURE}.items():
        first, second = (_NUMBERS[sound] for sound in pair)
        table[first, second] = table[second, first] = cost
    for sound, cost in _LAST_A.items():
        table[_NUMBERS[sounds.LAST_A], _NUMBERS[sound]] = table[_NUMBERS[sound], _NUMBERS[sounds.LAST_A]] = cost
    np.fill_diagonal(table, 0.0)
    return table


def _drops(short: float, long: float) -> Floats:
    table = np.ones(_SIZE, dtype=np.float32)
    table[0] = 0.0
    for kind, cost in (
        (sounds.SHORT, short),
        (sounds.LONG + sounds.UNSURE, long),
        (sounds.LAST_A, _LAST_A_LEFT_OUT),
        (sounds.SILENT, 0.02),
        (sounds.LAST_H, 0.02),
        ("h", 0.12),
    ):
        for sound in kind:
            table[_NUMBERS[sound]] = cost
    return table


_SWAP: Final = _swaps()
_IS_VOWEL: Final = np.array([0.0, *(float(each in sounds.LONG + sounds.SHORT) for each in sounds.ALPHABET)], np.float32)
_AT_THE_BEGINNING: Final = 0.5
"""What a vowel costs besides where a word begins: both scripts write it there."""
_DROPS: Final = {False: _drops(short=0.2, long=0.45), True: _drops(short=0.02, long=0.4)}
"""What it costs to leave a sound out, within a script and between the scripts."""
_AT_A_TIME: Final = 4_096
_LOOKED_AT: Final = frozenset({2, 4, 6, 9})
"""Sounds after which those are given up that cost too much already."""


def numbered(words: Sequence[str]) -> Numbers:
    """The sounds of words as numbers, one row each; 0 fills up."""
    return np.frombuffer(b"".join(map(numbered_one, words)), dtype=np.int8).reshape(-1, LONGEST)


def numbered_one(word: str) -> bytes:
    """One such row, a byte each."""
    return bytes([_NUMBERS[sound] for sound in sounds.sounds(word)[:LONGEST]]).ljust(LONGEST, b"\0")


def costs(words: Numbers, others: Numbers, most: Floats, *, between_scripts: bool) -> Floats:
    """What each of many words costs against the one beside it; infinite where it is certain to be more than is wanted.

    Args:
        words: as ``numbered`` gives them.
        others: as many.
        most: what is wanted of each.
        between_scripts: the others are of the other script.
    """
    found = np.full(len(words), np.inf, dtype=np.float32)
    # Those of a length lie side by side, so that those that have ended are cut off.
    lengths = np.count_nonzero(words, axis=1)
    order = np.argsort(-lengths, kind="stable")
    for first in range(0, len(order), _AT_A_TIME):
        these = order[first : first + _AT_A_TIME]
        found[these] = _costs(words[these], others[these], most[these], _DROPS[between_scripts])
    return found


def _costs(words: Numbers, others: Numbers, most: Floats, drop: Floats) -> Floats:
    """The same of as many as the processor keeps at hand, the longest words first."""
    found = np.full(len(words), np.inf, dtype=np.float32)
    lengths = np.count_nonzero(words, axis=1)
    width = max(1, int(np.count_nonzero(others, axis=1).max(initial=1)))
    sounds_of, of_others = np.ascontiguousarray(words.T), np.ascontiguousarray(others.T[:width])
    dropped = drop[of_others]
    dropped[0] += _IS_VOWEL[of_others[0]] * _AT_THE_BEGINNING
    added = np.zeros((width + 1, len(words)), dtype=np.float32)
    np.cumsum(dropped, axis=0, out=added[1:])
    which, before = np.arange(len(words)), added
    for place in range(LONGEST + 1):
        left = int(np.count_nonzero(lengths > place))
        found[which[left:]] = before[-1, left:]
        kept: slice | npt.NDArray[np.intp] = slice(left)
        if place in _LOOKED_AT:
            kept = np.flatnonzero(before[:, :left].min(axis=0) <= most[:left])
            left = len(kept)
        if not left:
            break
        which, lengths, most = which[kept], lengths[kept], most[kept]
        sounds_of, of_others = sounds_of[:, kept], of_others[:, kept]
        added, before = added[:, kept], before[:, kept]
        sound = sounds_of[place]
        now = before + drop[sound]
        if place == 0:
            now += _IS_VOWEL[sound] * _AT_THE_BEGINNING
        swapped = _SWAP.take(sound.astype(np.int16) * _SIZE + of_others)
        np.minimum(now[1:], before[:-1] + swapped, out=now[1:])
        # An insertion continues from the left: the least of all places, less what was added since.
        before = np.minimum.accumulate(now - added, axis=0) + added
    return found
