"""Amendments along the ledger: the owner's agency made each amended version, and nothing else of it changed."""

from __future__ import annotations

from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2
from nsor_server.calls import Agency
from nsor_server.ledger.stored import Add, Connection, opened, read
from nsor_server.registration import rules, store
from nsor_server.registration.amendments.record import of_others
from nsor_server.registration.history import History
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

AMEND: Final = "nsor.v1.RegistrationService/AmendRegistration"
_AGENCIES: Final = "SELECT agency_id, kind, jurisdiction FROM agency"
_VERSION: Final = f"""
SELECT {store.COLUMNS}
FROM registration_version AS v JOIN registration_key AS k USING (registration_id)
WHERE v.registration_id = encode(%s::bytea, 'hex')::uuid AND v.version = %s
"""  # noqa: S608 - constants


class Amended:
    """The amended versions that each entry wrote. The history must be at the entry already."""

    def __init__(self, conn: Connection, keyring: Keyring, history: History, add: Add) -> None:
        self._conn, self._history, self._add = conn, history, add
        self._sealer = Sealer(keyring)
        self._agencies = {
            agency_id: Agency(agency_id, options_pb2.AgencyKind.ValueType(kind), tuple(jurisdiction), enabled=True)
            for agency_id, kind, jurisdiction in read(conn, "agencies", _AGENCIES)
        }

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        if leaf.method != AMEND:
            return
        for record in self._history.changed:
            before = self._before(index, record)
            if before is None:
                continue
            agency = self._agencies.get(leaf.agency)
            if agency is None or not rules.is_owner(before, agency, None):
                self._add(index, "an amended version wasn't made by the agency that owned the record")
            if of_others(before) != of_others(record):
                self._add(index, "an amended version changed what no amendment changes")

    def finish(self) -> None:
        """Nothing is left to report."""

    def _before(self, index: int, record: record_pb2.RegistrationRecord) -> record_pb2.RegistrationRecord | None:
        """The version before one. That it is missing, or doesn't open, was found already."""
        found = self._conn.execute(_VERSION.encode(), (record.registration_id, record.version - 1)).fetchone()
        if found is None:
            return None
        row = store.StoredVersion(*found)
        return opened(lambda _index, _problem: None, index, store.TABLE, lambda: store.open_version(self._sealer, row))
