"""`nsor work`: what a registry and a prosecution's office find in the morning, and what they type next."""

import csv
import json
from pathlib import Path

import pytest
from google.protobuf.message import Message

from nsor import cli
from nsor.v1 import (
    closure_pb2,
    directory_pb2,
    errors_pb2,
    judgments_pb2,
    options_pb2,
    registration_pb2,
    reviews_pb2,
    sealed_pb2,
    types_pb2,
    worklists_pb2,
)
from tests.client.conftest import AGENCY, Refusal, Register, Run

LIST = "nsor.v1.RegistrationService/ListRegistrations"
DECISIONS = "nsor.v1.RegistrationService/ListPendingDecisions"
EPOCH = "1970-01-01 05:00"
CONFIRM = "nsor.v1.RegistrationService/ConfirmRegistrations"
GET = "nsor.v1.RegistrationService/GetRegistration"
IDS = [f"01a213d7-5009-4d2c-acf2-14f95e6d3d{nth:02}" for nth in range(120)]
PENDING, APPEAL = worklists_pb2.WORK_KIND_PENDING_CONFIRMATION, worklists_pb2.WORK_KIND_APPEAL_WINDOW


def item(registration_id: str, kind: worklists_pb2.WorkKind.ValueType = PENDING) -> worklists_pb2.WorkItem:
    made = worklists_pb2.WorkItem(
        registration_id=registration_id,
        kind=kind,
        person=worklists_pb2.MaskedPerson(initials=["Z. T."], cnic_ending="671"),
        court_case=types_pb2.CourtCase(place_code="PK-PB/LHR"),
        fir=types_pb2.FirKey(police_station="PK-PB/LHR/PS-001", year=2021, serial=679),
    )
    made.deadline.rule_id = "conviction-confirmation"
    made.deadline.due_time.seconds = 1_790_000_000
    return made


@pytest.fixture
def asked(register: Register) -> list[worklists_pb2.ListRegistrationsRequest]:
    """A court for which 120 convictions wait, and what it asks."""
    seen: list[worklists_pb2.ListRegistrationsRequest] = []

    def answer(data: bytes) -> Message:
        request = worklists_pb2.ListRegistrationsRequest.FromString(data)
        seen.append(request)
        begin = int(request.page_token or 0)
        end = min(begin + request.page_size, len(IDS))
        return worklists_pb2.ListRegistrationsResponse(
            items=map(item, IDS[begin:end]), next_page_token=str(end) if end < len(IDS) else ""
        )

    register.answers[LIST] = answer
    register.answers[GET] = lambda data: registration_pb2.GetRegistrationResponse(
        registration=registration_pb2.Registration(
            registration_id=registration_pb2.GetRegistrationRequest.FromString(data).registration_id,
            etag="e",
            state=registration_pb2.REGISTRATION_STATE_UNDER_REVIEW,
        )
    )
    return seen


@pytest.mark.parametrize(("kind", "is_theirs"), [(worklists_pb2.WORK_KIND_NOTICE_TO_VERIFY, True), (APPEAL, False)])
def test_police_are_told_where_deadlines_and_moves_are(
    run: Run,
    register: Register,
    capsys: pytest.CaptureFixture[str],
    kind: worklists_pb2.WorkKind.ValueType,
    *,
    is_theirs: bool,
) -> None:
    register.answers[LIST] = lambda _: worklists_pb2.ListRegistrationsResponse(items=[item(IDS[0], kind)])
    assert run("work") == 0
    assert ("`nsor transfers`" in capsys.readouterr().err) is is_theirs


@pytest.mark.parametrize(("options", "rows"), [((), 50), (("--limit", "110"), 110), (("--all",), 120)])
def test_the_list_says_how_many_and_what_to_type_next(
    *,
    run: Run,
    asked: list[worklists_pb2.ListRegistrationsRequest],
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    rows: int,
) -> None:
    # Numbered, with the whole id, and the ready command for the first one; no list is cut silently.
    assert run("work", *options) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()[2:]
    assert [line.split()[0] for line in lines] == [str(nth) for nth in range(1, rows + 1)]
    assert all(IDS[nth] in line for nth, line in enumerate(lines))
    assert "2026-09-21" in lines[0]
    assert f"`nsor confirm {IDS[0]}`" in err
    assert ("all that there is" if rows == 120 else "there are more: `nsor work --all`") in err
    assert sum(request.page_size for request in asked) in {rows, 200}


def test_a_number_opens_that_one(
    run: Run,
    register: Register,
    asked: list[worklists_pb2.ListRegistrationsRequest],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What waits is shown without what the court confirms, and left when nothing is typed.
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "")
    assert run("work", "3") == 0
    opened = [call.request for call in register.calls if call.method == GET]
    assert [registration_pb2.GetRegistrationRequest.FromString(each).registration_id for each in opened] == [IDS[2]]
    assert [request.page_size for request in asked] == [3]
    assert run("work", "121") == cli.USAGE


