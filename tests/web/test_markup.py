"""What an agency is called, and what else comes from the register, is text on the pages and nothing else."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from nsor.console import site as own
from nsor.console.urdu import URDU
from nsor.v1 import directory_pb2
from nsor.web import charts, site
from nsor.web.admission import OneTime
from nsor.web.pages import Pages
from tests.web.conftest import Site, running_site

MARKUP = "`\"><script>document.title='taken'</script><img src=x onerror=alert(1)>{{ 7 * 7 }}{0}{x}`"
AGENCY = directory_pb2.Agency(agency_id=MARKUP, name_en=MARKUP, name_ur=MARKUP, jurisdiction=[MARKUP], enabled=True)
COUNTED: dict[str, Any] = {
    "asked": {"agency": MARKUP, "since": MARKUP},
    "agencies": [MARKUP],
    "purposes": [MARKUP],
    "days": [],
    "lines": [(MARKUP, MARKUP, 1)],
    "of": 1,
    "more": True,
    "count": 1,
    "since": MARKUP,
    "entries": [1],
    "refused": 0,
}
EMERGENCY = dict.fromkeys(("id", "agency", "station", "harm", "opened", "due", "reviewed", "finding", "took"), MARKUP)
PAGES: dict[str, dict[str, Any]] = {
    "agencies.html": {"agencies": [AGENCY], "kinds": {MARKUP: MARKUP}, "entries": [1], "refused": 0},
    "over_time.html": {
        **COUNTED,
        "days": [(MARKUP, Counter(allowed=1))],
        "drawn": charts.bars([(MARKUP, [("allowed", 1)])]),
        "months": (),
    },
    "refusals.html": {**COUNTED, "reasons": [(MARKUP, 1)], "month": MARKUP},
    "refused.html": {"why": (MARKUP, MARKUP)},
    "emergencies.html": {
        "waiting": [{**EMERGENCY, "late": True}],
        "reviewed": [{**EMERGENCY, "late": True}],
        "more": False,
        "late": 1,
        "next_page": MARKUP,
        "entries": [1],
        "refused": 0,
    },
}


@pytest.mark.parametrize("template", PAGES)
@pytest.mark.parametrize("language", ["en", "ur"])
def test_markup_in_a_name_is_shown_as_it_is_written(template: str, language: str) -> None:
    def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
        pages = Pages(own.TEMPLATES, URDU, title="NSOR oversight", entries=own.COMMITTEE, root=who.path)

        async def shown(request: web.Request) -> web.StreamResponse:
            return pages.answer(request, template, **PAGES[template])

        made = site.application(who, origins)
        site.page(made, who, "page", shown)
        return made

    with running_site(build) as (port, who):
        asked = Site(port, who)
        found = asked.ask(f"{who.path}/{language}/page?x={'%3Cscript%3E'}", Cookie=asked.cookie())
    assert found.status == 200
    assert "document.title" in found.text
    assert "{{ 7 * 7 }}{0}{x}" in found.text  # neither a template nor a text with places for values
    # Neither as an element, nor out of an attribute by its quotation mark.
    for telling in ("<script>document", "<img", '"&gt;&lt;script', '">&lt;script'):
        assert telling not in found.text
