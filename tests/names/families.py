"""Families of names: the spellings of one name in both scripts, and how names are written with them.

The tables in ``pairs`` hold single given names, clans' names and by-names, each with its source. A family belongs to
the tuning half or to the untouched one with all of its spellings.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from nsor_synthetic.dice import Dice

FOLDER: Final = Path(__file__).with_name("pairs")
ROMAN: Final = 0
URDU: Final = 1


class Word(NamedTuple):
    """A word of a name, or a compound, with its spellings in Roman letters and in Urdu, the usual one first."""

    spellings: tuple[tuple[str, ...], tuple[str, ...]]

    def another(self, dice: Dice, script: int) -> str:
        """Another spelling than the usual one, if there is one."""
        spellings = self.spellings[script]
        return dice.one(spellings[1:] or spellings)

    def without(self, other: Word) -> Word:
        """The same without spellings that another name has too: nobody could tell the two apart by these."""
        roman, urdu = (
            tuple(each for each in of_script if each not in of_other) or of_script
            for of_script, of_other in zip(self.spellings, other.spellings, strict=True)
        )
        return Word((roman, urdu))

    def usual(self, script: int) -> str:
        """The usual spelling."""
        return self.spellings[script][0]


class Family(NamedTuple):
    """A name.

    Attributes:
        half: whose half.
        kind: what it is a name of.
        family: which.
        word: its spellings, as it stands in names: compounds whole.
        stem: the spellings of its own part.
    """

    half: str
    kind: str
    family: str
    word: Word
    stem: Word


MUHAMMAD: Final = Word((("Muhammad", "Mohammad", "Mohammed", "Muhammed", "Mohd.", "Mohd", "M."), ("محمد",)))
SECONDS: Final = (
    Word((("Ali", "Aly"), ("علی",))),
    Word((("Ahmed", "Ahmad"), ("احمد",))),
    Word((("Khan",), ("خان",))),
    Word((("Shah",), ("شاہ",))),
)
"""Words that stand in so many names that no half is theirs."""


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@functools.cache
def families() -> dict[str, Family]:
    """All families by their names."""
    found = {}
    for row in rows("families.tsv"):
        roman, urdu = (tuple(row[script].split(",")) for script in ("roman", "urdu"))
        stem = Word((roman, urdu))
        word = _COMPOUNDS[row["kind"]](roman, urdu) if row["kind"] in _COMPOUNDS else stem
        found[row["family"]] = Family(row["half"], row["kind"], row["family"], word, stem)
    return found


_SUN: Final = {"r": "r", "s": "s", "z": "z", "n": "n", "t": "t"}
"""Sounds that the article takes on (ICS-630-01, Annex F)."""


def _servant(roman: Sequence[str], urdu: Sequence[str]) -> Word:
    article = f"Abdu{_SUN.get(roman[0][0].lower(), 'l')}"
    forms = [f"Abdul {each}" for each in roman] + [f"{article} {each}" for each in roman]
    forms += [
        f"Abdul{roman[0].lower()}",
        f"{article}{roman[-1].lower()}",
        f"Abdul-{roman[0]}",
        f"{article}-{roman[-1]}",
    ]
    return Word((tuple(dict.fromkeys(forms)), (*(f"عبدال{each}" for each in urdu), f"عبد ال{urdu[0]}")))


def _of_god(roman: Sequence[str], urdu: Sequence[str]) -> Word:
    forms = [form for each in roman for form in (f"{each}ullah", f"{each} Ullah", f"{each}-ullah")]
    return Word(((*forms, f"{roman[0]}ulla"), (*(f"{each} اللہ" for each in urdu), f"{urdu[-1]}اللہ")))


def _of_faith(roman: Sequence[str], urdu: Sequence[str]) -> Word:
    forms = [form for each in roman for form in (f"{each}uddin", f"{each} ud Din", f"{each}-ud-Din", f"{each} Uddin")]
    return Word(((*forms, f"{roman[0]} ud Deen"), (*(f"{each} الدین" for each in urdu), f"{urdu[-1]}الدین")))


def _servant_of_saint(roman: Sequence[str], urdu: Sequence[str]) -> Word:
    forms = [f"{first} {each}" for first in ("Ghulam", "Gulam") for each in roman]
    return Word((tuple(forms), tuple(f"غلام {each}" for each in urdu)))


def _given_by(roman: Sequence[str], urdu: Sequence[str]) -> Word:
    forms = [f"{each} {last}" for last in ("Bakhsh", "Bux", "Baksh") for each in roman]
    return Word((tuple(forms), tuple(f"{each} بخش" for each in urdu)))


_COMPOUNDS: Final[dict[str, Callable[[Sequence[str], Sequence[str]], Word]]] = {
    "servant": _servant,
    "god": _of_god,
    "faith": _of_faith,
    "ghulam": _servant_of_saint,
    "bakhsh": _given_by,
}
COMPOUNDS: Final = tuple(_COMPOUNDS)
"""Kinds of families whose names are compounds."""
