"""Synthetic people look like Pakistan: each share lies near what is known or remembered of it.

The seed is fixed, so nothing here fails by chance; a tolerance says how far a change of the generator may go.
"""

import dataclasses
import datetime as dt
import functools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from nsor.v1 import types_pb2
from nsor_server.formats import dates, person_name
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places
from nsor_synthetic import identities, names, places, sentences
from nsor_synthetic.convictions import CASES_OF_YEAR, PRISONS
from nsor_synthetic.dates import LAST_DAY
from nsor_synthetic.dice import Dice
from nsor_synthetic.names.clerks import Clerk
from nsor_synthetic.names.elements import Half
from nsor_synthetic.orders import Order, generate

BOTH = pytest.mark.parametrize("count", [1_000, 10_000])
LIFE, DEATH = types_pb2.SENTENCE_KIND_LIFE, types_pb2.SENTENCE_KIND_DEATH


@functools.cache
def _people() -> Sequence[Order]:
    """Made when the first test asks for them: whoever only looks which tests there are needs nobody."""
    return list(generate(11, 10_000))


def _percent(orders: Sequence[Order], condition: Callable[[Order], bool]) -> float:
    return 100 * sum(map(condition, orders)) / len(orders)


def _counts(orders: Iterable[Order]) -> Iterable[tuple[types_pb2.Conviction, types_pb2.Count]]:
    return ((order.convictions[0], count) for order in orders for count in order.convictions[0].counts)


def _home(order: Order) -> str:
    return order.addresses[0].place_code[:9]


def _age(order: Order) -> int:
    born, did = dates.read(order.person.birth_date), dates.read(order.convictions[0].counts[0].offence_date)
    return did.year - born.year - ((did.month, did.day) < (born.month, born.day))


def test_sentences_are_those_of_the_sections() -> None:
    # Imprisonment within what the section allows on that day, for life or to death only where it says so.
    for _, count in _counts(_people()):
        allowed = sentences.range_of(count.offence_code, dates.read(count.offence_date), count.victim_class)
        if allowed is None:
            assert count.sentence_kind == types_pb2.SENTENCE_KIND_NONE, count.offence_code
        elif count.sentence_kind == types_pb2.SENTENCE_KIND_IMPRISONMENT:
            assert allowed.least <= count.months <= allowed.most, count.offence_code
        else:
            assert count.sentence_kind == LIFE if not allowed.death else count.sentence_kind in {LIFE, DEATH}
            assert allowed.life, count.offence_code


@pytest.mark.parametrize(
    ("code", "kinds", "least", "most"),
    [
        ("PPC-376", {1, LIFE, DEATH}, 120, 300),
        ("PPC-375A", {LIFE, DEATH}, 0, 0),
        ("PPC-365B", {LIFE}, 0, 0),
        ("PPC-354", {1}, 1, 24),
        ("PPC-354A", {LIFE, DEATH}, 0, 0),
        ("PPC-336B", {1, LIFE}, 168, 300),
        ("PPC-377", {1, LIFE}, 24, 120),
        ("PECA-21", {1}, 1, 84),
        ("PPC-34", {types_pb2.SENTENCE_KIND_NONE}, 0, 0),
    ],
)
def test_a_section_has_its_kinds_of_sentence_and_terms(code: str, kinds: set[int], least: int, most: int) -> None:
    found = [count for _, count in _counts(_people()) if count.offence_code == code]
    assert {count.sentence_kind for count in found} == kinds
    months = [count.months for count in found if count.sentence_kind == types_pb2.SENTENCE_KIND_IMPRISONMENT]
    assert all(least <= month <= most for month in months)


def test_terms_of_377b_and_peca_21_are_those_of_their_day_and_victim() -> None:
    # 377B was amended; PECA-21 allows more where the victim is a minor.
    for _, count in _counts(_people()):
        if count.offence_code == "PPC-377B":
            before = dates.read(count.offence_date) < sentences.AMENDED
            assert count.months <= 84 if before else 168 <= count.months <= 240
        if count.offence_code == "PECA-21" and count.victim_class != types_pb2.VICTIM_CLASS_CHILD:
            assert count.months <= 60


