"""`nsor-server seal`: stop every disclosure by two officers' signed statements, when the front door isn't trusted."""

import os
from pathlib import Path

import click

from nsor_server import config
from nsor_server.commands import in_force
from nsor_server.commands.folding import say
from nsor_server.commands.recording import recording
from nsor_server.directory import seal_statements
from nsor_server.formats.uuids import text
from nsor_server.storage.attach import attached, keyring_of


@click.command()
@click.option(
    "--signed",
    "files",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    required=True,
    metavar="FILE",
    help="A statement that one officer of NPB has signed with `nsor seal sign`. Given twice, for two officers.",
)
def seal(files: tuple[Path, ...]) -> None:
    """Seal the register: from this entry on it shows nobody to anybody, in every server process.

    The statements are what two officers of NPB have signed; everything else goes on. Where the register still takes
    calls, the officers do it themselves (`nsor seal ask`, `nsor seal decide`). It is unsealed by them alone: two other
    officers of NPB and the Special Committee, and by no command here.
    """
    settings = config.load(os.environ)
    policy = in_force.policy(settings)
    keyring = keyring_of(settings)
    with attached(settings) as database, recording(database, settings) as owner:
        sealed = seal_statements.seal(owner, keyring, policy, [each.read_bytes() for each in files])
    say(f"The register is sealed: seal {text(sealed.seal_id)}. `nsor seal show` says how it stands.")
