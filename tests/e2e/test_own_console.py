"""The Special Committee's and a focal person's console in a real browser: each view is a call of their own."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from demo.running import CLIENT_COMMAND
from nsor.console import site as own
from nsor.v1 import oversight_pb2
from nsor.web.pages import Entry
from tests.e2e.agencies import Agencies
from tests.web import browser as browsers

COMMITTEE = "special-committee"
POLICE = "punjab-police"
SECONDS = 120.0

pytestmark = browsers.NEEDED


@contextlib.contextmanager
def running(agencies: Agencies, agency: str, folder: Path) -> Iterator[str]:
    """The address that a console prints."""
    agencies.client(agency)  # enrols the officer
    key = folder / f"{agency}.officer"
    agencies.officer(agency).key.save(key)
    environment = {**agencies.register.client_environment(agency), "NSOR_OFFICER_KEY": str(key)}
    environment["NSOR_STATE"] = str(folder / agency)
    process = subprocess.Popen([str(CLIENT_COMMAND), "console"], env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        yield process.stderr.readline().split()[-1]
    finally:
        process.terminate()
        assert process.wait(timeout=SECONDS) == 0
        process.stderr.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.chromium() as found:
        yield found


@pytest.fixture(scope="module")
def opened(
    agencies: Agencies, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, tuple[BrowserContext, str]]]:
    """A browser's context for each of both agencies, and under which address its pages are."""
    folder = tmp_path_factory.mktemp("consoles")
    with contextlib.ExitStack() as stack:
        found = {}
        for agency in (COMMITTEE, POLICE):
            page, _ = browsers.page(browser)
            page.goto(stack.enter_context(running(agencies, agency, folder)))
            found[agency] = page.context, page.url.removesuffix("/en/")
        yield found


def test_the_committee_verifies_the_log_by_a_button(opened: dict[str, tuple[BrowserContext, str]]) -> None:
    context, root = opened[COMMITTEE]
    page = context.new_page()
    page.goto(f"{root}/en/")
    assert "not since this console began" in page.locator(".figures").inner_text()
    page.click("button")
    page.wait_for_selector(".figure.good >> text=whole")
    facts = page.locator("table.facts").inner_text()
    assert "Your entries proven" in facts
    assert "Your entries lost, as the register has owned up to\t0" in facts
    page.close()


def test_each_view_is_an_entry_of_whoever_looks(
    agencies: Agencies, opened: dict[str, tuple[BrowserContext, str]]
) -> None:
    context, root = opened[POLICE]
    page = context.new_page()
    page.goto(f"{root}/en/accesses?method=nsor.v1.OversightService/GetCheckpoint")
    said = page.locator("footer").inner_text()
    index = int("".join(filter(str.isdigit, said)))
    wanted = oversight_pb2.ListAccessesRequest(agency_id=POLICE, page_size=500)
    found = {each.index: each for each in agencies.client(COMMITTEE).oversight.list_accesses(wanted).message.accesses}
    assert found[index].method == "nsor.v1.OversightService/ListAccesses"
    # Of the own agency alone, whatever is typed into the address.
    page.goto(f"{root}/en/accesses?agency={COMMITTEE}")
    assert set(page.locator("tbody tr td:nth-child(3)").all_inner_texts()) == {POLICE}
    page.close()


def test_accesses_are_found_by_agency_method_and_day(opened: dict[str, tuple[BrowserContext, str]]) -> None:
    context, root = opened[COMMITTEE]
    page = context.new_page()
    page.goto(f"{root}/en/accesses")
    page.select_option("#agency", POLICE)
    page.select_option("#method", "nsor.v1.DirectoryService/EnrolOfficer")
    page.click("form.filter button")
    rows = page.locator("tbody tr").all_inner_texts()
    assert rows
    assert all(POLICE in row and "EnrolOfficer" in row for row in rows)
    page.fill("#until", "2020-01-01")
    page.click("form.filter button")
    assert "No access is like that." in page.locator("main").inner_text()
    page.close()


@pytest.mark.parametrize("language", ["en", "ur"])
@pytest.mark.parametrize(("agency", "entries"), [(COMMITTEE, own.COMMITTEE), (POLICE, own.FOCAL_PERSON)])
def test_no_page_has_a_fault(
    opened: dict[str, tuple[BrowserContext, str]], agency: str, entries: tuple[Entry, ...], language: str
) -> None:
    context, root = opened[agency]
    page = context.new_page()
    for each in entries:
        answer = page.goto(f"{root}/{language}/{each.path}")
        assert (each.path, answer.status if answer else 0, browsers.faults(page)) == (each.path, 200, [])
    page.close()
