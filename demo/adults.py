"""Who did what as an adult: what a juvenile did most look-ups don't show, and a story of it would tell nothing."""

from __future__ import annotations

from typing import Final

from nsor.v1 import registration_pb2, types_pb2

_ADULT: Final = 18


def did(order: registration_pb2.CreateRegistrationRequest, person: types_pb2.Person | None = None) -> bool:
    """Whether the person of an order, or another one in his place, was an adult at each offence, by the years."""
    born = (person or order.person).birth_date.year
    return all(count.offence_date.year - born > _ADULT for each in order.convictions for count in each.counts)
