from pathlib import Path

from nsor_server.ledger import migrations
from nsor_server.storage import migrate
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification.verified import verified
from tests.calls import ORIGIN


def findings(database: Database, keyring: Keyring) -> list[str]:
    with database.owner() as owner:
        return [each.problem for each in verified(owner, keyring, ORIGIN, (Path("none"), 0)).findings]


def test_what_was_applied_is_one_entry_once(database: Database, keyring: Keyring) -> None:
    with database.transaction() as connection:
        assert not migrations.has_ledger(connection)
        assert migrations.record(connection, keyring, ORIGIN) == len(migrate.load())
    with database.transaction() as connection:
        assert migrations.has_ledger(connection)
        assert migrations.record(connection, keyring, ORIGIN) == 0
        assert connection.execute("SELECT size FROM ledger_head").fetchone() == (1,)
    assert findings(database, keyring) == []


def test_a_migration_is_not_changed_nor_taken_away_unseen(database: Database, keyring: Keyring) -> None:
    # When the tables got their form is a fact that an owner may want to move.
    with database.transaction() as connection:
        migrations.record(connection, keyring, ORIGIN)
    with database.owner() as owner:
        owner.execute("UPDATE migration SET applied_at = applied_at - interval '1 day' WHERE number = 1")
    assert findings(database, keyring) == [
        "the entry's record in migration isn't what it wrote: it was exchanged",
    ]
    with database.owner() as owner:
        owner.execute("DELETE FROM migration WHERE number = 1")
    assert "the entry's record is gone from migration" in findings(database, keyring)


def test_a_later_migration_is_an_entry_of_its_own(database: Database, keyring: Keyring) -> None:
    with database.transaction() as connection:
        migrations.record(connection, keyring, ORIGIN)
    with database.owner() as owner:
        owner.execute("INSERT INTO migration (number, name, sha256) VALUES (9000, 'later', sha256('later'))")
    with database.transaction() as connection:
        assert migrations.record(connection, keyring, ORIGIN) == 1
        assert connection.execute("SELECT size FROM ledger_head").fetchone() == (2,)
    assert findings(database, keyring) == ["a migration 9000 is recorded that this version lacks"]
