"""Labelled pairs of orders: the same person written down twice, and different people who look like one.

Duplicates, search and screening are measured on them. ``pairs(seed, count, half)`` gives ``Pair(first, second, same,
kind)``. What a matcher is tuned on comes from ``Half.TUNING``; what it is judged by from ``Half.UNTOUCHED``, whose
names share no word with the others' but the particles that everybody has.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from nsor.v1 import types_pb2
from nsor_synthetic import addresses, convictions, identities
from nsor_synthetic.crimes import LATEST_OFFENCE, Crime
from nsor_synthetic.dice import Dice
from nsor_synthetic.identities import Identity
from nsor_synthetic.names import clerks, communities, general, look_alikes, slips
from nsor_synthetic.names.clerks import Clerk
from nsor_synthetic.names.elements import Half
from nsor_synthetic.orders import ADULT, MOST, Order, Run, request_id


class Kind(Enum):
    """What a pair is made of."""

    SPELLING = "spelling"
    """The same person by another clerk: other spellings, a Muhammad or a family's name left out, a by-name added."""
    TYPO = "typo"
    """The same person with one slip of the key in the name or the father's name, and perhaps in the CNIC."""
    NO_CNIC = "no-cnic"
    """The same person twice without a CNIC, by another clerk."""
    OTHER_SCRIPT = "other-script"
    """The same person, once in Urdu and once in Roman letters only."""
    AGAIN = "again"
    """The same person convicted of a second crime after his release."""
    BROTHERS = "brothers"
    """Different people: one father and one address."""
    NAMESAKES = "namesakes"
    """Different people: one name and one father's name, other birth years and districts."""
    LOOK_ALIKES = "look-alikes"
    """Different people: names that look alike (Hassan, Hussain), one father's name, district and age."""


SAME: Final = frozenset({Kind.SPELLING, Kind.TYPO, Kind.NO_CNIC, Kind.OTHER_SCRIPT, Kind.AGAIN})
"""The kinds that are one person."""

_AT_LIBERTY: Final = dt.timedelta(days=30)
"""Between a release and the next crime, at least."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two orders, and whether they are of one person.

    Attributes:
        first: an order.
        second: another one.
        same: whether both are of one person.
        kind: what they have in common.
    """

    first: Order
    second: Order
    same: bool
    kind: Kind


def pairs(seed: int, count: int, half: Half = Half.BOTH) -> Iterator[Pair]:
    """Make ``count`` pairs, of each kind in turn. All orders have different request ids, FIRs and cases."""
    if not 0 <= count <= MOST // 2:
        raise ValueError(f"count must lie between 0 and {MOST // 2:,}")
    run = Run(seed)
    kinds = tuple(Kind)
    return (_pair(run, index, kinds[index % len(kinds)], half) for index in range(count))


@dataclass(frozen=True, slots=True)
class _First:
    """What a pair's second order is made from."""

    run: Run
    dice: Dice
    half: Half
    who: Identity
    crime: Crime
    offence: dt.date
    convicted: convictions.Convicted
    lives: list[types_pb2.Address]
    clerk: Clerk


def _pair(run: Run, index: int, kind: Kind, half: Half) -> Pair:
    dice = Dice(f"{run.seed}/{half.value}/{index}")
    home = run.districts.anywhere(dice)
    crime, offence = run.crimes.short(dice) if kind is Kind.AGAIN else run.crimes.draw(dice)
    who = identities.draw(
        dice, districts=run.districts, home=home, seed=run.seed, index=2 * index, offence=offence, half=half
    )
    if kind is Kind.AGAIN and who.age(offence) < ADULT:
        who = dataclasses.replace(who, born=who.born.replace(year=who.born.year - ADULT, day=1))
    who = _as_first(dice, kind, who, half)
    convicted = _convicted(run, dice, who, crime, offence)
    while kind is Kind.AGAIN and (convicted.released is None or convicted.released + _AT_LIBERTY > LATEST_OFFENCE):
        convicted = _convicted(run, dice, who, crime, offence)
    clerk = clerks.clerk(dice, convicted.conviction.court_case.place_code)
    if kind is Kind.OTHER_SCRIPT:
        clerk = dataclasses.replace(clerk, urdu=True, roman=False)
    first = _First(run, dice, half, who, crime, offence, convicted, addresses.draw(dice, run.districts, home), clerk)
    name = f"{run.seed}/{half.value}/{index}"
    return Pair(
        _written(first, request_id(name), who, convicted, first.lives, clerk),
        _SECONDS[kind](first, request_id(f"{name}/second")),
        kind in SAME,
        kind,
    )


