"""The CA's index in the register: which serials are active, and that every import is on record."""

import datetime as dt
from pathlib import Path

import psycopg
import pytest

from certs import flawed
from nsor_server.directory import certificates
from nsor_server.pki import development, index
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database

AT = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def issued(serial: str, agency_id: str | None = "npb", fingerprint: str = "ab" * 32) -> index.Issued:
    return index.Issued(
        serial=serial,
        profile="server" if agency_id is None else "agency",
        names=(),
        agency_id=agency_id,
        fingerprint=fingerprint,
        not_before=AT,
        not_after=AT + dt.timedelta(days=90),
        at=AT,
    )


def revoked(serial: str) -> index.Revoked:
    return index.Revoked(serial=serial, reason="keyCompromise", at=AT)


def imported(database: Database, keyring: Keyring, *entries: index.Entry) -> certificates.Imported:
    with database.owner() as connection:
        return certificates.import_index(connection, keyring, entries)


def one(database: Database, query: str) -> object:
    with database.owner() as connection:
        row = connection.execute(query.encode()).fetchone()
    return None if row is None else row[0]


def version(database: Database) -> object:
    return one(database, "SELECT directory_version FROM ledger_head")


def test_an_import_makes_serials_active_and_leaves_servers_out(database: Database, keyring: Keyring) -> None:
    # The server believes a serial only when it is here.
    done = imported(database, keyring, issued("a1"), issued("b2", None), issued("c3"), revoked("c3"))
    assert done == certificates.Imported(issued=2, revoked=1)
    with database.transaction() as connection:
        rows = connection.execute("SELECT serial, agency_id, fingerprint, not_after FROM certificate ORDER BY 1")
        assert rows.fetchall() == [
            ("a1", "npb", bytes.fromhex("ab" * 32), AT + dt.timedelta(days=90)),
            ("c3", "npb", bytes.fromhex("ab" * 32), AT + dt.timedelta(days=90)),
        ]
        rows = connection.execute("SELECT serial, reason, revoked_at FROM certificate_revocation")
        assert rows.fetchall() == [("c3", "keyCompromise", AT)]


def test_an_import_moves_the_directory_on_and_is_in_the_ledger(database: Database, keyring: Keyring) -> None:
    # A call that was gated before a revocation is gated again; and the Committee sees who changed what counts.
    imported(database, keyring, issued("a1"))
    before = version(database)
    entries = one(database, "SELECT size FROM ledger_head")
    imported(database, keyring, issued("a1"), revoked("a1"))
    assert isinstance(before, int)
    assert isinstance(entries, int)
    after = version(database)
    assert isinstance(after, int)
    assert after > before
    assert one(database, "SELECT size FROM ledger_head") == entries + 1


def test_importing_again_changes_nothing(database: Database, keyring: Keyring) -> None:
    # Operators import the whole index each time.
    entries = (issued("a1"), issued("b2"), revoked("b2"))
    imported(database, keyring, *entries)
    before = version(database)
    assert imported(database, keyring, *entries) == certificates.Imported(issued=0, revoked=0)
    assert version(database) == before


def test_a_serial_with_another_certificate_is_refused_whole(database: Database, keyring: Keyring) -> None:
    # The index of another CA must not slip in beside the right one.
    imported(database, keyring, issued("a1"))
    before = version(database)
    with pytest.raises(certificates.IndexConflict, match="Serial a1"):
        imported(database, keyring, issued("b2"), issued("a1", fingerprint="cd" * 32))
    assert one(database, "SELECT count(*) FROM certificate") == 1
    assert version(database) == before


def test_the_server_s_role_can_neither_add_nor_change_a_certificate(database: Database, keyring: Keyring) -> None:
    # Whoever takes over the server must not be able to admit a caller.
    imported(database, keyring, issued("a1"), revoked("a1"))
    for statement in (
        "INSERT INTO certificate SELECT 'ff', agency_id, fingerprint, not_before, not_after FROM certificate",
        "UPDATE certificate SET agency_id = 'nadra'",
        "DELETE FROM certificate_revocation",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction() as connection:
            connection.execute(statement.encode())


def test_the_development_index_goes_in_whole(database: Database, keyring: Keyring, tmp_path: Path) -> None:
    # What `make demo` does first.
    development.create(tmp_path / "dev", ["punjab-police", "npb"])
    flawed.create(tmp_path / "dev")
    done = imported(database, keyring, *index.read(tmp_path / "dev" / "index.jsonl"))
    assert (done.issued, done.revoked) == (7, 1)
