"""Witnesses that the settings name and that haven't co-signed for long: without them nobody sees a rollback in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import time as now
from typing import TYPE_CHECKING

from nsor.cli import screen
from nsor.cli.witnesses import at_minute

if TYPE_CHECKING:
    from nsor.cli.session import Session
    from nsor.verification import Witnessed

EXIT_CODE = 5


def found(session: Session, witnessed: Iterable[Witnessed]) -> list[tuple[str, int]]:
    """The name of each, and when it has co-signed last, in Unix seconds; 0: the register shows nothing of it."""
    settings = session.settings()
    last = {each.witness: each.time for each in witnessed}
    names = [each.partition("+")[0] for each in settings.witnesses]
    since = now() - settings.witness_age * 3600
    return [(name, last.get(name, 0)) for name in names if last.get(name, 0) < since]


def say(session: Session, silent: Sequence[tuple[str, int]]) -> None:
    """Warn of each, and say what to do."""
    hours = session.settings().witness_age
    for name, at in silent:
        if at:
            said = session.said("{} co-signed last at {}: more than {:,} hours ago.", name, at_minute(at), hours)
        else:
            said = session.said("{} has co-signed nothing that the register shows.", name)
        screen.echo(said, err=True, fg="red", bold=True)
    if silent:
        session.say("Ask the witness, and the Special Committee, which feeds it. Setting: NSOR_WITNESS_AGE.")
