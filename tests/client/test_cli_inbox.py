"""`nsor inbox`: a prosecutor decides along it, an officer finds his grant; and a request that is asked for."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from nsor import cli
from nsor.v1 import (
    access_requests_pb2,
    directory_pb2,
    duties_pb2,
    emergencies_pb2,
    grants_pb2,
    judgments_pb2,
    lookup_pb2,
    notification_pb2,
    options_pb2,
    recalls_pb2,
    replays_pb2,
    reviews_pb2,
    transfers_pb2,
    tripwires_pb2,
    types_pb2,
    watched_pb2,
    worklists_pb2,
)
from tests.client.conftest import AGENCY, Register, Run

LOOKUP = "nsor.v1.LookupService/"
LIST = f"{LOOKUP}ListAccessRequests"
GET = f"{LOOKUP}GetAccessRequest"
APPROVE = f"{LOOKUP}ApproveAccessRequest"
RETURN = f"{LOOKUP}ReturnAccessRequest"
ASK = f"{LOOKUP}CreateAccessRequest"
LOOK_UP = f"{LOOKUP}LookUpRegistration"
AGENCIES = "nsor.v1.DirectoryService/ListAgencies"
WORK = "nsor.v1.RegistrationService/ListRegistrations"
TRANSFERS = "nsor.v1.NotificationService/ListTransfers"
DUTIES = "nsor.v1.NotificationService/ListDuties"
PROPOSED = "nsor.v1.RegistrationService/ListPendingDecisions"
REVIEWS = "nsor.v1.RegistrationService/ListReviews"
UNMATCHED = "nsor.v1.RegistrationService/ListUnmatchedJudgments"
EMERGENCIES = f"{LOOKUP}ListEmergencyLookUps"
RECALLS = f"{LOOKUP}ListRecalls"
UNUSUAL = f"{LOOKUP}ListUnusualAccesses"
WATCHED = f"{LOOKUP}ListWatchedNumbers"
REPLAYS = f"{LOOKUP}ListTripwireReplays"
EVENTS = "nsor.v1.NotificationService/SubscribeEvents"
PENDING = access_requests_pb2.ACCESS_REQUEST_STATE_PENDING
APPROVED = access_requests_pb2.ACCESS_REQUEST_STATE_APPROVED
FIRST, SECOND = "5e6d3d2f-8b1c-4f0a-9d3e-2b7c6a5f4e10", "7a6d3d2f-8b1c-4f0a-9d3e-2b7c6a5f4e11"
GRANT = "9b6d3d2f-8b1c-4f0a-9d3e-2b7c6a5f4e12"
FIR = types_pb2.FirKey(police_station="PK-PB/LHR/PS-001", year=2025, serial=412)
CNIC = "3520112345671"
WORK_ITEM = worklists_pb2.WorkItem(registration_id=FIRST, kind=worklists_pb2.WORK_KIND_CORRECTION)
TRANSFER = transfers_pb2.TransferItem(registration_id=SECOND, side=transfers_pb2.TRANSFER_SIDE_INCOMING)


def item(request_id: str = FIRST, **fields: object) -> access_requests_pb2.AccessRequestItem:
    given: Any = {"state": PENDING, "minutes_left": 6 * 60 + 5} | fields
    return access_requests_pb2.AccessRequestItem(
        access_request_id=request_id, agency_id=AGENCY, officer_number="PB-1234", fir=FIR, suspects=2, **given
    )


class Kind:
    """What the register says of the caller's agency, and what waits there."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self.items: list[access_requests_pb2.AccessRequestItem] = [item(), item(SECOND, minutes_left=-61, late=True)]
        answers: dict[str, Callable[[bytes], Message]] = {
            LIST: lambda _: access_requests_pb2.ListAccessRequestsResponse(items=self.items),
            WORK: lambda _: worklists_pb2.ListRegistrationsResponse(items=[WORK_ITEM]),
            TRANSFERS: lambda _: transfers_pb2.ListTransfersResponse(items=[TRANSFER] * 2),
            RECALLS: lambda _: recalls_pb2.ListRecallsResponse(recalls=[recalls_pb2.Recall()]),
            DUTIES: lambda _: duties_pb2.ListDutiesResponse(),
            UNUSUAL: lambda _: tripwires_pb2.ListUnusualAccessesResponse(),
            WATCHED: lambda _: watched_pb2.ListWatchedNumbersResponse(),
            REPLAYS: lambda _: replays_pb2.ListTripwireReplaysResponse(),
            GET: lambda request: access_requests_pb2.GetAccessRequestResponse(
                access_request=access_requests_pb2.AccessRequest(
                    access_request_id=access_requests_pb2.GetAccessRequestRequest.FromString(request).access_request_id,
                    etag="seen",
                    state=PENDING,
                )
            ),
            APPROVE: lambda _: access_requests_pb2.ApproveAccessRequestResponse(grant=grants_pb2.Grant(grant_id=GRANT)),
            RETURN: lambda _: access_requests_pb2.ReturnAccessRequestResponse(),
        }
        register.answers.update(answers)
        register.streams[EVENTS] = lambda _: iter([notification_pb2.SubscribeEventsResponse(replay_ends=True)])

    def is_(self, kind: str) -> None:
        agency = directory_pb2.Agency(agency_id=AGENCY, kind=options_pb2.AgencyKind.Value(f"AGENCY_KIND_{kind}"))
        self.register.answers[AGENCIES] = lambda _: directory_pb2.ListAgenciesResponse(agencies=[agency])

    def called(self, method: str) -> list[bytes]:
        return [call.request for call in self.register.calls if call.method == method]


