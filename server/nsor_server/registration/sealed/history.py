"""Readings along the ledger: each opened by a second officer, and nothing sealed was shown by any other.

Whoever owns the database can show an older reading, or take a registration for sealed. Told again in the ledger's
order, the seals say who could read what at each entry.
"""

from __future__ import annotations

from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.registration.history import History
from nsor_server.registration.proposals import rules as proposals
from nsor_server.registration.sealed import rules, store
from nsor_server.registration.worklists import seconds
from nsor_server.registration.worklists.history import Worklists
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

METHOD: Final = "nsor.v1.RegistrationService/GetSealedRegistration"
_READINGS: Final = f"""
SELECT r.index, uuid_send(s.sealed_reading_id), s.version, s.sealed
FROM ledger_record AS r
JOIN sealed_reading AS s ON s.sealed_reading_id = {UUID_OF_RECORD} AND s.version = r.version
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants


class SealedRead:
    """The readings at each entry; the history must be at the entry already."""

    def __init__(
        self,
        conn: Connection,
        keyring: Keyring,
        history: History,
        enrolled: Enrolled,
        *,
        worklists: Worklists,
        add: Add,
    ) -> None:
        self._worklists = worklists
        self._history, self._enrolled, self._add, self._sealer = history, enrolled, add, Sealer(keyring)
        self._rows = Rows(conn, "sealed readings", _READINGS, add)
        self.concerns = Concerns((self._rows,), methods=frozenset({METHOD}))
        self._newest: dict[bytes, record_pb2.SealedReadingRecord] = {}

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written, or shown, by the next entry."""
        for row in self._rows.take(index):
            stored = store.StoredReading(*row)
            record = opened(self._add, index, store.TABLE, lambda: store.opened(self._sealer, stored))  # noqa: B023
            if record is None:
                continue
            before = self._newest.get(record.sealed_reading_id)
            if before is not None and record.version == rules.ENDED:
                if not self._ends(before, record):
                    self._add(index, "a proposal to read what is sealed wasn't withdrawn or refused as it may be")
            elif not _goes_on(before, record, leaf.time_us) or (
                record.version == rules.OPENED and not self._is_opened_by_two(index, record)
            ):
                self._add(index, "a reading of what is sealed wasn't opened by a second officer")
            self._newest[record.sealed_reading_id] = record
            self._worklists.write(index, seconds.of_reading(record))
        if leaf.method == METHOD and leaf.outcome == leaf_pb2.OUTCOME_ALLOWED and detail is not None:
            self._compare(index, leaf, detail)

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()

    def _is_opened_by_two(self, index: int, record: record_pb2.SealedReadingRecord) -> bool:
        """Whether another officer has opened what one has proposed whose key counted."""
        are_two = not self._enrolled.are_one(record.opened_by_key, record.proposed_by_key)
        return are_two and self._enrolled.counts(record.proposed_by_key, index)

    def _ends(self, before: record_pb2.SealedReadingRecord, record: record_pb2.SealedReadingRecord) -> bool:
        """Whether a version is a proposal that an officer has ended as he may."""
        by_proposer = self._enrolled.are_one(record.end.by_key, before.proposed_by_key)
        is_right = proposals.is_right(record.end, before.expire_time_us, by_proposer=by_proposer)
        return before.version == rules.PROPOSED and record == rules.ended(before, record.end) and is_right

    def _compare(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        registration_id, reading_id = detail.subjects
        reading = self._newest.get(reading_id)
        may = (
            reading is not None
            and reading.version == rules.OPENED
            and reading.registration_id == registration_id
            and leaf.time_us <= reading.expire_time_us + _RUN_US
            and self._enrolled.counts(reading.proposed_by_key, index)
            and self._enrolled.counts(reading.opened_by_key, index)
        )
        if not may or not self._history.is_sealed(registration_id):
            self._add(index, "a registration was shown as sealed that wasn't, or without a reading that was open")
        again = self._entered_again(registration_id)
        if again is not None and rests_on.digest(again) != detail.rests_on:
            self._add(index, "what was entered again of a sealed registration wasn't shown with it as it stood")

    def _entered_again(self, registration_id: bytes) -> list[tuple[bytes, int]] | None:
        """Ids and versions of what was entered of the same person and case; None: not all of it opens."""
        ids = [registration_id, *sorted(self._history.sharing(registration_id))]
        versions = [(each, self._history.newest(each)) for each in ids]
        found = [self._history.version(*each) for each in versions]
        records = [each for each in found if each is not None]
        if len(records) < len(ids):
            return None
        again = rules.entered_again(records[0], records[1:])
        return [each for each in versions if each[0] in again]


_RUN_US: Final = 60_000_000
"""A call is decided before its entry is written; none takes longer."""


def _goes_on(
    before: record_pb2.SealedReadingRecord | None, after: record_pb2.SealedReadingRecord, entry_us: int
) -> bool:
    """Whether a version is a proposal, or that proposal confirmed in its time, and nothing else."""
    if before is None:
        return after.version == rules.PROPOSED and not after.opened_by_key
    expected = record_pb2.SealedReadingRecord()
    expected.CopyFrom(before)
    expected.version = rules.OPENED
    expected.opened_by_key, expected.expire_time_us = after.opened_by_key, after.expire_time_us
    in_time = proposals.was_in_time(before.expire_time_us, entry_us)
    return before.version == rules.PROPOSED and expected == after and bool(after.opened_by_key) and in_time
