"""How calls come from grpc and how answers go back: the one file that uses names which grpcio keeps to itself.

grpcio's threaded server gives each call a thread of a pool, which waits there for the request's message and later for
whatever the call waits for. Here a call is taken in grpc's own thread, its message is heard of by a function, and it is
answered from whatever thread has the answer: no thread waits, so callers who send headers and no message hold none, and
a look-up costs a fifth less. The names below are private to grpcio, so it is pinned by hash, `check` looks at a start
whether they are there, and tests/rpc/test_transport.py has a test for each.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any, Final

import grpc
from grpc import _server
from grpc._cython import cygrpc  # type: ignore[attr-defined]  # compiled, without stubs

from nsor_server.alerts import Alert, alert
from nsor_server.config import OperatorError

TESTED: Final = ("1.85.",)
"""Beginnings of the versions of grpcio with which the names below were tried."""
NAMES: Final = {
    "grpc._server": (
        "_Context",
        "_handle_call",
        "_is_rpc_state_active",
        "_receive_message",
        "_RECEIVE_MESSAGE_TOKEN",
        "_send_response",
        "_status",
    ),
    "grpc._cython.cygrpc": ("ReceiveMessageOperation", "auth_context"),
}
_NO_FLAGS: Final = 0
_CERTIFICATE: Final = b"x509_pem_cert"


Metadata = tuple[tuple[str, str | bytes], ...]


class TransportError(OperatorError):
    """The grpcio that is installed isn't one that this file knows."""


def check() -> None:
    """See that grpcio has the names that are used here.

    Raises:
        TransportError: names what is missing, and the version.
    """
    modules = {"grpc._server": _server, "grpc._cython.cygrpc": cygrpc}
    missing = [
        f"{module}.{name}" for module, names in NAMES.items() for name in names if not hasattr(modules[module], name)
    ]
    if missing:
        raise TransportError(
            f"grpcio {version('grpcio')} has no {', '.join(missing)}; the register was tried with {'x, '.join(TESTED)}x"
        )


class Channel:
    """One call as grpc knows it.

    Attributes:
        standing: of its certificate, as whoever admitted the call gave it.
        admitted_seconds_left: what the caller had left then.
        was_cancelled: whether this side has given the call up.
    """

    __slots__ = ("_context", "_event", "_state", "admitted_seconds_left", "standing", "was_cancelled")

    def __init__(self, event: Any, state: Any, standing: Any, seconds_left: float) -> None:
        self._event = event
        self._state = state
        self.standing = standing
        self.admitted_seconds_left = seconds_left
        self.was_cancelled = False
        self._context = _server._Context(event, state, None)  # noqa: SLF001 - see above

    def metadata(self) -> Metadata:
        """The metadata that came with the call."""
        found: Metadata = self._event.invocation_metadata
        return found

    def certificate(self) -> bytes:
        """The PEM of the client's certificate as TLS has accepted it; empty if there isn't exactly one."""
        return _certificate(self._event.call)

    def seconds_left(self) -> float:
        """Seconds until the client gives up; very many for a call without a deadline."""
        left: float = self._event.call_details.deadline - time.time()
        return left

    def receive(self, received: Callable[[bytes | None], None]) -> None:
        """Have ``received`` hear the next message, in grpc's thread; None: there is none, or the caller is gone.

        Of a call that is over already it hears so at once, in this thread.
        """
        state = self._state
        heard = _server._receive_message(state, self._event.call, None)  # noqa: SLF001 - see above

        def hear(event: Any) -> Any:
            ended = heard(event)
            with self._alone():
                received(state.request)
            return ended

        with state.condition:
            # Of a call that is over grpc would hear a second time that it has ended, and its one thread would end.
            active = _server._is_rpc_state_active(state)  # noqa: SLF001 - see above
            if active:
                state.request = None  # or the end of a stream would be heard as the message before
                self._event.call.start_server_batch((cygrpc.ReceiveMessageOperation(_NO_FLAGS),), hear)
                state.due.add(_server._RECEIVE_MESSAGE_TOKEN)  # noqa: SLF001 - see above
        if not active:
            received(None)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Give the call up if anything is raised: grpc has one thread for this, and it would end for everybody."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - see above
            # Its text could hold values.
            alert(Alert.CALL_FAILED, "a call failed in grpc's thread (%s)", type(error).__name__)
            self.cancel()

    def accepted(self, accept: Accept) -> None:
        """Hand the call over, in grpc's thread."""
        with self._alone():
            accept(self)

    def answer(self, message: bytes, trailing: Metadata) -> None:
        """Answer with one message; nothing if the caller is gone."""
        self._state.trailing_metadata = trailing
        _server._status(self._event, self._state, message)  # noqa: SLF001 - see above

    def send(self, message: bytes) -> bool:
        """Send one message of a stream and wait until grpc has taken it; False: the caller is gone."""
        taken: bool = _server._send_response(self._event, self._state, message)  # noqa: SLF001 - see above
        return taken

    def end(self, code: grpc.StatusCode, details: str, trailing: Metadata) -> None:
        """End the call with a status and without a message."""
        state = self._state
        state.code = code
        state.details = details.encode()
        state.trailing_metadata = trailing
        _server._status(self._event, state, None)  # noqa: SLF001 - see above

    def when_over(self, over: Callable[[], None]) -> None:
        """Have ``over`` called in grpc's thread once the answer is sent or the caller is gone; at once if that is so.

        An answer is sent when the peer's HTTP/2 window has let all of it through.
        """
        if not self._context.add_callback(over):
            over()

    def is_active(self) -> bool:
        """Whether the caller still waits."""
        return bool(self._context.is_active())

    def cancel(self) -> None:
        """Give the call up: the caller hears CANCELLED."""
        self.was_cancelled = True
        self._context.cancel()

    def caller_left(self) -> bool:
        """Whether the caller has given the call up, and not this side."""
        return not self.was_cancelled and not self.is_active()


