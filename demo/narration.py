"""How the story is shown: chapters, the commands as an officer types them, and what they answer."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import shlex
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from rich.console import Console

from demo.running import CLIENT_COMMAND, RunningRegister

T = TypeVar("T")
_LONGEST_SECONDS: Final = 600
_SAID: Final = 2000
"""So many characters of what a command has said are repeated where the story breaks."""
_PART: Final = 65536
_WAITS_SECONDS: Final = 180.0
"""Longest that something is waited for which comes at a fixed time: there is one each minute."""
_QUESTION: Final = re.compile(r"\[y/N\]: ")


class StoryBroke(Exception):
    """A step of the story didn't end as it must."""


class Narration:
    """Runs the commands of the story and shows them."""

    def __init__(self, register: RunningRegister, officers: Path) -> None:
        """``officers`` is the folder of the officers' keys, one file per agency."""
        self.register = register
        self.officers = officers
        self.console = Console(highlight=False)
        self.rest_seconds = 2.0
        """Between two looks for something that comes at a fixed time."""
        self._chapter = 0

    def chapter(self, title: str, *, text: str = "") -> None:
        """Begin a chapter."""
        self._chapter += 1
        self.console.print()
        self.console.rule(f"[bold]{self._chapter}. {title}", align="left")
        if text:
            self.console.print(text)

    def say(self, text: str) -> None:
        """Say a sentence."""
        self.console.print(text)

    def run(self, agency: str, *arguments: str, shown: bool = True, expect: int = 0, stdin: str | None = None) -> str:
        """Run ``nsor`` as the agency's officer; returns what it prints: shown to people, standard error as well.

        Args:
            agency: whose certificate and officer.
            arguments: of the command.
            shown: show the command and its answer.
            expect: the exit code that the story needs.
            stdin: what is typed.

        Raises:
            StoryBroke: another exit code.
        """
        environment = self.register.client_environment(agency)
        environment["NSOR_OFFICER_KEY"] = str(self.officers / f"{agency}.key")
        if shown:
            self.console.print(f"\n[bold cyan]{agency} $[/] nsor {shlex.join(self._short(arguments))}", soft_wrap=True)
        return self._run((str(CLIENT_COMMAND),), arguments, environment, shown=shown, expect=expect, stdin=stdin)

    def operate(self, *arguments: str) -> str:
        """Run ``nsor-server`` as the register's operator; returns its standard output."""
        self.console.print(
            f"\n[bold magenta]operator $[/] nsor-server {shlex.join(self._short(arguments))}", soft_wrap=True
        )
        return self._run(self.register.command, arguments, self.register.environment)

    def waited_for(self, look: Callable[[], T | None], otherwise: str) -> T:
        """What comes at a fixed time, once it has come.

        Args:
            look: looks for it.
            otherwise: what is said where it doesn't come.

        Raises:
            StoryBroke: it doesn't.
        """
        until = time.monotonic() + _WAITS_SECONDS
        while (found := look()) is None:
            if time.monotonic() > until:
                raise StoryBroke(otherwise)
            time.sleep(self.rest_seconds)
        return found

    def _run(
        self,
        command: tuple[str, ...],
        arguments: tuple[str, ...],
        environment: Mapping[str, str],
        *,
        shown: bool = True,
        expect: int = 0,
        stdin: str | None = None,
    ) -> str:
        started = [*command, *arguments]
        environment = {**environment, "PYTHONUNBUFFERED": "1"}
        if shown and self.console.is_terminal:
            code, printed = self._on_terminal(started, environment, stdin)
        else:
            code, printed = self._in_pipe(started, environment, stdin, with_errors=shown)
        if shown:
            # What is typed isn't echoed where nobody types it.
            said = _QUESTION.sub(lambda found: found[0] + (stdin or ""), printed) if stdin else printed
            sys.stdout.write(said.replace(f"{self.register.folder}/", ""))
            sys.stdout.flush()
        if code != expect:
            raise StoryBroke(
                f"{Path(command[0]).name} {arguments[0]} ended with {code}, not {expect}:\n{printed[-_SAID:]}"
            )
        return printed

    def _in_pipe(
        self, started: list[str], environment: Mapping[str, str], stdin: str | None, *, with_errors: bool
    ) -> tuple[int, str]:
        """Exit code and standard output; ``with_errors``: standard error too, in its place. Of a failure both."""
        done = subprocess.run(
            started,
            env=environment,
            cwd=os.fspath(self.register.folder),
            input=stdin,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if with_errors else subprocess.PIPE,
            text=True,
            timeout=_LONGEST_SECONDS,
            check=False,
        )
        return done.returncode, done.stdout + (done.stderr or "" if done.returncode else "")

    def _on_terminal(self, started: list[str], environment: Mapping[str, str], stdin: str | None) -> tuple[int, str]:
        """Exit code and what the command shows on a terminal as wide as this one: tables and texts are folded to it."""
        own, theirs = pty.openpty()
        settings = termios.tcgetattr(theirs)
        settings[1] &= ~termios.OPOST  # lines end as in a pipe
        termios.tcsetattr(theirs, termios.TCSANOW, settings)
        termios.tcsetwinsize(theirs, (self.console.height, self.console.width))
        process = subprocess.Popen(
            started,
            env=environment,
            cwd=os.fspath(self.register.folder),
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            text=True,
        )
        os.close(theirs)
        ending = threading.Timer(_LONGEST_SECONDS, process.kill)
        ending.start()
        try:
            if process.stdin is not None and stdin is not None:
                with process.stdin as typed:
                    typed.write(stdin)
            printed = _until_the_end(own).decode()
            return process.wait(), printed
        finally:
            ending.cancel()
            os.close(own)

    def _short(self, arguments: tuple[str, ...]) -> list[str]:
        """Arguments without the demonstration's own folder."""
        return [argument.replace(f"{self.register.folder}/", "") for argument in arguments]


def _until_the_end(terminal: int) -> bytes:
    """Everything that is written to a terminal until nobody has it open."""
    read = b""
    with contextlib.suppress(OSError):  # EIO is the end
        while part := os.read(terminal, _PART):
            read += part
    return read
