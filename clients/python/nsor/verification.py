"""Proves that the ledger still holds every leaf this agency was shown, and that it only ever grew.

From the last verified checkpoint to the newest: that one, each checkpoint that came with an answer since, and each new
leaf is proved, many of them by one proof, so that a verification hardly grows the ledger. Whatever fails is evidence:
the kept files stay as they are.
"""

from __future__ import annotations

import concurrent.futures
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from nsor.errors import EntryLost, EntryTooLate, LeafMissing, LedgerForked, LedgerRolledBack, ReceiptWrong
from nsor.journal import Base, Journal, Kept
from nsor.ledger import batch_proof, epochs, merkle, note
from nsor.ledger.cosignature import TOLERANCE_SECONDS
from nsor.ledger.handover import HandedOver
from nsor.ledger.tlog_proof import TlogProof
from nsor.ledger.v1 import leaf_pb2
from nsor.origins import Origins, parsed

PARALLEL = 2
BATCH = 500
"""Leaves, and as many checkpoints, that one proof is asked for: the register gives one for 500."""


class ProofSource(Protocol):
    """Where proofs come from: the register, through the client."""

    def newest(self) -> bytes:
        """The newest checkpoint, signed."""

    def cosigned(self) -> Sequence[bytes]:
        """Checkpoints with the newest co-signature of each witness, of the answer with the newest one."""

    def inclusion(self, index: int, size: int) -> Sequence[bytes]:
        """The audit path of a leaf in the tree of a size."""

    def consistency(self, first: int, second: int) -> Sequence[bytes]:
        """The proof between two sizes."""

    def batch(self, indexes: Sequence[int], sizes: Sequence[int], size: int) -> Sequence[bytes]:
        """One proof for leaves and earlier sizes in the tree of a size (``nsor.ledger.batch_proof``)."""


