"""The list of issued certificates, as a table for people or JSON Lines for programs."""

import datetime as dt
from collections.abc import Sequence

import msgspec
from rich.markup import escape
from rich.table import Table

from nsor.cli import screen
from nsor_server.pki.index import Line

SOON = dt.timedelta(days=14)
_STYLES = {"valid": "green", "expiring": "yellow", "expired": "dim", "revoked": "red"}


def state(line: Line, at: dt.datetime) -> str:
    """`valid`, `expiring` (within 14 days), `expired` or `revoked`."""
    if line.revoked is not None:
        return "revoked"
    if line.issued.not_after < at:
        return "expired"
    return "expiring" if line.issued.not_after < at + SOON else "valid"


def show(lines: Sequence[Line], *, at: dt.datetime, as_json: bool) -> None:
    """Print every issued certificate, oldest first."""
    if as_json:
        for line in lines:
            found = msgspec.to_builtins(line.issued) | {"state": state(line, at)}
            del found["event"]
            if line.revoked is not None:
                found |= {"revoked_at": line.revoked.at, "reason": line.revoked.reason}
            screen.echo_json(msgspec.to_builtins(found))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Serial", no_wrap=True)
    for heading in ("For", "Until (UTC)", "State"):
        table.add_column(heading)
    for line in lines:
        word = state(line, at)
        table.add_row(
            line.issued.serial,
            escape(line.issued.agency_id or "\n".join(line.issued.names)),
            f"{line.issued.not_after:%Y-%m-%d}",
            f"[{_STYLES[word]}]{word}[/]" + (f"\n{line.revoked.reason}" if line.revoked else ""),
        )
    screen.console(markup=True).print(table)
