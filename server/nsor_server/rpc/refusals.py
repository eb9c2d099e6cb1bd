"""Refusals: each is an entry of the ledger too, and a flood of them is counted.

Beyond its budget an agency's refusals are answered RATE_LIMITED, without a receipt, and one entry a second stands for
all of them: otherwise whoever is refused could fill the ledger.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from google.rpc import code_pb2

from nsor.v1 import errors_pb2
from nsor_server import errors, logs
from nsor_server.calls import Agency, Call, new_access_id
from nsor_server.formats.uuids import text
from nsor_server.ledger.entry import StaleRead
from nsor_server.ledger.writer import Writer
from nsor_server.rpc import status
from nsor_server.rpc.answers import Answers
from nsor_server.rpc.drops import Drops
from nsor_server.rpc.reading import replaced

KNOWN_PER_SECOND = 200.0
UNKNOWN_PER_SECOND = 50.0
BURST_SECONDS = 5.0
FLUSH_SECONDS = 1.0
COMMIT_SECONDS = 10.0
_UNSURE = frozenset({code_pb2.UNAVAILABLE, code_pb2.DEADLINE_EXCEEDED})
"""Codes with which a call ends that nobody knows the outcome of."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Budget:
    """What an agency may still have itemised, and when that was counted."""

    left: float
    counted: float


@dataclass(slots=True)
class _Flood:
    """Refusals that one entry will stand for."""

    agency: Agency
    method: str
    span: object
    count: int = 0


@dataclass(slots=True)
class _State:
    """What the lock guards."""

    budgets: dict[tuple[str, bool], _Budget] = field(default_factory=dict)
    floods: dict[tuple[str, str], _Flood] = field(default_factory=dict)


class Refusals:
    """Words, itemises and counts refusals.

    Args:
        writer: writes the entries of what is counted.
        answers: sends what has no entry of its own.
        drops: what was dropped unread.
        texts: what people are told.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        writer: Writer[Call],
        answers: Answers,
        drops: Drops,
        texts: status.Texts,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._writer = writer
        self._answers = answers
        self._drops = drops
        self._texts = texts
        self._clock = clock
        self._lock = threading.Lock()
        self._state = _State()
        self._stop = threading.Event()
        self._flusher = threading.Thread(target=self._run, name="refusal-counts", daemon=True)

    def start(self) -> None:
        """Begin to write what is counted."""
        self._flusher.start()

    def itemise(self, call: Call, error: Exception) -> bool:
        """Word a refusal that is to be recorded; False: its agency has had too many, and it is counted and answered.

        Counted ones say RATE_LIMITED. That is the one reason that comes without a receipt, so that a caller can insist
        on one for all others.
        """
        refusal = self._refusal(call, error)
        if not _is_always_recorded(call, refusal) and not self._spend(call.agency.agency_id, accepted=call.accepted):
            self.count(call, errors.Exhausted(retry_after_seconds=FLUSH_SECONDS))
            return False
        if refusal.code in _UNSURE:
            # What was given up may still be written under its own access id; two entries of one id fail a whole batch.
            call.access_id = new_access_id()
        self.word(call, refusal)
        call.deadline = time.monotonic() + COMMIT_SECONDS
        return True

    def word(self, call: Call, error: errors.ApiError) -> None:
        """Put a refusal into the call, with the status that is sent."""
        call.fails(error)
        call.prepared = None
        call.answer = status.status(error, self._texts, text(call.access_id)).SerializeToString()

    def count(self, call: Call, error: errors.ApiError) -> None:
        """Count a refusal, and answer it; the next entry of its kind stands for it."""
        self._count(call)
        self.word(call, error)
        self._answers.send(call, None)

    def gone(self, call: Call) -> None:
        """Count a call whose caller was gone before anything was done: nobody is told anything."""
        self._count(call)
        self._answers.end_unsent(call)

    def unrecorded(self, call: Call) -> None:
        """Answer a call that can't be recorded now: nothing else may be told."""
        self.word(call, errors.Unavailable(retry_after_seconds=1.0))
        self._answers.send(call, None)

    def flush(self) -> None:
        """Write the entries of what was counted; what can't be written now is counted on."""
        with self._lock:
            floods, self._state.floods = self._state.floods, {}
        for key, flood in floods.items():
            try:
                self._writer.submit(
                    Call(
                        flood.method,
                        flood.span,
                        agency=flood.agency,
                        access_id=new_access_id(),
                        deadline=time.monotonic() + COMMIT_SECONDS,
                        count=flood.count,
                    )
                )
            except Exception as failure:  # noqa: BLE001 - the counts are kept, whatever the cause
                _log.error("refusals couldn't be recorded (%s)", type(failure).__name__)
                with self._lock:
                    self._state.floods.setdefault(
                        key, _Flood(flood.agency, flood.method, flood.span)
                    ).count += flood.count

        for dropped, call in self._drops.untold():
            call.deadline = time.monotonic() + COMMIT_SECONDS
            try:
                self._writer.submit(call)
            except Exception as failure:  # noqa: BLE001 - as above
                _log.error("dropped calls couldn't be recorded (%s)", type(failure).__name__)
            else:
                self._drops.told(dropped)

    def close(self) -> None:
        """Write what is counted, and stop."""
        self._stop.set()
        if self._flusher.is_alive():
            self._flusher.join(timeout=COMMIT_SECONDS)
        self.flush()

    def _count(self, call: Call) -> None:
        agency = call.agency if call.accepted else Agency(call.agency.agency_id, call.agency.kind, (), enabled=False)
        with self._lock:
            flood = self._state.floods.setdefault(
                (agency.agency_id, call.method), _Flood(agency, call.method, call.span)
            )
            flood.count += 1
            flood.span = call.span

    def _refusal(self, call: Call, error: Exception) -> errors.ApiError:
        """What the caller is told of an exception: its own words only if they are ours."""
        error = errors.Unavailable(retry_after_seconds=1.0) if isinstance(error, StaleRead) else replaced(error)
        if isinstance(error, errors.ApiError):
            return error
        # An exception's text can hold values: a driver's does.
        place, name = logs.place(error.__traceback__), type(error).__name__
        with logs.Concerning(call.span.trace_id, call.access_id):
            _log.error("call %s of %s failed: %s at %s", text(call.access_id), call.method, name, place)
        return errors.Internal()

    def _run(self) -> None:
        while not self._stop.wait(FLUSH_SECONDS):
            self.flush()

    def _spend(self, agency: str, *, accepted: bool) -> bool:
        """Whether one more may be itemised. A revoked certificate still names its agency, and spends nothing of its."""
        rate = KNOWN_PER_SECOND if accepted else UNKNOWN_PER_SECOND
        most = rate * BURST_SECONDS
        now = self._clock()
        with self._lock:
            budget = self._state.budgets.setdefault((agency, accepted), _Budget(most, now))
            budget.left = min(most, budget.left + (now - budget.counted) * rate)
            budget.counted = now
            if budget.left < 1:
                return False
            budget.left -= 1
            return True


def _is_always_recorded(call: Call, refusal: errors.ApiError) -> bool:
    """What has run is paid for: otherwise whoever has had too many refusals could try things out for nothing.

    For an empty bucket nothing has run. The first such refusal tells the agency and NPB; the next ones tell nothing.
    """
    if call.payment is None:
        return False
    return refusal.reason != errors_pb2.ERROR_REASON_BUDGET_EMPTY or bool(call.payment.tells)
