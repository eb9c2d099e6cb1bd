"""What is only validated is held against form and law, and against nothing that the register holds."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

import pytest
from google.protobuf.message import Message

from nsor.ledger import note
from nsor.ledger.note import Checkpoint
from nsor.v1 import errors_pb2, types_pb2, witnesses_pb2
from nsor_server import errors
from nsor_server.access.contract import MethodRule
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import Outcome
from nsor_server.rpc.handlers import Exchanged, Parted, Unary
from tests.access.requests import WORKER, Known, request_of
from tests.agencies import AGENCIES, PUNJAB_POLICE
from tests.calls import CONTRACT, ORIGIN, call_of
from tests.orders import Created
from tests.services import Services

VALIDATING = {
    name.removeprefix("nsor.v1."): rule
    for name, rule in CONTRACT.methods.items()
    if "validate_only" in rule.request_class.DESCRIPTOR.fields_by_name
}
NOBODY = Known(Created(str(uuid.uuid4()), "0" * 16, Outcome(types_pb2.Deadline())), str(uuid.uuid4()), "0" * 32)


class Untouchable:
    """A connection, or rows of the directory, of which every use is a fault."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"the register was asked ({name})")

    def __getitem__(self, name: object) -> NoReturn:
        raise AssertionError("the register was asked (rows)")


def validated(services: Services, rule: MethodRule, change: Callable[[Any], None] = lambda _: None) -> Outcome[Any]:
    """What a method's handler says of a request that is only to be validated, without the register."""
    request: Any = request_of(rule.full_name, NOBODY)
    request.validate_only = True
    change(request)
    agency = next(agency for agency in (PUNJAB_POLICE, *AGENCIES) if agency.kind in rule.allow)
    call = call_of(agency)
    services.admit(call, request)
    handler = call.route.handler
    if isinstance(handler, Parted):
        handler = handler.taken()
    assert isinstance(handler, Unary | Exchanged)
    nothing: Any = Untouchable()
    if call.route.by_directory:
        assert isinstance(call.directory, DirectorySnapshot)
        call.directory = replace(call.directory, officers=nothing, consumers=nothing, rows=nothing)
    outcome: Outcome[Any] = handler.run(call, request, nothing)
    return outcome


@pytest.mark.parametrize("method", VALIDATING)
def test_validation_asks_the_register_nothing_and_adds_nothing(services: Services, method: str) -> None:
    # Otherwise whoever only tries a request would learn who is in the register, off the record of a decision.
    outcome = validated(services, VALIDATING[method])
    assert (list(outcome.rows), list(outcome.records), list(outcome.seen)) == ([], [], [])
    assert not outcome.directory_changed
    assert outcome.detail.outcome == "VALIDATED"
    assert not outcome.detail.subjects
    assert {field.name for field, _ in outcome.response.ListFields()} <= {"warnings", "late", "findings"} | {
        name for name in outcome.response.DESCRIPTOR.fields_by_name if name.endswith("deadline")
    }


def test_the_methods_that_validate_are_these() -> None:
    assert len(VALIDATING) >= 32  # a method that isn't found here isn't tried


def _acquitted(request: Any) -> None:
    request.convictions[0].verdict = types_pb2.VERDICT_ACQUITTED


def _of_another_act(request: Any) -> None:
    request.annexure_a.offence_codes[:] = ["PPC-34"]


def _twice(request: Any) -> None:
    request.reasons.append(request.reasons[0])


def _named_twice(request: Any) -> None:
    request.persons.append(request.persons[0])


def _elsewhere(request: Any) -> None:
    request.receiving_station = "PK-SD/KHI/PS-001"


def _unproved(request: Any) -> None:
    request.proof_of_possession = bytes(64)


def _no_toml(request: Any) -> None:
    request.toml = b"uses_per_subject = 0"


def _without(name: str) -> Callable[[Message], None]:
    return lambda request: request.ClearField(name)


@pytest.mark.parametrize(
    ("method", "change", "reason"),
    [
        ("RegistrationService/CreateRegistration", _acquitted, errors_pb2.ERROR_REASON_NOT_CONVICTED),
        ("RegistrationService/ConfirmRegistration", _without("etag"), errors_pb2.ERROR_REASON_INVALID_FIELDS),
        ("NotificationService/CreateNotice", _elsewhere, errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION),
        ("LookupService/CreateAccessRequest", _of_another_act, errors_pb2.ERROR_REASON_OFFENCE_NOT_REGISTRABLE),
        ("LookupService/ApproveAccessRequest", _without("etag"), errors_pb2.ERROR_REASON_INVALID_FIELDS),
        ("LookupService/OpenTicket", _named_twice, errors_pb2.ERROR_REASON_INVALID_FIELDS),
        ("LookupService/OpenCourtCase", _named_twice, errors_pb2.ERROR_REASON_INVALID_FIELDS),
        ("LookupService/ReturnAccessRequest", _twice, errors_pb2.ERROR_REASON_INVALID_FIELDS),
        ("DirectoryService/EnrolOfficer", _unproved, errors_pb2.ERROR_REASON_INVALID_FIELDS),
        ("DirectoryService/DisableOfficer", _without("reason"), errors_pb2.ERROR_REASON_INVALID_FIELDS),
        ("DirectoryService/DisableOwnKey", _without("reason"), errors_pb2.ERROR_REASON_INVALID_FIELDS),
        ("DirectoryService/ProposePolicy", _no_toml, errors_pb2.ERROR_REASON_POLICY_NOT_VALID),
        ("DirectoryService/AdoptPolicy", _without("etag"), errors_pb2.ERROR_REASON_INVALID_FIELDS),
    ],
)
def test_validation_says_what_form_and_law_say(
    services: Services, method: str, change: Callable[[Any], None], reason: errors_pb2.ErrorReason.ValueType
) -> None:
    with pytest.raises(errors.ApiError) as refused:
        validated(services, VALIDATING[method], change)
    assert refused.value.reason == reason


RESTS_ON_NOTHING = {
    "RegistrationService/CreateRegistration",
    "RegistrationService/RequestCorrection",
    "RegistrationService/ProposeSealedReading",
    "NotificationService/CreateArrivalNotice",
    "NotificationService/ReportMovement",
    "LookupService/OpenTicket",
    "LookupService/EnterWatchedNumber",
    "LookupService/ProposeTripwireReplay",
    "LookupService/OpenCourtCase",
}
"""What is new rests on nothing that is there."""


IN_PARTS = {"RegistrationService/ConfirmRegistrations"}
"""What is only taken here; its parts ask the register (tests/rpc/test_parts.py)."""


@pytest.mark.parametrize("method", [method for method in VALIDATING if method not in IN_PARTS])
def test_the_register_is_asked_when_it_is_meant(services: Services, method: str) -> None:
    # Proves that the connection of these tests notices: the same request, and not only to be validated.
    def meant(request: Any) -> None:
        request.validate_only = False
        if isinstance(request, witnesses_pb2.AddCosignaturesRequest):  # what no key of ours signed asks for nothing
            request.checkpoint = note.sign(Checkpoint(ORIGIN, 1, bytes(32)), services.keyring.ledger_signer, ORIGIN)

    asks = method not in RESTS_ON_NOTHING
    services.enrolled(WORKER)
    if asks:
        with pytest.raises(AssertionError, match="the register was asked"):
            validated(services, VALIDATING[method], meant)
    else:
        assert validated(services, VALIDATING[method], meant).rows
