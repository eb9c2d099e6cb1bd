"""The number that a person shows: asked for, or read from a file or stdin; never from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nsor.cli.session import Session, read_request, read_text, warn_if_shared
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.v1 import types_pb2


def cnic(path: Path | None) -> str:
    """A CNIC from the first line of a file, from who sits at the terminal, or else from stdin."""
    if path is not None:
        warn_if_shared(path, "--cnic-file")
        text = read_text(str(path))
    elif _is_terminal():
        text = click.prompt("CNIC", err=True)
    else:
        text = sys.stdin.readline()
    return text.split("\n")[0].strip()


def is_name(number: str) -> bool:
    """Whether a name was given where a number belongs: letters, in whichever script, and no digit."""
    return any(each.isalpha() for each in number) and not any(each.isdigit() for each in number)


def hidden(session: Session, asked: str, path: Path | None, option: str) -> str:
    """A number that nobody beside the screen may read: from a file, typed unseen at the terminal, or from stdin.

    Args:
        session: of the command.
        asked: what it is, in English.
        path: of the file, whose first line it is; None: none was named.
        option: that names the file.
    """
    if path is not None:
        warn_if_shared(path, option)
        text = read_text(str(path))
    elif _is_terminal():
        text = click.prompt(session.said(asked), hide_input=True, err=True)
    else:
        text = sys.stdin.readline()
    return text.split("\n")[0].strip()


def document(session: Session, path: Path | None) -> types_pb2.TravelDocument:
    """A passport or another document: JSON of a file, what who sits at the terminal answers, or else JSON of stdin."""
    from nsor.v1 import types_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    found = types_pb2.TravelDocument()
    if path is not None:
        warn_if_shared(path, "--document-file")
        read_request(read_text(str(path)), found)
    elif _is_terminal():
        _ask(session, found)
    else:
        read_request(sys.stdin.read(), found)
    return found


def _is_terminal() -> bool:
    """Whether somebody sits at stdin."""
    return sys.stdin.isatty()


def _ask(session: Session, document: types_pb2.TravelDocument) -> None:
    from nsor import cleaning  # noqa: PLC0415 - as above
    from nsor.cli import typed, written  # noqa: PLC0415 - as above
    from nsor.v1 import types_pb2  # noqa: PLC0415 - as above

    number, country, kind = (
        click.prompt(session.said(text), default="", show_default=False, err=True).strip()
        for text in typed.ASKED["passport"].values()
    )
    document.number, document.country = number, country
    try:
        word = written.word_of(types_pb2.TravelDocumentKind.DESCRIPTOR)(kind or "PASSPORT")
    except cleaning.Unclear:
        raise WrongUse("The kind is one of: passport, foreign card, PoR, ACC.") from None
    document.kind = types_pb2.TravelDocumentKind.Value(word)
