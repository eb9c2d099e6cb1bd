"""How a page is made: a template, in English or Urdu, with everything that comes from elsewhere escaped.

Texts stand in the templates in English, as `_("...")`; the Urdu is in the console's table, and a test reads the
templates and misses what isn't there. Values take the places in braces. What a terminal is told between backticks, such
as a command, is `<code>` here: in these texts, and in what a template passes to the filter `coded`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
import markupsafe
from aiohttp import web

from nsor.counting import agreed
from nsor.web import charts, site
from nsor.web.urdu import PURPOSES, SHARED

TEMPLATES: Final = Path(__file__).parent / "templates"
NOT_FOUND: Final = 404
_BETWEEN_BACKTICKS: Final = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a console's list of pages.

    Attributes:
        path: below the language's.
        title: in English.
    """

    path: str
    title: str


class Pages:
    """Makes a console's pages.

    Args:
        templates: folder of the console's own templates.
        urdu: English text -> Urdu.
        title: of the console, in English.
        entries: its list of pages.
        root: path under which the site is.
    """

    def __init__(
        self, templates: Path, urdu: Mapping[str, str], *, title: str, entries: tuple[Entry, ...], root: str
    ) -> None:
        self._urdu = {**SHARED, **urdu}
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([templates, TEMPLATES]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(purpose=_purpose, breakable=_breakable, coded=_coded)
        self._environment.globals.update(charts=charts, title=title, menu=entries, root=root)

    def text(self, language: str, text: str, **values: object) -> str:
        """A text in a language, with its values."""
        found = self._in(language, text, values)
        return found.format(**values) if values else found

    def _in(self, language: str, text: str, values: Mapping[str, object]) -> str:
        """A text in a language, its places still empty."""
        if language == "ur":
            return self._urdu.get(text, text)
        return agreed(text, named=values) if values else text

    async def no_such_page(self, request: web.Request) -> web.StreamResponse:
        """What is answered under an address that has no page: in its language, with the way to those that there are."""
        return self.answer(request, "no_such_page.html", status=NOT_FOUND)

    def answer(self, request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """The page as an answer.

        Args:
            request: says the language and the path.
            template: file name.
            status: of HTTP.
            values: for the template.
        """
        language = site.language(request)

        def translated(text: str, **places: object) -> markupsafe.Markup:
            escaped = {name: _isolated(value) for name, value in places.items()}
            own = self._in(language, text, places)
            return _coded(markupsafe.Markup(own)).format(**escaped)  # noqa: S704 - texts of our own

        path = request.path.partition(f"/{language}/")[2]
        query = f"?{request.query_string}" if request.query_string else ""
        here = {"language": language, "direction": "rtl" if language == "ur" else "ltr", "path": path, "query": query}
        here["current"] = path if status != NOT_FOUND else "-"  # no page of the list
        text = self._environment.get_template(template).render(**here, _=translated, **values)
        return web.Response(status=status, text=text, content_type="text/html")


def _purpose(name: str, language: str) -> str:
    """A purpose as people say it; what isn't one of the contract stays as it is."""
    if name not in PURPOSES:
        return name
    return PURPOSES[name] if language == "ur" else name.lower().replace("_", " ")


def _breakable(name: str) -> markupsafe.Markup:
    """A name such as GRANT_NOT_VALID, which a narrow column breaks between its words alone."""
    return markupsafe.Markup("_<wbr>").join(name.split("_"))


def _coded(text: str) -> markupsafe.Markup:
    """A text whose parts between backticks are code. It is escaped first, unless it is markup already."""
    escaped = str(markupsafe.escape(text))  # a str: the parts of markup would be escaped once more
    return markupsafe.Markup(_BETWEEN_BACKTICKS.sub(r"<code>\1</code>", escaped))  # noqa: S704 - escaped above


def _isolated(value: object) -> markupsafe.Markup:
    """A value inside a text: its letters don't turn around what stands beside it."""
    if isinstance(value, markupsafe.Markup):
        return value
    return markupsafe.Markup("<bdi>{}</bdi>").format(value)
