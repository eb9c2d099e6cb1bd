"""The Special Committee's and a focal person's console in a real browser: each view is a call of their own."""

import contextlib
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext

from demo.running import CLIENT_COMMAND
from nsor.console import site as own
from nsor.errors import Refused
from nsor.v1 import emergencies_pb2, oversight_pb2, registration_pb2
from nsor.web.admission import COOKIE
from nsor.web.pages import Entry
from tests.e2e.agencies import Agencies
from tests.e2e.conftest import Started
from tests.web import browser as browsers

COMMITTEE = "special-committee"
POLICE = "punjab-police"
STATION = "PK-PB/LHR/PS-001"
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
def agencies(started: Started) -> Agencies:
    """Of a register in which no other tests were refused anything: what these pages count is what happens here."""
    return started()


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
    assert "none on this computer" in page.locator(".figures").inner_text()
    page.click("button")
    page.wait_for_selector(".figure.good >> text=whole")
    facts = page.locator("table.facts").last.inner_text()
    assert "Your entries proven" in facts
    assert "Your entries lost, as the register has owned up to\t0" in facts
    page.close()


@pytest.mark.parametrize(("agency", "entries"), [(COMMITTEE, own.COMMITTEE), (POLICE, own.FOCAL_PERSON)])
def test_each_view_is_as_many_entries_of_whoever_looks_as_it_says(
    agencies: Agencies, opened: dict[str, tuple[BrowserContext, str]], agency: str, entries: tuple[Entry, ...]
) -> None:
    context, root = opened[agency]
    page = context.new_page()
    wanted = oversight_pb2.ListAccessesRequest(agency_id=agency, page_size=100)
    auditor = agencies.client(COMMITTEE)
    for each in entries:
        page.goto(f"{root}/en/{each.path}")
        listed = auditor.oversight.list_accesses(wanted).message.accesses
        unsaid = {"work": "ListRegistrations", "months": "GetStatistics"}.get(each.path)
        if unsaid:  # which lists there are hangs on the agency; and a month that isn't counted is a refusal
            assert unsaid in {found.method.rpartition("/")[2] for found in listed}
            continue
        count, first = (int(found.replace(",", "")) for found in page.locator("footer bdi").all_inner_texts())
        of_view = [found.index for found in listed if found.index >= first]
        assert (each.path, len(of_view), of_view[-1]) == (each.path, count, first)
    page.close()


def test_a_focal_person_sees_accesses_of_the_own_agency_alone(opened: dict[str, tuple[BrowserContext, str]]) -> None:
    # Whatever is typed into the address.
    context, root = opened[POLICE]
    page = context.new_page()
    page.goto(f"{root}/en/accesses?agency={COMMITTEE}")
    assert set(page.locator("tbody tr td:nth-child(3)").all_inner_texts()) == {POLICE}
    page.goto(f"{root}/en/certificates")
    rows = page.locator("tbody tr").all_inner_texts()
    (own_row,) = (row for row in rows if "you call with it" in row)
    assert "counts" in own_row
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


def test_the_committee_sees_each_emergency_and_how_long_its_review_took(
    agencies: Agencies, opened: dict[str, tuple[BrowserContext, str]]
) -> None:
    context, root = opened[COMMITTEE]
    cnic = "35202-1234567-1"
    request = emergencies_pb2.OpenEmergencyLookUpRequest(
        request_id=str(uuid.uuid4()), cnic=cnic, harm=emergencies_pb2.IMMINENT_HARM_CHILD_MISSING, station=STATION
    )
    found = agencies.client(POLICE).lookup.open_emergency_look_up(request).message
    page = context.new_page()
    page.goto(f"{root}/en/emergencies")
    (row,) = page.locator("tbody tr").all_inner_texts()
    assert [each in row for each in (POLICE, STATION, "CHILD_MISSING", "0:00", "waits")] == [True] * 5
    for hidden in (cnic, cnic.replace("-", ""), agencies.officer(POLICE).number):
        assert hidden not in page.content()
    assert "CHILD_<wbr>MISSING" in page.content()  # a narrow column breaks it between words alone
    review = emergencies_pb2.ReviewEmergencyLookUpRequest(
        request_id=str(uuid.uuid4()),
        emergency_id=found.emergency_id,
        finding=emergencies_pb2.EMERGENCY_FINDING_TIME_FOR_A_GRANT,
    )
    agencies.client("npb").lookup.review_emergency_look_up(review)
    page.reload()
    assert "None waits for its review." in page.locator("main").inner_text()
    (row,) = page.locator("tbody tr").all_inner_texts()
    assert [each in row for each in (POLICE, "0:00", "TIME_FOR_A_GRANT")] == [True] * 3
    assert "late" not in row
    assert "TIME_<wbr>FOR_<wbr>A_<wbr>GRANT" in page.content()
    # The entries behind it.
    page.click("a:text-is('Each time one was opened')")
    assert POLICE in page.locator("tbody tr").first.inner_text()
    page.close()


