"""How much two people are alike, word by word, with the reason for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from nsor_server.names.card import Evidence, Part, Rule
from nsor_server.names.cards import Numbers, Stored
from nsor_server.names.vocabulary import Matched, Vocabulary

LEFT_OUT: Final = 0.2
"""Share of its weight that a word costs that one of the two leaves out."""
_OTHER: Final = 0.9
"""The same where both have a word that the other doesn't have."""
YEAR: Final = {0: 3.5, 1: 2.0, 2: 1.0, 3: 0.5}
OTHER_YEAR: Final = -3.0
DISTRICT: Final = 1.5
OTHER_DISTRICT: Final = -0.5
OTHER_SEX: Final = -6.0


class Asked(NamedTuple):
    """A query, each word with what it may mean."""

    names: tuple[tuple[Matched, ...], ...]
    relatives: tuple[tuple[Matched, ...], ...]
    birth_year: int
    sex: int
    districts: frozenset[str]


class Likeness(NamedTuple):
    """How alike.

    Attributes:
        nats: found, less what differs.
        whole: what there was to be found.
        evidence: for each word and part.
    """

    nats: float
    whole: float
    evidence: tuple[Evidence, ...]


def likeness(asked: Asked, card: Stored, known: Vocabulary) -> Likeness:
    """How alike a query and a card are."""
    names = (
        _best(Part.NAME, asked.names, card.names, known),
        _best(Part.RELATIVE, asked.relatives, card.relatives, known),
    )
    found = [*(each for each in names if each is not None), *_besides_names(asked, card)]
    return Likeness(
        sum(each.nats for each in found),
        sum(each.whole for each in found),
        tuple(one for each in found for one in each.evidence),
    )


def _besides_names(asked: Asked, card: Stored) -> list[Likeness]:
    """How alike they are in all that isn't a name."""
    parts = (_year(asked, card), _district(asked, card), _sex(asked, card))
    return [each for each in parts if each is not None]


def _best(
    part: Part, asked: Sequence[tuple[Matched, ...]], names: Sequence[Numbers], known: Vocabulary
) -> Likeness | None:
    """The two names, one of each, that are most alike; None: one of the two has none."""
    pairs = [_names(part, one, other, known) for one in asked for other in names]
    return max(pairs, key=lambda each: each.nats, default=None)


def _names(part: Part, asked: tuple[Matched, ...], name: Numbers, known: Vocabulary) -> Likeness:
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
    unasked = sum(known.weight(number) for m, number in enumerate(name) if m not in taken)
    nats -= LEFT_OUT * max(lost, unasked) + (_OTHER - LEFT_OUT) * min(lost, unasked)
    evidence = tuple(Evidence(part, n + 1, found.get(n, Rule.MISSING)) for n in range(len(asked)))
    return Likeness(nats, sum(word.weight for word in asked), evidence)


def _year(asked: Asked, card: Stored) -> Likeness | None:
    if not asked.birth_year or not card.birth_year:
        return None
    apart = abs(asked.birth_year - card.birth_year)
    rule = Rule.SAME if apart == 0 else Rule.NEAR if apart in YEAR else Rule.DIFFERENT
    return Likeness(YEAR.get(apart, OTHER_YEAR), YEAR[0], (Evidence(Part.BIRTH_YEAR, 0, rule),))


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
