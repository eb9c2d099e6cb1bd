"""What may stand in a field: each format has a form and an example that the register takes; a row is read whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.type import date_pb2

import nsor
from nsor import cleaning, cli, forms
from nsor.advice import Words
from nsor.cli import requests
from nsor.v1 import access_requests_pb2, directory_pb2, lookup_pb2, notices_pb2, options_pb2, registration_pb2
from nsor_server.formats import dates
from nsor_server.formats.normalisers import normalisers
from nsor_server.policy import written_forms
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places

if TYPE_CHECKING:
    from pathlib import Path

    from tests.client.conftest import Refusal, Register

FORMATS = [number for number in options_pb2.Format.values() if number]
REQUESTS = (
    registration_pb2.CreateRegistrationRequest,
    registration_pb2.ConfirmRegistrationRequest,
    notices_pb2.CreateNoticeRequest,
    access_requests_pb2.CreateAccessRequestRequest,
    lookup_pb2.LookUpRegistrationRequest,
    directory_pb2.EnrolOfficerRequest,
)
ENROL = "nsor.v1.DirectoryService/EnrolOfficer"
CREATE = "nsor.v1.RegistrationService/CreateRegistration"
SECRET = "3520112345671"
Run = Callable[..., int]


def _fields(message: Descriptor, path: str = "") -> Iterator[tuple[str, FieldDescriptor]]:
    for field in message.fields:
        yield f"{path}{field.name}", field
        if field.message_type is not None and not field.message_type.full_name.startswith("google."):
            yield from _fields(field.message_type, f"{path}{field.name}.")


@pytest.mark.parametrize("number", FORMATS, ids=options_pb2.Format.Name)
def test_every_format_has_a_form_and_an_example_that_the_register_takes(
    number: options_pb2.Format.ValueType,
) -> None:
    # An example that is refused sends people round in a circle.
    form = forms.FORMS[number]
    assert form.en
    assert form.ur
    if number == options_pb2.FORMAT_DATE:
        day = cleaning.date(form.example)
        dates.read(date_pb2.Date(year=day.year, month=day.month, day=day.day))
        return
    normalisers(Places.load(), OffenceTable.load(), written_forms.load())[number](form.example)


@pytest.mark.parametrize("request_type", REQUESTS, ids=lambda kind: kind.DESCRIPTOR.name)
def test_every_field_of_a_request_says_what_may_stand_there(request_type: type) -> None:
    message = request_type()
    for path, field in _fields(message.DESCRIPTOR):
        form = forms.of(field)
        assert form is not None, path
        assert form.en, path
        assert form.ur, path
        assert forms.at(message, path) is field


def test_a_path_with_places_in_lists_is_followed() -> None:
    message = registration_pb2.CreateRegistrationRequest()
    found = forms.at(message, "convictions[12].counts[3].offence_code")
    assert found is not None
    assert found.name == "offence_code"
    for unknown in ("", "nothing", "person.nothing", "person.cnic.deeper", "#99", "person.#3", "convictions[x]"):
        assert forms.at(message, unknown) is None


def test_an_error_quotes_form_and_example(
    run: Run, register: Register, refusals: type[Refusal], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = (("officer_number", "FORM"), ("jurisdiction[0]", "PLACE_UNKNOWN"), ("grade", "OUT_OF_RANGE"))
    register.answers[ENROL] = lambda _: refusals("INVALID_ARGUMENT", "INVALID_FIELDS", broken)
    focal, file = tmp_path / "focal.key", str(tmp_path / "officer.key")
    nsor.OfficerKey.generate().save(focal)
    own = ("--focal-key-file", str(focal), "--officer-key-file", file)
    assert run("officer", "enrol", *own, "--number", "?", "--grade", "17") == cli.REFUSED
    err = capsys.readouterr().err
    assert "officer_number: up to 8 digits, alone or after B, C, P, F, HC, ASI, SI, IP, DSP, SP, PP, DPP, JM, SJ" in err
    assert "jurisdiction[0]: a province, district or station (`nsor places NAME` finds it)" in err
    assert "grade: The rule.: a whole number from 1 to 22" in err


@pytest.mark.parametrize(
    ("reason", "helps"), [("DATE_FUTURE", False), ("DUPLICATE", False), ("REQUIRED", True), ("TOO_MANY_DIGITS", True)]
)
def test_a_form_stands_only_where_the_form_is_wrong(reason: str, *, helps: bool) -> None:
    violation = nsor.FieldViolation("person.cnic", reason, Words("the rule", "اصول"))
    (found,) = forms.with_forms(registration_pb2.CreateRegistrationRequest(), [violation])
    assert (found.form is not None) is helps
    if found.form is not None:
        assert found.form.en.startswith("the rule: 13 digits")


ROW = {
    "person": {"cnic": 3520112345671, "names": [{"nme": "x"}, "x"], "sex": "SECRET"},
    "convictions": {"counts": []},
    "validate_only": "yes",
    "3520112345671": 1,
}


def test_all_that_is_wrong_in_a_row_is_said_at_once_and_no_value() -> None:
    problems = requests.parse(json.dumps(ROW), registration_pb2.CreateRegistrationRequest())
    assert [(problem.field, problem.rule) for problem in problems] == [
        ("person.cnic", "FORM"),
        ("person.names[0].nme", "UNKNOWN_FIELD"),
        ("person.names[1]", "FORM"),
        ("person.sex", "FORM"),
        ("convictions", "FORM"),
        ("validate_only", "FORM"),
        ("", "UNKNOWN_FIELD"),
    ]
    text = "".join(problem.text("en") for problem in problems)
    assert "such as 35201-1234567-1" in text
    assert "did you mean name?" in text
    assert SECRET not in text
    assert "SECRET" not in text


def test_both_spellings_are_read_and_one_is_written() -> None:
    message = access_requests_pb2.CreateAccessRequestRequest()
    assert requests.parse('{"annexureA": {"ioName": 5}}', message)[0].field.startswith("annexure_a")
    assert not requests.parse('{"annexureA": {}}', message)
    assert not requests.parse('{"annexure_a": {}}', message)
    skeleton = json.loads(requests.template(access_requests_pb2.CreateAccessRequestRequest.DESCRIPTOR))
    assert set(skeleton) == {"fir", "suspects", "annexure_a", "juvenile_records"}


def test_what_excludes_each_other_is_named() -> None:
    message = lookup_pb2.LookUpBasis()
    (problem,) = requests.parse('{"grant_id": "a", "ticket_id": "b"}', message)
    assert (problem.field, problem.rule) == ("ticket_id", "EXACTLY_ONE")
    assert "grant_id" in problem.text("en")


def test_every_finding_of_a_row_stands_in_the_findings(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = tmp_path / "orders.jsonl"
    orders.write_text(json.dumps(ROW) + "\n")
    assert run("import", str(orders)) == cli.REFUSED
    lines = (tmp_path / "orders.jsonl.findings.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1 + 7
    assert not register.calls
    out, err = capsys.readouterr()
    assert "0 accepted for review, 1 refused." in err
    assert SECRET not in out + err + "".join(lines)
