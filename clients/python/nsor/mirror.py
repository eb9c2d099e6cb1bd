# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""The published log as a folder on one's own machine: fetched under mutual TLS, verified, and brought up to now.

What comes over the wire is believed only where it leads to the root that the ledger's key has signed, and that tree has
to continue the folder's and the one that this client has verified by itself. Nothing of an answer is repeated in an
error.
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol, Self

from nsor import causes
from nsor.advice import NEXT_STEPS, Words
from nsor.counting import counted
from nsor.errors import LedgerForked, LedgerRolledBack, NsorError, ProofFailed, Refused, SettingsWrong, Unreachable
from nsor.ledger import copied, epochs, note
from nsor.ledger.note import Checkpoint, Note, NoteError
from nsor.ledger.rotations import Keys
from nsor.ledger.tlog_tiles import MAX_ENTRY_BYTES, WIDTH, Bundle, Tile, TileError

SECONDS: Final = 30.0
"""Longest that a part of an answer may take."""
TRIES: Final = 5
"""How often something is asked for while the register has no time, or the connection is lost."""
_MOST_WAIT_SECONDS: Final = 60.0
_MOST_BUNDLE: Final = WIDTH * (MAX_ENTRY_BYTES + 2)
_AGAIN: Final = frozenset({429, 503})
_STOP: Final = NEXT_STEPS["LEDGER_FORKED"]
_NO_ENTRIES: Final = Words(
    "Entries are for NPB, the Special Committee and agencies of registered witnesses; `--hashes-only` takes the rest.",
    "اندراجات این پی بی، خصوصی کمیٹی اور درج شدہ تصدیق کنندگان کے اداروں کے لیے ہیں؛ باقی `--hashes-only` سے ملتا ہے۔",
)


class LogWrong(ProofFailed):
    """What is published isn't the log that its checkpoint signs."""

    def __init__(self) -> None:
        message = Words(
            "What is published isn't the log that its checkpoint signs.",
            "جو شائع کیا گیا ہے وہ اس کے چیک پوائنٹ کا لیجر نہیں۔",
        )
        super().__init__("LOG_WRONG", message, next_step=_STOP)


class LogBeganAnew(ProofFailed):
    """The log goes on under a new origin without entries that the folder holds: the register has lost them.

    Attributes:
        held: entries in the folder, which are kept.
    """

    def __init__(self, held: int) -> None:
        message = Words(
            f"The log goes on under a new origin, without all that the folder holds: {counted(held, 'entries')}.",
            f"لیجر نئے نام سے جاری ہے، اور فولڈر کے {held} اندراجات میں سے کچھ اس میں نہیں۔",
        )
        step = Words(
            "Keep the folder: it holds what was lost. `nsor ledger verify` proves whether the register has owned up to "
            "that; then mirror into a new folder.",
            "فولڈر محفوظ رکھیں: جو گم ہوا وہ اسی میں ہے۔ `nsor ledger verify` بتاتا ہے کہ رجسٹر نے یہ تسلیم کیا یا "
            "نہیں؛ پھر نئے فولڈر میں نقل کریں۔",
        )
        super().__init__("LOG_BEGAN_ANEW", message, next_step=step)
        self.held = held


class Mirrored(NamedTuple):
    """What a mirror holds now.

    Attributes:
        before: entries that it held before.
        newest: its checkpoint.
        compared: entries of the tree that this client has verified by itself, which it contains; 0: it knows none.
    """

    before: int
    newest: Checkpoint
    compared: int


class Source(Protocol):
    """Where a log is fetched."""

    def checkpoint(self) -> bytes:
        """The newest checkpoint, a signed note."""
        ...

    def fetch(self, named: Tile | Bundle) -> bytes:
        """A tile or a bundle."""
        ...


