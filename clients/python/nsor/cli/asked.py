"""Access requests as a list has them: those that wait in front, and how long they may."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from nsor.counting import counted

if TYPE_CHECKING:
    from google.protobuf import timestamp_pb2

    from nsor.client import Client
    from nsor.v1 import access_requests_pb2, types_pb2

_PAGE: Final = 100
_HOUR: Final = 60


def found(client: Client, most: int | None, **wanted: Any) -> tuple[list[access_requests_pb2.AccessRequestItem], bool]:
    """So many requests, or all, and whether there are more; ``wanted`` is the filter of ListAccessRequests."""
    from nsor.v1 import access_requests_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    asked = access_requests_pb2.ListAccessRequestsRequest(**wanted)
    items: list[access_requests_pb2.AccessRequestItem] = []
    more = True
    while more and (most is None or len(items) < most):
        asked.page_size = _PAGE if most is None else min(_PAGE, most - len(items))
        page = client.lookup.list_access_requests(asked).message
        items += page.items
        more, asked.page_token = bool(page.next_page_token), page.next_page_token
    return items, more


def of_fir(client: Client, fir: types_pb2.FirKey, **wanted: Any) -> list[access_requests_pb2.AccessRequestItem]:
    """The caller's own requests for an FIR, those that wait in front, then the one that was decided last."""
    every, _ = found(client, None, own=True, **wanted)
    key = fir.police_station, fir.year, fir.serial
    return [each for each in every if (each.fir.police_station, each.fir.year, each.fir.serial) == key]


def waits(item: access_requests_pb2.AccessRequestItem) -> bool:
    """Whether nobody has decided it."""
    from nsor.v1 import access_requests_pb2  # noqa: PLC0415 - as above

    return item.state == access_requests_pb2.ACCESS_REQUEST_STATE_PENDING


def due(item: access_requests_pb2.AccessRequestItem, *, decides_of_juveniles: bool = False) -> str:
    """How long it may wait, or what was decided; of NPB, which decides of juveniles' records, by when it must."""
    from nsor.v1 import access_requests_pb2  # noqa: PLC0415 - as above

    if item.HasField("juvenile_deadline") and decides_of_juveniles:
        since_or_by = "LATE SINCE" if item.juvenile_late else "BY"
        return f"JUVENILES {since_or_by} {time(item.juvenile_deadline.due_time)[:10]}"
    if waits(item):
        left = abs(item.minutes_left)
        long = f"{left // _HOUR} h" if left >= _HOUR else f"{left} min"
        return f"LATE BY {long}" if item.late else f"DUE IN {long}"
    granted = item.state == access_requests_pb2.ACCESS_REQUEST_STATE_APPROVED
    return f"{'GRANTED' if granted else 'RETURNED'}{' LATE' * item.late}"


def case(item: access_requests_pb2.AccessRequestItem) -> str:
    """The FIR as people write it, for those who may see the case."""
    fir = item.fir
    return f"FIR {fir.serial}/{fir.year} {fir.police_station}" if fir.serial else "not shown to your agency"


def suspects(item: access_requests_pb2.AccessRequestItem) -> str:
    """How many suspects it names, that it asks for juveniles' records, and that one of them was asked for before."""
    many = counted(item.suspects, "suspects")
    many += ", juveniles' records too" if item.juvenile_decision else ""
    return f"{many}, again" if item.repeated_access_request_id else many


def time(at: timestamp_pb2.Timestamp) -> str:
    """An instant as people read it, in Pakistan."""
    from nsor.cli import render  # noqa: PLC0415 - as above

    return dt.datetime.fromtimestamp(at.seconds, render.PAKISTAN).strftime("%Y-%m-%d, %H:%M PKT")


def by(item: access_requests_pb2.AccessRequestItem) -> str:
    """Who asks."""
    return "you" if item.own else f"{item.agency_id}/{item.officer_number}"
