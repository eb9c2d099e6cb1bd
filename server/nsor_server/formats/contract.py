"""Refuses a contract that allows free text, at start: a victim's name fits into any unchecked string."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from nsor.v1 import options_pb2
from nsor_server.config import OperatorError
from nsor_server.formats import fields, normalisers

_OWN_CHECK = frozenset({fields.DATE, fields.TIMESTAMP, fields.MASK})


class ContractError(OperatorError):
    """Fields of requests without the rules that they need; the server doesn't start."""

    def __init__(self, faults: Iterable[str]) -> None:
        """``faults`` name the field and what it lacks."""
        self.faults = tuple(faults)
        super().__init__("The contract has fields that nothing checks: " + "; ".join(self.faults))


def validate(requests: Iterable[Descriptor]) -> None:
    """Look at every field that a request can carry.

    Raises:
        ContractError: there are fields without a rule.
    """
    seen: set[str] = set()
    faults = [fault for request in requests for fault in _message_faults(request, seen)]
    if faults:
        raise ContractError(faults)


def _message_faults(message: Descriptor, seen: set[str]) -> Iterator[str]:
    if message.full_name in seen:
        return
    seen.add(message.full_name)
    for field in message.fields:
        rule = field.GetOptions().Extensions[options_pb2.field]
        for fault in _field_faults(message, field, rule):
            yield f"{field.full_name} {fault}"
        inner = field.message_type
        if inner is not None and inner.full_name not in _OWN_CHECK and inner.full_name.startswith("nsor."):
            yield from _message_faults(inner, seen)


def _field_faults(message: Descriptor, field: FieldDescriptor, rule: options_pb2.FieldRule) -> Iterator[str]:
    if field.is_repeated and not rule.max_len:
        yield "is repeated and has no max_len"
    if rule.not_before_field and rule.not_before_field not in message.fields_by_name:
        yield "names a field that its message doesn't have"
    if field.message_type is not None:
        yield from _message_field_faults(message, field.message_type, rule)
    elif field.type == FieldDescriptor.TYPE_STRING:
        if rule.format not in normalisers.STRINGS and (field.is_repeated or not rule.max_len):
            yield "is a string with neither format nor max_len"
    elif field.type == FieldDescriptor.TYPE_BYTES:
        if field.is_repeated or not rule.max_len:
            yield "is bytes without max_len"
    elif rule.format:
        yield "has a format that isn't of its type"
    elif field.type not in fields.INTEGERS and field.type not in {FieldDescriptor.TYPE_BOOL, FieldDescriptor.TYPE_ENUM}:
        yield "is of a type that requests don't have"


def _message_field_faults(message: Descriptor, inner: Descriptor, rule: options_pb2.FieldRule) -> Iterator[str]:
    if inner.full_name == fields.MASK:
        of = message.fields_by_name.get(rule.mask_of)
        if not rule.max_len or of is None or of.message_type is None:
            yield "is a field mask without max_len, or of no message"
    elif inner.full_name == fields.DATE:
        if rule.format != options_pb2.FORMAT_DATE:
            yield "is a date without FORMAT_DATE"
    elif rule.format:
        yield "has a format that isn't of its type"
    elif inner.GetOptions().map_entry:
        yield "is a map"
    elif inner.full_name != fields.TIMESTAMP and not inner.full_name.startswith("nsor."):
        yield "is of a type that nothing checks"
