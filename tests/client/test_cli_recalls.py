"""`nsor recalls`: what is open, by access and never by person, and what was done about it."""

import json
import re

import pytest

from nsor.v1 import notices_pb2, recalls_pb2
from tests.client.conftest import Register, Run

LIST = "nsor.v1.LookupService/ListRecalls"
ACKNOWLEDGE = "nsor.v1.LookupService/AcknowledgeRecall"
RECALL = "8b5c1d2e-0000-4000-8000-000000000001"
ACCESS = "0192c1d2-0000-7000-8000-000000000002"


def one() -> recalls_pb2.Recall:
    made = recalls_pb2.Recall(recall_id=RECALL, reason=recalls_pb2.RECALL_REASON_NO_LONGER, access_count=1)
    made.accesses.add(access_id=ACCESS, officer_number="LHR-1", case_reference="PK-PB/LHR/PS-001 679/2021")
    return made


def test_a_list_says_which_access_and_what_to_do(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    def page(request: bytes) -> recalls_pb2.ListRecallsResponse:
        asked = recalls_pb2.ListRecallsRequest.FromString(request)
        return recalls_pb2.ListRecallsResponse(recalls=[one()], next_page_token="" if asked.page_token else "next")

    register.answers[LIST] = page
    assert run("recalls", "list") == 0
    shown = capsys.readouterr()
    (row, _) = [line for line in shown.out.splitlines() if RECALL in line]
    # The receipt in the own file has the access; who asked, and for which case, finds the file.
    assert re.search(rf"no longer +{ACCESS} .* 1 +LHR-1 +PK-PB/LHR/PS-001 679/2021 ", row)
    assert "`nsor recalls acknowledge 8b5c1d2e --did file-corrected`" in shown.err
    assert run("recalls", "list", "--json") == 0
    assert [json.loads(line)["recall_id"] for line in capsys.readouterr().out.splitlines()] == [RECALL, RECALL]


def test_eight_digits_of_a_recall_that_was_shown_are_enough_to_acknowledge_it(run: Run, register: Register) -> None:
    register.answers[LIST] = lambda _: recalls_pb2.ListRecallsResponse(recalls=[one()])
    register.answers[ACKNOWLEDGE] = lambda _: recalls_pb2.AcknowledgeRecallResponse()
    assert run("recalls", "list") == 0
    assert run("recalls", "acknowledge", RECALL[:8], "--did", "others-told") == 0
    request = recalls_pb2.AcknowledgeRecallRequest.FromString(register.calls[-1].request)
    assert (request.recall_id, request.measure) == (RECALL, recalls_pb2.RECALL_MEASURE_OTHERS_TOLD)
    assert request.request_id


def test_what_is_acknowledged_is_listed_when_it_is_asked_for(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[LIST] = lambda _: recalls_pb2.ListRecallsResponse(recalls=[one()])
    assert run("recalls", "list", "--acknowledged") == 0
    assert recalls_pb2.ListRecallsRequest.FromString(register.calls[0].request).acknowledged
    assert "nsor recalls acknowledge" not in capsys.readouterr().err  # nothing is left to do


def test_an_overdue_recall_is_called_so(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    late = one()
    late.overdue = True
    register.answers[LIST] = lambda _: recalls_pb2.ListRecallsResponse(recalls=[one(), late])
    assert run("recalls", "list") == 0
    assert capsys.readouterr().out.count("overdue") == 1


def test_every_access_of_a_recall_is_shown_with_the_row_of_its_flight(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    several = recalls_pb2.Recall(recall_id=RECALL, reason=recalls_pb2.RECALL_REASON_NO_LONGER, access_count=21)
    for nth in range(21, 0, -1):
        access = several.accesses.add(access_id=f"0192c1d2-0000-7000-8000-{nth:012}", officer_number=f"FIA-{nth}")
        access.manifest.border_crossing = notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT
        access.manifest.carrier_code, access.manifest.number = "PK", 301
        access.manifest.rows.append(400 + nth)
    register.answers[LIST] = lambda _: recalls_pb2.ListRecallsResponse(recalls=[several])
    assert run("recalls", "list") == 0
    shown = capsys.readouterr()
    assert "row 421" in shown.out
    assert "`nsor recalls show 8b5c1d2e`" in shown.err
    assert run("recalls", "show", RECALL[:8]) == 0
    shown = capsys.readouterr()
    for access in several.accesses:
        # Who has the list of that flight finds the person by the row.
        (found,) = [line for line in shown.out.splitlines() if access.access_id in line]
        assert re.search(rf" {access.officer_number} .*PK301 .* {access.manifest.rows[0]}\s*$", found), found
    assert "21 of 21 accesses" in shown.err
    assert run("recalls", "show", RECALL, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["accesses"]) == 21


def test_a_recall_that_there_is_not_is_said_so(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[LIST] = lambda _: recalls_pb2.ListRecallsResponse()
    assert run("recalls", "show", RECALL) == 2
    assert "Your agency has no recall with this id." in capsys.readouterr().err
