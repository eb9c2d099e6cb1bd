"""The local span store: recent spans as JSON lines in a bounded set of files, for `nsor-server traces`.

It is for people at a terminal. It may be deleted at any time, and it holds what spans hold: no person.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from nsor_server.tracing.attributes import Value

FOLDER = "traces"
CURRENT = "spans.jsonl"
FILE_BYTES = 8 * 1024 * 1024
FILES = 4


@dataclass(frozen=True, slots=True)
class StoredSpan:
    """A span as it is stored.

    Attributes:
        trace: trace id, 32 hexadecimal digits.
        span: span id, 16 hexadecimal digits.
        parent: span id of the parent, or empty.
        name: the method, or the work.
        start_ns: nanoseconds since 1970.
        end_ns: nanoseconds since 1970.
        error: whether the span's status is an error.
        attributes: those on the list of `attributes`.
        links: trace id and span id of linked spans, joined by a dash.
    """

    trace: str
    span: str
    parent: str
    name: str
    start_ns: int
    end_ns: int
    error: bool
    attributes: dict[str, Value]
    links: tuple[str, ...] = ()


class SpanStore(SpanExporter):
    """Appends spans to the newest file; the oldest file goes when there are too many.

    Args:
        state_dir: the server's state folder.
        file_bytes: size at which a new file begins.
        files: files kept.
    """

    def __init__(self, state_dir: Path, *, file_bytes: int = FILE_BYTES, files: int = FILES) -> None:
        self._folder = state_dir / FOLDER
        self._file_bytes = file_bytes
        self._files = files
        self._lock = threading.Lock()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append; a full disk loses spans, never a call."""
        text = "".join(json.dumps(asdict(_stored(span)), separators=(",", ":")) + "\n" for span in spans)
        try:
            with self._lock:
                self._append(text.encode())
        except OSError:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Nothing is held open."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - OpenTelemetry's signature
        """Nothing is held back."""
        return True

    def _append(self, data: bytes) -> None:
        path = self._folder / CURRENT
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, data)
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        if size >= self._file_bytes:
            self._rotate()

    def _rotate(self) -> None:
        for number in range(self._files - 1, 0, -1):
            older = self._folder / f"spans.{number}.jsonl"
            newer = self._folder / (CURRENT if number == 1 else f"spans.{number - 1}.jsonl")
            if newer.exists():
                newer.replace(older)


def read(state_dir: Path) -> Iterator[StoredSpan]:
    """All stored spans, the oldest file first; a line that a crash cut off is passed over."""
    folder = state_dir / FOLDER
    numbered = sorted(folder.glob("spans.[0-9].jsonl"), key=lambda path: int(path.name.split(".")[1]), reverse=True)
    for path in (*numbered, folder / CURRENT):
        if not path.exists():
            continue
        for line in path.read_bytes().splitlines():
            span = parsed(line)
            if span is not None:
                yield span


def parsed(line: bytes) -> StoredSpan | None:
    """The span of a line of the store; None for one that a crash cut off."""
    try:
        fields = json.loads(line)
        fields["links"] = tuple(fields["links"])
        return StoredSpan(**fields)
    except (ValueError, TypeError, KeyError):
        return None


def _stored(span: ReadableSpan) -> StoredSpan:
    context = span.get_span_context()
    if context is None:
        raise ValueError("a span without a context")
    attributes = {name: value for name, value in (span.attributes or {}).items() if isinstance(value, Value)}
    return StoredSpan(
        trace=f"{context.trace_id:032x}",
        span=f"{context.span_id:016x}",
        parent=f"{span.parent.span_id:016x}" if span.parent is not None else "",
        name=span.name,
        start_ns=span.start_time or 0,
        end_ns=span.end_time or 0,
        error=not span.status.is_ok,
        attributes=attributes,
        links=tuple(f"{link.context.trace_id:032x}-{link.context.span_id:016x}" for link in span.links),
    )
