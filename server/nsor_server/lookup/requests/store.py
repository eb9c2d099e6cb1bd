"""Access requests in PostgreSQL: sealed, insert-only. Knows no policy.

Whether a caller may see a request is a predicate of the read, so that absent and not yours are one answer.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError

from nsor.v1 import options_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, RecordRef, Row, Seen, Table, Versions
from nsor_server.lookup import fir_places
from nsor_server.lookup.requests import work
from nsor_server.lookup.requests.escalation import store as escalation
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import SealBroken, Sealing
from nsor_server.storage.session import ask
from nsor_server.storage.v1 import record_pb2

REQUESTS = "access_request_version"


REQUEST_VERSIONS: Final = Table(
    REQUESTS,
    (
        ("access_request_id", "uuid"),
        ("version", "integer"),
        ("state", "smallint"),
        ("agency_id", "text"),
        ("place", "text"),
        ("sealed", "bytea"),
    ),
    written_at="created_at",
)


REQUEST_HEADS: Final = Versions(
    "access request",
    ("uuid",),
    "coalesce((SELECT max(version) FROM access_request_version WHERE access_request_id = q.k1), 0)",
)
"""The newest version of an access request; 0: there is none."""


REQUEST_PLACES: Final = rows.Columns(own_agency="r.agency_id", place="r.place")
"""Where a version of an access request has what the scopes of the contract go by."""


_NEWEST_IN: Final = rows.statements(
    "access request",
    """
SELECT version, state, agency_id, place, sealed
FROM access_request_version AS r
WHERE access_request_id = $5 AND {rows}
ORDER BY version DESC
LIMIT 1
""",
    REQUEST_PLACES,
    (options_pb2.ROW_SCOPE_OWN_AGENCY, options_pb2.ROW_SCOPE_JURISDICTION, options_pb2.ROW_SCOPE_ALL),
)
"""By the scope that the contract gives the caller; another scope shows nothing."""


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """The newest version of an access request.

    Attributes:
        record: what was sealed.
        etag: changes with every version.
    """

    record: record_pb2.AccessRequestRecord
    etag: str

    @property
    def district(self) -> str:
        """The district of its FIR."""
        return fir_places.district(self.record.fir.police_station)


def newest(conn: Connection, keys: tuple[Sealing, BlindIndex], request_id: bytes, call: Call) -> StoredRequest | None:
    """The newest version of a request that the contract shows the caller.

    ``keys``: what opens it, and what finds its station.

    Raises:
        Internal: the row isn't what its seal says.
    """
    sealer, blind_index = keys
    caller = fir_places.parameters(blind_index, call.agency, call.officer)
    found = ask(conn, _NEWEST_IN[call.rows], *caller, request_id)
    call.looks_at(record_pb2.LOOKED_AT_KIND_ACCESS_REQUEST, request_id, found[0][0] if found else 0)
    if not found:
        return None
    *columns, sealed = found[0]
    record = open_request(sealer, uuid.UUID(bytes=request_id), columns, sealed)
    rows.require_shown(REQUESTS, said(record), call)
    return StoredRequest(record, _etag(sealed))


def said(record: record_pb2.AccessRequestRecord) -> rows.Said:
    """What a request says of itself: it lies at the station of its FIR."""
    return rows.Said(own_agency=record.agency, place=record.fir.police_station)


def seen(stored: StoredRequest) -> Seen:
    """That this was the newest version."""
    return Seen(REQUEST_HEADS, (stored.record.access_request_id,), stored.record.version)


def request_row(sealer: Sealing, record: record_pb2.AccessRequestRecord) -> tuple[Row, RecordRef, str]:
    """The row of a version of a request, what the ledger holds it to, and its etag."""
    sealed = sealer.seal(REQUESTS, record.access_request_id, record.version, record.SerializeToString())
    row = Row(
        REQUEST_VERSIONS,
        (record.access_request_id, record.version, record.state, record.agency, record.place, sealed),
        beside=(work.row(record), *escalation.rows_of(record)),
    )
    ref = RecordRef(REQUESTS, record.access_request_id, record.version, hashlib.sha256(sealed).digest())
    return row, ref, _etag(sealed)


def open_request(
    sealer: Sealing, request_id: uuid.UUID, columns: Sequence[object], sealed: bytes
) -> record_pb2.AccessRequestRecord:
    """Open a version of a request and compare it with its version, state, agency and place, as they stand beside it.

    Raises:
        Internal: they differ, or it doesn't open.
    """
    version, *others = columns
    if not isinstance(version, int):
        raise contradicted(REQUESTS)
    try:
        record = record_pb2.AccessRequestRecord.FromString(sealer.open(REQUESTS, request_id.bytes, version, sealed))
    except (SealBroken, DecodeError):
        raise contradicted(REQUESTS) from None
    repeats = (record.access_request_id, record.version, record.state, record.agency, record.place)
    if (request_id.bytes, version, *others) != repeats:
        raise contradicted(REQUESTS)
    return record


def _etag(sealed: bytes) -> str:
    return hashlib.sha256(sealed).hexdigest()[:32]
