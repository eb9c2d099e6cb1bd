"""Each way of rewriting the ledger's past that the owner of the database has, and the index at which it is found."""

import hashlib
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.ledger import note
from nsor.ledger.merkle import Frontier, leaf_hash
from nsor.ledger.note import Checkpoint
from nsor.ledger.v1 import leaf_pb2
from nsor_server.calls import RecordRef
from nsor_server.ledger.detail import Details
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification import records
from nsor_server.verification.report import Report
from tests import deciding
from tests.ledger.conftest import ORIGIN, NewEntry, Write
from tests.ledger.walks import walked

Tamper = Callable[[Callable[[psycopg.Connection], Any]], None]


@pytest.fixture
def verify(database: Database, keyring: Keyring) -> Callable[[], Report]:
    """Verifies the ledger and gives the report, the lowest index first."""

    def run() -> Report:
        with database.connect() as conn:
            conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            conn.read_only = True
            return walked(conn, keyring, records.compare)

    return run


@pytest.fixture
def history(write: Write, new_entry: NewEntry, database: Database) -> list[RecordRef]:
    """300 entries in commits of 1 to 7, of which entry 10 wrote a notice and entry 20 two versions of a request."""
    agency: list[RecordRef] = []
    written = [("notice", 1), ("access_request_version", 1), ("access_request_version", 2)]
    rows = []
    with database.owner() as conn:
        conn.execute(
            "INSERT INTO agency (agency_id, kind, name_en, name_ur, jurisdiction)"
            " VALUES ('punjab-police', 1, 'P', 'P', '{PK}')"
        )
        agency += deciding.unrecorded(conn)
        row_id = uuid.uuid4()
        for table, version in written:
            sealed = f"{table} {version}".encode()
            if table == "notice":
                conn.execute(
                    "INSERT INTO notice (notice_id, registration_id, agency_id, sealed)"
                    " VALUES (%s, %s, 'punjab-police', %s)",
                    (row_id, uuid.uuid4(), sealed),
                )
            else:
                conn.execute(
                    "INSERT INTO access_request_version (access_request_id, version, state, agency_id, place,"
                    " sealed) VALUES (%s, %s, 1, 'punjab-police', 'PK-PB/LHR', %s)",
                    (row_id, version, sealed),
                )
            rows.append(RecordRef(table, row_id.bytes, version, hashlib.sha256(sealed).digest()))
    write(0, new_entry(records=tuple(agency)), *(new_entry() for _ in range(9)))
    write(0, new_entry(records=(rows[0],)))
    write(9)
    write(0, new_entry(records=(rows[1], rows[2])))
    for batch in range(1, 8):
        write(batch)
    write(300 - 21 - 28)
    return rows


@pytest.fixture
def tamper(database: Database) -> Tamper:
    """Changes the database as its superuser could."""

    def change(act: Callable[[psycopg.Connection], Any]) -> None:
        with database.owner() as conn:
            act(conn)

    return change


def first(report: Report) -> tuple[int, str]:
    assert report.findings, "nothing was found"
    return report.findings[0].index, report.findings[0].problem


def change_leaf(conn: psycopg.Connection, index: int, **fields: Any) -> bytes:
    """Rewrite a leaf, and its row for queries so that they agree."""
    row = conn.execute("SELECT leaf FROM ledger_entry WHERE index = %s", (index,)).fetchone()
    assert row is not None
    leaf = leaf_pb2.Leaf.FromString(row[0])
    for name, value in fields.items():
        setattr(leaf, name, value)
    encoded = leaf.SerializeToString()
    conn.execute("UPDATE ledger_entry SET leaf = %s, agency = %s WHERE index = %s", (encoded, leaf.agency, index))
    return encoded


def shift(conn: psycopg.Connection, above: int, by: int) -> None:
    """Renumber the entries after one."""
    for table in ("ledger_entry", "ledger_detail", "ledger_record"):
        conn.execute(f"UPDATE {table} SET index = index + 1000000 WHERE index > %s", (above,))  # noqa: S608
        conn.execute(f"UPDATE {table} SET index = index - 1000000 + %s WHERE index >= 1000000", (by,))  # noqa: S608


def swap(conn: psycopg.Connection, tables: tuple[str, ...], one: int, other: int) -> None:
    for table in tables:
        for old, new in ((one, 1_000_000), (other, one), (1_000_000, other)):
            conn.execute(f"UPDATE {table} SET index = %s WHERE index = %s", (new, old))  # noqa: S608


