"""Where synthetic offenders live: a permanent address, and for some another one now."""

from __future__ import annotations

import datetime as dt

from nsor.v1 import types_pb2
from nsor_synthetic import dates, places
from nsor_synthetic.dice import Dice


def draw(dice: Dice, districts: places.Districts, home: str) -> list[types_pb2.Address]:
    """Draw the permanent address in a district, and the current one."""
    permanent = types_pb2.Address(kind=types_pb2.ADDRESS_KIND_PERMANENT, place_code=_station(dice, home))
    _house(dice, permanent)
    current = types_pb2.Address()
    if dice.chance(70):
        current.CopyFrom(permanent)
    else:
        near = dice.chance(75)
        district = districts.of_unit(dice, places.unit_of(home)) if near else districts.anywhere(dice)
        current.place_code = _station(dice, district) if dice.chance(85) else district
        current.since_date.CopyFrom(dates.to_date(dice.day(dt.date(2015, 1, 1), dates.LAST_DAY)))
        _house(dice, current)
    current.kind = types_pb2.ADDRESS_KIND_CURRENT
    return [permanent, current]


def _station(dice: Dice, district: str) -> str:
    return f"{district}/PS-{dice.randint(1, 24):03d}"


def _house(dice: Dice, address: types_pb2.Address) -> None:
    address.locality_code = f"{dice.one(('UC-', 'WARD ', 'CHAK ', 'MAUZA '))}{dice.randint(1, 180)}"
    if dice.chance(60):
        address.street_number = str(dice.randint(1, 60))
        address.house_number = f"{dice.randint(1, 400)}/{dice.one('ABC')}"
    if dice.chance(50):
        address.postal_code = f"{dice.randint(10, 97)}{dice.randint(0, 99) * 10:03d}"
