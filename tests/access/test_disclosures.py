"""Every method that shows something of a registered person has a way in which its accesses are found again."""

from collections.abc import Iterator
from typing import Any

import pytest

from nsor.v1 import options_pb2
from nsor_server.access.contract import ContractError
from nsor_server.access.disclosures import FOUND_BY, FoundBy
from nsor_server.rpc import naming
from nsor_server.rpc.methods import Methods
from tests.calls import CONTRACT
from tests.services import Services

_OF_A_PERSON = frozenset(options_pb2.FieldClass.values()) - {
    options_pb2.FIELD_CLASS_UNSPECIFIED,
    options_pb2.FIELD_CLASS_ALWAYS,
    options_pb2.FIELD_CLASS_REVIEW,
    options_pb2.FIELD_CLASS_UNUSUAL,
}
_SHOW_NOBODY = {
    "nsor.v1.LookupService/GetAccessRequest",
    "nsor.v1.LookupService/GetEmergencyLookUp",
    "nsor.v1.LookupService/ListAccessRequests",
    "nsor.v1.NotificationService/GetArrivalNotice",
    "nsor.v1.NotificationService/ListArrivalNotices",
    "nsor.v1.RegistrationService/GetJudgment",
    "nsor.v1.RegistrationService/ListPendingDecisions",
    "nsor.v1.RegistrationService/ListReviews",
    "nsor.v1.RegistrationService/ListUnmatchedJudgments",
}
"""Methods with such fields that say nothing of who is registered: ``access/disclosures.py`` says what they say."""
_NAMES = frozenset({"cnic", "document", "registration"})
"""What of a request names a registration, or somebody by a number."""


def test_every_method_that_discloses_says_how_that_is_found() -> None:
    disclosing = {name for name, rule in CONTRACT.methods.items() if rule.effect == options_pb2.EFFECT_DISCLOSES}
    assert disclosing == FOUND_BY.keys()


def test_what_shows_fields_of_a_person_is_found() -> None:
    showing = {
        name for name, rule in CONTRACT.methods.items() if _OF_A_PERSON & set(_classes(rule.response_class.DESCRIPTOR))
    }
    found = {name for name, by in FOUND_BY.items() if by is not FoundBy.NOTHING}
    assert showing - found == _SHOW_NOBODY


def test_what_is_found_by_what_its_request_names_names_a_registration_or_a_number() -> None:
    for name, by in FOUND_BY.items():
        fields = {kind for _, kind in naming._fields(CONTRACT.methods[name].request_class.DESCRIPTOR)}
        assert by is not FoundBy.NAMED or fields & _NAMES, name


def test_a_method_that_discloses_and_is_in_no_row_keeps_the_server_from_starting(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers = [method.handler for method in services.methods.values() if method.handler is not None]
    Methods(CONTRACT, handlers)
    name = "nsor.v1.RegistrationService/ListRegistrations"
    others = {method: by for method, by in FOUND_BY.items() if method != name}
    for changed in (others, others | {name: FoundBy.NAMED}):
        monkeypatch.setattr("nsor_server.rpc.methods.FOUND_BY", changed)
        with pytest.raises(ContractError, match="ListRegistrations"):
            Methods(CONTRACT, handlers)


def _classes(of: Any, within: tuple[str, ...] = ()) -> Iterator[int]:
    if of.full_name in within:
        return
    for field in of.fields:
        yield field.GetOptions().Extensions[options_pb2.shown_as]
        if field.message_type is not None:
            yield from _classes(field.message_type, (*within, of.full_name))
