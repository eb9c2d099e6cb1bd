"""`nsor officer`: keys are made, enrolled by focal persons, replaced, listed and disabled."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import nsor
from nsor import cli
from nsor.v1 import directory_pb2, officer_pb2

if TYPE_CHECKING:
    from tests.client.conftest import Refusal, Register

ENROL = "nsor.v1.DirectoryService/EnrolOfficer"
LIST_OFFICERS = "nsor.v1.DirectoryService/ListOfficers"
DISABLE_OWN = "nsor.v1.DirectoryService/DisableOwnKey"
DISABLE = "nsor.v1.DirectoryService/DisableOfficer"
CARD = "6110112345671"
"""Number of an officer's own CNIC."""
Run = Callable[..., int]


def _requests(register: Register, method: str) -> list[bytes]:
    return [call.request for call in register.calls if call.method == method]


@pytest.fixture
def focal(tmp_path: Path) -> tuple[str, str]:
    """The option of a focal person's key."""
    path = tmp_path / "focal.key"
    nsor.OfficerKey.generate().save(path)
    return "--focal-key-file", str(path)


def test_a_key_that_is_enrolled_is_called_so(
    run: Run, register: Register, refusals: type[Refusal], tmp_path: Path, focal: tuple[str, str]
) -> None:
    taken = refusals("INVALID_ARGUMENT", "INVALID_FIELDS", (("public_key", "KEY_ENROLLED"),))
    register.answers[ENROL] = lambda _: taken
    own = ("--officer-key-file", str(tmp_path / "officer.key"), "--number", "LHR-1", "--grade", "17")
    assert run("officer", "enrol", *own, *focal, stdin=f"{CARD}\n") == cli.REFUSED
    assert len(register.calls) == 1
    assert run("officer", "enrol", *own) == cli.USAGE


def test_an_enrolment_is_signed_by_the_focal_persons_and_proved_by_the_officer(
    run: Run, register: Register, tmp_path: Path, focal: tuple[str, str]
) -> None:
    register.answers[ENROL] = lambda _: directory_pb2.EnrolOfficerResponse()
    second = tmp_path / "second.key"
    nsor.OfficerKey.generate().save(second)
    own = ("--officer-key-file", str(tmp_path / "officer.key"), "--number", "pb-1", "--grade", "17", "--decides")
    assert run("officer", "enrol", *own, *focal, "--second-focal-key-file", str(second), stdin=f" {CARD} \n") == 0
    (call,) = register.calls
    request = directory_pb2.EnrolOfficerRequest.FromString(call.request)
    assert request.own_number == CARD
    assert (request.officer_number, request.decides, request.replaced_key_id) == ("PB-1", True, b"")
    Ed25519PublicKey.from_public_bytes(request.public_key).verify(
        request.proof_of_possession, b"nsor-enrol-v1\0punjab-police\0PB-1"
    )
    signers = [
        officer_pb2.DecisionSignature.FromString(bytes(call.metadata[name])).officer_key_id  # type: ignore[arg-type]
        for name in ("nsor-decision-bin", "nsor-second-decision-bin")
    ]
    assert signers == [nsor.OfficerKey.load(path).key_id for path in (Path(focal[1]), second)]


