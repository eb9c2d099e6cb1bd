# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""One witness over HTTP: C2SP tlog-witness, `add-checkpoint`, by whoever feeds it.

Whatever a witness answers is checked before it counts: only its own co-signature of the very checkpoint does. It has a
deadline for all that it does, also for bytes that come one at a time, and an answer of a size that is bounded.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import ssl
import time
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from nsor.advice import Words
from nsor.counting import counted
from nsor.errors import SettingsWrong
from nsor.ledger.cosignature import WitnessVerifier
from nsor.ledger.note import Checkpoint, Note, NoteError, signature_line
from nsor.limits import TimeLimit

MOST_BYTES: Final = 65_536
"""Longest answer that is read: a line of a signature has some 150 bytes."""
_SIZE_TYPE: Final = "text/x.tlog.size"
_MOST_TRIES: Final = 4
"""How often a witness may say another size: another feeder may be at work beside this one."""
_HASH_LINES: Final = 63
"""Most hashes of a consistency proof that a witness takes (C2SP tlog-witness)."""


class NotCosigned(Exception):
    """A witness hasn't co-signed a checkpoint.

    Attributes:
        code: what happened, for programs.
        words: the same for people.
    """

    def __init__(self, code: str, words: Words) -> None:
        super().__init__(words.en)
        self.code = code
        self.words = words


