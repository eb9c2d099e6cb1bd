"""Connections: how long idle ones stay, how many a certificate and all may have, and how fast anybody fills that."""

from __future__ import annotations

import contextlib
import socket
import ssl
import urllib.request
from collections.abc import Iterator

import grpc
import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import directory_pb2, notification_pb2
from nsor_server.rpc import connections, server
from tests.attack import http2
from tests.polling import until
from tests.ports import free_address
from tests.rpc.callers import Serve, Serving

LIST = "nsor.v1.DirectoryService/ListAgencies"
SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"
REQUEST = directory_pb2.ListAgenciesRequest()
SECONDS = 60.0
BLOCK = http2.headers(f"/{LIST}", "")


def address(serving: Serving) -> tuple[str, int]:
    host, _, port = serving.address.rpartition(":")
    return host, int(port)


@pytest.fixture
def bare() -> Iterator[list[socket.socket]]:
    """Sockets that are closed at the end."""
    opened: list[socket.socket] = []
    yield opened
    for each in opened:
        each.close()


def idle(serving: Serving, name: str) -> ssl.SSLSocket:
    """A connection of an agency that has shaken hands and never calls."""
    key, certificate = serving.files_of(name)
    tls = http2.context(serving.certificates / "ca.pem", certificate, key)
    peer = http2.connect(address(serving), tls, seconds=SECONDS)
    peer.sendall(http2.begin())
    return peer


def is_closed(peer: socket.socket) -> bool:
    """Whether the server has closed a connection: nothing more is to be read."""
    peer.settimeout(SECONDS)
    try:
        while peer.recv(65_536):
            pass
    except ConnectionError:
        return True
    return True


def test_a_handshake_that_does_not_end_is_given_up(
    serve: Serve, bare: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    # By default grpc waits for 120 s, in which 4,500 of them have shut out everybody.
    monkeypatch.setattr(server, "HANDSHAKE_MS", 1_000)
    with serve() as serving:
        bare.append(socket.create_connection(address(serving), timeout=SECONDS))
        assert is_closed(bare[0])


def test_a_connection_that_never_calls_is_closed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "IDLE_CONNECTION_MS", 1_000)
    with serve() as serving, idle(serving, "punjab-police") as peer:
        assert is_closed(peer)


def test_a_connection_with_an_open_call_stays(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    # A stream of events is silent for minutes, and its connection is not idle.
    monkeypatch.setattr(server, "IDLE_CONNECTION_MS", 500)
    with serve() as serving:
        stream = serving.caller("punjab-police", officer=True).stream(
            SUBSCRIBE, notification_pb2.SubscribeEventsRequest()
        )
        assert until(lambda: serving.open_streams == 1, seconds=SECONDS)
        # One that says nothing is closed meanwhile.
        with idle(serving, "npb") as peer:
            assert is_closed(peer)
        assert serving.open_streams == 1
        assert not stream.done()
        stream.cancel()


def test_anybody_can_fill_the_total_and_the_time_of_the_handshake_empties_it(
    serve: Serve, bare: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without a certificate. So it takes CONNECTIONS / HANDSHAKE_MS new ones a second to keep everybody out, and the
    # limit per address is the firewall's.
    per_second = server.CONNECTIONS / (server.HANDSHAKE_MS / 1_000)
    assert per_second > 800
    print(f"{per_second:.0f} new connections a second keep everybody out")
    monkeypatch.setattr(server, "CONNECTIONS", 20)
    monkeypatch.setattr(server, "HANDSHAKE_MS", 3_000)
    with serve() as serving:
        # The register's own renewal shakes hands with itself now and then.
        bare.extend(socket.create_connection(address(serving), timeout=SECONDS) for _ in range(40))
        caller = serving.caller("npb")
        assert caller.call(LIST, REQUEST).code is grpc.StatusCode.UNAVAILABLE
        assert until(lambda: caller.call(LIST, REQUEST).code is grpc.StatusCode.OK, seconds=SECONDS)


def calling(serving: Serving, name: str, ends: contextlib.ExitStack) -> ssl.SSLSocket:
    """A connection of an agency that has called once; one too many may be gone before the answer is there."""
    peer = ends.enter_context(idle(serving, name))
    with contextlib.suppress(ConnectionError):
        http2.ask(peer, 1, BLOCK)
    return peer


def answers(peer: ssl.SSLSocket) -> bool:
    """Whether a connection still has its calls answered."""
    return bool(http2.ask(peer, 3, BLOCK))


def test_a_certificate_keeps_its_connections_up_to_the_bound_and_nobody_else_feels_it(serve: Serve) -> None:
    listen = free_address()
    with serve(connections_per_certificate=5, metrics_listen=listen) as serving, contextlib.ExitStack() as ends:
        others = [calling(serving, "npb", ends) for _ in range(5)]
        opened = [calling(serving, "punjab-police", ends) for _ in range(12)]
        assert all(is_closed(peer) for peer in opened[5:])
        assert all(answers(peer) for peer in (*opened[:5], *others))
        # The agency and NPB hear of it, and it is on record.
        query = "SELECT array_agg(DISTINCT agency_id ORDER BY agency_id) FROM agency_event WHERE kind = %s"
        kind = notification_pb2.EVENT_KIND_CALLS_DROPPED
        assert until(lambda: serving.one(query, (kind,)), seconds=SECONDS) == ["npb", "punjab-police"]
        query = "SELECT coalesce(array_agg(leaf), '{}') FROM ledger_entry WHERE agency = 'punjab-police'"

        def recorded() -> int:
            leaves = [leaf_pb2.Leaf.FromString(leaf) for leaf in serving.one(query)]
            return sum(leaf.count for leaf in leaves if leaf.method == "_OTHER")

        assert until(lambda: recorded() == 7, seconds=SECONDS)

        def counted() -> str:
            with urllib.request.urlopen(f"http://{listen}/metrics", timeout=SECONDS) as page:
                return str(page.read().decode())

        assert until(lambda: 'nsor_connections_closed_total{agency="punjab-police"} 7.0' in counted(), seconds=SECONDS)
        assert 'nsor_connections_closed_total{agency="npb"}' not in counted()


def test_the_connections_of_a_certificate_that_was_revoked_go(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "WORDS_SECONDS", 1.0)
    with serve() as serving, contextlib.ExitStack() as ends:
        other = calling(serving, "npb", ends)
        opened = [calling(serving, "punjab-police", ends) for _ in range(8)]
        caller = serving.caller("punjab-police")
        serving.revoke("punjab-police")
        # It goes on calling, on a connection that stays for it to hear why.
        assert until(lambda: caller.call(LIST, REQUEST).reason == "CERTIFICATE_NOT_ACTIVE", seconds=SECONDS)
        caller.call(LIST, REQUEST)
        assert all(is_closed(peer) for peer in opened)
        assert answers(other)


def test_a_certificate_that_is_revoked_already_keeps_four(serve: Serve) -> None:
    with serve() as serving, contextlib.ExitStack() as ends:
        opened = [calling(serving, "revoked", ends) for _ in range(8)]
        assert all(is_closed(peer) for peer in opened[4:])
        assert all(answers(peer) for peer in opened[:4])
