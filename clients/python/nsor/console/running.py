"""Runs the console until it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nsor.client import Client
from nsor.console.site import MOST_AGENCIES, OwnPages
from nsor.v1 import directory_pb2
from nsor.web import running
from nsor.web.admission import OneTime

_HOST = "127.0.0.1"


def run(client: Client, port: int, say: Callable[[str], None]) -> None:
    """Serve the pages on this machine's own address.

    Args:
        client: of the user.
        port: 0 takes a free one.
        say: is told the address that opens them once.

    Raises:
        NsorError: the register doesn't say which agency this is.
        OSError: the port can't be had.
    """
    agencies = client.directory.list_agencies(directory_pb2.ListAgenciesRequest(page_size=MOST_AGENCIES)).message
    own = next(each for each in agencies.agencies if each.agency_id == client.agency_id)
    asyncio.run(_run(client, own, port, say))


async def _run(client: Client, agency: directory_pb2.Agency, port: int, say: Callable[[str], None]) -> None:
    who = OneTime()
    origins: list[str] = []
    pages = OwnPages(who, client, agency)
    async with running.running(pages.application(lambda: origins), _HOST, port, None) as found:
        origins.append(f"http://{_HOST}:{found}")
        await running.until_stopped(lambda: say(who.address(origins[0])))
