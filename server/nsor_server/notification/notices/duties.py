"""What a notice means for the duties of whoever gives it: what it meets, and what it begins. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nsor.v1 import duties_pb2, notices_pb2
from nsor_server.notification.notices import kinds
from nsor_server.policy.loaded import Policy
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2

_DUTIES: Final[Mapping[int, int]] = {
    kinds.ADDRESS: duties_pb2.DUTY_KIND_CHANGE_OF_ADDRESS,
    kinds.NAME: duties_pb2.DUTY_KIND_CHANGE_OF_NAME,
    kinds.CONTACT: duties_pb2.DUTY_KIND_CHANGE_OF_CONTACT,
    kinds.RETURN: duties_pb2.DUTY_KIND_RETURN,
    kinds.PERIODIC: duties_pb2.DUTY_KIND_PERIODIC_VERIFICATION,
    kinds.NO_FIXED_ABODE: duties_pb2.DUTY_KIND_NO_FIXED_ABODE,
}
"""Kind of notice -> the duty that it is about. A journey is one at home or abroad; a home visit is no notice of his."""


def meet(policy: Policy, record: record_pb2.RegistrationRecord, notice: record_pb2.NoticeRecord) -> None:
    """Have a notice meet and begin duties in the version that it makes, which has its number already."""
    what = told(notice)
    if what is not None:
        registrations.noticed(registrations.Counting.by(policy), record, what)


def told(notice: record_pb2.NoticeRecord | None) -> registrations.Told | None:
    """What a notice tells, as far as duties go by it; None: nothing, or there is no notice."""
    if notice is None:
        return None
    kind, return_day = _DUTIES.get(notice.kind, 0), None
    if notice.kind == kinds.TRAVEL:
        abroad, home = duties_pb2.DUTY_KIND_TRAVEL_ABROAD, duties_pb2.DUTY_KIND_TRAVEL_AT_HOME
        kind = abroad if kinds.is_abroad(notice.travel) else home
        return_day = notice.travel.return_day if notice.travel.HasField("return_day") else None
    did_not_happen = notice.timing == notices_pb2.NOTICE_TIMING_DID_NOT_HAPPEN
    if not kind and not did_not_happen:
        return None
    has_place = notice.HasField("address")
    return registrations.Told(
        kind=kind,
        happened=notice.timing == notices_pb2.NOTICE_TIMING_HAPPENED,
        event_day=notice.event_day,
        received_day=notice.received_day,
        notice_id=notice.notice_id,
        address_kind=notice.address.kind if has_place else 0,
        place=notice.address.place_code if has_place else "",
        return_day=return_day,
        supersedes=notice.supersedes,
        did_not_happen=did_not_happen,
    )
