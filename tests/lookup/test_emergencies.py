"""Emergency look-ups: who opens one, what it shows for how long, who hears of it, and what waits for NPB's review."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from nsor.v1 import directory_pb2, emergencies_pb2, errors_pb2, notification_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import directory
from nsor_server.access.contract import field_class, purposes_of
from nsor_server.access.disclosure import WELL_KNOWN
from nsor_server.calls import Agency, Officer, Outcome
from nsor_server.ledger.append import Ledger
from nsor_server.lookup.emergencies.overdue import EmergencyWatch
from nsor_server.lookup.recalls.told import Finder
from nsor_server.registration import claims
from nsor_server.registration.arrivals import store as arrivals
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.session import Statement, ask
from tests import plans
from tests.agencies import NPB, PUNJAB_POLICE, SINDH_POLICE, SPECIAL_COMMITTEE, officer_of
from tests.calls import TRACING, call_of, violations
from tests.lookup.test_withdrawal import disable
from tests.notification.test_counter import absent, erased, sealed, unconfirmed, with_number
from tests.orders import Created, cnic, conviction, day, order
from tests.services import Services

FOUND, NO_RECORD = emergencies_pb2.EMERGENCY_OUTCOME_FOUND, emergencies_pb2.EMERGENCY_OUTCOME_NO_RECORD
JUSTIFIED = emergencies_pb2.EMERGENCY_FINDING_JUSTIFIED
HARMLESS = emergencies_pb2.EMERGENCY_FINDING_NO_IMMINENT_HARM
OPENED = notification_pb2.EVENT_KIND_EMERGENCY_OPENED
LOOKED_UP = notification_pb2.EVENT_KIND_EMERGENCY_LOOKED_UP
REVIEWED = notification_pb2.EVENT_KIND_EMERGENCY_REVIEWED
OVERDUE = notification_pb2.EVENT_KIND_EMERGENCY_REVIEW_OVERDUE
HEARING = sorted(["npb", "punjab-police", "punjab-prosecution", "sindh-police", "sindh-prosecution"])
STATION = "PK-PB/LHR/PS-001"


class Clock:
    """How far the database's clock is ahead of what it says."""

    ahead: dt.timedelta = dt.timedelta()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clock_of(monkeypatch)


def clock_of(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that the tests set: that of the directory, and that of the ledger's entries."""
    clock, now, head = Clock(), directory.DirectorySnapshot.now, Ledger.head

    def later(ledger: Ledger, session: Any, locked: Any) -> Any:
        found = head(ledger, session, locked)
        return replace(found, now_us=found.now_us + clock.ahead // dt.timedelta(microseconds=1))

    monkeypatch.setattr(directory.DirectorySnapshot, "now", lambda snapshot: now(snapshot) + clock.ahead)
    monkeypatch.setattr(Ledger, "head", later)
    return clock


@pytest.fixture
def officer(services: Services) -> Officer:
    return services.enrolled(officer_of(PUNJAB_POLICE))


def opening(number: str, **fields: Any) -> emergencies_pb2.OpenEmergencyLookUpRequest:
    return emergencies_pb2.OpenEmergencyLookUpRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "cnic": number,
            "harm": emergencies_pb2.IMMINENT_HARM_CHILD_TAKEN,
            "station": STATION,
            **fields,
        }
    )


def opened(services: Services, officer: Officer, number: str) -> str:
    emergency_id: str = services.ask(call_of(PUNJAB_POLICE, officer), opening(number)).response.emergency_id
    return emergency_id


def reading(emergency_id: str, number: str) -> emergencies_pb2.LookUpInEmergencyRequest:
    return emergencies_pb2.LookUpInEmergencyRequest(emergency_id=emergency_id, cnic=number)


def read(services: Services, officer: Officer, emergency_id: str, number: str) -> Outcome[Any]:
    return services.ask(call_of(PUNJAB_POLICE, officer), reading(emergency_id, number))


def review(
    services: Services, emergency_id: str, finding: emergencies_pb2.EmergencyFinding.ValueType = JUSTIFIED
) -> Outcome[Any]:
    reviewer = services.enrolled(officer_of(NPB))
    return services.ask(call_of(NPB, reviewer), reviewing(emergency_id, finding))


