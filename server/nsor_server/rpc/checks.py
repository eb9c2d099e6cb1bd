"""Messages of imports, checked in processes beside the server's.

An import is the one work whose checks take longer than all the rest of a call, and this interpreter does one thing at a
time. So they are checked by confined processes (``check_process``), as many as there are further cores, shared by all
imports; those are nicer than the server. Whatever becomes of a process, the message is checked: here, if need be.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
from typing import Any, Final

import msgspec
from google.protobuf.message import DecodeError, Message

from nsor.v1 import errors_pb2
from nsor_server.confined.process import Lost, Process, Unavailable
from nsor_server.errors import Violation
from nsor_server.policy import documents
from nsor_server.policy.loaded import Policy
from nsor_server.rpc import check_process

FIRST_HERE: Final = 8
"""Messages that are checked here before a process is started: a short import is done before one is ready."""
MOST: Final = 4
"""Processes of a server, however many cores there are."""
THREAD: Final = "check-process"
"""Name of the threads that start processes."""
_MOST_BYTES: Final = 16 * 1024 * 1024
"""Of an answer: every field of a message may be wrong, and is named."""
_REASONS: Final = frozenset(errors_pb2.FieldReason.values())
_log = logging.getLogger(__name__)


class _Worker:
    """A process, and the policy that it was told."""

    def __init__(self) -> None:
        self.process = Process("nsor_server.rpc.check_process", _MOST_BYTES)
        self._policy: Policy | None = None

    def ask(self, policy: Policy, request: Message, seconds: float) -> tuple[Any, list[Violation]]:
        """Have a message checked: it, normalised, and what is wrong with it.

        Raises:
            Lost: the process doesn't answer, or not in the form of an answer.
        """
        if policy is not self._policy:
            lists = {name: documents.canonical(policy.documents[name]) for name in check_process.LISTS}
            self.process.ask(check_process.POLICY + msgspec.msgpack.encode(lists), seconds)
            self._policy = policy
        encoded = request.DESCRIPTOR.full_name.encode() + b"\0" + request.SerializeToString()
        kind, content = self.process.ask(check_process.MESSAGE + encoded, seconds)
        if kind != check_process.CHECKED:
            raise Lost
        try:
            answer = msgspec.msgpack.decode(content, type=check_process.Answer)
            normal = request if answer.normal is None else type(request).FromString(answer.normal)
        except (msgspec.MsgspecError, DecodeError):
            raise Lost from None
        if any(reason not in _REASONS for _, reason in answer.wrong):
            raise Lost
        return normal, [Violation(field, errors_pb2.FieldReason.ValueType(reason)) for field, reason in answer.wrong]


class Checks:
    """Checks messages. Threads may share it.

    Args:
        processes: how many there may be; 0: everything is checked here.
    """

    def __init__(self, processes: int | None = None) -> None:
        cores = len(os.sched_getaffinity(0))
        self._most = min(MOST, cores - 1) if processes is None else processes
        self._asked = 0
        self._begun = 0
        self._lock = threading.Lock()
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._workers: set[_Worker] = set()
        self._closed = False

    def checked(self, policy: Policy, request: Any, seconds: float) -> tuple[Any, list[Violation]]:
        """The message, normalised, and what is wrong with it, as ``Checker.check`` finds it.

        Args:
            policy: by whose lists.
            request: a message of the contract; it may be normalised in place.
            seconds: how long a process may take.
        """
        worker = self._worker(seconds)
        if worker is None:
            return request, policy.checker.check(request)
        try:
            found = worker.ask(policy, request, seconds)
        except Lost:
            self._lose(worker)
            return request, policy.checker.check(request)
        except BaseException:
            self._lose(worker)  # nobody knows what it would answer next
            raise
        self._idle.put(worker)
        return found

    @property
    def pids(self) -> list[int]:
        """The processes that are ready."""
        return [worker.process.pid for worker in list(self._workers)]

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            self._closed = True
            workers, self._workers = self._workers, set()
        for worker in workers:
            worker.process.end()

    def _worker(self, seconds: float) -> _Worker | None:
        """A process that has nothing to do; None: there is none, or all have enough to do."""
        with self._lock:
            self._asked += 1
            starting = self._asked > FIRST_HERE and self._begun < self._most and not self._closed
            self._begun += starting
            ready = bool(self._workers)
        if starting:
            threading.Thread(target=self._start, name=THREAD, daemon=True).start()
        with contextlib.suppress(queue.Empty):
            return self._idle.get(timeout=max(0.0, seconds)) if ready else None
        return None

    def _start(self) -> None:
        try:
            worker = _Worker()
        except (Unavailable, OSError):
            _log.warning("no process can be confined here: rows of imports are checked by the server's own")
            return  # it counts as begun: nobody tries again
        with self._lock:
            if not self._closed:
                self._workers.add(worker)
                self._idle.put(worker)
                return
        worker.process.end()

    def _lose(self, worker: _Worker) -> None:
        """Do without a process: another one takes over."""
        worker.process.end()
        with self._lock:
            self._workers.discard(worker)
            self._begun -= not self._closed
        if not self._closed:
            _log.warning("a process that checks rows has ended; another one takes over")
