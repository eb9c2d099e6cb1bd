"""Under an address without a page whoever is admitted is told the way; nobody else learns which pages there are."""

import typing
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from aiohttp import web

from nsor.client import Client
from nsor.console.site import OwnPages
from nsor.v1 import directory_pb2
from nsor.web.admission import Admission
from nsor_server import config
from nsor_server.console.calls import Calls
from nsor_server.console.recent import Traces
from nsor_server.console.site import OpsPages
from nsor_server.storage.pool import Database
from tests.web.conftest import Site, running_site

WRONG = ("nothing", "en/nothing", "ur/nothing/below?agency=%3Cb%3E", "ur", "en/traces/12/3")


def of_operators(who: Admission, origins: Callable[[], Sequence[str]], folder: Path) -> web.Application:
    settings = config.load({"NSOR_STATE_DIR": str(folder)})
    nobody = typing.cast("Database", None)  # no page that there is gets asked for
    return OpsPages(who, settings, nobody, Calls(), Traces(folder)).application(origins)


def of_an_agency(who: Admission, origins: Callable[[], Sequence[str]], _folder: Path) -> web.Application:
    nobody = typing.cast("Client", None)  # as above
    return OwnPages(who, nobody, directory_pb2.Agency()).application(origins)


@pytest.mark.parametrize("console", [of_operators, of_an_agency])
def test_a_wrong_path_is_a_page_with_a_way_back_and_to_a_stranger_like_any_other(
    console: Callable[..., web.Application], tmp_path: Path
) -> None:
    with running_site(lambda who, origins: console(who, origins, tmp_path)) as (port, who):
        site = Site(port, who)
        cookie = site.cookie()
        for path in WRONG:
            found = site.ask(f"{who.path}/{path}", Cookie=cookie)
            language = "ur" if path.startswith("ur") else "en"
            assert (found.status, found.headers["content-type"]) == (404, "text/html; charset=utf-8")
            assert f'lang="{language}"' in found.text
            assert f'<p><a href="{who.path}/{language}/">' in found.text
            assert ("ایسا کوئی صفحہ نہیں" in found.text) == (language == "ur")
            assert "aria-current" not in found.text
            assert "<b>" not in found.text
        # Whoever isn't admitted gets the same bytes, whether there is a page, a file, or nothing.
        answers = []
        for path in (*WRONG, "", "en/", "ur/traces", "en/accesses", "static/style.css"):
            for root in (who.path, "", "/guessed"):
                answer = site.ask(f"{root}/{path}")
                answers.append((answer.status, {**answer.headers, "date": ""}, answer.text))
        assert answers[0][0] == 403
        assert all(answer == answers[0] for answer in answers)
