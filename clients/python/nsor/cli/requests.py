"""Requests as people and programs write them: protobuf JSON, from the officer's own files.

Nothing that is said about a file repeats a value of it: the place and the rule, no more.
"""

from __future__ import annotations

import json
import re
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

_AT = re.compile(r'at "([A-Za-z0-9_.\[\]]+)"')
_UNKNOWN = re.compile(r'has no field named "([A-Za-z][A-Za-z0-9_]{0,60})" at "([A-Za-z0-9_.\[\]]+)"')
_FIELD = re.compile(r"Failed to parse (\w+) field: ")


def parse(text: str, message: Message) -> str:
    """Fill a message from its JSON; returns what is wrong, or an empty text."""
    if _is_other_json(text):
        return "not a JSON object"
    try:
        json_format.Parse(text, message)
    except json_format.ParseError as error:
        return _problem(error, message)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return "not of the message's form"
    return ""


def _is_other_json(text: str) -> bool:
    """Whether it is JSON but no object: the library takes an empty list for an empty message."""
    if text.lstrip().startswith("{"):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _problem(error: json_format.ParseError, message: Message) -> str:
    # The library's text holds values; only places that are names of the contract are taken from it.
    if isinstance(error.__context__, json.JSONDecodeError):
        return f"not JSON, at line {error.__context__.lineno}, column {error.__context__.colno}"
    text = str(error)
    unknown = _UNKNOWN.search(text)
    if unknown:
        return f"{_path(unknown[2], message)} has no field {unknown[1]}"
    place = _AT.search(text)
    if place:
        return f"{_path(place[1], message)} is not of the field's form"
    path = _nested(text, message)
    return f"{path} is not of the field's form" if path else "not of the message's form"


def _path(path: str, message: Message) -> str:
    return path.removeprefix(message.DESCRIPTOR.name).lstrip(".") or message.DESCRIPTOR.name


def _nested(text: str, message: Message) -> str:
    """The path that the library's text begins with, as far as the contract knows its names."""
    fields: Any = message.DESCRIPTOR.fields
    path: list[str] = []
    at = 0
    while (part := _FIELD.match(text, at)) is not None:
        known = [field for field in fields if part[1] in {field.name, field.json_name}]
        if not known:
            break
        path.append(part[1])
        at = part.end()
        fields = known[0].message_type.fields if known[0].message_type is not None else ()
    return ".".join(path)


def template(message: Descriptor) -> str:
    """A request to fill in, with the allowed values of each enumeration."""
    return json.dumps(_skeleton(message), indent=2)


def _skeleton(message: Descriptor) -> Any:
    if message.full_name == "google.type.Date":
        return {"year": 0, "month": 0, "day": 0}
    return {
        field.json_name: [_example(field)] if field.is_repeated else _example(field)
        for field in message.fields
        if field.name not in {"request_id", "validate_only", "legal_basis"}
    }


def _example(field: FieldDescriptor) -> Any:
    if isinstance(field.enum_type, EnumDescriptor):
        return " | ".join(value.name for value in field.enum_type.values if value.number)
    if field.message_type is not None:
        return _skeleton(field.message_type)
    if field.type == FieldDescriptor.TYPE_STRING:
        return ""
    return False if field.type == FieldDescriptor.TYPE_BOOL else 0
