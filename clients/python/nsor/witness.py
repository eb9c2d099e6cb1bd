# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""A witness's work: verify the ledger, co-sign its newest checkpoint or a new epoch's first, and keep what it signed.

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
from nsor.ledger import cosignature, epochs
from nsor.ledger.cosignature import WitnessKey
from nsor.ledger.cosigned import CosignedFile
from nsor.ledger.epochs import EpochForged
from nsor.ledger.handover import HandedOver
from nsor.ledger.note import Checkpoint, Note, NoteError


@dataclass(frozen=True, slots=True)
class Cosigned:
    """What a witness has co-signed.

    Attributes:
        checkpoint: which.
        note: the same, with the co-signature.
        time: of the co-signature, in Unix seconds.
    """

    checkpoint: Checkpoint
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
        verified = client.verify_ledger(known=_newest(file.notes(), key, client.ledger_origin), progress=progress)
        return _cosigned(file, key, verified.checkpoint, clock)


def cosign_opening(
    client: Client, key: WitnessKey, path: Path, opening: Path, *, clock: Callable[[], float] = time.time
) -> Cosigned:
    """Check how a new epoch was opened, co-sign its first checkpoint and append it to the file; nobody is asked.

    Args:
        client: of the agency that is the witness.
        key: the witness's.
        path: the append-only file.
        opening: the file in which the register's operator has handed it over.
        clock: gives Unix seconds.

    Raises:
        ProofFailed: it doesn't own up to what was kept or co-signed, or doesn't continue it; nothing is signed.
        SettingsWrong: the file is damaged, or isn't of this ledger's epoch; nothing is signed.
    """
    with CosignedFile.open(path) as file:
        try:
            handed = HandedOver.parse(opening.read_bytes())
            client.check_opening(handed, _newest(file.notes(), key, client.ledger_origin))
        except EpochForged as error:
            raise SettingsWrong(
                Words(f"The file opens no epoch of this ledger: {error}.", "فائل اس لیجر کا کوئی نیا دور نہیں کھولتی۔"),
                Words(
                    "Ask the register's operator for what `nsor-server ledger opening` writes.",
                    "رجسٹر کے منتظم سے `nsor-server ledger opening` کی فائل لیں۔",
                ),
            ) from None
        return _cosigned(file, key, handed.opening.checkpoint, clock)


def _cosigned(file: CosignedFile, key: WitnessKey, signed: bytes, clock: Callable[[], float]) -> Cosigned:
    now = int(clock())
    note = cosignature.cosign(signed, key, now)
    file.append(note)
    return Cosigned(Checkpoint.parse(Note.parse(note).text), note, now)


def _newest(notes: list[bytes], key: WitnessKey, of: str) -> list[bytes]:
    """The largest checkpoint of each epoch that this witness has co-signed: it was proven to continue the others."""
    newest: dict[str, tuple[int, bytes]] = {}
    try:
        for note in notes:
            parsed = Note.parse(note)
            checkpoint = Checkpoint.parse(parsed.text)
            if key.verifier.times(parsed) and epochs.is_of(checkpoint.origin, of):
                found = checkpoint.size, note
                newest[checkpoint.origin] = max(newest.get(checkpoint.origin, found), found)
    except NoteError:
        raise SettingsWrong(
            Words(
                "The file of co-signed checkpoints is damaged.", "تصدیق کنندہ کے دستخط شدہ چیک پوائنٹس کی فائل خراب ہے۔"
            ),
            Words(
                "Keep it, and restore the one that was handed on.",
                "اسے محفوظ رکھیں اور آگے بھیجی گئی نقل سے بحال کریں۔",
            ),
        ) from None
    return [note for _, note in newest.values()]
