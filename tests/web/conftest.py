"""A small site that runs on loopback in its own thread, and what a browser would send to it."""

import asyncio
import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from nsor.web import running, site
from nsor.web.admission import OneTime


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Site:
    """A site that runs."""

    port: int
    who: OneTime
    seen: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
        """Ask as a browser does; `Host` and others by name, `_` for `-`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        found = Answer(
            answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
        )
        connection.close()
        return found

    def cookie(self) -> str:
        """What the browser has after it opened the printed address."""
        opened = self.ask(self.who.address(""))
        return opened.headers["set-cookie"].partition(";")[0]


@contextmanager
def running_site(build: Callable[[OneTime, Callable[[], list[str]]], web.Application]) -> Iterator[tuple[int, OneTime]]:
    """Run an application in a thread of its own."""
    who = OneTime()
    origins: list[str] = []
    loop = asyncio.new_event_loop()
    ports: list[int] = []
    begun = threading.Event()
    stop = asyncio.Event()

    async def run() -> None:
        async with running.running(build(who, lambda: origins), "127.0.0.1", 0, None) as port:
            ports.append(port)
            origins.append(f"http://127.0.0.1:{port}")
            begun.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    begun.wait()
    try:
        yield ports[0], who
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.fixture
def small() -> Iterator[Site]:
    """A site with one page and one form."""
    found: list[Site] = []

    def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
        async def page(request: web.Request) -> web.StreamResponse:
            found[0].seen.append(f"{request.method} {site.language(request)}")
            return web.Response(text="the page")

        made = site.application(who, origins)
        site.page(made, who, "", page)
        site.page(made, who, "form", page, form=True)
        return made

    with running_site(build) as (port, who):
        found.append(Site(port, who))
        yield found[0]
