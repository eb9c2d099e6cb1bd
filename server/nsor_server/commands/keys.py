"""Operators' commands over the storage: `nsor-server migrate` and `nsor-server keys`."""

import contextlib
import datetime as dt
import os
from pathlib import Path

import click

from nsor.cli import screen
from nsor.counting import counted
from nsor_server import config
from nsor_server.commands.folding import say
from nsor_server.commands.recording import copy, recording
from nsor_server.ledger import key_rotation, keyring_check
from nsor_server.ledger import migrations as recorded
from nsor_server.storage import backup as backups
from nsor_server.storage import keyring as keyrings
from nsor_server.storage import migrate as migrations
from nsor_server.storage import rotation
from nsor_server.storage.attach import attached, keyring_of
from nsor_server.storage.keyring import Keyring, KeyringError
from nsor_server.storage.keysets import AeadKeyset, PrfKeyset
from nsor_server.storage.sealing import Sealer


@click.command()
def migrate() -> None:
    """Bring the database to this version, on the record where there is a ledger; says what was applied."""
    settings = config.load(os.environ)
    with attached(settings, begins=True) as database, recording(database, settings) as owner:
        # Its keys are read first: without them nothing can be recorded, and so nothing is applied.
        with owner.transaction():
            keyring = keyrings.load(settings.keys) if recorded.has_ledger(owner) else None
        done = migrations.apply(owner, migrations.load())
        if keyring is not None:
            with owner.transaction():
                recorded.record(owner, keyring, settings.ledger_origin)
    for migration in done:
        say(f"[green]applied[/] {migration.label}")
    if not done:
        say("The database is up to date.")


@click.group()
def keys() -> None:
    """Create, rotate, back up and restore the keyring."""


@keys.command()
def create() -> None:
    """Make a keyring file of mode 0600, in cleartext: for development.

    In production let `keys` name a command or a file descriptor, and make the keyring where it is kept.
    """
    settings = config.load(os.environ)
    path = _file(settings)
    keyring = Keyring.new()
    keyrings.write_private(path, keyring.to_bytes(), replace=False)
    say(f"[green]made[/] {path}")
    _describe(keyring, settings)
    say("[yellow]Its keys are in cleartext: for development. Back it up: `nsor-server keys backup`.[/]")


@keys.command()
@click.option("--rewrap-only", is_flag=True, help="Make no new keys: finish a rotation that was interrupted.")
def rotate(rewrap_only: bool) -> None:
    """Add a new primary key to every keyset, and wrap the registrations' keys anew. Stop every server first."""
    settings = config.load(os.environ)
    path = _file(settings)
    keyring = keyring_of(settings)
    with attached(settings) as database, recording(database, settings) as owner:
        rotation.check_no_server(owner)
        if not rewrap_only:
            keyring_check.check(owner, keyring)
            keyring_check.record(owner, keyring)
            owner.commit()
            copy(owner, settings)
            keyring = keyring.rotated()
            keyrings.write_private(path, keyring.to_bytes(), replace=True)
            say(f"[green]rotated[/] {path}")
        with screen.console().status("Wrapping data keys anew") as status:
            count = rotation.rewrap(owner, Sealer(keyring), lambda done: status.update(f"{done} data keys looked at"))
        keyring_check.record(owner, keyring)
        owner.commit()
    say(f"{count} data keys wrapped anew. Old keys stay in the keyring: rows under them still need them.")
    say(
        f"[yellow]Every backup of the keyring from before {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC is dangerous: "
        "with it nobody who is entered from now on would be found. No server starts with one. Make a new one and "
        "destroy those: nsor-server keys backup FILE --passphrase PATH[/]"
    )
    _describe(keyring, settings)


