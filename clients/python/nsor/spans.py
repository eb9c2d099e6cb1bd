"""The trace of a call, as this client sends it to the register: by W3C's header `traceparent`, and nothing else.

Without OpenTelemetry there is no span on this side, and each call has a trace id all the same: the leaf of its entry
names it. With it, ``tracing`` makes the spans; only that module knows OpenTelemetry.
"""

from __future__ import annotations

import secrets
from types import TracebackType
from typing import Protocol, Self


class CallSpan:
    """One attempt of a call. It is a block: leaving it ends the span, with an error if it is left by one.

    Attributes:
        traceparent: what is sent to the register.
    """

    def __init__(self, traceparent: str) -> None:
        self.traceparent = traceparent

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""
        return self.traceparent.split("-")[1]

    def answered(self, access_id: str) -> None:
        """The answer's receipt names this access."""

    def left(self) -> None:
        """Nothing more is wanted of a stream; this side has ended it."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""


class Unrecorded(CallSpan):
    """A trace id, and no span."""

    def __init__(self, traceparent: str | None = None, *, previous: CallSpan | None = None) -> None:
        """Take the caller's trace, or that of the attempt before, or begin one."""
        super().__init__(traceparent or (previous.traceparent if previous else new_traceparent()))


class Spans(Protocol):
    """Begins the spans of calls."""

    def begin(self, method: str, traceparent: str | None = None, *, previous: CallSpan | None = None) -> CallSpan:
        """Begin an attempt.

        Args:
            method: its name, such as ``nsor.v1.LookupService/LookUp``.
            traceparent: under which the caller wants it; None: under the span in which the program is, if any.
            previous: the attempt before, of the same call.
        """


class NoSpans(Spans):
    """Of a client whose program wants none."""

    def begin(self, method: str, traceparent: str | None = None, *, previous: CallSpan | None = None) -> CallSpan:  # noqa: ARG002 - nobody sees it
        """Begin an attempt that no span is of."""
        return Unrecorded(traceparent, previous=previous)


def new_traceparent() -> str:
    """A W3C trace context of its own, sampled."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
