"""`nsor amend` and `nsor proposals`: changes come from a file, are shown as was -> becomes, and signed when agreed."""

import json
from pathlib import Path

import pytest

from nsor.v1 import amendments_pb2, registration_pb2, types_pb2
from tests.client.conftest import AGENCY, Register, Run

GET = "nsor.v1.RegistrationService/GetRegistration"
AMEND = "nsor.v1.RegistrationService/AmendRegistration"
PROPOSE = "nsor.v1.RegistrationService/ProposeAmendment"
LIST = "nsor.v1.RegistrationService/ListAmendments"
GET_AMENDMENT = "nsor.v1.RegistrationService/GetAmendment"
ACCEPT = "nsor.v1.RegistrationService/AcceptAmendment"
REFUSE = "nsor.v1.RegistrationService/RefuseAmendment"
WITHDRAW = "nsor.v1.RegistrationService/WithdrawAmendment"
RECORD = "8b5c1d2e-0000-4000-8000-000000000001"
AMENDMENT = "8b5c1d2e-0000-4000-8000-000000000002"


@pytest.fixture
def amended(register: Register) -> Register:
    shown = registration_pb2.Registration(
        registration_id=RECORD,
        etag="0123456789abcdef",
        person=types_pb2.Person(
            names=[types_pb2.PersonName(kind=types_pb2.NAME_KIND_OFFICIAL, name="Zafar Testi")],
            nationality="PK",
            mobile_numbers=["+923990000001"],
        ),
    )
    register.answers[GET] = lambda _: registration_pb2.GetRegistrationResponse(registration=shown)
    register.answers[AMEND] = lambda _: amendments_pb2.AmendRegistrationResponse(registration_id=RECORD, etag="f" * 16)
    return register


