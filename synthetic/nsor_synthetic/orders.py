"""Conviction orders: one seed gives the same orders in the same bytes, and a shorter run is the start of a longer one.

Numbers are unique by construction: whoever wants the same person twice takes pairs.py. Mobile numbers and passports
are of series that nobody issues.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Final

from nsor.v1 import registration_pb2, types_pb2
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places
from nsor_synthetic import addresses, convictions, identities
from nsor_synthetic.convictions import Numbers
from nsor_synthetic.crimes import Crimes
from nsor_synthetic.dice import Dice
from nsor_synthetic.names import clerks
from nsor_synthetic.places import UNITS, Districts

Order = registration_pb2.CreateRegistrationRequest
"""A conviction order."""
NAMESPACE: Final = uuid.UUID("6f6c6e73-6f72-5e79-9d2a-73796e746865")
"""Namespace of the request ids."""
MOST: Final = 1_000_000
"""Most orders of a run: beyond, numbers of documents would repeat."""
ADULT: Final = 18
"""Age from which on nobody is a child (s.2(1)(b))."""


class Run:
    """What the orders of a run share: the seed, places, offences, and the numbers of FIRs and cases that are given.

    Attributes:
        seed: the seed.
        name: the seed, and the only unit if there is one: what the dice and the request ids are made from.
        districts: where people live.
        crimes: what they did.
        numbers: the numbers that are given.
    """

    __slots__ = ("crimes", "districts", "name", "numbers", "seed")

    def __init__(self, seed: int, unit: str = "") -> None:
        self.seed = seed
        self.name = f"{seed}/{unit}" if unit else str(seed)
        self.districts = Districts(Places.load(), unit)
        self.crimes = Crimes(OffenceTable.load())
        self.numbers = Numbers()


def generate(seed: int, count: int, unit: str = "") -> Iterator[Order]:
    """Make ``count`` conviction orders, at most a million.

    Args:
        seed: the same seed and unit give the same orders.
        count: how many.
        unit: the unit of every court and address, such as PK-PB; without it they are of all Pakistan.
    """
    if not 0 <= count <= MOST:
        raise ValueError(f"count must lie between 0 and {MOST:,}")
    if unit and unit not in UNITS:
        raise ValueError("unit must be one of " + ", ".join(UNITS))
    run = Run(seed, unit)
    return (order(run, index) for index in range(count))


def order(run: Run, index: int) -> Order:
    """Make the order of an index."""
    dice = Dice(f"{run.name}/{index}")
    home = run.districts.anywhere(dice)
    crime, offence = run.crimes.draw(dice)
    who = identities.draw(dice, districts=run.districts, home=home, seed=run.seed, index=index, offence=offence)
    convicted = convictions.draw(
        dice,
        districts=run.districts,
        numbers=run.numbers,
        home=home,
        crime=crime,
        offence=offence,
        juvenile=who.age(offence) < ADULT,
    )
    return assembled(dice, request_id(f"{run.name}/{index}"), who, convicted, addresses.draw(dice, run.districts, home))


def assembled(
    dice: Dice,
    request: str,
    who: identities.Identity,
    convicted: convictions.Convicted,
    lives: list[types_pb2.Address],
) -> Order:
    """Write an order down, as a clerk of the court's district does."""
    clerk = clerks.clerk(dice, convicted.conviction.court_case.place_code)
    return Order(
        request_id=request,
        person=identities.write(dice, who, clerk),
        convictions=[convicted.conviction],
        addresses=lives,
        custody=convicted.custody,
        heightened_handling=dice.chance(10),
    )


def request_id(name: str) -> str:
    """A request id of a name."""
    return str(uuid.uuid5(NAMESPACE, name))
