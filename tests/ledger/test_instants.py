"""Where in the ledger an instant lies."""

import pytest

from nsor_server.ledger import instants, leaf
from nsor_server.ledger.tiles import TornTree
from nsor_server.storage.pool import Database
from tests.ledger.conftest import NewEntry

TIMES = (10, 10, 20, 30, 30, 30, 41)


def fill(database: Database, new_entry: NewEntry, times: tuple[int, ...] = TIMES) -> None:
    leaves = [leaf.encode(new_entry(), time_us=time_us, detail_hash=bytes(32)) for time_us in times]
    with database.owner() as conn, conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ledger_entry"
            " (index, access_id, officer, case_label, named, method, purpose, outcome, agency, leaf) VALUES"
            " (%s, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 1, 1, '', %s)",
            list(enumerate(leaves)),
        )


@pytest.mark.parametrize("count", range(len(TIMES) + 1))
def test_the_first_entry_from_an_instant_on_is_found(database: Database, new_entry: NewEntry, count: int) -> None:
    # Several entries of one commit have one instant: none of them may be left out.
    times = TIMES[:count]
    fill(database, new_entry, times)
    with database.transaction() as conn:
        for instant in range(9, 43):
            assert instants.first_from(conn, instant) == sum(time_us < instant for time_us in times)


def test_an_entry_that_is_missing_is_said_so(database: Database, new_entry: NewEntry) -> None:
    fill(database, new_entry)
    with database.owner() as conn:
        conn.execute("DELETE FROM ledger_entry WHERE index = 3")
    with database.transaction() as conn, pytest.raises(TornTree, match="entry 3 is missing"):
        instants.first_from(conn, 20)


@pytest.mark.parametrize("broken", range(len(TIMES)))
def test_an_entry_that_is_no_leaf_is_taken_for_as_late_as_the_next_one(
    database: Database, new_entry: NewEntry, broken: int
) -> None:
    fill(database, new_entry)
    with database.owner() as conn:
        conn.execute("UPDATE ledger_entry SET leaf = %s WHERE index = %s", (b"\xff", broken))
    times = [*TIMES]
    times[broken] = times[broken + 1] if broken + 1 < len(times) else 99
    with database.transaction() as conn:
        for instant in range(9, 43):
            assert instants.first_from(conn, instant) == sum(time_us < instant for time_us in times)
