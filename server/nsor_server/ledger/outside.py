"""The outside copy: every checkpoint, once more, in an append-only file that is kept off the database host.

Whoever restores an old backup of the database, or fails over to a standby that was behind, forgets entries that
clients hold receipts for. The copy remembers: at start it is compared with the tree. It never slows a call: a thread
of its own writes it, and a disk that hangs, or a queue that overflows, turns `healthy` off and is made good from the
database later.

The file holds signed notes, each followed by an empty line. A write that was torn by a crash is passed over when it
is read. An operator's command adds what it has committed (`add`) beside a register that serves: each writes while it
has the file's lock.
"""

import contextlib
import fcntl
import logging
import math
import os
import queue
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import psycopg
from psycopg.rows import TupleRow

from nsor.counting import counted
from nsor.ledger.note import Checkpoint, Note, NoteError
from nsor_server.alerts import Alert, alert
from nsor_server.config import OperatorError
from nsor_server.ledger import proofs

_log = logging.getLogger(__name__)

_TAIL_BYTES = 1 << 20
_LEAST_BYTES = 1 << 15
"""More than a note, by far: one that was being written when the copy was read is read again."""
_WAITING = 8192
_MAX_NOTES = 1024
_GATHER_SECONDS = 0.02
"""How long what comes is gathered: one flush to the disk serves all of it, and nobody waits for the copy."""
_RETRY_SECONDS = 1.0
_SIGNATURE_BYTES = 64
_LIKELY = re.compile(rb"\n*([^\n]+)\n([0-9]{1,19})\n[^\n]+")

_STORED = "SELECT size, note FROM ledger_checkpoint WHERE size = ANY (%s)"

MissedCheckpoints = Callable[[int, int], Sequence[tuple[int, bytes]]]
"""(size, most) -> the checkpoints of more than ``size`` entries, the smallest first: from the database."""


class CopyAhead(OperatorError):
    """The outside copy knows more than the tree, or another tree: entries were lost, and nothing is served."""


@dataclass(frozen=True, slots=True)
class Known:
    """A checkpoint in the copy."""

    checkpoint: Checkpoint
    note: bytes


class _Likely(NamedTuple):
    """What looks like the text of a checkpoint, and which block it is."""

    origin: bytes
    size: int
    nth: int


def read(chunks: Iterable[bytes]) -> Iterator[Known]:
    """The checkpoints in the copy's bytes, in order; what is torn is passed over. Signatures are not checked here."""
    text = b""
    for block in _blocks(chunks):
        known = _known(text, block)
        if known is not None:
            yield known
        text = b"" if known is not None else block


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What lies between empty lines. What follows the last one was not written whole, and is left out."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n\n")
        yield from whole


def _known(text: bytes, signatures: bytes) -> Known | None:
    note = text.lstrip(b"\n") + b"\n\n" + signatures + b"\n"
    try:
        parsed = Note.parse(note)
        checkpoint = Checkpoint.parse(parsed.text)
    except NoteError:
        return None
    # A torn signature can look like a whole one that is shorter.
    whole = all(len(signature.value) >= _SIGNATURE_BYTES for signature in parsed.signatures)
    return Known(checkpoint, note) if whole else None


def extent(path: Path) -> int:
    """Bytes that a copy has now; none where there is no copy.

    What lies within was committed before, so a snapshot of the database that is taken afterwards has all of it.
    """
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def read_all(path: Path, end: int, start: int = 0) -> Iterator[Known]:
    """All checkpoints that lie whole in a copy's bytes from ``start`` to ``end``, read as a stream."""
    with path.open("rb") as file:
        file.seek(start)
        yield from read(_chunks(file, end - start))


