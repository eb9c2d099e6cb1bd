"""The owner of the database changes what a call reads, has the call made, and puts everything back.

No row that is stored shows it afterwards. Either the server doesn't answer from what was changed, or `ledger verify`
says that the answer isn't the one that the register owed.
"""

import contextlib
import uuid
from dataclasses import replace

import pytest

from nsor.v1 import (
    access_requests_pb2,
    directory_pb2,
    grants_pb2,
    lookup_pb2,
    notification_pb2,
    options_pb2,
    registration_pb2,
    reviews_pb2,
    types_pb2,
)
from nsor_server import errors
from nsor_server.calls import Call
from nsor_server.events.deliverer import deliver
from nsor_server.ledger import keyring_check
from nsor_server.rpc.handlers import Streamed
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.session import Session
from tests.agencies import LAHORE_COURT, NPB, PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.lookup.conftest import make_call, request_of
from tests.lookup.test_access_requests import AccessRequests
from tests.notification.test_notice import EXPECTED, notice
from tests.orders import Created, cnic, conviction, day, order, suspects
from tests.services import Services

Request = lookup_pb2.LookUpRegistrationRequest
NO_RECORD = "the look-up was answered NO_RECORD, and a record stood that it had to show"
OLDER = "the answer showed another version than the newest one"
OWN_CASE = "Sessions Case No. 900/2024"


def confirmed(services: Services, number: str, case_number: str = "Sessions Case No. 123/2022") -> Created:
    created = services.create(order(number, convictions=[conviction(case_number=case_number)]))
    services.confirm(created, case_number=case_number)
    return created


def at_the_border(number: str | types_pb2.TravelDocument) -> tuple[Call, Request]:
    """A look-up of whoever comes to the border, by his CNIC or a document."""
    call = make_call("fia-immigration")
    basis = lookup_pb2.LookUpBasis()
    basis.travel_document.country, basis.travel_document.number = "PK", "AB1234567"
    request = request_of(call, basis, number)
    call.request_id = uuid.UUID(request.request_id).bytes
    return call, request


def look_up(services: Services, number: str | types_pb2.TravelDocument) -> lookup_pb2.LookUpRegistrationResponse:
    response: lookup_pb2.LookUpRegistrationResponse = services.ask(*at_the_border(number)).response
    return response


def is_shown(services: Services, number: str | types_pb2.TravelDocument) -> bool:
    return look_up(services, number).outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND


def opening(services: Services, number: str) -> str:
    """A court opens its case against somebody; gives the case's id."""
    request = grants_pb2.OpenCourtCaseRequest(
        request_id=str(uuid.uuid4()),
        court_case=conviction(case_number=OWN_CASE).court_case,
        persons=suspects(number),
    )
    grant: grants_pb2.Grant = services.ask(call_of(LAHORE_COURT), request).response.grant
    return grant.grant_id


def in_case(services: Services, case_id: str, number: str) -> str:
    """The registration that a look-up in an opened case shows, or nothing."""
    call = make_call("lahore-special-court", options_pb2.PURPOSE_TRIAL)
    request = request_of(call, lookup_pb2.LookUpBasis(court_case_id=case_id), number)
    call.request_id = uuid.UUID(request.request_id).bytes
    shown: registration_pb2.Registration = services.ask(call, request).response.registration
    return shown.registration_id


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ("registration_identifier", "true"),
        ("registration_claim", "true"),
        ("registration_key", "true"),
        ("registration_version", "version = 2"),
    ],
)
def test_a_person_who_was_hidden_from_a_look_up_is_found(
    services: Services, owner: Owner, table: str, where: str
) -> None:
    # A look-up that was answered NO_RECORD contradicts the history of the register, whatever hid the record.
    number = cnic()
    confirmed(services, number)
    assert is_shown(services, number)
    with owner.without(table, where):
        assert not is_shown(services, number)
    assert is_shown(services, number)
    assert owner.findings() == [NO_RECORD]


def test_a_person_who_was_hidden_from_a_look_up_by_a_document_is_found(services: Services, owner: Owner) -> None:
    passport = types_pb2.TravelDocument(country="PK", number="CD1234567", kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT)
    request = order()
    request.person.travel_documents.append(passport)
    services.confirm(services.create(request))
    # Another one with his passport, and a number of his own by which alone he is found.
    later = order(convictions=[conviction(case_number=OWN_CASE)])
    later.person.travel_documents.append(passport)
    services.confirm(services.create(later), case_number=OWN_CASE)
    assert is_shown(services, passport)
    assert is_shown(services, later.person.cnic)
    assert owner.findings() == []
    with owner.without("registration_identifier", f"kind = {reviews_pb2.IDENTIFIER_KIND_PASSPORT:d}"):
        assert not is_shown(services, passport)
    assert owner.findings() == [NO_RECORD]


