"""`nsor-server ledger export`: the ledger as files that the tools of others read."""

from __future__ import annotations

import os
from pathlib import Path

import click
from rich.progress import Progress

from nsor.cli import screen
from nsor.counting import counted
from nsor.ledger import copied
from nsor.ledger.note import Checkpoint, NoteError
from nsor.ledger.tlog_tiles import TileError
from nsor_server import config
from nsor_server.commands.folding import say
from nsor_server.commands.ledger import ledger, snapshot
from nsor_server.ledger import proofs, published
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.ledger.tiles import TornTree
from nsor_server.storage.attach import attached, keyring_of
from nsor_server.storage.keyring import Keyring

__all__ = ["ledger"]


@ledger.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--hashes-only", is_flag=True, help="Leave the entries out: the tree can still be proved, and no more.")
def export(folder: Path, hashes_only: bool) -> None:
    """Write the ledger into FOLDER as C2SP tlog-tiles, or bring an earlier export up to now.

    Leaves name nobody; what an access was about stays sealed in the register. Everything is verified as it is written.
    """
    settings = config.load(os.environ)
    keyring = keyring_of(settings)
    with (
        attached(settings) as database,
        snapshot(database.connect()) as conn,
        Progress(console=screen.console()) as progress,
    ):
        task = progress.add_task("Writing", total=None)
        try:
            signed = proofs.checkpoint(conn)
            newest = LogKeys.of(keyring).verify(signed)
            copied.update(
                folder,
                signed,
                newest,
                lambda named: published.read(conn, named, newest.size),
                held=_held(folder, keyring),
                entries=not hashes_only,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
        except proofs.NoSuchTree:
            raise config.OperatorError("the ledger has no entry yet; it begins with the first call") from None
        except copied.NotContinued as why:
            raise config.OperatorError(f"{why}; keep it, verify the ledger, and export into a new folder") from None
        except (TileError, TornTree) as why:
            raise config.OperatorError(f"the export isn't whole: {why}; run nsor-server ledger verify") from None
    say(f"[green]wrote[/] {counted(newest.size, 'entries')} of {newest.origin} into {folder}")
    say(f"  verifier key: {keyring.verifier_key(newest.origin)}")


def _held(folder: Path, keyring: Keyring) -> Checkpoint | None:
    """What the folder's checkpoint says; None where it has none."""
    try:
        signed = (folder / copied.CHECKPOINT).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return LogKeys.of(keyring).verify(signed)
    except NoteError:
        raise config.OperatorError(f"the checkpoint in {folder} isn't one of this ledger; name a new folder") from None
