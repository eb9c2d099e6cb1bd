"""The origins under which the ledger's key has signed: they change when the register goes on after a loss.

A checkpoint of another origin is believed only when its epoch was proved (nsor.ledger.epochs), by each witness that is
known too. What was lost then can't be proved any more, and the register has owned up to it; everything before stays
provable.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from nsor.errors import EpochNotCosigned, LedgerRolledBack, ReceiptWrong
from nsor.ledger import epochs, note
from nsor.ledger.cosignature import WitnessVerifier
from nsor.ledger.epochs import Epoch, EpochForged, NotCosigned, Opening


class UnknownOrigin(ReceiptWrong):
    """The checkpoint is of an epoch whose opening this client hasn't seen yet."""

    def __init__(self) -> None:
        super().__init__("origin")


class Origins:
    """A ledger's key and the epochs that are proved. Threads may share it: epochs are only ever added."""

    def __init__(self, verifier: note.Verifier, witnesses: Sequence[WitnessVerifier] = ()) -> None:
        """Know a ledger's key.

        Args:
            verifier: the key as it was given: under the origin of the first epoch, or of a later one, which is
                believed no sooner than any other: its opening says what became of the entries before it.
            witnesses: without the co-signature of each of them no epoch is believed.
        """
        self.verifier = verifier
        self.witnesses = tuple(witnesses)
        self.epochs: tuple[Epoch, ...] = ()

    def open(self, signed: bytes) -> note.Checkpoint:
        """Read a signed checkpoint.

        Raises:
            UnknownOrigin: our key has signed it, under an origin that isn't proved yet.
            ReceiptWrong: it isn't one, or our key hasn't signed it.
        """
        checkpoint = opened(signed, self.verifier)
        proved = {name for each in self.epochs for name in (each.first.origin, each.last_known.origin)}
        begins = checkpoint.origin == self.verifier.name == epochs.first(self.verifier.name)
        if not begins and checkpoint.origin not in proved:
            raise UnknownOrigin
        return checkpoint

    def follow(self, openings: Iterable[Opening]) -> None:
        """Take the epochs that the register has opened, each with its proof.

        Raises:
            EpochNotCosigned: a witness hasn't co-signed the beginning of one.
            ReceiptWrong: one is forged.
        """
        try:
            self.epochs = tuple(epochs.proved(each, self.verifier, self.witnesses) for each in openings)
        except NotCosigned:
            raise EpochNotCosigned from None
        except EpochForged:
            raise ReceiptWrong("epoch") from None

    def survived(self, origin: str) -> float:
        """How many entries of an origin's tree are in today's: those before the first epoch that came after it."""
        own = epochs.number(origin, self.verifier.name)
        later = (each for each in self.epochs if epochs.number(each.first.origin, self.verifier.name) > own)
        return min((each.first_index for each in later), default=math.inf)

    def check_owned_up(self, checkpoint: note.Checkpoint) -> None:
        """See that a checkpoint of which entries were lost isn't beyond what the register has said it lost.

        Raises:
            LedgerRolledBack: the register has shown more than the last checkpoint that the next epoch names.
        """
        own = epochs.number(checkpoint.origin, self.verifier.name)
        for each in self.epochs:
            if epochs.number(each.first.origin, self.verifier.name) > own:
                if each.last_known.origin == checkpoint.origin and checkpoint.size > each.last_known.size:
                    raise LedgerRolledBack(checkpoint.size, each.last_known.size)
                return


def opened(signed: bytes, verifier: note.Verifier) -> note.Checkpoint:
    """A checkpoint that the ledger's key has signed, under whichever origin of that ledger it says.

    Raises:
        ReceiptWrong: it isn't one, or the key hasn't signed it.
    """
    try:
        return note.verify(signed, epochs.verifier_of(signed, verifier))
    except (note.NoteError, EpochForged):
        raise ReceiptWrong("checkpoint") from None
