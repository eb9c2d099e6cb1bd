from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import FieldDescriptor, FileDescriptor

from nsor.v1 import options_pb2, registration_pb2
from nsor_server.access.contract import (
    Allowed,
    Contract,
    ContractError,
    Decides,
    check_class,
    expanded_matrix,
    purposes_of,
)

GOLDEN = Path(__file__).with_name("golden_matrix.txt")

Rule = options_pb2.AccessRule
POLICE, NPB = options_pb2.AGENCY_KIND_POLICE, options_pb2.AGENCY_KIND_NPB
NO_PURPOSE, NO_KIND = options_pb2.PURPOSE_UNSPECIFIED, options_pb2.AGENCY_KIND_UNSPECIFIED
TRIAL, CUSTODY = options_pb2.PURPOSE_TRIAL, options_pb2.PURPOSE_CUSTODY
ALL = options_pb2.ROW_SCOPE_ALL
GRANTS = options_pb2.DECISION_SIDE_GRANTS
HEARING_EVENTS = options_pb2.AGENCY_GROUP_HEARING_EVENTS


def allow(
    kind: options_pb2.AgencyKind.ValueType = POLICE, *purposes: options_pb2.Purpose.ValueType
) -> options_pb2.Allow:
    return options_pb2.Allow(kind=kind, purposes=purposes, rows=ALL)


def test_the_matrix_is_the_golden_file() -> None:
    # Every widening of access shows in review. `make protos` writes the file anew.
    assert expanded_matrix(Contract.load()) == GOLDEN.read_text(encoding="utf-8")


def rule(**changes: object) -> options_pb2.AccessRule:
    good: dict[str, object] = {
        "effect": options_pb2.EFFECT_DISCLOSES,
        "officer": options_pb2.OFFICER_RULE_SESSION,
        "deadline_ms": 5000,
        "allow": [allow(POLICE, TRIAL)],
    }
    return options_pb2.AccessRule(**{**good, **changes})  # type: ignore[arg-type]


def decides(**changes: object) -> options_pb2.AccessRule:
    return rule(effect=options_pb2.EFFECT_DECIDES, officer=options_pb2.OFFICER_RULE_DECISION, **changes)


def streamed(**changes: object) -> options_pb2.AccessRule:
    return rule(deadline_ms=0, **changes)


def contract(
    access: options_pb2.AccessRule | None,
    *,
    streaming: bool = False,
    takes_stream: bool = False,
    states_purpose: bool = False,
    answer: str = "test.Ask",
) -> FileDescriptor:
    """A contract of one method with this rule."""
    file = descriptor_pb2.FileDescriptorProto(
        name="test.proto", package="test", syntax="proto3", dependency=["nsor/v1/registration.proto"]
    )
    request = file.message_type.add(name="Ask")
    if states_purpose:
        request.field.add(
            name="purpose",
            number=1,
            type=descriptor_pb2.FieldDescriptorProto.TYPE_ENUM,
            label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL,
            type_name=".nsor.v1.Purpose",
        )
    method = file.service.add(name="S").method.add(
        name="M",
        input_type=".test.Ask",
        output_type=f".{answer}",
        server_streaming=streaming,
        client_streaming=takes_stream,
    )
    if access is not None:
        method.options.Extensions[options_pb2.access].CopyFrom(access)
    pool = descriptor_pool.DescriptorPool()
    copy_file(pool, registration_pb2.DESCRIPTOR)
    pool.Add(file)
    return pool.FindFileByName("test.proto")


def copy_file(pool: descriptor_pool.DescriptorPool, file: FileDescriptor) -> None:
    """Copy a file and all that it imports into a pool."""
    for imported in file.dependencies:
        copy_file(pool, imported)
    found = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(found)
    pool.Add(found)


def test_a_sound_rule_loads() -> None:
    found = Contract.load([contract(rule())]).methods["test.S/M"]
    assert found.allow == {POLICE: Allowed(frozenset({TRIAL}), ALL)}
    assert found.deadline_ms == 5000


