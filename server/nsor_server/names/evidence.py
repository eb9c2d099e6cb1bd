"""How much two people are alike, word by word, with the reason for each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from nsor_server.names.card import Evidence, Part, Rule
from nsor_server.names.cards import Numbers, Stored
from nsor_server.names.vocabulary import Matched, Vocabulary

LEFT_OUT: Final = 0.2
"""Share of its weight that a word costs that one of the two leaves out."""
MOST_LEFT_OUT: Final = 0.5
"""Share of a name that a card may leave out so that it isn't asked for, where it is said how close two are."""
OTHER: Final = 0.9
"""The same where both have a word that the other doesn't have."""
_APART: Final = 2.0
"""Nats by which a search puts somebody back for each word that one of the two leaves out, however frequent it is.

Titles come and go; of other words clerks leave out one in some ten, and an exact namesake is likelier to be meant than
one of another name with it.
"""
YEAR: Final = {0: 3.5, 1: 2.0, 2: 1.0, 3: 0.5}
YEARS_APART: Final = max(YEAR)
"""Who was born further apart isn't found."""
OTHER_YEAR: Final = -3.0
DISTRICT: Final = 1.5
OTHER_DISTRICT: Final = -0.5
OTHER_SEX: Final = -6.0


class Asked(NamedTuple):
    """A query, each word with what it may mean.

    Attributes:
        names: the words of each name, in each way in which it may be written.
        relatives: the same of relatives' names.
        birth_year: the first that is meant; 0: none is said.
        sex: 0: none is said.
        districts: any of them.
        last_birth_year: the last that is meant.
        by_names: of each of ``names``, which of the person's names it is.
    """

    names: tuple[tuple[Matched, ...], ...]
    relatives: tuple[tuple[Matched, ...], ...]
    birth_year: int
    sex: int
    districts: frozenset[str]
    last_birth_year: int
    by_names: tuple[int, ...]


class Likeness(NamedTuple):
    """How alike.

    Attributes:
        nats: found, less what differs.
        whole: what there was to be found.
        evidence: for each word and part.
        left_out: of that, what the card only leaves out, with no other word in its place; at most half of a name.
        other: what both have other words for.
        apart: how many words, titles aside, one of the two has and the other one hasn't.
    """

    nats: float
    whole: float
    evidence: tuple[Evidence, ...]
    left_out: float = 0.0
    other: float = 0.0
    apart: int = 0

    @property
    def closeness(self) -> float:
        """As ``close``."""
        return float(close(self.nats, self.whole, self.left_out, self.other))

    @property
    def rank(self) -> float:
        """As ``ranked``."""
        return float(ranked(self.nats, self.apart))


def years_apart(asked: Asked, years: npt.ArrayLike) -> npt.NDArray[np.int32]:
    """How far birth years are from those that are meant."""
    of = np.asarray(years, dtype=np.int32)
    return np.maximum(0, np.maximum(asked.birth_year - of, of - asked.last_birth_year))


def year_whole(asked: Asked) -> float:
    """What it counts that a card's birth year is one that is meant: of several each counts less."""
    return max(YEAR[1], YEAR[0] - math.log(asked.last_birth_year - asked.birth_year + 1))


def year_counts(asked: Asked) -> tuple[float, ...]:
    """What a card's birth year counts, by how far it is from those that are meant; the last: further."""
    whole = year_whole(asked)
    return (whole, *(min(whole, YEAR[apart]) for apart in range(1, YEARS_APART + 1)), OTHER_YEAR)


def likeness(asked: Asked, card: Stored, known: Vocabulary) -> Likeness:
    """How alike a query and a card are."""
    names = of_names(asked, card, known)
    found = [*(each for each in names if each is not None), *_besides_names(asked, card)]
    return Likeness(
        sum(each.nats for each in found),
        sum(each.whole for each in found),
        tuple(one for each in found for one in each.evidence),
        sum(each.left_out for each in found),
        sum(each.other for each in found),
        sum(each.apart for each in found),
    )


def of_names(asked: Asked, card: Stored, known: Vocabulary) -> tuple[Likeness | None, Likeness | None]:
    """How alike the names are, and the relatives' names; None: one of the two has none."""
    return (
        _best(Part.NAME, asked.names, card.names, known, asked.by_names),
        _best(Part.RELATIVE, asked.relatives, card.relatives, known, itertools.repeat(0)),
    )


