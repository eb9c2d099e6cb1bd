"""How much there is to do besides access requests, for `nsor inbox`: a count of each list, and the command for it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from nsor.cli import npb_work
from nsor.cli.npb_work import Count

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import options_pb2

_PAGE: Final = 100
_DAY_SECONDS: Final = 86_400
_MOST_EVENTS: Final = 500
_GIVE_UP_SECONDS: Final = 10.0
_PASSENGERS: Final = "nsor events --kind passenger-alike"


def counts(client: Client, kind: options_pb2.AgencyKind.ValueType) -> list[Count]:
    """What there is of each list that this kind of agency has; what there is none of is left out."""
    from nsor.v1 import options_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    with_work = {
        options_pb2.AGENCY_KIND_POLICE,
        options_pb2.AGENCY_KIND_PROSECUTION,
        options_pb2.AGENCY_KIND_COURT,
        options_pb2.AGENCY_KIND_PRISONS,
        options_pb2.AGENCY_KIND_NPB,
    }
    found: list[Count] = []
    if kind == options_pb2.AGENCY_KIND_NPB:
        found += _of_npb(client)
    if kind in with_work:
        found.append(_recalls(client))
    if kind not in {options_pb2.AGENCY_KIND_SPECIAL_COMMITTEE, options_pb2.AGENCY_KIND_MONITORING}:
        found.append(_unusual(client, kind))
    if kind == options_pb2.AGENCY_KIND_POLICE:
        found += _of_police(client)
    if kind in with_work:
        found.append(_work(client))
    found += _events(client, kind)
    return [each for each in found if each.number or each.more]


def _of_police(client: Client) -> Iterator[Count]:
    from nsor.v1 import duties_pb2, transfers_pb2  # noqa: PLC0415 - as above

    incoming = transfers_pb2.ListTransfersRequest(page_size=_PAGE, side=transfers_pb2.TRANSFER_SIDE_INCOMING)
    page = client.notification.list_transfers(incoming).message
    yield _count("persons who have moved to your station", page.items, page, "nsor transfers --side incoming")
    overdue = client.notification.list_duties(duties_pb2.ListDutiesRequest(page_size=_PAGE, overdue=True)).message
    yield _count("duties that are overdue", overdue.items, overdue, "nsor duties --overdue")


def _of_npb(client: Client) -> Iterator[Count]:
    from nsor.v1 import emergencies_pb2, transfers_pb2, worklists_pb2  # noqa: PLC0415 - as above

    waiting = client.registration.list_pending_decisions(
        worklists_pb2.ListPendingDecisionsRequest(page_size=_PAGE)
    ).message
    yield _count("decisions that wait for a second officer", waiting.decisions, waiting, "nsor pending list")
    unresolved = transfers_pb2.ListTransfersRequest(page_size=_PAGE, side=transfers_pb2.TRANSFER_SIDE_UNRESOLVED)
    page = client.notification.list_transfers(unresolved).message
    yield _count("transfers to settle", page.items, page, "nsor transfers --side unresolved")
    yield from npb_work.counts(client)
    emergencies = client.lookup.list_emergency_look_ups(
        emergencies_pb2.ListEmergencyLookUpsRequest(page_size=_PAGE)
    ).message
    yield _count("emergency look-ups to review", emergencies.items, emergencies, "nsor emergencies list")
    yield from _of_two(client)


def _of_two(client: Client) -> Iterator[Count]:
    """What one officer of NPB has begun and a second one may still agree to, of the newest ones."""
    from nsor.v1 import replays_pb2, watched_pb2  # noqa: PLC0415 - as above

    now = time.time()
    page = client.lookup.list_watched_numbers(watched_pb2.ListWatchedNumbersRequest(page_size=_PAGE)).message
    waiting = sum(each.expire_time.seconds > now for each in page.items)
    yield Count("watched numbers that wait for a second officer", waiting, more=False, command="nsor watched list")
    replays = client.lookup.list_tripwire_replays(replays_pb2.ListTripwireReplaysRequest(page_size=_PAGE)).message
    proposed = replays_pb2.TRIPWIRE_REPLAY_STATE_PROPOSED
    waiting = sum(each.state == proposed and each.expire_time.seconds > now for each in replays.items)
    yield Count("replays that wait for a second officer", waiting, more=False, command="nsor replay list")


def _recalls(client: Client) -> Count:
    from nsor.v1 import recalls_pb2  # noqa: PLC0415 - as above

    page = client.lookup.list_recalls(recalls_pb2.ListRecallsRequest(page_size=_PAGE)).message
    return _count("recalls of what you were shown", page.recalls, page, "nsor recalls list")


def _unusual(client: Client, kind: options_pb2.AgencyKind.ValueType) -> Count:
    """Those that wait for NPB's review; to another agency those of the last day, since it has none to review."""
    from nsor.v1 import options_pb2, tripwires_pb2  # noqa: PLC0415 - as above

    page = client.lookup.list_unusual_accesses(tripwires_pb2.ListUnusualAccessesRequest(page_size=_PAGE)).message
    if kind == options_pb2.AGENCY_KIND_NPB:
        return _count("unusual accesses to review", page.items, page, "nsor unusual list")
    since = time.time() - _DAY_SECONDS
    new = [each for each in page.items if each.find_time.seconds > since]
    more = len(new) == _PAGE and bool(page.next_page_token)
    return Count("unusual accesses of the last day", len(new), more, "nsor unusual list")


def _work(client: Client) -> Count:
    from nsor.v1 import worklists_pb2  # noqa: PLC0415 - as above

    page = client.registration.list_registrations(worklists_pb2.ListRegistrationsRequest(page_size=_PAGE)).message
    return _count("records with something to do", page.items, page, "nsor work")


def _events(client: Client, kind: options_pb2.AgencyKind.ValueType) -> Iterator[Count]:
    """Those that aren't acknowledged; to be counted is no acknowledgement.

    NPB has a line for passengers who were shown by their names: these tell of a search by name, and stand in no list.
    """
    from nsor.v1 import notification_pb2, options_pb2  # noqa: PLC0415 - as above

    stream = client.events(until_replayed=True, give_up_seconds=_GIVE_UP_SECONDS)
    kinds = [each.kind for each in itertools.islice(stream, _MOST_EVENTS)]
    more = len(kinds) == _MOST_EVENTS
    if kind == options_pb2.AGENCY_KIND_NPB:
        alike = kinds.count(notification_pb2.EVENT_KIND_PASSENGER_ALIKE)
        yield Count("passengers who were shown by their names", alike, more and bool(alike), _PASSENGERS)
    yield Count("events that are not acknowledged", len(kinds), more, "nsor events")


def _count(what: str, items: Any, page: Any, command: str) -> Count:
    return Count(what, len(items), bool(page.next_page_token), command)
