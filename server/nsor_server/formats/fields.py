"""Checks of single fields, made once from a field's options: each one a closure that reads, normalises and reports.

The front door runs them for every call, so a check does no lookup by name beyond the field's own, and builds a path
only for a violation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from nsor.v1 import errors_pb2, options_pb2
from nsor_server.errors import Violation
from nsor_server.formats import dates
from nsor_server.formats.errors import FormatError
from nsor_server.formats.normalisers import Normaliser
from nsor_server.formats.usual_rows import USUAL

Check = Callable[[Any, str, list[Violation]], None]
"""Takes a message, the path of its fields (``suspects[2].``, or empty) and the violations so far."""
Today = Callable[[], dt.date]

_FEW_BYTES: Final = 128
"""Of a message that has few fields, whatever they are: the unknown ones are found within 10 us, and in the other way
within 4. A request has several messages within each other, of which most that are right are shorter."""
_TAG_BYTES: Final = 5
"""Most that a field's number and kind take."""
_GOES_ON: Final = 0x80
"""Bytes of a number from this value on are followed by another one."""
INTEGERS: Final = frozenset(
    {
        FieldDescriptor.TYPE_INT32,
        FieldDescriptor.TYPE_INT64,
        FieldDescriptor.TYPE_UINT32,
        FieldDescriptor.TYPE_UINT64,
        FieldDescriptor.TYPE_SINT32,
        FieldDescriptor.TYPE_SINT64,
        FieldDescriptor.TYPE_FIXED32,
        FieldDescriptor.TYPE_FIXED64,
        FieldDescriptor.TYPE_SFIXED32,
        FieldDescriptor.TYPE_SFIXED64,
    }
)
DATE: Final = "google.type.Date"
TIMESTAMP: Final = "google.protobuf.Timestamp"
MASK: Final = "google.protobuf.FieldMask"
# 0001-01-01 to 9999-12-31, as timestamp.proto says.
_TIMESTAMP_SECONDS: Final = (-62_135_596_800, 253_402_300_799)


@dataclass(frozen=True, slots=True)
class Rules:
    """A field with what its checks need.

    Attributes:
        field: its descriptor.
        rule: its options.
        normalise: the format of its strings, with the registry's question already bound.
        today: today in Asia/Karachi.
        nested: the check of its message type.
    """

    field: FieldDescriptor
    rule: options_pb2.FieldRule
    normalise: Normaliser | None
    today: Today
    nested: Check | None

    @property
    def name(self) -> str:
        """The field's name."""
        return self.field.name


def type_name(field: FieldDescriptor) -> str:
    """Give the full name of a field's message type; empty for a scalar."""
    return field.message_type.full_name if field.message_type is not None else ""


def check_unknown(message: Message, path: str, violations: list[Violation]) -> None:
    """Refuse a message with fields that this contract doesn't have: they could hold text."""
    number = _unknown_of_few(message) if message.ByteSize() <= _FEW_BYTES else _unknown_of_many(message)
    if number:
        # One per message: its number is the contract's, not the caller's value.
        violations.append(Violation(f"{path}#{number}", errors_pb2.FIELD_REASON_UNKNOWN_FIELD))


def _unknown_of_few(message: Message) -> int:
    """The number of the first unknown field; 0: there is none."""
    unknown = UnknownFieldSet(message)
    return unknown[0].field_number if len(unknown) else 0


def _unknown_of_many(message: Message) -> int:
    """The same, of a message that may have very many: made one by one, nobody else's call is worked at meanwhile."""
    rest = type(message)()
    rest.CopyFrom(message)
    for field, _ in message.ListFields():
        rest.ClearField(field.name)
    tag = 0
    for place, byte in enumerate(rest.SerializeToString()[:_TAG_BYTES]):
        tag |= (byte & 0x7F) << 7 * place
        if byte < _GOES_ON:
            break
    return tag >> 3


def compile_check(rules: Rules) -> Check:
    """Make the check of a field."""
    if rules.field.is_repeated:
        return _repeated(rules)
    if rules.field.type in INTEGERS:
        return _integer(rules)
    by_type = {
        FieldDescriptor.TYPE_MESSAGE: _message,
        FieldDescriptor.TYPE_ENUM: _enum,
        FieldDescriptor.TYPE_STRING: _string,
        FieldDescriptor.TYPE_BYTES: _bytes,
        FieldDescriptor.TYPE_BOOL: _bool,
    }
    return by_type[rules.field.type](rules)


def _bool(_rules: Rules) -> Check:
    return _nothing


def _nothing(_message: Message, _path: str, _violations: list[Violation]) -> None:
    """Any value of a bool is right."""


def plain_token(text: str) -> str:
    """Give a string without a format back: visible ASCII and nothing else, so that no sentence fits.

    Raises:
        FormatError: FORM.
    """
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise FormatError(errors_pb2.FIELD_REASON_FORM)
    return text


