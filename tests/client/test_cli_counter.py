"""`nsor counter`: the number is never on the command line, and what is next is ready to be typed."""

import json
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from nsor.v1 import arrivals_pb2, duties_pb2, types_pb2, worklists_pb2
from tests.client.conftest import Register, Run
from tests.client.test_cli_custody import always

FIND = "nsor.v1.NotificationService/FindRegistrant"
ID = "8b5c1d2e-0000-4000-8000-000000000001"
CNIC = "3520212345671"


def found() -> arrivals_pb2.FindRegistrantResponse:
    duty = duties_pb2.Duty(
        kind=duties_pb2.DUTY_KIND_PERIODIC_VERIFICATION,
        deadline=types_pb2.Deadline(due_time=Timestamp(seconds=4_000_000_000)),
    )
    one = arrivals_pb2.Registrant(
        registration_id=ID,
        person=worklists_pb2.MaskedPerson(initials=["Z. T."], cnic_ending="671"),
        duties=[duty],
    )
    return arrivals_pb2.FindRegistrantResponse(outcome=arrivals_pb2.FIND_OUTCOME_FOUND, registrants=[one])


def private(path: Path, text: str) -> Path:
    path.touch(0o600)
    path.write_text(text)
    return path


def test_whoever_is_found_comes_with_the_commands_that_go_on(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[FIND] = always(found())
    assert run("counter", "--cnic-file", str(private(tmp_path / "cnic", CNIC))) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert arrivals_pb2.FindRegistrantRequest.FromString(register.calls[0].request).cnic == CNIC
    for part in ("with a new photo (by 2096-10-02)", f"`nsor duties --of {ID}`", f"`nsor show {ID}`", "nsor notice"):
        assert part in said
    assert CNIC not in said


def test_a_document_comes_from_a_file(run: Run, register: Register, tmp_path: Path) -> None:
    register.answers[FIND] = always(found())
    file = private(tmp_path / "document.json", json.dumps({"number": "AB1234567", "country": "PK"}))
    assert run("counter", "--document-file", str(file), "--json") == 0
    request = arrivals_pb2.FindRegistrantRequest.FromString(register.calls[0].request)
    assert (request.cnic, request.travel_document.number) == ("", "AB1234567")


def test_no_record_is_said_so(run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nobody = arrivals_pb2.FindRegistrantResponse(outcome=arrivals_pb2.FIND_OUTCOME_NO_RECORD)
    register.answers[FIND] = always(nobody)
    for language, words in (("en", "No record at your stations"), ("ur", "کوئی ریکارڈ نہیں")):
        assert run("--lang", language, "counter", "--cnic-file", str(private(tmp_path / "cnic", CNIC))) == 0
        said = capsys.readouterr()
        assert words in said.out
        assert "`nsor arrival enter --help`" in said.err
