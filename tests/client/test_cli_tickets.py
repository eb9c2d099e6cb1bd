"""`nsor ticket` and `nsor case`: persons come from a file or stdin, the next command is printed; and withdrawals."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.message import Message

from nsor import cli
from nsor.officer import OfficerKey
from nsor.v1 import directory_pb2, grants_pb2, types_pb2
from tests.client.conftest import Register, Run

OPEN_TICKET = "nsor.v1.LookupService/OpenTicket"
OPEN_CASE = "nsor.v1.LookupService/OpenCourtCase"
PERSONS = ["3520112345671", "3520112345672"]
KEY_ID = "ab" * 32
ID = "8b5c1d2e-0000-4000-8000-000000000001"
LIST = "nsor.v1.LookupService/ListGrants"
WITHDRAW = "nsor.v1.LookupService/WithdrawGrant"
OPENED = grants_pb2.Grant(grant_id=ID, uses_per_subject=3)


def always(answer: Message) -> Callable[[bytes], Message]:
    return lambda _: answer


@pytest.mark.parametrize("source", ["file", "stdin"])
def test_a_ticket_is_opened_and_the_next_command_is_printed(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    register.answers[OPEN_TICKET] = always(grants_pb2.OpenTicketResponse(grant=OPENED))
    text = "\n".join(PERSONS) + "\n\n"
    (tmp_path / "cnic").write_text(text)
    given = ("--persons-file", str(tmp_path / "cnic")) if source == "file" else ()
    assert run("ticket", "open", KEY_ID, "--work", "court-order", *given, stdin=text) == 0
    request = grants_pb2.OpenTicketRequest.FromString(register.calls[0].request)
    assert request.officer_key_id.hex() == KEY_ID
    assert request.work == grants_pb2.TICKET_WORK_COURT_ORDER
    assert [person.cnic for person in request.persons] == PERSONS
    assert f"`nsor lookup --ticket {ID}`" in capsys.readouterr().err


def test_a_case_is_opened_and_the_next_command_is_printed(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[OPEN_CASE] = always(grants_pb2.OpenCourtCaseResponse(grant=OPENED))
    number = "Sessions Case No. 9/2026"
    assert run("case", "open", "special-court", "PK-PB/LHR", number, stdin="\n".join(PERSONS)) == 0
    request = grants_pb2.OpenCourtCaseRequest.FromString(register.calls[0].request)
    assert request.court_case == types_pb2.CourtCase(
        court_kind=types_pb2.COURT_KIND_SPECIAL_COURT, place_code="PK-PB/LHR", case_number=number
    )
    assert [person.cnic for person in request.persons] == PERSONS
    assert f"`nsor lookup --case {ID}`" in capsys.readouterr().err


def test_a_person_is_named_by_a_cnic_a_document_or_what_the_fir_says(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[OPEN_TICKET] = always(grants_pb2.OpenTicketResponse(grant=OPENED))
    name = '{"name": "Test", "relativeName": "Testi", "relation": "son of"}'
    lines = (
        PERSONS[0],
        "pk AB1234567",
        "AF 1234567 proof-of-registration",
        f'{{"name": {name}, "birthYear": 1980}}',
    )
    assert run("ticket", "open", KEY_ID, "--work", "court-order", stdin="\n".join(lines)) == 0
    cnic, passport, card, by_name = grants_pb2.OpenTicketRequest.FromString(register.calls[0].request).persons
    assert cnic.cnic == PERSONS[0]
    assert passport.document == types_pb2.TravelDocument(
        country="PK", number="AB1234567", kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT
    )
    assert card.document.kind == types_pb2.TRAVEL_DOCUMENT_KIND_PROOF_OF_REGISTRATION
    assert (by_name.WhichOneof("identifier"), by_name.name.relative_name, by_name.birth_year) == (None, "Testi", 1980)
    capsys.readouterr()
    for language, said in (("en", "Line 2: the kind of document is one of passport,"), ("ur", "سطر 2:")):
        text = f"{PERSONS[0]}\nAF 1234567 driving-licence"
        assert run("--lang", language, "ticket", "open", KEY_ID, "--work", "court-order", stdin=text) == 2
        printed = capsys.readouterr().err
        assert said in printed
        assert "1234567" not in printed


@pytest.mark.parametrize("command", ["ticket", "case"])
def test_what_is_only_checked_opens_nothing_and_names_no_next_command(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    register.answers[OPEN_TICKET] = always(grants_pb2.OpenTicketResponse())
    register.answers[OPEN_CASE] = always(grants_pb2.OpenCourtCaseResponse())
    named = ("sessions-court", "PK-PB/LHR", "9/2026") if command == "case" else (KEY_ID, "--work", "correction")
    assert run(command, "open", *named, "--validate-only", stdin=PERSONS[0]) == 0
    kind = grants_pb2.OpenCourtCaseRequest if command == "case" else grants_pb2.OpenTicketRequest
    assert kind.FromString(register.calls[0].request).validate_only
    printed = capsys.readouterr()
    assert "Correct: nothing was opened" in printed.out + printed.err
    assert "`nsor lookup" not in printed.err


def test_the_other_officer_is_named_by_his_key_file_as_well(run: Run, register: Register, tmp_path: Path) -> None:
    register.answers[OPEN_TICKET] = always(grants_pb2.OpenTicketResponse(grant=OPENED))
    key = OfficerKey.generate()
    file = tmp_path / "colleague.key"
    key.save(file)
    options = ("--officer-key-file", str(file), "--work", "correction")
    assert run("ticket", "open", *options, stdin=PERSONS[0]) == 0
    request = grants_pb2.OpenTicketRequest.FromString(register.calls[0].request)
    assert request.officer_key_id == key.key_id
    # Two names could be of two officers.
    assert run("ticket", "open", KEY_ID, *options, stdin=PERSONS[0]) == cli.USAGE
    assert len(register.calls) == 1


def test_a_form_that_is_wrong_costs_no_call_and_says_the_right_one(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("case", "open", "tribunal", "PK-PB/LHR", "Case 9/2026", stdin=PERSONS[0]) == cli.USAGE
    assert "special-court" in capsys.readouterr().err
    assert run("ticket", "open", "abc", "--work", "correction", stdin=PERSONS[0]) == cli.USAGE
    assert "64 hexadecimal digits" in capsys.readouterr().err
    # A CNIC has no place on the command line, which other users and the shell's history see.
    assert run("ticket", "open", KEY_ID, PERSONS[0], "--work", "correction") == cli.USAGE
    assert not register.calls


WHAT_COUNTS = {
    "access": grants_pb2.OpenGrant(grant=OPENED, opened_by_key_id=b"k" * 32, officer_key_id=b"o" * 32, persons=2),
    "ticket": grants_pb2.OpenGrant(
        grant=OPENED, opened_by_key_id=b"k" * 32, officer_key_id=b"o" * 32, work=grants_pb2.TICKET_WORK_CORRECTION
    ),
    "case": grants_pb2.OpenGrant(grant=OPENED, opened_by_key_id=b"k" * 32, persons=2),
}
NAMES = {"access": "grant", "ticket": "ticket", "case": "case"}


def withdrawn(register: Register) -> list[str]:
    sent = [call.request for call in register.calls if call.method == WITHDRAW]
    return [grants_pb2.WithdrawGrantRequest.FromString(request).grant_id for request in sent]


@pytest.mark.parametrize("what", WHAT_COUNTS)
def test_what_was_opened_is_shown_and_asked_for_before_it_is_withdrawn(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    register.answers[LIST] = always(grants_pb2.ListGrantsResponse(grants=[WHAT_COUNTS[what]]))
    register.answers[WITHDRAW] = always(grants_pb2.WithdrawGrantResponse())
    assert run(what, "withdraw", ID[:8], stdin="n\n") == cli.STOPPED
    said = capsys.readouterr()
    assert ID in said.out
    assert f"Withdraw this {NAMES[what]} for good?" in said.out + said.err
    for another in set(WHAT_COUNTS) - {what}:
        assert run(another, "withdraw", ID, "--yes") == cli.USAGE
        assert f"This is a {NAMES[what]}: `nsor {what} withdraw {ID}`" in capsys.readouterr().err
    assert run(what, "withdraw", ID, "--json") == cli.USAGE
    assert run(what, "withdraw", "no id") == cli.USAGE
    assert withdrawn(register) == []
    assert run(what, "withdraw", ID[:8], stdin="y\n") == 0
    assert withdrawn(register) == [ID]


def test_what_is_withdrawn_already_is_called_so(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[LIST] = always(grants_pb2.ListGrantsResponse())
    answer = grants_pb2.WithdrawGrantResponse()
    answer.withdraw_time.seconds = 1_790_000_000
    register.answers[WITHDRAW] = always(answer)
    assert run("ticket", "withdraw", ID) == 0
    out = capsys.readouterr().out
    assert "It counted no more" in out
    assert "2026-09-21" in out
    # The beginning of an id names only what the list has.
    assert run("ticket", "withdraw", ID[:8]) == cli.USAGE
    assert withdrawn(register) == [ID]


@pytest.mark.parametrize("command", [("access", "grants"), ("ticket", "list"), ("case", "list")])
def test_what_was_opened_is_listed_to_its_last_page(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], command: tuple[str, str]
) -> None:
    def page(request: bytes) -> Message:
        asked = grants_pb2.ListGrantsRequest.FromString(request)
        one = WHAT_COUNTS[command[0]]
        return grants_pb2.ListGrantsResponse(grants=[one], next_page_token="" if asked.page_token else "next")

    register.answers[LIST] = page
    assert run(*command) == 0
    said = capsys.readouterr()
    assert said.out.count(ID) == 2
    assert "6b6b6b6b" in said.out
    assert f"2 of 2 {NAMES[command[0]]}s shown." in said.err
    # Only a ticket is for a kind of work.
    assert ("work" in said.out) is (command[0] == "ticket")
    assert f"`nsor {command[0]} withdraw {ID[:8]}`" in said.err


def test_a_beginning_that_several_have_names_none(run: Run, register: Register) -> None:
    register.answers[LIST] = always(grants_pb2.ListGrantsResponse(grants=[WHAT_COUNTS["ticket"]] * 2))
    assert run("ticket", "withdraw", ID[:8], "--yes") == cli.USAGE
    assert withdrawn(register) == []


def test_a_list_says_whose_and_for_whom(
    run: Run, register: Register, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = grants_pb2.OpenGrant()
    own.CopyFrom(WHAT_COUNTS["case"])
    own.opened_by_key_id = OfficerKey.load(settings.parent / "officer.key").key_id
    register.answers[LIST] = always(grants_pb2.ListGrantsResponse(grants=[own]))
    assert run("case", "list") == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if ID in line]
    assert re.search(r"you +any officer of the place +2 ", row)


def test_a_list_names_what_it_shows(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    # A court that asks for tickets has cases.
    register.answers[LIST] = always(grants_pb2.ListGrantsResponse(grants=[WHAT_COUNTS["case"]]))
    assert run("ticket", "list") == 0
    assert "1 of 1 cases shown." in capsys.readouterr().err


def test_the_other_officer_is_named_by_the_beginning_of_his_key_id(run: Run, register: Register) -> None:
    colleague = directory_pb2.Officer(officer_number="NPB-2", officer_key_id=bytes.fromhex(KEY_ID))
    officers = [colleague, directory_pb2.Officer(officer_key_id=b"o" * 32)]
    register.answers["nsor.v1.DirectoryService/ListOfficers"] = always(
        directory_pb2.ListOfficersResponse(officers=officers)
    )
    register.answers[OPEN_TICKET] = always(grants_pb2.OpenTicketResponse(grant=OPENED))
    assert run("ticket", "open", KEY_ID[:8], "--work", "correction", stdin=PERSONS[0]) == 0
    assert grants_pb2.OpenTicketRequest.FromString(register.calls[-1].request).officer_key_id.hex() == KEY_ID
    assert run("ticket", "open", "cdcdcdcd", "--work", "correction", stdin=PERSONS[0]) == cli.USAGE
