"""Builds programs that others wrote, from the Go module proxy, into the user's cache folder: once, at pinned versions.

Nothing of the register needs them; they compare with it, or check what it says. `make peers` builds those that the
tests use, and `make test` says what it left out where they aren't there.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

FOLDER: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nsor" / "peers"
MODULES: Final = {
    "fsck": "github.com/transparency-dev/tessera/cmd/fsck@v1.0.4",
    "litewitness": "filippo.io/torchwood/cmd/litewitness@v0.6.1",
}
"""Programs that are installed as they are."""
COPIED: Final = {"jaeger": "github.com/jaegertracing/jaeger/cmd/all-in-one@v1.76.0"}
"""Programs that `go install` refuses, since their go.mod replaces modules: built in a copy of their module.

Of Jaeger it is the last version that is built so. Its pages need files that its releases add; its query API doesn't.
"""
OWN: Final = {"merkle": Path(__file__).parent / "merkle"}
"""Small programs of ours around a library of others, whose versions and hashes are in its go.mod and go.sum."""
SECONDS: Final = 900
"""Longest that all of them together may take."""


NO_GO: Final = "Go isn't installed here"


class NotBuilt(Exception):
    """The programs can't be had here; says why in one line."""


def program(name: str) -> Path:
    """Where a program of the tests is, or would be: another version is another file."""
    if name in MODULES | COPIED:
        return FOLDER / f"{name}-{(MODULES | COPIED)[name].rpartition('@')[2]}"
    sources = sorted(path for path in OWN[name].iterdir() if path.name != "README.md")
    return FOLDER / f"{name}-{hashlib.sha256(b''.join(each.read_bytes() for each in sources)).hexdigest()[:16]}"


def build() -> list[Path]:
    """Build the programs of the tests that aren't built yet.

    Raises:
        NotBuilt: there is no Go, it failed, or it took too long.
    """
    until = time.monotonic() + SECONDS
    for name in (*MODULES, *COPIED, *OWN):
        built = program(name)
        if not built.exists():
            print(f"building {name} into {FOLDER} (once)", file=sys.stderr)
            if name in MODULES:
                go(["install", MODULES[name]], until=until)
                (FOLDER / name).replace(built)
            elif name in COPIED:
                _build_in_a_copy(COPIED[name], built, until)
            else:
                go(["build", "-mod=readonly", "-o", str(built), "."], OWN[name], until=until)
    return [program(name) for name in (*MODULES, *COPIED, *OWN)]


def _build_in_a_copy(command: str, built: Path, until: float) -> None:
    path, _, version = command.rpartition("@")
    module, _, name = path.partition("/cmd/")
    # Go checks what it downloads by its checksum database.
    downloaded = json.loads(go(["mod", "download", "-json", f"{module}@{version}"], until=until))
    with tempfile.TemporaryDirectory(prefix="nsor-peers") as folder:
        copy = shutil.copytree(downloaded["Dir"], Path(folder) / "module")
        subprocess.run(["chmod", "-R", "u+w", copy], check=True)
        go(["build", "-mod=readonly", "-o", str(built), f"./cmd/{name}"], copy, until=until)


def command() -> str | None:
    """Where Go is: by the path, or where its own archive puts it."""
    return shutil.which("go") or shutil.which("/usr/local/go/bin/go")


def go(arguments: list[str], folder: Path | None = None, *, until: float = math.inf) -> str:
    """Run the Go command; gives what it printed.

    Raises:
        NotBuilt: there is no Go, it failed, or it hasn't ended by ``until`` (``time.monotonic``).
    """
    found = command()
    if found is None:
        raise NotBuilt(NO_GO)
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            ["nice", "-n", "15", found, *arguments],
            cwd=folder,
            env={**os.environ, "GOBIN": str(FOLDER), "GOTOOLCHAIN": "local"},
            capture_output=True,
            text=True,
            timeout=None if until == math.inf else max(0.0, until - time.monotonic()),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotBuilt(f"they weren't ready within {SECONDS / 60:g} minutes; what was built stays") from None
    if done.returncode:
        raise NotBuilt(f"`go {' '.join(arguments[:2])}` failed: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


if __name__ == "__main__":
    if sys.argv[1:] == ["--where-there-is-go"] and command() is None:
        print(f"{NO_GO}: the tests leave out what needs the programs of others", file=sys.stderr)
        sys.exit()
    try:
        for each in build():
            print(each)
    except NotBuilt as why:
        sys.exit(f"the programs aren't built: {why}")
