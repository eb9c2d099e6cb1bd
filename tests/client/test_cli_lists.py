"""Lists say how many of how many and cut nothing; `whoami` and a repeated request say what this computer knows."""

from __future__ import annotations

import datetime as dt
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from google.protobuf.message import Message

import nsor
from nsor import cli
from nsor.cli import arguments, fixed_times, kept
from nsor.v1 import (
    access_requests_pb2,
    directory_pb2,
    judgments_pb2,
    notification_pb2,
    options_pb2,
    oversight_pb2,
    reviews_pb2,
    types_pb2,
)
from nsor_server.policy.reviews import ReviewPolicy

if TYPE_CHECKING:
    from tests.client.conftest import Refusal, Register

ACCESSES = "nsor.v1.OversightService/ListAccesses"
AGENCIES = "nsor.v1.DirectoryService/ListAgencies"
ASK = "nsor.v1.LookupService/CreateAccessRequest"
LISTED = "nsor.v1.LookupService/ListAccessRequests"
OFFICERS = "nsor.v1.DirectoryService/ListOfficers"
ENROL = "nsor.v1.DirectoryService/EnrolOfficer"
CHECKPOINT = "nsor.v1.OversightService/GetCheckpoint"
SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"
ID = "01a213d7-5009-7d2c-acf2-14f95e6d3d2f"
OLD = "01a213d7-5009-7d2c-acf2-14f96e6d3d2f"
HELD = 1234
Run = Callable[..., int]


@pytest.fixture
def accesses(register: Register) -> list[oversight_pb2.ListAccessesRequest]:
    """A register with HELD accesses, in pages."""
    seen: list[oversight_pb2.ListAccessesRequest] = []

    def answer(data: bytes) -> Message:
        request = oversight_pb2.ListAccessesRequest.FromString(data)
        seen.append(request)
        begin = int(request.page_token or 0)
        end = min(begin + request.page_size, HELD)
        found = [oversight_pb2.Access(index=HELD - number, access_id=ID) for number in range(begin, end)]
        for access in found:
            access.access_id = OLD if access.index == 3 else ID
        return oversight_pb2.ListAccessesResponse(accesses=found, next_page_token=str(end) if end < HELD else "")

    register.answers[ACCESSES] = answer
    return seen


@pytest.mark.parametrize(
    ("options", "rows", "said"),
    [
        ((), 100, "100 shown, the newest; there are more"),
        (("--limit", "600"), 600, "600 shown, the newest; there are more"),
        (("--limit", "5000"), HELD, "1,234 shown: all that there are."),
        (("--all",), HELD, "1,234 shown: all that there are."),
    ],
)
def test_a_list_is_never_cut_silently(
    *,
    run: Run,
    accesses: list[oversight_pb2.ListAccessesRequest],
    options: tuple[str, ...],
    rows: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("ledger", "accesses", *options) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2 + rows
    assert said in err
    assert "5e6d-3d2f" in out
    assert run("ledger", "accesses", *options, "--json") == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == rows
    assert said in err
    assert accesses


def test_accesses_say_their_cases_to_an_officer(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = "PK-PB/LHR/PS-001 9/2025"
    shown = [oversight_pb2.Access(index=2, access_id=ID), oversight_pb2.Access(index=1, case_reference=case)]
    register.answers[ACCESSES] = lambda _: oversight_pb2.ListAccessesResponse(accesses=shown)
    assert run("ledger", "accesses", "--cases") == 0
    out = capsys.readouterr().out
    assert case in out
    assert " case " in out
    assert run("ledger", "accesses", "--cases", "--json") == 0
    assert f'"{case}"' in capsys.readouterr().out
    # It is an officer to whom the register says them.
    (tmp_path / "officer.key").unlink()
    assert run("ledger", "accesses", "--cases") == cli.USAGE
    assert "officer's key" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "rows"), [((), 50), (("--limit", "120"), 120), (("--all",), 150)])
