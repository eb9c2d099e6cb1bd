"""Keeps the proofs of an agency's calls in its state folder: the leaves, and the last checkpoint that was verified.

Leaves name no person, officer or case, so nothing here is personal data; still, every file is its owner's alone
(0600). A leaf is appended before its answer is given out and survives a crash of the program; only the last ones may
be lost in a power cut, since an fsync per call would cost more than the call. Verifying syncs. POSIX only (flock).
"""

from __future__ import annotations

import base64
import collections
import contextlib
import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nsor.errors import LeafMissing, LedgerForked, ReceiptNotKept, ReceiptWrong
from nsor.ledger import epochs, note
from nsor.ledger.epochs import Opening
from nsor.ledger.kept import decode, encode
from nsor.ledger.rotations import Rotation
from nsor.origins import parsed
from nsor.receipts import Proof

LEAVES = "leaves.jsonl"
"""Name of the file with the kept leaves."""
_REMEMBERED = 65_536
"""Indexes and sizes that are compared at once; all are compared when the ledger is verified."""
_TAIL_BYTES = 262_144
"""In so many of the last leaves is the newest checkpoint: calls side by side keep theirs out of order."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A leaf that was kept.

    Attributes:
        index: its index in the ledger.
        leaf: the leaf as it was shown.
        access_id: id of the access.
        note: the signed checkpoint that came with it.
    """

    index: int
    leaf: bytes
    access_id: str
    note: bytes


@dataclass(frozen=True, slots=True)
class Base:
    """What has been verified so far.

    Attributes:
        note: the signed checkpoint; empty at the very start.
        verified_bytes: how much of the leaves' file is proven to be in its tree.
    """

    note: bytes = b""
    verified_bytes: int = 0


