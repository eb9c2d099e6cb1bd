"""What an append promises: indexes, times, receipts and tables that say one thing."""

import contextlib
import hashlib
import os
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from nsor.ledger import merkle, note
from nsor.ledger.v1 import leaf_pb2
from nsor_server.calls import RecordRef
from nsor_server.ledger import leaf, proofs
from nsor_server.ledger.append import LOCK, Ledger, WrongOrigin
from nsor_server.ledger.detail import Details
from nsor_server.ledger.entry import LedgerUnavailable
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.session import BEGIN, COMMIT, ROLLBACK, Session
from nsor_server.storage.v1 import record_pb2
from tests.ledger.conftest import ORIGIN, NewEntry, Write
from tests.polling import until


def test_receipt_proves_its_entry(database: Database, keyring: Keyring, write: Write) -> None:
    # Each receipt of a batch holds a leaf that is in the tree of its signed checkpoint.
    write(3)
    appended = write(5)
    verifier = note.Verifier.parse(keyring.verifier_key(ORIGIN))
    with database.transaction() as conn:
        for receipt in appended.receipts:
            checkpoint = note.verify(receipt.checkpoint, verifier)
            assert checkpoint.size == 8
            proof = proofs.Proofs().inclusion(conn, receipt.index, checkpoint.size).hashes
            merkle.verify_inclusion(
                merkle.leaf_hash(receipt.leaf), receipt.index, checkpoint.size, proof, checkpoint.root
            )
    assert [receipt.index for receipt in appended.receipts] == [3, 4, 5, 6, 7]


def test_an_entry_is_what_was_recorded(
    database: Database, keyring: Keyring, ledger: Ledger, new_entry: NewEntry
) -> None:
    # Leaf, detail and the columns for queries all say what the call was.
    entry = new_entry(count=17, purpose=9, agency="npb", outcome=leaf_pb2.OUTCOME_REFUSED)
    with database.transaction() as conn:
        receipt = ledger.append(conn, [entry]).receipts[0]
    with database.transaction() as conn:
        stored = conn.execute("SELECT leaf, sealed FROM ledger_entry JOIN ledger_detail USING (index)").fetchone()
        row = conn.execute("SELECT uuid_send(access_id), agency, method, purpose, outcome FROM ledger_entry").fetchone()
    assert stored is not None
    assert bytes(stored[0]) == receipt.leaf
    decoded = leaf.decode(receipt.leaf)
    assert (decoded.call_hash, decoded.answer_hash, decoded.count) == (entry.call_hash, entry.answer_hash, 17)
    method = int.from_bytes(hashlib.sha256(entry.method.encode()).digest()[:4], "big", signed=True)
    assert row == leaf.columns(decoded) == (entry.access_id, "npb", method, 9, leaf_pb2.OUTCOME_REFUSED)
    detail = Details(keyring).open(0, merkle.leaf_hash(receipt.leaf), stored[1], decoded.detail_hash)
    assert detail == record_pb2.AccessDetail.FromString(entry.detail)


def test_records_of_a_call_are_named(database: Database, write: Write, new_entry: NewEntry) -> None:
    # A call that wrote two rows commits to both, in their order; one that wrote one, to that one.
    first = RecordRef("registration_version", uuid.uuid4().bytes, 4, bytes(range(32)))
    second = RecordRef("notice", uuid.uuid4().bytes, 1, bytes(range(1, 33)))
    appended = write(0, new_entry(records=(first, second)))
    both = leaf.decode(appended.receipts[0].leaf)
    assert both.record_hash == leaf.record_hash((first, second)) != leaf.record_hash((second, first))
    assert both.record_version == 4
    assert leaf.record_hash((first,)) == first.sha256
    with database.transaction() as conn:
        rows = conn.execute(
            "SELECT index, ordinal, table_name, row_id, version, sha256 FROM ledger_record ORDER BY 1, 2"
        ).fetchall()
    assert rows == [
        (0, 0, first.table, first.row_id, 4, first.sha256),
        (0, 1, second.table, second.row_id, 1, second.sha256),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"call_hash": b""},
        {"answer_hash": bytes(31)},
        {"trace_id": b""},
        {"outcome": 0},
        {"count": 0},
        {"purpose": 40_000},
        {"records": (RecordRef("notice", bytes(16), 1, bytes(31)),)},
        {"method": "m" * 70_000},
    ],
)
def test_a_malformed_entry_is_no_leaf(write: Write, new_entry: NewEntry, changes: dict[str, object]) -> None:
    # What the format doesn't allow isn't written, and the refusal says which field, not its value.
    with pytest.raises(leaf.LeafError) as raised:
        write(0, new_entry(**changes))
    assert "mmm" not in str(raised.value)


