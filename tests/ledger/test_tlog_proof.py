"""A receipt as tlog-proof text."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.ledger import merkle
from nsor.ledger.note import Checkpoint, NoteError, Signer, Verifier
from nsor.ledger.tlog_proof import TlogProof

ORIGIN = "nsor.example/ledger"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
VERIFIER = Verifier.of(KEY, ORIGIN)
ENTRIES = [bytes([index]) for index in range(5)]
HASHES = [merkle.leaf_hash(each) for each in ENTRIES]
SIGNED = Signer(KEY, ORIGIN).sign(Checkpoint(ORIGIN, len(ENTRIES), merkle.root_of(HASHES)))


def proof(index: int, extra: bytes = b"") -> TlogProof:
    path = [merkle.root_of(HASHES[each.start : each.stop]) for each in merkle.inclusion_path(index, len(ENTRIES))]
    return TlogProof(index, tuple(path), SIGNED, extra)


def test_the_text_is_that_of_the_standard() -> None:
    one = base64.b64encode(HASHES[1]).decode()
    text = proof(0, b"extra").text().decode()
    assert text.startswith(f"c2sp.org/tlog-proof@v1\nextra ZXh0cmE=\nindex 0\n{one}\n")
    assert text.endswith(f"=\n\n{SIGNED.decode()}")
    assert "extra" not in proof(0).text().decode()


@pytest.mark.parametrize("index", range(len(ENTRIES)))
@pytest.mark.parametrize("extra", [b"", b"\xff"])
def test_a_proof_is_read_as_it_was_written_and_proves_its_entry(index: int, extra: bytes) -> None:
    written = proof(index, extra)
    read = TlogProof.parse(written.text())
    assert read == written
    read.verify(ENTRIES[index], VERIFIER)


def test_a_tree_of_one_entry_is_proved_without_a_hash() -> None:
    signed = Signer(KEY, ORIGIN).sign(Checkpoint(ORIGIN, 1, HASHES[0]))
    read = TlogProof.parse(TlogProof(0, (), signed).text())
    read.verify(ENTRIES[0], VERIFIER)


def test_it_proves_no_other_entry() -> None:
    with pytest.raises(merkle.ProofError):
        proof(2).verify(ENTRIES[3], VERIFIER)


def test_it_proves_nothing_under_another_key() -> None:
    other = Verifier.of(Ed25519PrivateKey.generate(), ORIGIN)
    with pytest.raises(NoteError):
        proof(2).verify(ENTRIES[2], other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"proof@v1", b"proof@v2"),
        (b"index 2", b"index 02"),
        (b"index 2", b"index -1"),
        (b"index 2", b"extra \nindex 2"),
        (b"index 2\n", b""),
        (b"index 2\n", b"index 2\nAAAA\n"),
        (b"index 2\n", b"index 2\n" + base64.b64encode(bytes(32)) * 1 + b"=\n"),
        (b"index 2\n", b"index 2\n" + (base64.b64encode(bytes(32)) + b"\n") * 64),
        (b"index 2\n", "index ٢\n".encode()),
        # The bits that base64 leaves over are zero: else one proof could be written in several ways.
        (b"index 2\n", b"extra ZXh0cmF=\nindex 2\n"),
        (b"index 2\n", b"index 2\n" + b"A" * 42 + b"B=\n"),
    ],
)
def test_a_text_that_isnt_one_is_refused(old: bytes, new: bytes) -> None:
    text = proof(2).text()
    assert old in text
    with pytest.raises(NoteError):
        TlogProof.parse(text.replace(old, new, 1))
