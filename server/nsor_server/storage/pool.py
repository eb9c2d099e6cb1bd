"""Connections to PostgreSQL: a pool that reads, one for transactions, single ones, and the owner's for operators.

All but the reading ones are plain psycopg connections that are not in autocommit, so that whoever needs a watchdog over
a commit can call it himself. They read instants in GMT, and the database bounds each statement and each idle
transaction; neither bounds a commit that waits for a lost standby, which is the ledger's watchdog's business.
"""

import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool

from nsor_server.config import OperatorError
from nsor_server.storage import soundness
from nsor_server.storage.embedded import EmbeddedPostgres

MAX_SKEW_SECONDS = 2.0
"""Most by which host and database may differ: beyond it certificates and deadlines would be judged wrongly."""

Connection = psycopg.Connection[Any]

TRANSACTIONS = 4
"""Connections for transactions: the directory's, and what looks at the database as a whole."""

_BY_INDEX = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_bitmapscan": "off",
    "enable_material": "off",
    "max_parallel_workers_per_gather": "0",
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
}
"""A plan is made once per connection: one for a table that was small at the time, or for few rows of a kind, would read
all of them ever after. And one that takes a tenth of a large table for what a page is starts two processes for each."""

_WRITING = {**_BY_INDEX, "enable_memoize": "off"}
"""What the ledger's writer reads for a batch is another row for nearly each call: nothing is worth remembering."""

_PINNED = {
    "search_path": soundness.PATH,
    "row_security": "off",
    "default_transaction_isolation": r"read\ committed",
    "default_transaction_deferrable": "off",
    "idle_session_timeout": "0",
}
"""Names mean the register's own tables, whatever the role, the database or an operator's options say: no schema that is
named like the role comes before, and no temporary table. A policy that hides rows is an error. A transaction sees what
its own way needs, and no connection of a pool ends because nobody has used it."""

_SINCE_17 = b"SET transaction_timeout = 0"
"""The same for a setting that older versions of PostgreSQL don't know, and refuse in the options."""


class ClockSkew(OperatorError):
    """This host's clock and the database's differ too much."""


