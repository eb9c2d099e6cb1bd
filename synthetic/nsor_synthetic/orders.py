"""Conviction orders: one seed gives the same orders in the same bytes, and a shorter run is the start of a longer one.

Every date lies before a fixed day, never before or after "now". Numbers are unique by construction. Mobile numbers and
passports are of series that nobody issues.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from google.type import date_pb2

from nsor.v1 import registration_pb2, types_pb2
from nsor_server.policy.places import Places
from nsor_synthetic import crimes, names
from nsor_synthetic.units import EX_FATA, EX_FATA_DIGIT, UNITS, Unit

NAMESPACE: Final = uuid.UUID("6f6c6e73-6f72-5e79-9d2a-73796e746865")
"""Namespace of the request ids."""
LAST_DAY: Final = dt.date(2025, 6, 30)
"""No date of an order is later; only travel documents expire later."""
MOST: Final = 1_000_000
"""Most orders of a run: beyond, numbers of FIRs and cases would run out."""
_FIRST_OFFENCE: Final = dt.date(2018, 1, 1)
_FAMILY_NUMBERS: Final = 9_999_999
_STRIDE: Final = 7_919  # coprime with _FAMILY_NUMBERS, so that each index has a family number of its own
_T = TypeVar("_T")


def to_date(day: dt.date) -> date_pb2.Date:
    """Give a day as a message."""
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def generate(seed: int, count: int) -> Iterator[registration_pb2.CreateRegistrationRequest]:
    """Make ``count`` conviction orders, at most a million."""
    if not 0 <= count <= MOST:
        raise ValueError(f"count must lie between 0 and {MOST:,}")
    run = _Run(seed, Places.load())
    return (_order(run, index) for index in range(count))


@dataclass(frozen=True, slots=True)
class _Run:
    """What the orders of a run share: the seed, the places, and the FIRs and cases that are taken."""

    seed: int
    places: Places
    taken: set[tuple[str, int, int]] = field(default_factory=set)

    def fresh(self, draw: Callable[[], int], place: str, year: int) -> int:
        """Draw a number until it is a new one of that place and year."""
        number = draw()
        while (place, year, number) in self.taken:
            number = draw()
        self.taken.add((place, year, number))
        return number


@dataclass(frozen=True, slots=True)
class _Draw:
    """The dice of one order, and what its parts have in common."""

    dice: random.Random
    run: _Run
    index: int
    home: Unit
    unit: Unit
    district: str

    def chance(self, percent: int) -> bool:
        return self.dice.randrange(100) < percent

    def one(self, choices: tuple[_T, ...]) -> _T:
        return choices[self.dice.randrange(len(choices))]

    def day(self, first: dt.date, last: dt.date) -> dt.date:
        return first + dt.timedelta(days=self.dice.randint(0, max(0, (last - first).days)))


def _order(run: _Run, index: int) -> registration_pb2.CreateRegistrationRequest:
    dice = random.Random(f"{run.seed}/{index}")  # noqa: S311 - repeatable people, no secret
    home = dice.choices(UNITS, [unit.share for unit in UNITS])[0]
    unit = dice.choices(UNITS, [unit.share for unit in UNITS])[0] if dice.randrange(10) == 0 else home
    districts = run.places.districts(home.code)
    draw = _Draw(dice, run, index, home, unit, districts[dice.randrange(len(districts))])
    conviction = _conviction(draw)
    return registration_pb2.CreateRegistrationRequest(
        request_id=str(uuid.uuid5(NAMESPACE, f"{run.seed}/{index}")),
        person=_person(draw, _earliest(conviction)),
        convictions=[conviction],
        addresses=_addresses(draw),
        custody=_custody(draw),
        heightened_handling=draw.chance(10),
    )


def _earliest(conviction: types_pb2.Conviction) -> dt.date:
    return min(
        dt.date(count.offence_date.year, count.offence_date.month, count.offence_date.day)
        for count in conviction.counts
    )


def _person(draw: _Draw, first_offence: dt.date) -> types_pb2.Person:
    sex = types_pb2.SEX_MALE
    if draw.chance(4):
        sex = types_pb2.SEX_FEMALE
    elif draw.chance(1):
        sex = types_pb2.SEX_TRANSGENDER
    person = types_pb2.Person(sex=sex, nationality="PK", names=_names(draw, sex))
    _birth(draw, person, first_offence)
    if draw.chance(94):
        person.cnic = _cnic(draw, sex)
    else:
        person.no_cnic_reason = draw.one(
            (
                types_pb2.NO_CNIC_REASON_NOT_REGISTERED,
                types_pb2.NO_CNIC_REASON_NOT_ESTABLISHED,
                types_pb2.NO_CNIC_REASON_AFGHAN_CARD,
                types_pb2.NO_CNIC_REASON_FOREIGN_NATIONAL,
            )
        )
        if person.no_cnic_reason == types_pb2.NO_CNIC_REASON_AFGHAN_CARD:
            person.nationality = "AF"
        elif person.no_cnic_reason == types_pb2.NO_CNIC_REASON_FOREIGN_NATIONAL:
            person.nationality = draw.one(("AF", "BD", "IR", "TJ", "LK"))
    if person.nationality != "PK" or draw.chance(15):
        person.travel_documents.append(_travel_document(draw, person.nationality))
    for line in range(draw.dice.choices((0, 1, 2), (30, 60, 10))[0]):
        # Nobody issues 399. Each person has numbers of his own, so that none is anybody else's.
        person.mobile_numbers.append(f"+92399{(draw.index * 2 + line) % 10_000_000:07d}")
    return person


def _cnic(draw: _Draw, sex: types_pb2.Sex.ValueType) -> str:
    ex_fata = draw.district.split("/")[1] in EX_FATA
    first = EX_FATA_DIGIT if ex_fata else draw.home.first_digit
    family = (draw.run.seed * 104_729 + draw.index * _STRIDE) % _FAMILY_NUMBERS + 1
    last = draw.dice.randrange(5) * 2 + (sex == types_pb2.SEX_MALE)
    return f"{first}{draw.dice.randint(1101, 9904):04d}{family:07d}{last}"


def _names(draw: _Draw, sex: types_pb2.Sex.ValueType) -> list[types_pb2.PersonName]:
    given = draw.one(names.WOMEN if sex == types_pb2.SEX_FEMALE else names.MEN)
    relation = types_pb2.RELATION_SON_OF
    if sex == types_pb2.SEX_FEMALE:
        relation = draw.one((types_pb2.RELATION_DAUGHTER_OF, types_pb2.RELATION_WIFE_OF))
    name, relative = given, draw.one(names.MEN)
    if draw.chance(45):
        family = draw.one(names.FAMILIES[draw.home.code])
        name = name + family
        if relation != types_pb2.RELATION_WIFE_OF:
            relative = relative + family
    found = [
        types_pb2.PersonName(
            kind=types_pb2.NAME_KIND_OFFICIAL, name=written, relative_name=relative_written, relation=relation
        )
        for written, relative_written in ((name.urdu, relative.urdu), (name.roman, relative.roman))
    ]
    if draw.chance(12):
        alias = draw.one(names.ALIASES)
        found.append(types_pb2.PersonName(kind=types_pb2.NAME_KIND_ALIAS, name=alias.urdu))
        found.append(types_pb2.PersonName(kind=types_pb2.NAME_KIND_ALIAS, name=alias.roman))
    if draw.chance(2):
        former = draw.one(names.WOMEN if sex == types_pb2.SEX_FEMALE else names.MEN)
        if former != name:
            found.append(types_pb2.PersonName(kind=types_pb2.NAME_KIND_FORMER, name=former.urdu))
    return found


def _birth(draw: _Draw, person: types_pb2.Person, first_offence: dt.date) -> None:
    youngest = 15 if draw.chance(3) else 19
    born = first_offence - dt.timedelta(days=draw.dice.randint(youngest * 366, 62 * 365))
    precision = draw.dice.choices(
        (
            types_pb2.DATE_PRECISION_DAY,
            types_pb2.DATE_PRECISION_YEAR,
            types_pb2.DATE_PRECISION_MONTH,
            types_pb2.DATE_PRECISION_APPARENT_AGE,
        ),
        (75, 15, 5, 5),
    )[0]
    if precision == types_pb2.DATE_PRECISION_MONTH:
        born = born.replace(day=1)
    elif precision != types_pb2.DATE_PRECISION_DAY:
        born = born.replace(month=1, day=1)
    person.birth_date.CopyFrom(to_date(born))
    person.birth_date_precision = precision


def _travel_document(draw: _Draw, country: str) -> types_pb2.TravelDocument:
    expiry = draw.day(LAST_DAY, LAST_DAY + dt.timedelta(days=3_600))
    return types_pb2.TravelDocument(number=f"ZZ{draw.index:07d}", country=country, expiry_date=to_date(expiry))


def _station(draw: _Draw, district: str) -> str:
    return f"{district}/PS-{draw.dice.randint(1, 24):03d}"


def _addresses(draw: _Draw) -> list[types_pb2.Address]:
    permanent = types_pb2.Address(kind=types_pb2.ADDRESS_KIND_PERMANENT, place_code=_station(draw, draw.district))
    _house(draw, permanent)
    current = types_pb2.Address()
    if draw.chance(70):
        current.CopyFrom(permanent)
    else:
        unit = draw.dice.choices(UNITS, [unit.share for unit in UNITS])[0]
        district = draw.one(draw.run.places.districts(unit.code))
        current.place_code = _station(draw, district) if draw.chance(85) else district
        current.since_date.CopyFrom(to_date(draw.day(dt.date(2015, 1, 1), LAST_DAY)))
        _house(draw, current)
    current.kind = types_pb2.ADDRESS_KIND_CURRENT
    return [permanent, current]


def _house(draw: _Draw, address: types_pb2.Address) -> None:
    address.locality_code = draw.one(("UC-{}", "WARD {}", "CHAK {}", "MAUZA {}")).format(draw.dice.randint(1, 180))
    if draw.chance(60):
        address.street_number = str(draw.dice.randint(1, 60))
        address.house_number = f"{draw.dice.randint(1, 400)}/{draw.one(('A', 'B', 'C'))}"
    if draw.chance(50):
        address.postal_code = f"{draw.dice.randint(10, 97)}{draw.dice.randint(0, 99) * 10:03d}"


def _conviction(draw: _Draw) -> types_pb2.Conviction:
    crime = draw.dice.choices(crimes.CRIMES, [crime.weight for crime in crimes.CRIMES])[0]
    offence = draw.day(max(_FIRST_OFFENCE, crime.first_day), min(crime.last_day, LAST_DAY - dt.timedelta(days=500)))
    reported = min(offence + dt.timedelta(days=draw.dice.randint(0, 20)), LAST_DAY)
    judged = draw.day(reported + dt.timedelta(days=120), min(reported + dt.timedelta(days=900), LAST_DAY))
    district = draw.one(draw.run.places.districts(draw.unit.code, reported))
    station = _station(draw, district)
    serial = draw.run.fresh(lambda: draw.dice.randint(1, 1_500), station, reported.year)
    case = draw.run.fresh(lambda: draw.dice.randint(1, 99_999), district, judged.year)
    return types_pb2.Conviction(
        court_case=types_pb2.CourtCase(
            court_kind=draw.one(crimes.courts(crime)),
            place_code=district,
            case_number=f"Sessions Case No. {case}/{judged.year}",
        ),
        verdict=types_pb2.VERDICT_CONVICTED,
        judgment_date=to_date(judged),
        fir=types_pb2.FirKey(police_station=station, year=reported.year, serial=serial, fir_date=to_date(reported)),
        counts=[_count(draw, crime, code, offence) for code in crime.codes],
        appeal_state=draw.dice.choices(
            (types_pb2.APPEAL_STATE_NONE, types_pb2.APPEAL_STATE_PENDING, types_pb2.APPEAL_STATE_DISMISSED),
            (60, 30, 10),
        )[0],
    )


def _count(draw: _Draw, crime: crimes.Crime, code: str, offence: dt.date) -> types_pb2.Count:
    count = types_pb2.Count(offence_code=code, offence_date=to_date(offence), victim_class=crime.victim_class)
    count.sentence_kind = types_pb2.SENTENCE_KIND_IMPRISONMENT
    if crime.gravest and draw.chance(25):
        count.sentence_kind = types_pb2.SENTENCE_KIND_LIFE
    elif crime.gravest and draw.chance(3):
        count.sentence_kind = types_pb2.SENTENCE_KIND_DEATH
    else:
        count.months = draw.dice.randint(2, 25) * 12
    return count


def _custody(draw: _Draw) -> types_pb2.Custody:
    if draw.unit.prisons_agency_id and draw.chance(65):
        return types_pb2.Custody(
            state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=draw.unit.prisons_agency_id
        )
    released = draw.chance(93)
    return types_pb2.Custody(state=types_pb2.CUSTODY_STATE_RELEASED if released else types_pb2.CUSTODY_STATE_AT_LARGE)
