"""What one caller does to the register, and what its neighbours feel of it: nothing that fails."""

import contextlib
import itertools
import queue
import resource
import socket
import ssl
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from nsor.v1 import directory_pb2, lookup_pb2, notification_pb2, options_pb2, types_pb2
from tests.e2e.agencies import Agencies, punjabis
from tests.e2e.conftest import Started
from tests.polling import until
from tests.rpc.callers import Caller

LIST = "nsor.v1.DirectoryService/ListAgencies"
LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"
ATTACKER = "sindh-police"
USUAL_FILES = 1024
"""Open files that Linux lets a process have unless it is told otherwise."""
CONNECTIONS = 1_000
CALLS = 75
"""Of the neighbours, for whose time an attack goes on."""


@pytest.fixture(scope="module")
def agencies(started: Started) -> Iterator[Agencies]:
    """The agencies around a register that has the usual limit of open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(USUAL_FILES, hard), hard))
    begun = started()
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield begun
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@dataclass(frozen=True, slots=True)
class Measured:
    """What the neighbours saw of the attack.

    Attributes:
        failures: what their calls failed with.
        p99: their slow calls, seconds.
    """

    failures: list[str]
    p99: float


def ask(agencies: Agencies) -> Measured:
    """Look-ups and lists of two agencies, one after another on connections of each."""
    border, police = agencies.raw("fia-immigration", officer=True), agencies.raw("punjab-police")
    seconds, failures = [], []
    for nth in range(CALLS):
        began = time.monotonic()
        answered = (
            border.call(LOOK_UP, look_up()) if nth % 2 else police.call(LIST, directory_pb2.ListAgenciesRequest())
        )
        seconds.append(time.monotonic() - began)
        if answered.code is not grpc.StatusCode.OK:
            failures.append(f"{answered.code.name} {answered.reason}")
    return Measured(failures, statistics.quantiles(seconds, n=100)[-1])


def look_up() -> lookup_pb2.LookUpRegistrationRequest:
    return lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=options_pb2.PURPOSE_BORDER_CONTROL,
        cnic="3520112345671",
        basis=lookup_pb2.LookUpBasis(travel_document=types_pb2.TravelDocument(number="AB1234567", country="PK")),
    )


@pytest.fixture(scope="module")
def quiet(agencies: Agencies) -> float:
    """The slow calls when nobody else calls; the first round warms up. NPB has an event waiting."""
    agencies.confirmed(next(punjabis(9)))
    ask(agencies)
    return ask(agencies).p99


Attack = Callable[[Agencies], AbstractContextManager["Counted"]]


@dataclass(slots=True)
class Counted:
    """What the attacker was answered."""

    answers: int = 0
    refused: int = 0
    least: int = 1
    """Refusals without which it wasn't an attack."""


@contextlib.contextmanager
def repeated(threads: int, attempt: Callable[[], bool]) -> Iterator[Counted]:
    """Attempts without a pause, in threads; they say whether they were refused."""
    counted, stop = Counted(), threading.Event()

    def run() -> None:
        while not stop.is_set():
            counted.refused += attempt()
            counted.answers += 1

    started = [threading.Thread(target=run) for _ in range(threads)]
    for thread in started:
        thread.start()
    try:
        yield counted
    finally:
        stop.set()
        for thread in started:
            thread.join()


def large_messages(agencies: Agencies) -> AbstractContextManager[Counted]:
    """Beyond our own limit, and beyond the one at which grpc cuts off."""
    caller, sizes = agencies.raw(ATTACKER), itertools.cycle((300_000, 3_000_000))

    def attempt() -> bool:
        return caller.call(LIST, bytes(next(sizes))).code is grpc.StatusCode.RESOURCE_EXHAUSTED

    return repeated(4, attempt)


def large_metadata(agencies: Agencies) -> AbstractContextManager[Counted]:
    """More metadata than one call may have, in one value and in many."""
    caller = agencies.raw(ATTACKER)
    one: list[tuple[str, str | bytes]] = [("flood", "x" * 60_000)]
    many: list[tuple[str, str | bytes]] = [(f"flood-{nth}", "x" * 200) for nth in range(150)]
    floods = itertools.cycle((one, many))

    def attempt() -> bool:
        flooding = Caller(caller.channel, caller.certificate, extra=next(floods))
        return flooding.call(LIST, b"").code is not grpc.StatusCode.OK

    return repeated(4, attempt)


