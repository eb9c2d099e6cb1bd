"""Runs unary handlers: on a connection that can only read, and once for a request that is sent again.

A driver's error is replaced by one of ours, whose text is fixed: the driver's can hold values.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import psycopg_pool
from google.protobuf.message import Message

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.budgets import Accounts
from nsor_server.calls import Call, Outcome
from nsor_server.formats.instants import to_us
from nsor_server.ledger.entry import LedgerUnavailable
from nsor_server.rpc.handlers import Exchanged, Grouped, Unary, check_shown
from nsor_server.rpc.spending import Spending
from nsor_server.storage import budgets, idempotency
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

RETRY_AFTER_SECONDS = 1.0
LOOK_SECONDS = 0.25
"""How often deadlines are looked at."""
CANCEL_SECONDS = 2.0
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Reading:
    """A handler that reads, until when it may, and whether it was stopped."""

    conn: Connection
    deadline: float
    stopped: bool = False


class Reader:
    """Runs handlers; threads share it. What reads beyond its call's deadline is stopped."""

    def __init__(self, database: Database, sealer: Sealer, spending: Spending, durable: Callable[[], int]) -> None:
        """``durable`` gives how many entries this process knows to be durable."""
        self._database = database
        self._sealer = sealer
        self._spending = spending
        self._durable = durable
        self._lock = threading.Lock()
        self._reading: dict[int, _Reading] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._stop_late, name="reading-deadlines", daemon=True)

    def start(self) -> None:
        """Begin to watch deadlines."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._closed.set()
        self._thread.join()

    @contextmanager
    def connection(self, deadline: float) -> Iterator[Connection]:
        """A connection that reads until a deadline (``time.monotonic``).

        Raises:
            ApiError: what is answered instead of an error of the driver's.
        """
        with replaced_errors(), self._database.reading() as conn:
            reading = _Reading(conn, deadline)
            with self._lock:
                self._reading[id(reading)] = reading
            try:
                yield conn
            finally:
                with self._lock:
                    del self._reading[id(reading)]
                if reading.stopped:
                    conn.close()  # what stops it may arrive late, and would stop another call's statement

    def _stop_late(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            now = time.monotonic()
            with self._lock:
                late = [each for each in self._reading.values() if each.deadline <= now and not each.stopped]
                for reading in late:
                    reading.stopped = True
            for reading in late:  # each waits for the database: nobody else may
                with suppress(psycopg.Error):
                    reading.conn.cancel_safe(timeout=CANCEL_SECONDS)

    def run(self, handler: Unary[Any, Any], call: Call) -> None:
        """Fill in the call's outcome and its answer.

        A request that was answered before, under the same request id, gets that answer again and changes nothing, if
        the caller may see now what it is about, as anybody else would: that he might before counts for nothing.

        Raises:
            ApiError: the handler refuses, or what failed.
        """
        if time.monotonic() >= call.deadline:
            raise errors.DeadlineExceeded
        call.payment, call.compared = None, decisions.Compared()
        call.looked_at, call.rests_on, call.before = [], None, self._durable()
        request = call.request
        request_id = repeatable(request)
        with self.connection(call.deadline) as conn:
            if request_id is None:
                self._charge(handler, call, conn)
                call.outcome = handler.run(call, request, conn)
                if not _only_validates(request):
                    _require_compared(call)
                check_shown(call.method, handler, request, call.outcome)
                call.answer = call.outcome.response.SerializeToString()
                return
            key = idempotency.Key(call.agency.agency_id, call.method, request_id, self._hash(call, handler))
            first = idempotency.find(conn, self._sealer, key)
            if first is not None:
                call.compared = decisions.Compared(replays=True)
                seen = handler.again(call, request, conn) if handler.again is not None else ()
                _require_compared(call)
                detail = record_pb2.AccessDetail(outcome="REPLAY", replay=True)
                call.outcome, call.answer = Outcome(handler.response(), detail, seen=seen), first
                return
            self._charge(handler, call, conn)
            outcome = handler.run(call, request, conn)
            _require_compared(call)
            check_shown(call.method, handler, request, outcome)
            call.answer = outcome.response.SerializeToString()
            row, unused = idempotency.keep(self._sealer, key, call.answer, call.access_id)
            call.outcome = Outcome(
                outcome.response,
                outcome.detail,
                (*outcome.rows, row),
                outcome.records,
                (*outcome.seen, unused),
                outcome.shown,
            )

    def run_message(self, handler: Exchanged[Any, Any], call: Call) -> None:
        """Fill in the outcome of a message of a stream both ways, and its answer.

        Raises:
            ApiError: as ``run``.
        """
        call.payment, call.left = None, 0
        call.looked_at, call.rests_on, call.before = [], None, self._durable()
        charge = handler.charge(call.request) if handler.charge is not None else None
        payment = None if charge is None else self._spending.payment(call, charge)
        with self.connection(call.deadline) as conn:
            if payment is not None:
                stored = Accounts(budgets.stored(conn, payment.payers.accounts), to_us(call.now()))
                call.left = stored.left(payment.payers, payment.budget)
            call.outcome = handler.run(call, call.request, conn)
        if payment is not None and call.outcome.costs:
            call.payment = payment._replace(times=call.outcome.costs, decides_again=True)
        check_shown(call.method, handler, call.request, call.outcome)
        call.answer = call.outcome.response.SerializeToString()

    def name_case(self, call: Call) -> None:
        """Find the case of the grant that a refused call names, if an empty bucket kept it from running.

        Nothing was read for it. Only what is itemised is asked about, and never under the lock of the ledger's head: an
        agency whose buckets are empty sends such calls by the thousand.
        """
        handler = call.route.handler
        if call.error is None or call.error.reason != errors_pb2.ERROR_REASON_BUDGET_EMPTY or call.case:
            return
        if not isinstance(handler, Unary | Grouped) or handler.case is None:
            return
        # Of a grant that contradicts itself there is an alert. The refusal is recorded, whatever its grant is.
        try:
            with suppress(errors.ApiError), self.connection(call.deadline) as conn:
                call.case = handler.case(call, call.request, conn)
        except Exception as error:  # noqa: BLE001 - whatever it is, the refusal has its entry
            _log.error("the case of a refused call couldn't be found (%s)", type(error).__name__)

    def _charge(self, handler: Unary[Any, Any], call: Call, conn: Connection) -> None:
        """Note how a call is paid, and run none that its buckets don't hold.

        They are asked before anything else is read: nobody learns by the time of a refusal what there was. The price
        is taken in the commit of the call's entry (``rpc/batches.py``), which asks once more.

        Raises:
            Denied: SWITCHED_OFF.
            Exhausted: BUDGET_EMPTY.
        """
        if handler.charge is None or (_only_validates(call.request) and not handler.rehearsal_costs):
            return
        payment = call.payment = self._spending.payment(call, handler.charge(call.request))
        stored = budgets.stored(conn, payment.payers.accounts)
        now_us = to_us(call.now())
        spent = Accounts(stored, now_us).spend(payment.payers, payment.budget, payment.times)  # what it would be
        if spent.refusal is not None:
            call.payment = payment._replace(tells=spent.officer_emptied or spent.agency_emptied)
            raise spent.refusal

    def _hash(self, call: Call, handler: Unary[Any, Any]) -> bytes:
        """Of the officer and the checked message, which another language may have encoded in other bytes."""
        officer_key = b"" if handler.of_agency else call.officer_key
        return hashlib.sha256(officer_key + call.request.SerializeToString(deterministic=True)).digest()


def repeatable(request: Message) -> uuid.UUID | None:
    """The id of a request that changes something and may be sent again; None for one that only asks."""
    fields = request.DESCRIPTOR.fields_by_name
    if "request_id" not in fields or _only_validates(request):
        return None
    return uuid.UUID(_read(request, "request_id"))


def _require_compared(call: Call) -> None:
    """See that a decision was compared; one that is taken in parts is compared part by part."""
    if call.route.part is None:
        decisions.require_compared(call)


def _only_validates(request: Message) -> bool:
    return "validate_only" in request.DESCRIPTOR.fields_by_name and bool(_read(request, "validate_only"))


def _read(request: Any, name: str) -> Any:
    """A field that only some requests have."""
    return getattr(request, name)


@contextmanager
def replaced_errors() -> Iterator[None]:
    """Replace the errors of the driver and the ledger by those that callers are told."""
    try:
        yield
    except Exception as error:
        other = replaced(error)
        if other is error:
            raise
        raise other from None


def replaced(error: Exception) -> Exception:
    """The error that a caller is told instead of one of the driver or the ledger; others stay."""
    match error:
        case psycopg.errors.QueryCanceled():
            return errors.DeadlineExceeded()
        case (
            LedgerUnavailable() | psycopg.OperationalError() | psycopg.InterfaceError() | psycopg_pool.TooManyRequests()
        ):
            return errors.Unavailable(retry_after_seconds=RETRY_AFTER_SECONDS)
        case psycopg.errors.UniqueViolation():
            # What is added once is looked for again under the head's lock: its row was taken away, its record wasn't.
            return contradicted(error.diag.table_name or "", "a row was to be added to %s that it had before")
        case _:
            return error
