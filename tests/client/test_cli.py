"""The command: what people and programs get, what it never shows, and the exit code that scripts rely on."""

from __future__ import annotations

import importlib.metadata
import json
import re
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nsor import causes, cli
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import directory_pb2, lookup_pb2

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from tests.client.conftest import Refusal, Register

LIST = "nsor.v1.DirectoryService/ListAgencies"
LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
CREATE = "nsor.v1.RegistrationService/CreateRegistration"
SECRET = "3520112345671"
GRANT = "00000000-0000-4000-8000-000000000001"
Run = Callable[..., int]


def _always(answer: Message | Refusal) -> Callable[[bytes], Message | Refusal]:
    return lambda _: answer


@pytest.mark.parametrize(
    "command",
    [
        *([name] for name in cli.COMMANDS),
        *(["access", name] for name in ("request", "approve", "return", "show")),
        *(["officer", name] for name in ("new-key", "request", "enrol", "replace", "system-key", "disable", "list")),
        *(["ledger", name] for name in ("verify", "checkpoint", "new-witness-key", "cosign", "accesses")),
        ["credentials", "request"],
    ],
)
def test_every_command_explains_itself(run: Run, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*command, "--help") == 0
    assert f"nsor {' '.join(command)}" in capsys.readouterr().out


def test_a_mistyped_command_is_answered_with_the_right_one(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("looup") == cli.USAGE
    assert "Did you mean `nsor lookup`?" in capsys.readouterr().err


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lookup", "--fir", "412/2025", "PK-PB", "LHR", "PS-001", SECRET], "Too many arguments."),
        (["agencies", SECRET, SECRET], "Too many arguments."),
        (["access", SECRET], "No such command."),
        (["agencies", "--cnic" + SECRET], "No such option."),
        (["access", "shwo"], "No such command. Did you mean show?"),
        (["reviews", "--limit", SECRET + "x"], "'--limit': it takes a number from 1."),
        (["ledger", "accesses", "--outcome", SECRET], "'--outcome': it takes [allowed|refused|failed]."),
    ],
)
def test_what_was_typed_in_the_wrong_place_is_not_repeated(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str, as_json: bool
) -> None:
    # A CNIC after a command that takes none goes into no log of a terminal, nor of a program that runs the command.
    assert run(*arguments, *(["--json"] if as_json else [])) == cli.USAGE
    printed = capsys.readouterr()
    assert said in printed.err
    assert SECRET not in printed.out + printed.err


