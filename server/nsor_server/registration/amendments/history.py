"""Amendments along the ledger: the owner's agency made each amended version, and nothing else of it changed.

A version that accepts a proposed amendment is what that makes of the version before. What needs a second officer no
officer amended alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import amendments_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.formats.amendments import SECOND_OFFICER
from nsor_server.ledger.stored import Add, Concerns, Connection, opened
from nsor_server.registration import rules, states
from nsor_server.registration.amendments import store as amendments
from nsor_server.registration.amendments.record import amended, differing, of_others
from nsor_server.registration.amendments.stored import open_stored
from nsor_server.registration.history import History
from nsor_server.registration.identity import rules as identity
from nsor_server.registration.proposals import rules as proposals
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_AMEND: Final = "nsor.v1.RegistrationService/AmendRegistration"
_ACCEPT: Final = "nsor.v1.RegistrationService/AcceptAmendment"
_PROPOSE: Final = "nsor.v1.RegistrationService/ProposeAmendment"
_REFUSE: Final = "nsor.v1.RegistrationService/RefuseAmendment"
_WITHDRAW: Final = "nsor.v1.RegistrationService/WithdrawAmendment"
_LATE: Final = "an amendment was decided on after its time"
_WRITTEN: Final = """
SELECT k.wrapped, uuid_send(a.amendment_id), uuid_send(a.registration_id), a.created_at, a.sealed, d.sealed
FROM ledger_record AS r
JOIN registration_amendment AS a ON a.amendment_id = encode(r.row_id, 'hex')::uuid
LEFT JOIN registration_amendment_decision AS d USING (amendment_id)
LEFT JOIN registration_key AS k USING (registration_id)
WHERE r.index = %s AND r.table_name = %s
"""
_Pair: TypeAlias = tuple[record_pb2.RegistrationRecord, record_pb2.RegistrationRecord]


class Amended:
    """The amended versions that each entry wrote. The history must be at the entry already."""

    def __init__(self, conn: Connection, keyring: Keyring, history: History, enrolled: Enrolled, add: Add) -> None:
        self._conn, self._history, self._enrolled, self._add = conn, history, enrolled, add
        self._sealer = Sealer(keyring)
        self.concerns = Concerns(methods=frozenset({_PROPOSE, _AMEND, _ACCEPT, _REFUSE, _WITHDRAW}))

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        if leaf.method in {_PROPOSE, _REFUSE, _WITHDRAW}:
            self._proposal(index, leaf, detail)
        elif leaf.method == _ACCEPT:
            accepted = self._written(index, amendments.DECISION)
            if accepted is not None and not self._are_two(leaf, detail, accepted):
                self._add(index, "an amendment was accepted by the officer who had proposed it")
            if accepted is not None and not _is_in_time(leaf, accepted):
                self._add(index, _LATE)
            for before, record in self._amended(index, leaf):
                if not _is_made_of(before, record, accepted):
                    self._add(index, "an amended version isn't what the accepted amendment makes of the one before")
        elif leaf.method == _AMEND:
            for before, record in self._amended(index, leaf):
                if SECOND_OFFICER & differing(before, record):
                    self._add(index, "an officer amended alone what needs a second one")

    def finish(self) -> None:
        """Nothing is left to report."""

    def _proposal(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was proposed, or how that ended without an amended version."""
        written = self._written(index, amendments.TABLE if leaf.method == _PROPOSE else amendments.DECISION)
        if written is None:
            return
        if leaf.method == _PROPOSE and not _is_by(leaf, detail, written.record):
            self._add(index, "a proposed amendment names another officer than the one who proposed it")
        if leaf.method != _PROPOSE and not _is_in_time(leaf, written):
            self._add(index, _LATE)
        if leaf.method != _PROPOSE and not _ends(leaf, detail, written):
            self._add(index, "an amendment wasn't withdrawn by the agency that had proposed it, or wasn't refused")

    def _amended(self, index: int, leaf: leaf_pb2.Leaf) -> Iterator[_Pair]:
        """Each version that an entry wrote, behind the one before, compared in what is asked of both methods."""
        for record in self._history.changed:
            before = self._history.version(record.registration_id, record.version - 1)
            if before is None:
                continue
            agency = self._enrolled.agency(leaf.agency)
            if agency is None or not rules.is_owner(before, agency, None):
                self._add(index, "an amended version wasn't made by the agency that owned the record")
            if of_others(before) != of_others(record):
                self._add(index, "an amended version changed what no amendment changes")
            yield before, record

    def _are_two(
        self, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None, accepted: amendments.Amendment
    ) -> bool:
        proposed, decided = accepted.record, accepted.decision
        first = self._enrolled.holder(proposed.agency, proposed.officer_key)
        second = self._enrolled.holder(decided.agency, decided.officer_key)
        return _is_by(leaf, detail, decided) and not second.is_same(first)

    def _written(self, index: int, table: str) -> amendments.Amendment | None:
        """The amendment that an entry wrote or decided on. That it doesn't open was found already."""
        found = self._conn.execute(_WRITTEN.encode(), (index, table)).fetchone()
        if found is None:
            return None
        wrapped, *columns = found
        row = amendments.StoredAmendment(*columns)
        return opened(_found_already, index, amendments.TABLE, lambda: open_stored(self._sealer, wrapped, row))


def _ends(leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None, ended: amendments.Amendment) -> bool:
    """Whether a decision is what its method makes of an amendment, by who may."""
    proposed, decided = ended.record, ended.decision
    if leaf.method == _REFUSE:
        is_right = decided.state == amendments_pb2.AMENDMENT_STATE_REFUSED
    else:
        is_right = decided.state == amendments_pb2.AMENDMENT_STATE_WITHDRAWN and decided.agency == proposed.agency
    return is_right and not decided.version and _is_by(leaf, detail, decided)


def _is_in_time(leaf: leaf_pb2.Leaf, decided: amendments.Amendment) -> bool:
    return proposals.was_in_time(decided.record.expire_time_us, leaf.time_us)


def _is_by(
    leaf: leaf_pb2.Leaf,
    detail: record_pb2.AccessDetail | None,
    record: record_pb2.AmendmentRecord | record_pb2.AmendmentDecisionRecord,
) -> bool:
    """Whether a record names who wrote it; of an entry whose detail is gone its agency alone is known."""
    return record.agency == leaf.agency and (detail is None or record.officer_key == detail.officer_key)


def _is_made_of(
    before: record_pb2.RegistrationRecord,
    record: record_pb2.RegistrationRecord,
    accepted: amendments.Amendment | None,
) -> bool:
    if accepted is None or accepted.decision.state != amendments_pb2.AMENDMENT_STATE_ACCEPTED:
        return False
    decided = (accepted.decision.registration_id, accepted.decision.version)
    made = amended(states.next_version(before), accepted.record.paths, accepted.record.particulars)
    made.update_time_us = record.update_time_us
    identity.settle(made)
    return decided == (record.registration_id, record.version) and made == record


def _found_already(_index: int, _problem: str) -> None:
    """What doesn't open is reported by whoever goes through its table."""
