"""What reading by ids and trying numbers out costs: who is stopped, whatever there is, and who hears of it."""

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from google.protobuf.message import Message

from nsor.v1 import access_requests_pb2, errors_pb2, notification_pb2, registration_pb2, reviews_pb2
from nsor_server import errors
from nsor_server.access.contract import ContractError
from nsor_server.calls import Agency, Officer
from nsor_server.policy.budgets import Bucket, Budgets
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.methods import Methods
from nsor_server.storage.keyring import Keyring
from tests.agencies import LAHORE_COURT, LAHORE_HIGH_COURT, NPB, PUNJAB_POLICE, officer_of
from tests.budgets import with_budgets
from tests.calls import CONTRACT, call_of
from tests.lookup.test_budgets import details, findings
from tests.orders import confirmation, conviction, day, judgment
from tests.services import Services

SMALL = {
    "call": 1,
    "first_named": 4,
    "officer": Bucket(capacity=20, refill_per_hour=1),
    "agency": Bucket(capacity=50, refill_per_hour=1),
}

DISCLOSING = {
    registration_pb2.GetRegistrationRequest,
    reviews_pb2.ListReviewsRequest,
    access_requests_pb2.GetAccessRequestRequest,
}


def told(services: Services, agency: Agency, officer: Officer, request: Message) -> str:
    """What the officer is told, in a word."""
    try:
        services.ask(call_of(agency, officer), request)
    except errors.ApiError as refused:
        return errors_pb2.ErrorReason.Name(refused.reason).removeprefix("ERROR_REASON_")
    return "OK"


def _registration(id_: str) -> Message:
    return registration_pb2.GetRegistrationRequest(registration_id=id_)


def _application(id_: str) -> Message:
    return access_requests_pb2.GetAccessRequestRequest(access_request_id=id_)


def _page(id_: str) -> Message:
    return reviews_pb2.ListReviewsRequest(page_token=str(uuid.UUID(id_).int % 10**9))


@pytest.mark.parametrize(
    ("agency", "request_of", "answer"),
    [
        (NPB, _registration, "NO_RECORD"),
        (PUNJAB_POLICE, _registration, "NO_RECORD"),
        (PUNJAB_POLICE, _application, "NO_RECORD"),
        (NPB, _page, "INVALID_FIELDS"),
    ],
)
def test_whoever_reads_by_ids_is_stopped_and_his_colleague_goes_on(
    services: Services, keyring: Keyring, agency: Agency, request_of: Callable[[str], Message], answer: str
) -> None:
    # Ids come from lists and events: NPB could read the register record by record, and none was refused.
    services.policy = with_budgets(**SMALL)
    officer = officer_of(agency)
    asked = [request_of(str(uuid.uuid4())) for _ in range(9)]
    assert Counter(told(services, agency, officer, each) for each in asked) == {answer: 4, "BUDGET_EMPTY": 5}
    assert told(services, agency, officer_of(agency), asked[0]) == answer
    # Every one of them is an entry; the agency and NPB are told once, and of no officer.
    assert len(details(services, keyring)) == 10
    assert services.owed(notification_pb2.EVENT_KIND_OFFICER_BUDGET_EMPTY) == sorted({agency.agency_id, NPB.agency_id})
    assert findings(services, keyring) == []


def test_what_a_registration_costs_never_depends_on_whether_there_is_one(services: Services, keyring: Keyring) -> None:
    services.policy = with_budgets(**SMALL)
    there = [services.create().registration_id for _ in range(6)]
    absent = [str(uuid.uuid4()) for _ in range(6)]
    before = len(details(services, keyring))
    of_there, of_absent = (
        [told(services, NPB, officer, _registration(each)) for each in ids]
        for officer, ids in ((officer_of(NPB), there), (officer_of(NPB), absent))
    )
    assert of_there == ["OK"] * 4 + ["BUDGET_EMPTY"] * 2
    assert of_absent == ["NO_RECORD"] * 4 + ["BUDGET_EMPTY"] * 2
    spent = [each.spent.price for each in details(services, keyring)[before:]]
    assert spent[:6] == spent[6:] == [5] * 4 + [0] * 2


def test_a_record_that_was_read_on_the_day_costs_less_and_a_new_key_has_no_new_bucket(services: Services) -> None:
    services.policy = with_budgets(**SMALL)
    officer, id_ = officer_of(NPB), str(uuid.uuid4())
    keys = [officer_of(NPB).key_id for _ in range(20)]
    answers = Counter(told(services, NPB, replace(officer, key_id=key), _registration(id_)) for key in keys)
    assert answers == {"NO_RECORD": 16, "BUDGET_EMPTY": 4}


def wrong(nth: int) -> str:
    return f"Sessions Case No. {nth}/2022"