def test_a_window_is_opened_as_a_record(
    run: Run,
    register: Register,
    asked: list[worklists_pb2.ListRegistrationsRequest],
    capsys: pytest.CaptureFixture[str],
) -> None:
    register.answers[LIST] = lambda _: worklists_pb2.ListRegistrationsResponse(items=[item(IDS[0], APPEAL)])
    assert run("work") == 0
    assert f"`nsor show {IDS[0]}`" in capsys.readouterr().err
    assert run("work", "1", "--kind", "appeal") == 0
    assert "nsor judgment record" in capsys.readouterr().err
    assert asked == []


def test_a_table_to_fill_in_has_all_that_waits_and_no_number_of_the_court(
    run: Run, asked: list[worklists_pb2.ListRegistrationsRequest], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "worklist.csv"
    assert run("work", "--csv", str(path)) == 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["registration_id"] for row in rows] == IDS
    assert {(row["case_number"], row["judgment_date"]) for row in rows} == {("", "")}
    assert {request.kind for request in asked} == {PENDING}
    assert f"`nsor confirm --file {path}`" in capsys.readouterr().err
    assert path.stat().st_mode & 0o077 == 0


def test_programs_get_one_item_a_line(
    run: Run, asked: list[worklists_pb2.ListRegistrationsRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("work", "--limit", "2", "--json") == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["registration_id"] for each in found] == IDS[:2]
    assert len(asked) == 1


@pytest.mark.usefixtures("asked")
def test_rows_that_nobody_has_filled_in_stay_open(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A worklist is filled in row by row, and fed back as it stands; nothing is asked about the rest.
    register.answers[CONFIRM] = lambda _: registration_pb2.ConfirmRegistrationsResponse(
        findings=[registration_pb2.ConfirmationFinding(registration_id=IDS[0], etag="f")]
    )
    path = tmp_path / "worklist.csv"
    assert run("work", "--csv", str(path)) == 0
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text.replace(f"{IDS[0]},,", f"{IDS[0]},Sessions Case No. 1/2022,04.05.2023"), encoding="utf-8-sig")
    assert run("confirm", "--file", str(path)) == 0
    assert len([call for call in register.calls if call.method == GET]) == 1
    assert "Of 120: 1 confirmed, 0 refused, 119 left open" in capsys.readouterr().err


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(("language", "said"), [("en", "Correct them in the file"), ("ur", "فائل میں درست")])
def test_a_row_of_a_wrong_form_hinders_no_other(  # noqa: PLR0917 - fixtures and a case
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, said: str
) -> None:
    # The register refuses a decision with such a row whole; it is named by its id, not by its place in the decision.
    def answer(data: bytes) -> Message | Refusal:
        sent = registration_pb2.ConfirmRegistrationsRequest.FromString(data).confirmations
        if wrong := [at for at, row in enumerate(sent) if "Case" not in row.case_number]:
            return Refusal("INVALID_ARGUMENT", "INVALID_FIELDS", ((f"confirmations[{wrong[0]}].case_number", "FORM"),))
        findings = [registration_pb2.ConfirmationFinding(registration_id=row.registration_id) for row in sent]
        findings[0].reason = errors_pb2.ERROR_REASON_NO_RECORD
        return registration_pb2.ConfirmRegistrationsResponse(findings=findings)

    register.answers[CONFIRM] = answer
    path = tmp_path / "own.csv"
    numbers = ("Case No. 1/2022", "82186", "Case No. 3/2022", "99")
    rows = [f"{IDS[at]},{number},04.05.2023" for at, number in enumerate(numbers)]
    path.write_text("\n".join(["registration_id,case_number,judgment_date", *rows]))
    assert run("confirm", "--file", str(path), "--lang", language) == 1
    err = capsys.readouterr().err
    assert ("Of 4: 1 confirmed, 3 refused" in err) == (language == "en")
    assert (IDS[0] in err, IDS[1] in err, IDS[2] in err, IDS[3] in err) == (True, True, False, True)
    assert "confirmations[" not in err
    assert said in err


@pytest.mark.parametrize("language", ["en", "ur"])
def test_whoever_has_no_such_list_hears_where_his_work_is(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    register.answers[LIST] = lambda _: Refusal("PERMISSION_DENIED", "NOT_ALLOWED")
    assert run("work", "--lang", language) == 1
    err = capsys.readouterr().err
    assert "`nsor identity next`" in err


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        (worklists_pb2.WORK_KIND_REVALIDATION, "nsor revalidate"),
        (worklists_pb2.WORK_KIND_CORRECTION, "nsor correction list"),
        (worklists_pb2.WORK_KIND_AMENDMENT, "nsor proposals list"),
    ],
)
@pytest.mark.usefixtures("asked")
def test_an_owner_is_told_how_he_begins(
    run: Run,
    register: Register,
    capsys: pytest.CaptureFixture[str],
    kind: worklists_pb2.WorkKind.ValueType,
    command: str,
) -> None:
    register.answers[LIST] = lambda _: worklists_pb2.ListRegistrationsResponse(items=[item(IDS[0], kind)])
    for arguments in ((), ("1",)):
        assert run("work", *arguments) == 0
        assert f"`{command} {IDS[0]}`" in capsys.readouterr().err


