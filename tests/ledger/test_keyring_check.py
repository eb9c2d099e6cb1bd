import pytest

from nsor_server.ledger import keyring_check
from nsor_server.ledger.append import Ledger
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.ledger.conftest import NewEntry


def test_a_ledger_is_not_served_with_a_keyring_that_did_not_sign_it(
    database: Database, ledger: Ledger, keyring: Keyring, new_entry: NewEntry
) -> None:
    # With another keyring no blind index matches: every registered person would be answered "no record".
    with database.transaction() as conn:
        keyring_check.check(conn, Keyring.new())
        ledger.append(conn, [new_entry()])
    with database.transaction() as conn:
        keyring_check.check(conn, keyring)
        keyring_check.check(conn, keyring.rotated())
        with pytest.raises(keyring_check.WrongKeyring, match="Restore its backup"):
            keyring_check.check(conn, Keyring.new())
