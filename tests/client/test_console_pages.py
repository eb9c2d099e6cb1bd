"""What the pages of `nsor console` show, which calls each makes, and that none sets another cookie.

The register is the one in miniature, so that there are months, witnesses and certificates to be shown.
"""

import datetime as dt
import html
import itertools
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

import pytest
from aiohttp import web
from google.protobuf.timestamp_pb2 import Timestamp

import nsor
from nsor import last_verification
from nsor.console import committee
from nsor.console import site as own
from nsor.console.site import OwnPages
from nsor.console.written import month_before
from nsor.ledger.cosignature import WitnessKey, cosign
from nsor.v1 import (
    directory_pb2,
    duties_pb2,
    emergencies_pb2,
    notification_pb2,
    options_pb2,
    oversight_pb2,
    recalls_pb2,
    transfers_pb2,
    tripwires_pb2,
    witnesses_pb2,
    worklists_pb2,
)
from nsor.web.admission import COOKIE, OneTime
from nsor.web.pages import Entry
from tests.client.conftest import AGENCY, Connect, Refusal, Register
from tests.web import browser as browsers
from tests.web.conftest import Site, running_site

OVERSIGHT = "nsor.v1.OversightService/"
DIRECTORY = "nsor.v1.DirectoryService/"
LOOKUP = "nsor.v1.LookupService/"
NOTIFICATION = "nsor.v1.NotificationService/"
REGISTRATION = "nsor.v1.RegistrationService/"
LOOK_UP = f"{LOOKUP}LookUpRegistration"
WITNESS = WitnessKey.generate("witness.example/one")
NEW_WITNESS = WitnessKey.generate("witness.example/two")
KARACHI = dt.timezone(dt.timedelta(hours=5))
TODAY = dt.datetime.now(KARACHI).date()
LAST = month_before(TODAY)
BEFORE = month_before(LAST)
MONTHS: Final = {
    # agency, purpose, calls
    (LAST.year, LAST.month): [("punjab-police", "INVESTIGATION", 1234), ("punjab-prisons", "CUSTODY", 40)],
    (BEFORE.year, BEFORE.month): [("punjab-police", "INVESTIGATION", 617), ("punjab-police", "EMERGENCY", 7)],
}
HIDDEN = 9
"""Of each month: calls of which the table shows nothing but in the count of all."""


def at(text: str) -> Timestamp:
    """An instant that is written in Pakistan's time."""
    found = Timestamp()
    found.FromDatetime(dt.datetime.fromisoformat(text).replace(tzinfo=KARACHI))
    return found


def soon(days: float) -> Timestamp:
    """So many days from now."""
    found = Timestamp()
    found.FromDatetime(dt.datetime.now(dt.UTC) + dt.timedelta(days=days))
    return found


def table(data: bytes) -> oversight_pb2.GetStatisticsResponse | Refusal:
    asked = oversight_pb2.GetStatisticsRequest.FromString(data)
    lines = MONTHS.get((asked.year, asked.month))
    if lines is None:
        return Refusal("NOT_FOUND", "MONTH_NOT_COUNTED")
    count = oversight_pb2.StatisticsCount
    every = sum(number for _, _, number in lines) + HIDDEN
    if asked.measure == oversight_pb2.STATISTICS_MEASURE_REFUSALS:
        return oversight_pb2.GetStatisticsResponse(
            counts=[
                count(count=18),
                count(part="GRANT_NOT_VALID", level=1, count=13),
                count(part="PK", level=2, count=13),
            ]
        )
    counts = [count(count=every), count(part=LOOK_UP, level=1, count=every)]
    counts += [count(part=LOOK_UP, province="PK-PB", level=2, count=every - HIDDEN)]
    for agency, purpose, number in lines:
        of = count(part=LOOK_UP, province="PK-PB", district="PK-PB", agency_id=agency, level=4, count=number)
        counts.append(of)
        counts.append(count(purpose=options_pb2.Purpose.Value(f"PURPOSE_{purpose}")))
        for name in ("part", "province", "district", "agency_id", "count"):
            setattr(counts[-1], name, getattr(of, name))
        counts[-1].level = 5
    return oversight_pb2.GetStatisticsResponse(counts=counts, first_index=1000, stop_index=2501)


