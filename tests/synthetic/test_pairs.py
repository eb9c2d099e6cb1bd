"""Labelled pairs: a matcher is measured by them, so each is what its label says."""

import functools
from collections import Counter
from collections.abc import Sequence
from itertools import islice

import pytest

from nsor.v1 import types_pb2
from nsor_server.formats import dates, person_name
from nsor_server.formats.checker import Checker
from nsor_server.policy import written_forms
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places
from nsor_server.registration import rules
from nsor_synthetic import names, pairs
from nsor_synthetic.names import general
from nsor_synthetic.names.elements import Half
from nsor_synthetic.orders import Order
from nsor_synthetic.pairs import SAME, Kind, Pair

OFFENCES = OffenceTable.load()
CHECKER = Checker(Places.load(), OFFENCES, written_forms.load())


@functools.cache
def _pairs() -> Sequence[Pair]:
    return list(pairs(5, 1_600))


def _of(kind: Kind) -> list[Pair]:
    found = [pair for pair in _pairs() if pair.kind is kind]
    assert len(found) == len(_pairs()) // len(Kind)
    return found


def _official(order: Order) -> list[types_pb2.PersonName]:
    return [name for name in order.person.names if name.kind == types_pb2.NAME_KIND_OFFICIAL]


def _scripts(order: Order) -> set[person_name.Script]:
    return {person_name.script(name.name) for name in _official(order)}


@pytest.mark.parametrize("half", Half)
def test_every_order_of_a_pair_passes_the_checker_and_the_law(half: Half) -> None:
    for pair in pairs(9, 400, half):
        for order in (pair.first, pair.second):
            before = order.SerializeToString(deterministic=True)
            assert CHECKER.check(order) == []
            assert order.SerializeToString(deterministic=True) == before
            assert rules.legal_bases(OFFENCES, order.convictions)


def test_a_seed_decides_every_pair_and_a_shorter_run_is_the_start_of_a_longer_one() -> None:
    assert list(pairs(5, 40)) == _pairs()[:40]
    assert next(iter(pairs(6, 1))) != _pairs()[0]
    with pytest.raises(ValueError, match="count"):
        pairs(5, -1)


def test_request_ids_are_each_orders_own_and_labels_are_those_of_the_kind() -> None:
    ids = [order.request_id for pair in _pairs() for order in (pair.first, pair.second)]
    assert len(set(ids)) == len(ids)
    assert all(pair.same is (pair.kind in SAME) for pair in _pairs())


def test_the_same_person_has_the_same_number_but_for_a_slip_and_others_never_have() -> None:
    for pair in _pairs():
        one, two = pair.first.person.cnic, pair.second.person.cnic
        if not pair.same:
            assert not one or one != two
        elif pair.kind is Kind.TYPO and one:
            assert sum(a != b for a, b in zip(one, two, strict=True)) <= 1
        else:
            assert one == two


def test_a_slip_stands_in_a_name_or_a_number() -> None:
    slipped = 0
    for pair in _of(Kind.TYPO):
        first, second = ([(n.name, n.relative_name) for n in _official(o)] for o in (pair.first, pair.second))
        slipped += first != second or pair.first.person.cnic != pair.second.person.cnic
    assert slipped > 190


def test_without_a_number_is_without_any_identifier() -> None:
    for pair in _of(Kind.NO_CNIC):
        for order in (pair.first, pair.second):
            assert not order.person.cnic
            assert order.person.no_cnic_reason


def test_the_other_script_is_another_one() -> None:
    for pair in _of(Kind.OTHER_SCRIPT):
        assert _scripts(pair.first) == {person_name.Script.URDU}
        assert _scripts(pair.second) == {person_name.Script.ROMAN}


def test_a_second_offence_comes_after_the_release_from_the_first() -> None:
    for pair in _of(Kind.AGAIN):
        assert pair.first.custody.state == types_pb2.CUSTODY_STATE_RELEASED
        judged = dates.read(pair.first.convictions[0].judgment_date)
        assert judged < dates.read(pair.second.convictions[0].counts[0].offence_date)


def test_brothers_have_one_address_and_another_birth_year_and_namesakes_another_district() -> None:
    for pair in _of(Kind.BROTHERS):
        assert pair.first.addresses == pair.second.addresses
        assert pair.first.person.birth_date.year != pair.second.person.birth_date.year
    for pair in _of(Kind.NAMESAKES):
        assert pair.first.addresses[0].place_code[:9] != pair.second.addresses[0].place_code[:9]
    apart = [abs(p.first.person.birth_date.year - p.second.person.birth_date.year) for p in _of(Kind.NAMESAKES)]
    assert sum(years >= 4 for years in apart) > 180


def test_who_looks_like_somebody_is_of_the_same_nation() -> None:
    # An Afghan's brother is no Pakistani with a Punjabi name, which a matcher would tell apart by itself.
    pairs_of_two = [pair for pair in _pairs() if not pair.same]
    assert {pair.first.person.nationality for pair in pairs_of_two} > {"PK", "AF"}
    for pair in pairs_of_two:
        assert pair.first.person.nationality == pair.second.person.nationality


def test_look_alikes_are_near_in_age_and_some_are_women() -> None:
    found = _of(Kind.LOOK_ALIKES)
    apart = [abs(pair.first.person.birth_date.year - pair.second.person.birth_date.year) for pair in found]
    assert sum(years <= 3 for years in apart) > 150
    assert Counter(pair.second.person.sex for pair in found)[types_pb2.SEX_FEMALE] > 20


def test_the_halves_have_no_name_in_common() -> None:
    # What a matcher was tuned on must not be what it is measured by; particles such as Muhammad are everybody's.
    shared = {general.MUHAMMAD.urdu[0], general.BIBI.urdu[0], *general.BIBI.urdu[0].split()}
    tables = {half: _words(half) for half in (Half.TUNING, Half.UNTOUCHED)}
    common = tables[Half.TUNING] & tables[Half.UNTOUCHED] - shared
    assert common <= {element.urdu[0] for element in names.elements() if element.half is Half.BOTH}, common


def _words(half: Half) -> set[str]:
    return {
        name.name
        for pair in islice(pairs(3, 800, half), 800)
        for order in (pair.first, pair.second)
        for name in _official(order)
        if " " not in name.name and person_name.script(name.name) is person_name.Script.URDU
    }
