"""The second process of a verification: it compares what entries made of registrations, and says what it has found.

It is told where the database is, in which snapshot it reads, the keys, and the entries whose details the first one has
opened; it ends when it has said its report, or when nobody listens any more.
"""

from __future__ import annotations

import contextlib
import socket
import sys

import msgspec
import psycopg
from psycopg.rows import TupleRow

from nsor_server.sockets import receive, send
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification import visible
from nsor_server.verification.messages import Begin, Entries, Found, Heard, Went
from nsor_server.verification.report import Report
from nsor_server.verification.second import collect_seldom
from nsor_server.verification.verified import following, of_rows

Connection = psycopg.Connection[TupleRow]


def main(descriptor: int) -> None:
    """Do what is asked for, once.

    Args:
        descriptor: of the socket over which it is.
    """
    collect_seldom()
    with socket.socket(fileno=descriptor) as connection:
        begin = receive(connection, msgspec.msgpack.Decoder(Begin))
        with contextlib.closing(Database(begin.url)) as database, contextlib.closing(database.connect()) as conn:
            visible.join(conn, begin.snapshot)
            report = _compared(connection, conn, begin)
        send(connection, Found(report.findings, report.remarks))


def _compared(connection: socket.socket, conn: Connection, begin: Begin) -> Report:
    """Compare the entries that come over a socket with what the snapshot holds."""
    keyring, report, went = Keyring.from_bytes(begin.keyring), Report(), Went(0, begin.entries)
    decoder: msgspec.msgpack.Decoder[Heard] = msgspec.msgpack.Decoder(Heard)
    with following(conn, keyring, report) as take:
        while isinstance(heard := receive(connection, decoder), Entries):
            for opened in heard.opened:
                take(opened)
            went = Went(heard.opened[-1][0] + 1, begin.entries)
            send(connection, went)
        if heard.whole:
            take(None)
    of_rows(conn, keyring, report, lambda: send(connection, went))
    return report


if __name__ == "__main__":
    main(int(sys.argv[1]))
