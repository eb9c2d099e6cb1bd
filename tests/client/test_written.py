"""Files that people write: days, words and districts as they are said, in every command that takes JSON."""

import json
from typing import Any

import pytest

from nsor.cli import requests, written
from nsor.v1 import amendments_pb2, notices_pb2, registration_pb2, types_pb2
from tests.client.conftest import Register, Run

NOTICE = "nsor.v1.NotificationService/CreateNotice"
BORN = {"birth_date": "05.03.1980", "sex": "male", "addresses": [{"kind": "current", "place_code": "Lahore"}]}


def _read(given: dict[str, Any]) -> tuple[amendments_pb2.Particulars, list[tuple[str, str]]]:
    found = amendments_pb2.Particulars()
    problems = requests.parse(json.dumps(given), found, by_hand=True)
    return found, [(problem.field, problem.meaning.en) for problem in problems]


def test_what_people_write_becomes_what_the_contract_has() -> None:
    found, problems = _read(BORN)
    assert problems == []
    assert (found.birth_date.year, found.birth_date.month, found.birth_date.day) == (1980, 3, 5)
    assert found.birth_date_precision == types_pb2.DATE_PRECISION_DAY
    assert found.sex == types_pb2.SEX_MALE
    assert (found.addresses[0].kind, found.addresses[0].place_code) == (types_pb2.ADDRESS_KIND_CURRENT, "PK-PB/LHR")


def test_a_year_alone_says_how_exact_it_is() -> None:
    found, _ = _read({"birth_date": "1980"})
    assert found.birth_date_precision == types_pb2.DATE_PRECISION_YEAR


def test_all_that_is_unclear_is_said_at_once_and_no_value_is_repeated() -> None:
    _, problems = _read(
        {
            "birth_date": "31.02.1980",
            "sex": "Zafar",
            "mobile_numbers": 5,
            "addresses": [{"kind": "home", "place_code": "Nirgends"}],
        }
    )
    assert [field for field, _ in problems] == [
        *("birth_date", "sex", "addresses[0].kind", "addresses[0].place_code"),
        "mobile_numbers",
    ]
    said = " ".join(meaning for _, meaning in problems)
    assert "there is no 31 February" in said
    assert "one of MALE, FEMALE" in said
    assert "Zafar" not in said
    assert "Nirgends" not in said


def test_what_programs_send_is_read_strictly() -> None:
    assert requests.parse(json.dumps(BORN), amendments_pb2.Particulars())


@pytest.mark.parametrize("empty", ["", "DD.MM.YYYY"])
def test_a_day_of_the_template_that_nobody_filled_in_is_not_given(empty: str) -> None:
    found, problems = _read({"birth_date": empty})
    assert not problems
    assert not found.HasField("birth_date")


def test_a_template_is_in_the_same_spelling() -> None:
    shown = json.loads(requests.template(amendments_pb2.Particulars.DESCRIPTOR))
    assert (shown["birth_date"], shown["sex"]) == ("DD.MM.YYYY", "MALE | FEMALE | TRANSGENDER")


def test_what_is_printed_to_be_changed_is_read_back() -> None:
    found, _ = _read(BORN)
    printed = written.spelled(found)
    assert (printed["birth_date"], printed["sex"]) == ("05.03.1980", "MALE")
    assert _read(printed) == (found, [])


def test_every_command_takes_the_spelling(run: Run, register: Register) -> None:
    register.answers[NOTICE] = lambda _: notices_pb2.CreateNoticeResponse()
    notice = {"event_date": "05.03.2024", "address": {"kind": "current", "place_code": "Lahore"}}
    assert run("notice", "-", stdin=json.dumps(notice)) == 0
    sent = notices_pb2.CreateNoticeRequest.FromString(register.calls[0].request)
    assert (sent.event_date.year, sent.address.place_code) == (2024, "PK-PB/LHR")
    assert not register.calls[1:]


def test_an_order_of_an_import_is_a_programs() -> None:
    found = registration_pb2.CreateRegistrationRequest()
    assert requests.parse('{"convictions": [{"judgment_date": "05.03.2024"}]}', found)
