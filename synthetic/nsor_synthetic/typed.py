"""Orders as clerks type them into a spreadsheet: what `nsor import` has to read.

One line is one order, under the headings that `nsor import --columns` prints. Names stand in one cell with by-name,
rank and father (``Muhammad Rafiq @ Feeqa s/o Lal Din``), dates as Pakistan writes them, sections as a judgment names
them; what nobody sees (a right-to-left mark, a byte order mark) is there too. What has no column is left out.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Final

from nsor.v1 import types_pb2
from nsor_server.policy.places import Places
from nsor_synthetic.dates import to_day
from nsor_synthetic.dice import Dice
from nsor_synthetic.orders import Order

HEADINGS: Final = (
    *("Name", "CNIC", "Document", "Why no CNIC", "Sex", "Date of birth", "Nationality", "Court", "Court's district"),
    *("Case number", "Date of judgment", "Appeal", "Police station", "FIR", "Date of FIR", "Sections"),
    *("Date of offence", "Victim"),
    *("Sentence", "District", "House", "Street", "Locality", "Post code", "Custody", "Prison department"),
)
"""Of the table, as the map that `nsor import --columns` prints has them."""
_ROMAN_RELATIONS: Final = {
    types_pb2.RELATION_SON_OF: ("s/o", "S/O", "s/o.", "son of"),
    types_pb2.RELATION_DAUGHTER_OF: ("d/o", "D/O", "daughter of"),
    types_pb2.RELATION_WIFE_OF: ("w/o", "W/O", "wife of"),
}
_URDU_RELATIONS: Final = {
    types_pb2.RELATION_SON_OF: "ولد",
    types_pb2.RELATION_DAUGHTER_OF: "دختر",
    types_pb2.RELATION_WIFE_OF: "زوجہ",
}
_RANKS: Final = ("Subedar (Retd)", "Havildar", "Constable", "Naib Subedar")
_URDU_RANKS: Final = ("صوبیدار", "حوالدار")
_UNSEEN: Final = ("\u200f", "\u200e", "\ufeff", " ", "\u00a0")
_URDU_DIGITS: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_SEXES: Final = {types_pb2.SEX_MALE: ("M", "Male", "مرد"), types_pb2.SEX_FEMALE: ("F", "Female", "عورت")}
_YEAR: Final = 12
_TYPES_YEAR_ONLY: Final = frozenset({types_pb2.DATE_PRECISION_YEAR, types_pb2.DATE_PRECISION_APPARENT_AGE})


def write(file: IO[str], orders: Iterable[Order], seed: int) -> None:
    """Write orders as a table with headings."""
    enter = table(file, seed)
    for order in orders:
        enter(order)


def table(file: IO[str], seed: int) -> Callable[[Order], object]:
    """Write the headings of a table; what it gives types an order into the next row."""
    writer, places = csv.DictWriter(file, HEADINGS, lineterminator="\r\n"), Places.load()
    writer.writeheader()
    return lambda order: writer.writerow(_typed(places, order, seed))


def rows(orders: Iterable[Order], seed: int) -> Iterator[dict[str, str]]:
    """Type each order into the cells of a row; the same seed types the same."""
    places = Places.load()
    for order in orders:
        yield _typed(places, order, seed)


def _typed(places: Places, order: Order, seed: int) -> dict[str, str]:
    return _row(Dice(f"{seed}/{order.request_id}"), places, order)


def _row(dice: Dice, places: Places, order: Order) -> dict[str, str]:
    person, (conviction, *_) = order.person, order.convictions
    address = next(a for a in order.addresses if a.kind == types_pb2.ADDRESS_KIND_CURRENT)
    day = dice.one(_DAYS)
    return {
        "Name": _name(dice, order),
        "CNIC": _cnic(dice, person.cnic),
        "Document": _word(types_pb2.IdentityDocument.Name(person.identity_document), "IDENTITY_DOCUMENT_"),
        "Why no CNIC": _word(types_pb2.NoCnicReason.Name(person.no_cnic_reason), "NO_CNIC_REASON_"),
        "Sex": dice.one(_SEXES.get(person.sex, ("Transgender",))),
        "Date of birth": _birth(person, day),
        "Nationality": person.nationality,
        "Court": _word(types_pb2.CourtKind.Name(conviction.court_case.court_kind), "COURT_KIND_"),
        "Court's district": _district(dice, places, conviction.court_case.place_code),
        "Case number": conviction.court_case.case_number,
        "Date of judgment": day(to_day(conviction.judgment_date)),
        "Appeal": _word(types_pb2.AppealState.Name(conviction.appeal_state), "APPEAL_STATE_"),
        "Police station": conviction.fir.police_station,
        "FIR": dice.one(("{}/{}", "FIR No. {}/{}", "{} / {}")).format(conviction.fir.serial, conviction.fir.year),
        "Date of FIR": day(to_day(conviction.fir.fir_date)),
        "Sections": _sections(dice, conviction),
        "Date of offence": day(to_day(conviction.counts[0].offence_date)),
        "Victim": _word(types_pb2.VictimClass.Name(conviction.counts[0].victim_class), "VICTIM_CLASS_"),
        "Sentence": _sentence(dice, conviction.counts[0]),
        "District": address.place_code,
        "House": address.house_number,
        "Street": address.street_number,
        "Locality": address.locality_code,
        "Post code": address.postal_code,
        "Custody": _word(types_pb2.CustodyState.Name(order.custody.state), "CUSTODY_STATE_"),
        "Prison department": order.custody.prisons_agency_id,
    }


def _name(dice: Dice, order: Order) -> str:
    """Type name, by-name and relative into one cell, in the script that the order has first."""
    official = order.person.names[0]
    urdu = not official.name.isascii()
    aliases = [n.name for n in order.person.names if n.kind == types_pb2.NAME_KIND_ALIAS and n.name.isascii() != urdu]
    own = official.name
    *given, last = own.split(" ")
    if not urdu and given and dice.chance(8):
        own = f"{last}, {' '.join(given)}"
    elif dice.chance(4):
        own = f"{dice.one(_URDU_RANKS if urdu else _RANKS)} {own}"
    between = " عرف " if urdu else dice.one((" @ ", " alias ", "@"))
    cell = own + "".join(f"{between}{alias}" for alias in aliases)
    if official.relation:
        relation = _URDU_RELATIONS[official.relation] if urdu else dice.one(_ROMAN_RELATIONS[official.relation])
        cell = f"{cell} {relation} {official.relative_name}"
    if dice.chance(6):
        unseen = dice.one(_UNSEEN)
        cell = f"{unseen}{cell}" if dice.chance(30) else f"{cell}{unseen}"
    return cell.replace(" ", "  ", 1) if dice.chance(5) else cell


def _cnic(dice: Dice, number: str) -> str:
    if not number:
        return ""
    grouped = f"{number[:5]}-{number[5:12]}-{number[12:]}"
    return dice.one((grouped, grouped, number, grouped.translate(_URDU_DIGITS)))


def _birth(person: types_pb2.Person, day: Callable[[dt.date], str]) -> str:
    born = person.birth_date
    return str(born.year) if person.birth_date_precision in _TYPES_YEAR_ONLY else day(to_day(born))


def _district(dice: Dice, places: Places, code: str) -> str:
    """Type a district's code, or its name."""
    place = places.name(code)
    return code if place is None or dice.chance(40) else dice.one((place.en, place.ur))


