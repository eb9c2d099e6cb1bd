"""What is kept along the ledger: a call changes of a registration what it is there for, and nothing else.

Whoever holds the keys for a while could have the version of a custody event, of a decision on a transfer or of the
scheduler say another name or address, or that nothing waits: the history of each of these looks at its own part alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import Add, Concerns
from nsor_server.registration.duties.history import RECOUNT, REVALIDATE, WAIVE, WATCH
from nsor_server.registration.history import History
from nsor_server.storage.v1 import record_pb2

_PROBLEM: Final = "a call changed something of a registration that it isn't there to change"
_OF_EVERY_VERSION: Final = ("version", "update_time_us")
_CUSTODY: Final = (
    *("custody_state", "custodian_agency", "receiving_agency", "custody_events", "expected_release"),
    *("ended_release", "apart_place"),
    *("addresses", "home_version", "responsible_place", "transfer"),
    "duties",
    *("state", "archive"),
)
"""A release moves a person and begins duties, and a death archives him; each is told again by its own history."""
_CHANGES: Final[Mapping[str, tuple[str, ...]]] = {
    WATCH: ("duties", "unasked"),
    RECOUNT: ("duties", "unasked"),
    WAIVE: ("duties",),
    REVALIDATE: ("duties", "supervision_tier"),
    "nsor.v1.NotificationService/DecideTransfer": ("transfer", "responsible_place", "apart_place"),
    "nsor.v1.NotificationService/ResolveTransfer": ("transfer", "responsible_place", "apart_place"),
    "nsor.v1.RegistrationService/RecordCustodyEvent": _CUSTODY,
    "nsor.v1.RegistrationService/AcceptRelease": _CUSTODY,
    "nsor.v1.RegistrationService/RefuseRelease": _CUSTODY,
}
"""What the versions of a method may change."""


class Kept:
    """Versions of methods that change one part of a record. The history must be at the entry already."""

    def __init__(self, history: History, add: Add) -> None:
        self._history, self._add = history, add
        self.concerns = Concerns(methods=frozenset(_CHANGES))

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        changes = _CHANGES.get(leaf.method)
        if changes is None:
            return
        for record in self._history.changed:
            before = self._history.version(record.registration_id, record.version - 1)
            if before is not None and _rest(before, changes) != _rest(record, changes):
                self._add(index, _PROBLEM)

    def finish(self) -> None:
        """Nothing is left: the rows are the history's."""


def _rest(record: record_pb2.RegistrationRecord, changes: tuple[str, ...]) -> record_pb2.RegistrationRecord:
    rest = record_pb2.RegistrationRecord()
    rest.CopyFrom(record)
    for name in (*_OF_EVERY_VERSION, *changes):
        rest.ClearField(name)  # type: ignore[arg-type]  # they are names of its fields
    return rest
