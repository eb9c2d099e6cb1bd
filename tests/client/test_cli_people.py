"""What a tired officer does: the command answers without a call what it can, and gives no check away."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from google.protobuf.message import Message
from google.type import date_pb2

from nsor import cli
from nsor.v1 import (
    directory_pb2,
    errors_pb2,
    lookup_pb2,
    notification_pb2,
    options_pb2,
    registration_pb2,
    types_pb2,
)

if TYPE_CHECKING:
    from tests.client.conftest import Refusal, Register

GET = "nsor.v1.RegistrationService/GetRegistration"
CONFIRM = "nsor.v1.RegistrationService/ConfirmRegistration"
CONFIRM_MANY = "nsor.v1.RegistrationService/ConfirmRegistrations"
ADD = "nsor.v1.RegistrationService/AddConviction"
CREATE = "nsor.v1.RegistrationService/CreateRegistration"
DISABLE_OWN = "nsor.v1.DirectoryService/DisableOwnKey"
LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
GET_REQUEST = "nsor.v1.LookupService/GetAccessRequest"
AGENCIES = "nsor.v1.DirectoryService/ListAgencies"
LIST = "nsor.v1.DirectoryService/ListAgencies"
SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"
NUMBER = "Sessions Case 123/2022"
LISTED = "registration_id,case_number,judgment_date,court_kind\n"
JUDGED = "2023-05-04"
DAY = date_pb2.Date(year=2023, month=5, day=4)
OF = {"year": 2023, "month": 5, "day": 4}
NEW, DONE, SEEN = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(3))
CREATED = notification_pb2.EVENT_KIND_REGISTRATION_CREATED
CONFIRMED = notification_pb2.EVENT_KIND_REGISTRATION_CONFIRMED
Run = Callable[..., int]


@pytest.fixture
def court(register: Register) -> Register:
    """A court's register: NEW awaits confirmation, DONE is confirmed, and SEEN was confirmed by a later event."""

    def get(request: bytes) -> Message:
        wanted = registration_pb2.GetRegistrationRequest.FromString(request).registration_id
        found = registration_pb2.GetRegistrationResponse()
        found.registration.registration_id = wanted
        found.registration.etag = "e"
        found.registration.state = (
            registration_pb2.REGISTRATION_STATE_CONFIRMED
            if wanted == DONE
            else registration_pb2.REGISTRATION_STATE_UNDER_REVIEW
        )
        found.registration.convictions.add().court_case.case_number = NUMBER
        return found

    register.answers[GET] = get
    register.answers[CONFIRM] = lambda _: registration_pb2.ConfirmRegistrationResponse(etag="f")
    _stream(register, (CREATED, DONE), (CREATED, SEEN), (CREATED, NEW), (CREATED, NEW), (CONFIRMED, SEEN))
    return register


def _stream(register: Register, *events: tuple[notification_pb2.EventKind.ValueType, str]) -> None:
    batch = notification_pb2.SubscribeEventsResponse(
        events=[
            notification_pb2.Event(sequence=number, event_id=str(number), kind=kind, registration_id=registration_id)
            for number, (kind, registration_id) in enumerate(events, 1)
        ]
    )

    def stream(request: bytes) -> Iterator[Message | Refusal]:
        del request
        yield batch

    register.streams[SUBSCRIBE] = stream


