"""`nsor consumer`, and `nsor events --consumer`: systems that follow a part of the events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import timestamp_pb2

import nsor
from nsor import cli
from nsor.v1 import consumers_pb2, notification_pb2

if TYPE_CHECKING:
    from tests.client.conftest import Refusal, Register

ENROL = "nsor.v1.DirectoryService/EnrolConsumer"
DISABLE = "nsor.v1.DirectoryService/DisableConsumer"
LIST = "nsor.v1.DirectoryService/ListConsumers"
SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"
ACKNOWLEDGE = "nsor.v1.NotificationService/AcknowledgeEvents"
MOVED = notification_pb2.EVENT_KIND_ADDRESS_CHANGED
OF_LAHORE = consumers_pb2.Consumer(consumer="SYSTEM-1", places=["PK-PB/LHR"], kinds=[MOVED])
DISABLED = consumers_pb2.Consumer(consumer="SYSTEM-2", disable_time=timestamp_pb2.Timestamp(seconds=1))
Run = Callable[..., int]


@pytest.fixture
def focal(tmp_path: Path) -> tuple[str, str]:
    """The option of a focal person's key."""
    path = tmp_path / "focal.key"
    nsor.OfficerKey.generate().save(path)
    return "--focal-key-file", str(path)


@pytest.fixture
def listed(register: Register) -> None:
    register.answers[LIST] = lambda _: consumers_pb2.ListConsumersResponse(consumers=[OF_LAHORE, DISABLED])


def test_a_focal_person_enrols_a_consumer_and_is_told_how_it_follows(
    run: Run, register: Register, focal: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[ENROL] = lambda _: consumers_pb2.EnrolConsumerResponse(consumer=OF_LAHORE)
    filters = ("--place", "PK-PB/LHR", "--kind", "address-changed", "--kind", "KEY_ENROLLED")
    assert run("consumer", "enrol", "system-1", *filters, *focal) == 0
    (call,) = register.calls
    request = consumers_pb2.EnrolConsumerRequest.FromString(call.request)
    assert (request.consumer, list(request.places)) == ("system-1", ["PK-PB/LHR"])
    assert list(request.kinds) == [MOVED, notification_pb2.EVENT_KIND_KEY_ENROLLED]
    assert "nsor-decision-bin" in call.metadata
    assert "`nsor events --consumer SYSTEM-1 --follow`" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["moved", "unspecified", ""])
def test_a_kind_that_there_is_not_is_wrong_use(run: Run, register: Register, focal: tuple[str, str], kind: str) -> None:
    assert run("consumer", "enrol", "SYSTEM-1", "--kind", kind, *focal) == cli.USAGE
    assert register.calls == []


def test_a_refusal_says_what_to_do(
    run: Run,
    register: Register,
    refusals: type[Refusal],
    focal: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    register.answers[ENROL] = lambda _: refusals("INVALID_ARGUMENT", "INVALID_FIELDS", (("consumer", "NO_SYSTEM_KEY"),))
    assert run("consumer", "enrol", "SYSTEM-1", *focal) == cli.REFUSED
    assert "consumer" in capsys.readouterr().err


@pytest.mark.usefixtures("listed")
def test_consumers_are_listed_and_disabled_ones_only_when_asked_for(
    run: Run, focal: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("consumer", "list", *focal) == 0
    shown, said = capsys.readouterr()
    assert "SYSTEM-1" in shown
    assert "address-changed" in shown
    assert "SYSTEM-2" not in shown
    assert "`--all` shows disabled ones" in said
    assert run("consumer", "list", "--all", "--json", *focal) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["consumer"] for line in lines] == ["SYSTEM-1", "SYSTEM-2"]


@pytest.mark.usefixtures("listed")
def test_disabling_shows_the_consumer_and_asks(run: Run, register: Register, focal: tuple[str, str]) -> None:
    register.answers[DISABLE] = lambda _: consumers_pb2.DisableConsumerResponse(
        disable_time=timestamp_pb2.Timestamp(seconds=1)
    )
    assert run("consumer", "disable", "SYSTEM-1", *focal, stdin="n\n") == cli.STOPPED
    assert [call.method for call in register.calls] == [LIST]
    assert run("consumer", "disable", "SYSTEM-1", "--yes", *focal) == 0
    assert run("consumer", "disable", "SYSTEM-2", *focal) == 0
    assert [call.method for call in register.calls][1:] == [LIST, DISABLE] * 2


def test_events_of_a_consumer_are_shown_and_acknowledged(run: Run, register: Register) -> None:
    event = notification_pb2.Event(sequence=1, event_id="7b1e", kind=MOVED)

    def stream(request: bytes) -> Iterator[Any]:
        assert notification_pb2.SubscribeEventsRequest.FromString(request).consumer == "SYSTEM-1"
        yield notification_pb2.SubscribeEventsResponse(events=[event])

    register.streams[SUBSCRIBE] = stream
    register.answers[ACKNOWLEDGE] = lambda _: notification_pb2.AcknowledgeEventsResponse(acknowledged_sequence=1)
    assert run("events", "--consumer", "SYSTEM-1", "--acknowledge", "--wait", "0.2") == 0
    acknowledged = [call for call in register.calls if call.method == ACKNOWLEDGE]
    (request,) = [notification_pb2.AcknowledgeEventsRequest.FromString(call.request) for call in acknowledged]
    assert (request.through_sequence, request.consumer) == (1, "SYSTEM-1")
