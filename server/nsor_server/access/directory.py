"""The directory as one server process sees it: agencies, certificates, officers and policy of one version, in memory.

Every entry that changes what decides raises the directory's version, under the lock that every commit takes. So a call
that was gated against an older snapshot is found out when it is recorded, and is gated again: a revocation counts from
the next call without a query per call. The watcher is for open streams, which commit nothing while they are silent.

Rows are obeyed only if they are all that the ledger has recorded, with the running hash that is signed. If they aren't,
the server doesn't start; one that runs says so, and goes on with the last that were for a minute (``unproved``): a
revocation may be among those that can't be read. They are proved again from time to time though nothing is new, so that
an edit shows itself before somebody needs the rows.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import psycopg

from nsor.counting import counted
from nsor.v1 import directory_pb2
from nsor_server.access import decisions, register_seal
from nsor_server.access.facts import Certificate
from nsor_server.access.unproved import Unproved
from nsor_server.alerts import Alert
from nsor_server.calls import Agency, Consumer, DecidedRows, FocalPerson, Officer
from nsor_server.config import OperatorError
from nsor_server.policy import store
from nsor_server.policy.loaded import Policy
from nsor_server.policy.source import PolicyError
from nsor_server.storage import decided_rows
from nsor_server.storage.clock import Clock
from nsor_server.storage.decided_rows import Contradicted
from nsor_server.storage.session import Statement, ask

WATCH_SECONDS = 1.0
"""How often the watcher asks for the version."""

PROVE_AGAIN_SECONDS = 60.0
"""How often the watcher reads and proves everything though nothing is new."""

RETRY_SECONDS = 1.0
"""After rows were refused, how long nobody reads them again: reading all at each call would be a flood by itself."""

_HEAD: Final = "SELECT directory_version, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint FROM ledger_head"
_VERSION: Final = Statement(b"directory version", _HEAD.encode())
"""The same for each call: prepared, and without a transaction of its own, which would be two round trips more."""
_log = logging.getLogger(__name__)


class Proved(Protocol):
    """What is proved of the directory, from the signed root down."""

    @property
    def size(self) -> int:
        """Entries of the ledger."""
        ...

    @property
    def directory_version(self) -> int:
        """How many entries have changed what decides."""
        ...

    @property
    def directory_hash(self) -> bytes:
        """The running hash that its rows give."""
        ...


Prove = Callable[[psycopg.Connection], Proved]
"""Proves, on a connection that sees one state; raises Contradicted."""


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
        clock: the database's.
        focal_persons: by key id.
        compromised: when keys of officers and systems were disabled as compromised, by key id.
        consumers: of events, by agency id and name.
        rows: every row that decides, by table.
        sealed: whether a seal lies on the register: nothing is disclosed.
    """

    version: int
    agencies: Mapping[str, Agency]
    certificates: Mapping[str, Certificate]
    officers: Mapping[bytes, Officer]
    policy: Policy
    clock: Clock = field(default_factory=Clock)
    focal_persons: Mapping[bytes, FocalPerson] = field(default_factory=dict)
    compromised: Mapping[bytes, dt.datetime] = field(default_factory=dict)
    consumers: Mapping[tuple[str, str], Consumer] = field(default_factory=dict)
    rows: DecidedRows = field(default_factory=dict)
    sealed: bool = False

    def now(self) -> dt.datetime:
        """The time by the database's clock."""
        return dt.datetime.fromtimestamp(self.clock.now_us() / 1_000_000, dt.UTC)


class DirectoryContradicted(OperatorError):
    """The rows that decide aren't those of the ledger: the server doesn't start with them."""


