"""Whether a keyring is the one that a database is written with now.

With another one nothing would be found: blind indexes of its keys match no row, and every look-up would be answered "no
record", truthfully signed. So a register serves neither with a keyring that didn't sign its newest checkpoint nor with
one from before a rotation. Which keys there must be is a row that decides: each rotation is an entry of the ledger.
"""

from nsor.ledger import note
from nsor_server.calls import Row
from nsor_server.config import OperatorError
from nsor_server.ledger import operator, proofs
from nsor_server.ledger.append import Connection
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.storage import deciding, rotation, tables
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

METHOD = "nsor-server/keys.rotate"

_NEWEST = "SELECT version, key_ids, primary_ids, recorded_at FROM keyring_version ORDER BY version DESC LIMIT 1"


class WrongKeyring(OperatorError):
    """The keyring isn't the database's."""


def check(conn: Connection, keyring: Keyring) -> None:
    """See that the keyring signed the newest checkpoint and has every key of the newest rotation.

    A ledger without entries fits any; one that no rotation has changed is known by its signature alone.

    Raises:
        WrongKeyring: it isn't the database's.
    """
    if not _is_migrated(conn):
        return
    try:
        newest = proofs.checkpoint(conn)
    except proofs.NoSuchTree:
        return
    try:
        LogKeys.of(keyring).verify(newest)
    except note.NoteError:
        raise WrongKeyring(
            "the keyring isn't the one that this database was written with: with it nobody would be found. "
            "Restore its backup with `nsor-server keys restore`"
        ) from None
    found = conn.execute(_NEWEST).fetchone()
    if found is None:
        return
    _, key_ids, primary_ids, recorded_at = found
    if not set(key_ids) <= set(keyring.key_ids):
        raise WrongKeyring(
            f"the keyring is from before the rotation of {recorded_at:%Y-%m-%d %H:%M} UTC: with it whoever was entered "
            "since would not be found. Restore a backup from after it with `nsor-server keys restore`"
        )
    if set(keyring.primary_ids) != set(primary_ids):
        raise WrongKeyring(
            "the keyring was rotated, and the rotation wasn't finished: run `nsor-server keys rotate --rewrap-only`"
        )


def record(conn: Connection, keyring: Keyring) -> bool:
    """Record the keyring's key ids as the ones that count from now on; the caller commits.

    Args:
        conn: of the owner's role.
        keyring: all its keys; its signer signs the entry.

    Returns: False: they count already, or there is no register yet.
    """
    if not _is_migrated(conn):
        return False
    found = conn.execute(_NEWEST).fetchone()
    if found is not None and (found[1], found[2]) == (list(keyring.key_ids), list(keyring.primary_ids)):
        return False
    version = 1 if found is None else found[0] + 1
    row = Row(deciding.KEYRINGS, (version, keyring.key_ids, keyring.primary_ids, operator.now(conn)))
    lacking = [each for each in keyring.primary_ids if found is not None and each not in found[1]]
    outcome = "KEYS_RECORDED" if found is None else "KEYS_ROTATED BACKUPS_WITHOUT " + " ".join(lacking)
    operator.record(conn, keyring, method=METHOD, detail=record_pb2.AccessDetail(outcome=outcome), rows=[row])
    return True


def _is_migrated(conn: Connection) -> bool:
    """Whether there is a register yet: keys can be made, and made anew, before."""
    return tables.exists(conn, deciding.KEYRINGS.name)


def unknown_keys(conn: Connection, keyring: Keyring) -> list[str]:
    """Tables whose rows were made with keys that the keyring lacks."""
    sealing = [each.to_bytes(4, "big") for each in keyring.sealing.key_ids]
    blind = sorted({each for keyset in keyring.blind.values() for each in keyset.key_ids})
    found = []
    for table, column in _SEALED:
        query = f"SELECT FROM {table} WHERE substr({column}, 2, 4) <> ALL (%s) LIMIT 1"
        if conn.execute(query.encode(), (sealing,)).fetchone() is not None:
            found.append(table)
    for table, column in _BLIND:
        query = f"SELECT FROM {table} WHERE {column} <> ALL (%s) LIMIT 1"
        if conn.execute(query.encode(), (blind,)).fetchone() is not None:
            found.append(table)
    return found


_SEALED = (
    *((table, "wrapped") for table, _ in rotation.TABLES),
    ("access_request_version", "sealed"),
    ("access_grant", "sealed"),
    ("idempotency", "kept"),
    ("tripwire_replay", "sealed"),
)
"""What is sealed under the keyring itself: Tink's prefix names the key."""
_BLIND = (
    ("registration_identifier", "key_id"),
    ("registration_identifier_withdrawal", "key_id"),
    ("registration_screened", "key_id"),
    ("registration_case", "key_id"),
    ("watched_number", "key_id"),
    ("officer", "own_key_id"),
    ("focal_person", "own_key_id"),
)
