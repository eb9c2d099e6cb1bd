"""Builds programs that others wrote, from the Go module proxy, into the user's cache folder: once, at pinned versions.

Nothing of the register needs them; they compare with it, or check what it says. `make peers` builds those that the
tests use, and `make test` says what it left out where they aren't there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

FOLDER: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nsor" / "peers"
MODULES: Final = {
    "fsck": "github.com/transparency-dev/tessera/cmd/fsck@v1.0.4",
    "litewitness": "filippo.io/torchwood/cmd/litewitness@v0.6.1",
}
"""Programs that are installed as they are."""
OWN: Final = {"merkle": Path(__file__).parent / "merkle"}
"""Small programs of ours around a library of others, whose versions and hashes are in its go.mod and go.sum."""
_SECONDS: Final = 3600


class NotBuilt(Exception):
    """The programs can't be had here; says why in one line."""


def program(name: str) -> Path:
    """Where a program of the tests is, or would be: another version is another file."""
    if name in MODULES:
        return FOLDER / f"{name}-{MODULES[name].rpartition('@')[2]}"
    sources = sorted(path for path in OWN[name].iterdir() if path.name != "README.md")
    return FOLDER / f"{name}-{hashlib.sha256(b''.join(each.read_bytes() for each in sources)).hexdigest()[:16]}"


def build() -> list[Path]:
    """Build the programs of the tests that aren't built yet.

    Raises:
        NotBuilt: there is no Go, or it failed.
    """
    for name in (*MODULES, *OWN):
        built = program(name)
        if not built.exists():
            print(f"building {name} into {FOLDER} (once)", file=sys.stderr)
            if name in MODULES:
                go(["install", MODULES[name]])
                (FOLDER / name).replace(built)
            else:
                go(["build", "-mod=readonly", "-o", str(built), "."], OWN[name])
    return [program(name) for name in (*MODULES, *OWN)]


def go(arguments: list[str], folder: Path | None = None) -> str:
    """Run the Go command; gives what it printed.

    Raises:
        NotBuilt: there is no Go, or it failed.
    """
    found = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if found is None:
        raise NotBuilt("Go isn't installed here")
    FOLDER.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["nice", "-n", "15", found, *arguments],
        cwd=folder,
        env={**os.environ, "GOBIN": str(FOLDER), "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise NotBuilt(f"`go {' '.join(arguments[:2])}` failed: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


if __name__ == "__main__":
    try:
        for each in build():
            print(each)
    except NotBuilt as why:
        sys.exit(f"the programs aren't built: {why}")
