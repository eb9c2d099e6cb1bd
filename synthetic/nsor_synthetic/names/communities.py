"""Who is called what: communities, how many of each live in a unit, and how their names are put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nsor.v1 import types_pb2
from nsor_synthetic.dice import Dice
from nsor_synthetic.names import families, general, regional
from nsor_synthetic.names.elements import Element, Half, Table

Words = tuple[Element, ...]
"""A name."""


@dataclass(frozen=True, slots=True)
class Community:
    """How people of a kind are called.

    Attributes:
        own: men's names that are this community's own.
        own_percent: how many men have one of these; the others' are those of every province.
        family: family names.
        family_percent: how many people write one.
        second: what follows a man's own name; none where that is whole.
        second_percent: how many of the men with an own name have it.
        women: women's names.
        women_second: what follows them.
    """

    own: Table
    own_percent: int
    family: Table | None = None
    family_percent: int = 0
    second: Table | None = None
    second_percent: int = 0
    women: Table = general.WOMEN
    women_second: Table = general.WOMENS_SECONDS


_WOMEN: Final = general.WOMEN + regional.REGIONAL_WOMEN
PUNJABI: Final = Community(regional.PUNJABI, 20, families.PUNJABI, 30)
SARAIKI: Final = Community(regional.SARAIKI, 40, families.SARAIKI, 40)
SINDHI: Final = Community(regional.SINDHI, 50, families.SINDHI, 70, women=_WOMEN)
URDU_SPEAKING: Final = Community(general.SECONDS, 0, families.URDU_SPEAKING, 40)
PASHTUN: Final = Community(regional.PASHTO, 55, families.PASHTO, 45, women=_WOMEN)
BALOCH: Final = Community(regional.BALOCHI, 55, families.BALOCHI, 70, women=_WOMEN)
KASHMIRI: Final = Community(general.SECONDS, 0, families.KASHMIRI, 45)
NORTHERN: Final = Community(regional.NORTHERN, 45, families.NORTHERN, 30)
CHRISTIAN: Final = Community(
    regional.CHRISTIAN, 100, second=Table((general.MASIH,)), second_percent=75, women=regional.MINORITY_WOMEN
)
HINDU: Final = Community(
    regional.HINDU, 100, second=regional.HINDU_SECONDS, second_percent=60, women=regional.MINORITY_WOMEN
)
FOREIGN: Final = {
    "AF": Community(regional.AFGHAN, 85, women=_WOMEN),
    "BD": Community(regional.BENGALI, 100),
    "IR": Community(regional.IRANIAN, 100, families.NORTHERN, 0),
    "TJ": Community(regional.TAJIK, 100),
    "LK": Community(regional.SRI_LANKAN, 100, women=regional.MINORITY_WOMEN),
}
"""By nationality."""
OF_UNIT: Final = {
    "PK-PB": ((PUNJABI, SARAIKI, URDU_SPEAKING, PASHTUN, CHRISTIAN, BALOCH), (70, 87, 92, 96, 99, 100)),
    "PK-SD": (
        (SINDHI, URDU_SPEAKING, PASHTUN, BALOCH, PUNJABI, HINDU, CHRISTIAN),
        (55, 73, 80, 85, 92, 99, 100),
    ),
    "PK-KP": ((PASHTUN, PUNJABI, SARAIKI, CHRISTIAN), (86, 94, 99, 100)),
    "PK-BA": ((BALOCH, PASHTUN, SINDHI, PUNJABI, HINDU, CHRISTIAN), (46, 86, 92, 97, 99, 100)),
    "PK-IS": ((PUNJABI, PASHTUN, KASHMIRI, URDU_SPEAKING, CHRISTIAN), (55, 73, 88, 95, 100)),
    "PK-JK": ((KASHMIRI, PUNJABI), (92, 100)),
    "PK-GB": ((NORTHERN, PASHTUN), (95, 100)),
}
"""Communities of each unit, and how many each and those before it are. Remembered, by no census table."""


def mans(dice: Dice, community: Community, half: Half = Half.BOTH) -> Words:
    """Draw a man's name without a family's."""
    if dice.chance(community.own_percent):
        own = _one(dice, community.own, half)
        if community.second is not None and dice.chance(community.second_percent):
            return _distinct(own, _one(dice, community.second, half))
        return (own,)
    form = dice.random()
    if form < 0.33:
        return (general.MUHAMMAD, _one(dice, general.MEN, half))
    if form < 0.68:
        return _distinct(_one(dice, general.MEN, half), _one(dice, general.SECONDS, half))
    if form < 0.9:
        return (_one(dice, dice.one(_COMPOUNDS), half),)
    return (_one(dice, general.MEN, half),)


def womans(dice: Dice, community: Community, half: Half = Half.BOTH) -> Words:
    """Draw a woman's name without a family's."""
    own = _one(dice, community.women, half)
    if dice.chance(40):
        return (own, general.BIBI)
    return _distinct(own, _one(dice, community.women_second, half)) if dice.chance(60) else (own,)


def family(dice: Dice, community: Community, half: Half = Half.BOTH) -> Words:
    """Draw a family's name, which many don't have."""
    if community.family is None or not dice.chance(community.family_percent):
        return ()
    return (_one(dice, community.family, half),)


def of_sex(dice: Dice, community: Community, sex: types_pb2.Sex.ValueType, half: Half = Half.BOTH) -> Words:
    """Draw a name for somebody of this sex; a transgender holder's document has either."""
    woman = sex == types_pb2.SEX_FEMALE or (sex == types_pb2.SEX_TRANSGENDER and dice.chance(50))
    return womans(dice, community, half) if woman else mans(dice, community, half)


def usual(words: Words) -> str:
    """The usual spelling in Urdu: two names of one usual spelling are the same name."""
    return " ".join(word.urdu[0] for word in words)


_COMPOUNDS: Final = (
    general.SERVANTS,
    general.SERVANTS,
    general.DEVOTED,
    general.DEVOTED,
    general.OF_GOD,
    general.OF_FAITH,
)


def _one(dice: Dice, table: Table, half: Half) -> Element:
    elements, weights = table.frequencies(half)
    return dice.weighted(elements, weights)


def _distinct(first: Element, second: Element) -> Words:
    """Nobody is called Ali Ali."""
    return (first,) if first.urdu[0] == second.urdu[0] else (first, second)
