"""From a word to its sounds, in one alphabet for both scripts.

Urdu leaves short vowels out, and writes w/u/o and y/i/e with one letter each; Roman letters tell neither the length of
a vowel nor the four letters of z apart. So a sound stands for what can be told: ``W`` and ``Y`` for the letters و and ی
inside a word, capitals for long vowels, small letters for short ones and for consonants.
"""

from __future__ import annotations

import functools
import re
from typing import Final

CONSONANTS: Final = "bptdjchxGkqglmnrsSzfwy"
"""``c`` is ch, ``x`` kh, ``G`` gh, ``S`` sh."""
LONG: Final = "AIUEO"
SHORT: Final = "aeiou"
ANY_VOWEL: Final = "V"
"""Alef at the beginning of a word."""
UNSURE: Final = "WY" + ANY_VOWEL
SILENT: Final = "'"
"""Ain and hamza."""
ALPHABET: Final = CONSONANTS + LONG + SHORT + UNSURE + SILENT

_ROMAN: Final = (
    ("chh", "c"),
    ("ch", "c"),
    ("sh", "S"),
    ("kh", "x"),
    ("gh", "G"),
    ("ph", "f"),
    ("zh", "z"),
    ("ck", "k"),
    ("bh", "b"),
    ("th", "t"),
    ("dh", "d"),
    ("jh", "j"),
    ("rh", "r"),
    ("aa", "A"),
    ("ee", "I"),
    ("ea", "I"),
    ("ie", "I"),
    ("ii", "I"),
    ("oo", "U"),
    ("ou", "U"),
    ("uu", "U"),
    ("au", "O"),
    ("aw", "O"),
    ("ai", "E"),
    ("ay", "E"),
    ("ei", "E"),
    ("ey", "E"),
    ("x", "ks"),
    ("v", "w"),
)
_ROMAN_LETTERS: Final = {**dict(_ROMAN), "c": "k"}
_ROMAN_PARTS: Final = re.compile("|".join(re.escape(each) for each, _ in _ROMAN) + "|[a-z]")
_DOUBLED: Final = re.compile(r"([b-df-hj-np-tv-z])\1+")
_FINAL: Final = {"a": "A", "e": "E", "i": "I", "o": "O", "u": "U", "y": "I"}
_LETTERS: Final = {
    **dict.fromkeys("اآ", "A"),
    **dict.fromkeys("تطٹ", "t"),
    **dict.fromkeys("ثسص", "s"),
    **dict.fromkeys("دڈ", "d"),
    **dict.fromkeys("ذزضظژ", "z"),
    **dict.fromkeys("رڑ", "r"),
    **dict.fromkeys("حہهۂ", "h"),
    **dict.fromkeys("عءئؤأإ", "'"),
    **dict.fromkeys("نں", "n"),
    "ب": "b",
    "پ": "p",
    "ج": "j",
    "چ": "c",
    "خ": "x",
    "ش": "S",
    "غ": "G",
    "ف": "f",
    "ق": "q",
    "ک": "k",
    "گ": "g",
    "ل": "l",
    "م": "m",
    "و": "W",
    "ی": "Y",
    "ے": "E",
    "ۃ": "t",
    # Letters of Sindhi, Pashto and Arabic that clerks leave in names.
    "ك": "k",
    "ي": "Y",
    "ى": "Y",
    "ة": "t",
    "ښ": "S",
    "ږ": "g",
    "ګ": "g",
    "ځ": "z",
    "څ": "c",
    "ډ": "d",
    "ړ": "r",
    "ټ": "t",
    "ڻ": "n",
    "ڃ": "n",
    "ڄ": "j",
    "ڳ": "g",
    "ٻ": "b",
    "ڀ": "b",
    "ٽ": "t",
    "ٿ": "t",
    "ڦ": "f",
    "ڌ": "d",
}
_ASPIRATES: Final = "\u06be"
_ALEF: Final = "\u0627"
_ASPIRATED: Final = {"k": "x", "g": "G", "p": "f"}
_KEPT_IN_SKELETON: Final = frozenset(CONSONANTS) - set("hwy")
_LIKE: Final = str.maketrans("qG", "kg")


@functools.lru_cache(maxsize=200_000)
def sounds(word: str) -> str:
    """The sounds of a word; letters of other scripts have none."""
    return _roman(word) if is_roman(word) else _urdu(word)


def is_roman(word: str) -> bool:
    """Tell the script of a word."""
    return word < "\u0250"


def skeleton(of_sounds: str) -> str:
    """The consonants that two spellings of a name share: without h, w and y, but for a w or y that begins it."""
    first = of_sounds[:1].replace("W", "w").replace("Y", "y")
    kept = "".join(each for each in of_sounds[1:] if each in _KEPT_IN_SKELETON)
    begins = first if first in CONSONANTS and first != "h" else ""
    return (begins + kept).translate(_LIKE)


def _roman(word: str) -> str:
    letters = _DOUBLED.sub(r"\1", word.replace("ehma", "ahma"))
    if len(letters) > 3 and letters.endswith("h") and letters[-2] in "aeiou":
        letters = letters[:-1]
    found = "".join(_ROMAN_LETTERS.get(each, each) for each in _ROMAN_PARTS.findall(letters))
    found = re.sub(r"(?<=[^aeiouAEIOU])y(?=[^aeiouAEIOU]|$)", "I", found)
    return found[:-1] + _FINAL.get(found[-1], found[-1]) if len(found) > 1 else found


def _urdu(word: str) -> str:
    found: list[str] = []
    for letter in word.replace("ذوال", "ذول").replace("ابوال", "ابول"):
        if letter == _ASPIRATES and found:
            found[-1] = _ASPIRATED.get(found[-1], found[-1])
        elif letter in _LETTERS:
            sound = _LETTERS[letter]
            if not found or sound != found[-1]:
                found.append(sound)
    if found[:1] in (["W"], ["Y"]):
        found[0] = found[0].lower()
    if found[:2] == ["A", "Y"] or found[:2] == ["A", "W"]:
        del found[0]  # اویس, ایمان: alef only carries the vowel
    elif found[:1] == ["A"] and word[0] == _ALEF:
        found[0] = ANY_VOWEL
    if len(found) > 2 and found[-1] == "h" and found[-2] not in LONG:
        found[-1] = "A"
    if len(found) > 1 and found[-1] == "Y":
        found[-1] = "I"
    return "".join(found)
