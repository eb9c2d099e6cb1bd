"""What the command keeps in the state folder beside the proofs: officers it enrolled, and access requests it sent.

Each file is its owner's alone (0600). Of a request it keeps a keyed digest, the time and the id: whoever reads the file
without the folder's secret learns nobody's name or number.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nsor.v1 import directory_pb2, lookup_pb2

_OFFICERS = "officers.jsonl"
_REQUESTS = "access-requests.jsonl"


@dataclass(frozen=True, slots=True)
class Sent:
    """An access request that was sent from this folder.

    Attributes:
        access_request_id: the register's id of it.
        time: when it was sent, in seconds since 1970.
    """

    access_request_id: str
    time: float


def secret(folder: Path) -> bytes:
    """The secret of this state folder, made at its first use."""
    path = folder / "request-ids.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as made:
        made.write(value := secrets.token_bytes(32))
        made.flush()
        os.fsync(made.fileno())
    return value


def keep_officer(folder: Path, officer: directory_pb2.Officer) -> None:
    """Keep the number under which a key was enrolled."""
    _append(folder / _OFFICERS, {"key_id": officer.officer_key_id.hex(), "number": officer.officer_number})


def officer_number(folder: Path, key_id: bytes) -> str:
    """The number under which this folder's agency enrolled a key; empty when it was enrolled elsewhere."""
    wanted = key_id.hex()
    return next((row["number"] for row in _rows(folder / _OFFICERS) if row["key_id"] == wanted), "")


def keep_request(folder: Path, request: lookup_pb2.CreateAccessRequestRequest, access_request_id: str) -> None:
    """Keep that an access request was sent."""
    row = {"digest": _digest(folder, request), "access_request_id": access_request_id, "time": time.time()}
    _append(folder / _REQUESTS, row)


def sent_before(folder: Path, request: lookup_pb2.CreateAccessRequestRequest) -> Sent | None:
    """The last request for the same FIR and suspects; None when this folder knows of none."""
    wanted = _digest(folder, request)
    found = [row for row in _rows(folder / _REQUESTS) if row["digest"] == wanted]
    return Sent(found[-1]["access_request_id"], found[-1]["time"]) if found else None


def _digest(folder: Path, request: lookup_pb2.CreateAccessRequestRequest) -> str:
    """Of FIR and suspects, whatever their order; the officer's reasons may differ."""
    suspects = sorted(suspect.SerializeToString(deterministic=True) for suspect in request.suspects)
    whole = b"".join(len(part).to_bytes(4, "big") + part for part in (request.fir.SerializeToString(), *suspects))
    return hmac.digest(secret(folder), b"access request" + whole, "sha256").hex()


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