def _chunks(file: BinaryIO, end: int) -> Iterator[bytes]:
    while end > 0 and (chunk := file.read(min(_TAIL_BYTES, end))):
        end -= len(chunk)
        yield chunk


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a copy, not taken apart: of thousands that would be most of a start.

    Attributes:
        blocks: what lies between empty lines.
        likely: those that look like the text of a checkpoint, in their order.
    """

    blocks: Sequence[bytes]
    likely: Sequence[_Likely]

    @classmethod
    def read(cls, path: Path, since: int = 0) -> "Tail":
        """The tail of a file, without what lies before ``since`` and far from its end; empty where there is none."""
        try:
            with path.open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(0, end - _TAIL_BYTES, min(since, end) - _LEAST_BYTES))
                blocks = list(_blocks([file.read()]))
        except FileNotFoundError:
            return cls((), ())
        likely = [
            _Likely(match[1], int(match[2]), nth)
            for nth, block in enumerate(blocks[:-1])
            if (match := _LIKELY.fullmatch(block)) is not None
        ]
        return cls(blocks, likely)

    def newest(self) -> Known | None:
        """Of the last one's origin, the largest: what several threads commit may have been written out of order."""
        last = self._first_whole(reversed(self.likely))
        if last is None:
            return None
        of_origin = self._of(last.checkpoint.origin)
        return self._first_whole(sorted(of_origin, key=lambda each: each.size, reverse=True))

    def sizes(self, origin: str) -> list[int]:
        """Of the checkpoints of an origin."""
        return [each.size for each in self._of(origin)]

    def unlike(self, origin: str, stored: Mapping[int, bytes]) -> Iterator[Known]:
        """Those of an origin that aren't, word for word, the ones that are stored for their sizes."""
        for each in self._of(origin):
            text = self.blocks[each.nth].lstrip(b"\n")
            known = None if stored.get(each.size, b"").startswith(text + b"\n\n") else self._whole(each)
            if known is not None:
                yield known

    def _of(self, origin: str) -> list[_Likely]:
        return [each for each in self.likely if each.origin == origin.encode()]

    def _first_whole(self, likely: Iterable[_Likely]) -> Known | None:
        return next((known for each in likely if (known := self._whole(each)) is not None), None)

    def _whole(self, likely: _Likely) -> Known | None:
        return _known(self.blocks[likely.nth], self.blocks[likely.nth + 1])


def last_known(path: Path) -> Known | None:
    """The newest checkpoint of a copy."""
    return Tail.read(path).newest()


def compare(conn: psycopg.Connection[TupleRow], path: Path, *, since: int = 0) -> int:
    """See that the tree holds all that the copy remembers; returns the size up to which the copy has checkpoints.

    The copy is read first: on a register that serves, both grow meanwhile, the copy after the tree. Its newest
    checkpoint is compared with the tree, and of those before it each that isn't stored as it is: a tree that was set
    back may have grown past it since.

    Args:
        conn: of any role that may read.
        path: the copy.
        since: its `extent` when it was compared before.

    Raises:
        CopyAhead: it doesn't.
    """
    tail = Tail.read(path, since)
    known = tail.newest()
    row = conn.execute("SELECT origin, size FROM ledger_head").fetchone()
    if row is None:
        raise CopyAhead("the ledger has no head: restore the database")
    origin, size = row
    if known is None:
        return 0
    checkpoint = known.checkpoint
    advice = "Entries were lost: find out why, then open a new epoch with `nsor-server ledger new-epoch`"
    if checkpoint.origin != origin:
        epoch = conn.execute("SELECT first_index FROM ledger_epoch WHERE last_known = %s", (known.note,)).fetchone()
        if epoch is None:
            raise CopyAhead(
                f"the outside copy is of {checkpoint.origin}, the tree of {origin or 'no ledger yet'}. {advice}"
            )
        return int(epoch[0])
    if checkpoint.size > size:
        raise CopyAhead(f"the outside copy knows {counted(checkpoint.size, 'entries')}, the tree has {size}. {advice}")
    stored: dict[int, bytes] = dict(conn.execute(_STORED, (tail.sizes(origin),)).fetchall())
    for each in (checkpoint, *(other.checkpoint for other in tail.unlike(origin, stored))):
        if proofs.root(conn, each.size) != each.root:
            raise CopyAhead(
                f"the outside copy has another root at {counted(each.size, 'entries')} than the tree. {advice}"
            )
    return checkpoint.size


