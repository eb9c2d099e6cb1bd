"""The end of the ledger, looked at before the register goes on: whatever was lost or changed there is found."""

from pathlib import Path

import pytest

from nsor.ledger import note
from nsor_server.ledger import tail
from nsor_server.ledger.outside import CopyAhead
from nsor_server.ledger.tail import TornEnd
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.ledger.conftest import ORIGIN, Write

ENTRIES = 5
OTHER = b"\1" * 32


def check(database: Database, keyring: Keyring, copy: Path) -> int:
    with database.transaction() as conn:
        return tail.check(conn, keyring, copy)


def test_a_whole_end_is_one_whatever_its_size(database: Database, keyring: Keyring, write: Write, path: Path) -> None:
    assert check(database, keyring, path) == 0
    for count in (1, ENTRIES, 600):
        size = write(count).receipts[-1].index + 1
        assert check(database, keyring, path) == size


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_head SET size = size - 1",
        "UPDATE ledger_head SET root = %(other)s",
        "UPDATE ledger_head SET frontier = %(other)s || substr(frontier, 33)",
        "UPDATE ledger_head SET origin = origin || '/1'",
        "DELETE FROM ledger_head",
        "DELETE FROM ledger_checkpoint WHERE size = 5",
        "UPDATE ledger_checkpoint SET note = %(other)s WHERE size = 5",
        "UPDATE ledger_entry SET leaf = leaf || '\\x00' WHERE index = 4",
        "DELETE FROM ledger_entry WHERE index = 4",
        "DELETE FROM ledger_detail WHERE index = 0",
    ],
)
def test_an_end_that_was_torn_or_changed_is_not_gone_on_from(
    database: Database, keyring: Keyring, write: Write, path: Path, statement: str
) -> None:
    write(ENTRIES)
    with database.owner() as owner:
        owner.execute(statement.encode(), {"other": OTHER} if "%(other)s" in statement else None)
    with pytest.raises((TornEnd, CopyAhead)):
        check(database, keyring, path)


def test_a_head_that_another_key_has_signed_is_none(database: Database, write: Write, path: Path) -> None:
    # Head, leaves and checkpoint fit together; they aren't this register's.
    write(ENTRIES)
    with pytest.raises(TornEnd, match="isn't signed with a key of the ledger"):
        check(database, Keyring.new(), path)


def test_what_the_copy_knows_and_the_tree_does_not_is_lost(
    database: Database, keyring: Keyring, write: Write, path: Path
) -> None:
    # A restore of yesterday is whole in itself.
    write(ENTRIES)
    checkpoint = note.Checkpoint(ORIGIN, ENTRIES + 1, OTHER)
    path.parent.mkdir(parents=True)
    path.write_bytes(note.sign(checkpoint, keyring.ledger_signer, ORIGIN) + b"\n")
    with pytest.raises(CopyAhead):
        check(database, keyring, path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere" / "checkpoints"
