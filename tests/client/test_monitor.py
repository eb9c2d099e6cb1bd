"""`nsor ledger monitor`: an access under one's own agency of which nobody has a receipt shows itself."""

import json
import shutil
import uuid
from pathlib import Path

import pytest
from google.protobuf.message import Message

from nsor import cli
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import directory_pb2, oversight_pb2
from tests.client.conftest import Register, Run

ACCESSES = "nsor.v1.OversightService/ListAccesses"
AGENCIES = "nsor.v1.DirectoryService/ListAgencies"
ENTRY = 1000
STRANGER = "01a213d7-5009-7d2c-acf2-14f95e6d3d2f"


class Stolen:
    """A register that has an access more than this computer has receipts of, once it is used."""

    used: bool = False


@pytest.fixture
def stolen(register: Register) -> Stolen:
    state = Stolen()

    def answer(data: bytes) -> Message:
        request = oversight_pb2.ListAccessesRequest.FromString(data)
        assert request.agency_id == "punjab-police"
        leaves = [leaf_pb2.Leaf.FromString(each) for each in register.ledger.leaves]
        found = [
            oversight_pb2.Access(index=index, access_id=str(uuid.UUID(bytes=leaf.access_id)), method=leaf.method)
            for index, leaf in enumerate(leaves)
        ]
        if state.used:
            found.append(oversight_pb2.Access(index=ENTRY, access_id=STRANGER, officer_number="PB-7"))
        return oversight_pb2.ListAccessesResponse(accesses=reversed(found))

    register.answers[ACCESSES] = answer
    register.answers[AGENCIES] = lambda _: directory_pb2.ListAgenciesResponse()
    return state


def test_an_access_without_a_receipt_is_named(run: Run, stolen: Stolen, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("agencies") == 0
    assert run("ledger", "monitor") == 0
    assert "Each access under your agency is one of yours." in capsys.readouterr().err
    stolen.used = True
    assert run("ledger", "monitor") == 1
    shown = capsys.readouterr()
    assert STRANGER.replace("-", "")[-8:-4] in shown.out
    assert "PB-7" in shown.out
    assert "ListAgencies" not in shown.out
    assert "revoke the certificate" in shown.err


def test_it_is_named_each_time_until_somebody_knows_whose_it_is(
    run: Run, stolen: Stolen, capsys: pytest.CaptureFixture[str]
) -> None:
    # Whoever has missed the one line that named it would never have heard of the stolen certificate.
    stolen.used = True
    for _ in range(2):
        assert run("ledger", "monitor") == 1
        assert "PB-7" in capsys.readouterr().out
    assert run("ledger", "monitor", "--accept", "77") == cli.USAGE
    assert run("ledger", "monitor") == 1
    assert run("ledger", "monitor", "--accept", str(ENTRY)) == 0
    assert run("ledger", "monitor") == 0
    # With --everything all are compared again, those too that somebody has accepted.
    assert run("ledger", "monitor", "--everything") == 1


def test_one_that_the_register_lists_no_more_is_named_all_the_same(
    run: Run, stolen: Stolen, capsys: pytest.CaptureFixture[str]
) -> None:
    stolen.used = True
    assert run("ledger", "monitor") == 1
    stolen.used = False
    capsys.readouterr()
    assert run("ledger", "monitor", "--json") == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {"index": str(ENTRY), "access_id": STRANGER}
    assert run("ledger", "monitor", "--accept", str(ENTRY)) == 0


@pytest.mark.usefixtures("stolen")
def test_another_computers_receipts_count(run: Run, tmp_path: Path, settings: Path) -> None:
    assert run("agencies") == 0
    state = settings.parent / "state"
    shutil.copytree(state, tmp_path / "other")
    shutil.rmtree(state)
    assert run("ledger", "monitor", "--everything") == 1
    assert run("ledger", "monitor", "--everything", "--folder", str(tmp_path / "other")) == 0


def test_every_page_is_compared_and_proofs_are_left_out(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    # Of proofs no receipts are kept: they show nobody.
    method = "nsor.v1.OversightService/GetInclusionProof"
    pages = {
        "": ([oversight_pb2.Access(index=9, access_id=str(uuid.uuid4()), method=method)], "more"),
        "more": ([oversight_pb2.Access(index=8, access_id=STRANGER, method=ACCESSES)], ""),
    }

    def answer(data: bytes) -> Message:
        found, token = pages[oversight_pb2.ListAccessesRequest.FromString(data).page_token]
        return oversight_pb2.ListAccessesResponse(accesses=found, next_page_token=token)

    register.answers[ACCESSES] = answer
    assert run("ledger", "monitor", "--json") == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["access_id"] == STRANGER
    # The next time goes on behind the newest entry of this one; with --everything all are compared again.
    assert run("ledger", "monitor", "--accept", "8") == 0
    assert run("ledger", "monitor") == 0
    assert run("ledger", "monitor", "--everything") == 1
