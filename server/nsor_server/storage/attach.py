"""How a command or the server comes to its database: a configured one, or the embedded one, started if need be."""

import contextlib
from collections.abc import Iterator

from nsor_server.config import Settings
from nsor_server.storage.embedded import OWNER, SERVER, EmbeddedPostgres
from nsor_server.storage.pool import Database


@contextlib.contextmanager
def attached(settings: Settings, *, pool_size: int = 2) -> Iterator[Database]:
    """The database of these settings; its pool is not open yet, which operators' commands do not need.

    The embedded PostgreSQL is started if it does not run, and stopped at the end unless another process uses it.

    Raises:
        EmbeddedError: the embedded PostgreSQL cannot run here.
    """
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
