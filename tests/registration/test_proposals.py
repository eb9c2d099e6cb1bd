"""Proposed amendments: whoever has a part in the record proposes, its owner decides, and nobody else notices."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import field_mask_pb2
from google.protobuf.message import Message

from nsor.v1 import amendments_pb2, errors_pb2, notification_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Outcome
from nsor_server.registration.amendments import rules
from nsor_synthetic.examples import particulars
from tests.agencies import (
    LAHORE_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_POLICE,
    SINDH_PRISONS,
    SINDH_PROSECUTION,
    officer_of,
)
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of, violations
from tests.orders import Created, cnic, day
from tests.registration.test_amend import amendment, imprisoned, name, of_field, released
from tests.registration.test_pending import later
from tests.services import Services, sealed_rows_are_listed

PROPOSED = notification_pb2.EVENT_KIND_AMENDMENT_PROPOSED
ACCEPTED = notification_pb2.EVENT_KIND_AMENDMENT_ACCEPTED
REFUSED = notification_pb2.EVENT_KIND_AMENDMENT_REFUSED
IDENTIFIERS = notification_pb2.EVENT_KIND_IDENTIFIERS_AMENDED
PUT = "UPDATE registration_amendment SET"
OTHERS = "SELECT sealed FROM registration_amendment WHERE amendment_id <> %(one)s"
NOT_SO = amendments_pb2.AMENDMENT_REFUSAL_NOT_SO
WITHDRAWN = amendments_pb2.AMENDMENT_STATE_WITHDRAWN


def proposal(created: Created, **given: Any) -> amendments_pb2.ProposeAmendmentRequest:
    return amendments_pb2.ProposeAmendmentRequest(
        request_id=str(uuid.uuid4()),
        registration_id=created.registration_id,
        update_mask=field_mask_pb2.FieldMask(paths=list(given)),
        particulars=amendments_pb2.Particulars(**given),
    )


def acceptance(
    services: Services, created: Created, amendment_id: str, etag: str = ""
) -> amendments_pb2.AcceptAmendmentRequest:
    return amendments_pb2.AcceptAmendmentRequest(
        request_id=str(uuid.uuid4()),
        registration_id=created.registration_id,
        etag=etag or services.get(created.registration_id, NPB).etag,
        amendment_id=amendment_id,
    )


def refusal(_services: Services, created: Created, amendment_id: str) -> amendments_pb2.RefuseAmendmentRequest:
    return amendments_pb2.RefuseAmendmentRequest(
        request_id=str(uuid.uuid4()),
        registration_id=created.registration_id,
        amendment_id=amendment_id,
        reason=NOT_SO,
    )


def withdrawal(_services: Services, created: Created, amendment_id: str) -> amendments_pb2.WithdrawAmendmentRequest:
    return amendments_pb2.WithdrawAmendmentRequest(
        request_id=str(uuid.uuid4()), registration_id=created.registration_id, amendment_id=amendment_id
    )


def proposed(services: Services, created: Created, agency: Agency, **given: Any) -> str:
    request = proposal(created, **(given or {"nationality": "AF"}))
    return str(services.ask(call_of(agency), request).response.amendment_id)


def listed(services: Services, created: Created, agency: Agency) -> list[amendments_pb2.Amendment]:
    request = amendments_pb2.ListAmendmentsRequest(registration_id=created.registration_id)
    return list(services.ask(call_of(agency), request).response.amendments)


def told(services: Services, created: Created, agency: Agency, amendment_id: str) -> amendments_pb2.Particulars:
    particulars: amendments_pb2.Particulars = services.ask(
        call_of(agency), shown(created, amendment_id)
    ).response.particulars
    return particulars


def shown(created: Created, amendment_id: str) -> amendments_pb2.GetAmendmentRequest:
    return amendments_pb2.GetAmendmentRequest(registration_id=created.registration_id, amendment_id=amendment_id)


def amended_by_two(services: Services, created: Created, owner: Agency = PUNJAB_POLICE, **given: Any) -> Outcome[Any]:
    """One officer of the owner proposes, and another one accepts."""
    return services.ask(call_of(owner), acceptance(services, created, proposed(services, created, owner, **given)))


def numbered(number: str) -> dict[str, Any]:
    """A number, or without one why there is none."""
    reasons = types_pb2.NO_CNIC_REASON_UNSPECIFIED, types_pb2.NO_CNIC_REASON_NOT_ESTABLISHED
    return {"cnic": number, "no_cnic_reason": reasons[not number]}


def test_what_the_owner_accepts_is_the_records_next_version(services: Services) -> None:
    created = released(services)
    both = [name("Zafar Testi", types_pb2.NAME_KIND_FORMER), name("Zafar Neu")]
    found = proposed(services, created, LAHORE_COURT, names=both)
    (waiting,) = listed(services, created, PUNJAB_POLICE)
    assert (waiting.amendment_id, waiting.proposed_by_agency) == (found, LAHORE_COURT.agency_id)
    assert list(waiting.paths) == ["names"]
    assert list(told(services, created, PUNJAB_POLICE, found).names) == both
    answer = services.ask(call_of(PUNJAB_POLICE), acceptance(services, created, found)).response
    after = services.get(created.registration_id, NPB)
    assert (list(after.person.names), after.etag) == (both, answer.etag)
    assert not listed(services, created, PUNJAB_POLICE)
    (decided,) = listed(services, created, LAHORE_COURT)
    assert decided.state == amendments_pb2.AMENDMENT_STATE_ACCEPTED


def test_every_particular_is_amended_by_two(services: Services) -> None:
    created = released(services)
    given = particulars()
    given.names.append(name("Zafar Testi", types_pb2.NAME_KIND_FORMER))
    fields = {field.name: getattr(given, field.name) for field in given.DESCRIPTOR.fields}
    amended_by_two(services, created, **fields)
    shown = services.get(created.registration_id, NPB)
    for field, value in fields.items():
        assert getattr(of_field(shown, field), field) == value, field


@pytest.mark.parametrize("next_key", [False, True])
@pytest.mark.parametrize("given", [{"nationality": "AF"}, numbered("3520112345671")])
def test_nobody_accepts_what_he_has_proposed(services: Services, given: dict[str, Any], *, next_key: bool) -> None:
    # A number is one person under each of its keys.
    created = released(services)
    first = services.enrolled(officer_of(PUNJAB_POLICE), disabled=next_key)
    again = (
        services.enrolled(replace(officer_of(PUNJAB_POLICE), officer_number=first.officer_number))
        if next_key
        else first
    )
    found = services.ask(call_of(PUNJAB_POLICE, first), proposal(created, **given)).response.amendment_id
    request = acceptance(services, created, found)
    refused = services.refused(errors.Denied, call_of(PUNJAB_POLICE, again), request)
    assert refused.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    # That he doesn't own the record he hears first, and nothing of who proposed what.
    elsewhere = replace(again, jurisdiction=("PK-PB/MUL",))
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, elsewhere), request)
    services.ask(call_of(PUNJAB_POLICE), request)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"nationality": "AF"}, []),
        (numbered("3520112345671"), [NPB.agency_id]),
        (numbered(""), [NPB.agency_id]),
        ({"birth_date": day(2010, 1, 1), "birth_date_precision": types_pb2.DATE_PRECISION_DAY}, [NPB.agency_id]),
        ({"travel_documents": []}, [NPB.agency_id]),
    ],
)
def test_npb_hears_of_what_may_take_a_person_out_of_look_ups(
    services: Services, given: dict[str, Any], told: list[str]
) -> None:
    created = released(services)
    found = proposed(services, created, PUNJAB_POLICE, **given)
    assert services.owed(IDENTIFIERS) == []
    services.ask(call_of(PUNJAB_POLICE), acceptance(services, created, found))
    assert services.owed(IDENTIFIERS) == told


@pytest.mark.parametrize("agency", [PUNJAB_PROSECUTION, LAHORE_COURT, PUNJAB_POLICE, PUNJAB_PRISONS, NPB])
def test_whoever_has_a_part_proposes_and_sees_what_became_of_it(services: Services, agency: Agency) -> None:
    created = imprisoned(services)
    found = proposed(services, created, agency)
    services.ask(call_of(PUNJAB_PROSECUTION), refusal(services, created, found))
    (mine,) = listed(services, created, agency)
    assert (mine.state, mine.refusal) == (amendments_pb2.AMENDMENT_STATE_REFUSED, NOT_SO)
    others = {PUNJAB_PROSECUTION, LAHORE_COURT, PUNJAB_POLICE, PUNJAB_PRISONS, NPB} - {agency}
    assert told(services, created, agency, found).nationality == "AF"
    for other in others:
        assert not listed(services, created, other)
        hidden = services.refused(errors.NoRecord, call_of(other), shown(created, found))
        absent = services.refused(errors.NoRecord, call_of(other), shown(created, created.registration_id))
        assert repr(hidden) == repr(absent)


@pytest.mark.parametrize("agency", [SINDH_PROSECUTION, SINDH_POLICE, SINDH_PRISONS])
def test_whoever_has_no_part_hears_no_record(services: Services, agency: Agency) -> None:
    created = imprisoned(services)
    nobody = Created(str(uuid.uuid4()), "", created.outcome)
    for of in (lambda one: proposal(one, nationality="AF"), _list, lambda one: shown(one, one.registration_id)):
        there = services.refused(errors.NoRecord, call_of(agency), of(created))
        assert repr(there) == repr(services.refused(errors.NoRecord, call_of(agency), of(nobody)))


def _list(created: Created) -> Message:
    return amendments_pb2.ListAmendmentsRequest(registration_id=created.registration_id)


def test_whoever_proposed_it_withdraws_it_and_its_owner_is_shown_it_no_more(services: Services, owner: Owner) -> None:
    created = imprisoned(services)
    found = proposed(services, created, PUNJAB_POLICE)
    # Another agency's is as absent as none, to the owner as well.
    for other in (PUNJAB_PROSECUTION, NPB):
        services.refused(errors.NoRecord, call_of(other), withdrawal(services, created, found))
    outcome = services.ask(call_of(PUNJAB_POLICE), withdrawal(services, created, found))
    assert sealed_rows_are_listed(services, outcome) == ["registration_amendment_decision"]
    assert [each.state for each in listed(services, created, PUNJAB_POLICE)] == [WITHDRAWN]
    assert not listed(services, created, PUNJAB_PROSECUTION)
    for decides in (acceptance, refusal):
        services.refused(errors.WrongState, call_of(PUNJAB_PROSECUTION), decides(services, created, found))
    services.refused(errors.WrongState, call_of(PUNJAB_POLICE), withdrawal(services, created, found))
    # It is the agency's: any of its officers withdraws it, but for those who aren't shown the record.
    again, elsewhere = proposed(services, created, PUNJAB_POLICE), officer_of(PUNJAB_POLICE, "PK-PB/MUL")
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, elsewhere), withdrawal(services, created, again))
    services.ask(call_of(PUNJAB_POLICE), withdrawal(services, created, again))
    assert owner.findings() == []


def test_what_nobody_decides_in_time_has_ended(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_WAITING", 1)
    created = released(services)
    found = proposed(services, created, NPB)
    (shown_now,) = listed(services, created, PUNJAB_POLICE)
    assert (shown_now.expire_time.ToDatetime() - shown_now.create_time.ToDatetime()).days == 90
    assert (shown_now.to_decide, shown_now.own) == (True, False)
    later(monkeypatch, dt.timedelta(days=92))
    for decides in (acceptance, refusal):
        services.refused(errors.WrongState, call_of(PUNJAB_POLICE), decides(services, created, found))
    services.refused(errors.WrongState, call_of(NPB), withdrawal(services, created, found))
    assert not listed(services, created, PUNJAB_POLICE)
    (mine,) = listed(services, created, NPB)
    assert (mine.state, mine.to_decide) == (amendments_pb2.AMENDMENT_STATE_EXPIRED, False)
    # It takes nobody's room any more.
    proposed(services, created, NPB)


def test_who_proposed_it_and_who_decides_is_shown(services: Services) -> None:
    created, officer = released(services), services.enrolled(officer_of(PUNJAB_POLICE))
    services.ask(call_of(PUNJAB_POLICE, officer), proposal(created, nationality="AF"))
    asked = amendments_pb2.ListAmendmentsRequest(registration_id=created.registration_id)
    for by, own in ((officer, True), (services.enrolled(officer_of(PUNJAB_POLICE)), False)):
        (found,) = services.ask(call_of(PUNJAB_POLICE, by), asked).response.amendments
        assert (found.to_decide, found.own) == (True, own)


@pytest.mark.parametrize("request_of", [acceptance, refusal])
def test_the_owner_alone_decides(services: Services, request_of: Any) -> None:
    free, held = released(services), imprisoned(services)
    of_free, of_held = proposed(services, free, NPB), proposed(services, held, NPB)
    services.refused(errors.NoRecord, call_of(PUNJAB_PROSECUTION), request_of(services, free, of_free))
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), request_of(services, held, of_held))
    elsewhere = officer_of(PUNJAB_POLICE, "PK-PB/MUL")
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, elsewhere), request_of(services, free, of_free))
    # An amendment of another record is none of this one.
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), request_of(services, free, of_held))
    services.ask(call_of(PUNJAB_POLICE), request_of(services, free, of_free))
    services.ask(call_of(PUNJAB_PROSECUTION), request_of(services, held, of_held))
    for again in (acceptance, refusal):
        services.refused(errors.WrongState, call_of(PUNJAB_POLICE), again(services, free, of_free))


def test_a_proposal_changes_nothing_that_others_see(services: Services) -> None:
    # Etag, times, state and events are what they were; its owner alone is told that something waits.
    created = imprisoned(services)
    asked = registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)
    shown = {agency: services.ask(call_of(agency), asked).response for agency in (LAHORE_COURT, PUNJAB_PRISONS, NPB)}
    before = services.rows()
    outcome = services.ask(call_of(PUNJAB_POLICE), proposal(created, nationality="AF"))
    assert sealed_rows_are_listed(services, outcome) == ["registration_amendment"]
    changed = {table for table, count in services.rows().items() if count != before[table]}
    assert changed == {"registration_amendment", "registration_work", "outbox", "idempotency"}
    assert services.owed(PROPOSED) == [PUNJAB_PROSECUTION.agency_id]
    for agency, answer in shown.items():
        assert services.ask(call_of(agency), asked).response == answer
        assert not listed(services, created, agency)
    services.ask(
        call_of(PUNJAB_PROSECUTION),
        refusal(services, created, listed(services, created, PUNJAB_POLICE)[0].amendment_id),
    )
    assert services.owed(REFUSED) == [PUNJAB_POLICE.agency_id]
    assert services.ask(call_of(NPB), asked).response == shown[NPB]


def test_the_police_of_the_place_are_told_after_release_and_the_proposer_of_the_decision(services: Services) -> None:
    created = released(services)
    found = proposed(services, created, LAHORE_COURT)
    assert services.owed(PROPOSED) == [PUNJAB_POLICE.agency_id]
    services.ask(call_of(PUNJAB_POLICE), acceptance(services, created, found))
    assert services.owed(ACCEPTED) == [LAHORE_COURT.agency_id]


def test_an_agency_has_a_bound_of_waiting_proposals(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    # One agency doesn't fill the owner's list, and takes nobody else's room.
    monkeypatch.setattr(rules, "MOST_WAITING", 1)
    created = released(services)
    first = proposed(services, created, LAHORE_COURT)
    refused = services.refused(errors.WrongState, call_of(LAHORE_COURT), proposal(created, nationality="IR"))
    assert refused.reason == errors_pb2.ERROR_REASON_TOO_MANY_AMENDMENTS
    proposed(services, created, NPB)
    services.ask(call_of(PUNJAB_POLICE), refusal(services, created, first))
    proposed(services, created, LAHORE_COURT)


def test_what_no_longer_fits_the_record_is_not_accepted(services: Services) -> None:
    created = released(services)
    found = proposed(services, created, NPB, names=[name("Zafar Testi"), name("Zafar Neu")])
    more = [name("Zafar Testi"), name("Zaffar Testi", types_pb2.NAME_KIND_ALIAS)]
    services.ask(call_of(PUNJAB_POLICE), amendment(services, created, names=more))
    services.refused(errors.WrongState, call_of(PUNJAB_POLICE), acceptance(services, created, found))
    stale = acceptance(services, created, found, etag=created.etag)
    services.refused(errors.EtagMismatch, call_of(PUNJAB_POLICE), stale)
    # Whether it fits isn't told to whoever proposes: he isn't shown all of it.
    late = {"birth_date": day(2025, 1, 1), "birth_date_precision": types_pb2.DATE_PRECISION_DAY}
    assert proposed(services, created, PUNJAB_PROSECUTION, **late)


def test_an_owner_hears_at_once_what_does_not_fit(services: Services) -> None:
    # The police aren't shown convictions, and no refusal tells them the day of an offence.
    late = {"birth_date": day(2021, 9, 2), "birth_date_precision": types_pb2.DATE_PRECISION_DAY}
    held, free = imprisoned(services), released(services)
    refused = services.refused(errors.InvalidFields, call_of(PUNJAB_PROSECUTION), proposal(held, **late))
    assert violations(refused) == [("particulars.birth_date", errors_pb2.FIELD_REASON_DATE_ORDER)]
    amended_by_two(services, free, **late)


def test_a_document_goes_with_a_number(services: Services) -> None:
    created = released(services)

    def document() -> int:
        return services.get(created.registration_id, NPB).person.identity_document

    nicop, poc = types_pb2.IDENTITY_DOCUMENT_NICOP, types_pb2.IDENTITY_DOCUMENT_POC
    services.ask(call_of(PUNJAB_POLICE), amendment(services, created, identity_document=nicop))
    assert document() == nicop
    # Another number leaves the document what it is; without a number there is none, nor can one be entered.
    amended_by_two(services, created, **numbered(cnic()))
    assert document() == nicop
    amended_by_two(services, created, **numbered(""))
    assert not document()
    wanted = amendment(services, created, identity_document=poc)
    refused = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), wanted)
    assert violations(refused) == [("particulars.identity_document", errors_pb2.FIELD_REASON_EXACTLY_ONE)]


def test_what_is_odd_is_warned_of_and_accepted(services: Services) -> None:
    created = released(services)
    given = {**numbered("3520112345670"), "travel_documents": [types_pb2.TravelDocument(number="X12345", country="PK")]}
    unusual = ("particulars.travel_documents[0].number", types_pb2.WARNING_REASON_PASSPORT_FORM_UNUSUAL)
    mismatch = ("particulars.cnic", types_pb2.WARNING_REASON_CNIC_SEX_MISMATCH)

    def odd(agency: Agency, *, validate_only: bool = False, **more: Any) -> list[tuple[str, int]]:
        request = proposal(created, **given, **more)
        request.validate_only = validate_only
        return [(each.field, each.reason) for each in services.ask(call_of(agency), request).response.warnings]

    # Whoever doesn't own the record, and a rehearsal, has the number compared with what he says himself.
    assert odd(PUNJAB_POLICE) == [mismatch, unusual]
    assert odd(LAHORE_COURT) == odd(PUNJAB_POLICE, validate_only=True) == [unusual]
    male: dict[str, Any] = {"sex": types_pb2.SEX_MALE}
    assert odd(LAHORE_COURT, **male) == odd(PUNJAB_POLICE, validate_only=True, **male) == [mismatch, unusual]


@pytest.mark.parametrize("validate_only", [False, True])
def test_a_proposal_is_checked_by_form(services: Services, validate_only: bool) -> None:
    created = released(services)

    def refused(**given: Any) -> list[tuple[str, int]]:
        request = proposal(created, **given)
        request.validate_only = validate_only
        return violations(services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), request))

    neither = {"cnic": "", "no_cnic_reason": types_pb2.NO_CNIC_REASON_UNSPECIFIED}
    assert refused(**neither) == [("particulars.cnic", errors_pb2.FIELD_REASON_EXACTLY_ONE)]
    born = day(1985, 1, 1)
    assert refused(birth_date=born) == [("particulars.birth_date_precision", errors_pb2.FIELD_REASON_REQUIRED)]


def test_of_two_decisions_one_is_taken(services: Services) -> None:
    created = released(services)
    others = ((PUNJAB_POLICE, refusal), (NPB, withdrawal))
    for together, (by, other) in itertools.product((True, False), others):
        found = proposed(services, created, NPB)
        ended = services.at_once(
            (call_of(PUNJAB_POLICE), acceptance(services, created, found)),
            (call_of(by), other(services, created, found)),
            together=together,
        )
        assert sorted(type(each).__name__ for each in ended) == ["Outcome", "WrongState"]


def test_proposals_of_a_sealed_record_are_as_absent_as_it_is(services: Services) -> None:
    created = imprisoned(services)
    found = proposed(services, created, NPB)
    etag = services.get(created.registration_id, NPB).etag
    services.judge_all(created, "SET_ASIDE")
    for agency in (PUNJAB_PROSECUTION, NPB, PUNJAB_PRISONS):
        services.refused(errors.NoRecord, call_of(agency), _list(created))
        services.refused(errors.NoRecord, call_of(agency), shown(created, found))
        services.refused(errors.NoRecord, call_of(agency), proposal(created, nationality="AF"))
    services.refused(errors.NoRecord, call_of(PUNJAB_PROSECUTION), acceptance(services, created, found, etag=etag))
    services.refused(errors.NoRecord, call_of(PUNJAB_PROSECUTION), refusal(services, created, found))


@pytest.mark.parametrize(
    "change",
    [
        f"{PUT} sealed = ({OTHERS}) WHERE amendment_id = %(one)s",
        f"{PUT} registration_id = %(other)s WHERE amendment_id = %(one)s",
        "UPDATE registration_amendment_decision SET amendment_id = %(one)s",
    ],
)
def test_a_changed_row_is_shown_to_nobody(services: Services, change: str) -> None:
    created, other = released(services), released(services)
    one, decided = proposed(services, created, NPB), proposed(services, other, NPB)
    services.ask(call_of(PUNJAB_POLICE), refusal(services, other, decided))
    with services.database.owner() as owner:
        owner.execute(change.encode(), {"one": one, "other": other.registration_id})
    asked = other if "registration_id = %" in change else created
    services.refused(errors.Internal, call_of(NPB), _list(asked))