def test_offences_lie_in_the_windows_of_the_offence_table_and_no_court_judges_on_a_sunday() -> None:
    table = OffenceTable.load()
    windows: dict[str, list[Any]] = {}
    for row in table.rows():
        windows.setdefault(row.code, []).append(row)
    for conviction, count in _counts(_people()):
        day = dates.read(count.offence_date)
        assert any(row.law_on(day) for row in windows[count.offence_code])
        judged = dates.read(conviction.judgment_date)
        assert judged.isoweekday() != 7
        assert day <= dates.read(conviction.fir.fir_date) < judged <= LAST_DAY


def test_custody_follows_from_sentence_and_appeal() -> None:
    # s.18(6): no release while an appeal is pending; nobody leaves a prison from a sentence for life or to death.
    for order in _people():
        conviction, state = order.convictions[0], order.custody.state
        if state == types_pb2.CUSTODY_STATE_RELEASED:
            assert conviction.appeal_state != types_pb2.APPEAL_STATE_PENDING
            assert not {LIFE, DEATH} & {count.sentence_kind for count in conviction.counts}
            earliest = dates.read(conviction.fir.fir_date) + dt.timedelta(
                days=int(max(count.months for count in conviction.counts) * 30.44 * 0.7)
            )
            assert earliest <= LAST_DAY
        if state == types_pb2.CUSTODY_STATE_IN_CUSTODY:
            assert order.custody.prisons_agency_id == PRISONS[conviction.court_case.place_code[:5]]
    held = {order.custody.prisons_agency_id for order in _people()[:1_000]} - {""}
    assert held == set(PRISONS.values())
    assert 0.5 <= _percent(_people(), lambda order: order.custody.state == types_pb2.CUSTODY_STATE_AT_LARGE) <= 2.5


@BOTH
def test_courts_are_at_home_and_of_kinds_that_exist_there(count: int) -> None:
    orders = _people()[:count]
    home = _percent(orders, lambda order: order.convictions[0].court_case.place_code == _home(order))
    assert 82 <= home <= 88
    for order in orders:
        case = order.convictions[0].court_case
        number, year = case.case_number.split()[-1].split("/")
        assert 1 <= int(number) <= CASES_OF_YEAR
        assert int(year) <= order.convictions[0].judgment_date.year
        if case.court_kind == types_pb2.COURT_KIND_CHILD_PROTECTION_COURT:
            assert places.has_child_protection_court(case.place_code)
        if case.court_kind == types_pb2.COURT_KIND_JUVENILE_COURT:
            assert _age(order) <= 18  # a year's precision makes a person older
    kinds = {order.convictions[0].court_case.court_kind for order in orders}
    assert kinds >= {
        types_pb2.COURT_KIND_SPECIAL_COURT,
        types_pb2.COURT_KIND_JUVENILE_COURT,
        types_pb2.COURT_KIND_CHILD_PROTECTION_COURT,
    }


@BOTH
def test_people_live_where_pakistan_does(count: int) -> None:
    # By population: Punjab a half, Lahore five in a hundred, Islamabad one.
    orders = _people()[:count]
    units = Counter(_home(order)[:5] for order in orders)
    for unit, share in {"PK-PB": 51, "PK-SD": 22.5, "PK-KP": 16.5, "PK-BA": 6.5, "PK-IS": 1}.items():
        assert abs(100 * units[unit] / len(orders) - share) <= 2.5, unit
    homes = Counter(map(_home, orders))
    assert 3.5 <= 100 * homes["PK-PB/LHR"] / len(orders) <= 7
    assert 0.4 <= 100 * homes["PK-IS/ISB"] / len(orders) <= 1.8


@BOTH
def test_ages_have_their_peak_between_18_and_35(count: int) -> None:
    orders = _people()[:count]
    assert 60 <= _percent(orders, lambda order: 18 <= _age(order) <= 35) <= 75
    assert 2 <= _percent(orders, lambda order: _age(order) < 18) <= 7
    january = _percent(
        orders,
        lambda order: (
            order.person.birth_date_precision == types_pb2.DATE_PRECISION_DAY
            and (order.person.birth_date.month, order.person.birth_date.day) == (1, 1)
        ),
    )
    assert 8 <= january <= 12


