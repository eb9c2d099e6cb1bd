"""`nsor revalidate`: the record is shown and asked about before anything is signed."""

import pytest

from nsor.v1 import registration_pb2, validation_pb2
from tests.client.conftest import Register, Run

GET = "nsor.v1.RegistrationService/GetRegistration"
SAY = "nsor.v1.RegistrationService/RevalidateRegistration"
RECORD = "8b5c1d2e-0000-4000-8000-000000000001"


@pytest.fixture(autouse=True)
def answers(register: Register) -> None:
    shown = registration_pb2.Registration(registration_id=RECORD, etag="0123456789abcdef")
    register.answers[GET] = lambda _: registration_pb2.GetRegistrationResponse(registration=shown)
    register.answers[SAY] = lambda _: validation_pb2.RevalidateRegistrationResponse()


def test_the_version_that_was_shown_is_the_one_that_is_right(run: Run, register: Register) -> None:
    assert run("revalidate", RECORD, "--tier", "enhanced", "--yes") == 0
    request = validation_pb2.RevalidateRegistrationRequest.FromString(register.calls[1].request)
    assert (request.registration_id, request.etag) == (RECORD, "0123456789abcdef")
    assert request.tier == validation_pb2.SUPERVISION_TIER_ENHANCED


def test_who_does_not_say_yes_signs_nothing(
    run: Run, register: Register, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("click.confirm", lambda *_args, **_more: False)
    assert run("revalidate", RECORD) == 0
    assert [call.method for call in register.calls] == [GET]
    assert "Left as it is" in capsys.readouterr().err
