"""Lists of access requests, where an officer and a prosecutor begin their day: what they show, and to whom."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

import pytest

from nsor.v1 import access_requests_pb2, errors_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import Officer, Outcome
from nsor_server.lookup import fir_places
from nsor_server.lookup.requests import pages
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import Statement, ask
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of, violations
from tests.lookup.conftest import AGENCIES, fir_key, officer
from tests.lookup.test_access_requests import AccessRequests, application, approval
from tests.lookup.test_access_requests import requests as requests  # noqa: PLC0414 - a fixture
from tests.lookup.test_withdrawal import withdrawal
from tests.notification.test_events import nodes
from tests.services import Services

Item = access_requests_pb2.AccessRequestItem
PENDING = access_requests_pb2.ACCESS_REQUEST_STATE_PENDING
APPROVED = access_requests_pb2.ACCESS_REQUEST_STATE_APPROVED
RETURNED = access_requests_pb2.ACCESS_REQUEST_STATE_RETURNED
INCOMPLETE = access_requests_pb2.RETURN_REASON_DOCUMENTS_INCOMPLETE
MULTAN = fir_key("PK-PB/MUL/PS-001")


class Clock:
    """How many hours the database's clock is ahead of what it says."""

    hours: float = 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clock_of(monkeypatch)


def clock_of(monkeypatch: pytest.MonkeyPatch) -> Clock:
    ahead, now = Clock(), DirectorySnapshot.now
    monkeypatch.setattr(DirectorySnapshot, "now", lambda snapshot: now(snapshot) + dt.timedelta(hours=ahead.hours))
    return ahead


def page(
    requests: AccessRequests, agency: str, acting: Officer | None = None, **fields: object
) -> access_requests_pb2.ListAccessRequestsResponse:
    asked = access_requests_pb2.ListAccessRequestsRequest(**fields)  # type: ignore[arg-type]  # a message's fields
    response = requests.ask(agency, asked, acting).response
    assert isinstance(response, access_requests_pb2.ListAccessRequestsResponse)
    return response


def listed(requests: AccessRequests, agency: str, acting: Officer | None = None, **fields: object) -> list[str]:
    return [each.access_request_id for each in page(requests, agency, acting, **fields).items]


def asked(requests: AccessRequests, number: int = 1, **changes: object) -> str:
    request = application()
    for name, value in changes.items():
        getattr(request, name).CopyFrom(value)
    return str(requests.create(request, officer("punjab-police", number)).response.access_request_id)


def etag_of(requests: AccessRequests, request_id: str) -> str:
    return requests.get(request_id, "punjab-prosecution").etag


def test_what_waits_comes_first_by_its_deadline_and_then_what_was_decided_last(requests: AccessRequests) -> None:
    first, second, third, fourth = (asked(requests) for _ in range(4))
    requests.approve(second, etag_of(requests, second))
    requests.send_back(third, etag_of(requests, third), INCOMPLETE)
    for agency in ("punjab-police", "punjab-prosecution"):
        assert listed(requests, agency) == [first, fourth, third, second]
        assert listed(requests, agency, state=PENDING) == [first, fourth]
        assert listed(requests, agency, state=APPROVED) == [second]
        assert listed(requests, agency, state=RETURNED) == [third]


def test_pages_go_on_where_the_one_before_has_ended(requests: AccessRequests) -> None:
    every = [asked(requests) for _ in range(5)]
    for decided in every[:2]:
        requests.approve(decided, etag_of(requests, decided))
    whole = [*every[2:], every[1], every[0]]
    for size in (1, 2, 3):
        found, token = list[str](), ""
        while True:
            shown = page(requests, "punjab-prosecution", page_size=size, page_token=token)
            assert len(shown.items) <= size
            found += [each.access_request_id for each in shown.items]
            token = shown.next_page_token
            if not token:
                break
        assert found == whole
    first = page(requests, "punjab-prosecution", page_size=1, state=PENDING)
    assert listed(requests, "punjab-prosecution", state=PENDING, page_token=first.next_page_token) == every[3:]


def test_a_token_is_of_its_filter(requests: AccessRequests) -> None:
    for _ in range(2):
        asked(requests)
    token = page(requests, "punjab-police", page_size=1, state=PENDING).next_page_token
    for fields in ({"state": APPROVED}, {}, {"state": PENDING, "own": True}):
        request = access_requests_pb2.ListAccessRequestsRequest(page_token=token, **fields)
        refusal = requests.services.refused(
            errors.InvalidFields, call_of(AGENCIES["punjab-police"], officer("punjab-police")), request
        )
        assert violations(refusal) == [("page_token", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID)]


