"""Disclosure: what of a message a purpose shows, copied into a new message.

Nothing is cleared from a full message, because what nobody knows of survives clearing: an unknown field, or a field
that was added yesterday without a rule. A field without the option ``shown_as`` is never copied.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from nsor.v1 import options_pb2
from nsor_server.access.contract import field_class, purposes_of

WELL_KNOWN = frozenset({"google.protobuf.Timestamp", "google.type.Date"})
"""Messages of others, without options of ours, whose known fields go with the field that holds them."""

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How to copy one type of message for one purpose.

    Attributes:
        whole: every field of the type, at any depth, is shown.
        copy: copies the shown fields from one message into an empty one.
        paths: the shown fields; those of a whole message are one path.
        classes: what the shown fields are.
    """

    whole: bool
    copy: Callable[[Any, Any], None]
    paths: tuple[str, ...]
    classes: frozenset[options_pb2.FieldClass.ValueType]


def disclose(message: M, purpose: options_pb2.Purpose.ValueType) -> M:
    """A new message with the fields that the purpose shows.

    Args:
        message: the full answer; it is not changed.
        purpose: as the gate admitted it.
    """
    shown = type(message)()
    _plan(message.DESCRIPTOR, purpose).copy(message, shown)
    shown.DiscardUnknownFields()  # a part that is copied whole comes with them
    return shown


def fields_shown(descriptor: Any, purpose: options_pb2.Purpose.ValueType) -> tuple[str, ...]:
    """Paths of the fields that the purpose shows; empty when it shows all of them."""
    plan = _plan(descriptor, purpose)
    return () if plan.whole else plan.paths


def classes_shown(
    descriptor: Any, purpose: options_pb2.Purpose.ValueType
) -> tuple[options_pb2.FieldClass.ValueType, ...]:
    """What the fields are that the purpose shows, at any depth, in order of their numbers."""
    return tuple(sorted(_plan(descriptor, purpose).classes))


def shows(field: FieldDescriptor, purpose: options_pb2.Purpose.ValueType) -> bool:
    """Tell whether a field is shown for a purpose."""
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return False
    return purpose in purposes_of(field_class(field))


@functools.lru_cache(maxsize=1024)
def _plan(descriptor: Any, purpose: options_pb2.Purpose.ValueType) -> _Plan:
    if descriptor.full_name in WELL_KNOWN:
        return _Plan(whole=True, copy=_copy_whole, paths=(), classes=frozenset())
    steps: list[Callable[[Any, Any], None]] = []
    paths: list[str] = []
    classes: set[options_pb2.FieldClass.ValueType] = set()
    whole = True
    for field in descriptor.fields:
        if not shows(field, purpose):
            whole = False
            continue
        inner = _plan(field.message_type, purpose) if field.message_type is not None else None
        whole = whole and (inner is None or inner.whole)
        steps.append(_step(field, inner))
        classes |= {field_class(field)} | (inner.classes if inner is not None else frozenset())
        paths += [field.name] if inner is None or inner.whole else [f"{field.name}.{path}" for path in inner.paths]
    copy = _copy_whole if whole else functools.partial(_copy_parts, tuple(steps))
    return _Plan(whole=whole, copy=copy, paths=tuple(paths), classes=frozenset(classes))


def _copy_whole(source: Any, target: Any) -> None:
    target.MergeFrom(source)


def _copy_parts(steps: tuple[Callable[[Any, Any], None], ...], source: Any, target: Any) -> None:
    for step in steps:
        step(source, target)


def _step(field: Any, inner: _Plan | None) -> Callable[[Any, Any], None]:
    """Copies one field. What the field's name or type decides is decided here, once."""
    name: str = field.name
    if field.is_repeated:
        return _repeated(name, inner)
    if inner is not None:
        return _message(name, inner)
    if field.has_presence:
        return _present(name)

    def scalar(source: Any, target: Any) -> None:
        setattr(target, name, getattr(source, name))

    return scalar


def _present(name: str) -> Callable[[Any, Any], None]:
    def present(source: Any, target: Any) -> None:
        if source.HasField(name):
            setattr(target, name, getattr(source, name))

    return present


def _message(name: str, inner: _Plan) -> Callable[[Any, Any], None]:
    copy = inner.copy

    def message(source: Any, target: Any) -> None:
        if source.HasField(name):
            part = getattr(target, name)
            part.SetInParent()
            copy(getattr(source, name), part)

    return message


def _repeated(name: str, inner: _Plan | None) -> Callable[[Any, Any], None]:
    if inner is None or inner.whole:

        def whole(source: Any, target: Any) -> None:
            getattr(target, name).MergeFrom(getattr(source, name))

        return whole
    copy = inner.copy

    def parts(source: Any, target: Any) -> None:
        items = getattr(target, name)
        for item in getattr(source, name):
            copy(item, items.add())

    return parts


def warm(descriptors: tuple[Any, ...]) -> None:
    """Compile the plans of these messages for every purpose, so that no call waits for it."""
    for descriptor in descriptors:
        for purpose in options_pb2.Purpose.values():
            _plan(descriptor, purpose)
