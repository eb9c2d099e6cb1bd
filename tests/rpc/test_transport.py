"""What the register relies on in names that grpcio keeps to itself: a new version that does it otherwise fails here."""

from __future__ import annotations

import os
import queue
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import _server
from grpc._cython import cygrpc  # type: ignore[attr-defined]  # compiled, without stubs

from nsor_server.rpc import transport
from nsor_server.rpc.transport import Channel, TransportError
from tests.attack import http2
from tests.polling import until

METHOD = "/test.Service/Method"
SECONDS = 10


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, accept: transport.Accept) -> None:
        self._handler = transport.handler(accept)

    def service(self, _details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        return self._handler


@dataclass
class Peers:
    """A server that hands calls to the test, and a client of it."""

    server: Any
    client: grpc.Channel
    calls: queue.SimpleQueue[Channel] = field(default_factory=queue.SimpleQueue)
    port: int = 0

    def taken(self) -> Channel:
        """The next call that has come."""
        return self.calls.get(timeout=SECONDS)

    def unary(self, message: bytes = b"request", **options: Any) -> Any:
        """Make a call with one message and don't wait for it."""
        options.setdefault("timeout", SECONDS)
        stub: Any = self.client.unary_unary(METHOD)
        return stub.future(message, **options)

    def stream(self, message: bytes = b"request") -> Any:
        stub: Any = self.client.unary_stream(METHOD)
        return stub(message, timeout=SECONDS)

    def headers(self, silent: threading.Event, messages: tuple[bytes, ...] = ()) -> Any:
        """Make a call whose message doesn't come; after ``silent`` is set its side ends, with these messages."""

        def nothing() -> Iterator[bytes]:
            silent.wait(SECONDS)
            yield from messages

        stub: Any = self.client.stream_unary(METHOD)
        return stub.future(nothing(), timeout=SECONDS)

    def forgotten(self) -> bool:
        """Whether grpc keeps no call any more."""
        return bool(until(lambda: not self.server._state.rpc_states, seconds=SECONDS))


@pytest.fixture
def peers() -> Iterator[Peers]:
    """Both, without TLS."""
    calls: queue.SimpleQueue[Channel] = queue.SimpleQueue()
    server = grpc.server(transport.Acceptor(), handlers=[_Handler(calls.put)])  # type: ignore[arg-type]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as client:
        yield Peers(server, client, calls, port)
    server.stop(None).wait()


def heard(channel: Channel) -> Callable[[], bytes | None]:
    """Receive, and wait for what is heard."""
    messages: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    channel.receive(messages.put)
    return lambda: messages.get(timeout=SECONDS)


def test_this_version_has_every_name() -> None:
    transport.check()


@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module, names in transport.NAMES.items() for name in names],
)
def test_a_name_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch, module: str, name: str) -> None:
    # At the start, before anything is served, with the version that is installed and those that were tried.
    monkeypatch.delattr({"grpc._server": _server, "grpc._cython.cygrpc": cygrpc}[module], name)
    with pytest.raises(TransportError) as caught:
        transport.check()
    assert f"{module}.{name};" in str(caught.value)
    assert grpc.__version__ in str(caught.value)
    assert transport.TESTED[0] in str(caught.value)


@pytest.mark.parametrize("message", [b"request", b"", bytes(100_000)])
def test_receive_message_hears_the_message(peers: Peers, message: bytes) -> None:
    # ReceiveMessageOperation and _receive_message: one that is empty is a message as well.
    call = peers.unary(message)
    channel = peers.taken()
    assert heard(channel)() == message
    channel.answer(b"answer", ())
    assert call.result() == b"answer"


def test_receive_message_hears_that_there_is_none(peers: Peers) -> None:
    silent = threading.Event()
    call = peers.headers(silent)
    channel = peers.taken()
    result = heard(channel)
    silent.set()
    assert result() is None
    channel.end(grpc.StatusCode.INVALID_ARGUMENT, "no message", ())
    assert call.exception().code() is grpc.StatusCode.INVALID_ARGUMENT


def test_to_receive_of_a_call_that_is_over_harms_no_other_call(peers: Peers) -> None:
    # _is_rpc_state_active: whoever gives a stream up between two messages would end grpc's one thread, for everybody.
    call = peers.stream()
    channel = peers.taken()
    assert heard(channel)() == b"request"
    call.cancel()
    assert peers.forgotten()
    assert heard(channel)() is None
    other = peers.unary()
    assert heard(peers.taken())() == b"request"
    other.cancel()


