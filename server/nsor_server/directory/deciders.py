"""Which officers decided for which kind of agency when an entry was made, for verification; all of them in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nsor.v1 import options_pb2
from nsor_server.access import decisions
from nsor_server.access.decisions import Person
from nsor_server.calls import Table
from nsor_server.ledger.stored import Connection
from nsor_server.storage import deciding

_RECORDED: Final = "SELECT row_id, version, index FROM ledger_record WHERE table_name = %s"


class Deciders:
    """Officers by their keys, those that are disabled too, as the rows stand."""

    def __init__(self, conn: Connection) -> None:
        self._enrolled = recorded(conn, deciding.OFFICERS)
        self._disabled = recorded(conn, deciding.DISABLED_OFFICERS)
        self._officers: Mapping[bytes, Mapping[str, Any]] = {
            row["key_id"]: row for row in rows(conn, deciding.OFFICERS)
        }
        self._own = decisions.own_numbers(self._officers.values())
        self._kinds = {row["agency_id"]: row["kind"] for row in rows(conn, deciding.AGENCIES)}

    def person(self, key_id: bytes) -> Person:
        """Who has or had a key; nobody's number if nobody was enrolled with it."""
        officer = self._officers.get(key_id, {})
        own = self._own.get(key_id, frozenset())
        return Person(officer.get("agency_id", ""), officer.get("officer_number", ""), key_id, own=own)

    def public_key(self, key_id: bytes) -> bytes:
        """The raw public key; empty if nobody was enrolled with it."""
        return bytes(self._officers.get(key_id, {}).get("public_key", b""))

    def decides(self, key_id: bytes, kind: options_pb2.AgencyKind.ValueType, index: int) -> bool:
        """Whether an officer decided for an agency of a kind when an entry was made."""
        officer = self._officers.get(key_id)
        if officer is None or not officer["decides"] or self._kinds.get(officer["agency_id"]) != kind:
            return False
        return self._enrolled.get((key_id, 1), index) < index < self._disabled.get((key_id, 1), index + 1)


def rows(conn: Connection, table: Table) -> Iterator[dict[str, Any]]:
    """The rows of a table that decides, by column."""
    names = [name for name, _ in table.columns]
    for row in conn.execute(f"SELECT {', '.join(names)} FROM {table.name}".encode()):  # noqa: S608 - constants
        yield dict(zip(names, row, strict=True))


def recorded(conn: Connection, table: Table) -> dict[tuple[bytes, int], int]:
    """The index of the entry that wrote each row, by the row's id and version."""
    return {(row_id, version): index for row_id, version, index in conn.execute(_RECORDED, (table.name,))}
