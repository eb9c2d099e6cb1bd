"""The owner of the database edits what decides, past the register. Nothing of it has an effect, and it is said so."""

import functools
from collections.abc import Callable
from typing import Any, cast

import psycopg
import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.directory import Directory, DirectoryContradicted, Prove
from nsor_server.calls import Agency
from nsor_server.directory import certificates, entries
from nsor_server.ledger import directory_proof
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.pki import index
from nsor_server.policy import documents
from nsor_server.storage import decided_rows
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests import deciding, policies
from tests.directory.test_deciding import AGENCY, AT, findings, issued

OTHER = Agency("a-police", 1, ("PK-PB",), True, "Police", "پولیس")  # type: ignore[arg-type]  # noqa: FBT003

Edit = Callable[[psycopg.Connection], object]


@pytest.fixture
def prove(keyring: Keyring) -> Prove:
    return functools.partial(directory_proof.prove, keys=LogKeys.of(keyring))


@pytest.fixture
def entered(database: Database, keyring: Keyring) -> Database:
    """A policy; two agencies, one of them disabled; two certificates, one of them revoked last of all."""
    policies.enter(database, keyring)
    with database.owner() as owner:
        entries.add(owner, keyring, [AGENCY, OTHER])
        entries.disable(owner, keyring, OTHER.agency_id)
        certificates.import_index(owner, keyring, [issued("a1"), issued("b2")])
        certificates.import_index(owner, keyring, [index.Revoked(serial="b2", reason="keyCompromise", at=AT)])
    return database


def _undo_last(conn: psycopg.Connection) -> None:
    """The revocation goes with its record, and the head says what it said before."""
    conn.execute("DELETE FROM certificate_revocation")
    conn.execute("DELETE FROM ledger_record WHERE table_name = 'certificate_revocation'")
    _set_head_back(conn)


def _set_head_back(conn: psycopg.Connection) -> None:
    leaf = conn.execute("SELECT leaf FROM ledger_entry ORDER BY index DESC OFFSET 1 LIMIT 1").fetchone()
    assert leaf is not None
    before = leaf_pb2.Leaf.FromString(leaf[0])
    conn.execute(
        "UPDATE ledger_head SET directory_version = %s, directory_hash = %s",
        (before.directory_version, before.directory_hash),
    )


def _forge(conn: psycopg.Connection) -> None:
    """A revocation that nobody has made, with a record beside those of the newest entry."""
    conn.execute("INSERT INTO certificate_revocation VALUES ('a1', 'keyCompromise')")
    (ref,) = deciding.unrecorded(conn)
    conn.execute(
        "INSERT INTO ledger_record SELECT max(index), 9, %s, %s, 1, %s FROM ledger_record",
        (ref.table, ref.row_id, ref.sha256),
    )


def _wider_grants(conn: psycopg.Connection) -> tuple[bytes, bytes]:
    """A grant of a hundred uses: its digest and its content."""
    row = conn.execute("SELECT content FROM policy_version WHERE name = 'grants'").fetchone()
    assert row is not None
    content = bytes(row[0]).replace(b'"uses_per_subject":1', b'"uses_per_subject":100')
    assert content != row[0]
    return documents.digest("grants", content), content


def _jury(conn: psycopg.Connection) -> None:
    """Another kind, and a function of the schema's own that still gives of the row what was recorded.

    Its arguments are exactly those of the row's columns, so that it is found before PostgreSQL's own.
    """
    conn.execute(
        """
        CREATE FUNCTION public.jsonb_build_array(text, smallint, text, text, text[], bigint, smallint[])
        RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
            SELECT pg_catalog.jsonb_build_array(
                $1, CASE WHEN $1 = 'a-police' THEN 1 ELSE $2 END, $3, $4, $5, $6, $7)
        $$
        """
    )
    conn.execute("UPDATE agency SET kind = 8 WHERE agency_id = 'a-police'")


def _twice(conn: psycopg.Connection) -> None:
    """A row beside the one that was recorded, under its id."""
    conn.execute("ALTER TABLE certificate_revocation DROP CONSTRAINT certificate_revocation_pkey CASCADE")
    conn.execute("INSERT INTO certificate_revocation SELECT serial, reason, revoked_at FROM certificate_revocation")