def test_an_officer_sees_his_own_and_who_decides_those_of_his_place(requests: AccessRequests) -> None:
    own, colleagues, elsewhere = asked(requests, 1), asked(requests, 2), asked(requests, 2, fir=MULTAN)
    chief = replace(officer("punjab-police", 3), decides=True)
    of_lahore = replace(officer("punjab-police", 4, ("PK-PB/LHR",)), decides=True)
    assert listed(requests, "punjab-police", officer("punjab-police", 1)) == [own]
    assert listed(requests, "punjab-police", chief) == [own, colleagues, elsewhere]
    assert listed(requests, "punjab-police", chief, own=True) == []
    assert listed(requests, "punjab-police", of_lahore) == [own, colleagues]
    # Whoever is enrolled at a station sees what is of it, and nothing of the one beside it.
    for station, of_it in (("PK-PB/LHR/PS-001", [own, colleagues]), ("PK-PB/LHR/PS-002", [])):
        chief_of_it = replace(officer("punjab-police", 5, (station,)), decides=True)
        assert listed(requests, "punjab-police", chief_of_it) == of_it
        assert listed(requests, "punjab-police", officer("punjab-police", 1, (station,))) == of_it[:1]
    # Whoever was moved to Lahore sees there no more what he has asked for in Multan.
    assert listed(requests, "punjab-police", officer("punjab-police", 2, ("PK-PB/LHR",))) == [colleagues]
    shown = page(requests, "punjab-police", replace(officer("punjab-police", 1), decides=True)).items
    assert [each.own for each in shown] == [True, False, False]
    # A dump tells which of them are of one station, but not of which.
    places = "SELECT array_agg(DISTINCT place ORDER BY place) FROM access_request_"
    kept = requests.services.one(f"{places}work")
    assert [(each[:10], len(each)) for each in kept] == [("PK-PB/LHR/", 42), ("PK-PB/MUL/", 42)]
    assert requests.services.one(f"{places}version") == kept


