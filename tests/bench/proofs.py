"""What proofs cost in a long ledger: `.venv/bin/python -m tests.bench.proofs --entries 10000000`.

The tree's tiles are made and stored as the ledger stores them, over leaves that are nothing but numbers; of entries
there are those behind the last full tile, and those that are proved one by one. Proofs are then read as the service
reads them, without the call around them: single ones, and those by which an agency verifies 10,000 receipts with as
many checkpoints. CPU is this process's and PostgreSQL's.
"""

from __future__ import annotations

import argparse
import functools
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg

from nsor.ledger import batch_proof
from nsor.ledger.merkle import Frontier, inclusion_path, leaf_hash, root_of
from nsor.verification import BATCH
from nsor_server.ledger.proofs import Proofs
from nsor_server.ledger.tiles import WIDTH, middle_of
from nsor_server.storage import migrate
from nsor_server.storage.embedded import OWNER, SERVER, EmbeddedPostgres

RECEIPTS: Final = 10_000
_SINGLE: Final = 400
_STEP: Final = 4_000_000
_TILE: Final = "COPY ledger_tile (level, tile, hashes, middle, root) FROM STDIN WITH (FORMAT binary)"
_ENTRY: Final = """
INSERT INTO ledger_entry (index, access_id, officer, case_label, named, method, purpose, outcome, agency, leaf)
VALUES (%s, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 1, 1, '', %s)
"""


def leaf(index: int) -> bytes:
    """The leaf of an index."""
    return index.to_bytes(8, "big")


def alone(entries: int) -> list[int]:
    """The leaves that are proved one by one."""
    return random.Random(7).sample(range(entries), _SINGLE)  # noqa: S311 - the same ones each time


def fill(conn: psycopg.Connection[Any], entries: int, sizes: Sequence[int]) -> dict[int, bytes]:
    """Store the tree of so many leaves; gives the roots that it had at some sizes, and now."""
    frontier, roots, wanted = Frontier(), dict[int, bytes](), set(sizes)
    levels: list[list[bytes]] = []
    with conn.cursor() as cursor, cursor.copy(_TILE) as copy:
        copy.set_types(["int2", "int8", "bytea", "bytea", "bytea"])
        for tile in range(entries // WIDTH):
            hashes = [leaf_hash(leaf(tile * WIDTH + nth)) for nth in range(WIDTH)]
            for nth, each in enumerate(hashes):
                frontier.append(each)
                if tile * WIDTH + nth + 1 in wanted:
                    roots[frontier.size] = frontier.root()
            level, number = 0, tile
            while True:
                root = root_of(hashes)
                copy.write_row((level, number, b"".join(hashes), b"".join(middle_of(hashes)), root))
                if len(levels) == level:
                    levels.append([])
                levels[level].append(root)
                if len(levels[level]) < WIDTH:
                    break
                hashes, levels[level] = levels[level], []
                level, number = level + 1, number // WIDTH
    _entries(conn, entries)
    for index in range(frontier.size, entries):
        frontier.append(leaf_hash(leaf(index)))
        if index + 1 in wanted:
            roots[frontier.size] = frontier.root()
    roots[entries] = frontier.root()
    conn.execute(
        "UPDATE ledger_head SET size = %s, root = %s, frontier = %s", (entries, roots[entries], frontier.encode())
    )
    conn.execute("ANALYZE ledger_tile")
    conn.commit()
    return roots


def _entries(conn: psycopg.Connection[Any], entries: int) -> None:
    """Add the entries of which a proof reads the leaf itself."""
    for start in range(0, entries, _STEP):
        conn.execute("UPDATE ledger_head SET size = %s", (start,))
        conn.execute("SELECT ledger_extend(%s)", (start,))
    for index in {*alone(entries), *range(entries - entries % WIDTH, entries)}:
        conn.execute(_ENTRY, (index, leaf(index)))


class Cpu:
    """CPU of this process and of a connection's, in milliseconds."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._schedstat = Path(f"/proc/{conn.info.backend_pid}/schedstat")

    def of(self, work: Callable[[], object]) -> tuple[float, float]:
        """Of some work: here, and of PostgreSQL."""
        before, own = self._postgres(), time.process_time()
        work()
        return (time.process_time() - own) * 1000, self._postgres() - before

    def _postgres(self) -> float:
        return int(self._schedstat.read_text(encoding="ascii").split()[0]) / 1e6


def measure(conn: psycopg.Connection[Any], entries: int, roots: dict[int, bytes]) -> None:
    """Print what proofs take."""
    proofs, cpu = Proofs(), Cpu(conn)
    single = [cpu.of(functools.partial(proofs.inclusion, conn, index, entries)) for index in alone(entries)]
    own, postgres = (statistics.median(each) for each in zip(*single, strict=True))
    print(f"GetInclusionProof: {own:.2f} ms here, {postgres:.2f} ms of PostgreSQL (median of {_SINGLE})")
    hashes = len(inclusion_path(1, entries))
    sizes = sorted(each for each in roots if each != entries)
    given, checked, bytes_given, began = [], [], 0, time.monotonic()
    for start in range(0, len(sizes), BATCH):
        of = {each: roots[each] for each in sizes[start : start + BATCH]}
        leaves = {each - 1: leaf_hash(leaf(each - 1)) for each in of}
        found: list[bytes] = []
        asked = functools.partial(proofs.batch, conn, leaves, of, entries)
        given.append(cpu.of(lambda asked=asked, found=found: found.extend(asked())))  # type: ignore[misc]
        checked.append(cpu.of(functools.partial(batch_proof.verify, leaves, of, entries, found, roots[entries]))[0])
        bytes_given += sum(map(len, found))
    print(
        f"{len(sizes):,} receipts and checkpoints: {len(given)} proofs in {time.monotonic() - began:.1f} s; each "
        f"{statistics.median(each[0] for each in given):.0f} ms here, "
        f"{statistics.median(each[1] for each in given):.0f} ms of PostgreSQL, "
        f"{statistics.median(checked):.0f} ms to check, "
        f"{bytes_given / len(given) / 1000:.0f} kB; one by one they were {2 * len(sizes):,} proofs of {hashes} hashes"
    )


def main() -> None:
    """Fill a tree, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--entries", type=int, default=1_000_000)
    entries: int = parser.parse_args().entries
    sizes = random.Random(8).sample(range(1, entries), RECEIPTS)  # noqa: S311 - as above
    with TemporaryDirectory(prefix="nsor-bench-") as folder:
        postgres = EmbeddedPostgres(Path(folder) / "state")
        postgres.start()
        try:
            with psycopg.connect(postgres.conninfo(OWNER)) as owner:
                migrate.apply(owner, migrate.load())
                roots = fill(owner, entries, sizes)
            with psycopg.connect(postgres.conninfo(SERVER), autocommit=True) as conn:
                measure(conn, entries, roots)
        finally:
            postgres.stop()


if __name__ == "__main__":
    main()