def test_receive_message_hears_that_the_call_is_given_up(peers: Peers) -> None:
    # This is how reception ends the waiting for a message that doesn't come.
    silent = threading.Event()
    call = peers.headers(silent)
    channel = peers.taken()
    result = heard(channel)
    channel.cancel()
    assert result() is None
    assert call.exception().code() is grpc.StatusCode.CANCELLED
    silent.set()


def test_receive_message_hears_that_the_caller_is_gone(peers: Peers) -> None:
    silent = threading.Event()
    call = peers.headers(silent)
    result = heard(peers.taken())
    call.cancel()
    assert result() is None
    silent.set()


def test_receive_message_token_lets_an_ended_call_be_forgotten(peers: Peers) -> None:
    # grpc keeps a call for as long as something of it is due: a wrong token would keep it for ever, or drop it early.
    silent = threading.Event()
    calls = [peers.unary(), peers.headers(silent), peers.headers(silent)]
    channels = [peers.taken() for _ in calls]
    results = [heard(channel) for channel in channels]
    assert len(peers.server._state.rpc_states) == 3
    silent.set()
    for channel, result in zip(channels, results, strict=True):
        result()
        channel.end(grpc.StatusCode.UNAVAILABLE, "", ())
    assert peers.forgotten()


def test_status_answers_with_a_message_and_trailing_metadata(peers: Peers) -> None:
    call = peers.unary()
    channel = peers.taken()
    heard(channel)()
    receipt = os.urandom(3000)
    channel.answer(b"answer", (("nsor-receipt-bin", receipt),))
    assert call.result() == b"answer"
    assert call.code() is grpc.StatusCode.OK
    assert dict(call.trailing_metadata())["nsor-receipt-bin"] == receipt
    assert peers.forgotten()


def test_status_ends_with_a_code_details_and_trailing_metadata(peers: Peers) -> None:
    call = peers.unary()
    channel = peers.taken()
    heard(channel)()
    channel.end(grpc.StatusCode.NOT_FOUND, "نہیں ملا", (("grpc-status-details-bin", b"\0status"),))
    assert call.exception().code() is grpc.StatusCode.NOT_FOUND
    assert call.details() == "نہیں ملا"
    assert dict(call.trailing_metadata())["grpc-status-details-bin"] == b"\0status"
    assert peers.forgotten()


def test_status_says_nothing_to_a_caller_that_is_gone(peers: Peers) -> None:
    # An answer that comes too late raises nothing in the writer's thread.
    call = peers.unary()
    channel = peers.taken()
    heard(channel)()
    call.cancel()
    assert until(lambda: not channel.is_active(), seconds=SECONDS)
    channel.answer(b"answer", ())
    channel.end(grpc.StatusCode.INTERNAL, "", ())
    assert peers.forgotten()


def test_an_answer_may_come_from_any_thread(peers: Peers) -> None:
    call = peers.unary()
    channel = peers.taken()
    heard(channel)()
    thread = threading.Thread(target=channel.answer, args=(b"answer", ()))
    thread.start()
    thread.join()
    assert call.result() == b"answer"


def test_send_response_sends_a_stream_that_then_ends(peers: Peers) -> None:
    call = peers.stream()
    channel = peers.taken()
    heard(channel)()
    assert channel.send(b"one")
    assert next(call) == b"one"
    assert channel.send(b"two")
    channel.end(grpc.StatusCode.OK, "", ())
    assert list(call) == [b"two"]
    assert call.code() is grpc.StatusCode.OK
    assert peers.forgotten()


def test_send_response_waits_for_a_caller_that_does_not_read(peers: Peers) -> None:
    # Otherwise messages for it would pile up in memory.
    call = peers.stream()
    channel = peers.taken()
    heard(channel)()
    taken: list[bool] = []

    def send() -> None:
        taken.extend(channel.send(bytes(1_000_000)) for _ in range(20))
        channel.end(grpc.StatusCode.OK, "", ())

    thread = threading.Thread(target=send)
    thread.start()
    thread.join(1)
    assert thread.is_alive()
    assert len(taken) < 20
    assert sum(1 for _ in call) == 20
    thread.join(SECONDS)
    assert taken == [True] * 20


def test_send_response_says_that_the_caller_is_gone(peers: Peers) -> None:
    call = peers.stream()
    channel = peers.taken()
    heard(channel)()
    call.cancel()
    assert until(lambda: not channel.is_active(), seconds=SECONDS)
    assert not channel.send(b"one")
    channel.end(grpc.StatusCode.CANCELLED, "", ())
    assert peers.forgotten()


