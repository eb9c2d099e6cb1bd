"""Streams: each in a thread of the streams' own pool, gated again before each message and while it is silent.

A message is its own access, with its own entry and receipt. One thread gates all streams that are silent: hundreds of
subscribers to whom nothing is told mustn't wake hundreds of threads each second.
"""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time

import psycopg

from nsor_server import errors
from nsor_server.access.limits import Hold
from nsor_server.alerts import Alert, alert
from nsor_server.calls import Call
from nsor_server.rpc.exchange import Exchange
from nsor_server.rpc.following import Following
from nsor_server.rpc.handlers import Exchanged
from nsor_server.rpc.open_stream import GATE_AGAIN_SECONDS, GATE_SECONDS, Front, Needs, OpenStream

SEND_SECONDS = 30.0
"""A caller that reads nothing for so long is cut off."""


class Streams:
    """Serves methods that answer with a stream."""

    def __init__(self, needs: Needs, *, idle_seconds: float) -> None:
        """A stream without a message for ``idle_seconds`` ends, with OK: its caller goes on from its cursor."""
        self._needs = needs
        self._idle_seconds = idle_seconds
        self._draining = threading.Event()
        self._open: dict[int, OpenStream] = {}
        self._numbers = itertools.count()
        self._supervisor = threading.Thread(target=self._supervise, name="stream-supervisor", daemon=True)
        self._supervisor.start()

    @property
    def count(self) -> int:
        """Streams that are open."""
        return len(self._open)

    def drain(self) -> None:
        """Let every stream end, now."""
        self._draining.set()
        for opened in list(self._open.values()):
            if opened.waiting is not None:
                opened.waiting.wake()

    def serve(self, front: Front, call: Call) -> None:
        """Answer a call with a stream of messages; returns when it has ended."""
        number = next(self._numbers)
        opened = OpenStream(call, call.channel)
        held: Hold | None = None
        try:
            front.enter(call)
            held = self._held(call)
            self._open[number] = opened
            if isinstance(call.route.handler, Exchanged):
                Exchange(self._needs, front, opened, self._draining, self._idle_seconds).run()
            else:
                Following(self._needs, opened, self._draining, self._idle_seconds).run()
        except Exception as error:  # noqa: BLE001 - as for unary calls: no exception reaches grpc
            front.refuse(call, error)
        else:
            self._needs.answers.end_stream(call)
        finally:
            self._open.pop(number, None)
            if held is not None:
                held.release()

    def _held(self, call: Call) -> Hold | None:
        """Count the stream as one of whoever acts; raises Exhausted. Only now has he proved who he is."""
        officer = call.officer
        return None if officer is None else self._needs.limits.stream_of(officer.agency_id, officer.officer_number)

    def _supervise(self) -> None:
        while not self._draining.wait(GATE_SECONDS):
            self._look(time.monotonic())

    def _look(self, now: float) -> None:
        """Look at each stream. A method of its own: while the thread waits, it holds none."""
        for opened in list(self._open.values()):
            since = opened.sending_since
            if since:
                # Its thread waits for a caller that doesn't read, and can't gate it itself.
                if now - since > SEND_SECONDS or (now - since > GATE_SECONDS and not self._may(opened)):
                    opened.channel.cancel()
            elif opened.waiting is not None and self._is_due(opened, now) and not self._may(opened):
                # It is gated by its own thread then, which says why it ends.
                opened.waiting.wake()

    def _is_due(self, opened: OpenStream, now: float) -> bool:
        """Whether a stream is to be gated again."""
        newer = self._needs.admission.directory.current is not opened.gated_by
        return newer or now - opened.gated_at >= GATE_AGAIN_SECONDS

    def _may(self, opened: OpenStream) -> bool:
        """Whether the stream's caller still may have it: by what is known, when the database can't be asked."""
        try:
            # A copy: the stream's thread may go on with the call at any moment.
            copy, now = dataclasses.replace(opened.call), time.monotonic()
            self._needs.admission.admit(copy)
            if opened.waiting is not None:
                copy.route.handler.check(copy, opened.cursor)
        except (errors.ApiError, psycopg.Error):
            return False
        except Exception as error:  # noqa: BLE001 - one thread gates all streams: it lives on, whatever one of them does
            alert(Alert.CALL_FAILED, "a silent stream couldn't be gated (%s)", type(error).__name__)
            return False
        opened.gated(copy.directory, now)
        return True
