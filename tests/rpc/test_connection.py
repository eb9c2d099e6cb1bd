"""One connection may be used for ever: no call that has ended, however it ended, still counts as open on it."""

import gc
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from nsor.v1 import directory_pb2, notification_pb2
from nsor_server.ledger.entry import LedgerUnavailable
from nsor_server.rpc.server import STREAMS_PER_CONNECTION
from nsor_server.rpc.transport import Channel
from tests.polling import until
from tests.rpc.callers import Caller, Serve, Serving
from tests.rpc.test_front_door import LIST, LOOK_UP, look_up

SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"
CREATE = "nsor.v1.RegistrationService/CreateRegistration"
SECONDS = 120
STATES = grpc.StatusCode

Kind = Callable[[Caller], grpc.StatusCode]


def _future(caller: Caller, method: str, message: bytes, **options: Any) -> Any:
    stub: Any = caller.channel.unary_unary(f"/{method}")
    options.setdefault("timeout", SECONDS)
    return stub.future(message, metadata=caller.metadata(os.urandom(32)), **options)


def _end(call: Any) -> grpc.StatusCode:
    call.exception()
    code: grpc.StatusCode = call.code()
    return code


def _answered(caller: Caller) -> grpc.StatusCode:
    return _end(_future(caller, LIST, b""))


def _looked_up(caller: Caller) -> grpc.StatusCode:
    return _end(_future(caller, LOOK_UP, look_up().SerializeToString()))


def _wrong(caller: Caller) -> grpc.StatusCode:
    return _end(_future(caller, LOOK_UP, look_up("1").SerializeToString()))


def _malformed(caller: Caller) -> grpc.StatusCode:
    return _end(_future(caller, LIST, b"\xff\xff"))


def _denied(caller: Caller) -> grpc.StatusCode:
    return _end(_future(caller, CREATE, b""))


def _unknown(caller: Caller) -> grpc.StatusCode:
    return _end(_future(caller, "nsor.v1.LookupService/Nothing", b""))


def _health(caller: Caller) -> grpc.StatusCode:
    return _end(_future(caller, "grpc.health.v1.Health/Check", b""))


def _no_such_service(caller: Caller) -> grpc.StatusCode:
    request = health_pb2.HealthCheckRequest(service="nothing").SerializeToString()
    return _end(_future(caller, "grpc.health.v1.Health/Check", request))


def _late(caller: Caller) -> grpc.StatusCode:
    return _end(_future(caller, LIST, b"", timeout=0.002))


def _cancelled(caller: Caller) -> grpc.StatusCode:
    call = _future(caller, LOOK_UP, look_up().SerializeToString())
    call.cancel()
    return grpc.StatusCode.CANCELLED


def _cancelled_before_its_message(caller: Caller) -> grpc.StatusCode:
    silent = threading.Event()

    def nothing() -> Iterator[bytes]:
        silent.wait(SECONDS)
        yield from ()

    stub: Any = caller.channel.stream_unary(f"/{LIST}")
    call = stub.future(nothing(), metadata=caller.metadata(os.urandom(32)), timeout=SECONDS)
    call.add_done_callback(lambda _call: silent.set())
    call.cancel()
    silent.set()
    return grpc.StatusCode.CANCELLED


def _without_a_message(caller: Caller) -> grpc.StatusCode:
    stub: Any = caller.channel.stream_unary(f"/{LIST}")
    return _end(stub.future(iter(()), metadata=caller.metadata(os.urandom(32)), timeout=SECONDS))


def _two_messages(caller: Caller) -> grpc.StatusCode:
    stub: Any = caller.channel.stream_unary(f"/{LIST}")
    return _end(stub.future(iter((b"", b"")), metadata=caller.metadata(os.urandom(32)), timeout=SECONDS))


def _unary_as_a_stream(caller: Caller) -> grpc.StatusCode:
    call = caller.stream(LIST, directory_pb2.ListAgenciesRequest())
    assert len(list(call)) == 1
    return _end(call)


def _stream_as_unary(caller: Caller) -> grpc.StatusCode:
    request = notification_pb2.SubscribeEventsRequest(after_sequence=9).SerializeToString()
    return _end(_future(caller, SUBSCRIBE, request))


def _stream_cancelled(caller: Caller) -> grpc.StatusCode:
    call = caller.stream(SUBSCRIBE, notification_pb2.SubscribeEventsRequest())
    call.cancel()
    return grpc.StatusCode.CANCELLED


KINDS = (
    _answered,
    _looked_up,
    _wrong,
    _malformed,
    _denied,
    _unknown,
    _health,
    _no_such_service,
    _late,
    _cancelled,
    _cancelled_before_its_message,
    _without_a_message,
    _two_messages,
    _unary_as_a_stream,
    _stream_as_unary,
    _stream_cancelled,
)


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """What is freed is freed by itself: under load the collector of cycles comes late."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _kept() -> int:
    """How many calls grpc counts as open, since somebody holds them."""
    return sum(isinstance(each, Channel) for each in gc.get_objects())


def _all_are_freed(caller: Caller) -> bool:
    """Whether none is held after one more call, but for those that a thread is about to let go."""
    return bool(until(lambda: _answered(caller) is STATES.OK and _kept() == 0, seconds=SECONDS))


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.strip("_"))
def test_nobody_holds_a_call_that_has_ended(shared: Serving, kind: Kind) -> None:
    caller = shared.caller("fia-immigration", officer=True)
    for _ in range(20):
        kind(caller)
    assert _all_are_freed(caller)


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("failure", [LedgerUnavailable, RuntimeError])
def test_nobody_holds_a_look_up_that_has_failed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise failure("not now")

    with serve() as serving:
        caller = serving.caller("fia-immigration", officer=True)
        monkeypatch.setattr("nsor_server.rpc.batches.Batches._decide_grouped", failing)
        assert {_looked_up(caller) for _ in range(20)} <= {STATES.UNAVAILABLE, STATES.INTERNAL}
        monkeypatch.undo()
        assert _all_are_freed(caller)


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("kind", [_answered, _stream_as_unary], ids=["unary", "stream"])
def test_a_connection_outlives_calls_beyond_a_limit(serve: Serve, kind: Kind) -> None:
    # grpc refuses the calls of a connection that has as many open as it may: UNAVAILABLE, without a reason.
    with serve(rate_per_second=1) as serving:
        caller = serving.caller("fia-immigration", officer=True)
        codes = [kind(caller) for _ in range(STREAMS_PER_CONNECTION + 40)]
        assert codes[-1] is STATES.RESOURCE_EXHAUSTED
        assert STATES.UNAVAILABLE not in codes
