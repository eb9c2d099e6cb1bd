"""Disclosure: what of a message a purpose shows.

For each purpose and type of message there is a second type, which has the shown fields and no others. A message is
written down and read as that type, and what is unknown to it is dropped: at any depth the answer holds what somebody
has marked with the option ``shown_as``, and nothing else can stand in it. Clearing the other fields would not do, since
what nobody knows of survives it: an unknown field, or one that was added yesterday without a rule.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, Final, TypeAlias, TypeVar

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from nsor.v1 import options_pb2
from nsor_server.access.contract import confirmed_by, field_class, kept_from, purposes_of

WELL_KNOWN = frozenset({"google.protobuf.Timestamp", "google.type.Date"})
"""Messages of others, without options of ours, whose known fields go with the field that holds them."""

M = TypeVar("M", bound=Message)

Kind: TypeAlias = options_pb2.AgencyKind.ValueType
NOBODY: Final = options_pb2.AGENCY_KIND_UNSPECIFIED
Granted: TypeAlias = frozenset[int]
"""Numbers of classes that a grant shows."""
EVERYTHING: Final[Granted] = frozenset()
"""Of a grant that shows all that its purpose does, and of what rests on no grant."""
_PACKAGE: Final = "shown"


def disclose(
    message: M,
    purpose: options_pb2.Purpose.ValueType,
    confirming: Kind = NOBODY,
    *,
    heightened: bool = False,
    granted: Granted = EVERYTHING,
) -> M:
    """A new message with the fields that the purpose shows.

    Args:
        message: the full answer; it is not changed.
        purpose: as the gate admitted it.
        confirming: the caller's kind of agency when it is yet to confirm what the message shows: what it has to confirm
            from its own record isn't told it.
        heightened: it is of a record that is handled with more care: of that fewer classes are shown.
        granted: the classes that a grant shows, where it shows fewer than its purpose.
    """
    shown = _type(message.DESCRIPTOR, purpose, confirming, heightened=heightened).FromString(
        message.SerializeToString()
    )
    shown.DiscardUnknownFields()
    disclosed = type(message).FromString(shown.SerializeToString())
    return _narrowed(disclosed, granted) if granted else disclosed


def classes_shown(
    descriptor: Any,
    purpose: options_pb2.Purpose.ValueType,
    *,
    heightened: bool = False,
    granted: Granted = EVERYTHING,
) -> tuple[options_pb2.FieldClass.ValueType, ...]:
    """What the fields are that ``disclose`` shows, at any depth, in order of their numbers."""
    return tuple(sorted(_classes(descriptor, purpose, heightened=heightened, granted=granted)))


def shows(field: FieldDescriptor, purpose: options_pb2.Purpose.ValueType, *, heightened: bool = False) -> bool:
    """Tell whether a field is shown for a purpose; ``heightened``: of a record that is handled with more care."""
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return False
    number = field_class(field)
    return purpose in purposes_of(number) and not (heightened and purpose in kept_from(number))


def warm(shown_for: Iterable[tuple[Any, Iterable[options_pb2.Purpose.ValueType]]]) -> None:
    """Make the types of these messages for these purposes, so that no call waits for it."""
    for descriptor, purposes in shown_for:
        for purpose in purposes:
            _type(descriptor, purpose, NOBODY, heightened=False)


def _narrowed(message: M, granted: Granted) -> M:
    """A copy of what the purpose shows, with the fields of these classes and those that are always shown.

    Not by a type of its own, as for a purpose: there are as many sets of classes as prosecutors think of.
    """
    copy = type(message)()
    for field, value in message.ListFields():
        if not _grants(field, granted):
            continue
        inner = field.message_type is not None and field.message_type.full_name not in WELL_KNOWN
        if field.is_repeated:
            getattr(copy, field.name).extend([_narrowed(each, granted) for each in value] if inner else value)
        elif field.message_type is not None:
            getattr(copy, field.name).CopyFrom(_narrowed(value, granted) if inner else value)
        else:
            setattr(copy, field.name, value)
    return copy


def _grants(field: FieldDescriptor, granted: Granted) -> bool:
    """Whether a field is of one of the classes; without any, whether it is of any."""
    return not granted or field_class(field) in granted or field_class(field) == options_pb2.FIELD_CLASS_ALWAYS


@functools.lru_cache(maxsize=4096)
def _classes(
    descriptor: Any, purpose: options_pb2.Purpose.ValueType, *, heightened: bool, granted: Granted
) -> frozenset[options_pb2.FieldClass.ValueType]:
    if descriptor.full_name in WELL_KNOWN:
        return frozenset()
    shown = [
        field for field in descriptor.fields if shows(field, purpose, heightened=heightened) and _grants(field, granted)
    ]
    inner = [
        _classes(field.message_type, purpose, heightened=heightened, granted=granted)
        for field in shown
        if field.message_type is not None
    ]
    return frozenset(map(field_class, shown)).union(*inner)


@functools.cache  # as many as the contract has: with fewer, whoever asks for all in turn finds none
def _type(
    descriptor: Any, purpose: options_pb2.Purpose.ValueType, confirming: Kind, *, heightened: bool
) -> type[Message]:
    """The type that has the shown fields, as proto2: there a field that is set stays set, whatever its value."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{_PACKAGE}.proto", package=_PACKAGE, syntax="proto2")
    _add(file, descriptor, purpose, confirming, heightened=heightened)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{_name(descriptor)}"))


def _add(
    file: descriptor_pb2.FileDescriptorProto,
    descriptor: Descriptor,
    purpose: options_pb2.Purpose.ValueType,
    confirming: Kind,
    *,
    heightened: bool,
) -> None:
    """Add a type of message with its shown fields, and the types of these."""
    if any(known.name == _name(descriptor) for known in file.message_type):
        return
    message = file.message_type.add(name=_name(descriptor))
    for field in descriptor.fields:
        if descriptor.full_name not in WELL_KNOWN and not shows(field, purpose, heightened=heightened):
            continue
        if confirming in confirmed_by(field):
            continue
        message.field.append(_field(field))
        if field.message_type is not None:
            _add(file, field.message_type, purpose, confirming, heightened=heightened)


def _field(field: FieldDescriptor) -> descriptor_pb2.FieldDescriptorProto:
    """The same field on the wire; of an enumeration only the number counts."""
    kinds = descriptor_pb2.FieldDescriptorProto
    made = kinds(name=field.name, number=field.number, type=field.type)  # type: ignore[arg-type]  # the same numbers
    made.label = kinds.LABEL_REPEATED if field.is_repeated else kinds.LABEL_OPTIONAL
    if field.message_type is not None:
        made.type_name = f".{_PACKAGE}.{_name(field.message_type)}"
    elif field.enum_type is not None:
        made.type = kinds.TYPE_INT32
    return made


def _name(descriptor: Descriptor) -> str:
    """A name without dots that no two types share."""
    return f"M{descriptor.full_name.encode().hex()}"
