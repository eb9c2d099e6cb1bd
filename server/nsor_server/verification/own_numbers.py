"""Officers' own numbers along the ledger: given at each enrolment, and of nobody who had another number in force.

One human with two numbers of an agency would be the two persons whom many decisions need. What the rows say is
compared with the order of the ledger; that the rows are the ledger's is compared apart. Whose number it is nobody can
tell again: of it there is a keyed hash alone.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final, TypeAlias

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import directory_pb2
from nsor_server.ledger.stored import Add, Concerns, Connection, Rows
from nsor_server.storage.v1 import record_pb2

ENROL: Final = "nsor.v1.DirectoryService/EnrolOfficer"
_ENROLLED: Final = """
SELECT r.index, o.key_id, o.agency_id, o.officer_number, o.kind, o.own_number
FROM ledger_record AS r JOIN officer AS o ON o.key_id = r.row_id
WHERE r.table_name = 'officer'
ORDER BY r.index, r.ordinal
"""
_DISABLED: Final = """
SELECT row_id, min(index) FROM ledger_record WHERE table_name = 'officer_disabled' GROUP BY row_id
"""
_Number: TypeAlias = tuple[str, str]
"""Agency, and number of the officer in it."""
NOT_GIVEN: Final = "a key was enrolled without the officer's own number, or a system's with one"
TWO_NUMBERS: Final = "somebody was enrolled who was in force under another number of the same agency"


class OwnNumbers:
    """Whom each entry has enrolled; all of them in memory."""

    def __init__(self, conn: Connection, add: Add) -> None:
        self._add = add
        self._enrolled = Rows(conn, "officers who were enrolled", _ENROLLED, add)
        self.concerns = Concerns((self._enrolled,))
        self._disabled = {bytes(key_id): int(index) for key_id, index in conn.execute(_DISABLED)}
        self._own: dict[_Number, set[bytes]] = defaultdict(set)
        self._numbers: dict[bytes, set[_Number]] = defaultdict(set)
        self._keys: dict[_Number, list[bytes]] = defaultdict(list)

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare whom the next entry has enrolled."""
        for row in self._enrolled.take(index):
            self._compare(index, leaf, *row)

    def finish(self) -> None:
        """Report what is left."""
        self._enrolled.finish()

    def _compare(self, index: int, leaf: leaf_pb2.Leaf, key_id: bytes, *columns: Any) -> None:
        agency_id, officer_number, kind, given = columns
        if leaf.method == ENROL and (given is None) != (kind == directory_pb2.KEY_KIND_SYSTEM):
            self._add(index, NOT_GIVEN)
        number = agency_id, officer_number
        self._keys[number].append(bytes(key_id))
        if given is not None:
            self._own[number].add(bytes(given))
            self._numbers[bytes(given)].add(number)
        others = set().union(*(self._numbers[own] for own in self._own[number])) - {number}
        if given is not None and any(other[0] == agency_id and self._is_in_force(other, index) for other in others):
            self._add(index, TWO_NUMBERS)

    def _is_in_force(self, number: _Number, index: int) -> bool:
        """Whether a number had a key that wasn't disabled yet when an entry was written."""
        return any(self._disabled.get(key, index + 1) > index for key in self._keys[number])
