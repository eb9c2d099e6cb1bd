"""The process that makes the recalls of a time: it is told the keys and where the database is, and asked for entries.

Beside calls it takes no interpreter that they wait for, and it runs below them (nice). It writes nothing to the
database: its connection only reads. It leaves no core file, and ends when nobody asks any more.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import resource
import socket
import sys
from typing import Final

import msgspec

from nsor_server import alerts
from nsor_server.lookup.recalls.asked import Begin, Next
from nsor_server.lookup.recalls.making import Making
from nsor_server.sockets import receive, send
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.v1 import record_pb2

NICE: Final = 5
_NOT_DUMPABLE: Final = 4
"""PR_SET_DUMPABLE of prctl(2): no other process of the user reads its memory, which has keys."""


class _Alerts(logging.Handler):
    """Keeps alerts for the server, whose log they belong in."""

    def __init__(self) -> None:
        super().__init__(logging.CRITICAL)
        self._lines = list[str]()

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if alerts.CODE.match(line):
            self._lines.append(line)

    def taken(self) -> list[str]:
        """Those that came since it was asked last."""
        lines, self._lines = self._lines, []
        return lines


def main(descriptor: int) -> None:
    """Answer until nobody asks any more.

    Args:
        descriptor: of the socket over which it is asked.
    """
    _confine()
    logging.getLogger().addHandler(kept := _Alerts())
    decoder = msgspec.msgpack.Decoder(Next)
    with socket.socket(fileno=descriptor) as connection, contextlib.suppress(EOFError, OSError):
        begin = receive(connection, msgspec.msgpack.Decoder(Begin))
        making = Making(Keyring.from_bytes(begin.keyring))
        with contextlib.closing(Database(begin.url)) as database, contextlib.closing(database.connect()) as conn:
            conn.autocommit = conn.read_only = True
            while True:
                asked = receive(connection, decoder)
                before = None if asked.before is None else record_pb2.RecallPassRecord.FromString(asked.before)
                record = record_pb2.RecallPassRecord.FromString(asked.record)
                made = making.made(conn, before, record, record_pb2.RecallRecord.FromString(asked.times))
                send(connection, msgspec.structs.replace(made, alerts=kept.taken()))


def _confine() -> None:
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_NOT_DUMPABLE, 0, 0, 0, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
