"""Client of Pakistan's National Sex Offenders Register, for agencies.

``nsor.Client`` calls the register over mutual TLS, checks the receipt of every answer and refusal, and keeps the proof.
Names are loaded when they are used, so that importing this package costs nothing; it imports nothing of the server.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nsor.answers import Answer
    from nsor.client import Client
    from nsor.errors import (
        EntryTooLate,
        EpochNotCosigned,
        FieldViolation,
        LeafMissing,
        LedgerForked,
        LedgerRolledBack,
        NsorError,
        ProofFailed,
        ReceiptMissing,
        ReceiptNotKept,
        ReceiptWrong,
        Refused,
        SettingsWrong,
        Unreachable,
    )
    from nsor.officer import OfficerKey
    from nsor.retries import Retries
    from nsor.verification import Verified

_HOMES = {
    "Answer": "nsor.answers",
    "Client": "nsor.client",
    "FieldViolation": "nsor.errors",
    "EntryTooLate": "nsor.errors",
    "LeafMissing": "nsor.errors",
    "EpochNotCosigned": "nsor.errors",
    "LedgerForked": "nsor.errors",
    "LedgerRolledBack": "nsor.errors",
    "NsorError": "nsor.errors",
    "OfficerKey": "nsor.officer",
    "ProofFailed": "nsor.errors",
    "ReceiptMissing": "nsor.errors",
    "ReceiptNotKept": "nsor.errors",
    "ReceiptWrong": "nsor.errors",
    "Refused": "nsor.errors",
    "Retries": "nsor.retries",
    "SettingsWrong": "nsor.errors",
    "Unreachable": "nsor.errors",
    "Verified": "nsor.verification",
}

__all__ = [
    "Answer",
    "Client",
    "EntryTooLate",
    "EpochNotCosigned",
    "FieldViolation",
    "LeafMissing",
    "LedgerForked",
    "LedgerRolledBack",
    "NsorError",
    "OfficerKey",
    "ProofFailed",
    "ReceiptMissing",
    "ReceiptNotKept",
    "ReceiptWrong",
    "Refused",
    "Retries",
    "SettingsWrong",
    "Unreachable",
    "Verified",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
