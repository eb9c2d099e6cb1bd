"""`nsor disclosures`: which agencies were shown a record, and why."""

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
        purpose=options_pb2.PURPOSE_EMERGENCY,
        access_time=Timestamp(seconds=1_770_000_000),
        classes=[options_pb2.FIELD_CLASS_IDENTITY],
    )
    register.answers[LIST] = always(disclosures_pb2.ListDisclosuresResponse(disclosures=[one]))
    assert run("disclosures", ID) == 0
    shown = capsys.readouterr().out
    for word in ("sindh-police", "emergency", "identity", "2026-02-02"):
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
