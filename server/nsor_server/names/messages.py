"""What goes between the register and the process that holds the index."""

from __future__ import annotations

import msgspec

from nsor_server.names.card import Candidate, Person


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


class Answer(msgspec.Struct, frozen=True):
    """To every message: how many cards there are, and to ``Find`` the candidates of each query."""

    cards: int
    candidates: list[list[Candidate]]


Message = Add | Remove | Find
