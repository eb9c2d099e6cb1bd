"""The second process of a verification: it compares details and seals, and says what it has found.

It is told where the database is, in which snapshot it reads, and the keys, and nothing else; it ends when it has said
its report, or when nobody listens any more.
"""

from __future__ import annotations

import contextlib
import socket
import sys

import msgspec

from nsor_server.sockets import receive, send
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification import visible
from nsor_server.verification.messages import Begin, Found, Went
from nsor_server.verification.second import collect_seldom
from nsor_server.verification.verified import of_contents


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
            report = of_contents(
                conn, Keyring.from_bytes(begin.keyring), lambda done, of: send(connection, Went(done, of))
            )
        send(connection, Found(report.findings, report.remarks, report.leaves))


if __name__ == "__main__":
    main(int(sys.argv[1]))
