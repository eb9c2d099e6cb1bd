"""Messages as programs read them: protobuf's JSON under the contract's names, with a key's id in hex.

Protobuf writes bytes in base64. A key's id is what people and every other answer write in hex: it has one form.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

_WELL_KNOWN = "google."
_KEY_ID = "key_id"


def as_dict(message: Message) -> dict[str, Any]:
    """A message for programs."""
    found: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    _write_key_ids(message, found)
    return found


def _write_key_ids(message: Message, found: dict[str, Any]) -> None:
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_BYTES and field.name.endswith(_KEY_ID):
            found[field.name] = [each.hex() for each in value] if field.is_repeated else value.hex()
        elif field.message_type is not None and not field.message_type.full_name.startswith(_WELL_KNOWN):
            inner = zip(value, found[field.name], strict=True) if field.is_repeated else [(value, found[field.name])]
            for part, shown in inner:
                _write_key_ids(part, shown)
