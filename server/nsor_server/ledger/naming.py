"""What a request names: the one person or thing that it asks about, in the form in which entries are labelled."""

from typing import Any, Final

from google.protobuf.message import Message

_KINDS: Final = {
    "cnic": "cnic",
    "registration_id": "registration",
    "access_request_id": "access-request",
    "officer_key_id": "officer",
    "access_id": "access",
}
"""Field of a request -> kind; the first that is there and set counts."""
_PERSON: Final = "person"
"""Field of a request that enters a person."""


def named(request: Message) -> str:
    """The kind and the value that a checked request names, found or not; empty when it names nothing, or several."""
    fields = request.DESCRIPTOR.fields_by_name
    for name, kind in _KINDS.items():
        if name in fields and (value := _read(request, name)):
            return f"{kind} {value.hex() if isinstance(value, bytes) else value}"
    return named(_read(request, _PERSON)) if _PERSON in fields else ""


def _read(request: Any, name: str) -> Any:
    """A field that only some requests have."""
    return getattr(request, name)
