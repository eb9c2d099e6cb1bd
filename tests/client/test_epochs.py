"""A register that has lost entries goes on under another origin: who has its key follows, and believes no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import nsor
from nsor.ledger import cosignature, note
from nsor.ledger.cosignature import WitnessKey
from nsor.v1 import directory_pb2
from tests.client.conftest import ORIGIN
from tests.client.losses import AT, lose

if TYPE_CHECKING:
    from tests.client.conftest import Connect, Register

WITNESS = WitnessKey.generate("witness.example/committee")
LIST = "nsor.v1.DirectoryService/ListAgencies"


@pytest.fixture(autouse=True)
def _answer(register: Register) -> None:
    register.answers[LIST] = lambda _: directory_pb2.ListAgenciesResponse()


def calls(client: nsor.Client, number: int) -> None:
    for _ in range(number):
        client.directory.list_agencies(directory_pb2.ListAgenciesRequest())


def test_a_client_follows_an_epoch_by_itself_and_proves_what_survived(
    connect: Connect, register: Register, tmp_path: Path
) -> None:
    # It keeps its journal: three of its five receipts are of entries that are still there.
    client = connect()
    calls(client, 3)
    client.verify_ledger()
    calls(client, 2)
    folder = client.state_folder
    lose(register, 3)
    calls(client, 1)
    found = client.verify_ledger(everything=True)
    assert (found.leaves, [each.index for each in found.lost], found.lost_checkpoints) == (4, [5, 6], 3)
    assert note.Checkpoint.parse(note.Note.parse(found.checkpoint).text).origin == register.ledger.origin
    assert client.state_folder == folder
    # So does one that starts anew, with the key that it was given at the beginning.
    again = connect()
    calls(again, 1)
    assert again.verify_ledger().leaves == 1
    assert [path.name for path in (tmp_path / "client-state").iterdir()] == [folder.name]


def test_a_forged_epoch_is_kept_beside_milder_failures(client: nsor.Client, register: Register) -> None:
    # Before and after it a register need only leave a receipt out, and nothing would be left of what it has tried.
    calls(client, 3)
    client.verify_ledger()
    ledger = register.ledger
    before = ledger.origin, list(ledger.leaves)

    def fails(error: type[nsor.ProofFailed]) -> None:
        with pytest.raises(error):
            client.verify_ledger()

    register.tamper = lambda _: None
    fails(nsor.ReceiptMissing)
    register.tamper = None
    lose(register, 2, signed=False)
    fails(nsor.ReceiptWrong)
    forged = client.last_verification
    ledger.origin, ledger.leaves[:] = before
    ledger.epochs.clear()
    register.tamper = lambda _: None
    fails(nsor.ReceiptMissing)
    assert forged is not None
    assert forged in client.failed_verifications
    assert "epoch" in forged.english


def test_who_is_given_the_key_under_the_new_origin_keeps_what_was_kept(
    connect: Connect, register: Register, tmp_path: Path
) -> None:
    # The runbook has every agency given it after a loss: another journal would be empty, and call the ledger whole.
    client = connect()
    calls(client, 5)
    lose(register, 3)
    given = connect(ledger_key=note.Verifier.of(register.ledger.key, register.ledger.origin).text())
    assert given.state_folder == client.state_folder
    found = given.verify_ledger(everything=True)
    assert (found.leaves, [each.index for each in found.lost], found.lost_checkpoints) == (3, [3, 4], 2)
    assert len(list((tmp_path / "client-state").iterdir())) == 1


def test_the_command_lists_the_receipts_of_lost_entries(
    run: Callable[..., int], register: Register, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The agency enters again what they were, so that it must see which; and it must not read "whole" above a loss.
    for _ in range(3):
        assert run("agencies", "--json") == 0
    lose(register, 2)
    capsys.readouterr()
    given = note.Verifier.of(register.ledger.key, register.ledger.origin).text()
    settings.write_text(settings.read_text().replace(register.ledger.verifier, given))
    assert run("ledger", "verify") == 4
    shown = capsys.readouterr().out
    assert "has LOST entries" in shown
    assert "The ledger is whole" not in shown
    # Those that were lost are counted and named by every later verification.
    assert run("ledger", "verify", "--json") == 4
    (lost,) = json.loads(capsys.readouterr().out)["lost"]
    assert (lost["index"], lost["method"]) == (2, LIST)
    assert lost["access_id"] in shown
    assert lost["time"].startswith("2023-11-14T22:13:20")
    assert run("ledger", "verify", "--everything", "--lang", "ur") == 4
    assert "ضائع" in capsys.readouterr().out


def test_a_register_that_goes_back_before_the_epoch_whose_key_was_given_is_found(
    connect: Connect, register: Register
) -> None:
    # Who was told of the loss believes no receipt of a register that knows nothing of it.
    calls(connect(), 3)
    lose(register, 3)
    given = note.Verifier.of(register.ledger.key, register.ledger.origin).text()
    calls(connect(ledger_key=given), 1)
    register.ledger.origin = ORIGIN
    register.ledger.epochs.clear()
    del register.ledger.leaves[3:]
    with pytest.raises(nsor.LedgerRolledBack):
        calls(connect(ledger_key=given), 1)


def _by_another_entry(register: Register) -> None:
    lose(register, 3, by="nsor-server/agency.add")


def _without_the_old_origin(register: Register) -> None:
    lose(register, 3, signed=False)


def _with_another_leaf(register: Register) -> None:
    lose(register, 3)
    register.ledger.epochs[0].leaf = b"x"


def _without_an_epoch(register: Register) -> None:
    lose(register, 3)
    register.ledger.epochs.clear()


def _elsewhere(register: Register) -> None:
    lose(register, 3)
    register.ledger.epochs[0].first_index = 2


@pytest.mark.parametrize(
    "forge", [_by_another_entry, _without_the_old_origin, _with_another_leaf, _without_an_epoch, _elsewhere]
)
def test_a_forged_epoch_is_not_followed(
    connect: Connect, register: Register, forge: Callable[[Register], None]
) -> None:
    # Otherwise a rollback is passed off as a loss that the register has owned up to.
    client = connect()
    calls(client, 5)
    forge(register)
    with pytest.raises(nsor.ReceiptWrong):
        calls(client, 1)
    with pytest.raises(nsor.ProofFailed):
        client.verify_ledger()


def test_a_register_that_owns_up_to_less_than_it_has_shown_is_found(connect: Connect, register: Register) -> None:
    # It says that it had four entries; this client was shown five.
    client = connect()
    calls(client, 4)
    known = register.ledger.sign()
    calls(client, 1)
    lose(register, 2, last_known=known)
    with pytest.raises(nsor.LedgerRolledBack):
        client.verify_ledger()


def test_what_survived_must_still_be_there(connect: Connect, register: Register) -> None:
    # A new epoch is no occasion to change what came before.
    client = connect()
    calls(client, 5)
    register.ledger.leaves[1] = b"another"
    lose(register, 3)
    with pytest.raises(nsor.ProofFailed):
        client.verify_ledger()


def test_epochs_follow_each_other(connect: Connect, register: Register) -> None:
    client = connect()
    calls(client, 4)
    lose(register, 3)
    calls(client, 4)
    lose(register, 6)
    calls(client, 2)
    found = client.verify_ledger()
    # Of the second epoch one survived, before the client had asked how it was opened; of the third all.
    assert found.leaves == 3 + 1 + 2
    assert register.ledger.origin == f"{ORIGIN}/3"


def test_a_client_that_knows_a_witness_follows_an_epoch_that_it_has_co_signed(
    connect: Connect, register: Register
) -> None:
    client = connect(witnesses=[WITNESS.verifier.text()])
    calls(client, 5)
    lose(register, 3, witness=WITNESS)
    calls(client, 1)
    assert client.verify_ledger(everything=True).leaves == 4


@pytest.mark.parametrize("by", [None, WitnessKey.generate(WITNESS.verifier.name), WitnessKey.generate("other.example")])
def test_a_client_that_knows_a_witness_refuses_an_epoch_with_the_old_key_only(
    connect: Connect, register: Register, by: WitnessKey | None
) -> None:
    # Whoever has database and keyring can own up to a loss that was none; not in a witness's name.
    client, other = connect(witnesses=[WITNESS.verifier.text()]), connect()
    calls(client, 5)
    lose(register, 3, witness=by)
    with pytest.raises(nsor.EpochNotCosigned):
        calls(client, 1)
    with pytest.raises(nsor.ProofFailed):
        client.verify_ledger()
    # Who knows none goes on as before.
    calls(other, 1)


def test_each_witness_that_is_known_must_have_co_signed_each_epoch(connect: Connect, register: Register) -> None:
    second = WitnessKey.generate("witness.example/second")
    client = connect(witnesses=[WITNESS.verifier.text(), second.verifier.text()])
    calls(client, 4)
    lose(register, 3, witness=WITNESS)
    with pytest.raises(nsor.EpochNotCosigned):
        calls(client, 1)
    opened = register.ledger.epochs[0]
    opened.checkpoint = cosignature.cosign(opened.checkpoint, second, AT)
    calls(client, 1)
    lose(register, 5)
    with pytest.raises(nsor.EpochNotCosigned):
        calls(client, 1)


def test_an_epoch_whose_key_was_handed_out_is_no_way_around_the_witness(connect: Connect, register: Register) -> None:
    # The operator gives each agency the key under the new origin.
    calls(connect(), 4)
    lose(register, 3)
    given = note.Verifier.of(register.ledger.key, register.ledger.origin).text()
    calls(connect(ledger_key=given), 1)
    with pytest.raises(nsor.EpochNotCosigned):
        calls(connect(ledger_key=given, witnesses=[WITNESS.verifier.text()]), 1)


def test_the_key_of_a_witness_is_one(connect: Connect, register: Register) -> None:
    # Another ledger's key, taken for a witness's, would let every epoch fail without a word.
    with pytest.raises(nsor.SettingsWrong, match="witness"):
        connect(witnesses=[register.ledger.verifier])
