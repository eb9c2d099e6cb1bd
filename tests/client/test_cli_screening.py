"""`nsor screen`: a port's file, each passenger once, what was wrong at once, and no number on the screen."""

from __future__ import annotations

import base64
import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.ledger import merkle, note, screened
from nsor.ledger.v1 import leaf_pb2
from nsor.screening import birth_date, documents
from nsor.v1 import errors_pb2, screening_pb2, types_pb2
from tests.client.conftest import AGENCY, ORIGIN, Refusal, Register, Run
from tests.client.losses import lose

DECLARE = "nsor.v1.LookupService/DeclareManifest"
SCREEN = "nsor.v1.LookupService/ScreenManifest"
MANIFEST = "8b5c1d2e-0000-4000-8000-000000000001"
CNIC = "3520212345671"
FLIGHT = (
    *("--crossing", "lahore airport", "--direction", "departure", "--carrier", "PK", "--number", "301"),
    *("--time", "20.02.2026 09:30"),
)
TABLE = f"""Sr No;CNIC;Passport No;Issuing Country;Document Type;DOB;Name
1;35202-1234567-1;;;;07.06.1985;Test Aslam
2;;ab 1234567;PAK;P;1990-01-02;Test Rasool
3;{CNIC[:-1]}9;ZZ0000002;PK;;03/04/1991;Test Akram
"""
FOUND = screening_pb2.SCREENING_OUTCOME_FOUND
NO_RECORD = screening_pb2.SCREENING_OUTCOME_NO_RECORD
ALIKE = screening_pb2.SCREENING_OUTCOME_ALIKE
SEND_AGAIN = screening_pb2.SCREENING_OUTCOME_SEND_AGAIN
Said = Callable[[screening_pb2.ManifestRow], int]


class Border:
    """What a register has taken of manifests.

    Attributes:
        found: whoever of the numbers is registered.
        alike: whoever of the names is alike somebody.
        names: what becomes of the names of a row.
        sent: the messages, as they came.
        most: hits of an answer.
    """

    def __init__(self, register: Register) -> None:
        self.found: set[str] = set()
        self.alike: set[str] = set()
        self.names = screening_pb2.NAMES_COMPARED_DONE
        self.sent: list[screening_pb2.ScreenManifestRequest] = []
        self.declared: list[screening_pb2.DeclareManifestRequest] = []
        self.most = 32
        self.root = b""
        register.tamper_leaf = self._leaf
        register.answers[DECLARE] = self._declare
        register.exchanges[SCREEN] = self.answer

    def _declare(self, request: bytes) -> Any:
        self.declared.append(screening_pb2.DeclareManifestRequest.FromString(request))
        return screening_pb2.DeclareManifestResponse(manifest_id=MANIFEST)

    def answer(self, request: bytes) -> Any:
        message = screening_pb2.ScreenManifestRequest.FromString(request)
        self.sent.append(message)
        answer = screening_pb2.ScreenManifestResponse(salt=os.urandom(32))
        hashes, full = [], False
        for row in message.rows:
            said = answer.rows.add(row=row.row)
            if row.identity_number.startswith("9"):
                said.outcome = screening_pb2.SCREENING_OUTCOME_REFUSED
                said.reason = errors_pb2.ERROR_REASON_INVALID_FIELDS
                said.violations.add(
                    field="identity_number",
                    reason=errors_pb2.FIELD_REASON_CNIC_FORM,
                    meaning_en="The rule.",
                    meaning_ur="اصول",
                )
                said.more_violations = 2
                continue
            is_found = bool({row.identity_number, row.shown_document.number} & self.found)
            full |= is_found and len(answer.hits) == self.most
            if full:
                said.outcome = SEND_AGAIN
                continue
            said.outcome = FOUND if is_found else NO_RECORD
            if is_found:
                hit = answer.hits.add(row=row.row, registration_id=MANIFEST)
                hit.person.names.add(name="Test Aslam")
                hit.appeal_states.extend((types_pb2.APPEAL_STATE_NONE, types_pb2.APPEAL_STATE_PENDING))
            salt = screened.row_salts(answer.salt)(row.row)
            outcome = screened.FOUND if is_found else screened.NO_RECORD
            if row.HasField("names"):
                said.names = self.names
                if said.names != screening_pb2.NAMES_COMPARED_DONE:
                    outcome = screened.NAMES_NOT_COMPARED
                elif not is_found and row.names.name in self.alike:
                    said.outcome, outcome = ALIKE, screened.ALIKE
                    alike = answer.alike.add(row=row.row, relative_initials=["L. D."])
                    alike.person.initials.append("M. R.")
                    alike.person.cnic_ending = "671"
            hashes.append(screened.row_hash(salt, row.row, documents(row), birth_date(row), outcome))
        self.root = answer.rows_root = merkle.root_of(hashes)
        return answer

    def _leaf(self, leaf: leaf_pb2.Leaf) -> None:
        leaf.rows_root = self.root if leaf.method == SCREEN else b""


