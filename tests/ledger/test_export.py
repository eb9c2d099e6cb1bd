"""`nsor-server ledger export` as an operator runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nsor.ledger import copied, note
from nsor_server.storage.pool import Database
from tests.ledger.conftest import Write
from tests.ledger.test_commands import Operator, operator

__all__ = ["operator"]


def size_of(folder: Path) -> int:
    signed = (folder / copied.CHECKPOINT).read_bytes()
    return note.Checkpoint.parse(note.Note.parse(signed).text).size


def test_an_export_is_brought_up_to_now(operator: Operator, write: Write, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    write(300)
    code, said = operator.run("export", str(folder))
    assert code == 0, said
    assert "wrote 300 entries of nsor.gov.pk/ledger" in said
    assert "verifier key: nsor.gov.pk/ledger+" in said
    write(2)
    assert operator.run("export", str(folder))[0] == 0
    assert size_of(folder) == 302
    assert (folder / "tile/entries/001.p/46").exists()
    assert not (folder / "tile/entries/001.p/44").exists()


def test_hashes_only_has_no_entry(operator: Operator, write: Write, tmp_path: Path) -> None:
    write(3)
    assert operator.run("export", str(tmp_path / "log"), "--hashes-only")[0] == 0
    assert (tmp_path / "log/tile/0/000.p/3").exists()
    assert not (tmp_path / "log/tile/entries").exists()


def test_nothing_is_exported_before_the_first_call(operator: Operator, tmp_path: Path) -> None:
    code, said = operator.run("export", str(tmp_path / "log"))
    assert code == 2
    assert "the ledger has no entry yet" in said


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE ledger_entry SET leaf = leaf || '\\x00' WHERE index = 4", "other entries than its tile"),
        ("DELETE FROM ledger_entry WHERE index = 4", "only 255 are there"),
        ("UPDATE ledger_tile SET hashes = overlay(hashes placing '\\x00' from 9)", "doesn't lead to the root"),
        ("UPDATE ledger_entry SET leaf = leaf || '\\x00' WHERE index = 299", "don't lead to the root"),
    ],
)
def test_a_ledger_that_was_changed_isnt_exported(
    operator: Operator, write: Write, database: Database, *, statement: str, why: str
) -> None:
    # Whoever reads the export mustn't have to believe the database.
    write(300)
    with database.owner() as conn:
        conn.execute(statement.encode())
    code, said = operator.run("export", str(operator.folder / "log"))
    assert code == 2
    assert why in said
    assert not (operator.folder / "log" / copied.CHECKPOINT).exists()


def test_a_folder_of_another_log_stays_as_it_is(operator: Operator, write: Write, tmp_path: Path) -> None:
    write(2)
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / copied.CHECKPOINT).write_bytes(b"of another log\n")
    code, said = operator.run("export", str(tmp_path / "log"))
    assert code == 2
    assert "isn't one of this ledger" in said
    assert (tmp_path / "log" / copied.CHECKPOINT).read_bytes() == b"of another log\n"
