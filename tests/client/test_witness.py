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
from nsor.v1 import directory_pb2

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
    assert (checkpoint.size, checkpoint.root, at) == (second.verified.size, second.verified.root, AT)
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
    assert _cosign(client, path).verified.size


def test_a_damaged_file_is_not_added_to(client: nsor.Client, tmp_path: Path) -> None:
    # Whoever damages what the witness said could make it say something else.
    path = tmp_path / "cosigned"
    _calls(client, 1)
    _cosign(client, path)
    path.write_bytes(path.read_bytes().replace(b"test.example/ledger\n", b"test.example/ledgre\n", 1))
    with pytest.raises(nsor.SettingsWrong, match="damaged"):
        _cosign(client, path)


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