EDITS = [
    pytest.param(_jury, id="another kind, and a function that hides it"),
    pytest.param(_twice, id="a row twice"),
    pytest.param(
        lambda conn: conn.execute("ALTER TABLE agency_state ALTER enabled TYPE text USING 'true'"), id="another type"
    ),
    pytest.param(
        lambda conn: conn.execute("UPDATE certificate_revocation SET revoked_at = 'infinity'"),
        id="a time that can't be read",
    ),
    pytest.param(
        lambda conn: conn.execute("ALTER TABLE certificate_revocation RENAME reason TO cause"), id="another column"
    ),
    pytest.param(
        lambda conn: conn.execute(
            "UPDATE policy_version SET digest = %s, content = %s WHERE name = 'grants'", _wider_grants(conn)
        ),
        id="another policy",
    ),
    pytest.param(
        lambda conn: conn.execute(
            "INSERT INTO policy_version (name, version, digest, content, adopted_at)"
            " VALUES ('grants', 2, %s, %s, now())",
            _wider_grants(conn),
        ),
        id="a policy more",
    ),
    pytest.param(
        lambda conn: conn.execute("DELETE FROM policy_version WHERE name = 'narrowing'"), id="a policy is gone"
    ),
    pytest.param(lambda conn: conn.execute("UPDATE agency SET kind = 8"), id="another kind"),
    pytest.param(lambda conn: conn.execute("UPDATE agency SET jurisdiction = '{PK}'"), id="a wider jurisdiction"),
    pytest.param(lambda conn: conn.execute("UPDATE agency_state SET enabled = true"), id="enabled in place"),
    pytest.param(lambda conn: conn.execute("DELETE FROM agency_state"), id="enabled by forgetting"),
    pytest.param(
        lambda conn: conn.execute("INSERT INTO agency_state VALUES ('a-police', 2, true)"), id="enabled by a row more"
    ),
    pytest.param(lambda conn: conn.execute("DELETE FROM certificate_revocation"), id="a revocation is gone"),
    pytest.param(_undo_last, id="a revocation is gone with its record"),
    pytest.param(_set_head_back, id="the head is set back"),
    pytest.param(_forge, id="a row with a record"),
    pytest.param(
        lambda conn: conn.execute(
            "INSERT INTO certificate SELECT 'c3', agency_id, sha256(fingerprint), not_before, not_after"
            " FROM certificate LIMIT 1"
        ),
        id="a certificate more",
    ),
    pytest.param(
        lambda conn: conn.execute("UPDATE certificate SET fingerprint = sha256(fingerprint)"), id="another certificate"
    ),
    pytest.param(
        lambda conn: conn.execute("UPDATE ledger_record SET sha256 = sha256(sha256) WHERE table_name = 'agency'"),
        id="another record",
    ),
    pytest.param(
        lambda conn: conn.execute("UPDATE ledger_record SET ordinal = 1 - ordinal WHERE table_name = 'certificate'"),
        id="records in another order",
    ),
    pytest.param(
        lambda conn: conn.execute("DELETE FROM ledger_checkpoint WHERE size = (SELECT size FROM ledger_head)"),
        id="no checkpoint over the newest",
    ),
]


@pytest.mark.parametrize("edit", [each for each in EDITS if each.id != "the head is set back"])
def test_a_server_does_not_start_on_what_was_edited(entered: Database, prove: Prove, edit: Edit) -> None:
    # One line that says what to do; nothing is served by rows that no entry has made so.
    Directory(entered, prove)
    with entered.owner() as owner:
        edit(owner)
    with pytest.raises(DirectoryContradicted, match="ledger verify") as refused:
        Directory(entered, prove)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("edit", EDITS)
def test_a_running_server_goes_on_with_what_was(
    entered: Database, prove: Prove, edit: Edit, caplog: pytest.LogCaptureFixture
) -> None:
    # Also when the head's version says that something is new; and not by reading everything at each call.
    directory = Directory(entered, prove)
    before = directory.current
    with entered.owner() as owner:
        edit(owner)
        owner.execute("UPDATE ledger_head SET directory_version = directory_version + 100")
    assert directory.at_least_as_of(float("inf")) == before
    known = directory.current
    assert (known.version, known.agencies, known.certificates) == (before.version, before.agencies, before.certificates)
    said = caplog.text.count("ALERT DIRECTORY_CONTRADICTED")
    for _ in range(20):
        assert directory.reload().version == before.version
    assert caplog.text.count("ALERT DIRECTORY_CONTRADICTED") <= said + 1


