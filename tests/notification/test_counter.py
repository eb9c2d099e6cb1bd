"""A station finds its own by the number that he shows; everybody else is one and the same "no record"."""

from collections import Counter
from collections.abc import Callable

import pytest

from nsor.v1 import arrivals_pb2, duties_pb2, errors_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.calls import Agency, Officer
from nsor_server.policy.budgets import Bucket
from nsor_server.registration import claims
from nsor_server.registration.arrivals import store as arrivals
from tests import plans
from tests.agencies import PUNJAB_POLICE, SINDH_POLICE, officer_of
from tests.budgets import with_budgets
from tests.calls import call_of, violations
from tests.notification.test_transfers import deciding, moves
from tests.orders import Created, cnic, conviction, order
from tests.registration.test_closure import close
from tests.registration.test_duties import released
from tests.registration.test_erasure import decided, destroy
from tests.registration.test_withdrawal import WITHDRAWN
from tests.services import Services

FOUND, NO_RECORD = arrivals_pb2.FIND_OUTCOME_FOUND, arrivals_pb2.FIND_OUTCOME_NO_RECORD
Answer = arrivals_pb2.FindRegistrantResponse
PASSPORT = "AB1234567"


def find(services: Services, number: str, agency: Agency = PUNJAB_POLICE, officer: Officer | None = None) -> Answer:
    request = arrivals_pb2.FindRegistrantRequest(cnic=number)
    answer: Answer = services.ask(call_of(agency, officer), request).response
    return answer


def by_passport(services: Services, number: str = PASSPORT, country: str = "PK", kind: int = 0) -> Answer:
    document = types_pb2.TravelDocument(number=number, country=country, kind=kind)  # type: ignore[arg-type]
    request = arrivals_pb2.FindRegistrantRequest(travel_document=document)
    answer: Answer = services.ask(call_of(PUNJAB_POLICE), request).response
    return answer


def with_number(services: Services, number: str, passport: str = "") -> Created:
    request = order(number)
    if passport:
        request.person.travel_documents.add(number=passport, country="PK")
    created = services.create(request)
    services.confirm(created)
    return created


def test_the_card_is_masked_and_says_what_he_owes(services: Services) -> None:
    created = released(services)
    number = services.get(created.registration_id, PUNJAB_POLICE).person.cnic
    answer = find(services, number)
    (one,) = answer.registrants
    assert (answer.outcome, one.registration_id) == (FOUND, created.registration_id)
    assert one.etag == services.get(created.registration_id, PUNJAB_POLICE).etag
    assert list(one.person.initials) == ["Z. T."]
    assert one.person.cnic_ending == number[-3:]
    assert number not in str(answer)
    kinds = [each.kind for each in one.duties]
    assert duties_pb2.DUTY_KIND_INITIAL_NOTICE in kinds
    assert [each.deadline.due_time.seconds for each in one.duties] == sorted(
        each.deadline.due_time.seconds for each in one.duties
    )


def test_he_is_found_by_his_passport_with_its_country_and_kind(services: Services) -> None:
    created = with_number(services, cnic(), PASSPORT)
    (one,) = by_passport(services).registrants
    assert one.registration_id == created.registration_id
    assert by_passport(services, kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT).outcome == FOUND
    assert by_passport(services, country="AF").outcome == NO_RECORD
    assert by_passport(services, kind=types_pb2.TRAVEL_DOCUMENT_KIND_FOREIGN_IDENTITY_CARD).outcome == NO_RECORD


def absent(_services: Services, _number: str) -> None:
    pass


def unconfirmed(services: Services, number: str) -> None:
    services.create(order(number))


def sealed(services: Services, number: str) -> None:
    of = conviction(case_number="Sessions Case No. 9/2021")
    created = services.create(order(number, convictions=[of]))
    services.confirm(created, case_number=of.court_case.case_number)
    services.judge(of, "APPEAL_FILED")
    services.judge(of, "SET_ASIDE")


def elsewhere(services: Services, number: str) -> None:
    created = with_number(services, number)
    moves(services, created)
    services.ask(call_of(SINDH_POLICE), deciding(services, created))


def erased(services: Services, number: str) -> None:
    created = with_number(services, number)
    find(services, number)  # a call that showed him, whose detail goes with him
    close(services, created, **WITHDRAWN)
    decided(services, created)
    destroy(services, services.keyring)