def test_a_person_who_was_marked_as_held_for_one_look_up_is_found(services: Services, owner: Owner) -> None:
    # The column hides him without any row being opened.
    number = cnic()
    confirmed(services, number)
    with owner.changing(
        "UPDATE registration_claim SET cnic_held = true", "UPDATE registration_claim SET cnic_held = false"
    ):
        assert not is_shown(services, number)
    assert owner.findings() == [NO_RECORD]


def test_a_held_registration_is_not_shown_by_a_changed_column(
    services: Services, owner: Owner, caplog: pytest.LogCaptureFixture
) -> None:
    # What a look-up shows proves by its sealed claim that it isn't held. The first is hidden, so that the second shows.
    number = cnic()
    first = confirmed(services, number)
    confirmed(services, number, OWN_CASE)
    with (
        owner.without("registration_claim", f"registration_id = '{first.registration_id}'"),
        owner.changing(
            "UPDATE registration_claim SET cnic_held = false", "UPDATE registration_claim SET cnic_held = true"
        ),
        pytest.raises(errors.Internal),
    ):
        look_up(services, number)
    assert "a column of registration_claim contradicts the sealed record" in caplog.text
    assert owner.findings() == []


@pytest.mark.parametrize("shows", ["look-up", "GetRegistration"])
def test_an_older_version_that_was_shown_is_found(services: Services, owner: Owner, shows: str) -> None:
    # The newest version is taken away for one call, so that the one before it is shown, whole and sealed.
    number = cnic()
    created = confirmed(services, number)
    services.ask(call_of(PUNJAB_POLICE), notice(created))
    with owner.without("registration_version", "version = 3"):
        if shows == "look-up":
            assert is_shown(services, number)
        else:
            services.get(created.registration_id, NPB)
    assert is_shown(services, number)
    services.get(created.registration_id, NPB)
    assert owner.findings() == [OLDER]


def test_an_access_request_of_which_an_older_version_was_shown_is_found(services: Services, owner: Owner) -> None:
    # Whoever asked is shown his request as if it waited, and not as it was decided.
    requests = AccessRequests(services)
    asked = requests.created()
    requests.approve(asked.access_request_id, asked.etag)
    with owner.without("access_request_version", "version = 2"):
        assert requests.get(asked.access_request_id).state == access_requests_pb2.ACCESS_REQUEST_STATE_PENDING
    assert requests.get(asked.access_request_id).state == access_requests_pb2.ACCESS_REQUEST_STATE_APPROVED
    assert owner.findings() == [OLDER]


def test_a_collision_that_a_confirmation_did_not_see_is_found(services: Services, owner: Owner) -> None:
    # Without the first one's identifiers the second isn't held: the court's record of the first would be shadowed.
    number = cnic()
    confirmed(services, number)
    with owner.without("registration_identifier", "true"):
        confirmed(services, number, OWN_CASE)
    assert owner.findings() == ["a claim doesn't say which of its identifiers an earlier registration had"]


def test_a_confirmation_that_claims_nothing_is_found(services: Services, owner: Owner) -> None:
    # A trigger takes the new rows away; the owner adds them later.
    number = cnic()
    created = services.create(order(number))
    owner.does(
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER nothing BEFORE INSERT ON registration_identifier FOR EACH ROW EXECUTE FUNCTION nothing()",
    )
    services.confirm(created)
    owner.does("DROP TRIGGER nothing ON registration_identifier", "DROP FUNCTION nothing")
    assert not is_shown(services, number)
    ((kind, key_id, blind),) = [(1, *services.blind_index.primary("cnic", number))]
    assert kind == reviews_pb2.IDENTIFIER_KIND_CNIC
    owner.conn.execute(
        "INSERT INTO registration_identifier VALUES (%s, %s, %s, %s)", (created.key, kind, key_id, blind)
    )
    assert is_shown(services, number)
    assert owner.findings() == [NO_RECORD]


