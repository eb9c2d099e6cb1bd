"""The process that makes recalls, as the server sees it: for one time, asked for one entry after the other."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from nsor_server.alerts import CODE, Alert, alert
from nsor_server.lookup.recalls import rules
from nsor_server.lookup.recalls.asked import Begin, Made, Next, Ready
from nsor_server.sockets import receive, send
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

LOOK_SECONDS: Final = 1.0
"""How often whoever waits does something meanwhile: his turn mustn't be idle for long (``ledger/watching.py``)."""
ANSWER_SECONDS: Final = 300.0
"""Longest that an answer may take: to find the accesses of an order among ten million entries takes a few minutes. A
turn may last for twice as long."""
_MESSAGE_SECONDS: Final = 2.0
"""Longest that a message may take that has begun."""

M = TypeVar("M")


class ProcessEnded(Exception):
    """It has ended, or couldn't be started, and gives no recalls any more."""


class MakingProcess:
    """A process that makes recalls. One thread uses it.

    Args:
        keyring: opens and seals.
        url: libpq connection string of the server's role.

    Raises:
        ProcessEnded: it can't be started.
    """

    def __init__(self, keyring: Keyring, url: str) -> None:
        self._begin = Begin(keyring.to_bytes(), url)
        self._decoder = msgspec.msgpack.Decoder(Made)
        self._has_begun = False
        try:
            self._connection, theirs = socket.socketpair()
        except OSError as error:
            raise ProcessEnded from error
        self._connection.settimeout(_MESSAGE_SECONDS)
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own module
                    [sys.executable, "-I", "-m", f"{__package__}.child", str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,  # a traceback could quote what it was given
                    pass_fds=(theirs.fileno(),),
                )
        except OSError as error:
            self._connection.close()
            raise ProcessEnded from error

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def made(
        self,
        before: record_pb2.RecallPassRecord | None,
        record: record_pb2.RecallPassRecord,
        times: record_pb2.RecallRecord,
        meanwhile: Callable[[], None],
    ) -> Made:
        """As ``Making.made``; what it has alerted of is alerted here.

        Args:
            before: the last pass; None: there was none.
            record: the pass that writes them; it says from now on how far it has come.
            times: what they say of times.
            meanwhile: is done when it is asked, and each second until it answers; what it raises ends the waiting.

        Raises:
            ProcessEnded: it has died, has failed, doesn't answer, or is of another release. What keeps it from making
                recalls is met again where they are made then.
        """
        packed = None if before is None else before.SerializeToString()
        try:
            if not self._has_begun:
                self._started(meanwhile)
            send(self._connection, Next(packed, record.SerializeToString(), times.SerializeToString()))
            made = self._received(self._decoder, meanwhile)
        except (OSError, EOFError, ValueError) as error:
            raise ProcessEnded from error
        for line in made.alerts:
            code, _, text = CODE.sub(r"\1 ", line, count=1).partition(" ")
            alert(Alert(code), "%s", text)
        record.CopyFrom(record_pb2.RecallPassRecord.FromString(made.record))
        return made

    def _started(self, meanwhile: Callable[[], None]) -> None:
        """Tell it the keys, once nobody else can look into it."""
        ready = self._received(msgspec.msgpack.Decoder(Ready), meanwhile)
        if ready != Ready(rules.PER_ENTRY, rules.PLANNED):
            raise ProcessEnded
        send(self._connection, self._begin)
        self._has_begun = True

    def _received(self, decoder: msgspec.msgpack.Decoder[M], meanwhile: Callable[[], None]) -> M:
        ends = time.monotonic() + ANSWER_SECONDS
        meanwhile()
        while not select.select([self._connection], [], [], LOOK_SECONDS)[0]:
            if time.monotonic() > ends:
                raise ProcessEnded
            meanwhile()
        return receive(self._connection, decoder)

    def stop(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._connection.close()
