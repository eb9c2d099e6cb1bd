"""What arguments must look like, checked here: a mistyped id costs no call, and is not repeated in the message."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from nsor.misuse import WrongUse, WrongValue

if TYPE_CHECKING:
    from pathlib import Path

    from nsor.v1 import types_pb2

_PAKISTAN = dt.timezone(dt.timedelta(hours=5), "PKT")
_EXAMPLE = "5e6d3d2f-8b1c-4f0a-9d3e-2b7c6a5f4e10"
_COURT = "COURT_KIND_"
_SHORTEST_ID = 8
_FORMS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_PART = re.compile(r"[0-9a-f]+(-[0-9a-f]+)*", re.ASCII)


def record_id(value: str) -> str:
    """A UUID as the register writes it, or a part (``part_of_id``) of one that was shown on this computer.

    Raises:
        click.BadParameter: it is neither, or several ids have these digits.
    """
    found = part_of_id(value)
    return found if is_whole(found) else _only(_seen(found))


def access_id(value: str) -> str:
    """As ``record_id``, of an access; each of which this computer has a receipt counts as shown here.

    Raises:
        click.BadParameter: as ``record_id``.
    """
    found = part_of_id(value)
    return found if is_whole(found) else _only(accesses_here(found))


def accesses_here(part: str) -> list[str]:
    """The ids with a part of one, among those that were shown here and those of accesses with a receipt here."""
    from nsor import journal  # noqa: PLC0415 - loaded late, so that help is quick

    kept = (each for each in journal.access_ids(_state()) if fits(part, each))
    return list(dict.fromkeys([*_seen(part), *kept]))


def part_of_id(value: str) -> str:
    """A UUID, or the first or last 8 digits or more of one; a support code (1a2b-3c4d) is the last 8 of an access id.

    This is the form of every id that is typed, and ``fits`` is its rule.

    Returns:
        The UUID, in small letters; or digits without dashes.

    Raises:
        click.BadParameter: it is neither.
    """
    found = value.strip().lower()
    if _UUID.fullmatch(found):
        return found
    if _PART.fullmatch(found) is None or not _SHORTEST_ID <= len(_digits(found)) < len(_digits(_EXAMPLE)):
        text = "Give an id such as {}, its first or last {} digits, or a support code."
        raise WrongValue(text, _EXAMPLE, _SHORTEST_ID)
    return _digits(found)


def is_whole(found: str) -> bool:
    """Whether what ``part_of_id`` gave is a whole id."""
    return len(found) == len(_EXAMPLE)


def fits(part: str, whole: str) -> bool:
    """Whether a whole id begins or ends with these digits; dashes don't count."""
    digits, of = _digits(part), _digits(whole)
    return of.startswith(digits) or of.endswith(digits)


def _digits(text: str) -> str:
    return text.replace("-", "")


def _only(known: Sequence[str]) -> str:
    if len(known) == 1:
        return known[0]
    if known:
        raise WrongValue("{} ids that were shown here have these digits. Give more digits.", len(known))
    raise WrongValue("No id that was shown on this computer has these digits. Give the whole id.")


def _seen(part: str) -> list[str]:
    from nsor.cli import seen  # noqa: PLC0415 - loaded late, so that help is quick

    return [each for each in seen.kept(_state()) if fits(part, each)]


def _state() -> Path:
    """The state folder of this run."""
    from nsor.cli.session import Session  # noqa: PLC0415 - it imports what a command's arguments are of

    return (click.get_current_context().find_object(Session) or Session()).settings().state


def court_kind(value: str) -> types_pb2.CourtKind.ValueType:
    """A kind of court, such as special-court or SPECIAL_COURT.

    Raises:
        click.BadParameter: there is no such kind.
    """
    from nsor.v1 import types_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    known = [name.removeprefix(_COURT) for name, kind in types_pb2.CourtKind.items() if kind]
    name = value.strip().upper().replace("-", "_")
    if name not in known:
        raise WrongValue("The kind of court is one of {}.", ", ".join(known).lower().replace("_", "-"))
    return types_pb2.CourtKind.Value(_COURT + name)


def fir_key(parts: tuple[str, str, str, str]) -> types_pb2.FirKey:
    """An FIR from its station, year, serial and date.

    Raises:
        click.UsageError: they aren't that.
    """
    from nsor.v1 import types_pb2  # noqa: PLC0415 - as above

    station, year, serial, date = parts
    fir, at = types_pb2.FirKey(police_station=station), day(date)
    try:
        fir.year, fir.serial = int(year), int(serial)
        fir.fir_date.year, fir.fir_date.month, fir.fir_date.day = at.year, at.month, at.day
    except ValueError:
        raise WrongUse(
            "--fir takes station, year, serial and date, such as PK-PB/LHR/PS-001 2024 17 2024-03-05."
        ) from None
    return fir


def day(value: str) -> dt.date:
    """A day of the calendar, as people write it: 2026-10-31 or 31.10.2026.

    Raises:
        click.BadParameter: it isn't one.
    """
    from nsor import cleaning  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.advice import Words  # noqa: PLC0415 - as above

    try:
        return cleaning.date(value)
    except cleaning.Unclear as unclear:
        raise WrongValue("Give a day such as 2026-10-31 or 31.10.2026: {}.", Words(*unclear.meaning)) from None


def instant(value: str) -> dt.datetime:
    """The beginning of a day, or a minute of it, in Pakistan.

    Raises:
        click.BadParameter: it is neither.
    """
    return _instant(value, last=False)


def last_instant(value: str) -> dt.datetime:
    """The end of a day, which includes the day itself, or a minute of it, in Pakistan.

    Raises:
        click.BadParameter: it is neither.
    """
    return _instant(value, last=True)


def _instant(value: str, *, last: bool) -> dt.datetime:
    for form in _FORMS:
        for clock in ("", " %H:%M"):
            try:
                found = dt.datetime.strptime(value.strip(), form + clock).replace(tzinfo=_PAKISTAN)
            except ValueError:
                continue
            # The contract's end is the first instant that isn't included.
            return found + dt.timedelta(days=1) if last and not clock else found
    raise WrongValue('Give a day such as 2026-10-31 or 31.10.2026, or with a time: "2026-10-31 14:30".')
