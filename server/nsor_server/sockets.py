"""Messages between the server and a process that it began: MessagePack behind four bytes of length, over a socket."""

from __future__ import annotations

import socket
import struct
from typing import Final, TypeVar

import msgspec

MOST_BYTES: Final = 16 << 20
"""Of one message; who sends divides what may be more."""
_LENGTH: Final = struct.Struct("!I")
_AT_A_TIME: Final = 1 << 20
M = TypeVar("M")


def send(connection: socket.socket, message: msgspec.Struct) -> None:
    """Send a message.

    Raises:
        OSError: nobody reads it.
        ValueError: it is too long.
    """
    packed = msgspec.msgpack.encode(message)
    if len(packed) > MOST_BYTES:
        raise ValueError("a message between processes is too long")
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
        raise ValueError("a message between processes is too long")
    return decoder.decode(_exactly(connection, length))


def _exactly(connection: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        part = connection.recv(min(length - len(found), _AT_A_TIME))
        if not part:
            raise EOFError
        found += part
    return bytes(found)
