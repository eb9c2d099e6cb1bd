"""`nsor import`: rows that were corrected after they were accepted, and how the record is amended instead."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nsor.cli.session import Session

if TYPE_CHECKING:
    from nsor.cli.accepted import Before

_SHOWN: Final = 20
_SHORT: Final = 8


def tell(
    session: Session, changed: Sequence[tuple[int, Before]], file: str, map_file: Path | None, encoding: str | None
) -> None:
    """Say which rows differ from what was accepted, in which fields, and what to do about the first one."""
    if session.as_json:
        for line, before in changed:
            session.json(
                {"row": line, "registration_id": before.registration_id, "changed": list(before.differs), "sent": False}
            )
        return
    from nsor.cli import render  # noqa: PLC0415 - loaded late, so that help is quick

    rows = [
        (
            str(line),
            f"{dt.datetime.fromtimestamp(before.time, render.PAKISTAN):%Y-%m-%d %H:%M}",
            before.registration_id,
            ", ".join(name.replace("_", " ") for name in before.differs) or "nothing: it is another line's",
        )
        for line, before in changed[:_SHOWN]
    ]
    session.table("Changed since they were accepted: not entered", ("row", "accepted", "registration", "differs"), rows)
    if len(changed) > len(rows):
        session.counted(len(rows), len(changed), "changed rows")
    line, before = changed[0]
    short = before.registration_id[:_SHORT]
    if before.of_person:
        row = f"{shlex.quote(file)} --row {line}" if file != "-" else "FILE --row LINE"
        row += f" --map {shlex.quote(str(map_file))}" if map_file else ""
        row += f" --encoding {shlex.quote(encoding)}" if encoding else ""
        session.say("What it says of the person: `nsor amend {} {}`.", short, row)
    if before.of_judgment:
        session.say("What a judgment says isn't amended: NPB erases a record that should not have been made.")
    session.say("If it is another person or another case: `nsor import {} --as-new {}`.", shlex.quote(file), line)
