"""`nsor report`: a month's table, what isn't shown of it, and that no entry is missing."""

import datetime as dt
import json

import pytest

from nsor import cli
from nsor.cli.report import TABLES, ended
from nsor.v1 import options_pb2, oversight_pb2
from tests.client.conftest import Register, Run

STATISTICS = "nsor.v1.OversightService/GetStatistics"
LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
OTHER = "nsor.v1.LookupService/SearchRegistrations"


def count(
    number: int, *path: str, average: int = 0, purpose: options_pb2.Purpose.ValueType = options_pb2.PURPOSE_UNSPECIFIED
) -> oversight_pb2.StatisticsCount:
    part, province, district, agency = (*path, "", "", "", "")[:4]
    return oversight_pb2.StatisticsCount(
        part=part,
        province=province,
        district=district,
        agency_id=agency,
        purpose=purpose,
        level=len(path) + bool(purpose),
        count=number,
        average_tenths=average,
    )


@pytest.fixture(autouse=True)
def asked(register: Register) -> list[oversight_pb2.GetStatisticsRequest]:
    requests: list[oversight_pb2.GetStatisticsRequest] = []

    def answer(data: bytes) -> oversight_pb2.GetStatisticsResponse:
        request = oversight_pb2.GetStatisticsRequest.FromString(data)
        requests.append(request)
        tables = {
            oversight_pb2.STATISTICS_MEASURE_ACCESSES: [
                count(70),
                count(50, LOOK_UP),
                count(30, LOOK_UP, "PK-PB"),
                count(12, LOOK_UP, "PK-SD"),
                count(20, OTHER),
                count(20, OTHER, "PK-PB"),
                *(
                    count(number, method, "PK-PB", "PK-PB", "punjab-police", purpose=purpose)
                    for number, method, purpose in (
                        (19, LOOK_UP, options_pb2.PURPOSE_INVESTIGATION),
                        (11, LOOK_UP, options_pb2.PURPOSE_BORDER_CONTROL),
                        (20, OTHER, options_pb2.PURPOSE_INVESTIGATION),
                    )
                ),
            ],
            oversight_pb2.STATISTICS_MEASURE_ENTRIES: [
                count(9, average=123),
                count(9, "", average=123),
                count(9, "", "PK-PB", average=123),
            ],
        }
        found = tables.get(request.measure, [])
        return oversight_pb2.GetStatisticsResponse(counts=found, first_index=1000, stop_index=2501)

    register.answers[STATISTICS] = answer
    return requests