def reviewing(
    emergency_id: str, finding: emergencies_pb2.EmergencyFinding.ValueType = JUSTIFIED
) -> emergencies_pb2.ReviewEmergencyLookUpRequest:
    return emergencies_pb2.ReviewEmergencyLookUpRequest(
        request_id=str(uuid.uuid4()), emergency_id=emergency_id, finding=finding
    )


def listed(services: Services, agency: Agency, *places: str, **fields: Any) -> list[str]:
    acting = officer_of(agency, *places)
    request = emergencies_pb2.ListEmergencyLookUpsRequest(**fields)
    found: list[str] = []
    while True:
        page = services.ask(call_of(agency, acting), request).response
        found += [each.emergency_id for each in page.items]
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


def denied(services: Services, officer: Officer, request: Message, agency: Agency = PUNJAB_POLICE) -> str:
    refusal = services.refused(errors.Denied, call_of(agency, officer), request)
    return errors_pb2.ErrorReason.Name(refusal.reason).removeprefix("ERROR_REASON_")


def with_much(services: Services, number: str, **fields: Any) -> Created:
    """A record of which much is known."""
    request = order(number, convictions=[conviction(case_number="Sessions Case No. 77/2022")], **fields)
    request.person.mobile_numbers.append("+923001234567")
    request.person.travel_documents.add(number="AB7654321", country="PK")
    old = request.addresses.add()
    old.CopyFrom(request.addresses[0])
    old.kind, old.place_code = types_pb2.ADDRESS_KIND_PERMANENT, "PK-PB/MUL/PS-001"
    created = services.create(request)
    services.confirm(created, case_number="Sessions Case No. 77/2022")
    return created


def shown_fields(message: Message, path: str = "") -> Iterator[tuple[str, FieldDescriptor]]:
    """Every field that is set, at any depth, but those of dates and times."""
    for field, value in message.ListFields():
        yield f"{path}{field.name}", field
        inner = field.message_type
        if inner is not None and inner.full_name not in WELL_KNOWN:
            for each in value if field.is_repeated else [value]:
                yield from shown_fields(each, f"{path}{field.name}.")


def test_it_shows_who_he_is_and_where_he_lived_and_nothing_of_his_case(services: Services, officer: Officer) -> None:
    number = cnic()
    created = with_much(services, number)
    answer = read(services, officer, opened(services, officer, number), number).response
    assert (answer.outcome, answer.person.registration_id) == (FOUND, created.registration_id)
    assert answer.person.person.cnic == number
    assert answer.person.last_address.place_code == STATION
    assert list(answer.person.appeal_states) == [types_pb2.APPEAL_STATE_UNSPECIFIED]
    fields = dict(shown_fields(answer))
    emergency = options_pb2.PURPOSE_EMERGENCY
    assert all(emergency in purposes_of(field_class(field)) for field in fields.values())
    for part in ("mobile", "travel_documents", "nationality", "conviction", "fir", "custody", "etag"):
        assert not any(part in path for path in fields)
    for hidden in ("+923001234567", "AB7654321", "PK-PB/MUL", "77/2022", "PPC-"):
        assert hidden not in str(answer)


def test_nothing_that_nobody_has_marked_for_an_emergency_leaves(services: Services, officer: Officer) -> None:
    # Whatever the handler puts into the answer: what isn't of a class for an emergency is dropped, unknown fields too.
    number = cnic()
    with_much(services, number)
    outcome = read(services, officer, opened(services, officer, number), number)
    shown = {
        options_pb2.FieldClass.Name(options_pb2.FieldClass.ValueType(each)) for each in outcome.detail.classes_shown
    }
    assert shown == {f"FIELD_CLASS_{name}" for name in ("ALWAYS", "IDENTITY", "MARKS", "LAST_ADDRESS")}
    of_an_emergency = {
        options_pb2.FieldClass.Name(options_pb2.FieldClass.ValueType(number))
        for number in options_pb2.FieldClass.values()
        if options_pb2.PURPOSE_EMERGENCY in purposes_of(options_pb2.FieldClass.ValueType(number))
    }
    assert of_an_emergency == shown