def _limited(rules: Rules, limit: int) -> Normaliser:
    """Add the field's own limit to its format."""
    normalise = rules.normalise or plain_token
    if not limit:
        return normalise

    def limited(text: str) -> str:
        normal = normalise(text)
        if len(normal) > limit:
            raise FormatError(errors_pb2.FIELD_REASON_TOO_LONG)
        return normal

    return limited


def _string(rules: Rules) -> Check:
    name, required = rules.name, rules.rule.required or rules.field.has_presence
    in_oneof = rules.field.has_presence
    normalise = _limited(rules, rules.rule.max_len)

    def check(message: Any, path: str, violations: list[Violation]) -> None:
        if in_oneof and not message.HasField(name):
            return
        text = getattr(message, name)
        if not text:
            if required:
                violations.append(Violation(path + name, errors_pb2.FIELD_REASON_REQUIRED))
            return
        try:
            normal = normalise(text)
        except FormatError as error:
            violations.append(Violation(path + name, error.reason))
            return
        if normal != text:
            setattr(message, name, normal)

    return check


def _bytes(rules: Rules) -> Check:
    name, required = rules.name, rules.rule.required
    shortest, longest = rules.rule.min_len, rules.rule.max_len

    def check(message: Any, path: str, violations: list[Violation]) -> None:
        length = len(getattr(message, name))
        if not length:
            if required:
                violations.append(Violation(path + name, errors_pb2.FIELD_REASON_REQUIRED))
        elif longest and length > longest:
            violations.append(Violation(path + name, errors_pb2.FIELD_REASON_TOO_LONG))
        elif length < shortest:
            violations.append(Violation(path + name, errors_pb2.FIELD_REASON_TOO_SHORT))

    return check


def _integer(rules: Rules) -> Check:
    name, required = rules.name, rules.rule.required
    least, most = rules.rule.min, rules.rule.max
    # A field without any rule is bounded by its type alone.
    bounded = bool(least or most or required)

    def check(message: Any, path: str, violations: list[Violation]) -> None:
        value = getattr(message, name)
        if not value:
            if required:
                violations.append(Violation(path + name, errors_pb2.FIELD_REASON_REQUIRED))
        elif bounded and (value < least or (most and value > most)):
            violations.append(Violation(path + name, errors_pb2.FIELD_REASON_OUT_OF_RANGE))

    return check


def _numbers(field: FieldDescriptor) -> frozenset[int]:
    """Give the numbers of an enumeration: proto3 keeps any other number too."""
    return frozenset(field.enum_type.values_by_number) if field.enum_type is not None else frozenset()


def _enum(rules: Rules) -> Check:
    name, required = rules.name, rules.rule.required
    known = _numbers(rules.field)

    def check(message: Any, path: str, violations: list[Violation]) -> None:
        value = getattr(message, name)
        if not value:
            if required:
                violations.append(Violation(path + name, errors_pb2.FIELD_REASON_REQUIRED))
        elif value not in known:
            violations.append(Violation(path + name, errors_pb2.FIELD_REASON_UNKNOWN_VALUE))

    return check


def _message(rules: Rules) -> Check:
    name, required = rules.name, rules.rule.required
    one = _one_message(rules)

    def check(message: Any, path: str, violations: list[Violation]) -> None:
        if message.HasField(name):
            one(getattr(message, name), path + name, violations)
        elif required:
            violations.append(Violation(path + name, errors_pb2.FIELD_REASON_REQUIRED))

    return check


def _one_message(rules: Rules) -> Check:
    """Make the check of a message that is there; its path is the field's own, without a dot."""
    name = type_name(rules.field)
    if name == DATE:
        return _date(rules)
    if name == TIMESTAMP:
        return _timestamp(rules)
    if name == MASK:
        return _mask(rules)
    nested = rules.nested
    if nested is None:
        raise TypeError(f"{rules.field.full_name} has no check for its type")

    def check(message: Any, path: str, violations: list[Violation]) -> None:
        nested(message, path + ".", violations)

    return check


def _date(rules: Rules) -> Check:
    not_future, today = rules.rule.not_future, rules.today

    def check(message: Any, path: str, violations: list[Violation]) -> None:
        check_unknown(message, path + ".", violations)
        try:
            day = dates.read(message)
        except FormatError as error:
            violations.append(Violation(path, error.reason))
            return
        if not_future and day > today():
            violations.append(Violation(path, errors_pb2.FIELD_REASON_DATE_FUTURE))

    return check


def compile_order(rules: Rules) -> Check:
    """Make the check that a date isn't before the field that it must follow. Wrong dates were reported already."""
    name, earlier = rules.name, rules.rule.not_before_field

    def check(message: Any, path: str, violations: list[Violation]) -> None:
        if not (message.HasField(name) and message.HasField(earlier)):
            return
        try:
            wrong = dates.read(getattr(message, name)) < dates.read(getattr(message, earlier))
        except FormatError:
            return
        if wrong:
            violations.append(Violation(path + name, errors_pb2.FIELD_REASON_DATE_ORDER))

    return check


