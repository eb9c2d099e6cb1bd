"""`nsor import`: files as programs and clerks write them, sent once however often they are run."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nsor
from nsor import cli
from nsor.cli import import_files
from nsor.v1 import errors_pb2, registration_pb2, types_pb2
from tests.client.importing import IMPORT, Order, Taken

Run = Callable[..., int]
SECRET = "3520112345671"
ORDERS = [{"person": {"cnic": f"352011234568{digit}"}} for digit in range(4)]
HEADINGS = (
    "name,cnic,sex,birth_date,nationality,court_kind,court_place,case_number,judgment_date,police_station,fir,fir_date,"
    "offences,offence_date,victim_class,sentence,address_place,custody_state"
)
CELLS = (
    "{name},35201-1234567-1,male,05.03.1985,PK,special court,Lahore,Sessions Case No. 12/2023,04.05.2023,"
    "PK-PB/LHR/PS-001,679/2021,02.09.2021,376,01.09.2021,woman,10 years,Lahore,released"
)


@pytest.fixture
def taken(register: Any) -> Taken:
    found = Taken(_wrong)
    register.exchanges[IMPORT] = found.answer
    return found


def _wrong(order: Order) -> dict[str, errors_pb2.FieldReason.ValueType]:
    return {"person.cnic": errors_pb2.FIELD_REASON_CNIC_FORM} if order.person.cnic == SECRET else {}


def _write(path: Path, *rows: object) -> Path:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def _findings(path: Path) -> list[dict[str, str]]:
    with Path(f"{path}.findings.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_file_is_entered_once_however_often_it_is_run(run: Run, taken: Taken, tmp_path: Path) -> None:
    # An officer whose line broke starts the file again; no row may become two registrations.
    orders = _write(tmp_path / "orders.jsonl", *ORDERS)
    assert run("import", str(orders)) == 0
    assert len(taken.entered) == len({order.request_id for order in taken.orders}) == 4
    assert run("import", str(orders)) == 0
    assert len(taken.orders) == 4
    (tmp_path / "orders.jsonl.results.jsonl").unlink()
    assert run("import", str(orders)) == 0
    assert (len(taken.orders), len(taken.entered)) == (8, 4)


def test_a_row_is_the_same_row_wherever_it_stands(run: Run, taken: Taken, tmp_path: Path) -> None:
    # Whoever puts a line in front, or saves the file under another name, enters nobody twice.
    assert run("import", str(_write(tmp_path / "orders.jsonl", *ORDERS[:3]))) == 0
    assert run("import", str(_write(tmp_path / "other.jsonl", ORDERS[3], ORDERS[1], ORDERS[0], ORDERS[1]))) == 0
    assert len(taken.entered) == 4


def test_numbers_are_kept_before_they_are_sent(tmp_path: Path) -> None:
    with import_files.numbers(tmp_path) as numbers:
        assert [numbers.of(bytes([each]) * 16) for each in (1, 2, 1)] == [1, 2, 1]
        numbers.keep()
        numbers.of(b"3" * 16)  # never sent
    with (tmp_path / "imported-rows").open("ab") as file:
        file.write(b"torn")
    with import_files.numbers(tmp_path) as numbers:
        assert [numbers.of(each * 16) for each in (b"\x02", b"4")] == [2, 3]


def test_a_number_is_on_disk_when_its_row_arrives(run: Run, register: Any, tmp_path: Path) -> None:
    # Otherwise a row whose line broke, in a file that was changed meanwhile, would come again as another one.
    taken, kept = Taken(), list[int]()

    def answer(request: bytes) -> Any:
        kept.extend(path.stat().st_size for path in tmp_path.rglob("imported-rows"))
        return taken.answer(request)

    register.exchanges[IMPORT] = answer
    assert run("import", str(_write(tmp_path / "orders.jsonl", *ORDERS))) == 0
    assert kept == [16 * len(ORDERS)]


def test_one_import_at_a_time_uses_a_state_folder(tmp_path: Path) -> None:
    import click  # noqa: PLC0415 - of this test alone

    with import_files.numbers(tmp_path), pytest.raises(click.UsageError), import_files.numbers(tmp_path):
        pass


def test_request_ids_tell_nobody_who_is_in_the_row(run: Run, taken: Taken, tmp_path: Path) -> None:
    # The register keeps request ids; one that anybody can compute from a row would be a pseudonym of the person.
    orders = _write(tmp_path / "orders.jsonl", ORDERS[0])
    for state in ("one", "two"):
        results = str(tmp_path / f"r-{state}")
        assert run("--state", str(tmp_path / state), "import", str(orders), "--results", results) == 0
    assert taken.orders[0].request_id != taken.orders[1].request_id
    assert taken.messages[0].import_id != taken.messages[1].import_id


def test_a_rehearsal_enters_nothing_and_does_not_hinder_entering(run: Run, taken: Taken, tmp_path: Path) -> None:
    orders = _write(tmp_path / "orders.jsonl", ORDERS[0])
    assert run("import", str(orders), "--validate-only") == 0
    assert not taken.entered
    assert not Path(f"{orders}.results.jsonl").exists()
    assert run("import", str(orders)) == 0
    assert [message.validate_only for message in taken.messages] == [True, False]
    assert len(taken.entered) == 1


def test_wrong_rows_are_reported_without_their_values(
    run: Run, taken: Taken, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"person": {"cnic": SECRET}}, {"person": {"cnic": 352011}}, "{", {"persn": {}}, {"person": {"cnic": "1"}}]
    orders = _write(tmp_path / "orders.jsonl", *rows)
    assert run("import", str(orders)) == cli.REFUSED
    found = [(row["row"], row["field"], row["rule"], row["meaning"]) for row in _findings(orders)]
    cnic = "13 digits, the first 1 to 8, with or without dashes, such as 35201-1234567-1"
    assert found == [
        ("1", "person.cnic", "CNIC_FORM", cnic),
        ("2", "person.cnic", "FORM", cnic),
        ("3", "", "NOT_JSON", "not JSON, at column 2"),
        ("4", "persn", "UNKNOWN_FIELD", "no such field; did you mean person?"),
    ]
    out, err = capsys.readouterr()
    assert "1 accepted for review, 4 refused." in err
    assert SECRET not in out + err
    assert "352011" not in out + err
    assert len(taken.entered) == 1


def test_a_failure_that_is_every_rows_stops_the_run(
    run: Run, register: Any, refusals: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A disabled officer must not make a thousand refusals on the record.
    register.exchanges[IMPORT] = lambda _: refusals("PERMISSION_DENIED", "OFFICER_NOT_ACCEPTED")
    orders = _write(tmp_path / "orders.jsonl", *({"person": {"cnic": str(number)}} for number in range(200)))
    assert run("import", str(orders)) == cli.REFUSED
    assert len(register.calls) == 1
    assert "OFFICER_NOT_ACCEPTED" in capsys.readouterr().err


def test_files_of_an_import_are_their_owners_alone(run: Run, taken: Taken, tmp_path: Path) -> None:
    orders = _write(tmp_path / "orders.csv", HEADINGS, CELLS.format(name="Lal Khan @ Lalu"), "1,2")
    assert run("import", str(orders)) == cli.REFUSED
    names = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("orders.csv.*")}
    assert names == {f"orders.csv.{name}": 0o600 for name in ("results.jsonl", "findings.csv", "cleaned.csv")}
    assert len(taken.entered) == 1


@pytest.mark.parametrize("row", ["[]", "[1]", "5", "null", '"3520112345671"', "true"])
def test_a_row_that_is_no_object_is_not_sent(
    run: Run, register: Any, tmp_path: Path, row: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("import", str(_write(tmp_path / "orders.jsonl", row))) == cli.REFUSED
    assert "not a JSON object" in capsys.readouterr().out
    assert not register.calls


def test_results_of_another_agency_are_not_taken_for_ones_own(
    run: Run, taken: Taken, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders, results = _write(tmp_path / "orders.jsonl", "{}"), tmp_path / "orders.jsonl.results.jsonl"
    assert run("import", str(orders)) == 0
    row = json.loads(results.read_text())
    assert row["agency"] == "punjab-police"
    results.write_text(json.dumps(row | {"agency": "sindh-police"}) + "\n")
    capsys.readouterr()
    assert run("import", str(orders)) == cli.USAGE
    err = capsys.readouterr().err
    assert "sindh-police" in err
    assert "entered before" not in err
    assert len(taken.messages) == 1


def test_a_line_that_breaks_is_gone_on_from(connect: Any, register: Any) -> None:
    # The register ends each stream after two answers: what was not answered is sent again, and nothing is twice.
    taken, answered = Taken(), [0]

    def answer(request: bytes) -> Any:
        answered[0] += 1
        return None if answered[0] % 3 == 0 else taken.answer(request)

    register.exchanges[IMPORT] = answer
    client: nsor.Client = connect(officer=nsor.OfficerKey.generate())
    rows = [(number, Order(request_id=str(number)), number) for number in range(1, 1001)]
    found = list(client.import_orders("00000000-0000-4000-8000-000000000001").send(rows))
    assert [each.tag for each in found] == [each.finding.row for each in found] == list(range(1, 1001))
    assert len(taken.entered) == 1000


def test_an_answer_of_another_message_is_not_believed(connect: Any, register: Any) -> None:
    register.exchanges[IMPORT] = Taken().answer
    register.tamper_leaf = lambda leaf: setattr(leaf, "call_hash", bytes(32))
    client: nsor.Client = connect(officer=nsor.OfficerKey.generate())
    with pytest.raises(nsor.ProofFailed):
        list(client.import_orders("00000000-0000-4000-8000-000000000001").send([(1, Order(), None)]))


def test_a_file_of_any_length_takes_the_same_memory(connect: Any, register: Any) -> None:
    # Rows are read as they are answered: no more of them are out than a few messages hold.
    taken, ahead, most = Taken(), threading.Semaphore(0), [0, 0]
    register.exchanges[IMPORT] = taken.answer

    def rows() -> Any:
        for number in range(1, 3001):
            most[0] = max(most[0], number - most[1])
            yield number, Order(request_id=str(number)), number

    client: nsor.Client = connect(officer=nsor.OfficerKey.generate())
    for each in client.import_orders("00000000-0000-4000-8000-000000000001").send(rows()):
        most[1] = each.finding.row
    assert most[1] == 3000
    assert most[0] <= 1100
    ahead.release()


def test_a_table_is_cleaned_and_says_what_becomes_of_each_cell(
    run: Run, taken: Taken, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = _write(tmp_path / "orders.csv", HEADINGS, CELLS.format(name="Subedar (Retd) Lal Khan @ Lalu s/o Lal Din"))
    assert run("import", str(orders), "--validate-only") == 0
    (order,) = taken.orders
    assert [name.name for name in order.person.names] == ["Lal Khan", "Lalu"]
    assert order.person.names[0].relative_name == "Lal Din"
    assert (order.person.birth_date.day, order.person.birth_date.month) == (5, 3)
    assert order.convictions[0].court_case.place_code == "PK-PB/LHR"
    assert (order.convictions[0].fir.serial, order.convictions[0].fir.year) == (679, 2021)
    assert order.convictions[0].counts[0].months == 120
    out, _ = capsys.readouterr()
    assert "Lal Khan, alias Lalu, son of Lal Din" in " ".join(out.split())
    with Path(f"{orders}.cleaned.csv").open(encoding="utf-8-sig", newline="") as file:
        changes = {row["column"]: (row["was"], row["becomes"]) for row in csv.DictReader(file)}
    assert changes["birth_date"] == ("05.03.1985", "1985-03-05 DAY")
    assert changes["court_place"] == ("Lahore", "PK-PB/LHR")


def test_an_attempt_is_entered_as_one_and_shown_as_one(run: Run, taken: Taken, tmp_path: Path) -> None:
    # "376/511" is nobody's rape: it must never become a count of 376.
    cells = CELLS.format(name="Lal Khan").replace(",376,", ',"376/511 PPC, 34",')
    orders = _write(tmp_path / "orders.csv", HEADINGS, cells)
    assert run("import", str(orders), "--validate-only") == 0
    found = [(count.offence_code, count.underlying_offence_code) for count in taken.orders[0].convictions[0].counts]
    assert found == [("PPC-511", "PPC-376"), ("PPC-34", "")]
    with Path(f"{orders}.cleaned.csv").open(encoding="utf-8-sig", newline="") as file:
        changes = {row["column"]: row["becomes"] for row in csv.DictReader(file)}
    assert changes["offences"] == "PPC-511 of PPC-376, PPC-34"


def test_a_map_names_the_columns_of_a_clerks_own_file(run: Run, taken: Taken, tmp_path: Path) -> None:
    headings = HEADINGS.replace("name,", "Naam,").replace("sex", "Gender").replace(",nationality", "")
    cells = CELLS.format(name="Lal Khan").replace("male", "M").replace(",PK,", ",")
    orders = _write(tmp_path / "orders.csv", f"{headings},Remarks", f"{cells},none")
    columns = {key: key for key in HEADINGS.split(",")} | {"name": "Naam", "sex": "Gender"}
    del columns["nationality"]
    toml = "[columns]\n" + "".join(f"{key} = {json.dumps(heading)}\n" for key, heading in columns.items())
    map_file = tmp_path / "map.toml"
    map_file.write_text(f'{toml}[always]\nnationality = "PK"\nverdict = "CONVICTED"\n[words.sex]\n"M" = "MALE"\n')
    assert run("import", str(orders), "--map", str(map_file)) == 0
    assert (taken.orders[0].person.sex, taken.orders[0].person.nationality) == (1, "PK")


def test_a_table_says_of_which_document_a_number_is(run: Run, taken: Taken, tmp_path: Path) -> None:
    cells = CELLS.format(name="Lal Khan")
    orders = _write(tmp_path / "orders.csv", f"{HEADINGS},identity_document", f"{cells},nicop", f"{cells},")
    assert run("import", str(orders), "--validate-only") == 0
    found = [order.person.identity_document for order in taken.orders]
    assert found == [types_pb2.IDENTITY_DOCUMENT_NICOP, types_pb2.IDENTITY_DOCUMENT_UNSPECIFIED]


def test_the_template_of_a_map_is_a_map(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    from nsor.cli import columns  # noqa: PLC0415 - of this test alone

    assert run("import", "--columns") == 0
    found = columns.read_map(capsys.readouterr().out)
    assert set(found.columns) | set(found.always) == set(columns.PATHS)


def test_a_table_with_the_templates_headings_needs_no_map(
    run: Run, taken: Taken, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A clerk's first table is one with the headings that the printed map has, or some of them.
    from nsor.cli import columns  # noqa: PLC0415 - of this test alone

    usual = columns.read_map(columns.TEMPLATE).columns
    headings = ",".join(usual[key] for key in HEADINGS.split(","))
    orders = _write(tmp_path / "orders.csv", headings, CELLS.format(name="Lal Khan").replace(",male,", ",M,"))
    assert run("import", str(orders), "--validate-only") == 0
    assert taken.orders[0].person.names[0].name == "Lal Khan"
    assert taken.orders[0].person.sex == 1
    assert f"{orders}.cleaned.csv" in "".join(capsys.readouterr().err.split())


def test_a_heading_that_is_missing_is_said(
    run: Run, register: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    map_file = tmp_path / "map.toml"
    map_file.write_text('[columns]\nname = "Naam"\n')
    assert run("import", str(_write(tmp_path / "orders.csv", "Name", "Lal")), "--map", str(map_file)) == cli.USAGE
    assert "Naam" in capsys.readouterr().err
    assert not register.calls


@pytest.mark.parametrize(
    ("line", "rule", "field"),
    [
        (CELLS.format(name="Lal")[:60], "COLUMNS", ""),
        (CELLS.format(name="Lal") + ",more", "COLUMNS", ""),
        (CELLS.format(name="A s/o B s/o C"), "FORM", "person.names[0].name"),
        (CELLS.format(name="Lal").replace("05.03.1985", "5/3/85"), "FORM", "person.birth_date"),
        (CELLS.format(name="Lal").replace("35201-1234567-1", "3.52012E+12"), "FORM", "person.cnic"),
        (CELLS.format(name="Lal").replace("Lahore", "Atlantis"), "FORM", "convictions[0].court_case.place_code"),
        (CELLS.format(name="x" * 10_000_000), "MESSAGE_TOO_LARGE", "person.names[0].name"),
        (CELLS.format(name="Zafar\u202eTesti"), "FORM", "person.names[0].name"),
        (CELLS.format(name="\u202dرفیق"), "FORM", "person.names[0].name"),
        (CELLS.format(name="Zafar \ufffd"), "ENCODING", "person.names[0].name"),
    ],
)
def test_a_row_that_can_not_be_read_is_a_finding_and_the_others_go_in(  # noqa: PLR0917 - fixtures and a case
    run: Run, taken: Taken, tmp_path: Path, line: str, rule: str, field: str
) -> None:
    orders = _write(tmp_path / "orders.csv", HEADINGS, CELLS.format(name="Lal"), line, CELLS.format(name="Gul"))
    assert run("import", str(orders)) == cli.REFUSED
    first = _findings(orders)[0]
    assert (first["row"], first["rule"], first["field"]) == ("3", rule, field)
    assert len(taken.entered) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1256"])
def test_the_encoding_is_as_it_is_named(run: Run, taken: Taken, tmp_path: Path, encoding: str) -> None:
    orders = tmp_path / "orders.csv"
    name = "لال خان" if encoding != "cp1256" else "رفيق"
    orders.write_text(f"{HEADINGS}\n{CELLS.format(name=name)}\n", encoding=encoding)
    named = ["--encoding", encoding] if encoding == "cp1256" else []
    assert run("import", str(orders), *named) == 0
    assert taken.orders[0].person.names[0].name == name


def test_bytes_of_another_encoding_are_findings(run: Run, taken: Taken, tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    rows = (HEADINGS.encode(), CELLS.format(name="رفيق").encode("cp1256"), CELLS.format(name="Lal").encode())
    orders.write_bytes(b"\n".join(rows) + b"\n")
    assert run("import", str(orders)) == cli.REFUSED
    assert [(row["row"], row["rule"]) for row in _findings(orders)] == [("2", "ENCODING")]
    assert len(taken.entered) == 1


def test_a_file_that_was_cut_off_goes_in_but_for_its_last_row(run: Run, taken: Taken, tmp_path: Path) -> None:
    orders = tmp_path / "orders.jsonl"
    whole = _write(orders, *ORDERS[:2]).read_bytes()
    orders.write_bytes(whole[:-9])
    assert run("import", str(orders)) == cli.REFUSED
    assert [(row["row"], row["rule"]) for row in _findings(orders)] == [("2", "NOT_JSON")]
    assert len(taken.entered) == 1


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "\u200f=1", "\uff1d1"])
def test_no_cell_of_a_table_is_run_by_a_spreadsheet(tmp_path: Path, cell: str) -> None:
    import_files.write_table(tmp_path / "t.csv", ("a",), [(cell,)])
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1] == [f"'{cell}"]


def test_what_became_of_rows_is_listed_again(
    run: Run, register: Any, taken: Taken, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Of the import that this computer sends, page after page; whoever has lost the findings' file sends nothing again.
    def page(data: bytes) -> Any:
        asked = registration_pb2.ListImportFindingsRequest.FromString(data)
        assert asked.import_id == taken.messages[0].import_id
        found = registration_pb2.ListImportFindingsResponse(next_page_token="" if asked.page_token else "next")
        finding = found.findings.add(row=2 if asked.page_token else 1)
        if asked.page_token:
            finding.reason = errors_pb2.ERROR_REASON_INVALID_FIELDS
            finding.violations.add(field="person.cnic", meaning_en="The rule.")
        else:
            finding.registration_id = "01a213d7-5009-4d2c-acf2-14f95e6d3d2f"
        return found

    register.answers["nsor.v1.RegistrationService/ListImportFindings"] = page
    assert run("import", str(_write(tmp_path / "orders.jsonl", *ORDERS))) == 0
    sent = len(taken.messages)
    capsys.readouterr()
    assert run("import", "--again") == 0
    out, err = capsys.readouterr()
    assert "01a213d7-5009-4d2c-acf2-14f95e6d3d2f" in out
    assert "person.cnic" in out
    assert "1 accepted for review, 1 refused" in err
    assert len(taken.messages) == sent


def test_from_a_column_that_nothing_is_read_from_nothing_is_refused(run: Run, taken: Taken, tmp_path: Path) -> None:
    # A remark of ten megabytes, or in another encoding, keeps no order out.
    rows = (f"{CELLS.format(name=name)},{remark}" for name, remark in (("Lal", "x" * 300_000), ("Gul", "\ufffd")))
    assert run("import", str(_write(tmp_path / "orders.csv", f"{HEADINGS},remark", *rows))) == 0
    assert len(taken.entered) == 2


@pytest.mark.parametrize("sign", ["\u200f", "\u202a{}\u202c", "\u2068{}\u2069", "\u202d{}\u202c", "\ufeff"])
def test_marks_that_leave_the_order_of_letters_are_cleaned_away(
    run: Run, taken: Taken, tmp_path: Path, sign: str
) -> None:
    name = sign.format("Lal Khan") if "{}" in sign else f"Lal Khan{sign}"
    assert run("import", str(_write(tmp_path / "orders.csv", HEADINGS, CELLS.format(name=name)))) == 0
    assert taken.orders[0].person.names[0].name == "Lal Khan"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("passport", "PASSPORT"),
        ("پاسپورٹ", "PASSPORT"),
        ("Foreign card", "FOREIGN_IDENTITY_CARD"),
        ("foreign identity card", "FOREIGN_IDENTITY_CARD"),
        ("غیر ملکی شناختی کارڈ", "FOREIGN_IDENTITY_CARD"),
        ("PoR", "PROOF_OF_REGISTRATION"),
        ("پی او آر", "PROOF_OF_REGISTRATION"),
        ("acc", "AFGHAN_CITIZEN_CARD"),
        ("اے سی سی", "AFGHAN_CITIZEN_CARD"),
        ("", "UNSPECIFIED"),
    ],
)
def test_a_table_says_what_a_travel_document_is(run: Run, taken: Taken, tmp_path: Path, word: str, kind: str) -> None:
    headings = f"{HEADINGS},passport,passport_country,passport_kind"
    assert (
        run("import", str(_write(tmp_path / "orders.csv", headings, f"{CELLS.format(name='Gul')},P12345,AF,{word}")))
        == 0
    )
    (document,) = taken.orders[0].person.travel_documents
    assert document.kind == types_pb2.TravelDocumentKind.Value(f"TRAVEL_DOCUMENT_KIND_{kind}")
    assert (document.number, document.country) == ("P12345", "AF")


def test_what_no_travel_document_is_names_those_that_are(run: Run, taken: Taken, tmp_path: Path) -> None:
    headings = f"{HEADINGS},passport,passport_country,passport_kind"
    orders = _write(tmp_path / "orders.csv", headings, f"{CELLS.format(name='Gul')},P12345,AF,licence")
    assert run("import", str(orders)) == cli.REFUSED
    (found,) = _findings(orders)
    assert (found["column"], found["rule"]) == ("passport_kind", "FORM")
    assert "PASSPORT" in found["meaning"]
    assert "FOREIGN_CARD" in found["meaning"]
    assert not taken.orders


def test_what_every_row_has_makes_nobody_a_travel_document(run: Run, taken: Taken, tmp_path: Path) -> None:
    # Most rows of the file have no passport: the country in the map's [always] is no document.
    map_file = tmp_path / "map.toml"
    always = '[always]\nverdict = "CONVICTED"\nappeal_state = "NONE"\npassport_country = "AF"\npassport_kind = "PoR"\n'
    own = "\n".join(f'{key} = "{key}"' for key in [*HEADINGS.split(","), "passport"])
    map_file.write_text(f"[columns]\n{own}\n{always}")
    rows = (f"{CELLS.format(name=name)},{number}" for name, number in (("Lal", ""), ("Gul", "P12345")))
    orders = _write(tmp_path / "orders.csv", f"{HEADINGS},passport", *rows)
    assert run("import", str(orders), "--map", str(map_file)) == 0
    assert [len(order.person.travel_documents) for order in taken.orders] == [0, 1]
    assert taken.orders[1].person.travel_documents[0].country == "AF"
