# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""Brings the ledger's newest checkpoint to its witnesses, and hands in what they sign: the Special Committee's feeder.

The register connects to nobody; so this runs on the Committee's own machine. Each witness has its own thread and
deadline, so that one that hangs keeps nobody waiting. The newest checkpoint that each has co-signed is kept: the next
one has to continue it, and `nsor-server ledger verify --cosigned` reads the file.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import ssl
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nsor import witnessing
from nsor.advice import Words
from nsor.client import Client
from nsor.errors import LedgerForked, NsorError, SettingsWrong
from nsor.ledger import cosigned, merkle
from nsor.ledger.note import Checkpoint, Note, NoteError
from nsor.v1 import oversight_pb2, witnesses_pb2
from nsor.witnessing import Destination, NotCosigned

COSIGNED: Final = "COSIGNED"
_GRACE_SECONDS: Final = 5.0
"""How much longer than its deadline a witness is waited for: names that aren't resolved keep to none."""
_RESULTS: Final = {
    witnesses_pb2.COSIGNATURE_RESULT_KEPT: (
        COSIGNED,
        Words("co-signed, and kept by the register", "تصدیقی دستخط ہوئے اور رجسٹر نے محفوظ کیے"),
    ),
    witnesses_pb2.COSIGNATURE_RESULT_OLDER: (
        COSIGNED,
        Words("co-signed; the register had one as new", "تصدیقی دستخط ہوئے؛ رجسٹر کے پاس پہلے سے تھے"),
    ),
    witnesses_pb2.COSIGNATURE_RESULT_WRONG: (
        "REGISTER_DISAGREES",
        Words("the register says that its co-signature is wrong", "رجسٹر کہتا ہے کہ اس کے دستخط غلط ہیں"),
    ),
}
_NOT_REGISTERED: Final = (
    "NOT_REGISTERED",
    Words(
        "it has co-signed, and isn't registered: `nsor witness register`",
        "اس نے دستخط کیے، مگر درج نہیں: `nsor witness register`",
    ),
)


@dataclass(frozen=True, slots=True)
class Fed:
    """What became of a checkpoint at a witness.

    Attributes:
        witness: its name.
        size: entries of the checkpoint.
        code: `COSIGNED`, or why not.
        words: the same for people.
    """

    witness: str
    size: int
    code: str
    words: Words


@dataclass(frozen=True, slots=True)
class _Task:
    to: Destination
    result: bytes | NotCosigned | Exception


