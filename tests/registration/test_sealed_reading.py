"""Reading what is sealed: two officers of NPB, for a short time, and the Committee hears of each reading."""

import datetime as dt
import uuid

import pytest

from nsor.v1 import errors_pb2, notification_pb2, sealed_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Officer
from nsor_server.registration.sealed import rules
from tests import sides
from tests.agencies import NPB, PUNJAB_PROSECUTION, SPECIAL_COMMITTEE, officer_of
from tests.attack.conftest import Owner, owner
from tests.calls import call_of
from tests.orders import Created, cnic, conviction, day, order
from tests.services import Services, sealed_rows_are_listed

__all__ = ["owner"]

Get = sealed_pb2.GetSealedRegistrationRequest
OPENED = notification_pb2.EVENT_KIND_SEALED_READING_OPENED
READ = notification_pb2.EVENT_KIND_SEALED_REGISTRATION_READ
ABSENT = "00000000-0000-4000-8000-000000000000"


def proposing(registration_id: str, *, validate_only: bool = False) -> sealed_pb2.ProposeSealedReadingRequest:
    return sealed_pb2.ProposeSealedReadingRequest(
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
        registration_id=registration_id,
        reason=sealed_pb2.SEALED_READING_REASON_SAME_CASE,
    )


def confirming(reading_id: str, registration_id: str) -> sealed_pb2.ConfirmSealedReadingRequest:
    return sealed_pb2.ConfirmSealedReadingRequest(
        request_id=str(uuid.uuid4()), sealed_reading_id=reading_id, registration_id=registration_id
    )


@pytest.fixture
def first(services: Services) -> Officer:
    return services.enrolled(officer_of(NPB))


@pytest.fixture
def second(services: Services) -> Officer:
    return services.enrolled(officer_of(NPB))


def proposed(services: Services, first: Officer, registration_id: str) -> str:
    reading_id: str = services.ask(call_of(NPB, first), proposing(registration_id)).response.sealed_reading_id
    return reading_id


def opened(services: Services, first: Officer, second: Officer, registration_id: str) -> str:
    reading_id = proposed(services, first, registration_id)
    services.ask(call_of(NPB, second), confirming(reading_id, registration_id))
    return reading_id


def confirmed(services: Services) -> Created:
    created = services.create()
    services.confirm(created)
    return created


def sealed(services: Services) -> Created:
    created = confirmed(services)
    services.judge(conviction(), "APPEAL_FILED")
    services.judge(conviction(), "SET_ASIDE")
    return created


def test_both_officers_read_all_that_is_sealed_and_what_took_it(
    services: Services, first: Officer, second: Officer, owner: Owner
) -> None:
    created = sealed(services)
    reading_id = opened(services, first, second, created.registration_id)
    for officer in (first, second):
        outcome = services.ask(call_of(NPB, officer), Get(sealed_reading_id=reading_id))
        shown = outcome.response.registration
        assert shown.registration_id == created.registration_id
        assert shown.person.names[0].name == "Zafar Testi"
        (item,) = shown.convictions
        assert item.conviction.state == types_pb2.CONVICTION_STATE_SET_ASIDE
        assert [count.offence_code for count in item.conviction.counts] == ["PPC-376"]
        assert len(item.judgment_ids) == 2
        assert [(each.position, each.judgment_id) for each in item.fallen] == [(1, item.judgment_ids[1])]
    assert owner.findings() == []


def test_the_committee_is_told_when_it_is_opened_and_of_each_reading_and_not_of_whom(
    services: Services, first: Officer, second: Officer
) -> None:
    created = sealed(services)
    reading_id = opened(services, first, second, created.registration_id)
    assert services.owed(OPENED) == [SPECIAL_COMMITTEE.agency_id]
    assert services.owed(READ) == []
    for officer in (first, second, second):
        services.ask(call_of(NPB, officer), Get(sealed_reading_id=reading_id))
    assert services.owed(READ) == [SPECIAL_COMMITTEE.agency_id] * 3
    nobody = "SELECT bool_and(registration_id IS NULL AND about_agency = 'npb') FROM outbox WHERE kind = ANY (%s)"
    assert services.one(nobody, [OPENED, READ])


def test_one_officer_alone_reads_nothing_and_opens_nothing(services: Services, first: Officer, second: Officer) -> None:
    created = sealed(services)
    reading_id = proposed(services, first, created.registration_id)
    services.refused(errors.NoRecord, call_of(NPB, first), Get(sealed_reading_id=reading_id))
    request = confirming(reading_id, created.registration_id)
    refusal = services.refused(errors.Denied, call_of(NPB, first), request)
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    services.refused(errors.NoRecord, call_of(NPB, second), confirming(reading_id, ABSENT))
    services.ask(call_of(NPB, second), request)
    again = confirming(reading_id, created.registration_id)
    services.refused(errors.WrongState, call_of(NPB, second), again)