def test_time_never_decreases(ledger: Ledger, write: Write) -> None:
    # A database whose clock was set back goes on from the last leaf's time.
    newest = write(1).now_us
    ledger.continuity._clock._offset_us -= 3_600_000_000  # the database says another time, which isn't believed yet
    times = [leaf.decode(receipt.leaf).time_us for receipt in (*write(2).receipts, *write(1).receipts)]
    assert times == [newest] * 3


def test_time_is_the_databases(write: Write, database: Database) -> None:
    # Instants come from the database, not from this host.
    with database.transaction() as conn:
        row = conn.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").fetchone()
    assert row is not None
    assert 0 <= write().now_us - row[0] < 60_000_000


def test_a_changed_directory_is_noticed(database: Database, ledger: Ledger, write: Write, new_entry: NewEntry) -> None:
    # A call that was gated before a revocation is found out: the head that its writer locks has another version.
    versions = []
    for changes in (True, False, True):
        record = RecordRef("certificate_revocation" if changes else "notice", os.urandom(16), 1, os.urandom(32))
        write(0, new_entry(records=(record,)))
        with contextlib.closing(database.connect()) as conn:
            session = Session(conn)
            versions.append(ledger.head(session, session.run(LOCK)[0]).directory_version)
    assert versions == [1, 1, 2]


def test_a_rollback_leaves_nothing(database: Database, ledger: Ledger, new_entry: NewEntry, write: Write) -> None:
    # An entry whose change was rolled back was never there, and the next one takes its index.
    write(255)
    with database.transaction() as conn:
        ledger.append(conn, [new_entry(), new_entry()])
        conn.rollback()
    assert write(2).receipts[0].index == 255
    with database.transaction() as conn:
        tile = conn.execute("SELECT hashes FROM ledger_tile").fetchall()
        leaves = conn.execute("SELECT leaf FROM ledger_entry WHERE index < 256 ORDER BY index").fetchall()
    assert tile == [(b"".join(merkle.leaf_hash(each) for (each,) in leaves),)]


def test_a_head_serves_once(database: Database, ledger: Ledger, new_entry: NewEntry, write: Write) -> None:
    # Two appends on one head would be two entries of one index.
    with contextlib.closing(database.connect()) as conn:
        session = Session(conn)
        head = ledger.head(session, session.run(BEGIN, LOCK)[1])
        first = ledger.compose(session, head, [new_entry()])
        second = ledger.compose(session, head, [new_entry()])
        session.run(*first.steps)
        with pytest.raises(psycopg.errors.DivisionByZero):
            session.run(*second.steps)
        session.run(ROLLBACK)
        session.run(*first.steps, COMMIT)
        with pytest.raises(psycopg.errors.DivisionByZero):
            session.run(BEGIN, *second.steps)
    assert write().receipts[0].index == 1


def test_an_append_opens_a_transaction_that_its_caller_ends(
    database: Database, ledger: Ledger, new_entry: NewEntry
) -> None:
    # Outside of one, each statement would be committed by itself, and the head would be locked by nobody.
    with contextlib.closing(database.connect()) as conn:
        ledger.append(conn, [new_entry()])
        conn.rollback()
        assert ledger.append(conn, [new_entry()]).receipts[0].index == 0