def _shown(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """The lines that are indented, and the fields of an answer, word by word."""
    return [line.split() for line in capsys.readouterr().out.split("\n") if line.startswith(("  ", "reg", "etag"))]


def _amended(register: Register) -> amendments_pb2.AmendRegistrationRequest:
    assert register.calls[-1].method == AMEND
    return amendments_pb2.AmendRegistrationRequest.FromString(register.calls[-1].request)


def test_what_changes_is_shown_and_asked_before_it_is_sent(
    run: Run, amended: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "change.json"
    file.write_text('{"nationality": "AF", "mobile_numbers": [], "vehicles": [{"kind": 1, "number": "LEB-12-1234"}]}')
    assert run("amend", RECORD, str(file), stdin="n\n") == 130
    printed = capsys.readouterr().out.split("\n")
    assert [line.split() for line in printed if line.startswith("  ")] == [
        *(["was", "PK"], ["becomes", "AF"]),
        *(["was", "+923990000001"], ["becomes", "(nothing)"]),
        *(["was", "(nothing)"], ["becomes", "car,", "LEB-12-1234"]),
    ]
    assert [call.method for call in amended.calls] == [GET]
    assert run("amend", RECORD, str(file), "--yes") == 0
    request = amendments_pb2.AmendRegistrationRequest.FromString(amended.calls[-1].request)
    assert list(request.update_mask.paths) == ["nationality", "mobile_numbers", "vehicles"]
    assert (request.etag, request.particulars.nationality) == ("0123456789abcdef", "AF")
    assert "nsor-decision-bin" in amended.calls[-1].metadata


def test_an_amendment_that_was_made_before_is_said_and_not_sent(
    run: Run, amended: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    # Each amendment is a version of the record and tells all who had it; a second run is none.
    assert run("amend", RECORD, "-", "--yes", stdin='{"nationality": "PK"}') == 0
    assert [call.method for call in amended.calls] == [GET]
    assert "says all of it already" in capsys.readouterr().err


def test_what_the_record_says_now_is_a_file_to_change(
    run: Run, amended: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("amend", RECORD, "--current") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["names"] == [{"kind": "OFFICIAL", "name": "Zafar Testi"}]
    assert found["nationality"] == "PK"
    # What stays of it isn't sent.
    found["nationality"] = "AF"
    assert run("amend", RECORD, "-", "--yes", "--json", stdin=json.dumps(found)) == 0
    request = amendments_pb2.AmendRegistrationRequest.FromString(amended.calls[-1].request)
    assert request.particulars == amendments_pb2.Particulars(nationality="AF")
    assert list(request.update_mask.paths) == ["nationality"]


@pytest.mark.parametrize(
    "change", [{"cnic": "3520112345671"}, {"travel_documents": [{"number": "AB1", "country": "PK"}]}]
)
def test_what_needs_a_second_officer_is_proposed_and_the_next_command_printed(
    run: Run, amended: Register, capsys: pytest.CaptureFixture[str], change: dict[str, object]
) -> None:
    amended.answers[PROPOSE] = lambda _: amendments_pb2.ProposeAmendmentResponse(amendment_id=AMENDMENT)
    text = json.dumps({**change, "nationality": "AF", "mobile_numbers": ["+923990000001"]})
    assert run("amend", RECORD, "-", "--yes", stdin=text) == 0
    assert [call.method for call in amended.calls] == [GET, PROPOSE]
    request = amendments_pb2.ProposeAmendmentRequest.FromString(amended.calls[-1].request)
    numbers = ["cnic", "no_cnic_reason"] if "cnic" in change else ["travel_documents"]
    assert sorted(request.update_mask.paths) == sorted([*numbers, "nationality"])
    said = " ".join(capsys.readouterr().err.split())
    assert "you propose, another one accepts" in said
    assert f"`nsor proposals accept {RECORD} {AMENDMENT}`" in said
    # A rehearsal is one of the proposal.
    assert run("amend", RECORD, "-", "--validate-only", stdin=text) == 0
    assert [call.method for call in amended.calls[2:]] == [GET, PROPOSE]
    assert amendments_pb2.ProposeAmendmentRequest.FromString(amended.calls[-1].request).validate_only


def test_a_proposal_to_a_colleague_is_asked_first(run: Run, amended: Register) -> None:
    assert run("amend", RECORD, "-", stdin='{"cnic": "3520112345671"}') != 0
    assert [call.method for call in amended.calls] == [GET]


@pytest.mark.parametrize("text", ["{}", '{"cnicc": "3520112345671"}', "[]", "3520112345671"])
def test_a_file_of_another_form_costs_no_call_and_is_not_repeated(
    run: Run, amended: Register, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert run("amend", RECORD, "-", "--yes", stdin=text) == 2
    assert not amended.calls
    assert "3520112345671" not in capsys.readouterr().err


def test_a_rehearsal_shows_what_would_change_and_asks_nobody(
    run: Run, amended: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("amend", RECORD, "-", "--validate-only", stdin='{"nationality": "AF"}') == 0
    assert _shown(capsys) == [["was", "PK"], ["becomes", "AF"], ["registration", "id", RECORD], ["etag", "f" * 16]]
    assert [call.method for call in amended.calls] == [GET, AMEND]
    assert amendments_pb2.AmendRegistrationRequest.FromString(amended.calls[1].request).validate_only
    # A program compares by itself: the check of the register reads no record.
    assert run("amend", RECORD, "-", "--validate-only", "--json", stdin='{"nationality": "AF"}') == 0
    assert [call.method for call in amended.calls[2:]] == [AMEND]


def test_a_proposal_comes_from_a_file_and_says_where_its_end_is_seen(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[PROPOSE] = lambda _: amendments_pb2.ProposeAmendmentResponse(amendment_id=AMENDMENT)
    assert run("propose", RECORD, "-", stdin='{"sex": "SEX_FEMALE"}') == 0
    request = amendments_pb2.ProposeAmendmentRequest.FromString(register.calls[0].request)
    assert (list(request.update_mask.paths), request.particulars.sex) == (["sex"], types_pb2.SEX_FEMALE)
    assert f"`nsor proposals list {RECORD}`" in capsys.readouterr().err


@pytest.fixture
def proposed(amended: Register) -> Register:
    waiting = amendments_pb2.Amendment(
        amendment_id=AMENDMENT,
        state=amendments_pb2.AMENDMENT_STATE_PROPOSED,
        proposed_by_agency="lahore-special-court",
        to_decide=True,
        paths=["nationality"],
    )
    amended.answers[GET_AMENDMENT] = lambda _: amendments_pb2.GetAmendmentResponse(
        amendment=waiting, particulars=amendments_pb2.Particulars(nationality="AF")
    )
    amended.answers[LIST] = lambda _: amendments_pb2.ListAmendmentsResponse(amendments=[waiting])
    accepted = amendments_pb2.AMENDMENT_STATE_ACCEPTED
    amended.answers[ACCEPT] = lambda _: amendments_pb2.AcceptAmendmentResponse(state=accepted, etag="f" * 16)
    return amended


def test_what_is_accepted_is_shown_and_asked_first(
    run: Run, proposed: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("proposals", "accept", RECORD, AMENDMENT, stdin="n\n") == 130
    printed = capsys.readouterr().out.split("\n")
    assert [line.split() for line in printed if line.startswith("  ")] == [["was", "PK"], ["becomes", "AF"]]
    assert ACCEPT not in [call.method for call in proposed.calls]
    assert run("proposals", "accept", RECORD, AMENDMENT, "--yes") == 0
    request = amendments_pb2.AcceptAmendmentRequest.FromString(proposed.calls[-1].request)
    assert (request.amendment_id, request.etag) == (AMENDMENT, "0123456789abcdef")


def test_proposals_are_listed_and_refused_with_a_reason(
    run: Run, proposed: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("proposals", "list", RECORD) == 0
    printed = capsys.readouterr()
    assert AMENDMENT in printed.out
    assert "nationality" in printed.out
    assert "1 shown" in printed.err
    said = " ".join(printed.out.split())
    assert f"nsor proposals accept {RECORD} {AMENDMENT}" in said
    assert f"nsor proposals refuse {RECORD} {AMENDMENT} --reason REASON" in said
    refused = amendments_pb2.AMENDMENT_STATE_REFUSED
    proposed.answers[REFUSE] = lambda _: amendments_pb2.RefuseAmendmentResponse(state=refused)
    assert run("proposals", "refuse", RECORD, AMENDMENT, "--reason", "not-shown") == 0
    request = amendments_pb2.RefuseAmendmentRequest.FromString(proposed.calls[-1].request)
    assert request.reason == amendments_pb2.AMENDMENT_REFUSAL_NOT_SHOWN


def test_an_agency_withdraws_what_it_has_proposed(
    run: Run, proposed: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = amendments_pb2.Amendment(
        amendment_id=AMENDMENT,
        state=amendments_pb2.AMENDMENT_STATE_PROPOSED,
        proposed_by_agency=AGENCY,
        to_decide=True,
        own=True,
    )
    proposed.answers[LIST] = lambda _: amendments_pb2.ListAmendmentsResponse(amendments=[mine])
    assert run("proposals", "list", RECORD) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"another officer: nsor proposals accept {RECORD} {AMENDMENT}" in said
    assert f"nsor proposals withdraw {RECORD} {AMENDMENT}" in said
    assert "proposals refuse" not in said
    state = amendments_pb2.AMENDMENT_STATE_WITHDRAWN
    proposed.answers[WITHDRAW] = lambda _: amendments_pb2.WithdrawAmendmentResponse(state=state)
    assert run("proposals", "withdraw", RECORD, AMENDMENT) == 0
    request = amendments_pb2.WithdrawAmendmentRequest.FromString(proposed.calls[-1].request)
    assert (request.registration_id, request.amendment_id) == (RECORD, AMENDMENT)


def test_a_record_is_shown_as_of_a_day(run: Run, amended: Register) -> None:
    assert run("show", RECORD, "--as-of", "31.01.2026") == 0
    day = registration_pb2.GetRegistrationRequest.FromString(amended.calls[-1].request).as_of_date
    assert (day.year, day.month, day.day) == (2026, 1, 31)
    assert run("show", RECORD) == 0
    assert not registration_pb2.GetRegistrationRequest.FromString(amended.calls[-1].request).HasField("as_of_date")


def test_a_day_is_typed_as_people_write_it(run: Run, amended: Register, capsys: pytest.CaptureFixture[str]) -> None:
    amended.answers[PROPOSE] = lambda _: amendments_pb2.ProposeAmendmentResponse(amendment_id=AMENDMENT)
    assert run("amend", RECORD, "--birth-date", "05.03.1980", "--yes") == 0
    assert _shown(capsys)[:4] == [
        *(["was", "(nothing)"], ["becomes", "1980-03-05"]),
        *(["was", "(nothing)"], ["becomes", "day"]),
    ]
    sent = amendments_pb2.ProposeAmendmentRequest.FromString(amended.calls[-1].request)
    born = sent.particulars.birth_date
    assert (born.year, born.month, born.day) == (1980, 3, 5)
    assert list(sent.update_mask.paths) == ["birth_date", "birth_date_precision"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("31.02.1980", "there is no 31 February"),
        ("12.31.1980", "there is no month 31"),
        ("1980/5", "a day as 05.03.2024"),
    ],
)
def test_a_day_that_there_is_not_is_said_and_costs_no_call(
    run: Run, amended: Register, capsys: pytest.CaptureFixture[str], typed: str, said: str
) -> None:
    assert run("amend", RECORD, "--birth-date", typed, "--yes") == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert "birth_date" in printed
    assert not amended.calls


def test_an_address_is_asked_for_and_takes_the_place_of_the_current_one(
    run: Run, amended: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    # Other users can read a command line: only that there is another address is on it.
    assert run("amend", RECORD, "--address", "--yes", stdin="Lahore\n12\n\n\n\n") == 0
    sent = _amended(amended)
    assert list(sent.update_mask.paths) == ["addresses"]
    (address,) = sent.particulars.addresses
    assert (address.kind, address.place_code, address.house_number) == (
        types_pb2.ADDRESS_KIND_CURRENT,
        "PK-PB/LHR",
        "12",
    )
    assert "District" in capsys.readouterr().err


def test_a_corrected_name_keeps_the_one_before(run: Run, amended: Register) -> None:
    assert run("amend", RECORD, "--name", "--yes", stdin="Zafar Iqbal Testi s/o Lal\n") == 0
    assert [(types_pb2.NameKind.Name(each.kind), each.name) for each in _amended(amended).particulars.names] == [
        ("NAME_KIND_OFFICIAL", "Zafar Iqbal Testi"),
        ("NAME_KIND_FORMER", "Zafar Testi"),
    ]


def test_a_row_of_the_spreadsheet_amends_what_differs(
    run: Run, amended: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "orders.csv"
    table.write_text(
        "name,mobile,nationality,sex,case_number\nZafar Testi,0399-0000001,PK,male,12/2024\nLal Khan,,,female,13/2024\n"
    )
    assert run("amend", RECORD, str(table), "--yes") == 2
    assert "say which line with --row" in capsys.readouterr().err
    assert run("amend", RECORD, str(table), "--row", "2", "--yes") == 0
    sent = _amended(amended)
    # The number is the same, written otherwise; the case is none of the person's particulars.
    assert list(sent.update_mask.paths) == ["sex"]
    assert sent.particulars == amendments_pb2.Particulars(sex=types_pb2.SEX_MALE)


def test_of_several_numbers_none_is_guessed(run: Run, amended: Register, capsys: pytest.CaptureFixture[str]) -> None:
    answer = amended.answers[GET](b"")
    assert isinstance(answer, registration_pb2.GetRegistrationResponse)
    answer.registration.person.mobile_numbers.append("+923990000002")
    amended.answers[GET] = lambda _: answer
    assert run("amend", RECORD, "--mobile", "--yes", stdin="0399-0000003\n") == 2
    assert "several mobile numbers" in capsys.readouterr().err
    assert [call.method for call in amended.calls] == [GET]
