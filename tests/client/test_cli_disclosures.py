"""`nsor disclosures`: which agencies were shown a record, and why."""

import json

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from nsor.v1 import disclosures_pb2, options_pb2
from tests.client.conftest import Register, Run
from tests.client.test_cli_counter import ID
from tests.client.test_cli_custody import always

LIST = "nsor.v1.LookupService/ListDisclosures"


def test_agency_purpose_and_classes_are_shown(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    one = disclosures_pb2.Disclosure(
        agency_id="sindh-police",
        purpose=options_pb2.PURPOSE_BORDER_CONTROL,
        access_time=Timestamp(seconds=1_770_000_000),
        classes=[options_pb2.FIELD_CLASS_IDENTITY],
    )
    register.answers[LIST] = always(disclosures_pb2.ListDisclosuresResponse(disclosures=[one]))
    assert run("disclosures", ID) == 0
    shown = capsys.readouterr().out
    for word in ("sindh-police", "border control", "identity", "2026-02-02"):
        assert word in shown
    assert run("disclosures", ID) == 0
    assert "1 shown: all that there are." in capsys.readouterr().err


def test_no_list_is_cut_silently(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    def page(request: bytes) -> disclosures_pb2.ListDisclosuresResponse:
        asked = disclosures_pb2.ListDisclosuresRequest.FromString(request)
        token = {"": "2", "2": "3", "3": ""}[asked.page_token]
        of = disclosures_pb2.Disclosure(agency_id=f"agency-{token}")
        return disclosures_pb2.ListDisclosuresResponse(disclosures=[of, of], next_page_token=token)

    register.answers[LIST] = page
    for limit in (3, 4, 5):
        assert run("disclosures", ID, "--limit", str(limit)) == 0
        printed = capsys.readouterr()
        assert f"{limit} shown; there are more: --limit." in printed.err
        assert printed.out.count("agency-") == limit
    assert run("disclosures", ID, "--limit", "6") == 0
    assert "6 shown: all that there are." in capsys.readouterr().err


def of(agency: str) -> disclosures_pb2.Disclosure:
    return disclosures_pb2.Disclosure(agency_id=agency, purpose=options_pb2.PURPOSE_TRIAL)


def test_pages_go_on_up_to_the_limit_and_no_further(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    # Each page costs something of the officer's budget.
    pages = {"": ("one", "b"), "b": ("two", "c"), "c": ("three", "")}

    def answer(data: bytes) -> disclosures_pb2.ListDisclosuresResponse:
        request = disclosures_pb2.ListDisclosuresRequest.FromString(data)
        assert request.registration_id == ID
        agency, token = pages[request.page_token]
        return disclosures_pb2.ListDisclosuresResponse(disclosures=[of(agency)], next_page_token=token)

    register.answers[LIST] = answer
    for limit, shown, asked in (("2", ["one", "two"], 2), ("9", ["one", "two", "three"], 3)):
        register.calls.clear()
        assert run("disclosures", ID, "--limit", limit) == 0
        printed, said = capsys.readouterr()
        assert ("there are more: --limit" in said) == (len(shown) < len(pages))
        assert [each for each in ("one", "two", "three") if each in printed] == shown
        sizes = [disclosures_pb2.ListDisclosuresRequest.FromString(each.request).page_size for each in register.calls]
        assert sizes == [int(limit)] * asked


def test_nobody_is_said_and_a_program_gets_each_as_it_is(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[LIST] = always(disclosures_pb2.ListDisclosuresResponse())
    assert run("disclosures", ID) == 0
    assert "0 shown: all that there are." in capsys.readouterr().err
    register.answers[LIST] = always(disclosures_pb2.ListDisclosuresResponse(disclosures=[of("one"), of("two")]))
    assert run("disclosures", ID, "--json") == 0
    said = capsys.readouterr()
    assert [json.loads(line)["agency_id"] for line in said.out.splitlines()] == ["one", "two"]
    assert "Shown to" not in said.out + said.err
