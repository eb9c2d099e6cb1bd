"""Runs a call that has passed the gate: in a transaction of its own, or as a look-up in the group commit.

Nothing is answered whose entry isn't durable. A driver's error is replaced by one of ours, whose text is fixed: the
driver's can hold values.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg
import psycopg_pool
from google.protobuf.message import Message

from nsor.v1 import receipt_pb2
from nsor_server import errors
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import LedgerUnavailable, StaleDirectory
from nsor_server.ledger.group import GroupCommit
from nsor_server.ledger.guard import CommitGuard
from nsor_server.lookup.batch import Decider
from nsor_server.rpc import entries
from nsor_server.rpc.admission import Admission, Admitted
from nsor_server.rpc.batch import Asked, Item, prepare
from nsor_server.rpc.calls import Call, Connection, Handler, Outcome
from nsor_server.storage import idempotency
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import Tracing

ATTEMPTS = 4
"""How often a call is tried whose directory moved on, or that lost a deadlock, before it is answered UNAVAILABLE."""
RETRY_AFTER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent, and its proof."""

    message: bytes
    receipt: receipt_pb2.Receipt


class Refused(Exception):
    """A look-up that the batch refused: recorded already, so nobody records it again."""

    def __init__(self, error: errors.ApiError, status: bytes, receipt: receipt_pb2.Receipt) -> None:
        super().__init__()
        self.error = error
        self.status = status
        self.receipt = receipt


Answered = Callable[[Answer | Exception], None]
"""Hears what became of a call."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs handlers."""

    database: Database
    sealer: Sealer
    ledger: Ledger
    guard: CommitGuard
    group: GroupCommit[Item]
    decider: Decider
    admission: Admission
    tracing: Tracing

    def look_up(self, admitted: Admitted, seconds: float, answered: Answered) -> None:
        """Have a look-up decided and recorded with others; ``answered`` hears what became of it, once.

        It hears it in the ledger's thread, so it may not wait: an answer; ``Refused``, by the register, a grant, or the
        gate asked again; or an ApiError that isn't recorded yet.

        Raises:
            ApiError: it isn't taken, and ``answered`` hears nothing.
        """
        item = Asked(admitted, prepare(self.decider, admitted))
        with replaced_errors():
            self.group.begin(item, seconds, lambda result: answered(_answer(item, result)))

    def transact(self, admitted: Admitted, handler: Handler, deadline: float) -> Answer:
        """Run a handler in a transaction, with its entry, and commit both.

        Args:
            admitted: its request is checked and normalised.
            handler: the service's.
            deadline: ``time.monotonic`` at which the work must have ended.

        Raises:
            ApiError: the handler's own, or ours for what failed; nothing is changed.
        """
        for _ in range(ATTEMPTS):
            try:
                with replaced_errors():
                    return self._once(admitted, handler, deadline)
            except StaleDirectory:
                self.admission.directory.reload()
                admitted.call = self.admission.admit(admitted.arrival, admitted.rule, admitted.request)
            except psycopg.errors.DeadlockDetected:
                continue
        raise errors.Unavailable(retry_after_seconds=RETRY_AFTER_SECONDS)

    def _once(self, admitted: Admitted, handler: Handler, deadline: float) -> Answer:
        arrival, call = admitted.arrival, admitted.call
        seen = self.admission.directory.current
        with self.database.transaction() as conn:
            bound_statements(conn, deadline)
            outcome, answer = self._handled(admitted.request, call, handler, conn)
            entry = entries.answered(arrival, call, outcome, answer, access_id=call.access_id)
            commit = self.tracing.commit([arrival.span])
            try:
                head = self.ledger.lock_head(conn)
                if head.directory_version != call.directory_version:
                    self._gate_again(conn, admitted, outcome, seen)
                appended = self.ledger.append(
                    conn,
                    [entry],
                    head=head,
                    directory_version=admitted.call.directory_version,
                    bump_directory=outcome.directory_changed,
                )
                self.guard.commit(conn, appended)
            finally:
                commit.end()
        if outcome.directory_changed:
            self.admission.directory.reload()
        return Answer(answer, appended.receipts[0])

    def _gate_again(self, conn: Connection, admitted: Admitted, outcome: Outcome, seen: DirectorySnapshot) -> None:
        """Gate a handled call by the directory as it is under the head's lock, where it can't move on once more.

        Otherwise whoever changes the directory without end keeps everybody else's calls from being recorded.

        Raises:
            ApiError: the call isn't admitted any more.
            StaleDirectory: the handler saw other agencies or another officer, or has changed the directory itself:
                its change, which isn't committed, would be read with the rest.
        """
        before, directory = admitted.call, self.admission.directory
        if outcome.directory_changed or seen.version != before.directory_version:
            raise StaleDirectory
        now = directory.reload(conn)
        call = self.admission.admit_by(admitted.arrival, admitted.rule, admitted.request, now)
        if (call.officer, call.purpose) != (before.officer, before.purpose) or now.agencies != seen.agencies:
            raise StaleDirectory
        admitted.call = call

    def _handled(self, request: Message, call: Call, handler: Handler, conn: Connection) -> tuple[Outcome, bytes]:
        """What the handler makes of the request, or made of it the first time."""
        request_id = _repeatable(request)
        if request_id is None:
            outcome = handler(call, request, conn)
            return outcome, outcome.response.SerializeToString()
        key = _Key(call.agency.agency_id, call.method, request_id, call.request_hash)
        first = idempotency.claim(conn, self.sealer, **key._asdict())
        if first is not None:
            return Outcome(request, record_pb2.AccessDetail(outcome="REPLAY", replay=True)), first
        outcome = handler(call, request, conn)
        answer = outcome.response.SerializeToString()
        idempotency.keep(conn, self.sealer, **key._asdict(), response=answer, access_id=call.access_id)
        return outcome, answer


