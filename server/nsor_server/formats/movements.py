"""Rules of movements over the border that concern several fields: one document, and a country that isn't Pakistan.

Of a passenger likewise: one document, or both.
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
    if request.WhichOneof("document") is None:
        violations.append(Violation(path + "identity_number", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    elif request.WhichOneof("document") == "identity_number" and not request.identity_number:
        violations.append(Violation(path + "identity_number", errors_pb2.FIELD_REASON_REQUIRED))
    if request.country == HOME:
        violations.append(Violation(path + "country", errors_pb2.FIELD_REASON_UNKNOWN_VALUE))


def _passenger(row: screening_pb2.ManifestRow, path: str, violations: list[Violation], _today: _Today) -> None:
    if not row.identity_number and not row.HasField("shown_document"):
        violations.append(Violation(path + "identity_number", errors_pb2.FIELD_REASON_REQUIRED))


RULES: Final[dict[str, Callable[..., Any]]] = {
    "nsor.v1.ReportMovementRequest": _movement,
    "nsor.v1.ManifestRow": _passenger,
}
"""By the full name of the message type."""
