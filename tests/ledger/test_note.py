"""Checkpoints: what is signed is what is read, and nothing that could be read in two ways is accepted."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from nsor.ledger import note
from nsor.ledger.note import Checkpoint, NoteError, Verifier

ORIGIN = "nsor.gov.pk/ledger"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VERIFIER = Verifier.of(KEY, ORIGIN)
CHECKPOINT = Checkpoint(ORIGIN, 7, bytes(range(32)))

# The example of Go's golang.org/x/mod/sumdb/note, which the C2SP specification was written from.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_of_another_implementation_verifies() -> None:
    # Key ids and signatures are those of the specification, not of our own making.
    Verifier.parse(GO_KEY).verify(note.Note.parse(GO_NOTE.encode()))
    assert Verifier.parse(GO_KEY).text() == GO_KEY


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32))
def test_round_trip(size: int, root: bytes) -> None:
    # What is signed is what is read.
    checkpoint = Checkpoint(ORIGIN, size, root)
    assert note.verify(note.sign(checkpoint, KEY, ORIGIN), Verifier.parse(VERIFIER.text())) == checkpoint


@given(st.data())
def test_every_changed_byte_is_noticed(data: st.DataObject) -> None:
    # No byte of a signed checkpoint can be changed.
    signed = note.sign(CHECKPOINT, KEY, ORIGIN)
    at = data.draw(st.integers(0, len(signed) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != signed[at]))
    with pytest.raises(NoteError):
        note.verify(signed[:at] + bytes([byte]) + signed[at + 1 :], VERIFIER)


def test_another_key_of_the_same_name_is_refused() -> None:
    # The name of a key proves nothing.
    other = Ed25519PrivateKey.generate()
    with pytest.raises(NoteError, match="hasn't signed"):
        note.verify(note.sign(CHECKPOINT, other, ORIGIN), VERIFIER)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    # One key may sign for several logs; a checkpoint counts for the one that its verifier names.
    elsewhere = Checkpoint("nsor.gov.pk/other", 7, CHECKPOINT.root)
    with pytest.raises(NoteError, match=r"of nsor\.gov\.pk/other"):
        note.verify(note.sign(elsewhere, KEY, ORIGIN), VERIFIER)


def test_witnesses_may_sign_too() -> None:
    # Signatures of keys that we don't know are passed over, wherever they stand.
    signed = note.sign(CHECKPOINT, KEY, ORIGIN)
    witness = note.sign(CHECKPOINT, Ed25519PrivateKey.generate(), "witness.example").split(b"\n\n")[1]
    text, own = signed.split(b"\n\n")
    assert note.verify(signed + witness, VERIFIER) == CHECKPOINT
    assert note.verify(text + b"\n\n" + witness + own, VERIFIER) == CHECKPOINT


def test_a_wrong_signature_beside_a_right_one_is_refused() -> None:
    # A second, wrong signature under our own key is no ornament.
    signed = note.sign(CHECKPOINT, KEY, ORIGIN)
    wrong = base64.b64encode(VERIFIER.key_id + bytes(64)).decode()
    with pytest.raises(NoteError, match="wrong"):
        note.verify(signed + f"— {ORIGIN} {wrong}\n".encode(), VERIFIER)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"nsor\n7\n",
        b"nsor\n07\n" + base64.b64encode(bytes(32)) + b"\n",
        b"nsor\n-7\n" + base64.b64encode(bytes(32)) + b"\n",
        b"nsor\n+7\n" + base64.b64encode(bytes(32)) + b"\n",
        b"nsor\n\xd9\xa7\n" + base64.b64encode(bytes(32)) + b"\n",
        b"nsor\n7\n" + base64.b64encode(bytes(31)) + b"\n",
        b"nsor\n7\n" + base64.b64encode(bytes(32))[:-1] + b"\n",
        b"nsor\n7\n" + base64.b64encode(bytes(32))[:-2] + b"B=\n",
        b"nsor\n7\n" + base64.b64encode(bytes(32)) + b"\r\n",
        b"nsor\n7\n" + base64.b64encode(bytes(32)) + b"\n\n",
        b"nsor\n7\n" + base64.b64encode(bytes(32)) + b"\n\nextension\n",
        b"nsor\n7\n" + base64.b64encode(bytes(32)) + b"\nextension",
        b"ns or\n7\n" + base64.b64encode(bytes(32)) + b"\n",
        b"\n7\n" + base64.b64encode(bytes(32)) + b"\n",
    ],
)
def test_checkpoints_have_one_form(text: bytes) -> None:
    # A second way to write a checkpoint would be a second thing to sign.
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


def test_lines_of_extensions_are_kept_and_signed() -> None:
    # Another log's checkpoint may have them (tlog-checkpoint); dropping one would give other bytes than were signed.
    text = b"example.com/log\n7\n" + base64.b64encode(bytes(32)) + b"\nfirst extension\nsecond\n"
    checkpoint = Checkpoint.parse(text)
    assert checkpoint.extensions == ("first extension", "second")
    assert checkpoint.text() == text


@pytest.mark.parametrize(
    "signed",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n\xe2\x80\x94 name AAAAAAAA",
        b"text\n\n- name AAAAAAAA\n",
        b"text\n\n\xe2\x80\x94 name AAAA\n",
        b"text\n\n\xe2\x80\x94 na+me AAAAAAAA\n",
        b"text\n\n\xe2\x80\x94  AAAAAAAA\n",
        b"te\x00xt\n\n\xe2\x80\x94 name AAAAAAAA\n",
        b"te\xffxt\n\n\xe2\x80\x94 name AAAAAAAA\n",
        b"a" * 9000,
    ],
)
def test_notes_have_one_form(signed: bytes) -> None:
    # What isn't exactly a signed note isn't read as one.
    with pytest.raises(NoteError):
        note.Note.parse(signed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name+00000000",
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("PeterNeumann", "Peter"),
        "name+c74f20a3+AhpcMQ==",
        GO_KEY + "=",
    ],
)
def test_verifier_keys_have_one_form(text: str) -> None:
    # A key whose id doesn't fit was mistyped or exchanged.
    with pytest.raises(NoteError):
        Verifier.parse(text)
