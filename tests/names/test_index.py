"""The index: who is found for a query, why, and in which order."""

import gc
import itertools

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from nsor_server.names import index as index_of_names
from nsor_server.names import ranking, vocabulary, words
from nsor_server.names.card import Bands, Candidate, Evidence, Name, Part, Person, Rule
from nsor_server.names.cards import Cards, Stored, Written
from nsor_server.names.gains import Floats
from nsor_server.names.index import NameIndex
from nsor_server.names.postings import Places
from nsor_server.names.sums import Sums
from tests.bench.names import People
from tests.names.test_words import TEXTS


def person(*names: str | tuple[str, str], year: int = 1980, sex: int = 1, district: str = "PK-PB/LHR") -> Person:
    return Person(
        tuple(Name(each) if isinstance(each, str) else Name(*each) for each in names),
        year,
        sex,
        (district,) if district else (),
    )


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


def filled(*people: Person) -> NameIndex:
    index = NameIndex()
    for number, each in enumerate(people):
        index.add(key(number), each)
    return index


def best(index: NameIndex, query: Person) -> Candidate:
    return index.candidates(query, 5)[0]


RAFIQ = person(("Muhammad Rafiq", "Lal Din"))


def test_the_same_person_is_found_in_the_other_script_with_every_reason() -> None:
    index = filled(person(("محمد شفیق", "لال دین")), person(("محمد رفیق", "لال دین"), year=1981))
    found = best(index, RAFIQ)
    assert found.card_id == key(1)
    assert found.evidence == (
        Evidence(Part.NAME, 1, Rule.SAME),
        Evidence(Part.NAME, 2, Rule.OTHER_SCRIPT),
        Evidence(Part.RELATIVE, 1, Rule.OTHER_SCRIPT),
        Evidence(Part.RELATIVE, 2, Rule.SAME),
        Evidence(Part.BIRTH_YEAR, 0, Rule.NEAR),
        Evidence(Part.DISTRICT, 0, Rule.SAME),
        Evidence(Part.SEX, 0, Rule.SAME),
    )


def test_a_brother_is_less_alike_than_the_person_with_a_slip() -> None:
    index = filled(person(("Muhammad Shafiq", "Lal Din")), person(("Muhammad Rafjiq", "Lal Din")))
    found = index.candidates(RAFIQ, 5)
    assert [each.card_id for each in found] == [key(1), key(0)]
    assert found[0].strength > 0.7
    assert found[1].strength < 0.5
    assert Evidence(Part.NAME, 2, Rule.SLIP) in found[0].evidence
    assert Evidence(Part.NAME, 2, Rule.MISSING) in found[1].evidence


def test_muhammad_may_be_missing_and_carries_almost_nothing() -> None:
    index = filled(person(("Rafiq", "Lal Din")), person(("Muhammad Boota", "Sher Khan")))
    found = index.candidates(RAFIQ, 5)
    assert found[0].card_id == key(0)
    assert found[0].strength > 0.8
    assert all(each.strength < 0.2 for each in found[1:])


def test_another_sex_or_birth_year_tells_apart() -> None:
    names = ("Muhammad Rafiq", "Lal Din")
    index = filled(person(names, sex=2), person(names, year=1985), RAFIQ)
    found = index.candidates(RAFIQ, 5)
    assert [each.card_id for each in found] == [key(2), key(0)]  # who was born five years apart isn't asked for
    assert found[1].strength < found[0].strength - 0.1
    without_year = index.candidates(person(names, year=0), 5)
    assert len(without_year) == 3


def test_a_rare_name_says_more_than_a_frequent_one() -> None:
    index = filled(person("Zarghun Marri"), person("Ali Khan"), *(person("Ali Khan") for _ in range(50)))
    rare, frequent = best(index, person("Zarghun Marri")), best(index, person("Ali Khan"))
    assert rare.rarity > frequent.rarity + 4
    assert rare.strength == frequent.strength == 1.0


def test_what_was_removed_or_replaced_is_not_found() -> None:
    index = filled(RAFIQ, person(("Sher Zaman", "Gul Zaman")))
    index.remove(key(0))
    index.remove(key(7))
    assert index.candidates(RAFIQ, 5) == []
    index.add(key(1), RAFIQ)
    assert [each.card_id for each in index.candidates(RAFIQ, 5)] == [key(1)]
    assert index.candidates(person(("Sher Zaman", "Gul Zaman")), 5) == []
    assert len(index) == 1


