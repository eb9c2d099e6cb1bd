"""A register in the tests' process that takes imports: what it was sent, and what it says of each row."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from nsor.v1 import errors_pb2, registration_pb2

IMPORT = "nsor.v1.RegistrationService/ImportRegistrations"
Order = registration_pb2.CreateRegistrationRequest
Wrong = dict[str, errors_pb2.FieldReason.ValueType]


class Taken:
    """What a register has taken of imports.

    Attributes:
        messages: as they came.
        entered: orders that were entered, by import and row.
    """

    def __init__(self, wrong: Callable[[Order], Wrong] = lambda _: {}) -> None:
        self.messages: list[registration_pb2.ImportRegistrationsRequest] = []
        self.entered: dict[tuple[str, int], Order] = {}
        self._wrong = wrong

    @property
    def orders(self) -> list[Order]:
        """Every order that was sent, rehearsals too."""
        return [row.order for message in self.messages for row in message.rows]

    def answer(self, request: bytes) -> Any:
        """What is answered to a message."""
        message = registration_pb2.ImportRegistrationsRequest.FromString(request)
        self.messages.append(message)
        response = registration_pb2.ImportRegistrationsResponse()
        for row in message.rows:
            finding = response.findings.add(row=row.row)
            wrong = self._wrong(row.order)
            key = (message.import_id, row.row)
            if wrong:
                finding.reason = errors_pb2.ERROR_REASON_INVALID_FIELDS
                for path, reason in wrong.items():
                    finding.violations.add(field=path, reason=reason, meaning_en="The rule.", meaning_ur="اصول")
            elif not message.validate_only:
                before = self.entered.setdefault(key, row.order)
                if before != row.order:
                    finding.reason = errors_pb2.ERROR_REASON_REQUEST_ID_REUSED
                    continue
                finding.registration_id = str(uuid.uuid5(uuid.UUID(message.import_id), str(row.row)))
                finding.etag = "e"
        return response
