"""Corrections along the ledger: each met the registrations it is about, at its time, and disputes follow from them.

Whoever owns the database can hide a request, or a registration, while a time is written, and put it back. Told again
in the ledger's order, the seals say what had to be met, and what a record has to say that its person disputes.
"""

from __future__ import annotations

import itertools
from typing import Final, NamedTuple

from nsor.ledger.v1 import leaf_pb2
from nsor_server import errors
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened, read
from nsor_server.registration import claims
from nsor_server.registration.corrections import rules, store
from nsor_server.registration.history import History
from nsor_server.registration.reviewed import Reviewed
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.v1 import record_pb2

_REQUESTS: Final = f"""
SELECT r.index, uuid_send(q.correction_request_id), q.sealed
FROM ledger_record AS r
JOIN correction_request AS q ON q.correction_request_id = {UUID_OF_RECORD}
WHERE r.table_name = '{store.REQUEST}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_DECISIONS: Final = f"""
SELECT r.index, uuid_send(d.correction_id), uuid_send(m.registration_id), k.wrapped, d.sealed
FROM ledger_record AS r
JOIN correction_decision AS d ON d.correction_id = {UUID_OF_RECORD}
LEFT JOIN correction_met AS m USING (correction_id)
LEFT JOIN registration_key AS k USING (registration_id)
WHERE r.table_name = '{store.DECISION}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_MET: Final = """
SELECT uuid_send(correction_id), uuid_send(correction_request_id), uuid_send(registration_id), review_time
FROM correction_met
"""


_LIST: Final = "nsor.v1.RegistrationService/ListCorrections"


class _Met(NamedTuple):
    """A correction of a registration, as lists are ordered: the newest time first."""

    before: int
    correction_id: bytes
    request_id: bytes
    due_us: int


class Corrected:
    """The corrections at each entry; history and reviews must be at the entry already."""

    def __init__(self, conn: Connection, keyring: Keyring, history: History, reviewed: Reviewed, add: Add) -> None:
        self._conn, self._history, self._reviewed, self._add = conn, history, reviewed, add
        self._sealer = Sealer(keyring)
        self._requests = Rows(conn, "correction requests", _REQUESTS, add)
        self._decisions = Rows(conn, "correction decisions", _DECISIONS, add)
        self.rows = self._requests, self._decisions, *history.rows, *reviewed.rows
        """Entries that have some of these may change what is disputed."""
        self.concerns = Concerns(self.rows, frozenset({_LIST}), also_next=True)
        self._asked: list[tuple[int, record_pb2.CorrectionRequestRecord]] = []
        self._older: dict[bytes | str, list[record_pb2.CorrectionRequestRecord]] = {}
        self._pairs: set[tuple[bytes, bytes]] = set()
        self._open: dict[bytes, dict[bytes, int]] = {}
        self.just_decided: list[bytes] = []
        """Registrations of which the last entry has decided a correction."""
        self._met: dict[bytes, tuple[tuple[bytes, bytes, bytes, int], int]] = {}
        self._refused: dict[bytes, set[int]] = {}
        self._disputed: dict[bytes, set[int]] = {}
        self._of: dict[bytes, list[_Met]] = {}
        self._decided: set[bytes] = set()

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written, or listed, by the next entry; all come in their order."""
        for request_id, sealed in self._requests.take(index):
            request = opened(
                self._add,
                index,
                store.REQUEST,
                lambda: store.open_request(self._sealer, request_id, sealed),  # noqa: B023
            )
            if request is not None:
                self._asked.append((leaf.time_us, request))
        self.just_decided = []
        changes: dict[bytes, set[int]] = {}
        time = self._reviewed.written
        if time is not None:
            self._meet(index, time, changes)
        for correction_id, registration_id, wrapped, sealed in self._decisions.take(index):
            if not wrapped and registration_id in self._history.erased:
                self._note(correction_id, registration_id)
                continue
            decision = opened(
                self._add,
                index,
                store.DECISION,
                lambda: _open(self._sealer, correction_id, registration_id, wrapped, sealed),  # noqa: B023
            )
            if decision is not None:
                self._decide(index, decision, changes)
        self._compare(index, changes)
        if leaf.method == _LIST and leaf.outcome == leaf_pb2.OUTCOME_ALLOWED and detail is not None:
            self._compare_list(index, detail)

    def open_us(self, registration_id: bytes) -> list[int]:
        """When each correction met a registration that isn't decided after the last entry."""
        return list(self._open.get(registration_id, {}).values())

    def finish(self) -> None:
        """Report what is left, and compare what was met with the rows of the owners' lists."""
        self._requests.finish()
        self._decisions.finish()
        found = {row[0]: tuple(row) for row in read(self._conn, "corrections met", _MET)}
        if found != {correction_id: row for correction_id, (row, _) in self._met.items()}:
            self._add(-1, "the rows of correction_met aren't what was written at the times for reviews")

    def _meet(self, index: int, time: record_pb2.ReviewTimeRecord, changes: dict[bytes, set[int]]) -> None:
        """Hold what a time has met against what was asked for since the one before."""
        due = [request for at, request in self._asked if self._reviewed.before_us < at <= time.due_us]
        self._asked = [each for each in self._asked if each[0] > time.due_us]
        by_id = {request.correction_request_id: request for request in due}
        expected = [(one, met) for one, request in sorted(by_id.items()) for met in self._about(request)]
        expected += self._met_later(by_id)
        self._pairs.update(expected)
        for request in due:
            self._older.setdefault(request.registration_id or request.cnic, []).append(request)
        named = [(each.correction_request_id, each.registration_id) for each in time.corrections]
        # Which numbers a registration had that was erased is destroyed.
        if [each for each in expected if each[1] not in self._history.erased] != [
            each for each in named if each[1] not in self._history.erased
        ]:
            self._add(index, "a time for reviews doesn't name the registrations that corrections were asked for")
        for each in time.corrections:
            request = by_id.get(each.correction_request_id, record_pb2.CorrectionRequestRecord())
            self._open.setdefault(each.registration_id, {})[each.correction_id] = time.due_us
            self._met[each.correction_id] = ((*store.columns(each), time.number), request.particular)
            met = _Met(-time.number, each.correction_id, each.correction_request_id, time.due_us)
            self._of.setdefault(each.registration_id, []).append(met)
            if request.contests_refusal and request.particular in self._refused.get(each.registration_id, ()):
                self._after(changes, each.registration_id).add(request.particular)

    def _about(self, request: record_pb2.CorrectionRequestRecord) -> list[bytes]:
        """Ids of the confirmed registrations that a request is about, in order."""
        if not request.cnic:
            return [request.registration_id] if self._history.is_confirmed(request.registration_id) else []
        return sorted({each.registration_id for each in self._history.claiming(request.cnic) if each.confirmed})

    def _met_later(self, by_id: dict[bytes, record_pb2.CorrectionRequestRecord]) -> list[tuple[bytes, bytes]]:
        """Older requests, which are added, each with a registration that has come to stand and that it hasn't met."""
        found = []
        for registration_id in sorted(self._reviewed.returned):
            claimed = self._history.standing(registration_id).claimed_now
            keys: list[bytes | str] = [
                registration_id,
                *(one.text for one in claimed if one.kind == claims.IDENTIFIER_CNIC),
            ]
            older = {one.correction_request_id: one for key in keys for one in self._older.get(key, ())}
            pairs = [(request_id, registration_id) for request_id in sorted(older)]
            found += [pair for pair in pairs if pair not in self._pairs]
            by_id.update(older)
        return found

    def _decide(
        self, index: int, decision: record_pb2.CorrectionDecisionRecord, changes: dict[bytes, set[int]]
    ) -> None:
        met = self._met.get(decision.correction_id)
        self._note(decision.correction_id, decision.registration_id)
        if met is None:
            self._add(index, "a correction was decided that met no registration")
        elif decision.refusal:
            self._refused.setdefault(decision.registration_id, set()).add(met[1])
        else:
            self._after(changes, decision.registration_id).discard(met[1])

    def _note(self, correction_id: bytes, registration_id: bytes) -> None:
        """Note that a correction is decided."""
        self._decided.add(correction_id)
        self._open.get(registration_id, {}).pop(correction_id, None)
        self.just_decided.append(registration_id)

    def _compare_list(self, index: int, detail: record_pb2.AccessDetail) -> None:
        """Hold what a list read against what had met the registration, in the list's order."""
        there = sorted(self._of.get(detail.subjects[0], ()))[: rules.MOST]
        read = [((each.correction_id, each.correction_id in self._decided), each[2:]) for each in there]
        if detail.rests_on != rests_on.digest(itertools.chain.from_iterable(read)):
            self._add(
                index, "a list of corrections didn't rest on all that the registration had met, and on the decisions"
            )

    def _after(self, changes: dict[bytes, set[int]], registration_id: bytes) -> set[int]:
        """What a record has to say that is disputed after this entry, to be changed."""
        return changes.setdefault(registration_id, set(self._disputed.get(registration_id, ())))

    def _compare(self, index: int, changes: dict[bytes, set[int]]) -> None:
        """Hold what the entry's versions say against what follows from its corrections."""
        for record in self._history.changed:
            before = self._disputed.get(record.registration_id, set())
            if set(record.disputed) != changes.pop(record.registration_id, before):
                self._add(index, "a record doesn't say what its person disputes")
            if record.disputed or before:
                self._disputed[record.registration_id] = set(record.disputed)
        for registration_id, after in changes.items():
            if after != self._disputed.get(registration_id, set()):
                self._add(index, "a record wasn't changed with a correction that is disputed, or is so no more")


def _open(
    sealer: Sealer, correction_id: bytes, registration_id: bytes | None, wrapped: bytes | None, sealed: bytes
) -> record_pb2.CorrectionDecisionRecord:
    """Open a decision.

    Raises:
        errors.Internal: it isn't what stands beside it, or its key is gone.
    """
    try:
        key = sealer.open_data_key(registration_id or b"", wrapped or b"")
    except SealBroken:
        raise errors.Internal from None
    return store.open_decision(key, correction_id, registration_id or b"", sealed)
