"""The grant, ticket or opened case that a call names: read alike whosever it is, and opened, or a decoy in its place.

A call that names one of another agency, or none, is refused as if there were none. Without a decoy the time would tell
which of both it is: the agency's own is opened, and whoever has seen an id somewhere would learn whose it is.
"""

from __future__ import annotations

import os

from nsor.v1 import options_pb2
from nsor_server.lookup.grants import store, subjects
from nsor_server.lookup.grants.store import Held
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealing
from nsor_server.storage.v1 import record_pb2

_PLACE = "PK-PB/LHR/PS-001"
_EXPIRES_US = 1
"""Long ago."""


class HeldGrants:
    """Opens what an agency may use. Threads may share it."""

    def __init__(self, sealer: Sealing) -> None:
        """Make and seal the decoy; it is stored nowhere."""
        self._sealer = sealer
        decoy = _record()
        self._decoy_id, self._columns = decoy.grant_id, (decoy.agency, decoy.expires_at_us, decoy.case_blinds)
        self._decoy = store.sealed(sealer, decoy)

    def named(self, conn: Connection, grant_id: bytes, agency_id: str) -> Held | None:
        """A grant, ticket or case that an agency may use; None: it isn't there, or is another one's.

        Raises:
            Internal: it isn't what its row says.
        """
        held = store.held_by(conn, self._sealer, grant_id, agency_id)
        if held is None:
            self.open_decoy()
        return held

    def open_decoy(self) -> None:
        """Open what is nobody's, compare it, and forget it."""
        store.open_grant(self._sealer, self._decoy_id, self._columns, self._decoy)


def _record() -> record_pb2.GrantRecord:
    """A prosecutor's grant, as most are: one suspect, by his number."""
    suspects = [record_pb2.Suspect(cnic="0" * 13)]
    return record_pb2.GrantRecord(
        grant_id=os.urandom(16),
        access_request_id=os.urandom(16),
        agency="punjab-police",
        officer_key=os.urandom(32),
        fir=record_pb2.Fir(police_station=_PLACE, year=1970, serial=1000, day=1),
        named=map(subjects.identifier, suspects),
        subjects=subjects.written(suspects),
        suspects=[1],
        uses_per_subject=1,
        expires_at_us=_EXPIRES_US,
        expiry_rule="grant-expiry",
        create_time_us=_EXPIRES_US,
        case_blinds=os.urandom(32),
        purpose=options_pb2.PURPOSE_INVESTIGATION,
        opened_by_key=os.urandom(32),
        opened_by_agency="punjab-prosecution",
        places=[_PLACE],
    )
