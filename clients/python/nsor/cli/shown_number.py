"""The number that a person shows: asked for, or read from a file or stdin; never from the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from nsor.cli.session import read_text, warn_if_shared


def cnic(path: Path | None) -> str:
    """A CNIC from the first line of a file, from who sits at the terminal, or else from stdin."""
    if path is not None:
        warn_if_shared(path, "--cnic-file")
        text = read_text(str(path))
    elif sys.stdin.isatty():
        text = click.prompt("CNIC", err=True)
    else:
        text = sys.stdin.readline()
    return text.split("\n")[0].strip()
