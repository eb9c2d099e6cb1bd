"""The screen: how wide it is, whether it takes colours, and text folded to it.

Everything that is said goes this way: text of others can neither erase nor colour what stands there.
"""

from __future__ import annotations

import json
import os
import re
import sys
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from nsor.printable import escaped, printable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType  # noqa: TID251 - the one place
    from rich.segment import Segment

_UNFOLDED = 1_000_000
_COMMAND = re.compile(r"`[^`]+`")
_UNBROKEN = "\0"


def plain() -> bool:
    """Whether the user wants no escape sequences: https://no-color.org."""
    return bool(os.environ.get("NO_COLOR"))


def echo(text: str, *, err: bool = False, nl: bool = True, **style: Any) -> None:
    """Write lines, with signs that aren't printed as U+FFFD.

    Args:
        text: its lines.
        err: on stderr.
        nl: with an end of the line.
        style: as of `click.style`.
    """
    said = printable(text, lines=True)
    click.echo(click.style(said, **style) if style else said, err=err, nl=nl)  # noqa: TID251 - the one place


def echo_json(value: object, *, err: bool = False, indent: int | None = None) -> None:
    """Write one object for a program, on one line unless it is set in; its strings stay what they are."""
    echo(escaped(json.dumps(value, ensure_ascii=False, indent=indent)), err=err)


def console(*, stderr: bool = False, markup: bool = False) -> Console:
    """A terminal to draw on, of colours and places that rich gives it alone.

    Args:
        stderr: not stdout.
        markup: strings have rich's marks.
    """
    from rich.console import Console  # noqa: PLC0415, TID251 - loaded late, so that help is quick; the one place
    from rich.segment import Segment  # noqa: PLC0415 - as above

    class Printing(Console):
        """Gives a terminal no codes but rich's own."""

        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            """What is drawn, in its parts."""
            for part in super().render(renderable, options):
                yield part if part.control else Segment(printable(part.text, lines=True), part.style)

    # Nothing is folded in a pipe: whoever reads it there searches for whole words and ids.
    piped = not (sys.stderr if stderr else sys.stdout).isatty()
    return Printing(
        stderr=stderr,
        highlight=False,
        markup=markup,
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
