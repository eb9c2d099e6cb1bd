"""`nsor-server backup` and `nsor-server restore`."""

import datetime as dt
import os
from pathlib import Path

import click

from nsor.counting import counted
from nsor_server import config
from nsor_server.commands.folding import say
from nsor_server.ledger import outside
from nsor_server.storage import archive
from nsor_server.storage.attach import attached

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("folder", type=_FOLDER)
def backup(folder: Path) -> None:
    """Back up the embedded database and the outside copy into a new FOLDER, while the register serves or not.

    No key is in it: `nsor-server keys backup` makes that copy, to be kept elsewhere.
    """
    settings = config.load(os.environ)
    with attached(settings) as database, database.connect() as connection:
        ((entries, origin),) = connection.execute("SELECT size, origin FROM ledger_head").fetchall()
        connection.rollback()
        about = archive.back_up(settings, folder, entries, origin)
    if about.has_base:
        say(f"[green]backed up[/] {counted(about.entries, 'entries')} or more to {folder}; it was verified")
        if settings.wal_archive is None:
            say("[yellow]wal_archive isn't set: what comes after this backup can't be restored from it.[/]")
    else:
        say(f"[green]backed up[/] the outside copy to {folder}")
        say("[yellow]The database isn't ours: its operator backs it up (pgBackRest, or pg_basebackup and WAL).[/]")
    say("The keyring is not in it: `nsor-server keys backup`, kept elsewhere.")


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option("--wal", type=_FOLDER, help="Archived WAL to go on with; default: the setting wal_archive.")
@click.option(
    "--until", metavar="INSTANT", help="As it was then, such as 2026-11-26T09:30:00+05:00; default: as far as WAL goes."
)
def restore(folder: Path, wal: Path | None, until: str | None) -> None:
    """Make the embedded database from a backup in FOLDER, where there is none. The outside copy that is there stays.

    The keyring comes back apart: `nsor-server keys restore`.
    """
    settings = config.load(os.environ)
    restored = archive.restore(settings, folder, wal=wal, until=None if until is None else _instant(until))
    say(f"[green]restored[/] {counted(restored.entries, 'entries')}")
    say(
        "The outside copy was there, and stays as it is."
        if restored.copy_was_there
        else "The outside copy is the backup's."
    )
    with attached(settings) as database, database.connect() as connection:
        try:
            outside.compare(connection, settings.checkpoint_file)
        except outside.CopyAhead as ahead:
            say(f"[yellow]{ahead}[/]")
            say("`serve` refuses until then. Look for newer WAL or another backup first.")
            return
    say("Nothing that the outside copy knows is missing. Next: `nsor-server check`, then `ledger verify`.")


def _instant(text: str) -> dt.datetime:
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError("--until is an instant such as 2026-11-26T09:30:00+05:00.") from None
    if instant.tzinfo is None:
        raise click.UsageError("--until needs its offset from UTC, such as +05:00.")
    return instant