def accesses(_data: bytes) -> oversight_pb2.ListAccessesResponse:
    found = oversight_pb2.Access(
        index=4711,
        access_id="00000000-0000-4000-8000-000000000001",
        agency_id=AGENCY,
        method=LOOK_UP,
        purpose=options_pb2.PURPOSE_INVESTIGATION,
        outcome=oversight_pb2.ACCESS_OUTCOME_REFUSED,
        count=3,
        access_time=at("2026-03-05T00:10:00"),
        officer_number="PB-1234",
    )
    return oversight_pb2.ListAccessesResponse(accesses=[found])


@pytest.fixture(autouse=True)
def scripted(register: Register) -> None:
    def checkpoint(data: bytes) -> oversight_pb2.GetCheckpointResponse:
        signed = register.ledger.sign() if register.ledger.leaves else b""
        found = register.proofs(f"{OVERSIGHT}GetCheckpoint", data)
        assert isinstance(found, oversight_pb2.GetCheckpointResponse)
        if signed:
            found.cosigned.append(cosign(signed, WITNESS, int(dt.datetime.now(dt.UTC).timestamp()) - 7200))
        return found

    officer = directory_pb2.Officer(
        agency_id=AGENCY,
        officer_number="PB-1234",
        grade=17,
        decides=True,
        kind=directory_pb2.KEY_KIND_OFFICER,
        jurisdiction=["PK-PB/LHR"],
        enrol_time=at("2026-03-01T09:00:00"),
    )
    certificate = directory_pb2.AgencyCertificate
    officers = directory_pb2.ListOfficersResponse(
        officers=[officer],
        focal_persons=[directory_pb2.FocalPerson(number="F-1", enter_time=at("2026-02-01T09:00:00"))],
        certificates=[
            certificate(serial="aa11", start_time=soon(-2), end_time=soon(400)),
            certificate(serial="bb22", start_time=soon(-2), end_time=soon(12.5)),
            certificate(serial="cc33", start_time=soon(-2), end_time=soon(20), revoke_time=soon(-1)),
            certificate(serial="dd44", start_time=soon(-9), end_time=soon(-1)),
        ],
    )
    unusual = tripwires_pb2.UnusualAccess(
        unusual_access_id="00000000-0000-4000-8000-000000000002",
        find_time=at("2026-03-05T06:00:00"),
        accesses=[tripwires_pb2.UnusualEntry(access_id="00000000-0000-4000-8000-000000000003")],
    )
    agency = directory_pb2.Agency(agency_id=AGENCY, name_en="Punjab Police", name_ur="پنجاب پولیس", enabled=True)
    register.answers |= {
        f"{OVERSIGHT}GetCheckpoint": checkpoint,
        f"{OVERSIGHT}ListWitnesses": lambda _: witnesses_pb2.ListWitnessesResponse(
            witnesses=[witnesses_pb2.Witness(verifier_key=each.verifier.text()) for each in (WITNESS, NEW_WITNESS)]
        ),
        f"{OVERSIGHT}ListAccesses": accesses,
        f"{OVERSIGHT}GetStatistics": table,
        f"{DIRECTORY}ListAgencies": lambda _: directory_pb2.ListAgenciesResponse(agencies=[agency]),
        f"{DIRECTORY}ListOfficers": lambda _: officers,
        f"{LOOKUP}ListUnusualAccesses": lambda _: tripwires_pb2.ListUnusualAccessesResponse(items=[unusual]),
        f"{LOOKUP}ListEmergencyLookUps": lambda _: emergencies_pb2.ListEmergencyLookUpsResponse(),
        f"{LOOKUP}ListRecalls": lambda _: recalls_pb2.ListRecallsResponse(recalls=[recalls_pb2.Recall()] * 2),
        f"{NOTIFICATION}ListTransfers": lambda _: transfers_pb2.ListTransfersResponse(),
        f"{NOTIFICATION}ListDuties": lambda _: duties_pb2.ListDutiesResponse(items=[duties_pb2.DutyItem()] * 3),
        f"{REGISTRATION}ListRegistrations": lambda _: worklists_pb2.ListRegistrationsResponse(),
    }
    register.streams[f"{NOTIFICATION}SubscribeEvents"] = lambda _: iter(
        [notification_pb2.SubscribeEventsResponse(replay_ends=True)]
    )


