"""Who is compared by name, and what makes a likely duplicate. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from typing import Final

from nsor.v1 import types_pb2
from nsor_server.names.card import Candidate, Name, Person
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.registration.shown import in_look_ups
from nsor_server.storage.v1 import record_pb2

_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


def person(record: record_pb2.RegistrationRecord) -> Person:
    """What is compared of a registration: names, relatives, birth year and day, sex, districts."""
    born = _day(record.birth_day)
    return Person(
        tuple(Name(each.name, each.relative_name) for each in record.names),
        born.year,
        record.sex,
        tuple(sorted({_district(each.place_code) for each in record.addresses if each.place_code})),
        birth_day=born.toordinal() if record.birth_precision == types_pb2.DATE_PRECISION_DAY else 0,
    )


def is_compared(record: record_pb2.RegistrationRecord) -> bool:
    """Whether a registration may be found by name: confirmed, of an adult, and not handled with more care.

    What no court has confirmed claims nothing, and what was sealed is absent. Who was under 18 at every offence that
    stands stays out, by the younger reading where the birth date is no exact day (rule 22).
    """
    return in_look_ups(record) and not record.heightened_handling


def is_likely(candidate: Candidate, cards: int, policy: ReviewPolicy) -> bool:
    """Whether a candidate is a likely duplicate.

    Args:
        candidate: somebody else.
        cards: how many there are: with more of them it is less surprising that two are alike.
        policy: what is enough.
    """
    return candidate.strength >= policy.likely_strength and candidate.rarity >= least_rarity(cards, policy)


def least_rarity(cards: int, policy: ReviewPolicy) -> float:
    """How rare a likeness has to be, in nats, where there are so many cards."""
    return policy.likely_margin + math.log(cards + 1)


def evidence(candidate: Candidate) -> list[record_pb2.ReviewEvidence]:
    """The evidence of a candidate, as it is sealed: codes, no names."""
    return [record_pb2.ReviewEvidence(part=one.part, word=one.word, rule=one.rule) for one in candidate.evidence]


def left_of_day(agency: str, written: Iterable[record_pb2.ReviewRecord], policy: ReviewPolicy) -> int:
    """How many reviews an agency's entries may still cause, after those of the last day."""
    return max(0, policy.per_agency_and_day - sum(each.agency == agency for each in written))


def _day(number: int) -> dt.date:
    return dt.date.fromordinal(_EPOCH + number)


def _district(place_code: str) -> str:
    return "/".join(place_code.split("/")[:2])