def test_of_a_record_that_could_lead_to_a_victim_the_address_stays_hidden(services: Services, officer: Officer) -> None:
    number = cnic()
    with_much(services, number, heightened_handling=True)
    outcome = read(services, officer, opened(services, officer, number), number)
    assert outcome.response.person.heightened_handling
    assert outcome.response.person.person.cnic == number
    assert not outcome.response.person.HasField("last_address")
    assert options_pb2.FIELD_CLASS_LAST_ADDRESS not in outcome.detail.classes_shown


def test_a_passport_names_him_too(services: Services, officer: Officer) -> None:
    created = with_number(services, cnic(), "AB1234567")
    document = types_pb2.TravelDocument(number="AB1234567", country="PK")
    request = opening("", travel_document=document)
    emergency_id = services.ask(call_of(PUNJAB_POLICE, officer), request).response.emergency_id
    of = emergencies_pb2.LookUpInEmergencyRequest(emergency_id=emergency_id, travel_document=document)
    answer = services.ask(call_of(PUNJAB_POLICE, officer), of).response
    assert answer.person.registration_id == created.registration_id
    both = opening(cnic(), travel_document=document)
    for wrong in (both, opening("")):
        refused = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE, officer), wrong)
        assert ("cnic", errors_pb2.FIELD_REASON_EXACTLY_ONE) in violations(refused)


def held(services: Services, number: str) -> None:
    # The first one that had the number has fallen since: the other is held until NPB has decided.
    of = conviction(case_number="Sessions Case No. 9/2021")
    first = services.create(order(number, convictions=[of]))
    services.confirm(first, case_number=of.court_case.case_number)
    with_number(services, number)
    services.judge(of, "APPEAL_FILED")
    services.judge(of, "SET_ASIDE")


def juvenile(services: Services, number: str) -> None:
    request = order(number)
    request.person.birth_date.CopyFrom(day(2007, 1, 1))
    services.confirm(services.create(request))


@pytest.mark.parametrize("kind", [absent, unconfirmed, sealed, held, juvenile, erased])
def test_every_kind_of_no_record_is_one_answer(
    services: Services, officer: Officer, kind: Callable[[Services, str], None]
) -> None:
    number = cnic()
    kind(services, number)
    emergency_id = opened(services, officer, number)
    before = services.rows()["outbox"]
    outcome = read(services, officer, emergency_id, number)
    assert outcome.response == emergencies_pb2.LookUpInEmergencyResponse(outcome=NO_RECORD)
    assert outcome.detail.outcome == "NO_RECORD"
    assert list(outcome.detail.subjects) == [uuid.UUID(emergency_id).bytes]
    assert services.rows()["outbox"] - before == len(HEARING)


def told(services: Services) -> dict[str, bytes]:
    """Whom the readings so far are told, with the registrations."""
    recipients = services.owed(LOOKED_UP)
    return {
        each: services.one(
            "SELECT string_agg(registration_ids, '') FROM outbox WHERE kind = %s AND recipient = %s", LOOKED_UP, each
        )
        for each in recipients
    }


def test_who_may_own_records_hears_of_it_whether_or_not_anything_was_found(
    services: Services, officer: Officer
) -> None:
    # One message to each, also when nobody was found: no count and no tree tells anybody that somebody was.
    number = cnic()
    emergency_id = opened(services, officer, number)
    assert services.owed(OPENED) == ["npb"]
    read(services, officer, emergency_id, number)
    assert services.owed(LOOKED_UP) == HEARING
    assert told(services) == dict.fromkeys(HEARING, b"")
    review(services, emergency_id)
    created = with_number(services, number)
    read(services, officer, opened(services, officer, number), number)
    assert services.owed(LOOKED_UP) == sorted(HEARING * 2)
    shown = uuid.UUID(created.registration_id).bytes
    # He was released: the police of his place own the record.
    assert told(services) == {**dict.fromkeys(HEARING, b""), "npb": shown, "punjab-police": shown}


def test_until_his_release_it_is_the_prosecution_that_hears_whose_record_it_is(
    services: Services, officer: Officer
) -> None:
    number = cnic()
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id="punjab-prisons")
    created = services.create(order(number, custody=custody))
    services.confirm(created)
    read(services, officer, opened(services, officer, number), number)
    shown = uuid.UUID(created.registration_id).bytes
    assert told(services) == {**dict.fromkeys(HEARING, b""), "npb": shown, "punjab-prosecution": shown}


