"""What the index knows of a person, and what it answers."""

from __future__ import annotations

import enum
from typing import Final

import msgspec


class Part(enum.IntEnum):
    """Which part of a card something is evidence of."""

    NAME = 1
    RELATIVE = 2
    BIRTH_YEAR = 3
    DISTRICT = 4
    SEX = 5


class Rule(enum.IntEnum):
    """Why a part counts as it does."""

    SAME = 1
    SPELLING = 2
    OTHER_SCRIPT = 3
    SLIP = 4
    NEAR = 5
    MISSING = 6
    DIFFERENT = 7


class Evidence(msgspec.Struct, frozen=True, array_like=True):
    """A word of the query, or another part of it, and what was found for it.

    Attributes:
        part: which part.
        word: which word of that part, from 1; 0 for a part that has no words.
        rule: how it was found, or that it is missing or different.
    """

    part: Part
    word: int
    rule: Rule


class Name(msgspec.Struct, frozen=True, array_like=True):
    """A name as it was written, and that of a father, mother or husband; empty when it isn't known."""

    text: str
    relative: str = ""


class Person(msgspec.Struct, frozen=True, array_like=True):
    """Who is looked for, or what a card says of a person.

    Attributes:
        names: in any script.
        birth_year: 0 when it isn't known.
        sex: a number; 0 when it isn't known.
        districts: codes of the districts where the person was or is.
    """

    names: tuple[Name, ...]
    birth_year: int = 0
    sex: int = 0
    districts: tuple[str, ...] = ()


class Candidate(msgspec.Struct, frozen=True, array_like=True):
    """Somebody who may be the one who was looked for.

    Attributes:
        card_id: as it was added.
        strength: from 0 to 1: how much of what the query says was found, each word by its rarity, less what differs.
        rarity: the same in nats: by chance about one in exp(rarity) people is as alike.
        evidence: for each word and part of the query.
    """

    card_id: bytes
    strength: float
    rarity: float
    evidence: tuple[Evidence, ...]


MOST_NAMES: Final = 8
"""Names of a person that are looked at."""
