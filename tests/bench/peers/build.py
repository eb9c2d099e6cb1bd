"""Builds the programs that the register's speed is compared with.

SpiceDB's go.mod has replace directives, which ``go install`` refuses, so its module is copied and built in place.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.peers.go import FOLDER, NotBuilt, go

SPICEDB = "github.com/authzed/spicedb@v1.56.0"
INSTALLED = {
    "openfga": "github.com/openfga/openfga/cmd/openfga@latest",
    "ghz": "github.com/bojand/ghz/cmd/ghz@latest",
}


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
    for name in (*INSTALLED, "spicedb"):
        if not (FOLDER / name).exists():
            print(f"building {name} into {FOLDER} (some minutes, once)", file=sys.stderr)
            if name == "spicedb":
                _build_spicedb()
            else:
                go(["install", INSTALLED[name]])
    return Peers(FOLDER / "openfga", FOLDER / "spicedb", FOLDER / "ghz")


def _build_spicedb() -> None:
    downloaded = go(["mod", "download", "-json", SPICEDB])
    with tempfile.TemporaryDirectory(prefix="nsor-spicedb-") as folder:
        source = Path(folder) / "spicedb"
        shutil.copytree(json.loads(downloaded)["Dir"], source)
        for path in (source, *source.rglob("*")):
            path.chmod(path.stat().st_mode | 0o200)
        go(["build", "-o", str(FOLDER / "spicedb"), "./cmd/spicedb"], source)


if __name__ == "__main__":
    try:
        print(build())
    except NotBuilt as why:
        sys.exit(f"the peers aren't built: {why}")
