"""What goes between the register and the process that holds the index: MessagePack behind four bytes of length."""

from __future__ import annotations

import socket
import struct
from typing import Final, TypeVar

import msgspec

from nsor_server.names.card import Candidate, Person

MOST_BYTES: Final = 16 << 20
"""Of one message; a caller sends no more cards or queries at once than fit."""
_LENGTH: Final = struct.Struct("!I")


class Add(msgspec.Struct, tag=True, frozen=True):
    """Cards to be added or replaced."""

    cards: list[tuple[bytes, Person]]


class Remove(msgspec.Struct, tag=True, frozen=True):
    """Cards to be forgotten."""

    card_ids: list[bytes]


class Find(msgspec.Struct, tag=True, frozen=True):
    """Queries, each answered by at most ``limit`` candidates that are at least so strong."""

    people: list[Person]
    limit: int
    least_strength: float


class Answer(msgspec.Struct, frozen=True):
    """To every message: how many cards there are, and to ``Find`` the candidates of each query."""

    cards: int
    candidates: list[list[Candidate]]


Message = Add | Remove | Find
M = TypeVar("M")


def send(connection: socket.socket, message: Message | Answer) -> None:
    """Send a message.

    Raises:
        OSError: nobody reads it.
        ValueError: it is too long.
    """
    packed = msgspec.msgpack.encode(message)
    if len(packed) > MOST_BYTES:
        raise ValueError("a message to or from the name index is too long")
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
        raise ValueError("a message to or from the name index is too long")
    return decoder.decode(_exactly(connection, length))


def _exactly(connection: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        part = connection.recv(min(length - len(found), 1 << 20))
        if not part:
            raise EOFError
        found += part
    return bytes(found)
