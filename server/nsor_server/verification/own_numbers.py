"""Enrolments along the ledger: by two where the officer decides, with his own number, and one number of a human.

One human with two numbers of an agency would be the two persons whom many decisions need. What the rows say is
compared with the order of the ledger; that the rows are the ledger's is compared apart. Whose number it is nobody can
tell again: of it there is a keyed hash alone.
"""

from __future__ import annotations

from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import directory_pb2
from nsor_server.access import own_numbers
from nsor_server.ledger.stored import Add, Concerns, Connection, Rows
from nsor_server.storage.v1 import record_pb2

ENROL: Final = "nsor.v1.DirectoryService/EnrolOfficer"
_ENROLLED: Final = """
SELECT r.index, o.kind, o.own_number, o.decides, o.seconded_by
FROM ledger_record AS r JOIN officer AS o ON o.key_id = r.row_id
WHERE r.table_name = 'officer'
ORDER BY r.index, r.ordinal
"""
NOT_GIVEN: Final = "a key was enrolled without the officer's own number, or a system's with one"
ENROLLED_BY_ONE: Final = "a deciding officer was enrolled by one focal person"
TWO_NUMBERS: Final = "somebody was enrolled who was in force under another number of the same agency"


class OwnNumbers:
    """Whom each entry has enrolled."""

    def __init__(self, conn: Connection, add: Add) -> None:
        self._add, self._numbers = add, own_numbers.OwnNumbers(conn)
        self._enrolled = Rows(conn, "officers who were enrolled", _ENROLLED, add)
        self.concerns = Concerns((self._enrolled,))

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare whom the next entry has enrolled."""
        for kind, given, decides, seconded_by in self._enrolled.take(index):
            if leaf.method == ENROL and (given is None) != (kind == directory_pb2.KEY_KIND_SYSTEM):
                self._add(index, NOT_GIVEN)
            if leaf.method == ENROL and decides and seconded_by is None:
                self._add(index, ENROLLED_BY_ONE)
        for (agency_id, _), others in self._numbers.enrolled_by(index):
            if any(other == agency_id for other, _ in others):
                self._add(index, TWO_NUMBERS)

    def finish(self) -> None:
        """Report what is left."""
        self._enrolled.finish()
