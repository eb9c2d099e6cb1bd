import pytest

from nsor.ledger import merkle
from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger import keyring_check
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.detail import Details
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
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


def test_a_keyring_from_before_a_rotation_is_not_served_with(
    database: Database, ledger: Ledger, keyring: Keyring, new_entry: NewEntry
) -> None:
    # Its signature holds and its old keys open old rows; whoever was entered since would be answered "no record".
    with database.owner() as conn:
        ledger.append(conn, [new_entry()])
        assert keyring_check.record(conn, keyring)
        keyring_check.check(conn, keyring)
    rotated = keyring.rotated()
    with database.owner() as conn:
        with pytest.raises(keyring_check.WrongKeyring, match="--rewrap-only"):
            keyring_check.check(conn, rotated)
        assert keyring_check.record(conn, rotated)
        assert not keyring_check.record(conn, rotated)
    with database.transaction() as conn:
        keyring_check.check(conn, rotated)
        with pytest.raises(keyring_check.WrongKeyring, match="before the rotation"):
            keyring_check.check(conn, keyring)
        twice = rotated.rotated()
        with pytest.raises(keyring_check.WrongKeyring, match="--rewrap-only"):
            keyring_check.check(conn, twice)


def test_a_rotation_is_an_entry_that_names_the_keys_which_stale_backups_lack(
    database: Database, keyring: Keyring
) -> None:
    with database.owner() as conn:
        keyring_check.record(conn, keyring)
        rotated = keyring.rotated()
        keyring_check.record(conn, rotated)
        rows = conn.execute(
            "SELECT leaf, sealed FROM ledger_entry JOIN ledger_detail USING (index) ORDER BY index"
        ).fetchall()
    leaf = leaf_pb2.Leaf.FromString(rows[1][0])
    detail = Details(rotated).open(1, merkle.leaf_hash(rows[1][0]), rows[1][1], leaf.detail_hash)
    assert leaf.method == "nsor-server/keys.rotate"
    assert leaf.directory_version == 2
    assert detail.outcome == "KEYS_ROTATED BACKUPS_WITHOUT " + " ".join(rotated.primary_ids)


def test_verification_says_which_rows_a_stale_keyring_cannot_read(database: Database, keyring: Keyring) -> None:
    rotated = keyring.rotated()
    with database.owner() as conn:
        conn.execute(
            "INSERT INTO registration_key VALUES (gen_random_uuid(), %s)", (Sealer(rotated).new_data_key(bytes(16))[1],)
        )
        conn.execute(
            "INSERT INTO registration_identifier VALUES (gen_random_uuid(), 1, %s, %s)",
            (rotated.blind["cnic"].primary_id, bytes(32)),
        )
        assert keyring_check.unknown_keys(conn, rotated) == []
        assert keyring_check.unknown_keys(conn, keyring) == ["registration_key", "registration_identifier"]