class Witnessed(NamedTuple):
    """What a witness that this client knows has co-signed last.

    Attributes:
        witness: its name.
        checkpoint: of the ledger.
        time: by its clock, in Unix seconds: the checkpoint's entries were made no later.
    """

    witness: str
    checkpoint: note.Checkpoint
    time: int


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification has shown.

    Attributes:
        previous_size: size of the ledger at the last verification; 0 at the first.
        size: size now.
        root: root of the tree now, 32 bytes.
        checkpoint: the signed checkpoint.
        leaves: leaves of this agency that were proven to be in the tree.
        checkpoints: checkpoints that were proven to be its prefixes.
        lost: leaves of this agency of entries that were lost, as the register has owned up to by a new epoch; those
            that an earlier verification has found too.
        lost_checkpoints: checkpoints that had such entries.
        witnessed: what each witness that this client knows has co-signed last.
    """

    previous_size: int
    size: int
    root: bytes
    checkpoint: bytes
    leaves: int
    checkpoints: int
    lost: tuple[Kept, ...] = ()
    lost_checkpoints: int = 0
    witnessed: tuple[Witnessed, ...] = ()


def verify(
    journal: Journal,
    origins: Origins,
    source: ProofSource,
    *,
    everything: bool = False,
    known: Sequence[bytes] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Verified:
    """Check the ledger against what was kept, and keep the newest checkpoint.

    Args:
        journal: what was kept.
        origins: the ledger's key, and the epochs that are proved.
        source: where proofs come from.
        everything: prove every leaf again, not only those since the last verification.
        known: signed checkpoints that were kept elsewhere: they must be prefixes too.
        progress: called with steps done and steps in all.

    Raises:
        LedgerForked: two signed checkpoints contradict each other.
        LedgerRolledBack: the newest checkpoint is smaller than one that was seen.
        LeafMissing: a kept leaf isn't in the tree.
        EntryTooLate: a kept leaf says a later time than a known witness's co-signature of a tree with it.
        ReceiptWrong: a checkpoint isn't signed by the ledger's key, or a co-signature of a known witness doesn't hold.
    """
    with journal.verifying():
        base = journal.base()
        # What is kept by now came with answers that are older than the checkpoint asked for next: it must cover them.
        end = journal.end()
        start = 0 if everything else base.verified_bytes
        leaves = list(journal.leaves(start, end))
        signed = source.newest()
        newest = origins.open(signed)
        cosigned = source.cosigned()
        witnessed = _witnessed(origins, cosigned)
        kept = origins.open(base.note) if base.note else None
        shown = itertools.chain(known, cosigned if witnessed else (), (leaf.note for leaf in leaves))
        every = _distinct(kept, (origins.open(each) for each in shown))
        for checkpoint in every:
            origins.check_owned_up(checkpoint)
        older = [each for each in every if each.size <= origins.survived(each.origin)]
        lost = [each for each in _before(journal, origins, start) if _is_lost(each, origins)]
        survived: list[Kept] = []
        for leaf in leaves:
            (lost if _is_lost(leaf, origins) else survived).append(leaf)
        for checkpoint in older:
            if checkpoint.size > newest.size:
                raise LedgerRolledBack(checkpoint.size, newest.size)
        total = len(older) + len(survived)
        done = 0
        with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
            steps = [pool.submit(_check, source, *batch, newest) for batch in _batches(older, survived)]
            try:
                for step in steps:
                    done += step.result()
                    if progress is not None:
                        progress(done, total)
            finally:
                pool.shutdown(cancel_futures=True)
        _check_times(journal, origins, witnessed)
        journal.advance(Base(signed, end))
    return Verified(
        previous_size=kept.size if kept else 0,
        size=newest.size,
        root=newest.root,
        checkpoint=signed,
        leaves=len(survived),
        checkpoints=len(older),
        lost=tuple(lost),
        lost_checkpoints=len(every) - len(older),
        witnessed=witnessed,
    )


def receipt(journal: Journal, origins: Origins, source: ProofSource, access_id: str) -> tuple[TlogProof, bytes] | None:
    """The receipt of an access as a proof in today's tree that other programs read, and the entry that it proves.

    Args:
        journal: what was kept.
        origins: the ledger's key, and the epochs that are proved.
        source: where the proof comes from.
        access_id: of the access; None is given when no receipt of it is kept.

    Raises:
        EntryLost: the register has owned up to it that the entry was lost.
        LeafMissing: the entry isn't in the tree any more.
        ReceiptWrong: the checkpoint isn't signed by the ledger's key.
    """
    kept = next((each for each in journal.leaves() if each.access_id == access_id), None)
    if kept is None:
        return None
    signed = source.newest()
    newest = origins.open(signed)
    if kept.index >= origins.survived(origins.open(kept.note).origin):
        raise EntryLost(kept.index)
    hashes = tuple(_check_leaf(source, kept, newest))
    return TlogProof(kept.index, hashes, signed), kept.leaf


def check_opening(journal: Journal, origins: Origins, handed: HandedOver, known: Sequence[bytes]) -> note.Checkpoint:
    """See that an epoch was opened as it must be, before a witness co-signs its first checkpoint; gives that.

    Args:
        journal: what was kept: the epoch must own up to it.
        origins: the ledger's key.
        handed: the epoch, as the register's operator has handed it over.
        known: what the witness has co-signed: the epoch must own up to it, and continue what survived.

    Raises:
        LedgerForked: it contradicts what was kept or co-signed, or doesn't prove that it continues it.
        LedgerRolledBack: it owns up to less than was shown.
        EpochForged: it is no epoch of this ledger.
    """
    epoch = epochs.proved(handed.opening, origins.verifier, (), [each.key for each in origins.keys.known])
    base = journal.base()
    kept = [*([base.note] if base.note else []), *(leaf.note for leaf in journal.leaves(0, journal.end()))]
    cosigned = [origins.signed(each) for each in known]
    for shown in (*cosigned, *(origins.signed(each) for each in kept)):
        last = epoch.last_known
        if shown.origin == last.origin and shown.size > last.size:
            raise LedgerRolledBack(shown.size, last.size)
        same = [each for each in (last, epoch.first) if (each.origin, each.size) == (shown.origin, shown.size)]
        if same not in ([], [shown]):
            raise LedgerForked(shown.size, shown.size)
    for seen in cosigned:
        survived = seen.origin == epoch.last_known.origin and 0 < seen.size <= epoch.first_index
        if (survived or seen.origin == epoch.first.origin) and not handed.continues(epoch, seen):
            raise LedgerForked(seen.size, epoch.first.size)
    return epoch.first


def _before(journal: Journal, origins: Origins, end: int) -> Iterable[Kept]:
    """The leaves that were verified before; none where no epoch can have lost one."""
    return journal.leaves(0, end) if origins.epochs else ()


def _is_lost(leaf: Kept, origins: Origins) -> bool:
    return leaf.index >= origins.survived(parsed(leaf.note, origins.verifier).origin)


def _witnessed(origins: Origins, cosigned: Iterable[bytes]) -> tuple[Witnessed, ...]:
    """What witnesses that this client knows have co-signed; of others nothing is believed."""
    found: dict[str, Witnessed] = {}
    for signed in cosigned:
        parsed = note.Note.parse(signed)
        for witness in origins.witnesses:
            try:
                times = witness.times(parsed)
            except note.NoteError:
                raise ReceiptWrong("co-signature") from None
            if times:
                one = Witnessed(witness.name, origins.open(signed), max(times))
                newest = max(found.get(witness.name, one), one, key=lambda each: (each.checkpoint.size, each.time))
                found[witness.name] = newest
    return tuple(found[name] for name in sorted(found))


def _check_times(journal: Journal, origins: Origins, witnessed: Sequence[Witnessed]) -> None:
    """See that no kept leaf says a later time than a co-signature of a tree with it: those of before, too."""
    if not witnessed:
        return
    for leaf in journal.leaves():
        survived = origins.survived(origins.open(leaf.note).origin)
        covered = [each.time for each in witnessed if leaf.index < min(each.checkpoint.size, survived)]
        latest_us = (min(covered) + TOLERANCE_SECONDS) * 1_000_000 if covered else math.inf
        if covered and leaf_pb2.Leaf.FromString(leaf.leaf).time_us > latest_us:
            raise EntryTooLate(leaf.index)


def _distinct(kept: note.Checkpoint | None, seen: Iterable[note.Checkpoint]) -> list[note.Checkpoint]:
    """Each checkpoint once, by origin and size; two of one size that differ are a fork."""
    found: dict[tuple[str, int], note.Checkpoint] = {} if kept is None else {(kept.origin, kept.size): kept}
    for checkpoint in seen:
        if found.setdefault((checkpoint.origin, checkpoint.size), checkpoint) != checkpoint:
            raise LedgerForked(checkpoint.size, checkpoint.size)
    return sorted(found.values(), key=lambda each: each.size)


def _batches(
    older: Sequence[note.Checkpoint], leaves: Sequence[Kept]
) -> list[tuple[Sequence[note.Checkpoint], Sequence[Kept]]]:
    """What is proved together: in the order of the tree, since neighbours share the most of a proof."""
    placed = sorted(leaves, key=lambda each: each.index)
    starts = range(0, max(len(older), len(placed)), BATCH)
    return [(older[start : start + BATCH], placed[start : start + BATCH]) for start in starts]


def _check(
    source: ProofSource, older: Sequence[note.Checkpoint], leaves: Sequence[Kept], newest: note.Checkpoint
) -> int:
    """See that checkpoints are prefixes of the newest, and that leaves are in its tree; gives how many they are.

    Where the proof of all of them doesn't hold, each is proved by itself: so it shows which isn't there.
    """
    if not _is_proved(source, older, leaves, newest):
        for checkpoint in older:
            _check_prefix(source, checkpoint, newest)
        for leaf in leaves:
            _check_leaf(source, leaf, newest)
    return len(older) + len(leaves)


def _is_proved(
    source: ProofSource, older: Sequence[note.Checkpoint], leaves: Sequence[Kept], newest: note.Checkpoint
) -> bool:
    """Whether one proof holds for all of them."""
    hashes = {each.index: merkle.leaf_hash(each.leaf) for each in leaves}
    roots = {each.size: each.root for each in older if each.size}
    empty = [each for each in older if not each.size]
    if (len(hashes), len(roots) + len(empty)) != (len(leaves), len(older)):
        return False  # two of one number: at most one of them is in the tree
    if any(each.root != merkle.EMPTY_ROOT for each in empty) or max(hashes, default=0) >= newest.size:
        return False
    try:
        proof = source.batch(tuple(hashes), tuple(roots), newest.size)
        batch_proof.verify(hashes, roots, newest.size, proof, newest.root)
    except merkle.ProofError:
        return False
    return True


def _check_prefix(source: ProofSource, older: note.Checkpoint, newest: note.Checkpoint) -> None:
    proof: Sequence[bytes] = ()
    if older.size not in {0, newest.size}:
        proof = source.consistency(older.size, newest.size)
    try:
        merkle.verify_consistency(older.size, newest.size, older.root, newest.root, proof)
    except merkle.ProofError:
        raise LedgerForked(older.size, newest.size) from None


def _check_leaf(source: ProofSource, kept: Kept, newest: note.Checkpoint) -> Sequence[bytes]:
    """See that a kept leaf is in the tree; gives its audit path."""
    hashes = source.inclusion(kept.index, newest.size)
    try:
        merkle.verify_inclusion(merkle.leaf_hash(kept.leaf), kept.index, newest.size, hashes, newest.root)
    except merkle.ProofError:
        raise LeafMissing(kept.index) from None
    return hashes
