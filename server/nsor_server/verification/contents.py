"""What the services store, collected: each says in its module `stored` what is to be compared with the ledger."""

from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.directory import stored as directory
from nsor_server.ledger.stored import Connection, OfEntries, Stored
from nsor_server.lookup import stored as lookup
from nsor_server.notification import stored as notification
from nsor_server.registration import stored as registration
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from nsor_server.verification.report import Report

SERVICES: Final[tuple[Stored, ...]] = (registration.STORED, notification.STORED, lookup.STORED, directory.STORED)
TABLES: Final = tuple(table for service in SERVICES for table in service.tables)
"""The tables whose rows are each the work of one entry."""


def compare(conn: Connection, keyring: Keyring, report: Report) -> None:
    """Open every seal, and add a finding for each that isn't what stands beside it says."""
    for service in SERVICES:
        if service.compare is not None:
            service.compare(conn, keyring, report.add)


class _All:
    """Every service's comparison of its rows with the entries."""

    def __init__(self, parts: list[OfEntries]) -> None:
        self._parts = parts

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        for part in self._parts:
            part.entry(index, leaf, detail)

    def finish(self) -> None:
        for part in self._parts:
            part.finish()


def of_entries(conn: Connection, report: Report) -> OfEntries:
    """Begin to compare rows with the entries that wrote them."""
    return _All([service.of_entries(conn, report.add) for service in SERVICES if service.of_entries is not None])