class Journal:
    """The proofs of one ledger in one state folder. Safe for threads and for processes side by side."""

    def __init__(self, state_dir: Path, verifier: note.Verifier) -> None:
        """``state_dir`` is made when it is missing; each ledger key has a folder of its own in it.

        The folder is named by the key under the first epoch's origin: what was kept counts after a loss too, also for
        whoever was handed the key under the new origin.

        Raises:
            ReceiptNotKept: the folder can't be made, or written.
        """
        key = note.Verifier(epochs.first(verifier.name), verifier.key)
        self.folder = state_dir / f"ledger-{key.key_id.hex()}"
        self._verifier = verifier
        self._leaves = self.folder / LEAVES
        self._base = self.folder / "checkpoint.json"
        self._openings = self.folder / "openings.json"
        self._rotations = self.folder / "rotations.json"
        self._last_verification = self.folder / "last-verification.json"
        self._first_failure = self.folder / "first-failure.json"
        self._worst_failure = self.folder / "worst-failure.json"
        self._last_failure = self.folder / "last-failure.json"
        self._lock = threading.Lock()
        with self._writing():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self._leaves, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        # By origin as well: after a loss that the register has owned up to, sizes and indexes come again.
        self._indexes: collections.OrderedDict[tuple[str, int], bytes] = collections.OrderedDict()
        self._roots: collections.OrderedDict[tuple[str, int], bytes] = collections.OrderedDict()
        self._newest: note.Checkpoint | None = None
        self._base_read: tuple[int, int] | None = None
        with self._locked():
            self._drop_torn_line()
        self._read_to = self._tail()

    def newest(self) -> note.Checkpoint | None:
        """The newest checkpoint that is known here, of whichever program it came to: kept with a leaf, or verified."""
        with self._lock:
            self._read_base()
            self._read_leaves()
            return self._newest

    def learn(self, checkpoint: note.Checkpoint) -> None:
        """Take a checkpoint into account that was checked, and that no leaf is kept of."""
        with self._lock:
            self._learn(checkpoint)

    def keep(self, proof: Proof, *, leaf: bool = True) -> None:
        """Keep a proof, after comparing it with those seen before.

        Args:
            proof: a receipt that was checked.
            leaf: whether the leaf is kept too; otherwise its checkpoint is only compared.

        Raises:
            LedgerForked: a ledger of the same size had another root.
            LeafMissing: the same index had another leaf.
            ReceiptNotKept: the disk is full, or can't be written.
        """
        checkpoint = proof.checkpoint
        digest = hashlib.sha256(proof.leaf).digest()
        with self._lock:
            if self._learn(checkpoint) != checkpoint.root:
                raise LedgerForked(checkpoint.size, checkpoint.size)
            if _remember(self._indexes, (checkpoint.origin, proof.index), digest) != digest:
                raise LeafMissing(proof.index)
            if leaf:
                with self._locked():
                    self._append(proof)

    def base(self) -> Base:
        """The last verified checkpoint."""
        try:
            stored = json.loads(self._base.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Base()
        return Base(stored["checkpoint"].encode(), stored["verified_bytes"])

    def rotations(self) -> list[Rotation]:
        """How the ledger's key was replaced, as far as this client has followed: each proves itself.

        Raises:
            ReceiptWrong: the file is damaged.
        """
        try:
            return decode(Rotation, self._rotations.read_bytes())
        except FileNotFoundError:
            return []
        except ValueError:
            raise ReceiptWrong("key") from None

    def openings(self) -> list[Opening]:
        """How the ledger's epochs were opened, as far as this client has followed: each proves itself.

        Raises:
            ReceiptWrong: the file is damaged.
        """
        try:
            return decode(Opening, self._openings.read_bytes())
        except FileNotFoundError:
            return []
        except ValueError:
            raise ReceiptWrong("epoch") from None

    def keep_followed(self, openings: Sequence[Opening], turned: Sequence[Rotation]) -> None:
        """Keep how epochs were opened and keys replaced: another run needn't ask, and nobody shows it less."""
        for path, shown in ((self._openings, openings), (self._rotations, turned)):
            if shown:
                self._replace(path, encode(shown))

    def advance(self, base: Base) -> None:
        """Replace the last verified checkpoint, durably: the old file or the new one, never half of one."""
        with self._writing():
            os.fsync(self._file)
        stored = {"checkpoint": base.note.decode(), "verified_bytes": base.verified_bytes}
        self._replace(self._base, json.dumps(stored).encode())

    def last_verification(self) -> bytes:
        """What is kept of the last verification.

        Raises:
            FileNotFoundError: there was none.
        """
        return self._last_verification.read_bytes()

    def failed_verifications(self) -> list[bytes]:
        """What is kept of the first verification that failed, of the worst and of the last; one may stand thrice."""
        kept = self._first_failure, self._worst_failure, self._last_failure
        return [path.read_bytes() for path in kept if path.exists()]

    def keep_last_verification(self, content: bytes, *, is_worse: Callable[[bytes], bool] | None = None) -> None:
        """Keep what a verification has found, durably; not while one is under way here.

        The first one that has failed is never replaced, and the worst by a worse one alone.

        Args:
            content: what it has found.
            is_worse: of one that has failed: whether it is worse than another; None: it hasn't.
        """
        with self.verifying():
            if is_worse is not None:
                if not self._first_failure.exists():
                    self._replace(self._first_failure, content)
                if not self._worst_failure.exists() or is_worse(self._worst_failure.read_bytes()):
                    self._replace(self._worst_failure, content)
                self._replace(self._last_failure, content)
            self._replace(self._last_verification, content)

    def _replace(self, path: Path, content: bytes) -> None:
        new = path.with_suffix(".new")
        with self._writing():
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ReceiptNotKept(str(self.folder), error) from None

    def end(self) -> int:
        """Length of the leaves' file now, in bytes."""
        return os.fstat(self._file).st_size

    def leaves(self, start: int = 0, end: int | None = None) -> Iterator[Kept]:
        """The kept leaves between two byte positions that begin a line."""
        with self._leaves.open("rb") as file:
            file.seek(start)
            for line in file:
                start += len(line)
                if end is not None and start > end:
                    return
                yield _kept(line)

    @contextlib.contextmanager
    def verifying(self) -> Iterator[None]:
        """One verification at a time, over all processes: otherwise the kept checkpoint could move under its feet."""
        descriptor = os.open(self.folder / "verify.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Sync and close."""
        with self._lock:
            if self._file >= 0:
                try:
                    with self._writing():
                        os.fsync(self._file)
                finally:
                    os.close(self._file)
                    self._file = -1

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _append(self, proof: Proof) -> None:
        entry = {
            "index": proof.index,
            "access_id": proof.access_id,
            "leaf": base64.b64encode(proof.leaf).decode(),
            "checkpoint": proof.signed.decode(),
        }
        line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        before = os.fstat(self._file).st_size
        with self._writing():
            try:
                while line:
                    line = line[os.write(self._file, line) :]
            except OSError:
                # A full disk must not leave half a line that the next one is glued to.
                os.ftruncate(self._file, before)
                raise

    def _learn(self, checkpoint: note.Checkpoint) -> bytes:
        """Take a checkpoint into account; gives the root that was first seen of its size."""
        if self._newest is None or self._place(checkpoint) > self._place(self._newest):
            self._newest = checkpoint
        return _remember(self._roots, (checkpoint.origin, checkpoint.size), checkpoint.root)

    def _place(self, checkpoint: note.Checkpoint) -> tuple[int, int]:
        return epochs.number(checkpoint.origin, self._verifier.name), checkpoint.size

    def _read_base(self) -> None:
        """Learn what was verified last, when that is another one than before."""
        try:
            stat = self._base.stat()
        except FileNotFoundError:
            return
        if self._base_read != (stat.st_ino, stat.st_mtime_ns):
            self._base_read = stat.st_ino, stat.st_mtime_ns
            self._learn(parsed(self.base().note, self._verifier))

    def _tail(self) -> int:
        """Where a line begins that has only the last ones behind it."""
        start = self.end() - _TAIL_BYTES
        return start + os.pread(self._file, _TAIL_BYTES, start).find(b"\n") + 1 if start > 0 else 0

    def _read_leaves(self) -> None:
        """Learn what came with the leaves that were kept since, also by other programs: whole lines only."""
        size = self.end()
        if size == self._read_to:
            return
        content = os.pread(self._file, size - self._read_to, self._read_to)
        whole = content[: content.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._learn(parsed(_kept(line).note, self._verifier))
        self._read_to += len(whole)

    def _drop_torn_line(self) -> None:
        """A power cut may have left half a line at the end."""
        size = os.fstat(self._file).st_size
        whole = size
        while whole:
            start = max(0, whole - 65_536)
            block = os.pread(self._file, whole - start, start)
            newline = block.rfind(b"\n")
            if newline >= 0:
                whole = start + newline + 1
                break
            whole = start
        if whole != size:
            os.ftruncate(self._file, whole)


def access_ids(folder: Path) -> Iterator[str]:
    """The accesses whose receipts are kept in a state folder, or in one ledger's part of it."""
    for path in (*folder.glob(LEAVES), *folder.glob(f"ledger-*/{LEAVES}")):
        yield from (each.access_id for each in kept(path))


def kept(path: Path) -> Iterator[Kept]:
    """The leaves of a file, which is read only; a last line that is torn doesn't count."""
    with path.open("rb") as file:
        yield from (_kept(line) for line in file if line.endswith(b"\n"))


def _remember(seen: collections.OrderedDict[tuple[str, int], bytes], key: tuple[str, int], value: bytes) -> bytes:
    """The value that was first seen under a key."""
    first = seen.setdefault(key, value)
    if len(seen) > _REMEMBERED:
        seen.popitem(last=False)
    return first


def _kept(line: bytes) -> Kept:
    entry = json.loads(line)
    return Kept(entry["index"], base64.b64decode(entry["leaf"]), entry["access_id"], entry["checkpoint"].encode())
