"""`nsor-server ledger`: show the access ledger's newest checkpoint and its key, open a new epoch, have it co-signed.

`verify` joins the group in its own module.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import click
import psycopg
from psycopg.rows import TupleRow

from nsor.cli import screen
from nsor.counting import counted
from nsor.ledger import cosigned as cosigned_files
from nsor_server import config
from nsor_server.commands.folding import say
from nsor_server.commands.recording import recording
from nsor_server.ledger import epoch, epoch_cosignatures, operator, outside, proofs, witness_keys
from nsor_server.storage.attach import attached, keyring_of
from nsor_server.storage.v1 import record_pb2

_AT_A_TIME = 1000


@click.group()
def ledger() -> None:
    """Verify the access ledger, show its checkpoint and its key, or open a new epoch."""


@ledger.command()
def checkpoint() -> None:
    """Print the newest checkpoint: a signed note."""
    with attached(config.load(os.environ)) as database, snapshot(database.connect()) as conn:
        try:
            screen.echo(proofs.checkpoint(conn).decode(), nl=False)
        except proofs.NoSuchTree:
            raise config.OperatorError("the ledger has no entry yet; it begins with the first call") from None


@ledger.command("log-key")
def log_key() -> None:
    """Print the verifier key, by which anybody checks the checkpoints."""
    settings = config.load(os.environ)
    keyring = keyring_of(settings)
    with attached(settings) as database, snapshot(database.connect()) as conn:
        row = conn.execute("SELECT origin FROM ledger_head").fetchone()
    screen.echo(keyring.verifier_key(row[0] if row and row[0] else settings.ledger_origin))


@ledger.command("new-epoch")
@click.option("--yes", is_flag=True, help="Don't ask.")
def new_epoch(yes: bool) -> None:
    """Own up to lost entries: go on under a new origin, whose first entry holds the last known checkpoint."""
    settings = config.load(os.environ)
    keyring = keyring_of(settings)
    witnesses = witness_keys.load(settings.witnesses)
    with attached(settings) as database:
        with contextlib.closing(database.owner()) as conn:
            loss = epoch.lost(conn, keyring, settings.checkpoint_file)
        # Nothing is locked while somebody thinks about it.
        _agreed(loss, yes=yes)
        with recording(database, settings) as conn:
            opened = epoch.open_new(conn, keyring, settings.checkpoint_file, settings.ledger_origin)
    say(f"[green]opened[/] {opened.origin} at entry {opened.first_index}")
    say(f"  last known: {counted(opened.last_known.size, 'entries')} of {opened.last_known.origin}")
    say(f"  verifier key for clients: {keyring.verifier_key(opened.origin)}")
    if witnesses:
        say(f"[yellow]not served[/] before {', '.join(each.name for each in witnesses)} has co-signed it:")
        say("  nsor-server ledger opening OPENING --cosigned FILE   (FILE: what the witness has co-signed)")
        say("  nsor ledger cosign --witness-key KEY --opening OPENING   (at the witness)")
        say("  nsor-server ledger add-cosignatures FILE   (what comes back)")


def _agreed(loss: epoch.Loss, *, yes: bool) -> None:
    """Say what is given up, and have its number typed.

    Raises:
        OperatorError: another number was typed.
    """
    known = loss.known.checkpoint
    number = known.size if loss.entries is None else loss.entries
    given_up = (
        f"of the copy's {known.size}, whatever the tree hasn't got is given up for ever"
        if loss.entries is None
        else f"{number} are given up for ever"
    )
    screen.echo(
        f"The outside copy knows {counted(known.size, 'entries')} of {known.origin}, the tree has {loss.size} of "
        f"{loss.origin or 'no ledger yet'}: {given_up}. Clients will see that.",
        err=True,
    )
    if not yes and click.prompt(f"Type {number} to open a new epoch", err=True).strip() != str(number):
        raise config.OperatorError("nothing was changed: that isn't the number")


_COSIGNED = click.Path(path_type=Path, exists=True, dir_okay=False)


@ledger.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--cosigned", type=_COSIGNED, multiple=True, help="What the witness has co-signed so far, for proofs. Repeatable."
)
def opening(file: Path, cosigned: tuple[Path, ...]) -> None:
    """Write into a new FILE what a witness needs to co-sign how the newest epoch was opened; it names no person."""
    seen = [note for path in cosigned for note in cosigned_files.read(path)]
    with attached(config.load(os.environ)) as database, snapshot(database.connect()) as conn:
        handed = epoch_cosignatures.handed_over(conn, seen)
    try:
        with file.open("xb") as new:
            new.write(handed.content())
    except FileExistsError:
        raise config.OperatorError(f"{file} exists already; name a new file") from None
    say(f"[green]wrote[/] {file}; the witness: nsor ledger cosign --witness-key KEY --opening {file}")


@ledger.command("add-cosignatures")
@click.argument("file", type=_COSIGNED)
def add_cosignatures(file: Path) -> None:
    """Add a witness's co-signatures of how epochs were opened, from its FILE of co-signed checkpoints."""
    settings = config.load(os.environ)
    witnesses = witness_keys.load(settings.witnesses)
    if not witnesses:
        raise config.OperatorError("no witness counts here: let the setting witnesses name a file with their keys")
    keyring = keyring_of(settings)
    with attached(settings) as database, recording(database, settings) as conn:
        names = epoch_cosignatures.add_cosignatures(conn, keyring, cosigned_files.read(file), witnesses)
    say(f"[green]added[/] the co-signature of {', '.join(names)}")


@ledger.command("new-copy")
@click.option("--yes", is_flag=True, help="Don't ask.")
def new_copy(yes: bool) -> None:
    """Begin the outside copy anew from the database, after it was lost for good. One that is there stays as it is."""
    settings = config.load(os.environ)
    keyring = keyring_of(settings)
    path = settings.checkpoint_file
    if path.exists():
        raise config.OperatorError("there is an outside copy, and it is never replaced; see what is wrong with it")
    if not yes:
        text = "Whatever the lost copy knew and the database doesn't can't be told any more. Begin a new copy?"
        click.confirm(text, abort=True)
    with attached(settings) as database, recording(database, settings) as conn:
        detail = record_pb2.AccessDetail(outcome="NEW_COPY")
        operator.record(conn, keyring, method="nsor-server/ledger.new-copy", detail=detail)
        conn.commit()
        outside.begin(path, _checkpoints(conn))
    say(f"[green]began[/] {path}; a register that serves takes it within a second")


def _checkpoints(conn: psycopg.Connection[TupleRow]) -> Iterator[bytes]:
    size = 0
    while found := proofs.checkpoints_after(conn, size, _AT_A_TIME):
        yield from (note for _, note in found)
        size = found[-1][0]


@contextlib.contextmanager
def snapshot(conn: psycopg.Connection[TupleRow]) -> Iterator[psycopg.Connection[TupleRow]]:
    """One state of the database, however long the reading takes."""
    conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    conn.read_only = True
    with contextlib.closing(conn):
        conn.execute("SET LOCAL statement_timeout = 0")
        conn.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield conn
