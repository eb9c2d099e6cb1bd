"""Whom the directory has ever known, for verification: agencies, who held a key when it signed, and stolen keys.

It reads the rows as they stand; that they are the ledger's is compared apart (``verification/records.py``).
"""

from __future__ import annotations

import sys
from typing import Final

import psycopg
from psycopg.rows import TupleRow, dict_row

from nsor.v1 import directory_pb2, options_pb2
from nsor_server.access import decisions, rows
from nsor_server.access.decisions import Person
from nsor_server.calls import Agency, Officer

_OFFICERS: Final = """
SELECT key_id, agency_id, officer_number, public_key, jurisdiction, grade, enrolled_at, own_number FROM officer
"""
_ENROLLED: Final = "SELECT row_id, index FROM ledger_record WHERE table_name = 'officer'"
_COMPROMISED: Final = f"""
SELECT d.key_id, min(r.index)
FROM ledger_record AS r
JOIN officer_disabled AS d ON r.table_name = 'officer_disabled' AND r.row_id = d.key_id AND r.version = d.version
WHERE d.reason = {directory_pb2.DISABLE_REASON_KEY_COMPROMISED:d}
GROUP BY d.key_id
"""  # noqa: S608 - constants
_AGENCIES: Final = "SELECT agency_id, kind, jurisdiction, court_kinds FROM agency"
_ENTERED: Final = """
SELECT convert_from(row_id, 'UTF8'), min(index) FROM ledger_record WHERE table_name = 'agency' GROUP BY row_id
"""


class Enrolled:
    """Officers by key, and agencies by id, those that are disabled too; all of them in memory."""

    def __init__(self, conn: psycopg.Connection[TupleRow]) -> None:
        found = conn.cursor(row_factory=dict_row).execute(_OFFICERS).fetchall()
        own = decisions.own_numbers(found)
        self._officers = {
            key_id: Officer(
                key_id,
                row["agency_id"],
                row["officer_number"],
                bytes(row["public_key"]),
                tuple(row["jurisdiction"]),
                row["grade"],
                own=own[key_id],
            )
            for row in found
            for key_id in (bytes(row["key_id"]),)
        }
        self._conn = conn
        self._entered: dict[str, int] | None = None
        self._enrolled: dict[bytes, int] | None = None
        self._compromised = {bytes(key_id): int(index) for key_id, index in conn.execute(_COMPROMISED)}
        self._agencies = {
            agency_id: Agency(
                agency_id,
                options_pb2.AgencyKind.ValueType(kind),
                tuple(jurisdiction),
                enabled=True,
                court_kinds=tuple(court_kinds),
            )
            for agency_id, kind, jurisdiction, court_kinds in conn.execute(_AGENCIES)
        }

    def agency(self, agency_id: str) -> Agency | None:
        """An agency; what verification asks of one never changes. None: there is none."""
        return self._agencies.get(agency_id)

    def agencies(self, index: int) -> dict[str, Agency]:
        """The agencies that there were when an entry was written, by their ids."""
        if self._entered is None:
            self._entered = {agency_id: int(first) for agency_id, first in self._conn.execute(_ENTERED)}
        known = self._entered
        return {each: agency for each, agency in self._agencies.items() if known.get(each, index) < index}

    def officer(self, key_id: bytes) -> Officer | None:
        """Who was enrolled with a key; None: nobody."""
        return self._officers.get(key_id)

    def may_act(self, agency_id: str, key_id: bytes | None, place: str) -> bool:
        """Whether a place lies within an agency's jurisdiction, and its officer's.

        Args:
            agency_id: id; one that isn't known may: that is found elsewhere.
            key_id: of the officer; None: the detail that names him is gone.
            place: code.
        """
        agency = self.agency(agency_id)
        return agency is None or rows.within(agency, self.officer(key_id or b""), [place])

    def holder(self, agency_id: str, key_id: bytes) -> Person:
        """Who has or had a key of an agency; without a number, if nobody was enrolled with it."""
        officer = self._officers.get(key_id)
        if officer is None:
            return Person(agency_id, "", key_id)
        return Person(agency_id, officer.officer_number, key_id, own=officer.own)

    def of_number(self, agency_id: str, officer_number: str, index: int) -> Person:
        """Who had a number of an agency, by the keys that were enrolled before an entry."""
        before = (each for key_id, each in self._officers.items() if self.enrolled_at(key_id) < index)
        return decisions.of_number(before, agency_id, officer_number)

    def enrolled_at(self, key_id: bytes) -> int:
        """Index of the entry that has enrolled a key; of one that none has: greater than any."""
        if self._enrolled is None:
            self._enrolled = {bytes(row_id): int(index) for row_id, index in self._conn.execute(_ENROLLED)}
        return self._enrolled.get(key_id, sys.maxsize)

    def counts(self, key_id: bytes, index: int) -> bool:
        """Whether what a key had begun still counted at an entry: it wasn't disabled as compromised before that."""
        return self._compromised.get(key_id, index) >= index

    def are_one(self, key_id: bytes, other: bytes) -> bool:
        """Whether one person of an agency has or had both keys."""
        return self.holder("", key_id).is_same(self.holder("", other))
