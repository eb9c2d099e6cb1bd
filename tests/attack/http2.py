"""HTTP/2 by hand: the few frames of which a call is made (RFC 9113), with its headers in HPACK literals (RFC 7541)."""

from __future__ import annotations

import socket
import ssl
import struct
from pathlib import Path

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
CANCEL = 8
MAX_WINDOW = (1 << 31) - 1
FIRST_WINDOW = 65_535
SETTINGS_INITIAL_WINDOW = 4
EMPTY_MESSAGE = bytes(5)
"""gRPC's frame of a message without bytes."""


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame."""
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def _literal(text: bytes) -> bytes:
    return bytes((len(text),)) + text


def headers(path: str, timeout: str) -> bytes:
    """The header block of a call, in literals: nothing of it is remembered, so it may be sent again."""
    block = b"\x83\x87\x04" + _literal(path.encode()) + b"\x01" + _literal(b"localhost")
    block += b"\x0f\x10" + _literal(b"application/grpc") + b"\x00" + _literal(b"te") + _literal(b"trailers")
    if timeout:
        block += b"\x00" + _literal(b"grpc-timeout") + _literal(timeout.encode())
    return block


def call(stream: int, block: bytes) -> bytes:
    """A call with an empty message."""
    return frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, END_STREAM, stream, EMPTY_MESSAGE)


def reset_call(stream: int, block: bytes) -> bytes:
    """A call that is given up at once."""
    return frame(HEADERS, END_HEADERS, stream, block) + frame(RST_STREAM, 0, stream, struct.pack(">I", CANCEL))


def begin() -> bytes:
    """What a client says first: it takes as much as may be sent."""
    window = struct.pack(">HI", SETTINGS_INITIAL_WINDOW, MAX_WINDOW)
    return (
        PREFACE
        + frame(SETTINGS, 0, 0, window)
        + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", MAX_WINDOW - FIRST_WINDOW))
    )


def ask(peer: ssl.SSLSocket, stream: int, block: bytes) -> bytes:
    """Make a call; gives what comes until it ends."""
    peer.sendall(call(stream, block))
    answer = b""
    while True:
        head = _exactly(peer, 9)
        kind, flags, of = head[3], head[4], int.from_bytes(head[5:], "big")
        payload = _exactly(peer, int.from_bytes(head[:3], "big"))
        if of == stream:
            answer += payload
            if kind == RST_STREAM or (kind == HEADERS and flags & END_STREAM):
                return answer


def _exactly(peer: ssl.SSLSocket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        more = peer.recv(size - len(read))
        if not more:
            raise ConnectionError("the connection ended before the call")
        read += more
    return read


def context(ca: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """Mutual TLS for HTTP/2."""
    made = ssl.create_default_context(cafile=str(ca))
    made.load_cert_chain(certificate, key)
    made.set_alpn_protocols(["h2"])
    return made


def connect(address: tuple[str, int], tls: ssl.SSLContext, *, seconds: float = 10.0) -> ssl.SSLSocket:
    """A connection; the socket waits at most so long."""
    plain = socket.create_connection(address, timeout=seconds)
    try:
        return tls.wrap_socket(plain, server_hostname="localhost")
    except BaseException:
        plain.close()
        raise
