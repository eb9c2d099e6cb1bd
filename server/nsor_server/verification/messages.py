"""What goes between a verification and its second process: MessagePack behind four bytes of length, over a socket.

The keys go this way too: never by the environment or a command line, which others can read.
"""

from __future__ import annotations

import socket
import struct
from typing import Final, TypeVar

import msgspec

from nsor_server.verification.report import Finding

MOST_BYTES: Final = 16 << 20
"""Of one message: a keyring, or as many findings as a report holds."""
_LENGTH: Final = struct.Struct("!I")


class Begin(msgspec.Struct, tag=True, frozen=True):
    """The one thing that the second process is told.

    Attributes:
        keyring: the document, keys in cleartext.
        url: libpq connection string of the server's role.
        snapshot: that it joins.
    """

    keyring: bytes
    url: str
    snapshot: str

    def __repr__(self) -> str:
        """Nothing of it: it has keys, and perhaps a password."""
        return "<Begin>"


class Went(msgspec.Struct, tag=True, frozen=True):
    """How far it has come along the entries, or, with the last number again, that it is alive."""

    done: int
    of: int


class Found(msgspec.Struct, tag=True, frozen=True):
    """Its whole report; it says nothing after it."""

    findings: list[Finding]
    remarks: list[str]
    leaves: bytes | None


Said = Went | Found
M = TypeVar("M")


def send(connection: socket.socket, message: Begin | Said) -> None:
    """Send a message.

    Raises:
        OSError: nobody reads it.
        ValueError: it is too long.
    """
    packed = msgspec.msgpack.encode(message)
    if len(packed) > MOST_BYTES:
        raise ValueError("a message between the processes of a verification is too long")
    connection.sendall(_LENGTH.pack(len(packed)) + packed)


def receive(connection: socket.socket, decoder: msgspec.msgpack.Decoder[M]) -> M:
    """The next message.

    Raises:
        EOFError: there is none, or it broke off.
        OSError: it doesn't come in time.
        ValueError: it is too long, or none of these.
    """
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    if length > MOST_BYTES:
        raise ValueError("a message between the processes of a verification is too long")
    return decoder.decode(_exactly(connection, length))


def _exactly(connection: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        part = connection.recv(min(length - len(found), 1 << 20))
        if not part:
            raise EOFError
        found += part
    return bytes(found)