@pytest.fixture
def kind(register: Register) -> Kind:
    return Kind(register)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A person at a terminal, who types these lines."""

    def types(*lines: str) -> None:
        left: Iterator[str] = iter(lines)
        monkeypatch.setattr("nsor.cli.agreement.is_terminal", lambda: True)
        monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(left))

    return types


def test_a_prosecutor_sees_by_when_and_decides_along_the_list(
    run: Run, kind: Kind, typed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    kind.is_("PROSECUTION")
    typed("1", "a", "r", "1,3")
    assert run("inbox") == 0
    printed = capsys.readouterr()
    assert "DUE IN 6 h" in printed.out
    assert "LATE BY 1 h" in printed.out
    assert "FIR 412/2025 PK-PB/LHR/PS-001" in printed.out
    assert "2 suspects" in printed.out
    assert f"{AGENCY}/PB-1234" in printed.out
    assert "That was the last one." in printed.err
    (approved,), (returned,) = kind.called(APPROVE), kind.called(RETURN)
    decision = access_requests_pb2.ApproveAccessRequestRequest.FromString(approved)
    assert (decision.access_request_id, decision.etag) == (FIRST, "seen")
    other = access_requests_pb2.ReturnAccessRequestRequest.FromString(returned)
    assert (other.access_request_id, list(other.reasons)) == (SECOND, [1, 3])
    # Only what waits was asked for.
    assert access_requests_pb2.ListAccessRequestsRequest.FromString(kind.called(LIST)[0]).state == PENDING


def test_a_skipped_request_stays_and_a_decided_one_does_not_ask_again(
    run: Run,
    kind: Kind,
    typed: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kind.is_("PROSECUTION")
    typed("s", "s")
    assert run("inbox", "1") == 0
    assert kind.called(APPROVE) == kind.called(RETURN) == []
    decided = access_requests_pb2.AccessRequest(
        access_request_id=FIRST, state=APPROVED, grant=grants_pb2.Grant(grant_id=GRANT)
    )
    kind.register.answers[GET] = lambda _: access_requests_pb2.GetAccessRequestResponse(access_request=decided)
    monkeypatch.setattr("nsor.cli.agreement.is_terminal", lambda: False)
    assert run("inbox", "1") == 0  # nobody is there: the next one isn't opened
    assert len(kind.called(GET)) == 3
    typed()
    assert run("inbox", "2") == 0
    assert f"`nsor lookup --grant {GRANT}`" in capsys.readouterr().err


def test_without_a_terminal_the_next_commands_are_printed(
    run: Run, kind: Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    kind.is_("PROSECUTION")
    assert run("inbox", "1") == 0
    said = capsys.readouterr().err
    assert "`nsor access approve 5e6d3d2f`" in said
    assert "`nsor access return 5e6d3d2f --reason documents-incomplete`" in said
    assert kind.called(GET) == kind.called(GET)[:1]  # nobody is there to decide: the next one isn't opened
    # The first digits that were shown are enough.
    assert run("inbox") == 0
    assert run("access", "show", "7a6d3d2f") == 0
    assert access_requests_pb2.GetAccessRequestRequest.FromString(kind.called(GET)[-1]).access_request_id == SECOND


def test_an_officer_sees_his_requests_and_how_much_there_is_of_the_rest(
    run: Run, kind: Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    kind.is_("POLICE")
    kind.items = [item(own=True), item(SECOND, own=True, state=APPROVED, late=True, grant_id=GRANT)]
    assert run("inbox") == 0
    printed = capsys.readouterr()
    assert "GRANTED LATE" in printed.out
    assert "you" in printed.out
    assert "nsor transfers --side incoming" in printed.out
    assert "nsor work" in printed.out
    assert "nsor recalls list" in printed.out
    assert "nsor duties" not in printed.out  # there are none
    assert "Access requests: 2, all that there are." in printed.err
    assert run("inbox", "6") == cli.USAGE


def test_each_line_opens_as_its_own_command_does(
    run: Run, kind: Kind, typed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    kind.is_("POLICE")
    kind.items = [item(own=True)]
    assert run("inbox") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    opened = {line[0]: " ".join(line[2:]) for line in lines if line[1:] and line[0] in {"2", "3", "4"}}
    assert opened["2"].startswith("nsor recalls list")
    assert opened["3"].startswith("nsor transfers --side incoming")
    assert opened["4"].startswith("nsor work")
    # The list is asked for again, and says what is typed next.
    assert run("inbox", "2") == 0
    assert "`nsor recalls acknowledge" in capsys.readouterr().err
    assert run("inbox", "3") == 0
    printed = capsys.readouterr()
    assert "`nsor transfers 1`" in printed.err
    asked = transfers_pb2.ListTransfersRequest.FromString(kind.called(TRANSFERS)[-1])
    assert asked.side == transfers_pb2.TRANSFER_SIDE_INCOMING
    typed("4")  # and by its number at the prompt
    assert run("inbox") == 0
    assert "`nsor work 1`" in capsys.readouterr().err
    assert run("inbox", "5") == cli.USAGE
    assert "There are 4." in capsys.readouterr().err


@pytest.mark.parametrize(("agency", "counted"), [("POLICE", "1"), ("NPB", "2")])
def test_an_agency_sees_what_was_unusual_lately_and_npb_what_waits(
    run: Run, kind: Kind, capsys: pytest.CaptureFixture[str], *, agency: str, counted: str
) -> None:
    new, old = tripwires_pb2.UnusualAccess(), tripwires_pb2.UnusualAccess()
    new.find_time.GetCurrentTime()
    old.find_time.FromSeconds(1_700_000_000)
    kind.register.answers[UNUSUAL] = lambda _: tripwires_pb2.ListUnusualAccessesResponse(items=[new, old])
    kind.register.answers |= {
        PROPOSED: lambda _: worklists_pb2.ListPendingDecisionsResponse(),
        REVIEWS: lambda _: reviews_pb2.ListReviewsResponse(),
        UNMATCHED: lambda _: judgments_pb2.ListUnmatchedJudgmentsResponse(),
        EMERGENCIES: lambda _: emergencies_pb2.ListEmergencyLookUpsResponse(),
    }
    kind.is_(agency)
    assert run("inbox") == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "nsor unusual list" in line]
    assert counted in line.split()[:3]


def test_npb_sees_what_waits_for_a_second_officer(run: Run, kind: Kind, capsys: pytest.CaptureFixture[str]) -> None:
    # What nobody agreed to in time waits for nobody, nor does what two have agreed to.
    kind.is_("NPB")
    late, soon = Timestamp(seconds=1_700_000_000), Timestamp(seconds=4_000_000_000)
    watched = [watched_pb2.WatchedNumber(expire_time=at) for at in (late, soon, soon)]
    replays = [
        replays_pb2.TripwireReplay(state=state, expire_time=at)
        for state, at in (
            (replays_pb2.TRIPWIRE_REPLAY_STATE_PROPOSED, late),
            (replays_pb2.TRIPWIRE_REPLAY_STATE_PROPOSED, soon),
            (replays_pb2.TRIPWIRE_REPLAY_STATE_APPROVED, soon),
        )
    ]
    kind.register.answers |= {
        PROPOSED: lambda _: worklists_pb2.ListPendingDecisionsResponse(),
        REVIEWS: lambda _: reviews_pb2.ListReviewsResponse(),
        UNMATCHED: lambda _: judgments_pb2.ListUnmatchedJudgmentsResponse(),
        EMERGENCIES: lambda _: emergencies_pb2.ListEmergencyLookUpsResponse(),
        WATCHED: lambda _: watched_pb2.ListWatchedNumbersResponse(items=[watched_pb2.WatchedNumber(), *watched]),
        REPLAYS: lambda _: replays_pb2.ListTripwireReplaysResponse(items=replays),
    }
    assert run("inbox") == 0
    lines = capsys.readouterr().out.splitlines()
    (numbers,) = [line for line in lines if "nsor watched list" in line]
    (again,) = [line for line in lines if "nsor replay list" in line]
    assert "2" in numbers.split()[:3]
    assert "1" in again.split()[1:3]


def test_npb_sees_which_passengers_were_shown_by_their_names(
    run: Run, kind: Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    kind.is_("NPB")
    kind.register.answers |= {
        PROPOSED: lambda _: worklists_pb2.ListPendingDecisionsResponse(),
        REVIEWS: lambda _: reviews_pb2.ListReviewsResponse(),
        UNMATCHED: lambda _: judgments_pb2.ListUnmatchedJudgmentsResponse(),
        EMERGENCIES: lambda _: emergencies_pb2.ListEmergencyLookUpsResponse(),
    }
    alike, other = notification_pb2.EVENT_KIND_PASSENGER_ALIKE, notification_pb2.EVENT_KIND_EMERGENCY_OPENED
    events = [
        notification_pb2.Event(sequence=number, kind=each, registration_id=FIRST, agency_id="fia-immigration")
        for number, each in enumerate((alike, other, alike), 1)
    ]
    kind.register.streams[EVENTS] = lambda _: iter(
        [notification_pb2.SubscribeEventsResponse(events=events, replay_ends=True)]
    )
    assert run("inbox") == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = [each for each in lines if "nsor events --kind passenger-alike" in each]
    assert "2" in line.split()[:3]
    (line,) = [each for each in lines if "not acknowledged" in each]
    assert "3" in line.split()[:3]
    assert run("events", "--kind", "passenger-alike", "--wait", "1") == 0
    shown = capsys.readouterr()
    assert [line.split()[0] for line in shown.out.splitlines() if "passenger alike" in line] == ["1", "3"]
    assert "emergency opened" not in shown.out
    assert "nsor accesses --of fia-immigration --method ScreenManifest" in shown.out
    assert run("inbox", "--lang", "ur") == 0
    assert "مسافر جو صرف ناموں سے دکھائے گئے" in capsys.readouterr().out


def test_what_waits_is_said_in_urdu_in_the_last_column(
    run: Run, kind: Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    kind.is_("POLICE")
    assert run("inbox", "--lang", "ur") == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "nsor transfers" in line]
    assert line.rstrip().endswith("افراد جو آپ کے تھانے کی حدود میں آئے")


def test_no_list_is_cut_silently(run: Run, kind: Kind, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    kind.is_("POLICE")
    asked = access_requests_pb2.ListAccessRequestsRequest

    def page(request: bytes) -> Message:
        wanted = asked.FromString(request)
        items = [item(each) for each in (FIRST, SECOND)][: wanted.page_size]
        token = "" if wanted.page_token else "more"
        return access_requests_pb2.ListAccessRequestsResponse(items=items, next_page_token=token)

    register.answers[LIST] = page
    register.answers[TRANSFERS] = lambda _: transfers_pb2.ListTransfersResponse(items=[TRANSFER], next_page_token="x")
    enrolled = notification_pb2.EVENT_KIND_KEY_ENROLLED
    events = [notification_pb2.Event(sequence=each, event_id=str(each), kind=enrolled) for each in (1, 2, 3)]
    register.streams[EVENTS] = lambda _: iter(
        [notification_pb2.SubscribeEventsResponse(events=events, replay_ends=True)]
    )
    assert run("inbox", "--limit", "1") == 0
    printed = capsys.readouterr()
    assert "1 access requests shown; there are more: `nsor inbox --all`." in printed.err
    assert re.search(r"^3 +1 or more +nsor transfers ", printed.out, re.MULTILINE)
    assert re.search(r"^5 +3 +nsor events ", printed.out, re.MULTILINE)
    assert run("inbox", "--limit", "1", "--all") == 0
    printed = capsys.readouterr()
    assert "Access requests: 4, all that there are." in printed.err


def test_what_is_counted_is_what_is_overdue_and_of_whom(
    run: Run, kind: Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    kind.is_("POLICE")
    assert run("inbox") == 0
    assert duties_pb2.ListDutiesRequest.FromString(kind.called(DUTIES)[0]).overdue
    # FIA Immigration has no recalls to acknowledge, and isn't asked for any.
    kind.is_("IMMIGRATION")
    kind.register.calls.clear()
    assert run("inbox") == 0
    assert kind.called(RECALLS) == kind.called(WORK) == []
    assert "nsor events" not in capsys.readouterr().out  # what there is none of is left out


def test_a_list_says_who_asks_and_what_was_asked_before(
    run: Run, kind: Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    kind.is_("POLICE")
    hidden = item(SECOND, minutes_left=59, repeated_access_request_id=FIRST)
    hidden.ClearField("fir")
    kind.items = [item(own=True), hidden]
    assert run("inbox") == 0
    own, other = capsys.readouterr().out.splitlines()[2:4]
    assert own.endswith("2 suspects         you")
    assert "DUE IN 59 min" in other
    assert "not shown to your agency" in other
    assert other.endswith(f"2 suspects, again  {AGENCY}/PB-1234")


def test_a_prosecutor_hears_that_there_are_more_than_he_was_shown(
    run: Run, kind: Kind, register: Register, typed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    kind.is_("PROSECUTION")
    register.answers[LIST] = lambda _: access_requests_pb2.ListAccessRequestsResponse(
        items=kind.items, next_page_token="more"
    )
    typed("s", "s")
    assert run("inbox", "1", "--limit", "2") == 0
    said = capsys.readouterr().err
    assert "There are more: `nsor inbox`." in said
    assert "That was the last one." not in said


def test_a_court_has_its_worklist_and_no_requests(run: Run, kind: Kind, capsys: pytest.CaptureFixture[str]) -> None:
    kind.is_("COURT")
    assert run("inbox") == 0
    printed = capsys.readouterr()
    assert "nsor work" in printed.out
    assert "No access requests." in printed.err
    assert kind.called(LIST) == kind.called(TRANSFERS) == []


@pytest.mark.parametrize(("language", "asked"), [("en", "Open it? 1, or Enter for none"), ("ur", "اسے کھولیں؟ 1")])
def test_a_single_line_is_not_asked_for_as_one_of_several(
    run: Run, kind: Kind, monkeypatch: pytest.MonkeyPatch, language: str, asked: str
) -> None:
    kind.is_("COURT")
    kind.register.answers[RECALLS] = lambda _: recalls_pb2.ListRecallsResponse()
    prompts: list[str] = []
    monkeypatch.setattr("nsor.cli.agreement.is_terminal", lambda: True)

    def answered(prompt: str) -> str:
        prompts.append(prompt)
        return ""

    monkeypatch.setattr("click.termui.visible_prompt_func", answered)
    assert run("inbox", "--lang", language) == 0
    assert prompts[0].startswith(asked)


def test_npb_sees_what_is_overdue_and_of_what_it_decides(
    run: Run, kind: Kind, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    kind.is_("NPB")
    juvenile = item(SECOND, juvenile_decision=access_requests_pb2.JUVENILE_DECISION_PENDING)
    juvenile.juvenile_deadline.due_time.FromDatetime(dt.datetime(2026, 3, 4, 4, 43, tzinfo=dt.UTC))
    kind.items = [item(minutes_left=-61, late=True), juvenile]
    register.answers |= {
        PROPOSED: lambda _: worklists_pb2.ListPendingDecisionsResponse(),
        REVIEWS: lambda _: reviews_pb2.ListReviewsResponse(),
        UNMATCHED: lambda _: judgments_pb2.ListUnmatchedJudgmentsResponse(),
        EMERGENCIES: lambda _: emergencies_pb2.ListEmergencyLookUpsResponse(items=[emergencies_pb2.EmergencyLookUp()]),
    }
    assert run("inbox") == 0
    printed = capsys.readouterr()
    assert "LATE BY 1 h" in printed.out
    assert "JUVENILES BY 2026-03-04" in printed.out
    assert "nsor emergencies list" in printed.out
    assert run("inbox", "4") == 0
    assert "`nsor emergencies review" in capsys.readouterr().err
    late, juveniles = "Remind the prosecution", "`nsor access juveniles 7a6d3d2f allow`"
    for number, said, unsaid in (("1", late, juveniles), ("2", juveniles, late)):
        assert run("inbox", number) == 0
        err = capsys.readouterr().err
        assert said in err
        assert unsaid not in err


@pytest.mark.parametrize("agency", ["NPB", "PROSECUTION", "POLICE"])
def test_whoever_opens_a_request_reads_that_npb_is_late(
    run: Run, kind: Kind, register: Register, capsys: pytest.CaptureFixture[str], agency: str
) -> None:
    kind.is_(agency)
    kind.items = [item(FIRST, juvenile_late=True), item(SECOND)]
    kind.items[0].juvenile_deadline.due_time.FromDatetime(dt.datetime(2026, 3, 4, 4, 43, tzinfo=dt.UTC))
    register.answers[GET] = lambda request: access_requests_pb2.GetAccessRequestResponse(
        access_request=access_requests_pb2.AccessRequest(state=PENDING, juvenile_late=FIRST.encode() in request)
    )
    register.answers |= {
        PROPOSED: lambda _: worklists_pb2.ListPendingDecisionsResponse(),
        REVIEWS: lambda _: reviews_pb2.ListReviewsResponse(),
        UNMATCHED: lambda _: judgments_pb2.ListUnmatchedJudgmentsResponse(),
        EMERGENCIES: lambda _: emergencies_pb2.ListEmergencyLookUpsResponse(),
    }
    said = "It is late" if agency == "NPB" else "NPB is late"
    for number in ("1", "2"):
        assert run("inbox", number) == 0
        assert (said in capsys.readouterr().err) == (number == "1")
    assert run("inbox") == 0
    assert ("JUVENILES LATE SINCE 2026-03-04" in capsys.readouterr().out) == (agency == "NPB")


def test_a_program_gets_an_object_for_each(run: Run, kind: Kind, capsys: pytest.CaptureFixture[str]) -> None:
    kind.is_("PROSECUTION")
    assert run("inbox", "--json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert FIRST in lines[0]
    assert [json.loads(line)["what"] for line in lines[2:]] == [
        "recalls of what you were shown",
        "records with something to do",
    ]
    assert '"command": "nsor recalls list"' in lines[2]
    assert run("inbox", "1", "--json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["answer"]["access_request"]["access_request_id"] == FIRST
    assert "nsor access approve" not in printed.err


def test_an_officers_own_grant_is_found_by_its_fir(
    run: Run, kind: Kind, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    kind.is_("POLICE")
    none = lookup_pb2.LookUpRegistrationResponse(outcome=lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD)
    register.answers[LOOK_UP] = lambda _: none
    other = types_pb2.FirKey(police_station="PK-PB/LHR/PS-001", year=2025, serial=413)
    elsewhere = item(FIRST, state=APPROVED, grant_id=FIRST)
    elsewhere.fir.CopyFrom(other)
    kind.items = [elsewhere, item(SECOND, state=APPROVED, grant_id=GRANT)]
    fir = ("lookup", "--fir", "PK-PB/LHR/PS-001", "2025", "412", "2025-09-02")
    assert run(*fir, stdin=f"{CNIC}\n") == 0
    request = lookup_pb2.LookUpRegistrationRequest.FromString(kind.called(LOOK_UP)[0])
    assert (request.basis.grant_id, request.purpose) == (GRANT, options_pb2.PURPOSE_INVESTIGATION)
    assert access_requests_pb2.ListAccessRequestsRequest.FromString(kind.called(LIST)[0]).own
    for items, said in (([item()], "DUE IN 6 h"), ([], "`nsor access request --new`")):
        kind.items = items
        assert run(*fir, stdin=f"{CNIC}\n") == cli.USAGE
        assert said in capsys.readouterr().err
    assert len(kind.called(LOOK_UP)) == 1
