"""`nsor witness`: what the Committee registers and retires, and what everybody is shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nsor.ledger.cosignature import WitnessKey, cosign
from nsor.v1 import oversight_pb2, witnesses_pb2

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from tests.client.conftest import Register, Run

SERVICE = "nsor.v1.OversightService/"
ONE, TWO = (WitnessKey.generate(f"witness.example/{name}") for name in ("one", "two"))
SIGNED_S = 1_700_000_100


@pytest.fixture(autouse=True)
def asked(register: Register) -> dict[str, bytes]:
    """What the register was asked, by the method; it has two witnesses, of which one is retired."""
    found: dict[str, bytes] = {}
    witnesses = [
        witnesses_pb2.Witness(verifier_key=ONE.verifier.text(), agency_id="nadra"),
        witnesses_pb2.Witness(verifier_key=TWO.verifier.text()),
    ]
    witnesses[1].retire_time.seconds = 1_700_000_000

    def checkpoint(_: bytes) -> Message:
        signed = register.ledger.sign()
        return oversight_pb2.GetCheckpointResponse(checkpoint=signed, cosigned=[cosign(signed, ONE, SIGNED_S)])

    def answer(method: str, response: Message) -> None:
        def take(request: bytes) -> Message:
            found[method] = request
            return response

        register.answers[SERVICE + method] = take

    answer("RegisterWitness", witnesses_pb2.RegisterWitnessResponse(witness=witnesses[0]))
    answer("RetireWitness", witnesses_pb2.RetireWitnessResponse(retire_time=witnesses[1].retire_time))
    answer("ListWitnesses", witnesses_pb2.ListWitnessesResponse(witnesses=witnesses))
    register.answers[SERVICE + "GetCheckpoint"] = checkpoint
    return found


def test_a_witness_is_registered_with_the_agency_that_runs_it(run: Run, asked: dict[str, bytes]) -> None:
    assert run("witness", "register", ONE.verifier.text(), "--of-agency", "nadra") == 0
    request = witnesses_pb2.RegisterWitnessRequest.FromString(asked["RegisterWitness"])
    assert (request.verifier_key, request.agency_id) == (ONE.verifier.text(), "nadra")
    assert not request.validate_only
    assert request.request_id


def test_a_witness_is_retired_by_its_name_when_a_person_agrees(
    run: Run, asked: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("witness", "retire", "witness.example/one", stdin="n\n") != 0
    assert "RetireWitness" not in asked
    assert run("witness", "retire", "witness.example/one", "--yes") == 0
    request = witnesses_pb2.RetireWitnessRequest.FromString(asked["RetireWitness"])
    assert request.verifier_key == ONE.verifier.text()
    capsys.readouterr()
    assert run("witness", "retire", "witness.example/three", "--yes") == 2
    assert "no witness of that name" in capsys.readouterr().err


def test_the_list_says_when_each_has_co_signed_last(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("witness", "list") == 0
    said = capsys.readouterr()
    assert "witness.example/one" in said.out
    assert "2023-11-15 03:15" in said.out
    assert "witness.example/two" not in said.out
    assert "`--all` shows retired ones" in said.err
    assert run("witness", "list", "--all", "--json") == 0
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["cosigned_time"] for each in shown] == [SIGNED_S, 0]