def _timestamp(rules: Rules) -> Check:
    not_future, today = rules.rule.not_future, rules.today
    first, last = _TIMESTAMP_SECONDS

    def check(message: Any, path: str, violations: list[Violation]) -> None:
        check_unknown(message, path + ".", violations)
        if not (first <= message.seconds <= last and 0 <= message.nanos < 1_000_000_000):
            violations.append(Violation(path, errors_pb2.FIELD_REASON_DATE_INVALID))
        elif not_future and message.ToDatetime(dt.UTC).astimezone(dates.KARACHI).date() > today():
            violations.append(Violation(path, errors_pb2.FIELD_REASON_DATE_FUTURE))

    return check


def _mask(rules: Rules) -> Check:
    """Check that each path of a field mask is the name of one field of its message, and stands once; no wildcards."""
    within: Any = rules.field.containing_type
    known, most = frozenset(within.fields_by_name[rules.rule.mask_of].message_type.fields_by_name), rules.rule.max_len

    def check(message: Any, path: str, violations: list[Violation]) -> None:
        check_unknown(message, path + ".", violations)
        if not message.paths:
            violations.append(Violation(path, errors_pb2.FIELD_REASON_REQUIRED))
        if len(message.paths) > most:
            violations.append(Violation(path, errors_pb2.FIELD_REASON_TOO_LONG))
            return
        seen: set[str] = set()
        for index, name in enumerate(message.paths):
            if name not in known:
                violations.append(Violation(f"{path}.paths[{index}]", errors_pb2.FIELD_REASON_UNKNOWN_VALUE))
            elif name in seen:
                violations.append(Violation(f"{path}.paths[{index}]", errors_pb2.FIELD_REASON_DUPLICATE))
            seen.add(name)

    return check


def _repeated(rules: Rules) -> Check:
    """Check the number of items first: the items past the limit are not even looked at."""
    name, required = rules.name, rules.rule.required
    shortest, longest = rules.rule.min_len, rules.rule.max_len
    items = _items(rules)

    def check(message: Any, path: str, violations: list[Violation]) -> None:
        values = getattr(message, name)
        count = len(values)
        if not count:
            if required:
                violations.append(Violation(path + name, errors_pb2.FIELD_REASON_REQUIRED))
            return
        if longest and count > longest:
            violations.append(Violation(path + name, errors_pb2.FIELD_REASON_TOO_LONG))
            return
        if count < shortest:
            violations.append(Violation(path + name, errors_pb2.FIELD_REASON_TOO_SHORT))
        items(values, path + name, violations)

    return check


def _items(rules: Rules) -> Check:
    if rules.field.message_type is not None:
        one, is_usual = _one_message(rules), USUAL.get(type_name(rules.field), _is_never)

        def messages(values: Any, path: str, violations: list[Violation]) -> None:
            for index, value in enumerate(values):
                if not is_usual(value):
                    one(value, f"{path}[{index}]", violations)

        return messages
    return _scalar_items(rules)


def _is_never(_message: Any) -> bool:
    """Of no message of a type it is seen at once that it is right."""
    return False


def _scalar_items(rules: Rules) -> Check:
    """Check the items of a list of scalars; the same one twice is a mistake in every list we have."""
    normalise: Callable[[Any], Any]
    if rules.field.enum_type is not None:
        normalise = _enum_item(_numbers(rules.field))
    elif rules.field.type == FieldDescriptor.TYPE_STRING:
        normalise = _limited(rules, 0)
    elif rules.field.type in INTEGERS:
        normalise = _integer_item(rules.rule.min, rules.rule.max)
    else:
        raise TypeError(f"{rules.field.full_name}: only strings, numbers, enumerations and messages are repeated")

    def scalars(values: Any, path: str, violations: list[Violation]) -> None:
        seen: set[Any] = set()
        for index, value in enumerate(values):
            try:
                normal = normalise(value)
            except FormatError as error:
                violations.append(Violation(f"{path}[{index}]", error.reason))
                continue
            if normal != value:
                values[index] = normal
            if normal in seen:
                violations.append(Violation(f"{path}[{index}]", errors_pb2.FIELD_REASON_DUPLICATE))
            seen.add(normal)

    return scalars


def _integer_item(least: int, most: int) -> Callable[[int], int]:
    def item(value: int) -> int:
        if value < least or (most and value > most):
            raise FormatError(errors_pb2.FIELD_REASON_OUT_OF_RANGE)
        return value

    return item


def _enum_item(known: frozenset[int]) -> Callable[[int], int]:
    def item(value: int) -> int:
        if not value:
            raise FormatError(errors_pb2.FIELD_REASON_REQUIRED)
        if value not in known:
            raise FormatError(errors_pb2.FIELD_REASON_UNKNOWN_VALUE)
        return value

    return item
