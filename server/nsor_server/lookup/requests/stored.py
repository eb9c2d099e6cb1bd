"""Access requests as they are stored, compared with their seals."""

from __future__ import annotations

from typing import Final

from nsor_server.ledger.stored import Add, Connection, opened, read, recorded_index
from nsor_server.lookup.requests import store
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer

_REQUESTS: Final = f"""
SELECT {recorded_index(store.REQUESTS, "r.access_request_id", "r.version")},
    r.access_request_id, r.version, r.state, r.agency_id, r.district, r.sealed
FROM access_request_version AS r
"""  # noqa: S608 - constants


def compare(conn: Connection, keyring: Keyring, add: Add) -> None:
    """Open each version and compare it with what stands beside it."""
    sealer = Sealer(keyring)
    for index, request_id, *columns, sealed in read(conn, "requests", _REQUESTS):
        opened(add, index, store.REQUESTS, lambda: store.open_request(sealer, request_id, columns, sealed))  # noqa: B023
