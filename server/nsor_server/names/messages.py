"""What goes between the register and the process that holds the index."""

from __future__ import annotations

import msgspec

from nsor_server.names.card import Bands, Candidate, Found, Person


class Add(msgspec.Struct, tag=True, frozen=True):
    """Cards to be added or replaced."""

    cards: list[tuple[bytes, Person]]


class Remove(msgspec.Struct, tag=True, frozen=True):
    """Cards to be forgotten."""

    card_ids: list[bytes]


class Find(msgspec.Struct, tag=True, frozen=True):
    """Queries, each answered by at most ``limit`` candidates that are at least so strong and so rare."""

    people: list[Person]
    limit: int
    least_strength: float
    least_rarity: float


class Search(msgspec.Struct, tag=True, frozen=True):
    """A search, answered by at most ``limit`` candidates, each with his band."""

    person: Person
    limit: int
    bands: Bands


class Compare(msgspec.Struct, tag=True, frozen=True):
    """A search among these cards instead, of which none is kept."""

    person: Person
    limit: int
    bands: Bands
    cards: list[tuple[bytes, Person]]


class Born(msgspec.Struct, tag=True, frozen=True):
    """Who was born on the same day as each of these people and is alike by both names, at most ``limit`` of each."""

    people: list[Person]
    limit: int
    least_strength: float


class Answer(msgspec.Struct, frozen=True):
    """How many cards there are; to ``Find`` and ``Born`` also candidates, to the others that ask what was found."""

    cards: int
    candidates: list[list[Candidate]]
    found: Found | None = None


Message = Add | Remove | Find | Born | Search | Compare
