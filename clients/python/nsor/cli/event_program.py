"""Hands events to a program: one JSON object on its standard input, one event at a time, again until it has taken it.

The program is started without a shell, and gets of the environment what every program needs and no more: neither this
command's settings nor what else stands there. What it prints goes to stderr, since stdout is the command's own.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from nsor.misuse import WrongValue

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no such locks
    fcntl = None  # type: ignore[assignment]

_STOPPING_SECONDS: Final = 5.0
"""How long a program that was told to stop may take."""
_PASSED_ON: Final = frozenset({"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR"})
_LOCK: Final = "events-exec.lock"


@dataclass(frozen=True, slots=True)
class Failed:
    """A program that didn't take an event.

    Attributes:
        code: its exit code, that of a signal negative; None: it took longer than it may.
    """

    code: int | None


class Program:
    """A program that takes events.

    Attributes:
        arguments: the program and its arguments.
    """

    def __init__(self, command: str, limit_seconds: float, environment: Mapping[str, str]) -> None:
        """Look for the program.

        Args:
            command: the program and its arguments, with quotes as in a shell; nothing else of a shell is understood.
            limit_seconds: how long it may take for one event.
            environment: of this command.

        Raises:
            WrongValue: there is no such program.
        """
        self.arguments = _split(command)
        self._limit = limit_seconds
        self._environment = passed_on(environment)

    def take(self, event: bytes) -> Failed | None:
        """Hand one event over, and wait for the program's end; None if it has taken it.

        Whoever interrupts this, or a program that takes too long, ends the program with all that it has started.

        Raises:
            OSError: the program can't be started.
        """
        with subprocess.Popen(  # noqa: S603 - the user's own program; never through a shell
            self.arguments, stdin=subprocess.PIPE, stdout=2, env=self._environment, start_new_session=True
        ) as process:
            try:
                process.communicate(event, timeout=self._limit)
            except subprocess.TimeoutExpired:
                _stop(process)
                return Failed(None)
            except BaseException:
                _stop(process)
                raise
        return Failed(process.returncode) if process.returncode else None


def passed_on(environment: Mapping[str, str]) -> dict[str, str]:
    """What of the environment a program gets."""
    return {name: value for name, value in environment.items() if name in _PASSED_ON or name.startswith("LC_")}


def pause(seconds: float) -> None:
    """Wait before the program gets an event again."""
    time.sleep(seconds)


@contextlib.contextmanager
def alone(folder: Path, consumer: str = "") -> Iterator[bool]:
    """Whether no other command hands these events over, from this computer, while this one does.

    Args:
        folder: of the agency.
        consumer: of this consumer; empty: of the agency.
    """
    name = f"{_LOCK}-{hashlib.sha256(consumer.strip().upper().encode()).hexdigest()[:16]}" if consumer else _LOCK
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    if fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@contextlib.contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """A service manager's stop ends as Ctrl-C does: the program that runs is not left alone."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _split(command: str) -> list[str]:
    try:
        arguments = shlex.split(command)
    except ValueError:
        raise WrongValue("--exec: a quote isn't closed.") from None
    found = shutil.which(arguments[0]) if arguments else None
    if found is None:
        raise WrongValue("--exec: there is no such program, or it may not be executed.")
    return [found, *arguments[1:]]


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a program and whatever it has started: first as asked, then at once."""
    try:
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOPPING_SECONDS)
    finally:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
