"""Ids that this program has shown, so that the first or last digits of one are enough the next time.

They are kept in the state folder, in a file that is its owner's alone (0600). An id names no person; which ids somebody
has worked with is still nobody else's business. Programs, which get JSON, hand whole ids on: theirs aren't kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_FILE: Final = "seen-ids"
_MOST: Final = 10_000
"""The newest that are kept; a few more between two tidyings."""
_ID: Final = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.ASCII)


def ids_in(text: str) -> list[str]:
    """The ids in a text, in their order."""
    return _ID.findall(text)


def keep(folder: Path, ids: Iterable[str]) -> None:
    """Keep ids that aren't kept yet; the oldest go when there are many."""
    path = folder / _FILE
    before = _kept(path)
    new = [one for one in dict.fromkeys(ids) if one not in before]
    if not new:
        return
    if len(before) + len(new) > 2 * _MOST:
        tidied = path.with_suffix(".new")
        _write(tidied, [*before, *new][-_MOST:], os.O_TRUNC)
        tidied.replace(path)
    else:
        _write(path, new, os.O_APPEND)


def kept(folder: Path) -> Iterable[str]:
    """The ids that were shown here, the oldest first."""
    return _kept(folder / _FILE)


def _kept(path: Path) -> dict[str, None]:
    """Whole lines only: the last one may have been cut off."""
    if not path.exists():
        return {}
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    return dict.fromkeys(line for line in lines if _ID.fullmatch(line))


def _write(path: Path, ids: Iterable[str], how: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.writelines(f"{one}\n" for one in ids)
