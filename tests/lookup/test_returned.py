"""Uses that are given back at fixed times: "no record" was said, and the person was confirmed since."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from nsor.v1 import access_requests_pb2, directory_pb2, errors_pb2, lookup_pb2, notification_pb2
from nsor_server import errors
from nsor_server.ledger.entry import StaleRead
from nsor_server.lookup import times
from nsor_server.lookup.times import LookUpTimes
from nsor_server.registration import facts as registrations
from nsor_server.registration import returned as registrations_returned
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import TRACING
from tests.lookup.conftest import KNOWN, UNKNOWN, make_call, officer, request_of
from tests.lookup.test_access_requests import AccessRequests
from tests.lookup.test_access_requests import requests as requests  # noqa: PLC0414 - a fixture
from tests.lookup.test_juvenile_access import Matter
from tests.lookup.test_list_access_requests import asked, etag_of
from tests.lookup.test_tickets import COURT, NPB, enrolled
from tests.lookup.test_withdrawal import case, disable, ticket
from tests.orders import conviction, order
from tests.services import Services

COMPARED = notification_pb2.EVENT_KIND_LOOK_UPS_COMPARED
RETURNED = notification_pb2.EVENT_KIND_LOOK_UP_RETURNED
NO_RECORD, FOUND = lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD, lookup_pb2.LOOK_UP_OUTCOME_FOUND
LEFT_OUT = "a fixed time of the look-up has left out who came to stand before the last one"
NOT_COMPARED = "a fixed time of the look-up wasn't told every agency that had a grant which counted, or others"
NOT_RETURNED = "uses were given back, and the agencies that have them weren't told, or others were"
OTHERS = "a fixed time gave other uses back than those of whom they hadn't found and who stands since"


@dataclass
class Times:
    """The times, and a database's clock that goes as a test says."""

    running: LookUpTimes
    hours: int = 0

    def next(self) -> None:
        """The next time comes."""
        self.hours += 1
        self.running.look()


