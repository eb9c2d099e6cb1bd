"""What NADRA reports by a handle, and what the record's owner makes of it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from nsor.v1 import amendments_pb2, errors_pb2, identity_pb2, notification_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency
from nsor_server.registration.amendments import rules
from nsor_server.registration.identity import changes
from tests.agencies import NADRA, NPB, PUNJAB_POLICE, PUNJAB_PRISONS, PUNJAB_PROSECUTION, SINDH_POLICE, officer_of
from tests.calls import call_of, violations
from tests.orders import Created, day, order
from tests.registration.test_amend import amendment
from tests.registration.test_identity import (
    ABSENT,
    MISMATCH,
    UNVERIFIED,
    VERIFIED,
    claimed,
    decide,
    handed_out,
    later,
)
from tests.services import Services

NAME = identity_pb2.IDENTITY_CHANGE_KIND_NAME
DEATH = identity_pb2.IDENTITY_CHANGE_KIND_DEATH
REPORTED = identity_pb2.IDENTITY_CHANGE_STATE_REPORTED
ACCEPTED = identity_pb2.IDENTITY_CHANGE_STATE_ACCEPTED
DISPUTED = identity_pb2.IDENTITY_CHANGE_STATE_DISPUTED
OFFICIAL, FORMER = types_pb2.NAME_KIND_OFFICIAL, types_pb2.NAME_KIND_FORMER


def verified(services: Services, created: Created | None = None) -> tuple[Created, str]:
    """A confirmed registration that NADRA has verified, and the handle."""
    created = created or services.confirmed()
    officer = officer_of(NADRA)
    handle = handed_out(services, officer).handle
    decide(services, officer, handle)
    return created, handle


def named(name: str) -> types_pb2.PersonName:
    return types_pb2.PersonName(kind=OFFICIAL, name=name)


def report(handle: str, *names: str, **fields: Any) -> identity_pb2.ReportIdentityChangeRequest:
    """Another name, or with none a death."""
    died = {} if names else {"death_date": day(2026, 2, 1)}
    return identity_pb2.ReportIdentityChangeRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "handle": handle,
            "kind": NAME if names else DEATH,
            "names": [named(each) for each in names],
            "reference_number": "VR-9/2026",
            **died,
            **fields,
        }
    )


def reported(services: Services, handle: str, *names: str) -> None:
    answer = services.ask(call_of(NADRA), report(handle, *names)).response
    assert answer == identity_pb2.ReportIdentityChangeResponse(state=REPORTED)


def shown(services: Services, created: Created, agency: Agency = NPB) -> identity_pb2.Identity:
    return services.get(created.registration_id, agency).identity


def decision(services: Services, created: Created, **fields: Any) -> identity_pb2.DecideIdentityChangeRequest:
    """The owner's acceptance of a change that isn't decided, or of the last one."""
    registration = services.get(created.registration_id, NPB)
    known = sorted(registration.identity.changes, key=lambda each: each.state == REPORTED)
    return identity_pb2.DecideIdentityChangeRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "registration_id": created.registration_id,
            "etag": registration.etag,
            "change_id": known[-1].change_id if known else ABSENT,
            "decision": ACCEPTED,
            **fields,
        }
    )


def test_a_record_with_all_names_that_nadra_may_report_is_amended_still(services: Services) -> None:
    # A name that is left out is refused, so that the contract has to take as many as there can ever be.
    aliases = [f"Zafar Neu {chr(65 + at // 7)}{'a' * (1 + at % 7)}" for at in range(rules.MOST_NAMES - 1)]
    most = amendments_pb2.Particulars.DESCRIPTOR.fields_by_name["names"].GetOptions().Extensions[options_pb2.field]
    in_report = identity_pb2.ReportIdentityChangeRequest.DESCRIPTOR.fields_by_name["names"]
    reports = changes.MOST_EVER * in_report.GetOptions().Extensions[options_pb2.field].max_len
    assert most.max_len >= rules.MOST_NAMES + reports
    created, handle = verified(services)
    names = [*services.get(created.registration_id, NPB).person.names]
    names += [types_pb2.PersonName(kind=types_pb2.NAME_KIND_ALIAS, name=alias) for alias in aliases]
    services.ask(call_of(PUNJAB_POLICE), amendment(services, created, names=names))
    reported(services, handle, "Zafar Anders", "ظفر")
    services.ask(call_of(PUNJAB_POLICE), decision(services, created))
    names = [*services.get(created.registration_id, NPB).person.names]
    assert len(names) == rules.MOST_NAMES + 2
    names[-1].kind = FORMER
    services.ask(call_of(PUNJAB_POLICE), amendment(services, created, names=names))
    more = [*names, types_pb2.PersonName(kind=types_pb2.NAME_KIND_ALIAS, name="Zafar Mehr")]
    refused = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), amendment(services, created, names=more))
    assert violations(refused) == [("particulars.names", errors_pb2.FIELD_REASON_TOO_LONG)]


def test_an_accepted_name_is_the_official_one_and_the_old_one_stays(services: Services) -> None:
    request = order()
    request.person.names.append(types_pb2.PersonName(kind=types_pb2.NAME_KIND_ALIAS, name="Feeqa"))
    created, handle = verified(services, services.confirmed(request))
    reported(services, handle, "Zafar Anders", "ظفر")
    before = services.get(created.registration_id, PUNJAB_POLICE)
    # A report changes nothing that is compared, and nothing that others are shown.
    assert (list(before.person.names), before.identity.state) == (list(request.person.names), VERIFIED)
    (change,) = before.identity.changes
    assert (change.kind, change.state, change.reference_number) == (NAME, REPORTED, "VR-9/2026")
    assert [each.name for each in change.names] == ["Zafar Anders", "ظفر"]
    answer = services.ask(call_of(PUNJAB_POLICE), decision(services, created)).response
    after = services.get(created.registration_id, PUNJAB_POLICE)
    assert (answer.state, answer.etag) == (ACCEPTED, after.etag)
    assert [(each.kind, each.name) for each in after.person.names] == [
        (OFFICIAL, "Zafar Anders"),
        (OFFICIAL, "ظفر"),
        (FORMER, "Zafar Testi"),
        (types_pb2.NAME_KIND_ALIAS, "Feeqa"),
    ]
    # What is compared has changed: he waits for NADRA again, and the handle goes on standing for him.
    assert after.identity.state == UNVERIFIED
    reported(services, handle)


def test_an_accepted_death_is_a_fact_of_the_record(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    created, handle = verified(services)
    reported(services, handle)
    assert not shown(services, created).HasField("death_date")
    services.ask(call_of(PUNJAB_POLICE), decision(services, created))
    for agency in (PUNJAB_POLICE, PUNJAB_PROSECUTION, NPB):
        assert shown(services, created, agency).death_date == day(2026, 2, 1)
    # Also with particulars that nobody has checked.
    reported(services, handle, "Zafar Anders")
    services.ask(call_of(PUNJAB_POLICE), decision(services, created))
    assert shown(services, created).state == UNVERIFIED
    later(monkeypatch, 31)
    assert not claimed(services, officer_of(NADRA)).HasField("item")


def test_a_disputed_change_changes_nothing_and_stays(services: Services) -> None:
    created, handle = verified(services)
    names = list(services.get(created.registration_id, NPB).person.names)
    for name in ((), ("Zafar Anders",)):
        reported(services, handle, *name)
        dispute = {"decision": DISPUTED, "dispute": identity_pb2.IDENTITY_DISPUTE_OTHER_PERSON}
        services.ask(call_of(PUNJAB_POLICE), decision(services, created, **dispute))
    registration = services.get(created.registration_id, NPB)
    assert (list(registration.person.names), registration.identity.state) == (names, VERIFIED)
    assert not registration.identity.HasField("death_date")
    found = [(each.state, each.dispute) for each in registration.identity.changes]
    assert found == [(DISPUTED, identity_pb2.IDENTITY_DISPUTE_OTHER_PERSON)] * 2


def test_a_change_is_decided_once(services: Services) -> None:
    created, handle = verified(services)
    reported(services, handle)
    request = decision(services, created)
    services.ask(call_of(PUNJAB_POLICE), request)
    services.refused(errors.WrongState, call_of(PUNJAB_POLICE), decision(services, created))
    request.request_id = str(uuid.uuid4())
    services.refused(errors.EtagMismatch, call_of(PUNJAB_POLICE), request)


def test_the_owner_alone_decides(services: Services) -> None:
    # The prosecution that entered the record until release, the police of the responsible place from then on.
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id)
    held, of_held = verified(services, services.confirmed(order(custody=custody)))
    free, of_free = verified(services)
    for handle in (of_held, of_free):
        reported(services, handle)
    elsewhere = officer_of(PUNJAB_POLICE, "PK-PB/MUL")
    for created, agency, officer in (
        (free, PUNJAB_PROSECUTION, None),
        (free, SINDH_POLICE, None),
        (free, PUNJAB_POLICE, elsewhere),
        (held, PUNJAB_POLICE, None),
    ):
        refused = services.refused(errors.NoRecord, call_of(agency, officer), decision(services, created))
        absent = decision(services, created, registration_id=ABSENT)
        assert repr(services.refused(errors.NoRecord, call_of(agency, officer), absent)) == repr(refused)
    assert not shown(services, free, PUNJAB_PROSECUTION).changes
    services.ask(call_of(PUNJAB_POLICE), decision(services, free))
    services.ask(call_of(PUNJAB_PROSECUTION), decision(services, held))


def test_a_handle_that_verified_nobody_is_as_one_that_was_never_given(services: Services) -> None:
    # It was only handed out, it turned out not to be his document, or its record was sealed since.
    officer = officer_of(NADRA)
    services.confirmed()
    handed = handed_out(services, officer).handle
    absent = services.refused(errors.NoRecord, call_of(NADRA), report(ABSENT))
    assert repr(services.refused(errors.NoRecord, call_of(NADRA), report(handed))) == repr(absent)
    decide(services, officer, handed, MISMATCH)
    assert repr(services.refused(errors.NoRecord, call_of(NADRA), report(handed))) == repr(absent)
    created, handle = verified(services)
    reported(services, handle)
    services.judge_all(created, "SET_ASIDE")
    assert repr(services.refused(errors.NoRecord, call_of(NADRA), report(handle))) == repr(absent)


def test_a_report_and_a_decision_that_are_sent_again_do_nothing_more(services: Services) -> None:
    created, handle = verified(services)
    first, again, request = call_of(NADRA, officer := officer_of(NADRA)), call_of(NADRA, officer), report(handle)
    services.ask(first, request)
    services.ask(again, request)
    assert again.answer == first.answer
    assert len(shown(services, created).changes) == 1
    police = officer_of(PUNJAB_POLICE)
    deciding = decision(services, created)
    services.ask(call_of(PUNJAB_POLICE, police), deciding)
    services.ask(call_of(PUNJAB_POLICE, police), deciding)
    services.judge_all(created, "SET_ASIDE")
    services.refused(errors.NoRecord, call_of(NADRA, officer), request)
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, police), deciding)


def test_the_owner_is_told_of_a_report_and_everybody_of_the_decision(services: Services) -> None:
    created, handle = verified(services)
    reported(services, handle)
    assert services.owed(notification_pb2.EVENT_KIND_IDENTITY_CHANGE_REPORTED) == ["npb", "punjab-police"]
    services.ask(call_of(PUNJAB_POLICE), decision(services, created))
    told = services.owed(notification_pb2.EVENT_KIND_IDENTITY_CHANGE_DECIDED)
    assert told == ["npb", "punjab-police", "punjab-prosecution"]


def test_reports_are_bounded(services: Services) -> None:
    _, handle = verified(services)
    for _ in range(changes.MOST_OPEN):
        reported(services, handle)
    services.refused(errors.WrongState, call_of(NADRA), report(handle))


def test_nobody_died_before_the_birth_that_was_verified(services: Services) -> None:
    _, handle = verified(services)
    refused = services.refused(errors.InvalidFields, call_of(NADRA), report(handle, death_date=day(1984, 12, 31)))
    assert violations(refused) == [("death_date", errors_pb2.FIELD_REASON_DATE_ORDER)]


@pytest.mark.parametrize(
    ("names", "fields", "field", "reason"),
    [
        (["Zafar"], {"death_date": day(2026, 1, 1)}, "death_date", errors_pb2.FIELD_REASON_EXACTLY_ONE),
        ([], {"kind": NAME, "death_date": None}, "names", errors_pb2.FIELD_REASON_REQUIRED),
        ([], {"names": [named("Zafar")]}, "names", errors_pb2.FIELD_REASON_EXACTLY_ONE),
        (["Zafar", "Anders"], {}, "names[1].name", errors_pb2.FIELD_REASON_DUPLICATE),
        (
            ["Zafar"],
            {"names": [types_pb2.PersonName(kind=types_pb2.NAME_KIND_ALIAS, name="Feeqa")]},
            "names[0].kind",
            errors_pb2.FIELD_REASON_UNKNOWN_VALUE,
        ),
        ([], {"death_date": day(2030, 1, 1)}, "death_date", errors_pb2.FIELD_REASON_DATE_FUTURE),
    ],
)
def test_a_report_says_what_fits_together(
    services: Services, names: list[str], fields: dict[str, Any], field: str, reason: int
) -> None:
    refused = services.refused(errors.InvalidFields, call_of(NADRA), report(ABSENT, *names, **fields))
    assert (field, reason) in violations(refused)


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"decision": REPORTED}, "decision", errors_pb2.FIELD_REASON_UNKNOWN_VALUE),
        ({"decision": DISPUTED}, "dispute", errors_pb2.FIELD_REASON_REQUIRED),
        ({"dispute": identity_pb2.IDENTITY_DISPUTE_NOT_SO}, "dispute", errors_pb2.FIELD_REASON_EXACTLY_ONE),
    ],
)
def test_a_decision_on_a_change_says_what_fits_together(
    services: Services, fields: dict[str, Any], field: str, reason: int
) -> None:
    created = services.confirmed()
    refused = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), decision(services, created, **fields))
    assert (field, reason) in violations(refused)
