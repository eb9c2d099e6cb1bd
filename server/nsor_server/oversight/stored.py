"""Lists of accesses, compared with the ledger: an access that was hidden from a page shows, also when it is back."""

from __future__ import annotations

import uuid
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server import errors
from nsor_server.ledger.labels import Labels
from nsor_server.ledger.stored import Add, Concerns, Connection, RecordedTable, Stored
from nsor_server.oversight import store
from nsor_server.oversight.rules import Filter
from nsor_server.oversight.statistics import store as statistics
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

STORED: Final = Stored((RecordedTable.unsealed(statistics.MONTHS),))
"""For verification."""


class Listed:
    """The pages that were listed, made again from the entries."""

    def __init__(self, conn: Connection, keyring: Keyring, add: Add) -> None:
        self._conn, self._add, self._labels = conn, add, Labels(keyring)
        self.concerns = Concerns(told=("listed",))

    def entry(self, index: int, _leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next page."""
        if detail is None or not detail.HasField("listed"):
            return
        listed = detail.listed
        try:
            found, _ = store.newest_first(
                self._conn,
                _filter(listed),
                self._labels,
                before=listed.before,
                most=listed.most,
                details=None,
                reads=listed.reads,
            )
        except errors.Internal:
            return  # an entry contradicts itself, which is a finding of its own
        if listed.before > index or store.hashed(found) != listed.sha256:
            self._add(index, "the accesses that were listed aren't those of the ledger")

    def finish(self) -> None:
        """Nothing is left."""


def _filter(listed: record_pb2.ListedAccesses) -> Filter:
    return Filter(
        agency=listed.agency if listed.HasField("agency") else None,
        outcome=listed.outcome or None,
        start_us=listed.start_us if listed.HasField("start_us") else None,
        end_us=listed.end_us if listed.HasField("end_us") else None,
        access_id=uuid.UUID(bytes=listed.access_id) if listed.access_id else None,
        officer_keys=tuple(listed.officer_keys) if listed.of_officer else None,
        case=listed.case_reference,
        purpose=listed.purpose or None,
        method=listed.method,
    )
