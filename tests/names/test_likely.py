"""Likely duplicates: what isn't even looked at could not have been alike enough, and costs little."""

import itertools
import math
import random
from collections.abc import Iterator, Sequence

import pytest

from nsor_server.names import likely
from nsor_server.names.card import Candidate, Name, Person
from nsor_server.names.cards import Cards, Slots
from nsor_server.names.evidence import LEFT_OUT, likeness
from nsor_server.names.gains import Floats
from nsor_server.names.index import NameIndex
from nsor_server.names.likely import Likely
from nsor_server.names.needed import Least, Way, floors
from nsor_server.names.postings import Offsets, Postings, Range

FIRST = ("Muhammad", "Asif", "Aasif", "Arif", "Ghulam", "Abdul", "Zarghun", "Zarghoon", "محمد", "آصف", "عارف", "زرغون")
LAST = ("Ali", "Khan", "Mir", "Meer", "Marri", "Rehmanullah", "Rehman", "علی", "خان", "میر", "مری", "Ameerzada", "Zada")


def crowd(seed: int) -> Iterator[Person]:
    """People of few words, so that many are alike: with several names, without relatives, years or districts."""
    chosen = random.Random(seed)  # noqa: S311 - reproducible

    def name() -> str:
        return " ".join([*chosen.choices(FIRST, k=chosen.randint(1, 2)), *chosen.choices(LAST, k=chosen.randint(0, 2))])

    while True:
        names = [Name(name(), name() if chosen.random() < 0.8 else "") for _ in range(chosen.choice((1, 1, 1, 2, 3)))]
        if chosen.random() < 0.03:
            names = [Name("", each.relative) for each in names]
        year = chosen.choice((0, *range(1975, 1986)))
        yield Person(
            tuple(names), year, chosen.choice((0, 1, 1, 2)), tuple(chosen.sample("ABCDE", chosen.randint(0, 2)))
        )


def filled(people: list[Person]) -> NameIndex:
    index = NameIndex()
    for number, each in enumerate(people):
        index.add(number.to_bytes(16, "big"), each)
    return index


def all_compared(index: NameIndex, query: Person, strength: float, rarity: float) -> list[Candidate]:
    """The same by comparing the query with every card."""
    asked = index._asked(query, *index._ways_to_write(query))
    found = []
    for slot in range(len(index)):
        card = index._cards.card(slot)
        alike = likeness(asked, card, index._known)
        shares_a_word = any(
            not word.matches.keys().isdisjoint(itertools.chain(*of_card))
            for of_query, of_card in ((asked.names, card.names), (asked.relatives, card.relatives))
            for word in itertools.chain(*of_query)
        )
        born = not query.birth_year or not card.birth_year or abs(query.birth_year - card.birth_year) <= 3
        if born and shares_a_word:
            share = min(1.0, max(0.0, alike.nats / alike.whole)) if alike.whole > 0 else 0.0
            if share >= strength and alike.nats >= rarity:
                found.append(Candidate(index._ids[slot], share, alike.nats, alike.evidence))
    return sorted(found, key=lambda each: (-each.rarity, each.card_id))


@pytest.fixture(scope="module")
def crowded() -> NameIndex:
    return filled(list(itertools.islice(crowd(seed=2), 250)))


@pytest.mark.parametrize("strength", [0.3, 0.7, 0.9])
@pytest.mark.parametrize("rarity", [-math.inf, 4.0, 9.0])
def test_nobody_who_is_alike_enough_is_left_out(
    crowded: NameIndex, strength: float, rarity: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nsor_server.names.index._RANKED_AT_MOST", 1_000)
    queries = list(itertools.chain(itertools.islice(crowd(seed=2), 0, 250, 25), itertools.islice(crowd(seed=3), 10)))
    found = crowded.candidates_of(queries, 500, strength, rarity)
    assert found == [all_compared(crowded, query, strength, rarity) for query in queries]
    assert sum(map(len, found)) >= 10


def test_who_lacks_the_rare_words_is_not_even_summed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    frequent, rare = Person((Name("Muhammad Ali", "Ali Khan"),), 1980), Person((Name("Zarghun Ali", "Ali Khan"),), 1980)
    index = filled([*itertools.repeat(frequent, 60), rare])
    looked_at: list[int] = []
    enough = Likely._enough

    def counted(self: Likely, cards: Cards, slots: Slots, found: Floats) -> tuple[Slots, Floats]:
        looked_at.extend(slots.tolist())
        return enough(self, cards, slots, found)

    monkeypatch.setattr(Likely, "_enough", counted)
    assert [each.card_id for each in index.candidates(rare, 5, 0.9)] == [(60).to_bytes(16, "big")]
    assert looked_at == [60]


def test_names_that_are_too_frequent_to_be_rare_enough_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    query = Person((Name("Muhammad Ali"),), 1980)
    index = filled([query] * 300)
    assert index.candidates(query, 5, 0.7)
    monkeypatch.delattr(Postings, "having")
    assert index.candidates(query, 5, 0.7, 3 + math.log(301)) == []


def test_a_query_goes_through_no_more_postings_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    # A register may be full of people whose names are alike. The rarer words of the query still find.
    frequent, rare = Person((Name("Muhammad Ali", "Ali Khan"),)), Person((Name("Muhammad Boota", "Ali Khan"),))
    index = filled([*itertools.repeat(frequent, 200), rare])
    monkeypatch.setattr(likely, "_MOST_LOOKED_AT", 50)
    looked_at: list[int] = []
    having = Postings.having

    def counted(self: Postings, words: Offsets, ranges: Sequence[Range], most: int) -> Slots:
        found = having(self, words, ranges, most)
        looked_at.append(len(found))
        return found

    monkeypatch.setattr(Postings, "having", counted)
    found = index.candidates(rare, 500, 0.01)
    assert [each.card_id for each in found] == [(200).to_bytes(16, "big")]
    assert sum(looked_at) <= 51


def test_what_may_be_left_aside_is_never_enough() -> None:
    # All ways to write the names, with all ways to write the relative's: none may be enough by what isn't looked for.
    chosen = random.Random(4)  # noqa: S311 - reproducible
    for _ in range(300):
        weights = [chosen.uniform(0.05, 12) for _ in range(10)]
        cost_of = [chosen.randrange(1_000) for _ in weights]
        parts = [
            [
                Way(words, sum(weights[word] for word in words))
                for words in (tuple(chosen.choices(of_part, k=chosen.randint(1, 4))) for _ in range(3))
            ]
            for of_part in (range(5), range(5, 10))[: chosen.randint(1, 2)]
        ]
        least = Least(chosen.choice((0.5, 0.7, 0.9)), chosen.choice((-math.inf, 5.0, 15.0)), 5.0)
        aside = [
            min(floor, weight) for floor, weight in zip(floors(weights, cost_of, parts, least), weights, strict=True)
        ]
        for ways in itertools.product(*parts):
            whole = sum(way.whole for way in ways)
            found = sum(aside[word] for way in ways for word in way.words)
            everything_is_looked_for = found == pytest.approx(-LEFT_OUT * whole)
            assert found < least.sum_of(whole) or everything_is_looked_for
