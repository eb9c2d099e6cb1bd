"""Rules of amendments that concern several fields: what the mask names is given as it must be, and nothing else is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from google.protobuf.descriptor import FieldDescriptor

from nsor.v1 import amendments_pb2, errors_pb2, options_pb2
from nsor_server.errors import Violation
from nsor_server.formats import messages

Request = amendments_pb2.AmendRegistrationRequest | amendments_pb2.ProposeAmendmentRequest
_Today = Callable[[], dt.date]
SECOND_OFFICER: Final = frozenset(
    field.name
    for field in amendments_pb2.Particulars.DESCRIPTOR.fields
    if field.GetOptions().Extensions[options_pb2.field].second_officer
)
"""What no officer amends alone: by the contract."""
_TOGETHER: Final = (("birth_date", "birth_date_precision"), ("cnic", "no_cnic_reason"))
"""What says nothing without the other."""
_NEVER_EMPTY: Final = frozenset({"names", "sex", "birth_date", "birth_date_precision", "nationality", "addresses"})
"""What every record has."""
_ONCE: Final = ("marks", "vehicles", "occupations", "accounts")
"""Lists of messages in which none stands twice; of strings it is so everywhere."""


def _particulars(given: amendments_pb2.Particulars, path: str, violations: list[Violation], _today: _Today) -> None:
    messages.names(given, path, violations)
    messages.travel_documents(given, path, violations)
    messages.birth(given, path, violations)
    messages.addresses(given, path, violations)
    for name in _ONCE:
        items = (item.SerializeToString(deterministic=True) for item in getattr(given, name))
        messages.duplicates(items, f"{path}{name}[{{}}]", violations)


def _amendment(request: Request, path: str, violations: list[Violation], _today: _Today) -> None:
    named = set(request.update_mask.paths)
    for one, other in _TOGETHER:
        for missing, there in ((one, other), (other, one)):
            if there in named and missing not in named:
                violations.append(Violation(f"{path}particulars.{missing}", errors_pb2.FIELD_REASON_REQUIRED))
    if "cnic" in named and bool(request.particulars.cnic) == bool(request.particulars.no_cnic_reason):
        violations.append(Violation(path + "particulars.cnic", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    fields: Mapping[str, FieldDescriptor] = request.particulars.DESCRIPTOR.fields_by_name
    for name, field in fields.items():
        given = _is_given(request.particulars, field)
        if given and name not in named:
            violations.append(Violation(f"{path}particulars.{name}", errors_pb2.FIELD_REASON_NOT_IN_MASK))
        elif not given and name in named & _NEVER_EMPTY:
            violations.append(Violation(f"{path}particulars.{name}", errors_pb2.FIELD_REASON_REQUIRED))


def _by_one_officer(
    request: amendments_pb2.AmendRegistrationRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    """Refuse what needs a second officer: by the request alone, whatever the register holds."""
    for at, named in enumerate(request.update_mask.paths):
        if named in SECOND_OFFICER:
            violations.append(Violation(f"{path}update_mask.paths[{at}]", errors_pb2.FIELD_REASON_NEEDS_SECOND_OFFICER))
    _amendment(request, path, violations, _today)


def _is_given(particulars: amendments_pb2.Particulars, field: FieldDescriptor) -> bool:
    if field.has_presence:
        return bool(particulars.HasField(field.name))  # type: ignore[arg-type]  # a field's name
    return bool(getattr(particulars, field.name))


RULES: Final[dict[str, messages.Rule]] = {
    "nsor.v1.Particulars": _particulars,
    "nsor.v1.AmendRegistrationRequest": _by_one_officer,
    "nsor.v1.ProposeAmendmentRequest": _amendment,
}
"""By the full name of the message type."""
