"""Partitions of the ledger's tables: there before the entries that go into them, and made by the server's role."""

import threading

import psycopg
import pytest

from nsor.ledger import merkle
from nsor_server.ledger import partitions, proofs
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.partitions import WIDTH, Keeper
from nsor_server.storage.pool import Database
from tests.ledger.conftest import Write, set_size
from tests.polling import until

TABLES = ("ledger_checkpoint", "ledger_detail", "ledger_entry", "ledger_shown")


def bounds(database: Database) -> dict[str, str]:
    query = """
        SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_class AS c
        JOIN pg_inherits ON inhrelid = c.oid WHERE c.relkind = 'r'
    """
    with database.transaction() as conn:
        return {name: bound for name, bound in conn.execute(query).fetchall() if name.startswith("ledger_")}


def numbers(database: Database) -> set[tuple[str, int]]:
    split = (name.rpartition("_") for name in bounds(database))
    return {(table, int(number)) for table, _, number in split}


def test_the_first_two_are_there_from_the_start(database: Database) -> None:
    assert bounds(database) == {
        f"{table}_{number}": f"FOR VALUES FROM ('{number * WIDTH}') TO ('{(number + 1) * WIDTH}')"
        for table in TABLES
        for number in (0, 1)
    }


def test_the_servers_role_extends_them_one_beyond_a_size_and_again_changes_nothing(
    database: Database, ledger: Ledger
) -> None:
    set_size(database, ledger, WIDTH + WIDTH // 2)
    for _ in range(2):
        with database.transaction() as conn:
            # At the middle of the last one it is time again.
            assert partitions.extend(conn, WIDTH + WIDTH // 2) == 2 * WIDTH + WIDTH // 2
        assert numbers(database) == {(table, number) for table in TABLES for number in (0, 1, 2)}


def test_a_partition_has_the_indexes_and_none_of_the_rights(database: Database, ledger: Ledger) -> None:
    set_size(database, ledger, 2 * WIDTH)
    with database.transaction() as conn:
        partitions.extend(conn, 2 * WIDTH)
    indexes = "SELECT replace(indexdef, %s, '') FROM pg_indexes WHERE tablename = %s ORDER BY 1"
    with database.owner() as conn:
        first, last = (
            [
                [
                    row[0].partition(" ON ")[2]
                    for row in conn.execute(indexes, (f"{table}_{number}", f"{table}_{number}"))
                ]
                for table in TABLES
            ]
            for number in (0, 3)
        )
        rights = conn.execute(
            "SELECT has_table_privilege('nsor_server', 'ledger_entry_3', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')"
        ).fetchone()
    assert first == last
    assert [len(each) for each in first] == [1, 1, 10, 1]
    assert rights == (False,)


@pytest.mark.parametrize("through", [-1, WIDTH + 1, 2**62])
def test_nobody_fills_the_database_with_partitions(database: Database, through: int) -> None:
    with pytest.raises(psycopg.errors.RaiseException), database.transaction() as conn:
        partitions.extend(conn, through)


def test_a_keeper_makes_the_next_ones_when_the_last_is_half_full(database: Database, ledger: Ledger) -> None:
    keeper = Keeper(database)
    for size, made in ((0, (0, 1)), (WIDTH + WIDTH // 2 - 1, (0, 1)), (WIDTH + WIDTH // 2, (0, 1, 2))):
        set_size(database, ledger, size)
        keeper.look()
        assert numbers(database) == {(table, number) for table in TABLES for number in made}


def test_a_keeper_goes_on_when_they_cant_be_made(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, ledger: Ledger
) -> None:
    # Nobody else makes them: if its thread ended, the ledger would once be full.
    monkeypatch.setattr(partitions, "LOOK_SECONDS", 0.01)
    keeper = Keeper(database)
    keeper.start()
    with database.owner() as conn:
        conn.execute("ALTER FUNCTION ledger_extend RENAME TO away")
    set_size(database, ledger, 2 * WIDTH)
    until(lambda: caplog.text.count("couldn't be made (UndefinedFunction)") > 1, seconds=60)
    with database.owner() as conn:
        conn.execute("ALTER FUNCTION away RENAME TO ledger_extend")
    until(lambda: ("ledger_entry", 3) in numbers(database), seconds=60)
    keeper.stop()
    assert not keeper._thread.is_alive()


def test_a_dropped_partition_isnt_made_again(database: Database, ledger: Ledger) -> None:
    set_size(database, ledger, 2 * WIDTH)
    with database.owner() as conn:
        conn.execute("DROP TABLE ledger_detail_0")
    with database.transaction() as conn:
        partitions.extend(conn, 2 * WIDTH)
    assert ("ledger_detail", 0) not in numbers(database)
    assert ("ledger_detail", 3) in numbers(database)


def test_an_append_that_is_under_way_isnt_in_the_way(database: Database, write: Write, ledger: Ledger) -> None:
    # Servers ask for them while others write, and two may ask at once.
    write(1)
    set_size(database, ledger, WIDTH)
    with database.connect() as writer:
        writer.execute("INSERT INTO ledger_detail (index, sealed) VALUES (77, '')")
        writer.execute("SELECT FROM ledger_entry")

        def extend() -> None:
            with database.transaction() as conn:
                conn.execute("SET LOCAL lock_timeout = '3s'")
                partitions.extend(conn, WIDTH)
                conn.execute("SELECT pg_sleep(0.1)")

        threads = [threading.Thread(target=extend) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        writer.execute("INSERT INTO ledger_detail (index, sealed) VALUES (78, '')")
        writer.commit()
    assert ("ledger_entry", 2) in numbers(database)


def test_entries_cross_the_border_between_two_partitions(database: Database, write: Write, ledger: Ledger) -> None:
    # One commit writes the last entries of a partition and the first ones of the next; proofs reach over both.
    set_size(database, ledger, WIDTH - 2)
    unwritten_tiles(database)
    receipts = write(5).receipts
    assert [receipt.index for receipt in receipts] == list(range(WIDTH - 2, WIDTH + 3))
    query = "SELECT tableoid::regclass::text, count(*) FROM {} WHERE octet_length({}) > 1 GROUP BY 1 ORDER BY 1"
    with database.transaction() as conn:
        counts = [
            conn.execute(query.format(table, column).encode()).fetchall()
            for table, column in (("ledger_entry", "leaf"), ("ledger_detail", "sealed"), ("ledger_checkpoint", "note"))
        ]
        for receipt in receipts[2:]:
            proof = proofs.Proofs().inclusion(conn, receipt.index, WIDTH + 3)
            assert proof.leaf_hash == merkle.leaf_hash(receipt.leaf)
            root = conn.execute("SELECT root FROM ledger_head").fetchone()
            assert root is not None
            merkle.verify_inclusion(proof.leaf_hash, receipt.index, WIDTH + 3, proof.hashes, root[0])
    assert counts == [
        [("ledger_entry_0", 2), ("ledger_entry_1", 3)],
        [("ledger_detail_0", 2), ("ledger_detail_1", 3)],
        [("ledger_checkpoint_1", 1)],
    ]


def unwritten_tiles(database: Database) -> None:
    """What an append at the border reads of the entries before it: the last leaves, and roots of tiles."""
    with database.owner() as conn:
        conn.execute(
            "INSERT INTO ledger_entry"
            " (index, access_id, officer, case_label, named, method, purpose, outcome, agency, leaf)"
            " SELECT nth, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 1, 1, '',"
            " '\\x00'"
            " FROM generate_series(%s, %s) AS nth",
            (WIDTH - 256, WIDTH - 3),
        )
        for level, last in ((0, WIDTH // 256 - 1), (1, WIDTH // 256**2 - 1)):
            conn.execute(
                "INSERT INTO ledger_tile (level, tile, hashes, middle, root) SELECT %s, nth, %s, %s, %s"
                " FROM generate_series(%s::bigint, %s::bigint) AS nth",
                (level, bytes(8192), bytes(512), bytes(32), last - last % 256, last - 1),
            )