def test_reviews_say_what_two_registrations_share(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], rows: int
) -> None:
    def answer(data: bytes) -> Message:
        request = reviews_pb2.ListReviewsRequest.FromString(data)
        last = int(request.page_token or 151)
        first = max(last - request.page_size, 1)
        found = [
            reviews_pb2.Review(
                number=number,
                registration_id=ID,
                earlier_registration_id=OLD,
                identifier=reviews_pb2.IDENTIFIER_KIND_CNIC,
            )
            for number in range(last - 1, first - 1, -1)
        ]
        return reviews_pb2.ListReviewsResponse(reviews=found, next_page_token=str(first) if first > 1 else "")

    register.answers["nsor.v1.RegistrationService/ListReviews"] = answer
    assert run("reviews", *options) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2 + rows
    assert all(OLD in line and ID in line for line in out.splitlines()[2:])
    assert ("all that there are" if rows == 150 else "there are more") in err
    assert run("reviews", *options, "--json") == 0
    numbers = [int(json.loads(line)["number"]) for line in capsys.readouterr().out.splitlines()]
    assert numbers == list(range(150, 150 - rows, -1))


@pytest.mark.parametrize(
    ("command", "method"),
    [
        (("reviews",), "nsor.v1.RegistrationService/ListReviews"),
        (("judgment", "unmatched"), "nsor.v1.RegistrationService/ListUnmatchedJudgments"),
    ],
)
def test_an_empty_list_says_when_it_grows(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], method: str
) -> None:
    register.answers[method] = lambda _: reviews_pb2.ListReviewsResponse()
    policy = directory_pb2.Policy(content=json.dumps({"every_minutes": 60}).encode())
    register.answers["nsor.v1.DirectoryService/GetPolicy"] = lambda _: directory_pb2.GetPolicyResponse(policy=policy)
    assert run(*command) == 0
    assert "grows every 60 minutes, whatever there is: next at" in capsys.readouterr().err
    # A program knows the policy, or asks for it.
    assert run(*command, "--json") == 0
    assert [call.method for call in register.calls] == [method, "nsor.v1.DirectoryService/GetPolicy", method]


def test_the_next_time_is_the_registers() -> None:
    policy = ReviewPolicy.load()
    for now in (1_800_000_000, 1_800_000_900):
        following = fixed_times.next_time(policy.every_minutes, now)
        assert policy.last_due_us(following * 1_000_000) == following * 1_000_000
        assert policy.last_due_us(following * 1_000_000 - 1) <= now * 1_000_000


