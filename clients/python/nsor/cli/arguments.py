"""What arguments must look like, checked here: a mistyped id costs no call, and is not repeated in the message."""

from __future__ import annotations

import re

import click

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


def record_id(value: str) -> str:
    """A UUID as the register writes it; capitals, which some programs make of it, are taken too.

    Raises:
        click.BadParameter: it isn't one.
    """
    found = value.strip().lower()
    if _UUID.fullmatch(found) is None:
        raise click.BadParameter("Give an id such as 5e6d3d2f-8b1c-4f0a-9d3e-2b7c6a5f4e10.")
    return found
