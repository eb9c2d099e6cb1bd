"""The CA's index: what was issued and revoked, one JSON object a line, only ever appended to.

A certificate is handed out after its line is on the disk, so a line that a crash cut short stands for no
certificate and is dropped by the next writer.
"""

import datetime as dt
import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from nsor_server.pki.errors import PkiError

Reason = Literal["keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation", "privilegeWithdrawn"]
"""Why a certificate is revoked (RFC 5280, section 5.3.1)."""


class Issued(msgspec.Struct, frozen=True, tag="issued", tag_field="event", kw_only=True):
    """A certificate that left the CA."""

    serial: str
    """Lower-case hexadecimal without leading zeros."""
    profile: str
    names: tuple[str, ...]
    """Subject alternative names, e.g. `URI:spiffe://...`, `DNS:localhost`."""
    agency_id: str | None
    """The agency; None for a server."""
    fingerprint: str
    """SHA-256 of the DER, hexadecimal."""
    not_before: dt.datetime
    not_after: dt.datetime
    at: dt.datetime


class Revoked(msgspec.Struct, frozen=True, tag="revoked", tag_field="event", kw_only=True):
    """A certificate that counts no more."""

    serial: str
    reason: Reason
    at: dt.datetime


Entry = Issued | Revoked


@dataclass(frozen=True, slots=True)
class Line:
    """One issued certificate with what became of it."""

    issued: Issued
    revoked: Revoked | None


def read(path: Path) -> list[Entry]:
    """All entries, oldest first; a last line without its line break is not one yet.

    Raises:
        PkiError: the file is missing or a line is not an entry.
    """
    try:
        whole = path.read_bytes().rpartition(b"\n")[0]
    except OSError as error:
        raise PkiError(f"The index {path} cannot be read ({error.strerror}). Name the CA's folder.") from None
    decoder = msgspec.json.Decoder(Entry)
    entries: list[Entry] = []
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            entries.append(decoder.decode(line))
        except msgspec.MsgspecError:
            raise PkiError(f"The index {path} is damaged at line {number}. Restore it from a copy.") from None
    return entries


def fold(entries: Iterable[Entry]) -> list[Line]:
    """Issued certificates in order, each with its revocation."""
    entries = list(entries)
    revoked = {entry.serial: entry for entry in entries if isinstance(entry, Revoked)}
    return [Line(entry, revoked.get(entry.serial)) for entry in entries if isinstance(entry, Issued)]


class Writer:
    """The index while it is locked: nobody else appends between a look and an append."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path

    def entries(self) -> list[Entry]:
        """All entries, as `read`."""
        return read(self._path)

    def append(self, entry: Entry) -> None:
        """Append one line and wait until it is on the disk."""
        line = msgspec.json.encode(entry) + b"\n"
        size = os.fstat(self._descriptor).st_size
        if size:
            whole = self._path.read_bytes().rfind(b"\n") + 1
            os.ftruncate(self._descriptor, whole)
        if os.write(self._descriptor, line) != len(line):
            raise PkiError(f"The index {self._path} could not be written whole. Is the disk full?")
        os.fsync(self._descriptor)


@contextmanager
def locked(path: Path) -> Iterator[Writer]:
    """Open the index for appending, alone; makes it (mode 0600) when it is missing."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield Writer(descriptor, path)
    finally:
        os.close(descriptor)