class HttpsSource:
    """The register's published log. Not for several threads."""

    def __init__(self, target: str, *, certificate: Path, key: Path, ca: Path) -> None:
        """Prepare; nothing is asked for yet.

        Args:
            target: HOST:PORT.
            certificate: PEM of the agency's certificate.
            key: PEM of its key.
            ca: PEM of the register's CA.

        Raises:
            SettingsWrong: the files can't be used, or there is no port.
        """
        host, _, port = target.rpartition(":")
        if not host or not port.isdecimal():
            raise SettingsWrong(
                Words("log_target must be HOST:PORT.", "log_target کی شکل HOST:PORT ہونی چاہیے۔"),
                Words("Ask NPB where the log is published.", "این پی بی سے پوچھیں کہ لیجر کہاں شائع ہوتا ہے۔"),
            )
        context = ssl.create_default_context(cafile=str(ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate, key)
        self._target = target
        self._connection = http.client.HTTPSConnection(host.strip("[]"), int(port), timeout=SECONDS, context=context)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the connection."""
        self._connection.close()

    def checkpoint(self) -> bytes:
        """The newest checkpoint, a signed note.

        Raises:
            NsorError: it can't be had.
        """
        return self._got("/checkpoint", note.MAX_BYTES)

    def fetch(self, named: Tile | Bundle) -> bytes:
        """A tile or a bundle.

        Raises:
            NsorError: it can't be had.
        """
        return self._got(f"/{named.path}", named.bytes if isinstance(named, Tile) else _MOST_BUNDLE)

    def _got(self, path: str, most: int) -> bytes:
        for nth in range(1, TRIES + 1):
            try:
                response = self._asked(path, most)
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                if nth == TRIES or isinstance(error, ssl.SSLCertVerificationError):
                    cause = causes.of(str(error), "UNAVAILABLE")
                    raise Unreachable("UNAVAILABLE", target=self._target, cause=cause) from None
                continue
            if response.status == http.HTTPStatus.OK:
                return response.content
            if response.status not in _AGAIN or nth == TRIES:
                raise _refusal(response.status)
            time.sleep(response.wait_seconds)
        raise _refusal(http.HTTPStatus.SERVICE_UNAVAILABLE)

    def _asked(self, path: str, most: int) -> _Response:
        """One request.

        Raises:
            LogWrong: the answer isn't what it says to be.
        """
        self._connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        with self._connection.getresponse() as response:
            content = response.read(most)  # what is longer fails where it is verified
            if response.headers.get("Content-Encoding") == "gzip":
                content = _decompressed(content, most)
            wait = response.headers.get("Retry-After", "1")
        return _Response(response.status, content, min(float(wait) if wait.isdecimal() else 1.0, _MOST_WAIT_SECONDS))


class _Response(NamedTuple):
    status: int
    content: bytes
    wait_seconds: float


def mirror(
    folder: Path,
    source: Source,
    verifier: note.Verifier,
    *,
    keys: Keys | None = None,
    learn: Callable[[], Keys] | None = None,
    entries: bool,
    known: Sequence[Checkpoint] = (),
    progress: copied.Progress | None = None,
) -> Mirrored:
    """Bring a folder up to the newest checkpoint.

    Args:
        folder: is made where it isn't there.
        source: of the log.
        verifier: the ledger's key, under the origin of any of its epochs.
        keys: all keys of the ledger, where that one was replaced; None: it is the only one.
        learn: asks the register for all keys, with what proves each, where none that is known has signed the
            checkpoint; None: nobody is asked.
        entries: the entries too.
        known: what was verified elsewhere: the log has to contain these trees, but for those of other origins.
        progress: is told how many entries of how many are there.

    Raises:
        SettingsWrong: the folder holds another log.
        LogWrong: what was fetched isn't what was signed.
        LedgerForked, LedgerRolledBack: the log doesn't continue what the folder holds, or what is known.
        LogBeganAnew: it lacks entries that the folder holds, under a new origin.
        NsorError: something can't be had.
        OSError: the folder can't be written; it is the log that it was.
    """
    keys = keys or Keys.of(verifier)
    held = _held(folder, verifier, keys)
    signed = source.checkpoint()
    newest = _newest(signed, verifier, keys, learn)
    older = [each for each in known if each.origin == newest.origin]
    try:
        copied.update(
            folder, signed, newest, source.fetch, held=held, entries=entries, contains=older, progress=progress
        )
    except copied.NotContinued as error:
        if held is not None and error.held == held.size and held.origin != newest.origin:
            raise LogBeganAnew(held.size) from None
        if error.held > newest.size:
            raise LedgerRolledBack(error.held, newest.size) from None
        raise LedgerForked(error.held, newest.size) from None
    except TileError:
        raise LogWrong from None
    return Mirrored(held.size if held else 0, newest, max((each.size for each in older), default=0))


def _held(folder: Path, verifier: note.Verifier, keys: Keys) -> Checkpoint | None:
    """What the folder's checkpoint says; None where it has none."""
    with contextlib.suppress(FileNotFoundError):
        signed = (folder / copied.CHECKPOINT).read_bytes()
        try:
            return _opened(signed, verifier, keys)
        except NoteError:
            raise SettingsWrong(
                Words("The folder holds another log.", "اس فولڈر میں کوئی اور لیجر ہے۔"),
                Words("Name a new folder.", "نیا فولڈر بتائیں۔"),
            ) from None
    return None


def _opened(signed: bytes, verifier: note.Verifier, keys: Keys) -> Checkpoint:
    """A checkpoint that a key of the ledger has signed in its time, under an origin of this ledger.

    Raises:
        NoteError: none has.
    """
    if not epochs.is_of(Checkpoint.parse(Note.parse(signed).text).origin, verifier.name):
        raise NoteError("the checkpoint is of another ledger")
    return keys.verify(signed)[0]


def _newest(signed: bytes, verifier: note.Verifier, keys: Keys, learn: Callable[[], Keys] | None) -> Checkpoint:
    """The published checkpoint.

    Raises:
        LogWrong: no key of the ledger has signed it, or the register can't be asked whether its key was replaced.
    """
    try:
        return _opened(signed, verifier, keys)
    except NoteError:
        if learn is None:
            raise LogWrong from None
    try:
        return _opened(signed, verifier, learn())
    except (NoteError, Unreachable):
        raise LogWrong from None


def _decompressed(content: bytes, most: int) -> bytes:
    """What was compressed, and no more of it than it can be."""
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        return unpacking.decompress(content, most)
    except zlib.error:
        raise LogWrong from None


def _refusal(status: int) -> NsorError:
    """Why the register gave nothing."""
    if status == http.HTTPStatus.FORBIDDEN:
        words = Words(
            "Your agency may not fetch this of the log, or its certificate isn't active.",
            "آپ کا ادارہ لیجر کا یہ حصہ نہیں لے سکتا، یا اس کا سرٹیفکیٹ فعال نہیں۔",
        )
        return Refused("NOT_ALLOWED", words, next_step=_NO_ENTRIES)
    if status in _AGAIN:
        return Unreachable("UNAVAILABLE")
    return LogWrong()
