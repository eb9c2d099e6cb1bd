"""Convictions: the court, its case, the FIR, the sentences, the appeal, and where the convict is because of them."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from typing import Final

from nsor.v1 import types_pb2
from nsor_synthetic import dates, places, sentences
from nsor_synthetic.crimes import Crime
from nsor_synthetic.dates import LAST_DAY, to_date
from nsor_synthetic.dice import Dice

CASES_OF_YEAR: Final = 3_000
"""Highest number of a court's case in a year, as long as a run isn't so long that numbers would repeat."""
FIRS_OF_YEAR: Final = 1_500
"""Highest number of a station's FIR in a year, likewise."""
PRISONS: Final = {
    "PK-PB": "punjab-prisons",
    "PK-SD": "sindh-prisons",
    "PK-KP": "kp-prisons",
    "PK-BA": "balochistan-prisons",
    "PK-IS": "punjab-prisons",
    "PK-JK": "ajk-prisons",
    "PK-GB": "gb-prisons",
}
"""The example prisons departments by unit of the court. Islamabad's convicts are held at Rawalpindi, in Punjab."""
_FORMS: Final = {
    types_pb2.COURT_KIND_GBV_COURT: "GBV Case No.",
    types_pb2.COURT_KIND_JUVENILE_COURT: "Juvenile Case No.",
    types_pb2.COURT_KIND_CHILD_PROTECTION_COURT: "Child Protection Case No.",
}
_APPEAL_DAYS: Final = 30
_LONG: Final = 84
"""Months from which on nearly everybody appeals."""
_MONTH: Final = 30.44


@dataclass(slots=True)
class Numbers:
    """The numbers of FIRs and cases that a run has given: no two orders have the same."""

    _given: dict[tuple[str, int], set[int]] = field(default_factory=dict)

    def fresh(self, dice: Dice, place: str, year: int, most: int) -> int:
        """Draw a number that is new for that place and year; beyond ``most`` when half of those are given."""
        given = self._given.setdefault((place, year), set())
        most = max(most, 2 * len(given) + 1)
        number = dice.randint(1, most)
        while number in given:
            number = dice.randint(1, most)
        given.add(number)
        return number


@dataclass(frozen=True, slots=True)
class Convicted:
    """A conviction, and what followed from it.

    Attributes:
        conviction: the message.
        custody: where the convict is on the last day.
        released: the day of his release, if it was.
    """

    conviction: types_pb2.Conviction
    custody: types_pb2.Custody
    released: dt.date | None


def draw(
    dice: Dice,
    *,
    districts: places.Districts,
    numbers: Numbers,
    home: str,
    crime: Crime,
    offence: dt.date,
    juvenile: bool,
) -> Convicted:
    """Draw the conviction of somebody who lives in a district, for a crime on a day."""
    reported = offence + dt.timedelta(days=dice.randint(0, 20))
    district = _district(dice, districts, home)
    while not districts.existed(district, reported):
        district = districts.of_unit(dice, places.unit_of(home))
    instituted = reported + dt.timedelta(days=dice.randint(14, 90))
    judged = dates.no_sunday(dice.day(reported + dt.timedelta(days=121), reported + dt.timedelta(days=900)))
    if judged > LAST_DAY:
        judged = dates.no_sunday(dice.day(reported + dt.timedelta(days=121), LAST_DAY))
    station = f"{district}/PS-{dice.randint(1, 24):03d}"
    court = _court(dice, district, crime, juvenile=juvenile)
    case = numbers.fresh(dice, district, instituted.year, CASES_OF_YEAR)
    counts = [_count(dice, code, crime, offence, juvenile=juvenile) for code in crime.codes]
    conviction = types_pb2.Conviction(
        court_case=types_pb2.CourtCase(
            court_kind=court,
            place_code=district,
            case_number=f"{_FORMS.get(court, 'Sessions Case No.')} {case}/{instituted.year}",
        ),
        verdict=types_pb2.VERDICT_CONVICTED,
        judgment_date=to_date(judged),
        fir=types_pb2.FirKey(
            police_station=station,
            year=reported.year,
            serial=numbers.fresh(dice, station, reported.year, FIRS_OF_YEAR),
            fir_date=to_date(reported),
        ),
        counts=counts,
    )
    return _after(dice, conviction, reported + dt.timedelta(days=dice.randint(0, 30)), judged)