def test_a_courts_number_is_tried_out_a_few_times_and_the_right_one_then_confirms_nothing(
    services: Services, keyring: Keyring
) -> None:
    # The id and the etag are shown to the court, and the number could be tried without end.
    officer, created = officer_of(LAHORE_COURT), services.create()
    tried = [
        told(services, LAHORE_COURT, officer, confirmation(created, case_number=wrong(nth))) for nth in range(1, 9)
    ]
    assert tried == ["NO_RECORD"] * 5 + ["BUDGET_EMPTY"] * 3
    assert told(services, LAHORE_COURT, officer, confirmation(created)) == "BUDGET_EMPTY"
    assert services.owed(notification_pb2.EVENT_KIND_OFFICER_BUDGET_EMPTY) == [LAHORE_COURT.agency_id, NPB.agency_id]
    # Another registration isn't concerned.
    other = services.create()
    assert told(services, LAHORE_COURT, officer, confirmation(other)) == "OK"
    assert findings(services, keyring) == []


def test_twenty_officers_who_spend_what_they_can_keep_no_registration_unconfirmed(
    services: Services, keyring: Keyring
) -> None:
    # The agency's bucket for a registration was two officers': two of another district held it for good.
    created = services.create()
    for first in range(20):
        rogue = officer_of(LAHORE_COURT, "PK-PB/MUL")
        tried = [
            told(services, LAHORE_COURT, rogue, confirmation(created, case_number=wrong(1 + first * 10 + nth)))
            for nth in range(6)
        ]
        assert tried == ["NO_RECORD"] * 5 + ["BUDGET_EMPTY"]
    assert services.owed(notification_pb2.EVENT_KIND_AGENCY_BUDGET_EMPTY) == []
    assert told(services, LAHORE_COURT, officer_of(LAHORE_COURT), confirmation(created)) == "OK"
    assert findings(services, keyring) == []
    # Nor do they for ever: the agency's bucket is filled faster than theirs together.
    (budget,) = [row for row in Budgets.load().rows() if row.method.endswith("/ConfirmRegistration")]
    assert budget.agency.refill_per_hour > 20 * budget.officer.refill_per_hour


def test_ids_that_are_nobodys_raise_one_alarm(services: Services) -> None:
    # Each registration has a full bucket, and each that was emptied was an event: 676 to NPB in six seconds.
    officer, created = officer_of(LAHORE_COURT), services.create()
    for _ in range(3):
        made_up = replace(created, registration_id=str(uuid.uuid4()))
        tried = [
            told(services, LAHORE_COURT, officer, confirmation(made_up, case_number=wrong(nth))) for nth in range(1, 8)
        ]
        assert tried == ["NO_RECORD"] * 5 + ["BUDGET_EMPTY"] * 2
    assert services.owed(notification_pb2.EVENT_KIND_OFFICER_BUDGET_EMPTY) == [LAHORE_COURT.agency_id, NPB.agency_id]
    # Another officer's is another alarm.
    made_up, other = replace(created, registration_id=str(uuid.uuid4())), officer_of(LAHORE_COURT)
    for nth in range(1, 8):
        told(services, LAHORE_COURT, other, confirmation(made_up, case_number=wrong(nth)))
    assert len(services.owed(notification_pb2.EVENT_KIND_OFFICER_BUDGET_EMPTY)) == 4


def test_what_colleagues_have_read_is_not_cheaper_and_a_refusal_does_not_tell_it(
    services: Services, keyring: Keyring
) -> None:
    # The wait of a refusal told whether a colleague had read the record on that day: 179 s against 539 s.
    colleague, insider, read = officer_of(NPB), officer_of(NPB), str(uuid.uuid4())
    assert told(services, NPB, colleague, _registration(read)) == "NO_RECORD"
    tried = Counter(told(services, NPB, insider, _registration(str(uuid.uuid4()))) for _ in range(22))
    assert tried == {"NO_RECORD": 20, "BUDGET_EMPTY": 2}
    waits = set()
    for id_ in (read, str(uuid.uuid4()), read, str(uuid.uuid4())):
        with pytest.raises(errors.Exhausted) as refused:
            services.ask(call_of(NPB, insider), _registration(id_))
        waits.add(round((refused.value.retry_after_seconds or 0) / 60))
    assert len(waits) == 1
    assert findings(services, keyring) == []


def test_tries_are_counted_whether_or_not_there_is_such_a_registration_and_whosever_it_is(
    services: Services,
) -> None:
    created, confirmed = services.create(), services.create()
    services.confirm(confirmed)
    absent = replace(created, registration_id=str(uuid.uuid4()))
    answers = {
        name: [
            told(services, LAHORE_COURT, officer, confirmation(each, case_number=wrong(nth))) == "BUDGET_EMPTY"
            for nth in range(1, 9)
        ]
        for name, each, officer in (
            ("there", created, officer_of(LAHORE_COURT)),
            ("absent", absent, officer_of(LAHORE_COURT)),
            ("confirmed", confirmed, officer_of(LAHORE_COURT)),
            ("not his", services.create(), officer_of(LAHORE_COURT, "PK-PB/MUL")),
        )
    }
    assert answers == dict.fromkeys(answers, [False] * 5 + [True] * 3)


