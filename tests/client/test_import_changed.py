"""A row that was corrected after it was accepted is no second registration: it is named, and amended."""

import json
import re
import sqlite3
import stat
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from google.protobuf import json_format

import nsor
from nsor import cli
from nsor.cli import accepted
from nsor.cli.accepted import Accepted
from nsor.cli.cells import Row
from nsor.v1 import amendments_pb2, errors_pb2, registration_pb2, types_pb2
from tests.client.conftest import Register, Run
from tests.client.importing import IMPORT, Taken
from tests.client.losses import lose

GET = "nsor.v1.RegistrationService/GetRegistration"
PROPOSE = "nsor.v1.RegistrationService/ProposeAmendment"
AMENDMENT = "8b5c1d2e-0000-4000-8000-000000000002"
HEADINGS = (
    "name,cnic,sex,birth_date,court_kind,court_place,case_number,judgment_date,fir,police_station,offences,sentence"
)
CELLS = "{name},{cnic},male,{born},special court,PK-PB/LHR,{case},05.03.2024,{fir},PK-PB/LHR/PS-001,376,10 years".format
ROW = {
    "name": "Zafar Testi s/o Lal",
    "cnic": "35201-1234567-1",
    "born": "05.03.1980",
    "case": "12/2023",
    "fir": "7/2022",
}
CO_ACCUSED = ROW | {"name": "Gul Testi s/o Khan", "cnic": "35201-7654321-3"}


@pytest.fixture
def taken(register: Register) -> Taken:
    taken = Taken()
    register.exchanges[IMPORT] = taken.answer
    return taken


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "orders.csv"


def _write(file: Path, *rows: dict[str, str]) -> str:
    file.write_text("\n".join([HEADINGS, *(CELLS(**row) for row in rows)]) + "\n")
    return str(file)


