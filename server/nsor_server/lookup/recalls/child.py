"""The process that makes the recalls of a time: it is told the keys and where the database is, and asked for entries.

Beside calls it takes no interpreter that they wait for, and it runs below them (nice). It writes nothing to the
database: its connection only reads. It leaves no core file, and is the first that the kernel ends when memory is short,
since the server can make recalls itself. It ends when nobody asks any more, or the thread that has begun it ends; a
signal that ends the server leaves it to the server.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from nsor_server import alerts
from nsor_server.lookup.recalls import rules
from nsor_server.lookup.recalls.asked import Begin, Next, Ready
from nsor_server.lookup.recalls.making import Making
from nsor_server.sockets import receive, send
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.v1 import record_pb2

NICE: Final = 5
_PARENT_ENDS: Final = 1
"""PR_SET_PDEATHSIG of prctl(2): the signal that it gets when the thread that has begun it ends."""
_DUMPABLE: Final = 4
"""PR_SET_DUMPABLE: by 0 no other process of the user reads its memory, which has keys."""


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
        send(connection, Ready(rules.PER_ENTRY, rules.PLANNED))
        begin = receive(connection, msgspec.msgpack.Decoder(Begin))
        making = Making(Keyring.from_bytes(begin.keyring))
        with reading(begin.url) as conn:
            while True:
                asked = receive(connection, decoder)
                before = None if asked.before is None else record_pb2.RecallPassRecord.FromString(asked.before)
                record = record_pb2.RecallPassRecord.FromString(asked.record)
                made = making.made(conn, before, record, record_pb2.RecallRecord.FromString(asked.times))
                send(connection, msgspec.structs.replace(made, alerts=kept.taken()))


@contextlib.contextmanager
def reading(url: str) -> Iterator[Connection]:
    """A connection that only reads, each statement for itself.

    Args:
        url: libpq connection string of the server's role.
    """
    with contextlib.closing(Database(url)) as database, contextlib.closing(database.connect()) as conn:
        conn.autocommit = True
        conn.execute("SET default_transaction_read_only = on")
        yield conn


def _confine() -> None:
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    if sys.platform == "linux":
        for option, value in ((_PARENT_ENDS, signal.SIGKILL), (_DUMPABLE, 0)):
            if ctypes.CDLL(None, use_errno=True).prctl(option, int(value), 0, 0, 0):
                raise OSError(ctypes.get_errno(), "it can't be confined")
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


if __name__ == "__main__":
    main(int(sys.argv[1]))