def test_whoever_read_it_is_found_when_it_turns_out_wrong(
    services: Services, officer: Officer, keyring: Keyring
) -> None:
    number = cnic()
    created = with_number(services, number)
    read(services, officer, opened(services, officer, number), number)
    with services.database.reading() as conn:
        ((size,),) = conn.execute("SELECT size FROM ledger_head").fetchall()
        found = Finder(keyring).told(conn, uuid.UUID(created.registration_id).bytes, size)
    (one,) = [each for each in found if each.purpose == options_pb2.PURPOSE_EMERGENCY]
    assert (one.agency, one.officer_number) == ("punjab-police", officer.officer_number)
    assert options_pb2.FIELD_CLASS_LAST_ADDRESS in one.classes


@pytest.mark.parametrize("fields", [{"grade": 16}, {"decides": False}, {"system": True}])
def test_without_the_role_nobody_opens_one(services: Services, officer: Officer, fields: dict[str, Any]) -> None:
    assert denied(services, replace(officer, **fields), opening(cnic())) == "EMERGENCY_ROLE_NEEDED"


@pytest.mark.parametrize("fields", [{"grade": 16}, {"decides": False}])
def test_who_has_lost_the_role_reads_on_by_none_that_is_open(
    services: Services, officer: Officer, fields: dict[str, Any]
) -> None:
    number = cnic()
    with_number(services, number)
    emergency_id = opened(services, officer, number)
    without = services.enrolled(replace(officer_of(PUNJAB_POLICE), officer_number=officer.officer_number, **fields))
    refused = services.refused(errors.Denied, call_of(PUNJAB_POLICE, without), reading(emergency_id, number))
    assert refused.reason == errors_pb2.ERROR_REASON_EMERGENCY_ROLE_NEEDED
    assert read(services, officer, emergency_id, number).response.outcome == FOUND


def test_who_acts_elsewhere_by_now_reads_on_by_none_that_is_open(services: Services, officer: Officer) -> None:
    number = cnic()
    emergency_id = opened(services, officer, number)
    moved = replace(officer_of(PUNJAB_POLICE, "PK-PB/MUL"), officer_number=officer.officer_number)
    moved = services.enrolled(moved)
    refused = services.refused(errors.Denied, call_of(PUNJAB_POLICE, moved), reading(emergency_id, number))
    assert refused.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION
    assert read(services, officer, emergency_id, number).response.outcome == NO_RECORD


def test_it_is_opened_where_the_officer_acts(services: Services) -> None:
    assert denied(services, officer_of(PUNJAB_POLICE, "PK-PB/MUL"), opening(cnic())) == "OUTSIDE_JURISDICTION"
    assert denied(services, officer_of(SINDH_POLICE), opening(cnic()), SINDH_POLICE) == "OUTSIDE_JURISDICTION"


def test_a_trial_run_opens_nothing(services: Services, officer: Officer) -> None:
    before = services.rows()
    answer = services.ask(call_of(PUNJAB_POLICE, officer), opening(cnic(), validate_only=True)).response
    assert answer == emergencies_pb2.OpenEmergencyLookUpResponse()
    assert services.rows() == before


def test_it_is_his_who_opened_it_and_for_that_person(services: Services, officer: Officer) -> None:
    number, other = cnic(), cnic()
    with_number(services, number)
    with_number(services, other)
    emergency_id = opened(services, officer, number)
    colleague = services.enrolled(officer_of(PUNJAB_POLICE))
    nobodys = services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, officer), reading(str(uuid.uuid4()), number))
    for who, agency, asked in (
        (officer, PUNJAB_POLICE, other),
        (colleague, PUNJAB_POLICE, number),
        (officer_of(SINDH_POLICE), SINDH_POLICE, number),
    ):
        refused = services.refused(errors.NoRecord, call_of(agency, who), reading(emergency_id, asked))
        assert repr(refused) == repr(nobodys)
    assert read(services, officer, emergency_id, number).response.outcome == FOUND


def test_it_lives_for_fifteen_minutes(services: Services, officer: Officer, clock: Clock) -> None:
    number = cnic()
    with_number(services, number)
    answer = services.ask(call_of(PUNJAB_POLICE, officer), opening(number)).response
    deadline = answer.access_deadline
    assert deadline.due_time.seconds - deadline.start_time.seconds == 15 * 60
    assert not deadline.verified
    clock.ahead = dt.timedelta(minutes=14)
    assert read(services, officer, answer.emergency_id, number).response.outcome == FOUND
    clock.ahead = dt.timedelta(minutes=15)
    assert denied(services, officer, reading(answer.emergency_id, number)) == "EMERGENCY_OVER"


