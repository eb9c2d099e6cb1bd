"""`nsor ledger feed`: bring the ledger's checkpoints to its witnesses, and hand in what they sign."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nsor.cli import screen
from nsor.cli.event_program import stopped_by_sigterm
from nsor.cli.session import Session, common, said_in
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.feeding import Fed, Feeder

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("witnesses", type=_FILE)
@click.option("--once", is_flag=True, help="One round, and no more.")
@click.option("--every", type=click.IntRange(10), default=300, help="Seconds between rounds; default: 300.")
@click.option("--deadline", type=click.IntRange(1, 600), default=30, help="Seconds for each witness; default: 30.")
@click.option(
    "--ca", "authority", type=_FILE, help="CA certificates of witnesses' HTTPS (PEM), instead of the computer's."
)
@common
def feed(  # noqa: PLR0917 - one argument per option of the command
    session: Session, witnesses: Path, once: bool, every: int, deadline: int, authority: Path | None
) -> None:
    """Bring the newest checkpoint to each witness, and hand in what it signs (Special Committee).

    The file WITNESSES names one a line: its verifier key, a space, and the URL at which it takes checkpoints (C2SP
    tlog-witness). A witness that doesn't answer keeps nobody waiting. What each has signed last is kept in the state
    folder. A round is some entries of the ledger.

    With --once the exit code is 1 unless every witness has co-signed, and 3 when the ledger doesn't continue what one
    has co-signed before: keep the state folder as it is.
    """
    import ssl  # noqa: PLC0415 - loaded late, so that help is quick

    from nsor import feeding, witnessing  # noqa: PLC0415 - as above

    found = witnessing.destinations(witnesses.read_text(encoding="utf-8"))
    try:
        trust = None if authority is None else ssl.create_default_context(cafile=authority)
    except ssl.SSLError:
        raise WrongUse("The file of CA certificates holds none.") from None
    with session.client() as client, feeding.alone(client.state_folder) as is_alone, stopped_by_sigterm():
        if not is_alone:
            raise WrongUse("Another `nsor ledger feed` runs with this state folder.")
        feeder = feeding.Feeder(client, found, seconds=deadline, trust=trust)
        if once:
            told = [_tell(session, each) for each in feeder.round()]
            click.get_current_context().exit(0 if all(told) else 1)
        _run(session, feeder, every)


def _run(session: Session, feeder: Feeder, every: int) -> None:
    """Round after round; a failure of the register is told, and the next round tries again. A fork ends it."""
    from nsor.errors import NsorError, ProofFailed  # noqa: PLC0415 - as above

    while True:
        begun = time.monotonic()
        try:
            for each in feeder.round():
                _tell(session, each)
        except ProofFailed:
            raise
        except NsorError as error:
            if session.as_json:
                session.json({"time": _now(), "code": error.reason})
            else:
                screen.echo(f"{_now()} {said_in(session, error.message)}")
        time.sleep(max(every - (time.monotonic() - begun), 0))


def _tell(session: Session, fed: Fed) -> bool:
    """Tell of a witness; gives whether it has co-signed, and the register has that."""
    from nsor.feeding import COSIGNED  # noqa: PLC0415 - as above

    if session.as_json:
        session.json({"time": _now(), "witness": fed.witness, "size": fed.size, "code": fed.code})
    else:
        screen.echo(f"{_now()} {fed.witness} {fed.size}: {said_in(session, fed.words)}")
    return fed.code == COSIGNED


def _now() -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    return dt.datetime.now(render.PAKISTAN).strftime("%Y-%m-%d %H:%M:%S")