@dataclass
class Pages:
    """A console that runs beside the register in miniature."""

    site: Site
    register: Register
    cookie: str = ""

    @property
    def root(self) -> str:
        return f"{self.site.who.path}/en"

    def get(self, path: str) -> str:
        found = self.site.ask(f"{self.root}/{path}", Cookie=self.cookie)
        assert (path, found.status, found.headers.get("set-cookie")) == (path, 200, None)
        assert "`" not in found.text
        return found.text

    def rows(self, path: str) -> list[list[str]]:
        """The cells of every row of a page's tables, as they are read."""
        rows = re.findall(r"<tr\b.*?</tr>", self.get(path), re.DOTALL)
        return [[plain(cell) for cell in re.findall(r"<t[hd]\b.*?</t[hd]>", row, re.DOTALL)] for row in rows]

    def figures(self, path: str) -> dict[str, str]:
        found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", self.get(path), re.DOTALL)
        return {plain(label): plain(value.replace("<span", " <span")) for label, value in found}

    def calls(self, path: str) -> tuple[list[str], str]:
        """The methods that a page calls, and what its footer says of its entries."""
        before = len(self.register.calls)
        text = self.get(path)
        footer = re.search(r"<footer>(.*?)</footer>", text, re.DOTALL)
        assert footer is not None
        called = [each.method.rpartition("/")[2] for each in self.register.calls[before:]]
        return called, plain(footer[1])


def plain(text: str) -> str:
    read = re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", read)).split())


Console = Callable[[options_pb2.AgencyKind.ValueType], Pages]


@pytest.fixture
def console(register: Register, connect: Connect) -> Iterator[Console]:
    """Starts the console of an agency of a kind."""
    stack: list[Any] = []

    def start(kind: options_pb2.AgencyKind.ValueType) -> Pages:
        client = connect(officer=nsor.OfficerKey.generate())
        agency = directory_pb2.Agency(agency_id=AGENCY, kind=kind)

        def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
            return OwnPages(who, client, agency).application(origins)

        stack.append(running_site(build))
        port, who = stack[-1].__enter__()
        found = Pages(Site(port, who), register)
        found.cookie = found.site.cookie()
        return found

    yield start
    for each in reversed(stack):
        each.__exit__(None, None, None)


COMMITTEE = options_pb2.AGENCY_KIND_SPECIAL_COMMITTEE
POLICE = options_pb2.AGENCY_KIND_POLICE
_STATISTICS = ["GetStatistics"] * (len(MONTHS) + 1)
CALLS: Final = {
    COMMITTEE: {
        "": ["GetCheckpoint", "ListAccesses", "ListWitnesses"],
        "accesses": ["ListAccesses", "ListAgencies"],
        "over-time": ["ListAccesses", *_STATISTICS, "ListAgencies"],
        "refusals": ["ListAccesses", "GetStatistics", "ListAgencies"],
        "emergencies": ["ListEmergencyLookUps", "ListEmergencyLookUps"],
        "months": ["GetStatistics"],
        "agencies": ["ListAgencies"],
        "certificates": ["ListOfficers"],
    },
    POLICE: {
        "": ["GetCheckpoint"],
        "accesses": ["ListAccesses"],
        "officers": ["ListOfficers"],
        "unusual": ["ListUnusualAccesses"],
        "certificates": ["ListOfficers"],
        "work": [
            "ListRecalls",
            "ListUnusualAccesses",
            "ListTransfers",
            "ListDuties",
            "ListRegistrations",
            "SubscribeEvents",
        ],
    },
}
"""What each page of the list asks of the register: each is an entry."""


@pytest.mark.parametrize(("kind", "entries"), [(COMMITTEE, own.COMMITTEE), (POLICE, own.FOCAL_PERSON)])
def test_each_page_makes_its_entries_says_so_and_sets_no_cookie(
    console: Console, kind: options_pb2.AgencyKind.ValueType, entries: tuple[Entry, ...]
) -> None:
    pages = console(kind)
    assert CALLS[kind].keys() == {each.path for each in entries}
    for path, expected in CALLS[kind].items():
        first = len(pages.register.ledger.leaves)
        called, footer = pages.calls(path)
        assert (path, called) == (path, expected)
        # One that is refused has an entry; the streamed sign of life has none.
        assert len(pages.register.ledger.leaves) >= first + len(set(expected) - {"SubscribeEvents"})
        if path != "work":
            counted = re.search(
                r"This view is (?:entry ([\d,]+)|([\d,]+) (?:entries|entry) .* from ([\d,]+) on)", footer
            )
            assert counted is not None, (path, footer)
            assert int((counted[1] or counted[3]).replace(",", "")) == first
            assert int((counted[2] or "1").replace(",", "")) == len(expected)
    # The one cookie that there is was set once, with the address.
    assert pages.cookie.startswith(f"{COOKIE}=")