def test_whatever_is_named_a_proposal_and_its_confirmation_answer_and_write_alike(
    services: Services, first: Officer, second: Officer
) -> None:
    # Else one officer would ask which ids are sealed, and read nothing.
    told = []
    for registration_id in (sealed(services).registration_id, confirmed(services).registration_id, ABSENT):
        steps = []
        reading_id = ""
        for officer in (first, second):
            request = confirming(reading_id, registration_id) if reading_id else proposing(registration_id)
            before = services.rows("ledger_entry", "ledger_record")
            outcome = services.ask(call_of(NPB, officer), request)
            grown = {table: count - before[table] for table, count in services.rows(*before).items()}
            steps.append(
                (outcome.response.deadline.rule_id, [each.name for each, _ in outcome.response.ListFields()], grown)
            )
            sealed_rows_are_listed(services, outcome)
            reading_id = reading_id or outcome.response.sealed_reading_id
        told.append(steps)
    assert told[0] == told[1] == told[2]


def test_what_isnt_sealed_isnt_there_and_neither_is_another_ones_reading(
    services: Services, first: Officer, second: Officer
) -> None:
    # A way round GetRegistration's rows, or a reading that wanders from hand to hand, would be worth having.
    for registration_id in (confirmed(services).registration_id, ABSENT):
        reading_id = opened(services, first, second, registration_id)
        services.refused(errors.NoRecord, call_of(NPB, first), Get(sealed_reading_id=reading_id))
    reading_id = opened(services, first, second, sealed(services).registration_id)
    third = services.enrolled(officer_of(NPB))
    services.refused(errors.NoRecord, call_of(NPB, third), Get(sealed_reading_id=reading_id))
    services.refused(errors.NoRecord, call_of(NPB, first), Get(sealed_reading_id=ABSENT))
    services.refused(errors.Denied, call_of(PUNJAB_PROSECUTION), Get(sealed_reading_id=reading_id))


def test_a_reading_ends(services: Services, first: Officer, second: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is opened for one case isn't open for the next; a proposal that was forgotten isn't confirmed months later.
    created = sealed(services)
    waiting = proposed(services, first, created.registration_id)
    reading_id = opened(services, first, second, created.registration_id)
    now = dt.datetime.now(dt.UTC)
    monkeypatch.setattr("nsor_server.calls.Call.now", lambda _: now + dt.timedelta(hours=3))
    services.refused(errors.NoRecord, call_of(NPB, first), Get(sealed_reading_id=reading_id))
    late = confirming(waiting, created.registration_id)
    services.refused(errors.WrongState, call_of(NPB, second), late)


def test_validation_writes_nothing(services: Services, first: Officer) -> None:
    before = services.rows()
    answer = services.ask(call_of(NPB, first), proposing(ABSENT, validate_only=True)).response
    assert answer.ByteSize() == 0
    assert services.rows() == before


def test_whatever_was_read_without_an_open_reading_is_found(
    services: Services, first: Officer, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The owner of the database lends one officer what only two may read, and puts all back.
    created = sealed(services)
    reading_id = proposed(services, first, created.registration_id)
    monkeypatch.setattr(rules, "check_readable", lambda *_: None)
    services.ask(call_of(NPB, first), Get(sealed_reading_id=reading_id))
    assert owner.findings() == ["a registration was shown as sealed that wasn't, or without a reading that was open"]


def test_a_reading_that_one_officer_opened_alone_is_found(
    services: Services, first: Officer, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading_id = proposed(services, first, ABSENT)
    sides.compare_nobody(monkeypatch)
    services.ask(call_of(NPB, first), confirming(reading_id, ABSENT))
    assert owner.findings() == ["a reading of what is sealed wasn't opened by a second officer"]


def test_a_conviction_after_a_retrial_is_joined_to_what_is_sealed_and_only_its_readers_see_it(
    services: Services, first: Officer, second: Officer, owner: Owner
) -> None:
    # The prosecution enters it anew, and is answered as if there had been no trial before. Another man of the same case
    # isn't the same person.
    number = cnic()
    kept = {}
    for person, fell in ((number, True), (cnic(), False)):
        created = services.create(order(person))
        services.confirm(created)
        if fell:
            services.judge(conviction(), "SET_ASIDE", cnics=[person])
            services.judge(conviction(), "RETRIAL_ORDERED", cnics=[person])
        again = conviction()
        again.judgment_date.CopyFrom(day(2025, 3, 3))
        entered = services.create(order(person, convictions=[again]))
        steps = [entered.outcome, services.confirm(entered, judgment_date=again.judgment_date)]
        shown = services.get(entered.registration_id, PUNJAB_PROSECUTION)
        fields = [[field.name for field, _ in each.response.ListFields()] for each in steps]
        kept[fell] = (fields, shown.state, len(shown.convictions), services.get(entered.registration_id, NPB).state)
        if fell:
            sealed_id, later_id = created.registration_id, entered.registration_id
    assert kept[True] == kept[False]
    services.hidden(sealed_id, NPB)
    reading_id = opened(services, first, second, sealed_id)
    shown = services.ask(call_of(NPB, second), Get(sealed_reading_id=reading_id)).response.registration
    assert list(shown.entered_again_ids) == [later_id]
    assert owner.findings() == []
    # Whoever owns the database hides it from one of the two officers.
    for hidden in ("registration_case", "registration_version"):
        with owner.without(hidden, f"registration_id = '{later_id}'"):
            shown = services.ask(call_of(NPB, second), Get(sealed_reading_id=reading_id)).response.registration
            assert not shown.entered_again_ids
    assert owner.findings() == ["what was entered again of a sealed registration wasn't shown with it as it stood"] * 2
