"""`nsor custody`: what a prison and a station type, and what they are told."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.message import Message
from google.type import date_pb2

from nsor.v1 import custody_pb2, directory_pb2, notification_pb2, registration_pb2, types_pb2, worklists_pb2
from tests.client.conftest import Register, Run

SERVICE = "nsor.v1.RegistrationService"
RECORD, SEE, GET = f"{SERVICE}/RecordCustodyEvent", f"{SERVICE}/GetCustody", f"{SERVICE}/GetRegistration"
ACCEPT, REFUSE = f"{SERVICE}/AcceptRelease", f"{SERVICE}/RefuseRelease"
SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"
ID, ETAG = "8b5c1d2e-0000-4000-8000-000000000001", "0123456789abcdef"
ON = date_pb2.Date(year=2026, month=3, day=5)


def always(answer: Message) -> Callable[[bytes], Message]:
    return lambda _: answer


@pytest.fixture(autouse=True)
def answers(register: Register) -> None:
    seen = registration_pb2.GetRegistrationResponse(registration=registration_pb2.Registration(etag=ETAG))
    register.answers[GET] = always(seen)
    register.answers[SEE] = always(custody_pb2.GetCustodyResponse(etag=ETAG))
    register.answers[RECORD] = always(custody_pb2.RecordCustodyEventResponse(etag=ETAG))
    register.answers[ACCEPT] = always(custody_pb2.AcceptReleaseResponse(etag=ETAG))
    register.answers[REFUSE] = always(custody_pb2.RefuseReleaseResponse(etag=ETAG))


@pytest.mark.parametrize(
    ("words", "kind", "department"),
    [
        (["admitted"], "ADMITTED", ""),
        (["transferred", "--to", "sindh-prisons"], "TRANSFERRED", "sindh-prisons"),
        (["refuse-transfer"], "TRANSFER_REFUSED", ""),
        (["released"], "RELEASED", ""),
        (["bailed"], "BAILED", ""),
        (["escaped"], "ESCAPED", ""),
        (["recalled", "--to", "sindh-prisons"], "RECALLED", "sindh-prisons"),
        (["deported"], "DEPORTED", ""),
        (["deceased"], "DECEASED", ""),
        (["take-back", "--what", "escaped"], "TAKEN_BACK", ""),
    ],
)
def test_an_event_is_recorded_of_the_version_that_is_newest(
    run: Run, register: Register, words: list[str], kind: str, department: str
) -> None:
    assert run("custody", *words, ID, "--on", "05.03.2026", "--yes") == 0
    # Whoever admits him isn't shown the registration yet.
    assert [call.method for call in register.calls] == [
        SEE if kind in {"ADMITTED", "TRANSFER_REFUSED", "TRANSFERRED"} else GET,
        RECORD,
    ]
    request = custody_pb2.RecordCustodyEventRequest.FromString(register.calls[-1].request)
    assert request.kind == custody_pb2.CustodyEventKind.Value(f"CUSTODY_EVENT_KIND_{kind}")
    assert (request.registration_id, request.etag, request.event_date) == (ID, ETAG, ON)
    assert request.prisons_agency_id == department


def test_a_release_is_entered_with_the_address_from_a_file(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Other users see a command line: an address is never on it.
    address = {"kind": "ADDRESS_KIND_CURRENT", "placeCode": "PK-SD/KHI/PS-001"}
    (tmp_path / "address.json").write_text(json.dumps(address))
    words = ("custody", "expected-release", ID, "--expected", "2026-12-31", "--address", str(tmp_path / "address.json"))
    assert run(*words, "--yes") == 0
    request = custody_pb2.RecordCustodyEventRequest.FromString(register.calls[-1].request)
    assert request.address == types_pb2.Address(kind=types_pb2.ADDRESS_KIND_CURRENT, place_code="PK-SD/KHI/PS-001")
    assert request.expected_date == date_pb2.Date(year=2026, month=12, day=31)
    assert f"`nsor custody accept {ID}`" in capsys.readouterr().err


PERSON = types_pb2.Person(
    names=[types_pb2.PersonName(name="Zafar Testi", relative_name="Aslam Testi")], cnic="3520112345671"
)


@pytest.mark.parametrize("words", [["deceased"], ["admitted"], ["expected-release", "--expected", "2026-12-31"]])
def test_whose_record_it_is_is_shown_and_asked_before_anything_is_recorded(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    # A mistyped id is another man's death. His number isn't shown for it.
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id="punjab-prisons")
    registration = registration_pb2.Registration(etag=ETAG, person=PERSON, custody=custody)
    register.answers[GET] = always(registration_pb2.GetRegistrationResponse(registration=registration))
    register.answers[SEE] = always(
        custody_pb2.GetCustodyResponse(etag=ETAG, person=PERSON, custody=custody, receiving_agency_id="sindh-prisons")
    )
    assert run("custody", *words, ID, stdin="n\n") != 0
    assert RECORD not in [call.method for call in register.calls]
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("Zafar Testi", "Aslam Testi", "in custody", "punjab-prisons", "...671"))
    assert "3520112345671" not in shown
    assert run("custody", *words, ID, stdin="y\n") == 0
    assert register.calls[-1].method == RECORD


def test_a_program_says_beforehand_that_it_agrees(run: Run, register: Register) -> None:
    assert run("custody", "escaped", ID, "--json") != 0
    assert RECORD not in [call.method for call in register.calls]
    assert run("custody", "escaped", ID, "--json", "--yes") == 0


@pytest.mark.parametrize(
    ("words", "custody", "said"),
    [
        (["escaped"], types_pb2.Custody(state=types_pb2.CUSTODY_STATE_AT_LARGE), "says so already: at large"),
        (
            ["admitted"],
            types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id="sindh-prisons"),
            "admitted already: sindh-prisons is in charge",
        ),
    ],
)
def test_what_the_register_says_already_is_said_and_not_recorded_again(
    run: Run,
    register: Register,
    capsys: pytest.CaptureFixture[str],
    *,
    words: list[str],
    custody: types_pb2.Custody,
    said: str,
) -> None:
    registration = registration_pb2.Registration(etag=ETAG, custody=custody)
    register.answers[GET] = always(registration_pb2.GetRegistrationResponse(registration=registration))
    register.answers[SEE] = always(custody_pb2.GetCustodyResponse(etag=ETAG, custody=custody))
    assert run("custody", *words, ID, "--yes") == 0
    assert RECORD not in [call.method for call in register.calls]
    assert said in capsys.readouterr().err


def test_a_release_that_is_entered_already_is_said(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[RECORD] = always(custody_pb2.RecordCustodyEventResponse(etag=ETAG, already_recorded=True))
    assert run("custody", "expected-release", ID, "--expected", "2026-12-31", "--yes") == 0
    assert "Recorded already: nothing was changed" in capsys.readouterr().out


def test_a_rehearsal_reads_nothing(run: Run, register: Register) -> None:
    assert run("custody", "deceased", ID, "--validate-only") == 0
    (call,) = register.calls
    assert custody_pb2.RecordCustodyEventRequest.FromString(call.request).validate_only


def test_a_release_is_shown_and_accepted_by_who_agrees(run: Run, register: Register) -> None:
    assert run("custody", "accept", ID, stdin="n\n") != 0
    assert [call.method for call in register.calls] == [SEE]
    assert run("custody", "accept", ID, stdin="y\n") == 0
    request = custody_pb2.AcceptReleaseRequest.FromString(register.calls[-1].request)
    assert (register.calls[-1].method, request.registration_id, request.etag) == (ACCEPT, ID, ETAG)


def test_without_an_id_it_goes_through_the_releases_of_the_events(run: Run, register: Register) -> None:
    event = notification_pb2.Event(
        sequence=1, kind=notification_pb2.EVENT_KIND_RELEASE_EXPECTED, event_id=ID, registration_id=ID
    )
    register.streams[SUBSCRIBE] = lambda _: iter([notification_pb2.SubscribeEventsResponse(events=[event])])
    assert run("custody", "accept", "--yes") == 0
    assert ACCEPT in [call.method for call in register.calls]


def test_what_is_accepted_already_is_said_and_left(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    accepted = custody_pb2.ExpectedRelease(accepted=True)
    register.answers[SEE] = always(custody_pb2.GetCustodyResponse(etag=ETAG, expected_release=accepted))
    assert run("custody", "accept", ID) == 0
    assert f"{ID} is accepted already." in capsys.readouterr().err
    assert [call.method for call in register.calls] == [SEE]


def test_a_release_is_refused_with_a_reason(run: Run, register: Register) -> None:
    words = ("custody", "refuse", ID, "--reason", "other-station")
    assert run(*words, stdin="n\n") != 0
    assert [call.method for call in register.calls] == [SEE]
    assert run(*words, "--yes") == 0
    request = custody_pb2.RefuseReleaseRequest.FromString(register.calls[-1].request)
    assert (request.etag, request.reason) == (ETAG, custody_pb2.RELEASE_REFUSAL_OTHER_STATION)


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        (worklists_pb2.WORK_KIND_RELEASE_TO_ACCEPT, "nsor custody accept"),
        (worklists_pb2.WORK_KIND_ADMISSION, "nsor custody admitted"),
    ],
)
def test_the_worklist_names_the_next_command(
    run: Run,
    register: Register,
    capsys: pytest.CaptureFixture[str],
    kind: worklists_pb2.WorkKind.ValueType,
    command: str,
) -> None:
    item = worklists_pb2.WorkItem(registration_id=ID, kind=kind, release_date=ON)
    register.answers[f"{SERVICE}/ListRegistrations"] = always(worklists_pb2.ListRegistrationsResponse(items=[item]))
    agencies = directory_pb2.ListAgenciesResponse()
    register.answers["nsor.v1.DirectoryService/ListAgencies"] = always(agencies)
    assert run("work") == 0
    shown = capsys.readouterr()
    assert f"`{command} {ID}`" in shown.err
    assert "2026-03-05" in shown.out
    assert run("work", "1") == 0
    assert SEE in [call.method for call in register.calls]


def test_an_address_to_fill_in_is_printed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("custody", "address") == 0
    assert "place_code" in capsys.readouterr().out
