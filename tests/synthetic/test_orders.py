import functools
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from google.protobuf import json_format

from nsor.v1 import errors_pb2, registration_pb2, types_pb2
from nsor_server.formats import dates
from nsor_server.formats.checker import Checker
from nsor_server.policy import written_forms
from nsor_server.policy.offences import CountFacts, NotRegistrable, OffenceTable
from nsor_server.policy.places import Places
from nsor_synthetic import examples
from nsor_synthetic.convictions import Numbers
from nsor_synthetic.dates import LAST_DAY
from nsor_synthetic.defects import defects
from nsor_synthetic.dice import Dice
from nsor_synthetic.orders import generate
from nsor_synthetic.story import access_request

PLACES = Places.load()
OFFENCES = OffenceTable.load()
CHECKER = Checker(PLACES, OFFENCES, written_forms.load())


@functools.cache
def _orders() -> Sequence[registration_pb2.CreateRegistrationRequest]:
    return list(generate(7, 2_000))


def _facts(conviction: types_pb2.Conviction) -> list[CountFacts]:
    return [
        CountFacts(
            count.offence_code, dates.read(count.offence_date), count.victim_class, count.underlying_offence_code
        )
        for count in conviction.counts
    ]


def test_every_order_passes_the_checker_and_the_law() -> None:
    for order in _orders():
        before = order.SerializeToString(deterministic=True)
        assert CHECKER.check(order) == []
        assert order.SerializeToString(deterministic=True) == before
        for conviction in order.convictions:
            assert OFFENCES.legal_bases(_facts(conviction), dates.read(conviction.judgment_date))


def test_orders_are_of_all_units_and_kinds() -> None:
    # The demonstration shows each unit, people without a CNIC, aliases, and both sides of a prison's wall.
    assert {order.convictions[0].court_case.place_code[:5] for order in _orders()} == set(PLACES.units())
    assert {order.person.cnic[:1] for order in _orders()} == {*"12345678", ""}
    assert {name.kind for order in _orders() for name in order.person.names} == {1, 2, 3}
    assert {order.custody.state for order in _orders()} == {1, 2, 3}
    assert any(order.person.travel_documents for order in _orders())
    assert any(order.person.nationality != "PK" for order in _orders())


def test_a_conviction_lies_in_one_unit_and_its_numbers_are_its_own() -> None:
    firs: Counter[tuple[str, int, int]] = Counter()
    for order in _orders():
        units = set()
        for conviction in order.convictions:
            fir = conviction.fir
            firs[fir.police_station, fir.year, fir.serial] += 1
            units |= {PLACES.province(fir.police_station), PLACES.province(conviction.court_case.place_code)}
            assert dates.read(conviction.judgment_date) <= LAST_DAY
        assert len(units) == 1
    assert max(firs.values()) == 1
    numbers = [order.person.cnic for order in _orders() if order.person.cnic]
    assert len(numbers) == len(set(numbers))
    mobiles = [number for order in _orders() for number in order.person.mobile_numbers]
    assert len(mobiles) == len(set(mobiles))
    assert all(number.startswith("+92399") for number in mobiles)


def test_a_number_is_drawn_until_it_is_new() -> None:
    # Two orders with one FIR would contradict each other; with many orders the dice do repeat.
    numbers, dice = Numbers(), Dice("1")
    station = "PK-PB/LHR/PS-001"
    found = [numbers.fresh(dice, station, 2022, 5) for _ in range(40)]
    assert len(set(found)) == 40
    assert max(found[:3]) <= 5
    assert numbers.fresh(dice, station, 2023, 5) <= 5


def test_a_seed_decides_every_byte(tmp_path: Path) -> None:
    # A shorter run is the start of a longer one; another seed makes other orders.
    files = [tmp_path / name for name in ("one", "two", "longer", "other")]
    for file, seed, count in zip(files, ("7", "7", "7", "8"), ("40", "40", "60", "40"), strict=True):
        subprocess.run(
            [sys.executable, "-m", "nsor_synthetic", "--seed", seed, "--count", count, "--out", str(file)],
            check=True,
        )
    one, two, longer, other = (file.read_bytes() for file in files)
    assert one == two
    assert longer.startswith(one)
    assert one != other
    lines = one.decode().splitlines()
    parsed = [json_format.Parse(line, registration_pb2.CreateRegistrationRequest()) for line in lines]
    assert parsed == _orders()[:40]


def test_a_case_can_be_told_around_an_order() -> None:
    order = next(order for order in _orders() if order.person.cnic)
    request = access_request(order, "PK-PB/LHR/PS-003")
    assert CHECKER.check(request) == []
    assert request == access_request(order, "PK-PB/LHR/PS-003")
    with pytest.raises(ValueError, match="CNIC"):
        access_request(next(order for order in _orders() if not order.person.cnic), "PK-PB/LHR/PS-003")


def test_every_list_of_a_request_is_set_by_an_example() -> None:
    # Mistakes are made in lists that an example sets: in one that none sets they would be left out unseen.
    lists, full = set(), set()
    for example in examples.requests(7):
        name = example.DESCRIPTOR.full_name
        lists |= {(name, field.name) for field in example.DESCRIPTOR.fields if field.is_repeated}
        full |= {(name, field.name) for field, _ in example.ListFields() if field.is_repeated}
    assert lists == full


def test_orders_against_the_law_pass_the_checker_and_fail_the_law() -> None:
    # They are whole and well formed, so that only the convicted-only rule and the offence table can refuse them.
    found = [defect for defect in defects(7) if defect.error != errors_pb2.ERROR_REASON_INVALID_FIELDS]
    assert len(found) == 11
    for defect in found:
        order = defect.request
        assert isinstance(order, registration_pb2.CreateRegistrationRequest)
        assert CHECKER.check(order) == []
        conviction = order.convictions[0]
        if defect.error == errors_pb2.ERROR_REASON_NOT_CONVICTED:
            assert conviction.verdict != types_pb2.VERDICT_CONVICTED
        else:
            with pytest.raises(NotRegistrable):
                OFFENCES.legal_bases(_facts(conviction), dates.read(conviction.judgment_date))
