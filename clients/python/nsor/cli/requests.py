"""Requests as people and programs write them: protobuf JSON, from the officer's own files.

Nothing that is said about a file repeats a value of it: the place and the rule, no more.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from google.protobuf import json_format, message_factory
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, OneofDescriptor
from google.protobuf.message import Message

from nsor.advice import Words
from nsor.cli import written
from nsor.cli.problem import Problem

_WELL_KNOWN = "google.protobuf"
_DAY = "google.type.Date"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}", re.ASCII)


def listed(problems: Iterable[Problem]) -> Words:
    """Problems, each on a line of its own."""
    every = list(problems)
    return Words(*("".join(f"\n  {each.text(language)}" for each in every) for language in ("en", "ur")))


_NOT_OBJECT = Problem("", "NOT_JSON", Words("not a JSON object", "JSON آبجیکٹ نہیں"))
_OTHER = Problem("", "FORM", Words("not of the message's form", "پیغام کی شکل میں نہیں"))


def parse(text: str, message: Message, *, by_hand: bool = False) -> tuple[Problem, ...]:
    """Fill a message from its JSON; returns all that is wrong, in the order of the file.

    Args:
        text: the JSON.
        message: what is filled.
        by_hand: a person wrote it: days, words and names of districts are taken as ``written`` reads them.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        # Of one line its number would be taken for that of the file.
        where = f"line {error.lineno}, " * ("\n" in text.strip()) + f"column {error.colno}"
        return (Problem("", "NOT_JSON", Words(f"not JSON, at {where}", f"JSON نہیں: {where}")),)
    except (ValueError, RecursionError):
        return (_OTHER,)
    if not isinstance(value, dict):
        # The library takes an empty list for an empty message.
        return (_NOT_OBJECT,)
    unclear: list[Problem] = []
    if by_hand:
        of: Any = message.DESCRIPTOR
        try:
            unclear, text = written.read(value, of), json.dumps(value)
        except RecursionError:
            return (_OTHER,)
    try:
        json_format.Parse(text, message)
    except (json_format.ParseError, ValueError, TypeError, AttributeError, RecursionError):
        # The library stops at the first and quotes the value; whoever corrects a file wants all, and no value.
        said = {problem.field for problem in unclear}
        strict = (problem for problem in _problems(value, message.DESCRIPTOR, "") if problem.field not in said)
        return (*unclear, *strict) or (_OTHER,)
    return tuple(unclear)


def _problems(value: dict[str, Any], message: Any, path: str) -> Iterator[Problem]:
    chosen: dict[str, str] = {}
    for key, item in value.items():
        field = message.fields_by_name.get(key) or message.fields_by_camelcase_name.get(key)
        if field is None:
            yield _unknown(key, message, path)
            continue
        here = f"{path}{field.name}"
        choice = field.containing_oneof
        if item is None:
            continue
        if choice is not None and (first := chosen.setdefault(choice.name, field.name)) != field.name:
            words = Words(f"give it or {first}, not both", f"یہ دیں یا {first}، دونوں نہیں")
            yield Problem(here, "EXACTLY_ONE", words)
        yield from _of_field(item, field, message, here)


def _of_field(value: Any, field: FieldDescriptor, message: Descriptor, path: str) -> Iterator[Problem]:
    if field.is_repeated and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _of_item(item, field, message, f"{path}[{number}]")
    elif field.is_repeated:
        yield _wrong(field, path)
    else:
        yield from _of_item(value, field, message, path)


def _of_item(value: Any, field: FieldDescriptor, message: Descriptor, path: str) -> Iterator[Problem]:
    own = field.message_type
    if own is not None and own.file.package != _WELL_KNOWN:
        if isinstance(value, dict):
            yield from _problems(value, own, f"{path}.")
        else:
            yield _wrong(field, path)
    elif not _fits(value, field, message):
        yield _wrong(field, path)


def _fits(value: Any, field: FieldDescriptor, message: Descriptor) -> bool:
    alone = message_factory.GetMessageClass(message)()
    try:
        json_format.ParseDict({field.name: [value] if field.is_repeated else value}, alone)
    except (json_format.ParseError, ValueError, TypeError, AttributeError):
        return False
    return True


def _wrong(field: FieldDescriptor, path: str) -> Problem:
    from nsor import forms  # noqa: PLC0415 - it brings the contract's descriptors, which help doesn't need

    return Problem(path, "FORM", forms.of(field) or _OTHER.meaning)


def _unknown(key: str, message: Any, path: str) -> Problem:
    """A name that the contract doesn't have; what looks like no name may be a value, and is not repeated."""
    name = f"{path}{key}" if _NAME.fullmatch(key) else path.rstrip(".")
    near = difflib.get_close_matches(key, message.fields_by_name, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(message.fields_by_name)}"
    hint_ur = f"کیا آپ کی مراد {near[0]} ہے؟" if near else f"یہ خانے ہیں: {', '.join(message.fields_by_name)}"
    return Problem(name, "UNKNOWN_FIELD", Words(f"no such field; {hint}", f"ایسا کوئی خانہ نہیں؛ {hint_ur}"))


def template(message: Descriptor, chosen: str = "", filled: Mapping[str, str] | None = None) -> str:
    """A request to fill in, with the allowed values of each enumeration.

    Args:
        message: of the request.
        chosen: of a choice of fields the only one that is printed; empty: all.
        filled: fields that are filled in already, or that say what to put there.
    """
    skeleton = _skeleton(message) | dict(filled or {})
    if chosen:
        (choice,) = message.oneofs
        skeleton = {name: skeleton[name] for name in skeleton if name == chosen or name not in _names(choice)}
    return json.dumps(skeleton, indent=2)


def _names(choice: OneofDescriptor) -> set[str]:
    return {field.name for field in choice.fields}


def _skeleton(message: Descriptor) -> Any:
    if message.full_name == _DAY:
        return "DD.MM.YYYY"
    return {
        field.name: [_example(field)] if field.is_repeated else _example(field)
        for field in message.fields
        if field.name not in {"request_id", "validate_only", "legal_basis"}
    }


def _example(field: FieldDescriptor) -> Any:
    if isinstance(field.enum_type, EnumDescriptor):
        prefix = field.enum_type.values[0].name.removesuffix("UNSPECIFIED")
        return " | ".join(value.name.removeprefix(prefix) for value in field.enum_type.values if value.number)
    if field.message_type is not None:
        return _skeleton(field.message_type)
    if field.type == FieldDescriptor.TYPE_STRING:
        return ""
    return False if field.type == FieldDescriptor.TYPE_BOOL else 0
