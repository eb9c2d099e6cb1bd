"""The command that a newcomer starts with: files that his agencies can use as they are."""

import csv
import json
from pathlib import Path

from click.testing import CliRunner
from google.protobuf import json_format

from nsor_synthetic import typed
from nsor_synthetic.__main__ import main
from nsor_synthetic.orders import Order, generate


def _orders(file: Path) -> list[Order]:
    return [json_format.Parse(line, Order()) for line in file.read_text(encoding="utf-8").splitlines()]


def _places(order: Order) -> list[str]:
    conviction = order.convictions[0]
    return [
        conviction.court_case.place_code,
        conviction.fir.police_station,
        *(address.place_code for address in order.addresses),
    ]


def test_a_units_orders_are_of_that_unit_alone() -> None:
    # A prosecution may enter nothing of another province.
    for unit in ("PK-PB", "PK-GB"):
        orders = list(generate(3, 200, unit))
        assert len(orders) == 200
        assert {place[:5] for order in orders for place in _places(order)} == {unit}
    assert next(generate(3, 1, "PK-PB")).request_id != next(generate(3, 1)).request_id


def test_split_gives_each_prosecution_its_orders_and_each_court_its_record(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--count", "60", "--split", "--out", str(tmp_path / "new" / "orders")])
    assert done.exit_code == 0, done.output
    files = sorted((tmp_path / "new" / "orders").glob("*.jsonl"))
    assert len(files) > 2
    for file in files:
        orders = _orders(file)
        assert {order.convictions[0].court_case.place_code[:5] for order in orders} == {file.stem}
        # In the same order, so that the court's record fits the events of a file that is entered row by row.
        cases = file.with_suffix(".cases").read_text(encoding="utf-8").splitlines()
        assert cases[::2] == [order.convictions[0].court_case.case_number for order in orders]
        days = [order.convictions[0].judgment_date for order in orders]
        assert cases[1::2] == [f"{day.year}-{day.month:02}-{day.day:02}" for day in days]
    assert sum(len(_orders(file)) for file in files) == 60


def test_one_unit_goes_to_stdout_as_json_lines() -> None:
    done = CliRunner().invoke(main, ["--unit", "PK-SD", "--count", "3"])
    assert done.exit_code == 0
    assert [json.loads(line)["request_id"] for line in done.stdout.splitlines()] == [
        order.request_id for order in generate(7, 3, "PK-SD")
    ]


def test_a_table_is_what_clerks_type(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    done = CliRunner().invoke(main, ["--unit", "PK-PB", "--count", "20", "--csv", "--out", str(file)])
    assert done.exit_code == 0, done.output
    with file.open(encoding="utf-8", newline="") as text:
        assert list(csv.DictReader(text)) == list(typed.rows(generate(7, 20, "PK-PB"), 7))


def test_each_prosecution_may_have_its_orders_as_a_table(tmp_path: Path) -> None:
    # The same cells as in one table for all, and beside each table the courts' own record of its rows.
    done = CliRunner().invoke(main, ["--count", "60", "--split", "--csv", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    found = []
    for file in sorted(tmp_path.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text))
        cases = file.with_suffix(".cases").read_text(encoding="utf-8").splitlines()
        assert cases[::2] == [row["Case number"] for row in rows]
        found += rows
    expected = list(typed.rows(generate(7, 60), 7))
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert list(tmp_path.glob("*.jsonl")) == []


def test_split_without_a_folder_says_what_to_add() -> None:
    done = CliRunner().invoke(main, ["--split"])
    assert done.exit_code == 2
    assert "--out orders" in done.output