def test_a_page_reads_no_more_where_there_are_many_stations(
    requests: AccessRequests, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Requests lie at the station of their FIR: a page of a province read so many of each of two thousand stations.
    services, read = requests.services, list[float]()
    stations = [f"PK-PB/{district}/PS-{nth:03}" for district in ("LHR", "MUL") for nth in range(1, 41)]
    with services.database.owner() as owner:
        owner.execute(
            "INSERT INTO access_request_work SELECT gen_random_uuid(), 'punjab-police', place, state,"
            " CASE state WHEN 1 THEN nth ELSE -nth END, gen_random_uuid(), gen_random_uuid(), 0, 0"
            " FROM unnest(%s::text[]) AS place, generate_series(1, 3) AS state, generate_series(1, 5) AS nth",
            ([fir_places.written(services.blind_index, each) for each in stations],),
        )

    def explained(conn: Connection, statement: Statement, *parameters: bytes) -> list[tuple[object, ...]]:
        sql = b"EXPLAIN (ANALYZE, FORMAT JSON) " + statement.sql
        ((plan,),) = ask(conn, Statement(b"explained " + statement.name, sql, statement.types), *parameters)
        of_requests = [node for node in nodes(plan) if node.get("Relation Name") == "access_request_work"]
        read.append(sum(node["Actual Rows"] * node["Actual Loops"] for node in of_requests))
        assert {node["Node Type"] for node in of_requests} <= {"Index Scan", "Index Only Scan"}
        assert not any(node.get("Rows Removed by Filter") for node in of_requests)
        return [(1 << 62, None)]

    monkeypatch.setattr(pages, "ask", explained)
    agency = replace(AGENCIES["punjab-police"], jurisdiction=("PK",))
    for place in ("PK", "PK-PB", "PK-PB/LHR", "PK-PB/LHR/PS-001"):
        chief = replace(officer("punjab-police", 1, (place,)), decides=True)
        services.run(call_of(agency, chief), access_requests_pb2.ListAccessRequestsRequest(page_size=4))
    # Of each of three states one more than the page shows, and what tells units and agencies.
    assert all(15 <= rows <= 50 for rows in read)
    assert len(read) == 4
    # And his own: he has asked for none of them.
    services.run(call_of(agency, chief), access_requests_pb2.ListAccessRequestsRequest(page_size=4, own=True))
    assert read[4:] == [0]


@pytest.mark.parametrize(
    "reading",
    [
        lambda request_id: access_requests_pb2.GetAccessRequestRequest(access_request_id=request_id),
        lambda _: access_requests_pb2.ListAccessRequestsRequest(),
    ],
)
def test_who_asks_beside_a_decision_is_shown_it(requests: AccessRequests, owner: Owner, reading: Any) -> None:
    # It was read before: that it is the newest version still is asked under the head's lock.
    request_id = asked(requests)
    _, shown = requests.services.at_once(
        (call_of(AGENCIES["punjab-prosecution"]), approval(request_id, etag_of(requests, request_id))),
        (call_of(AGENCIES["punjab-police"], officer("punjab-police", 1)), reading(request_id)),
        together=False,
    )
    assert isinstance(shown, Outcome)
    answer = shown.response
    one = answer.access_request if hasattr(answer, "access_request") else answer.items[0]
    assert one.state == APPROVED
    assert owner.findings() == []


def test_who_asks_beside_a_withdrawal_is_shown_it(requests: AccessRequests, owner: Owner) -> None:
    request_id = asked(requests)
    grant_id = requests.approve(request_id, etag_of(requests, request_id)).response.grant.grant_id
    _, shown = requests.services.at_once(
        (call_of(AGENCIES["punjab-prosecution"]), withdrawal(grant_id)),
        (
            call_of(AGENCIES["punjab-police"], officer("punjab-police", 1)),
            access_requests_pb2.GetAccessRequestRequest(access_request_id=request_id),
        ),
        together=False,
    )
    assert isinstance(shown, Outcome)
    assert shown.response.access_request.grant.HasField("withdraw_time")
    assert owner.findings() == []


def test_an_officer_with_a_new_key_sees_what_he_has_asked_for(requests: AccessRequests) -> None:
    own = asked(requests, 1)
    renewed = replace(officer("punjab-police", 9), officer_number=officer("punjab-police", 1).officer_number)
    assert listed(requests, "punjab-police", renewed) == [own]


def test_a_prosecution_sees_those_of_its_jurisdiction_and_nobody_else_any(requests: AccessRequests) -> None:
    lahore, multan = asked(requests), asked(requests, fir=MULTAN)
    assert listed(requests, "punjab-prosecution") == [lahore, multan]
    assert listed(requests, "punjab-prosecution", officer("punjab-prosecution", 2, ("PK-PB/MUL",))) == [multan]
    assert listed(requests, "sindh-prosecution") == []
    assert listed(requests, "sindh-police", replace(officer("sindh-police"), decides=True)) == []


def test_npb_sees_what_waits_past_its_deadline(requests: AccessRequests, clock: Clock) -> None:
    silent, decided = asked(requests), asked(requests)
    requests.approve(decided, etag_of(requests, decided))
    assert listed(requests, "npb") == []
    clock.hours = 49
    assert listed(requests, "npb") == [silent]
    assert listed(requests, "npb", state=APPROVED) == []


def test_npb_sees_of_what_it_must_decide_until_it_has(requests: AccessRequests, owner: Owner) -> None:
    asks, granted, returned = (str(requests.create(juvenile()).response.access_request_id) for _ in range(3))
    plain = asked(requests)
    requests.approve(granted, etag_of(requests, granted))
    requests.send_back(returned, etag_of(requests, returned), INCOMPLETE)
    assert listed(requests, "npb") == [asks, granted]
    assert listed(requests, "npb", state=APPROVED) == [granted]
    first = page(requests, "npb", page_size=1)
    assert [each.access_request_id for each in first.items] == [asks]
    assert first.items[0].juvenile_deadline.rule_id == "juvenile-access"
    assert listed(requests, "npb", page_token=first.next_page_token) == [granted]
    npb = replace(officer("npb"), decides=True)
    for request_id in (asks, granted):
        decision = access_requests_pb2.DecideJuvenileAccessRequest(
            request_id=str(uuid.uuid4()),
            access_request_id=request_id,
            etag=etag_of(requests, request_id),
            decision=access_requests_pb2.JUVENILE_DECISION_REFUSED,
        )
        requests.ask("npb", decision, npb)
    assert listed(requests, "npb") == []
    assert plain in listed(requests, "punjab-prosecution")
    assert owner.findings() == []


def juvenile() -> access_requests_pb2.CreateAccessRequestRequest:
    return application(juvenile_records=True)


def test_a_list_names_no_suspect(requests: AccessRequests) -> None:
    asked(requests)
    (item,) = page(requests, "punjab-prosecution").items
    assert item.suspects == 2
    assert not [field for field in Item.DESCRIPTOR.fields if "cnic" in field.name or "name" in field.name]
    assert item.fir == fir_key()


def test_both_sides_see_the_time_that_is_left_and_that_a_decision_was_late(
    requests: AccessRequests, clock: Clock
) -> None:
    late, waits = asked(requests), asked(requests)
    for agency in ("punjab-police", "punjab-prosecution"):
        for shown in (page(requests, agency).items[0], requests.get(late, agency)):
            assert 47 * 60 < shown.minutes_left < 48 * 60
            assert not shown.late
            assert shown.decision_deadline.rule_id == "prosecutor-forwarding"
            assert shown.decision_deadline.citation
    clock.hours = 49
    # Late is no refusal: it is decided all the same, and marked.
    requests.approve(late, etag_of(requests, late))
    for agency in ("punjab-police", "punjab-prosecution"):
        waiting, decided = page(requests, agency).items
        assert (waiting.access_request_id, waiting.late, waiting.minutes_left < -59) == (waits, True, True)
        assert (decided.access_request_id, decided.late, decided.minutes_left) == (late, True, 0)
        assert decided.HasField("decide_time")
        assert not waiting.HasField("decide_time")
        assert requests.get(late, agency).late


def test_an_approved_request_names_its_grant(requests: AccessRequests) -> None:
    request_id = asked(requests)
    granted = requests.approve(request_id, etag_of(requests, request_id)).response.grant
    (item,) = page(requests, "punjab-police").items
    assert item.grant_id == granted.grant_id


def test_the_fir_is_shown_to_those_who_may_see_the_case(requests: AccessRequests) -> None:
    field = Item.DESCRIPTOR.fields_by_name["fir"]
    assert field.GetOptions().Extensions[options_pb2.shown_as] == options_pb2.FIELD_CLASS_CASE
    asked(requests)
    assert page(requests, "punjab-police").items[0].HasField("fir")


def test_each_page_is_an_entry_that_is_made_again(services: Services, requests: AccessRequests, owner: Owner) -> None:
    asked(requests)
    decided = asked(requests)
    requests.approve(decided, etag_of(requests, decided))
    before = services.one("SELECT size FROM ledger_head")
    for agency in ("punjab-police", "punjab-prosecution", "sindh-prosecution"):
        page(requests, agency, page_size=1)
    for station in ("PK-PB/LHR/PS-001", "PK-PB/LHR/PS-002"):
        page(requests, "punjab-police", replace(officer("punjab-police", 2, (station,)), decides=True))
    assert services.one("SELECT size FROM ledger_head") == before + 5
    assert owner.findings() == []


def test_both_sides_see_that_a_suspect_of_the_fir_was_asked_for_before(requests: AccessRequests, owner: Owner) -> None:
    first = asked(requests, 1)
    # A colleague asks for one of the two suspects; another one for somebody else; and one of another FIR.
    again, other = application(), application()
    del again.suspects[0]
    del other.suspects[:]
    other.suspects.add(cnic="3520298765432").name.CopyFrom(application().suspects[0].name)
    second = requests.create(again, officer("punjab-police", 2)).response
    third = requests.create(other, officer("punjab-police", 2)).response
    elsewhere = asked(requests, 1, fir=fir_key(serial=680))
    assert second.repeated_access_request_id == first
    assert third.repeated_access_request_id == ""
    for agency in ("punjab-police", "punjab-prosecution"):
        shown = {each.access_request_id: each.repeated_access_request_id for each in every(requests, agency)}
        assert shown == {
            first: "",
            second.access_request_id: first,
            third.access_request_id: "",
            elsewhere: "",
        }
        assert requests.get(second.access_request_id, agency).repeated_access_request_id == first
    # The newest one is named.
    assert requests.get(asked(requests, 1)).repeated_access_request_id == second.access_request_id
    # Who has no number is the same one by each of his names.
    unnumbered = [application(), application()]
    for request, names in zip(unnumbered, (("Test Karim", "Test Kala"), ("Test Kala",)), strict=True):
        del request.suspects[:]
        name, *by_names = names
        called = types_pb2.SearchedName(name=name, relative_name="Test Rasool", by_names=by_names)
        request.suspects.add(name=called, birth_year=1988)
    by_name, by_by_name = (requests.create(each, officer("punjab-police", 2)).response for each in unnumbered)
    assert by_name.repeated_access_request_id == ""
    assert by_by_name.repeated_access_request_id == by_name.access_request_id
    assert owner.findings() == []


def every(requests: AccessRequests, agency: str) -> list[access_requests_pb2.AccessRequestItem]:
    return list(page(requests, agency, replace(officer(agency, 9), decides=True)).items)


def test_of_two_requests_at_once_the_second_says_that_it_repeats_the_first(requests: AccessRequests) -> None:
    services = requests.services
    calls = [call_of(AGENCIES["punjab-police"], officer("punjab-police", number)) for number in (1, 2)]
    one, two = services.at_once((calls[0], application()), (calls[1], application()), together=True)
    assert isinstance(one, Outcome)
    assert isinstance(two, Outcome)
    found = {each.response.access_request_id: each.response.repeated_access_request_id for each in (one, two)}
    assert sorted(map(bool, found.values())) == [False, True]
    assert set(found.values()) <= {"", *found}
