"""`nsor arrival`: the number is never on the command line, and an officer signs."""

from pathlib import Path

import pytest

from nsor.v1 import arrivals_pb2
from tests.client.conftest import Register, Run
from tests.client.test_cli_counter import CNIC, private
from tests.client.test_cli_custody import always

SERVICE = "nsor.v1.NotificationService"
ID = "8b5c1d2e-0000-4000-8000-000000000001"
STATION = "PK-SD/KHI/PS-002"


@pytest.fixture(autouse=True)
def answers(register: Register) -> None:
    notice = arrivals_pb2.ArrivalNotice(arrival_id=ID, receiving_station=STATION, number_ending="671")
    register.answers[f"{SERVICE}/CreateArrivalNotice"] = always(arrivals_pb2.CreateArrivalNoticeResponse(arrival_id=ID))
    register.answers[f"{SERVICE}/ListArrivalNotices"] = always(arrivals_pb2.ListArrivalNoticesResponse(items=[notice]))
    register.answers[f"{SERVICE}/GetArrivalNotice"] = always(
        arrivals_pb2.GetArrivalNoticeResponse(arrival=notice, cnic=CNIC)
    )


def test_a_notice_is_taken_by_a_number_from_a_file(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(private(tmp_path / "cnic", CNIC))
    enter = ("arrival", "enter", "--station", STATION, "--moved", "20.02.2026", "--received", "2026-02-21")
    assert run(*enter, "--cnic-file", file, "--yes") == 0
    request = arrivals_pb2.CreateArrivalNoticeRequest.FromString(register.calls[-1].request)
    assert (request.cnic, request.receiving_station, request.home_place) == (CNIC, STATION, STATION)
    assert (request.event_date.day, request.received_date.day, len(request.request_id)) == (20, 21, 36)
    said = capsys.readouterr()
    assert CNIC not in said.out + said.err
    assert "`nsor transfers`" in said.err


def test_what_was_taken_is_listed_masked_and_one_is_shown(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("arrival", "list") == 0
    shown = capsys.readouterr().out
    assert ID in shown
    assert "671" in shown
    assert CNIC not in shown
    assert run("arrival", "show", ID) == 0
    assert CNIC in capsys.readouterr().out.replace("-", "")