def test_what_is_set_back_has_had_no_effect(
    entered: Database, prove: Prove, monkeypatch: pytest.MonkeyPatch, keyring: Keyring
) -> None:
    # A kind that was changed for a minute showed nobody anything; the next true change is read.
    monkeypatch.setattr("nsor_server.access.directory.RETRY_SECONDS", 0.0)
    directory = Directory(entered, prove)
    with entered.owner() as owner:
        owner.execute("UPDATE agency SET kind = 8 WHERE agency_id = 'a-police'")
    assert directory.reload().agencies[OTHER.agency_id].kind == OTHER.kind
    with entered.owner() as owner:
        owner.execute("UPDATE agency SET kind = 1 WHERE agency_id = 'a-police'")
    with entered.owner() as owner:
        entries.enable(owner, keyring, OTHER.agency_id)
    assert directory.reload().agencies[OTHER.agency_id].enabled


def test_an_operators_command_does_not_build_on_a_head_that_was_edited(entered: Database, keyring: Keyring) -> None:
    # It would sign a hash that no rows ever give again, and nothing could be loaded.
    with entered.owner() as owner:
        owner.execute("UPDATE ledger_head SET directory_hash = sha256('other'), directory_version = 77")
    with entered.owner() as owner:
        entries.enable(owner, keyring, OTHER.agency_id)
    directory = Directory(entered, functools.partial(directory_proof.prove, keys=LogKeys.of(keyring)))
    assert directory.current.agencies[OTHER.agency_id].enabled
    assert directory.current.version == 6


def test_verification_asks_no_function_of_the_database_what_a_row_is(entered: Database) -> None:
    assert findings(entered) == []
    with entered.owner() as owner:
        _jury(owner)
    assert findings(entered) == ["the entry's record in agency isn't what it wrote: it was exchanged"]


def test_verification_finds_what_cannot_be_compared(entered: Database) -> None:
    # A second row of an id, columns of another type, a time beyond all: each is found, and no table hides another.
    with entered.owner() as owner:
        _twice(owner)
        owner.execute("ALTER TABLE agency ALTER kind TYPE text")
        owner.execute("ALTER TABLE agency_state ALTER set_at DROP DEFAULT, ALTER set_at TYPE text")
        owner.execute("UPDATE certificate SET not_after = 'infinity'")
    found = " ".join(findings(entered))
    assert "certificate_revocation has a row twice" in found
    assert "the entry's record in agency isn't what it wrote" in found
    assert "a column of agency_state isn't what it must be" in found
    assert "certificate has a value that can't be read" in found


class Fetched:
    """A connection that counts the rows that come from it."""

    def __init__(self, conn: psycopg.Connection) -> None:
        self.conn = conn
        self.rows = 0

    def execute(self, *given: Any) -> Any:
        return _Result(self, self.conn.execute(*given))


class _Result:
    def __init__(self, of: Fetched, cursor: Any) -> None:
        self.of, self.cursor = of, cursor

    def fetchall(self) -> list[Any]:
        rows: list[Any] = self.cursor.fetchall()
        self.of.rows += len(rows)
        return rows


def test_rows_that_no_entry_added_fill_no_memory(database: Database, keyring: Keyring) -> None:
    # Millions of them would be the end of the server, or a time-out of which nobody hears.
    with database.owner() as owner:
        before = Fetched(owner)
        decided_rows.read(
            cast("psycopg.Connection", before), directory_proof.prove(owner, LogKeys.of(keyring)).directory_hash
        )
        owner.execute(
            "INSERT INTO certificate_revocation SELECT to_hex(n), 'unspecified' FROM generate_series(1, 5000) AS n"
        )
        after = Fetched(owner)
        with pytest.raises(decided_rows.Contradicted, match="certificate_revocation has a row that no entry added"):
            decided_rows.read(cast("psycopg.Connection", after), b"")
    assert after.rows <= before.rows + 1


def test_a_table_without_rows_that_was_changed_is_not_passed_over(database: Database) -> None:
    # Its first row would be read as something else.
    digest = directory_proof.NOTHING.directory_hash
    with database.owner() as owner:
        decided_rows.read(owner, digest)
        owner.execute("ALTER TABLE certificate_revocation RENAME COLUMN reason TO other")
        with pytest.raises(decided_rows.Contradicted, match=r"one of .*certificate_revocation.* can't be read"):
            decided_rows.read(owner, digest)
        owner.rollback()