@keys.command("rotate-ledger")
def rotate_ledger() -> None:
    """Replace the key that signs the ledger's checkpoints, on the record; a rotation that was cut short goes on.

    Servers go on meanwhile: one that reads its keyring from a file takes the new key at that entry, another one has to
    be started again. Clients follow by themselves; give the new verifier key to witnesses, and to tools of others.
    """
    settings = config.load(os.environ)
    path = _file(settings)
    keyring = keyring_of(settings)
    with attached(settings) as database, recording(database, settings) as owner:
        if keyring.ledger.next is None and not key_rotation.is_due(owner, keyring):
            keyring = keyring.with_ledger(keyring.ledger.with_next())
            keyrings.write_private(path, keyring.to_bytes(), replace=True)
            say(f"[green]made[/] the next key in {path}")
        if key_rotation.is_due(owner, keyring):
            key_rotation.rotate(owner, keyring)
            owner.commit()
            copy(owner, settings)
        ((number,),) = owner.execute("SELECT key_number FROM ledger_head").fetchall()
        ended = key_rotation.ended(owner, number - 1)
    keyring = keyring.with_ledger(keyring.ledger.rotated(number - 1, ended))
    keyrings.write_private(path, keyring.to_bytes(), replace=True)
    if settings.log_keys.exists():  # whoever publishes the log reads it again
        settings.log_keys.write_text(keyring.verifier_key(ended.origin) + "\n", encoding="utf-8")
        say(f"[green]wrote[/] the new verifier key into {settings.log_keys}")
    say(
        "[green]rotated[/] the key that signs the ledger; the one before has signed "
        f"{counted(ended.size, 'entries')} last"
    )
    say("  Make a new backup of the keyring: with one from before nothing can be signed any more.")
    say(f"  verifier key from now on: {keyring.verifier_key(ended.origin)}")


@keys.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--passphrase", required=True, metavar="PATH|fd:N", help="File (mode 0600) or descriptor to read it from."
)
def backup(file: Path, passphrase: str) -> None:
    """Write an encrypted copy of the keyring to FILE."""
    keyring = keyrings.load(config.load(os.environ).keys)
    keyrings.write_private(file, backups.encrypt(keyring, _passphrase(passphrase)), replace=False)
    say(f"[green]wrote[/] {file}; it was opened again before. Keep the passphrase elsewhere.")


@keys.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--passphrase", required=True, metavar="PATH|fd:N", help="File (mode 0600) or descriptor to read it from."
)
@click.option("--check", is_flag=True, help="Only prove that it opens; write nothing.")
def restore(file: Path, passphrase: str, check: bool) -> None:
    """Open a backup and write the keyring to where `keys` says; never over an existing one."""
    settings = config.load(os.environ)
    keyring = backups.decrypt(keyrings.read_private(file), _passphrase(passphrase))
    if check:
        say(f"[green]opens[/] {file}")
    else:
        path = _file(settings)
        keyrings.write_private(path, keyring.to_bytes(), replace=False)
        say(f"[green]restored[/] {path}")
    _describe(keyring, settings)


def _file(settings: config.Settings) -> Path:
    if settings.keys.startswith(("command:", "fd:")):
        raise KeyringError("`keys` is not a file; do this where the keyring is kept, with NSOR_KEYS set to a path")
    return Path(settings.keys)


def _passphrase(source: str) -> str:
    """The first line of a private file or of a descriptor, without its end."""
    if source.startswith("fd:") and source[3:].isdecimal():
        with contextlib.closing(os.fdopen(int(source[3:]), "rb")) as file:
            read = file.read(4096)
    else:
        if not Path(source).exists():
            # Never the source itself: somebody may have typed the passphrase there.
            raise KeyringError("the passphrase's file doesn't exist; name a file (mode 0600), or a descriptor as fd:N")
        read = keyrings.read_private(Path(source))
    try:
        return read.decode().split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError:
        raise KeyringError("the passphrase is not UTF-8 text") from None


def _describe(keyring: Keyring, settings: config.Settings) -> None:
    """Ids and the public verifier key; no secret."""
    keysets: dict[str, AeadKeyset | PrfKeyset] = {"sealing": keyring.sealing, "detail": keyring.detail}
    keysets |= {f"blind {use}": keyset for use, keyset in keyring.blind.items()}
    for name, keyset in keysets.items():
        say(f"  {name}: primary key {keyset.primary_id} of {len(keyset.key_ids)}")
    say(f"  ledger verifier key: {keyring.verifier_key(settings.ledger_origin)}")
