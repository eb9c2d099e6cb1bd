"""Whether an agency has asked for a suspect of an FIR before, which both sides see. Its own requests alone are read."""

from __future__ import annotations

import uuid
from typing import Final, NamedTuple

from nsor_server.calls import Seen, Versions
from nsor_server.lookup.requests import rules, store
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealing
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

_OF_FIR: Final = Versions(
    "access requests of an FIR", ("uuid",), "(SELECT count(*) FROM access_request_work WHERE fir = q.k1)"
)
"""How many requests an agency has made for an FIR."""
_COUNT: Final = Statement(
    b"access requests counted of an FIR", b"SELECT count(*) FROM access_request_work WHERE fir = $1::uuid"
)
_EARLIER: Final = Statement(
    b"access requests of an FIR",
    f"""
SELECT uuid_send(w.access_request_id), v.version, v.state, v.agency_id, v.place, v.sealed
FROM (
    SELECT * FROM access_request_work WHERE fir = $1::uuid
    ORDER BY created_us DESC, access_request_id DESC
    LIMIT {rules.MOST_COMPARED}
) AS w
CROSS JOIN LATERAL (
    SELECT * FROM access_request_version AS x WHERE x.access_request_id = w.access_request_id
    ORDER BY version DESC LIMIT 1
) AS v
ORDER BY w.created_us DESC, w.access_request_id DESC
""".encode(),  # noqa: S608 - constants
)


class Earlier(NamedTuple):
    """The newest earlier request of the same agency for the FIR and one of the suspects.

    Attributes:
        request_id: 16 bytes, or empty: there is none.
        seen: that there were no more requests for the FIR.
    """

    request_id: bytes
    seen: Seen


def earlier(conn: Connection, sealer: Sealing, record: record_pb2.AccessRequestRecord) -> Earlier:
    """Look for an earlier request like this one.

    Raises:
        errors.Internal: one of them isn't what was sealed.
    """
    # Counted before it is read: what is committed in between is found, or it runs again.
    ((ever,),) = ask(conn, _COUNT, record.fir_label)
    seen = Seen(_OF_FIR, (record.fir_label,), int(ever))
    wanted = rules.suspects_named(record)
    for request_id, *columns, sealed in ask(conn, _EARLIER, record.fir_label):
        found = store.open_request(sealer, uuid.UUID(bytes=request_id), columns, sealed)
        if wanted & rules.suspects_named(found):
            return Earlier(request_id, seen)
    return Earlier(b"", seen)
