"""What is typed at a keyboard around access requests: who is searched for, what is shown before it is decided."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from nsor import cli
from nsor.v1 import access_requests_pb2, directory_pb2, grants_pb2, lookup_pb2, options_pb2, types_pb2
from tests.client.test_cli_people import AGENCIES, DISABLE_OWN, DONE, GET_REQUEST, LOOK_UP, NEW, SEEN, Run, requests_of

if TYPE_CHECKING:
    from tests.client.conftest import Refusal, Register

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
    name = types_pb2.SearchedName(name="Test Akram", by_names=["Kala", "Pappu"])
    named = grants_pb2.Suspect(name=name, birth_year=1988)
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
    assert re.search(r"^ +by names 1 +Kala\n +by names 2 +Pappu$", printed.out, re.MULTILINE)
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
    assert not requests_of(register, APPROVE) + requests_of(register, RETURN)


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
