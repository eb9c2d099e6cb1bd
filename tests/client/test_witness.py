"""A witness: it co-signs only a ledger that continues all it has seen, and its file can be handed on."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import nsor
from nsor import cli, witness
from nsor.ledger import cosignature, cosigned, merkle, note
from nsor.ledger.cosignature import WitnessKey
from nsor.ledger.epochs import Opening
from nsor.ledger.handover import HandedOver
from nsor.v1 import directory_pb2
from tests.client.conftest import ORIGIN
from tests.client.losses import lose

if TYPE_CHECKING:
    from tests.client.conftest import Connect, Files, Register

AT = 1_790_000_000
KEY = WitnessKey.generate("witness.example/committee")


@pytest.fixture(autouse=True)
def _answer(register: Register) -> None:
    register.answers["nsor.v1.DirectoryService/ListAgencies"] = lambda _: directory_pb2.ListAgenciesResponse()


def _calls(client: nsor.Client, number: int) -> None:
    for _ in range(number):
        client.directory.list_agencies(directory_pb2.ListAgenciesRequest())


def _cosign(client: nsor.Client, path: Path) -> witness.Cosigned:
    return witness.cosign(client, KEY, path, clock=lambda: AT + 0.9)


def test_the_newest_checkpoint_is_co_signed(client: nsor.Client, register: Register, tmp_path: Path) -> None:
    # After the proof, with the witness's time; each co-signature is appended.
    path = tmp_path / "handed-on" / "cosigned"
    _calls(client, 3)
    first = _cosign(client, path)
    _calls(client, 2)
    second = _cosign(client, path)
    assert list(cosigned.read(path)) == [first.note, second.note]
    checkpoint, at = cosignature.verify(second.note, KEY.verifier.text())
    assert (checkpoint, at) == (second.checkpoint, AT)
    assert note.verify(second.note, note.Verifier.parse(register.ledger.verifier)) == checkpoint
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_fork_is_not_co_signed(client: nsor.Client, register: Register, tmp_path: Path) -> None:
    # A witness that signs two trees has made them both believable.
    path = tmp_path / "cosigned"
    _calls(client, 3)
    _cosign(client, path)
    before = path.read_bytes()
    register.ledger.leaves[1] = b"another"
    with pytest.raises(nsor.LedgerForked):
        _cosign(client, path)
    assert path.read_bytes() == before


def test_a_rollback_is_not_co_signed(connect: Connect, register: Register, tmp_path: Path) -> None:
    # A later run, in another process, sees it: what the first one kept is on the disk.
    path = tmp_path / "cosigned"
    client = connect()
    _calls(client, 9)
    _cosign(client, path)
    before = path.read_bytes()
    del register.ledger.leaves[4:]
    with pytest.raises(nsor.LedgerRolledBack):
        _cosign(connect(), path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("attack", ["fork", "rollback"])
def test_a_lost_state_folder_is_no_way_around(
    connect: Connect, register: Register, tmp_path: Path, attack: str
) -> None:
    # The witness's own file remembers what it has said, when the client has forgotten all.
    path = tmp_path / "cosigned"
    client = connect()
    _calls(client, 9)
    _cosign(client, path)
    client.close()
    shutil.rmtree(tmp_path / "client-state")
    if attack == "fork":
        register.ledger.leaves[1] = b"another"
    else:
        del register.ledger.leaves[4:]
    with pytest.raises(nsor.ProofFailed):
        _cosign(connect(), path)
    assert len(list(cosigned.read(path))) == 1


def test_what_others_co_signed_is_theirs(client: nsor.Client, tmp_path: Path) -> None:
    # A file may be shared, and may hold an older ledger's checkpoints: neither binds this witness here.
    path = tmp_path / "cosigned"
    _calls(client, 1)
    foreign = note.sign(note.Checkpoint("old.example/log", 900, merkle.EMPTY_ROOT), KEY._key, "old.example/log")
    stranger = WitnessKey.generate("witness.example/other")
    with cosigned.CosignedFile.open(path) as file:
        file.append(cosignature.cosign(foreign, KEY, AT))
        file.append(cosignature.cosign(foreign, stranger, AT))
    assert _cosign(client, path).checkpoint.size


def test_a_damaged_file_is_not_added_to(client: nsor.Client, tmp_path: Path) -> None:
    # Whoever damages what the witness said could make it say something else.
    path = tmp_path / "cosigned"
    _calls(client, 1)
    _cosign(client, path)
    path.write_bytes(path.read_bytes().replace(b"test.example/ledger\n", b"test.example/ledgre\n", 1))
    with pytest.raises(nsor.SettingsWrong, match="damaged"):
        _cosign(client, path)


def _handed_over(register: Register, path: Path, seen: Path | None = None) -> Path:
    """The newest epoch as the operator hands it over, with proofs for what the witness has co-signed."""
    ledger, one = register.ledger, register.ledger.epochs[-1]
    opening = Opening(one.first_index, one.last_known, one.leaf, one.checkpoint, one.hashes)
    first = note.Checkpoint.parse(note.Note.parse(one.checkpoint).text).size
    sizes = {note.Checkpoint.parse(note.Note.parse(each).text).size for each in cosigned.read(seen)} if seen else set()
    proofs = {
        size: ledger.consistency(min(size, first), max(size, first)) for size in sizes if size <= len(ledger.leaves)
    }
    path.write_bytes(HandedOver(opening, proofs).content())
    return path


def _cosign_opening(client: nsor.Client, path: Path, opening: Path) -> witness.Cosigned:
    return witness.cosign_opening(client, KEY, path, opening, clock=lambda: AT + 0.9)


def test_the_beginning_of_an_epoch_is_co_signed_while_nobody_can_be_asked(
    connect: Connect, register: Register, tmp_path: Path
) -> None:
    # It owns up to all that was shown, and what survived continues what was co-signed before.
    path = tmp_path / "cosigned"
    client = connect()
    _calls(client, 3)
    _cosign(client, path)
    _calls(client, 6)
    lose(register, 6)
    asked = len(register.calls)
    done = _cosign_opening(client, path, _handed_over(register, tmp_path / "opening", path))
    assert len(register.calls) == asked
    assert (done.checkpoint.size, done.checkpoint.origin) == (7, register.ledger.origin)
    # A client that knows the witness follows, and the witness itself goes on.
    register.ledger.epochs[0].checkpoint = list(cosigned.read(path))[-1]
    knows = connect(witnesses=[KEY.verifier.text()])
    _calls(knows, 1)
    assert _cosign(client, path).checkpoint.origin == register.ledger.origin


@pytest.mark.parametrize("what", ["less", "another tree"])
def test_an_epoch_that_owns_up_to_less_than_was_shown_or_to_another_tree_is_not_co_signed(
    connect: Connect, register: Register, tmp_path: Path, what: str
) -> None:
    path = tmp_path / "cosigned"
    client = connect()
    _calls(client, 4)
    other = note.sign(note.Checkpoint(ORIGIN, 4, bytes(32)), register.ledger.key, ORIGIN)
    lose(register, 2, last_known=register.ledger.sign(3) if what == "less" else other)
    with pytest.raises(nsor.LedgerRolledBack if what == "less" else nsor.LedgerForked):
        _cosign_opening(client, path, _handed_over(register, tmp_path / "opening"))
    assert not list(cosigned.read(path))


@pytest.mark.parametrize("how", ["rewritten", "without its proof"])
def test_an_epoch_that_does_not_continue_what_survived_is_not_co_signed(
    connect: Connect, register: Register, tmp_path: Path, how: str
) -> None:
    # A loss is no occasion to change what a witness has seen.
    path = tmp_path / "cosigned"
    client = connect()
    _calls(client, 3)
    _cosign(client, path)
    _calls(client, 6)
    known = register.ledger.sign()
    if how == "rewritten":
        register.ledger.leaves[1] = b"another"
    lose(register, 6, last_known=known)
    with pytest.raises(nsor.LedgerForked):
        _cosign_opening(
            client, path, _handed_over(register, tmp_path / "opening", path if how == "rewritten" else None)
        )
    assert len(list(cosigned.read(path))) == 1


def test_an_epoch_begins_once(connect: Connect, register: Register, tmp_path: Path) -> None:
    # Two beginnings under one origin are two pasts; the one that was co-signed may be co-signed again, also later.
    path = tmp_path / "cosigned"
    client = connect()
    _calls(client, 5)
    lose(register, 3)
    first = _handed_over(register, tmp_path / "first")
    _cosign_opening(client, path, first)
    _calls(client, 4)
    _cosign(client, path)
    with pytest.raises(nsor.LedgerForked):
        _cosign_opening(client, path, first)
    _cosign_opening(client, path, _handed_over(register, tmp_path / "later", path))
    ledger = register.ledger
    del ledger.leaves[4:]
    known, ledger.origin = ledger.epochs.pop().last_known, ORIGIN
    lose(register, 2, last_known=known)
    with pytest.raises(nsor.LedgerForked):
        _cosign_opening(client, path, _handed_over(register, tmp_path / "second", path))
    assert len(list(cosigned.read(path))) == 3


def test_what_opens_no_epoch_is_said_to_be_none(connect: Connect, register: Register, tmp_path: Path) -> None:
    path, opening = tmp_path / "cosigned", tmp_path / "opening"
    client = connect()
    _calls(client, 5)
    lose(register, 3, signed=False)
    opening.write_bytes(b"no epoch")
    for each in (opening, _handed_over(register, tmp_path / "unsigned")):
        with pytest.raises(nsor.SettingsWrong, match="opens no epoch"):
            _cosign_opening(client, path, each)


def test_a_witness_remembers_each_epoch(connect: Connect, register: Register, tmp_path: Path) -> None:
    # Its file is its memory after an epoch too, when the state folder is lost.
    path = tmp_path / "cosigned"
    client = connect()
    _calls(client, 4)
    _cosign(client, path)
    lose(register, 4)
    _calls(client, 4)
    _cosign(client, path)
    client.close()
    shutil.rmtree(tmp_path / "client-state")
    register.ledger.leaves[6] = b"another"
    with pytest.raises(nsor.ProofFailed):
        _cosign(connect(), path)
    assert len(list(cosigned.read(path))) == 2


def test_a_witness_who_is_given_the_key_under_the_new_origin_forgets_nothing(
    connect: Connect, register: Register
) -> None:
    # Its file stands in the state folder, which must stay the same one: an empty history is continued by anything.
    client = connect()
    path = client.state_folder / "cosigned"
    _calls(client, 4)
    _cosign(client, path)
    lose(register, 4)
    given = connect(ledger_key=note.Verifier.of(register.ledger.key, register.ledger.origin).text())
    assert given.state_folder / "cosigned" == path
    _cosign(given, path)
    register.ledger.leaves[2] = b"another"
    with pytest.raises(nsor.LedgerForked):
        _cosign(given, path)
    assert len(list(cosigned.read(path))) == 2


@pytest.fixture
def settings(tmp_path: Path, files: Files, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        f'target = "{register.target}"\nca = "{files.ca}"\nledger_key = "{register.ledger.verifier}"\n'
        f'[committee]\ncertificate = "{files.certificate}"\nkey = "{files.key}"\nstate = "state"\n'
    )
    for name in [name for name in os.environ if name.startswith("NSOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NSOR_CLIENT_CONFIG", str(path))
    monkeypatch.setenv("NSOR_AGENCY", "committee")


@pytest.mark.usefixtures("settings")
def test_the_command(register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # From a key to a co-signature that anybody checks; exit 3 and no signature when the ledger is shorter.
    key, out = tmp_path / "witness.key", tmp_path / "out"
    assert cli.run(["ledger", "new-witness-key", str(key)]) == 0
    verifier = capsys.readouterr().out.strip()
    assert verifier.startswith("nsor.gov.pk/witness/committee+")
    assert cli.run(["agencies"]) == 0
    assert cli.run(["ledger", "cosign", "--witness-key", str(key), "--out", str(out)]) == 0
    assert verifier in capsys.readouterr().out
    assert cli.run(["ledger", "cosign", "--witness-key", str(key), "--out", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    checkpoint, at = cosignature.verify(answer["note"].encode(), verifier)
    assert (checkpoint.size, at) == (answer["size"], answer["time"])
    assert len(list(cosigned.read(out))) == 2
    del register.ledger.leaves[1:]
    assert cli.run(["ledger", "cosign", "--witness-key", str(key), "--out", str(out)]) == cli.PROOF_FAILED
    assert len(list(cosigned.read(out))) == 2


@pytest.mark.usefixtures("settings")
def test_wrong_use_is_said_to_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Keys are never overwritten, and a witness has a name that fits.
    key = tmp_path / "witness.key"
    assert cli.run(["ledger", "new-witness-key", str(key), "--name", "a b"]) == cli.USAGE
    assert cli.run(["ledger", "cosign", "--witness-key", str(key)]) == cli.USAGE
    assert cli.run(["ledger", "new-witness-key", str(key), "--name", "a.example"]) == 0
    assert cli.run(["ledger", "new-witness-key", str(key), "--name", "a.example"]) == cli.USAGE
    monkeypatch.delenv("NSOR_AGENCY")
    assert cli.run(["ledger", "new-witness-key", str(tmp_path / "other")]) == cli.USAGE