def test_context_says_whether_the_caller_waits_and_gives_it_up(peers: Peers) -> None:
    call = peers.unary()
    channel = peers.taken()
    heard(channel)()
    assert channel.is_active()
    channel.cancel()
    assert call.exception().code() is grpc.StatusCode.CANCELLED
    assert until(lambda: not channel.is_active(), seconds=SECONDS)


@pytest.mark.parametrize("seconds", [5.0, None])
def test_a_call_knows_its_callers_deadline(peers: Peers, seconds: float | None) -> None:
    call = peers.unary(timeout=seconds)
    channel = peers.taken()
    left = channel.seconds_left()
    assert left > 1e8 if seconds is None else 3 < left < 6
    channel.cancel()
    call.exception()


def test_a_call_has_its_metadata(peers: Peers) -> None:
    call = peers.unary(metadata=(("nsor-nonce-bin", b"\0\xff"), ("traceparent", "00")))
    channel = peers.taken()
    found = dict(channel.metadata())
    assert (found["nsor-nonce-bin"], found["traceparent"]) == (b"\0\xff", "00")
    channel.cancel()
    call.exception()


def test_auth_context_has_the_certificate_that_tls_accepted(certificates: Path) -> None:
    calls: queue.SimpleQueue[Channel] = queue.SimpleQueue()
    server = grpc.server(transport.Acceptor(), handlers=[_Handler(calls.put)])  # type: ignore[arg-type]
    ca = (certificates / "ca.pem").read_bytes()
    own = (certificates / "server.key").read_bytes(), (certificates / "server.pem").read_bytes()
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([own], ca, require_client_auth=True))
    server.start()
    key, chain = (certificates / "agencies" / f"npb.{end}" for end in ("key", "pem"))
    credentials = grpc.ssl_channel_credentials(ca, key.read_bytes(), chain.read_bytes())
    with grpc.secure_channel(f"localhost:{port}", credentials) as client:
        call = Peers(server, client, calls).unary()
        channel = calls.get(timeout=SECONDS)
        found = channel.certificate()
        channel.cancel()
        call.exception()
    server.stop(None).wait()
    leaf, end, _ = chain.read_bytes().partition(b"-----END CERTIFICATE-----\n")
    assert found == leaf + end


def test_auth_context_has_none_without_tls(peers: Peers) -> None:
    call = peers.unary()
    channel = peers.taken()
    assert channel.certificate() == b""
    channel.cancel()
    call.exception()


def test_calls_that_wait_hold_no_thread(peers: Peers) -> None:
    silent = threading.Event()
    threads = set(threading.enumerate())
    calls = [peers.unary() for _ in range(100)]
    channels = [peers.taken() for _ in calls]
    for channel in channels:
        heard(channel)()
    server_threads = {each for each in threading.enumerate() if each not in threads and "_channel" not in repr(each)}
    assert len(server_threads) <= 2
    # Nor does grpc count one: it would wait for it when the server stops, and refuse calls beyond a number of them.
    assert peers.server._state.active_rpc_count == 0
    for channel in channels:
        channel.answer(b"", ())
    assert [call.result() for call in calls] == [b""] * 100
    silent.set()


@pytest.mark.parametrize("where", ["accept", "received"])
def test_a_call_that_can_not_be_taken_stops_no_other(where: str) -> None:
    # grpc takes all calls in one thread, which an exception of ours would end.
    accepted: list[Channel] = []

    def accept(channel: Channel) -> None:
        accepted.append(channel)
        first = len(accepted) == 1
        if first and where == "accept":
            raise RuntimeError("3520212345671")

        def received(message: bytes | None) -> None:
            if first:
                raise RuntimeError("3520212345671")
            channel.answer(message or b"", ())

        channel.receive(received)

    server = grpc.server(transport.Acceptor(), handlers=[_Handler(accept)])  # type: ignore[arg-type]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as client:
        stub: Any = client.unary_unary(METHOD)
        with pytest.raises(grpc.RpcError) as refused:
            stub(b"first", timeout=SECONDS)
        assert refused.value.code() is grpc.StatusCode.CANCELLED
        assert "3520212345671" not in str(refused.value.details())
        assert stub(b"second", timeout=SECONDS) == b"second"
    server.stop(None).wait()


