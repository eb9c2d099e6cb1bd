"""Whom a ticket or a court case names: from a file or stdin, one person a line, and never from the command line."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nsor.cli import screen
from nsor.cli.session import read_request, read_text, warn_if_shared
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.v1 import grants_pb2

option = click.option(
    "--persons-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with a person on each line, 20 at most; without it they are read from stdin.",
)
_DOCUMENT = re.compile(r"([A-Za-z]{2}) +(\S+)(?: +([a-z-]+))?", re.ASCII)
_KINDS = ("passport", "foreign-identity-card", "proof-of-registration", "afghan-citizen-card")


def persons(path: Path | None) -> list[grants_pb2.Suspect]:
    """One person on each line; empty lines don't count."""
    if path is not None:
        warn_if_shared(path, "--persons-file")
        text = read_text(str(path))
    else:
        if sys.stdin.isatty():
            screen.echo("Persons, one on each line; Ctrl-D ends them:", err=True)
        text = sys.stdin.read()
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [person(number, line) for number, line in lines if line]


def person(number: int, line: str) -> grants_pb2.Suspect:
    """One: a CNIC; a document as `AF P1234567`, perhaps with its kind; or for who has no number a Suspect as JSON."""
    from nsor.v1 import grants_pb2, types_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    found = grants_pb2.Suspect()
    document = _DOCUMENT.fullmatch(line)
    if line.startswith("{"):
        read_request(line, found)
    elif document is None:
        found.cnic = line
    else:
        kind = document[3] or "passport"
        if kind not in _KINDS:
            raise WrongUse("Line {}: the kind of document is one of {}.", number, ", ".join(_KINDS))
        found.document.country, found.document.number = document[1].upper(), document[2]
        found.document.kind = types_pb2.TravelDocumentKind.Value(
            f"TRAVEL_DOCUMENT_KIND_{kind.upper().replace('-', '_')}"
        )
    return found
