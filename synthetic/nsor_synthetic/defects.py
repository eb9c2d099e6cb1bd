"""Requests with exactly one mistake each, and the answer that each must get: for every field that can be wrong.

What follows from the contract's options is made from the descriptors, so that a new field is covered by being there.
What concerns several fields, or the law, is written by hand in contradictions.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from nsor.v1 import errors_pb2, options_pb2
from nsor_synthetic import contradictions, examples, misspellings
from nsor_synthetic.defect import Defect

_DATE: Final = "google.type.Date"
_TIMESTAMP: Final = "google.protobuf.Timestamp"
_MASK: Final = "google.protobuf.FieldMask"
# Tag of field 2000, varint, value 1: a field that no version of the contract has.
_UNKNOWN_FIELD: Final = b"\x80\x7d\x01"
_UNKNOWN_NUMBER: Final = 2000
_INTEGERS: Final = frozenset(
    {FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_UINT64}
)


@dataclass(frozen=True, slots=True)
class _Site:
    """A field of an example: the example, the steps to the message that has it, and its path."""

    example: Message
    steps: tuple[tuple[str, int | None], ...]
    field: FieldDescriptor
    path: str

    @property
    def rule(self) -> options_pb2.FieldRule:
        """The field's options."""
        return self.field.GetOptions().Extensions[options_pb2.field]

    def broken(
        self, what: str, reason: errors_pb2.FieldReason.ValueType, change: Callable[[Any], None], item: str = ""
    ) -> Defect:
        """Change a copy of the example at this field."""
        request = type(self.example)()
        request.CopyFrom(self.example)
        change(_follow(request, self.steps))
        return Defect(f"{request.DESCRIPTOR.name} {self.path}{item}: {what}", request, self.path + item, reason)


def defects(seed: int) -> Iterator[Defect]:
    """Give every defect; the same seed gives the same ones."""
    for example in examples.requests(seed):
        yield from _unknown_fields(example)
        for site in _sites(example, example, (), ""):
            yield from _of_field(site)
    yield from contradictions.contradictions(seed)


def _follow(message: Any, steps: tuple[tuple[str, int | None], ...]) -> Any:
    for name, index in steps:
        message = getattr(message, name) if index is None else getattr(message, name)[index]
    return message


def _sites(example: Message, message: Any, steps: tuple[tuple[str, int | None], ...], path: str) -> Iterator[_Site]:
    """Walk every field, and those of its messages; of a list the first item.

    What an example leaves out of a oneof, and a list that it leaves empty, stands in another one of its type.
    """
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof is not None and not message.HasField(field.name):
            continue
        if field.is_repeated and not getattr(message, field.name):
            continue
        yield _Site(example, steps, field, path + field.name)
        inner = field.message_type
        if inner is None or inner.full_name in {_DATE, _TIMESTAMP, _MASK}:
            continue
        value = getattr(message, field.name)
        if field.is_repeated:
            yield from _sites(example, value[0], (*steps, (field.name, 0)), f"{path}{field.name}[0].")
        else:
            yield from _sites(example, value, (*steps, (field.name, None)), f"{path}{field.name}.")


def _unknown_fields(example: Message) -> Iterator[Defect]:
    """Put an unknown field into the request and into each message of it."""
    places: dict[tuple[tuple[str, int | None], ...], str] = {(): ""}
    for site in _sites(example, example, (), ""):
        places[site.steps] = site.path.removesuffix(site.field.name)
    for steps, path in places.items():
        request = type(example)()
        request.CopyFrom(example)
        _follow(request, steps).MergeFromString(_UNKNOWN_FIELD)
        field = f"{path}#{_UNKNOWN_NUMBER}"
        title = f"{request.DESCRIPTOR.name} {field}: unknown field"
        yield Defect(title, request, field, errors_pb2.FIELD_REASON_UNKNOWN_FIELD)


def _of_field(site: _Site) -> Iterator[Defect]:
    field, rule = site.field, site.rule
    if rule.required:
        yield site.broken("left out", errors_pb2.FIELD_REASON_REQUIRED, lambda parent: parent.ClearField(field.name))
    if field.is_repeated:
        yield from _of_list(site)
    elif field.type == FieldDescriptor.TYPE_ENUM:
        yield site.broken("unknown value", errors_pb2.FIELD_REASON_UNKNOWN_VALUE, _set(field.name, 99))
    elif field.type == FieldDescriptor.TYPE_STRING:
        yield from _of_string(site)
    elif field.type == FieldDescriptor.TYPE_BYTES:
        yield from _of_bytes(site)
    elif field.type in _INTEGERS:
        yield from _of_integer(site)
    elif field.message_type is not None and field.message_type.full_name == _MASK:
        yield from _of_mask(site)
    elif field.message_type is not None:
        yield from _of_date(site)


def _set(name: str, value: object) -> Callable[[Any], None]:
    return lambda parent: setattr(parent, name, value)


