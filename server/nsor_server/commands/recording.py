"""How a command puts on record what it does: as the tables' owner, and in the outside copy when it is committed."""

import contextlib
from collections.abc import Iterator

from nsor.cli import screen
from nsor_server.config import Settings
from nsor_server.ledger import operator
from nsor_server.storage.pool import Connection, Database


@contextlib.contextmanager
def recording(database: Database, settings: Settings) -> Iterator[Connection]:
    """A connection of the owner's role, for operator.record; committed at the end, and then copied."""
    with database.owner() as conn:
        yield conn
    copy(conn, settings)


def copy(conn: Connection, settings: Settings) -> None:
    """After a commit in between: have the outside copy hold what was recorded, or say that it doesn't.

    A register whose copy hasn't begun begins it, whole, at its first start.
    """
    try:
        operator.copied(conn, settings.checkpoint_file)
    except operator.NotCopied as error:
        if settings.database_url is not None or settings.copy_marker.exists():
            screen.echo(str(error), err=True)
