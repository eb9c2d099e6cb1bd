"""Asks before what has lasting effects: whoever sees it first agrees, and a program says beforehand that it has."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.cli.session import Session

_CHOICE: Final = "[ہاں/نہیں]"
_ANSWERS: Final = {
    **dict.fromkeys(("ہاں", "جی", "جی ہاں", "y", "yes"), True),
    **dict.fromkeys(("نہیں", "جی نہیں", "n", "no", ""), False),
}
"""What is typed, and whether it agrees: nothing doesn't."""
_F = TypeVar("_F", bound=Callable[..., Any])


def option(function: _F) -> _F:
    """Add --yes, which answers the question beforehand."""
    return click.option("--yes", "agreed", is_flag=True, help="Don't ask.")(function)


def obtain(session: Session, question: str, *, agreed: bool) -> None:
    """Go on only when a person agrees, or did so beforehand.

    Raises:
        click.Abort: the person doesn't agree.
        click.UsageError: a program, which nobody can ask, has not said --yes.
    """
    if agreed:
        return
    if session.as_json:
        raise WrongUse("A program isn't asked: give --yes.")
    if not agrees(session, question):
        raise click.Abort


def at_a_terminal(session: Session) -> bool:
    """Whether a person can be asked: a program can't, nor whoever hands standard input over."""
    return not session.as_json and is_terminal()


def is_terminal() -> bool:
    """Whether standard input is a terminal."""
    return sys.stdin.isatty()


def agrees(session: Session, question: str, *values: object) -> bool:
    """Ask a person, who says yes or no in the language of the run; in Urdu y and n are understood too."""
    if session.language == "en":
        return click.confirm(session.said(question, *values), err=True)
    while True:
        said = click.prompt(f"{session.said(question, *values)} {_CHOICE}", default="", show_default=False, err=True)
        if (answer := _ANSWERS.get(said.strip().lower())) is not None:
            return answer