@pytest.mark.parametrize(
    ("corrected", "differs"),
    [
        ({"born": "06.03.1980"}, "birth date"),
        ({"name": "Zaffar Testi s/o Lal"}, "names"),
        ({"cnic": "35201-1234568-1"}, "cnic"),
        ({"name": "Zaffar Testi s/o Lal", "cnic": ""}, "names, cnic"),
        ({"case": "13/2023"}, "court case"),
        ({"fir": "8/2022"}, "fir"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_corrected_row_is_named_and_not_sent(  # noqa: PLR0917 - fixtures and a case
    run: Run, taken: Taken, file: Path, capsys: pytest.CaptureFixture[str], corrected: dict[str, str], differs: str
) -> None:
    assert run("import", _write(file, ROW, CO_ACCUSED)) == 0
    capsys.readouterr()
    assert run("import", _write(file, ROW | corrected, CO_ACCUSED)) == cli.REFUSED
    assert len(taken.entered) == 2
    printed = capsys.readouterr()
    assert differs in printed.out
    registration = next(iter(_ids(printed.out)))
    amended = "case" not in corrected and "fir" not in corrected
    assert (f"`nsor amend {registration[:8]} {file} --row 2`" in printed.err) == amended
    assert "1 changed since they were accepted, and not entered" in printed.err
    # It can be meant: a namesake in the same case.
    assert run("import", str(file), "--as-new", "2") == 0
    assert len(taken.entered) == 3


def _ids(text: str) -> list[str]:
    return [word for word in text.split() if word.count("-") == 4]


def test_rows_that_moved_and_rows_that_are_new_are_no_corrections(run: Run, taken: Taken, file: Path) -> None:
    assert run("import", _write(file, ROW)) == 0
    further = ROW | {"case": "99/2024", "fir": "77/2024"}
    # In the first one's place stands another person of the same case; the first one is below, as it was.
    assert run("import", _write(file, CO_ACCUSED, ROW, further)) == 0
    entered = sorted(order.person.names[0].name for order in taken.entered.values())
    assert entered == ["Gul Testi", "Zafar Testi", "Zafar Testi"]


def test_the_same_file_again_is_no_correction_whatever_it_is_called(run: Run, taken: Taken, file: Path) -> None:
    assert run("import", _write(file, ROW, CO_ACCUSED)) == 0
    assert run("import", _write(file.with_name("again.csv"), CO_ACCUSED, ROW)) == 0
    assert len(taken.entered) == 2


def test_what_a_record_was_amended_to_is_no_row_to_send(
    run: Run, register: Register, taken: Taken, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("import", _write(file, ROW)) == 0
    name = types_pb2.PersonName(
        kind=types_pb2.NAME_KIND_OFFICIAL,
        name="Zafar Testi",
        relative_name="Lal",
        relation=types_pb2.RELATION_SON_OF,
    )
    person = types_pb2.Person(names=[name], cnic="3520112345671", sex=types_pb2.SEX_MALE, nationality="PK")
    person.birth_date.year, person.birth_date.month, person.birth_date.day = 1980, 3, 5
    record = registration_pb2.Registration(etag="0" * 16, person=person)
    register.answers[GET] = lambda _: registration_pb2.GetRegistrationResponse(registration=record)
    register.answers[PROPOSE] = lambda _: amendments_pb2.ProposeAmendmentResponse(amendment_id=AMENDMENT)
    assert run("import", _write(file, ROW | {"born": "06.03.1980"})) == cli.REFUSED
    (command,) = re.findall("`nsor (amend [^`]*)`", capsys.readouterr().err)
    assert run(*command.split(), "--yes") == 0
    # A date of birth waits for a second officer: until he has accepted it the record doesn't say it.
    assert register.calls[-1].method == PROPOSE
    assert run("import", str(file)) == cli.REFUSED
    record.person.birth_date.day, record.person.birth_date_precision = 6, types_pb2.DATE_PRECISION_DAY
    assert run(*command.split(), "--yes") == 0
    assert run("import", str(file)) == 0
    assert "1 entered before" in capsys.readouterr().err
    assert len(taken.entered) == 1
    # The next correction is one of the same record.
    assert run("import", _write(file, ROW | {"born": "07.03.1980"})) == cli.REFUSED


def test_a_corrected_line_of_json_is_amended_by_the_command_that_is_said(
    run: Run, register: Register, taken: Taken, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A program's file has no columns, and its rows are corrected all the same.
    def write(day: int) -> str:
        order = registration_pb2.CreateRegistrationRequest()
        order.person.names.add(kind=types_pb2.NAME_KIND_OFFICIAL, name="Zafar Testi")
        order.person.cnic, order.person.sex = "3520112345671", types_pb2.SEX_MALE
        order.person.birth_date.year, order.person.birth_date.month, order.person.birth_date.day = 1980, 3, day
        order.person.birth_date_precision = types_pb2.DATE_PRECISION_DAY
        order.convictions.add().court_case.case_number = "Case No. 12/2023"
        file = tmp_path / "orders.jsonl"
        file.write_text(json_format.MessageToJson(order, indent=None) + "\n")
        record = registration_pb2.Registration(etag="0" * 16, person=order.person)
        record.person.birth_date.day = 5
        register.answers[GET] = lambda _: registration_pb2.GetRegistrationResponse(registration=record)
        return str(file)

    register.answers[PROPOSE] = lambda _: amendments_pb2.ProposeAmendmentResponse(amendment_id=AMENDMENT)
    assert run("import", write(5)) == 0
    assert run("import", write(6)) == cli.REFUSED
    (command,) = re.findall("`nsor (amend [^`]*)`", capsys.readouterr().err)
    assert command.endswith("orders.jsonl --row 1")
    assert run(*command.split(), "--yes") == 0
    assert register.calls[-1].method == PROPOSE
    assert len(taken.entered) == 1


def test_a_rehearsal_tells_of_it_too_and_keeps_nothing(
    run: Run, taken: Taken, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("import", _write(file, ROW), "--validate-only") == 0
    assert run("import", _write(file, ROW)) == 0
    assert run("import", _write(file, ROW | {"born": "1980"}), "--validate-only") == cli.REFUSED
    assert "birth date" in capsys.readouterr().out
    assert len(taken.entered) == 1


def test_what_was_not_accepted_is_corrected_and_sent(run: Run, register: Any, file: Path) -> None:
    wrong = {"person.birth_date": errors_pb2.FIELD_REASON_DATE_ORDER}
    taken = Taken(lambda order: wrong if order.person.birth_date.day == 5 else {})
    register.exchanges[IMPORT] = taken.answer
    assert run("import", _write(file, ROW)) == cli.REFUSED
    assert run("import", _write(file, ROW | {"born": "06.03.1980"})) == 0
    assert len(taken.entered) == 1


def test_a_row_with_an_id_of_its_own_is_compared_too(
    run: Run, taken: Taken, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ",request_id"
    row = f"{CELLS(**ROW)},00000000-0000-4000-8000-000000000001\n"
    file.write_text(f"{HEADINGS}{own}\n{row}")
    assert run("import", str(file)) == 0
    file.write_text(f"{HEADINGS}{own}\n{row.replace('05.03.1980', '06.03.1980')}")
    assert run("import", str(file)) == cli.REFUSED
    assert "birth date" in capsys.readouterr().out
    assert len(taken.entered) == 1


def test_what_is_kept_names_nobody(run: Run, taken: Taken, file: Path, tmp_path: Path) -> None:
    assert run("import", _write(file, ROW)) == 0
    assert taken.entered
    (kept,) = (tmp_path / "state").rglob("accepted-orders-*.db")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    content = kept.read_bytes()
    assert content.startswith(b"SQLite")
    for said in (b"Zafar", b"Testi", b"35201", b"3520112345671", b"12/2023"):
        assert said not in content


def test_programs_are_told_in_json(run: Run, taken: Taken, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("import", _write(file, ROW), "--json") == 0
    capsys.readouterr()
    assert run("import", _write(file, ROW | {"born": "1980"}), "--json") == cli.REFUSED
    assert '"changed": ["birth_date", "birth_date_precision"], "sent": false' in capsys.readouterr().out
    assert len(taken.entered) == 1


def test_rows_of_another_agency_in_the_same_folder_are_not_compared(tmp_path: Path) -> None:
    def of(agency: str) -> Accepted:
        client = SimpleNamespace(
            state_folder=tmp_path, agency_id=agency, learn_epochs=lambda: None, survives=lambda *_: True
        )
        return Accepted(cast("nsor.Client", client), "orders.csv")

    order = registration_pb2.CreateRegistrationRequest(request_id=str(uuid.uuid4()))
    order.person.cnic = "3520112345671"
    order.convictions.add().fir.serial = 7
    with of("punjab-prosecution") as mine:
        mine.add(Row(2, order), str(uuid.uuid4()), "", 0)
    order.person.sex = types_pb2.SEX_MALE
    with of("sindh-prosecution") as other, of("punjab-prosecution") as mine:
        assert other.like(Row(2, order)) == []
        assert [before.differs for before in mine.like(Row(2, order))] == [("sex",)]


def test_rows_of_entries_that_the_register_has_lost_are_sent_again(
    run: Run, register: Register, taken: Taken, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Whoever trusts the results of the day before the loss would believe that they are registered.
    assert run("import", _write(file, ROW)) == 0
    survived = len(register.ledger.leaves)
    assert run("import", _write(file, ROW, CO_ACCUSED)) == 0
    lose(register, survived)
    capsys.readouterr()
    assert run("import", str(file)) == 0
    assert "1 accepted for review, 1 entered before" in capsys.readouterr().err
    assert [order.person.names[0].name for order in taken.orders] == ["Zafar Testi", "Gul Testi", "Gul Testi"]
    # What was accepted under the new epoch was accepted.
    assert run("import", str(file)) == 0
    assert len(taken.orders) == 3


def test_a_corrected_row_of_a_lost_entry_is_no_correction(
    run: Run, register: Register, taken: Taken, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # There is no record that could be amended: held back, it would never come in.
    survived = len(register.ledger.leaves)
    assert run("import", _write(file, ROW)) == 0
    lose(register, survived)
    assert run("import", _write(file, ROW | {"born": "06.03.1980"})) == 0
    assert "1 accepted for review" in capsys.readouterr().err
    assert taken.orders[-1].person.birth_date.day == 6
    # But of one that has survived it still is.
    assert run("import", _write(file, ROW | {"born": "07.03.1980"})) == cli.REFUSED


def test_an_amendment_that_was_lost_makes_its_row_one_to_look_at_again(
    run: Run, register: Register, taken: Taken, file: Path
) -> None:
    assert run("import", _write(file, ROW)) == 0
    record = _amended_to_the_sixth(run, register, file)
    survived = len(register.ledger.leaves)
    assert run("amend", record, str(file), "--row", "2", "--yes") == 0
    assert run("import", str(file)) == 0
    lose(register, survived)
    assert run("import", str(file)) == cli.REFUSED
    assert len(taken.entered) == 1


def _amended_to_the_sixth(run: Run, register: Register, file: Path) -> str:
    """A record that says the 6th, and the file's row that says so too; the file was imported with the 5th."""
    name = types_pb2.PersonName(
        kind=types_pb2.NAME_KIND_OFFICIAL, name="Zafar Testi", relative_name="Lal", relation=types_pb2.RELATION_SON_OF
    )
    person = types_pb2.Person(names=[name], cnic="3520112345671", sex=types_pb2.SEX_MALE, nationality="PK")
    person.birth_date.year, person.birth_date.month, person.birth_date.day = 1980, 3, 6
    person.birth_date_precision = types_pb2.DATE_PRECISION_DAY
    record = registration_pb2.Registration(etag="0" * 16, person=person)
    register.answers[GET] = lambda _: registration_pb2.GetRegistrationResponse(registration=record)
    assert run("import", _write(file, ROW | {"born": "06.03.1980"})) == cli.REFUSED
    results = file.with_name(f"{file.name}.results.jsonl").read_text()
    return str(json.loads(results.splitlines()[0])["registration_id"])


@pytest.mark.parametrize("language", ["en", "ur"])
def test_whoever_waits_in_vain_for_another_command_is_told_what_to_do(  # noqa: PLR0917 - fixtures and a case
    run: Run,
    register: Register,
    taken: Taken,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    language: str,
) -> None:
    monkeypatch.setattr(accepted, "WAIT_SECONDS", 0.0)
    assert run("import", _write(file, ROW)) == 0
    record = _amended_to_the_sixth(run, register, file)
    (kept,) = (tmp_path / "state").rglob("accepted-orders-*.db")
    other = sqlite3.connect(kept, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    capsys.readouterr()
    for command in (("import", str(file)), ("amend", record, str(file), "--row", "2", "--yes")):
        assert run("--lang", language, *command) == cli.REFUSED
        said = capsys.readouterr().err
        assert "[STATE_IN_USE]" in said
        assert ("Wait until it has ended" if language == "en" else "رکیں") in said
    other.execute("COMMIT")
    other.close()
    assert run("amend", record, str(file), "--row", "2", "--yes") == 0
    assert run("import", str(file)) == 0
    assert len(taken.entered) == 1
