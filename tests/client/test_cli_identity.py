"""`nsor identity`: an officer of NADRA is handed a person, and the ready commands to decide with."""

import json
from pathlib import Path

import pytest

from nsor.v1 import identity_pb2, registration_pb2, types_pb2
from tests.client.conftest import Register, Run

CLAIM = "nsor.v1.RegistrationService/ClaimVerification"
VERIFY = "nsor.v1.RegistrationService/VerifyIdentity"
HANDLE = "8b5c1d2e-0000-4000-8000-000000000001"


def item() -> identity_pb2.ClaimVerificationResponse:
    name = types_pb2.PersonName(kind=types_pb2.NAME_KIND_OFFICIAL, name="Zafar Testi")
    return identity_pb2.ClaimVerificationResponse(
        item=identity_pb2.IdentityItem(handle=HANDLE, names=[name], document_number="3520212345671")
    )


def test_an_item_comes_with_the_commands_that_decide_it(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[CLAIM] = lambda _: item()
    assert run("identity", "next") == 0
    captured = capsys.readouterr()
    assert "Zafar Testi" in captured.out
    for command in ("verified", "mismatch", "no-such-document"):
        assert f"`nsor identity {command} {HANDLE} --reference NUMBER" in captured.err
    assert run("identity", "next", "--json") == 0
    assert json.loads(capsys.readouterr().out)["answer"]["item"]["handle"] == HANDLE


def test_an_empty_queue_says_so(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    register.answers[CLAIM] = lambda _: identity_pb2.ClaimVerificationResponse()
    assert run("identity", "next") == 0
    assert "Nobody waits now." in capsys.readouterr().err


def test_decisions_name_the_handle_the_reference_and_the_day(run: Run, register: Register) -> None:
    register.answers[VERIFY] = lambda _: identity_pb2.VerifyIdentityResponse()
    told = ("--reference", "VR-7/2026", "--checked", "05.03.2026")
    assert run("identity", "verified", HANDLE, *told) == 0
    assert run("identity", "mismatch", HANDLE, *told, "--particular", "birth-date", "--particular", "name") == 0
    assert run("identity", "no-such-document", HANDLE, "--reference", "VR-7/2026") == 0
    sent = [identity_pb2.VerifyIdentityRequest.FromString(each.request) for each in register.calls]
    assert [each.result for each in sent] == [
        identity_pb2.IDENTITY_STATE_VERIFIED,
        identity_pb2.IDENTITY_STATE_MISMATCH,
        identity_pb2.IDENTITY_STATE_NO_SUCH_DOCUMENT,
    ]
    assert list(sent[1].mismatches) == [
        identity_pb2.IDENTITY_PARTICULAR_BIRTH_DATE,
        identity_pb2.IDENTITY_PARTICULAR_NAME,
    ]
    assert {each.handle for each in sent} == {HANDLE}
    assert {each.reference_number for each in sent} == {"VR-7/2026"}
    assert (sent[0].checked_date.year, sent[0].checked_date.month, sent[0].checked_date.day) == (2026, 3, 5)
    assert sent[2].checked_date.year


REPORT = "nsor.v1.RegistrationService/ReportIdentityChange"
GET = "nsor.v1.RegistrationService/GetRegistration"
DECIDE = "nsor.v1.RegistrationService/DecideIdentityChange"
RECORD = "8b5c1d2e-0000-4000-8000-000000000002"
CHANGE = "8b5c1d2e-0000-4000-8000-000000000003"


def test_names_and_numbers_are_reported_from_a_file_and_a_death_by_its_day(
    run: Run, register: Register, tmp_path: Path
) -> None:
    register.answers[REPORT] = lambda _: identity_pb2.ReportIdentityChangeResponse()
    report = {"handle": HANDLE, "names": [{"kind": "NAME_KIND_OFFICIAL", "name": "Zafar Anders"}]}
    file = tmp_path / "report.json"
    file.write_text(json.dumps({**report, "reference_number": "VR-7/2026"}))
    assert run("identity", "changed", str(file)) == 0
    assert run("identity", "died", HANDLE, "--on", "2026-02-01", "--reference", "VR-8/2026") == 0
    name, death = (identity_pb2.ReportIdentityChangeRequest.FromString(each.request) for each in register.calls)
    assert (name.kind, name.names[0].name) == (identity_pb2.IDENTITY_CHANGE_KIND_NAME, "Zafar Anders")
    assert (death.kind, death.death_date.month) == (identity_pb2.IDENTITY_CHANGE_KIND_DEATH, 2)
    assert {name.handle, death.handle} == {HANDLE}
    file.write_text(json.dumps({"handle": HANDLE, "document_number": "3520212345671", "reference_number": "VR-7/2026"}))
    assert run("identity", "changed", str(file)) == 0
    number = identity_pb2.ReportIdentityChangeRequest.FromString(register.calls[-1].request)
    assert (number.kind, number.document_number) == (identity_pb2.IDENTITY_CHANGE_KIND_NUMBER, "3520212345671")
    assert run("identity", "changed", "--template") == 0
    assert run("identity", "changed") == 2


def test_the_owner_decides_on_the_record_as_it_is_now(run: Run, register: Register) -> None:
    registration = registration_pb2.Registration(registration_id=RECORD, etag="0123456789abcdef")
    register.answers[GET] = lambda _: registration_pb2.GetRegistrationResponse(registration=registration)
    register.answers[DECIDE] = lambda _: identity_pb2.DecideIdentityChangeResponse()
    assert run("identity", "accept", RECORD, CHANGE) == 0
    assert run("identity", "dispute", RECORD, CHANGE, "--reason", "other-person") == 0
    sent = [
        identity_pb2.DecideIdentityChangeRequest.FromString(each.request)
        for each in register.calls
        if each.method.endswith("DecideIdentityChange")
    ]
    assert {(each.registration_id, each.etag, each.change_id) for each in sent} == {(RECORD, registration.etag, CHANGE)}
    assert [(each.decision, each.dispute) for each in sent] == [
        (identity_pb2.IDENTITY_CHANGE_STATE_ACCEPTED, identity_pb2.IDENTITY_DISPUTE_UNSPECIFIED),
        (identity_pb2.IDENTITY_CHANGE_STATE_DISPUTED, identity_pb2.IDENTITY_DISPUTE_OTHER_PERSON),
    ]