def test_look_ups_are_counted_by_province(
    run: Run, asked: list[oversight_pb2.GetStatisticsRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("report", "lookups", "--month", "2026-10", "--by", "province") == 0
    assert (asked[0].year, asked[0].month) == (2026, 10)
    said = capsys.readouterr()
    rows = [line.split() for line in said.out.splitlines()]
    assert [*rows[2:]] == [["PK-PB", "30"], ["PK-SD", "12"], ["not", "shown", "8"], ["all", "of", "them", "50"]]
    assert all(len(line) <= 80 for line in said.out.splitlines())
    assert "entries 1,000 to 2,500" in said.err
    assert "none is missing" in said.err


def test_without_a_month_it_is_the_one_that_ended_last(
    run: Run, asked: list[oversight_pb2.GetStatisticsRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    # Pakistan's: the year ends there five hours before it does in UTC.
    assert ended(dt.datetime(2026, 12, 31, 18, 59, tzinfo=dt.UTC)) == (2026, 11)
    assert ended(dt.datetime(2026, 12, 31, 19, tzinfo=dt.UTC)) == (2026, 12)
    before = ended(dt.datetime.now(dt.UTC))
    assert run("report", "lookups", "--no-verify") == 0
    month = asked[0].year, asked[0].month
    assert month in {before, ended(dt.datetime.now(dt.UTC))}
    assert f"The month is {_written(asked[0])}, the last one that has ended." in capsys.readouterr().err
    # What is kept for later says it by itself, in every row; the same in Urdu, whose tables are in English.
    for language in ("en", "ur"):
        assert run("--lang", language, "report", "lookups", "--csv", "--no-verify") == 0
        heading, *rows = capsys.readouterr().out.splitlines()
        assert heading == "month,province,count"
        assert [row.partition(",")[0] for row in rows] == [_written(asked[-1])] * 4
    assert run("report", "lookups", "--json", "--no-verify") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["month"], found["counts"][0]) == (_written(asked[-1]), {"count": "70"})


def _written(asked: oversight_pb2.GetStatisticsRequest) -> str:
    return f"{asked.year}-{asked.month:02}"


def test_accesses_are_counted_by_agency_and_purpose_whatever_the_method(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("report", "purposes", "--month", "2026-10", "--csv", "--no-verify") == 0
    assert capsys.readouterr().out.splitlines() == [
        "month,agency,purpose,count",
        "2026-10,punjab-police,investigation,39",
        "2026-10,punjab-police,border control,11",
        "2026-10,not shown,,20",
        "2026-10,all of them,,70",
    ]
    assert run("report", "purposes", "--month", "2026-10", "--by", "district") == cli.USAGE
    assert "leave --by out" in capsys.readouterr().err


def test_a_spreadsheet_is_written(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", "entries", "--month", "2026-10", "--csv", "--no-verify") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "month,part,province,count,average days",
        "2026-10,,PK-PB,9,12.3",
        "2026-10,all of them,,9,12.3",
    ]


def test_few_are_not_shown(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", "emergencies", "--month", "2026-10", "--no-verify") == 0
    assert "fewer than 5" in capsys.readouterr().err


def test_an_own_verification_that_failed_is_said_whatever_the_form(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("report", "lookups", "--month", "2026-10") == 0
    leaves = register.ledger.leaves
    first, leaves[0] = leaves[0], b"another"
    assert run("ledger", "verify", "--everything") == cli.PROOF_FAILED
    leaves[0] = first
    capsys.readouterr()
    assert run("report", "lookups", "--month", "2026-10", "--json") == 0
    said = capsys.readouterr()
    (failed,) = json.loads(said.out)["failures"]
    assert failed["reason"] == "LEDGER_FORKED"
    for language in ("en", "ur"):
        for form in ((), ("--csv",), ("--no-verify",)):
            assert run("--lang", language, "report", "lookups", "--month", "2026-10", *form) == 0
            said = capsys.readouterr()
            assert failed["message"][language] in " ".join(said.err.split())
            assert "LEDGER_FORKED" not in said.out
    register.answers[STATISTICS] = lambda _: oversight_pb2.GetStatisticsResponse()
    assert run("report", "lookups", "--month", "2026-10") == 0
    said = capsys.readouterr()
    assert "no entries in the ledger" in said.err
    assert "(LEDGER_FORKED)" in said.err
    # Beside what is found wrong now as well.
    register.tamper = lambda receipt: receipt if register.calls[-1].method == STATISTICS else None
    assert run("report", "lookups", "--month", "2026-10") == cli.PROOF_FAILED
    said = capsys.readouterr()
    assert failed["message"]["en"] in " ".join(said.err.split())
    assert "came without its receipt" in said.err


def test_it_is_said_in_urdu(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--lang", "ur", "report", "lookups", "--month", "2026-10") == 0
    said = capsys.readouterr()
    assert "ماہانہ جدول" in said.out
    assert "none is missing" not in said.err


def test_a_table_that_is_none_is_told_which_there_are(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    # The word TABLE alone, which stands in the usage, wouldn't say what to type.
    assert run("report", "lokups", "--month", "2026-10") == cli.USAGE
    said = " ".join(capsys.readouterr().err.split())
    assert f"it takes [{', '.join(TABLES)}]." in said
    assert run("report", "--help") == 0
    assert f"TABLE is one of: {', '.join(TABLES)}." in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("month", ["October", "2026", "2026-13"])
def test_a_month_has_one_form(run: Run, month: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", "lookups", "--month", month) == cli.USAGE
    assert "2026-10" in capsys.readouterr().err
