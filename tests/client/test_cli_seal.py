"""`nsor seal`: what one officer asks another decides, and what two sign when the register isn't trusted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import nsor
from nsor import cli
from nsor.seal_statement import SignedStatement
from nsor.v1 import register_seal_pb2

if TYPE_CHECKING:
    import pytest

    from tests.client.conftest import Register

Run = Callable[..., int]
SERVICE = "nsor.v1.DirectoryService"
ID = "5e6d3d2f-8b1c-4f0a-9d3e-2b7c6a5f4e10"
SEAL = "00000000-0000-4000-8000-000000000002"


def test_one_asks_and_another_decides_when_he_agrees(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    proposal = register_seal_pb2.RegisterSealProposal(
        proposal_id=ID, action=register_seal_pb2.REGISTER_SEAL_ACTION_UNSEAL
    )
    seal = register_seal_pb2.RegisterSeal(seal_id=SEAL)
    register.answers[f"{SERVICE}/ProposeRegisterSeal"] = lambda _: register_seal_pb2.ProposeRegisterSealResponse(
        proposal=proposal
    )
    register.answers[f"{SERVICE}/GetRegisterSeal"] = lambda _: register_seal_pb2.GetRegisterSealResponse(
        seal=seal, proposal=proposal
    )
    register.answers[f"{SERVICE}/ConfirmRegisterSeal"] = lambda _: register_seal_pb2.ConfirmRegisterSealResponse(
        seal=seal, proposal=proposal
    )
    assert run("seal", "ask") == 2
    assert run("seal", "ask", "--reason", "drill", "--unseal", SEAL) == 2
    assert register.calls == []
    assert run("seal", "ask", "--unseal", SEAL, stdin="n\n") == cli.STOPPED
    assert run("seal", "ask", "--unseal", SEAL, "--yes") == 0
    assert f"nsor seal decide {ID}" in capsys.readouterr().err
    assert run("seal", "show") == 0
    assert f"nsor seal decide {ID}" in capsys.readouterr().err
    assert run("seal", "decide", SEAL, "--yes") == 2
    assert run("seal", "decide", ID, stdin="n\n") == cli.STOPPED
    assert run("seal", "decide", ID, stdin="y\n") == 0
    said = capsys.readouterr()
    assert "Unseal the register?" in said.err
    assert f"stays sealed until the Special Committee decides: `nsor seal decide {ID}`" in " ".join(said.err.split())
    sent = [call for call in register.calls if not call.method.endswith("GetRegisterSeal")]
    assert [call.method.split("/")[1] for call in sent] == ["ProposeRegisterSeal", "ConfirmRegisterSeal"]
    asked = register_seal_pb2.ProposeRegisterSealRequest.FromString(sent[0].request)
    assert (asked.action, asked.seal_id) == (register_seal_pb2.REGISTER_SEAL_ACTION_UNSEAL, SEAL)
    assert register_seal_pb2.ConfirmRegisterSealRequest.FromString(sent[1].request).proposal_id == ID


def test_two_officers_sign_one_statement_without_asking_the_register(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert run("seal", "sign", str(first)) == 2
    assert run("seal", "sign", str(first), "--reason", "intrusion", "--yes") == 0
    own = nsor.OfficerKey.load(tmp_path / "officer.key")
    other = nsor.OfficerKey.generate()
    other.save(tmp_path / "other.key")
    assert (
        run("--officer-key", str(tmp_path / "other.key"), "seal", "sign", str(second), "--with", str(first), "--yes")
        == 0
    )
    assert "reason intrusion" in capsys.readouterr().err
    assert register.calls == []
    files = [SignedStatement.decode(each.read_bytes()) for each in (first, second)]
    assert files[0].statement == files[1].statement
    assert files[0].statement.register == register.ledger.origin
    assert [each.holds(key.public_key) for each, key in zip(files, (own, other), strict=True)] == [True, True]
    assert not files[0].holds(other.public_key)
    # A file that is there is never written over, and one that isn't a statement is said so.
    assert run("seal", "sign", str(first), "--reason", "drill", "--yes") == 1
    (tmp_path / "third").write_text("{}")
    assert run("seal", "sign", str(tmp_path / "fourth"), "--with", str(tmp_path / "third"), "--yes") == 2
