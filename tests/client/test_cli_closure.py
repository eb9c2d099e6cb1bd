"""`nsor archive`: a proposal names the command of the second officer, and the version that was seen."""

import pytest

from nsor.v1 import closure_pb2, registration_pb2
from tests.client.conftest import Register, Run

GET = "nsor.v1.RegistrationService/GetRegistration"
PROPOSE = "nsor.v1.RegistrationService/ProposeClosure"
CONFIRM = "nsor.v1.RegistrationService/ConfirmClosure"
RECORD = "8b5c1d2e-0000-4000-8000-000000000001"
CLOSURE = "8b5c1d2e-0000-4000-8000-000000000002"


@pytest.fixture(autouse=True)
def answers(register: Register) -> None:
    shown = registration_pb2.Registration(registration_id=RECORD, etag="0123456789abcdef")
    register.answers[GET] = lambda _: registration_pb2.GetRegistrationResponse(registration=shown)
    register.answers[PROPOSE] = lambda _: closure_pb2.ProposeClosureResponse(closure_id=CLOSURE)
    register.answers[CONFIRM] = lambda _: closure_pb2.ConfirmClosureResponse()


def test_a_death_is_proposed_by_its_certificate(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("archive", "propose", RECORD, "--died", "05.03.2024", "--certificate", "CRMS-1/2024") == 0
    request = closure_pb2.ProposeClosureRequest.FromString(register.calls[1].request)
    assert (request.etag, request.kind) == ("0123456789abcdef", closure_pb2.CLOSURE_KIND_DECEASED)
    assert (request.died_date.year, request.certificate_number) == (2024, "CRMS-1/2024")
    assert f"`nsor archive confirm {RECORD} {CLOSURE}`" in capsys.readouterr().err


def test_an_erasure_is_proposed_with_its_reason(run: Run, register: Register) -> None:
    assert run("archive", "erase", RECORD, "--reason", "not-convicted") == 0
    request = closure_pb2.ProposeClosureRequest.FromString(register.calls[1].request)
    assert request.kind == closure_pb2.CLOSURE_KIND_ERASED
    assert request.erasure_reason == closure_pb2.ERASURE_REASON_NOT_CONVICTED


def test_a_withdrawal_is_proposed_with_its_reason(run: Run, register: Register) -> None:
    assert run("archive", "withdraw", RECORD, "--reason", "court-order") == 0
    request = closure_pb2.ProposeClosureRequest.FromString(register.calls[1].request)
    assert request.kind == closure_pb2.CLOSURE_KIND_WITHDRAWN
    assert request.erasure_reason == closure_pb2.ERASURE_REASON_COURT_ORDER


def test_a_restoration_is_proposed_without_and_confirmed(run: Run, register: Register) -> None:
    assert run("archive", "restore", RECORD) == 0
    request = closure_pb2.ProposeClosureRequest.FromString(register.calls[1].request)
    assert (request.kind, request.certificate_number) == (closure_pb2.CLOSURE_KIND_RESTORED, "")
    assert run("archive", "confirm", RECORD, CLOSURE) == 0
    confirmed = closure_pb2.ConfirmClosureRequest.FromString(register.calls[2].request)
    assert (confirmed.registration_id, confirmed.closure_id) == (RECORD, CLOSURE)