def _as_first(dice: Dice, kind: Kind, who: Identity, half: Half) -> Identity:
    """Make the first person one of the kind's."""
    if kind is Kind.NO_CNIC and who.cnic:
        return dataclasses.replace(who, cnic="", no_cnic_reason=types_pb2.NO_CNIC_REASON_NOT_REGISTERED, passport=False)
    if kind is Kind.LOOK_ALIKES:
        pair = dice.one(look_alikes.of(half))
        second = dice.weighted(*general.SECONDS.frequencies(half))
        alone = communities.usual((second,)) in pair.first.urdu[0]
        own: communities.Words = (pair.first,) if alone else (pair.first, second)
        return dataclasses.replace(
            who, own=own, sex=types_pb2.SEX_MALE, relation=types_pb2.RELATION_SON_OF, alias=(), former=()
        )
    if kind is Kind.BROTHERS and who.sex != types_pb2.SEX_MALE:
        own = communities.mans(dice, who.community, half)
        return dataclasses.replace(who, own=own, sex=types_pb2.SEX_MALE, relation=types_pb2.RELATION_SON_OF)
    return who


def _convicted(run: Run, dice: Dice, who: Identity, crime: Crime, offence: dt.date) -> convictions.Convicted:
    return convictions.draw(
        dice,
        districts=run.districts,
        numbers=run.numbers,
        home=who.home,
        crime=crime,
        offence=offence,
        juvenile=who.age(offence) < ADULT,
    )


def _written(  # noqa: PLR0917 - the parts of an order
    first: _First,
    request: str,
    who: Identity,
    convicted: convictions.Convicted,
    lives: list[types_pb2.Address],
    clerk: Clerk,
) -> Order:
    return Order(
        request_id=request,
        person=identities.write(first.dice, who, clerk),
        convictions=[convicted.conviction],
        addresses=lives,
        custody=convicted.custody,
    )


def _another_case(first: _First) -> convictions.Convicted:
    """The same case entered twice, or a case of the same days under an FIR of its own."""
    if first.dice.chance(50):
        return first.convicted
    return _convicted(first.run, first.dice, first.who, first.crime, first.offence)


def _rewritten(first: _First) -> Identity:
    """The same person as another office knows him: parts of a name left out, a by-name more, another birth date."""
    dice, who = first.dice, first.who
    own, relative, relation = who.own, who.relative, who.relation
    if len(own) > 1 and dice.chance(20):
        own = own[1:] if own[0] is general.MUHAMMAD else own[:-1]
    if len(relative) > 1 and dice.chance(15):
        relative = relative[:-1]
    if dice.chance(4) or communities.usual(relative) == communities.usual(own):
        relative, relation = (), types_pb2.RELATION_UNSPECIFIED
    alias = who.alias
    if not alias and dice.chance(20):
        alias = (dice.weighted(*general.ALIASES.frequencies(first.half)),)
    years = dice.weighted((0, 1, -1, 3, -3), (80, 86, 92, 96, 100))
    born = min(who.born.replace(year=who.born.year + years, day=1 if years else who.born.day), _latest_birth(first))
    return dataclasses.replace(who, own=own, relative=relative, relation=relation, alias=alias, born=born)


def _latest_birth(first: _First) -> dt.date:
    """Twelve years before the offence: nobody younger is convicted (Penal Code, s.83)."""
    return first.offence - dt.timedelta(days=12 * 366)


def _other_clerk(first: _First) -> Clerk:
    return clerks.clerk(first.dice, f"{first.who.home}/{first.dice.randrange(1_000)}")


def _respelled(first: _First, request: str) -> Order:
    who = _rewritten(first)
    return _written(first, request, who, _another_case(first), first.lives, _other_clerk(first))


def _with_a_slip(first: _First, request: str) -> Order:
    order = _written(first, request, first.who, _another_case(first), first.lives, first.clerk)
    of_relative = first.dice.chance(35)
    for name in order.person.names:
        if name.kind != types_pb2.NAME_KIND_OFFICIAL:
            continue
        if of_relative:
            name.relative_name = slips.slip(first.dice, name.relative_name)
        else:
            name.name = slips.slip(first.dice, name.name)
    if order.person.cnic and first.dice.chance(50):
        order.person.cnic = slips.digit(first.dice, order.person.cnic)
    return order