def test_the_committee_sees_months_by_agency_and_purpose(console: Console) -> None:
    pages = console(COMMITTEE)
    rows = pages.rows("over-time")
    months = [f"{each:%Y-%m}" for each in (BEFORE, LAST)]
    assert rows[0] == ["Agency", "Purpose", "Share", *months]
    assert rows[1:7] == [
        ["punjab-police", "investigation", "", "617", "1,234"],
        ["punjab-prisons", "custody", "", "", "40"],
        ["punjab-police", "emergency", "", "7", ""],
        ["Together", "", "624", "1,274"],
        ["Of these agencies or purposes nothing is shown", str(HIDDEN), str(HIDDEN)],
        ["All", "633", "1,283"],
    ]
    # The newest calls by day: one entry that stands for three refused ones.
    assert ["2026-03-05", "", "0", "3", "0"] in rows
    assert ["punjab-police", "investigation", "3"] in rows
    of_one = pages.rows("over-time?agency=punjab-police&purpose=EMERGENCY")
    assert of_one[1:3] == [["punjab-police", "emergency", "", "7", ""], ["Together", "", "7", "0"]]
    # The curve says the same as the numbers: half as high in the month before.
    drawn = re.findall(r'<svg class="columns".*?</svg>', pages.get("over-time"), re.DOTALL)[0]
    assert re.findall(r'height="([\d.]+)"/', drawn) == ["50.0", "100.0"]


def test_the_committee_sees_a_month_and_its_refusals(console: Console) -> None:
    pages = console(COMMITTEE)
    rows = pages.rows(f"months?month={LAST:%Y-%m}&measure=ACCESSES")
    assert ["LookUpRegistration", "PK-PB", "PK-PB", "punjab-police", "investigation", "1,234", ""] in rows
    assert ["PK-PB", "", "1,274"] in rows
    assert "entries 1,000 to 2,500" in plain(pages.get(f"months?month={LAST:%Y-%m}"))
    assert ["GRANT_NOT_VALID", "13"] in pages.rows("refusals")
    missing = pages.get("months?month=2024-01")
    assert '<div class="notice">' in missing


def test_the_logs_health_says_what_was_signed_when_and_by_whom(console: Console) -> None:
    pages = console(COMMITTEE)
    pages.get("agencies")  # so that there is something that a witness has signed
    figures = pages.figures("")
    # The miniature's leaves are of 2023: their age is in days.
    assert re.fullmatch(r"\d entries 2023-11-15 03:13:20, [\d]+ days ago", figures["Last checkpoint"])
    assert figures["Newest entry before this view"].startswith("4,711 2026-03-05 00:10:00, ")
    assert figures["Last own verification"] == "none on this computer"
    rows = pages.rows("")
    (root,) = (row[1] for row in rows if row[0] == "Root")
    assert re.fullmatch("[0-9a-f]{16}…", root)
    one, two = (row for row in rows if row[0].startswith("witness.example"))
    assert one[1:3] == ["counts", one[2]]
    assert int(one[2]) + int(one[3]) == int(next(row[1] for row in rows if row[0] == "Entries"))
    assert one[4].endswith(", 2 hours ago")
    assert two[1:] == ["counts", "", "", "never"]


def test_what_failed_stays_seen_beside_what_was_found_since(console: Console, connect: Connect) -> None:
    pages = console(COMMITTEE)
    pages.get("agencies")
    connect().verify_ledger()
    assert "First that failed" not in pages.figures("")
    leaves = pages.register.ledger.leaves
    first, leaves[0] = leaves[0], b"another"
    with pytest.raises(nsor.LedgerForked) as failed:
        connect().verify_ledger(everything=True)
    leaves[0] = first
    connect().verify_ledger(everything=True)
    figures = pages.figures("")
    assert figures["Last own verification"].startswith("whole ")
    assert figures["First that failed"].startswith("failed ")
    assert "Last that failed" not in figures
    shown = plain(pages.get(""))
    assert shown.count("failed (LEDGER_FORKED), whatever was found since.") == 1
    assert failed.value.message.en in shown
    # One bad proof after a fork takes nothing of it away.
    pages.register.tamper = lambda _: None
    with pytest.raises(nsor.ReceiptMissing):
        connect().verify_ledger()
    pages.register.tamper = None
    figures = pages.figures("")
    assert figures["Last own verification"].startswith("failed ")
    assert figures["First that failed"].startswith("failed ")
    assert "Last that failed" not in figures
    connect().verify_ledger(everything=True)
    figures = pages.figures("")
    assert figures["First that failed"].startswith("failed ")
    assert figures["Last that failed"].startswith("failed ")
    shown = plain(pages.get(""))
    assert "failed (LEDGER_FORKED), whatever was found since." in shown
    assert "failed (RECEIPT_MISSING), whatever was found since." in shown
    assert failed.value.message.en in shown