def test_nothing_is_read_for_whoever_is_refused_for_his_budget(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With the right number there is more to read and to seal: the time of a refusal would tell it.
    officer, created = officer_of(LAHORE_COURT), services.create()
    for nth in range(1, 6):
        told(services, LAHORE_COURT, officer, confirmation(created, case_number=wrong(nth)))
    monkeypatch.setattr("nsor_server.registration.store.head", None)
    assert told(services, LAHORE_COURT, officer, confirmation(created)) == "BUDGET_EMPTY"


def test_a_number_that_is_sent_again_or_only_checked_costs_no_try(services: Services) -> None:
    officer, created = officer_of(LAHORE_COURT), services.create()
    for nth in range(1, 40):
        checked = confirmation(created, case_number=wrong(nth), validate_only=True)
        assert told(services, LAHORE_COURT, officer, checked) == "OK"
    request = confirmation(created)
    assert {told(services, LAHORE_COURT, officer, request) for _ in range(200)} == {"OK"}


def test_a_number_that_is_written_otherwise_is_no_other_try(services: Services) -> None:
    # Each of the forms in which courts write one number cost a try: a court that had the true one was locked out.
    officer, created = officer_of(LAHORE_COURT), services.create()
    forms = ("Sessions Case No.", "S.C. No.", "GBV Case No.", "Case No.", "Criminal Case No.", "Sessions Trial No.", "")
    told_of = [
        told(services, LAHORE_COURT, officer, confirmation(created, case_number=f"{form} {nth}/2022".strip()))
        for nth in (7, 8, 9)
        for form in forms
    ]
    assert told_of == ["NO_RECORD"] * 21
    assert told(services, LAHORE_COURT, officer, confirmation(created)) == "OK"


def test_a_number_with_another_day_is_another_try(services: Services) -> None:
    # Who knows the number alone would else try the days for nothing.
    officer, created = officer_of(LAHORE_COURT), services.create()
    told_of = [
        told(services, LAHORE_COURT, officer, confirmation(created, judgment_date=day(2023, 6, nth)))
        for nth in range(1, 8)
    ]
    assert told_of == ["NO_RECORD"] * 5 + ["BUDGET_EMPTY"] * 2


@pytest.mark.parametrize("together", [True, False])
def test_of_tries_at_once_no_more_are_answered_than_one_after_the_other(services: Services, *, together: bool) -> None:
    # All had been run before one of them was paid.
    officer, created = officer_of(LAHORE_COURT), services.create()
    tries = [(call_of(LAHORE_COURT, officer), confirmation(created, case_number=wrong(nth))) for nth in range(1, 13)]
    ended = services.at_once(*tries, (call_of(LAHORE_COURT, officer), confirmation(created)), together=together)
    assert [type(each) for each in ended] == [errors.NoRecord] * 5 + [errors.Exhausted] * 8


def test_a_method_that_discloses_does_not_start_without_a_price(services: Services) -> None:
    # Whoever adds a method that shows something has to say what it costs.
    handlers: list[Handler] = [method.handler for method in services.methods.values() if method.handler]
    Methods(CONTRACT, handlers)
    for at, handler in enumerate(handlers):
        if isinstance(handler, Unary) and handler.request in DISCLOSING:
            for_nothing = [*handlers[:at], replace(handler, charge=None), *handlers[at + 1 :]]
            with pytest.raises(ContractError, match="nothing says what it costs"):
                Methods(CONTRACT, for_nothing)


def test_a_judgment_costs_by_the_trial_that_it_names_and_never_by_what_there_is(services: Services) -> None:
    # Without a price one stolen key could set aside every case of a province in an hour.
    services.confirm(services.create())
    services.policy = with_budgets(
        call=1,
        first_named=3,
        officer=Bucket(capacity=9, refill_per_hour=1),
        agency=Bucket(capacity=50, refill_per_hour=1),
    )
    known, absent = officer_of(LAHORE_HIGH_COURT), officer_of(LAHORE_HIGH_COURT)

    def tells(officer: Officer, case: str) -> list[str]:
        about = conviction(case_number=case)
        return [told(services, LAHORE_HIGH_COURT, officer, judgment("APPEAL_FILED", about)) for _ in range(8)]

    expected = ["OK"] * 6 + ["BUDGET_EMPTY"] * 2
    assert tells(known, "Sessions Case No. 123/2022") == expected
    assert tells(absent, "Sessions Case No. 124/2022") == expected