def _in_other_script(first: _First, request: str) -> Order:
    clerk = dataclasses.replace(_other_clerk(first), urdu=False, roman=True)
    return _written(first, request, first.who, _another_case(first), first.lives, clerk)


def _again(first: _First, request: str) -> Order:
    if first.convicted.released is None:
        raise ValueError("nobody offends again who wasn't released")
    crime, offence = first.run.crimes.draw(first.dice, first.convicted.released + _AT_LIBERTY)
    convicted = _convicted(first.run, first.dice, first.who, crime, offence)
    lives = addresses.draw(first.dice, first.run.districts, first.who.home) if first.dice.chance(30) else first.lives
    return _written(first, request, first.who, convicted, lives, _other_clerk(first))


def _brother(first: _First, request: str) -> Order:
    dice, who = first.dice, first.who
    family = who.own[-1:] if len(who.own) > 1 and who.own[-1] is who.relative[-1] else ()
    own = identities.joined(communities.mans(dice, who.community, first.half), family)
    while communities.usual(own) in {communities.usual(who.own), communities.usual(who.relative)}:
        own = identities.joined(communities.mans(dice, who.community, first.half), family)
    years = dice.one((-9, -6, -4, -3, -2, -1, 1, 2, 3, 4, 6))
    return _somebody_else(first, request, dataclasses.replace(who, own=own), years, first.lives)


def _namesake(first: _First, request: str) -> Order:
    dice, who = first.dice, first.who
    home = first.run.districts.anywhere(dice)
    while home == who.home:
        home = first.run.districts.anywhere(dice)
    years = dice.one((-15, -11, -8, -5, 5, 8, 11, 15))
    lives = addresses.draw(dice, first.run.districts, home)
    return _somebody_else(first, request, dataclasses.replace(who, home=home), years, lives)


def _look_alike(first: _First, request: str) -> Order:
    dice, who = first.dice, first.who
    pair = next(pair for pair in look_alikes.of(first.half) if pair.first is who.own[0])
    second = general.BIBI if pair.womans else None
    rest = (second,) if second else who.own[1:]
    other = dataclasses.replace(who, own=(pair.second, *rest))
    if pair.womans:
        other = dataclasses.replace(other, sex=types_pb2.SEX_FEMALE, relation=types_pb2.RELATION_DAUGHTER_OF)
    lives = addresses.draw(dice, first.run.districts, who.home)
    return _somebody_else(first, request, other, dice.one((-2, -1, 0, 0, 1, 2)), lives)


def _somebody_else(first: _First, request: str, alike: Identity, years: int, lives: list[types_pb2.Address]) -> Order:
    """Write down another person, born so many years later, with numbers, by-names and a case of his own."""
    dice, run = first.dice, first.run
    crime, offence = run.crimes.draw(dice)
    drawn = identities.draw(
        dice, districts=run.districts, home=alike.home, seed=run.seed, index=first.who.index + 1, offence=offence
    )
    born = first.who.born.replace(year=first.who.born.year + years, day=dice.randint(1, 28))
    born = min(born, offence - dt.timedelta(days=15 * 366))
    if years and born.year == first.who.born.year:
        born -= dt.timedelta(days=366)
    cnic, reason = identities.with_sex(drawn.cnic, alike.sex), drawn.no_cnic_reason
    if {alike.nationality, drawn.nationality} != {"PK"}:
        cnic, reason = "", alike.no_cnic_reason or types_pb2.NO_CNIC_REASON_NOT_REGISTERED
    other = dataclasses.replace(
        alike,
        index=drawn.index,
        born=born,
        cnic=cnic,
        no_cnic_reason=reason,
        passport=alike.nationality != "PK" or drawn.passport,
        alias=(),
        former=(),
    )
    return _written(first, request, other, _convicted(run, dice, other, crime, offence), lives, _other_clerk(first))


_SECONDS: Final[dict[Kind, Callable[[_First, str], Order]]] = {
    Kind.SPELLING: _respelled,
    Kind.TYPO: _with_a_slip,
    Kind.NO_CNIC: _respelled,
    Kind.OTHER_SCRIPT: _in_other_script,
    Kind.AGAIN: _again,
    Kind.BROTHERS: _brother,
    Kind.NAMESAKES: _namesake,
    Kind.LOOK_ALIKES: _look_alike,
}
