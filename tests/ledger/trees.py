"""A stored tree whose hashes are in tiles of two levels, in leaves and in the head's frontier."""

import functools

from nsor.ledger import merkle
from nsor_server.ledger.tiles import WIDTH, middle_of
from nsor_server.storage.pool import Database

SIZE = WIDTH * WIDTH + 7 * WIDTH + 77
"""One full tile of level 1, seven more of level 0, and leaves."""


@functools.cache
def hashes() -> list[bytes]:
    """Of the leaves."""
    return [merkle.leaf_hash(index.to_bytes(8, "big")) for index in range(SIZE)]


@functools.cache
def _frontiers() -> list[bytes]:
    """Before each tile: to go through all leaves for each tree that is asked for takes many times as long."""
    frontier, found = merkle.Frontier(), list[bytes]()
    for index, each in enumerate(hashes()):
        if index % WIDTH == 0:
            found.append(frontier.encode())
        frontier.append(each)
    return found


class Tree:
    """The tree in a database, and its hashes."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.hashes = hashes()

    def store(self) -> None:
        """Put it there, into a ledger without an entry."""
        frontier = self.frontier(SIZE)
        with self.database.owner() as conn:
            conn.execute(
                "INSERT INTO ledger_entry"
                " (index, access_id, officer, case_label, named, method, purpose, outcome, agency, leaf)"
                " SELECT nth, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 1, 1, '',"
                " int8send(nth) FROM generate_series(0::bigint, %s) AS nth",
                (SIZE - 1,),
            )
            conn.execute(
                "UPDATE ledger_head SET size = %s, root = %s, frontier = %s", (SIZE, frontier.root(), frontier.encode())
            )
            level, hashes = 0, self.hashes
            while len(hashes) >= WIDTH:
                tiles = [hashes[at : at + WIDTH] for at in range(0, len(hashes) - WIDTH + 1, WIDTH)]
                hashes = [merkle.root_of(tile) for tile in tiles]
                conn.cursor().executemany(
                    "INSERT INTO ledger_tile (level, tile, hashes, middle, root) VALUES (%s, %s, %s, %s, %s)",
                    [
                        (level, nth, b"".join(tile), b"".join(middle_of(tile)), hashes[nth])
                        for nth, tile in enumerate(tiles)
                    ],
                )
                level += 1

    def frontier(self, size: int) -> merkle.Frontier:
        tile = size // WIDTH
        frontier = merkle.Frontier.decode(tile * WIDTH, _frontiers()[tile])
        for each in self.hashes[tile * WIDTH : size]:
            frontier.append(each)
        return frontier

    def root(self, size: int) -> bytes:
        return self.frontier(size).root()