def test_an_officers_key_stays_with_him(
    run: Run, register: Register, tmp_path: Path, focal: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    # What the focal person gets proves that the key is held, and holds no secret.
    register.answers[ENROL] = lambda _: directory_pb2.EnrolOfficerResponse()
    own = ("--officer-key-file", str(tmp_path / "officer.key"), "--number", "PB-1", "--grade", "17", "--decides")
    # The number of his card is no part of it: the focal person types what he has seen.
    file, card = tmp_path / "enrolment.json", tmp_path / "card.txt"
    card.write_text(f"{CARD}\n")
    assert run("officer", "request", *own, "--place", "PK-PB/LHR", "--out", str(file)) == 0
    assert not register.calls
    assert "ownNumber" not in file.read_text()
    assert run("officer", "enrol", "--request-file", str(file), "--yes", *focal, stdin=f"{CARD}\n") == 0
    assert run("officer", "enrol", *own, "--place", "PK-PB/LHR", *focal, "--own-number-file", str(card)) == 0
    by_file, directly = (directory_pb2.EnrolOfficerRequest.FromString(call.request) for call in register.calls)
    by_file.request_id = directly.request_id
    assert directly.own_number == CARD
    assert by_file == directly
    assert run("officer", "enrol", "--request-file", str(file), *own, *focal) == cli.USAGE
    assert run("officer", "enrol", "--number", "PB-1", *focal) == cli.USAGE
    assert "--officer-key-file, --number and --grade" in capsys.readouterr().err


def test_a_focal_person_sees_what_a_file_asks_for_before_he_signs(
    run: Run, register: Register, tmp_path: Path, focal: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    # Who wrote the file chose his grade, and that he decides.
    register.answers[ENROL] = lambda _: directory_pb2.EnrolOfficerResponse()
    own = ("--number", "PB-1", "--grade", "21", "--decides", "--place", "PK-PB/LHR")
    file = tmp_path / "enrolment.json"
    assert run("--officer-key", str(tmp_path / "officer.key"), "officer", "request", *own, "--out", str(file)) == 0
    capsys.readouterr()
    assert run("officer", "enrol", "--request-file", str(file), *focal, stdin="n\n") == cli.STOPPED
    assert not register.calls
    shown = capsys.readouterr().out
    for part in (
        "PB-1",
        "deciding officer",
        "21",
        "PK-PB/LHR",
        nsor.OfficerKey.load(tmp_path / "officer.key").key_id.hex(),
    ):
        assert part in shown
    assert run("officer", "enrol", "--request-file", str(file), *focal, "--json") == cli.USAGE
    assert not register.calls
    assert run("officer", "enrol", "--request-file", str(file), *focal, stdin="y\n") == 0
    assert len(register.calls) == 1


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (("--number", "3520112345671"), "PB-1234"),
        (("--number", "PB"), "PB-1234"),
        (("--number", "PB-1", "--place", "Lahore"), "nsor places"),
        (("--number", "PB-1", "--place", "PK-XX/LHR"), "nsor places"),
    ],
)
def test_an_officers_request_that_would_be_refused_is_not_written(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: tuple[str, ...], rule: str
) -> None:
    file = tmp_path / "enrolment.json"
    assert run("officer", "request", *wrong, "--grade", "17", "--out", str(file)) == cli.USAGE
    err = capsys.readouterr().err
    assert rule in err
    assert "3520112345671" not in err
    assert not file.exists()
    # What is there is somebody's: it is kept.
    file.write_text("another")
    station = ("--number", "PB-1", "--place", "PK-PB/LHR/PS-001")
    assert run("officer", "request", *station, "--grade", "17", "--out", str(file)) == cli.USAGE
    assert file.read_text() == "another"


