"""Dangerous commands: the id is typed once more. A script gives it as an option, since nobody is there to be asked."""

import sys
from collections.abc import Callable
from typing import Any

import click

from nsor.cli import screen
from nsor_server.config import OperatorError

OPTION: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--again",
    metavar="ID",
    help="The id once more, for scripts; without it you are asked to type it.",
)


class NotTheSame(OperatorError):
    """The id wasn't typed again; nothing was changed."""


def typed(wanted: str, again: str | None, *, what: str) -> None:
    """See that the id was given twice.

    Args:
        wanted: the id.
        again: the option; None: ask at the terminal.
        what: what will be done, a sentence.

    Raises:
        NotTheSame: it wasn't, or nobody can be asked.
    """
    if again is None:
        screen.echo(what, err=True)
        if not sys.stdin.isatty():
            raise NotTheSame(f"nothing was changed: nobody can be asked here. A script adds: --again {wanted}")
        again = click.prompt("Type the id again", err=True, default="", show_default=False)
    if again.strip() != wanted:
        raise NotTheSame("nothing was changed: that isn't the same id.")