def test_it_answers_alike_however_its_arrays_have_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    # Cards go into small arrays, and from these into larger ones; some were replaced or removed by then.
    people = list(itertools.islice(People(seed=5), 400))
    queries = people[::9]
    expected = filled(*people)
    monkeypatch.setattr(index_of_names, "_MOST_TOGETHER", 128)
    monkeypatch.setattr(index_of_names, "_MOST_EMPTY", 20)
    monkeypatch.setattr(index_of_names, "_TIMES", 3)
    monkeypatch.setattr(vocabulary, "_KEPT_NATS", -1.0)  # what words count is as new in both
    growing = NameIndex()
    most = 0
    for number, each in enumerate(people):
        growing.add(key(number), RAFIQ)
        if number % 7 == 0:
            growing.candidates(each, 1)
        growing.add(key(number), each)
        growing.add(key(10_000 + number), each)
        growing.remove(key(10_000 + number))
        most = max(most, len(growing._arrays))
    assert most > 3
    assert len(growing) == len(people)
    assert len(growing._cards) < 3 * len(people)
    for strength in (0.0, 0.7):
        assert growing.candidates_of(queries, 5, strength) == expected.candidates_of(queries, 5, strength)


def test_cards_of_rare_words_are_summed_up_as_all_cards_are(monkeypatch: pytest.MonkeyPatch) -> None:
    # Which way is taken is a matter of cost alone.
    people = list(itertools.islice(People(seed=3), 300))
    index = filled(*people)
    queries = [*people[::3], *(Person(each.names, 0, each.sex, each.districts) for each in people[::7])]
    found = []
    for few in (0, 1 << 40):
        monkeypatch.setattr(ranking, "_FEW", few)
        found.append([index.candidates(query, 5) for query in queries])
    assert found[0] == found[1]
    assert all(found[0])


def test_a_card_is_as_it_was_added_also_when_others_are_forgotten() -> None:
    cards = Cards()
    several = [
        Stored(((3, 1), (7,)), ((2, 2), (5,)), 1980, 1, frozenset({"a", "b"})),
        Stored((), ((0,),), 0, 0, frozenset()),
        Stored(((0,),), (), 3000, 9, frozenset({"b"})),
        Stored((), (), -5, 2, frozenset()),
    ]
    for part in (several[:1], [], several[1:]):
        written = Written()
        for each in part:
            written.add(
                each.names, each.relatives, Person((), each.birth_year, each.sex, tuple(sorted(each.districts)))
            )
        numbers = cards.add(written)
        assert sorted(numbers.tolist()) == sorted(number for each in part for number in each.words)
    assert [cards.card(slot) for slot in range(4)] == several
    cards.remove(1)
    kept, slots = cards.kept()
    assert slots.tolist() == [0, 2, 3]
    assert [kept.card(slot) for slot in range(3)] == [several[slot] for slot in (0, 2, 3)]


def counts(index: NameIndex) -> dict[str, int]:
    """How many cards have each word."""
    found = {index._known._spellings[number]: count for number, count in enumerate(index._known._counts)}
    return {word: count for word, count in found.items() if count}


@pytest.mark.parametrize("text", ["Gul Khan", "Gul @ Khan"])
def test_a_name_that_stands_twice_on_a_card_is_one(text: str) -> None:
    index = filled(person((text, "Sher"), (text, text), ("Sher", text)))
    card, once = index._cards.card(0), filled(person((text, "Sher"), ("Sher", text)))._cards.card(0)
    assert [len(part) for part in card[:2]] == [len(part) for part in once[:2]]


def test_cards_that_are_added_together_are_as_those_that_are_added_one_by_one() -> None:
    people = list(itertools.islice(People(seed=8), 200))
    people += [person("Abd Ullah Khan"), person(("", "Lal Din")), person(), person("Gul @ Sher", "Gul", "Gul")]
    cards = [(key(nth % 180), each) for nth, each in enumerate(people)]  # some are replaced, some within one message
    one_by_one, together = NameIndex(), NameIndex()
    for each in cards:
        one_by_one.add(*each)
    for first in range(0, len(cards), 90):
        together.add_all(cards[first : first + 90])
    assert len(together) == len(one_by_one) == 180
    for nth in range(180):
        found = [index._cards.card(index._slot_of[key(nth)]) for index in (one_by_one, together)]
        assert found[0] == found[1]
    assert one_by_one._known._counts == together._known._counts
    asked = [*people[::5], *(Person(each.names) for each in people[::7])]
    assert [together.candidates(each, 5) for each in asked] == [one_by_one.candidates(each, 5) for each in asked]
    last = filled(*dict(cards).values())  # of what was replaced nothing counts
    assert counts(together) == counts(last)
    assert together._cards._one_part == one_by_one._cards._one_part == {Part.NAME, Part.RELATIVE}


