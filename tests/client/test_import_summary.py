"""The end of `nsor import`: what is wrong, by its reason, and how many rows became what."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nsor import cli
from nsor.v1 import errors_pb2
from tests.client.importing import IMPORT, Order, Taken

Run = Callable[..., int]
FORM, ORDER = errors_pb2.FIELD_REASON_CNIC_FORM, errors_pb2.FIELD_REASON_DATE_ORDER


def _wrong(order: Order) -> dict[str, errors_pb2.FieldReason.ValueType]:
    # By the last digit: 1 is a wrong number, 2 a wrong date, of the first or of the second count.
    last = order.person.cnic[-1]
    dates = {"convictions[0].counts[0].offence_date", "convictions[0].counts[1].offence_date"}
    return {"1": {"person.cnic": FORM}, "2": dict.fromkeys(dates, ORDER)}.get(last, {})


def _imported(run: Run, register: Any, folder: Path, last_digits: str, *options: str) -> int:
    register.exchanges[IMPORT] = Taken(_wrong).answer
    rows = [{"person": {"cnic": f"35201{row:07}{digit}"}} for row, digit in enumerate(last_digits)]
    file = folder / "orders.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return run(*options, "import", str(file))


def _table(printed: str) -> list[list[str]]:
    """The rows of the summary: the lines, the field, the reason, the meaning."""
    lines = printed.splitlines()
    start = lines.index("Rows to correct")
    return [re.split(r" {2,}", line.strip()) for line in lines[start + 2 :] if line.strip()]


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def test_what_many_rows_share_is_said_once_the_most_frequent_first(
    run: Run, register: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _imported(run, register, tmp_path, "2" + "1" * 8 + "003") == cli.REFUSED
    out, err = capsys.readouterr()
    first, second = _table(out)
    assert first[:3] == ["2, 3, 4, 5, 6 and 3 more", "person.cnic", "CNIC_FORM"]
    # Of two counts alike: the row stands once.
    assert second[:3] == ["1", "convictions[n].counts[n].offence_date", "DATE_ORDER"]
    assert "3 accepted for review, 9 refused." in err


def test_it_is_said_in_urdu_too(run: Run, register: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _imported(run, register, tmp_path, "1" * 7, "--lang", "ur") == cli.REFUSED
    out, _ = capsys.readouterr()
    assert "1, 2, 3, 4, 5 اور 2 مزید" in out
    assert "more" not in out


def test_where_no_row_is_wrong_nothing_is_to_be_corrected(
    run: Run, register: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _imported(run, register, tmp_path, "000") == 0
    out, err = capsys.readouterr()
    assert "Rows to correct" not in out
    assert "3 accepted for review, 0 refused." in err
