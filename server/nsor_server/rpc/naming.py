"""What a request names: the one person or thing that it asks about, and the case, as entries say them; its own id."""

import functools
from typing import Any, Final

from google.protobuf.message import Message

from nsor_server.formats import case_references, travel_document
from nsor_server.formats.uuids import raw

_KINDS: Final = {
    "cnic": "cnic",
    "registration_id": "registration",
    "access_request_id": "access-request",
    "judgment_id": "judgment",
    "handle": "identity-item",
    "sealed_reading_id": "sealed-reading",
    "closure_id": "closure",
    "grant_id": "grant",
    "officer_key_id": "officer",
    "access_id": "access",
    "proposal_id": "policy-proposal",
    "import_id": "import",
    "review_number": "review",
    "travel_document": "document",
    "document": "document",
    "arrival_id": "arrival",
    "manifest_id": "manifest",
    "emergency_id": "emergency",
    "recall_id": "recall",
    "watched_id": "watched-number",
    "replay_id": "replay",
    "unusual_access_id": "unusual-access",
}
"""Field of a request -> kind; the first that is there and set counts."""
_REQUEST_ID: Final = "request_id"
_PAGE_SIZE: Final = "page_size"
USUAL_PAGE: Final = 100
"""Rows of a page whose size isn't said."""
_PERSON: Final = "person"
"""Field of a request that enters a person."""
_DOCUMENTS: Final = frozenset({"travel_document", "document"})
"""Fields of requests that name a person by a document."""
_FORGOTTEN: Final = frozenset({"nsor.v1.CreateArrivalNoticeRequest", "nsor.v1.EnterWatchedNumberRequest"})
"""Requests that name nobody: their numbers are forgotten, some days later or at once, so that no label or detail may
keep them."""

_FILTERS: Final = frozenset({"nsor.v1.ListAccessesRequest"})
"""Requests that name a case to list what was done for it."""


def named(request: Message) -> str:
    """The kind and the value that a checked request names, found or not; empty when it names nothing, or several."""
    for name, kind in _fields(request.DESCRIPTOR):
        if name in _DOCUMENTS:
            if request.HasField(name):
                document = _read(request, name)
                return f"{kind} {travel_document.written(document.country, document.number, document.kind)}"
        elif value := _read(request, name):
            return named(value) if name == _PERSON else f"{kind} {value.hex() if isinstance(value, bytes) else value}"
    return ""


def case(request: Any) -> str:
    """The case that a checked request names, in its one written form; empty when it names none.

    A grant, a ticket and an opened case say theirs themselves.
    """
    fields = request.DESCRIPTOR.fields_by_name
    if request.DESCRIPTOR.full_name in _FILTERS:
        return ""
    of = request.basis if "basis" in fields else request
    if "fir" in of.DESCRIPTOR.fields_by_name and of.HasField("fir"):
        return case_references.of_fir(of.fir.police_station, of.fir.serial, of.fir.year)
    if "court_case" in fields:
        return case_references.of_court(request.court_case.place_code, request.court_case.case_number)
    return ""


def request_id(request: Message) -> bytes:
    """The id of a checked request, 16 bytes; empty when it has none."""
    written = _read(request, _REQUEST_ID) if _REQUEST_ID in request.DESCRIPTOR.fields_by_name else ""
    return raw(written) if written else b""


def rows_read(request: Message) -> int:
    """How many rows a checked request may read: those of the page that it asks for, or one."""
    if _PAGE_SIZE not in request.DESCRIPTOR.fields_by_name:
        return 1
    return int(_read(request, _PAGE_SIZE)) or USUAL_PAGE


@functools.cache
def _fields(descriptor: Any) -> tuple[tuple[str, str], ...]:
    """The fields of a message that may name something, each with its kind."""
    fields = {} if descriptor.full_name in _FORGOTTEN else descriptor.fields_by_name
    return tuple(
        (name, kind)
        for name, kind in (*_KINDS.items(), (_PERSON, ""))
        # A document of the policy is an enumeration, and names nobody.
        if name in fields and (name not in _DOCUMENTS or fields[name].message_type is not None)
    )


def _read(request: Any, name: str) -> Any:
    """A field that only some requests have."""
    return getattr(request, name)
