"""Who is handed to NADRA to be checked, what it is shown, and what becomes of a decision."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from nsor.v1 import errors_pb2, identity_pb2, notification_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Call, Officer
from nsor_server.policy.budgets import Bucket
from tests.agencies import NADRA, NPB, PUNJAB_POLICE, PUNJAB_PRISONS, PUNJAB_PROSECUTION, officer_of
from tests.budgets import with_budgets
from tests.calls import call_of, violations
from tests.orders import Created, conviction, day, order
from tests.registration.test_amend import amendment
from tests.services import Services, sealed_rows_are_listed

ABSENT = str(uuid.UUID(int=7))
UNVERIFIED = identity_pb2.IDENTITY_STATE_UNVERIFIED
VERIFIED = identity_pb2.IDENTITY_STATE_VERIFIED
MISMATCH = identity_pb2.IDENTITY_STATE_MISMATCH
NO_SUCH_DOCUMENT = identity_pb2.IDENTITY_STATE_NO_SUCH_DOCUMENT
OTHER_CASE = "Sessions Case No. 7/2023"


def claimed(services: Services, officer: Officer) -> identity_pb2.ClaimVerificationResponse:
    answer = services.ask(call_of(NADRA, officer), identity_pb2.ClaimVerificationRequest()).response
    assert isinstance(answer, identity_pb2.ClaimVerificationResponse)
    return answer


def handed_out(services: Services, officer: Officer) -> identity_pb2.IdentityItem:
    answer = claimed(services, officer)
    assert answer.HasField("item")
    return answer.item


def decision(handle: str, result: int = VERIFIED, **fields: Any) -> identity_pb2.VerifyIdentityRequest:
    mismatches = [identity_pb2.IDENTITY_PARTICULAR_NAME] if result == MISMATCH else []
    return identity_pb2.VerifyIdentityRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "handle": handle,
            "result": result,
            "mismatches": mismatches,
            "reference_number": "VR-12/2026",
            "checked_date": day(2026, 3, 1),
            **fields,
        }
    )


def decide(services: Services, officer: Officer, handle: str, result: int = VERIFIED) -> None:
    services.ask(call_of(NADRA, officer), decision(handle, result))


def state(services: Services, created: Created) -> int:
    return services.get(created.registration_id, NPB).identity.state


def later(patched: pytest.MonkeyPatch, minutes: int) -> None:
    """Calls are made so many minutes later."""
    now = Call.now
    patched.setattr(Call, "now", lambda call: now(call) + dt.timedelta(minutes=minutes))


def test_an_item_shows_what_is_compared_and_nothing_else(services: Services) -> None:
    request = order()
    alias = types_pb2.PersonName(kind=types_pb2.NAME_KIND_ALIAS, name="Feeqa")
    request.person.names[0].relative_name, request.person.names[0].relation = "Lal Din", types_pb2.RELATION_SON_OF
    request.person.names.append(alias)
    created = services.confirmed(request)
    item = handed_out(services, officer_of(NADRA))
    assert list(item.names) == [request.person.names[0]]
    assert (item.document, item.document_number) == (types_pb2.IDENTITY_DOCUMENT_CNIC, request.person.cnic)
    assert (item.sex, item.birth_date, item.birth_date_precision) == (
        request.person.sex,
        request.person.birth_date,
        request.person.birth_date_precision,
    )
    assert item.lease_deadline.rule_id == "identity-check"
    # Neither a conviction, an address nor the registration's id: the message has no field for them.
    assert created.registration_id not in str(item)
    assert item.handle != created.registration_id


@pytest.mark.parametrize("document", [types_pb2.IDENTITY_DOCUMENT_NICOP, types_pb2.IDENTITY_DOCUMENT_POC])
def test_of_which_document_a_number_is_stands_in_the_record_and_is_compared(
    services: Services, document: types_pb2.IdentityDocument.ValueType
) -> None:
    request = order()
    request.person.identity_document = document
    created = services.confirmed(request)
    assert services.get(created.registration_id, NPB).person.identity_document == document
    item = handed_out(services, officer_of(NADRA))
    assert (item.document, item.document_number) == (document, request.person.cnic)


def test_without_a_number_there_is_no_document_of_it(services: Services) -> None:
    request = order()
    request.person.cnic, request.person.no_cnic_reason = "", types_pb2.NO_CNIC_REASON_FOREIGN_NATIONAL
    request.person.identity_document = types_pb2.IDENTITY_DOCUMENT_POC
    refused = services.refused(errors.InvalidFields, call_of(PUNJAB_PROSECUTION), request)
    assert violations(refused) == [("person.identity_document", errors_pb2.FIELD_REASON_EXACTLY_ONE)]


def test_who_is_in_hand_is_handed_to_nobody_else_until_the_time_is_over(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.confirmed()
    one, other = officer_of(NADRA), officer_of(NADRA)
    first = handed_out(services, one)
    assert not claimed(services, other).HasField("item")
    again = handed_out(services, one)
    # The same person under another handle, and for no longer.
    assert again.document_number == first.document_number
    assert again.handle != first.handle
    assert again.lease_deadline.due_time == first.lease_deadline.due_time
    later(monkeypatch, 31)
    late = services.refused(errors.WrongState, call_of(NADRA, one), decision(first.handle))
    assert late.reason == errors_pb2.ERROR_REASON_LEASE_ENDED
    assert handed_out(services, other).document_number == first.document_number
    assert not claimed(services, one).HasField("item")


def test_two_officers_who_ask_at_once_are_handed_two_persons(services: Services) -> None:
    # Each had read that both were free: whoever is written second has to look again.
    for together in (True, False):
        for _ in range(2):
            services.confirmed()
        calls = [(call_of(NADRA), identity_pb2.ClaimVerificationRequest()) for _ in range(2)]
        answers = [each.response for each in services.at_once(*calls, together=together)]  # type: ignore[union-attr]  # none is refused
        assert len({each.item.document_number for each in answers}) == 2


def test_one_officer_who_asks_twice_at_once_has_one_person_in_hand(services: Services) -> None:
    for _ in range(9):
        services.confirmed()
    officer = officer_of(NADRA)
    for together in (True, False):
        calls = [(call_of(NADRA, officer), identity_pb2.ClaimVerificationRequest()) for _ in range(2)]
        answers = [each.response for each in services.at_once(*calls, together=together)]  # type: ignore[union-attr]  # none is refused
        assert len({each.item.document_number for each in answers}) == 1


def test_the_order_of_items_is_that_of_nothing(services: Services) -> None:
    # Neither that of entry nor that of the ids.
    entered = [services.confirmed().key for _ in range(12)]
    for _ in entered:
        handed_out(services, officer_of(NADRA))
    with services.database.owner() as owner:
        query = (
            "SELECT i.registration_id FROM identity_item AS i"
            " JOIN ledger_record AS r ON r.row_id = uuid_send(i.item_id) ORDER BY r.index"
        )
        given = [one for (one,) in owner.execute(query)]
    assert sorted(given) == sorted(entered)
    assert given not in (entered, sorted(entered))


@pytest.mark.parametrize("result", [VERIFIED, MISMATCH, NO_SUCH_DOCUMENT])
def test_a_decision_is_in_the_record_and_the_owner_and_npb_are_told(
    services: Services, result: identity_pb2.IdentityState.ValueType
) -> None:
    created = services.confirmed()
    officer = officer_of(NADRA)
    outcome = services.ask(call_of(NADRA, officer), decision(handed_out(services, officer).handle, result))
    assert outcome.response == identity_pb2.VerifyIdentityResponse(result=result)
    assert sealed_rows_are_listed(services, outcome) == ["registration_version"]
    for agency in (PUNJAB_POLICE, NPB):  # he is released: the police are the owner
        shown = services.get(created.registration_id, agency).identity
        assert shown.state == result
        (found,) = shown.verifications
        assert (found.result, found.reference_number, found.checked_date) == (result, "VR-12/2026", day(2026, 3, 1))
        assert list(found.mismatches) == ([identity_pb2.IDENTITY_PARTICULAR_NAME] if result == MISMATCH else [])
        assert found.current
    others = services.get(created.registration_id, PUNJAB_PROSECUTION).identity
    assert (others.state, len(others.verifications)) == (result, 0)
    assert services.owed(notification_pb2.EVENT_KIND_IDENTITY_CHECKED) == ["npb", "punjab-police"]
    assert not claimed(services, officer).HasField("item")


def test_until_release_the_prosecution_is_told(services: Services) -> None:
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id)
    created = services.confirmed(order(custody=custody))
    officer = officer_of(NADRA)
    decide(services, officer, handed_out(services, officer).handle)
    assert services.owed(notification_pb2.EVENT_KIND_IDENTITY_CHECKED) == ["npb", "punjab-prosecution"]
    assert len(services.get(created.registration_id, PUNJAB_PROSECUTION).identity.verifications) == 1


def test_nobody_decides_on_what_another_one_was_handed(services: Services) -> None:
    services.confirmed()
    officer = officer_of(NADRA)
    handle = handed_out(services, officer).handle
    others = services.refused(errors.NoRecord, call_of(NADRA), decision(handle))
    absent = services.refused(errors.NoRecord, call_of(NADRA, officer), decision(ABSENT))
    assert repr(others) == repr(absent)
    decide(services, officer, handle)


def test_an_item_is_decided_once(services: Services) -> None:
    services.confirmed()
    officer = officer_of(NADRA)
    first, second = handed_out(services, officer).handle, handed_out(services, officer).handle
    decide(services, officer, first)
    for handle in (first, second):  # of the same person, in the same lease
        refused = services.refused(errors.WrongState, call_of(NADRA, officer), decision(handle))
        assert refused.reason == errors_pb2.ERROR_REASON_WRONG_STATE


def test_who_is_sealed_is_neither_handed_out_nor_decided(services: Services) -> None:
    # The handle of a sealed record is answered as one that was never given.
    created = services.confirmed()
    officer = officer_of(NADRA)
    handle = handed_out(services, officer).handle
    services.judge_all(created, "SET_ASIDE")
    sealed = services.refused(errors.NoRecord, call_of(NADRA, officer), decision(handle))
    absent = services.refused(errors.NoRecord, call_of(NADRA, officer), decision(ABSENT))
    assert repr(sealed) == repr(absent)
    assert not claimed(services, officer).HasField("item")
    assert services.one("SELECT count(*) FROM identity_queue WHERE waits") == 0


def minor() -> registration_pb2.CreateRegistrationRequest:
    """A man whose offence was in the year in which he became 18, of which no day is known."""
    convicted = conviction()
    request = order(convictions=[convicted])
    request.person.birth_date.year = 2003
    return request


def test_nobody_is_handed_out_who_need_not_be_seen(services: Services) -> None:
    # No court has confirmed him; he was under 18; his record needs heightened handling; he has no document.
    services.create()
    services.confirmed(minor())
    services.confirmed(order(heightened_handling=True))
    without = order()
    without.person.cnic, without.person.no_cnic_reason = "", types_pb2.NO_CNIC_REASON_NOT_REGISTERED
    services.confirmed(without)
    assert not claimed(services, officer_of(NADRA)).HasField("item")


def test_the_entries_of_an_empty_queue_and_of_a_full_one_are_of_one_kind(services: Services) -> None:
    officer = officer_of(NADRA)
    written = []
    for _ in range(2):
        before = services.rows("ledger_entry", "ledger_record")
        claimed(services, officer)
        written.append(
            {table: count - before[table] for table, count in services.rows("ledger_entry", "ledger_record").items()}
        )
        services.confirmed()
    assert written[0] == written[1]
    assert written[0]["identity_item"] == 1


def test_a_decision_is_on_what_was_handed_out(services: Services) -> None:
    # What was changed meanwhile makes the person unverified; the decision stays in the history.
    created = services.confirmed()
    officer = officer_of(NADRA)
    handle = handed_out(services, officer).handle
    rename(services, created, "Zafar Anders")
    decide(services, officer, handle)
    shown = services.get(created.registration_id, NPB).identity
    assert (shown.state, [each.current for each in shown.verifications]) == (UNVERIFIED, [False])
    second = handed_out(services, officer)
    assert [each.name for each in second.names] == ["Zafar Anders"]
    decide(services, officer, second.handle)
    shown = services.get(created.registration_id, NPB).identity
    assert (shown.state, [each.current for each in shown.verifications]) == (VERIFIED, [False, True])


def test_what_is_not_compared_leaves_a_person_verified(services: Services) -> None:
    created = services.confirmed()
    officer = officer_of(NADRA)
    decide(services, officer, handed_out(services, officer).handle)
    services.add_conviction(created, conviction(case_number=OTHER_CASE))
    assert state(services, created) == VERIFIED
    rename(services, created, "Zafar Anders")
    assert state(services, created) == UNVERIFIED


def test_a_request_that_is_sent_again_decides_once(services: Services) -> None:
    created = services.confirmed()
    officer = officer_of(NADRA)
    request = decision(handed_out(services, officer).handle)
    first, again = call_of(NADRA, officer), call_of(NADRA, officer)
    services.ask(first, request)
    before = services.rows()
    services.ask(again, request)
    assert (again.answer, services.rows()) == (first.answer, before)
    services.judge_all(created, "SET_ASIDE")
    services.refused(errors.NoRecord, call_of(NADRA, officer), request)


def test_each_item_takes_its_price_whether_or_not_somebody_waits(services: Services) -> None:
    services.policy = with_budgets(
        officer=Bucket(capacity=2, refill_per_hour=1),
        agency=Bucket(capacity=9, refill_per_hour=1),
        call=1,
        first_named=0,
    )
    officer = officer_of(NADRA)
    for _ in range(2):
        claimed(services, officer)
    with pytest.raises(errors.Exhausted):
        claimed(services, officer)


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"result": UNVERIFIED}, "result", errors_pb2.FIELD_REASON_UNKNOWN_VALUE),
        ({"result": MISMATCH, "mismatches": []}, "mismatches", errors_pb2.FIELD_REASON_REQUIRED),
        ({"mismatches": [1]}, "mismatches", errors_pb2.FIELD_REASON_EXACTLY_ONE),
        ({"result": MISMATCH, "mismatches": [1, 1]}, "mismatches[1]", errors_pb2.FIELD_REASON_DUPLICATE),
        ({"reference_number": "Zafar"}, "reference_number", errors_pb2.FIELD_REASON_VERIFICATION_NUMBER_FORM),
        ({"checked_date": day(2030, 1, 1)}, "checked_date", errors_pb2.FIELD_REASON_DATE_FUTURE),
    ],
)
def test_a_decision_says_what_fits_together(
    services: Services, fields: dict[str, Any], field: str, reason: int
) -> None:
    request = decision(ABSENT, **fields)
    assert (field, reason) in violations(services.refused(errors.InvalidFields, call_of(NADRA), request))


def test_nothing_is_half_written(services: Services) -> None:
    services.confirmed()
    officer = officer_of(NADRA)
    tables = services.never_half_written(call_of(NADRA, officer), identity_pb2.ClaimVerificationRequest())
    assert tables == ["identity_item"]
    handle = str(uuid.UUID(bytes=services.one("SELECT item_id FROM identity_item").bytes))
    assert services.never_half_written(call_of(NADRA, officer), decision(handle))[:2] == [
        "registration_version",
        "outbox",
    ]


def rename(services: Services, created: Created, text: str) -> None:
    """Have the owner give a registered person another official name."""
    names = list(services.get(created.registration_id, NPB).person.names)
    for each in names:
        each.kind = types_pb2.NAME_KIND_FORMER
    renamed = types_pb2.PersonName(kind=types_pb2.NAME_KIND_OFFICIAL, name=text)
    services.ask(call_of(PUNJAB_POLICE), amendment(services, created, names=[renamed, *names]))
