"""What sentences the sections carry, and what is served of them.

The Penal Code's and PECA's terms are remembered where no comment says otherwise: enough for people who look as if they
had been sentenced by a court, no source of law.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from nsor.v1 import types_pb2
from nsor_synthetic.dice import Dice

Sentence = tuple[types_pb2.SentenceKind.ValueType, int]
"""Its kind, and the months of an imprisonment."""
NONE: Final[Sentence] = (types_pb2.SENTENCE_KIND_NONE, 0)
LIFE: Final[Sentence] = (types_pb2.SENTENCE_KIND_LIFE, 0)
DEATH: Final[Sentence] = (types_pb2.SENTENCE_KIND_DEATH, 0)
_YEAR: Final = 12
_SHORT: Final = 24


@dataclass(frozen=True, slots=True)
class Range:
    """What a section allows.

    Attributes:
        least: fewest months; 0: no imprisonment but for life.
        most: most months.
        life: percent that are sentenced for life.
        death: percent that are sentenced to death.
    """

    least: int = 0
    most: int = 0
    life: int = 0
    death: int = 0


_RANGES: Final = {
    "PPC-376": Range(120, 300, life=25, death=3),
    "PPC-375A": Range(life=90, death=10),
    "PPC-365B": Range(life=100),
    "PPC-377": Range(24, 120, life=15),
    "PPC-364A": Range(84, 168, life=20, death=2),
    "PPC-511": Range(24, 144),
    "PPC-354": Range(3, 24),
    "PPC-354A": Range(life=95, death=5),
    "PPC-336B": Range(168, 300, life=30),
    "PPC-366A": Range(24, 120),
    "PPC-371A": Range(36, 300),
    "PPC-292A": Range(12, 84),
    "PECA-21": Range(6, 60),
    "PECA-22": Range(12, 84),
}
AMENDED: Final = dt.date(2018, 6, 1)
"""From when on the terms of 292C and 377B were longer; remembered."""
_BEFORE: Final = Range(12, 84)
_AFTER: Final = Range(168, 240)
_OF_A_MINOR: Final = Range(12, 84)
_WITHOUT: Final = frozenset({"PPC-34", "PPC-292B"})
"""Sections without a sentence of their own: common intention, and the definition of what 292C punishes."""


def range_of(code: str, offence: dt.date, victim: types_pb2.VictimClass.ValueType) -> Range | None:
    """What a section allowed on the day of the offence; nothing if it has no sentence of its own."""
    if code in _WITHOUT:
        return None
    if code in {"PPC-292C", "PPC-377B"}:
        return _BEFORE if offence < AMENDED else _AFTER
    if code == "PECA-21" and victim == types_pb2.VICTIM_CLASS_CHILD:
        return _OF_A_MINOR
    return _RANGES[code]


def draw(
    dice: Dice, code: str, offence: dt.date, victim: types_pb2.VictimClass.ValueType, *, juvenile: bool
) -> Sentence:
    """Draw a sentence. Nobody who was under 18 is sentenced to death (Juvenile Justice System Act 2018, s.16)."""
    allowed = range_of(code, offence, victim)
    if allowed is None:
        return NONE
    throw = dice.random() * 100
    if throw < allowed.death and not juvenile:
        return DEATH
    if not allowed.least or throw < allowed.death + allowed.life:
        return LIFE
    step = _YEAR if allowed.least >= _SHORT else 3
    return types_pb2.SENTENCE_KIND_IMPRISONMENT, dice.randrange(allowed.least, allowed.most + 1, step)
