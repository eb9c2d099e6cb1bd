"""How a page is made: a template, in English or Urdu, with everything that comes from elsewhere escaped.

Texts stand in the templates in English, as `_("...")`; the Urdu is in the console's table, and a test reads the
templates and misses what isn't there. Values take the places in braces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
import markupsafe
from aiohttp import web

from nsor.web import charts, site
from nsor.web.urdu import SHARED

TEMPLATES: Final = Path(__file__).parent / "templates"


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
        self._environment.globals.update(charts=charts, title=title, menu=entries, root=root)

    def text(self, language: str, text: str, **values: object) -> str:
        """A text in a language, with its values."""
        found = self._urdu.get(text, text) if language == "ur" else text
        return found.format(**values) if values else found

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
            return markupsafe.Markup(self.text(language, text)).format(**escaped)  # noqa: S704 - texts of our own

        path = request.path.partition(f"/{language}/")[2]
        query = f"?{request.query_string}" if request.query_string else ""
        here = {"language": language, "direction": "rtl" if language == "ur" else "ltr", "path": path, "query": query}
        text = self._environment.get_template(template).render(**here, _=translated, **values)
        return web.Response(status=status, text=text, content_type="text/html")


def _isolated(value: object) -> markupsafe.Markup:
    """A value inside a text: its letters don't turn around what stands beside it."""
    if isinstance(value, markupsafe.Markup):
        return value
    return markupsafe.Markup("<bdi>{}</bdi>").format(value)
