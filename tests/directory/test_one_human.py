"""One human is one whatever is typed: in each form of his number, in two agencies, after a rotation of the keys."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.v1 import directory_pb2, errors_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import watched
from nsor_server.calls import Agency, FocalPerson, Officer
from nsor_server.directory import focal_persons
from nsor_server.storage.blind_index import BlindIndex
from tests.agencies import PUNJAB_POLICE, SINDH_POLICE, focal_person_of, officer_of
from tests.calls import POLICY, call_of
from tests.directory.test_own_number import given, officer
from tests.services import Services

FORMS = (
    "3520212345671",
    "35202-1234567-1",
    "35202 1234567 1",
    "352021-234567-1",  # as NICOP and POC are printed
    "۳۵۲۰۲۱۲۳۴۵۶۷۱",
    "٣٥٢٠٢-١٢٣٤٥٦٧-١",  # noqa: RUF001 - Arabic digits
)
"""One number as it is typed from a CNIC, a NICOP or a POC, with digits of a Latin, Urdu or Arabic keyboard."""
NUMBERS = POLICY.forms.numbers[options_pb2.FORMAT_OFFICER_NUMBER]


def enrolled(services: Services, agency: Agency, number: str, own: str) -> Officer:
    services.ask(call_of(agency), given(Ed25519PrivateKey.generate(), number, own, agency))
    return officer(services, agency, number)


@pytest.mark.parametrize("form", FORMS)
def test_an_officer_of_two_agencies_is_one(services: Services, form: str) -> None:
    one = enrolled(services, PUNJAB_POLICE, "LHR-1", FORMS[0])
    assert enrolled(services, SINDH_POLICE, "KHI-1", form).own == one.own
    # And of one agency he has one number.
    again = given(Ed25519PrivateKey.generate(), "LHR-2", form)
    refused = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), again)
    assert [each.reason for each in refused.violations] == [errors_pb2.FIELD_REASON_PERSON_HAS_NUMBER]


@pytest.mark.parametrize("form", FORMS)
def test_a_focal_person_enrols_his_own_human_in_neither_of_two_agencies(services: Services, form: str) -> None:
    for agency, own in ((PUNJAB_POLICE, FORMS[0]), (SINDH_POLICE, form)):
        himself = focal_person(services, agency, own)
        request = given(Ed25519PrivateKey.generate(), "LHR-1", form, agency)
        refused = services.refused(errors.Denied, call_of(agency, None, himself, focal_person_of(agency)), request)
        assert refused.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED


def focal_person(services: Services, agency: Agency, own: str) -> FocalPerson:
    """A focal person, as the operator's command takes what is typed."""
    forms = focal_persons.Forms(NUMBERS, services.blind_index)
    checked = focal_persons.checked(forms, agency.agency_id, "F-1", own, _PEM)
    return replace(focal_person_of(agency), own=checked.own[0][1])


_PEM = b"""-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""
"""Of a key that nobody keeps."""


def test_an_officer_of_two_agencies_is_one_though_the_keys_were_rotated_in_between(services: Services) -> None:
    one = enrolled(services, PUNJAB_POLICE, "LHR-1", FORMS[0])
    keyring = services.keyring.rotated()
    with Services(services.database, keyring) as later:
        assert enrolled(later, SINDH_POLICE, "KHI-1", FORMS[1]).own == one.own
        # Who wasn't known before is under the new key, and known by it.
        other = enrolled(later, PUNJAB_POLICE, "LHR-3", "35202-7654321-1")
        assert enrolled(later, SINDH_POLICE, "KHI-3", "3520276543211").own == other.own
        primary = watched.own_values(BlindIndex(keyring), "3520276543211")[0][1]
        assert other.own == {primary}
        # A focal person who was entered before enrols his own human no more than one who is entered now.
        for each in (services, later):
            himself = focal_person(each, PUNJAB_POLICE, "35202-5555555-1")
            request = given(Ed25519PrivateKey.generate(), "LHR-9", "3520255555551")
            refused = later.refused(errors.Denied, call_of(PUNJAB_POLICE, None, himself), request)
            assert refused.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED


def test_an_agency_with_one_focal_person_keeps_its_officers_and_disables_them(services: Services) -> None:
    officers = [services.enrolled(officer_of(PUNJAB_POLICE)) for _ in range(2)]
    alone = focal_person_of(PUNJAB_POLICE)
    request = directory_pb2.DisableOfficerRequest(
        request_id=str(uuid.uuid4()),
        officer_key_id=officers[0].key_id,
        reason=directory_pb2.DISABLE_REASON_KEY_COMPROMISED,
    )
    services.ask(call_of(PUNJAB_POLICE, None, alone), request)
    shown = services.snapshot().officers
    assert [shown[each.key_id].disabled for each in officers] == [True, False]
    deciding = given(Ed25519PrivateKey.generate(), "LHR-1", FORMS[0])
    deciding.decides = True
    refused = services.refused(errors.Denied, call_of(PUNJAB_POLICE, None, alone), deciding)
    assert refused.reason == errors_pb2.ERROR_REASON_SECOND_FOCAL_PERSON_REQUIRED


def test_agencies_that_lack_a_focal_person_are_listed(services: Services) -> None:
    with services.database.owner() as owner:
        before = focal_persons.lacking(owner)
        forms = focal_persons.Forms(NUMBERS, services.blind_index)
        one = focal_persons.checked(forms, PUNJAB_POLICE.agency_id, "F-1", FORMS[0], _PEM)
        focal_persons.add(owner, services.keyring, [one])
        after = focal_persons.lacking(owner)
    assert (before[PUNJAB_POLICE.agency_id], after[PUNJAB_POLICE.agency_id]) == (2, 1)
