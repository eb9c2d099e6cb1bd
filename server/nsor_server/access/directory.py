"""The directory as one server process sees it: agencies, certificates, officers and policy of one version, in memory.

Every change of the directory raises the number in ``ledger_head.directory_version``, in the row that every commit
locks. So a call that was gated against an older snapshot is found out when it is recorded, and is gated again: a
revocation counts from the next call without a query per call. The watcher is for open streams, which commit
nothing while they are silent.
"""

from __future__ import annotations

import datetime as dt
import functools
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import psycopg

from nsor.v1 import directory_pb2
from nsor_server.access.facts import Certificate
from nsor_server.calls import Agency, FocalPerson, Officer
from nsor_server.policy.loaded import Policy

WATCH_SECONDS = 1.0
"""How often the watcher asks for the version."""

ENABLED: Final = """
coalesce((
    SELECT state.enabled FROM agency_state AS state
    WHERE state.agency_id = agency.agency_id ORDER BY state.version DESC LIMIT 1
), true)
"""
"""An SQL expression: whether an agency may call."""

_log = logging.getLogger(__name__)


class Transactions(Protocol):
    """What the directory needs of the database."""

    def transaction(self) -> Any:
        """A context manager that gives a connection of the server's role."""
        ...


@dataclass(frozen=True, slots=True)
class DirectorySnapshot:
    """Who is who, at one version.

    Attributes:
        version: ``ledger_head.directory_version`` that it was read at.
        agencies: by agency id.
        certificates: by serial.
        officers: officers and systems, by key id.
        policy: the policy in force.
        clock_offset: the database's clock less this host's, seconds.
        focal_persons: by key id.
    """

    version: int
    agencies: Mapping[str, Agency]
    certificates: Mapping[str, Certificate]
    officers: Mapping[bytes, Officer]
    policy: Policy
    clock_offset: float = 0.0
    focal_persons: Mapping[bytes, FocalPerson] = field(default_factory=dict)

    def now(self) -> dt.datetime:
        """The time by the database's clock, as far as this host's clock has kept pace since it was read."""
        return dt.datetime.fromtimestamp(time.time() + self.clock_offset, dt.UTC)


class Directory:
    """The current snapshot, and the ways in which it becomes a newer one."""

    def __init__(self, database: Transactions) -> None:
        """Loads the first snapshot."""
        self._database = database
        self._lock = threading.Lock()
        self._asked = 0.0
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None
        with database.transaction() as connection:
            self.current = read(connection)

    def reload(self, connection: psycopg.Connection | None = None) -> DirectorySnapshot:
        """Read the directory again, on this connection (which may hold the head's lock) or on one of the pool."""
        if connection is not None:
            fresh = read(connection)
        else:
            with self._database.transaction() as pooled:
                fresh = read(pooled)
        with self._lock:
            if fresh.version >= self.current.version:
                self.current = fresh
            return self.current

    def at_least_as_of(self, moment: float) -> DirectorySnapshot:
        """A snapshot that was current at ``moment`` (``time.monotonic``) or later.

        Asks for the version only if nobody has since then, so that a flood of refusals asks once at a time.
        """
        if self._asked < moment:
            self._refresh()
        return self.current

    def start(self) -> None:
        """Start the watcher."""
        self._watcher = threading.Thread(target=self._watch, name="directory-watcher", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Stop the watcher."""
        self._stop.set()
        if self._watcher is not None:
            self._watcher.join(timeout=5)

    def _watch(self) -> None:
        while not self._stop.wait(WATCH_SECONDS):
            try:
                self._refresh()
            except psycopg.Error as error:
                # Its text can hold values; the kind is enough, and calls meet the same failure themselves.
                _log.warning("directory: cannot read the version (%s)", type(error).__name__)

    def _refresh(self) -> None:
        asked = time.monotonic()
        with self._database.transaction() as connection:
            row = connection.execute("SELECT directory_version FROM ledger_head").fetchone()
            if row is None or row[0] != self.current.version:
                self.reload(connection)
        self._asked = max(self._asked, asked)


def read(connection: psycopg.Connection) -> DirectorySnapshot:
    """Read a snapshot.

    The version comes first: whatever changes while the rest is read makes this snapshot older than it is, which
    costs a second reading and hides nothing.
    """
    row = connection.execute("SELECT directory_version, clock_timestamp() FROM ledger_head").fetchone()
    if row is None:
        raise RuntimeError("ledger_head has no row; the database is not migrated")
    offset = row[1].timestamp() - time.time()
    return DirectorySnapshot(
        int(row[0]),
        _agencies(connection),
        _certificates(connection),
        _officers(connection),
        _shipped(),
        offset,
        _focal_persons(connection),
    )


@functools.cache
def _shipped() -> Policy:
    """The policy that ships with the server; one object, by which a call sees that the policy hasn't changed."""
    return Policy.load()


def _agencies(connection: psycopg.Connection) -> dict[str, Agency]:
    rows = connection.execute(
        f"SELECT agency_id, kind, jurisdiction, {ENABLED}, name_en, name_ur, court_kinds FROM agency"  # noqa: S608 - constants
    )
    return {row[0]: Agency(row[0], row[1], tuple(row[2]), row[3], row[4], row[5], tuple(row[6])) for row in rows}


def _certificates(connection: psycopg.Connection) -> dict[str, Certificate]:
    rows = connection.execute(
        """
        SELECT serial, agency_id, fingerprint, not_before, not_after, revocation.serial IS NOT NULL
        FROM certificate LEFT JOIN certificate_revocation AS revocation USING (serial)
        """
    )
    return {row[0]: Certificate(row[0], row[1], bytes(row[2]), row[3], row[4], row[5]) for row in rows}


def _officers(connection: psycopg.Connection) -> dict[bytes, Officer]:
    rows = connection.execute(
        """
        SELECT key_id, officer.agency_id, officer_number, public_key, jurisdiction, grade, disabled.key_id IS NOT NULL,
            decides, kind
        FROM officer LEFT JOIN officer_disabled AS disabled USING (key_id)
        """
    )
    officers = (
        Officer(
            bytes(row[0]),
            row[1],
            row[2],
            bytes(row[3]),
            tuple(row[4]),
            row[5],
            disabled=row[6],
            decides=row[7],
            system=row[8] == directory_pb2.KEY_KIND_SYSTEM,
        )
        for row in rows
    )
    return {officer.key_id: officer for officer in officers}


def _focal_persons(connection: psycopg.Connection) -> dict[bytes, FocalPerson]:
    rows = connection.execute(
        """
        SELECT key_id, person.agency_id, officer_number, public_key, disabled.key_id IS NOT NULL
        FROM focal_person AS person LEFT JOIN focal_person_disabled AS disabled USING (key_id)
        """
    )
    return {bytes(row[0]): FocalPerson(bytes(row[0]), row[1], row[2], bytes(row[3]), row[4]) for row in rows}
