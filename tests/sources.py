"""The repository's own files, also where there is no git: a release is unpacked from an archive."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def files() -> Iterator[str]:
    """Paths from the top, of all files but git's own and those that .gitignore leaves out."""
    ignored = (REPOSITORY / ".gitignore").read_text(encoding="utf-8").split()
    for folder, folders, names in os.walk(REPOSITORY):
        inside = Path(folder).relative_to(REPOSITORY)
        folders[:] = sorted(name for name in folders if not _is_ignored(inside / name, ignored, "/"))
        yield from (str(inside / name) for name in sorted(names) if not _is_ignored(inside / name, ignored, ""))


def _is_ignored(path: Path, patterns: list[str], end: str) -> bool:
    """By the forms that .gitignore uses: a name anywhere, or a path from the top; a slash at the end is a folder's."""
    found = f"/{path}{end}"
    return path.name == ".git" or any(fnmatch(found, each if each[0] == "/" else f"*/{each}") for each in patterns)