def close(nats: Any, whole: Any, left_out: Any, other: Any) -> Any:
    """How close two are, from 0 to 1: the share of what there was to be found.

    What one of the two only leaves out isn't asked for, and what both have other words for counts twice.
    """
    return np.clip((nats - other) / np.maximum(whole - left_out, 1e-6), 0.0, 1.0)


def ranked(nats: Any, apart: Any) -> Any:
    """By what a search puts people in order: what speaks for each, less for words that only one of the two has."""
    return nats - _APART * apart


def _besides_names(asked: Asked, card: Stored) -> list[Likeness]:
    """How alike they are in all that isn't a name."""
    parts = (_year(asked, card), _district(asked, card), _sex(asked, card))
    return [each for each in parts if each is not None]


def _best(
    part: Part,
    asked: Sequence[tuple[Matched, ...]],
    names: Sequence[Numbers],
    known: Vocabulary,
    by_names: Iterable[int],
) -> Likeness | None:
    """The two names, one of each, that are most alike; None: one of the two has none."""
    pairs = [_names(part, one, other, known, nth) for one, nth in zip(asked, by_names, strict=False) for other in names]
    return max(pairs, key=lambda each: each.nats, default=None)


def _names(part: Part, asked: tuple[Matched, ...], name: Numbers, known: Vocabulary, by_name: int) -> Likeness:
    pairs = sorted(
        (
            (match.gain, n, m, match.rule)
            for n, word in enumerate(asked)
            for m, number in enumerate(name)
            if (match := word.matches.get(number)) is not None
        ),
        reverse=True,
    )
    found: dict[int, Rule] = {}
    taken: set[int] = set()
    nats = 0.0
    for gained, n, m, rule in pairs:
        if n not in found and m not in taken and gained > -LEFT_OUT * asked[n].weight:
            found[n] = rule
            taken.add(m)
            nats += gained
    lost = sum(word.weight for n, word in enumerate(asked) if n not in found)
    left = [number for m, number in enumerate(name) if m not in taken]
    unasked = sum(map(known.weight, left))
    other = min(
        sum(word.weight for n, word in enumerate(asked) if n not in found and not word.is_title),
        sum(known.weight(number) for number in left if not known.is_title(number)),
    )
    nats -= LEFT_OUT * max(lost, unasked) + (OTHER - LEFT_OUT) * other
    apart = sum(not word.is_title for n, word in enumerate(asked) if n not in found)
    apart += sum(not known.is_title(number) for number in left)
    evidence = tuple(Evidence(part, n + 1, found.get(n, Rule.MISSING), by_name) for n in range(len(asked)))
    whole = sum(word.weight for word in asked)
    return Likeness(nats, whole, evidence, min(max(0.0, lost - unasked), MOST_LEFT_OUT * whole), other, apart)


def _year(asked: Asked, card: Stored) -> Likeness | None:
    if not asked.birth_year or not card.birth_year:
        return None
    apart = int(years_apart(asked, card.birth_year))
    counts = year_counts(asked)
    same = apart == 0 and asked.birth_year == asked.last_birth_year
    rule = Rule.SAME if same else Rule.NEAR if apart <= YEARS_APART else Rule.DIFFERENT
    return Likeness(counts[min(apart, len(counts) - 1)], year_whole(asked), (Evidence(Part.BIRTH_YEAR, 0, rule),))


def _district(asked: Asked, card: Stored) -> Likeness | None:
    if not asked.districts or not card.districts:
        return None
    same = bool(asked.districts & card.districts)
    rule = Rule.SAME if same else Rule.DIFFERENT
    return Likeness(DISTRICT if same else OTHER_DISTRICT, DISTRICT, (Evidence(Part.DISTRICT, 0, rule),))


def _sex(asked: Asked, card: Stored) -> Likeness | None:
    if not asked.sex or not card.sex:
        return None
    same = asked.sex == card.sex
    rule = Rule.SAME if same else Rule.DIFFERENT
    return Likeness(0.0 if same else OTHER_SEX, 0.0, (Evidence(Part.SEX, 0, rule),))