def test_within_them_it_is_read_again_some_times(services: Services, officer: Officer) -> None:
    number = cnic()
    with_number(services, number)
    emergency_id = opened(services, officer, number)
    for _ in range(5):
        assert read(services, officer, emergency_id, number).response.outcome == FOUND
    with pytest.raises(errors.Exhausted) as refused:
        read(services, officer, emergency_id, number)
    assert refused.value.reason == errors_pb2.ERROR_REASON_BUDGET_EMPTY


def test_two_readings_at_once_are_both_answered_and_both_count(services: Services, officer: Officer) -> None:
    # Both have been decided before the first one is written: each has taken the same number.
    number = cnic()
    with_number(services, number)
    emergency_id = opened(services, officer, number)
    ended = services.at_once(
        *((call_of(PUNJAB_POLICE, officer), reading(emergency_id, number)) for _ in range(2)), together=False
    )
    assert [isinstance(each, Outcome) and each.response.outcome for each in ended] == [FOUND, FOUND]
    assert services.rows("emergency_reading")["emergency_reading"] == 2


def test_a_request_that_is_sent_again_opens_no_other_one(services: Services, officer: Officer) -> None:
    request = opening(cnic())
    first = services.ask(call_of(PUNJAB_POLICE, officer), request).response
    again = call_of(PUNJAB_POLICE, officer)
    services.ask(again, request)
    assert emergencies_pb2.OpenEmergencyLookUpResponse.FromString(again.answer) == first
    assert services.rows()["emergency"] == 1
    assert services.owed(OPENED) == ["npb"]


def test_an_unreviewed_one_blocks_its_officer_and_once_overdue_his_agency(
    services: Services, officer: Officer, clock: Clock
) -> None:
    colleague = services.enrolled(officer_of(PUNJAB_POLICE))
    first = opened(services, officer, cnic())
    assert denied(services, officer, opening(cnic())) == "EMERGENCY_UNREVIEWED"
    second = opened(services, colleague, cnic())
    clock.ahead = dt.timedelta(hours=24)
    third = services.enrolled(officer_of(PUNJAB_POLICE))
    assert denied(services, third, opening(cnic())) == "EMERGENCY_REVIEWS_OVERDUE"
    sindh = services.enrolled(officer_of(SINDH_POLICE))
    assert services.ask(call_of(SINDH_POLICE, sindh), opening(cnic(), station="PK-SD/KHI/PS-001")).response.emergency_id
    assert review(services, first).response.late
    assert denied(services, third, opening(cnic())) == "EMERGENCY_REVIEWS_OVERDUE"
    review(services, second)
    assert opened(services, third, cnic())
    assert opened(services, officer, cnic())


def test_a_new_key_under_his_number_is_the_same_officer(services: Services, officer: Officer) -> None:
    number = cnic()
    emergency_id = opened(services, officer, number)
    renewed = services.enrolled(replace(officer_of(PUNJAB_POLICE), officer_number=officer.officer_number))
    assert denied(services, renewed, opening(cnic())) == "EMERGENCY_UNREVIEWED"
    assert read(services, renewed, emergency_id, number).response.outcome == NO_RECORD
    # What was opened with a key that turned out to be compromised is nobody's.
    disable(services, officer, directory_pb2.DISABLE_REASON_KEY_COMPROMISED)
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, renewed), reading(emergency_id, number))


@pytest.mark.parametrize("together", [True, False])
def test_of_two_that_are_opened_at_once_one_waits_for_the_other(
    services: Services, officer: Officer, *, together: bool
) -> None:
    # Both have been decided before the first one is written, as by two processes.
    ended = services.at_once(
        (call_of(PUNJAB_POLICE, officer), opening(cnic())),
        (call_of(PUNJAB_POLICE, officer), opening(cnic())),
        together=together,
    )
    refusals = [each for each in ended if isinstance(each, errors.Denied)]
    assert [each.reason for each in refusals] == [errors_pb2.ERROR_REASON_EMERGENCY_UNREVIEWED]
    assert services.rows()["emergency"] == 1