def swap_columns(conn: psycopg.Connection, columns: tuple[str, ...], one: int, other: int) -> None:
    for column in columns:
        conn.execute(
            f"UPDATE ledger_entry AS mine SET {column} = theirs.{column} FROM ledger_entry AS theirs"  # noqa: S608
            " WHERE (mine.index, theirs.index) IN ((%(one)s, %(other)s), (%(other)s, %(one)s))",
            {"one": one, "other": other},
        )


WHOLE = ("ledger_entry", "ledger_detail")


@pytest.mark.usefixtures("history")
def test_a_whole_ledger_verifies(verify: Callable[[], Report]) -> None:
    # Nothing is found where nothing is wrong.
    report = verify()
    assert report.findings == []
    assert report.size == 300
    assert report.checkpoints == 12


def test_an_empty_ledger_verifies(verify: Callable[[], Report]) -> None:
    # So also before the first call.
    assert verify().findings == []


def delete_entry(conn: psycopg.Connection) -> None:
    for table in WHOLE:
        conn.execute(f"DELETE FROM {table} WHERE index = 150")  # noqa: S608


def delete_and_close_the_gap(conn: psycopg.Connection) -> None:
    delete_entry(conn)
    shift(conn, 150, -1)
    conn.execute("UPDATE ledger_head SET size = size - 1")


def copy_entry(conn: psycopg.Connection, one: int, other: int) -> None:
    conn.execute(
        "INSERT INTO ledger_entry"
        " (index, access_id, officer, case_label, named, method, purpose, outcome, agency, leaf)"
        " SELECT %s, access_id, officer, case_label, named, method, purpose, outcome, agency, leaf"
        " FROM ledger_entry WHERE index = %s",
        (other, one),
    )
    conn.execute(
        "INSERT INTO ledger_detail (index, sealed) SELECT %s, sealed FROM ledger_detail WHERE index = %s", (other, one)
    )


def insert_entry(conn: psycopg.Connection) -> None:
    shift(conn, 149, 1)
    copy_entry(conn, 40, 150)
    conn.execute("UPDATE ledger_head SET size = size + 1")


def append_entry(conn: psycopg.Connection) -> None:
    copy_entry(conn, 40, 300)


def cut_off(conn: psycopg.Connection) -> None:
    for table in WHOLE:
        conn.execute(f"DELETE FROM {table} WHERE index >= 298")  # noqa: S608


def rewind(conn: psycopg.Connection) -> None:
    cut_off(conn)
    conn.execute("UPDATE ledger_head SET size = 298")