def npb(register: Register, kind: options_pb2.AgencyKind.ValueType) -> None:
    """The caller is of that kind, and there are reviews and a judgment that has met nobody."""
    own = directory_pb2.Agency(agency_id=AGENCY, kind=kind)
    register.answers["nsor.v1.DirectoryService/ListAgencies"] = lambda _: directory_pb2.ListAgenciesResponse(
        agencies=[own]
    )
    states = [reviews_pb2.REVIEW_STATE_OPEN, reviews_pb2.REVIEW_STATE_DECIDED, reviews_pb2.REVIEW_STATE_PROPOSED]
    register.answers["nsor.v1.RegistrationService/ListReviews"] = lambda _: reviews_pb2.ListReviewsResponse(
        reviews=[reviews_pb2.Review(number=at, state=state) for at, state in enumerate(states, 1)]
    )
    unmatched = "nsor.v1.RegistrationService/ListUnmatchedJudgments"
    register.answers[unmatched] = lambda _: judgments_pb2.ListUnmatchedJudgmentsResponse(
        judgments=[judgments_pb2.UnmatchedJudgment(judgment_id=IDS[0])]
    )
    closure, reading = worklists_pb2.PENDING_DECISION_KIND_CLOSURE, worklists_pb2.PENDING_DECISION_KIND_SEALED_READING
    pending = [
        worklists_pb2.PendingDecision(
            kind=closure,
            closure_kind=closure_pb2.CLOSURE_KIND_ERASED,
            decision_id=IDS[0],
            registration_id=IDS[1],
            officer_number="17",
        ),
        worklists_pb2.PendingDecision(
            kind=worklists_pb2.PENDING_DECISION_KIND_UNSEALING, decision_id=IDS[0], officer_number="18", own=True
        ),
        worklists_pb2.PendingDecision(
            kind=reading,
            decision_id=IDS[0],
            registration_id=IDS[1],
            officer_number="17",
            reading_reason=sealed_pb2.SEALED_READING_REASON_COURT_ORDER,
        ),
    ]
    register.answers[DECISIONS] = lambda _: worklists_pb2.ListPendingDecisionsResponse(decisions=pending)
    overdue = worklists_pb2.WorkItem(registration_id=IDS[1], kind=worklists_pb2.WORK_KIND_RELEASE_OVERDUE)
    register.answers[LIST] = lambda _: worklists_pb2.ListRegistrationsResponse(items=[overdue])


def test_npb_begins_its_day_with_counts_and_what_to_type_next(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    npb(register, options_pb2.AGENCY_KIND_NPB)
    assert run("work") == 0
    shown = capsys.readouterr()
    for line in (
        "1  reviews that another officer confirms   nsor review show 3",
        "1  reviews that are open                   nsor reviews --open",
        "1  judgments that have met no conviction   nsor judgment unmatched",
    ):
        assert " ".join(line.split()) in " ".join(shown.out.split())
    assert f"`nsor custody show {IDS[1]}`" in shown.err


def test_npb_is_shown_what_waits_for_a_second_officer_and_how_he_confirms_it(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    npb(register, options_pb2.AGENCY_KIND_NPB)
    assert run("work", "--json") == 0
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["decision_id"] for each in shown if "decision_id" in each] == [IDS[0]] * 3
    assert run("work") == 0
    said = "".join(capsys.readouterr().out.split())
    refused = "--reason REASON"
    for line in (
        f"erasure 17 {EPOCH} nsor archive confirm {IDS[1]} {IDS[0]} nsor pending refuse closure {IDS[0]} {refused}",
        f"unsealing 18 (you) {EPOCH} another officer: nsor judgment unseal {IDS[0]} --confirm",
        f"nsor pending withdraw unsealing {IDS[0]}",
        f"reading of what is sealed court order 17 {EPOCH} nsor sealed confirm {IDS[0]} {IDS[1]}",
        f"nsor pending refuse reading {IDS[0]} {refused}",
    ):
        assert "".join(line.split()) in said


def test_another_agency_is_asked_for_nothing_more(run: Run, register: Register) -> None:
    npb(register, options_pb2.AGENCY_KIND_PRISONS)
    assert run("work") == 0
    assert not {call.method for call in register.calls} & {
        "nsor.v1.RegistrationService/ListReviews",
        "nsor.v1.RegistrationService/ListUnmatchedJudgments",
        DECISIONS,
    }
