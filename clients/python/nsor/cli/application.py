"""An access request asked for at the keyboard, question by question; posting and grade are remembered.

What is typed goes to the register and nowhere else: of it only the posting and the grade are kept, in the state folder.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

import click

from nsor import cleaning
from nsor.cli import agreement, called, kept, named_persons, screen, written
from nsor.cli.session import Session, said_in

if TYPE_CHECKING:
    from pathlib import Path

    from google.protobuf.descriptor import EnumDescriptor

    from nsor.v1 import access_requests_pb2, grants_pb2, types_pb2

_MOST: Final = 20
"""Suspects of a request."""
T = TypeVar("T")


def ask(session: Session, folder: Path, officer_key: bytes) -> access_requests_pb2.CreateAccessRequestRequest:
    """Ask for everything that a request needs; ``folder`` remembers the officer's posting and grade."""
    from nsor.v1 import access_requests_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    wanted = access_requests_pb2.CreateAccessRequestRequest()
    _fir(session, wanted.fir)
    while len(wanted.suspects) < _MOST:
        wanted.suspects.append(_suspect(session, len(wanted.suspects) + 1))
        if not agreement.agrees(session, "Another suspect of this FIR?"):
            break
    wanted.juvenile_records = agreement.agrees(
        session, "Also records of who was under 18 at the offence? NPB decides of that part."
    )
    form = wanted.annexure_a
    form.offence_codes.extend(
        dict.fromkeys(each.code for each in _read(session, "Sections of the FIR, such as 376, 34", _sections))
    )
    stages, grounds = access_requests_pb2.InvestigationStage, access_requests_pb2.AccessGround
    form.stage = stages.ValueType(_chosen(session, "Where the investigation stands:", stages.DESCRIPTOR))
    form.ground = grounds.ValueType(_chosen(session, "Why the record is needed:", grounds.DESCRIPTOR))
    form.fir_copy_number = _read(session, "Number of the certified copy of the FIR, such as FC-12/2025", _text)
    form.application_number = _read(session, "Number of the application, such as APP-9/2025", _text)
    today = dt.datetime.now(_pakistan()).date()
    sent = _read(session, "Day of the application", cleaning.date, default=f"{today:%d.%m.%Y}")
    form.application_date.year, form.application_date.month, form.application_date.day = sent.year, sent.month, sent.day
    posting, grade = kept.posting(folder, officer_key)
    form.posting = _read(session, "Where you are posted: a district or station", written.place, default=posting)
    form.officer_grade = _read(session, "Your grade (BPS), such as 17", _grade, default=grade)
    kept.keep_posting(folder, officer_key, form.posting, str(form.officer_grade))
    return wanted


def _fir(session: Session, fir: types_pb2.FirKey) -> None:
    fir.serial, fir.year = _read(session, "FIR, such as 412/2025", cleaning.fir)
    fir.police_station = _read(session, "Police station, such as PK-PB/LHR/PS-001", _station)
    day = _read(session, "Day of the FIR, such as 05.03.2025", cleaning.date)
    fir.fir_date.year, fir.fir_date.month, fir.fir_date.day = day.year, day.month, day.day


def _suspect(session: Session, number: int) -> grants_pb2.Suspect:
    """One suspect: by a number, or by name, father's or husband's name and year of birth where the FIR has none."""
    from nsor.v1 import grants_pb2  # noqa: PLC0415 - as above

    question = session.said("Suspect {}: CNIC, or a document such as AF P1234567; empty: the FIR has none", number)
    shown = click.prompt(question, default="", show_default=False, err=True).strip()
    suspect = named_persons.person(number, shown) if shown else grants_pb2.Suspect()
    question = "Name as in the FIR, with by-names (@, alias, urf) and s/o, d/o or w/o"
    called.fill(session, suspect.name, _read(session, question, _name if shown else _name_of_family))
    if not shown:
        suspect.birth_year = _read(session, "Year of birth, such as 1988", _year)
    return suspect


def _read(session: Session, question: str, reader: Callable[[str], T], *, default: str = "") -> T:
    """What is typed, read; asked again until it can be read, with what may stand there."""
    while True:
        typed = click.prompt(session.said(question), default=default or None, err=True)
        try:
            return reader(typed)
        except cleaning.Unclear as unclear:
            from nsor.advice import Words  # noqa: PLC0415 - as above

            screen.echo(said_in(session, Words(*unclear.meaning)), err=True)


def _chosen(session: Session, question: str, enumeration: EnumDescriptor) -> int:
    """One value of an enumeration, by its number in a list."""
    values = [value for value in enumeration.values if value.number]
    prefix = written.prefix_of(enumeration)
    screen.echo(session.said(question), err=True)
    for number, value in enumerate(values, 1):
        screen.echo(f"  {number} {value.name.removeprefix(prefix).lower().replace('_', ' ')}", err=True)
    return values[_read(session, "Number", _number(len(values))) - 1].number


def _number(most: int) -> Callable[[str], int]:
    def read(cell: str) -> int:
        plain = cleaning.digits(cell)
        if not plain.isdecimal() or not 1 <= int(plain) <= most:
            raise cleaning.Unclear(f"a number from 1 to {most}", f"1 سے {most} تک نمبر")
        return int(plain)

    return read


def _grade(cell: str) -> int:
    return _number(22)(cell)


def _year(cell: str) -> int:
    plain = cleaning.digits(cell)
    if not plain.isdecimal() or len(plain) != 4:
        raise cleaning.Unclear("a year of four digits, such as 1988", "چار ہندسوں کا سال، جیسے 1988")
    return int(plain)


def _station(cell: str) -> str:
    plain = cleaning.digits(cell).upper()
    if plain.count("/") != 2:
        raise cleaning.Unclear(
            "a station's code such as PK-PB/LHR/PS-001: `nsor places` finds its district",
            "تھانے کا کوڈ جیسے PK-PB/LHR/PS-001: ضلع `nsor places` سے تلاش کریں",
        )
    return plain


def _text(cell: str) -> str:
    return cleaning.text(cell)


def _name(cell: str) -> cleaning.Name:
    return cleaning.name(cell)


def _name_of_family(cell: str) -> cleaning.Name:
    found = cleaning.name(cell)
    if not found.relative:
        raise cleaning.Unclear(
            "without a number also the father's or husband's name: A s/o B",
            "نمبر کے بغیر والد یا شوہر کا نام بھی: الف ولد ب",
        )
    return found


def _sections(cell: str) -> list[cleaning.Section]:
    return cleaning.offences(cell)


def _pakistan() -> dt.timezone:
    from nsor.cli import render  # noqa: PLC0415 - as above

    return render.PAKISTAN
