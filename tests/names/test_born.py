"""Who was born on a day and is alike by both names: strict, and nobody is lost by what is looked at first."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from nsor_server.names import index as index_of_names
from nsor_server.names.card import Name, Person
from nsor_server.names.evidence import of_names
from nsor_server.names.index import NameIndex
from nsor_server.names.process import NameProcess
from tests.names.labelled import pairs

DAY = dt.date(1980, 3, 4).toordinal()
RAFIQ = Person((Name("Muhammad Rafiq", "Lal Din"),), 1980, 1, birth_day=DAY)
LEAST = 0.7


def filled(*people: Person) -> NameIndex:
    index = NameIndex()
    for number, each in enumerate(people):
        index.add(number.to_bytes(16, "big"), each)
    return index


def found(index: NameIndex, person: Person) -> list[int]:
    return [each.card_id[-1] for each in index.born([person], 3, LEAST)[0]]


def named(name: str, relative: str, day: int = DAY) -> Person:
    return Person((Name(name, relative),), 1980, birth_day=day)


@pytest.mark.parametrize(
    ("registered", "is_found"),
    [
        (named("Muhammad Rafiq", "Lal Din"), True),
        (named("Mohd. Rafeeq", "Lal Deen"), True),
        (named("محمد رفیق", "لال دین"), True),
        (named("Muhammad Rafiq", "Lal Din", DAY + 1), False),
        (named("Muhammad Rafiq", "Lal Din", 0), False),
        (named("Muhammad Rafiq", "Sher Zaman"), False),
        (named("Sher Zaman", "Lal Din"), False),
        (named("Muhammad Rafiq", ""), False),
        (named("Lal Din", "Muhammad Rafiq"), False),
    ],
)
def test_only_who_has_the_day_and_both_names_is_alike(registered: Person, *, is_found: bool) -> None:
    index = filled(registered, named("Zarghun Marri", "Gul Khan"), named("Ghulam Rasool", "Allah Ditta"))
    assert found(index, RAFIQ) == ([0] if is_found else [])


def test_days_that_are_not_known_are_not_one_day() -> None:
    unknown = named("Muhammad Rafiq", "Lal Din", 0)
    assert found(filled(unknown), unknown) == []


def test_each_of_several_people_is_answered_in_his_turn() -> None:
    index = filled(RAFIQ, named("Ghulam Rasool", "Allah Ditta"))
    asked = [named("Ghulam Rasul", "Allah Ditta"), named("Zarghun Marri", "Gul Khan"), RAFIQ]
    assert [[each.card_id[-1] for each in one] for one in index.born(asked, 3, LEAST)] == [[1], [], [0]]


def test_the_most_alike_stands_first_and_no_more_are_answered_than_asked_for() -> None:
    index = filled(named("Muhammad Rafeeq", "Lal Deen"), RAFIQ, RAFIQ, RAFIQ, RAFIQ)
    answered = index.born([RAFIQ], 2, LEAST)[0]
    assert [each.card_id[-1] for each in answered] == [1, 2]
    assert all(each.strength == pytest.approx(1.0) for each in answered)


def test_who_is_gone_is_not_found_and_who_stays_is_though_the_slots_have_moved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_of_names, "_MOST_EMPTY", 0)
    index = filled(*[named("Ghulam Rasool", "Allah Ditta")] * 4, RAFIQ, RAFIQ)
    for gone in (0, 1, 2, 3, 5):
        index.remove(gone.to_bytes(16, "big"))
    assert found(index, RAFIQ) == [4]
    index.candidates(RAFIQ, 1)  # makes the arrays, and forgets empty slots
    assert len(index._cards) == 1
    assert found(index, RAFIQ) == [4]
    index.add((7).to_bytes(16, "big"), RAFIQ)
    assert found(index, RAFIQ) == [4, 7]


def test_what_is_looked_at_first_loses_nobody_who_is_alike() -> None:
    labelled = [each for each in pairs("tuning") if each.asked.names[0].relative and each.registered.names[0].relative]
    days = range(DAY, DAY + len(labelled))
    cards = [msgspec.structs.replace(each.registered, birth_day=day) for each, day in zip(labelled, days, strict=True)]
    index = filled(*cards)
    lost, alike = [], 0
    for nth, (each, day) in enumerate(zip(labelled, days, strict=True)):
        asked = index._asked_for(each.asked)
        own, of_relative = of_names(asked, index._cards.card(nth), index._known)
        assert own is not None
        assert of_relative is not None
        if min(own.closeness, of_relative.closeness) < LEAST:
            continue
        alike += 1
        if not index.born([msgspec.structs.replace(each.asked, birth_day=day)], 1, LEAST)[0]:
            lost.append(each)
    assert alike > len(labelled) / 2
    assert lost == []


def test_pairs_of_one_person_are_found_and_look_alikes_are_not() -> None:
    # Two look-alikes of ten are twins by their birth date here; others would have another day of birth.
    results: dict[bool, list[bool]] = {True: [], False: []}
    for each in pairs("tuning"):
        if each.asked.names[0].relative and each.registered.names[0].relative:
            index = filled(msgspec.structs.replace(each.registered, birth_day=DAY))
            results[each.same].append(found(index, msgspec.structs.replace(each.asked, birth_day=DAY)) == [0])
    assert sum(results[True]) / len(results[True]) > 0.9
    assert sum(results[False]) / len(results[False]) < 0.15


def test_a_process_of_its_own_answers_the_same() -> None:
    process = NameProcess()
    try:
        process.add([(bytes(16), RAFIQ)])
        answered = process.born([RAFIQ, named("Zarghun Marri", "Gul Khan")], 3, LEAST)
    finally:
        process.stop()
    assert [[each.card_id for each in one] for one in answered] == [[bytes(16)], []]