def test_a_word_that_is_new_is_found_by_a_query_that_was_asked_before() -> None:
    index = filled(person(("Sher Zaman", "Gul Zaman")))
    asked = person(("Zarghuna Bibi", "Marjan Gul"))
    assert best(index, asked).strength < 0.5
    index.add(key(1), person(("Zarghona Bibi", "Marjaan Gul")))
    assert best(index, asked).card_id == key(1)
    assert best(index, asked).strength > 0.7


def test_no_more_words_are_kept_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    people = list(itertools.islice(People(seed=4), 60))
    index, bounded = filled(*people), filled(*people)
    expected = [index.candidates(each, 5) for each in people]
    monkeypatch.setattr(vocabulary, "_KEPT", 3)
    assert [bounded.candidates(each, 5) for each in people] == expected
    bounded.add(key(99), RAFIQ)
    assert best(bounded, RAFIQ).card_id == key(99)
    assert len(bounded._known._kept) <= 3


def test_a_card_has_the_words_of_its_texts_however_they_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_of_names, "_MOST_PLAIN", 50)  # and what is kept is bounded
    index = NameIndex()
    texts = [
        "Noor al Rasheed",
        "al Rasheed Noor",
        "ہارون الرشید",
        "الرشید ہارون",
        "Abd Ullah Khan",
        "Khan Abd Ullah",
        " Gul  Khan ",
        *TEXTS,
    ]
    texts += [name.text for each in itertools.islice(People(seed=7), 100) for name in each.names]
    for nth, text in enumerate(texts):
        for name in (Name(text, "Sher Khan"), Name("Sher Khan", text)):
            index.add(key(nth), Person((name,)))
            card = index._cards.card(index._slot_of[key(nth)])
            own, relative = words.written(name.text), words.written(name.relative)
            spelled = [[tuple(map(index._known._spellings.__getitem__, one)) for one in part] for part in card[:2]]
            assert spelled == [list(dict.fromkeys(own.names)), list(dict.fromkeys((*own.relatives, *relative.names)))]
    assert len(index._first) <= 50
    assert len(index._behind) <= 50


def test_what_a_word_counts_follows_how_many_have_it() -> None:
    index = filled(person("Zarghun Marri"))
    before = best(index, person("Zarghun Marri")).rarity
    for number in range(1, 700):
        index.add(key(number), person("Zarghun Marri"))
    assert best(index, person("Zarghun Marri")).rarity < before - 3