def test_the_committee_sees_refusals_by_day_agency_and_method(
    agencies: Agencies, opened: dict[str, tuple[BrowserContext, str]]
) -> None:
    context, root = opened[COMMITTEE]
    police, nobody = agencies.client(POLICE), str(uuid.uuid4())
    for _ in range(3):
        with pytest.raises(Refused):
            police.registration.confirm_registration(
                registration_pb2.ConfirmRegistrationRequest(registration_id=nobody)
            )
    page = context.new_page()
    page.goto(f"{root}/en/refusals?agency={POLICE}")
    days, methods = page.locator("table").all()[:2]
    row = next(each for each in methods.locator("tr").all_inner_texts() if "ConfirmRegistration" in each)
    count = int(row.split()[-1])
    assert count >= 3
    assert days.locator("tbody tr").count() >= 1
    total = sum(int(each.replace(",", "")) for each in days.locator("tbody tr td:nth-child(4)").all_inner_texts())
    assert total >= count
    assert days.locator("tbody tr td:nth-child(3)").all_inner_texts()[0] == "0"  # of refused calls none was answered
    methods.locator("a").first.click()
    assert set(page.locator("tbody tr td:nth-child(6)").all_inner_texts()) == {"Refused"}
    page.close()


def test_the_committee_sees_accesses_over_time_by_agency_and_purpose(
    agencies: Agencies, opened: dict[str, tuple[BrowserContext, str]]
) -> None:
    context, root = opened[COMMITTEE]
    agencies.client(POLICE).oversight.list_accesses(oversight_pb2.ListAccessesRequest())
    page = context.new_page()
    page.goto(f"{root}/en/over-time?agency={POLICE}&purpose=SELF_REVIEW")
    days, lines = page.locator("table").all()[:2]
    (line,) = lines.locator("tbody tr").all_inner_texts()
    assert line.split("\t")[:2] == [POLICE, "self review"]
    answered = [int(each.replace(",", "")) for each in days.locator("tbody tr td:nth-child(3)").all_inner_texts()]
    assert sum(answered) == int(line.split("\t")[2].replace(",", "")) > 0
    assert days.locator("svg rect.allowed").count() >= 1
    # What the page read is entries, and it says which.
    count, first = (int(each.replace(",", "")) for each in page.locator("footer bdi").all_inner_texts())
    wanted = oversight_pb2.ListAccessesRequest(agency_id=COMMITTEE, page_size=500)
    listed = agencies.client(COMMITTEE).oversight.list_accesses(wanted).message.accesses
    of_view = [each.method.rpartition("/")[2] for each in listed if each.index >= first][::-1][:count]
    assert of_view == ["ListAccesses", "GetStatistics", "ListAgencies"]
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
    known = context.cookies()
    assert {each["name"] for each in known} == {COOKIE}
    assert [each["name"] for each in known if each["path"] == f"{urlsplit(root).path}/"] == [COOKIE]
    for each in entries:
        answer = page.goto(f"{root}/{language}/{each.path}")
        assert answer is not None
        assert (each.path, answer.status, answer.all_headers().get("set-cookie")) == (each.path, 200, None)
        assert (each.path, browsers.faults(page)) == (each.path, [])
    assert context.cookies() == known
    page.close()
