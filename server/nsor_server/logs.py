"""The lines of the log: one form for people, one for programs, and what is left out of both. No person.

A line of ours says what its place in the program says; the text of other libraries' lines is their fixed part alone,
and of an exception stands its class: both could hold what somebody has sent. A thread of its own writes the lines, so
that nobody waits for whoever reads them: a pipe that nobody empties, or a full disk, loses lines, counted, and no call.
"""

from __future__ import annotations

import atexit
import datetime as dt
import json
import logging
import os
import queue
import sys
import threading
import traceback
import uuid
from types import TracebackType
from typing import Any, Final, Literal, Self

from nsor.printable import escaped, printable
from nsor_server.alerts import CODE

Format = Literal["text", "json"]

WAITING: Final = 2_000
"""Lines that may wait to be written: some 400 KB."""
FLUSH_SECONDS: Final = 2.0
"""Longest that the end of the process waits for the lines that are left."""
_STDERR: Final = 2
_OURS: Final = "nsor_server"
_CALL: Final = threading.local()


class Concerning:
    """What this thread logs meanwhile concerns one call: its lines have the call's ids.

    Args:
        trace_id: 16 bytes.
        access_id: 16 bytes.
    """

    __slots__ = ("_access_id", "_trace_id")

    def __init__(self, trace_id: bytes, access_id: bytes) -> None:
        self._trace_id = trace_id
        self._access_id = access_id

    def __enter__(self) -> Self:
        _CALL.ids = self._trace_id, self._access_id
        return self

    def __exit__(self, *_: object) -> None:
        _CALL.ids = None


class _Ids(logging.Filter):
    """Puts the ids of the call that a line concerns into its record, in the thread that logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.ids = getattr(_CALL, "ids", None)
        return True


class Text(logging.Formatter):
    """A line as people read it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line, without an end."""
        return f"{self.formatTime(record)} {record.levelname} {record.name}: {_one_line(said(record))}"


class Json(logging.Formatter):
    """A line as programs read it: one JSON object.

    ``time`` (RFC 3339, UTC), ``level``, ``logger``, ``thread``, ``process`` and ``message``; where they are known
    ``alert`` (its code), ``error`` (the class of an exception), ``trace_id`` and ``access_id``.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, without an end."""
        message = said(record)
        line: dict[str, Any] = {
            "time": f"{dt.datetime.fromtimestamp(record.created, dt.UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "thread": record.threadName,
            "process": record.process,
        }
        code = CODE.match(message)
        if code is not None:
            line["alert"] = code[1]
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
        ids = getattr(record, "ids", None)
        if ids is not None:
            line["trace_id"] = ids[0].hex()
            line["access_id"] = str(uuid.UUID(bytes=ids[1]))
        line["message"] = message
        return escaped(json.dumps(line, ensure_ascii=False))


def said(record: logging.LogRecord) -> str:
    """What a line says: of other libraries the fixed part alone, since what is put into it may be anybody's."""
    if record.name == _OURS or record.name.startswith(_OURS + "."):
        return record.getMessage()
    if record.args and isinstance(record.msg, str):
        return record.msg
    return "(what another library says is left out)"


class Lines(logging.Handler):
    """Hands lines to the thread that writes them, and never waits.

    Args:
        form: how a line is written.
        descriptor: of the open file that they go to; it isn't closed.
        most: lines that may wait.
    """

    def __init__(self, form: logging.Formatter, descriptor: int = _STDERR, *, most: int = WAITING) -> None:
        super().__init__()
        self.setFormatter(form)
        self.addFilter(_Ids())
        self._descriptor = descriptor
        self._waiting: queue.Queue[bytes | None] = queue.Queue(most)
        self.lost = 0
        """Lines that weren't written: too many waited, or the file didn't take them."""
        self._told = 0
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Have a line written soon."""
        try:
            self._waiting.put_nowait(self._line(record))
        except (queue.Full, TypeError, ValueError):  # too many wait, or its text and its arguments don't fit
            self.lost += 1

    def close(self) -> None:
        """Write what waits, for `FLUSH_SECONDS` at most, and end."""
        if not self._ended:
            self._ended = True
            try:
                self._waiting.put(None, timeout=FLUSH_SECONDS)
            except queue.Full:
                pass  # whoever reads the lines hangs: they are lost
            else:
                self._thread.join(FLUSH_SECONDS)
        super().close()

    def _line(self, record: logging.LogRecord) -> bytes:
        return self.format(record).encode("utf-8", "replace") + b"\n"

    def _run(self) -> None:
        while (line := self._waiting.get()) is not None:
            lost = self.lost
            if lost != self._told and self._written(self._line(_of_lost(lost - self._told))):
                self._told = lost
            if not self._written(line):
                self.lost += 1

    def _written(self, line: bytes) -> bool:
        """Write a line, whole or up to where the disk is full."""
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            return False
        return True


def _of_lost(count: int) -> logging.LogRecord:
    return logging.LogRecord(__name__, logging.ERROR, "", 0, "%d lines of the log were lost", (count,), None)


_begun: Final[list[Lines]] = []


def lost() -> int:
    """Lines of this process's log that weren't written."""
    return sum(each.lost for each in _begun)


def begin(form: Format, descriptor: int = _STDERR) -> Lines:
    """Log in this form from now on; warnings of all, and what we have to say.

    What nobody has caught is a line too, with classes and places instead of its text. Whoever runs this within his own
    process, where somebody logs already, goes on as he does.
    """
    lines = Lines(Json() if form == "json" else Text(), descriptor)
    root = logging.getLogger()
    if root.handlers:
        return lines
    _begun.append(lines)
    root.addHandler(lines)
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(logging.INFO)
    # grpc logs what a handler raised. None raises, and should one do so, its text could hold values.
    logging.getLogger("grpc").setLevel(logging.CRITICAL)
    logging.raiseExceptions = False
    sys.unraisablehook = _unraisable
    threading.excepthook = _of_thread
    atexit.register(lines.close)
    return lines


def place(trace: TracebackType | None) -> str:
    """Where an exception was raised, the innermost place first, without its text."""
    return " < ".join(
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}"
        for frame in reversed(traceback.extract_tb(trace)[-8:])
    )


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    log = logging.getLogger(__name__)
    log.error("nobody could catch %s at %s", found.exc_type.__name__, place(found.exc_traceback))


def _of_thread(found: threading.ExceptHookArgs) -> None:
    name = found.thread.name if found.thread is not None else "that is gone"
    log = logging.getLogger(__name__)
    log.error("the thread %s ended by %s at %s", name, found.exc_type.__name__, place(found.exc_traceback))


def _one_line(text: str) -> str:
    """A text without what would begin another line, or do something to a terminal: a name of a file may hold it."""
    return printable(text.replace("\r", "\\r").replace("\n", "\\n"))
