"""The look-up's trace in a browser: the operators' console beside the register, opened at that page."""

from __future__ import annotations

import contextlib
import http.client
import sys
import time
import urllib.parse
from typing import Final

from demo.narration import Narration, StoryBroke

_SECONDS: Final = 30.0


def trace(narration: Narration, trace_id: str, access_id: str) -> None:
    """Open the page, see that it shows the look-up; somebody at a terminal may look at it himself."""
    narration.chapter(
        "The same look-up in a browser",
        text="`nsor-server console` shows ops each call with its waterfall and its ledger entry, and no person.",
    )
    with narration.register.console() as address:
        page = _at(address, trace_id)
        if not _shows(page, access_id, "ledger.commit"):
            raise StoryBroke("the trace's page doesn't show the look-up")
        narration.console.print(f"\n{page}", soft_wrap=True)
        narration.say("There it was: this program has opened it, and found the access and its commit.")
    if sys.stdin.isatty() and sys.stdout.isatty():
        # An address opens once.
        with narration.register.console() as address:
            narration.say("Copy this into a browser on this machine to look yourself; Enter ends the demonstration:")
            narration.console.print(f"\n{_at(address, trace_id)}\n", soft_wrap=True)
            sys.stdin.readline()


def _at(address: str, trace_id: str) -> str:
    """The page of a trace, by the address that opens the console."""
    return address.replace("/?", f"/en/traces/{trace_id}?", 1)


def _shows(page: str, *texts: str) -> bool:
    """Open a page as a browser does, whose token becomes a cookie, and see whether it says these texts."""
    parts = urllib.parse.urlsplit(page)
    with contextlib.closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)) as to:
        to.request("GET", f"{parts.path}?{parts.query}")
        with to.getresponse() as admitted:
            where, cookie = admitted.headers["Location"] or "/", admitted.headers["Set-Cookie"] or ""
            admitted.read()
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            to.request("GET", where, headers={"Cookie": cookie.partition(";")[0]})
            with to.getresponse() as answer:
                shown = answer.read().decode()
            if all(text in shown for text in texts):
                return True
            time.sleep(0.2)  # a console that has just begun reads the store meanwhile
    return False