def test_a_look_up_is_not_repeated_for_longer_by_a_moved_time(services: Services, owner: Owner) -> None:
    # A repeat costs nothing and shows what stands now: whoever moves the time of the first answer gets no repeat.
    number = cnic()
    confirmed(services, number)
    call, request = at_the_border(number)
    services.ask(call, request)
    again, _ = at_the_border(number)
    again.officer = call.officer
    again.request_id = call.request_id
    services.ask(again, request)
    moved = "UPDATE look_up SET answered_us = answered_us {} 3600000000"
    with owner.changing(moved.format("+"), moved.format("-")), pytest.raises(errors.RequestIdReused):
        services.ask(again, request)
    assert owner.findings() == []


def test_a_record_that_was_hidden_from_its_own_case_is_found(services: Services, owner: Owner) -> None:
    # A held registration is shown on its own case alone: whoever hides the case hides it.
    number = cnic()
    confirmed(services, number)
    created = services.create(order(number, convictions=[conviction(case_number=OWN_CASE)]))
    services.confirm(created, case_number=OWN_CASE)
    case_id = opening(services, number)
    assert in_case(services, case_id, number) == created.registration_id
    with owner.without("registration_case", f"registration_id = '{created.registration_id}'"):
        assert in_case(services, case_id, number) != created.registration_id
    assert owner.findings() == ["the look-up showed another registration than it had to"]


def test_a_rotation_of_keys_contradicts_no_answer(
    database: Database, services: Services, owner: Owner, keyring: Keyring
) -> None:
    # A case that was opened before the rotation knows its blind index under the old keys alone: what was confirmed
    # since isn't found by it. That is an answer, and no finding.
    number = cnic()
    confirmed(services, number)
    opened = [opening(services, number)]
    rotated = keyring.rotated()
    with database.owner() as conn:
        keyring_check.record(conn, keyring)
        keyring_check.record(conn, rotated)
    with Services(database, rotated) as later:
        created = later.create(order(number, convictions=[conviction(case_number=OWN_CASE)]))
        later.confirm(created, case_number=OWN_CASE)
        opened.append(opening(later, number))
        shown = [in_case(later, case_id, number) for case_id in opened]
        assert [each == created.registration_id for each in shown] == [False, True]
    assert replace(owner, keyring=rotated).findings() == []


SECOND = "agency_id = 'npb' AND sequence = 2"
KIND = f"UPDATE agency_event SET kind = kind {{}} 1 WHERE {SECOND}"  # noqa: S608 - constants


def told(services: Services, after: int = 0) -> list[int]:
    """What kinds of events the next message of NPB's stream tells; it is recorded as the front door records it."""
    call, request = call_of(NPB), notification_pb2.SubscribeEventsRequest(after_sequence=after)
    services.admit(call, request)
    handler = call.route.handler
    assert isinstance(handler, Streamed)
    with contextlib.closing(services.database.writer()) as conn:
        deliver(Session(conn))
    with services.database.reading() as conn:
        step = handler.after(call, handler.start(call, request, conn), conn)
    assert step is not None
    call.outcome, call.answer = step.outcome, step.outcome.response.SerializeToString()
    services.writer.submit(call)
    return [event.kind for event in step.outcome.response.events]


@pytest.fixture
def events(services: Services) -> list[int]:
    """NPB was told of two events and of a third."""
    created = services.create(order(cnic()))
    services.confirm(created)
    services.ask(call_of(PUNJAB_POLICE), notice(created, timing=EXPECTED, event_date=day(2026, 4, 1)))
    kinds = told(services)
    assert len(kinds) == 3
    return kinds


