"""Asks before what has lasting effects: whoever sees it first agrees, and a program says beforehand that it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.cli.session import Session

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
    click.confirm(session.said(question), abort=True, err=True)
