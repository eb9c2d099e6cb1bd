"""AmendRegistration: the owner amends what may change, by a mask; everything else and every older version stays."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import field_mask_pb2

from nsor.v1 import amendments_pb2, errors_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency
from nsor_synthetic.examples import amend_registration, particulars
from tests.agencies import (
    LAHORE_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_POLICE,
    SINDH_PROSECUTION,
    officer_of,
)
from tests.calls import call_of, violations
from tests.notification.test_notice import notice
from tests.orders import Created, cnic, current_address, order
from tests.services import Services, sealed_rows_are_listed

OFFICIAL, FORMER = types_pb2.NAME_KIND_OFFICIAL, types_pb2.NAME_KIND_FORMER
IN_CUSTODY = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id)


def released(services: Services) -> Created:
    created = services.create()
    services.confirm(created)
    return created


def imprisoned(services: Services) -> Created:
    created = services.create(order(custody=IN_CUSTODY))
    services.confirm(created)
    return created


def amendment(
    services: Services, created: Created, *paths: str, etag: str = "", validate_only: bool = False, **given: Any
) -> amendments_pb2.AmendRegistrationRequest:
    """A request that amends what is given, or the paths, of the newest version."""
    return amendments_pb2.AmendRegistrationRequest(
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
        registration_id=created.registration_id,
        etag=etag or services.get(created.registration_id, NPB).etag,
        update_mask=field_mask_pb2.FieldMask(paths=paths or list(given)),
        particulars=amendments_pb2.Particulars(**given),
    )


def name(text: str, kind: types_pb2.NameKind.ValueType = OFFICIAL) -> types_pb2.PersonName:
    return types_pb2.PersonName(kind=kind, name=text)


def of_field(shown: registration_pb2.Registration, field: str) -> registration_pb2.Registration | types_pb2.Person:
    """Where a registration has a particular."""
    return shown.person if field in shown.person.DESCRIPTOR.fields_by_name else shown


def test_every_particular_is_amended_and_shown_to_those_whom_its_class_names(services: Services) -> None:
    # What one officer amends; the rest is proposed and accepted: test_proposals.py.
    created = released(services)
    given = amend_registration(1).particulars
    given.names.append(name("Zafar Testi", FORMER))
    fields = {field.name: value for field, value in given.ListFields()}
    amended = services.ask(call_of(PUNJAB_POLICE), amendment(services, created, **fields)).response
    shown = services.get(created.registration_id, NPB)
    assert shown.etag == amended.etag != created.etag
    for field in fields:
        assert getattr(of_field(shown, field), field) == getattr(given, field), field
    of_court = services.get(created.registration_id, LAHORE_COURT)
    assert of_court.marks == given.marks
    held = imprisoned(services)
    services.ask(call_of(PUNJAB_PROSECUTION), amendment(services, held, vehicles=given.vehicles, marks=given.marks))
    of_prison = services.get(held.registration_id, PUNJAB_PRISONS)
    assert of_prison.marks
    assert not of_prison.vehicles


def test_what_no_path_names_stays(services: Services) -> None:
    created = released(services)
    before = services.get(created.registration_id, NPB)
    services.ask(call_of(PUNJAB_POLICE), amendment(services, created, mobile_numbers=["03990000001"]))
    after = services.get(created.registration_id, NPB)
    assert list(after.person.mobile_numbers) == ["+923990000001"]
    services.ask(call_of(PUNJAB_POLICE), amendment(services, created, "mobile_numbers"))
    emptied = services.get(created.registration_id, NPB)
    assert not emptied.person.mobile_numbers
    for changed in (after, emptied):
        del changed.person.mobile_numbers[:]
        changed.etag, changed.update_time.seconds, changed.update_time.nanos = before.etag, 0, 0
    before.update_time.seconds = before.update_time.nanos = 0
    assert before == after == emptied


@pytest.mark.parametrize(
    ("of", "owner", "others"),
    [
        (released, PUNJAB_POLICE, [PUNJAB_PROSECUTION, SINDH_POLICE]),
        (imprisoned, PUNJAB_PROSECUTION, [PUNJAB_POLICE, SINDH_PROSECUTION]),
        (lambda services: services.create(), PUNJAB_PROSECUTION, [PUNJAB_POLICE]),
    ],
    ids=["released", "in custody", "not confirmed"],
)
def test_the_owner_alone_amends(services: Services, of: Any, owner: Agency, others: list[Agency]) -> None:
    # The prosecution that entered the record until release, the police of the responsible place from then on; what no
    # court has confirmed is no police's. To everybody else it is as absent as what was never there.
    created = of(services)
    request = amendment(services, created, nationality="AF")
    absent = amendment(services, Created(str(uuid.uuid4()), "", created.outcome), nationality="AF", etag=request.etag)
    for other in others:
        refused = services.refused(errors.NoRecord, call_of(other), request)
        assert repr(refused) == repr(services.refused(errors.NoRecord, call_of(other), absent))
    elsewhere = officer_of(owner, "PK-PB/MUL")
    services.refused(errors.NoRecord, call_of(owner, elsewhere), request)
    services.ask(call_of(owner, officer_of(owner, "PK-PB/LHR")), request)


def test_the_newest_version_must_have_been_seen(services: Services) -> None:
    created = released(services)
    stale = amendment(services, created, nationality="AF", etag=created.etag)
    services.refused(errors.EtagMismatch, call_of(PUNJAB_POLICE), stale)


@pytest.mark.parametrize("validate_only", [False, True])
def test_paths_and_particulars_must_fit_each_other(services: Services, validate_only: bool) -> None:
    created = released(services)

    def refused(*paths: str, **given: Any) -> list[tuple[str, int]]:
        request = amendment(services, created, *paths, validate_only=validate_only, **given)
        return violations(services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), request))

    unknown = errors_pb2.FIELD_REASON_UNKNOWN_VALUE
    for path in ("convictions", "custody", "*", "names.name", ""):
        assert refused(path) == [("update_mask.paths[0]", unknown)]
    assert refused("marks", nationality="AF") == [("particulars.nationality", errors_pb2.FIELD_REASON_NOT_IN_MASK)]
    for path in ("names", "sex", "nationality", "addresses"):
        assert refused(path) == [(f"particulars.{path}", errors_pb2.FIELD_REASON_REQUIRED)]


@pytest.mark.parametrize("validate_only", [False, True])
def test_what_a_person_is_found_or_hidden_by_no_officer_amends_alone(services: Services, validate_only: bool) -> None:
    # Whatever the register holds: it is refused by the request, before any record is read.
    absent = Created(str(uuid.uuid4()), "", released(services).outcome)
    given = particulars()
    changes = (
        {"cnic": cnic(), "no_cnic_reason": types_pb2.NO_CNIC_REASON_UNSPECIFIED},
        {"cnic": "", "no_cnic_reason": types_pb2.NO_CNIC_REASON_NOT_ESTABLISHED},
        {"birth_date": given.birth_date, "birth_date_precision": types_pb2.DATE_PRECISION_DAY},
        {"travel_documents": given.travel_documents},
        {"travel_documents": ()},
    )
    for change in changes:
        request = amendment(services, absent, etag="0" * 16, validate_only=validate_only, **change)
        refused = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), request)
        reasons = [errors_pb2.FIELD_REASON_NEEDS_SECOND_OFFICER] * len(change)
        assert violations(refused) == [(f"update_mask.paths[{at}]", one) for at, one in enumerate(reasons)]


def test_a_rehearsal_reads_nothing_and_changes_nothing(services: Services) -> None:
    absent = Created(str(uuid.uuid4()), "", released(services).outcome)
    request = amendment(services, absent, nationality="AF", etag="0123456789abcdef", validate_only=True)
    before = services.rows()
    assert services.ask(call_of(SINDH_POLICE), request).response == amendments_pb2.AmendRegistrationResponse()
    assert services.rows() == before


def test_a_name_is_superseded_and_never_removed(services: Services) -> None:
    created = released(services)
    removing = amendment(services, created, names=[name("Zafar Neu")])
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), removing)
    assert violations(refusal) == [("particulars.names", errors_pb2.FIELD_REASON_NAME_REMOVED)]
    both = [name("Zafar Testi", FORMER), name("Zafar Neu")]
    services.ask(call_of(PUNJAB_POLICE), amendment(services, created, names=both))
    assert list(services.get(created.registration_id, NPB).person.names) == both


def test_an_amendment_moves_nobody(services: Services) -> None:
    # Who is responsible follows from notices, which the next station accepts: also when the address is a correction.
    created = released(services)
    moved = amendment(services, created, addresses=[current_address("PK-PB/FSD/PS-003")])
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), moved)
    assert violations(refusal) == [("particulars.addresses", errors_pb2.FIELD_REASON_ADDRESS_MOVED)]
    corrected = current_address("PK-PB/LHR/PS-001")
    corrected.house_number = "14/B"
    services.ask(call_of(PUNJAB_POLICE), amendment(services, created, addresses=[corrected]))
    assert list(services.get(created.registration_id, NPB).addresses) == [corrected]
    newest = Created(created.registration_id, services.get(created.registration_id, NPB).etag, created.outcome)
    services.ask(call_of(PUNJAB_POLICE), notice(newest))
    assert len(services.get(created.registration_id, NPB).addresses) == 2


def test_a_sex_that_does_not_fit_the_number_is_warned_of_and_accepted(services: Services) -> None:
    created = services.create(order("3520112345671"))
    services.confirm(created)
    for validate_only, odd in ((True, []), (False, [types_pb2.WARNING_REASON_CNIC_SEX_MISMATCH])):
        # A rehearsal reads no number to compare with.
        request = amendment(services, created, sex=types_pb2.SEX_FEMALE, validate_only=validate_only)
        warnings = services.ask(call_of(PUNJAB_POLICE), request).response.warnings
        assert [(each.field, each.reason) for each in warnings] == [("particulars.cnic", one) for one in odd]
    assert services.get(created.registration_id, NPB).person.sex == types_pb2.SEX_FEMALE


def test_a_sealed_record_is_amended_by_nobody(services: Services) -> None:
    created = released(services)
    request = amendment(services, created, nationality="AF")
    services.judge_all(created, "SET_ASIDE")
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), request)


def test_of_two_amendments_of_one_version_one_is_taken(services: Services) -> None:
    created = released(services)
    one, other = (amendment(services, created, nationality=country) for country in ("AF", "IR"))
    for together in (True, False):
        ended = services.at_once((call_of(PUNJAB_POLICE), one), (call_of(PUNJAB_POLICE), other), together=together)
        assert sorted(type(each).__name__ for each in ended) == ["EtagMismatch", "Outcome"]
        one, other = (amendment(services, created, nationality=country) for country in ("IR", "AF"))


def test_a_request_that_is_sent_again_amends_once(services: Services) -> None:
    created = released(services)
    request, officer = amendment(services, created, nationality="AF"), officer_of(PUNJAB_POLICE, "PK-PB/LHR")
    first, again = call_of(PUNJAB_POLICE, officer), call_of(PUNJAB_POLICE, officer)
    services.ask(first, request)
    rows = services.rows()
    services.ask(again, request)
    assert again.answer == first.answer
    assert services.rows() == rows
    # It isn't his to hear any more: he was moved, or the record was sealed.
    moved = replace(officer, jurisdiction=("PK-PB/MUL",))
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, moved), request)
    services.judge_all(created, "SET_ASIDE")
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, officer), request)


def test_an_amendment_is_one_version_and_tells_nobody(services: Services) -> None:
    created = released(services)
    request = amendment(services, created, nationality="AF")
    before = services.rows()
    outcome = services.ask(call_of(PUNJAB_POLICE), request)
    after = services.rows()
    assert sealed_rows_are_listed(services, outcome) == ["registration_version"]
    changed = {table for table in after if after[table] != before[table]}
    # With the third version it is said that there is nothing to do about the identity.
    assert changed == {"registration_version", "registration_work", "idempotency"}
    asked = registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)
    assert services.ask(call_of(NPB), asked).detail.shown_version == 3
