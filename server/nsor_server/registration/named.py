"""What calls about a registration name it by: its id, and every number that it ever had."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Final

from nsor.v1 import types_pb2
from nsor_server.storage.v1 import record_pb2

_PASSPORT: Final = (types_pb2.TRAVEL_DOCUMENT_KIND_UNSPECIFIED, types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT)


def numbers(record: record_pb2.RegistrationRecord) -> Iterator[str]:
    """The numbers of a version, as calls name them: of a passport its kind may have been left out."""
    if record.cnic:
        yield f"cnic {record.cnic}"
    for each in record.documents:
        is_passport = each.kind in _PASSPORT
        for kind in _PASSPORT if is_passport else (each.kind,):
            yield f"document {each.country} {each.number} {kind:d}"


def names_of(registration_id: bytes, versions: Iterable[record_pb2.RegistrationRecord]) -> set[str]:
    """What calls name a registration by that has, or had, these versions."""
    return {f"registration {uuid.UUID(bytes=registration_id)}", *(name for one in versions for name in numbers(one))}
