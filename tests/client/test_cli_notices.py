"""`nsor notice`: a file that tells one thing, and what became of it."""

import json
from pathlib import Path

import pytest

from nsor.v1 import notices_pb2
from tests.client.conftest import Register, Run

SERVICE = "nsor.v1.NotificationService/"
RECORD = "8b5c1d2e-0000-4000-8000-000000000002"
NOTICE = "8b5c1d2e-0000-4000-8000-000000000003"


@pytest.mark.parametrize("kind", ["address", "name", "travel", "travel-return", "no-fixed-abode", "home-visit"])
def test_a_template_is_of_one_kind(run: Run, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    assert run("notice", "enter", "--template", "--kind", kind) == 0
    shown = json.loads(capsys.readouterr().out)
    kinds = {field.name for field in notices_pb2.CreateNoticeRequest.DESCRIPTOR.oneofs_by_name["notice"].fields}
    assert kinds & shown.keys() == {kind.replace("-", "_")}
    assert shown["registration_id"] == "ID, as `nsor duties` shows it"
    assert shown["receiving_station"] == "CODE, such as PK-PB/LHR/PS-001"


def test_a_template_is_filled_in_with_what_is_known(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    known = ("--of", RECORD, "--station", "PK-PB/LHR/PS-007")
    assert run("notice", "enter", "--template", "--kind", "address", *known) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["registration_id"], shown["receiving_station"]) == (RECORD, "PK-PB/LHR/PS-007")


def test_a_file_in_place_of_a_command_is_entered(run: Run, register: Register, tmp_path: Path) -> None:
    register.answers[SERVICE + "CreateNotice"] = lambda _: notices_pb2.CreateNoticeResponse()
    file = tmp_path / "notice.json"
    notice = {
        "registration_id": RECORD,
        "travel": {"legs": [{"country": "SA", "departure_date": "01.03.2026"}], "purpose": "PILGRIMAGE"},
        "timing": "EXPECTED",
    }
    file.write_text(json.dumps(notice))
    assert run("notice", str(file)) == 0
    assert run("notice", "enter", str(file), "--validate-only") == 0
    sent = [notices_pb2.CreateNoticeRequest.FromString(each.request) for each in register.calls]
    assert [each.travel.purpose for each in sent] == [notices_pb2.TRAVEL_PURPOSE_PILGRIMAGE] * 2
    assert [each.validate_only for each in sent] == [False, True]
    assert sent[0].travel.legs[0].departure_date.month == 3
    assert run("notice", "enter") == 2


def test_what_became_of_a_notice_is_said_with_a_reason(run: Run, register: Register) -> None:
    register.answers[SERVICE + "DecideNotice"] = lambda _: notices_pb2.DecideNoticeResponse()
    register.answers[SERVICE + "WithdrawNotice"] = lambda _: notices_pb2.WithdrawNoticeResponse()
    assert run("notice", "verify", RECORD, NOTICE, "--yes") == 0
    assert run("notice", "refuse", RECORD, NOTICE, "--reason", "false-paper", "--yes") == 0
    assert run("notice", "refuse", RECORD, NOTICE, "--yes") == 2
    assert run("notice", "withdraw", RECORD, NOTICE, "--reason", "twice") == 0
    verified, refused = (notices_pb2.DecideNoticeRequest.FromString(each.request) for each in register.calls[:2])
    assert (verified.decision, verified.refusal) == (notices_pb2.NOTICE_STATE_VERIFIED, 0)
    assert (refused.decision, refused.refusal) == (
        notices_pb2.NOTICE_STATE_REFUSED,
        notices_pb2.NOTICE_REFUSAL_FALSE_PAPER,
    )
    withdrawn = notices_pb2.WithdrawNoticeRequest.FromString(register.calls[2].request)
    assert (withdrawn.notice_id, withdrawn.reason) == (NOTICE, notices_pb2.NOTICE_WITHDRAWAL_TWICE)


def test_what_did_not_happen_names_the_notice_that_expected_it(run: Run, register: Register) -> None:
    register.answers[SERVICE + "CreateNotice"] = lambda _: notices_pb2.CreateNoticeResponse()
    told = ("--station", "PK-PB/LHR/PS-001", "--expected", "05.03.2026", "--received", "2026-03-06")
    assert run("notice", "did-not-happen", RECORD, NOTICE, *told) == 0
    sent = notices_pb2.CreateNoticeRequest.FromString(register.calls[0].request)
    assert (sent.timing, sent.supersedes_notice_id) == (notices_pb2.NOTICE_TIMING_DID_NOT_HAPPEN, NOTICE)
    assert (sent.event_date.day, sent.received_date.day, sent.WhichOneof("notice")) == (5, 6, None)


def test_what_did_not_happen_is_entered_once_and_a_second_time_says_so(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[SERVICE + "CreateNotice"] = lambda _: notices_pb2.CreateNoticeResponse(notice_id=NOTICE)
    told = ("--station", "PK-PB/LHR/PS-001", "--expected", "05.03.2026", "--received", "2026-03-06")
    assert run("notice", "did-not-happen", RECORD, NOTICE, *told) == 0
    assert "already" not in "".join(capsys.readouterr())
    assert run("notice", "did-not-happen", RECORD, NOTICE, *told) == 0
    said = "".join(capsys.readouterr())
    assert "The same was sent" in said
    assert "Entered already: nothing was entered" in said
    assert "Notice entered" not in said
    first, second = (notices_pb2.CreateNoticeRequest.FromString(each.request) for each in register.calls)
    assert first == second


def test_a_list_comes_with_the_command_that_shows_each(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    notice = notices_pb2.Notice(
        notice_id=NOTICE,
        kind=notices_pb2.NOTICE_KIND_TRAVEL,
        state=notices_pb2.NOTICE_STATE_TAKEN,
        timing=notices_pb2.NOTICE_TIMING_EXPECTED,
        late=True,
    )
    register.answers[SERVICE + "ListNotices"] = lambda _: notices_pb2.ListNoticesResponse(notices=[notice])
    register.answers[SERVICE + "GetNotice"] = lambda _: notices_pb2.GetNoticeResponse(notice=notice)
    assert run("notice", "list", RECORD) == 0
    captured = capsys.readouterr()
    assert f"nsor notice show {RECORD} {NOTICE}" in captured.out
    assert "1 shown" in captured.err
    assert run("notice", "show", RECORD, NOTICE) == 0
    assert f"nsor notice verify {RECORD} {NOTICE}" in capsys.readouterr().err