Accept = Callable[[Channel], None]
"""Takes a call, in grpc's thread: it may neither wait nor raise."""


def _certificate(call: Any) -> bytes:
    found = (cygrpc.auth_context(call) or {}).get(_CERTIFICATE, ())
    return bytes(found[0]) if len(found) == 1 else b""


Admit = Callable[[bytes, Callable[[], bytes], float], tuple[Any, bool]]
"""Says of a call by the address of its other end, what gives its certificate, and the seconds that it has left, how its
certificate stands and whether the call is taken. In grpc's thread: it may neither wait nor raise."""


def _anybody(_address: bytes, _certificate: Callable[[], bytes], _seconds_left: float) -> tuple[Any, bool]:
    return None, True


class _Finished:
    """What grpc gets for a thread's work: done already, so that grpc counts no thread."""

    def add_done_callback(self, done: Callable[[Any], None]) -> None:
        done(self)


class Acceptor:
    """What grpc takes for its pool of threads: it hands each call over at once, or drops it.

    The caller of one that is dropped, if it is still there, hears CANCELLED.
    """

    _finished: Final = _Finished()

    def __init__(self, admit: Admit = _anybody) -> None:
        self._admit = admit

    def takes(self, event: Any) -> bool:
        """Whether a call is taken; ``submit`` follows for one that is."""
        call, left = event.call, event.call_details.deadline - time.time()
        try:
            self._admitted, taken = self._admit(call.peer(), functools.partial(_certificate, call), left)
        except Exception as error:  # noqa: BLE001 - grpc has one thread for this, and it would end for everybody
            alert(Alert.CALL_FAILED, "a call couldn't be looked at in grpc's thread (%s)", type(error).__name__)
            taken = False
        self._left = left
        return taken

    def submit(self, _run: Any, _respond: Any, event: Any, state: Any, behaviour: Any, *_: Any) -> Any:
        """Take a call; ``behaviour`` is the ``Accept`` of its method."""
        Channel(event, state, self._admitted, self._left).accepted(behaviour)
        return self._finished

    def shutdown(self, *, wait: bool = True) -> None:
        """Nothing to stop: there are no threads."""


_handle_call: Any = getattr(_server, "_handle_call", None)  # `check` says so if it is missing


def _handle_admitted_call(event: Any, method: Any, interceptors: Any, pool: Any, exceeded: Any) -> Any:
    """In the place of grpc's own: before it has made anything for a call that is dropped, at 27 us instead of 46."""
    if event.success and isinstance(pool, Acceptor) and not pool.takes(event):
        event.call.cancel()
        return None, None
    return _handle_call(event, method, interceptors, pool, exceeded)


setattr(_server, "_handle_call", _handle_admitted_call)  # noqa: B010 - mypy allows no function in another's place


def handler(accept: Accept) -> grpc.RpcMethodHandler[Any, Any]:
    """The handler of a method, whatever it answers with."""
    found: grpc.RpcMethodHandler[Any, Any] = grpc.stream_stream_rpc_method_handler(accept)
    return found
