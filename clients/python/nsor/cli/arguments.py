"""What arguments must look like, checked here: a mistyped id costs no call, and is not repeated in the message."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import click

from nsor.misuse import WrongUse, WrongValue

if TYPE_CHECKING:
    from nsor.v1 import types_pb2

_PAKISTAN = dt.timezone(dt.timedelta(hours=5), "PKT")
_EXAMPLE = "5e6d3d2f-8b1c-4f0a-9d3e-2b7c6a5f4e10"
_COURT = "COURT_KIND_"
_SHORTEST_ID = 8
_CODE = re.compile(r"[0-9a-f]{4}-?[0-9a-f]{4}", re.ASCII)
_FORMS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


def record_id(value: str) -> str:
    """A UUID as the register writes it, or the first 8 digits or more of one that was shown on this computer.

    Capitals, which some programs make of it, are taken too.

    Raises:
        click.BadParameter: it is neither, or several begin so.
    """
    found = beginning_of_id(value)
    if len(found) == len(_EXAMPLE):
        return found
    from nsor.cli import seen  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.cli.session import Session  # noqa: PLC0415 - it imports what a command's arguments are of

    session = click.get_current_context().find_object(Session)
    known = seen.beginning_with(session.settings().state, found) if session else []
    if len(known) == 1:
        return known[0]
    if known:
        raise WrongValue("{} ids that were shown here begin so. Give more digits.", len(known))
    raise WrongValue("No id that was shown on this computer begins so. Give the whole id.")


def beginning_of_id(value: str) -> str:
    """A UUID, or its first 8 digits or more: of one that the register itself lists, whatever was shown here.

    Raises:
        click.BadParameter: it is neither.
    """
    found = value.strip().lower()
    if len(found) < _SHORTEST_ID or _UUID.fullmatch(found + _EXAMPLE[len(found) :]) is None:
        raise WrongValue("Give an id such as {}, or its first {} digits.", _EXAMPLE, _SHORTEST_ID)
    return found


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


def support_code(value: str) -> str:
    """The eight digits of a support code, as a refusal prints it: 1a2b-3c4d.

    Raises:
        click.BadParameter: it isn't one.
    """
    found = value.strip().lower()
    if _CODE.fullmatch(found) is None:
        raise WrongValue("Give a support code such as 1a2b-3c4d.")
    return found.replace("-", "")


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
