"""What synthetic offenders were convicted of: sections, the victim's class, how often, and when all of it was law."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Final

from nsor.v1 import types_pb2
from nsor_server.policy.offences import OffenceTable
from nsor_synthetic.dates import FIRST_OFFENCE, LAST_DAY
from nsor_synthetic.dice import Dice

_WOMAN: Final = types_pb2.VICTIM_CLASS_WOMAN
_CHILD: Final = types_pb2.VICTIM_CLASS_CHILD
_MAN: Final = types_pb2.VICTIM_CLASS_OTHER_ADULT
LATEST_OFFENCE: Final = LAST_DAY - dt.timedelta(days=500)
"""What was done later had no judgment yet by the last day."""
Window = tuple[dt.date, dt.date]
"""First and last day of an offence."""


@dataclass(frozen=True, slots=True)
class Crime:
    """A conviction's sections.

    Attributes:
        codes: codes of the offence table, the principal one first.
        victim_class: the victim's class.
        weight: how often, in relation to the others.
        attempted: the section that was attempted, where the conviction is of an attempt (PPC-511).
    """

    codes: tuple[str, ...]
    victim_class: types_pb2.VictimClass.ValueType
    weight: int
    attempted: str = ""


CRIMES: Final = (
    Crime(("PPC-376",), _WOMAN, 22),
    Crime(("PPC-376",), _CHILD, 16),
    Crime(("PPC-376", "PPC-34"), _WOMAN, 6),
    Crime(("PPC-375A",), _WOMAN, 5),
    Crime(("PPC-365B", "PPC-376"), _WOMAN, 9),
    Crime(("PPC-377",), _CHILD, 9),
    Crime(("PPC-377",), _MAN, 2),
    Crime(("PPC-377B",), _CHILD, 9),
    Crime(("PPC-377B", "PPC-364A"), _CHILD, 2),
    Crime(("PPC-511",), _CHILD, 4, attempted="PPC-376"),
    Crime(("PPC-354",), _WOMAN, 6),
    Crime(("PPC-354A", "PPC-34"), _WOMAN, 3),
    Crime(("PPC-336B",), _WOMAN, 2),
    Crime(("PPC-366A",), _CHILD, 1),
    Crime(("PPC-371A",), _WOMAN, 1),
    Crime(("PPC-292A",), _CHILD, 1),
    Crime(("PPC-292C", "PPC-292B"), _CHILD, 2),
    Crime(("PECA-21",), _WOMAN, 3),
    Crime(("PECA-21",), _CHILD, 1),
    Crime(("PECA-22",), _CHILD, 4),
)
"""The convictions that are drawn from; the weights are remembered, not counted."""


class Crimes:
    """The convictions, with the days on which all their sections were law by an offence table."""

    __slots__ = ("_crimes", "_short", "_windows")

    def __init__(self, offences: OffenceTable) -> None:
        laws: dict[str, list[Window]] = {}
        for row in offences.rows():
            laws.setdefault(row.code, []).append((row.valid_from or FIRST_OFFENCE, row.valid_to or LAST_DAY))
        self._windows = {
            crime: _together([laws[code] for code in (*crime.codes, crime.attempted) if code]) for crime in CRIMES
        }
        self._crimes = _weighed([crime for crime in CRIMES if self._windows[crime]])
        self._short = _weighed([crime for crime in self._crimes[0] if crime.codes[0] in {"PPC-354", "PECA-21"}])

    def draw(self, dice: Dice, first: dt.date = FIRST_OFFENCE) -> tuple[Crime, dt.date]:
        """Draw a crime and its day, on which it was law, and not before a day that leaves time for a judgment."""
        if first > LATEST_OFFENCE:
            raise ValueError("no judgment of it could lie before the last day")
        return self._draw(dice, *self._crimes, first)

    def short(self, dice: Dice) -> tuple[Crime, dt.date]:
        """Draw one of few months, so early that whoever did it is released again."""
        crime, _ = self._draw(dice, *self._short, FIRST_OFFENCE)
        return crime, dice.day(max(FIRST_OFFENCE, self._windows[crime][0][0]), dt.date(2019, 6, 30))

    def _draw(self, dice: Dice, crimes: list[Crime], up_to: list[int], first: dt.date) -> tuple[Crime, dt.date]:
        if first > FIRST_OFFENCE:
            crimes, up_to = _weighed([crime for crime in crimes if self._windows[crime][-1][1] >= first])
        crime = dice.weighted(crimes, up_to)
        windows = [(max(first, begin), last) for begin, last in self._windows[crime] if first <= last]
        days = list(itertools.accumulate((last - begin).days + 1 for begin, last in windows))
        return crime, dice.day(*dice.weighted(windows, days))


def _weighed(crimes: list[Crime]) -> tuple[list[Crime], list[int]]:
    return crimes, list(itertools.accumulate(crime.weight for crime in crimes))


def _together(laws: list[list[Window]]) -> list[Window]:
    """The windows in which every section was law, within those of the register's orders."""
    found = [(FIRST_OFFENCE, LATEST_OFFENCE)]
    for windows in laws:
        both = [(max(a, c), min(b, d)) for a, b in found for c, d in windows]
        found = [(first, last) for first, last in both if first <= last]
    return found
