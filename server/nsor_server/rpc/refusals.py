"""Refusals: each is an entry of the ledger too, and a flood of them is counted.

Beyond its budget an agency's refusals are answered RATE_LIMITED, without a receipt, and one entry a second stands for
all of them: otherwise whoever is refused could fill the ledger.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from google.rpc import code_pb2

from nsor.v1 import receipt_pb2
from nsor_server import errors
from nsor_server.ledger.entry import LedgerUnavailable
from nsor_server.ledger.group import GroupCommit
from nsor_server.rpc import entries, status
from nsor_server.rpc.arrival import Arrival
from nsor_server.rpc.batch import Item, Noted

KNOWN_PER_SECOND = 200.0
UNKNOWN_PER_SECOND = 50.0
BURST_SECONDS = 5.0
FLUSH_SECONDS = 1.0
COMMIT_SECONDS = 10.0
_UNSURE = frozenset({code_pb2.UNAVAILABLE, code_pb2.DEADLINE_EXCEEDED})
"""Codes with which a call ends that nobody knows the outcome of."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is sent.

    Attributes:
        error: what the caller is told.
        status: the serialized google.rpc.Status.
        receipt: its proof; None when it was counted, or couldn't be written.
    """

    error: errors.ApiError
    status: bytes
    receipt: receipt_pb2.Receipt | None


@dataclass(slots=True)
class _Budget:
    """What an agency may still have itemised, and when that was counted."""

    left: float
    counted: float


@dataclass(slots=True)
class _Flood:
    """Refusals that one entry will stand for."""

    count: int = 0
    trace_id: bytes = bytes(16)


@dataclass(slots=True)
class _State:
    """What the lock guards."""

    budgets: dict[tuple[str, bool], _Budget] = field(default_factory=dict)
    floods: dict[tuple[str, str], _Flood] = field(default_factory=dict)


class Refusals:
    """Words, records and counts refusals.

    Args:
        group: writes the entries.
        texts: what people are told.
        clock: seconds, monotonic.
    """

    def __init__(
        self, group: GroupCommit[Item], texts: status.Texts, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._group = group
        self._texts = texts
        self._clock = clock
        self._lock = threading.Lock()
        self._state = _State()
        self._stop = threading.Event()
        self._flusher = threading.Thread(target=self._run, name="refusal-counts", daemon=True)
        self._flusher.start()

    def itemise(self, arrival: Arrival, error: errors.ApiError) -> Refusal:
        """Record a refusal as an entry of its own, within the agency's budget; else count it, and say RATE_LIMITED.

        That is the one reason that comes without a receipt, so that a caller can insist on one for all others.
        """
        if not self._spend(arrival.agency, accepted=arrival.accepted):
            return self.count(arrival, errors.Exhausted(retry_after_seconds=FLUSH_SECONDS))
        if error.code in _UNSURE:
            # What was given up may still be written under its own access id; two entries of one id fail a whole batch.
            arrival.access_id = uuid.uuid4()
        made = status.status(error, self._texts, str(arrival.access_id)).SerializeToString()
        item = Noted(entries.refused(arrival, error, made, access_id=arrival.access_id), arrival.span)
        try:
            receipt = self._group.submit(item, COMMIT_SECONDS)
        except Exception as failure:  # noqa: BLE001 - nothing is answered that isn't recorded, whatever the cause
            if not isinstance(failure, LedgerUnavailable | errors.Unavailable):
                _log.error("a refusal couldn't be recorded (%s)", type(failure).__name__)
            return self._unrecorded(arrival)
        if item.commit is not None:
            item.commit.end()
        return Refusal(error, made, receipt)

    def require_ledger(self) -> None:
        """See that accesses can be recorded now: otherwise nothing is read, locked or waited for.

        Raises:
            Unavailable: they can't.
        """
        if not self._group.healthy:
            raise errors.Unavailable(retry_after_seconds=1.0)

    def count(self, arrival: Arrival, error: errors.ApiError) -> Refusal:
        """Count a refusal; the next entry of its kind stands for it."""
        with self._lock:
            flood = self._state.floods.setdefault((arrival.agency, arrival.method), _Flood())
            flood.count += 1
            flood.trace_id = arrival.span.trace_id
        made = status.status(error, self._texts, str(arrival.access_id)).SerializeToString()
        return Refusal(error, made, None)

    def flush(self) -> None:
        """Write the entries of what was counted; what can't be written now is counted on."""
        with self._lock:
            floods, self._state.floods = self._state.floods, {}
        for (agency, method), flood in floods.items():
            try:
                entry = entries.flood(agency, method, flood.count, flood.trace_id)
                self._group.submit(Noted(entry, None), COMMIT_SECONDS)
            except Exception as failure:  # noqa: BLE001 - the counts are kept, whatever the cause
                _log.error("refusals couldn't be recorded (%s)", type(failure).__name__)
                with self._lock:
                    self._state.floods.setdefault((agency, method), _Flood()).count += flood.count

    def close(self) -> None:
        """Write what is counted, and stop."""
        self._stop.set()
        self._flusher.join(timeout=COMMIT_SECONDS)
        self.flush()

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

    def _unrecorded(self, arrival: Arrival) -> Refusal:
        error = errors.Unavailable(retry_after_seconds=1.0)
        made = status.status(error, self._texts, str(arrival.access_id)).SerializeToString()
        return Refusal(error, made, None)
