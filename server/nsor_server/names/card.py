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
        by_name: of a name, which of the query's names has the word: 0 the first one.
    """

    part: Part
    word: int
    rule: Rule
    by_name: int = 0


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
        last_birth_year: of who is looked for, if any year from ``birth_year`` to this one is meant; 0: that one alone.
        birth_day: as ``datetime.date.toordinal`` counts them; 0 when the day isn't known.
    """

    names: tuple[Name, ...]
    birth_year: int = 0
    sex: int = 0
    districts: tuple[str, ...] = ()
    last_birth_year: int = 0
    birth_day: int = 0


class Band(enum.IntEnum):
    """How much speaks for a candidate being the one who was looked for."""

    LIKELY = 1
    POSSIBLE = 2


class Bands(msgspec.Struct, frozen=True, array_like=True):
    """From which strength on a candidate is in each band; who is weaker than both isn't one."""

    likely: float
    possible: float

    def of(self, strength: float) -> Band:
        """The band of a candidate who isn't weaker than both."""
        return Band.LIKELY if strength >= self.likely else Band.POSSIBLE


class Candidate(msgspec.Struct, frozen=True, array_like=True):
    """Somebody who may be the one who was looked for.

    Attributes:
        card_id: as it was added.
        strength: from 0 to 1: how much of what the query says was found, each word by its rarity, less what differs.
            In a search, words that are only left out count less, and other words in their place count more.
        rarity: the same in nats: by chance about one in exp(rarity) people is as alike.
        evidence: for each word and part of the query.
        band: how much that is; None where nobody asked for bands.
    """

    card_id: bytes
    strength: float
    rarity: float
    evidence: tuple[Evidence, ...]
    band: Band | None = None


class Found(msgspec.Struct, frozen=True, array_like=True):
    """What a search has found.

    Attributes:
        candidates: the most alike first.
        fits: how many others are as alike as a candidate has to be, up to ``MOST_FITS``.
    """

    candidates: list[Candidate]
    fits: int


MOST_NAMES: Final = 8
"""Names of a person that are looked at."""
MOST_FITS: Final = 1_000
"""Others who fit that are counted: who reads it learns that a name is frequent, and no more."""
