"""How many connections a certificate keeps, over real sockets. The clock is the test's."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator

import pytest

from nsor_server.access.penalties import PENALTY_SECONDS, Penalties, Standing
from nsor_server.rpc.connections import NOT_ACCEPTED, WORDS_SECONDS, Connections

MOST = 6


class Scene:
    """A port with connections to it, both ends in this process, as the sockets of a server and of others are."""

    def __init__(self, ends: contextlib.ExitStack, host: str = "127.0.0.1") -> None:
        self.now = 1_000.0
        self.ends = ends
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = ends.enter_context(socket.create_server((host, 0), family=family, dualstack_ipv6=host == "::"))
        self.port = self.listener.getsockname()[1]
        self.connections = Connections(MOST, lambda: self.now)
        self.connections.listening(self.port)

    def certificate(self, *, accepted: bool = True) -> Standing:
        return Penalties(lambda _agency: False).standing("punjab-police", self.now, accepted=accepted)

    def connect(self, standing: Standing | None = None, host: str = "127.0.0.1") -> Connection:
        """A new connection; it calls at once if it is a certificate's."""
        here = self.ends.enter_context(socket.create_connection((host, self.port), timeout=60))
        there = self.ends.enter_context(self.listener.accept()[0])
        made = Connection(here, there)
        if standing is not None:
            self.connections.seen(standing, made.peer)
        return made


class Connection:
    """Both ends of a connection."""

    def __init__(self, here: socket.socket, there: socket.socket) -> None:
        self.here, self.there = here, there
        port = here.getsockname()[1]
        self.peer = f"ipv4:127.0.0.1:{port}".encode()

    @property
    def is_open(self) -> bool:
        """Whether what this end says arrives."""
        self.there.settimeout(60)
        with contextlib.suppress(OSError):
            self.here.sendall(b"x")
            return self.there.recv(1) == b"x"
        return False

    def close(self) -> None:
        self.here.close()
        self.there.close()


@pytest.fixture
def scenes() -> Iterator[Callable[..., Scene]]:
    with contextlib.ExitStack() as ends:
        yield lambda *host: Scene(ends, *host)


def test_the_newest_beyond_the_bound_go_and_nobody_elses(scenes: Callable[..., Scene]) -> None:
    scene = scenes()
    greedy, other = scene.certificate(), scene.certificate()
    of_other = [scene.connect(other) for _ in range(MOST)]
    opened = [scene.connect(greedy) for _ in range(MOST + 4)]
    silent = scene.connect()
    scene.connections.look()
    assert [each.is_open for each in opened] == [True] * MOST + [False] * 4
    assert all(each.is_open for each in (*of_other, silent))
    assert (greedy.closed, other.closed) == (4, 0)


def test_it_is_told_once_a_minute(scenes: Callable[..., Scene]) -> None:
    scene = scenes()
    greedy = scene.certificate()
    told = []
    for later in (0.0, 1.0, PENALTY_SECONDS):
        scene.now += later
        for _ in range(MOST + 1):
            scene.connect(greedy)
        scene.connections.look()
        told.append(greedy.crowded)
    assert told == [1, 1, 2]


def test_addresses_that_went_are_forgotten(scenes: Callable[..., Scene]) -> None:
    # A client that reconnects for months has no more connections than it has.
    scene = scenes()
    honest = scene.certificate()
    for _ in range(5):
        opened = [scene.connect(honest) for _ in range(MOST)]
        scene.connections.look()
        assert all(each.is_open for each in opened)
        for each in opened:
            each.close()
    assert (honest.closed, honest.crowded) == (0, 0)
    assert len(scene.connections._owners) <= 2 * MOST


def test_a_certificate_that_is_not_accepted_keeps_few(scenes: Callable[..., Scene]) -> None:
    scene = scenes()
    revoked = scene.certificate(accepted=False)
    opened = [scene.connect(revoked) for _ in range(MOST)]
    scene.connections.look()
    assert [each.is_open for each in opened] == [True] * NOT_ACCEPTED + [False] * (MOST - NOT_ACCEPTED)


def test_after_a_revocation_the_one_that_called_is_left_to_hear_why(scenes: Callable[..., Scene]) -> None:
    scene = scenes()
    revoked, other = scene.certificate(), scene.certificate()
    opened, of_other = [scene.connect(revoked) for _ in range(3)], scene.connect(other)
    scene.connections.end_all_but(revoked, opened[1].peer)
    # Streams are first to end by themselves, with the reason.
    scene.connections.look()
    assert all(each.is_open for each in opened)
    scene.now += WORDS_SECONDS
    scene.connections.look()
    assert [each.is_open for each in opened] == [False, True, False]
    assert of_other.is_open


def test_an_address_is_whoevers_that_called_from_it_last(scenes: Callable[..., Scene]) -> None:
    # Two agencies behind one address of a network use the same ports in turn.
    scene = scenes()
    before, now = scene.certificate(), scene.certificate()
    opened = scene.connect(before)
    scene.connections.seen(now, opened.peer)
    assert not scene.connections._addresses[before]
    scene.connections.end_all_but(before, b"ipv4:127.0.0.1:1")
    scene.now += WORDS_SECONDS
    scene.connections.look()
    assert opened.is_open


def test_connections_to_another_port_are_left_alone(scenes: Callable[..., Scene]) -> None:
    # The process has others: to the database, to a collector of spans, to a witness.
    scene, elsewhere = scenes(), scenes()
    greedy = scene.certificate()
    opened = [elsewhere.connect() for _ in range(MOST + 2)]
    for each in opened:
        scene.connections.seen(greedy, each.peer)
    scene.connections.look()
    assert all(each.is_open for each in opened)


@pytest.mark.parametrize(
    ("listens", "host", "written"),
    [
        ("::", "127.0.0.1", "ipv6:%5B::ffff:127.0.0.1%5D:{port}"),
        ("::", "127.0.0.1", "ipv4:127.0.0.1:{port}"),
        ("::1", "::1", "ipv6:%5B::1%5D:{port}"),
    ],
)
def test_addresses_of_ipv6_are_read_as_grpc_writes_them(
    scenes: Callable[..., Scene], listens: str, host: str, written: str
) -> None:
    scene = scenes(listens)
    greedy = scene.certificate()
    opened = [scene.connect(host=host) for _ in range(MOST + 2)]
    for each in opened:
        scene.connections.seen(greedy, written.format(port=each.here.getsockname()[1]).encode())
    scene.connections.look()
    assert [each.is_open for each in opened] == [True] * MOST + [False] * 2


@pytest.mark.parametrize(
    "peer", [b"", b"unix:/run/x", b"ipv4:localhost:1", b"ipv4:127.0.0.1:", b"ipv6:%5B%5D:1", b"\xff"]
)
def test_what_is_no_address_is_not_counted(scenes: Callable[..., Scene], peer: bytes) -> None:
    scene = scenes()
    scene.connections.seen(scene.certificate(), peer)
    assert not scene.connections._owners