def test_the_worst_that_failed_is_called_so_beside_the_first_and_the_last(
    console: Console, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = console(COMMITTEE)
    pages.get("agencies")
    connect().verify_ledger()
    seconds = itertools.count(int(dt.datetime.now(dt.UTC).timestamp()))
    monkeypatch.setattr(last_verification, "time", SimpleNamespace(time=lambda: next(seconds)))
    leaves = pages.register.ledger.leaves

    def misses() -> None:
        pages.register.tamper = lambda _: None
        with pytest.raises(nsor.ReceiptMissing):
            connect().verify_ledger()
        pages.register.tamper = None

    misses()
    first, leaves[0] = leaves[0], b"another"
    with pytest.raises(nsor.LedgerForked):
        connect().verify_ledger(everything=True)
    leaves[0] = first
    misses()
    connect().verify_ledger(everything=True)
    assert [name for name in pages.figures("") if name.endswith("that failed")] == [
        "First that failed",
        "Worst that failed",
        "Last that failed",
    ]


def test_a_focal_person_sees_officers_certificates_unusual_accesses_and_work(console: Console) -> None:
    pages = console(POLICE)
    assert ["PB-1234", "OFFICER", "17", "yes", "PK-PB/LHR", "2026-03-01 09:00:00", ""] in pages.rows("officers")
    assert ["F-1", "2026-02-01 09:00:00", "counts"] in pages.rows("officers")
    certificates = {row[0]: row[3] for row in pages.rows("certificates")[1:]}
    assert certificates == {"aa11": "counts", "bb22": "ends soon: 12 days", "cc33": "revoked", "dd44": "ended"}
    assert pages.figures("certificates") == {"End within 30 days": "1"}
    unusual = pages.rows("unusual")[1]
    assert unusual == [
        "2026-03-05 06:00:00",
        "00000000-0000-4000-8000-000000000002",
        "00000000-0000-4000-8000-000000000003",
    ]
    assert pages.rows("work")[1:] == [
        ["2", "recalls of what you were shown", "nsor recalls list"],
        ["3", "duties that are overdue", "nsor duties --overdue"],
    ]
    # His own certificate, which ends in a day, is on the first page.
    assert pages.figures("")["Your certificate ends"].endswith(" 1 day")
    assert "4,711" in pages.rows("accesses")[1][0]


@browsers.NEEDED
def test_a_verification_shows_its_progress_and_is_kept_and_no_page_with_rows_has_a_fault(
    register: Register, console: Console
) -> None:
    pages = console(COMMITTEE)
    pages.get("agencies")
    may_go_on = threading.Event()

    def wait(call: Any) -> None:
        if call.method.endswith("GetBatchProof"):
            may_go_on.wait(60)

    register.before = wait
    with browsers.chromium() as browser:
        page, wrong = browsers.page(browser)
        name, _, value = pages.cookie.partition("=")
        page.context.add_cookies(
            [{"name": name, "value": value, "domain": "127.0.0.1", "path": f"{pages.site.who.path}/"}]
        )
        page.goto(f"{pages.site.origin}{pages.root}/")
        with page.expect_response(lambda answer: answer.url.endswith("verifying.json")) as told:
            page.click("main button")
        assert told.value.json()["running"] is True
        assert page.locator("progress").get_attribute("data-source") == "verifying.json"
        assert "runs" in page.locator(".figures").inner_text()
        may_go_on.set()
        # The script looks again and again, and shows the page anew by itself.
        page.wait_for_selector(".figure.good >> text=whole")
        assert browsers.faults(page) == []
        shown = [("en", f"months?month={LAST:%Y-%m}"), ("en", "over-time"), ("ur", "over-time")]
        for language, path in shown:
            page.goto(f"{pages.site.origin}{pages.site.who.path}/{language}/{path}")
            assert page.locator("tbody tr").count() > 1
            assert (path, language, browsers.faults(page)) == (path, language, [])
        assert wrong == []
    # Another console of the same folder shows it as well, and since when.
    facts = dict(row for row in console(COMMITTEE).rows("") if len(row) == 2)
    assert int(facts["Your entries proven"]) > 0
    assert facts["Your entries lost, as the register has owned up to"] == "0"
    assert len(MONTHS) <= committee.MONTHS
