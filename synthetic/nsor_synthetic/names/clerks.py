"""How clerks write names: each has spellings of his own, a keyboard, and writes one script or both."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from nsor_synthetic.dice import Dice
from nsor_synthetic.names.communities import Words

AS_MOST_DO: Final = -1
"""Number of a clerk without habits of his own."""
_ARABIC: Final = str.maketrans("کیہ", "كيه")
_CLERKS_OF_OFFICE: Final = 3
_USUAL: Final = 0.55
"""Share of words that a clerk spells as most do."""
_WAVERS: Final = 12
"""Percent of words that a clerk spells in another way than he does mostly."""


@dataclass(frozen=True, slots=True)
class Clerk:
    """Who typed an order.

    Attributes:
        number: what his habits follow from.
        urdu: he writes Urdu.
        roman: he writes Roman letters.
        arabic_keyboard: his keyboard has Arabic's kaf, yeh and heh instead of Urdu's.
        capitals: he writes Roman letters as capitals.
    """

    number: int
    urdu: bool
    roman: bool
    arabic_keyboard: bool
    capitals: bool


InScript = Callable[[Dice, Clerk, Words], str]
"""Writes a name in one script."""


def clerk(dice: Dice, office: str) -> Clerk:
    """Draw one of an office's clerks. Shares of scripts and keyboards are remembered, not counted."""
    number = zlib.crc32(office.encode()) % 1_000 * _CLERKS_OF_OFFICE + dice.randrange(_CLERKS_OF_OFFICE)
    scripts = dice.random()
    return Clerk(
        number=number,
        urdu=scripts < 0.65,
        roman=not 0.5 <= scripts < 0.65,
        arabic_keyboard=number % 11 == 3,
        capitals=number % 9 == 4,
    )


def in_urdu(dice: Dice, who: Clerk, words: Words) -> str:
    """Write a name in Urdu script."""
    text = " ".join(_spelling(dice, who, word.number, word.urdu) for word in words)
    return text.translate(_ARABIC) if who.arabic_keyboard else text


def in_roman(dice: Dice, who: Clerk, words: Words) -> str:
    """Write a name in Roman letters."""
    text = " ".join(_spelling(dice, who, word.number, word.roman) for word in words)
    return text.upper() if who.capitals else text


def _spelling(dice: Dice, who: Clerk, word: int, spellings: tuple[str, ...]) -> str:
    if len(spellings) == 1 or who.number == AS_MOST_DO:
        return spellings[0]
    if dice.chance(_WAVERS):
        return dice.one(spellings)
    habit = (who.number * 2_654_435_761 + word * 40_503_001) % 65_521 / 65_521
    return spellings[0 if habit < _USUAL else int((habit - _USUAL) / (1 - _USUAL) * len(spellings))]


def as_most_do(who: Clerk) -> Clerk:
    """The same clerk, spelling as most do."""
    return dataclasses.replace(who, number=AS_MOST_DO)
