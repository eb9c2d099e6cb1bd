"""What witnesses' co-signatures prove to a client that knows them: when the entries were there at the latest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import nsor
from nsor.cli import silent_witnesses
from nsor.ledger.cosignature import TOLERANCE_SECONDS, WitnessKey, cosign
from nsor.v1 import directory_pb2, oversight_pb2

if TYPE_CHECKING:
    from pathlib import Path

    from tests.client.conftest import Connect, Register, Run

KEY = WitnessKey.generate("witness.example/one")
NOW = 1_700_000_000
"""When the miniature register makes its entries."""


@pytest.fixture(autouse=True)
def _answer(register: Register) -> None:
    register.answers["nsor.v1.DirectoryService/ListAgencies"] = lambda _: directory_pb2.ListAgenciesResponse()


def shows(register: Register, at: int, key: WitnessKey = KEY) -> int:
    """GetCheckpoint shows from now on that a witness has co-signed the ledger as it is; gives its size."""
    signed = cosign(register.ledger.sign(), key, at)
    register.answers["nsor.v1.OversightService/GetCheckpoint"] = lambda _: oversight_pb2.GetCheckpointResponse(
        checkpoint=register.ledger.sign(), cosigned=[signed]
    )
    return len(register.ledger.leaves)


def call(client: nsor.Client, times: int = 2) -> None:
    for _ in range(times):
        client.directory.list_agencies(directory_pb2.ListAgenciesRequest())


def test_a_verification_says_by_when_the_entries_were_there(connect: Connect, register: Register) -> None:
    client = connect(witnesses=(KEY.verifier.text(),))
    call(client)
    size = shows(register, NOW + 5)
    (found,) = client.verify_ledger().witnessed
    assert (found.witness, found.checkpoint.size, found.time) == (KEY.verifier.name, size, NOW + 5)


# A register that sets its clock ahead, or writes another time than it was.
def test_an_entry_later_than_a_cosignature_that_covers_it_is_found(connect: Connect, register: Register) -> None:
    client = connect(witnesses=(KEY.verifier.text(),))
    call(client, 3)
    client.verify_ledger()  # what was verified before is compared too: a co-signature comes later
    shows(register, NOW - TOLERANCE_SECONDS - 1)
    with pytest.raises(nsor.EntryTooLate) as found:
        client.verify_ledger()
    assert found.value.index == 0
    shows(register, NOW - TOLERANCE_SECONDS + 1)
    client.verify_ledger()


def test_a_witness_that_isnt_known_proves_nothing(connect: Connect, register: Register) -> None:
    client = connect(witnesses=(KEY.verifier.text(),))
    call(client)
    shows(register, NOW - 9999, WitnessKey.generate("witness.example/other"))
    assert client.verify_ledger().witnessed == ()
    shows(register, NOW - 9999)
    assert connect().verify_ledger().witnessed == ()


def test_a_wrong_cosignature_and_one_of_another_tree_are_found(connect: Connect, register: Register) -> None:
    client = connect(witnesses=(KEY.verifier.text(),))
    call(client)
    signed = cosign(register.ledger.sign(), KEY, NOW)
    call(client)
    replayed = register.ledger.sign() + signed.split(b"\n\n")[1].split(b"\n", 1)[1]
    register.answers["nsor.v1.OversightService/GetCheckpoint"] = lambda _: oversight_pb2.GetCheckpointResponse(
        checkpoint=register.ledger.sign(), cosigned=[replayed]
    )
    with pytest.raises(nsor.ReceiptWrong):
        client.verify_ledger()
    leaf = register.ledger.leaves[1]
    register.ledger.leaves[1] = b"another"
    shows(register, NOW + 5)
    register.ledger.leaves[1] = leaf
    with pytest.raises(nsor.LedgerForked):
        client.verify_ledger()


def test_the_command_says_it_too(
    run: Run, register: Register, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NSOR_WITNESSES", KEY.verifier.text())
    monkeypatch.setattr(silent_witnesses, "now", lambda: float(NOW + 5 + 48 * 3600))
    assert run("agencies") == 0
    size = shows(register, NOW + 5)
    capsys.readouterr()
    assert run("ledger", "verify") == 0
    assert size == 1
    assert "witness.example/one co-signed 1 entry at 2023-11-15 03:13" in capsys.readouterr().err
    assert run("ledger", "verify", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["witnessed"] == [{"witness": "witness.example/one", "size": size, "time": NOW + 5}]


@pytest.mark.parametrize(
    ("signed", "age", "code"),
    [(True, "", 5), (True, "49", 0), (False, "49", 5), (True, "0", 2), (True, "two", 2), (True, "1.5", 2)],
)
def test_a_witness_of_the_settings_that_is_silent_is_said(  # noqa: PLR0917 - fixtures and cases
    run: Run,
    register: Register,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    signed: bool,
    age: str,
    code: int,
) -> None:
    # Without its signature a register that is set back, and grows again, contradicts nobody but its clients.
    monkeypatch.setenv("NSOR_WITNESSES", KEY.verifier.text())
    monkeypatch.setattr(silent_witnesses, "now", lambda: NOW + 48 * 3600 + 1.0)
    if age:
        monkeypatch.setenv("NSOR_WITNESS_AGE", age)
    if signed:
        shows(register, NOW)
    assert run("ledger", "verify") == code
    said = capsys.readouterr().err
    assert ("Ask the witness, and the Special Committee" in said) == (code == 5)
    if code == 5:
        assert ("witness.example/one co-signed last at 2023-11-15 03:13" in said) == signed
        assert ("witness.example/one has co-signed nothing" in said) == (not signed)
        assert run("ledger", "verify", "--json") == 5
        time_of_last = NOW if signed else 0
        shown = json.loads(capsys.readouterr().out)
        assert shown["silent"] == [{"witness": "witness.example/one", "time": time_of_last}]


def test_its_age_may_be_a_number_of_the_settings_file(
    run: Run, register: Register, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silent_witnesses, "now", lambda: NOW + 48 * 3600 + 1.0)
    settings.write_text(f'witness_age = 49\nwitnesses = "{KEY.verifier.text()}"\n{settings.read_text()}')
    shows(register, NOW)
    assert run("ledger", "verify") == 0
