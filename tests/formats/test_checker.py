# ruff: noqa: RUF001 - digits and dashes that look like others are what is tested

import datetime as dt
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.type import date_pb2

from nsor.v1 import (
    directory_pb2,
    errors_pb2,
    lookup_pb2,
    notification_pb2,
    options_pb2,
    oversight_pb2,
    registration_pb2,
    types_pb2,
)
from nsor_server.errors import Violation
from nsor_server.formats import amendments, contract
from nsor_server.formats.checker import Checker
from nsor_server.policy import written_forms
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places
from nsor_synthetic import examples
from nsor_synthetic.defects import defects
from tests.work import calls_of

SERVICES = [
    service
    for module in (registration_pb2, notification_pb2, lookup_pb2, oversight_pb2, directory_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
]
REQUESTS = [method.input_type for service in SERVICES for method in service.methods]
DEFECTS = [defect for defect in defects(7) if defect.error == errors_pb2.ERROR_REASON_INVALID_FIELDS]


def test_a_right_request_passes_unchanged(checker: Checker) -> None:
    # Every field is set in the examples, so that every check has run.
    for example in examples.requests(7):
        before = example.SerializeToString(deterministic=True)
        assert checker.check(example) == []
        assert example.SerializeToString(deterministic=True) == before


def test_there_is_an_example_of_every_request_and_every_field() -> None:
    found = {example.DESCRIPTOR.full_name for example in examples.requests(7)}
    assert found == {request.full_name for request in REQUESTS}


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.name)
def test_every_mistake_is_named_by_its_field_and_rule(checker: Checker, kind: Descriptor) -> None:
    # Nothing wrong gets past the front door, and the answer names the field that the clerk must correct.
    missed = []
    for defect in DEFECTS:
        if defect.request.DESCRIPTOR is kind:
            request = type(defect.request)()
            request.CopyFrom(defect.request)
            found = checker.check(request)
            if Violation(defect.field, defect.reason) not in found:
                missed.append((defect.title, found))
    assert missed == []


def test_every_field_with_a_rule_has_a_mistake_of_its_own() -> None:
    # A new field of the contract is tried by being there.
    tried: dict[str, set[str]] = {}
    for defect in DEFECTS:
        fields = tried.setdefault(defect.request.DESCRIPTOR.full_name, set())
        fields.add("".join(part.partition("[")[0] + "." for part in defect.field.split("."))[:-1])
    for request in REQUESTS:
        missing = {path for path, field in _leaves(request) if _has_rule(field)} - tried.get(request.full_name, set())
        if request.full_name == "nsor.v1.AmendRegistrationRequest":
            # It takes nothing that needs a second officer: ProposeAmendment does, with the same message.
            missing = {path for path in missing if path.split(".")[1] not in amendments.SECOND_OFFICER}
        assert not missing, request.full_name


def _leaves(message: Descriptor, path: str = "") -> Iterator[tuple[str, FieldDescriptor]]:
    for field in message.fields:
        yield path + field.name, field
        if field.message_type is not None and field.message_type.full_name.startswith("nsor."):
            yield from _leaves(field.message_type, f"{path}{field.name}.")


def _has_rule(field: FieldDescriptor) -> bool:
    rule = field.GetOptions().Extensions[options_pb2.field]
    return bool(rule.ByteSize()) or field.type in {FieldDescriptor.TYPE_ENUM, FieldDescriptor.TYPE_STRING}


def test_all_mistakes_are_told_at_once(checker: Checker) -> None:
    request = examples.create_registration(7)
    request.person.cnic = "1"
    request.person.sex = types_pb2.SEX_UNSPECIFIED
    request.convictions[0].fir.serial = 0
    request.addresses[0].postal_code = "x"
    assert [violation.field for violation in checker.check(request)] == [
        "person.cnic",
        "person.sex",
        "convictions[0].fir.serial",
        "addresses[0].postal_code",
    ]


def test_typed_forms_are_normalised_in_place(checker: Checker) -> None:
    request = examples.create_registration(7)
    request.person.cnic = "۸۲۲۰۳-۱۲۳۴۵۶۷-۰"
    request.person.mobile_numbers[0] = "0399–0000001"
    request.person.names[1].name = "Nasreen   Akhtar"
    request.convictions[0].counts[0].legal_basis = types_pb2.LEGAL_BASIS_BOTH
    assert checker.check(request) == []
    assert request == examples.create_registration(7)


def test_today_is_today_in_karachi() -> None:
    # A court's clerk who enters today's judgment isn't told that it lies in the future.
    def violations(today: dt.date) -> list[Violation]:
        request = examples.create_registration(7)
        request.convictions[0].judgment_date.CopyFrom(date_pb2.Date(year=2024, month=7, day=1))
        return Checker(Places.load(), OffenceTable.load(), written_forms.load(), today=lambda: today).check(request)

    assert violations(dt.date(2024, 7, 1)) == []
    assert violations(dt.date(2024, 6, 30)) == [
        Violation("convictions[0].judgment_date", errors_pb2.FIELD_REASON_DATE_FUTURE)
    ]


def test_a_list_past_its_limit_is_one_violation_and_is_not_walked(checker: Checker) -> None:
    # A flood of items costs its sender, not the register.
    request = registration_pb2.CreateRegistrationRequest()
    request.CopyFrom(examples.create_registration(7))
    for _ in range(20_000):
        request.person.names.add(name="x" * 500)
    found: list[Violation] = []
    flood = calls_of(lambda: found.extend(checker.check(request)))
    assert [violation.field for violation in found] == ["person.names"]
    ordinary = examples.create_registration(7)
    assert flood.total() <= calls_of(lambda: checker.check(ordinary)).total()


def test_the_contract_leaves_no_room_for_free_text(checker: Checker) -> None:
    checker.validate_contract(SERVICES)


def test_a_contract_with_an_unchecked_string_is_refused() -> None:
    # A victim's name fits into any string that nothing checks: answers have such fields, requests must not.
    with pytest.raises(contract.ContractError) as refused:
        contract.validate([registration_pb2.GetRegistrationResponse.DESCRIPTOR])
    assert any("registration_id is a string with neither format nor max_len" in fault for fault in refused.value.faults)
    assert any("convictions is repeated and has no max_len" in fault for fault in refused.value.faults)


def test_violations_never_carry_a_value(checker: Checker) -> None:
    canary = "Zq7-canary"
    for defect in DEFECTS:
        request: Message = type(defect.request)()
        request.CopyFrom(defect.request)
        _plant(request, canary)
        for violation in checker.check(request):
            assert canary not in repr(violation)


def _plant(message: Message, canary: str) -> None:
    """Put a text into every string that is set."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if field.is_repeated else [value]:
                _plant(inner, canary)
        elif field.type == FieldDescriptor.TYPE_STRING:
            if field.is_repeated:
                value[0] = canary
            else:
                setattr(message, field.name, canary)


def test_a_look_up_is_checked_in_a_few_calls(checker: Checker) -> None:
    # The hot path: its budget is 10 us. Rules are compiled at start, and not read from the contract again.
    request = next(one for one in examples.requests(7) if isinstance(one, lookup_pb2.LookUpRegistrationRequest))
    checker.check(request)
    calls = calls_of(lambda: checker.check(request))
    assert calls["GetOptions"] == 0
    assert calls.total() < 100
