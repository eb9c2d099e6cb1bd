"""Repeated requests: the same request under the same id gets its first answer, and changes nothing again.

Both the hash of the request and the answer are sealed: in the clear, the hash would confirm a guessed CNIC to
whoever has a dump of the database.
"""

import hmac
import uuid
from typing import Any, Final, NamedTuple

import psycopg

from nsor_server.calls import Row, Seen, Table, Versions
from nsor_server.errors import RequestIdReused
from nsor_server.storage.sealing import Sealing
from nsor_server.storage.session import Statement, ask

TABLE: Final = Table(
    "idempotency",
    (("agency_id", "text"), ("method", "text"), ("request_id", "uuid"), ("kept", "bytea"), ("access_id", "uuid")),
    row_id="access_id",
    written_at="created_at",
)
USES: Final = Versions(
    "request id",
    ("text", "text", "uuid"),
    "(SELECT count(*) FROM idempotency AS i WHERE i.agency_id = q.k1 AND i.method = q.k2 AND i.request_id = q.k3)",
)
"""How often a request id was used: 0 or 1."""
_FIND: Final = Statement(
    b"idempotency find", b"SELECT kept FROM idempotency WHERE agency_id = $1 AND method = $2 AND request_id = $3"
)
_HASH_BYTES: Final = 32


class Key(NamedTuple):
    """What a repeated request is known by.

    Attributes:
        agency_id: whose id it is; two agencies may use the same one.
        method: full method name.
        request_id: the caller's.
        request_hash: SHA-256 of the request, 32 bytes.
    """

    agency_id: str
    method: str
    request_id: uuid.UUID
    request_hash: bytes


def find(conn: psycopg.Connection[Any], sealer: Sealing, key: Key) -> bytes | None:
    """The first answer's bytes, if this is a repetition.

    Raises:
        RequestIdReused: the id was used for another request.
        SealBroken: what was kept doesn't open.
    """
    found = ask(conn, _FIND, key.agency_id.encode(), key.method.encode(), key.request_id.bytes)
    if not found:
        return None
    kept = sealer.open(TABLE.name, _row_id(key), 0, found[0][0])
    if not hmac.compare_digest(kept[:_HASH_BYTES], key.request_hash):
        raise RequestIdReused
    return kept[_HASH_BYTES:]


def keep(sealer: Sealing, key: Key, response: bytes, access_id: bytes) -> tuple[Row, Seen]:
    """The row that keeps an answer, and that the request id is unused so far."""
    if len(key.request_hash) != _HASH_BYTES:
        raise ValueError("a request hash has 32 bytes")
    sealed = sealer.seal(TABLE.name, _row_id(key), 0, key.request_hash + response)
    row = Row(TABLE, (key.agency_id, key.method, key.request_id.bytes, sealed, access_id))
    return row, Seen(USES, (key.agency_id, key.method, key.request_id.bytes), 0)


def _row_id(key: Key) -> bytes:
    """Agency ids and methods hold no NUL, so the parts cannot run into each other."""
    return b"\0".join((key.agency_id.encode(), key.method.encode(), key.request_id.bytes))