def test_judgments_that_met_nobody_are_listed_page_by_page_with_what_they_came_near(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(data: bytes) -> Message:
        request = judgments_pb2.ListUnmatchedJudgmentsRequest.FromString(data)
        near = [OLD] if request.page_token else []
        found = judgments_pb2.UnmatchedJudgment(judgment_id=ID, near_registration_ids=near)
        return judgments_pb2.ListUnmatchedJudgmentsResponse(
            judgments=[found], next_page_token="" if request.page_token else "4"
        )

    register.answers["nsor.v1.RegistrationService/ListUnmatchedJudgments"] = answer
    assert run("judgment", "unmatched") == 0
    out, err = capsys.readouterr()
    assert [OLD in line for line in out.splitlines()[2:]] == [False, True]
    assert "2 shown: all that there are." in err
    assert run("judgment", "unmatched", "--limit", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["judgment_id"] == ID


def test_a_likely_duplicate_says_where_the_two_differ(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    # What is the same needs no words; a likeness is never shown as an identifier in common.
    evidence = [
        reviews_pb2.ReviewEvidence(part=reviews_pb2.EVIDENCE_PART_NAME, word=1, rule=reviews_pb2.EVIDENCE_RULE_SAME),
        reviews_pb2.ReviewEvidence(
            part=reviews_pb2.EVIDENCE_PART_NAME, word=2, rule=reviews_pb2.EVIDENCE_RULE_OTHER_SCRIPT
        ),
        reviews_pb2.ReviewEvidence(part=reviews_pb2.EVIDENCE_PART_BIRTH_YEAR, rule=reviews_pb2.EVIDENCE_RULE_NEAR),
    ]
    review = reviews_pb2.Review(
        number=1,
        registration_id=ID,
        earlier_registration_id=OLD,
        kind=reviews_pb2.REVIEW_KIND_LIKELY_DUPLICATE,
        evidence=evidence,
    )
    answer = reviews_pb2.ListReviewsResponse(reviews=[review])
    register.answers["nsor.v1.RegistrationService/ListReviews"] = lambda _: answer
    assert run("reviews") == 0
    assert "alike; name 2 other script; birth year near" in capsys.readouterr().out


def test_an_access_is_found_by_its_support_code(
    run: Run, accesses: list[oversight_pb2.ListAccessesRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    for typed, code in ((("--code", "6E6D-3D2F"), OLD), (("--code", "6e6d3d2f"), OLD)):
        assert run("ledger", "accesses", *typed, "--json") == 0
        (row,) = capsys.readouterr().out.splitlines()
        assert json.loads(row)["access_id"] == code
    assert run("ledger", "accesses", "--code", "0000-0000", "--json") == 0
    out, err = capsys.readouterr()
    assert not out
    assert "0 shown: all that there are." in err
    assert {request.page_size for request in accesses} == {500}
    asked = len(accesses)
    assert run("ledger", "accesses", "--code", "6e6d") == cli.USAGE
    assert "or a support code" in capsys.readouterr().err
    assert len(accesses) == asked


def test_digits_that_several_accesses_have_list_none_of_them(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    both = [oversight_pb2.Access(index=number, access_id=each) for number, each in enumerate((OLD, ID))]
    register.answers[ACCESSES] = lambda _: oversight_pb2.ListAccessesResponse(accesses=both)
    assert run("ledger", "accesses", "--access-id", ID[:8]) == cli.USAGE
    out, err = capsys.readouterr()
    assert "2 accesses that you may list have these digits. Give more digits." in err
    assert ID[:13] not in out + err
    assert run("ledger", "accesses", "--access-id", ID[-8:], "--json") == 0
    assert json.loads(capsys.readouterr().out)["access_id"] == ID


@pytest.mark.parametrize(("language", "said"), [("en", "says who you are"), ("ur", "آپ کون ہیں")])
def test_whose_accesses_are_asked_for_by_the_wrong_option_names_the_right_one(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], language: str, said: str
) -> None:
    assert run("--lang", language, "ledger", "accesses", "--agency", "sindh-police") == cli.USAGE
    err = " ".join(capsys.readouterr().err.split())
    assert said in err
    assert "`nsor ledger accesses --of sindh-police`" in err
    # Elsewhere it is the settings that lack the agency, also where there is no file of them at all.
    assert run("inbox", "--agency", "sindh-police") == cli.USAGE
    assert "has no table [sindh-police]" in " ".join(capsys.readouterr().err.split())
    assert not register.calls


def test_accesses_of_an_agency_that_there_is_not_are_not_none(
    run: Run, register: Register, refusals: type[Refusal], capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[ACCESSES] = lambda _: oversight_pb2.ListAccessesResponse()
    known = [directory_pb2.Agency(agency_id="punjab-police")]
    register.answers[AGENCIES] = lambda _: directory_pb2.ListAgenciesResponse(agencies=known)
    assert run("ledger", "accesses", "--of", "punjab-polcie") == cli.USAGE
    assert "Did you mean punjab-police?" in capsys.readouterr().err
    assert run("ledger", "accesses", "--of", "punjab-police") == 0
    # Whoever may not list agencies gets the empty list.
    register.answers[AGENCIES] = lambda _: refusals("PERMISSION_DENIED", "NOT_ALLOWED")
    assert run("ledger", "accesses", "--of", "punjab-polcie") == 0


def test_an_officer_who_is_not_shown_is_no_empty_column(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    # An empty column would say that no officer acted.
    found = [oversight_pb2.Access(index=number, agency_id=name) for number, name in enumerate(("punjab-police", "npb"))]
    register.answers[ACCESSES] = lambda _: oversight_pb2.ListAccessesResponse(accesses=found)
    assert run("ledger", "accesses") == 0
    own, other = capsys.readouterr().out.splitlines()[2:]
    assert "not shown to you" not in own
    assert "not shown to you" in other


def test_a_limit_of_days_includes_the_last_day(run: Run, accesses: list[oversight_pb2.ListAccessesRequest]) -> None:
    # Whoever asks for October wants the 31st too.
    assert run("ledger", "accesses", "--since", "2026-10-01", "--until", "31.10.2026") == 0
    zone = dt.timezone(dt.timedelta(hours=5))
    begin, end = (accesses[0].start_time.ToDatetime(dt.UTC), accesses[0].end_time.ToDatetime(dt.UTC))
    assert begin == dt.datetime(2026, 10, 1, tzinfo=zone)
    assert end == dt.datetime(2026, 11, 1, tzinfo=zone)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2026-10-31 14:30", "2026-10-31T14:30:00+05:00"),
        ("31/10/2026 14:30", "2026-10-31T14:30:00+05:00"),
        ("31.10.2026", "2026-11-01T00:00:00+05:00"),
    ],
)
def test_days_are_read_as_people_write_them(typed: str, expected: str) -> None:
    assert arguments.last_instant(typed).isoformat() == expected


def test_accesses_are_found_by_method(
    run: Run, accesses: list[oversight_pb2.ListAccessesRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("LookUpRegistration", "nsor.v1.LookupService/lookupregistration"):
        assert run("ledger", "accesses", "--method", name) == 0
    assert [each.method for each in accesses] == ["nsor.v1.LookupService/LookUpRegistration"] * 2
    assert run("ledger", "accesses", "--method", "LookUpRegistratoin") == cli.USAGE
    assert "Did you mean LookUpRegistration?" in capsys.readouterr().err


def test_accesses_are_found_by_officer_purpose_and_day(
    run: Run, accesses: list[oversight_pb2.ListAccessesRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("ledger", "accesses", "--officer", "PB-7", "--purpose", "register-operation", "--day", "31.10.2026") == 0
    asked = accesses[0]
    assert (asked.officer_number, asked.of_purpose) == ("PB-7", options_pb2.PURPOSE_REGISTER_OPERATION)
    zone = dt.timezone(dt.timedelta(hours=5))
    begin, end = (asked.start_time.ToDatetime(dt.UTC), asked.end_time.ToDatetime(dt.UTC))
    assert (begin, end - begin) == (dt.datetime(2026, 10, 31, tzinfo=zone), dt.timedelta(days=1))
    accesses.clear()
    capsys.readouterr()
    assert run("ledger", "accesses", "--purpose", "curiosity") == cli.USAGE
    assert "investigation" in capsys.readouterr().err
    assert not accesses


def test_accesses_of_a_case_are_asked_for_by_an_officer(
    run: Run, register: Register, accesses: list[oversight_pb2.ListAccessesRequest]
) -> None:
    # The register shows the case of an access to an officer of its place alone.
    assert run("ledger", "accesses", "--fir", "PK-PB/LHR/PS-001", "2021", "679", "02.09.2021") == 0
    assert run("ledger", "accesses", "--case", "special-court", "PK-PB/LHR", "Sessions Case No. 9/2026") == 0
    by_fir, by_case = accesses
    assert (by_fir.fir.police_station, by_fir.fir.serial, by_fir.fir.fir_date.month) == ("PK-PB/LHR/PS-001", 679, 9)
    assert (by_case.court_case.court_kind, by_case.court_case.place_code) == (
        types_pb2.COURT_KIND_SPECIAL_COURT,
        "PK-PB/LHR",
    )
    assert by_case.court_case.case_number == "Sessions Case No. 9/2026"
    assert not by_fir.HasField("court_case")
    assert not by_case.HasField("fir")
    assert ["nsor-officer-bin" in each.metadata for each in register.calls] == [True, True]


def test_a_day_that_is_none_costs_no_call(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("ledger", "accesses", "--until", "yesterday") == cli.USAGE
    assert "a day such as 2026-10-31" in capsys.readouterr().err
    assert not register.calls


def test_agencies_and_events_are_counted(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    pages = {"": ("a", "more"), "more": ("b", "")}

    def page(data: bytes) -> Message:
        agency, following = pages[directory_pb2.ListAgenciesRequest.FromString(data).page_token]
        found = [directory_pb2.Agency(agency_id=agency)]
        return directory_pb2.ListAgenciesResponse(agencies=found, next_page_token=following)

    register.answers[AGENCIES] = page
    assert run("agencies") == 0
    assert "2 of 2 agencies shown." in capsys.readouterr().err

    def stream(request: bytes) -> Iterator[Message | Refusal]:
        del request
        events = [notification_pb2.Event(sequence=number, event_id=ID) for number in (1, 2, 3)]
        yield notification_pb2.SubscribeEventsResponse(events=events)

    register.streams[SUBSCRIBE] = stream
    assert run("events", "--wait", "0.2") == 0
    assert "3 events, all that are not acknowledged." in capsys.readouterr().err


def test_whoami_says_agency_certificate_officer_and_register(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[OFFICERS] = lambda _: directory_pb2.ListOfficersResponse()
    assert run("whoami") == 0
    out = capsys.readouterr().out
    for part in ("punjab-police", "serial ", " left", "number not known here", f"{register.target}, answers"):
        assert part in out
    assert [call.method for call in register.calls] == [CHECKPOINT, OFFICERS]
    key = nsor.OfficerKey.load(tmp_path / "officer.key")
    officer = directory_pb2.Officer(officer_key_id=key.key_id, officer_number="PB-1234")
    register.answers[ENROL] = lambda _: directory_pb2.EnrolOfficerResponse(officer=officer)
    focal, file = tmp_path / "focal.key", str(tmp_path / "officer.key")
    nsor.OfficerKey.generate().save(focal)
    own = ("--focal-key-file", str(focal), "--officer-key-file", file)
    assert run("officer", "enrol", *own, "--number", "PB-1234", "--grade", "17") == 0
    capsys.readouterr()
    assert run("whoami", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["agency"], said["officer_number"]) == ("punjab-police", "PB-1234")
    assert (said["officer_key_id"], said["answers"]) == (key.key_id.hex(), True)
    assert dt.datetime.fromisoformat(said["certificate_not_after"]) > dt.datetime.now(dt.UTC)


def test_whoami_says_what_the_register_knows_of_the_key(
    run: Run, register: Register, refusals: type[Refusal], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A key that nobody enrolled, or that was disabled, does not look all right.
    mine = directory_pb2.Officer(
        officer_key_id=nsor.OfficerKey.load(tmp_path / "officer.key").key_id,
        officer_number="PB-7",
        kind=directory_pb2.KEY_KIND_OFFICER,
        grade=17,
        decides=True,
    )
    register.answers[OFFICERS] = lambda _: directory_pb2.ListOfficersResponse(officers=[mine])
    assert run("whoami") == 0
    assert "PB-7, deciding officer, grade 17, key " in capsys.readouterr().out
    register.answers[OFFICERS] = lambda _: refusals("UNAUTHENTICATED", "OFFICER_NOT_ACCEPTED")
    assert run("whoami") == cli.REFUSED
    out, err = capsys.readouterr()
    assert "does not know the officer's key" in out
    assert "`nsor officer request`" in err
    # A system's key, or an agency without officers, is no failure.
    register.answers[OFFICERS] = lambda _: refusals("PERMISSION_DENIED", "OFFICER_NOT_SYSTEM")
    assert run("whoami") == 0


def test_whoami_without_an_answer_says_who_and_why(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        target = f"127.0.0.1:{taken.getsockname()[1]}"
        assert run("--target", target, "whoami") == cli.REFUSED
    out, err = capsys.readouterr()
    assert "punjab-police" in out
    assert f"{target}, does not answer" in out
    assert "connection refused" in err
    # The register has never seen that call: a code would be looked for in vain.
    assert "support code" not in err


def test_whoami_of_an_agency_that_is_refused(
    run: Run, register: Register, refusals: type[Refusal], capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[CHECKPOINT] = lambda _: refusals("PERMISSION_DENIED", "AGENCY_NOT_ACTIVE")
    assert run("whoami") == cli.REFUSED
    out, err = capsys.readouterr()
    assert f"{register.target}, refuses" in out
    assert "AGENCY_NOT_ACTIVE" in err
    assert "support code" in err


def test_whoami_before_there_is_an_officers_key(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "officer.key").unlink()
    assert run("whoami") == 0
    assert f"`nsor officer new-key {tmp_path / 'officer.key'}`" in capsys.readouterr().err


def _request(cnic: str = "3520112345671", serial: int = 1) -> dict[str, object]:
    return {
        "fir": {"police_station": "PK-PB/LHR/PS-001", "year": 2024, "serial": serial},
        "suspects": [{"cnic": cnic}, {"cnic": "3520112345672"}],
    }


@pytest.mark.parametrize(
    ("again", "known"),
    [
        (_request(), True),
        ({**_request(), "suspects": _request()["suspects"][::-1]}, True),  # type: ignore[index]
        ({**_request(), "annexure_a": {"officer_grade": 18}}, True),
        (_request(cnic="3520112345679"), False),
        (_request(serial=2), False),
    ],
)
def test_the_same_request_again_is_said_to_be(
    *,
    run: Run,
    register: Register,
    tmp_path: Path,
    again: dict[str, object],
    known: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    register.answers[ASK] = lambda _: access_requests_pb2.CreateAccessRequestResponse(access_request_id=ID)
    file = tmp_path / "request.json"
    file.write_text(json.dumps(_request()))
    assert run("access", "request", str(file), "--validate-only") == 0
    assert run("access", "request", str(file)) == 0
    assert "You asked" not in capsys.readouterr().err
    file.write_text(json.dumps(again))
    assert run("access", "request", str(file)) == 0
    err = capsys.readouterr().err
    assert ("You asked for this FIR and these suspects on" in err) is known
    # What comes next is said of each that is sent.
    assert err.count(f"`nsor access show {ID}`") == 1 + known
    assert len(register.calls) == 3


def test_at_a_terminal_the_same_request_is_sent_again_only_when_that_is_meant(
    run: Run,
    register: Register,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    register.answers[ASK] = lambda _: access_requests_pb2.CreateAccessRequestResponse(access_request_id=ID)
    file = tmp_path / "request.json"
    file.write_text(json.dumps(_request()))
    assert run("access", "request", str(file)) == 0
    monkeypatch.setattr("nsor.cli.agreement.is_terminal", lambda: True)
    register.answers[LISTED] = lambda _: access_requests_pb2.ListAccessRequestsResponse()
    for typed, code, calls in (("n", cli.STOPPED, 1), ("y", 0, 2)):
        monkeypatch.setattr("click.termui.visible_prompt_func", lambda _, typed=typed: typed)
        assert run("access", "request", str(file)) == code
        assert [call.method for call in register.calls].count(ASK) == calls
    capsys.readouterr()


def test_what_is_kept_of_a_request_names_nobody(run: Run, register: Register, tmp_path: Path) -> None:
    register.answers[ASK] = lambda _: access_requests_pb2.CreateAccessRequestResponse(access_request_id=ID)
    file = tmp_path / "request.json"
    file.write_text(json.dumps(_request()))
    assert run("access", "request", str(file)) == 0
    (path,) = (tmp_path / "state").glob("*/sent.jsonl")
    assert "35201" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    # A line that a crash cut off is passed over.
    with path.open("a") as torn:
        torn.write('{"digest"')
    assert kept.sent_before(path.parent, b"another") is None


def test_a_register_that_is_away_is_said_once(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nsor.cli.events._GIVE_UP_SECONDS", 3.0)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert run("--target", f"127.0.0.1:{taken.getsockname()[1]}", "events") == cli.REFUSED
    err = capsys.readouterr().err
    assert err.count("Connecting again.") == 1
    assert "connection refused" in err
