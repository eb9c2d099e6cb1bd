"""`nsor access request` at a keyboard: it asks what the request needs, and remembers what names nobody."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nsor import cli
from nsor.v1 import access_requests_pb2
from tests.client.conftest import Register, Run
from tests.client.test_cli_inbox import ASK, CNIC, FIRST, LIST, Kind, item
from tests.client.test_cli_inbox import kind as kind  # noqa: PLC0414 - a fixture
from tests.client.test_cli_inbox import typed as typed  # noqa: PLC0414 - a fixture

ANSWERS = (
    *("412/2025", "pk-pb/lhr/ps-001", "02.09.2025"),
    *(CNIC, "Test Aslam @ Kala urf چھوٹا s/o Test Rasool", "y"),
    *("", "Test Akram", "Test Akram s/o Test Karim", "1988", "n"),
    *("y", "376, 34", "2", "1", "FC-12/2025", "APP-9/2025", "03.09.2025"),
)


def test_a_request_is_asked_for_and_posting_and_grade_are_remembered(
    run: Run, kind: Kind, register: Register, typed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[ASK] = lambda _: access_requests_pb2.CreateAccessRequestResponse(access_request_id=FIRST)
    kind.items = []
    typed(*ANSWERS, "Lahore", "17")
    assert run("access", "request", "--new") == 0
    before = access_requests_pb2.JUVENILE_DECISION_REFUSED
    kind.items = [item(create_time=dt.datetime(2026, 3, 2, 4, 43, tzinfo=dt.UTC), juvenile_decision=before)]
    typed(*ANSWERS, "", "", "n")  # and not sent again
    assert run("access", "request", "--new") == cli.STOPPED
    said = " ".join(capsys.readouterr().err.split())
    assert "Name: Test Aslam. Also called: Kala, چھوٹا." in said
    assert "You asked for this FIR on 2026-03-02, 09:43 PKT, 2 suspects, juveniles' records too: DUE IN 6 h." in said
    typed(*ANSWERS, "", "", "y")
    assert run("access", "request", "--new") == 0
    first, second = (access_requests_pb2.CreateAccessRequestRequest.FromString(each) for each in kind.called(ASK))
    for sent in (first, second):
        assert (sent.annexure_a.posting, sent.annexure_a.officer_grade) == ("PK-PB/LHR", 17)
        assert (sent.fir.serial, sent.fir.year, sent.fir.police_station) == (412, 2025, "PK-PB/LHR/PS-001")
        known, unknown = sent.suspects
        assert (known.cnic, known.name.name, known.name.relative_name) == (CNIC, "Test Aslam", "Test Rasool")
        assert list(known.name.by_names) == ["Kala", "چھوٹا"]
        assert (unknown.WhichOneof("identifier"), unknown.name.relative_name) == (None, "Test Karim")
        assert unknown.birth_year == 1988
        assert sent.juvenile_records
        assert list(sent.annexure_a.offence_codes) == ["PPC-376", "PPC-34"]
        assert sent.annexure_a.stage == access_requests_pb2.INVESTIGATION_STAGE_ARREST_MADE


def test_a_program_is_not_asked_and_the_register_neither(
    run: Run, kind: Kind, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[ASK] = lambda _: access_requests_pb2.CreateAccessRequestResponse(access_request_id=FIRST)
    suspects = [{"cnic": CNIC}, {"cnic": "3520112345689"}]
    fir = {"police_station": "PK-PB/LHR/PS-001", "year": 2025, "serial": 412}
    for asked in (suspects, suspects[::-1]):  # in whichever order
        assert run("access", "request", "-", stdin=json.dumps({"fir": fir, "suspects": asked})) == 0
    assert "You asked for this FIR and these suspects on" in capsys.readouterr().err
    assert kind.called(LIST) == []
    assert len(kind.called(ASK)) == 2


def test_what_can_not_be_read_is_asked_again(
    run: Run, kind: Kind, register: Register, typed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[ASK] = lambda _: access_requests_pb2.CreateAccessRequestResponse(access_request_id=FIRST)
    kind.items = []
    typed(
        *("412", "412/2025", "Lahore", "PK-PB/LHR/PS-001", "02.09.2025"),
        *("", "Test Akram", "Test Akram s/o Test Karim", "88", "19880", "1988", "n", "n"),
        *("376", "5", "0", "2", "x", "1", "FC-12/2025", "APP-9/2025", "03.09.2025", "Lahore", "23", "17"),
    )
    assert run("access", "request", "--new") == 0
    (sent,) = (access_requests_pb2.CreateAccessRequestRequest.FromString(each) for each in kind.called(ASK))
    assert (sent.fir.serial, sent.suspects[0].birth_year, sent.annexure_a.officer_grade) == (412, 1988, 17)
    said = capsys.readouterr().err
    for text in ("a station's code", "a year of four digits", "a number from 1 to 4", "a number from 1 to 22"):
        assert text in said


def test_a_request_has_twenty_suspects_at_most(
    run: Run, kind: Kind, register: Register, typed: Callable[..., None]
) -> None:
    register.answers[ASK] = lambda _: access_requests_pb2.CreateAccessRequestResponse(access_request_id=FIRST)
    kind.items = []
    one = ("", "Test Akram s/o Test Karim", "1988")
    fir, rest = ANSWERS[:3], ANSWERS[ANSWERS.index("376, 34") :]
    typed(*fir, *(answer for _ in range(19) for answer in (*one, "y")), *one, "y", "n", *rest, "Lahore", "17")
    assert run("access", "request", "--new") == 0
    (sent,) = (access_requests_pb2.CreateAccessRequestRequest.FromString(each) for each in kind.called(ASK))
    assert len(sent.suspects) == 20


def test_a_request_that_is_only_checked_is_not_kept_as_sent(
    run: Run, kind: Kind, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[ASK] = lambda _: access_requests_pb2.CreateAccessRequestResponse(access_request_id=FIRST)
    asked = json.dumps({"fir": {"police_station": "PK-PB/LHR/PS-001", "year": 2025, "serial": 412}})
    assert run("access", "request", "-", "--validate-only", stdin=asked) == 0
    assert access_requests_pb2.CreateAccessRequestRequest.FromString(kind.called(ASK)[0]).validate_only
    assert "Correct: nothing was sent" in capsys.readouterr().out
    assert run("access", "request", "-", stdin=asked) == 0
    printed = capsys.readouterr()
    assert "Sent to the prosecutor" in printed.out
    assert "You asked" not in printed.err


def test_what_only_the_register_knows_is_asked_about_too(
    run: Run, kind: Kind, register: Register, typed: Callable[..., None]
) -> None:
    # Asked from another computer: this folder knows nothing of it.
    register.answers[ASK] = lambda _: access_requests_pb2.CreateAccessRequestResponse(access_request_id=FIRST)
    kind.items = [item()]
    typed(*ANSWERS, "Lahore", "17", "n")
    assert run("access", "request", "--new") == cli.STOPPED
    assert kind.called(ASK) == []


def test_what_is_remembered_names_no_suspect(
    run: Run, kind: Kind, register: Register, typed: Callable[..., None], tmp_path: Path
) -> None:
    register.answers[ASK] = lambda _: access_requests_pb2.CreateAccessRequestResponse(access_request_id=FIRST)
    kind.items = []
    typed(*ANSWERS, "Lahore", "17")
    assert run("access", "request", "--new") == 0
    kept = [each for each in tmp_path.rglob("*") if each.is_file() and each.name != "stdin"]
    assert any(each.name == "postings.jsonl" and each.stat().st_mode & 0o777 == 0o600 for each in kept)
    assert not [each for each in kept if b"Aslam" in each.read_bytes() or CNIC.encode() in each.read_bytes()]