def test_an_event_that_is_not_what_its_entry_owed_is_not_told(
    services: Services, owner: Owner, events: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    with owner.changing(KIND.format("+"), KIND.format("-")), pytest.raises(errors.Unavailable):
        told(services)
    assert "an event isn't what its entry owed" in caplog.text
    assert told(services) == events
    assert owner.findings() == []


def test_an_event_that_says_of_another_entry_that_it_was_caused_by_it_is_not_told(
    services: Services, owner: Owner, events: list[int]
) -> None:
    # Where its record stands is written beside it; what is told is still what stands there of this very event.
    other = "UPDATE agency_event SET record_index = record_index {} 1 WHERE agency_id = 'npb' AND sequence = 2"
    with owner.changing(other.format("+"), other.format("-")):
        with pytest.raises(errors.Unavailable):
            told(services)
        assert owner.findings() == ["event 2 of npb isn't numbered as the entries owed it"]
    assert told(services) == events
    assert owner.findings() == []


def test_an_event_whose_record_was_hidden_while_it_was_numbered_is_told_once_that_is_back(
    services: Services, owner: Owner, events: list[int]
) -> None:
    # Where its record stands isn't written beside it then: one moment would end the agency's streams for ever.
    services.create(order(cnic()))
    of_new = (
        "table_name = 'agency_event' AND row_id IN (SELECT uuid_send(event_id) FROM outbox WHERE recipient = 'npb')"
    )
    with owner.without("ledger_record", of_new), pytest.raises(errors.Unavailable):
        told(services)
    assert told(services)[:3] == events
    assert owner.findings() == ["event 4 of npb isn't numbered as the entries owed it"]


def test_an_event_that_is_passed_over_ends_the_stream(services: Services, owner: Owner, events: list[int]) -> None:
    with owner.without("agency_event", SECOND), pytest.raises(errors.Unavailable):
        told(services)
    assert told(services) == events
    assert owner.findings() == []


def test_what_was_told_instead_of_an_event_is_found(services: Services, owner: Owner, events: list[int]) -> None:
    # Together with its record the server can't tell; its entry says what it has told.
    other = (
        "UPDATE ledger_record SET sha256 = sha256(convert_to(jsonb_build_array("
        "event_id, agency_id, kind, registration_id, notice_id, access_request_id, about_agency, judgment_id, "
        "grant_id, registration_ids, unusual_access_ids, to_jsonb(places)"
        ")::text, 'UTF8')) FROM agency_event WHERE row_id = uuid_send(event_id) AND agency_id = 'npb' AND sequence = 2"
    )
    owner.does(KIND.format("+"), other)
    assert told(services) != events
    owner.does(KIND.format("-"), other)
    assert told(services) == events
    assert owner.findings() == ["the events that were told aren't those that the agency was owed"]


LAST = "agency_id = 'npb' AND sequence = 3"


def test_the_newest_event_that_is_hidden_ends_the_stream(
    services: Services, owner: Owner, events: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    # What is left has no gap, and each is what its entry owed; but this process knows that there is another one.
    with owner.without("agency_event", LAST), pytest.raises(errors.Unavailable):
        told(services)
    assert "events are missing that had a number" in caplog.text
    assert told(services) == events
    assert owner.findings() == []


def test_an_acknowledged_event_that_is_hidden_from_a_process_that_has_just_started_ends_the_stream(
    services: Services, owner: Owner, keyring: Keyring, events: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    services.ask(call_of(NPB), notification_pb2.AcknowledgeEventsRequest(through_sequence=3))
    with Services(services.database, keyring) as started:
        with owner.without("agency_event", LAST):
            for after in (0, 1):
                with pytest.raises(errors.Unavailable):
                    told(started, after)
            started.refused(
                errors.Unavailable, call_of(NPB), notification_pb2.AcknowledgeEventsRequest(through_sequence=2)
            )
        assert "events are missing that had a number" in caplog.text
        assert told(started, 1) == events[1:]
        # It has read it, so that it knows of it also without the acknowledgement.
        with owner.without("event_acknowledgement", "agency_id = 'npb'"):
            owner.does("ALTER TABLE kept RENAME TO kept_first")
            with owner.without("agency_event", LAST), pytest.raises(errors.Unavailable):
                told(started, 1)
            owner.does("ALTER TABLE kept_first RENAME TO kept")
    assert owner.findings() == []


@pytest.mark.usefixtures("events")
def test_an_event_that_is_hidden_before_it_has_a_number_is_found_once_others_have_theirs(
    services: Services, owner: Owner
) -> None:
    services.create(order(cnic()))
    with owner.without("outbox", "recipient = 'npb'"):
        services.create(order(cnic()))
        told(services, 3)
    assert owner.findings() == ["an event of npb waits, and later ones were delivered"]
    told(services, 4)
    assert owner.findings() == [f"event {number} of npb isn't numbered as the entries owed it" for number in (5, 4)]


def test_the_newest_event_that_is_hidden_from_a_process_that_has_just_started_is_found(
    services: Services, owner: Owner, keyring: Keyring, events: list[int]
) -> None:
    # It knows of no number yet. Its entry says that there were no more, and an entry before it has told of one.
    with Services(services.database, keyring) as started:
        started.ask(call_of(PUNJAB_POLICE), directory_pb2.ListAgenciesRequest())
        with owner.without("agency_event", LAST):
            assert told(started) == events[:2]
    assert owner.findings() == ["a stream was told that there were no more events, and later ones had been told before"]