def _typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Whoever is asked types this, and the day of the judgment where that is asked for."""
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda asked: JUDGED if "Day" in asked else text)


def requests_of(register: Register, method: str) -> list[bytes]:
    return [call.request for call in register.calls if call.method == method]


def test_the_case_number_that_must_come_from_the_court_is_not_shown(
    run: Run, court: Register, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _typed(monkeypatch, NUMBER)
    assert run("confirm", NEW) == 0
    out, err = capsys.readouterr()
    assert "under review" in out
    assert NUMBER not in out + err
    request = registration_pb2.ConfirmRegistrationRequest.FromString(requests_of(court, CONFIRM)[0])
    assert (request.case_number, request.etag) == (NUMBER, "e")
    assert request.judgment_date == DAY
    assert JUDGED not in out + err


def test_a_conviction_that_was_added_to_a_confirmed_record_is_confirmed_too(
    run: Run, court: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stream(court, (CREATED, DONE), (CONFIRMED, DONE), (notification_pb2.EVENT_KIND_CONVICTION_ADDED, DONE))
    get = court.answers[GET]

    def waiting(request: bytes) -> Message:
        found = get(request)
        assert isinstance(found, registration_pb2.GetRegistrationResponse)
        found.registration.convictions.add().state = types_pb2.CONVICTION_STATE_ENTERED
        return found

    court.answers[GET] = waiting
    _typed(monkeypatch, NUMBER)
    assert run("confirm", "--from-events") == 0
    assert len(requests_of(court, CONFIRM)) == 1


def test_a_conviction_is_added_to_the_version_that_was_shown_and_only_when_somebody_agrees(
    run: Run, court: Register, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    court.answers[ADD] = lambda _: registration_pb2.AddConvictionResponse(conviction_id=SEEN, etag="f")
    file = tmp_path / "conviction.json"
    file.write_text('{"courtCase": {"caseNumber": "Sessions Case 7/2023"}}', encoding="utf-8")
    _typed(monkeypatch, "n")
    assert run("add-conviction", DONE, str(file)) != 0
    assert requests_of(court, ADD) == []
    assert run("add-conviction", DONE, str(file), "--yes") == 0
    request = registration_pb2.AddConvictionRequest.FromString(requests_of(court, ADD)[0])
    assert (request.registration_id, request.etag) == (DONE, "e")
    assert request.conviction.court_case.case_number == "Sessions Case 7/2023"


def _findings(request: bytes) -> Message:
    """Every registration is confirmed but SEEN, whose number is wrong."""
    answer = registration_pb2.ConfirmRegistrationsResponse()
    for each in registration_pb2.ConfirmRegistrationsRequest.FromString(request).confirmations:
        if each.registration_id == SEEN:
            answer.findings.add(registration_id=SEEN, reason=errors_pb2.ERROR_REASON_NO_RECORD)
        else:
            answer.findings.add(registration_id=each.registration_id, etag="f")
    return answer


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(
            (
                "Registration_ID,case_number,judgment_date,etag",
                f"{NEW},{NUMBER},{JUDGED},",
                f"{SEEN},{NUMBER},04.05.2023,e",
                "",
                f"{DONE},{NUMBER},{JUDGED},",
            )
        ),
        "".join(
            json.dumps({"registrationId": one, "caseNumber": NUMBER, "judgmentDate": OF, "etag": etag}) + "\n"
            for one, etag in ((NEW, ""), (SEEN, "e"), (DONE, ""))
        ),
    ],
    ids=["table", "lines"],
)
def test_a_file_is_one_decision_and_says_what_was_confirmed_before(
    *, run: Run, court: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    # What was confirmed already isn't sent again; one wrong number keeps back no other.
    court.answers[CONFIRM_MANY] = _findings
    file = tmp_path / "list"
    file.write_text(text, encoding="utf-8-sig")
    assert run("confirm", "--file", str(file)) == cli.REFUSED
    (sent,) = requests_of(court, CONFIRM_MANY)
    request = registration_pb2.ConfirmRegistrationsRequest.FromString(sent)
    assert [each.judgment_date for each in request.confirmations] == [DAY, DAY]
    assert [(each.registration_id, each.etag, each.case_number) for each in request.confirmations] == [
        (NEW, "e", NUMBER),
        (SEEN, "e", NUMBER),
    ]
    out, err = capsys.readouterr()
    assert "Of 3: 1 confirmed, 1 refused, 1 were confirmed before." in out + err
    assert "NO_RECORD" in out + err
    assert NUMBER not in out + err


@pytest.mark.parametrize("from_file", [True, False])
def test_who_is_several_courts_names_the_one_whose_case_it_is(
    *, run: Run, court: Register, tmp_path: Path, from_file: bool
) -> None:
    expected = registration_pb2.Court(court_kind=types_pb2.COURT_KIND_SPECIAL_COURT, place_code="PK-PB/RWP")
    if from_file:
        court.answers[CONFIRM_MANY] = _findings
        file = tmp_path / "list.csv"
        text = (
            "registration_id,case_number,judgment_date,etag,court_kind,place_code\n"
            f"{NEW},{NUMBER},2023-05-04,e,SPECIAL_COURT,PK-PB/RWP\n"
        )
        file.write_text(text, encoding="utf-8")
        assert run("confirm", "--file", str(file)) == 0
        (sent,) = requests_of(court, CONFIRM_MANY)
        assert registration_pb2.ConfirmRegistrationsRequest.FromString(sent).confirmations[0].court == expected
    else:
        named = ("--court", "special-court", "PK-PB/RWP")
        assert run("confirm", NEW, "--etag", "e", "--case-number", NUMBER, "--judgment-date", "2023-05-04", *named) == 0
        (sent,) = requests_of(court, CONFIRM)
        assert registration_pb2.ConfirmRegistrationRequest.FromString(sent).court == expected


def test_a_long_file_is_several_decisions(run: Run, court: Register, tmp_path: Path) -> None:
    court.answers[CONFIRM_MANY] = _findings
    file = tmp_path / "list.csv"
    rows = (f"00000000-0000-4000-9000-{nth:012},{NUMBER},{JUDGED},e\n" for nth in range(501))
    file.write_text("registration_id,case_number,judgment_date,etag\n" + "".join(rows), encoding="utf-8")
    assert run("confirm", "--file", str(file)) == 0
    sent = [registration_pb2.ConfirmRegistrationsRequest.FromString(each) for each in requests_of(court, CONFIRM_MANY)]
    assert [len(each.confirmations) for each in sent] == [500, 1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{LISTED}{DONE},,{JUDGED},\n", "case_number: nothing is filled in"),
        (f"{LISTED}{DONE},{NUMBER},5.23,\n", "judgment_date: a day as 05.03.2024"),
        (f"{LISTED}{DONE},{NUMBER},31.02.2023,\n", "judgment_date: there is no 31 February in that year"),
        (f"{LISTED}{DONE},{NUMBER},{JUDGED},supreme\n", "court_kind: The kind of court is one of"),
        (f'{{"registrationId": "{DONE}", "caseNumber": "{NUMBER}", "judgmentDate": "5.23"}}\n', "judgment_date: a day"),
        (f'{{"registrationId": "{DONE}", "caseNumber": \n', "not JSON"),
    ],
)
def test_a_row_that_can_not_be_read_is_told_by_line_and_column_and_hinders_no_other(
    *, run: Run, court: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    court.answers[CONFIRM_MANY] = _findings
    file = tmp_path / "list.csv"
    good = json.dumps({"registrationId": NEW, "caseNumber": NUMBER, "judgmentDate": JUDGED}) + "\n"
    whole = text + (f"{NEW},{NUMBER},{JUDGED},\n" if text.startswith("reg") else good)
    file.write_text(whole, encoding="utf-8")
    assert run("confirm", "--file", str(file)) == cli.REFUSED
    err = capsys.readouterr().err
    assert f"Line {2 if text.startswith('reg') else 1}" in err
    assert "  : " not in err
    assert said in err
    assert "Of 2: 1 confirmed, 1 refused." in err
    assert NUMBER not in err


def test_a_table_with_other_headings_is_none(
    run: Run, court: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "list.csv"
    file.write_text("id,number\n1,2\n", encoding="utf-8")
    assert run("confirm", "--file", str(file)) == cli.USAGE
    assert "Missing: registration_id, case_number, judgment_date" in capsys.readouterr().err
    assert court.calls == []


def test_going_through_events_shows_only_what_awaits_the_court(
    run: Run, court: Register, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Each record that is shown is a disclosure: none is for what is confirmed, and none twice.
    _typed(monkeypatch, NUMBER)
    assert run("confirm", "--from-events") == 0
    read = registration_pb2.GetRegistrationRequest.FromString
    asked = [read(each).registration_id for each in requests_of(court, GET)]
    assert asked == [DONE, NEW]
    out, err = capsys.readouterr()
    assert out.count("Confirmed") == 1
    assert DONE not in out
    assert NUMBER not in out + err


@pytest.mark.parametrize("how", [(NEW,), ("--from-events",)])
@pytest.mark.parametrize("broken", [(("case_number", "CASE_NUMBER_FORM"),), ()])
def test_a_wrong_case_number_is_told_by_its_field(
    *,
    run: Run,
    court: Register,
    refusals: type[Refusal],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    how: tuple[str, ...],
    broken: tuple[tuple[str, str], ...],
) -> None:
    refusal = refusals("INVALID_ARGUMENT", "INVALID_FIELDS", broken) if broken else refusals("NOT_FOUND", "NO_RECORD")
    court.answers[CONFIRM] = lambda _: refusal
    _typed(monkeypatch, "???")
    assert run("confirm", *how) == cli.REFUSED
    err = capsys.readouterr().err
    assert "case_number" in err
    assert "???" not in err


def test_the_example_of_the_settings_can_be_copied(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    out = capsys.readouterr().out
    assert "\\b" not in out
    example = out[out.index("    target =") : out.index("  What is said to you")]
    assert tomllib.loads(example)["punjab-police"]["officer_key"] == "officer.key"


@pytest.mark.parametrize(
    "command",
    [
        ("show", "zz"),
        ("lookup", "--grant", "abc"),
        ("confirm", "123"),
        *(("access", name, "zz") for name in ("show", "approve")),
        ("access", "return", "zz", "--reason", "rationale-lacking"),
    ],
)
def test_a_mistyped_id_costs_no_call(
    run: Run, register: Register, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*command) == cli.USAGE
    assert "an id such as 5e6d3d2f-" in capsys.readouterr().err
    assert not register.calls


def test_an_id_in_capitals_is_taken(run: Run, court: Register) -> None:
    capitals = "5E6D3D2F-8B1C-4F0A-9D3E-2B7C6A5F4E10"
    assert run("show", capitals) == 0
    request = registration_pb2.GetRegistrationRequest.FromString(court.calls[0].request)
    assert request.registration_id == capitals.lower()


def test_events_are_said_to_come_again_only_when_they_do(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    _stream(register, (CREATED, NEW), (CREATED, DONE))
    assert run("events", "--wait", "2") == 0
    assert "sent again" in capsys.readouterr().err
    # Those after a number are sent whether or not they were acknowledged.
    assert run("events", "--wait", "2", "--after", "1") == 0
    out, err = capsys.readouterr()
    assert DONE in out
    assert "sent again" not in err


_OPENED_BY: tuple[tuple[str, dict[str, str], str], ...] = (
    ("ACCESS_APPROVED", {"access_request_id": NEW, "grant_id": DONE}, f"nsor lookup --grant {DONE}"),
    ("ACCESS_PASSED", {"access_request_id": NEW, "grant_id": SEEN}, f"nsor lookup --grant {SEEN}"),
    ("ACCESS_PASSED", {"access_request_id": NEW}, ""),
    ("ACCESS_REQUESTED", {"access_request_id": NEW}, f"nsor access show {NEW}"),
    ("JUDGMENT_RECORDED", {"judgment_id": NEW}, f"nsor judgment confirm {NEW}"),
    ("RECALL_ISSUED", {}, "nsor recalls list"),
    ("LOOK_UPS_COMPARED", {}, ""),
    ("LOOK_UP_RETURNED", {"access_request_id": NEW, "grant_id": DONE}, f"nsor lookup --grant {DONE}"),
    ("LOOK_UP_RETURNED", {"grant_id": SEEN}, f"nsor lookup --case {SEEN}"),
)
"""Kind of event, what it names, and the command that opens what it tells of."""


def _agencies(kind: options_pb2.AgencyKind.ValueType) -> directory_pb2.ListAgenciesResponse:
    return directory_pb2.ListAgenciesResponse(agencies=[directory_pb2.Agency(agency_id="punjab-police", kind=kind)])


def test_an_event_says_what_is_typed_next(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    register.answers[LIST] = lambda _: _agencies(options_pb2.AGENCY_KIND_COURT)
    events = [
        notification_pb2.Event(sequence=number, event_id=str(number), kind=f"EVENT_KIND_{kind}", **ids)  # type: ignore[arg-type]  # names of fields
        for number, (kind, ids, _) in enumerate(_OPENED_BY, 1)
    ]
    register.streams[SUBSCRIBE] = lambda _: iter([notification_pb2.SubscribeEventsResponse(events=events)])
    assert run("events", "--wait", "2") == 0
    lines = capsys.readouterr().out.splitlines()
    for line, (_, ids, command) in zip(lines, _OPENED_BY, strict=True):
        assert re.findall(r"`([^`]*)`", line) == [command] * bool(command)
        named = {name.removesuffix("_id").replace("_", " "): each for name, each in ids.items()}
        assert all(re.search(rf"(,|\s) {name} {each}", line) for name, each in named.items())


def test_a_use_of_a_ticket_that_came_back_is_used_by_the_ticket_and_the_agency_is_asked_for_once(
    run: Run, register: Register, refusals: type[Refusal], capsys: pytest.CaptureFixture[str]
) -> None:
    kind = notification_pb2.EVENT_KIND_LOOK_UP_RETURNED
    events = [
        notification_pb2.Event(sequence=number, event_id=str(number), kind=kind, grant_id=each)
        for number, each in enumerate((DONE, SEEN), 1)
    ]
    register.streams[SUBSCRIBE] = lambda _: iter([notification_pb2.SubscribeEventsResponse(events=events)])
    register.answers[LIST] = lambda _: _agencies(options_pb2.AGENCY_KIND_NPB)
    assert run("events", "--wait", "2") == 0
    out = capsys.readouterr().out
    assert all(f"`nsor lookup --ticket {each}`" in out for each in (DONE, SEEN))
    # Whoever isn't told what he is hears of the event all the same; that he was refused is an entry too.
    register.answers[LIST] = lambda _: refusals("PERMISSION_DENIED", "AGENCY_NOT_ACTIVE")
    assert run("events", "--wait", "2") == 0
    out = capsys.readouterr().out
    assert all(each in out for each in (DONE, SEEN))
    assert "`" not in out
    assert [call.method for call in register.calls].count(LIST) == 2  # one a run


def test_only_a_time_that_found_something_unusual_says_what_is_typed_next(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    kind = notification_pb2.EVENT_KIND_UNUSUAL_ACCESSES
    events = [
        notification_pb2.Event(sequence=number, event_id=str(number), kind=kind, unusual_access_ids=ids)
        for number, ids in enumerate(([], [NEW]), 1)
    ]
    register.streams[SUBSCRIBE] = lambda _: iter([notification_pb2.SubscribeEventsResponse(events=events)])
    assert run("events", "--wait", "2") == 0
    empty, found = capsys.readouterr().out.splitlines()
    assert "`" not in empty
    assert f"unusual access {NEW}, `nsor unusual list`" in found


def test_after_the_last_event_there_are_none(
    run: Run, register: Register, refusals: type[Refusal], capsys: pytest.CaptureFixture[str]
) -> None:
    def stream(_: bytes) -> Iterator[Message | Refusal]:
        yield refusals("INVALID_ARGUMENT", "INVALID_FIELDS", (("after_sequence", "OUT_OF_RANGE"),))

    register.streams[SUBSCRIBE] = stream
    assert run("events", "--after", "999") == 0
    assert "No new events." in capsys.readouterr().err


@pytest.mark.parametrize("command", [("show",), ("show", "zz"), ("looup",), ("lookup", "--nothing"), ("agencies", "x")])
def test_programs_get_wrong_use_as_json_too(
    run: Run, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*command, "--json") == cli.USAGE
    out, err = capsys.readouterr()
    error = json.loads(err)["error"]
    assert not out
    assert error["reason"] == "WRONG_USAGE"
    assert error["message"]["en"]
    assert set(error) >= {"code", "next_step", "violations", "trace_id"}


def test_a_ca_file_without_a_certificate_is_a_wrong_setting(
    run: Run, register: Register, capfd: pytest.CaptureFixture[str]
) -> None:
    # gRPC would log lines of its own, and then say that nobody answers.
    assert run("--ca", "/etc/passwd", "agencies") == cli.USAGE
    err = capfd.readouterr().err
    assert "SETTINGS_WRONG" in err
    assert "no PEM certificate" in err
    assert not register.calls


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o644, True), (0o640, True)])
def test_a_cnic_file_that_others_can_read_is_warned_of(
    *, run: Run, register: Register, tmp_path: Path, mode: int, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    none = lookup_pb2.LookUpRegistrationResponse(outcome=lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD)
    register.answers[LOOK_UP] = lambda _: none
    file = tmp_path / "cnic"
    file.write_text("3520112345671\n")
    file.chmod(mode)
    assert run("lookup", "--grant", NEW, "--cnic-file", str(file)) == 0
    assert ("others can read" in capsys.readouterr().err) is warned
