"""Finds planted values in bytes, in every form in which a program may write them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_BYTEA = re.compile(rb"\\\\?x((?:[0-9a-f]{2})+)")
_PAGE = 8192
_WORD = 4
"""Bytes by which a form is looked for first; none is shorter."""
_KEPT_BITS = 24
_EMPTY = re.compile(rb"\0{17,}")
_PRINTABLE = frozenset(range(32, 127))
_ALPHANUMERIC = frozenset(byte for byte in _PRINTABLE if chr(byte).isalnum())


@dataclass(frozen=True, slots=True)
class Canary:
    """A planted value.

    Attributes:
        name: which field it was planted in.
        value: what is searched for: a text, or bytes where the stored form is no text.
        stored: whether the register keeps it, sealed.
    """

    name: str
    value: str | bytes
    stored: bool = True


def forms(canary: Canary) -> frozenset[bytes]:
    """All forms of a value: as it is, in hex, base64 and UTF-16, escaped for URLs, JSON, Python and PostgreSQL."""
    if isinstance(canary.value, bytes):
        return frozenset(encodings(canary.value))
    text = canary.value
    found = set(encodings(text.encode()))
    for encoding in ("utf-16-le", "utf-16-be"):
        found |= set(encodings(text.encode(encoding)))
    for each in set(found):
        found |= {each.upper(), each.lower()} if _is_hex(each) else set()
    found |= set(escapes(text))
    return frozenset(found)


def encodings(data: bytes) -> Iterator[bytes]:
    """The bytes, their hex, and what of their base64 doesn't depend on what stands around them."""
    yield data
    yield data.hex().encode()
    yield data.hex().upper().encode()
    for before in range(3):
        whole = base64.b64encode(bytes(before) + data)
        part = whole[(0, 2, 3)[before] : (before + len(data)) * 8 // 6]
        yield part
        yield part.translate(bytes.maketrans(b"+/", b"-_"))


def escapes(text: str) -> Iterator[bytes]:
    """The text with what isn't plain ASCII escaped: %XX, \\uXXXX, \\xXX and octal, in both cases."""
    data = text.encode()
    for hexadecimal in ("%{:02X}", "%{:02x}", "\\x{:02x}", "\\x{:02X}", "\\{:03o}", "\\\\{:03o}"):
        yield "".join(
            chr(byte) if chr(byte).isalnum() and byte < 128 else hexadecimal.format(byte) for byte in data
        ).encode()
        yield "".join(chr(byte) if 32 <= byte < 127 else hexadecimal.format(byte) for byte in data).encode()
        yield "".join(hexadecimal.format(byte) for byte in data).encode()
    units = [text.encode("utf-16-be")[at : at + 2].hex() for at in range(0, len(text.encode("utf-16-be")), 2)]
    for letters in (units, [unit.upper() for unit in units]):
        yield "".join(
            character if ord(character) < 128 else f"\\u{unit}" for character, unit in zip(text, letters, strict=True)
        ).encode()
        yield "".join(f"\\u{unit}" for unit in letters).encode()


def _is_hex(data: bytes) -> bool:
    return len(data) % 2 == 0 and re.fullmatch(rb"[0-9a-fA-F]+", data) is not None


def find(canaries: Iterable[Canary], places: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """Which canaries stand where: pairs of a canary's name and a place's."""
    wanted: dict[bytes, list[tuple[str, bytes]]] = {}
    for canary in canaries:
        for form in forms(canary):
            wanted.setdefault(form[:_WORD], []).append((canary.name, form))
    found: set[tuple[str, str]] = set()
    for place, whole in places.items():
        # Three quarters of what a database writes are zeros; no form holds two of them in a row.
        data = _EMPTY.sub(bytes(16), whole)
        for at in _candidates(data, wanted):
            begins_here = wanted.get(data[at : at + _WORD], ())
            found |= {(name, place) for name, form in begins_here if data.startswith(form, at)}
    return found


def _candidates(data: bytes, words: Iterable[bytes]) -> Iterator[int]:
    """Where one of these words may stand: everywhere where one does, and seldom elsewhere.

    To look for thousands of forms one after the other would read all of the data as often.
    """
    known = np.zeros(1 << _KEPT_BITS, dtype=bool)
    known[_shortened(np.frombuffer(b"".join(words), dtype="<u4"))] = True
    for shift in range(min(_WORD, len(data))):
        here = np.frombuffer(data, dtype="<u4", count=(len(data) - shift) // _WORD, offset=shift)
        yield from (np.flatnonzero(known[_shortened(here)]) * _WORD + shift).tolist()


def _shortened(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    return (words * np.uint32(0x9E3779B1)) >> np.uint32(32 - _KEPT_BITS)


def decoded(dump: bytes) -> bytes:
    """Every bytea of a plain pg_dump, decoded."""
    return b"\n".join(bytes.fromhex(found[1].decode()) for found in _BYTEA.finditer(dump))


def distinct_pages(data: bytes) -> bytes:
    """The pages of a data file, each once: databases are copied from one template, and share most of theirs."""
    pages = dict.fromkeys(data[at : at + _PAGE] for at in range(0, len(data), _PAGE))
    pages.pop(bytes(_PAGE), None)
    return b"".join(pages)
