"""Which pages there are for which kind of agency, and what each asks of the register."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from nsor import contract
from nsor.answers import Answer
from nsor.cli import besides, keys
from nsor.client import Client
from nsor.console import committee, health
from nsor.console.urdu import URDU
from nsor.console.verifying import Verification
from nsor.console.written import KARACHI, ago, month, month_before, name, set_day, when
from nsor.errors import NsorError, Refused
from nsor.v1 import directory_pb2, options_pb2, oversight_pb2, tripwires_pb2
from nsor.web import charts, site
from nsor.web.admission import Admission
from nsor.web.pages import Entry, Pages
from nsor.web.urdu import PURPOSES

TEMPLATES: Final = Path(__file__).parent / "templates"
COMMITTEE: Final = (
    Entry("", "Log health"),
    Entry("accesses", "Accesses"),
    Entry("over-time", "Over time"),
    Entry("refusals", "Refusals"),
    Entry("emergencies", "Emergency look-ups"),
    Entry("months", "Monthly tables"),
    Entry("agencies", "Agencies"),
    Entry("certificates", "Certificates"),
)
"""Pages of the Special Committee."""
FOCAL_PERSON: Final = (
    Entry("", "Log health"),
    Entry("accesses", "Accesses"),
    Entry("officers", "Officers and systems"),
    Entry("unusual", "Unusual accesses"),
    Entry("certificates", "Certificates"),
    Entry("work", "Open work"),
)
"""Pages of whoever acts for another agency."""
MEASURES: Final = {
    "ACCESSES": "Answered calls that disclose",
    "REFUSALS": "Refused calls, by reason",
    "ENTRIES": "Convictions entered, days since the judgment",
    "IDENTITIES": "Confirmed registrations, by identity",
    "OVERDUE": "Messages of what is overdue",
    "RECALLS": "Recalls acknowledged, in time or late",
    "ACCESS_REQUESTS": "Access requests decided, hours taken",
    "EMERGENCIES": "Emergency look-ups reviewed, in time or late",
}
"""What a monthly table counts, in English."""
PAGE: Final = 100
MOST_AGENCIES: Final = 500
SOON_DAYS: Final = 30
_OUTCOMES: Final = ("ALLOWED", "REFUSED", "FAILED")
_DAY: Final = dt.timedelta(days=1)
_MEASURE: Final = "STATISTICS_MEASURE_"
_PROVINCE_LEVEL: Final = 2
"""Of a count that is divided by part and province."""


class OwnPages:
    """The pages of `nsor console`.

    Args:
        who: may see them.
        client: calls the register as the user; each call is an entry.
        agency: the user's own, as the register has it.
    """

    def __init__(self, who: Admission, client: Client, agency: directory_pb2.Agency) -> None:
        self._who = who
        self._client = client
        self._agency = agency
        self._is_committee = agency.kind == options_pb2.AGENCY_KIND_SPECIAL_COMMITTEE
        self._verification = Verification(client)
        entries = COMMITTEE if self._is_committee else FOCAL_PERSON
        self._pages = Pages(TEMPLATES, URDU, title="NSOR oversight", entries=entries, root=who.path)

    def application(self, origins: Callable[[], Sequence[str]]) -> web.Application:
        """All pages of this kind of agency as an application.

        Args:
            origins: under which they are.
        """
        found = site.application(self._who, origins, self._pages.no_such_page)
        pages: dict[str, site.Handler] = {
            "": self.health,
            "verifying.json": self.verifying,
            "accesses": self.accesses,
            "certificates": self.certificates,
        }
        if self._is_committee:
            pages |= {
                "agencies": self.agencies,
                "emergencies": self.emergencies,
                "months": self.months,
                "over-time": self.over_time,
                "refusals": self.refusals,
            }
        else:
            pages |= {"officers": self.officers, "unusual": self.unusual, "work": self.work}
        for path, handler in pages.items():
            site.page(found, self._who, path, self._told(handler))
        site.page(found, self._who, "verify", self.verify, form=True)
        return found

    async def health(self, request: web.Request) -> web.StreamResponse:
        """The log: its last checkpoint, who has co-signed it and when, and what the last own verification found."""
        found = await asyncio.to_thread(health.log, self._client, committee=self._is_committee)
        state, last = self._verification.state, self._client.last_verification
        is_urdu = site.language(request) == "ur"
        certificate, now = self._client.certificate, dt.datetime.now(dt.UTC)
        return self._pages.answer(
            request,
            "health.html",
            **found,
            is_committee=self._is_committee,
            state=state,
            last=last,
            ended=None if last is None else (when(last.ended), *ago(now.timestamp() - last.ended)),
            failures=[
                (each, each.urdu if is_urdu else each.english, when(each.ended), *ago(now.timestamp() - each.ended))
                for each in self._client.failed_verifications
            ],
            why=None if state.error is None else self._why(request, state.error),
            days=(certificate.not_after - now).days,
            soon=SOON_DAYS,
            not_after=f"{certificate.not_after.astimezone(KARACHI):%Y-%m-%d}",
        )

    async def verify(self, request: web.Request) -> web.StreamResponse:
        """Begin a verification."""
        self._verification.begin()
        return web.Response(status=303, headers={"Location": f"{self._who.path}/{site.language(request)}/"})

    async def verifying(self, _request: web.Request) -> web.StreamResponse:
        """How far the verification is, for the progress bar."""
        state = self._verification.state
        return web.json_response({"running": state.running, "done": state.done, "total": state.total})

    async def accesses(self, request: web.Request) -> web.StreamResponse:
        """Who called what, when and why: the Committee of all agencies, others of their own."""
        query = request.query
        wanted = oversight_pb2.ListAccessesRequest(page_size=PAGE, page_token=query.get("page", ""))
        wanted.agency_id = query.get("agency", "") if self._is_committee else ""
        if query.get("outcome") in _OUTCOMES:
            wanted.outcome = oversight_pb2.AccessOutcome.Value(f"ACCESS_OUTCOME_{query['outcome']}")
        if query.get("purpose") in PURPOSES:
            wanted.of_purpose = options_pb2.Purpose.Value(f"PURPOSE_{query['purpose']}")
        wanted.method = query.get("method", "")
        set_day(wanted.start_time, query.get("since", ""), dt.timedelta(0))
        set_day(wanted.end_time, query.get("until", ""), _DAY)
        answer = await asyncio.to_thread(self._client.oversight.list_accesses, wanted)
        agencies = await asyncio.to_thread(self._agencies) if self._is_committee else None
        entries = [each.index for each in (answer, agencies) if each is not None]
        return self._pages.answer(
            request,
            "accesses.html",
            accesses=[_access(each) for each in answer.message.accesses],
            next_page=answer.message.next_page_token,
            asked=query,
            agencies=[] if agencies is None else _ids(agencies),
            methods=sorted(contract.names()),
            purposes=PURPOSES,
            outcomes=_OUTCOMES,
            own=not self._is_committee,
            entries=entries,
        )

    async def over_time(self, request: web.Request) -> web.StreamResponse:
        """How many accesses there were by day, by agency and purpose, and by month."""
        found = await asyncio.to_thread(committee.over_time, self._client, request.query)
        agencies = await asyncio.to_thread(self._agencies)
        found["entries"].append(agencies.index)
        return self._pages.answer(
            request, "over_time.html", **found, asked=request.query, agencies=_ids(agencies), purposes=PURPOSES
        )

    async def refusals(self, request: web.Request) -> web.StreamResponse:
        """Refused calls by day, by agency and method, and by reason."""
        today = dt.datetime.now(KARACHI).date()
        found = await asyncio.to_thread(committee.refusals, self._client, request.query, today)
        agencies = await asyncio.to_thread(self._agencies)
        found["entries"].append(agencies.index)
        return self._pages.answer(request, "refusals.html", **found, asked=request.query, agencies=_ids(agencies))

    async def emergencies(self, request: web.Request) -> web.StreamResponse:
        """Emergency look-ups, and how long NPB took to review each."""
        page, now = request.query.get("page", ""), dt.datetime.now(dt.UTC)
        found = await asyncio.to_thread(committee.emergencies, self._client, page, now)
        return self._pages.answer(request, "emergencies.html", **found)

    async def months(self, request: web.Request) -> web.StreamResponse:
        """A table of a month that is over: what is counted, by part, province, district and agency."""
        today = dt.datetime.now(KARACHI).date()
        chosen = month(request.query.get("month", "")) or month_before(today)
        measures = [each.name.removeprefix(_MEASURE) for each in oversight_pb2.StatisticsMeasure.DESCRIPTOR.values[1:]]
        measure = request.query.get("measure", "")
        measure = measure if measure in measures else measures[0]
        wanted = oversight_pb2.GetStatisticsRequest(
            year=chosen.year, month=chosen.month, measure=oversight_pb2.StatisticsMeasure.Value(f"{_MEASURE}{measure}")
        )
        table, why, entries = oversight_pb2.GetStatisticsResponse(), None, []
        try:
            answer = await asyncio.to_thread(self._client.oversight.get_statistics, wanted)
            table, entries = answer.message, [answer.index]
        except Refused as error:  # another month may be asked for on the same page
            why = self._why(request, error)
        counts = list(table.counts)
        provinces: dict[str, float] = {}
        for each in counts:
            if each.level == _PROVINCE_LEVEL:
                provinces[each.province] = provinces.get(each.province, 0.0) + each.count
        return self._pages.answer(
            request,
            "months.html",
            month=f"{chosen:%Y-%m}",
            measure=measure,
            measures=measures,
            names=MEASURES,
            counts=counts,
            purposes={each.purpose: name(options_pb2.Purpose.DESCRIPTOR, each.purpose) for each in counts},
            bars=charts.bars([(province, [("span", count)]) for province, count in sorted(provinces.items())]),
            first=table.first_index,
            stop=table.stop_index,
            entries=entries,
            why=why,
        )

    async def agencies(self, request: web.Request) -> web.StreamResponse:
        """The agencies that may call."""
        answer = await asyncio.to_thread(self._agencies)
        found = answer.message.agencies
        kinds = {each.agency_id: name(options_pb2.AgencyKind.DESCRIPTOR, each.kind) for each in found}
        return self._pages.answer(request, "agencies.html", agencies=found, kinds=kinds, entries=[answer.index])

    async def officers(self, request: web.Request) -> web.StreamResponse:
        """Whose keys act for the agency."""
        pages = await asyncio.to_thread(lambda: list(keys.pages(self._client)))
        rows = [
            {
                "number": each.officer_number,
                "kind": name(directory_pb2.KeyKind.DESCRIPTOR, each.kind),
                "grade": each.grade,
                "decides": each.decides,
                "places": ", ".join(each.jurisdiction),
                "since": when(each.enrol_time.ToSeconds()),
                "until": when(each.disable_time.ToSeconds()) if each.HasField("disable_time") else "",
            }
            for page in pages
            for each in page.message.officers
        ]
        focal = [
            (each.number, when(each.enter_time.ToSeconds()), each.HasField("disable_time"))
            for page in pages
            for each in page.message.focal_persons
        ]
        entries = [page.index for page in pages]
        return self._pages.answer(request, "officers.html", officers=rows, focal=focal, entries=entries)

    async def certificates(self, request: web.Request) -> web.StreamResponse:
        """The certificates of the agency, and which of them end soon."""
        answer = await asyncio.to_thread(keys.first_page, self._client)
        now = dt.datetime.now(dt.UTC)
        rows = [_certificate(each, now, self._client.certificate.serial) for each in answer.message.certificates]
        return self._pages.answer(
            request,
            "certificates.html",
            certificates=rows,
            ending=[each for each in rows if each["state"] == "ends soon"],
            soon=SOON_DAYS,
            entries=[answer.index],
        )

    async def unusual(self, request: web.Request) -> web.StreamResponse:
        """Accesses of the agency in which something was unusual; what, is NPB's to know."""
        wanted = tripwires_pb2.ListUnusualAccessesRequest(page_size=PAGE, page_token=request.query.get("page", ""))
        answer = await asyncio.to_thread(self._client.lookup.list_unusual_accesses, wanted)
        rows = [
            {
                "id": each.unusual_access_id,
                "found": when(each.find_time.ToSeconds()),
                "accesses": [entry.access_id for entry in each.accesses],
            }
            for each in answer.message.items
        ]
        return self._pages.answer(
            request, "unusual.html", unusual=rows, next_page=answer.message.next_page_token, entries=[answer.index]
        )

    async def work(self, request: web.Request) -> web.StreamResponse:
        """How much there is to do, and the command for it."""
        found = await asyncio.to_thread(besides.counts, self._client, self._agency.kind)
        return self._pages.answer(request, "work.html", counts=found)

    def _agencies(self) -> Answer[directory_pb2.ListAgenciesResponse]:
        return self._client.directory.list_agencies(directory_pb2.ListAgenciesRequest(page_size=MOST_AGENCIES))

    def _told(self, handler: site.Handler) -> site.Handler:
        """What the register refuses, and that it doesn't answer, is a page that says so and what to do."""

        async def answered(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except NsorError as error:
                return self._pages.answer(request, "refused.html", status=502, why=self._why(request, error))

        return answered

    def _why(self, request: web.Request, error: NsorError) -> tuple[str, str]:
        """An error's text and next step in the page's language."""
        urdu = site.language(request) == "ur"
        return (
            error.message.ur if urdu else error.message.en,
            error.next_step.ur if urdu else error.next_step.en,
        )


def _access(each: oversight_pb2.Access) -> dict[str, object]:
    return {
        "index": each.index,
        "when": when(each.access_time.ToSeconds()),
        "agency": each.agency_id,
        "method": each.method.removeprefix("nsor.v1."),
        "purpose": name(options_pb2.Purpose.DESCRIPTOR, each.purpose),
        "outcome": name(oversight_pb2.AccessOutcome.DESCRIPTOR, each.outcome),
        "count": each.count,
        "officer": each.officer_number,
        "access": each.access_id,
    }


def _certificate(each: directory_pb2.AgencyCertificate, now: dt.datetime, own: str) -> dict[str, Any]:
    left = each.end_time.ToDatetime(dt.UTC) - now
    if each.HasField("revoke_time"):
        state = "revoked"
    elif left <= dt.timedelta(0):
        state = "ended"
    else:
        state = "ends soon" if left < dt.timedelta(days=SOON_DAYS) else "counts"
    return {
        "serial": each.serial,
        "since": when(each.start_time.ToSeconds()),
        "until": when(each.end_time.ToSeconds()),
        "days": left.days,
        "state": state,
        "own": each.serial == own,
    }


def _ids(agencies: Answer[directory_pb2.ListAgenciesResponse]) -> list[str]:
    return [each.agency_id for each in agencies.message.agencies]
