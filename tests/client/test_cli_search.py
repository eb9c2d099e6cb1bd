# ruff: noqa: RUF001 - names in Urdu
"""`nsor search`: on what it rests, whom it names, what it shows, and how one of the candidates is looked up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.message import Message

from nsor import cli
from nsor.v1 import directory_pb2, lookup_pb2, options_pb2, search_pb2, types_pb2
from tests.client.conftest import AGENCY, Register, Run

SEARCH = "nsor.v1.LookupService/SearchRegistrations"
LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
AGENCIES = "nsor.v1.DirectoryService/ListAgencies"
GRANT = "00000000-0000-4000-8000-000000000001"
FIR = ["--fir", "PK-PB/LHR/PS-001", "2021", "679", "02.09.2021"]


def found(*names: str, others: int = 0) -> search_pb2.SearchRegistrationsResponse:
    answer = search_pb2.SearchRegistrationsResponse(others=others)
    for number, initials in enumerate(names, 1):
        each = answer.candidates.add(
            candidate_id=f"{number}" * 120,
            band=search_pb2.CANDIDATE_BAND_LIKELY if number == 1 else search_pb2.CANDIDATE_BAND_POSSIBLE,
            birth_year=1980,
            districts=["PK-PB/LHR"],
            relative_initials=["L. D."],
        )
        each.person.initials.append(initials)
        each.evidence.add(part=1, word=1, rule=1)
        each.evidence.add(part=1, word=2, rule=3)
        each.evidence.add(part=3, rule=5)
    return answer


@pytest.fixture(autouse=True)
def answers(register: Register) -> dict[str, Callable[[bytes], Any]]:
    no_record = lookup_pb2.LookUpRegistrationResponse(outcome=lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD)
    kinds = {AGENCY: options_pb2.AGENCY_KIND_PROSECUTION}
    listed = directory_pb2.ListAgenciesResponse(
        agencies=[directory_pb2.Agency(agency_id=name, kind=kind) for name, kind in kinds.items()]
    )
    given: dict[str, Message] = {SEARCH: found("M. R.", "م. ر.", others=7), LOOK_UP: no_record, AGENCIES: listed}
    register.answers.update({name: _always(answer) for name, answer in given.items()})
    return register.answers


def _always(answer: Message) -> Callable[[bytes], Any]:
    return lambda _: answer


def request(register: Register) -> search_pb2.SearchRegistrationsRequest:
    (sent,) = [each.request for each in register.calls if each.method == SEARCH]
    return search_pb2.SearchRegistrationsRequest.FromString(sent)


def test_candidates_are_shown_with_the_reasons_in_words(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--subject", "2", "--years", "1975-1985", "--sex", "male", "--district", "PK-PB/LHR"]
    assert run("search", "--grant", GRANT, *options) == 0
    asked = request(register)
    assert asked.district == "PK-PB/LHR"
    assert (asked.basis.grant_id, asked.subject, asked.sex) == (GRANT, 2, types_pb2.SEX_MALE)
    assert (asked.first_birth_year, asked.last_birth_year) == (1975, 1985)
    assert not asked.HasField("name")
    printed = capsys.readouterr()
    assert "name: same, other script; year: near" in printed.out
    assert all(each in printed.out for each in ("likely", "possible", "M. R. / L. D.", "م. ر."))
    assert "2 of 9 who fit are shown" in printed.err
    assert "add --years, --district or --sex" in printed.err
    # In a pipe the next command is printed whole.
    assert f"nsor lookup --grant {GRANT} --candidate {'1' * 120}" in printed.err


def test_districts_that_the_grant_does_not_show_are_no_empty_column(
    run: Run, answers: dict[str, Callable[[bytes], Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("search", "--grant", GRANT) == 0
    assert "districts" in capsys.readouterr().out
    shown = found("M. R.")
    del shown.candidates[0].districts[:]
    answers[SEARCH] = lambda _: shown
    assert run("search", "--grant", GRANT) == 0
    printed = capsys.readouterr().out
    assert "districts" not in printed
    assert "M. R. / L. D." in printed


def test_a_number_at_the_terminal_looks_a_candidate_up(
    run: Run, register: Register, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nsor.cli.agreement.is_terminal", lambda: True)
    assert run("search", "--grant", GRANT, stdin="9\n2\n") == 0
    (sent,) = [each.request for each in register.calls if each.method == LOOK_UP]
    looked_up = lookup_pb2.LookUpRegistrationRequest.FromString(sent)
    assert (looked_up.candidate_id, looked_up.basis.grant_id) == ("2" * 120, GRANT)
    assert looked_up.purpose == options_pb2.PURPOSE_INVESTIGATION
    # A candidate isn't looked up by one of several numbers.
    assert "another number" not in capsys.readouterr().err


def test_enter_looks_nobody_up(run: Run, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nsor.cli.agreement.is_terminal", lambda: True)
    assert run("search", "--ticket", GRANT, stdin="\n") == 0
    assert LOOK_UP not in [each.method for each in register.calls]


def test_a_prosecution_gives_the_name_by_stdin_and_never_on_the_command_line(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("search", *FIR, stdin="محمد رفیق\nلال دین\n") == 0
    asked = request(register)
    assert (asked.name.name, asked.name.relative_name, asked.subject) == ("محمد رفیق", "لال دین", 0)
    assert asked.basis.fir.serial == 679
    assert "nsor lookup --fir PK-PB/LHR/PS-001 2021 679 2021-09-02 --candidate" in capsys.readouterr().err
    assert run("search", *FIR, "Muhammad Rafiq") == cli.USAGE
    assert "Rafiq" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "relation"),
    [
        ("Zafar @ Kala urf Pappu d/o Akram\n\n", types_pb2.RELATION_DAUGHTER_OF),
        ("Zafar alias Kala عرف Pappu\nAkram\n", types_pb2.RELATION_UNSPECIFIED),
        ("Zafar@Kala@Pappu\nw/o Akram\n", types_pb2.RELATION_WIFE_OF),
    ],
)
def test_a_by_name_that_is_typed_with_the_name_is_asked_for_and_shown(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], typed: str, relation: int
) -> None:
    assert run("search", *FIR, stdin=typed) == 0
    asked = request(register).name
    assert (asked.name, list(asked.by_names)) == ("Zafar", ["Kala", "Pappu"])
    assert (asked.relative_name, asked.relation) == ("Akram", relation)
    assert "Name: Zafar. Also called: Kala, Pappu." in capsys.readouterr().err


def test_at_a_terminal_a_relative_behind_the_name_is_not_asked_for_again(
    run: Run, register: Register, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nsor.cli.agreement.is_terminal", lambda: True)
    # The empty line after it looks nobody up.
    assert run("--lang", "ur", "search", *FIR, stdin="ظفر عرف کالا ولد اکرم\n\n") == 0
    asked = request(register).name
    assert (asked.name, list(asked.by_names), asked.relative_name) == ("ظفر", ["کالا"], "اکرم")
    assert "عرف: کالا" in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["Zafar s/o Akram\nAslam\n", "Zafar s/o Akram s/o Aslam\n\n"])
def test_a_relative_who_stands_twice_is_nobody(run: Run, register: Register, typed: str) -> None:
    assert run("search", *FIR, stdin=typed) == cli.USAGE
    assert SEARCH not in [each.method for each in register.calls]


def test_a_by_name_that_found_somebody_is_named_by_its_number(
    run: Run, answers: dict[str, Callable[[bytes], Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = found("K. G.")
    del answer.candidates[0].evidence[:]
    answer.candidates[0].evidence.add(part=1, word=1, rule=2, by_name=2)
    answer.candidates[0].evidence.add(part=2, word=1, rule=1)
    answers[SEARCH] = lambda _: answer
    assert run("search", "--grant", GRANT) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "by-name 2: other spelling" in shown
    assert "relative: same" in shown


def test_nobody_found_is_said(
    run: Run, answers: dict[str, Callable[[bytes], Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    answers[SEARCH] = lambda _: found()
    assert run("search", "--case", GRANT) == 0
    assert "Nobody is found by this name." in capsys.readouterr().err
    assert run("--lang", "ur", "search", "--case", GRANT) == 0
    assert "اس نام سے کوئی نہیں ملا۔" in capsys.readouterr().err


def test_a_program_gets_the_answer_as_it_is(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("search", "--grant", GRANT, "--district", "PK-PB/LHR", "--json") == 0
    assert request(register).district == "PK-PB/LHR"
    printed = capsys.readouterr()
    assert "1" * 120 in printed.out
    assert "Confidential" in printed.err


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["--grant", GRANT, "--ticket", GRANT],
        ["--grant", GRANT, "--years", "80"],
        ["--grant", GRANT, "--years", "x"],
    ],
)
def test_wrong_use_calls_nobody(run: Run, register: Register, wrong: list[str]) -> None:
    assert run("search", *wrong) == cli.USAGE
    assert SEARCH not in [each.method for each in register.calls]


def test_one_year_is_a_range_of_one_and_nothing_that_is_not_said_is_sent(run: Run, register: Register) -> None:
    assert run("search", "--grant", GRANT, "--years", "1980") == 0
    asked = request(register)
    assert (asked.first_birth_year, asked.last_birth_year) == (1980, 1980)
    assert {field.name for field, _ in asked.ListFields()} == {
        *("basis", "subject", "first_birth_year", "last_birth_year"),
    }
    register.calls.clear()
    assert run("search", "--ticket", GRANT) == 0
    assert {field.name for field, _ in request(register).ListFields()} == {"basis", "subject"}
    assert request(register).basis.ticket_id == GRANT