def _of_list(site: _Site) -> Iterator[Defect]:
    name, rule = site.field.name, site.rule

    def overfill(parent: Any) -> None:
        items = getattr(parent, name)
        first = list(items)[:1]
        while len(items) <= rule.max_len:
            items.extend(first)

    def replace(value: object) -> Callable[[Any], None]:
        def change(parent: Any) -> None:
            getattr(parent, name)[0] = value

        return change

    yield site.broken("too many items", errors_pb2.FIELD_REASON_TOO_LONG, overfill)
    if site.field.type == FieldDescriptor.TYPE_ENUM:
        yield site.broken("unknown item", errors_pb2.FIELD_REASON_UNKNOWN_VALUE, replace(99), "[0]")
        yield site.broken("unspecified item", errors_pb2.FIELD_REASON_REQUIRED, replace(0), "[0]")
    if site.field.type == FieldDescriptor.TYPE_STRING:
        for what, value, reason in misspellings.of_format(rule.format):
            yield site.broken(what, reason, replace(value), "[0]")
    if site.field.message_type is None:
        yield site.broken(
            "the same item twice",
            errors_pb2.FIELD_REASON_DUPLICATE,
            lambda parent: getattr(parent, name).extend(list(getattr(parent, name))[:1]),
            "[1]",
        )


def _of_string(site: _Site) -> Iterator[Defect]:
    rule = site.rule
    for what, value, reason in misspellings.of_format(rule.format):
        yield site.broken(what, reason, _set(site.field.name, value))
    if rule.max_len and rule.format == options_pb2.FORMAT_UNSPECIFIED:
        too_long = "a" * (rule.max_len + 1)
        yield site.broken("too long", errors_pb2.FIELD_REASON_TOO_LONG, _set(site.field.name, too_long))
    if site.field.containing_oneof is not None:
        yield site.broken("empty", errors_pb2.FIELD_REASON_REQUIRED, _set(site.field.name, ""))


def _of_bytes(site: _Site) -> Iterator[Defect]:
    name, rule = site.field.name, site.rule
    yield site.broken("too long", errors_pb2.FIELD_REASON_TOO_LONG, _set(name, bytes(rule.max_len + 1)))
    if rule.min_len > 1:
        yield site.broken("too short", errors_pb2.FIELD_REASON_TOO_SHORT, _set(name, bytes(rule.min_len - 1)))


def _of_integer(site: _Site) -> Iterator[Defect]:
    name, rule = site.field.name, site.rule
    signed = site.field.type in {FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64}
    if rule.max:
        yield site.broken("too large", errors_pb2.FIELD_REASON_OUT_OF_RANGE, _set(name, rule.max + 1))
    if rule.max and signed:
        yield site.broken("negative", errors_pb2.FIELD_REASON_OUT_OF_RANGE, _set(name, -1))
    if rule.min > 1:
        yield site.broken("too small", errors_pb2.FIELD_REASON_OUT_OF_RANGE, _set(name, rule.min - 1))


def _of_mask(site: _Site) -> Iterator[Defect]:
    name = site.field.name

    def paths(change: Callable[[Any], None]) -> Callable[[Any], None]:
        return lambda parent: change(getattr(parent, name).paths)

    unknown, twice = errors_pb2.FIELD_REASON_UNKNOWN_VALUE, errors_pb2.FIELD_REASON_DUPLICATE
    for what, path in (("unknown path", "convictions"), ("all fields", "*"), ("inner path", "names.name")):
        yield site.broken(what, unknown, paths(lambda found, path=path: found.__setitem__(0, path)), ".paths[0]")  # type: ignore[misc]  # one for each
    yield site.broken("path twice", twice, paths(lambda found: found.__setitem__(1, found[0])), ".paths[1]")
    yield site.broken("no path", errors_pb2.FIELD_REASON_REQUIRED, paths(lambda found: found.__delitem__(slice(None))))
    most = site.rule.max_len
    yield site.broken(
        "too many paths", errors_pb2.FIELD_REASON_TOO_LONG, paths(lambda found: found.extend(["names"] * (most + 1)))
    )


def _of_date(site: _Site) -> Iterator[Defect]:
    name, inner = site.field.name, site.field.message_type
    if inner is None:
        return

    def day(year: int, month: int, day_of_month: int) -> Callable[[Any], None]:
        def change(parent: Any) -> None:
            date = getattr(parent, name)
            date.year, date.month, date.day = year, month, day_of_month

        return change

    def instant(seconds: int, nanos: int) -> Callable[[Any], None]:
        def change(parent: Any) -> None:
            getattr(parent, name).seconds, getattr(parent, name).nanos = seconds, nanos

        return change

    wrong = errors_pb2.FIELD_REASON_DATE_INVALID
    if inner.full_name == _DATE:
        yield site.broken("no day of the calendar", wrong, day(2023, 2, 30))
        yield site.broken("before 1900", wrong, day(1899, 12, 31))
        yield site.broken("no year", wrong, day(0, 6, 1))
        yield site.broken("no month", wrong, day(2023, 0, 1))
        yield site.broken("no day", wrong, day(2023, 6, 0))
        yield site.broken("thirteenth month", wrong, day(2023, 13, 1))
        yield site.broken("negative year", wrong, day(-2023, 6, 1))
        if site.rule.not_future:
            yield site.broken("in the future", errors_pb2.FIELD_REASON_DATE_FUTURE, day(2199, 1, 1))
    elif inner.full_name == _TIMESTAMP:
        yield site.broken("no instant", wrong, instant(int(dt.datetime.max.replace(tzinfo=dt.UTC).timestamp()) + 2, 0))
        yield site.broken("negative fraction", wrong, instant(1_700_000_000, -1))
