"""Repeated requests: the same request under the same id gets its first answer, and changes nothing again.

Both the hash of the request and the answer are sealed: in the clear, the hash would confirm a guessed CNIC to
whoever has a dump of the database.
"""

import hashlib
import hmac
import uuid

import psycopg

from nsor_server.errors import RequestIdReused
from nsor_server.storage.sealing import Sealing

_TABLE = "idempotency"
_HASH_BYTES = 32


def claim(
    connection: psycopg.Connection,
    sealer: Sealing,
    *,
    agency_id: str,
    method: str,
    request_id: uuid.UUID,
    request_hash: bytes,
) -> bytes | None:
    """Take the request id for this transaction, and look whether it was used before.

    Args:
        connection: in the transaction that will make the change.
        sealer: the keyring's.
        agency_id: whose id it is; two agencies may use the same one.
        method: full method name.
        request_id: the caller's.
        request_hash: SHA-256 of the request as received, without the nonce.

    Returns: the first answer's bytes if this is a repetition, else None; then `keep` must follow in this
    transaction.

    Raises:
        RequestIdReused: the id was used for another request.
    """
    row_id = _row_id(agency_id, method, request_id)
    lock = int.from_bytes(hashlib.sha256(b"nsor-idempotency\0" + row_id).digest()[:8], "big", signed=True)
    connection.execute("SELECT pg_advisory_xact_lock(%b)", (lock,))
    row = connection.execute(
        "SELECT kept FROM idempotency WHERE agency_id = %b AND method = %b AND request_id = %b",
        (agency_id, method, request_id),
        binary=True,
    ).fetchone()
    if row is None:
        return None
    kept = sealer.open(_TABLE, row_id, 0, row[0])
    if not hmac.compare_digest(kept[:_HASH_BYTES], request_hash):
        raise RequestIdReused
    return kept[_HASH_BYTES:]


def keep(
    connection: psycopg.Connection,
    sealer: Sealing,
    *,
    agency_id: str,
    method: str,
    request_id: uuid.UUID,
    request_hash: bytes,
    response: bytes,
    access_id: uuid.UUID,
) -> None:
    """Keep the answer of the transaction that claimed the request id; the arguments are `claim`'s."""
    if len(request_hash) != _HASH_BYTES:
        raise ValueError("a request hash has 32 bytes")
    sealed = sealer.seal(_TABLE, _row_id(agency_id, method, request_id), 0, request_hash + response)
    connection.execute(
        "INSERT INTO idempotency (agency_id, method, request_id, kept, access_id) VALUES (%b, %b, %b, %b, %b)",
        (agency_id, method, request_id, sealed, access_id),
    )


def _row_id(agency_id: str, method: str, request_id: uuid.UUID) -> bytes:
    """Agency ids and methods hold no NUL, so the parts cannot run into each other."""
    return b"\0".join((agency_id.encode(), method.encode(), request_id.bytes))