def test_a_new_key_says_how_it_is_enrolled_without_leaving_its_holder(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("officer", "new-key", str(tmp_path / "new.key")) == 0
    err = capsys.readouterr().err
    assert f"`nsor officer request --officer-key-file {tmp_path / 'new.key'} --number" in err
    assert "enrol " not in err


def test_a_key_is_replaced_by_its_number(
    run: Run, register: Register, tmp_path: Path, focal: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    # Nobody copies 64 digits of the old key.
    disabled = directory_pb2.Officer(officer_number="PB-1", officer_key_id=bytes(32))
    disabled.disable_time.GetCurrentTime()
    live = directory_pb2.Officer(officer_number="PB-1", officer_key_id=b"l" * 32)
    register.answers[LIST_OFFICERS] = lambda _: directory_pb2.ListOfficersResponse(officers=[disabled, live])
    register.answers[ENROL] = lambda _: directory_pb2.EnrolOfficerResponse()
    own = ("--officer-key-file", str(tmp_path / "officer.key"), "--grade", "17", *focal)
    assert run("officer", "replace", *own, "--number", "PB-1") == 0
    request = directory_pb2.EnrolOfficerRequest.FromString(register.calls[-1].request)
    assert request.replaced_key_id == b"l" * 32
    assert run("officer", "replace", *own, "--number", "PB-2") == cli.USAGE
    assert "PB-2 has no live key" in capsys.readouterr().err


def test_a_number_with_leading_zeros_is_proved_as_the_register_writes_it(
    run: Run, register: Register, tmp_path: Path, focal: tuple[str, str]
) -> None:
    register.answers[ENROL] = lambda _: directory_pb2.EnrolOfficerResponse()
    own = ("--officer-key-file", str(tmp_path / "officer.key"), "--grade", "17")
    assert run("officer", "enrol", *own, "--number", "pb-0010", *focal) == 0
    assert directory_pb2.EnrolOfficerRequest.FromString(register.calls[0].request).officer_number == "PB-10"


def test_a_systems_key_has_no_grade(run: Run, register: Register, tmp_path: Path, focal: tuple[str, str]) -> None:
    register.answers[ENROL] = lambda _: directory_pb2.EnrolOfficerResponse()
    own = ("--key-file", str(tmp_path / "officer.key"), "--number", "SYSTEM-1")
    assert run("officer", "system-key", *own, *focal) == 0
    request = directory_pb2.EnrolOfficerRequest.FromString(register.calls[0].request)
    assert (request.kind, request.grade, request.decides) == (directory_pb2.KEY_KIND_SYSTEM, 0, False)


def test_an_officer_is_disabled_by_the_key_file_too(
    run: Run, register: Register, tmp_path: Path, focal: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "officer.key"
    key_id = nsor.OfficerKey.load(file).key_id
    _keys(register, directory_pb2.Officer(officer_number="PB-1", officer_key_id=key_id))
    reason = ("--reason", "left-post", "--yes", *focal)
    assert run("officer", "disable", "--officer-key-file", str(file), *reason) == 0
    (sent,) = _requests(register, DISABLE)
    assert directory_pb2.DisableOfficerRequest.FromString(sent).officer_key_id == key_id
    assert run("officer", "disable", *reason) == cli.USAGE
    assert "exactly one" in capsys.readouterr().err
    assert run("officer", "disable", key_id.hex(), "--officer-key-file", str(file), *reason) == cli.USAGE
    assert run("officer", "disable", key_id.hex(), "--reason", "left-post") == cli.USAGE
    assert len(register.calls) == 2


def _keys(register: Register, *officers: directory_pb2.Officer) -> None:
    register.answers[LIST_OFFICERS] = lambda _: directory_pb2.ListOfficersResponse(officers=officers)
    register.answers[DISABLE] = lambda _: directory_pb2.DisableOfficerResponse()


def test_whose_key_is_disabled_is_shown_and_asked(
    run: Run, register: Register, focal: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    # A key is disabled for good, and a court may have one deciding officer only.
    judge = directory_pb2.Officer(officer_number="PB-9", officer_key_id=b"j" * 32, decides=True)
    clerk = directory_pb2.Officer(officer_number="PB-8", officer_key_id=b"c" * 32)
    _keys(register, clerk, judge)
    disable = ("officer", "disable", (b"j" * 32).hex()[:8], "--reason", "left-post", *focal)
    assert run(*disable, stdin="n\n") == cli.STOPPED
    out, err = capsys.readouterr()
    assert "PB-9" in out
    assert "no other deciding officer" in err
    assert "key of PB-9 for good, reason left-post?" in out + err
    assert run(*disable, "--json") == cli.USAGE
    assert not _requests(register, DISABLE)
    assert run(*disable, stdin="y\n") == 0
    (sent,) = _requests(register, DISABLE)
    assert directory_pb2.DisableOfficerRequest.FromString(sent).officer_key_id == b"j" * 32
    assert run("officer", "disable", "ab" * 32, "--reason", "left-post", "--yes", *focal) == cli.USAGE
    assert "list --all" in capsys.readouterr().err
    assert len(_requests(register, DISABLE)) == 1


def test_a_key_that_is_disabled_already_is_called_so(
    run: Run, register: Register, focal: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    left = directory_pb2.Officer(officer_number="PB-9", officer_key_id=b"j" * 32)
    left.disable_time.GetCurrentTime()
    _keys(register, left)
    disable = ("officer", "disable", (b"j" * 32).hex(), *focal)
    assert run(*disable, "--reason", "left-post") == 0
    assert "disabled already" in capsys.readouterr().err
    assert not _requests(register, DISABLE)
    # That it is compromised may come out later, and then counts.
    assert run(*disable, "--reason", "key-compromised", stdin="y\n") == 0
    assert len(_requests(register, DISABLE)) == 1


def test_two_focal_persons_disable_a_key_together(
    run: Run, register: Register, tmp_path: Path, focal: tuple[str, str]
) -> None:
    # Of deciding officers one disables only a few in a day.
    _keys(register, directory_pb2.Officer(officer_number="PB-1", officer_key_id=b"k" * 32))
    second = tmp_path / "second.key"
    nsor.OfficerKey.generate().save(second)
    both = (*focal, "--second-focal-key-file", str(second))
    assert run("officer", "disable", (b"k" * 32).hex(), "--reason", "suspended", "--yes", *both) == 0
    assert {"nsor-decision-bin", "nsor-second-decision-bin"} <= register.calls[-1].metadata.keys()


def test_an_officers_own_key_is_disabled_by_itself(
    run: Run, register: Register, tmp_path: Path, focal: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    register.answers[DISABLE_OWN] = lambda _: directory_pb2.DisableOwnKeyResponse()
    own = ("officer", "disable", "--own", "--reason", "key-compromised")
    # Whoever names a focal person's key means another key than his own; a variable of the shell means nothing.
    assert run(*own, *focal, "--yes") == cli.USAGE
    monkeypatch.setenv("NSOR_FOCAL_KEY", focal[1])
    assert run(*own, stdin="n\n") == cli.STOPPED
    assert not register.calls
    assert run(*own, stdin="y\n") == 0
    (call,) = register.calls
    signed = officer_pb2.DecisionSignature.FromString(bytes(call.metadata["nsor-decision-bin"]))  # type: ignore[arg-type]
    assert signed.officer_key_id == nsor.OfficerKey.load(tmp_path / "officer.key").key_id
    assert run("officer", "disable", "--own", "--reason", "key-compromised", "00" * 32) == cli.USAGE


def test_keys_are_listed_with_who_they_are(
    run: Run, register: Register, focal: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    old = directory_pb2.Officer(officer_number="PB-1", officer_key_id=bytes(32), kind=directory_pb2.KEY_KIND_OFFICER)
    old.disable_time.GetCurrentTime()
    keys = [
        directory_pb2.Officer(officer_number="PB-1", kind=directory_pb2.KEY_KIND_OFFICER, grade=17, decides=True),
        directory_pb2.Officer(officer_number="SYSTEM-1", kind=directory_pb2.KEY_KIND_SYSTEM),
        old,
    ]
    people = [directory_pb2.FocalPerson(number="F-1", key_id=b"f" * 32)]
    register.answers[LIST_OFFICERS] = lambda _: directory_pb2.ListOfficersResponse(officers=keys, focal_persons=people)
    assert run("officer", "list") == 0
    out, err = capsys.readouterr()
    for part in ("focal person", "deciding officer", "system", "66" * 32):
        assert part in out
    assert "3 of 4 keys shown; `--all` shows disabled ones" in err
    assert "nsor-officer-bin" in register.calls[0].metadata
    assert run("officer", "list", "--all", *focal) == 0
    assert "disabled 2" in capsys.readouterr().out
    assert "nsor-decision-bin" in register.calls[1].metadata


@pytest.mark.parametrize("command", [("officer", "list"), ("officer", "disable", "66" * 32, "--yes")])
def test_programs_get_a_keys_id_in_the_form_that_people_see(
    run: Run, register: Register, focal: tuple[str, str], capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    # What `list --json` prints is what `disable` and `ticket open` take.
    left = directory_pb2.Officer(officer_number="PB-1", officer_key_id=b"f" * 32)
    left.disable_time.GetCurrentTime()
    _keys(register, left)
    why = ("--reason", "left-post") if command[1] == "disable" else ("--all",)
    assert run(*command, *why, *focal, "--json") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["officer_key_id"] == "66" * 32


def test_a_keys_id_is_in_hex_wherever_it_stands(
    run: Run, register: Register, tmp_path: Path, focal: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    enrolled = directory_pb2.Officer(officer_key_id=b"f" * 32, officer_number="PB-1")
    register.answers[ENROL] = lambda _: directory_pb2.EnrolOfficerResponse(officer=enrolled)
    own = ("--officer-key-file", str(tmp_path / "officer.key"), "--number", "PB-1", "--grade", "17")
    assert run("officer", "enrol", *own, *focal, "--json") == 0
    assert json.loads(capsys.readouterr().out)["answer"]["officer"]["officer_key_id"] == "66" * 32


def test_a_template_is_named_only_where_the_command_has_one(
    run: Run, tmp_path: Path, focal: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "request.json"
    file.write_text('{"unknown": 1}')
    assert run("officer", "enrol", "--request-file", str(file), *focal) == cli.USAGE
    assert "--template" not in capsys.readouterr().err
    assert run("access", "request", str(file)) == cli.USAGE
    assert "(--template shows one)" in capsys.readouterr().err
