"""`nsor ledger receipt`: the receipt of an access, for programs that others wrote."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from nsor.ledger.note import Verifier
from nsor.ledger.tlog_proof import TlogProof
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import directory_pb2
from tests.client.conftest import Register, Run

AGENCIES = "nsor.v1.DirectoryService/ListAgencies"


@pytest.fixture
def access_id(run: Run, register: Register) -> str:
    """Of an access of this agency, followed by others."""
    register.answers[AGENCIES] = lambda _: directory_pb2.ListAgenciesResponse()
    for _ in range(3):
        assert run("agencies") == 0
    return str(uuid.UUID(bytes=leaf_pb2.Leaf.FromString(register.ledger.leaves[0]).access_id))


def test_it_proves_the_entry_by_itself(
    run: Run, register: Register, access_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run("ledger", "receipt", access_id, str(tmp_path), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["index"] == 0
    proof = TlogProof.parse((tmp_path / f"{access_id}.tlog-proof").read_bytes())
    entry = (tmp_path / f"{access_id}.entry").read_bytes()
    assert entry == register.ledger.leaves[0]
    proof.verify(entry, Verifier.parse(register.ledger.verifier))


def test_an_access_of_which_nothing_is_kept_is_named(
    run: Run, access_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(uuid.uuid4())
    assert other != access_id
    assert run("ledger", "receipt", other, str(tmp_path)) == 2
    assert "the computer that made the call has it" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.tlog-proof"))


def test_an_entry_that_is_gone_is_evidence(run: Run, register: Register, access_id: str, tmp_path: Path) -> None:
    # Nothing that proves nothing is written.
    register.ledger.leaves[0] += b"\0"
    assert run("ledger", "receipt", access_id, str(tmp_path)) == 3
    assert not list(tmp_path.glob("*.tlog-proof"))
