"""`nsor judgment`: what a registry types, and what it is told."""

from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message

from nsor.v1 import notification_pb2, registration_pb2
from nsor_synthetic import examples
from tests.client.conftest import Register, Run

RECORD = "nsor.v1.RegistrationService/RecordJudgment"
CONFIRM = "nsor.v1.RegistrationService/ConfirmJudgment"
SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"
GET = "nsor.v1.RegistrationService/GetJudgment"
ID = "8b5c1d2e-0000-4000-8000-000000000001"
RECORDED, CONFIRMED = registration_pb2.JUDGMENT_STATE_RECORDED, registration_pb2.JUDGMENT_STATE_CONFIRMED


def always(answer: Message) -> Callable[[bytes], Message]:
    return lambda _: answer


def shown(state: registration_pb2.JudgmentState.ValueType) -> Callable[[bytes], Message]:
    return always(registration_pb2.GetJudgmentResponse(judgment=registration_pb2.Judgment(judgment_id=ID, state=state)))


def test_a_judgment_is_recorded_from_a_file_and_the_registrys_command_is_printed(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[RECORD] = always(registration_pb2.RecordJudgmentResponse(judgment_id=ID, state=RECORDED))
    wanted = next(each for each in examples.requests(3) if isinstance(each, registration_pb2.RecordJudgmentRequest))
    (tmp_path / "judgment.json").write_text(json_format.MessageToJson(wanted))
    assert run("judgment", "record", str(tmp_path / "judgment.json")) == 0
    assert registration_pb2.RecordJudgmentRequest.FromString(register.calls[0].request) == wanted
    assert f"`nsor judgment confirm {ID}`" in capsys.readouterr().err


def test_a_judgment_is_shown_and_confirmed_by_the_number_that_is_typed(run: Run, register: Register) -> None:
    register.answers[GET] = shown(RECORDED)
    register.answers[CONFIRM] = always(registration_pb2.ConfirmJudgmentResponse(state=CONFIRMED))
    assert run("judgment", "confirm", ID, stdin="Crl. Appeal No. 456/2023\n") == 0
    request = registration_pb2.ConfirmJudgmentRequest.FromString(register.calls[-1].request)
    assert (request.judgment_id, request.order_number) == (ID, "Crl. Appeal No. 456/2023")


def test_what_is_confirmed_already_is_said_and_left(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[GET] = shown(CONFIRMED)
    assert run("judgment", "confirm", ID) == 0
    assert f"{ID} is confirmed already." in capsys.readouterr().err
    assert [call.method for call in register.calls] == [GET]


def test_without_an_id_it_goes_through_the_judgments_of_the_events(run: Run, register: Register) -> None:
    event = notification_pb2.Event(
        sequence=1, kind=notification_pb2.EVENT_KIND_JUDGMENT_RECORDED, event_id=ID, judgment_id=ID
    )
    register.streams[SUBSCRIBE] = lambda _: iter([notification_pb2.SubscribeEventsResponse(events=[event])])
    register.answers[GET] = shown(RECORDED)
    assert run("judgment", "confirm", stdin="\n") == 0
    assert GET in [call.method for call in register.calls]


def test_unsealing_takes_two_commands_and_the_first_prints_the_second(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    propose, confirm = (f"nsor.v1.RegistrationService/{kind}Unsealing" for kind in ("Propose", "Confirm"))
    register.answers[propose] = always(registration_pb2.ProposeUnsealingResponse())
    register.answers[confirm] = always(registration_pb2.ConfirmUnsealingResponse())
    assert run("judgment", "unseal", ID) == 0
    assert f"`nsor judgment unseal {ID} --confirm`" in capsys.readouterr().err
    assert run("judgment", "unseal", ID, "--confirm") == 0
    assert [call.method for call in register.calls] == [propose, confirm]