@BOTH
def test_who_they_are(count: int) -> None:
    orders = _people()[:count]
    assert 1.2 <= _percent(orders, lambda order: order.person.sex == types_pb2.SEX_FEMALE) <= 3
    assert 0 < _percent(orders, lambda order: order.person.sex == types_pb2.SEX_TRANSGENDER) <= 0.6
    assert 10 <= _percent(orders, lambda order: not order.person.cnic) <= 14
    numbered = [order for order in orders if order.person.cnic]
    overseas = types_pb2.IDENTITY_DOCUMENT_NICOP
    assert 1 <= _percent(numbered, lambda order: order.person.identity_document == overseas) <= 5
    assert all(order.person.cnic for order in orders if order.person.identity_document)
    home_digits = {unit: {"PK-KP": "12", "PK-PB": "3", "PK-SD": "4"}.get(unit, "") for unit in places.UNITS}
    three = [order for order in numbered if home_digits[_home(order)[:5]]]
    elsewhere = _percent(three, lambda order: order.person.cnic[0] not in home_digits[_home(order)[:5]])
    assert 4.5 <= elsewhere <= 9
    # Punjab has eight divisions, Sindh five, Khyber Pakhtunkhwa seven.
    divisions = {order.person.cnic[:2] for order in numbered}
    assert divisions <= {
        *(f"1{n}" for n in range(1, 8)),
        *("21", "61", "71", "81", "82"),
        *(f"3{n}" for n in range(1, 9)),
        *(f"4{n}" for n in range(1, 6)),
        *(f"5{n}" for n in range(1, 7)),
    }


def test_names_are_of_many_spellings_and_often_of_one_script() -> None:
    scripts: Counter[frozenset[person_name.Script]] = Counter()
    spelled: set[str] = set()
    for order in _people():
        official = [name for name in order.person.names if name.kind == types_pb2.NAME_KIND_OFFICIAL]
        scripts[frozenset(person_name.script(name.name) for name in official)] += 1
        for name in official:
            # A father isn't called as his son is.
            assert name.name != name.relative_name
            spelled |= {word.lower() for word in name.name.split(" ")}
    one = sum(count for found, count in scripts.items() if len(found) == 1)
    assert 40 <= 100 * one / len(_people()) <= 60
    assert {"muhammad", "mohammad", "mohammed", "mohd", "ahmed", "ahmad"} <= spelled
    assert len(spelled) > 900
    arabic = _percent(_people(), lambda order: any(set("كيه") & set(name.name) for name in order.person.names))
    assert 2 <= arabic <= 9


def test_a_father_whose_spelling_could_be_the_sons_is_written_apart() -> None:
    # Rashid and Rasheed are two names, and some clerks write both as Rashid.
    son, father = (next(e for e in names.elements() if e.urdu[0] == word) for word in ("راشد", "رشید"))
    dice = Dice("1")
    who = identities.draw(
        dice, districts=places.Districts(Places.load()), home="PK-PB/LHR", seed=1, index=1, offence=LAST_DAY
    )
    who = dataclasses.replace(who, own=(son,), relative=(father,), relation=types_pb2.RELATION_SON_OF)
    for number in range(300):
        person = identities.write(
            dice, who, Clerk(number, urdu=True, roman=True, arabic_keyboard=False, capitals=False)
        )
        assert all(name.name != name.relative_name for name in person.names)


def test_a_region_has_its_names_and_foreigners_have_theirs() -> None:
    def words(orders: Iterable[Order]) -> set[str]:
        return {word for order in orders for name in order.person.names for word in name.name.split(" ")}

    assert "ڈنو" in words(order for order in _people() if _home(order).startswith("PK-SD"))
    assert {"زر", "ولی"} <= words(order for order in _people() if _home(order).startswith("PK-KP"))
    assert "شہداد" in words(order for order in _people() if _home(order).startswith("PK-BA"))
    assert {"مسیح", "وسایا"} <= words(order for order in _people() if _home(order).startswith("PK-PB"))
    assert {"آغا", "میرویس"} & words(order for order in _people() if order.person.nationality == "AF")
    assert {"Hossain", "Rahman", "Islam"} & words(order for order in _people() if order.person.nationality == "BD")
    assert not {"Bhatti", "Soomro"} & words(order for order in _people() if order.person.nationality != "PK")


def test_a_table_says_no_spelling_twice_and_each_word_has_one_half() -> None:
    # A word of both halves would show the tuning what it is measured by.
    halves: dict[str, Half] = {}
    for element in names.elements():
        assert len(set(element.roman)) == len(element.roman), element.roman
        assert len(set(element.urdu)) == len(element.urdu), element.roman
        assert halves.setdefault(element.urdu[0], element.half) is element.half
    assert {Half.TUNING, Half.UNTOUCHED} <= set(halves.values())
