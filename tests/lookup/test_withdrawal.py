"""Grants, tickets and opened cases that count no more: withdrawn, or opened with a key that was compromised."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from nsor.v1 import access_requests_pb2, directory_pb2, errors_pb2, grants_pb2, lookup_pb2, notification_pb2
from nsor_server import errors
from nsor_server.access import directory
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import Officer, Outcome
from nsor_server.lookup.grants import rules
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests import verifying
from tests.agencies import PUNJAB_PROSECUTION, SINDH_PROSECUTION, officer_of
from tests.calls import call_of, violations
from tests.lookup.conftest import AGENCIES, KNOWN, Register, conviction_record, make_call, officer
from tests.lookup.test_access_requests import application, approval
from tests.lookup.test_tickets import COURT, NPB, Basis, case_of, enrolled, look_up, ticket_for
from tests.services import Services

COMPROMISED = directory_pb2.DISABLE_REASON_KEY_COMPROMISED
ORDINARY = [reason for reason in directory_pb2.DisableReason.values() if reason and reason != COMPROMISED]


def ticket(services: Services, opener: Officer) -> tuple[str, Callable[[], str]]:
    worker = enrolled(services, NPB, 2)
    opened = services.ask(call_of(AGENCIES[NPB], opener), ticket_for(worker))
    grant_id = opened.response.grant.grant_id
    return grant_id, lambda: look_up(services, make_call(NPB, acting=worker), Basis(ticket_id=grant_id))


def case(services: Services, opener: Officer) -> tuple[str, Callable[[], str]]:
    opened = services.ask(call_of(AGENCIES[COURT], opener), case_of())
    grant_id = opened.response.grant.grant_id
    return grant_id, lambda: look_up(services, make_call(COURT), Basis(court_case_id=grant_id))


def grant(services: Services, opener: Officer) -> tuple[str, Callable[[], str]]:
    police = officer("punjab-police", 5)
    asked = services.ask(call_of(AGENCIES["punjab-police"], police), application()).response
    decided = services.ask(call_of(PUNJAB_PROSECUTION, opener), approval(asked.access_request_id, asked.etag))
    grant_id = decided.response.grant.grant_id
    return grant_id, lambda: look_up(services, make_call("punjab-police", acting=police), Basis(grant_id=grant_id))


KINDS = [
    pytest.param(NPB, ticket, id="ticket"),
    pytest.param(COURT, case, id="case"),
    pytest.param("punjab-prosecution", grant, id="grant"),
]


def disable(services: Services, who: Officer, reason: directory_pb2.DisableReason.ValueType) -> None:
    services.ask(call_of(AGENCIES[who.agency_id]), disabling(who, reason))


def disabling(who: Officer, reason: directory_pb2.DisableReason.ValueType) -> directory_pb2.DisableOfficerRequest:
    return directory_pb2.DisableOfficerRequest(request_id=str(uuid.uuid4()), officer_key_id=who.key_id, reason=reason)


def withdrawal(grant_id: str, **fields: Any) -> grants_pb2.WithdrawGrantRequest:
    return grants_pb2.WithdrawGrantRequest(request_id=str(uuid.uuid4()), grant_id=grant_id, **fields)


@pytest.mark.parametrize(("agency_id", "opened"), KINDS)
def test_what_a_compromised_key_has_opened_shows_nobody(
    services: Services, register: Register, agency_id: str, opened: Any
) -> None:
    # Whoever stole a key opens what he needs at once; disabling it must end that too, from that entry on.
    register.add(conviction_record())
    opener = enrolled(services, agency_id, 1)
    _, shown = opened(services, opener)
    assert shown() == "FOUND"
    disable(services, opener, COMPROMISED)
    assert shown() == "GRANT_WITHDRAWN"


@pytest.mark.parametrize("reason", ORDINARY)
def test_what_an_officer_has_opened_who_left_goes_on(
    services: Services, register: Register, reason: directory_pb2.DisableReason.ValueType
) -> None:
    register.add(conviction_record())
    opener = enrolled(services, COURT, 1)
    _, shown = case(services, opener)
    disable(services, opener, reason)
    assert shown() == "FOUND"


def test_a_key_may_turn_out_to_be_compromised_after_it_was_disabled(services: Services, register: Register) -> None:
    # Otherwise whoever misuses a key has it disabled for an ordinary reason first, and what it has opened is safe.
    register.add(conviction_record())
    opener = enrolled(services, NPB, 1)
    _, shown = ticket(services, opener)
    disable(services, opener, directory_pb2.DISABLE_REASON_LEFT_POST)
    disable(services, opener, directory_pb2.DISABLE_REASON_SUSPENDED)
    assert services.rows()["officer_disabled"] == 1
    disable(services, opener, COMPROMISED)
    disable(services, opener, COMPROMISED)
    assert services.rows()["officer_disabled"] == 2
    assert shown() == "GRANT_WITHDRAWN"


def test_a_look_up_that_was_prepared_before_the_key_was_compromised_shows_nobody(
    services: Services, register: Register
) -> None:
    # It was gated by the directory of before; under the head's lock it is found out and asked again.
    register.add(conviction_record())
    opener = enrolled(services, COURT, 1)
    grant_id, _ = case(services, opener)
    call = make_call(COURT)
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()), purpose=call.purpose, cnic=KNOWN, basis=Basis(court_case_id=grant_id)
    )
    disabled, answered = services.at_once(
        (call_of(AGENCIES[COURT]), disabling(opener, COMPROMISED)), (call, request), together=False
    )
    assert not isinstance(disabled, errors.ApiError)
    assert isinstance(answered, errors.Denied)
    assert answered.reason == errors_pb2.ERROR_REASON_GRANT_WITHDRAWN


@pytest.mark.parametrize(("agency_id", "opened"), KINDS)
@pytest.mark.parametrize("who", ["opener", "colleague"])
def test_the_agency_that_opened_it_withdraws_it(
    services: Services, register: Register, agency_id: str, opened: Any, who: str
) -> None:
    register.add(conviction_record())
    opener = enrolled(services, agency_id, 1)
    grant_id, shown = opened(services, opener)
    assert shown() == "FOUND"
    acting = opener if who == "opener" else enrolled(services, agency_id, 9)
    first = services.ask(call_of(AGENCIES[agency_id], acting), withdrawal(grant_id))
    assert first.detail.outcome == "WITHDRAWN"
    assert shown() == "GRANT_WITHDRAWN"
    # A second time changes nothing, and says when it was.
    before = services.rows()
    second = services.ask(call_of(AGENCIES[agency_id], acting), withdrawal(grant_id))
    assert second.detail.outcome == "WITHDRAWN_BEFORE"
    assert second.response == first.response
    changed = {table for table, number in services.rows().items() if number != before[table]}
    assert changed <= {"idempotency"}


def test_another_agency_withdraws_nothing_and_learns_nothing(services: Services, register: Register) -> None:
    # Not yours, and not there, are one answer: also to the agency that the grant was given to, and to one of its kind.
    register.add(conviction_record())
    of_npb, _ = ticket(services, enrolled(services, NPB, 1))
    of_court, _ = case(services, enrolled(services, COURT, 1))
    of_prosecution, shown = grant(services, enrolled(services, "punjab-prosecution", 1))
    nobodys = str(uuid.uuid4())
    for agency_id, foreign in (
        (NPB, of_court),
        ("karachi-special-court", of_court),
        (SINDH_PROSECUTION.agency_id, of_prosecution),
        (PUNJAB_PROSECUTION.agency_id, of_npb),
    ):
        said = [
            repr(services.refused(errors.NoRecord, call_of(AGENCIES[agency_id]), withdrawal(each)))
            for each in (foreign, nobodys)
        ]
        assert said[0] == said[1]
    assert shown() == "FOUND"


WITHDRAWN = notification_pb2.EVENT_KIND_ACCESS_WITHDRAWN


@pytest.mark.parametrize(("agency_id", "opened"), KINDS)
@pytest.mark.parametrize("who", ["opener", "colleague"])
def test_npb_the_agency_and_whoever_loses_it_hear_of_a_withdrawal(
    services: Services, agency_id: str, opened: Any, who: str
) -> None:
    # Nobody takes a province's grants away unseen.
    opener = enrolled(services, agency_id, 1)
    grant_id, _ = opened(services, opener)
    services.ask(call_of(AGENCIES[agency_id], opener if who == "opener" else None), withdrawal(grant_id))
    is_granted = agency_id == PUNJAB_PROSECUTION.agency_id
    holder = {"punjab-police"} if is_granted else set()
    # NPB hears of every grant, and of whatever else is opened.
    kind = notification_pb2.EVENT_KIND_ACCESS_APPROVED if is_granted else notification_pb2.EVENT_KIND_ACCESS_OPENED
    assert services.owed(kind) == sorted({NPB} | holder)
    assert services.one("SELECT about_agency FROM outbox WHERE kind = %s AND recipient = %s", kind, NPB) == agency_id
    assert services.owed(WITHDRAWN) == sorted({NPB, agency_id} | holder)
    assert services.one("SELECT DISTINCT about_agency FROM outbox WHERE kind = %s", WITHDRAWN) == agency_id


# ---- for which places, and how many ----


@pytest.mark.parametrize(("agency_id", "opened"), KINDS)
def test_an_officer_of_another_place_neither_lists_nor_withdraws_it(
    services: Services, agency_id: str, opened: Any
) -> None:
    # One prosecutor of one district took away what all prosecutors of the province had granted.
    opener = services.enrolled(replace(officer(agency_id, 1), jurisdiction=("PK-PB/LHR",)))
    grant_id, _ = opened(services, opener)
    multan, lahore = (officer_of(AGENCIES[agency_id], place) for place in ("PK-PB/MUL", "PK-PB/LHR"))
    assert listed(services, agency_id, acting=multan) == []
    if agency_id == PUNJAB_PROSECUTION.agency_id:
        # A grant lies at the station of its FIR.
        for station, seen in (("PK-PB/LHR/PS-001", [grant_id]), ("PK-PB/LHR/PS-002", [])):
            acting = officer_of(PUNJAB_PROSECUTION, station)
            assert [each.grant.grant_id for each in listed(services, agency_id, acting=acting)] == seen
    said = [
        repr(services.refused(errors.NoRecord, call_of(AGENCIES[agency_id], multan), withdrawal(each)))
        for each in (grant_id, str(uuid.uuid4()))
    ]
    assert said[0] == said[1]
    assert [each.grant.grant_id for each in listed(services, agency_id, acting=lahore)] == [grant_id]
    services.ask(call_of(AGENCIES[agency_id], lahore), withdrawal(grant_id))
    assert listed(services, agency_id) == []


def test_a_place_that_was_written_beside_the_seal_shows_nothing(services: Services) -> None:
    # The owner of the database lets an officer of another place list and withdraw what isn't his.
    grant_id, _ = case(services, enrolled(services, COURT, 1))
    with services.database.owner() as owner:
        owner.execute("UPDATE access_grant SET places = '{PK-PB/MUL}'")
    call = call_of(AGENCIES[COURT], officer_of(AGENCIES[COURT], "PK-PB/MUL"))
    services.refused(errors.Internal, call, grants_pb2.ListGrantsRequest())
    services.refused(errors.Internal, call, withdrawal(grant_id))


def test_whoever_decides_nothing_lists_nothing(services: Services) -> None:
    # By the uses that are left he would see each look-up of everybody, when it is made.
    clerk = replace(officer_of(PUNJAB_PROSECUTION), decides=False)
    grant(services, enrolled(services, "punjab-prosecution", 1))
    refused = services.refused(errors.Denied, call_of(PUNJAB_PROSECUTION, clerk), grants_pb2.ListGrantsRequest())
    assert refused.reason == errors_pb2.ERROR_REASON_OFFICER_MAY_NOT_DECIDE


def test_an_officer_withdraws_few_of_his_colleagues_in_a_day_and_his_own_without_end(services: Services) -> None:
    colleague, other = services.enrolled(officer_of(AGENCIES[COURT])), services.enrolled(officer_of(AGENCIES[COURT]))
    most = rules.OF_COLLEAGUES_A_DAY
    theirs = [case(services, other)[0] for _ in range(most + 2)]
    own = [case(services, colleague)[0] for _ in range(most + 1)]
    for grant_id in (*own, *theirs[:most]):
        services.ask(call_of(AGENCIES[COURT], colleague), withdrawal(grant_id))
    refused = services.refused(errors.Exhausted, call_of(AGENCIES[COURT], colleague), withdrawal(theirs[most]))
    assert refused.retry_after_seconds
    # Neither what he opens himself, nor what is withdrawn already, nor his colleagues, are held up.
    for acting, grant_id in ((colleague, case(services, colleague)[0]), (colleague, theirs[0]), (other, theirs[most])):
        services.ask(call_of(AGENCIES[COURT], acting), withdrawal(grant_id))
    # A new key under his number is no new officer, and what its holder opened with the old one is his own.
    again = services.enrolled(replace(officer_of(AGENCIES[COURT]), officer_number=colleague.officer_number))
    services.refused(errors.Exhausted, call_of(AGENCIES[COURT], again), withdrawal(theirs[-1]))
    services.ask(call_of(AGENCIES[COURT], again), withdrawal(case(services, colleague)[0]))


def test_of_many_that_one_officer_withdraws_at_once_few_are(services: Services) -> None:
    rogue, other = services.enrolled(officer_of(AGENCIES[COURT])), enrolled(services, COURT, 1)
    theirs = [case(services, other)[0] for _ in range(rules.OF_COLLEAGUES_A_DAY + 2)]
    ended = services.at_once(*((call_of(AGENCIES[COURT], rogue), withdrawal(each)) for each in theirs), together=True)
    assert sum(isinstance(each, Outcome) for each in ended) == rules.OF_COLLEAGUES_A_DAY


# ---- keys that are compromised ----


@pytest.mark.parametrize("how", ["by a focal person", "by its holder", "later"])
def test_what_a_compromised_key_has_granted_is_shown_as_withdrawn_and_its_holders_hear_of_it(
    services: Services, how: str
) -> None:
    # The look-up said GRANT_WITHDRAWN, the request that it was granted, and nobody heard of it.
    prosecution = "punjab-prosecution"
    opener, colleague = enrolled(services, prosecution, 1), enrolled(services, prosecution, 2)
    granted, goes_on, withdrawn = (grant(services, each)[0] for each in (opener, colleague, opener))
    services.ask(call_of(PUNJAB_PROSECUTION, opener), withdrawal(withdrawn))
    before = services.owed(WITHDRAWN)
    if how == "by its holder":
        own = directory_pb2.DisableOwnKeyRequest(request_id=str(uuid.uuid4()), reason=COMPROMISED)
        at = services.ask(call_of(PUNJAB_PROSECUTION, opener), own).response.disable_time
    else:
        if how == "later":
            disable(services, opener, directory_pb2.DISABLE_REASON_LEFT_POST)
            assert not shown_of(services, granted).HasField("withdraw_time")
        services.ask(call_of(PUNJAB_PROSECUTION), disabling(opener, COMPROMISED))
        at = None
    assert services.owed(WITHDRAWN) == sorted([*before, "punjab-police"])
    request_of_it = services.one("SELECT access_request_id FROM access_grant WHERE grant_id = %s", granted)
    told = "SELECT count(*) FROM outbox WHERE kind = %s AND access_request_id = %s"
    assert services.one(told, WITHDRAWN, request_of_it) == 1
    ended = shown_of(services, granted).withdraw_time
    assert ended == (at or ended)
    assert ended.seconds
    assert not shown_of(services, goes_on).HasField("withdraw_time")
    # Whoever withdraws it changes nothing, and hears since when it counts no more.
    again = services.ask(call_of(PUNJAB_PROSECUTION), withdrawal(granted))
    assert (again.detail.outcome, again.response.withdraw_time) == ("WITHDRAWN_BEFORE", ended)


def shown_of(services: Services, grant_id: str) -> grants_pb2.Grant:
    """A grant as the police see it in their access request."""
    request_id = str(services.one("SELECT access_request_id FROM access_grant WHERE grant_id = %s", grant_id))
    asked = access_requests_pb2.GetAccessRequestRequest(access_request_id=request_id)
    found: grants_pb2.Grant = services.ask(call_of(AGENCIES["punjab-police"]), asked).response.access_request.grant
    return found


def test_a_withdrawal_that_is_only_checked_reads_nothing(services: Services) -> None:
    before = services.rows()
    answered = services.ask(call_of(AGENCIES[COURT]), withdrawal(str(uuid.uuid4()), validate_only=True))
    assert not answered.response.HasField("withdraw_time")
    assert services.rows() == before


def test_a_withdrawal_is_never_half_written(services: Services) -> None:
    grant_id, _ = case(services, enrolled(services, COURT, 1))
    tables = services.never_half_written(call_of(AGENCIES[COURT]), withdrawal(grant_id))
    assert tables == ["access_grant_withdrawal", "outbox", "idempotency"]


def listed(
    services: Services, agency_id: str, size: int = 0, acting: Officer | None = None
) -> list[grants_pb2.OpenGrant]:
    """What an agency has opened and what counts, in pages."""
    found: list[grants_pb2.OpenGrant] = []
    token, officer = "", acting or officer_of(AGENCIES[agency_id])
    while True:
        request = grants_pb2.ListGrantsRequest(page_size=size, page_token=token)
        page = services.ask(call_of(AGENCIES[agency_id], officer), request).response
        found += page.grants
        token = page.next_page_token
        if not token:
            return found


@pytest.mark.parametrize(("agency_id", "opened"), KINDS)
def test_an_agency_lists_what_it_has_opened_and_nobody_who_is_named(
    services: Services, register: Register, agency_id: str, opened: Any
) -> None:
    # Whoever has to withdraw one finds it; whom it names, and which case, is nothing that a list tells.
    register.add(conviction_record())
    opener = enrolled(services, agency_id, 1)
    grant_id, shown = opened(services, opener)
    assert shown() == "FOUND"
    (one,) = listed(services, agency_id)
    assert (one.grant.grant_id, one.opened_by_key_id) == (grant_id, opener.key_id)
    assert one.uses_left == one.persons * one.grant.uses_per_subject - 1
    assert one.agency_id == ("punjab-police" if agency_id == "punjab-prosecution" else agency_id)
    text = str(one)
    for named in (KNOWN, "9/2026", "PK-PB"):
        assert named not in text
    # Neither whoever may use it nor another agency of its kind lists it.
    assert all(not listed(services, other) for other in (NPB, "karachi-special-court", COURT) if other != agency_id)
    services.ask(call_of(AGENCIES[agency_id]), withdrawal(grant_id))
    assert listed(services, agency_id) == []


def test_what_is_over_or_was_opened_with_a_compromised_key_is_not_listed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener, rogue = enrolled(services, COURT, 1), enrolled(services, COURT, 2)
    grant_id, _ = case(services, opener)
    case(services, rogue)
    assert len(listed(services, COURT)) == 2
    disable(services, rogue, COMPROMISED)
    (one,) = listed(services, COURT)
    assert one.grant.grant_id == grant_id
    due = one.grant.expiry.due_time.ToDatetime(dt.UTC)
    monkeypatch.setattr(DirectorySnapshot, "now", lambda _: due)
    assert listed(services, COURT) == []


def test_pages_are_whole_and_a_token_of_something_else_is_refused(services: Services) -> None:
    opener = enrolled(services, COURT, 1)
    ids = {case(services, opener)[0] for _ in range(5)}
    found = [each.grant.grant_id for each in listed(services, COURT, 2)]
    assert (len(found), set(found)) == (5, ids)
    foreign, _ = ticket(services, enrolled(services, NPB, 1))
    for token in (foreign.replace("-", ""), str(uuid.uuid4()).replace("-", ""), "00", "zz"):
        request = grants_pb2.ListGrantsRequest(page_token=token)
        refused = services.refused(errors.InvalidFields, call_of(AGENCIES[COURT]), request)
        assert violations(refused) == [("page_token", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID)]


COUNTED_NO_MORE = "a look-up rests on a grant, ticket or court case that counted no more"


@pytest.fixture
def found(database: Database, keyring: Keyring) -> Callable[[], int]:
    """How often `ledger verify` says that of a look-up."""

    def count() -> int:
        with database.connect() as conn:
            return verifying.findings(conn, keyring).count(COUNTED_NO_MORE)

    return count


def test_a_withdrawal_that_was_hidden_for_one_look_up_is_found(services: Services, found: Callable[[], int]) -> None:
    # The owner of the database takes the row away that the look-up reads, and puts it back: every row is as it was.
    grant_id, shown = case(services, enrolled(services, COURT, 1))
    assert shown() == "NO_RECORD"
    services.ask(call_of(AGENCIES[COURT]), withdrawal(grant_id))
    assert shown() == "GRANT_WITHDRAWN"
    assert found() == 0
    with services.database.owner() as owner:
        (kept,) = owner.execute("DELETE FROM access_grant_withdrawal RETURNING *")
    assert shown() == "NO_RECORD"
    with services.database.owner() as owner:
        owner.execute("INSERT INTO access_grant_withdrawal VALUES (%s, %s, %s, %s, %s)", kept)
    assert found() == 1


def test_a_compromised_key_whose_case_went_on_is_found(
    services: Services, found: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server obeys no directory that lacks a row; if it were made to, the entries would still say so.
    rogue = enrolled(services, COURT, 1)
    _, shown = case(services, rogue)
    disable(services, rogue, COMPROMISED)
    assert shown() == "GRANT_WITHDRAWN"
    assert found() == 0
    monkeypatch.setattr(directory, "compromised", lambda _: {})
    services.directory.current = replace(services.directory.current, version=0, compromised={})
    assert shown() == "NO_RECORD"
    assert found() == 1
