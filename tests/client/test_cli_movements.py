"""`nsor movement report`: a port's file, row by row, once each, and no number on the command line or the screen."""

import json
from pathlib import Path

import pytest

from nsor.v1 import movements_pb2, notices_pb2, types_pb2
from tests.client.conftest import Call, Refusal, Register, Run

REPORT = "nsor.v1.NotificationService/ReportMovement"
CNIC = "3520212345671"
COLUMNS = (
    "identity_number,document_number,document_country,document_kind,direction,border_crossing,movement_time,country"
)
TABLE = f"""{COLUMNS}
{CNIC},,,,DEPARTURE,WAGAH,2026-02-20T09:30:00+05:00,IN
,ZZ0000001,PK,PASSPORT,ARRIVAL,LAHORE_AIRPORT,2026-02-21T09:30:00Z,SA

"""


@pytest.fixture
def sent(register: Register) -> list[Call]:
    register.answers[REPORT] = lambda _: movements_pb2.ReportMovementResponse(movement_id="m")
    return register.calls


def requests(sent: list[Call]) -> list[movements_pb2.ReportMovementRequest]:
    return [movements_pb2.ReportMovementRequest.FromString(each.request) for each in sent]


def test_a_table_is_reported_row_by_row(
    run: Run, sent: list[Call], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "border.csv"
    file.write_text(TABLE)
    assert run("movement", "report", str(file)) == 0
    first, second = requests(sent)
    assert (first.identity_number, first.direction) == (CNIC, movements_pb2.MOVEMENT_DIRECTION_DEPARTURE)
    assert first.border_crossing == notices_pb2.BORDER_CROSSING_WAGAH
    assert (second.shown_document.number, second.shown_document.kind) == (
        "ZZ0000001",
        types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT,
    )
    assert second.movement_time.ToJsonString() == "2026-02-21T09:30:00Z"
    shown = capsys.readouterr()
    assert "2 reported, 0 refused" in shown.err + shown.out
    assert CNIC not in shown.err + shown.out


def test_a_file_that_is_run_again_reports_nothing_twice(run: Run, sent: list[Call], tmp_path: Path) -> None:
    # The register gives the first answer again by the request's id.
    file = tmp_path / "border.csv"
    file.write_text(TABLE)
    assert run("movement", "report", str(file)) == run("movement", "report", str(file)) == 0
    ids = [each.request_id for each in requests(sent)]
    assert ids[:2] == ids[2:]
    assert ids[0] != ids[1]


def test_a_file_that_is_run_again_says_when_it_was_run(
    run: Run, sent: list[Call], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "border.csv"
    file.write_text(TABLE)
    assert run("movement", "report", "--validate-only", str(file)) == run("movement", "report", str(file)) == 0
    assert "The same file was reported" not in capsys.readouterr().err
    assert run("movement", "report", str(file)) == 0
    assert "up to entry 3: nothing is taken twice." in capsys.readouterr().err
    file.write_text(TABLE.replace("WAGAH", "TORKHAM"))
    assert run("movement", "report", str(file)) == 0
    assert "The same file was reported" not in capsys.readouterr().err
    assert len(sent) == 8


def test_a_row_that_is_wrong_hinders_no_other(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = json.dumps({"identity_number": CNIC, "direction": "SIDEWAYS"})
    right = json.dumps({"identity_number": CNIC, "direction": "ARRIVAL", "request_id": "9" * 8})
    register.answers[REPORT] = lambda _: movements_pb2.ReportMovementResponse()
    file = tmp_path / "border.jsonl"
    file.write_text(f"{wrong}\n{right}\n")
    assert run("movement", "report", str(file)) == 1
    assert [each.request_id for each in requests(register.calls)] == ["9" * 8]
    shown = capsys.readouterr()
    assert "direction" in shown.err + shown.out
    assert CNIC not in shown.err + shown.out


def test_an_empty_budget_ends_the_run(run: Run, register: Register, tmp_path: Path) -> None:
    register.answers[REPORT] = lambda _: Refusal("RESOURCE_EXHAUSTED", "BUDGET_EMPTY")
    file = tmp_path / "border.csv"
    file.write_text(TABLE)
    assert run("movement", "report", str(file)) != 0
    assert len(register.calls) == 1


def test_a_template_is_a_row_that_is_read(run: Run, sent: list[Call], capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("csv", "json"):
        assert run("movement", "report", "--template", kind) == 0
    table, line = (text for text in capsys.readouterr().out.split("{", 1))
    assert table.startswith("identity_number,")
    assert run("movement", "report", "-", "--validate-only", stdin="{" + line) == 0
    (request,) = requests(sent)
    assert request.validate_only
    assert request.shown_document.number == "ZZ0000001"


def test_other_columns_are_wrong_use(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "border.csv"
    file.write_text("cnic,name\n1,2\n")
    assert run("movement", "report", str(file)) == 2
    assert run("movement", "report") == 2


@pytest.mark.parametrize(
    "row",
    [
        f"{CNIC},,,,DEPARTURE,WAGAH,2026-02-20T09:30:00+05:00,IN,PK",  # one cell too many: each may be another's
        f'"{CNIC},,,,DEPARTURE,WAGAH,2026-02-20T09:30:00+05:00,IN',
        f"{CNIC},,,,DEPARTURE,WAGAH",  # too few
        "9" * 200_000,
    ],
)
def test_a_line_that_is_no_row_of_the_table_is_wrong_use_and_nothing_is_sent(
    run: Run, sent: list[Call], tmp_path: Path, capsys: pytest.CaptureFixture[str], row: str
) -> None:
    file = tmp_path / "border.csv"
    file.write_text(f"{TABLE}{row}\n")
    assert run("movement", "report", str(file)) == 2
    assert sent == []
    assert CNIC not in capsys.readouterr().err


def test_a_column_that_is_named_twice_is_wrong_use(run: Run, sent: list[Call], tmp_path: Path) -> None:
    file = tmp_path / "border.csv"
    file.write_text(f"{COLUMNS},country\n{CNIC},,,,DEPARTURE,WAGAH,2026-02-20T09:30:00+05:00,IN,SA\n")
    assert run("movement", "report", str(file)) == 2
    assert sent == []
