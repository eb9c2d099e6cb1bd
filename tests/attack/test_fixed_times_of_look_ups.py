"""One row that somebody has changed keeps nobody else from hearing what the look-up's times have to tell."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import pytest

from nsor.v1 import notification_pb2
from nsor_server.lookup.emergencies import overdue
from nsor_server.lookup.emergencies.overdue import EmergencyWatch
from tests.agencies import PUNJAB_POLICE, SINDH_PROSECUTION, officer_of
from tests.attack.conftest import Owner
from tests.attack.test_fixed_times import CHANGED
from tests.lookup.conftest import KNOWN, UNKNOWN
from tests.lookup.test_access_requests import AccessRequests
from tests.lookup.test_emergencies import Clock, clock, opened, watching
from tests.lookup.test_returned import OTHERS, RETURNED, Times, at, granted, look_up, requests
from tests.lookup.tripwires.conftest import REFUSALS, Wires, refused, wires
from tests.orders import cnic, conviction, order
from tests.services import Services

__all__ = ["at", "clock", "requests", "watching", "wires"]

OVERDUE = notification_pb2.EVENT_KIND_EMERGENCY_REVIEW_OVERDUE
_OF_ANOTHER = "Sessions Case No. 901/2024"


def confirmed(services: Services) -> str:
    """Both persons of a grant come to stand; gives the registration of the first one."""
    first = services.confirmed(order(KNOWN))
    other = order(UNKNOWN, convictions=[conviction(case_number=_OF_ANOTHER)])
    other.person.names[0].name = "Another"
    services.confirm(services.create(other), case_number=_OF_ANOTHER)
    return first.registration_id


_DETAIL = "index = (SELECT min(e.index) FROM look_up AS l JOIN ledger_entry AS e USING (access_id))"


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ("ledger_detail", lambda _grant, _registration: _DETAIL),
        ("access_grant", lambda grant, _registration: f"grant_id = '{grant}'"),
        ("registration_version", lambda _grant, registration: f"registration_id = '{registration}'"),
        ("registration_claim", lambda _grant, registration: f"registration_id = '{registration}'"),
    ],
    ids=["a detail", "a grant", "a registration", "a claim"],
)
def test_the_uses_of_others_come_back(
    services: Services,
    requests: AccessRequests,
    at: Times,
    owner: Owner,
    *,
    table: str,
    where: Callable[[str, str], str],
) -> None:
    broken, whole = granted(requests), granted(requests)
    look_up(services, broken)
    look_up(services, whole, UNKNOWN)
    change = CHANGED.format(table, where(broken, confirmed(services)))
    with owner.changing(change, change):
        at.next()
        assert services.one("SELECT grant_id FROM look_up_return") == uuid.UUID(whole)
        assert services.owed(RETURNED) == [PUNJAB_POLICE.agency_id]
        assert owner.findings()
    # Put back, the row is as it was; the time that left it out isn't.
    assert owner.findings() == [OTHERS]


def all_of(watching: EmergencyWatch) -> None:
    """One round: it looks until there is no more."""
    assert not all(watching.look() for _ in range(5))


def test_other_emergency_look_ups_that_nobody_reviews_are_told_of(
    services: Services,
    clock: Clock,
    watching: EmergencyWatch,
    owner: Owner,
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Also where one look reads no more than the one that somebody has changed.
    monkeypatch.setattr(overdue, "MOST", 1)
    broken, _ = (opened(services, services.enrolled(officer_of(PUNJAB_POLICE)), cnic()) for _ in range(2))
    clock.ahead = dt.timedelta(hours=25)
    owner.does(CHANGED.format("emergency", f"emergency_id = '{broken}'"))
    all_of(watching)
    assert len(services.owed(OVERDUE)) == len({"npb", "punjab-police", "special-committee"})
    assert owner.findings()
    # It is tried again at the next look.
    owner.does(CHANGED.format("emergency", f"emergency_id = '{broken}'"))
    all_of(watching)
    assert services.rows()["emergency_overdue"] == 2
    assert owner.findings() == []


def test_what_is_unusual_of_others_is_found(services: Services, wires: Wires, owner: Owner) -> None:
    refused(services, REFUSALS)
    (broken,) = wires.look()
    owner.does(CHANGED.format("unusual_access", f"unusual_access_id = '{uuid.UUID(bytes=broken.unusual_access_id)}'"))
    wires.anew()
    refused(services, REFUSALS, SINDH_PROSECUTION)
    wires.running.look()
    assert services.rows()["unusual_access"] == 2
    assert owner.findings()


@pytest.mark.parametrize("place", ["the last one that was watched", "where the instant is looked for"])
def test_an_entry_that_is_no_leaf_any_more_stops_no_time_for_tripwires(
    services: Services, wires: Wires, owner: Owner, place: str
) -> None:
    refused(services, 2)
    wires.look()
    watched_to, size = services.one("SELECT watched_to FROM tripwire_time"), services.writer.size
    index = watched_to if place.startswith("the last") else (size + REFUSALS + 1) // 2
    refused(services, REFUSALS + 1, SINDH_PROSECUTION)  # one more, since it may be of these
    assert services.writer.size == size + REFUSALS + 1
    owner.does(f"UPDATE ledger_entry SET leaf = '\\xff' WHERE index = {index}")  # noqa: S608 - a number
    wires.anew()
    assert [each.agency for each in wires.look()] == [SINDH_PROSECUTION.agency_id]
    assert owner.findings()