@pytest.fixture
def at(services: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Iterator[Times]:
    services.directory.reload()
    made = Times(LookUpTimes(services.database, services.writer, services.directory, TRACING, keyring))
    state = times.state_of

    def later(conn: Connection) -> times.State:
        found = state(conn)
        return found._replace(now_us=found.now_us + made.hours * 3_600_000_000)

    monkeypatch.setattr("nsor_server.lookup.times.state_of", later)
    yield made
    made.running.stop()


def granted(requests: AccessRequests, **changes: Any) -> str:
    request_id = asked(requests, **changes)
    return str(requests.approve(request_id, etag_of(requests, request_id)).response.grant.grant_id)


def look_up(services: Services, grant_id: str, cnic: str = KNOWN) -> int:
    call = make_call("punjab-police", acting=officer("punjab-police"))
    request = request_of(call, lookup_pb2.LookUpBasis(grant_id=grant_id), cnic)
    call.request_id = uuid.UUID(request.request_id).bytes
    outcome: int = services.ask(call, request).response.outcome
    return outcome


def used_up(services: Services, grant_id: str, cnic: str = KNOWN) -> bool:
    with contextlib.suppress(errors.Denied):
        look_up(services, grant_id, cnic)
        return False
    return True


def uses_of(services: Services) -> int:
    return int(services.one("SELECT count(*) FROM look_up_return"))


def use_all(services: Services, grant_id: str, cnic: str = KNOWN) -> int:
    """Look somebody up as often as the grant allows; gives how often."""
    count = 0
    while not used_up(services, grant_id, cnic):
        count += 1
    return count


def test_who_is_confirmed_after_a_no_record_is_told_of_and_each_use_comes_back_once(
    services: Services, requests: AccessRequests, at: Times, owner: Owner
) -> None:
    grant_id = granted(requests)
    assert look_up(services, grant_id) == NO_RECORD
    allowed = 1 + use_all(services, grant_id)
    services.confirmed(order(KNOWN))
    # Until the time comes nothing tells that he was confirmed.
    with pytest.raises(errors.Denied) as refused:
        look_up(services, grant_id)
    assert refused.value.reason == errors_pb2.ERROR_REASON_GRANT_USED_UP
    assert services.owed(RETURNED) == []
    at.next()
    assert services.owed(RETURNED) == services.owed(COMPARED) == ["punjab-police"]
    assert uses_of(services) == allowed
    assert look_up(services, grant_id) == FOUND
    assert 1 + use_all(services, grant_id) == allowed
    at.next()
    assert uses_of(services) == allowed
    assert services.owed(RETURNED) == ["punjab-police"]
    assert owner.findings() == []


def test_a_ticket_and_a_courts_case_give_uses_back_too_and_say_which(
    services: Services, at: Times, owner: Owner
) -> None:
    opened = {agency: of(services, enrolled(services, agency, 1)) for agency, of in ((NPB, ticket), (COURT, case))}
    assert [shown() for _, shown in opened.values()] == ["NO_RECORD", "NO_RECORD"]
    services.confirmed(order(KNOWN))
    at.next()
    with services.database.owner() as conn:
        told = conn.execute("SELECT recipient, grant_id::text FROM outbox WHERE kind = %s", (RETURNED,)).fetchall()
    assert dict(told) == {agency: grant_id for agency, (grant_id, _) in opened.items()}
    assert [shown() for _, shown in opened.values()] == ["FOUND", "FOUND"]
    assert owner.findings() == []


def test_a_time_is_one_entry_and_one_message_whatever_there_is(
    services: Services, requests: AccessRequests, at: Times
) -> None:
    # A court that confirms somebody doesn't learn by the tree that he was looked for.
    grants, grown = granted(requests), []
    look_up(services, grants)
    for cnic in ("3520298765431", KNOWN):
        services.confirmed(order(cnic))
        before = services.one("SELECT size FROM ledger_head")
        at.next()
        grown.append(services.one("SELECT size FROM ledger_head") - before)
    assert grown == [1, 1]
    assert services.owed(COMPARED) == ["punjab-police"] * 2
    assert len(services.owed(RETURNED)) == 1


def test_before_anything_was_granted_there_is_no_time(services: Services, at: Times) -> None:
    before = services.one("SELECT size FROM ledger_head")
    at.next()
    assert services.one("SELECT size FROM ledger_head") == before


def test_what_a_look_up_would_not_show_is_told_to_nobody(
    services: Services, requests: AccessRequests, at: Times, owner: Owner
) -> None:
    # Held by an earlier record of the same number, found at once, or on a grant that was withdrawn.
    first = services.create(order(KNOWN))
    services.confirm(first)
    grant_id = granted(requests)
    assert look_up(services, grant_id) == FOUND
    assert look_up(services, grant_id, UNKNOWN) == NO_RECORD
    later = order(KNOWN, convictions=[conviction(case_number="Sessions Case No. 900/2024")])
    later.person.names[0].name = "Another"
    services.confirm(services.create(later), case_number="Sessions Case No. 900/2024")
    at.next()
    assert services.owed(RETURNED) == []
    assert uses_of(services) == 0
    assert owner.findings() == []


def test_by_what_a_compromised_key_has_opened_nobody_is_told_of(services: Services, at: Times, owner: Owner) -> None:
    # Whoever has stolen it would hear that somebody has come to stand.
    opener = enrolled(services, NPB, 1)
    _, shown = ticket(services, opener)
    assert shown() == "NO_RECORD"
    disable(services, opener, directory_pb2.DISABLE_REASON_KEY_COMPROMISED)
    services.confirmed(order(KNOWN))
    at.next()
    assert services.owed(RETURNED) == []
    assert uses_of(services) == 0
    assert owner.findings() == []


def test_who_was_a_child_is_told_of_to_nobody(
    services: Services, requests: AccessRequests, at: Times, owner: Owner
) -> None:
    grant_id = granted(requests)
    use_all(services, grant_id)
    child = order(KNOWN)
    child.person.birth_date.year = 2006
    services.confirmed(child)
    at.next()
    assert services.owed(RETURNED) == []
    assert used_up(services, grant_id)
    assert owner.findings() == []


@pytest.mark.parametrize("decision", ["ALLOWED", "REFUSED"])
def test_a_childs_use_comes_back_on_a_grant_that_shows_juveniles(
    services: Services, at: Times, owner: Owner, decision: str
) -> None:
    # Only where both have said so: elsewhere a use that came back would tell of a record that it may not show.
    matter = Matter(services)
    matter.decide(access_requests_pb2.JuvenileDecision.Value(f"JUVENILE_DECISION_{decision}"))
    grant_id = matter.approve()
    use_all(services, grant_id)
    child = order(KNOWN)
    child.person.birth_date.year = 2006
    services.confirmed(child)
    at.next()
    if decision == "ALLOWED":
        assert services.owed(RETURNED) == ["punjab-police"]
        assert look_up(services, grant_id) == FOUND
    else:
        assert services.owed(RETURNED) == []
        assert used_up(services, grant_id)
    assert owner.findings() == []


def test_what_npb_allows_while_a_time_is_made_counts_for_it_or_not_at_all(
    services: Services, at: Times, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It has read that the grant shows none: that nothing was allowed since is asked under the head's lock.
    matter = Matter(services)
    grant_id = matter.approve()
    use_all(services, grant_id)
    child = order(KNOWN)
    child.person.birth_date.year = 2006
    services.confirmed(child)
    made = LookUpTimes._made

    def slow(running: LookUpTimes, conn: Connection, state: times.State, due_us: int) -> Any:
        outcome = made(running, conn, state, due_us)
        matter.decide()
        return outcome

    with monkeypatch.context() as late:
        late.setattr(LookUpTimes, "_made", slow)
        with contextlib.suppress(StaleRead):
            at.next()
    assert services.owed(RETURNED) == []
    at.next()
    assert services.owed(RETURNED) == ["punjab-police"]
    assert owner.findings() == []


def test_a_use_that_was_taken_or_kept_back_by_the_tables_owner_is_found(
    services: Services, requests: AccessRequests, at: Times, owner: Owner
) -> None:
    grant_id = granted(requests)
    used = use_all(services, grant_id)
    at.next()
    services.confirmed(order(KNOWN))
    with owner.without("access_grant", f"grant_id = '{grant_id}'"):
        at.next()
    assert uses_of(services) == 0
    assert owner.findings() == [OTHERS, NOT_COMPARED]
    # What he gives back himself no entry has recorded.
    given = "INSERT INTO look_up_return SELECT access_id, grant_id, subject FROM look_up WHERE grant_id IS NOT NULL"
    owner.does(given)
    assert uses_of(services) == used
    assert used_up(services, grant_id) is False
    assert any("look_up_return" in finding for finding in owner.findings())


def test_a_use_that_was_given_back_and_hidden_for_a_look_up_is_found(
    services: Services, requests: AccessRequests, at: Times, owner: Owner
) -> None:
    grant_id = granted(requests)
    use_all(services, grant_id)
    services.confirmed(order(KNOWN))
    at.next()
    with owner.without("look_up_return", "true"):
        assert used_up(services, grant_id)
    assert owner.findings() == [
        "a look-up was refused for its grant, ticket or court case, and that counted, or not for that reason"
    ]


def test_who_was_entered_twice_gives_a_use_back_once(
    services: Services, requests: AccessRequests, at: Times, owner: Owner
) -> None:
    # Both records are of the grant's own case: a look-up would show either.
    grant_id = granted(requests, fir=conviction().fir)
    allowed = use_all(services, grant_id)
    for _ in range(2):
        services.confirmed(order(KNOWN))
    at.next()
    assert uses_of(services) == allowed
    assert services.owed(RETURNED) == ["punjab-police"]
    assert owner.findings() == []


def test_who_came_to_stand_and_is_left_out_of_every_time_is_found(
    services: Services, requests: AccessRequests, at: Times, owner: Owner, *, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The ledger's size says how far a time looks: whoever shows it smaller to each has nobody found, ever.
    use_all(services, granted(requests))
    monkeypatch.setattr(registrations, "came_to_stand", lambda *_: registrations_returned.Returned({}, 0))
    at.next()
    services.confirmed(order(KNOWN))
    at.next()
    assert uses_of(services) == 0
    assert owner.findings() == [LEFT_OUT]


@pytest.mark.parametrize(
    ("kind", "finding", "change"),
    [
        (COMPARED, NOT_COMPARED, "recipient = 'sindh-police'"),
        (COMPARED, NOT_COMPARED, "kind = 311"),
        (RETURNED, NOT_RETURNED, "recipient = 'sindh-police'"),
        (RETURNED, NOT_RETURNED, "kind = 311"),
        (RETURNED, NOT_RETURNED, "grant_id = gen_random_uuid()"),
    ],
)
def test_whoever_was_not_told_of_a_time_or_was_told_of_anothers_is_found(
    services: Services, requests: AccessRequests, at: Times, owner: Owner, *, kind: int, finding: str, change: str
) -> None:
    use_all(services, granted(requests))
    services.confirmed(order(KNOWN))
    at.next()
    assert owner.findings() == []
    owner.does(f"UPDATE outbox SET {change} WHERE kind = {kind}")  # noqa: S608 - constants
    assert finding in owner.findings()