@pytest.fixture
def border(register: Register) -> Border:
    return Border(register)


def results(file: Path) -> list[dict[str, str]]:
    with file.with_suffix(".screened.csv").open(encoding="utf-8-sig", newline="") as table:
        return list(csv.DictReader(table))


def test_a_table_as_people_write_it_is_screened(
    run: Run, border: Border, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    border.found.add("AB1234567")
    file = tmp_path / "flight.csv"
    file.write_text(TABLE)
    assert run("screen", str(file), *FLIGHT) == 0
    (declared,) = border.declared
    assert (declared.persons, declared.number, declared.carrier_code) == (3, 301, "PK")
    assert declared.scheduled_time.ToJsonString() == "2026-02-20T04:30:00Z"
    (message,) = border.sent
    assert message.manifest_id == MANIFEST
    assert [(documents(row), birth_date(row)) for row in message.rows] == [
        (f"cnic {CNIC}", "1985-06-07"),
        ("document PK AB1234567 1", "1990-01-02"),
        (f"cnic {CNIC[:-1]}9 document PK ZZ0000002 1", "1991-04-03"),
    ]
    assert [(each["row"], each["outcome"], each["names"]) for each in results(file)] == [
        ("1", "NO_RECORD", ""),
        ("2", "CHECK", "Test Aslam"),
        ("3", "NO_RECORD", ""),
    ]
    assert [each["appeals"] for each in results(file)] == ["", "NONE / PENDING", ""]
    assert file.with_suffix(".screened.csv").stat().st_mode & 0o077 == 0
    shown = capsys.readouterr()
    assert "1 to be checked, 2 no record, 0 refused" in " ".join((shown.err + shown.out).split())
    assert CNIC not in shown.err + shown.out
    assert "AB1234567" not in shown.err + shown.out


NAMED = f"""no,cnic,dob,Passenger Name,Father's Name
1,{CNIC},07.06.1985,Muhammad  Rafiq,s/o Lal Din
2,{CNIC[:-1]}3,07.06.1985,محمد رفیق,لال دین
3,{CNIC[:-1]}5,07.06.1985,RAFIQ/MUHAMMAD MR 3,Lal Din
4,{CNIC[:-1]}7,07.06.1985,Muhammad Rafiq,
5,{CNIC[:-1]}9,07.06.1985,Sher Zaman s/o Gul Khan,
"""


def test_names_are_sent_where_the_file_has_both_and_whoever_is_alike_is_shown_masked(
    run: Run, border: Border, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    border.alike.add("Muhammad Rafiq")
    file = tmp_path / "flight.csv"
    file.write_text(NAMED, encoding="utf-8")
    assert run("screen", str(file), *FLIGHT) == 0
    (message,) = border.sent
    # A name that isn't plain is left out, and refuses nobody.
    assert [(row.names.name, row.names.relative_name) for row in message.rows] == [
        ("Muhammad Rafiq", "Lal Din"),
        ("محمد رفیق", "لال دین"),
        ("", ""),
        ("", ""),
        ("Sher Zaman", "Gul Khan"),
    ]
    assert [(each["outcome"], each["names"], each["names_compared"]) for each in results(file)] == [
        ("CHECK_NAME", "M. R. / L. D.", "DONE"),
        ("NO_RECORD", "", "DONE"),
        ("NO_RECORD", "", ""),
        ("NO_RECORD", "", ""),
        ("NO_RECORD", "", "DONE"),
    ]
    shown = " ".join((capsys.readouterr().err).split())
    assert "0 to be checked, 1 alike by names, 4 no record" in shown
    assert "Muhammad" not in shown


@pytest.mark.parametrize(
    "case",
    [
        ("BUDGET_EMPTY", "the budget for it is used up", []),
        ("NOT_READY", "Run the file again", [1, 2, 5]),
        ("SAY_TOO_LITTLE", "most people have such names", []),
    ],
)
def test_names_that_were_not_compared_are_told_of(
    run: Run, border: Border, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: tuple[str, str, list[int]]
) -> None:
    reason, said, again = case
    border.names = screening_pb2.NamesCompared.Value(f"NAMES_COMPARED_{reason}")
    file = tmp_path / "flight.csv"
    file.write_text(NAMED, encoding="utf-8")
    assert run("screen", str(file), *FLIGHT) == 0
    assert {each["names_compared"] for each in results(file)} == {reason, ""}
    assert said in " ".join(capsys.readouterr().err.split())
    if not again:
        assert run("screen", str(file), *FLIGHT, "--prove", "1") == 0
        assert json.loads("{" + capsys.readouterr().out.split("{", 1)[1])["outcome"] == "NAMES_NOT_COMPARED"
    # Who wasn't compared for a passing reason is sent again when the file is run again.
    border.names = screening_pb2.NAMES_COMPARED_DONE
    assert run("screen", str(file), *FLIGHT) == 0
    assert [row.row for each in border.sent[1:] for row in each.rows] == again


def test_a_file_that_is_run_again_screens_nobody_twice(run: Run, border: Border, tmp_path: Path) -> None:
    border.found.add(CNIC)
    file = tmp_path / "flight.csv"
    file.write_text(TABLE)
    assert run("screen", str(file), *FLIGHT) == 0
    first = results(file)
    file.write_text(TABLE + "4;;ZZ0000009;PK;;1.1.1980;Test\n")
    assert run("screen", str(file), *FLIGHT, "--persons", "3") == 0
    assert border.declared[0].request_id == border.declared[1].request_id
    assert [row.row for row in border.sent[1].rows] == [4]
    assert results(file)[:3] == first
    assert [each["outcome"] for each in results(file)] == ["CHECK", "NO_RECORD", "NO_RECORD", "NO_RECORD"]


def test_a_line_that_breaks_goes_on_where_it_was(run: Run, register: Register, border: Border, tmp_path: Path) -> None:
    rows = [json.dumps({"cnic": f"35202{number:08d}", "dob": "07.06.1985"}) for number in range(1, 601)]
    file = tmp_path / "flight.jsonl"
    file.write_text("\n".join(rows))
    broken = [False]

    def once(request: bytes) -> Any:
        if border.sent and not broken[0]:
            broken[0] = True
            return None  # the register ends the stream
        return border.answer(request)

    register.exchanges[SCREEN] = once
    assert run("screen", str(file), *FLIGHT) == 0
    assert broken == [True]
    # The first message was answered, and isn't sent again.
    assert [len(each.rows) for each in border.sent] == [500, 100]
    assert len(results(file)) == 600


def test_what_an_answer_cannot_hold_is_sent_again(run: Run, border: Border, tmp_path: Path) -> None:
    border.most = 1
    border.found |= {CNIC, "AB1234567"}
    file = tmp_path / "flight.csv"
    file.write_text(TABLE)
    assert run("screen", str(file), *FLIGHT) == 0
    assert [[row.row for row in each.rows] for each in border.sent] == [[1, 2, 3], [2, 3]]
    assert [each["outcome"] for each in results(file)] == ["CHECK", "CHECK", "NO_RECORD"]


def test_all_that_is_wrong_with_a_row_is_said_at_once(
    run: Run, border: Border, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "flight.csv"
    file.write_text(
        f"row,cnic,passport,dob\n1,,,7.6.85\n1,{CNIC},,1985-06-07\n2,9999999999999,,1985-06-07\n3,{CNIC},,\n"
    )
    assert run("screen", str(file), *FLIGHT) == 1
    assert [[row.row for row in each.rows] for each in border.sent] == [[2]]
    said = [(each["row"], each["field"], each["rule"]) for each in results(file) if each["outcome"] == "REFUSED"]
    assert said == [
        ("1", "row", "OUT_OF_RANGE"),
        ("2", "identity_number", "CNIC_FORM"),
        ("3", "birth_date", "REQUIRED"),
    ]
    assert results(file)[1]["meaning"] == "The rule.; 2 fields more"  # what the register doesn't list it counts
    shown = capsys.readouterr()
    assert "birth_date; identity_number" in shown.err
    assert CNIC not in shown.err + shown.out


@pytest.fixture
def proof(run: Run, border: Border, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """What proves the second row of a file."""
    assert border.sent == []
    file = tmp_path / "flight.csv"
    file.write_text(TABLE)
    assert run("screen", str(file), *FLIGHT) == 0
    capsys.readouterr()
    assert run("screen", str(file), *FLIGHT, "--prove", "2") == 0
    found = tmp_path / "row.proof"
    found.write_text("{" + capsys.readouterr().out.split("{", 1)[1])
    return found


def test_a_row_is_proved_though_the_first_one_of_its_message_is_sent_again(
    run: Run, border: Border, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # What wasn't compared for a passing reason isn't kept; the others stand in the tree of its message all the same.
    border.names = screening_pb2.NAMES_COMPARED_NOT_READY
    file = tmp_path / "flight.csv"
    file.write_text(NAMED, encoding="utf-8")
    assert run("screen", str(file), *FLIGHT) == 0
    for row in ("3", "4"):
        assert run("screen", str(file), *FLIGHT, "--prove", row) == 0
    assert run("screen", str(file), *FLIGHT, "--prove", "1") == 2
    capsys.readouterr()


def test_a_row_is_proved_by_what_was_kept(run: Run, proof: Path, tmp_path: Path) -> None:
    said = json.loads(proof.read_text())
    leaf = merkle.leaf_hash(bytes.fromhex(said["salt"]) + b"2 document PK AB1234567 1 1990-01-02 NO_RECORD")
    path = [bytes.fromhex(each) for each in said["path"]]
    entry = leaf_pb2.Leaf.FromString(base64.b64decode(said["entry"]))
    merkle.verify_inclusion(leaf, said["position"], said["rows"], path, entry.rows_root)
    assert CNIC not in proof.read_text()  # of no other row
    file = tmp_path / "flight.csv"
    assert run("screen", str(file), *FLIGHT, "--prove", "9") == 2
    file.write_text(TABLE.replace("ab 1234567", "ab 7654321"))
    assert run("screen", str(file), *FLIGHT, "--prove", "2") == 2


def test_a_proof_is_checked_by_whoever_has_the_ledgers_key_and_nobody_is_asked(
    run: Run, register: Register, proof: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register.calls.clear()
    assert run("screen", "--check-proof", str(proof), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["holds"], said["documents"], said["outcome"]) == (True, "document PK AB1234567 1", "NO_RECORD")
    assert (said["agency"], said["birth_date"], said["row"]) == (AGENCY, "1990-01-02", "2")
    assert register.calls == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("outcome", "FOUND"),
        ("documents", "document PK AB1234568 1"),
        ("birth_date", "1990-01-03"),
        ("row", 1),
        ("position", 0),
        ("path", []),
        ("path", "00"),
        ("salt", "00"),
        ("entry", "AAAA"),
        ("proof", "c2sp.org/tlog-proof@v1\nindex 0\n\n"),
        ("more", 1),
    ],
)
def test_a_proof_that_was_changed_does_not_hold(run: Run, proof: Path, field: str, value: Any) -> None:
    proof.write_text(json.dumps({**json.loads(proof.read_text()), field: value}))
    assert run("screen", "--check-proof", str(proof)) == 3


def test_a_row_is_proved_and_checked_after_the_register_has_gone_on_under_another_origin(
    run: Run,
    register: Register,
    proof: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The entry of the row has survived; the operator gives the key out under the new origin then.
    survived = len(register.ledger.leaves)
    lose(register, survived)
    assert run("screen", str(proof.with_name("flight.csv")), *FLIGHT, "--prove", "2") == 0
    later = proof.with_name("later.proof")
    later.write_text("{" + capsys.readouterr().out.split("{", 1)[1])
    assert f"{ORIGIN}/2" in later.read_text()
    for given in (ORIGIN, f"{ORIGIN}/2"):
        monkeypatch.setenv("NSOR_LEDGER_KEY", note.Verifier.of(register.ledger.key, given).text())
        assert run("screen", "--check-proof", str(proof)) == 0
        assert run("screen", "--check-proof", str(later)) == 0
    monkeypatch.setenv("NSOR_LEDGER_KEY", note.Verifier.of(register.ledger.key, "other.example/ledger").text())
    assert run("screen", "--check-proof", str(later)) == 3


@pytest.mark.usefixtures("proof")
def test_of_a_row_whose_entry_was_lost_that_is_said(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # It is no forgery: the register has owned up to it.
    lost = next(nth for nth, leaf in enumerate(register.ledger.leaves) if leaf_pb2.Leaf.FromString(leaf).rows_root)
    lose(register, lost)
    assert run("screen", str(tmp_path / "flight.csv"), *FLIGHT, "--prove", "2", "--json") == 1
    assert "has lost" in capsys.readouterr().err


def test_a_proof_of_another_ledger_does_not_hold(run: Run, proof: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = note.Verifier.of(Ed25519PrivateKey.generate(), "nsor.test/ledger")
    monkeypatch.setenv("NSOR_LEDGER_KEY", other.text())
    assert run("screen", "--check-proof", str(proof)) == 3


@pytest.mark.usefixtures("border")
def test_nothing_that_is_kept_names_a_passenger(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "flight.csv"
    file.write_text(TABLE)
    assert run("screen", str(file), *FLIGHT) == 0
    paths = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert "screened.jsonl" in {path.name for path in paths}
    kept = b"".join(path.read_bytes() for path in paths)
    assert CNIC.encode() not in kept
    assert b"AB1234567" not in kept


def _found(answer: Any) -> None:
    answer.rows[0].outcome = FOUND


def _other_root(answer: Any) -> None:
    answer.rows_root = bytes(32)


def _nobody_alike(answer: Any) -> None:
    del answer.alike[:]


def _other_number(answer: Any) -> None:
    answer.rows[0].row = 7


@pytest.mark.parametrize("change", [_found, _other_root, _nobody_alike, _other_number])
def test_an_answer_to_other_rows_is_no_proof(
    run: Run, register: Register, border: Border, tmp_path: Path, change: Callable[[Any], None]
) -> None:
    border.alike.add("Muhammad Rafiq")
    file = tmp_path / "flight.csv"
    file.write_text(NAMED, encoding="utf-8")

    def other(request: bytes) -> Any:
        answer = border.answer(request)
        change(answer)
        return answer

    register.exchanges[SCREEN] = other
    assert run("screen", str(file), *FLIGHT) == 3


def test_an_entry_that_has_another_root_is_no_proof(
    run: Run, register: Register, border: Border, tmp_path: Path
) -> None:
    file = tmp_path / "flight.csv"
    file.write_text(TABLE)
    register.tamper_leaf = lambda leaf: setattr(leaf, "rows_root", bytes(32))
    assert run("screen", str(file), *FLIGHT) == 3
    assert len(border.sent) == 1


def test_a_manifest_that_is_over_ends_the_run(run: Run, register: Register, border: Border, tmp_path: Path) -> None:
    register.exchanges[SCREEN] = lambda _: Refusal("FAILED_PRECONDITION", "MANIFEST_CLOSED")
    file = tmp_path / "flight.csv"
    file.write_text(TABLE)
    assert run("screen", str(file), "--manifest", MANIFEST) == 1
    assert border.declared == []


def test_a_template_is_a_file_that_is_read(run: Run, border: Border, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("csv", "json"):
        assert run("screen", "--template", kind) == 0
    _, line = capsys.readouterr().out.split("{", 1)
    assert run("screen", "-", *FLIGHT, stdin="{" + line) == 0
    (row,) = border.sent[0].rows
    assert documents(row).startswith("cnic 3520200000001 document PK ZZ0000001 1 names ")
    assert (row.names.name, row.names.relative_name) == ("Test Aslam", "Test Rasool")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("FILE",),
        ("FILE", *FLIGHT[2:]),
        ("FILE", *FLIGHT[:-1], "tomorrow"),
        ("FILE", "--crossing", "NOWHERE", *FLIGHT[2:]),
    ],
)
def test_what_is_missing_is_wrong_use(run: Run, border: Border, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    file = tmp_path / "flight.csv"
    file.write_text(TABLE)
    assert run("screen", *(str(file) if each == "FILE" else each for each in arguments)) == 2
    assert border.declared == border.sent == []


@pytest.mark.parametrize(
    "text", ["cnic,name\n1,2\n", "cnic,dob,dob\n1,2,3\n", "cnic,dob\n1,2,3\n", "cnic,dob\n" + "1,2\n" * 1001]
)
def test_a_file_that_is_no_table_is_wrong_use(run: Run, border: Border, tmp_path: Path, text: str) -> None:
    file = tmp_path / "flight.csv"
    file.write_text(text)
    assert run("screen", str(file), *FLIGHT) == 2
    assert border.declared == []
