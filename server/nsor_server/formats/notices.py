"""Rules of notices that concern several fields: one kind, its days in their order, and what goes with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from nsor.v1 import errors_pb2, notices_pb2, types_pb2
from nsor_server.errors import Violation
from nsor_server.formats import dates, messages, person_name

_Today = Callable[[], dt.date]
HOME: Final = "PK"
"""The country that a leg at home leads to."""
_NEVER_EXPECTED: Final = frozenset({"travel_return", "periodic", "home_visit"})
"""Kinds that are told once they have happened."""
_LISTS: Final = ("mobile_numbers", "email_addresses", "ended_mobile_numbers", "ended_email_addresses")


def _notice(notice: notices_pb2.CreateNoticeRequest, path: str, violations: list[Violation], today: _Today) -> None:
    messages.at_least(notice.receiving_station, 3, path + "receiving_station", violations)
    kind = notice.WhichOneof("notice")
    expected = notice.timing == notices_pb2.NOTICE_TIMING_EXPECTED
    if notice.timing == notices_pb2.NOTICE_TIMING_DID_NOT_HAPPEN:
        if kind is not None:
            violations.append(Violation(path + kind, errors_pb2.FIELD_REASON_EXACTLY_ONE))
        if not notice.supersedes_notice_id:
            violations.append(Violation(path + "supersedes_notice_id", errors_pb2.FIELD_REASON_REQUIRED))
    elif kind is None:
        violations.append(Violation(path + "address", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    elif expected and kind in _NEVER_EXPECTED:
        violations.append(Violation(path + "timing", errors_pb2.FIELD_REASON_UNKNOWN_VALUE))
    _days(notice, path, violations, today)
    if kind == "no_fixed_abode":
        messages.at_least(notice.no_fixed_abode.place_code, 2, path + "no_fixed_abode.place_code", violations)


def _days(notice: notices_pb2.CreateNoticeRequest, path: str, violations: list[Violation], today: _Today) -> None:
    event, received = dates.of_field(notice, "event_date"), dates.of_field(notice, "received_date")
    if event is None:
        return
    if notice.timing == notices_pb2.NOTICE_TIMING_HAPPENED:
        if event > today():
            violations.append(Violation(path + "event_date", errors_pb2.FIELD_REASON_DATE_FUTURE))
        elif received is not None and received < event:
            violations.append(Violation(path + "received_date", errors_pb2.FIELD_REASON_DATE_ORDER))
    elif notice.timing == notices_pb2.NOTICE_TIMING_EXPECTED and received is not None and event < received:
        violations.append(Violation(path + "event_date", errors_pb2.FIELD_REASON_DATE_ORDER))
    if notice.WhichOneof("notice") == "travel" and notice.travel.legs:
        departure = dates.of_field(notice.travel.legs[0], "departure_date")
        if departure is not None and departure != event:
            violations.append(Violation(path + "event_date", errors_pb2.FIELD_REASON_DATE_ORDER))


def _names(notice: notices_pb2.NameNotice, path: str, violations: list[Violation], _today: _Today) -> None:
    for index, name in enumerate(notice.names):
        if name.kind == types_pb2.NAME_KIND_FORMER:
            violations.append(Violation(f"{path}names[{index}].kind", errors_pb2.FIELD_REASON_UNKNOWN_VALUE))
    official = (
        person_name.script(each.name) if each.name and each.kind == types_pb2.NAME_KIND_OFFICIAL else None
        for each in notice.names
    )
    messages.duplicates(official, path + "names[{}].name", violations)
    written = ((each.name, each.relative_name, each.relation) for each in notice.names)
    messages.duplicates(written, path + "names[{}]", violations)


def _contact(notice: notices_pb2.ContactNotice, path: str, violations: list[Violation], _today: _Today) -> None:
    if not any(getattr(notice, name) for name in _LISTS):
        violations.append(Violation(path + _LISTS[0], errors_pb2.FIELD_REASON_REQUIRED))
    for name, ended in ((_LISTS[0], _LISTS[2]), (_LISTS[1], _LISTS[3])):
        both = (*getattr(notice, name), *getattr(notice, ended))
        if len(set(both)) < len(both):
            violations.append(Violation(path + ended, errors_pb2.FIELD_REASON_DUPLICATE))


def _travel(travel: notices_pb2.TravelNotice, path: str, violations: list[Violation], _today: _Today) -> None:
    before: dt.date | None = None
    for index, leg in enumerate(travel.legs):
        departure, arrival = dates.of_field(leg, "departure_date"), dates.of_field(leg, "arrival_date")
        if before is not None and departure is not None and departure < before:
            violations.append(Violation(f"{path}legs[{index}].departure_date", errors_pb2.FIELD_REASON_DATE_ORDER))
        before = arrival or departure or before
    back = dates.of_field(travel, "return_date")
    if back is not None and before is not None and back < before:
        violations.append(Violation(path + "return_date", errors_pb2.FIELD_REASON_DATE_ORDER))
    if any(leg.country and leg.country != HOME for leg in travel.legs) and not travel.HasField("document"):
        violations.append(Violation(path + "document", errors_pb2.FIELD_REASON_REQUIRED))


def _leg(leg: notices_pb2.TravelLeg, path: str, violations: list[Violation], _today: _Today) -> None:
    if leg.country == HOME and not leg.place_code:
        violations.append(Violation(path + "place_code", errors_pb2.FIELD_REASON_REQUIRED))
    elif leg.country and leg.country != HOME and leg.place_code:
        violations.append(Violation(path + "place_code", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    messages.at_least(leg.place_code, 2, path + "place_code", violations)
    if leg.carrier_code and leg.mode and leg.mode != notices_pb2.TRAVEL_MODE_AIR:
        violations.append(Violation(path + "carrier_code", errors_pb2.FIELD_REASON_EXACTLY_ONE))


def _decision(request: notices_pb2.DecideNoticeRequest, path: str, violations: list[Violation], _today: _Today) -> None:
    refused = request.decision == notices_pb2.NOTICE_STATE_REFUSED
    if request.decision and not refused and request.decision != notices_pb2.NOTICE_STATE_VERIFIED:
        violations.append(Violation(path + "decision", errors_pb2.FIELD_REASON_UNKNOWN_VALUE))
    if refused != bool(request.refusal):
        reason = errors_pb2.FIELD_REASON_REQUIRED if refused else errors_pb2.FIELD_REASON_EXACTLY_ONE
        violations.append(Violation(path + "refusal", reason))


RULES: Final[dict[str, Callable[..., Any]]] = {
    "nsor.v1.CreateNoticeRequest": _notice,
    "nsor.v1.DecideNoticeRequest": _decision,
    "nsor.v1.NameNotice": _names,
    "nsor.v1.ContactNotice": _contact,
    "nsor.v1.TravelNotice": _travel,
    "nsor.v1.TravelLeg": _leg,
}
"""By the full name of the message type."""