def test_people_get_a_table(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    agency = directory_pb2.Agency(agency_id="npb", name_en="National Police Bureau", name_ur="نیشنل", enabled=True)
    register.answers[LIST] = _always(directory_pb2.ListAgenciesResponse(agencies=[agency]))
    assert run("agencies") == 0
    out = capsys.readouterr().out
    assert "National Police Bureau" in out
    assert "نیشنل" in out
    assert "\x1b" not in out


def test_programs_get_json(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    agency = directory_pb2.Agency(agency_id="npb", name_ur="نیشنل")
    register.answers[LIST] = _always(directory_pb2.ListAgenciesResponse(agencies=[agency]))
    assert run("agencies", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"agency_id": "npb", "name_ur": "نیشنل"}


def test_a_look_up_never_takes_the_cnic_from_the_command_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    # Whoever lists processes, or reads the shell's history, would see it.
    assert run("lookup", "--grant", GRANT, SECRET) == cli.USAGE
    assert run("lookup", "--grant", GRANT, "--cnic", SECRET) == cli.USAGE
    assert "--cnic-file" in capsys.readouterr().err


@pytest.mark.parametrize("source", ["stdin", "file"])
def test_a_look_up_is_answered_with_its_proof(
    run: Run, register: Register, tmp_path: Path, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[LOOK_UP] = _always(
        lookup_pb2.LookUpRegistrationResponse(outcome=lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD)
    )
    (tmp_path / "cnic").write_text(f"{SECRET}\n")
    given = ["--cnic-file", str(tmp_path / "cnic")] if source == "file" else []
    assert run("lookup", "--grant", GRANT, *given, "--json", stdin=f"{SECRET}\n") == 0
    request = lookup_pb2.LookUpRegistrationRequest.FromString(register.calls[0].request)
    assert (request.cnic, request.basis.grant_id) == (SECRET, GRANT)
    out, err = capsys.readouterr()
    assert json.loads(out)["access_id"]
    # Whoever reads a record over an officer's shoulder is said what it is.
    assert "Confidential" in err


DOCUMENT = {"number": "AB1234567", "country": "AF", "kind": "TRAVEL_DOCUMENT_KIND_AFGHAN_CITIZEN_CARD"}


@pytest.mark.parametrize("source", ["file", "stdin", "keyboard", "presented"])
def test_a_document_comes_from_a_file_from_stdin_or_the_keyboard_never_from_the_command_line(
    *, run: Run, register: Register, tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    register.answers[LOOK_UP] = _always(
        lookup_pb2.LookUpRegistrationResponse(outcome=lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD)
    )
    file = tmp_path / "document"
    file.write_text(json.dumps(DOCUMENT))
    if source == "keyboard":
        typed = iter(("AB1234567", "AF", "ACC"))
        monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(typed))
        monkeypatch.setattr("nsor.cli.shown_number._is_terminal", lambda: True)
    given = {"file": ["--document-file", str(file)]}.get(source, ["--by-document"])
    basis = ["--travel-document-file", str(file)] if source == "presented" else ["--grant", GRANT]
    assert run("lookup", *basis, *given, stdin=json.dumps(DOCUMENT) if source == "stdin" else "") == 0
    request = lookup_pb2.LookUpRegistrationRequest.FromString(register.calls[0].request)
    document = request.document
    assert (document.number, document.country, document.kind) == ("AB1234567", "AF", 4)


def test_a_candidate_is_looked_up_by_the_id_that_a_search_gave(run: Run, register: Register) -> None:
    register.answers[LOOK_UP] = _always(
        lookup_pb2.LookUpRegistrationResponse(outcome=lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD)
    )
    assert run("lookup", "--grant", GRANT, "--candidate", "c" * 120) == 0
    request = lookup_pb2.LookUpRegistrationRequest.FromString(register.calls[0].request)
    assert (request.candidate_id, request.cnic) == ("c" * 120, "")


@pytest.mark.parametrize(("outcome", "next_"), [("FOUND", "nsor recalls"), ("NO_RECORD", "the use comes back")])
def test_a_look_up_says_what_is_next(
    run: Run, register: Register, outcome: str, next_: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = lookup_pb2.LookUpOutcome.Value(f"LOOK_UP_OUTCOME_{outcome}")
    register.answers[LOOK_UP] = _always(lookup_pb2.LookUpRegistrationResponse(outcome=found))
    assert run("lookup", "--grant", GRANT, stdin=f"{SECRET}\n") == 0
    assert next_ in " ".join(capsys.readouterr().err.split())
    assert run("lookup", "--prisoner-number", "P-1", stdin=f"{SECRET}\n") == 0
    assert "comes back" not in capsys.readouterr().err


def test_a_look_up_is_by_one_number(run: Run, register: Register, tmp_path: Path) -> None:
    file = tmp_path / "document"
    file.write_text(json.dumps(DOCUMENT))
    assert run("lookup", "--grant", GRANT, "--by-document", "--document-file", str(file)) == cli.USAGE
    assert run("lookup", "--grant", GRANT, "--by-document", "--candidate", "c" * 120) == cli.USAGE
    assert not register.calls


ENGLISH = ("GRANT_USED_UP", "cnic: 13 digits", "such as 35201-1234567-1", "Police: ask the prosecutor")
URDU = ("GRANT_USED_UP", "cnic: 13 ہندسے", "جیسے 35201-1234567-1", "پراسیکیوٹر سے اجازت لیں", "سپورٹ کوڈ")


@pytest.mark.parametrize(
    ("options", "variable", "there", "missing"),
    [
        ((), "", ENGLISH, URDU[1:]),
        (("--lang", "ur"), "", URDU, ENGLISH[1:]),
        (("--lang=ur",), "", URDU, ENGLISH[1:]),
        ((), "ur_PK.UTF-8", URDU, ENGLISH[1:]),
        (("--lang", "en"), "ur", ENGLISH, URDU[1:]),
        ((), "fr", ENGLISH, URDU[1:]),
    ],
)
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_refusal_says_what_to_do_in_one_language(
    *,
    run: Run,
    register: Register,
    refusals: type[Refusal],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    variable: str,
    there: tuple[str, ...],
    missing: tuple[str, ...],
    place: str,
) -> None:
    register.answers[LOOK_UP] = _always(refusals("PERMISSION_DENIED", "GRANT_USED_UP", (("cnic", "CNIC_FORM"),)))
    monkeypatch.setenv("NSOR_LANG", variable)
    before, after = (options, ()) if place == "before" else ((), options)
    assert run(*before, "lookup", "--grant", GRANT, *after, stdin=SECRET) == cli.REFUSED
    out, err = capsys.readouterr()
    assert not out
    assert all(part in err for part in there)
    assert not any(part in err for part in missing)
    assert SECRET not in err


def test_a_refusal_has_one_code_for_support_and_its_ids_when_they_are_wanted(
    run: Run, register: Register, refusals: type[Refusal], capsys: pytest.CaptureFixture[str]
) -> None:
    # The code is read out on a telephone; the register's operator finds the entry by it.
    register.answers[LOOK_UP] = _always(refusals("PERMISSION_DENIED", "GRANT_USED_UP"))
    assert run("lookup", "--grant", GRANT, stdin=SECRET) == cli.REFUSED
    leaf = leaf_pb2.Leaf.FromString(register.ledger.leaves[-1])
    code = f"{leaf.access_id.hex()[-8:-4]}-{leaf.access_id.hex()[-4:]}"
    err = capsys.readouterr().err
    assert f"support code {code}" in err
    assert "access " not in err.replace("access request", "")
    assert "trace " not in err
    assert run("lookup", "--grant", GRANT, "-v", stdin=SECRET) == cli.REFUSED
    leaf = leaf_pb2.Leaf.FromString(register.ledger.leaves[-1])
    err = capsys.readouterr().err
    assert f"access {uuid.UUID(bytes=leaf.access_id)}" in err
    assert f"trace {leaf.trace_id.hex()}" in err
    assert run("lookup", "--grant", GRANT, "--json", stdin=SECRET) == cli.REFUSED
    leaf = leaf_pb2.Leaf.FromString(register.ledger.leaves[-1])
    error = json.loads(capsys.readouterr().err.splitlines()[-1])["error"]
    assert error["support_code"].replace("-", "") == leaf.access_id.hex()[-8:]


def test_a_register_that_does_not_answer_is_named_with_its_cause(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        target = f"127.0.0.1:{taken.getsockname()[1]}"
        assert run("--target", target, "agencies") == cli.REFUSED
    err = capsys.readouterr().err
    assert f"The register at {target} gave no answer: connection refused" in err
    assert run("--target", "nobody.invalid:7443", "agencies") == cli.REFUSED
    assert "nobody.invalid:7443 gave no answer: the host's name is not known" in capsys.readouterr().err
    assert not register.calls


@pytest.mark.parametrize(
    ("details", "code", "said"),
    [
        ("last error: UNKNOWN: ipv4:10.0.0.1:7443: connect: Connection refused (111)", "UNAVAILABLE", "refused"),
        ("DNS resolution failed for nobody: Domain name not found", "UNAVAILABLE", "name is not known"),
        ("SSL_ERROR_SSL: CERTIFICATE_VERIFY_FAILED: unable to get local issuer", "UNAVAILABLE", "not of the CA"),
        ("Handshake failed: WRONG_VERSION_NUMBER", "UNAVAILABLE", "handshake"),
        ("Socket closed", "UNAVAILABLE", "closed the connection"),
        ("Deadline Exceeded", "DEADLINE_EXCEEDED", "time for the call"),
    ],
)
def test_every_cause_has_fixed_words_and_a_next_step(details: str, code: str, said: str) -> None:
    # gRPC's own text may hold what a stranger sent.
    cause = causes.of(f"{details} {SECRET}", code)
    assert cause is not None
    assert said in cause.words.en
    assert all((cause.words.ur, cause.next_step.en, cause.next_step.ur))
    assert SECRET not in str(cause)
    assert causes.of(SECRET, "UNKNOWN") is None


def test_an_unknown_outcome_names_the_request_that_may_be_repeated(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--target", "127.0.0.1:1", "lookup", "--grant", GRANT, "--request-id", GRANT, stdin=SECRET) == 1
    assert f"to repeat it: request id {GRANT}" in capsys.readouterr().err


def test_programs_get_failures_as_json(
    run: Run, register: Register, refusals: type[Refusal], capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[LOOK_UP] = _always(refusals("PERMISSION_DENIED", "GRANT_USED_UP"))
    assert run("lookup", "--grant", GRANT, "--json", stdin=SECRET) == cli.REFUSED
    error = json.loads(capsys.readouterr().err.splitlines()[-1])["error"]
    assert error["reason"] == "GRANT_USED_UP"
    assert error["request_id"]


def test_a_failed_proof_has_an_exit_code_of_its_own(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    # A script must tell "refused" from "the register can't be trusted".
    register.answers[LIST] = _always(directory_pb2.ListAgenciesResponse())
    register.tamper = lambda _: None
    assert run("agencies") == cli.PROOF_FAILED
    assert "Special Committee" in capsys.readouterr().err


def test_a_whole_ledger_is_shown(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    register.answers[LIST] = _always(directory_pb2.ListAgenciesResponse())
    assert run("agencies", "--json") == 0
    assert run("ledger", "verify", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["leaves"], found["failures"]) == (1, [])
    first, register.ledger.leaves[0] = register.ledger.leaves[0], b"another"
    assert run("ledger", "verify", "--everything") == cli.PROOF_FAILED
    # What failed is said again when all is well.
    register.ledger.leaves[0] = first
    capsys.readouterr()
    assert run("ledger", "verify", "--json") == 0
    (failed,) = json.loads(capsys.readouterr().out)["failures"]
    assert (failed["reason"], "that was shown before" in failed["message"]["en"]) == ("LEDGER_FORKED", True)
    for language, form in (("en", failed["message"]["en"]), ("ur", failed["message"]["ur"])):
        assert run("ledger", "verify", "--lang", language) == 0
        said = " ".join(capsys.readouterr().err.split())
        assert form in said
        assert "(LEDGER_FORKED)" in said
    # Beside what is found wrong now as well, and beside what was found wrong last.
    register.tamper = lambda _: None
    assert run("ledger", "verify") == cli.PROOF_FAILED
    said = " ".join(capsys.readouterr().err.split())
    assert failed["message"]["en"] in said
    assert "came without its receipt" in said
    register.tamper = None
    assert run("ledger", "verify") == 0
    said = capsys.readouterr().err
    assert "(LEDGER_FORKED)" in said
    assert "(RECEIPT_MISSING)" in said
    assert run("ledger", "verify", "--json") == 0
    failures = json.loads(capsys.readouterr().out)["failures"]
    assert (failures[0], failures[1]["reason"]) == (failed, "RECEIPT_MISSING")


@pytest.mark.parametrize("name", ["target", "certificate", "key", "ca", "ledger_key"])
def test_a_missing_setting_names_where_it_can_be_given(
    run: Run, settings: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = [line for line in settings.read_text().splitlines() if not line.startswith(f"{name} ")]
    settings.write_text("\n".join(kept))
    assert run("agencies") == cli.USAGE
    err = capsys.readouterr().err
    assert f"--{name.replace('_', '-')}" in err
    assert "NSOR_" in err
    assert "config.toml" in err


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ('\ncertificat = "x"\n', "did you mean certificate"),
        ("\nstate = 5\n", "not TOML"),
        ("\n[", "not TOML"),
    ],
)
def test_a_wrong_settings_file_says_where(
    run: Run, settings: Path, spoil: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.write_text(settings.read_text() + spoil)
    assert run("agencies") == cli.USAGE
    assert said in capsys.readouterr().err


def test_an_unknown_agency_is_told_which_there_are(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("agencies", "--agency", "nobody") == cli.USAGE
    assert "punjab-police" in capsys.readouterr().err


def test_an_option_wins_over_the_environment_and_that_over_the_file(
    run: Run, monkeypatch: pytest.MonkeyPatch, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[LIST] = _always(directory_pb2.ListAgenciesResponse())
    monkeypatch.setenv("NSOR_CERT", "/missing.pem")
    assert run("agencies") == cli.USAGE
    assert "/missing.pem" in capsys.readouterr().err
    assert run("--certificate", "/other.pem", "agencies") == cli.USAGE
    assert "/other.pem" in capsys.readouterr().err


def test_a_key_is_never_overwritten(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new.key"
    assert run("officer", "new-key", str(path)) == 0
    before = path.read_bytes()
    assert run("officer", "new-key", str(path)) == cli.USAGE
    assert path.read_bytes() == before
    assert len(capsys.readouterr().out.strip()) == 64


def test_a_certificate_request_comes_with_a_private_key(run: Run, tmp_path: Path) -> None:
    assert run("credentials", "request", "punjab-police", "--folder", str(tmp_path / "own")) == 0
    assert (tmp_path / "own" / "punjab-police.key").stat().st_mode & 0o777 == 0o600
    assert b"CERTIFICATE REQUEST" in (tmp_path / "own" / "punjab-police.csr").read_bytes()
    assert run("credentials", "request", "Not An Agency", "--folder", str(tmp_path)) == cli.USAGE
    # A mistyped mount point isn't made.
    assert run("credentials", "request", "punjab-police", "--folder", str(tmp_path / "mnt" / "stick")) == cli.USAGE
    assert not (tmp_path / "mnt").exists()


def test_a_fault_of_the_program_shows_no_value(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("nsor.cli.settings.load", fail)
    assert run("agencies") == cli.FAULT
    err = capsys.readouterr().err
    assert "RuntimeError" in err
    assert SECRET not in err


def _modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_client_needs_nothing_of_the_server() -> None:
    # An agency installs six packages, not PostgreSQL drivers and exporters.
    loaded = _modules_after("import nsor, nsor.client, nsor.cli.imports, nsor.cli.confirm, nsor.cli.render")
    roots = {name.partition(".")[0] for name in loaded}
    assert not roots & {"psycopg", "psycopg_pool", "opentelemetry", "tink", "nsor_server", "grpc_status", "msgspec"}


def test_an_agency_installs_six_packages() -> None:
    # What stands in the wheel's metadata is what every agency must vet and carry.
    # The bridge and the print-out are extras, for whoever wants them.
    needed = [each for each in importlib.metadata.requires("nsor") or [] if "extra ==" not in each]
    names = {re.split(r"[^A-Za-z0-9-]", requirement, maxsplit=1)[0] for requirement in needed}
    assert names == {"grpcio", "protobuf", "googleapis-common-protos", "cryptography", "click", "rich"}


def test_help_loads_neither_grpc_nor_protobuf() -> None:
    # Help in less than 150 ms: what is loaded decides, and doesn't depend on the machine.
    loaded = _modules_after(
        "import nsor.cli, io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()): nsor.cli.run(['--help'])"
    )
    assert not {"grpc", "google.protobuf", "rich", "cryptography"} & loaded
