"""The origins under which the ledger's key has signed: they change when the register goes on after a loss.

A checkpoint of another origin is believed only when its epoch was proved (nsor.ledger.epochs), by each witness that is
known too. What was lost then can't be proved any more, and the register has owned up to it; everything before stays
provable.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from nsor.errors import EpochNotCosigned, LedgerForked, LedgerRolledBack, ReceiptWrong
from nsor.ledger import epochs, note, rotations
from nsor.ledger.cosignature import WitnessVerifier
from nsor.ledger.epochs import Epoch, EpochForged, NotCosigned, Opening
from nsor.ledger.rotations import Keys, Rotation, RotationForged


class UnknownOrigin(ReceiptWrong):
    """The checkpoint is of an epoch whose opening this client hasn't seen yet."""

    def __init__(self) -> None:
        super().__init__("origin")


class UnknownKey(UnknownOrigin):
    """No key that this client knows has signed the checkpoint; it may be one that has replaced such a key."""

    def __init__(self) -> None:
        ReceiptWrong.__init__(self, "checkpoint")


class Origins:
    """A ledger's keys and the epochs that are proved. Threads may share it: both are only ever added to."""

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
        self.keys = Keys.of(verifier)

    def open(self, signed: bytes) -> note.Checkpoint:
        """Read a signed checkpoint.

        Raises:
            UnknownOrigin: our key has signed it, under an origin that isn't proved yet.
            UnknownKey: no key that is known has.
            ReceiptWrong: it isn't one, or a key has signed it that was replaced before.
        """
        checkpoint = self.signed(signed)
        proved = {name for each in self.epochs for name in (each.first.origin, each.last_known.origin)}
        begins = checkpoint.origin == self.verifier.name == epochs.first(self.verifier.name)
        if not begins and checkpoint.origin not in proved:
            raise UnknownOrigin
        return checkpoint

    def signed(self, signed: bytes) -> note.Checkpoint:
        """A checkpoint that a key of the ledger has signed in its time, under whichever origin of it that it says.

        Raises:
            UnknownKey: no key that is known has.
            ReceiptWrong: it isn't one, or a key has signed it that was replaced before.
        """
        checkpoint = parsed(signed, self.verifier)
        try:
            self.keys.verify(signed)
        except note.NoteError:
            by = {(each.name, each.key_id) for each in note.Note.parse(signed).signatures}
            known = (note.Verifier(checkpoint.origin, each.key) for each in self.keys.known)
            if any((each.name, each.key_id) in by for each in known):
                raise ReceiptWrong("checkpoint") from None
            raise UnknownKey from None
        return checkpoint

    def follow(self, openings: Iterable[Opening], turned: Sequence[Rotation] = ()) -> None:
        """Take the epochs that the register has opened, and the rotations of its key, each with its proof.

        Raises:
            EpochNotCosigned: a witness hasn't co-signed the beginning of one.
            ReceiptWrong: one is forged, or what was shown before isn't shown any more.
        """
        try:
            keys = rotations.proved(turned, self.verifier)
        except RotationForged:
            raise ReceiptWrong("key") from None
        if len(keys.known) < len(self.keys.known):
            raise ReceiptWrong("key")
        self.keys = keys
        try:
            known = [each.key for each in keys.known]
            found = tuple(epochs.proved(each, self.verifier, self.witnesses, known) for each in openings)
        except NotCosigned:
            raise EpochNotCosigned from None
        except EpochForged:
            raise ReceiptWrong("epoch") from None
        if not set(self.epochs) <= set(found):
            raise ReceiptWrong("epoch")
        self.epochs = found

    def survived(self, origin: str) -> float:
        """How many entries of an origin's tree are in today's: those before the first epoch that came after it."""
        own = epochs.number(origin, self.verifier.name)
        later = (each for each in self.epochs if epochs.number(each.first.origin, self.verifier.name) > own)
        return min((each.first_index for each in later), default=math.inf)

    def check_continues(self, checkpoint: note.Checkpoint, known: note.Checkpoint) -> None:
        """See that a checkpoint is of no less than one that was known before it, and doesn't contradict that.

        Raises:
            LedgerRolledBack: it is of fewer entries, or its epoch owns up to less than is known.
            LedgerForked: it is of as many entries, and of others, or of an earlier epoch.
        """
        epoch, before = (epochs.number(each.origin, self.verifier.name) for each in (checkpoint, known))
        least = known
        if epoch > before:
            self.check_owned_up(known)
            least = next((each.first for each in self.epochs if each.first.origin == checkpoint.origin), checkpoint)
        if checkpoint.size < least.size:
            raise LedgerRolledBack(least.size, checkpoint.size)
        if epoch < before or (checkpoint.size == least.size and checkpoint.root != least.root):
            raise LedgerForked(least.size, checkpoint.size)

    def check_owned_up(self, checkpoint: note.Checkpoint) -> None:
        """See that a checkpoint of which entries were lost isn't beyond what the register has said it lost.

        Raises:
            LedgerRolledBack: the register has shown more than the last checkpoint that the next epoch names.
            LedgerForked: it has shown as much, and something else.
        """
        own = epochs.number(checkpoint.origin, self.verifier.name)
        for each in self.epochs:
            if epochs.number(each.first.origin, self.verifier.name) > own:
                last = each.last_known
                if last.origin == checkpoint.origin and checkpoint.size > last.size:
                    raise LedgerRolledBack(checkpoint.size, last.size)
                if (last.origin, last.size) == (checkpoint.origin, checkpoint.size) and last.root != checkpoint.root:
                    raise LedgerForked(checkpoint.size, last.size)
                return


def parsed(signed: bytes, verifier: note.Verifier) -> note.Checkpoint:
    """A checkpoint under whichever origin of a ledger it says; who has signed it isn't looked at.

    Raises:
        ReceiptWrong: it isn't one.
    """
    try:
        checkpoint = note.Checkpoint.parse(note.Note.parse(signed).text)
        epochs.number(checkpoint.origin, verifier.name)
    except (note.NoteError, EpochForged):
        raise ReceiptWrong("checkpoint") from None
    return checkpoint
