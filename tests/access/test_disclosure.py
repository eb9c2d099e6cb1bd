import functools
import itertools
from collections.abc import Iterator
from typing import Any, TypeVar

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

from nsor.v1 import options_pb2, oversight_pb2, receipt_pb2, registration_pb2
from nsor_server import app
from nsor_server.access import disclosure
from nsor_server.access.contract import Contract, field_class, purposes_of
from nsor_server.access.disclosure import EVERYTHING, classes_shown, disclose
from nsor_server.policy.loaded import Policy
from tests.work import calls_of

PURPOSES = [purpose for purpose in options_pb2.Purpose.values() if purpose]


M = TypeVar("M", bound=Message)


def filled(message: M, depth: int = 0) -> M:
    """Every field set, two items in each repeated one."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type is not None and depth < 8:
            parts = [getattr(message, field.name)]
            if field.is_repeated:
                parts = [parts[0].add(), parts[0].add()]
            for part in parts:
                part.SetInParent()
                filled(part, depth + 1)
            continue
        value = {"string": "x", "bytes": b"x", "bool": True}.get(_TYPES.get(field.type, ""), 1)
        if field.is_repeated:
            getattr(message, field.name).extend([value, value])
        else:
            setattr(message, field.name, value)
    return message


_TYPES = {9: "string", 12: "bytes", 8: "bool"}


def leaves(message: Message, prefix: str = "") -> set[str]:
    found = set()
    for field, value in message.ListFields():
        path = prefix + field.name
        if field.message_type is None or field.message_type.full_name.startswith("google."):
            found.add(path)
            continue
        for part in value if field.is_repeated else [value]:
            found |= leaves(part, path + ".")
    return found


def allowed(descriptor: object, purpose: int, prefix: str = "") -> set[str]:
    """The same question answered the slow way, straight from the options."""
    found = set()
    for field in descriptor.fields:  # type: ignore[attr-defined]
        number = field.GetOptions().Extensions[options_pb2.shown_as]
        field_class = options_pb2.FieldClass.DESCRIPTOR.values_by_number[number]
        if purpose not in field_class.GetOptions().Extensions[options_pb2.purposes]:
            continue
        path = prefix + field.name
        if field.message_type is None or field.message_type.full_name.startswith("google."):
            found.add(path)
        else:
            found |= allowed(field.message_type, purpose, path + ".")
    return found


@pytest.mark.parametrize("purpose", PURPOSES, ids=options_pb2.Purpose.Name)
def test_a_purpose_sees_the_fields_of_its_options_and_no_other(purpose: options_pb2.Purpose.ValueType) -> None:
    full = filled(registration_pb2.Registration())
    assert leaves(disclose(full, purpose)) == allowed(full.DESCRIPTOR, purpose)


def numbered(message: M, count: Iterator[int]) -> M:
    """Every scalar its own value, two items in each repeated field, and an empty message beside a full one."""
    for field in message.DESCRIPTOR.fields:
        value: Any = getattr(message, field.name)
        if field.message_type is not None:
            for part in [value.add(), value.add()] if field.is_repeated else [value]:
                part.SetInParent()
                numbered(part, count)
            if field.is_repeated:
                value.add()
            continue
        kind, number = _TYPES.get(field.type, ""), next(count)
        made = {"string": f"x{number}", "bytes": b"%d" % number, "bool": True}.get(kind, number)
        if field.is_repeated:
            value.extend([made, made])
        else:
            setattr(message, field.name, made)
    return message


def copied(source: Any, purpose: int) -> Any:
    """The slow way to the same answer: field by field, by the options."""
    target = type(source)()
    known = source.DESCRIPTOR.full_name.startswith("google.")
    for field, value in source.ListFields():
        if not known and purpose not in purposes_of(field_class(field)):
            continue
        if field.message_type is None:
            if field.is_repeated:
                getattr(target, field.name).extend(value)
            else:
                setattr(target, field.name, value)
        elif field.is_repeated:
            getattr(target, field.name).extend([copied(part, purpose) for part in value])
        else:
            part = getattr(target, field.name)
            part.SetInParent()
            part.CopyFrom(copied(value, purpose))
    return target


@pytest.mark.parametrize("name", Contract.load().methods)
def test_each_answer_keeps_its_values_where_they_were(name: str) -> None:
    full = numbered(Contract.load().methods[name].response_class(), itertools.count(1))
    for purpose in PURPOSES:
        assert disclose(full, purpose) == copied(full, purpose)
    assert disclose(type(full)(), purpose) == type(full)()


UNKNOWN = b"\xf2\x3e\x06canary"
"""Field 1006 as text: no message of the contract has it."""


def parts(message: Message) -> Iterator[Message]:
    """A message and all messages in it, at any depth, those of others too."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in value if field.is_repeated else [value]:
                yield from parts(part)


@pytest.mark.parametrize("name", Contract.load().methods)
def test_no_field_outside_its_purposes_and_no_unknown_one_leaves_any_answer(name: str) -> None:
    # Every message of every answer, for every purpose; a newer server's field, planted in each, passes through nowhere.
    full = numbered(Contract.load().methods[name].response_class(), itertools.count(1))
    planted = list(parts(full))
    for part in planted:
        part.MergeFromString(UNKNOWN)
    assert full.SerializeToString().count(b"canary") == len(planted)
    classes = [frozenset({each}) for each in options_pb2.FieldClass.values() if each]
    for purpose in PURPOSES:
        may_leave = allowed(full.DESCRIPTOR, purpose)
        for heightened, granted in ((False, EVERYTHING), (True, EVERYTHING), *((False, each) for each in classes)):
            shown = disclose(full, purpose, heightened=heightened, granted=granted)
            assert leaves(shown) <= may_leave
            assert b"canary" not in shown.SerializeToString()


