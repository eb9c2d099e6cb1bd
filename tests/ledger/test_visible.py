"""`ledger verify` reads as the server does and as the owner does: rows that are hidden from one of them show."""

import contextlib
from collections.abc import Iterator

import psycopg
import pytest

from nsor_server.storage.pool import Database
from nsor_server.verification import visible
from nsor_server.verification.report import Report
from tests.ledger.conftest import Write


@pytest.fixture
def views(database: Database) -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    """Both roles' connections; nothing is read yet."""
    with contextlib.closing(database.connect()) as server, contextlib.closing(database.owner()) as owner:
        server.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield server, owner


def problems(views: tuple[psycopg.Connection, psycopg.Connection]) -> list[str]:
    report = Report()
    server, owner = views
    visible.join(owner, visible.exported(server))
    visible.rows(*views, report)
    assert any("tables were read as the server and as the owner" in remark for remark in report.remarks)
    return [finding.problem for finding in report.findings]


def test_both_see_the_same_while_others_write(
    views: tuple[psycopg.Connection, psycopg.Connection], write: Write
) -> None:
    # One snapshot for both: a register that serves meanwhile is no difference.
    write(3)
    server, _ = views
    assert server.execute("SELECT count(*) FROM ledger_entry").fetchone() == (3,)
    write(4)
    assert problems(views) == []


def test_a_policy_hides_from_the_server_only(
    views: tuple[psycopg.Connection, psycopg.Connection], database: Database, write: Write
) -> None:
    write(3)
    with database.owner() as owner:
        owner.execute("CREATE POLICY hides ON ledger_entry USING (index <> 1)")
        owner.execute("ALTER TABLE ledger_entry ENABLE ROW LEVEL SECURITY")
    server, _ = views
    # As a connection that isn't ours would read.
    server.execute("SET row_security = on")
    assert problems(views) == ["the server sees 2 rows of ledger_entry, its owner sees 3, or others"]


def test_what_stands_before_a_table_is_a_finding(
    views: tuple[psycopg.Connection, psycopg.Connection], database: Database, write: Write
) -> None:
    write(3)
    with database.owner() as owner:
        owner.execute("CREATE POLICY hides ON ledger_entry USING (index <> 1)")
        owner.execute("ALTER TABLE ledger_entry ENABLE ROW LEVEL SECURITY")
        owner.execute("ALTER TABLE look_up RENAME TO hidden")
        owner.execute("CREATE VIEW look_up AS SELECT * FROM hidden WHERE false")
        owner.execute("GRANT SELECT ON look_up TO nsor_server")
    found = problems(views)
    assert "the rows of ledger_entry can't be compared: a policy or a view stands before them" in found
    assert "the rows of look_up can't be compared: a policy or a view stands before them" in found
