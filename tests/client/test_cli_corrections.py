"""`nsor correction`: the number comes from a file, and the owner's next commands are printed."""

import json
from pathlib import Path

import pytest

from nsor.v1 import corrections_pb2
from tests.client.conftest import Register, Run

REQUEST = "nsor.v1.RegistrationService/RequestCorrection"
LIST = "nsor.v1.RegistrationService/ListCorrections"
DECIDE = "nsor.v1.RegistrationService/DecideCorrection"
RECORD = "8b5c1d2e-0000-4000-8000-000000000001"
CORRECTION = "8b5c1d2e-0000-4000-8000-000000000002"


def test_a_correction_is_handed_in_from_a_file(run: Run, register: Register, tmp_path: Path) -> None:
    register.answers[REQUEST] = lambda _: corrections_pb2.RequestCorrectionResponse(request_number=CORRECTION)
    file = tmp_path / "correction.json"
    file.touch(0o600)
    file.write_text(json.dumps({"cnic": "3520212345671", "particular": "CORRECTION_PARTICULAR_NAME"}))
    assert run("correction", "request", str(file)) == 0
    request = corrections_pb2.RequestCorrectionRequest.FromString(register.calls[0].request)
    assert (request.cnic, request.particular) == ("3520212345671", corrections_pb2.CORRECTION_PARTICULAR_NAME)
    assert request.request_id


def test_a_list_names_the_commands_that_decide_what_waits(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = corrections_pb2.Correction(correction_id=CORRECTION, state=corrections_pb2.CORRECTION_STATE_OPEN)
    register.answers[LIST] = lambda _: corrections_pb2.ListCorrectionsResponse(corrections=[waiting])
    assert run("correction", "list", RECORD) == 0
    said = capsys.readouterr().err
    assert f"`nsor correction accept {RECORD} {CORRECTION}`" in said
    assert run("correction", "list", RECORD, "--json") == 0
    assert json.loads(capsys.readouterr().out)["correction_id"] == CORRECTION


def test_a_refusal_has_a_reason_and_an_acceptance_none(run: Run, register: Register) -> None:
    register.answers[DECIDE] = lambda _: corrections_pb2.DecideCorrectionResponse()
    assert run("correction", "refuse", RECORD, CORRECTION, "--reason", "source-agrees") == 0
    assert run("correction", "accept", RECORD, CORRECTION) == 0
    refused, accepted = (corrections_pb2.DecideCorrectionRequest.FromString(call.request) for call in register.calls)
    assert refused.refusal == corrections_pb2.CORRECTION_REFUSAL_SOURCE_AGREES
    assert (accepted.refusal, accepted.registration_id, accepted.correction_id) == (0, RECORD, CORRECTION)
