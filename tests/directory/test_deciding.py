"""What decides is on the record: each row of an operator's command or a call, with all its columns."""

import datetime as dt

import pytest

from nsor_server.calls import Agency
from nsor_server.directory import certificates, entries
from nsor_server.pki import index
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification import records
from nsor_server.verification.report import Report

AT = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
AGENCY = Agency("a-court", 4, ("PK-PB", "PK-SD"), True, 'A "court"', "عدالت", (2, 3))  # type: ignore[arg-type]  # noqa: FBT003
OTHER = {
    "text": "{0} || '1'",
    "smallint": "{0} + 1",
    "integer": "{0} + 1",
    "bigint": "{0} + 1",
    "boolean": "NOT {0}",
    "bytea": "sha256({0})",
    "uuid": "gen_random_uuid()",
    "timestamptz": "{0} + interval '1 microsecond'",
    "text[]": "{0} || '{{PK}}'",
    "smallint[]": "{0} || '{{7}}'",
}
"""Another value of a column."""


def issued(serial: str) -> index.Issued:
    """A certificate of the court's."""
    return index.Issued(
        serial=serial,
        profile="agency",
        names=(),
        agency_id=AGENCY.agency_id,
        fingerprint=serial * 32,
        not_before=AT,
        not_after=AT + dt.timedelta(days=90),
        at=AT,
    )


@pytest.fixture
def entered(database: Database, keyring: Keyring) -> Database:
    """An agency that was disabled and enabled again, and a certificate that was revoked."""
    revoked = index.Revoked(serial="a1", reason="keyCompromise", at=AT)
    with database.owner() as owner:
        entries.add(owner, keyring, [AGENCY])
        entries.disable(owner, keyring, AGENCY.agency_id)
        entries.enable(owner, keyring, AGENCY.agency_id)
        certificates.import_index(owner, keyring, [issued("a1"), revoked])
    return database


def findings(database: Database) -> list[str]:
    report = Report()
    with database.connect() as conn:
        records.compare(conn, report)
    return [finding.problem for finding in report.findings]


def test_every_row_of_an_operators_command_is_its_entrys(entered: Database) -> None:
    assert findings(entered) == []
    with entered.connect() as conn:
        recorded = conn.execute("SELECT table_name, count(*) FROM ledger_record GROUP BY 1 ORDER BY 1").fetchall()
    assert recorded == [("agency", 1), ("agency_state", 2), ("certificate", 1), ("certificate_revocation", 1)]


@pytest.mark.parametrize(
    ("table", "column", "kind"),
    [
        (table.table.name, column, kind)
        for table in deciding.TABLES.values()
        for column, kind in table.table.columns
        if table.table.name in {"agency", "agency_state", "certificate", "certificate_revocation"}
    ],
)
def test_no_column_of_what_decides_is_changed_unseen(entered: Database, table: str, column: str, kind: str) -> None:
    assert findings(entered) == []
    with entered.owner() as owner:
        owner.execute("ALTER TABLE agency_state DROP CONSTRAINT agency_state_agency_id_fkey")
        newest = " WHERE version = 2" if table == "agency_state" else ""
        owner.execute(f"UPDATE {table} SET {column} = {OTHER[kind].format(column)}{newest}".encode())  # noqa: S608
    assert any(table in finding for finding in findings(entered))


@pytest.mark.parametrize("table", ["agency_state", "certificate", "certificate_revocation"])
def test_a_row_that_was_taken_away_or_put_beside_is_seen(entered: Database, table: str) -> None:
    with entered.owner() as owner:
        owner.execute(f"DELETE FROM {table}".encode())  # noqa: S608 - a constant
    assert any("is gone" in finding for finding in findings(entered))
    with entered.owner() as owner:
        owner.execute("INSERT INTO certificate_revocation (serial, reason) VALUES ('ff', 'unspecified')")
    assert any("no entry wrote" in finding for finding in findings(entered))
