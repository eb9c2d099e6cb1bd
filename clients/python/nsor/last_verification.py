"""What the last own verification of the ledger found, kept beside its proofs, so that another program shows it later.

The first one that failed is kept besides for good, the worst, and the last one that failed. No later one that finds the
ledger whole replaces them: a register that shows one thing now and another thing then is what verifying is for. Nor
does a later failure replace the first, or a milder one the worst: before a fork and after it, a register need only give
a bad proof to have less said of it. It names nobody: sizes, a root, an instant and, where it failed, what it found.
Whoever shows it says that it was then; only a verification says what is now.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from nsor.errors import ProofFailed, ReceiptNotKept, ReceiptWrong
from nsor.journal import Journal
from nsor.verification import Verified

_WORST: Final = (
    ("LEDGER_FORKED", ""),
    ("LEDGER_ROLLED_BACK", ""),
    ("LEAF_MISSING", ""),
    ("RECEIPT_WRONG", "epoch"),
    ("RECEIPT_WRONG", "key"),
    ("ENTRY_TOO_LATE", ""),
    ("EPOCH_NOT_COSIGNED", ""),
)
"""What a verification finds, and of what, the worst first: two ledgers that were signed, entries that are gone, an
epoch or a rotation of the key that is forged or isn't shown any more. All others say of one answer that it isn't
proved."""


@dataclass(frozen=True, slots=True)
class LastVerification:
    """What it found.

    Attributes:
        ended: when, in Unix seconds, by this computer's clock.
        failed: name of what it found, such as LEDGER_FORKED; empty: the ledger was whole.
        english: what it found, with the entry's index or the sizes that it is about; empty as above.
        urdu: the same in Urdu.
        previous_size: entries at the verification before; 0 at the first.
        size: entries that it proved.
        root: root of the tree of these, hexadecimal digits.
        leaves: own entries that were proven to be in it.
        checkpoints: earlier checkpoints that were proven to be its prefixes.
        lost: own entries that were lost, as the register has owned up to.
        what: of a receipt that is wrong, which part.
    """

    ended: int
    failed: str = ""
    english: str = ""
    urdu: str = ""
    previous_size: int = 0
    size: int = 0
    root: str = ""
    leaves: int = 0
    checkpoints: int = 0
    lost: int = 0
    what: str = ""


def keeping(journal: Journal, verify: Callable[[], Verified]) -> Verified:
    """Verify, and keep what was found; a register that doesn't answer has shown nothing, and nothing is kept of it.

    Raises:
        NsorError: as ``verify``.
    """
    try:
        found = verify()
    except ProofFailed as error:
        with contextlib.suppress(ReceiptNotKept):  # what was found is worth more than what is kept of it
            what = error.what if isinstance(error, ReceiptWrong) else ""
            wrong = LastVerification(int(time.time()), error.reason, error.message.en, error.message.ur, what=what)
            journal.keep_last_verification(_written(wrong), is_worse=lambda kept: _is_worse(wrong, _read(kept)))
        raise
    whole = LastVerification(
        ended=int(time.time()),
        previous_size=found.previous_size,
        size=found.size,
        root=found.root.hex(),
        leaves=found.leaves,
        checkpoints=found.checkpoints,
        lost=len(found.lost),
    )
    journal.keep_last_verification(_written(whole))
    return found


def kept(journal: Journal) -> LastVerification | None:
    """What is kept of the last one; None: there was none, or what is kept of it can't be read: verify again."""
    try:
        return _read(journal.last_verification())
    except FileNotFoundError:
        return None


def failures(journal: Journal) -> list[LastVerification]:
    """The first one that has failed and, where they are others, the worst and the last one, whatever was found since.

    They stand in the order of their times; none has failed: empty. One that is kept and can't be read is left out.
    """
    found = [each for each in map(_read, journal.failed_verifications()) if each is not None]
    return list(dict.fromkeys(found))


def _read(content: bytes) -> LastVerification | None:
    try:
        return LastVerification(**json.loads(content))
    except (ValueError, TypeError):
        return None


def _written(found: LastVerification) -> bytes:
    return json.dumps(asdict(found)).encode()


def _is_worse(found: LastVerification, than: LastVerification | None) -> bool:
    """Whether a failure is worse than another one; one that can't be read says nothing."""
    return than is None or _rank(found) < _rank(than)


def _rank(found: LastVerification) -> int:
    kind = found.failed, found.what
    return _WORST.index(kind) if kind in _WORST else len(_WORST)
