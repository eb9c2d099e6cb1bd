"""The demonstration whole, on few orders: each of its steps must end as it says."""

import contextlib
import io
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from demo import outside, story
from demo.narration import Narration, StoryBroke
from demo.running import CLIENT_COMMAND, REPOSITORY, RunningRegister
from nsor import cli
from tests.e2e import quick_times
from tests.peers.go import program

COUNT, SEED = 40, 1
"""Few orders that have whom the story needs: two in Punjab who are free, and one in Roman letters alone."""
CHAPTERS = (
    "A prosecutor returns a request",
    "A prosecutor grants a part",
    "The officer looks up",
    "A suspect without a number is searched for by name",
    "FIA screens the passengers of a flight",
    "A child was taken: nobody waits for a prosecutor",
    "Whoever was shown him is told again",
    "The Special Committee proves it",
    "And by its own copy, with tools that others wrote",
    "The same look-up in a browser",
)
"""What the demonstration has to show, among others."""


class Narrated(Narration):
    """Runs `nsor` in this process, where it is loaded already: a hundred starts would take most of the time."""

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
        if command != (str(CLIENT_COMMAND),):
            return super()._run(command, arguments, environment, shown=shown, expect=expect, stdin=stdin)
        said, errors = io.StringIO(), io.StringIO()
        typed = self.register.folder / "typed"
        typed.write_text(stdin or "")
        with pytest.MonkeyPatch.context() as own, typed.open() as file, contextlib.redirect_stdout(said):
            own.setattr(sys, "stdin", file)
            own.setattr(os, "environ", dict(environment))
            own.chdir(self.register.folder)
            with contextlib.redirect_stderr(said if shown else errors):
                code = cli.run(arguments)
        if shown:
            self.console.print(said.getvalue(), markup=False)
        if code != expect:
            raise StoryBroke(f"nsor {arguments[0]} ended with {code}, not {expect}: {said.getvalue()}")
        return said.getvalue()


def test_its_story_ends_as_it_says(prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"NSOR_POLICY_DIR": str(story.policy_of(tmp_path)), "PYTHONPATH": str(REPOSITORY)}
    register = RunningRegister(tmp_path / "register", settings=settings, prepared=prepared)
    register.command = quick_times.COMMAND
    with register:
        narration = Narrated(register, register.folder / "officers")
        narration.rest_seconds = 0.2
        story.run_story(narration, COUNT, SEED)
        # Whoever kept nothing at the beginning proves nothing by what he fetches now.
        outside.first(narration).unlink()
        with pytest.raises(StoryBroke):
            outside.mirrored(narration, register.folder / "log")
    said = capsys.readouterr().out
    chapters = re.findall(r"^\d+\. (.+?) ─+$", said, re.MULTILINE)
    assert len(chapters) == len(set(chapters))
    assert set(CHAPTERS) <= set(chapters)
    # The log is compared with the Committee's own copy of the first checkpoint, by a program of others where it is.
    (size,) = map(int, re.findall(r"It continues the ledger of ([\d,]+) entries that this computer has verified", said))
    by_others = re.findall(r"proved: the log of [\d,]+ entries continues [^,]+, of (\d+)\.", " ".join(said.split()))
    if program("merkle").exists():
        assert by_others == [str(size)]
    else:
        assert "transparency-dev/merkle isn't here" in " ".join(said.split())
