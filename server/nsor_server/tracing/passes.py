"""Passes of a thread that does something by itself: a span for each that writes an entry, or fails.

One that finds nothing due has none: there are a hundred thousand a day, and they would push the calls out of the local
store. That each thread goes on passing is a metric.
"""

from __future__ import annotations

from nsor_server.tracing.spans import Span, Tracing


class Passes:
    """The passes of one thread; it alone uses this.

    Args:
        tracing: makes the spans.
        name: of the thread.
    """

    def __init__(self, tracing: Tracing, name: str) -> None:
        self._tracing = tracing
        self._name = f"{name} pass"
        self._now: Span | None = None

    def entry(self, method: str) -> Span:
        """The span of an entry that the pass writes."""
        if self._now is None:
            self._now = self._tracing.work(self._name)
        return self._tracing.work(method, self._now)

    def end(self, error: str = "") -> None:
        """The pass has ended; ``error`` is the class of the exception with which it failed."""
        span, self._now = self._now, None
        if error:
            (span or self._tracing.work(self._name)).fail(error)
        elif span is not None:
            span.close()
