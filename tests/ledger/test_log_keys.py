"""The ledger's public keys, as a process has them that holds no keyring."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.ledger import merkle, note
from nsor.ledger.note import Checkpoint, NoteError
from nsor_server.config import OperatorError
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.storage.keyring import Keyring

CHECKPOINT = Checkpoint("test.example/ledger/2", 7, merkle.EMPTY_ROOT)


def test_any_of_the_keys_may_have_signed_under_any_origin(keyring: Keyring, tmp_path: Path) -> None:
    before = Ed25519PrivateKey.generate()
    old = note.Verifier.of(before, "test.example/ledger").text()
    (tmp_path / "keys").write_text(f"{old}\n{keyring.verifier_key('test.example/ledger')}\n")
    keys = LogKeys.load(tmp_path / "keys")
    for signer in (before, keyring.ledger_signer):
        assert keys.verify(note.sign(CHECKPOINT, signer, CHECKPOINT.origin)) == CHECKPOINT


def test_nobody_elses_checkpoint_is_taken(keyring: Keyring) -> None:
    signed = note.sign(CHECKPOINT, Ed25519PrivateKey.generate(), CHECKPOINT.origin)
    with pytest.raises(NoteError, match="hasn't signed"):
        LogKeys.of(keyring).verify(signed)
    with pytest.raises(NoteError, match="no key is known"):
        LogKeys(()).verify(signed)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "holds no verifier key"), (b"none\n", "must hold"), (b"\xff\n", "can't be read"), (None, "can't be read")],
)
def test_a_file_without_keys_is_said_to_have_none(tmp_path: Path, content: bytes | None, why: str) -> None:
    if content is not None:
        (tmp_path / "keys").write_bytes(content)
    with pytest.raises(OperatorError, match=why):
        LogKeys.load(tmp_path / "keys")