@contextlib.contextmanager
def silent_calls(agencies: Agencies) -> Iterator[Counted]:
    """Calls whose headers come and whose message doesn't, of an agency and of a certificate that isn't accepted."""
    held: queue.Queue[bytes] = queue.Queue()
    calls: list[Any] = []
    for name in (ATTACKER, "unknown"):
        for _ in range(5):
            caller = agencies.raw(name)
            stub: Any = caller.channel.stream_unary(f"/{LIST}")
            calls += [stub.future(_never(held), metadata=caller.metadata(bytes(32)), timeout=60) for _ in range(30)]
    counted = Counted(least=0)
    try:
        yield counted
        counted.answers = len(calls)
        counted.refused = sum(call.done() for call in calls)
    finally:
        for call in calls:
            call.cancel()
        for _ in calls:
            held.put(b"")


def _never(held: queue.Queue[bytes]) -> Iterator[bytes]:
    """A request that doesn't come."""
    held.get()
    yield from ()


@contextlib.contextmanager
def silent_streams(agencies: Agencies) -> Iterator[Counted]:
    """Streams of events that nobody reads: more than there are threads for streams."""
    request = notification_pb2.SubscribeEventsRequest()
    streams = [agencies.raw(ATTACKER, officer=True).stream(SUBSCRIBE, request) for _ in range(80)]
    counted = Counted(answers=len(streams), least=len(streams) - 8)
    until(lambda: sum(stream.done() for stream in streams) >= counted.least, seconds=60)
    try:
        yield counted
        counted.refused = sum(stream.done() for stream in streams)
        # An agency that reads has its events meanwhile.
        reading = agencies.raw("npb", officer=True).stream(SUBSCRIBE, request)
        assert next(reading)
        reading.cancel()
    finally:
        for stream in streams:
            stream.cancel()


@contextlib.contextmanager
def idle_connections(agencies: Agencies) -> Iterator[Counted]:
    """A thousand connections that say nothing: half of them not even hello, half of them after the handshake."""
    host, _, port = agencies.register.address.rpartition(":")
    key, certificate = agencies.files(ATTACKER)
    context = ssl.create_default_context(cafile=agencies.register.certs / "ca.pem")
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    with contextlib.ExitStack() as stack:
        for nth in range(CONNECTIONS):
            raw = stack.enter_context(socket.create_connection((host, int(port)), timeout=20))
            if nth % 2:
                stack.enter_context(context.wrap_socket(raw, server_hostname="localhost"))
        yield Counted(answers=CONNECTIONS, least=0)


def brief_connections(agencies: Agencies) -> AbstractContextManager[Counted]:
    """Connections that come and go, many at a time, from somebody without a certificate.

    A server that changes grpc's TLS configuration while others shake hands frees what they use (grpc/grpc#36693).
    """
    host, _, port = agencies.register.address.rpartition(":")

    def attempt() -> bool:
        # Until the server has hung up: how many a second fill its last bound says tests/rpc/test_connection_limits.py.
        with contextlib.suppress(ConnectionError), socket.create_connection((host, int(port)), timeout=20) as line:
            line.sendall(b"this is no hello")
            while line.recv(64):
                pass
        return True

    return repeated(24, attempt)


@pytest.mark.parametrize(
    "attack",
    [large_messages, large_metadata, silent_calls, silent_streams, idle_connections, brief_connections],
    ids=lambda attack: attack.__name__.replace("_", " "),
)
def test_neighbours_do_not_feel_it(attack: Attack, agencies: Agencies, quiet: float) -> None:
    # Every call of the other agencies is answered, and none waits behind the attacker's.
    with attack(agencies) as counted:
        measured = ask(agencies)
    print(
        f"{attack.__name__}: p99 {measured.p99 * 1e3:.1f} ms,"
        f" {measured.p99 / quiet:.1f} times the quiet {quiet * 1e3:.1f} ms;"
        f" {counted.refused} of {counted.answers} of the attacker's were refused"
    )
    assert agencies.register.process is not None
    assert agencies.register.process.poll() is None, "the server has ended"
    assert measured.failures == []
    assert counted.refused >= counted.least
    # And the attacker itself is served again, once it behaves.
    assert until(lambda: agencies.raw(ATTACKER).call(LIST, b"").code is grpc.StatusCode.OK, seconds=60)
