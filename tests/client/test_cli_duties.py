"""`nsor duties`: what is due, soonest first; a person's duties in words; a waiver that is asked about."""

import json

import pytest

from nsor.cli import duties, urdu
from nsor.v1 import duties_pb2, types_pb2, worklists_pb2
from tests.client.conftest import Register, Run

LIST = "nsor.v1.NotificationService/ListDuties"
GET = "nsor.v1.NotificationService/GetDuty"
WAIVE = "nsor.v1.NotificationService/WaiveDuty"
RECORD = "8b5c1d2e-0000-4000-8000-000000000001"
DUTY = "8b5c1d2e-0000-4000-8000-000000000002"


def _deadline(seconds: int = 1_718_045_999) -> types_pb2.Deadline:
    deadline = types_pb2.Deadline(rule_id="initial-notice", citation="working value: text not read")
    deadline.due_time.seconds, deadline.start_time.seconds = seconds, seconds - 7 * 86_400
    return deadline


@pytest.fixture(autouse=True)
def answers(register: Register) -> None:
    item = duties_pb2.DutyItem(
        registration_id=RECORD,
        duty_id=DUTY,
        kind=duties_pb2.DUTY_KIND_INITIAL_NOTICE,
        state=duties_pb2.DUTY_STATE_OVERDUE,
        deadline=_deadline(),
        person=worklists_pb2.MaskedPerson(initials=["Z. T."], cnic_ending="123"),
    )
    duty = duties_pb2.Duty(duty_id=DUTY, kind=item.kind, state=item.state, deadline=_deadline())
    for holiday in ("EID_UL_FITR", "ELECTION_DAY"):
        duty.deadline.later.closed_days.add(holiday=holiday).date.year = 2024
    duty.earlier.add(policy_version=7).due_time.seconds = 1_717_959_599
    standing = duties_pb2.Duty(kind=duties_pb2.DUTY_KIND_TRAVEL_ABROAD, state=duties_pb2.DUTY_STATE_STANDING)
    register.answers[LIST] = lambda _: duties_pb2.ListDutiesResponse(items=[item])
    register.answers[GET] = lambda _: duties_pb2.GetDutyResponse(etag="0123456789abcdef", duties=[duty, standing])
    register.answers[WAIVE] = lambda _: duties_pb2.WaiveDutyResponse(etag="0123456789abcdef")


def test_what_is_due_is_listed(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("duties", "--overdue") == 0
    shown = capsys.readouterr()
    assert duties_pb2.ListDutiesRequest.FromString(register.calls[0].request).overdue
    for part in ("2024-06-10", "overdue", "Z. T., CNIC ...123", RECORD, "to tell where he lives, after release"):
        assert part in shown.out
    assert "1 due: all that there is." in shown.err
    assert run("duties", "--json") == 0
    assert json.loads(capsys.readouterr().out)["duty_id"] == DUTY


@pytest.mark.parametrize("arguments", [("duties", "1"), ("duties", "--of", RECORD)])
def test_the_duties_of_a_person_are_said_in_words(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert run(*arguments) == 0
    said = " ".join(capsys.readouterr().err.split())
    for part in (
        "1. to tell where he lives, after release: overdue",
        "Due by the end of 2024-06-10, counted from 2024-06-03. Rule initial-notice: working value: text not read.",
        "Nobody has read that source yet",
        "offices are closed: 2024-00-00 Eid-ul-Fitr, 2024-00-00 ELECTION_DAY",
        "It was due on 2024-06-09 until version 7 of the policy.",
        "A possible breach: refer it for decision.",
        "to tell a journey abroad before it begins: no date",
        f"`nsor notice enter --template --kind address --of {RECORD} > notice.json`",
    ):
        assert part in said
    assert "offence" not in said


def test_they_are_said_in_urdu_too(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert {*duties.WORDS.values(), *duties.STATES.values()} <= urdu.TEXTS.keys()
    assert run("--lang", "ur", "duties", "1") == 0
    said = capsys.readouterr().err
    assert urdu.TEXTS["to tell where he lives, after release"] in said
    assert "عید الفطر" in said
    assert "EID_UL_FITR" not in said


def test_every_kind_and_state_and_reason_has_its_words() -> None:
    assert set(duties.WORDS) == {number for number in duties_pb2.DutyKind.values() if number}
    assert set(duties.STATES) == {number for number in duties_pb2.DutyState.values() if number}
    names = {name.removeprefix("DUTY_WAIVER_") for name, number in duties_pb2.DutyWaiver.items() if number}
    assert {each.upper().replace("-", "_") for each in duties.REASONS} == names


@pytest.mark.parametrize("arguments", [("duties", "1"), ("duties", "1", "--of", RECORD)])
def test_a_waiver_is_asked_about_and_names_the_version_that_was_shown(
    run: Run, register: Register, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr("click.confirm", lambda *_args, **_more: False)
    assert run(*arguments, "--waive", "illness") == 0
    assert WAIVE not in [each.method for each in register.calls]
    monkeypatch.setattr("click.confirm", lambda *_args, **_more: True)
    assert run(*arguments, "--waive", "court-order") == 0
    request = duties_pb2.WaiveDutyRequest.FromString(register.calls[-1].request)
    assert (request.registration_id, request.duty_id, request.etag) == (RECORD, DUTY, "0123456789abcdef")
    assert request.reason == duties_pb2.DUTY_WAIVER_COURT_ORDER


@pytest.mark.parametrize("arguments", [("duties", "--waive", "illness"), ("duties", "2")])
def test_a_number_that_is_missing_or_too_large_is_wrong_use(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments) == 2
