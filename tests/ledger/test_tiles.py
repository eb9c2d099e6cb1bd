"""Tiles: written when the append that fills them is, at every level."""

import hashlib

import pytest

from nsor.ledger import merkle
from nsor_server.ledger import partitions
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.tiles import TornTree
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.ledger.conftest import ORIGIN, NewEntry, Write, set_size

Tiles = dict[tuple[int, int], tuple[bytes, bytes, bytes]]
BEFORE = (bytes(8192), bytes(512))
"""What stands in tiles that a test begins after: of those only the root is read."""


def full(hashes: list[bytes]) -> tuple[bytes, bytes, bytes]:
    """What a tile of these 256 hashes holds."""
    middle = [merkle.root_of(hashes[at : at + 16]) for at in range(0, 256, 16)]
    return b"".join(hashes), b"".join(middle), merkle.root_of(hashes)


def stored(database: Database) -> Tiles:
    with database.transaction() as conn:
        query = "SELECT level, tile, hashes, middle, root FROM ledger_tile WHERE hashes <> %s"
        rows = conn.execute(query, (BEFORE[0],))
        return {(level, tile): (hashes, middle, root) for level, tile, hashes, middle, root in rows}


def leaf_hashes(database: Database, first: int = 0) -> list[bytes]:
    with database.transaction() as conn:
        rows = conn.execute("SELECT leaf FROM ledger_entry WHERE index >= %s ORDER BY index", (first,))
        return [merkle.leaf_hash(leaf) for (leaf,) in rows]


@pytest.mark.parametrize("batches", [[255, 1], [256, 1], [257, 254, 1], [1, 511], [600], [100, 100, 100, 300]])
@pytest.mark.parametrize("others", [True, False])
def test_a_tile_is_there_as_soon_as_it_is_full(
    database: Database, keyring: Keyring, new_entry: NewEntry, batches: list[int], *, others: bool
) -> None:
    # By one process that knows the hashes of its own appends, or by one that has to read those of another.
    ledgers = [Ledger(keyring, ORIGIN), Ledger(keyring, ORIGIN) if others else None]
    for nth, count in enumerate(batches):
        ledger = ledgers[nth % 2] or ledgers[0]
        assert ledger is not None
        with database.transaction() as conn:
            ledger.append(conn, [new_entry() for _ in range(count)])
        hashes = leaf_hashes(database)
        expected = {(0, tile): full(hashes[tile * 256 : (tile + 1) * 256]) for tile in range(len(hashes) // 256)}
        assert stored(database) == expected


def begin_before(database: Database, ledger: Ledger, level: int) -> list[list[bytes]]:
    """Let the ledger begin three entries before it fills its first tile of a level; gives the roots of those below."""
    size = 256 ** (level + 1) - 3
    set_size(database, ledger, size)
    roots = [[hashlib.sha256(bytes([below, nth])).digest() for nth in range(255)] for below in range(level)]
    with database.transaction() as conn:
        partitions.extend(conn, size)
    with database.owner() as conn, conn.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_entry"
            " (index, access_id, officer, case_label, named, method, purpose, outcome, agency, leaf)"
            " SELECT nth, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 1, 1, '',"
            " int8send(nth) FROM generate_series(%s::bigint, %s) AS nth",
            (size - 253, size - 1),
        )
        cursor.executemany(
            "INSERT INTO ledger_tile (level, tile, hashes, middle, root) VALUES (%s, %s, %s, %s, %s)",
            [
                (below, 256 ** (level - below) - 256 + nth, *BEFORE, root)
                for below, known in enumerate(roots)
                for nth, root in enumerate(known)
            ],
        )
    return roots


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("batches", [[3], [2, 1], [1, 4], [259]])
def test_a_full_tile_completes_those_above_it(
    database: Database, ledger: Ledger, write: Write, level: int, batches: list[int]
) -> None:
    # What is missing would be noticed by the first proof that needs it, when its entries are long written.
    roots = begin_before(database, ledger, level)
    written = 0
    for count in batches:
        assert stored(database) == {}
        write(count)
        written += count
    hashes = leaf_hashes(database)
    expected: Tiles = {(0, 256**level - 1): full(hashes[:256])}
    for below in range(level):
        last = expected[below, 256 ** (level - below) - 1]
        expected[below + 1, 256 ** (level - below - 1) - 1] = full([*roots[below], last[2]])
    if written == 259:
        expected[0, 256**level] = full(hashes[256:])
    assert stored(database) == expected


@pytest.mark.parametrize(
    "statement", ["DELETE FROM ledger_tile WHERE tile = 7", "DELETE FROM ledger_entry WHERE index = 65300"]
)
def test_no_tile_is_made_of_what_is_missing(database: Database, ledger: Ledger, write: Write, statement: str) -> None:
    begin_before(database, ledger, 1)
    with database.owner() as conn:
        conn.execute(statement.encode())
    write(2)
    with pytest.raises(TornTree):
        write(1)
    assert stored(database) == {}
