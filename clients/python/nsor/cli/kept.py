# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What the command keeps in the state folder beside the proofs: officers it enrolled, postings, and what it has sent.

Each file is its owner's alone (0600). Of what was sent it keeps a keyed digest, the time, the entry and an id: whoever
reads the file without the folder's secret learns nobody's name or number.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nsor.advice import Words
from nsor.errors import SettingsWrong

if TYPE_CHECKING:
    from nsor.v1 import directory_pb2

_OFFICERS = "officers.jsonl"
_SENT = "sent.jsonl"
_POSTINGS = "postings.jsonl"
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Sent:
    """Something that was sent from this folder.

    Attributes:
        time: when it was sent, in seconds since 1970.
        index: of its entry in the ledger.
        record_id: the register's id of what it made; empty when it made nothing with an id.
        record_ids: of what it made each time that it was sent.
    """

    time: float
    index: int
    record_id: str
    record_ids: frozenset[str] = frozenset()


def secret(folder: Path) -> bytes:
    """The secret of this state folder, made at its first use: whole, or not at all, whoever else makes it then."""
    path = folder / "request-ids.key"
    if not path.exists():
        descriptor, made = tempfile.mkstemp(dir=folder, prefix=".secret-")  # its owner's alone
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(_SECRET_BYTES))
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(made, path)
        finally:
            Path(made).unlink()
    found = path.read_bytes()
    if len(found) != _SECRET_BYTES:
        raise SettingsWrong(
            Words(f"{path} was cut off.", f"{path} ادھوری رہ گئی ہے۔"),
            Words("Restore it from a backup of the state folder.", "اسے ڈیٹا فولڈر (state) کے بیک اپ سے بحال کریں۔"),
        )
    return found


def keep_officer(folder: Path, officer: directory_pb2.Officer) -> None:
    """Keep the number under which a key was enrolled."""
    _append(folder / _OFFICERS, {"key_id": officer.officer_key_id.hex(), "number": officer.officer_number})


def officer_number(folder: Path, key_id: bytes) -> str:
    """The number under which this folder's agency enrolled a key; empty when it was enrolled elsewhere."""
    wanted = key_id.hex()
    return next((row["number"] for row in _rows(folder / _OFFICERS) if row["key_id"] == wanted), "")


def keep_posting(folder: Path, key_id: bytes, posting: str, grade: str) -> None:
    """Keep where the officer with this key is posted, and his grade."""
    _append(folder / _POSTINGS, {"key_id": key_id.hex(), "posting": posting, "grade": grade})


def posting(folder: Path, key_id: bytes) -> tuple[str, str]:
    """Where the officer with this key is posted, and his grade; empty: this folder doesn't know."""
    found = [row for row in _rows(folder / _POSTINGS) if row["key_id"] == key_id.hex()]
    return (found[-1]["posting"], found[-1]["grade"]) if found else ("", "")


def keep_sent(folder: Path, content: bytes, *, index: int, record_id: str = "") -> None:
    """Keep that something was sent."""
    row = {"digest": _digest(folder, content), "time": time.time(), "index": index, "record_id": record_id}
    _append(folder / _SENT, row)


def sent_before(folder: Path, content: bytes) -> Sent | None:
    """When the same was sent the last time; None when this folder knows of none."""
    wanted = _digest(folder, content)
    found = [row for row in _rows(folder / _SENT) if row["digest"] == wanted]
    if not found:
        return None
    every = frozenset(row["record_id"] for row in found if row["record_id"])
    return Sent(found[-1]["time"], found[-1]["index"], found[-1]["record_id"], every)


def request_id(folder: Path, content: bytes) -> str:
    """The request id of what is sent from this folder, the same however often it is sent."""
    digest = hmac.digest(secret(folder), b"request" + content, "sha256")
    return str(uuid.UUID(bytes=digest[:16], version=4))


def _digest(folder: Path, content: bytes) -> str:
    return hmac.digest(secret(folder), b"sent" + content, "sha256").hex()


def _append(path: Path, row: dict[str, Any]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def _rows(path: Path) -> list[dict[str, Any]]:
    """Whole lines only: the last one may have been cut off."""
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found
