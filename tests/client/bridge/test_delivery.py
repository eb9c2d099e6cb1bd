"""In order, one at a time, each acknowledged only when it is taken or a dead letter; a crash loses none."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from google.protobuf.message import Message

import nsor
from nsor.bridge.delivery import Delivery
from nsor.bridge.endpoint import Endpoint as Client
from nsor.bridge.settings import Settings
from nsor.bridge.state import Progress, State
from nsor.v1 import notification_pb2
from tests.client.bridge.endpoints import Endpoint, say, saying

if TYPE_CHECKING:
    from tests.client.conftest import Connect, Refusal, Register

SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"
ACKNOWLEDGE = "nsor.v1.NotificationService/AcknowledgeEvents"


class Over(Exception):
    """The register's events have come to their end."""


@pytest.fixture
def acknowledged(register: Register, refusals: type[Refusal]) -> list[int]:
    """Five events, of which those that were acknowledged don't come again; then the agency may hear no more."""
    done: list[int] = []

    def stream(request: bytes) -> Iterator[Message | Refusal]:
        after = notification_pb2.SubscribeEventsRequest.FromString(request).after_sequence or max(done, default=0)
        for number in range(after + 1, 6):
            event = notification_pb2.Event(sequence=number, event_id=f"e{number}")
            yield notification_pb2.SubscribeEventsResponse(events=[event])
        yield refusals("UNAUTHENTICATED", "CERTIFICATE_NOT_ACTIVE")

    def acknowledge(request: bytes) -> Message:
        done.append(notification_pb2.AcknowledgeEventsRequest.FromString(request).through_sequence)
        return notification_pb2.AcknowledgeEventsResponse(acknowledged_sequence=done[-1])

    register.streams[SUBSCRIBE] = stream
    register.answers[ACKNOWLEDGE] = acknowledge
    return done


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def bridge(
    settings_of: Callable[..., Settings], connect: Connect, said: list[str], tmp_path: Path
) -> Callable[[], Delivery]:
    """Runs a bridge, as a process would, until the register has no more events; on one state folder."""
    settings = settings_of()
    client = connect(officer=nsor.OfficerKey.generate())

    def run() -> Delivery:
        def tell(text: str, *values: object) -> None:
            said.append(text.format(*values))

        made = Delivery(
            Client(settings.endpoint), State(tmp_path / "state"), tries=3, longest_pause_seconds=0.001, say=tell
        )
        with contextlib.suppress(nsor.Refused):
            made.follow(client)
        return made

    return run


def test_events_come_in_order_and_each_is_acknowledged(
    bridge: Callable[[], Delivery], endpoint: Endpoint, acknowledged: list[int], said: list[str]
) -> None:
    seen: list[tuple[int, int]] = []

    def answer(served: Endpoint, handler: object) -> None:
        seen.append((served.posted[-1].sequence, len(acknowledged)))
        say(handler, 200)  # type: ignore[arg-type]

    endpoint.answer = answer
    bridge()
    # Each is posted after those before it are acknowledged, and acknowledged after it was posted.
    assert seen == [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4)]
    assert acknowledged == [1, 2, 3, 4, 5]
    assert said == []


def test_an_endpoint_that_is_away_loses_nothing_and_makes_no_dead_letter(
    bridge: Callable[[], Delivery], endpoint: Endpoint, acknowledged: list[int], tmp_path: Path, said: list[str]
) -> None:
    def answer(served: Endpoint, handler: object) -> None:
        say(handler, 503 if served.sequences.count(2) in range(1, 20) else 200)  # type: ignore[arg-type]

    endpoint.answer = answer
    bridge()
    assert endpoint.sequences == [1, *[2] * 20, 3, 4, 5]
    assert acknowledged == [1, 2, 3, 4, 5]
    assert State(tmp_path / "state").dead_letters() == []
    assert said[-1] == "Event 2 was taken, after 20 posts."


