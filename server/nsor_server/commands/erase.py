"""`nsor-server erase`: destroy what two officers of NPB have decided to erase."""

import functools
import os

import click

from nsor.cli import screen
from nsor_server import config
from nsor_server.commands.in_force import policy
from nsor_server.commands.recording import recording
from nsor_server.lookup.recalls import plan
from nsor_server.registration.closure import erasing
from nsor_server.storage.attach import attached, keyring_of
from nsor_server.storage.sealing import Sealer


@click.command()
@click.option("--yes", is_flag=True, help="Don't ask.")
def erase(yes: bool) -> None:
    """Destroy the keys of registrations that two officers of NPB have decided to erase. There is no way back.

    Run it again when the backups have expired: it then states that an erasure is complete.
    """
    if not yes:
        click.confirm("Destroy what two officers have decided to erase?", abort=True)
    settings = config.load(os.environ)
    keyring = keyring_of(settings)
    done = 0
    deadlines = policy(settings).deadlines
    with attached(settings) as database, recording(database, settings) as owner:
        is_recalled = functools.partial(plan.is_told, Sealer(keyring))
        for each in erasing.erase(owner, keyring, deadlines, settings.ledger_origin, is_recalled):
            done += 1
            screen.echo(str(each))
    if not done:
        screen.echo("There is nothing to erase, and nothing whose backups have expired.")
