"""Builds the programs that the register is compared with, from the Go module proxy, into the user's cache folder.

They are programs of others for this comparison only: nothing of the register needs them. SpiceDB's go.mod has replace
directives, which ``go install`` refuses, so its module is copied and built in place.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nsor" / "peers"
SPICEDB = "github.com/authzed/spicedb@v1.56.0"
INSTALLED = {
    "openfga": "github.com/openfga/openfga/cmd/openfga@latest",
    "ghz": "github.com/bojand/ghz/cmd/ghz@latest",
}
SECONDS = 3600


class NotBuilt(Exception):
    """The peers can't be had here; says why in one line."""


@dataclass(frozen=True, slots=True)
class Peers:
    """The programs."""

    openfga: Path
    spicedb: Path
    ghz: Path


def build() -> Peers:
    """Build what isn't built yet.

    Raises:
        NotBuilt: there is no Go, or it failed.
    """
    missing = [name for name in (*INSTALLED, "spicedb") if not (FOLDER / name).exists()]
    if missing:
        go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
        if go is None:
            raise NotBuilt("Go isn't installed here")
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in missing:
            print(f"building {name} into {FOLDER} (some minutes, once)", file=sys.stderr)
            if name == "spicedb":
                _build_spicedb(go)
            else:
                _go([go, "install", INSTALLED[name]])
    return Peers(FOLDER / "openfga", FOLDER / "spicedb", FOLDER / "ghz")


def _build_spicedb(go: str) -> None:
    downloaded = _go([go, "mod", "download", "-json", SPICEDB])
    with tempfile.TemporaryDirectory(prefix="nsor-spicedb-") as folder:
        source = Path(folder) / "spicedb"
        shutil.copytree(json.loads(downloaded)["Dir"], source)
        for path in (source, *source.rglob("*")):
            path.chmod(path.stat().st_mode | 0o200)
        _go([go, "build", "-o", str(FOLDER / "spicedb"), "./cmd/spicedb"], source)


def _go(command: list[str], folder: Path | None = None) -> str:
    environment = {**os.environ, "GOBIN": str(FOLDER), "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        ["nice", "-n", "15", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        raise NotBuilt(f"`{' '.join(command[1:3])}` failed: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


if __name__ == "__main__":
    try:
        print(build())
    except NotBuilt as why:
        sys.exit(f"the peers aren't built: {why}")
