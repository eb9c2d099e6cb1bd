"""Journeys abroad in a record: with them what FIA Immigration reports of the border is compared. Pure."""

from __future__ import annotations

from typing import Final

from nsor_server.formats.notices import HOME
from nsor_server.notification.notices import kinds
from nsor_server.storage.v1 import record_pb2

MOST: Final = 20
"""Journeys that a version names: the newest."""


def add(record: record_pb2.RegistrationRecord, notice: record_pb2.NoticeRecord) -> None:
    """Note in a version that is being made the journey that a notice tells, if it leads abroad."""
    if notice.kind != kinds.TRAVEL or not kinds.is_abroad(notice.travel):
        return
    travel = notice.travel
    record.journeys.add(
        notice_id=notice.notice_id,
        departure_days=sorted({leg.departure_day for leg in travel.legs if leg.country != HOME}),
        return_day=travel.return_day if travel.HasField("return_day") else None,
    )
    del record.journeys[: max(0, len(record.journeys) - MOST)]
