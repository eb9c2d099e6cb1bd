"""Calls from several threads through the real client library, each with what came of it. They go on through crashes."""

from __future__ import annotations

import enum
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from nsor.errors import Refused, Unreachable
from nsor.status import UNRECORDED
from nsor.v1 import lookup_pb2, options_pb2, registration_pb2, types_pb2
from tests.orders import nobody
from tests.soak.deployment import BORDER, COMMITTEE, POLICE, PROSECUTION, Deployment

PAUSE_SECONDS = 0.02
"""After a call that got no answer, so that a register which is away isn't asked a thousand times a second."""
CALM_SECONDS = 60.0
"""Longest wait for a number of answers."""


class Kind(enum.Enum):
    """What is asked."""

    HIT = "hit"
    MISS = "miss"
    CREATE = "creation"
    NO_GRANT = "refused look-up"
    NOT_ALLOWED = "refused call"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call and what came of it.

    Attributes:
        started: ``time.monotonic`` before it was sent.
        ended: after its outcome was known.
        outcome: ``ANSWERED``, the reason of a refusal, or gRPC's code when nothing came.
        access_id: its id in the ledger when it came with a proof; else empty.
        index: of an answer, its index in the ledger; else -1.
        message: the answer.
    """

    kind: Kind
    request: Any
    started: float
    ended: float
    outcome: str
    access_id: str
    index: int
    message: Any

    @property
    def proven(self) -> bool:
        """Whether it came with a leaf: an answer, or a refusal that is on the record."""
        return bool(self.access_id)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.started


ANSWERED = "ANSWERED"
EXPECTED = {
    Kind.HIT: ANSWERED,
    Kind.MISS: ANSWERED,
    Kind.CREATE: ANSWERED,
    Kind.NO_GRANT: "GRANT_NOT_VALID",
    Kind.NOT_ALLOWED: "NOT_ALLOWED",
}
"""What comes of a call when all is well."""


def look_up(cnic: str) -> lookup_pb2.LookUpRegistrationRequest:
    """A look-up of a person at the border."""
    return lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=options_pb2.PURPOSE_BORDER_CONTROL,
        cnic=cnic,
        basis=lookup_pb2.LookUpBasis(travel_document=types_pb2.TravelDocument(number="AB1234567", country="PK")),
    )


class Load:
    """Threads that call until they are told to stop. Use it as a context."""

    def __init__(
        self,
        deployment: Deployment,
        *,
        threads: int = 6,
        kinds: Sequence[Kind] = tuple(Kind),
        pause_seconds: float = 0.0,
    ) -> None:
        """``kinds`` are asked in turn; each thread rests for ``pause_seconds`` after a call."""
        self._world = deployment
        self._kinds = kinds
        self._pause = pause_seconds
        self._stop = threading.Event()
        self._news = threading.Condition()
        self._attempts: list[Attempt] = []
        self.faults: list[Exception] = []
        """What no call may raise: a wrong proof, or an exception that isn't the library's."""
        self._threads = [threading.Thread(target=self._run, args=(nth,), daemon=True) for nth in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let the running calls end, and make no more."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)

    @property
    def attempts(self) -> Sequence[Attempt]:
        """All calls that have ended so far, in the order in which they ended."""
        with self._news:
            return tuple(self._attempts)

    def wait_for(self, number: int, wanted: Callable[[Attempt], bool]) -> None:
        """Wait until so many more calls have ended like that."""
        self._wait(lambda news: sum(map(wanted, news)) >= number)

    def wait_for_each_kind(self, number: int, wanted: Callable[[Attempt], bool]) -> None:
        """Wait until so many more calls of each kind have ended like that."""

        def came(news: Sequence[Attempt]) -> bool:
            found = Counter(attempt.kind for attempt in news if wanted(attempt))
            return all(found[kind] >= number for kind in self._kinds)

        self._wait(came)

    def wait_for_all_kinds(self, number: int) -> None:
        """Wait until so many more calls of each kind have had the answer of a register that is well."""
        self.wait_for_each_kind(number, well)

    def _wait(self, came: Callable[[Sequence[Attempt]], bool]) -> None:
        """Wait until what has come from now on is enough."""
        with self._news:
            first, ends = len(self._attempts), time.monotonic() + CALM_SECONDS
            while not came(self._attempts[first:]):
                if self.faults:
                    raise self.faults[0]
                if time.monotonic() >= ends:
                    raise TimeoutError(f"what was waited for didn't come within {CALM_SECONDS:g} s")
                self._news.wait(timeout=1.0)

    def _run(self, nth: int) -> None:
        kinds = _turns(self._kinds, nth)
        while not self._stop.is_set():
            try:
                attempt = call(self._world, next(kinds))
            except Exception as fault:  # noqa: BLE001 - whatever it is, the test is told
                with self._news:
                    self.faults.append(fault)
                    self._news.notify_all()
                return
            with self._news:
                self._attempts.append(attempt)
                self._news.notify_all()
            self._stop.wait(self._pause if attempt.proven else max(self._pause, PAUSE_SECONDS))


def well(attempt: Attempt) -> bool:
    """Whether the call had the answer of a register that is well."""
    return attempt.outcome == EXPECTED[attempt.kind]


def call(deployment: Deployment, kind: Kind) -> Attempt:
    """Make one call.

    Raises:
        ProofFailed: an answer came without its proof, or with a wrong one.
    """
    request, ask = _ask(deployment, kind)
    started = time.monotonic()
    try:
        answer = ask(request)
    except Refused as error:
        # What can't be recorded is refused without a leaf; every other refusal has one, which the library has checked.
        access_id = "" if error.reason in UNRECORDED else error.access_id
        return Attempt(kind, request, started, time.monotonic(), error.reason, access_id, -1, None)
    except Unreachable as error:
        return Attempt(kind, request, started, time.monotonic(), error.code, "", -1, None)
    ended = time.monotonic()
    return Attempt(kind, request, started, ended, ANSWERED, answer.access_id, answer.index, answer.message)


def _ask(deployment: Deployment, kind: Kind) -> tuple[Any, Callable[[Any], Any]]:
    if kind is Kind.CREATE:
        return deployment.order(), deployment.client(PROSECUTION).registration.create_registration
    if kind is Kind.NOT_ALLOWED:
        show = registration_pb2.GetRegistrationRequest(registration_id=str(uuid.uuid4()))
        return show, deployment.client(COMMITTEE).registration.get_registration
    if kind is Kind.NO_GRANT:
        request = look_up(deployment.offender)
        request.purpose = options_pb2.PURPOSE_INVESTIGATION
        request.basis.grant_id = str(uuid.uuid4())
        return request, deployment.client(POLICE).lookup.look_up_registration
    cnic = deployment.offender if kind is Kind.HIT else nobody(random.SystemRandom())
    return look_up(cnic), deployment.client(BORDER).lookup.look_up_registration


def _turns(kinds: Sequence[Kind], first: int) -> Iterator[Kind]:
    while True:
        yield kinds[first % len(kinds)]
        first += 1
