"""What an import keeps in files: row numbers in the state folder, results and findings beside the imported file.

All of them are their owner's alone (0600).
"""

from __future__ import annotations

import csv
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TextIO

from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.client import Client

_NUMBERS: Final = "imported-rows"
_ID_BYTES: Final = 16
_FORMULA: Final = frozenset("=+-@\t\r\u200f\u200e\uff1d\uff0b\uff0d\uff20")
"""Signs with which a cell begins that a spreadsheet would run, or hides what it begins with."""
FINDINGS: Final = ("row", "request_id", "reason", "field", "column", "rule", "meaning", "meaning_ur", "access_id")
CLEANED: Final = ("row", "column", "was", "becomes")


class Numbers:
    """The number of every row that was ever sent from a state folder, by its request id.

    A row keeps its number whatever file it is in and wherever it stands there, so that it isn't entered twice. Numbers
    are on disk before they are sent.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        whole = os.fstat(descriptor).st_size // _ID_BYTES * _ID_BYTES
        os.ftruncate(descriptor, whole)  # a half-written one was never sent
        kept = os.pread(descriptor, whole, 0)
        self._numbers = {kept[at : at + _ID_BYTES]: at // _ID_BYTES + 1 for at in range(0, whole, _ID_BYTES)}
        self._next = whole // _ID_BYTES + 1
        self._new = bytearray()

    def of(self, request_id: bytes) -> int:
        """The number of a row; a new one after all others. ``keep`` before it is sent."""
        number = self._numbers.get(request_id)
        if number is None:
            number = self._numbers[request_id] = self._next
            self._next += 1
            self._new += request_id
        return number

    def keep(self) -> None:
        """Have the new numbers on disk."""
        if self._new:
            os.lseek(self._descriptor, 0, os.SEEK_END)
            view = memoryview(bytes(self._new))
            while view:
                view = view[os.write(self._descriptor, view) :]
            os.fsync(self._descriptor)
            self._new.clear()


@contextmanager
def numbers(folder: Path) -> Iterator[Numbers]:
    """The row numbers of a state folder, for one import at a time.

    Raises:
        click.UsageError: another import uses them now.
    """
    descriptor = os.open(folder / _NUMBERS, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise WrongUse("Another import runs with this state folder; wait until it has ended.") from None
        yield Numbers(descriptor)
    finally:
        os.close(descriptor)


class Results:
    """The rows that were accepted, one JSON object a line; None: they aren't kept.

    Attributes:
        done: request ids of those that an earlier run had accepted.
    """

    def __init__(self, path: Path | None, client: Client) -> None:
        """Read what an earlier run has written; a half-written last line counts as not done.

        Neither does a row whose entry the register has lost, as far as the client knows of its epochs.

        Raises:
            click.UsageError: another agency has entered rows of this file.
        """
        self.done: set[str] = set()
        self._path = path
        agency_id = client.agency_id
        self._file: TextIO | None = None
        if path is None or not path.exists():
            return
        client.learn_epochs()
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
                entered_by = row.get("agency", agency_id)
                if client.survives(row.get("origin", client.ledger_origin), row["index"]):
                    self.done.add(row["request_id"])
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            if entered_by != agency_id:
                raise WrongUse(
                    "{} has rows that {} entered, and this certificate is of {}. "
                    "Use the certificate of {}, or name another --results.",
                    path,
                    entered_by,
                    agency_id,
                    entered_by,
                )

    def __enter__(self) -> Self:
        if self._path is not None:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                os.write(descriptor, b"\n")
            self._file = os.fdopen(descriptor, "a", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, row: dict[str, Any]) -> None:
        """Keep an accepted row."""
        if self._file is not None:
            self._file.write(json.dumps(row) + "\n")


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table that any spreadsheet opens, and none runs; without rows there is no file."""
    listed = list(rows)
    if not listed:
        path.unlink(missing_ok=True)
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # A byte order mark, since spreadsheets take the Urdu for something else without it.
    with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([inert(cell) for cell in row] for row in listed)


def inert(cell: str) -> str:
    """The cell, with a quote before what a spreadsheet would take for a formula."""
    return f"'{cell}" if cell[:1] in _FORMULA and cell else cell
