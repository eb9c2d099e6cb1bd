"""Which convictions and counts of a record a caller is shown. The one place that decides it; pure.

What doesn't stand is copied to nobody. What no court has confirmed is shown to the prosecution that entered it, to its
court and to NPB. What somebody did under 18 is shown by a look-up only on a grant that says so, and for few other
purposes: FIELD_CLASS_JUVENILE.
A record that is sealed as a whole isn't read at all: ``access/rows.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from nsor.v1 import options_pb2, registration_pb2
from nsor_server.access import rows
from nsor_server.access.contract import purposes_of
from nsor_server.calls import Agency, Officer
from nsor_server.registration import juveniles, states
from nsor_server.storage.v1 import record_pb2

_ALWAYS: Final = -(2**31)
"""A day before every offence: everybody was an adult."""


def to_everybody(record: record_pb2.RegistrationRecord, *, with_juveniles: bool = False) -> list[record_pb2.Conviction]:
    """The confirmed convictions that stand, with an adult's counts that stand: what a look-up shows.

    ``with_juveniles``: with a juvenile's counts too.
    """
    # Each look-up that finds somebody asks it, so that both are looked at in one pass.
    since, found = _ALWAYS if with_juveniles else juveniles.adult_since(record), []
    for conviction in record.convictions:
        if conviction.state in states.STANDING:
            left = [count for count in conviction.counts if count.stands and count.offence_day >= since]
            if states.are_registrable(left):
                found.append(_with(conviction, left))
    return found


def in_look_ups(record: record_pb2.RegistrationRecord, *, with_juveniles: bool = False) -> bool:
    """Whether a look-up may show a record at all; ``with_juveniles``: one on a grant that shows juveniles' records."""
    confirmed = record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
    return confirmed and bool(to_everybody(record, with_juveniles=with_juveniles))


def for_purpose(
    record: record_pb2.RegistrationRecord,
    convictions: Iterable[record_pb2.Conviction],
    purpose: options_pb2.Purpose.ValueType,
) -> list[record_pb2.Conviction]:
    """Convictions of a record as a purpose is shown them: where it isn't for a juvenile's counts, with an adult's."""
    if purpose in purposes_of(options_pb2.FIELD_CLASS_JUVENILE):
        return list(convictions)
    return _of_adult(record, convictions)


def to_agency(
    record: record_pb2.RegistrationRecord, agency: Agency, officer: Officer | None
) -> list[record_pb2.Conviction]:
    """The convictions that an agency with a part in the record is shown.

    A court that has confirmed none of them is shown those that wait for it, and no other's: whoever enters a conviction
    of its district shows it nothing more by that.
    """
    confirmed = [each.conviction_id for each in standing(record)]
    is_court = agency.kind == options_pb2.AGENCY_KIND_COURT
    if is_court and not any(
        each.conviction_id in confirmed and _is_near(each, agency, officer) for each in record.convictions
    ):
        confirmed = []
    return [
        _reduced(each)
        for each in record.convictions
        if each.conviction_id in confirmed or (states.waits(each) and _may_see_waiting(each, agency, officer))
    ]


def _may_see_waiting(conviction: record_pb2.Conviction, agency: Agency, officer: Officer | None) -> bool:
    if agency.kind == options_pb2.AGENCY_KIND_PROSECUTION:
        return conviction.entered_by_agency == agency.agency_id
    if agency.kind == options_pb2.AGENCY_KIND_COURT:
        return _is_near(conviction, agency, officer)
    return agency.kind == options_pb2.AGENCY_KIND_NPB


def _is_near(conviction: record_pb2.Conviction, agency: Agency, officer: Officer | None) -> bool:
    """Whether its court lies where the officer of a court may act, as the scope PART_IN_CASE has it."""
    return rows.within(agency, officer, [conviction.court_place])


def standing(record: record_pb2.RegistrationRecord) -> list[record_pb2.Conviction]:
    """The confirmed convictions that stand, with all counts that do."""
    return [_reduced(conviction) for conviction in record.convictions if states.standing_counts(conviction)]


def _of_adult(
    record: record_pb2.RegistrationRecord, convictions: Iterable[record_pb2.Conviction]
) -> list[record_pb2.Conviction]:
    """Convictions with an adult's counts, those that are registrable without a juvenile's beside them."""
    since, found = juveniles.adult_since(record), []
    for conviction in convictions:
        left = [count for count in conviction.counts if count.offence_day >= since]
        if states.are_registrable(left):
            found.append(_with(conviction, left))
    return found


def _reduced(conviction: record_pb2.Conviction) -> record_pb2.Conviction:
    return _with(conviction, states.left_counts(conviction))


def _with(conviction: record_pb2.Conviction, left: list[record_pb2.Count]) -> record_pb2.Conviction:
    if len(left) == len(conviction.counts):
        return conviction
    reduced = record_pb2.Conviction()
    reduced.CopyFrom(conviction)
    del reduced.counts[:]
    reduced.counts.extend(left)
    return reduced
