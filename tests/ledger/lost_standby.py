"""A synchronous standby that is lost and comes back: commits hang, as they do when a real one is gone."""

import contextlib
import time
from collections.abc import Callable

import psycopg

from nsor_server.storage.embedded import SUPERUSER, EmbeddedPostgres


class Standby:
    """A synchronous standby that doesn't exist."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres = postgres
        self._admin = self._connect()

    def lose(self) -> None:
        """Lose it; returns when commits hang: the server's processes hear of a setting each in its own time."""
        self._set("ALTER SYSTEM SET synchronous_standby_names = 'ghost'", "ghost")
        with contextlib.closing(self._connect()) as probe:
            pid = probe.info.backend_pid
            until(lambda: self._hangs(probe, pid))
            self.cancel(pid)
            until(lambda: pid not in self.waiting())  # or it would be taken for the commit that is waited for

    def _hangs(self, probe: psycopg.Connection, pid: int) -> bool:
        """Whether a commit of the probe waits for the standby; if it doesn't, it is over when this returns."""
        probe.pgconn.send_query(b"SELECT pg_logical_emit_message(true, '', '')")
        while True:
            if pid in self.waiting():
                return True
            probe.pgconn.consume_input()
            if not probe.pgconn.is_busy():
                while probe.pgconn.get_result() is not None:
                    pass
                return False

    def heal(self) -> None:
        try:
            self._set("ALTER SYSTEM RESET synchronous_standby_names", "")
        except psycopg.OperationalError:
            self._admin.close()
            self._admin = self._connect()
            self._set("ALTER SYSTEM RESET synchronous_standby_names", "")

    def _connect(self) -> psycopg.Connection:
        deadline = time.monotonic() + 30
        while True:
            try:
                return psycopg.connect(self._postgres.conninfo(SUPERUSER, "postgres"), autocommit=True)
            except psycopg.OperationalError:
                assert time.monotonic() < deadline

    def waiting(self) -> list[int]:
        """Process ids of the backends whose commit waits for the standby."""
        rows = self._admin.execute("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'").fetchall()
        return [pid for (pid,) in rows]

    def wait_for_a_hanging_commit(self) -> int:
        until(lambda: bool(self.waiting()))
        return self.waiting()[0]

    def cancel(self, pid: int) -> None:
        self._admin.execute("SELECT pg_cancel_backend(%s)", (pid,))

    def close(self) -> None:
        self.heal()
        self._admin.close()

    def _set(self, statement: str, expected: str) -> None:
        self._admin.execute(statement)
        self._admin.execute("SELECT pg_reload_conf()")
        until(lambda: self._admin.execute("SHOW synchronous_standby_names").fetchone() == (expected,))


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
