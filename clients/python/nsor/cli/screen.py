"""The screen: how wide it is, whether it takes colours, and text folded to it."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_UNFOLDED = 1_000_000
_COMMAND = re.compile(r"`[^`]+`")
_UNBROKEN = "\0"


def plain() -> bool:
    """Whether the user wants no escape sequences: https://no-color.org."""
    return bool(os.environ.get("NO_COLOR"))


def console(*, stderr: bool = False) -> Console:
    """A terminal to draw on."""
    from rich.console import Console  # noqa: PLC0415 - loaded late, so that help is quick

    # Nothing is folded in a pipe: whoever reads it there searches for whole words and ids.
    piped = not (sys.stderr if stderr else sys.stdout).isatty()
    return Console(
        stderr=stderr,
        highlight=False,
        markup=False,
        emoji=False,
        color_system=None if plain() else "auto",
        width=_UNFOLDED if piped else None,
    )


def folded(text: str, width: int, *, indent: str = "", hanging: str = "") -> str:
    """Lines no wider than the screen, but for a command in backticks: it is pasted, and stays on one line."""
    whole = _COMMAND.sub(lambda command: command[0].replace(" ", _UNBROKEN), text)
    lines = textwrap.fill(
        whole,
        width,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return lines.replace(_UNBROKEN, " ")
