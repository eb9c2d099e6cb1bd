"""`make catalog`: writes `catalog.txt`, what the migrations make, from an empty embedded database.

``python -m nsor_server.storage.expected [--check]``; with --check it only says whether the text is older than a
migration.
"""

import sys
import tempfile
from pathlib import Path

import psycopg

from nsor_server.storage import catalog, migrate
from nsor_server.storage.embedded import OWNER, EmbeddedPostgres


def make() -> str:
    """The text, made anew."""
    with tempfile.TemporaryDirectory(prefix="nsor-catalog-") as folder:
        embedded = EmbeddedPostgres(Path(folder) / "state")
        embedded.start()
        try:
            with psycopg.connect(embedded.conninfo(OWNER)) as owner:
                migrate.apply(owner, migrate.load())
                return catalog.text_of(catalog.describe(owner))
        finally:
            embedded.stop()


def main(arguments: list[str]) -> int:
    """Write it, or see that it is as new as the migrations; gives the exit code."""
    if not catalog.is_stale():
        return 0
    if arguments == ["--check"]:
        sys.stderr.write("storage/catalog.txt is older than the migrations: run `make catalog`\n")
        return 1
    catalog.EXPECTED.write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
