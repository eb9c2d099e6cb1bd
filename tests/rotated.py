"""A rotation of the key that signs a test's ledger."""

from nsor_server.ledger import key_rotation
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database


def rotate(database: Database, keyring: Keyring) -> None:
    """Replace the key, as `nsor-server keys rotate-ledger` does; whoever has this keyring goes on with it."""
    number = keyring.ledger.number
    keyring.ledger.learn(keyring.ledger.with_next())
    with database.owner() as owner:
        key_rotation.rotate(owner, keyring)
        owner.commit()
        ended = key_rotation.ended(owner, number)
    keyring.ledger.learn(keyring.ledger.rotated(number, ended))