def add(path: Path, notes: Iterable[bytes]) -> None:
    """Add checkpoints of commits that the register which serves doesn't know; it may be writing meanwhile.

    Raises:
        OSError: there is no copy, or it can't be written: none is begun here.
    """
    descriptor = _open(path, create=False)
    try:
        _append(descriptor, notes)
    finally:
        os.close(descriptor)


class OutsideCopy:
    """Writes the copy. `put` never blocks.

    The file is made once, and never again: one that is missing later was lost or taken away, and a new one in its place
    would hide that. It is looked for every second; one that comes back is compared with the tree, and gets what it
    lacks.
    """

    def __init__(
        self,
        path: Path,
        missed: MissedCheckpoints,
        *,
        size: int,
        marker: Path | None = None,
        resume: Callable[[], int] | None = None,
        deadline_seconds: float = 5.0,
    ) -> None:
        """Start writing.

        Args:
            path: the file; made with mode 0600.
            missed: what the copy lacks, from the database.
            size: up to where the copy has them (`compare`).
            marker: a file that says that the copy was begun; made with it. None: the copy may be begun now.
            resume: compares the file anew after it was away, and gives the size up to which it has checkpoints; raises
                as `compare`.
            deadline_seconds: after which a write counts as hanging.
        """
        self._path = path
        self._missed = missed
        self._marker = marker
        self._begins = marker is None or not marker.exists()
        self._resume = resume or (lambda: size)
        self._deadline = deadline_seconds
        self._queue: queue.Queue[tuple[int, bytes] | None] = queue.Queue(_WAITING)
        self._losing = threading.Lock()
        self._lost: int | None = size + 1
        self._behind_since: float | None = time.monotonic()
        self._caught_up_to = size
        self._whole_at = time.monotonic()
        self._busy_since: float | None = None
        self._descriptor: int | None = None
        self._was_open = False
        self._alerted = False
        self._writer = threading.Thread(target=self._run, name="ledger-copy", daemon=True)
        self._writer.start()

    @property
    def healthy(self) -> bool:
        """Whether the copy keeps up: nothing hangs, nothing was refused or dropped and not made good yet."""
        return self._behind_since is None and not self._hangs and self._writer.is_alive()

    @property
    def behind_seconds(self) -> float:
        """For how long the copy hasn't kept up; 0: it does."""
        now = time.monotonic()
        since = [each for each in (self._behind_since, self._busy_since if self._hangs else None) if each is not None]
        if not self._writer.is_alive():
            return math.inf
        return now - min(since) if since else 0.0

    @property
    def waiting(self) -> int:
        """Checkpoints that wait to be written."""
        return self._queue.qsize()

    @property
    def age_seconds(self) -> float:
        """Since the copy was last written to, or seen to have everything."""
        return time.monotonic() - self._whole_at

    @property
    def _hangs(self) -> bool:
        since = self._busy_since
        return since is not None and time.monotonic() - since > self._deadline

    def put(self, size: int, note: bytes) -> None:
        """Hand over a committed checkpoint of ``size`` entries."""
        try:
            self._queue.put_nowait((size, note))
        except queue.Full:
            self._lose(size)

    def close(self) -> None:
        """Write what waits, for at most the deadline, and stop."""
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=self._deadline)
        self._writer.join(self._deadline)

    def _run(self) -> None:
        self._catch_up()
        running = True
        while running:
            batch, running = self._take()
            if self._lost is None and self._is_in_place():
                self._write([(size, note) for size, note in batch if size > self._caught_up_to])
            else:
                for size, _ in batch:
                    self._lose(size)
                self._catch_up()

    def _take(self) -> tuple[list[tuple[int, bytes]], bool]:
        """Wait for what comes, or for the time to look again; False at the end."""
        batch: list[tuple[int, bytes]] = []
        try:
            taken = self._queue.get(timeout=_RETRY_SECONDS)
            while taken is not None:
                if not batch:
                    time.sleep(_GATHER_SECONDS)
                batch.append(taken)
                if len(batch) >= _MAX_NOTES:
                    return batch, True
                taken = self._queue.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False

    def _lose(self, size: int) -> None:
        with self._losing:
            self._lost = size if self._lost is None else min(size, self._lost)
            if self._behind_since is None:
                self._behind_since = time.monotonic()

    def _is_in_place(self) -> bool:
        """Whether the file that is open is the one under its name: one that was removed can still be written to."""
        if self._descriptor is None:
            return True
        ours = os.fstat(self._descriptor)
        try:
            named = self._path.stat()
        except OSError:
            named = None
        if named is not None and (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino):
            return True
        self._close_file()
        self._lose(self._caught_up_to + 1)
        return False

    def _catch_up(self) -> None:
        """Write from the database all since the first that was lost; some may come twice."""
        if self._lost is None:
            return
        try:
            self._open()
        except (OSError, OperatorError, psycopg.Error) as error:
            reason = str(error) if isinstance(error, OperatorError) else getattr(error, "strerror", None)
            self._failed(reason or type(error).__name__)
            return
        after = self._first_lost() - 1
        try:
            while missed := self._missed(after, _MAX_NOTES):
                if not self._write(missed):
                    return
                after = missed[-1][0]
        except Exception as error:  # noqa: BLE001 - whatever the database says, the copy's thread lives on
            _log.error("outside copy: the checkpoints it lacks can't be read (%s)", type(error).__name__)
            self._lose(after + 1)
            return
        self._caught_up_to = after
        self._note_whole()

    def _first_lost(self) -> int:
        """The first that is lacking; what is lost from now on counts anew."""
        with self._losing:
            first, self._lost = self._lost, None
        return self._caught_up_to + 1 if first is None else first

    def _note_whole(self) -> None:
        """The copy has all that it lacked, unless more was lost meanwhile."""
        with self._losing:
            if self._lost is None:
                self._behind_since, self._alerted = None, False
                self._whole_at = time.monotonic()

    def _write(self, notes: Sequence[tuple[int, bytes]]) -> bool:
        """Append and flush to the disk; what fails is lost, and caught up with later."""
        if not notes:
            return True
        self._busy_since = time.monotonic()
        try:
            self._open()
            if self._descriptor is not None:
                _append(self._descriptor, (note for _, note in notes))
                self._whole_at = time.monotonic()
        except (OSError, OperatorError, psycopg.Error) as error:
            self._failed(getattr(error, "strerror", None) or type(error).__name__)
            self._lose(min(size for size, _ in notes))
            self._close_file()
            return False
        finally:
            self._busy_since = None
        return True

    def _open(self) -> None:
        """Open the file, unless it is open; after it was away, see what it holds.

        Raises:
            OSError, OperatorError, psycopg.Error: it isn't there, isn't the tree's, or can't be compared.
        """
        if self._descriptor is not None:
            return
        descriptor = _open(self._path, create=self._begins)
        try:
            if self._was_open:
                self._lose(self._resume() + 1)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor, self._was_open, self._begins = descriptor, True, False
        if self._marker is not None:
            self._marker.touch(mode=0o600)

    def _failed(self, reason: str) -> None:
        if not self._alerted:
            self._alerted = True
            alert(Alert.COPY_BEHIND, "the outside copy of the checkpoints isn't written (%s)", reason)

    def _close_file(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def begin(path: Path, notes: Iterable[bytes]) -> None:
    """Make a copy where there is none: whole, or not at all.

    Raises:
        FileExistsError: there is one; it is never replaced.
    """
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = _open(fresh, create=True)
    try:
        for each in notes:
            _write_all(descriptor, each + b"\n")
        os.fsync(descriptor)
        os.link(fresh, path)
    finally:
        os.close(descriptor)
        fresh.unlink()


def _open(path: Path, *, create: bool) -> int:
    """Open for appending. A note that was torn is cut off from the next one by an empty line."""
    if create:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o600)
    with _alone(descriptor):
        if os.fstat(descriptor).st_size:
            _write_all(descriptor, b"\n\n")
    return descriptor


def _append(descriptor: int, notes: Iterable[bytes]) -> None:
    """Write notes, and have them on the disk."""
    with _alone(descriptor):
        _write_all(descriptor, b"".join(note + b"\n" for note in notes))
        os.fdatasync(descriptor)


@contextlib.contextmanager
def _alone(descriptor: int) -> Iterator[None]:
    """While nobody else of the register's writes to the file."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
