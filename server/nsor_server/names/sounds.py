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
LAST_H: Final = "H"
"""Behind a vowel at the end of a Roman word: of Fatimah it is nothing, of Salah a letter."""
TH: Final = "T"
"""Roman th: an aspirated t, or the letter that Urdu speaks as s (Uthman)."""
DH: Final = "D"
"""Roman dh: an aspirated d, or the letter that Urdu speaks as z (Riyadh, Riaz)."""
LAST_A: Final = "F"
"""At the end of a word: what makes a woman's name of a man's."""
ALPHABET: Final = CONSONANTS + LONG + SHORT + UNSURE + SILENT + LAST_H + TH + LAST_A + DH

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
    ("th", TH),
    ("dh", DH),
    ("jh", "j"),
    ("rh", "r"),
    ("aee", "E"),
    ("aie", "E"),
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
_ROMAN_PARTS: Final = re.compile(
    "|".join(re.escape(each) + ("(?![aeiou])" if each == "aw" else "") for each, _ in _ROMAN) + "|[a-z]"
)
_QUE: Final = re.compile(r"que$|qu(?=[aei])")
_GLIDE: Final = re.compile(r"a[wv]?(?:oo|ou|u)(?=[b-df-hj-np-tv-z])")
"""Dawood, Daud, Dawud: one vowel in both scripts."""
_BETWEEN_VOWELS: Final = re.compile(r"iy+(?=[aou])")
"""Riyaz, Riaz: the y between two vowels is spoken, written or not."""
_DOUBLED: Final = re.compile(r"([b-df-hj-np-tv-z])\1+")
_FINAL: Final = {"a": LAST_A, "A": LAST_A, "e": "E", "i": "I", "o": "O", "u": "U", "y": "I"}
_LETTERS: Final = {
    **dict.fromkeys("اآ", "A"),
    **dict.fromkeys("تطٹ", "t"),
    **dict.fromkeys("ثسص", "s"),
    **dict.fromkeys("دڈ", "d"),
    **dict.fromkeys("ذزضظژ", "z"),
    **dict.fromkeys("رڑ", "r"),
    **dict.fromkeys("حہهۂ", "h"),
    **dict.fromkeys("عءئأإ", "'"),
    "ؤ": "O",
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
_S_AND_H: Final = re.compile(r"(?<=.)[سص]ح")
"""Is-haq: Roman letters don't tell s and h from sh."""
_ASPIRATES: Final = "\u06be"
_HARD_H: Final = "ح"
"""At the end of a word the other letters of h are a vowel."""
_ONE_SOUND: Final = (("ذوال", "ذول"), ("ابوال", "ابول"), ("اؤ", "ؤ"), ("اعی", "عی"))
"""Letters that are spoken as one, and others that stand for them."""
_TWO: Final = 2
_ALEF: Final = "\u0627"
_ASPIRATED: Final = {"k": "x", "g": "G", "p": "f"}
_KEPT_IN_SKELETON: Final = frozenset(CONSONANTS + TH + DH) - set("hwy")
_LIKE: Final = str.maketrans("qGTD", "kgtd")


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
    begins = first if first in CONSONANTS + TH + DH and first != "h" else ""
    return (begins + kept).translate(_LIKE)


def _roman(word: str) -> str:
    letters = _BETWEEN_VOWELS.sub("i", _GLIDE.sub("au", _QUE.sub("q", word.replace("ehma", "ahma"))))
    letters = _DOUBLED.sub(r"\1", letters)
    ends_with_h = len(letters) > 3 and letters.endswith("h") and letters[-2] in "aou"
    if ends_with_h:
        letters = letters[:-1]
    found = "".join(_ROMAN_LETTERS.get(each, each) for each in _ROMAN_PARTS.findall(letters))
    found = re.sub(r"(?<=[^aeiouAEIOU])y(?=[^aeiouAEIOU]|$)", "I", found)
    found = found[:-1] + _FINAL.get(found[-1], found[-1]) if len(found) > 1 else found
    return found + LAST_H if ends_with_h else found


def _urdu(word: str) -> str:
    found: list[str] = []
    before = ""
    for letter in _S_AND_H.sub("ش", functools.reduce(lambda text, each: text.replace(*each), _ONE_SOUND, word)):
        if letter == _ASPIRATES and found:
            found[-1] = _ASPIRATED.get(found[-1], found[-1])
        elif letter in _LETTERS:
            sound = _LETTERS[letter]
            # One letter stands for a doubled consonant: two of them have a vowel between them that isn't written.
            if not found or sound != found[-1] or (letter == before and sound in CONSONANTS):
                found.append(sound)
        before = letter
    return _with_ends("".join(found), word)


def _with_ends(found: str, word: str) -> str:
    """The sounds of an Urdu word, where its first and last letters stand for others than inside it."""
    if found[:1] in {"W", "Y"}:
        found = found[0].lower() + found[1:]
    if found[:2] in {"AY", "AW"}:
        found = found[1:]  # اویس, ایمان: alef only carries the vowel
    elif found[:1] == "A" and word[0] == _ALEF:
        found = ANY_VOWEL + found[1:]
    if len(found) < _TWO:
        return found
    if found[-1] == "A" or (len(found) > _TWO and found[-1] == "h" and found[-2] not in LONG and word[-1] != _HARD_H):
        return found[:-1] + LAST_A
    return found[:-1] + "I" if found[-1] == "Y" else found