class _Key(NamedTuple):
    """What a repeated request is known by."""

    agency_id: str
    method: str
    request_id: uuid.UUID
    request_hash: bytes


def _repeatable(request: Message) -> uuid.UUID | None:
    """The id of a request that changes something and may be sent again; None for one that only asks."""
    fields = request.DESCRIPTOR.fields_by_name
    if "request_id" not in fields or ("validate_only" in fields and _read(request, "validate_only")):
        return None
    return uuid.UUID(_read(request, "request_id"))


def _read(request: Any, name: str) -> Any:
    """A field that only some requests have."""
    return getattr(request, name)


def bound_statements(conn: Connection, deadline: float) -> None:
    """Let no statement of the transaction run beyond a deadline (``time.monotonic``).

    Raises:
        DeadlineExceeded: it is past.
    """
    left = int((deadline - time.monotonic()) * 1000)
    if left <= 0:
        raise errors.DeadlineExceeded
    conn.execute("SELECT set_config('statement_timeout', %s, true)", (str(left),))


@contextmanager
def replaced_errors() -> Iterator[None]:
    """Replace the errors of the driver and the ledger by those that callers are told.

    Raises:
        ApiError, StaleDirectory, psycopg.errors.DeadlockDetected: what may go on.
    """
    try:
        yield
    except Exception as error:
        other = _replaced(error)
        if other is error:
            raise
        raise other from None


def _replaced(error: Exception) -> Exception:
    match error:
        case psycopg.errors.QueryCanceled():
            return errors.DeadlineExceeded()
        case psycopg.errors.DeadlockDetected():
            return error
        case (
            LedgerUnavailable() | psycopg.OperationalError() | psycopg.InterfaceError() | psycopg_pool.TooManyRequests()
        ):
            return errors.Unavailable(retry_after_seconds=RETRY_AFTER_SECONDS)
        case _:
            return error


def _answer(item: Asked, result: receipt_pb2.Receipt | Exception) -> Answer | Exception:
    """What became of a look-up, of what the group commit says of it."""
    if isinstance(result, Exception):
        return _replaced(result)
    if item.commit is not None:
        item.commit.end()
    if item.error is not None:
        return Refused(item.error, item.answer, result)
    return Answer(item.answer, result)
