"""How a command or the server comes to its database: a configured one, or the embedded one, started if need be."""

import contextlib
from collections.abc import Iterator

from nsor_server.config import OperatorError, Settings
from nsor_server.storage import keyring
from nsor_server.storage.embedded import CONSOLE, OWNER, PUBLISHER, SERVER, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database


class NoRegister(OperatorError):
    """There is no database where the settings say, and the command is none that begins a register."""


def check_there(settings: Settings) -> None:
    """See that the settings name a register: a command in a wrong folder must not make a second, empty one.

    Raises:
        NoRegister: they name none.
    """
    if settings.embedded and not (settings.state_dir / "postgres").is_dir():
        raise NoRegister(
            f"There is no register in {settings.state_dir} (state_dir). Run this in the register's folder, or set "
            "NSOR_STATE_DIR. `nsor-server migrate` begins a new one."
        )


def keyring_of(settings: Settings) -> Keyring:
    """The keyring of a register that is there.

    Raises:
        NoRegister: it isn't.
        KeyringError: the keyring cannot be had.
    """
    check_there(settings)
    return keyring.load(settings.keys)


@contextlib.contextmanager
def attached_to_publish(settings: Settings, *, pool_size: int) -> Iterator[Database]:
    """As ``attached``, for the role that publishes the log: it is no owner, and opens nothing.

    Raises:
        NoRegister: there is no register.
        OperatorError: the settings name a database, and none for this role.
        EmbeddedError: the embedded PostgreSQL cannot run here.
    """
    with _attached_as(settings, PUBLISHER, "publish_database_url", pool_size=pool_size) as database:
        yield database


@contextlib.contextmanager
def attached_to_look(settings: Settings, *, pool_size: int, statement_timeout_ms: int) -> Iterator[Database]:
    """As ``attached``, for the operators' console: its role reads leaves and what decides, and no more.

    Raises:
        NoRegister: there is no register.
        OperatorError: the settings name a database, and none for this role.
        EmbeddedError: the embedded PostgreSQL cannot run here.
    """
    with _attached_as(
        settings, CONSOLE, "console_database_url", pool_size=pool_size, statement_timeout_ms=statement_timeout_ms
    ) as database:
        yield database


@contextlib.contextmanager
def _attached_as(
    settings: Settings, role: str, setting: str, *, pool_size: int, statement_timeout_ms: int = 10_000
) -> Iterator[Database]:
    url: str | None = getattr(settings, setting)
    if url is not None:
        with contextlib.closing(
            Database(url, pool_size=pool_size, statement_timeout_ms=statement_timeout_ms)
        ) as database:
            yield database
        return
    if settings.database_url is not None:
        raise OperatorError(f"set NSOR_{setting.upper()} to a URL for the role {role} of the database")
    check_there(settings)
    embedded = EmbeddedPostgres(settings.state_dir, settings.postgres_bin, archive=settings.wal_archive)
    embedded.start()
    try:
        database = Database(embedded.conninfo(role), pool_size=pool_size, statement_timeout_ms=statement_timeout_ms)
        database.embedded = embedded
        with contextlib.closing(database):
            yield database
    finally:
        embedded.stop()


@contextlib.contextmanager
def attached(settings: Settings, *, pool_size: int = 2, begins: bool = False) -> Iterator[Database]:
    """The database of these settings; its pool is not open yet, which operators' commands do not need.

    The embedded PostgreSQL is started if it does not run, and stopped at the end unless another process uses it.

    Args:
        settings: of the register.
        pool_size: connections of the server's pool.
        begins: make the embedded database where there is none.

    Raises:
        NoRegister: there is none, and it isn't to be made.
        EmbeddedError: the embedded PostgreSQL cannot run here.
    """
    if not begins:
        check_there(settings)
    lock_timeout_ms = max(1, int(settings.commit_timeout_seconds * 1000))
    if settings.database_url is not None:
        database = Database(
            settings.database_url, settings.database_owner_url, pool_size=pool_size, lock_timeout_ms=lock_timeout_ms
        )
        with contextlib.closing(database):
            yield database
        return
    embedded = EmbeddedPostgres(settings.state_dir, settings.postgres_bin, archive=settings.wal_archive)
    embedded.start()
    try:
        database = Database(
            embedded.conninfo(SERVER), embedded.conninfo(OWNER), pool_size=pool_size, lock_timeout_ms=lock_timeout_ms
        )
        database.embedded = embedded
        with contextlib.closing(database):
            yield database
    finally:
        embedded.stop()
