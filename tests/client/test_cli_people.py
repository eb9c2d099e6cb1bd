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
    access_requests_pb2,
    directory_pb2,
    errors_pb2,
    grants_pb2,
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


def _requests(register: Register, method: str) -> list[bytes]:
    return [call.request for call in register.calls if call.method == method]


def test_the_case_number_that_must_come_from_the_court_is_not_shown(
    run: Run, court: Register, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _typed(monkeypatch, NUMBER)
    assert run("confirm", NEW) == 0
    out, err = capsys.readouterr()
    assert "under review" in out
    assert NUMBER not in out + err
    request = registration_pb2.ConfirmRegistrationRequest.FromString(_requests(court, CONFIRM)[0])
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
    assert len(_requests(court, CONFIRM)) == 1


def test_a_conviction_is_added_to_the_version_that_was_shown_and_only_when_somebody_agrees(
    run: Run, court: Register, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    court.answers[ADD] = lambda _: registration_pb2.AddConvictionResponse(conviction_id=SEEN, etag="f")
    file = tmp_path / "conviction.json"
    file.write_text('{"courtCase": {"caseNumber": "Sessions Case 7/2023"}}', encoding="utf-8")
    _typed(monkeypatch, "n")
    assert run("add-conviction", DONE, str(file)) != 0
    assert _requests(court, ADD) == []
    assert run("add-conviction", DONE, str(file), "--yes") == 0
    request = registration_pb2.AddConvictionRequest.FromString(_requests(court, ADD)[0])
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
    (sent,) = _requests(court, CONFIRM_MANY)
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
        (sent,) = _requests(court, CONFIRM_MANY)
        assert registration_pb2.ConfirmRegistrationsRequest.FromString(sent).confirmations[0].court == expected
    else:
        named = ("--court", "special-court", "PK-PB/RWP")
        assert run("confirm", NEW, "--etag", "e", "--case-number", NUMBER, "--judgment-date", "2023-05-04", *named) == 0
        (sent,) = _requests(court, CONFIRM)
        assert registration_pb2.ConfirmRegistrationRequest.FromString(sent).court == expected


def test_a_long_file_is_several_decisions(run: Run, court: Register, tmp_path: Path) -> None:
    court.answers[CONFIRM_MANY] = _findings
    file = tmp_path / "list.csv"
    rows = (f"00000000-0000-4000-9000-{nth:012},{NUMBER},{JUDGED},e\n" for nth in range(501))
    file.write_text("registration_id,case_number,judgment_date,etag\n" + "".join(rows), encoding="utf-8")
    assert run("confirm", "--file", str(file)) == 0
    sent = [registration_pb2.ConfirmRegistrationsRequest.FromString(each) for each in _requests(court, CONFIRM_MANY)]
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
    asked = [registration_pb2.GetRegistrationRequest.FromString(data).registration_id for data in _requests(court, GET)]
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
)
"""Kind of event, what it names, and the command that opens what it tells of."""


def test_an_event_says_what_is_typed_next(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
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


APPROVE = "nsor.v1.LookupService/ApproveAccessRequest"
RETURN = "nsor.v1.LookupService/ReturnAccessRequest"


def _access_request(
    register: Register, state: access_requests_pb2.AccessRequestState.ValueType, grant: grants_pb2.Grant | None = None
) -> None:
    found = access_requests_pb2.AccessRequest(access_request_id=NEW, etag="e", state=state, grant=grant)
    register.answers[GET_REQUEST] = lambda _: access_requests_pb2.GetAccessRequestResponse(access_request=found)
    granted = access_requests_pb2.ApproveAccessRequestResponse(grant=grants_pb2.Grant(grant_id=SEEN))
    register.answers[APPROVE] = lambda _: granted
    register.answers[RETURN] = lambda _: access_requests_pb2.ReturnAccessRequestResponse()


def test_a_grant_names_the_look_up_that_it_is_for(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    _access_request(register, access_requests_pb2.ACCESS_REQUEST_STATE_PENDING)
    assert run("access", "approve", NEW, stdin="y\n") == 0
    assert f"`nsor lookup --grant {SEEN}`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("basis", "searched"),
    [
        (("--grant", DONE), f"--grant {DONE}"),
        (("--case", DONE), f"--case {DONE}"),
        (("--fir", "PK-PB/LHR/PS-001", "2025", "412", "02.09.2025"), "--fir PK-PB/LHR/PS-001 2025 412 2025-09-02"),
        (("--prisoner-number", "P-17/2024"), ""),
    ],
)
@pytest.mark.parametrize("name", ["Muhammad Rafiq", "محمد رفیق"])
def test_who_has_a_name_and_no_number_hears_how_he_searches(  # noqa: PLR0917 - fixtures and a case
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], basis: tuple[str, ...], searched: str, name: str
) -> None:
    assert run("lookup", *basis, stdin=f"{name}\n") == cli.USAGE
    said = capsys.readouterr().err
    assert "A look-up is by a number, and this is a name." in said
    assert (f"`nsor search {searched}`" in said) == bool(searched)
    assert name not in said
    assert not register.calls


def test_a_mistyped_number_is_no_name(run: Run, register: Register) -> None:
    none = lookup_pb2.LookUpRegistrationResponse(outcome=lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD)
    register.answers[LOOK_UP] = lambda _: none
    assert run("lookup", "--grant", DONE, stdin="3520I-1234567-1\n") == 0
    assert [call.method for call in register.calls] == [LOOK_UP]


def test_a_suspect_without_a_number_is_searched_for(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    named = grants_pb2.Suspect(name=types_pb2.PersonName(name="Test Akram"), birth_year=1988)
    found = access_requests_pb2.AccessRequest(
        state=access_requests_pb2.ACCESS_REQUEST_STATE_APPROVED,
        suspects=[grants_pb2.Suspect(cnic="3520112345671"), named, named],
        grant=grants_pb2.Grant(grant_id=DONE, suspects=[1, 3]),
    )
    register.answers[GET_REQUEST] = lambda _: access_requests_pb2.GetAccessRequestResponse(access_request=found)
    found.grant.classes[:] = [options_pb2.FIELD_CLASS_IDENTITY, options_pb2.FIELD_CLASS_CONVICTION]
    assert run("access", "show", NEW) == 0
    printed = capsys.readouterr()
    # What a grant has several of stands on one line.
    assert re.search(r"^ +suspects +1, 3$", printed.out, re.MULTILINE)
    assert re.search(r"^ +classes +identity, conviction$", printed.out, re.MULTILINE)
    assert f"suspect 3: `nsor search --grant {DONE} --subject 2`" in " ".join(printed.err.split())
    found.grant.suspects[:] = [1]
    assert run("access", "show", NEW) == 0
    assert "nsor search" not in capsys.readouterr().err


def test_a_part_is_said_before_it_is_granted(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    _access_request(register, access_requests_pb2.ACCESS_REQUEST_STATE_PENDING)
    part = ("--only", "2,1", "--classes", "identity,daily-life", "--uses", "1", "--until", "2026-12-01")
    assert run("access", "approve", NEW, *part, stdin="y\n") == 0
    said = capsys.readouterr().err
    asked = said.index("Grant this access?")
    for text in ("suspects 1, 2 of", "identity, daily life", "each suspect: 1.", "It ends: 2026-12-01 23:59:59 PKT"):
        assert text in said[:asked]
    granted = access_requests_pb2.ApproveAccessRequestRequest.FromString(register.calls[-1].request).part
    assert list(granted.suspects) == [2, 1]
    assert list(granted.classes) == [options_pb2.FIELD_CLASS_IDENTITY, options_pb2.FIELD_CLASS_DAILY_LIFE]
    assert granted.uses_per_subject == 1
    minute = ("--only", "1", "--until", "2026-12-01 14:30")
    assert run("access", "approve", NEW, *minute, stdin="y\n") == 0
    assert "It ends: 2026-12-01 14:30:00 PKT" in capsys.readouterr().err
    calls = len(register.calls)
    assert run("access", "approve", NEW, "--json") == 2  # a program says which version it has seen
    assert run("access", "return", NEW, "--reason", "person-unrelated", "--json") == 2
    assert len(register.calls) == calls
    for wrong in (("--only", "x"), ("--classes", "whereabouts")):
        assert run("access", "approve", NEW, *wrong) == 2


def test_a_request_is_shown_before_it_is_passed_on(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    # Also one that is granted: its grant goes with it.
    _access_request(register, access_requests_pb2.ACCESS_REQUEST_STATE_APPROVED, grants_pb2.Grant(grant_id=SEEN))
    register.answers["nsor.v1.LookupService/PassAccessRequest"] = lambda _: (
        access_requests_pb2.PassAccessRequestResponse(access_request_id=NEW, etag="after")
    )
    assert run("access", "pass", NEW, "ab" * 32, stdin="n\n") == 130
    assert run("access", "pass", NEW, "ab" * 32, stdin="y\n") == 0
    assert "Pass this request to the other officer?" in capsys.readouterr().err
    passed = access_requests_pb2.PassAccessRequestRequest.FromString(register.calls[-1].request)
    assert passed.successor_key_id == bytes.fromhex("ab" * 32)
    assert passed.etag
    assert run("access", "pass", NEW) == 2


@pytest.mark.parametrize("decision", ["allow", "refuse"])
def test_npb_is_shown_the_request_before_it_decides_of_juveniles(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], decision: str
) -> None:
    _access_request(register, access_requests_pb2.ACCESS_REQUEST_STATE_APPROVED, grants_pb2.Grant(grant_id=SEEN))
    register.answers["nsor.v1.LookupService/DecideJuvenileAccess"] = lambda _: (
        access_requests_pb2.DecideJuvenileAccessResponse(access_request_id=NEW, etag="after")
    )
    assert run("access", "juveniles", NEW, decision, stdin="y\n") == 0
    assert f"{decision.capitalize()} juveniles' records?" in capsys.readouterr().err
    decided = access_requests_pb2.DecideJuvenileAccessRequest.FromString(register.calls[-1].request).decision
    assert access_requests_pb2.JuvenileDecision.Name(decided).lower().startswith(f"juvenile_decision_{decision}")
    # The prosecutor leaves that part out.
    _access_request(register, access_requests_pb2.ACCESS_REQUEST_STATE_PENDING)
    assert run("access", "approve", NEW, "--without-juveniles", stdin="y\n") == 0
    assert "No juvenile's record is shown." in capsys.readouterr().err
    granted = access_requests_pb2.ApproveAccessRequestRequest.FromString(register.calls[-1].request).part
    assert granted.without_juvenile_records


@pytest.mark.parametrize("command", [("approve",), ("return", "--reason", "rationale-lacking")])
def test_a_request_that_is_decided_is_not_asked_about_again(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    grant = grants_pb2.Grant(grant_id=SEEN)
    _access_request(register, access_requests_pb2.ACCESS_REQUEST_STATE_APPROVED, grant)
    assert run("access", command[0], NEW, *command[1:]) == 0
    assert f"It is approved. The officer who asked looks each suspect up: `nsor lookup --grant {SEEN}`" in (
        capsys.readouterr().err
    )
    grant.withdraw_time.GetCurrentTime()
    _access_request(register, access_requests_pb2.ACCESS_REQUEST_STATE_APPROVED, grant)
    assert run("access", command[0], NEW, *command[1:]) == 0
    assert "the grant was withdrawn" in capsys.readouterr().err
    _access_request(register, access_requests_pb2.ACCESS_REQUEST_STATE_RETURNED)
    assert run("access", command[0], NEW, *command[1:]) == 0
    assert "It was returned." in capsys.readouterr().err
    assert not _requests(register, APPROVE) + _requests(register, RETURN)


def test_a_missing_option_is_called_missing(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    # "it takes TEXT" would send whoever forgot it to look for a wrong value.
    assert run("ticket", "open", "ab" * 32) == cli.USAGE
    assert "Missing option '--work'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("reason", "step"),
    [("SECOND_FOCAL_PERSON_REQUIRED", "NSOR_SECOND_FOCAL_KEY"), ("SECOND_PERSON_REQUIRED", "`nsor whoami`")],
)
@pytest.mark.parametrize("language", ["en", "ur"])
def test_who_needs_another_person_reads_what_to_do(
    *,
    run: Run,
    register: Register,
    refusals: type[Refusal],
    capsys: pytest.CaptureFixture[str],
    reason: str,
    step: str,
    language: str,
) -> None:
    register.answers[DISABLE_OWN] = lambda _: refusals("PERMISSION_DENIED", reason)
    own = ("officer", "disable", "--own", "--reason", "left-post", "--yes", "--lang", language)
    assert run(*own) == cli.REFUSED
    assert step in capsys.readouterr().err


@pytest.mark.parametrize(("typed", "taken"), [("2024-03-05", True), ("05.03.2024", True), ("2024-02-31", False)])
def test_the_day_of_an_fir_is_taken_as_people_write_it(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], typed: str, *, taken: bool
) -> None:
    none = lookup_pb2.LookUpRegistrationResponse(outcome=lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD)
    register.answers[LOOK_UP] = lambda _: none
    agency = directory_pb2.Agency(agency_id="punjab-police", kind=options_pb2.AGENCY_KIND_PROSECUTION)
    register.answers[AGENCIES] = lambda _: directory_pb2.ListAgenciesResponse(agencies=[agency])
    fir = ("lookup", "--fir", "PK-PB/LHR/PS-001", "2024", "17", typed)
    assert run(*fir, stdin="3520112345671\n") == (0 if taken else cli.USAGE)
    if taken:
        request = lookup_pb2.LookUpRegistrationRequest.FromString(register.calls[-1].request)
        assert (request.basis.fir.fir_date.month, request.basis.fir.fir_date.day) == (3, 5)
    else:
        assert "such as 2026-10-31" in capsys.readouterr().err
        assert not register.calls
