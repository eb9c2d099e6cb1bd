"""Amendments along the ledger: the owner's agency made each amended version, and nothing else of it changed.

A version that accepts a proposed amendment is what that makes of the version before.
"""

from __future__ import annotations

from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import amendments_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.ledger.stored import Add, Connection, opened
from nsor_server.registration import rules, states
from nsor_server.registration.amendments import store as amendments
from nsor_server.registration.amendments.record import amended, of_others
from nsor_server.registration.amendments.stored import open_stored
from nsor_server.registration.history import History
from nsor_server.registration.identity import rules as identity
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_AMEND: Final = "nsor.v1.RegistrationService/AmendRegistration"
_ACCEPT: Final = "nsor.v1.RegistrationService/AcceptAmendment"
_ACCEPTED: Final = """
SELECT k.wrapped, uuid_send(a.amendment_id), uuid_send(a.registration_id), a.created_at, a.sealed, d.sealed
FROM ledger_record AS r
JOIN registration_amendment_decision AS d ON d.amendment_id = encode(r.row_id, 'hex')::uuid
JOIN registration_amendment AS a USING (amendment_id)
LEFT JOIN registration_key AS k USING (registration_id)
WHERE r.index = %s AND r.table_name = %s
"""


class Amended:
    """The amended versions that each entry wrote. The history must be at the entry already."""

    def __init__(self, conn: Connection, keyring: Keyring, history: History, enrolled: Enrolled, add: Add) -> None:
        self._conn, self._history, self._enrolled, self._add = conn, history, enrolled, add
        self._sealer = Sealer(keyring)

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        if leaf.method not in {_AMEND, _ACCEPT}:
            return
        accepted = self._accepted(index) if leaf.method == _ACCEPT else None
        for record in self._history.changed:
            before = self._history.version(record.registration_id, record.version - 1)
            if before is None:
                continue
            agency = self._enrolled.agency(leaf.agency)
            if agency is None or not rules.is_owner(before, agency, None):
                self._add(index, "an amended version wasn't made by the agency that owned the record")
            if of_others(before) != of_others(record):
                self._add(index, "an amended version changed what no amendment changes")
            if leaf.method == _ACCEPT and not _is_made_of(before, record, accepted):
                self._add(index, "an amended version isn't what the accepted amendment makes of the one before")

    def finish(self) -> None:
        """Nothing is left to report."""

    def _accepted(self, index: int) -> amendments.Amendment | None:
        """The amendment on which an entry wrote the decision. That it doesn't open was found already."""
        found = self._conn.execute(_ACCEPTED.encode(), (index, amendments.DECISION)).fetchone()
        if found is None:
            return None
        wrapped, *columns = found
        row = amendments.StoredAmendment(*columns)
        return opened(_found_already, index, amendments.TABLE, lambda: open_stored(self._sealer, wrapped, row))


def _is_made_of(
    before: record_pb2.RegistrationRecord,
    record: record_pb2.RegistrationRecord,
    accepted: amendments.Amendment | None,
) -> bool:
    if accepted is None or accepted.state != amendments_pb2.AMENDMENT_STATE_ACCEPTED:
        return False
    decided = (accepted.decision.registration_id, accepted.decision.version)
    made = amended(states.next_version(before), accepted.record.paths, accepted.record.particulars)
    made.update_time_us = record.update_time_us
    identity.settle(made)
    return decided == (record.registration_id, record.version) and made == record


def _found_already(_index: int, _problem: str) -> None:
    """What doesn't open is reported by whoever goes through its table."""