class Database:
    """The database as seen by one server process.

    Args:
        url_server: libpq connection string of the server's role, which owns nothing.
        url_owner: that of the role that owns the tables; None where operators' commands are not needed.
        pool_size: connections that read; a call holds one while its handler runs.
        statement_timeout_ms: longest that one statement may run.
        idle_timeout_ms: longest that a transaction may wait for its client.
        lock_timeout_ms: longest that a statement may wait for a lock: whoever holds it may hang in its commit.
    """

    def __init__(
        self,
        url_server: str,
        url_owner: str | None = None,
        *,
        pool_size: int = 24,
        statement_timeout_ms: int = 10_000,
        idle_timeout_ms: int = 15_000,
        lock_timeout_ms: int = 5_000,
    ) -> None:
        bounds = {
            "statement_timeout": f"{statement_timeout_ms}",
            "lock_timeout": f"{lock_timeout_ms}",
            "idle_in_transaction_session_timeout": f"{idle_timeout_ms}",
            "TimeZone": "GMT",
        }
        self.url_server = _with_settings(url_server, bounds)
        self._url_writer = _with_settings(self.url_server, _WRITING)
        self.url_owner = None if url_owner is None else _with_settings(url_owner, {"TimeZone": "GMT"})
        self.embedded: EmbeddedPostgres | None = None
        """The PostgreSQL of ours that it runs on, if it is one."""
        self._examining = threading.Lock()
        reading = _with_settings(self.url_server, {**_BY_INDEX, "default_transaction_read_only": "on"})
        self._readers = ConnectionPool(
            reading,
            min_size=pool_size,
            max_size=pool_size,
            max_waiting=4 * pool_size + 512,
            timeout=5.0,
            open=False,
            kwargs={"autocommit": True},
            configure=_pin,
            name="nsor-readers",
        )
        self._pool = ConnectionPool(
            self.url_server,
            min_size=TRANSACTIONS,
            max_size=TRANSACTIONS,
            max_waiting=512,
            timeout=5.0,
            open=False,
            configure=_configure,
            name="nsor-server",
        )

    def open(self, timeout_seconds: float = 30.0) -> None:
        """Fill the pools; returns when every connection stands.

        Raises:
            psycopg_pool.PoolTimeout: the database did not answer in time.
        """
        self._pool.open(wait=True, timeout=timeout_seconds)
        self._readers.open(wait=True, timeout=timeout_seconds)

    def connections(self) -> dict[tuple[str, ...], float]:
        """Connections of each pool that are busy and idle, and who waits for one."""
        found: dict[tuple[str, ...], float] = {}
        for name, pool in (("reading", self._readers), ("transactions", self._pool)):
            stats = pool.get_stats()
            idle = stats.get("pool_available", 0)
            found[name, "busy"] = max(0, stats.get("pool_size", 0) - idle)
            found[name, "idle"] = idle
            found[name, "awaited"] = stats.get("requests_waiting", 0)
        return found

    def close(self) -> None:
        """Close the pools; connections that are still in use are closed when they come back."""
        self._readers.close()
        self._pool.close()

    def __enter__(self) -> Self:
        """Fill the pool."""
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the pool."""
        self.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection of the server's role that can't write; each statement sees what was committed before it."""
        connection: Connection | None = None
        try:
            with self._readers.connection() as connection:
                yield connection
        except psycopg.OperationalError:
            if connection is not None and connection.closed:
                self._examine()
            raise

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A READ COMMITTED transaction of the server's role: committed at the end, rolled back on an exception.

        The block may commit by itself. A connection that was lost is replaced, and so are others that broke
        with it.
        """
        connection: Connection | None = None
        try:
            with self._pool.connection() as connection:
                yield connection
        except psycopg.OperationalError:
            if connection is not None and connection.closed:
                self._examine()
            raise

    def connect(self) -> Connection:
        """A connection of its own for the server's role (a listener, a probe); the caller closes it."""
        connection = psycopg.connect(self.url_server)
        _configure(connection)
        return connection

    def writer(self) -> Connection:
        """As ``connect``, for whoever writes for all calls: its statements all go by indexes."""
        connection = psycopg.connect(self._url_writer)
        _configure(connection)
        return connection

    def owner(self) -> Connection:
        """A connection of its own for the owner's role, for operators' commands; the caller closes it.

        Raises:
            OperatorError: no owner's URL was given.
        """
        if self.url_owner is None:
            raise OperatorError("this command writes as the tables' owner; set NSOR_DATABASE_OWNER_URL")
        connection = psycopg.connect(self.url_owner)
        _configure(connection)
        return connection

    def check_durable(self) -> None:
        """See that the database keeps what it acknowledges.

        Raises:
            soundness.NotDurable: names the setting.
        """
        with self.transaction() as connection:
            soundness.check_durable(connection)

    def clock_offset(self) -> float:
        """Seconds by which the database's clock is ahead of this host's, give or take half a round trip."""
        with self.transaction() as connection:
            connection.execute("SELECT 1")
            before = datetime.now(UTC)
            row = connection.execute("SELECT clock_timestamp()").fetchone()
            after = datetime.now(UTC)
        if row is None:
            raise RuntimeError("no clock")
        there: datetime = row[0]
        return ((there - before) + (there - after)).total_seconds() / 2

    def check_clock(self) -> None:
        """See that both clocks agree.

        Raises:
            ClockSkew: they differ by more than `MAX_SKEW_SECONDS`.
        """
        offset = self.clock_offset()
        if abs(offset) > MAX_SKEW_SECONDS:
            raise ClockSkew(
                f"the database's clock is {offset:+.1f} s off this host's; more than {MAX_SKEW_SECONDS:g} s is "
                "refused. Synchronise both (chrony, systemd-timesyncd)"
            )

    def _examine(self) -> None:
        """After a lost connection, throw out the pools' other dead ones; one thread at a time does it."""
        if self._examining.acquire(blocking=False):
            try:
                with contextlib.suppress(psycopg.Error):
                    self._readers.check()
                    self._pool.check()
            finally:
                self._examining.release()


def _configure(connection: Connection) -> None:
    # psycopg deallocates all prepared statements at a rollback when it has prepared one itself: the session's too.
    connection.prepare_threshold = None
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    _pin(connection)


def _pin(connection: Connection) -> None:
    if connection.info.server_version >= 170000:
        connection.execute(_SINCE_17)
        connection.commit()


def _with_settings(url: str, settings: dict[str, str]) -> str:
    """Add settings to a connection string; what an operator put into its `options` wins, but over what is pinned.

    Without another word of the operator's, only a primary is connected to.
    """
    parts = conninfo_to_dict(url)
    given = str(parts.get("options") or "").removesuffix(_options(_PINNED)).strip()
    options = f"{_options(settings)} {given} {_options(_PINNED)}"
    attributes = parts.get("target_session_attrs") or "primary"
    return make_conninfo(
        url, options=" ".join(options.split()), application_name="nsor-server", target_session_attrs=attributes
    )


def _options(settings: dict[str, str]) -> str:
    return " ".join(f"-c {name}={value}" for name, value in settings.items())