class Directory:
    """The current snapshot, and the ways in which it becomes a newer one.

    Attributes:
        current: the newest that was proved.
        unproved: since when there is none that is proved, and whether the one before still decides.
    """

    def __init__(
        self, database: Transactions, prove: Prove, clock: Clock | None = None, seen: Callable[[], int] = lambda: 0
    ) -> None:
        """Loads the first snapshot.

        Args:
            database: where it stands.
            prove: gives the version and the running hash that are signed.
            clock: the database's, as this process knows it.
            seen: entries of the ledger that others of this process know to be durable.

        Raises:
            DirectoryContradicted: the rows aren't those of the ledger.
        """
        self._database = database
        self._prove = prove
        self._seen = seen
        self._size = 0
        self._clock = clock or Clock()
        self._lock = threading.Lock()
        self._asked = 0.0
        self._refused = -math.inf
        self._proved = time.monotonic()
        self.unproved = Unproved()
        self._dismissed: int | None = None
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None
        with database.transaction() as connection, _starts_on_what_is_proved():
            self.current = read(_one_state(connection), self._proved_head, self._clock)

    def reload(self, connection: psycopg.Connection | None = None) -> DirectorySnapshot:
        """Read the directory again, on this connection (which may hold the head's lock) or on one of the pool.

        Returns: the newest that is proved; the one before, with an alert, where the rows aren't those of the ledger.

        Raises:
            psycopg.OperationalError, psycopg.InterfaceError: the database doesn't answer.
        """
        if time.monotonic() - self._refused < RETRY_SECONDS:
            return self.current
        least = max(self._size, self._seen())  # before the state that is read: it may not be an earlier one
        try:
            if connection is not None:
                fresh = read(connection, self._proved_head, self._clock, least)
            else:
                with self._database.transaction() as pooled:
                    fresh = read(_one_state(pooled), self._proved_head, self._clock, least)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Contradicted as error:
            return self._keep(Alert.DIRECTORY_CONTRADICTED, str(error))
        except PolicyError as error:
            return self._keep(Alert.POLICY_UNUSABLE, str(error))
        except Exception as error:  # noqa: BLE001 - whatever ends a proof, nothing was proved
            return self._keep(Alert.DIRECTORY_CONTRADICTED, f"what decides can't be read ({type(error).__name__})")
        with self._lock:
            if fresh.version >= self.current.version:
                self.current, self._dismissed = fresh, None
                self._proved = time.monotonic()
                self.unproved.end()
            return self.current

    def _proved_head(self, connection: psycopg.Connection) -> Proved:
        """What is proved, and noted: though the rows beside it are contradicted, an earlier state isn't obeyed."""
        proved = self._prove(connection)
        with self._lock:
            self._size = max(self._size, proved.size)
        return proved

    def _keep(self, code: Alert, text: str) -> DirectorySnapshot:
        """The snapshot that there is, since a newer reading isn't to be obeyed."""
        self._refused = time.monotonic()
        self.unproved.begin(code, text)
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
                if self.unproved.seconds or time.monotonic() - self._proved >= PROVE_AGAIN_SECONDS:
                    self.reload()
            except Exception as error:  # noqa: BLE001 - there is one thread that watches, and it lives on
                # Its text can hold values; the kind is enough, and calls meet the same failure themselves.
                _log.warning("directory: cannot be read (%s)", type(error).__name__)
                if time.monotonic() - self._proved >= 2 * PROVE_AGAIN_SECONDS and not self.unproved.seconds:
                    text = f"what decides could not be read and proved for long ({type(error).__name__})"
                    self.unproved.begin(Alert.DIRECTORY_CONTRADICTED, text)

    def _refresh(self) -> None:
        asked = time.monotonic()
        with self._database.transaction() as connection:
            rows = ask(connection, _VERSION)
        if not rows:
            raise RuntimeError("ledger_head has no row; the database is not migrated")
        ((version, now_us),) = rows
        self._clock.observe(now_us)
        if version not in (self.current.version, self._dismissed):
            # The head's column only says that something may be new; what is, is proved.
            self._dismissed = None if self.reload().version == version else version
        self._asked = max(self._asked, asked)


def prove_at_start(connection: psycopg.Connection, prove: Prove) -> None:
    """See that the rows that decide are those of the ledger; ``connection`` is at the beginning of a transaction.

    Raises:
        DirectoryContradicted: they aren't.
    """
    with _starts_on_what_is_proved():
        proved_rows(connection, prove)


def proved_rows(connection: psycopg.Connection, prove: Prove) -> DecidedRows:
    """Every row that decides, as the ledger proves it; ``connection`` is at the beginning of a transaction.

    Raises:
        Contradicted: the rows aren't those of the ledger.
    """
    return decided_rows.read(connection, prove(_one_state(connection)).directory_hash)


@contextlib.contextmanager
def _starts_on_what_is_proved() -> Iterator[None]:
    try:
        yield
    except Contradicted as error:
        raise DirectoryContradicted(
            f"what decides isn't what the ledger says: {error}. Somebody wrote to the database past the"
            " register; `nsor-server ledger verify` names the rows. Put them back; nothing is served before"
        ) from None


