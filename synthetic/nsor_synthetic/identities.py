"""Who synthetic offenders are, apart from how a clerk writes it down: so that one person can be written down twice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from nsor.v1 import types_pb2
from nsor_synthetic import dates, places
from nsor_synthetic.dice import Dice
from nsor_synthetic.names import clerks, communities, general
from nsor_synthetic.names.clerks import Clerk
from nsor_synthetic.names.communities import Community, Words
from nsor_synthetic.names.elements import Half

_FAMILY_NUMBERS: Final = 9_999_999
_STRIDE: Final = 7_919  # coprime with _FAMILY_NUMBERS, so that each index has a family number of its own
_NO_CNIC: Final = (
    types_pb2.NO_CNIC_REASON_NOT_REGISTERED,
    types_pb2.NO_CNIC_REASON_NOT_ESTABLISHED,
    types_pb2.NO_CNIC_REASON_AFGHAN_CARD,
    types_pb2.NO_CNIC_REASON_FOREIGN_NATIONAL,
)
_NO_CNIC_UP_TO: Final = (40, 65, 90, 100)
_OVERSEAS: Final = 40
"""One in so many of those with a number has a NICOP. Invented; of the person's index, so that no dice fall anew."""
_FOREIGNERS: Final = ("AF", "BD", "IR", "TJ", "LK")
_FOREIGNERS_UP_TO: Final = (45, 70, 82, 92, 100)
_AGES: Final = ((14, 17), (18, 24), (25, 35), (36, 50), (51, 72))
_AGES_UP_TO: Final = (4, 37, 72, 92, 100)
"""Percent of offenders up to each age on the day of the offence: the peak lies between 18 and 35. Remembered."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A person.

    Attributes:
        index: the person's number within a run, which numbers of documents and telephones follow from.
        sex: sex.
        community: whose names the person and the family have.
        own: own name, with a family's name if the person writes one.
        relative: father's or husband's name.
        relation: whose name that is.
        alias: a name that the person is also known by, or nothing.
        former: a name that the person had before, or nothing.
        born: day of birth.
        cnic: CNIC, or nothing.
        no_cnic_reason: why there is none.
        nationality: nationality.
        passport: whether the person has a passport.
        home: district of the permanent address.
    """

    index: int
    sex: types_pb2.Sex.ValueType
    community: Community
    own: Words
    relative: Words
    relation: types_pb2.Relation.ValueType
    alias: Words
    former: Words
    born: dt.date
    cnic: str
    no_cnic_reason: types_pb2.NoCnicReason.ValueType
    nationality: str
    passport: bool
    home: str

    def age(self, day: dt.date) -> int:
        """Age on a day, in whole years."""
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))


def draw(
    dice: Dice,
    *,
    districts: places.Districts,
    home: str,
    seed: int,
    index: int,
    offence: dt.date,
    half: Half = Half.BOTH,
) -> Identity:
    """Draw a person who lives in a district and was of an offender's age on the day of an offence."""
    sex = dice.weighted((types_pb2.SEX_TRANSGENDER, types_pb2.SEX_FEMALE, types_pb2.SEX_MALE), (2, 22, 1_000))
    reason, nationality = types_pb2.NO_CNIC_REASON_UNSPECIFIED, "PK"
    if dice.chance(12):
        reason = dice.weighted(_NO_CNIC, _NO_CNIC_UP_TO)
        if reason == types_pb2.NO_CNIC_REASON_AFGHAN_CARD:
            nationality = "AF"
        elif reason == types_pb2.NO_CNIC_REASON_FOREIGN_NATIONAL:
            nationality = dice.weighted(_FOREIGNERS, _FOREIGNERS_UP_TO)
    community = communities.FOREIGN.get(nationality) or dice.weighted(*communities.OF_UNIT[places.unit_of(home)])
    own, relative, relation = _names(dice, community, sex, half)
    return Identity(
        index=index,
        sex=sex,
        community=community,
        own=own,
        relative=relative,
        relation=relation,
        alias=(dice.weighted(*general.ALIASES.frequencies(half)),) if dice.chance(12) else (),
        former=communities.of_sex(dice, community, sex, half) if dice.chance(2) else (),
        born=_born(dice, offence),
        cnic="" if reason else _cnic(dice, districts, home, seed, index, sex),
        no_cnic_reason=reason,
        nationality=nationality,
        passport=nationality != "PK" or dice.chance(15),
        home=home,
    )