@pytest.mark.parametrize(
    ("access", "streaming", "gap"),
    [
        (None, False, "has no access rule"),
        (rule(effect=0), False, "has no effect"),
        (rule(officer=0), False, "has no officer rule"),
        (rule(effect=options_pb2.EFFECT_DECIDES), False, "decides without a signature"),
        (decides(), False, "decides and doesn't say on whose acts"),
        (decides(first_act=False), False, "decides and doesn't say on whose acts"),
        (decides(first_act=False, acts_of=999, side=GRANTS), False, "decides on acts that are none"),
        (decides(acts_of=1), False, "decides on acts and doesn't say what it does to them"),
        (decides(acts_of=1, side=999), False, "decides on acts and doesn't say what it does to them"),
        (decides(first_act=True, side=GRANTS), False, "says what it does to acts and not to which"),
        (decides(first_act=True, another_agency=True), False, "says what it does to acts and not to which"),
        (decides(first_act=True, own_act=True), False, "decides on the officer's own act and on others'"),
        (rule(first_act=True), False, "says on whose acts it decides although it doesn't decide"),
        (rule(officer=options_pb2.OFFICER_RULE_NONE), False, "discloses without an officer's or a system's key"),
        (streamed(officer=options_pb2.OFFICER_RULE_NONE), True, "discloses without an officer's or a system's key"),
        (
            rule(officer=options_pb2.OFFICER_RULE_OWN_KEY, effect=options_pb2.EFFECT_DISCLOSES),
            False,
            "discloses without an officer's or a system's key",
        ),
        (
            rule(officer=options_pb2.OFFICER_RULE_FOCAL_PERSON, effect=options_pb2.EFFECT_DECIDES),
            False,
            "lets a focal person do more than look after keys",
        ),
        (
            rule(officer=options_pb2.OFFICER_RULE_OFFICER_OR_FOCAL_PERSON, effect=options_pb2.EFFECT_OVERSEES),
            False,
            "lets a focal person do more than look after keys",
        ),
        (rule(allow=[]), False, "allows nobody"),
        (rule(allow=[allow(POLICE)]), False, "has an allow without purposes"),
        (
            rule(allow=[allow(POLICE, NO_PURPOSE)]),
            False,
            "a purpose that isn't one",
        ),
        (
            rule(allow=[allow(NO_KIND, TRIAL)]),
            False,
            "not exactly one of a kind and a group",
        ),
        (rule(allow=[allow(NPB, TRIAL)] * 2), False, "names a kind of agency twice"),
        (rule(allow=[allow(NPB, TRIAL, CUSTODY)]), False, "its request states none"),
        (
            rule(allow=[allow(POLICE, TRIAL), options_pb2.Allow(group=HEARING_EVENTS, purposes=[TRIAL], rows=ALL)]),
            False,
            "names a kind of agency twice",
        ),
        (
            rule(allow=[options_pb2.Allow(kind=NPB, group=HEARING_EVENTS, purposes=[TRIAL], rows=ALL)]),
            False,
            "not exactly one of a kind and a group",
        ),
        (rule(allow=[allow(99, TRIAL)]), False, "a kind of agency that isn't one"),  # type: ignore[arg-type]
        (
            rule(allow=[options_pb2.Allow(group=99, purposes=[TRIAL], rows=ALL)]),  # type: ignore[arg-type]
            False,
            "allows a group that isn't one",
        ),
        (rule(allow=[options_pb2.Allow(kind=POLICE, purposes=[TRIAL])]), False, "has an allow without rows"),
        (
            rule(allow=[options_pb2.Allow(kind=POLICE, purposes=[TRIAL], rows=99)]),  # type: ignore[arg-type]
            False,
            "has an allow without rows",
        ),
        (rule(deadline_ms=0), False, "has no deadline"),
        (rule(), True, "has a deadline although it is a stream"),
    ],
)
def test_a_contract_with_a_gap_does_not_load(access: Rule | None, streaming: bool, gap: str) -> None:
    # Deny by default: a method that was forgotten stops the server, it doesn't open a door.
    with pytest.raises(ContractError, match=gap):
        Contract.load([contract(access, streaming=streaming)])


def test_a_stream_is_answered_with_a_stream() -> None:
    # Each message has its answer and its receipt: one answer to many would prove none of them.
    Contract.load([contract(streamed(), streaming=True, takes_stream=True)])
    with pytest.raises(ContractError, match="takes a stream and answers with none"):
        Contract.load([contract(rule(), takes_stream=True)])


@pytest.mark.parametrize("effect", [options_pb2.EFFECT_CHANGES, options_pb2.EFFECT_OVERSEES])
def test_only_a_method_that_discloses_may_show_a_person(effect: options_pb2.Effect.ValueType) -> None:
    shows = "nsor.v1.GetRegistrationResponse"
    Contract.load([contract(rule(), answer=shows)])
    with pytest.raises(ContractError, match="shows a person"):
        Contract.load([contract(rule(effect=effect), answer=shows)])


def test_several_purposes_are_fine_where_the_request_states_one() -> None:
    several = rule(allow=[allow(NPB, TRIAL, CUSTODY)])
    found = Contract.load([contract(several, states_purpose=True)]).methods["test.S/M"]
    assert found.states_purpose


