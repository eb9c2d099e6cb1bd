"""Looks up the addresses of the endpoint's name, in a thread that nobody has to wait for.

The computer's resolver can't be broken off. In a thread of asyncio's a program ends only when the last look-up has
ended, however long ago its limit was over.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import socket
import threading
from typing import Any

from nsor.bridge.addresses import AddressInfo

Found = concurrent.futures.Future[list[AddressInfo]]


class Resolver:
    """Looks names up. One look-up runs at most: who asks while it hangs waits for the same one.

    It has the form of ``aiohttp.abc.AbstractResolver``.
    """

    def __init__(self) -> None:
        self._running: dict[tuple[str, int], Found] = {}

    async def look_up(self, host: str, port: int) -> list[AddressInfo]:
        """The addresses of a host, as ``socket.getaddrinfo`` gives them; may be cancelled at any time.

        Raises:
            OSError: there are none.
        """
        running = self._running.get((host, port))
        if running is None or running.done():
            running = self._running[host, port] = _begin(host, port)
        return await asyncio.wrap_future(running)

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_UNSPEC) -> list[dict[str, Any]]:
        """As ``look_up``, for aiohttp.

        Raises:
            OSError: there are none of that family.
        """
        found = [each for each in await self.look_up(host, port) if family in {socket.AF_UNSPEC, each[0]}]
        if not found:
            raise OSError(socket.EAI_NONAME, "no address of that family")
        return [_for_aiohttp(host, each) for each in found]

    async def close(self) -> None:
        """Nothing is open."""


def _begin(host: str, port: int) -> Found:
    """Begin a look-up in a thread of its own, which the program's end doesn't wait for."""
    found: Found = concurrent.futures.Future()
    # From now on whoever waits may go away, and doesn't take the result with him.
    found.set_running_or_notify_cancel()

    def run() -> None:
        try:
            found.set_result(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits, whatever it is
            found.set_exception(error)

    threading.Thread(target=run, name="bridge-resolver", daemon=True).start()
    return found


def _for_aiohttp(host: str, info: AddressInfo) -> dict[str, Any]:
    family, _, protocol, _, address = info
    numeric = str(address[0])
    if len(address) > 3 and address[3] and "%" not in numeric:
        # Of a link-local address of IPv6 the interface is part of the address.
        numeric = f"{numeric}%{address[3]}"
    return {
        "hostname": host,
        "host": numeric,
        "port": address[1],
        "family": family,
        "proto": protocol,
        "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    }
