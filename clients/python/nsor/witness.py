# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""A witness's work: verify the ledger, co-sign its newest checkpoint, and keep what was co-signed.

A witness never says two things that contradict each other: before it signs, the ledger must continue both what this
client kept and what this witness has co-signed in its file, so that a lost state folder doesn't make it forget.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nsor.advice import Words
from nsor.client import Client
from nsor.errors import SettingsWrong
from nsor.ledger import cosignature
from nsor.ledger.cosignature import WitnessKey
from nsor.ledger.cosigned import CosignedFile
from nsor.ledger.note import Checkpoint, Note, NoteError
from nsor.verification import Verified


@dataclass(frozen=True, slots=True)
class Cosigned:
    """What a witness has co-signed.

    Attributes:
        verified: what was verified before.
        note: the checkpoint with the co-signature.
        time: of the co-signature, in Unix seconds.
    """

    verified: Verified
    note: bytes
    time: int


def cosign(
    client: Client,
    key: WitnessKey,
    path: Path,
    *,
    clock: Callable[[], float] = time.time,
    progress: Callable[[int, int], None] | None = None,
) -> Cosigned:
    """Verify the ledger, co-sign its newest checkpoint and append it to the file.

    Args:
        client: of the agency that is the witness.
        key: the witness's.
        path: the append-only file.
        clock: gives Unix seconds.
        progress: called with steps of the verification done and in all.

    Raises:
        ProofFailed: the ledger doesn't continue what was kept or co-signed; nothing is signed.
        SettingsWrong: the file is damaged; nothing is signed.
    """
    with CosignedFile.open(path) as file:
        known = _newest(file.notes(), key, client.ledger_origin)
        verified = client.verify_ledger(known=[known] if known else [], progress=progress)
        now = int(clock())
        note = cosignature.cosign(verified.checkpoint, key, now)
        file.append(note)
    return Cosigned(verified, note, now)


def _newest(notes: list[bytes], key: WitnessKey, origin: str) -> bytes:
    """The largest checkpoint of the ledger that this witness has co-signed: it was proven to continue the others."""
    largest, newest = -1, b""
    try:
        for note in notes:
            parsed = Note.parse(note)
            checkpoint = Checkpoint.parse(parsed.text)
            if key.verifier.times(parsed) and checkpoint.origin == origin and checkpoint.size > largest:
                largest, newest = checkpoint.size, note
    except NoteError:
        raise SettingsWrong(
            Words("The file of co-signed checkpoints is damaged.", "گواہی شدہ چیک پوائنٹس کی فائل خراب ہے۔"),
            Words("Keep it, and restore the one that was handed on.", "اسے رکھیں اور بھیجی گئی نقل بحال کریں۔"),
        ) from None
    return newest
