"""`nsor events --exec`: each event goes to a program, in order, again until it has taken it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from google.protobuf.message import Message

from nsor import cli
from nsor.cli import event_program
from nsor.v1 import notification_pb2
from tests import polling

if TYPE_CHECKING:
    from tests.client.conftest import Refusal, Register, Run

SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"
ACKNOWLEDGE = "nsor.v1.NotificationService/AcknowledgeEvents"
RECORD = "8b5c1d2e-0000-4000-8000-000000000001"


@dataclass
class Delivery:
    """Events of a register that keeps what was acknowledged, may hold the stream open, and is away for some calls."""

    register: Register
    refusals: type[Refusal]
    events: int
    acknowledged: int = 0
    stays_open: bool = False
    away: int = 0

    def __post_init__(self) -> None:
        self.over = threading.Event()
        self.register.streams[SUBSCRIBE] = self.stream
        self.register.answers[ACKNOWLEDGE] = self.acknowledge

    def stream(self, request: bytes) -> Iterator[Message]:
        after = notification_pb2.SubscribeEventsRequest.FromString(request).after_sequence or self.acknowledged
        yield notification_pb2.SubscribeEventsResponse(
            events=[
                notification_pb2.Event(sequence=number, event_id=str(number), registration_id=RECORD)
                for number in range(after + 1, self.events + 1)
            ]
        )
        if self.stays_open:
            self.over.wait(60)

    def acknowledge(self, request: bytes) -> Message | Refusal:
        if self.away:
            self.away -= 1
            return self.refusals("UNAVAILABLE", "SHUTTING_DOWN")
        self.acknowledged = notification_pb2.AcknowledgeEventsRequest.FromString(request).through_sequence
        return notification_pb2.AcknowledgeEventsResponse(acknowledged_sequence=self.acknowledged)


@pytest.fixture
def delivery(register: Register, refusals: type[Refusal]) -> Iterator[Delivery]:
    found = Delivery(register, refusals, events=3)
    yield found
    found.over.set()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long would have been waited between tries; a program that is to stop is killed soon."""
    waited: list[float] = []
    monkeypatch.setattr(event_program, "_STOPPING_SECONDS", 0.1)
    monkeypatch.setattr(event_program, "pause", waited.append)
    return waited


def _program(folder: Path, body: str) -> str:
    """A program that appends each event that it gets to a file, and then does what the test says."""
    path = folder / "store"
    path.write_text(
        f"#!{sys.executable}\nimport json, os, pathlib, signal, sys, time\n"
        f"folder = pathlib.Path({str(folder)!r})\nline = sys.stdin.read()\nevent = json.loads(line)\n"
        "with (folder / 'got').open('a') as got: got.write(line)\n"
        f"number = int(event['sequence'])\n{body}\n"
    )
    path.chmod(0o700)
    return str(path)


