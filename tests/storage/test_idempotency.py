import threading
import uuid
from collections.abc import Sequence

import pytest

from nsor_server.calls import Row, Seen, new_access_id
from nsor_server.errors import RequestIdReused
from nsor_server.storage import changes, idempotency
from nsor_server.storage.idempotency import Key
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.session import BEGIN, COMMIT, ROLLBACK, Session, Step

HASH = b"h" * 32
KEY = Key("npb", "nsor.v1.Test/Test", uuid.UUID(int=1), HASH)


def find(database: Database, sealer: Sealer, key: Key = KEY) -> bytes | None:
    with database.reading() as conn:
        return idempotency.find(conn, sealer, key)


def keep(sealer: Sealer, key: Key = KEY) -> tuple[Row, Seen]:
    return idempotency.keep(sealer, key, b"planted answer", new_access_id())


def write(database: Database, *rows: Row, end: Step = COMMIT) -> None:
    """Add rows in one transaction, as the ledger's writer does."""
    with database.writer() as conn:
        session = Session(conn)
        session.run(BEGIN, *changes.added(rows), end)
        session.close()


def moved(database: Database, seen: Sequence[Seen]) -> list[int]:
    """Positions of what isn't the newest any more."""
    with database.writer() as conn:
        session = Session(conn)
        _, *found = session.run(BEGIN, *changes.moved(seen))
        session.run(ROLLBACK)
        session.close()
    return [position for rows in found for (position,) in rows]


def test_a_repeated_request_gets_its_first_answer(database: Database, sealer: Sealer) -> None:
    assert find(database, sealer) is None
    write(database, keep(sealer)[0])
    assert find(database, sealer) == b"planted answer"


def test_another_request_under_the_same_id_is_refused(database: Database, sealer: Sealer) -> None:
    write(database, keep(sealer)[0])
    with pytest.raises(RequestIdReused):
        find(database, sealer, KEY._replace(request_hash=b"x" * 32))


@pytest.mark.parametrize(
    "other",
    [
        KEY._replace(agency_id="nadra"),
        KEY._replace(method="nsor.v1.Test/Other"),
        KEY._replace(request_id=uuid.UUID(int=2)),
    ],
)
def test_another_agencys_id_is_another_id(database: Database, sealer: Sealer, other: Key) -> None:
    # Else an agency could learn of another's requests, or block them.
    write(database, keep(sealer)[0])
    assert find(database, sealer, other) is None
    row, unused = keep(sealer, other)
    assert moved(database, [unused]) == []
    write(database, row)


def test_what_is_kept_confirms_no_guess(database: Database, sealer: Sealer) -> None:
    # A request holds a CNIC: its bare hash would confirm a guessed one to whoever has a dump.
    write(database, keep(sealer)[0])
    with database.owner() as owner:
        ((kept,),) = owner.execute("SELECT kept FROM idempotency").fetchall()
    assert HASH not in kept
    assert b"planted" not in kept


def test_a_failed_change_leaves_its_id_free(database: Database, sealer: Sealer) -> None:
    row, unused = keep(sealer)
    write(database, row, end=ROLLBACK)
    assert find(database, sealer) is None
    assert moved(database, [unused]) == []


def test_an_id_that_is_used_meanwhile_shows_itself(database: Database, sealer: Sealer) -> None:
    # Whoever has found the id unused runs again, and then finds the first answer.
    row, unused = keep(sealer)
    assert moved(database, [unused]) == []
    write(database, row)
    assert moved(database, [unused, keep(sealer, KEY._replace(agency_id="nadra"))[1]]) == [0]


def test_of_two_at_once_the_second_waits_and_gets_the_firsts_answer(database: Database, sealer: Sealer) -> None:
    # Both found the id unused; the head's lock lets one after the other look again.
    looked: list[int] = []
    waits = threading.Event()
    _, unused = keep(sealer)

    def second() -> None:
        with database.writer() as conn:
            waits.set()
            conn.execute("SELECT FROM ledger_head FOR UPDATE")
            looked.extend(moved(database, [unused]))

    thread = threading.Thread(target=second)
    with database.writer() as conn:
        conn.execute("SELECT FROM ledger_head FOR UPDATE")
        thread.start()
        assert waits.wait(30)
        session = Session(conn)
        session.run(*changes.added([keep(sealer)[0]]), COMMIT)
        session.close()
    thread.join(30)
    assert looked == [0]
    assert find(database, sealer) == b"planted answer"


def test_a_request_hash_of_another_length_is_not_kept(sealer: Sealer) -> None:
    # What is kept is cut after 32 bytes: a shorter hash would take the answer's first ones for its own.
    with pytest.raises(ValueError, match="32 bytes"):
        keep(sealer, KEY._replace(request_hash=b"short"))