@pytest.mark.parametrize(
    ("purposes", "gap"),
    [(frozenset(), "has no purposes"), (frozenset({TRIAL, NO_PURPOSE}), "a purpose that isn't one")],
)
def test_a_class_of_fields_with_a_gap_does_not_load(
    purposes: frozenset[options_pb2.Purpose.ValueType], gap: str
) -> None:
    with pytest.raises(ContractError, match=gap):
        check_class("FIELD_CLASS_TEST", purposes)


def test_every_class_of_fields_is_looked_at_when_the_contract_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    # Otherwise the server would start, and show the fields of a class that was forgotten to nobody.
    last = max(options_pb2.FieldClass.values())
    monkeypatch.setattr(
        "nsor_server.access.contract.purposes_of", lambda number: frozenset({TRIAL} if number != last else ())
    )
    with pytest.raises(ContractError, match=f"{options_pb2.FieldClass.Name(last)} has no purposes"):
        Contract.load([contract(rule())])


def test_what_is_no_class_is_shown_for_no_purpose() -> None:
    assert purposes_of(options_pb2.FIELD_CLASS_UNSPECIFIED) == frozenset()
    assert purposes_of(99) == frozenset()
    assert purposes_of(options_pb2.FIELD_CLASS_OPERATION) == {options_pb2.PURPOSE_REGISTER_OPERATION}


def test_a_group_allows_its_kinds_and_no_other() -> None:
    reviewing = options_pb2.AGENCY_GROUP_REVIEWING_THEMSELVES
    grouped = rule(allow=[options_pb2.Allow(group=reviewing, purposes=[TRIAL], rows=ALL)])
    found = Contract.load([contract(grouped)]).methods["test.S/M"]
    assert {options_pb2.AgencyKind.Name(kind).removeprefix("AGENCY_KIND_") for kind in found.allow} == {
        *("POLICE", "PROSECUTION", "COURT", "PRISONS", "NADRA", "IMMIGRATION")
    }
    assert set(found.allow.values()) == {Allowed(frozenset({TRIAL}), ALL)}


CHANGING = {options_pb2.EFFECT_CHANGES, options_pb2.EFFECT_DECIDES}
IMPORTS = "nsor.v1.RegistrationService/ImportRegistrations"
ACKNOWLEDGES = "nsor.v1.NotificationService/AcknowledgeEvents"  # acknowledging again changes nothing


def test_every_change_can_be_repeated_and_tried() -> None:
    # A caller whose line broke sends the request again; one who isn't sure of its form tries it without an effect.
    rules = [one for one in Contract.load().methods.values() if one.effect in CHANGING]
    lacking = []
    for one in rules:
        fields: Any = one.request_class.DESCRIPTOR.fields_by_name
        request_id, validate_only = fields.get("request_id"), fields.get("validate_only")
        if request_id is None or validate_only is None:
            lacking.append(one.full_name)
            continue
        form = request_id.GetOptions().Extensions[options_pb2.field]
        assert (request_id.number, form.required, form.format) == (1, True, options_pb2.FORMAT_UUID), one.full_name
        assert (validate_only.number, validate_only.type) == (2, FieldDescriptor.TYPE_BOOL), one.full_name
    # An import is repeated by its own id and the numbers of its rows.
    assert lacking == [ACKNOWLEDGES, IMPORTS]
    assert len(rules) > len(lacking)


def test_only_a_receipt_is_never_copied_into_an_answer() -> None:
    # A field without a class is left out silently: whoever forgets it would send an answer without it.
    matrix = expanded_matrix(Contract.load()).splitlines()
    never = {line.strip().removesuffix(": never") for line in matrix if line.endswith(": never")}
    assert never == {"leaf", "index", "checkpoint", "receipt"}


DECIDING = sorted(name for name, each in Contract.load().methods.items() if each.effect == options_pb2.EFFECT_DECIDES)


@pytest.mark.parametrize("name", DECIDING)
def test_no_contract_loads_in_which_one_method_does_not_say_on_whose_acts_it_decides(name: str) -> None:
    # Otherwise the next method that decides is the next one that compares nobody.
    service, method = name.split("/")
    found = descriptor_pool.Default().FindServiceByName(service).file
    pool = descriptor_pool.DescriptorPool()
    for imported in found.dependencies:
        copy_file(pool, imported)
    file = descriptor_pb2.FileDescriptorProto()
    found.CopyToProto(file)
    (changed,) = (m for s in file.service for m in s.method if f"{file.package}.{s.name}/{m.name}" == name)
    for field in Decides._fields:
        changed.options.Extensions[options_pb2.access].ClearField(field)  # type: ignore[arg-type]  # a field's
    pool.Add(file)
    with pytest.raises(ContractError, match=f"{method} decides and doesn't say on whose acts"):
        Contract.load([pool.FindFileByName(file.name)])
