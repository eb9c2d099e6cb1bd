"""`nsor emergency`: what it means is said before anything is sent, and the number is never on the command line."""

from pathlib import Path
from typing import TypeVar

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from nsor.v1 import directory_pb2, emergencies_pb2, options_pb2, types_pb2
from tests.client.conftest import AGENCY, Register, Run
from tests.client.test_cli_counter import CNIC, ID, private
from tests.client.test_cli_custody import always

OPEN = "nsor.v1.LookupService/OpenEmergencyLookUp"
LOOK_UP = "nsor.v1.LookupService/LookUpInEmergency"
REVIEW = "nsor.v1.LookupService/ReviewEmergencyLookUp"
AGENCIES = "nsor.v1.DirectoryService/ListAgencies"
GET = "nsor.v1.LookupService/GetEmergencyLookUp"
LIST = "nsor.v1.LookupService/ListEmergencyLookUps"
OTHER = "9c5c1d2e-0000-4000-8000-000000000001"
Opening, Reading = emergencies_pb2.OpenEmergencyLookUpRequest, emergencies_pb2.LookUpInEmergencyRequest
Reviewing = emergencies_pb2.ReviewEmergencyLookUpRequest
M = TypeVar("M", bound=Message)
STATION = "PK-PB/LHR/PS-001"


def sent(register: Register, method: str, of: type[M]) -> list[M]:
    """What was asked of a method."""
    return [of.FromString(call.request) for call in register.calls if call.method == method]


@pytest.fixture
def number(tmp_path: Path) -> str:
    return str(private(tmp_path / "cnic", f"{CNIC}\n"))


@pytest.fixture
def answering(register: Register) -> Register:
    found = emergencies_pb2.PersonInEmergency(registration_id=OTHER)
    register.answers[OPEN] = always(emergencies_pb2.OpenEmergencyLookUpResponse(emergency_id=ID))
    register.answers[LOOK_UP] = always(
        emergencies_pb2.LookUpInEmergencyResponse(outcome=emergencies_pb2.EMERGENCY_OUTCOME_FOUND, person=found)
    )
    register.answers[REVIEW] = always(emergencies_pb2.ReviewEmergencyLookUpResponse(late=True))
    items = [
        emergencies_pb2.EmergencyLookUp(
            emergency_id=each,
            agency_id="punjab-police",
            officer_number="PB-7",
            harm=emergencies_pb2.IMMINENT_HARM_CHILD_TAKEN,
            station=STATION,
            open_time=Timestamp(seconds=1_770_000_000),
            review_deadline=types_pb2.Deadline(due_time=Timestamp(seconds=1_770_086_400)),
        )
        for each in (ID, OTHER)
    ]
    register.answers[LIST] = always(emergencies_pb2.ListEmergencyLookUpsResponse(items=items))
    return register


def _is(register: Register, kind: options_pb2.AgencyKind.ValueType) -> None:
    own = directory_pb2.Agency(agency_id=AGENCY, kind=kind)
    register.answers[AGENCIES] = always(directory_pb2.ListAgenciesResponse(agencies=[own]))


