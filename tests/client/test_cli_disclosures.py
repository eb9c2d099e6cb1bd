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