def test_the_server_stops_when_its_calls_have_ended(peers: Peers) -> None:
    # grpc counts no thread of the acceptor's: it waits for the calls alone.
    call = peers.unary()
    channel = peers.taken()
    heard(channel)()
    stopped = peers.server.stop(SECONDS)
    threading.Timer(0.5, channel.answer, (b"answer", ())).start()
    began = time.monotonic()
    stopped.wait()
    assert time.monotonic() - began < SECONDS / 2
    assert call.result() == b"answer"


def test_a_call_that_is_not_taken_is_cancelled_and_forgotten() -> None:
    # _handle_call: grpc has made nothing for it, and other servers of the process take their calls as ever.
    asked: list[tuple[bytes, float]] = []

    def nobody(address: bytes, _certificate: Callable[[], bytes], seconds_left: float) -> tuple[None, bool]:
        asked.append((address, seconds_left))
        return None, False

    calls: queue.SimpleQueue[Channel] = queue.SimpleQueue()
    server: Any = grpc.server(transport.Acceptor(nobody), handlers=[_Handler(calls.put)])  # type: ignore[arg-type]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as client:
        stub: Any = client.unary_unary(METHOD)
        made = [stub.future(b"request", timeout=SECONDS) for _ in range(100)]
        assert {call.exception().code() for call in made} == {grpc.StatusCode.CANCELLED}
    assert not server._state.rpc_states
    assert calls.empty()
    assert len(asked) == 100
    address, left = asked[0]
    assert address.startswith(b"ipv4:127.0.0.1:")
    assert 0 < left <= 2 * SECONDS
    server.stop(None).wait()


def test_what_admits_gives_the_standing_that_the_channel_has() -> None:
    standing = object()
    calls: queue.SimpleQueue[Channel] = queue.SimpleQueue()
    acceptor = transport.Acceptor(lambda _address, _certificate, _left: (standing, True))
    server = grpc.server(acceptor, handlers=[_Handler(calls.put)])  # type: ignore[arg-type]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as client:
        stub: Any = client.unary_unary(METHOD)
        made = stub.future(b"request", timeout=SECONDS)
        channel = calls.get(timeout=SECONDS)
        assert channel.standing is standing
        channel.answer(b"answer", ())
        assert made.result() == b"answer"
    server.stop(None).wait()


def test_an_answer_is_over_when_the_peers_window_has_let_it_through(peers: Peers) -> None:
    # A peer whose window is shut holds the answer in our memory; it is a place of its agency's for so long.
    with socket.create_connection(("127.0.0.1", peers.port), timeout=SECONDS) as peer:
        shut = http2.frame(http2.SETTINGS, 0, 0, struct.pack(">HI", http2.SETTINGS_INITIAL_WINDOW, 0))
        call = http2.call(1, http2.headers(METHOD, ""))
        peer.sendall(http2.PREFACE + shut + call)
        channel = peers.taken()
        assert heard(channel)() == b""
        over = threading.Event()
        channel.answer(b"answer", ())
        channel.when_over(over.set)
        # Whatever the server does on its own it has done when it answers a ping that came after.
        peer.sendall(http2.frame(http2.PING, 0, 0, b"12345678"))
        _read_until(peer, http2.frame(http2.PING, http2.ACK, 0, b"12345678"))
        assert not over.is_set()
        peer.sendall(http2.frame(http2.WINDOW_UPDATE, 0, 1, struct.pack(">I", 1 << 20)))
        assert over.wait(SECONDS)


def test_a_call_whose_caller_is_gone_is_over_at_once(peers: Peers) -> None:
    silent = threading.Event()
    call = peers.headers(silent)
    channel = peers.taken()
    result = heard(channel)
    assert not channel.caller_left()
    call.cancel()
    assert result() is None
    assert until(channel.caller_left, seconds=SECONDS)
    over = threading.Event()
    channel.when_over(over.set)
    assert over.wait(SECONDS)
    silent.set()


def test_a_call_that_this_side_gives_up_is_not_the_callers_doing(peers: Peers) -> None:
    silent = threading.Event()
    call = peers.headers(silent)
    channel = peers.taken()
    result = heard(channel)
    channel.cancel()
    assert result() is None
    assert call.exception().code() is grpc.StatusCode.CANCELLED
    assert until(lambda: not channel.is_active(), seconds=SECONDS)
    assert not channel.caller_left()
    silent.set()


def _read_until(peer: socket.socket, wanted: bytes) -> None:
    data = b""
    while wanted not in data:
        more = peer.recv(65_536)
        assert more, "the connection has ended"
        data += more
