"""`nsor console`: the Special Committee's and focal persons' pages, in a browser on the own machine."""

from __future__ import annotations

import click

from nsor.cli.session import Session, common
from nsor.misuse import WrongUse


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of the address; 0 takes a free one.")
@common
def console(session: Session, port: int) -> None:
    """Show the ledger, accesses and your agency's officers in a browser, until Ctrl-C; each view is an entry.

    The printed address opens it once: copy it into a browser on this machine.
    """
    from nsor import extras  # noqa: PLC0415 - loaded late, so that help is quick

    extras.need("console", "aiohttp", "jinja2", "fontpkg_amiri")
    from nsor.console import running  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        try:
            running.run(client, port, lambda address: session.say("Copy into a browser on this machine: {}", address))
        except OSError:
            raise WrongUse("Port {} can't be listened on: choose another one, or none.", port) from None
