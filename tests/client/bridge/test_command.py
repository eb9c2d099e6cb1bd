"""`nsor-bridge` as its operator meets it: tried, started, stopped, started again, and its dead letters posted."""

from __future__ import annotations

import http.server
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google.protobuf.message import Message

from nsor import cli
from nsor.bridge import settings
from nsor.bridge.command import group
from nsor.bridge.endpoint import NotTaken
from nsor.bridge.state import Progress, State
from nsor.v1 import notification_pb2
from tests import polling
from tests.client.bridge.endpoints import Endpoint, say, saying
from tests.client.conftest import Refusal, Register

SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"
ACKNOWLEDGE = "nsor.v1.NotificationService/AcknowledgeEvents"
Bridge = Callable[..., int]


@pytest.fixture
def acknowledged(register: Register) -> Iterator[list[int]]:
    """Three events, and a stream that stays open."""
    over = threading.Event()
    done: list[int] = []

    def stream(_: bytes) -> Iterator[Message]:
        for number in range(max(done, default=0) + 1, 4):
            event = notification_pb2.Event(sequence=number, event_id=f"e{number}")
            yield notification_pb2.SubscribeEventsResponse(events=[event])
        over.wait(60)

    def acknowledge(request: bytes) -> Message:
        done.append(notification_pb2.AcknowledgeEventsRequest.FromString(request).through_sequence)
        return notification_pb2.AcknowledgeEventsResponse(acknowledged_sequence=done[-1])

    register.streams[SUBSCRIBE] = stream
    register.answers[ACKNOWLEDGE] = acknowledge
    yield done
    over.set()


@pytest.fixture
def bridge(bridge_toml: Path) -> Bridge:
    return lambda *arguments: cli.run(["--settings", str(bridge_toml), *arguments], group)


def _process(bridge_toml: Path) -> subprocess.Popen[bytes]:
    code = "import sys; from nsor.bridge.command import main; sys.exit(main())"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NSOR_")}
    return subprocess.Popen(
        [sys.executable, "-c", code, "--settings", str(bridge_toml)], stderr=subprocess.PIPE, env=environment
    )


def test_a_check_tries_everything_and_posts_nothing(
    bridge: Bridge, endpoint: Endpoint, acknowledged: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert bridge("check") == 0
    said = capsys.readouterr().err
    assert said.count("ok: ") == 5
    assert "ok: events wait, from number 1 on" in said
    assert (endpoint.paths, acknowledged) == ([], [])


def test_a_check_says_all_that_is_wrong(
    bridge: Bridge, bridge_toml: Path, endpoint: Endpoint, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: bytes) -> Iterator[Message | Refusal]:
        yield Refusal("PERMISSION_DENIED", "OFFICER_REQUIRED")

    register.streams[SUBSCRIBE] = refuse
    port = endpoint.url.split(":")[2].split("/")[0]
    bridge_toml.write_text(bridge_toml.read_text().replace(f"localhost:{port}", "127.0.0.1:9"))
    assert bridge("check") == cli.REFUSED
    said = capsys.readouterr().err
    assert said.count("wrong: ") == 2
    assert "there is no connection to it" in said


def test_the_template_is_a_settings_file(bridge: Bridge, capsys: pytest.CaptureFixture[str], bridge_toml: Path) -> None:
    assert bridge("--template") == 0
    assert capsys.readouterr().out == settings.TEMPLATE
    assert cli.run(["--settings", str(bridge_toml.with_name("none.toml"))], group) == cli.USAGE
    said = capsys.readouterr().err
    assert said.startswith("nsor-bridge: ")
    assert "`nsor-bridge --template`" in said


def test_a_bridge_that_is_stopped_or_killed_goes_on_where_it_was(
    bridge_toml: Path, endpoint: Endpoint, acknowledged: list[int]
) -> None:
    def hang_at_2(served: Endpoint, handler: http.server.BaseHTTPRequestHandler) -> None:
        if served.sequences[-1] == 2:
            served.over.wait()
        else:
            say(handler, 200)

    endpoint.answer = hang_at_2
    with _process(bridge_toml) as first:
        polling.until(lambda: endpoint.sequences[-1:] == [2], seconds=60)
        first.kill()
    assert acknowledged == [1]
    endpoint.answer = saying(200)
    with _process(bridge_toml) as second:
        polling.until(lambda: acknowledged[-1:] == [3], seconds=60)
        second.send_signal(signal.SIGTERM)
        assert second.stderr is not None
        assert b"Stopped." in second.stderr.read()
        assert second.wait() == 0
    assert endpoint.sequences == [1, 2, 2, 3]
    assert acknowledged == [1, 2, 3]


def test_two_bridges_do_not_run_on_one_folder(
    bridge: Bridge,
    bridge_toml: Path,
    endpoint: Endpoint,
    acknowledged: list[int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    endpoint.answer = saying(410)  # would end the second one
    with State(bridge_toml.with_name("bridge-state")).alone("run") as is_alone:
        assert is_alone
        assert bridge() == cli.REFUSED
    assert "[ALREADY_RUNNING]" in capsys.readouterr().err
    assert (endpoint.posted, acknowledged) == ([], [])


@pytest.fixture
def letters(bridge_toml: Path) -> State:
    state = State(bridge_toml.with_name("bridge-state"))
    for number in (3, 1, 2):
        event = notification_pb2.Event(sequence=number, event_id=f"e{number}")
        state.give_up(event, Progress(number, f"e{number}", posts=3), NotTaken("it answered {}", (400,)))
    return state


def _waiting(state: State) -> list[int]:
    return [letter.event.sequence for letter in state.dead_letters()]


def test_dead_letters_are_posted_in_order_and_removed(
    bridge: Bridge, letters: State, endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bridge("replay", "--list") == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert bridge("replay", "2") == 0
    assert (endpoint.sequences, _waiting(letters)) == ([2], [1, 3])
    assert bridge("replay") == 0
    assert (endpoint.sequences, _waiting(letters)) == ([2, 1, 3], [])
    assert endpoint.posted[0].headers["webhook-id"] == "e2"
    # Doing it twice posts nothing twice, and a number that isn't there is said.
    assert bridge("replay") == 0
    assert bridge("replay", "2") == cli.USAGE
    assert len(endpoint.posted) == 3


def test_a_dead_letter_that_is_not_taken_stays_with_those_after_it(
    bridge: Bridge, letters: State, endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.answer = lambda served, handler: saying(500 if served.sequences[-1] == 2 else 200)(served, handler)
    assert bridge("replay") == cli.REFUSED
    assert (endpoint.sequences, _waiting(letters)) == ([1, 2], [2, 3])
    assert "1 of 3 dead letters taken; the others stay." in capsys.readouterr().err


def test_no_secret_stands_on_a_command_line_or_in_what_is_said(
    bridge: Bridge, bridge_toml: Path, endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not [each for each in group.params if "secret" in str(each.name)]
    text, port = bridge_toml.read_text(), endpoint.url.split(":")[2].split("/")[0]
    bridge_toml.write_text(text.replace('/nsor"', '/nsor?code=planted"'))
    assert bridge("check") == 0
    bridge_toml.write_text(text.replace('/nsor"', '/nsor?code=planted"').replace(f"localhost:{port}", "127.0.0.1:9"))
    assert bridge("check") == cli.REFUSED
    said = capsys.readouterr().err
    assert "/nsor" in said
    assert "planted" not in said
    bridge_toml.with_name("webhook.secret").write_text("whsec_planted")
    assert bridge("check") == cli.USAGE
    assert "planted" not in capsys.readouterr().err
