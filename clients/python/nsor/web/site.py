"""A site of pages as an aiohttp application: admission before all else, the same headers on every answer.

Nothing that a page says comes from elsewhere: no script, style, font or picture but those of this package, nothing
inline (Content-Security-Policy), and the browser keeps nothing (no-store). Languages are in the path: there is no
cookie but that of admission. No page elsewhere is told the address (Referrer-Policy); without any referrer a browser
would send `Origin: null` with these pages' own forms.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import fontpkg_amiri
from aiohttp import web

from nsor.web import admission, connections
from nsor.web.admission import Admission, Refused

LANGUAGES: Final = ("en", "ur")
STATIC: Final = Path(__file__).parent / "static"
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Server": "nsor",
}
MOST_REQUEST_BYTES: Final = 64 * 1024
_LANGUAGE: Final = "language"
_FONT: Final = "amiri.ttf"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(
    who: Admission, origins: Callable[[], Sequence[str]], no_such_page: Handler | None = None
) -> web.Application:
    """An application without pages yet: `page` adds them.

    Args:
        who: may see the pages.
        origins: under which the pages are, once it is known on which port.
        no_such_page: answers whoever may see the pages where there is none; nobody else learns which there are.
    """

    @web.middleware
    async def admitted(request: web.Request, handler: Handler) -> web.StreamResponse:
        refused = admission.wrong_place(request, origins()) or await who.admits(request)
        if isinstance(refused, Refused):
            return web.Response(status=refused.status, text=refused.text)
        if refused is not None:
            return refused
        connections.admitted(request)
        try:
            return await handler(request)
        except web.HTTPNotFound:
            if no_such_page is None:
                raise
            return await no_such_page(request)

    async def headers(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)

    async def first(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=303, headers={"Location": f"{who.path}/{LANGUAGES[0]}/"})

    async def font(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(
            fontpkg_amiri.ROOT / "files" / "Amiri-Regular.ttf", headers={"Content-Type": "font/ttf"}
        )

    found = web.Application(middlewares=[admitted], client_max_size=MOST_REQUEST_BYTES)
    found.on_response_prepare.append(headers)
    found.router.add_get(f"{who.path}/", first)
    found.router.add_get(f"{who.path}/static/{_FONT}", font)
    found.router.add_static(f"{who.path}/static/", STATIC, follow_symlinks=False)
    return found


def page(site: web.Application, who: Admission, path: str, handler: Handler, *, form: bool = False) -> None:
    """Add a page in every language.

    Args:
        site: made by `application`.
        who: the same as there.
        path: below the language's, without a slash before it; may have `{name}` parts.
        handler: answers; `language` tells it the language.
        form: it takes a form (POST) instead.
    """
    full = f"{who.path}/{{{_LANGUAGE}:{'|'.join(LANGUAGES)}}}/{path}"
    site.router.add_route("POST" if form else "GET", full, handler)


def language(request: web.Request) -> str:
    """The language in which a page was asked for, whether there is such a page or not: `en` or `ur`."""
    first = request.path.split("/")[1:3]  # behind the path of admission, which may be empty
    return next((each for each in first if each in LANGUAGES), LANGUAGES[0])