def added(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many postings are summed up from now on, word by word."""
    found: list[int] = []
    add = Sums.add

    def counted(sums: Sums, places: Places, gained: Floats, *, each_once: bool) -> None:
        found.append(len(places))
        add(sums, places, gained, each_once=each_once)

    monkeypatch.setattr(Sums, "add", counted)
    return found


def test_a_query_goes_through_no_more_postings_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two names of frequent words could cost as much as a hundred others. The rarer words of the query still find.
    people = [*(person(("Muhammad Ali", "Ali Khan")) for _ in range(60)), person(("Muhammad Boota", "Ali Khan"))]
    monkeypatch.setattr(ranking, "_MOST_POSTINGS", 70)
    for most_together in (1 << 18, 20):  # the bound is one of all arrays together
        monkeypatch.setattr(index_of_names, "_MOST_TOGETHER", most_together)
        index, found = filled(*people), added(monkeypatch)
        assert best(index, person(("Muhammad Boota", "Ali Khan"))).card_id == key(60)
        assert 1 < sum(found) <= 70


def test_a_word_that_most_have_is_not_summed_up_where_rarer_ones_have_told(monkeypatch: pytest.MonkeyPatch) -> None:
    names = itertools.product(("Boota", "Akram", "Zarghun"), ("Gondal", "Tarar", "Rind"), range(14))
    index = filled(*(person(f"Muhammad {name} {clan}", year=0) for name, clan, _ in names), person("Zarghun Gondal"))
    asked = person("Muhammad Zarghun Gondal", year=0)
    whole = index.search(asked, 3, Bands(0.8, 0.2)).candidates
    found = added(monkeypatch)
    monkeypatch.setattr(ranking, "_FREQUENT", 100)
    monkeypatch.setattr(index_of_names, "_SEARCHED", 50)
    assert index.search(asked, 3, Bands(0.8, 0.2)).candidates == whole
    assert found == [43, 43]


@pytest.mark.parametrize(
    ("card", "query"),
    [
        ("Ameer Zada", "Ameerzada"),
        ("Ameerzada", "Ameer Zada"),
        ("Bhagwan Das", "Bhagwandas"),
        ("Allah Ditta", "Allahditta"),
    ],
)
def test_a_name_is_found_in_one_word_and_in_two(card: str, query: str) -> None:
    # Clerks join what others write apart; both ways of a pair of words stand in the register.
    index = filled(
        person((card, "Sher Khan")), person(("Ameer Khan", "Das Zada")), person(("Bhagwan Lal", "Das Ditta"))
    )
    found = best(index, person((query, "Sher Khan")))
    assert found.card_id == key(0)
    assert found.strength > 0.9


def test_two_names_that_people_have_are_not_one_with_a_slip() -> None:
    # A slip makes a rare word. What many are called is another name, whatever it looks like.
    common = [person((f"{name} Ali", "Noor Khan"), year=1950) for name in ("Asif", "Arif") for _ in range(9)]
    other_name = best(filled(*common, person(("Arif Mir", "Sher Khan"))), person(("Asif Mir", "Sher Khan")))
    slip = best(filled(*common, person(("Asuf Mir", "Sher Khan"))), person(("Asif Mir", "Sher Khan")))
    assert slip.strength > other_name.strength + 0.1
    hassan = best(filled(person(("Hassan Mir", "Sher Khan"))), person(("Hussain Mir", "Sher Khan")))
    assert Evidence(Part.NAME, 1, Rule.MISSING) in hassan.evidence


def test_a_word_that_is_left_out_costs_less_than_another_word() -> None:
    index = filled(person(("Zarghun Rind", "Sher Khan")), person(("Zarghun", "Sher Khan")))
    found = index.candidates(person(("Zarghun Marri", "Sher Khan")), 2)
    assert [each.card_id for each in found] == [key(1), key(0)]


def test_who_is_not_strong_enough_is_not_answered_and_who_is_is_not_lost() -> None:
    people = [
        *(person((name, relative)) for name in ("Asif Mir", "Asif Khan", "Asim Mir") for relative in ("Sher Khan", "")),
        person(("Zarghun Marri", "Gul Khan")),
    ]
    index = filled(*people)
    for query in people:
        for least in (0.3, 0.6, 0.7, 0.9):
            strong = [each for each in index.candidates(query, 7, 0.001) if each.strength >= least]
            assert index.candidates(query, 7, least) == strong


def test_who_has_several_names_hides_nobody_who_has_one_of_them() -> None:
    # His words sum up to much more; where nobody says how alike somebody has to be the others are left out.
    several = person(("Zarghun Rafiq", "Sher Zaman"), "Marjan Toofan", "Kamal Babar", "Dilawar Sikandar")
    index = filled(several, person(("Zarghun Rafiq", "")))
    found = index.candidates(several, 5, 0.6)
    assert [each.card_id for each in found] == [key(0), key(1)]


def test_a_compound_is_found_apart_and_joined() -> None:
    index = filled(person(("Abdur Rehman", "Zia ud Din")), person(("Abdul Majeed", "Zia ud Din")))
    assert best(index, person(("عبدالرحمٰن", "ضیاء الدین"))).card_id == key(0)
    assert best(index, person(("Abdulmajeed", "Ziauddin"))).card_id == key(1)


def test_nothing_of_it_goes_in_circles() -> None:
    # The process that holds it looks for no circles: what one leaves would stay for ever.
    people = list(itertools.islice(People(seed=6), 60))
    gc.collect()
    gc.disable()
    try:
        index = filled(*people)
        for nth, each in enumerate(people):
            index.search(each, 5, Bands(0.8, 0.2))
            index.compare(each, 5, Bands(0.8, 0.2), [(key(1), RAFIQ)])
            index.candidates(each, 5, 0.7, 10.0)
            index.remove(key(nth))
            index.add(key(nth), RAFIQ)
        assert gc.collect() == 0
    finally:
        gc.enable()


@settings(max_examples=60)
@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), max_size=6), st.integers(0, 3000))
def test_no_card_and_no_query_is_too_odd(names: list[tuple[str, str]], year: int) -> None:
    odd = Person(tuple(Name(*each) for each in names), year, 9, ("", "?"))
    index = filled(odd, RAFIQ)
    for each in index.candidates(odd, 3):
        assert 0.0 <= each.strength <= 1.0
