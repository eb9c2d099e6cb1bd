"""What synthetic offenders were convicted of: sections, the victim's class, and how often."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from nsor.v1 import types_pb2

_WOMAN: Final = types_pb2.VICTIM_CLASS_WOMAN
_CHILD: Final = types_pb2.VICTIM_CLASS_CHILD
_MAN: Final = types_pb2.VICTIM_CLASS_OTHER_ADULT
_STILL_LAW: Final = dt.date.max
_LAST_OF_292B: Final = dt.date(2023, 7, 23)
_FIRST_OF_375A: Final = dt.date(2020, 12, 14)


@dataclass(frozen=True, slots=True)
class Crime:
    """A conviction's sections.

    Attributes:
        codes: codes of the offence table, the principal one first.
        victim_class: the victim's class.
        weight: how often, in relation to the others.
        gravest: a life sentence is possible.
        last_day: last day on which all the sections were law.
        first_day: first day on which they were, of those after 2018.
    """

    codes: tuple[str, ...]
    victim_class: types_pb2.VictimClass.ValueType
    weight: int
    gravest: bool = False
    last_day: dt.date = _STILL_LAW
    first_day: dt.date = dt.date.min


CRIMES: Final = (
    Crime(("PPC-376",), _WOMAN, 22, gravest=True),
    Crime(("PPC-376",), _CHILD, 16, gravest=True),
    Crime(("PPC-376", "PPC-34"), _WOMAN, 6, gravest=True),
    Crime(("PPC-375A",), _WOMAN, 5, gravest=True, first_day=_FIRST_OF_375A),
    Crime(("PPC-365B", "PPC-376"), _WOMAN, 9, gravest=True),
    Crime(("PPC-377",), _CHILD, 9, gravest=True),
    Crime(("PPC-377",), _MAN, 2),
    Crime(("PPC-377B",), _CHILD, 9),
    Crime(("PPC-364A", "PPC-377B"), _CHILD, 2),
    Crime(("PPC-376", "PPC-511"), _CHILD, 4),
    Crime(("PPC-354",), _WOMAN, 6),
    Crime(("PPC-354A", "PPC-34"), _WOMAN, 3),
    Crime(("PPC-336B",), _WOMAN, 2, gravest=True),
    Crime(("PPC-366A",), _CHILD, 1),
    Crime(("PPC-371A",), _WOMAN, 1),
    Crime(("PPC-292A",), _CHILD, 1),
    Crime(("PPC-292B", "PPC-292C"), _CHILD, 2, last_day=_LAST_OF_292B),
    Crime(("PECA-21",), _WOMAN, 4),
    Crime(("PECA-22",), _CHILD, 4),
)
"""The convictions that are drawn from."""


def courts(crime: Crime) -> tuple[types_pb2.CourtKind.ValueType, ...]:
    """Give the kinds of court that try it."""
    if crime.victim_class == _CHILD:
        return (types_pb2.COURT_KIND_SPECIAL_COURT, types_pb2.COURT_KIND_CHILD_PROTECTION_COURT)
    return (
        types_pb2.COURT_KIND_SPECIAL_COURT,
        types_pb2.COURT_KIND_GBV_COURT,
        types_pb2.COURT_KIND_SESSIONS_COURT,
    )