def _sections(dice: Dice, conviction: types_pb2.Conviction) -> str:
    """Type sections as judgments name them: 376 PPC, 365-B and 376, 376/511 PPC, PECA 21."""
    found = [_section(c.offence_code, c.underlying_offence_code) for c in conviction.counts]
    law = conviction.counts[0].offence_code.split("-")[0]
    if law != "PPC":
        return ", ".join(f"{law} {section}" for section in found)
    joined = dice.one((", ", " and ", "; ")).join(found)
    return dice.one(("{}", "{} PPC", "u/s {}")).format(joined)


def _section(code: str, underlying: str) -> str:
    number = code.split("-")[1]
    dashed = f"{number[:-1]}-{number[-1]}" if number[-1].isalpha() else number
    return f"{underlying.split('-')[1]}/{dashed}" if underlying else dashed


def _sentence(dice: Dice, count: types_pb2.Count) -> str:
    if count.sentence_kind == types_pb2.SENTENCE_KIND_LIFE:
        return dice.one(("life", "Life imprisonment", "عمر قید"))
    if count.sentence_kind == types_pb2.SENTENCE_KIND_DEATH:
        return dice.one(("death", "سزائے موت"))
    if count.months % _YEAR:
        return f"{count.months} months"
    return dice.one(("{} years", "{} yrs", "{} سال")).format(count.months // _YEAR)


def _word(name: str, prefix: str) -> str:
    word = name.removeprefix(prefix).replace("_", " ").capitalize()
    return "" if word == "Unspecified" else word


_DAYS: Final[tuple[Callable[[dt.date], str], ...]] = (
    lambda day: f"{day:%d.%m.%Y}",
    lambda day: f"{day:%d-%m-%Y}",
    lambda day: f"{day.day}/{day.month}/{day.year}",
    lambda day: day.isoformat(),
    lambda day: f"{day:%d.%m.%Y}".translate(_URDU_DIGITS),
)
"""How clerks write a day; each row has one way."""