def test_another_ledger_is_not_continued(
    database: Database, keyring: Keyring, write: Write, new_entry: NewEntry
) -> None:
    # A server with another origin in its settings doesn't write into this ledger.
    write()
    with database.transaction() as conn, pytest.raises(WrongOrigin, match=ORIGIN):
        Ledger(keyring, "nsor.gov.pk/other").append(conn, [new_entry()])


@pytest.mark.parametrize(
    ("origin", "fits"),
    [
        ("", True),
        (ORIGIN, True),
        (f"{ORIGIN}/2", True),
        (f"{ORIGIN}/37", True),
        (f"{ORIGIN}/", False),
        (f"{ORIGIN}/x", False),
        (f"{ORIGIN}/2/3", False),
        (f"{ORIGIN}x", False),
        (ORIGIN.replace(".", "x") + "/2", False),
        (ORIGIN[:-1], False),
    ],
)
def test_a_ledger_and_its_epochs_fit_its_origin_and_nothing_else(ledger: Ledger, origin: str, fits: bool) -> None:
    if fits:
        ledger.check_origin(origin)
        return
    with pytest.raises(WrongOrigin):
        ledger.check_origin(origin)


def test_a_ledger_without_a_head_is_unavailable(database: Database, ledger: Ledger) -> None:
    with contextlib.closing(database.connect()) as conn, pytest.raises(LedgerUnavailable, match="no head"):
        ledger.head(Session(conn), [])


def test_a_head_that_another_one_holds_is_not_waited_for_without_end(
    database: Database, ledger: Ledger, new_entry: NewEntry
) -> None:
    # A command says so and ends, while a commit hangs.
    with contextlib.closing(database.connect()) as holding, contextlib.closing(database.connect()) as conn:
        holding.execute("SELECT FROM ledger_head FOR UPDATE")
        conn.execute("SET lock_timeout = '10ms'")
        with pytest.raises(LedgerUnavailable, match="locked by a commit"):
            ledger.append(conn, [new_entry()])


def test_keyring_and_note_agree(keyring: Keyring) -> None:
    # The verifier key that operators publish is the one that checks the notes.
    assert keyring.verifier_key(ORIGIN) == note.Verifier.of(keyring.ledger_signer, ORIGIN).text()


def test_racing_writers_share_one_order(database: Database, keyring: Keyring, new_entry: NewEntry) -> None:
    # Two servers that append at once never take one index, and each checkpoint is a tree of its own size.
    batches = 60

    def serve(seen: list[bytes]) -> None:
        ledger = Ledger(keyring, ORIGIN)
        with database.connect() as conn:
            for size in range(batches):
                appended = ledger.append(conn, [new_entry() for _ in range(1 + size % 9)])
                conn.commit()
                seen.extend(receipt.SerializeToString() for receipt in appended.receipts)

    seen: list[list[bytes]] = [[], []]
    threads = [threading.Thread(target=serve, args=(each,)) for each in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.transaction() as conn:
        rows = conn.execute("SELECT index, leaf FROM ledger_entry ORDER BY index").fetchall()
        checkpoints = conn.execute("SELECT note FROM ledger_checkpoint ORDER BY size").fetchall()
        tiles = conn.execute("SELECT hashes FROM ledger_tile ORDER BY level, tile").fetchall()
    assert [index for index, _ in rows] == list(range(len(seen[0]) + len(seen[1])))
    hashes = [merkle.leaf_hash(each) for _, each in rows]
    verifier = note.Verifier.parse(keyring.verifier_key(ORIGIN))
    frontier = merkle.Frontier()
    for (signed,) in checkpoints:
        checkpoint = note.verify(signed, verifier)
        for each in hashes[frontier.size : checkpoint.size]:
            frontier.append(each)
        assert frontier.root() == checkpoint.root
    assert len(checkpoints) == 2 * batches
    assert [b"".join(hashes[at : at + 256]) for at in range(0, len(hashes) - 255, 256)] == [each for (each,) in tiles]
    times = [leaf.decode(each).time_us for _, each in rows]
    assert times == sorted(times)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET leaf = leaf",
        "UPDATE ledger_entry SET named = officer",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "INSERT INTO ledger_entry_0 SELECT * FROM ledger_entry",
        "DELETE FROM ledger_entry_0",
        "DROP TABLE ledger_detail_0",
        "ALTER TABLE ledger_detail DETACH PARTITION ledger_detail_0",
        "UPDATE ledger_detail SET sealed = sealed",
        "DELETE FROM ledger_detail",
        "UPDATE ledger_record SET version = 2",
        "DELETE FROM ledger_record",
        "UPDATE ledger_checkpoint SET note = note",
        "DELETE FROM ledger_checkpoint",
        "UPDATE ledger_tile SET hashes = hashes",
        "DELETE FROM ledger_tile",
        "DELETE FROM ledger_head",
        "INSERT INTO ledger_head (one, root) VALUES (false, '')",
        "INSERT INTO ledger_epoch VALUES (1, 'x', 0, '')",
        "DROP TABLE ledger_entry",
        "ALTER TABLE ledger_entry ADD COLUMN x integer",
    ],
)
def test_the_server_only_adds(database: Database, write: Write, statement: str) -> None:
    # Whoever takes over the server's database role can't unsay what was recorded.
    write()
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction() as conn:
        conn.execute(statement)