def test_what_the_endpoint_refuses_is_a_dead_letter_and_the_others_go_on(
    bridge: Callable[[], Delivery], endpoint: Endpoint, acknowledged: list[int], tmp_path: Path, said: list[str]
) -> None:
    def answer(served: Endpoint, handler: object) -> None:
        say(handler, 422 if served.sequences[-1] == 2 else 200)  # type: ignore[arg-type]

    endpoint.answer = answer
    bridge()
    assert endpoint.sequences == [1, 2, 2, 2, 3, 4, 5]
    assert acknowledged == [1, 2, 3, 4, 5]
    (letter,) = State(tmp_path / "state").dead_letters()
    assert letter.event.sequence == 2
    assert "It is a dead letter" in said[-1]


def test_a_refusal_counts_on_over_a_crash_and_what_says_nothing_of_the_event_counts_not(
    bridge: Callable[[], Delivery],
    endpoint: Endpoint,
    acknowledged: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([400, 503, 400, 503, 400, 200, 200, 200, 200])
    endpoint.answer = lambda _, handler: say(handler, next(answers))
    keep = State.keep

    def keep_and_crash(state: State, progress: Progress) -> None:
        keep(state, progress)
        raise Over

    with monkeypatch.context() as patch:
        patch.setattr(State, "keep", keep_and_crash)
        for _ in range(4):
            with pytest.raises(Over):
                bridge()
    bridge()
    assert endpoint.sequences == [1, 1, 1, 1, 1, 2, 3, 4, 5]
    assert acknowledged == [1, 2, 3, 4, 5]
    (letter,) = State(tmp_path / "state").dead_letters()
    assert letter.event.sequence == 1


def test_a_crash_before_the_acknowledgement_posts_nothing_twice(
    bridge: Callable[[], Delivery],
    endpoint: Endpoint,
    acknowledged: list[int],
    register: Register,
    refusals: type[Refusal],
) -> None:
    working = register.answers[ACKNOWLEDGE]
    register.answers[ACKNOWLEDGE] = lambda _: refusals("PERMISSION_DENIED", "NOT_ALLOWED")
    bridge()
    assert (endpoint.sequences, acknowledged) == ([1], [])
    register.answers[ACKNOWLEDGE] = working
    bridge()
    assert endpoint.sequences == [1, 2, 3, 4, 5]
    assert acknowledged == [1, 2, 3, 4, 5]


def test_a_consumer_s_events_are_asked_for_and_acknowledged_as_its_own(
    settings_of: Callable[..., Settings],
    connect: Connect,
    register: Register,
    acknowledged: list[int],
    tmp_path: Path,
) -> None:
    settings = settings_of(register='consumer = "SYSTEM-1"')
    made = Delivery(
        Client(settings.endpoint), State(tmp_path / "state"), tries=3, longest_pause_seconds=1, say=lambda *_: None
    )
    with contextlib.suppress(nsor.Refused):
        made.follow(connect(officer=nsor.OfficerKey.generate()), settings.register.consumer)
    assert acknowledged == [1, 2, 3, 4, 5]
    asked = {
        message.FromString(call.request).consumer
        for call in register.calls
        for method, message in (
            (SUBSCRIBE, notification_pb2.SubscribeEventsRequest),
            (ACKNOWLEDGE, notification_pb2.AcknowledgeEventsRequest),
        )
        if call.method == method
    }
    assert asked == {"SYSTEM-1"}


def test_an_endpoint_that_is_gone_for_good_ends_the_bridge(
    bridge: Callable[[], Delivery], endpoint: Endpoint, acknowledged: list[int]
) -> None:
    endpoint.answer = saying(410)
    with pytest.raises(nsor.NsorError) as raised:
        bridge()
    assert raised.value.reason == "ENDPOINT_GONE"
    assert acknowledged == []


def test_a_full_disk_acknowledges_nothing(
    bridge: Callable[[], Delivery], endpoint: Endpoint, acknowledged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    endpoint.answer = saying(422)
    monkeypatch.setattr(State, "give_up", full)
    with pytest.raises(OSError, match="No space"):
        bridge()
    assert acknowledged == []
