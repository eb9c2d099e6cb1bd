"""References to fingerprints and DNA profiles: numbers alone, in the forms of the policy data, shown to a few."""

from __future__ import annotations

from typing import Any

import pytest

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.calls import Agency
from tests.agencies import NPB, PUNJAB_POLICE, PUNJAB_PRISONS, PUNJAB_PROSECUTION
from tests.calls import call_of, violations
from tests.orders import Created
from tests.registration.test_amend import amendment, imprisoned, released
from tests.services import Services

FIELDS = ("fingerprint_references", "dna_references")
FORM, DIGITS = errors_pb2.FIELD_REASON_FORM, errors_pb2.FIELD_REASON_TOO_MANY_DIGITS
GIVEN = {"fingerprint_references": ["FPB-123/2022", "AFIS-7"], "dna_references": ["PFSA-45/2021"]}


def amend(services: Services, created: Created, agency: Agency, *paths: str, **given: Any) -> None:
    services.ask(call_of(agency), amendment(services, created, *paths, **given))


def shown(services: Services, created: Created, agency: Agency) -> dict[str, list[str]]:
    """Those that an agency sees in the record."""
    registration = services.get(created.registration_id, agency)
    return {field: list(getattr(registration, field)) for field in FIELDS}


def test_they_are_amended_in_their_forms_and_nothing_else_is_taken(services: Services) -> None:
    created = released(services)
    amend(services, created, PUNJAB_POLICE, **GIVEN)
    assert shown(services, created, NPB) == GIVEN
    amend(services, created, PUNJAB_POLICE, fingerprint_references=["FP-9/2024"])
    assert shown(services, created, NPB) == {**GIVEN, "fingerprint_references": ["FP-9/2024"]}
    amend(services, created, PUNJAB_POLICE, "dna_references")
    assert shown(services, created, NPB) == {"fingerprint_references": ["FP-9/2024"], "dna_references": []}


@pytest.mark.parametrize("validate_only", [False, True])
@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        pytest.param("fingerprint_references", "PFSA-45/2021", FORM, id="of a DNA profile"),
        pytest.param("fingerprint_references", "FPB-", FORM, id="no number"),
        pytest.param("fingerprint_references", "whorl on the right thumb", FORM, id="words"),
        pytest.param("fingerprint_references", "Rk1SACAyMAAAAAEIAAAA", FORM, id="a template of a print"),
        pytest.param("dna_references", "FPB-123/2022", FORM, id="of fingerprints"),
        pytest.param("dna_references", "D3S1358:15,16 vWA:17,18", DIGITS, id="a profile"),
        pytest.param("dna_references", "DNA-3520112345671", DIGITS, id="a person's number"),
    ],
)
def test_what_is_no_reference_is_refused_by_field_and_rule(
    services: Services, field: str, text: str, reason: int, validate_only: bool
) -> None:
    # Neither prints nor profiles, nor words about them: a number alone, and only in the forms of its own kind.
    created = released(services)
    given: dict[str, Any] = {field: [*GIVEN[field], text]}
    request = amendment(services, created, validate_only=validate_only, **given)
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), request)
    place = len(GIVEN[field])
    assert violations(refusal) == [(f"particulars.{field}[{place}]", reason)]
    assert shown(services, created, NPB) == {one: [] for one in FIELDS}


def test_the_prison_sees_none_of_them(services: Services) -> None:
    # Their class of fields is of registration, investigation and the register's operation, not of custody.
    free, held = released(services), imprisoned(services)
    amend(services, free, PUNJAB_POLICE, **GIVEN)
    amend(services, held, PUNJAB_PROSECUTION, **GIVEN)
    for created, agency in ((free, NPB), (free, PUNJAB_POLICE), (held, NPB), (held, PUNJAB_PROSECUTION)):
        assert shown(services, created, agency) == GIVEN, agency
    assert services.get(held.registration_id, PUNJAB_PRISONS).person.names  # it sees the record
    assert shown(services, held, PUNJAB_PRISONS) == {one: [] for one in FIELDS}
