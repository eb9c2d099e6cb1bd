"""What witnesses have co-signed, compared with the tree that was recomputed from the leaves.

The operator of the register owns the database, the keys and perhaps the outside copy: whoever has all three can sign
another past. Not under a witness's name. So every co-signed checkpoint must be one that this tree has had; nothing
that is in a witness's file is passed over.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from nsor.counting import counted
from nsor.ledger import cosigned
from nsor.ledger.cosignature import WitnessVerifier
from nsor.ledger.note import Checkpoint, Note, NoteError
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.storage.keyring import Keyring
from nsor_server.verification import cosigned_times
from nsor_server.verification.report import Report, owned_up
from nsor_server.verification.tree import Tree

Connection = psycopg.Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class Statement:
    """A checkpoint that a trusted witness has co-signed.

    Attributes:
        checkpoint: which.
        note: with all its signatures.
        witnesses: names of those whose co-signatures hold.
        time_s: when the first of them signed it, in seconds since 1970.
    """

    checkpoint: Checkpoint
    note: bytes
    witnesses: tuple[str, ...]
    time_s: int


class CoSigned:
    """The co-signed checkpoints of some files."""

    def __init__(self, paths: Sequence[Path], witnesses: Sequence[WitnessVerifier]) -> None:
        """Read the files and check the co-signatures; what doesn't hold is reported by `compare`."""
        self._statements: list[Statement] = []
        self._problems: list[str] = []
        for path in paths:
            before = len(self._statements) + len(self._problems)
            for number, signed in enumerate(cosigned.read(path), start=1):
                self._read(f"{path.name}, note {number}", signed, witnesses)
            if len(self._statements) + len(self._problems) == before:
                self._problems.append(f"{path.name} holds no co-signed checkpoint")
        self._statements.sort(key=lambda each: each.checkpoint.size)

    @property
    def sizes(self) -> Collection[int]:
        """The sizes at which the tree's root is needed."""
        return {each.checkpoint.size for each in self._statements}

    def compare(self, conn: Connection, tree: Tree, keyring: Keyring) -> None:
        """Compare with the recomputed tree; each difference becomes a finding of it."""
        report = tree.report
        for problem in self._problems:
            report.add(-1, problem)
        last_known = owned_up(conn, keyring)
        agreed, excused = 0, 0
        for each in self._statements:
            checkpoint = each.checkpoint
            who = f"{', '.join(each.witnesses)} co-signed a checkpoint of {counted(checkpoint.size, 'entries')}"
            try:
                LogKeys.of(keyring).verify(each.note)
                ends = tree.epochs.ends(checkpoint.origin)
            except (KeyError, NoteError):
                report.add(-1, f"{who} that isn't ours")
                continue
            if ends is not None and checkpoint.size > ends:
                if _covers(last_known.get(checkpoint.origin), checkpoint):
                    excused += 1
                else:
                    report.add(ends, f"{who}: more than the new epoch has owned up to")
                continue
            if _differs(report, who, agreed, checkpoint, tree):
                continue
            agreed = checkpoint.size
            late = cosigned_times.first_later(conn, checkpoint.size, each.time_s)
            if late is not None:
                report.add(late, f"{who}, and before the time that this entry says")
        if self._statements:
            report.remarks.append(
                f"{len(self._statements)} co-signed checkpoints were compared, up to {counted(agreed, 'entries')}"
            )
        if excused:
            report.remarks.append(f"{excused} of them are of entries whose loss a new epoch has owned up to")

    def _read(self, where: str, signed: bytes, witnesses: Sequence[WitnessVerifier]) -> None:
        try:
            parsed = Note.parse(signed)
            checkpoint = Checkpoint.parse(parsed.text)
        except NoteError as error:
            self._problems.append(f"{where}, is no co-signed checkpoint: {error}")
            return
        try:
            times = {each.name: each.times(parsed) for each in witnesses}
        except NoteError as error:
            self._problems.append(f"{where}, of {counted(checkpoint.size, 'entries')}: {error}")
            return
        names = tuple(name for name, found in times.items() if found)
        if names:
            earliest = min(min(times[name]) for name in names)
            self._statements.append(Statement(checkpoint, signed, names, earliest))
        else:
            self._problems.append(
                f"{where}, of {counted(checkpoint.size, 'entries')}: none of the witnesses has co-signed it"
            )


def _differs(report: Report, who: str, agreed: int, checkpoint: Checkpoint, tree: Tree) -> bool:
    size = checkpoint.size
    if size > report.size:
        report.add(report.size, f"{who}, the tree has {report.size}: the last ones were lost or taken away")
        return True
    expected = Checkpoint(tree.epochs.origin(size), size, tree.roots[size])
    if checkpoint != expected:
        where = f"one of the entries {agreed} to {size - 1} was changed, deleted, inserted or reordered"
        report.add(agreed, f"{who} with another root than the tree has: {where}")
        return True
    return False


def _covers(last_known: Checkpoint | None, checkpoint: Checkpoint) -> bool:
    """Whether what an epoch has owned up to includes a checkpoint; between the two there is no tree to prove it."""
    if last_known is None or checkpoint.size > last_known.size:
        return False
    return checkpoint.size < last_known.size or checkpoint == last_known
