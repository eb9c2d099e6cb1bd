"""Rules of movements over the border that concern several fields: one document, and a country that isn't Pakistan.

Of a passenger likewise: one document.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from nsor.v1 import errors_pb2, movements_pb2, screening_pb2
from nsor_server.errors import Violation
from nsor_server.formats.notices import HOME

_Today = Callable[[], dt.date]


def _movement(
    request: movements_pb2.ReportMovementRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    _one_document(request, path, violations)
    if request.country == HOME:
        violations.append(Violation(path + "country", errors_pb2.FIELD_REASON_UNKNOWN_VALUE))


def _passenger(row: screening_pb2.ManifestRow, path: str, violations: list[Violation], _today: _Today) -> None:
    _one_document(row, path, violations)


def _one_document(
    message: movements_pb2.ReportMovementRequest | screening_pb2.ManifestRow, path: str, violations: list[Violation]
) -> None:
    which = message.WhichOneof("document")
    if which is None:
        violations.append(Violation(path + "identity_number", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    elif which == "identity_number" and not message.identity_number:
        violations.append(Violation(path + "identity_number", errors_pb2.FIELD_REASON_REQUIRED))


RULES: Final[dict[str, Callable[..., Any]]] = {
    "nsor.v1.ReportMovementRequest": _movement,
    "nsor.v1.ManifestRow": _passenger,
}
"""By the full name of the message type."""