def _is_free(path: Path) -> bool:
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _got(folder: Path) -> list[int]:
    path = folder / "got"
    return [int(json.loads(line)["sequence"]) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_program_gets_each_event_in_order_and_it_is_acknowledged(
    run: Run, delivery: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("events", "--wait", "1", "--exec", _program(tmp_path, "")) == 0
    assert _got(tmp_path) == [1, 2, 3]
    assert delivery.acknowledged == 3
    assert "3 events taken by the program, each acknowledged." in capsys.readouterr().err
    # Doing it twice hands nothing over twice.
    assert run("events", "--wait", "1", "--exec", _program(tmp_path, "")) == 0
    assert _got(tmp_path) == [1, 2, 3]


def test_what_a_program_does_not_take_comes_again_and_the_others_wait(
    run: Run, delivery: Delivery, tmp_path: Path, pauses: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    body = "tried = (folder / 'got').read_text().count(line)\nsys.exit(7 if number == 2 and tried < 4 else 0)"
    assert run("events", "--wait", "1", "--exec", _program(tmp_path, body)) == 0
    assert _got(tmp_path) == [1, 2, 2, 2, 2, 3]
    assert pauses == [1, 2, 4]
    assert delivery.acknowledged == 3
    assert "The program has not taken event 2: exit code 7. Again in 4 s" in capsys.readouterr().err


def test_a_program_that_fails_for_ever_ends_the_command_and_nothing_is_skipped(
    run: Run, delivery: Delivery, tmp_path: Path, pauses: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    program = _program(tmp_path, "sys.exit(number > 1)")
    assert run("events", "--exec", program) == cli.REFUSED
    assert _got(tmp_path) == [1, 2, 2, 2, 2, 2]
    assert delivery.acknowledged == 1
    assert len(pauses) == 4
    assert "[PROGRAM_FAILED]" in capsys.readouterr().err
    # With --follow it is tried for good, unless one says how often.
    assert run("events", "--follow", "--exec", program, "--exec-tries", "20") == cli.REFUSED
    assert len(_got(tmp_path)) == 6 + 20
    assert max(pauses) == 300


def test_a_program_that_hangs_is_ended_with_all_that_it_started(
    run: Run, delivery: Delivery, tmp_path: Path, pauses: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    # The program's child holds a lock for ever, and ends for no signal that it may ignore.
    body = (
        "import fcntl\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "lock = (folder / 'lock').open('a')\nfcntl.flock(lock, fcntl.LOCK_EX)\n"
        "if os.fork():\n    lock.close()\n"
        "while True: signal.pause()"
    )
    assert run("events", "--exec", _program(tmp_path, body), "--exec-limit", "2", "--exec-tries", "2") == cli.REFUSED
    assert _got(tmp_path) == [1, 1]
    assert len(pauses) == 1
    assert delivery.acknowledged == 0
    assert "it took too long and was ended" in capsys.readouterr().err
    assert polling.until(lambda: _is_free(tmp_path / "lock"), seconds=60)


def test_a_program_gets_no_settings_and_no_shell(
    run: Run, delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NSOR_OFFICER_KEY", str(tmp_path / "officer.key"))
    monkeypatch.setenv("PGPASSWORD", "planted")
    delivery.events = 1
    program = _program(tmp_path, "(folder / 'seen').write_text(json.dumps([dict(os.environ), sys.argv[1:]]))")
    assert run("events", "--wait", "1", "--exec", f"{program} '$HOME; true' x") == 0
    environment, arguments = json.loads((tmp_path / "seen").read_text())
    assert environment["PATH"] == os.environ["PATH"]
    assert [name for name in environment if name.startswith("NSOR_") or name == "PGPASSWORD"] == []
    assert arguments == ["$HOME; true", "x"]


def test_json_lines_are_the_events_alone(
    run: Run, delivery: Delivery, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("events", "--wait", "1", "--json", "--exec", _program(tmp_path, "print('stored')")) == 0
    printed = capfd.readouterr()
    assert [json.loads(line)["sequence"] for line in printed.out.splitlines()] == ["1", "2", "3"]
    assert delivery.acknowledged == 3
    assert printed.err.count("stored") == 3


@pytest.mark.parametrize("command", ["/nowhere/store", "", "'store", "no-such-program-anywhere"])
def test_a_program_that_is_not_there_is_said_before_anything_is_asked(
    run: Run, register: Register, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("events", "--exec", command) == cli.USAGE
    assert "--exec: " in capsys.readouterr().err
    assert register.calls == []


@pytest.mark.parametrize("acknowledging", [("--exec", "true"), ("--acknowledge",), ("--acknowledge", "--follow")])
def test_one_acknowledges_nothing_that_the_program_never_got(
    run: Run, register: Register, acknowledging: tuple[str, ...]
) -> None:
    # Acknowledging 11 acknowledges 6 to 10 too, which nobody was shown.
    assert run("events", "--after", "10", *acknowledging) == cli.USAGE
    assert register.calls == []


@pytest.mark.parametrize("acknowledging", [("--exec", "true"), ("--acknowledge",)])
def test_one_kind_alone_is_not_acknowledged(run: Run, register: Register, acknowledging: tuple[str, ...]) -> None:
    # Those of other kinds before it would be acknowledged too, and nobody was shown them.
    assert run("events", "--kind", "passenger-alike", *acknowledging) == cli.USAGE
    assert register.calls == []


def test_two_do_not_hand_events_over_at_once(
    run: Run, delivery: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("events", "--wait", "1", "--exec", "true") == 0
    delivery.events = 4
    folder = next((tmp_path / "state").rglob("events-exec.lock")).parent
    with event_program.alone(folder) as is_alone:
        assert is_alone
        assert run("events", "--exec", _program(tmp_path, "")) == cli.REFUSED
    assert "[ALREADY_RUNNING]" in capsys.readouterr().err
    assert _got(tmp_path) == []


def test_an_acknowledgement_is_repeated_and_the_program_not(
    run: Run, delivery: Delivery, tmp_path: Path, pauses: list[float]
) -> None:
    delivery.away = 20
    program = _program(
        tmp_path, "number == 3 and os.kill(os.getppid(), signal.SIGTERM)\nnumber == 3 and signal.pause()"
    )
    assert run("events", "--follow", "--exec", program) == 0
    assert _got(tmp_path) == [1, 2, 3]
    assert delivery.acknowledged == 2
    assert pauses


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_being_stopped_ends_the_program_and_says_what_comes_again(
    settings: Path, delivery: Delivery, tmp_path: Path, how: signal.Signals
) -> None:
    del settings
    delivery.stays_open = True
    os.mkfifo(tmp_path / "running")
    body = "if number == 2:\n    (folder / 'running').write_text(str(os.getpid()))\n    signal.pause()"
    with _started("events", "--follow", "--exec", _program(tmp_path, body)) as command:
        program = int((tmp_path / "running").read_text())
        command.send_signal(how)
        assert command.stderr is not None
        said = command.stderr.read().decode()
        assert command.wait() == 0
    assert "1 event taken by the program. Event 2 isn't: it comes again." in said
    assert delivery.acknowledged == 1
    with pytest.raises(ProcessLookupError):
        os.kill(program, 0)


@pytest.mark.parametrize("more", [(), ("--acknowledge",), ("--acknowledge", "--follow")])
def test_whoever_reads_the_lines_may_stop(settings: Path, delivery: Delivery, more: tuple[str, ...]) -> None:
    # `nsor events --follow --json | head -1` ends as soon as another line comes. What nobody saw isn't acknowledged.
    del settings
    reading, writing = os.pipe()
    os.close(reading)
    with _started("events", "--json", *more, stdout=writing) as command:
        os.close(writing)
        assert command.stderr is not None
        assert command.stderr.read() == b""
        assert command.wait() == 0
    assert delivery.acknowledged == 0


@contextlib.contextmanager
def _started(*arguments: str, stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    # Where tests run in the background SIGINT is ignored, which the command would inherit.
    heard = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", heard, sys.executable, "-m", "nsor.cli", *arguments]
    with subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()
