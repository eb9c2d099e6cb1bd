"""Who may see the pages, and from which address: asked before anything else of every request.

A browser keeps cookies by host and not by port, so another local user's server on 127.0.0.1 would get ours: the cookie
is bound to a path that nobody can guess. A page elsewhere may send the browser here, under another name that leads to
127.0.0.1 (DNS rebinding) or by a form: Host, Origin and Sec-Fetch-Site say so, and the browser doesn't let a page
change them. So a link from elsewhere is refused as well; the address is copied from the terminal.
"""

from __future__ import annotations

import hmac
import secrets
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from aiohttp import web

COOKIE: Final = "nsor_console"
TOKEN: Final = "token"  # noqa: S105 - the parameter's name
_SECRET_BYTES: Final = 32
_SAFE: Final = frozenset({"GET", "HEAD"})
_FROM_HERE: Final = frozenset({"none", "same-origin"})
"""`none`: typed, pasted or from a bookmark (Fetch Metadata, W3C)."""
USED: Final = (
    "This address has been used or isn't of this console.\n"
    "Each start of the console prints an address that opens it once; the browser that used it stays admitted.\n"
)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a request isn't answered.

    Attributes:
        status: of HTTP.
        text: one for each reason; it repeats nothing of the request.
    """

    status: int
    text: str


class Admission(Protocol):
    """Decides whether the sender of a request may see the pages."""

    path: str
    """Under which the pages are, without a slash at the end; may be empty."""

    async def admits(self, request: web.Request) -> Refused | web.StreamResponse | None:
        """None: go on. A response that isn't None is the answer."""


class OneTime:
    """Whoever opens the printed address first, on this machine: its token becomes a cookie and counts no more."""

    def __init__(self) -> None:
        self.path = f"/{secrets.token_urlsafe(16)}"
        self._token = secrets.token_urlsafe(_SECRET_BYTES)
        self._used = False
        self._cookie = secrets.token_urlsafe(_SECRET_BYTES)

    def address(self, origin: str) -> str:
        """What is printed: `http://127.0.0.1:8080/PATH/?token=...`. The token opens any page under that path."""
        return f"{origin}{self.path}/?{TOKEN}={self._token}"

    async def admits(self, request: web.Request) -> Refused | web.StreamResponse | None:
        """See `Admission`."""
        if _same(request.cookies.get(COOKIE, ""), self._cookie):
            return None
        if not request.path.startswith(f"{self.path}/") or request.method != "GET":
            return Refused(403, USED)
        if self._used or not _same(request.query.get(TOKEN, ""), self._token):
            return Refused(403, USED)
        self._used = True
        answer = web.Response(status=303, headers={"Location": request.rel_url.raw_path})
        answer.set_cookie(COOKIE, self._cookie, path=f"{self.path}/", httponly=True, samesite="Strict")
        return answer


class ByCertificate:
    """Whoever shows a client certificate that the caller's function takes, at each request.

    Args:
        takes: whether the pages are for whom this certificate (DER, verified by TLS) names; it is asked again at each
            request, so that a revocation works at the next one.
    """

    path = ""

    def __init__(self, takes: Callable[[bytes], Awaitable[bool]]) -> None:
        self._takes = takes

    async def admits(self, request: web.Request) -> Refused | web.StreamResponse | None:
        """See `Admission`."""
        connection: ssl.SSLObject | None = (
            None if request.transport is None else request.transport.get_extra_info("ssl_object")
        )
        shown = None if connection is None else connection.getpeercert(binary_form=True)
        if shown and await self._takes(shown):
            return None
        return Refused(403, "This console isn't for whom your certificate names.\n")


def wrong_place(request: web.Request, origins: Sequence[str]) -> Refused | None:
    """Why a request doesn't come from these pages themselves, or from an address that somebody typed.

    Args:
        request: not looked at yet.
        origins: scheme, host and port under which these pages are.
    """
    if request.headers.getall("Host", []) not in [[origin.partition("://")[2]] for origin in origins]:
        return Refused(421, "These pages aren't under this name.\n")
    if request.headers.get("Sec-Fetch-Site", "none") not in _FROM_HERE:
        return Refused(403, "A page elsewhere led here: paste the address instead.\n")
    origin = request.headers.get("Origin")
    if origin not in origins if origin is not None or request.method not in _SAFE else False:
        return Refused(403, "A page elsewhere sent this.\n")
    return None


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