def test_it_is_opened_and_read_at_once(
    run: Run, answering: Register, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("emergency", "--harm", "child-taken", "--station", STATION, "--cnic-file", number, "--yes") == 0
    (opened,), (read,) = (
        sent(answering, OPEN, Opening),
        sent(answering, LOOK_UP, Reading),
    )
    assert (opened.harm, opened.station, opened.cnic) == (
        emergencies_pb2.IMMINENT_HARM_CHILD_TAKEN,
        STATION,
        CNIC,
    )
    assert (read.emergency_id, read.cnic) == (ID, CNIC)
    said = capsys.readouterr()
    assert "NPB hears of it now" in said.out + said.err
    assert f"nsor emergency --again {ID}" in said.out + said.err


def test_nothing_is_sent_before_somebody_agrees(
    run: Run, answering: Register, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    assert run("emergency", "--harm", "child-taken", "--station", STATION, "--cnic-file", number) != 0
    assert sent(answering, OPEN, Opening) == sent(answering, LOOK_UP, Reading) == []


def test_it_is_read_again_without_opening_another(run: Run, answering: Register, number: str) -> None:
    assert run("emergency", "--again", ID, "--cnic-file", number) == 0
    assert sent(answering, OPEN, Opening) == []
    assert [each.emergency_id for each in sent(answering, LOOK_UP, Reading)] == [ID]
    assert run("emergency", "--again", ID, "--harm", "child-taken", "--cnic-file", number) == 2


def test_a_program_says_what_harm_and_which_station(run: Run, answering: Register, number: str) -> None:
    assert run("emergency", "--station", STATION, "--cnic-file", number, "--yes") == 2
    assert sent(answering, OPEN, Opening) == []


def test_a_beginning_that_several_have_names_none(run: Run, answering: Register) -> None:
    near = f"{ID[:8]}-0000-4000-8000-000000000009"
    items = [emergencies_pb2.EmergencyLookUp(emergency_id=each) for each in (ID, near)]

    # The second stands on a page of its own.
    def page(request: bytes) -> Message:
        asked = emergencies_pb2.ListEmergencyLookUpsRequest.FromString(request)
        one, token = (items[1], "") if asked.page_token else (items[0], "next")
        return emergencies_pb2.ListEmergencyLookUpsResponse(items=[one], next_page_token=token)

    answering.answers[LIST] = page
    assert run("emergencies", "review", ID[:8], "--finding", "justified") == 2
    assert sent(answering, REVIEW, Reviewing) == []
    assert run("emergencies", "list", "--reviewed") == 0
    asked = sent(answering, LIST, emergencies_pb2.ListEmergencyLookUpsRequest)
    assert [each.reviewed for each in asked] == [False, False, True, True]


def test_a_name_is_no_number(run: Run, answering: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = str(private(tmp_path / "name", "Muhammad Rafiq\n"))
    assert run("emergency", "--harm", "child-taken", "--station", STATION, "--cnic-file", name, "--yes") == 2
    said = capsys.readouterr().err
    assert "`nsor search`, on a grant" in said
    assert "Rafiq" not in said
    assert answering.calls == []


def test_npb_lists_and_reviews_by_the_first_digits(
    run: Run, answering: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    _is(answering, options_pb2.AGENCY_KIND_NPB)
    assert run("emergencies", "list") == 0
    printed = capsys.readouterr()
    assert "punjab-police" in printed.out
    assert "PB-7" in printed.out
    # The oldest is the last one.
    assert f"`nsor emergencies show {OTHER[:8]}`" in printed.err
    assert f"`nsor emergencies review {OTHER[:8]} --finding justified`" in printed.err
    _is(answering, options_pb2.AGENCY_KIND_POLICE)
    assert run("emergencies", "list") == 0
    assert "nsor emergencies review" not in capsys.readouterr().err
    assert run("emergencies", "review", ID[:8], "--finding", "no-imminent-harm") == 0
    (review,) = sent(answering, REVIEW, Reviewing)
    assert (review.emergency_id, review.finding) == (ID, emergencies_pb2.EMERGENCY_FINDING_NO_IMMINENT_HARM)
    assert run("emergencies", "review", "00000000", "--finding", "justified") == 2


def test_npb_is_shown_for_whom_one_was(run: Run, answering: Register, capsys: pytest.CaptureFixture[str]) -> None:
    item = emergencies_pb2.EmergencyLookUp(emergency_id=ID, agency_id="punjab-police")
    answering.answers[GET] = always(emergencies_pb2.GetEmergencyLookUpResponse(emergency_look_up=item, cnic=CNIC))
    assert run("emergencies", "show", ID[:8]) == 0
    assert CNIC in capsys.readouterr().out.replace("-", "")
    (asked,) = sent(answering, GET, emergencies_pb2.GetEmergencyLookUpRequest)
    assert asked.emergency_id == ID
    assert run("emergencies", "show", "00000000") == 2
