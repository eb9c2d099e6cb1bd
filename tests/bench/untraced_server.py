"""`nsor-server` without spans, which no setting gives: what tracing costs is measured beside it (``tracing.py``).

A call still has a trace id, since the ledger's leaf has one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from nsor_server.__main__ import main
from nsor_server.tracing.spans import CallSpan, Span, Tracing


class _Nothing(CallSpan):
    """Has the id of a trace, and tells nobody anything."""

    def begins(self) -> None:
        pass

    def passed(self, phase: int) -> None:
        pass

    def committed(self, seconds: float) -> None:
        pass

    def describe(self, **_said: str) -> None:
        pass

    def end(self, code: str = "OK", reason: str = "") -> None:
        pass

    def close(self, *_status: Any) -> None:
        pass


class _Untraced(Tracing):
    def call(self, method: str, _traceparent: str | None, *, is_stream: bool = False) -> CallSpan:  # noqa: ARG002
        return _Nothing(self, method, None, {})

    def message(self, _parent: Span, method: str) -> CallSpan:
        return _Nothing(self, method, None, {})

    def committed(self, calls: Sequence[Span], **_took: Any) -> None:
        pass


if __name__ == "__main__":
    for name in ("call", "message", "committed"):
        setattr(Tracing, name, getattr(_Untraced, name))
    main()