def _district(dice: Dice, districts: places.Districts, home: str) -> str:
    """An offence is tried where it was committed (s.3(9)): mostly at home."""
    throw = dice.random()
    if throw < 0.84:
        return home
    return districts.of_unit(dice, places.unit_of(home)) if throw < 0.95 else districts.anywhere(dice)


def _court(dice: Dice, district: str, crime: Crime, *, juvenile: bool) -> types_pb2.CourtKind.ValueType:
    if juvenile and dice.chance(80):
        return types_pb2.COURT_KIND_JUVENILE_COURT
    if crime.victim_class == types_pb2.VICTIM_CLASS_CHILD:
        special = not places.has_child_protection_court(district) or dice.chance(40)
        return types_pb2.COURT_KIND_SPECIAL_COURT if special else types_pb2.COURT_KIND_CHILD_PROTECTION_COURT
    if crime.victim_class == types_pb2.VICTIM_CLASS_WOMAN and crime.codes[0].startswith("PPC-"):
        kinds = (
            types_pb2.COURT_KIND_SPECIAL_COURT,
            types_pb2.COURT_KIND_GBV_COURT,
            types_pb2.COURT_KIND_SESSIONS_COURT,
        )
        return dice.weighted(kinds, (60, 85, 100))
    return types_pb2.COURT_KIND_SESSIONS_COURT


def _count(dice: Dice, code: str, crime: Crime, offence: dt.date, *, juvenile: bool) -> types_pb2.Count:
    kind, months = sentences.draw(dice, code, offence, crime.victim_class, juvenile=juvenile)
    return types_pb2.Count(
        offence_code=code,
        offence_date=to_date(offence),
        victim_class=crime.victim_class,
        sentence_kind=kind,
        months=months,
        underlying_offence_code=crime.attempted,
    )


def _after(dice: Dice, conviction: types_pb2.Conviction, arrested: dt.date, judged: dt.date) -> Convicted:
    """What became of it by the last day: sentences run together, time before the judgment and remissions count.

    Nobody is released while his appeal is pending (s.18(6)), nor from a sentence for life or to death.
    """
    for_ever = any(
        count.sentence_kind in {types_pb2.SENTENCE_KIND_LIFE, types_pb2.SENTENCE_KIND_DEATH}
        for count in conviction.counts
    )
    months = max(count.months for count in conviction.counts)
    served = dt.timedelta(days=int(months * _MONTH * (0.7 + 0.3 * dice.random())))
    released = None if for_ever or arrested + served > LAST_DAY else max(arrested + served, judged)
    since = (LAST_DAY - judged).days
    conviction.appeal_state = types_pb2.APPEAL_STATE_NONE
    if dice.chance(90 if for_ever or months >= _LONG else 40) and since >= dice.randint(1, _APPEAL_DAYS):
        pending = released is None and dice.random() < math.exp(-since / 1_200)
        conviction.appeal_state = types_pb2.APPEAL_STATE_PENDING if pending else types_pb2.APPEAL_STATE_DISMISSED
    if dice.chance(1.5):
        return Convicted(conviction, types_pb2.Custody(state=types_pb2.CUSTODY_STATE_AT_LARGE), None)
    if released is not None:
        return Convicted(conviction, types_pb2.Custody(state=types_pb2.CUSTODY_STATE_RELEASED), released)
    prisons = PRISONS[places.unit_of(conviction.court_case.place_code)]
    held = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=prisons)
    return Convicted(conviction, held, None)
