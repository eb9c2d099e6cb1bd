"""How the story is shown: chapters, the commands as an officer types them, and what they answer."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from demo.running import CLIENT_COMMAND, SERVER_COMMAND, RunningRegister

COMMANDS = {"nsor": CLIENT_COMMAND, "nsor-server": SERVER_COMMAND}


class StoryBroke(Exception):
    """A step of the story didn't end as it must."""


class Narration:
    """Runs the commands of the story and shows them."""

    def __init__(self, register: RunningRegister, officers: Path) -> None:
        """``officers`` is the folder of the officers' keys, one file per agency."""
        self.register = register
        self.officers = officers
        self.console = Console(highlight=False)
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
        """Run ``nsor`` as the agency's officer; returns its standard output.

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
        return self._run("nsor", arguments, environment, shown=shown, expect=expect, stdin=stdin)

    def operate(self, *arguments: str) -> str:
        """Run ``nsor-server`` as the register's operator; returns its standard output."""
        self.console.print(
            f"\n[bold magenta]operator $[/] nsor-server {shlex.join(self._short(arguments))}", soft_wrap=True
        )
        return self._run("nsor-server", arguments, self.register.environment)

    def _run(
        self,
        command: str,
        arguments: tuple[str, ...],
        environment: Mapping[str, str],
        *,
        shown: bool = True,
        expect: int = 0,
        stdin: str | None = None,
    ) -> str:
        sys.stdout.flush()
        terminal = {"FORCE_COLOR": "1", "COLUMNS": str(self.console.width)} if self.console.is_terminal else {}
        done = subprocess.run(
            [str(COMMANDS[command]), *arguments],
            env={**environment, **terminal, "PYTHONUNBUFFERED": "1"},
            cwd=os.fspath(self.register.folder),
            input=stdin,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if shown else subprocess.PIPE,
            text=True,
            timeout=600,
            check=False,
        )
        if shown:
            sys.stdout.write(done.stdout)
            sys.stdout.flush()
        if done.returncode != expect:
            raise StoryBroke(
                f"{command} {arguments[0]} ended with {done.returncode}, not {expect}\n{done.stderr or ''}"
            )
        return done.stdout

    def _short(self, arguments: tuple[str, ...]) -> list[str]:
        """Arguments without the demonstration's own folder."""
        return [argument.replace(f"{self.register.folder}/", "") for argument in arguments]
