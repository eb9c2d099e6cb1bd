"""Grants, tickets and opened cases along the ledger: nothing is looked up on one that counts no more.

That is one that was withdrawn, or was opened with a key that was disabled as compromised.
A withdrawal is a row that the look-up reads. Whoever owns the database can take it away for a look-up and put it back:
then every row is as it was, and only the order of the entries says that the answer wasn't owed.
"""

from __future__ import annotations

from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import directory_pb2
from nsor_server.ledger.stored import Add
from nsor_server.lookup import rules
from nsor_server.storage.v1 import record_pb2

_SERVICE: Final = "nsor.v1.LookupService/"
_OPENING: Final = frozenset({f"{_SERVICE}ApproveAccessRequest", f"{_SERVICE}OpenTicket", f"{_SERVICE}OpenCourtCase"})
_WITHDRAWING: Final = f"{_SERVICE}WithdrawGrant"
_LOOK_UP: Final = f"{_SERVICE}LookUpRegistration"
_DISABLING: Final = frozenset({"nsor.v1.DirectoryService/DisableOfficer", "nsor.v1.DirectoryService/DisableOwnKey"})
_COMPROMISED: Final = "DISABLED " + directory_pb2.DisableReason.Name(
    directory_pb2.DISABLE_REASON_KEY_COMPROMISED
).removeprefix("DISABLE_REASON_")


class Ended:
    """Follows what counts, entry by entry."""

    def __init__(self, add: Add) -> None:
        self._add = add
        self._opened_by: dict[bytes, bytes] = {}
        self._withdrawn: set[bytes] = set()
        self._compromised: set[bytes] = set()

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Take the next entry; all come in their order. One whose detail was dropped says nothing of a grant."""
        if detail is None or leaf.outcome != leaf_pb2.OUTCOME_ALLOWED:
            return
        if leaf.method == _LOOK_UP:
            if leaf.purpose in rules.ON_A_GRANT and detail.subjects:
                self._used(index, detail.subjects[-1])
        elif leaf.method in _OPENING and detail.subjects:
            self._opened_by[detail.subjects[-1]] = detail.officer_key
        elif leaf.method == _WITHDRAWING:
            self._withdrawn.update(detail.subjects)
        elif leaf.method in _DISABLING and detail.outcome == _COMPROMISED:
            self._compromised.add(detail.decided_key)

    def finish(self) -> None:
        """All has been said."""

    def _used(self, index: int, grant_id: bytes) -> None:
        if grant_id in self._withdrawn or self._opened_by.get(grant_id) in self._compromised:
            self._add(index, "a look-up rests on a grant, ticket or court case that counted no more")