class Feeder:
    """Feeds some witnesses, round after round."""

    def __init__(
        self,
        client: Client,
        witnesses: Sequence[Destination],
        *,
        seconds: float = 30.0,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Read what they have co-signed before.

        Args:
            client: of the Special Committee.
            witnesses: those that are fed.
            seconds: for each of them in each round.
            trust: for https; None: what this computer trusts.

        Raises:
            SettingsWrong: the file of what was co-signed is damaged.
        """
        self._client, self._witnesses, self._seconds, self._trust = client, witnesses, seconds, trust
        self.path = client.state_folder / "fed"
        self._newest = _read(self.path)
        self._busy: dict[str, threading.Thread] = {}

    def round(self) -> Iterator[Fed]:
        """Bring the newest checkpoint to each witness; gives what became of it, as soon as it is known.

        Raises:
            LedgerForked: the ledger doesn't continue what a witness has co-signed: nothing is sent to that one.
            NsorError: the register doesn't answer, or refuses.
        """
        signed = self._client.oversight.get_checkpoint(oversight_pb2.GetCheckpointRequest()).proof.signed
        size = Checkpoint.parse(Note.parse(signed).text).size
        done: queue.SimpleQueue[_Task] = queue.SimpleQueue()
        waiting: set[str] = set()
        for each in self._witnesses:
            name = each.verifier.name
            if (busy := self._busy.get(name)) is not None and busy.is_alive():
                yield Fed(name, size, "LATE", witnessing.late().words)
                continue
            thread = threading.Thread(
                target=self._bring, args=(each, signed, done), name=f"witness {name}", daemon=True
            )
            self._busy[name] = thread
            waiting.add(name)
            thread.start()
        ends = time.monotonic() + self._seconds + _GRACE_SECONDS
        failure: Exception | None = None
        while waiting:
            try:
                task = done.get(timeout=max(ends - time.monotonic(), 0))
            except queue.Empty:
                break
            waiting.discard(task.to.verifier.name)
            try:
                yield self._took(task, size)
            except NsorError as error:
                failure = failure or error  # the others are told of first
        for name in sorted(waiting):
            yield Fed(name, size, "LATE", witnessing.late().words)
        if failure is not None:
            raise failure

    def _bring(self, to: Destination, signed: bytes, done: queue.SimpleQueue[_Task]) -> None:
        result: bytes | NotCosigned | Exception
        try:
            result = witnessing.cosigned(
                to,
                signed,
                self._old_size(to, signed),
                lambda size: self._proof(to, size, signed),
                seconds=self._seconds,
                trust=self._trust,
            )
        except Exception as error:  # noqa: BLE001 - it is what became of the witness; whoever waits raises what isn't its own
            result = error
        done.put(_Task(to, result))

    def _old_size(self, to: Destination, signed: bytes) -> int:
        """Entries of the checkpoint of the same origin that a witness has co-signed last, as far as is known."""
        kept, newest = self._kept(to), Checkpoint.parse(Note.parse(signed).text)
        return kept.size if kept and kept.origin == newest.origin and kept.size <= newest.size else 0

    def _kept(self, to: Destination) -> Checkpoint | None:
        note = self._newest.get(to.verifier.name)
        return Checkpoint.parse(Note.parse(note).text) if note else None

    def _proof(self, to: Destination, size: int, signed: bytes) -> Sequence[bytes]:
        """The proof from a size on; checked where this feeder knows what the witness has co-signed at it."""
        newest, kept = Checkpoint.parse(Note.parse(signed).text), self._kept(to)
        request = oversight_pb2.GetConsistencyProofRequest(first_tree_size=size, second_tree_size=newest.size)
        hashes = self._client.oversight.get_consistency_proof(request).message.hashes
        if kept and (kept.origin, kept.size) == (newest.origin, size):
            try:
                merkle.verify_consistency(size, newest.size, kept.root, newest.root, hashes)
            except merkle.ProofError:
                raise LedgerForked(size, newest.size) from None
        return hashes

    def _took(self, task: _Task, size: int) -> Fed:
        """Keep what a witness has signed, and hand it in."""
        name, result = task.to.verifier.name, task.result
        if isinstance(result, NotCosigned):
            return Fed(name, size, result.code, result.words)
        if isinstance(result, Exception):
            raise result
        self._newest[name] = result
        _write(self.path, self._newest.values())
        request = witnesses_pb2.AddCosignaturesRequest(request_id=str(uuid.uuid4()), checkpoint=result)
        answer = self._client.oversight.add_cosignatures(request).message
        of_it = [each.result for each in answer.cosignatures if each.verifier_key == task.to.verifier.text()]
        code, words = _RESULTS[of_it[0]] if of_it else _NOT_REGISTERED
        return Fed(name, size, code, words)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Whether no other feeder runs in a state folder: two would overwrite what the other keeps."""
    descriptor = os.open(folder / "feed.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _read(path: Path) -> dict[str, bytes]:
    """What each witness has co-signed last, by its name: also of those that aren't fed any more."""
    found: dict[str, bytes] = {}
    try:
        notes = list(cosigned.read(path)) if path.exists() else []
        for note in notes:
            parsed = Note.parse(note)
            Checkpoint.parse(parsed.text)
            found[parsed.signatures[-1].name] = note
    except NoteError:
        raise SettingsWrong(
            Words("The file of what witnesses have co-signed is damaged.", "تصدیق کنندگان کے دستخطوں کی فائل خراب ہے۔"),
            Words(
                "Keep it elsewhere, and begin without it: witnesses say what they have seen.",
                "اسے کہیں اور محفوظ رکھیں اور اس کے بغیر شروع کریں: تصدیق کنندہ بتا دیتے ہیں کہ کیا دیکھا۔",
            ),
        ) from None
    return found


def _write(path: Path, notes: Iterable[bytes]) -> None:
    """Replace the file, durably: the old one or the new one."""
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(note + b"\n" for note in notes)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