def read(connection: psycopg.Connection, prove: Prove, clock: Clock, least: int = 0) -> DirectorySnapshot:
    """Read a snapshot.

    Args:
        connection: in a transaction that sees one state, or that holds the head's lock.
        prove: gives the version and the running hash that are signed.
        clock: takes a measurement.
        least: entries that the ledger must have.

    Raises:
        Contradicted: the rows aren't those of the ledger, or it was set back to an earlier state of its own.
        PolicyError: the policy can't be used.
    """
    row = connection.execute(_HEAD).fetchone()
    if row is None:
        raise RuntimeError("ledger_head has no row; the database is not migrated")
    clock.observe(row[1])
    proved = prove(connection)
    if proved.size < least:
        raise Contradicted(f"the ledger has {counted(proved.size, 'entries')}, and {least} were there")
    rows = decided_rows.read(connection, proved.directory_hash)
    return DirectorySnapshot(
        proved.directory_version,
        agencies(rows),
        certificates(rows),
        _officers(rows),
        store.decided(rows[store.TABLE]),
        clock,
        _focal_persons(rows),
        compromised(rows),
        _consumers(rows),
        rows,
        register_seal.standing(rows).is_sealed,
    )


def _one_state(connection: psycopg.Connection) -> psycopg.Connection:
    """The connection, whose transaction sees one state from now on."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    return connection


def agencies(rows: DecidedRows) -> dict[str, Agency]:
    """All agencies, by id."""
    # Versions come in their order, so that the last one stays.
    enabled = {state["agency_id"]: state["enabled"] for state in rows["agency_state"]}
    return {
        row["agency_id"]: Agency(
            agency_id=row["agency_id"],
            kind=row["kind"],
            jurisdiction=tuple(row["jurisdiction"]),
            enabled=enabled.get(row["agency_id"], True),
            name_en=row["name_en"],
            name_ur=row["name_ur"],
            court_kinds=tuple(row["court_kinds"]),
        )
        for row in rows["agency"]
    }


def certificates(rows: DecidedRows) -> dict[str, Certificate]:
    """All certificates that were imported, by serial."""
    revoked = {row["serial"] for row in rows["certificate_revocation"]}
    return {
        row["serial"]: Certificate(
            row["serial"],
            row["agency_id"],
            bytes(row["fingerprint"]),
            row["not_before"],
            row["not_after"],
            row["serial"] in revoked,
        )
        for row in rows["certificate"]
    }


def _officers(rows: DecidedRows) -> dict[bytes, Officer]:
    disabled = {bytes(row["key_id"]) for row in rows["officer_disabled"]}
    own = decisions.own_numbers(rows["officer"])
    officers = (
        Officer(
            key_id=bytes(row["key_id"]),
            agency_id=row["agency_id"],
            officer_number=row["officer_number"],
            public_key=bytes(row["public_key"]),
            jurisdiction=tuple(row["jurisdiction"]),
            grade=row["grade"],
            disabled=bytes(row["key_id"]) in disabled,
            decides=row["decides"],
            system=row["kind"] == directory_pb2.KEY_KIND_SYSTEM,
            own=own[bytes(row["key_id"])],
        )
        for row in rows["officer"]
    )
    return {officer.key_id: officer for officer in officers}


def compromised(rows: DecidedRows) -> dict[bytes, dt.datetime]:
    """When keys of officers and systems were disabled as compromised, of any agency, by key id."""
    reason = directory_pb2.DISABLE_REASON_KEY_COMPROMISED
    return {bytes(row["key_id"]): row["disabled_at"] for row in rows["officer_disabled"] if row["reason"] == reason}


def _consumers(rows: DecidedRows) -> dict[tuple[str, str], Consumer]:
    disabled = {row["consumer_id"]: row["disabled_at"] for row in rows["event_consumer_disabled"]}
    return {
        (row["agency_id"], row["consumer"]): Consumer(
            row["consumer_id"].bytes,
            row["agency_id"],
            row["consumer"],
            tuple(row["places"]),
            tuple(row["kinds"]),
            row["enrolled_at"],
            disabled.get(row["consumer_id"]),
        )
        for row in rows["event_consumer"]
    }


def _focal_persons(rows: DecidedRows) -> dict[bytes, FocalPerson]:
    disabled = {bytes(row["key_id"]) for row in rows["focal_person_disabled"]}
    persons = (
        FocalPerson(
            bytes(row["key_id"]),
            row["agency_id"],
            row["officer_number"],
            bytes(row["public_key"]),
            bytes(row["own_number"]),
            bytes(row["key_id"]) in disabled,
        )
        for row in rows["focal_person"]
    )
    return {person.key_id: person for person in persons}