@dataclass(frozen=True, slots=True)
class Destination:
    """A witness, and where it takes checkpoints.

    Attributes:
        verifier: its name and key.
        url: the prefix that `/add-checkpoint` is put behind; http or https.
    """

    verifier: WitnessVerifier
    url: str

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a line of the file of witnesses: verifier key, space, URL.

        Raises:
            SettingsWrong: it is none.
        """
        key, _, url = line.strip().partition(" ")
        try:
            parts = urllib.parse.urlsplit(url.strip())
            port = parts.port
            verifier = WitnessVerifier.parse(key)
        except (NoteError, ValueError):
            raise _wrong_file() from None
        plain = not (parts.query or parts.fragment or parts.username or parts.password)
        if parts.scheme not in {"http", "https"} or not parts.hostname or not plain or port == 0 or not url.isascii():
            raise _wrong_file()
        return cls(verifier, url.strip().rstrip("/"))


def destinations(text: str) -> list[Destination]:
    """Read the file of witnesses: one a line; what begins with # is passed over.

    Raises:
        SettingsWrong: it names none, one twice, or holds something else.
    """
    found = [Destination.parse(line) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not found or len({each.verifier.name for each in found}) != len(found):
        raise _wrong_file()
    return found


def cosigned(
    to: Destination,
    signed: bytes,
    old_size: int,
    proof_from: Callable[[int], Sequence[bytes]],
    *,
    seconds: float,
    trust: ssl.SSLContext | None = None,
) -> bytes:
    """Bring a checkpoint to a witness.

    Args:
        to: the witness.
        signed: the checkpoint, as the ledger has signed it.
        old_size: of the tree that the witness has seen last, as far as is known.
        proof_from: gives the consistency proof from a size to that of the checkpoint.
        seconds: for everything.
        trust: for https; None: what this computer trusts.

    Returns:
        The checkpoint with the witness's co-signatures.

    Raises:
        NotCosigned: it hasn't signed it; says why.
    """
    ends = time.monotonic() + seconds
    note = Note.parse(signed)
    size = Checkpoint.parse(note.text).size
    for _ in range(_MOST_TRIES):
        proof = proof_from(old_size) if 0 < old_size < size else ()
        if len(proof) > _HASH_LINES:
            raise ValueError("a consistency proof has at most 63 hashes")
        body = b"".join((f"old {old_size}\n".encode(), *map(_proof_line, proof), b"\n", signed))
        answer = _post(to, body, ends - time.monotonic(), trust)
        if answer.status == http.HTTPStatus.OK:
            return signed + _lines(to.verifier, note, answer.content)
        if answer.status != http.HTTPStatus.CONFLICT or answer.kind != _SIZE_TYPE:
            raise _refused(answer.status)
        said = _size(answer.content)
        if said > size:
            raise NotCosigned(
                "WITNESS_AHEAD",
                Words(
                    f"it has seen {counted(said, 'entries')}, and this checkpoint has {size}: another feeder was "
                    "quicker, or entries were taken away",
                    f"اس نے {said} اندراجات دیکھے ہیں اور اس چیک پوائنٹ میں {size} ہیں: یا تو کوئی اور پہلے لے گیا، یا "
                    "اندراجات ہٹائے گئے ہیں",
                ),
            )
        if said == old_size:
            break
        old_size = said
    raise NotCosigned(
        "SIZES_DISAGREE",
        Words("it says again and again that it has seen another size", "وہ بار بار کوئی اور تعداد بتاتا ہے"),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    kind: str
    content: bytes


def _post(to: Destination, body: bytes, seconds: float, trust: ssl.SSLContext | None) -> _Answer:
    """One request; redirects aren't followed.

    Raises:
        NotCosigned: LATE, UNREACHABLE or NO_WITNESS.
    """
    if seconds <= 0:
        raise late()
    parts = urllib.parse.urlsplit(to.url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = trust or ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, parts.port, timeout=seconds, context=context)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=seconds)
    limit = TimeLimit(seconds)
    with limit, contextlib.closing(connection):
        try:
            connection.connect()
            limit.of(connection.sock)
            connection.request("POST", f"{parts.path}/add-checkpoint", body, {"Content-Type": "text/plain"})
            with connection.getresponse() as response:
                content = response.read(MOST_BYTES + 1)
                answer = _Answer(response.status, response.headers.get_content_type().lower(), content)
        except (OSError, http.client.HTTPException) as error:
            if limit.over or isinstance(error, TimeoutError):
                raise late() from None
            why = type(error).__name__
            words = Words(f"it can't be reached ({why})", f"اس سے رابطہ نہیں ہو سکا ({why})")
            raise NotCosigned("UNREACHABLE", words) from None
    if limit.over:
        raise late()
    if len(content) > MOST_BYTES:
        raise _no_witness()
    return answer


def _lines(verifier: WitnessVerifier, note: Note, content: bytes) -> bytes:
    """The witness's own lines of an answer, if they hold for the note.

    Raises:
        NotCosigned: NO_WITNESS: it is no list of signatures; COSIGNATURE_WRONG: there is none that holds.
    """
    try:
        answered = Note.parse(note.text + b"\n" + content)
    except NoteError:
        raise _no_witness() from None
    own = [each for each in answered.signatures if (each.name, each.key_id) == (verifier.name, verifier.key_id)]
    try:
        if verifier.times(Note(note.text, tuple(own))):
            return b"".join(signature_line(each.name, each.key_id + each.value) for each in own)
    except NoteError:
        pass
    raise NotCosigned(
        "COSIGNATURE_WRONG",
        Words(
            "what it has signed isn't this checkpoint, or not with the key that is known",
            "اس نے جس پر دستخط کیے وہ یہ چیک پوائنٹ نہیں، یا کلید وہ نہیں جو معلوم ہے",
        ),
    )


def _size(content: bytes) -> int:
    text = content.decode("ascii", "replace").removesuffix("\n")
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise _no_witness()
    return int(text)


def _refused(status: int) -> NotCosigned:
    known = {
        403: (
            "KEY_NOT_TRUSTED",
            Words(
                "it doesn't trust the key that has signed: give it the ledger's verifier key",
                "وہ دستخط کرنے والی کلید پر اعتماد نہیں کرتا: اسے لیجر کی جانچ کی کلید دیں",
            ),
        ),
        404: (
            "LEDGER_UNKNOWN",
            Words(
                "it doesn't know this ledger: give it the ledger's verifier key",
                "وہ اس لیجر کو نہیں جانتا: اسے لیجر کی جانچ کی کلید دیں",
            ),
        ),
        422: (
            "PROOF_REFUSED",
            Words(
                "it says that the ledger doesn't continue what it has seen: verify it at once, `nsor ledger verify`",
                "وہ کہتا ہے کہ لیجر اس کا تسلسل نہیں جو اس نے دیکھا: فوراً جانچیں، `nsor ledger verify`",
            ),
        ),
    }
    code, words = known.get(
        status, ("NO_WITNESS", Words(f"it answers with HTTP {status}", f"اس کا جواب HTTP {status} ہے"))
    )
    return NotCosigned(code, words)


def late() -> NotCosigned:
    """A witness has taken longer than it may."""
    return NotCosigned("LATE", Words("it didn't answer in time", "اس نے وقت پر جواب نہیں دیا"))


def _no_witness() -> NotCosigned:
    return NotCosigned(
        "NO_WITNESS", Words("what it answers is no witness's answer", "اس کا جواب کسی تصدیق کنندہ کا جواب نہیں")
    )


def _proof_line(hashed: bytes) -> bytes:
    return base64.b64encode(hashed) + b"\n"


def _wrong_file() -> SettingsWrong:
    return SettingsWrong(
        Words("The file names no witnesses, or one twice.", "فائل میں تصدیق کنندگان نہیں، یا کوئی دو بار ہے۔"),
        Words(
            "Write one a line: its verifier key, a space, and its URL (http or https).",
            "ہر سطر میں ایک: جانچ کی کلید، وقفہ، اور پتا (http یا https)۔",
        ),
    )