@pytest.mark.parametrize(
    ("attack", "index", "says"),
    [
        (lambda conn: change_leaf(conn, 150, agency="npb"), 150, "changed, moved or exchanged"),
        (lambda conn: change_leaf(conn, 299, agency="npb"), 299, "changed, moved or exchanged"),
        (lambda conn: change_leaf(conn, 150, time_us=1), 150, "time"),
        (lambda conn: conn.execute("UPDATE ledger_entry SET leaf = '\\x00' WHERE index = 150"), 150, "no leaf"),
        (delete_entry, 150, "missing"),
        (delete_and_close_the_gap, 150, "changed, moved or exchanged"),
        (insert_entry, 150, "changed, moved or exchanged"),
        (append_entry, 300, "300 entries, there are 301"),
        (cut_off, 298, "missing"),
        (rewind, 49, "no checkpoint was signed over the last entries"),
        (lambda conn: swap(conn, WHOLE, 150, 170), 150, "changed, moved or exchanged"),
        (lambda conn: swap(conn, ("ledger_entry",), 150, 170), 150, "changed, moved or exchanged"),
        (lambda conn: swap_columns(conn, ("leaf",), 150, 170), 150, "ledger_entry isn't what"),
        (lambda conn: swap_columns(conn, ("access_id",), 150, 170), 150, "ledger_entry isn't what"),
        (lambda conn: swap_columns(conn, ("officer",), 150, 170), 150, "a label of ledger_entry"),
        (lambda conn: swap_columns(conn, ("case_label",), 150, 170), 150, "a label of ledger_entry"),
        (lambda conn: swap_columns(conn, ("named",), 150, 170), 150, "a label of ledger_entry"),
        (lambda conn: conn.execute("UPDATE ledger_entry SET agency = 'npb' WHERE index = 7"), 7, "isn't what"),
        (lambda conn: conn.execute("UPDATE ledger_entry SET outcome = 2 WHERE index = 7"), 7, "isn't what"),
        (lambda conn: conn.execute("UPDATE ledger_entry SET access_id = named WHERE index = 7"), 7, "isn't what"),
        (lambda conn: conn.execute("UPDATE ledger_entry SET officer = named WHERE index = 7"), 7, "a label"),
        (lambda conn: conn.execute("UPDATE ledger_entry SET case_label = officer WHERE index = 7"), 7, "a label"),
        (lambda conn: conn.execute("UPDATE ledger_entry SET named = gen_random_uuid() WHERE index = 7"), 7, "a label"),
        (lambda conn: conn.execute("DELETE FROM ledger_entry WHERE index = 7"), 7, "entry is missing"),
        (lambda conn: conn.execute("UPDATE ledger_entry SET index = 900 WHERE index = 7"), 7, "entry is missing"),
        (lambda conn: swap(conn, ("ledger_detail",), 150, 170), 150, "doesn't open beside this leaf"),
        (lambda conn: conn.execute("DELETE FROM ledger_detail WHERE index = 7"), 7, "detail is missing"),
        (lambda conn: conn.execute("UPDATE notice SET sealed = 'other'"), 10, "it was exchanged"),
        (
            lambda conn: conn.execute("UPDATE access_request_version AS one SET sealed = other.sealed"
            " FROM access_request_version AS other WHERE one.version <> other.version"),
            20,
            "it was exchanged",
        ),
        (lambda conn: conn.execute("DELETE FROM access_request_version WHERE version = 2"), 20, "is gone"),
        (lambda conn: conn.execute("UPDATE ledger_record SET version = 3 WHERE version = 2"), 20, "aren't those"),
        (lambda conn: conn.execute("DELETE FROM ledger_record WHERE index = 10"), 10, "isn't named"),
        (lambda conn: conn.execute("UPDATE ledger_record SET index = 11 WHERE index = 10"), 10, "isn't named"),
        (lambda conn: conn.execute("UPDATE ledger_record SET table_name = 'x' WHERE index = 10"), 10, "no verif"),
        (
            lambda conn: conn.execute(
                "UPDATE ledger_tile SET hashes = overlay(hashes PLACING '\\x00' FROM 32 * 150 + 1)"
            ),
            150,
            "isn't that of tile 0",
        ),
        (lambda conn: conn.execute("UPDATE ledger_tile SET root = substr(hashes, 1, 32)"), 0, "root of tile 0"),
        (lambda conn: conn.execute("UPDATE ledger_tile SET middle = substr(hashes, 1, 512)"), 0, "root of tile 0"),
        (lambda conn: conn.execute("DELETE FROM ledger_tile"), 0, "tile 0 of level 0 is missing"),
        (lambda conn: conn.execute("UPDATE ledger_tile SET tile = 7"), 0, "tile 0 of level 0 is missing"),
        (lambda conn: conn.execute("DELETE FROM ledger_checkpoint WHERE size = 300"), 49, "no checkpoint"),
        (lambda conn: conn.execute("UPDATE ledger_head SET root = substr(frontier, 1, 32)"), -1, "head's root"),
        (lambda conn: conn.execute("UPDATE ledger_head SET time_us = 1"), -1, "head's time"),
        (lambda conn: conn.execute("UPDATE ledger_head SET origin = 'other'"), -1, "head's origin"),
        (lambda conn: conn.execute("UPDATE ledger_head SET size = 299"), 299, "head says 299"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("history")
def test_each_tampering_is_found_where_it_is(
    verify: Callable[[], Report], tamper: Tamper, attack: Callable[[psycopg.Connection], Any], index: int, says: str
) -> None:
    # The first bad index is named, and what is wrong with it.
    tamper(attack)
    report = verify()
    assert report.findings, "nothing was found"
    assert report.findings[0].index == index, report.findings[0]
    assert any(says in finding.problem for finding in report.findings if finding.index == index)


def partitioned(conn: psycopg.Connection) -> None:
    """Put the details into partitions of 128 entries."""
    conn.execute("CREATE TABLE kept AS SELECT * FROM ledger_detail; DROP TABLE ledger_detail_0, ledger_detail_1")
    for start in (0, 128, 256, 384):
        conn.execute(
            f"CREATE TABLE ledger_detail_from_{start} PARTITION OF ledger_detail"
            f" FOR VALUES FROM ({start}) TO ({start + 128})"
        )
    conn.execute("INSERT INTO ledger_detail SELECT * FROM kept; DROP TABLE kept")


@pytest.mark.usefixtures("history")
def test_details_that_were_dropped_as_a_whole_are_a_remark(
    database: Database, keyring: Keyring, tamper: Tamper
) -> None:
    # The tree stays whole and provable; only what the details said is gone, and how much is said.
    def verified() -> Report:
        with database.connect() as conn:
            return walked(conn, keyring, width=128)

    tamper(partitioned)
    assert (verified().findings, verified().remarks) == ([], [])
    tamper(lambda conn: conn.execute("DROP TABLE ledger_detail_from_0"))
    report = verified()
    assert report.findings == []
    assert report.remarks == ["details of entries 0 to 127 were dropped"]
    # What stands in the leaf is compared all the same.
    tamper(lambda conn: conn.execute("UPDATE ledger_entry SET agency = 'npb' WHERE index = 7"))
    assert first(verified()) == (7, "a column of ledger_entry isn't what the entry says")


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE ledger_detail_from_256",  # the partition that is being written
        "DELETE FROM ledger_detail WHERE index < 128",
        """
        DELETE FROM ledger_detail WHERE index = 0;
        ALTER TABLE ledger_detail DETACH PARTITION ledger_detail_from_0;
        ALTER TABLE ledger_detail ATTACH PARTITION ledger_detail_from_0 FOR VALUES FROM (1) TO (128)
        """,
    ],
)
@pytest.mark.usefixtures("history")
def test_details_that_are_gone_in_another_way_are_found(
    database: Database, keyring: Keyring, tamper: Tamper, statement: str
) -> None:
    tamper(partitioned)
    tamper(lambda conn: conn.execute(statement))
    with database.connect() as conn:
        report = walked(conn, keyring, width=128)
    assert first(report)[1] == "the sealed detail is missing"


@pytest.mark.usefixtures("history")
def test_a_row_that_nobody_wrote_is_found(verify: Callable[[], Report], tamper: Tamper) -> None:
    # A version slipped in beside the ledger has no entry.
    tamper(
        lambda conn: conn.execute(
            "INSERT INTO access_request_version (access_request_id, version, state, agency_id, place, sealed)"
            " SELECT access_request_id, 3, state, agency_id, place, sealed FROM access_request_version LIMIT 1"
        )
    )
    assert "no entry wrote" in first(verify())[1]


@pytest.mark.usefixtures("history")
def test_every_row_beyond_the_last_entry_is_found(verify: Callable[[], Report], tamper: Tamper) -> None:
    tamper(
        lambda conn: conn.execute(
            "INSERT INTO ledger_detail (index, sealed) SELECT nth, '' FROM unnest('{300, 301, 302, 900}'::int[]) AS nth"
        )
    )
    beyond = [each.index for each in verify().findings if "belongs to no entry" in each.problem]
    assert beyond == [300, 301, 302, 900]


@pytest.mark.usefixtures("history")
def test_whoever_signs_with_another_key_is_found(verify: Callable[[], Report], tamper: Tamper) -> None:
    # The past is rewritten whole, tree and head and checkpoint, and signed: but not by the ledger's key.
    key = Ed25519PrivateKey.generate()

    def rewrite(conn: psycopg.Connection) -> None:
        change_leaf(conn, 290, agency="npb")
        resign(conn, key)

    tamper(rewrite)
    report = verify()
    assert any(finding.index == 299 and "isn't ours" in finding.problem for finding in report.findings)


@pytest.mark.usefixtures("history")
def test_whoever_can_seal_and_not_sign_is_found(verify: Callable[[], Report], tamper: Tamper, keyring: Keyring) -> None:
    # A detail sealed anew over a changed leaf opens; the tree still hasn't the root that was signed.
    def rewrite(conn: psycopg.Connection) -> None:
        row = conn.execute(
            "SELECT leaf, sealed FROM ledger_entry JOIN ledger_detail USING (index) WHERE index = 25"
        ).fetchone()
        assert row is not None
        details = Details(keyring)
        salted = details._salted(25, leaf_hash(row[0]), row[1])
        encoded = change_leaf(conn, 25, agency="npb")
        conn.execute("DELETE FROM ledger_tile")
        conn.execute(
            "UPDATE ledger_detail SET sealed = %s WHERE index = 25", (details.seal(25, leaf_hash(encoded), salted),)
        )

    tamper(rewrite)
    problems = {finding.index: finding.problem for finding in verify().findings}
    assert "24 to 26 was changed" in problems[24]


def resign(conn: psycopg.Connection, key: Ed25519PrivateKey) -> None:
    frontier = Frontier()
    for (leaf,) in conn.execute("SELECT leaf FROM ledger_entry ORDER BY index").fetchall():
        frontier.append(leaf_hash(leaf))
    signed = note.sign(Checkpoint(ORIGIN, frontier.size, frontier.root()), key, ORIGIN)
    conn.execute("UPDATE ledger_checkpoint SET note = %s WHERE size = %s", (signed, frontier.size))
    conn.execute("UPDATE ledger_head SET root = %s, frontier = %s", (frontier.root(), frontier.encode()))