def test_the_border_does_not_see_the_case() -> None:
    # The rule of the contract in one concrete example: identity and document, nothing of the case.
    full = filled(registration_pb2.Registration())
    shown = disclose(full, options_pb2.PURPOSE_BORDER_CONTROL)
    assert shown.person.cnic == "x"
    assert not shown.convictions
    assert not shown.addresses


def test_a_field_without_the_option_is_never_copied() -> None:
    for purpose in PURPOSES:
        assert disclose(filled(receipt_pb2.Receipt()), purpose).ByteSize() == 0


@functools.cache
def later() -> Any:
    """A message of a contract to come: it has a field that may be absent, and a map, which no message of ours has."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="later.proto", package="later", syntax="proto3", dependency=[options_pb2.DESCRIPTOR.name]
    )
    message = file.message_type.add(name="Later")
    message.oneof_decl.add(name="_told")
    message.field.add(name="told", number=1, type=field.TYPE_STRING, proto3_optional=True, oneof_index=0)
    message.field.add(name="words", number=2, type=field.TYPE_MESSAGE, label=field.LABEL_REPEATED)
    message.field.add(name="hidden", number=3, type=field.TYPE_STRING)
    entry = message.nested_type.add(name="WordsEntry")
    entry.options.map_entry = True
    for number, name in enumerate(("key", "value"), 1):
        entry.field.add(name=name, number=number, type=field.TYPE_STRING)
    message.field[1].type_name = ".later.Later.WordsEntry"
    for shown in (*message.field[:2], *entry.field):
        shown.options.Extensions[options_pb2.shown_as] = options_pb2.FIELD_CLASS_ALWAYS
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("later.Later"))


def test_what_may_be_absent_is_shown_where_it_is_there() -> None:
    # Copied always, an absent value would become an empty one, which says something else.
    message = later()
    for told in (None, "", "x"):
        assert disclose(message(told=told, hidden="x"), options_pb2.PURPOSE_OVERSIGHT) == message(told=told)


def test_a_map_is_never_copied() -> None:
    # Its entries have names that no option speaks of.
    message = later()
    assert disclose(message(words={"a": "b"}), options_pb2.PURPOSE_OVERSIGHT) == message()


def test_the_source_is_left_as_it_was() -> None:
    full = filled(registration_pb2.Registration())
    before = full.SerializeToString(deterministic=True)
    disclose(full, options_pb2.PURPOSE_BORDER_CONTROL)
    assert full.SerializeToString(deterministic=True) == before


def test_classes_shown_says_what_the_fields_are() -> None:
    descriptor = registration_pb2.GetRegistrationResponse.DESCRIPTOR
    always, review = options_pb2.FIELD_CLASS_ALWAYS, options_pb2.FIELD_CLASS_REVIEW
    elsewhere = {
        review,
        options_pb2.FIELD_CLASS_PHOTO,
        options_pb2.FIELD_CLASS_JUVENILE,
        options_pb2.FIELD_CLASS_SUSPECT,
        options_pb2.FIELD_CLASS_LAST_ADDRESS,
        options_pb2.FIELD_CLASS_UNUSUAL,
    }  # of other answers, or no field's
    every = {number for number in options_pb2.FieldClass.values() if number} - elsewhere
    border = classes_shown(descriptor, options_pb2.PURPOSE_BORDER_CONTROL)
    assert [options_pb2.FieldClass.Name(number).removeprefix("FIELD_CLASS_") for number in border] == [
        *("ALWAYS", "IDENTITY", "NATIONALITY", "TRAVEL")
    ]
    assert classes_shown(descriptor, options_pb2.PURPOSE_REGISTER_OPERATION) == tuple(sorted(every))
    assert classes_shown(oversight_pb2.Access.DESCRIPTOR, options_pb2.PURPOSE_OVERSIGHT) == (always,)
    assert classes_shown(oversight_pb2.Access.DESCRIPTOR, options_pb2.PURPOSE_SELF_REVIEW) == (always, review)
    assert classes_shown(receipt_pb2.Receipt.DESCRIPTOR, options_pb2.PURPOSE_OVERSIGHT) == ()


def test_a_full_registration_is_disclosed_without_reading_its_options_again() -> None:
    # Disclosure stands in the path of every look-up: what a purpose sees is worked out once, and the rest is copying.
    full = filled(registration_pb2.Registration())
    purpose = options_pb2.PURPOSE_INVESTIGATION
    disclose(full, purpose)
    assert calls_of(lambda: allowed(full.DESCRIPTOR, purpose))["GetOptions"] > 10
    calls = calls_of(lambda: disclose(full, purpose))
    assert calls["GetOptions"] == 0
    assert calls.total() < 200


def test_what_a_start_has_made_no_call_makes_again() -> None:
    # A server would not only answer its first calls late: of more types than are kept, every call might make its own.
    contract = Contract.load()
    app.check_formats(contract, Policy.load())
    made = disclosure._type.cache_info().misses
    for rule in contract.methods.values():
        for purpose in {each for allowed_to in rule.allow.values() for each in allowed_to.purposes}:
            disclose(rule.response_class(), purpose)
    assert disclosure._type.cache_info().misses == made
