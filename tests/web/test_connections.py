"""Whoever connects to a console and isn't let in neither fills it nor keeps it busy."""

import contextlib
import http.client
import socket
from collections.abc import Iterator

import pytest
from aiohttp import web

from nsor.web import connections, running, site
from nsor.web.admission import OneTime
from tests.polling import until
from tests.web.conftest import Site, running_site

SECONDS = 60.0
LONG = "x" * 2_000_000
"""More than the sockets between two processes hold."""


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)


def asks(connection: http.client.HTTPConnection, small: Site, cookie: str) -> int:
    """The status of a request on a connection that is kept."""
    connection.request("GET", f"{small.who.path}/en/", headers={"Cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def is_ended(one: socket.socket) -> bool:
    """Whether the other end has ended a connection; waits for it."""
    try:
        return one.recv(1) == b""
    except ConnectionError:
        return True


def is_open(one: socket.socket) -> bool:
    """Whether a connection is still there, now."""
    one.settimeout(0)
    try:
        return one.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    finally:
        one.settimeout(SECONDS)


def test_many_connections_of_strangers_end_each_other_and_not_the_browsers(
    small: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CONNECTIONS", 5)
    cookie = small.cookie()
    browser = http.client.HTTPConnection("127.0.0.1", small.port, timeout=SECONDS)
    with contextlib.closing(browser), contextlib.ExitStack() as stack:
        assert asks(browser, small, cookie) == 200
        strangers = [stack.enter_context(connected(small.port)) for _ in range(30)]
        assert all(map(is_ended, strangers[:26]))
        assert asks(browser, small, cookie) == 200  # on the connection that it had
        assert [is_open(each) for each in strangers[26:]] == [True] * 4
        # A browser that comes later is let in all the same.
        assert small.ask(f"{small.who.path}/en/", Cookie=cookie).status == 200


def test_where_all_are_browsers_connections_a_new_one_is_ended(small: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "CONNECTIONS", 3)
    cookie = small.cookie()
    with contextlib.ExitStack() as stack:
        kept = [
            stack.enter_context(
                contextlib.closing(http.client.HTTPConnection("127.0.0.1", small.port, timeout=SECONDS))
            )
            for _ in range(3)
        ]
        assert {asks(each, small, cookie) for each in kept} == {200}
        with connected(small.port) as late:
            assert is_ended(late)
        assert {asks(each, small, cookie) for each in kept} == {200}
        kept[0].close()
        assert until(lambda: _is_let_in(small, cookie), seconds=SECONDS)


def _is_let_in(small: Site, cookie: str) -> bool:
    try:
        return small.ask(f"{small.who.path}/en/", Cookie=cookie).status == 200
    except (ConnectionError, http.client.HTTPException):
        return False


@pytest.fixture
def long() -> Iterator[Site]:
    """A site whose page is long."""

    def build(who: OneTime, origins: object) -> web.Application:
        async def page(_request: web.Request) -> web.StreamResponse:
            return web.Response(text=LONG)

        made = site.application(who, origins)  # type: ignore[arg-type]  # as it is given
        site.page(made, who, "", page)
        return made

    with running_site(build) as (port, who):
        yield Site(port, who)


def test_a_reader_that_does_not_read_is_ended(long: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its answers wait for it in memory, and for a while only.
    monkeypatch.setattr(connections, "ANSWER_SECONDS", 0.5)
    cookie = long.cookie()
    asked = f"GET {long.who.path}/en/ HTTP/1.1\r\nHost: 127.0.0.1:{long.port}\r\nCookie: {cookie}\r\n\r\n"
    with connected(long.port) as slow:
        slow.sendall(asked.encode())
        assert slow.recv(12) == b"HTTP/1.1 200"
        with pytest.raises(ConnectionError):
            slow.sendall(asked.encode() * 100_000)  # none of which is ever answered
    assert long.ask(f"{long.who.path}/en/", Cookie=cookie).text == LONG


@pytest.mark.parametrize("sent", ["", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: x\r\nX: "])
def test_a_peer_that_does_not_end_its_request_is_ended(monkeypatch: pytest.MonkeyPatch, sent: str) -> None:
    monkeypatch.setattr(running, "READ_SECONDS", 0.2)

    def build(who: OneTime, origins: object) -> web.Application:
        return site.application(who, origins)  # type: ignore[arg-type]  # as it is given

    with running_site(build) as (port, _who), connected(port) as slow:
        slow.sendall(sent.encode())
        assert is_ended(slow)