def test_nothing_of_the_detail_is_readable(database: Database, write: Write, new_entry: NewEntry) -> None:
    # Officer and case stand in the sealed detail only.
    detail = record_pb2.AccessDetail(officer_number="CANARY-7719", case_reference="CANARY-CASE").SerializeToString()
    write(0, new_entry(detail=detail))
    with database.transaction() as conn:
        for table in ("ledger_entry", "ledger_detail", "ledger_head", "ledger_checkpoint"):
            for (row,) in conn.execute(f"SELECT {table}::text FROM {table}"):  # noqa: S608 - a constant
                assert b"CANARY".hex() not in row
                assert "CANARY" not in row


def test_a_dump_does_not_tell_a_look_up_that_found_from_one_that_did_not(
    database: Database, write: Write, new_entry: NewEntry
) -> None:
    # The sealed detail of a hit with the longest of everything says more than that of a miss; all have one size.
    found = record_pb2.AccessDetail(
        outcome="FOUND",
        officer_key=bytes(32),
        officer_number="A" * 24,
        certificate=bytes(32),
        case_reference=f"PK-PB/LHR/PS-001 {'C' * 40}",
        subjects=[bytes(16)],
        classes_shown=range(1, 9),
        replay=True,
        request_id=bytes(16),
        named="cnic 3520112345671",
    )
    used = record_pb2.AccessDetail()
    used.CopyFrom(found)
    used.case_reference = "PK-PB/LHR/PS-001 999999/2026"
    used.subjects.append(bytes(16))
    used.grant_position, used.grant_use = 1000, 1000
    missed = record_pb2.AccessDetail(outcome="NO_RECORD")
    write(0, *(new_entry(detail=each.SerializeToString()) for each in (found, used, missed)))
    with database.transaction() as conn:
        sizes = conn.execute("SELECT DISTINCT octet_length(sealed) FROM ledger_detail").fetchall()
    assert len(sizes) == 1


def test_the_time_is_that_at_which_the_lock_is_had(database: Database) -> None:
    # What was waited for the lock isn't a step of the database's clock, of which an alert would tell.
    with (
        contextlib.closing(database.owner()) as holder,
        contextlib.closing(database.connect()) as waiting,
        ThreadPoolExecutor(1) as pool,
    ):
        holder.execute("SELECT FROM ledger_head FOR UPDATE")
        locked = pool.submit(Session(waiting).run, BEGIN, LOCK)
        until(lambda: _waits_for_a_lock(database, waiting), seconds=120)
        ((released_us,),) = holder.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        holder.rollback()
        assert locked.result(120)[1][0][1] >= released_us


def _waits_for_a_lock(database: Database, conn: psycopg.Connection) -> bool:
    with database.transaction() as other:
        found = other.execute(
            "SELECT FROM pg_locks WHERE pid = %s AND NOT granted", (conn.info.backend_pid,)
        ).fetchone()
    return found is not None
