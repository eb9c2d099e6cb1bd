"""The one error of this package. It names the rule that was broken and never carries the value that broke it."""

from __future__ import annotations

from nsor.v1 import errors_pb2


class FormatError(Exception):
    """A text isn't of its form.

    Attributes:
        reason: the rule.
    """

    def __init__(self, reason: errors_pb2.FieldReason.ValueType) -> None:
        """Only the rule's name becomes the message."""
        self.reason = reason
        super().__init__(errors_pb2.FieldReason.Name(reason))