def write(dice: Dice, who: Identity, clerk: Clerk) -> types_pb2.Person:
    """Write a person down as a clerk does."""
    person = types_pb2.Person(
        sex=who.sex, nationality=who.nationality, cnic=who.cnic, no_cnic_reason=who.no_cnic_reason
    )
    if who.cnic and who.index % _OVERSEAS == 0:
        person.identity_document = types_pb2.IDENTITY_DOCUMENT_NICOP
    official = types_pb2.NAME_KIND_OFFICIAL
    if clerk.urdu:
        name, relative = _differing(dice, clerk, who, clerks.in_urdu)
        person.names.add(kind=official, name=name, relative_name=relative, relation=who.relation)
    if clerk.roman:
        name, relative = _differing(dice, clerk, who, clerks.in_roman)
        person.names.add(kind=official, name=name, relative_name=relative, relation=who.relation)
    for kind, words in ((types_pb2.NAME_KIND_ALIAS, who.alias), (types_pb2.NAME_KIND_FORMER, who.former)):
        if words and clerk.urdu:
            person.names.add(kind=kind, name=clerks.in_urdu(dice, clerk, words))
        if words and clerk.roman:
            person.names.add(kind=kind, name=clerks.in_roman(dice, clerk, words))
    _birth_date(dice, who.born, person)
    if who.passport:
        expiry = dates.LAST_DAY + dt.timedelta(days=who.index * 37 % 3_600)
        person.travel_documents.add(
            number=f"ZZ{who.index:07d}", country=who.nationality, expiry_date=dates.to_date(expiry)
        )
    for line in range(dice.weighted((0, 1, 2), (30, 90, 100))):
        # Nobody issues 399. Each person has numbers of his own, so that none is anybody else's.
        person.mobile_numbers.append(f"+92399{(who.index * 2 + line) % 10_000_000:07d}")
    return person


def _names(
    dice: Dice, community: Community, sex: types_pb2.Sex.ValueType, half: Half
) -> tuple[Words, Words, types_pb2.Relation.ValueType]:
    own = communities.of_sex(dice, community, sex, half)
    relation = types_pb2.RELATION_SON_OF
    if sex == types_pb2.SEX_FEMALE:
        relation = dice.one((types_pb2.RELATION_DAUGHTER_OF, types_pb2.RELATION_WIFE_OF))
    family = communities.family(dice, community, half)
    relative = communities.mans(dice, community, half)
    while communities.usual(relative) == communities.usual(own):
        relative = communities.mans(dice, community, half)
    # A father has the family's name too, where it is written; a husband has his own.
    with_family = bool(family) and relation != types_pb2.RELATION_WIFE_OF and dice.chance(60)
    return joined(own, family), joined(relative, family) if with_family else relative, relation


def with_sex(cnic: str, sex: types_pb2.Sex.ValueType) -> str:
    """The number with a last digit of that sex, if there is a number."""
    return cnic and f"{cnic[:-1]}{int(cnic[-1]) // 2 * 2 + (sex == types_pb2.SEX_MALE)}"


def joined(name: Words, family: Words) -> Words:
    """A name and a family's, unless it ends with the same word."""
    ends = communities.usual(name).split(" ")[-1]
    return name if not family or family[0].urdu[0] == ends else (*name, *family)


def _differing(dice: Dice, clerk: Clerk, who: Identity, in_script: clerks.InScript) -> tuple[str, str]:
    """Write name and relative's name; if they come out the same (Rashid, Rasheed), then as most clerks spell them."""
    name, relative = in_script(dice, clerk, who.own), in_script(dice, clerk, who.relative)
    if name == relative:
        usual = clerks.as_most_do(clerk)
        return in_script(dice, usual, who.own), in_script(dice, usual, who.relative)
    return name, relative


def _born(dice: Dice, offence: dt.date) -> dt.date:
    youngest, oldest = dice.weighted(_AGES, _AGES_UP_TO)
    return offence - dt.timedelta(days=dice.randint(youngest * 366, (oldest + 1) * 365))


def _birth_date(dice: Dice, born: dt.date, person: types_pb2.Person) -> None:
    """Write a day of birth; NADRA's default for an unknown day is the first of January, entered as if it were exact."""
    precision = dice.weighted(
        (
            types_pb2.DATE_PRECISION_DAY,
            types_pb2.DATE_PRECISION_YEAR,
            types_pb2.DATE_PRECISION_MONTH,
            types_pb2.DATE_PRECISION_APPARENT_AGE,
        ),
        (80, 90, 94, 100),
    )
    if precision == types_pb2.DATE_PRECISION_MONTH:
        born = born.replace(day=1)
    elif precision != types_pb2.DATE_PRECISION_DAY or dice.chance(14):
        born = born.replace(month=1, day=1)
    person.birth_date.CopyFrom(dates.to_date(born))
    person.birth_date_precision = precision


def _cnic(  # noqa: PLR0917 - what a number is made of
    dice: Dice, districts: places.Districts, home: str, seed: int, index: int, sex: types_pb2.Sex.ValueType
) -> str:
    """Make a number: of the district of first registration, which for some isn't where they live."""
    registered = districts.elsewhere(dice, places.unit_of(home)) if dice.chance(7) else home
    family = (seed * 104_729 + index * _STRIDE) % _FAMILY_NUMBERS + 1
    last = dice.randrange(5) * 2 + (sex == types_pb2.SEX_MALE)
    return f"{places.cnic_digits(dice, registered)}{family:07d}{last}"
