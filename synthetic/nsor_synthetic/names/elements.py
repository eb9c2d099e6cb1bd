"""What names are made of: an element is a word or a fixed phrase, with the spellings that clerks use for it.

The tables hold single given names, clan names and by-names, never anybody's whole name. The first spelling of a script
is the usual one. Each element belongs to one of two halves: a matcher is tuned on pairs of the one and measured on
pairs of the other, so that no name of the measurement was seen before.
"""

from __future__ import annotations

import itertools
import zlib
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Half(Enum):
    """Which pairs an element may stand in."""

    TUNING = "tuning"
    UNTOUCHED = "untouched"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Element:
    """A word or a fixed phrase of names.

    Attributes:
        number: a number of its own, which a clerk's habits follow from.
        urdu: its spellings in Urdu script, the usual one first.
        roman: its spellings in Roman letters, the usual one first.
        half: its half.
    """

    number: int
    urdu: tuple[str, ...]
    roman: tuple[str, ...]
    half: Half


class Table:
    """A list of elements, the frequent ones first.

    Attributes:
        elements: all of them.
    """

    __slots__ = ("_frequencies", "elements")

    def __init__(self, elements: tuple[Element, ...]) -> None:
        self.elements = elements
        self._frequencies: dict[Half, tuple[tuple[Element, ...], list[float]]] = {}
        for half in Half:
            chosen = tuple(e for e in elements if half is Half.BOTH or e.half in {half, Half.BOTH})
            # Zipf's law, flattened: the most frequent name of a list isn't half of all people.
            weights = itertools.accumulate(1 / (place + _FLATTENED) for place in range(len(chosen)))
            self._frequencies[half] = (chosen, list(weights))

    def __add__(self, other: Table) -> Table:
        """Join two tables; the other's names are the less frequent ones."""
        return Table((*self.elements, *other.elements))

    def frequencies(self, half: Half) -> tuple[tuple[Element, ...], list[float]]:
        """The elements of a half, and how often each and all before it are drawn."""
        return self._frequencies[half]


_FLATTENED: Final = 6
_PARTICLES: Final = frozenset(
    word
    for line in (
        "محمد مسیح بی غلام اللہ خان گل بخش داد",
        "دین علی احمد حسین شاہ آغا میر الاسلام الرحمٰن",
    )
    for word in line.split(" ")
)
"""Words that stand in so many names that they tell nobody apart: no half is theirs."""


def element(urdu: tuple[str, ...], roman: tuple[str, ...], word: str = "") -> Element:
    """Make an element. Its half is that of the word that tells it from others, so the same in every table.

    Args:
        urdu: its spellings, the usual one first.
        roman: the same in Roman letters.
        word: the word; without it the first one that isn't a particle, and a particle alone is of both halves.
    """
    word = word or next((part for part in urdu[0].split() if part not in _PARTICLES), "")
    word = word.removeprefix("عبدال").removesuffix("اللہ") or word
    half = (Half.TUNING, Half.UNTOUCHED)[zlib.crc32(word.encode()) % 2] if word else Half.BOTH
    return Element(zlib.crc32(f"{urdu[0]}/{roman[0]}".encode()), urdu, roman, half)


def table(text: str) -> Table:
    """Read elements, one a line: ``Urdu, other Urdu | Roman, Other Roman``."""
    return Table(tuple(element(urdu, roman) for urdu, roman in _lines(text)))


def servants(text: str) -> Table:
    """Make names of the form Abdul X; a line may end with the article's sound: ``| r`` for Abdur Rehman."""
    found = []
    for line in text.strip().splitlines():
        urdu, roman, *sounds = (part.strip() for part in line.split("|"))
        words, stems = _words(urdu), _words(roman)
        spellings = [f"Abdul {stem}" for stem in stems]
        spellings += [f"Abdu{sound} {stems[0]}" for sound in sounds]
        spellings += [f"Abdul{stems[0].lower()}"]
        both = (*(f"عبدال{word}" for word in words), f"عبد ال{words[0]}")
        found.append(element(both, tuple(spellings), words[0]))
    return Table(tuple(found))


def of_god(text: str) -> Table:
    """Make names of the form X-ullah."""
    found = []
    for words, stems in _lines(text):
        spellings = [form for stem in stems for form in (f"{stem}ullah", f"{stem} Ullah")] + [f"{stems[0]}ulla"]
        found.append(element(tuple(f"{word} اللہ" for word in words), tuple(spellings), words[0]))
    return Table(tuple(found))


def of_faith(text: str) -> Table:
    """Make names of the form X-uddin."""
    found = []
    for words, stems in _lines(text):
        first = stems[0]
        spellings = [f"{first} ud Din", f"{first}uddin", f"{first}-ud-Din", *(f"{stem}uddin" for stem in stems[1:])]
        found.append(element(tuple(f"{word} الدین" for word in words), tuple(spellings), words[0]))
    return Table(tuple(found))


def _lines(text: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    found = []
    for line in text.strip().splitlines():
        urdu, roman = line.split("|")
        found.append((_words(urdu), _words(roman)))
    return found


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))