def test_one_that_was_not_justified_is_over(services: Services, officer: Officer) -> None:
    number = cnic()
    with_number(services, number)
    emergency_id = opened(services, officer, number)
    before = call_of(PUNJAB_POLICE, officer)
    reviewer = services.enrolled(officer_of(NPB))
    reviewed, answered = services.at_once(
        (call_of(NPB, reviewer), reviewing(emergency_id, HARMLESS)),
        (before, reading(emergency_id, number)),
        together=False,
    )
    # What was read before the review, and is recorded after it, shows nobody.
    assert isinstance(reviewed, Outcome)
    assert isinstance(answered, errors.Denied)
    assert denied(services, officer, reading(emergency_id, number)) == "EMERGENCY_OVER"
    assert services.owed(REVIEWED) == ["punjab-police"]


def test_a_justified_one_is_read_on(services: Services, officer: Officer) -> None:
    number = cnic()
    with_number(services, number)
    emergency_id = opened(services, officer, number)
    assert not review(services, emergency_id).response.late
    assert read(services, officer, emergency_id, number).response.outcome == FOUND


def test_it_is_reviewed_once(services: Services, officer: Officer) -> None:
    emergency_id = opened(services, officer, cnic())
    review(services, emergency_id)
    reviewer = services.enrolled(officer_of(NPB))
    services.refused(errors.WrongState, call_of(NPB, reviewer), reviewing(emergency_id, HARMLESS))
    services.refused(errors.NoRecord, call_of(NPB, reviewer), reviewing(str(uuid.uuid4())))


def a_watch(services: Services, keyring: Keyring) -> EmergencyWatch:
    services.directory.reload()
    return EmergencyWatch(services.database, services.writer, services.directory, TRACING, keyring)


@pytest.fixture
def watching(services: Services, keyring: Keyring) -> Iterator[EmergencyWatch]:
    watch = a_watch(services, keyring)
    yield watch
    watch.stop()


def test_a_review_that_is_overdue_is_told_once(
    services: Services, officer: Officer, clock: Clock, watching: EmergencyWatch
) -> None:
    first = opened(services, officer, cnic())
    second = opened(services, services.enrolled(officer_of(PUNJAB_POLICE)), cnic())
    watching.look()
    assert services.owed(OVERDUE) == []
    review(services, second)
    clock.ahead = dt.timedelta(hours=25)
    watching.look()
    watching.look()
    assert services.owed(OVERDUE) == ["npb", "punjab-police", SPECIAL_COMMITTEE.agency_id]
    assert services.rows()["emergency_overdue"] == 1
    assert review(services, first).response.late


@pytest.mark.new_database
def test_whoever_is_not_shown_is_read_alike(services: Services) -> None:
    # Who is absent, sealed, held or a child at every offence is one answer, and takes the same: the same tables are
    # read, as often.
    gone, child = cnic(), cnic()
    sealed(services, gone)
    request = order(child)
    request.person.birth_date.year = 2004
    services.confirm(services.create(request))
    read = [touched(services, number) for number in (cnic(), gone, child)]
    assert read[1:] == [read[0]] * 2
    assert {"registration_version", "registration_claim", "registration_key"} <= read[0].keys()


def test_who_is_read_where_nobody_has_a_number_follows_from_it(services: Services) -> None:
    # A call reads him three times, and whoever has the number likewise: what was read a moment ago is read quicker.
    for sql in (arrivals._SHOWN.sql.decode(), arrivals._COUNT.sql.decode(), arrivals.NUMBER.current):
        assert "random" not in sql
        assert "substring(" in sql
    ((_, blind), *_) = services.blind_index.values("cnic", cnic())
    start = Statement(b"start", f"SELECT {arrivals._START.format(blind='$1::bytea')}".encode())
    with services.database.reading() as conn:
        assert ask(conn, start, blind) == [(blind[:16],)]


def touched(services: Services, number: str) -> Counter[str]:
    """How often each table is read for a number: who has it, and what of them has changed."""
    parameters = arrivals._parameters(services.blind_index, claims.of_cnic(number))
    read = plans.touched(services.database, arrivals._SHOWN, *parameters)
    return read + plans.touched(services.database, arrivals._COUNT, *parameters)