@pytest.mark.parametrize("kind", [absent, unconfirmed, sealed, elsewhere, erased])
def test_every_kind_of_no_record_is_one_answer(services: Services, kind: Callable[[Services, str], None]) -> None:
    number = cnic()
    kind(services, number)
    outcome = services.ask(call_of(PUNJAB_POLICE), arrivals_pb2.FindRegistrantRequest(cnic=number))
    assert outcome.response == Answer(outcome=NO_RECORD)
    assert (outcome.detail.outcome, list(outcome.detail.subjects)) == ("NO_RECORD", [])
    assert (outcome.rows, outcome.records, list(outcome.detail.classes_shown)) == ((), (), [])
    # What it rests on is of one size whoever has the number.
    assert len(outcome.seen) == len(services.blind_index.values("cnic", number))


@pytest.mark.new_database
def test_whoever_is_not_his_stations_is_read_alike(services: Services) -> None:
    # Another station's, and whoever is sealed, takes what nobody's number takes: the same tables are read, as often.
    others, gone = cnic(), cnic()
    elsewhere(services, others)
    sealed(services, gone)
    caller = rows.parameters(PUNJAB_POLICE, officer_of(PUNJAB_POLICE))
    statement = arrivals.BY_NUMBER_IN[options_pb2.ROW_SCOPE_RESPONSIBLE_PLACE]

    def read(number: str) -> Counter[str]:
        of_number = arrivals._parameters(services.blind_index, claims.of_cnic(number))
        return plans.touched(services.database, statement, *caller, *of_number)

    assert {"registration_version", "registration_claim", "registration_key"} <= read(cnic()).keys()
    assert read(others) == read(gone) == read(cnic())


def test_whoever_is_read_in_place_of_nobody_is_not_shown(services: Services) -> None:
    with_number(services, cnic())
    assert find(services, cnic()) == Answer(outcome=NO_RECORD)


def test_who_is_held_by_a_number_is_not_found_by_it(services: Services) -> None:
    number = cnic()
    first = with_number(services, number)
    second = with_number(services, number, PASSPORT)
    assert [each.registration_id for each in find(services, number).registrants] == [first.registration_id]
    # His passport holds nobody: by that he is found.
    assert [each.registration_id for each in by_passport(services).registrants] == [second.registration_id]


def test_an_officer_of_another_district_finds_nobody(services: Services) -> None:
    number = cnic()
    with_number(services, number)
    assert find(services, number, officer=officer_of(PUNJAB_POLICE, "PK-PB/MUL")).outcome == NO_RECORD
    assert find(services, number, officer=officer_of(PUNJAB_POLICE, "PK-PB/LHR")).outcome == FOUND
    assert find(services, number, SINDH_POLICE).outcome == NO_RECORD


def test_whoever_has_moved_is_his_old_station_s_until_the_new_one_accepts(services: Services) -> None:
    number = cnic()
    created = with_number(services, number)
    moves(services, created)
    assert (find(services, number).outcome, find(services, number, SINDH_POLICE).outcome) == (FOUND, NO_RECORD)
    services.ask(call_of(SINDH_POLICE), deciding(services, created))
    assert (find(services, number).outcome, find(services, number, SINDH_POLICE).outcome) == (NO_RECORD, FOUND)


def test_a_request_has_one_number(services: Services) -> None:
    both = arrivals_pb2.FindRegistrantRequest(
        cnic=cnic(), travel_document=types_pb2.TravelDocument(number=PASSPORT, country="PK")
    )
    for request in (both, arrivals_pb2.FindRegistrantRequest()):
        refused = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), request)
        assert ("cnic", errors_pb2.FIELD_REASON_EXACTLY_ONE) in violations(refused)


def test_numbers_that_somebody_has_cost_what_those_of_nobody_cost(services: Services) -> None:
    services.policy = with_budgets(
        call=1,
        first_named=2,
        officer=Bucket(capacity=9, refill_per_hour=1),
        agency=Bucket(capacity=900, refill_per_hour=900),
    )
    theirs = [cnic() for _ in range(4)]
    for each in theirs:
        services.create(order(each))
    for numbers in (theirs, [cnic() for _ in range(4)]):
        officer = officer_of(PUNJAB_POLICE)
        for each in numbers[:3]:
            find(services, each, officer=officer)
        with pytest.raises(errors.Exhausted):
            find(services, numbers[3], officer=officer)
