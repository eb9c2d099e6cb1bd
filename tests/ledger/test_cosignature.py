"""Co-signatures: what a witness said, and when, can't be changed, and nobody else can say it."""

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from nsor.errors import SettingsWrong
from nsor.ledger import cosignature, cosigned, note
from nsor.ledger.cosignature import WitnessKey, WitnessVerifier
from nsor.ledger.cosigned import CosignedFile
from nsor.ledger.note import Checkpoint, NoteError

ORIGIN = "nsor.gov.pk/ledger"
NAME = "witness.example/committee"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CHECKPOINT = Checkpoint(ORIGIN, 7, bytes(range(32)))
SIGNED = note.sign(CHECKPOINT, LOG_KEY, ORIGIN)
WITNESS = WitnessKey(Ed25519PrivateKey.from_private_bytes(bytes(range(100, 132))), NAME)
VERIFIER = WITNESS.verifier.text()
AT = 1_790_000_000

# The same key, name and checkpoint, co-signed by Go's github.com/transparency-dev/formats/note.
GO_TIME = 1_795_572_319
GO_LINE = (
    "— witness.example/committee 9fRulwAAAABrBkJfuOlhhlqB1ohTMRRIUAxk3AfVMVGRK3c1W2iUD221bIH324ojDPAzkziJz6Zhru2B"
    "X9oqhkdouwe1ifzEJOHiAw==\n"
)


def test_another_implementation_says_the_same() -> None:
    # Ed25519 is deterministic: key id, time and signature are those of the specification, byte by byte.
    assert cosignature.cosign(SIGNED, WITNESS, GO_TIME) == SIGNED + GO_LINE.encode()
    assert cosignature.verify(CHECKPOINT.text() + b"\n" + GO_LINE.encode(), VERIFIER) == (CHECKPOINT, GO_TIME)


@given(st.integers(0, 2**63 - 1))
def test_round_trip(at: int) -> None:
    # What the witness said is what is read, and the ledger's own signature still holds beside it.
    signed = cosignature.cosign(SIGNED, WITNESS, at)
    assert cosignature.verify(signed, VERIFIER) == (CHECKPOINT, at)
    assert note.verify(signed, note.Verifier.of(LOG_KEY, ORIGIN)) == CHECKPOINT


def test_a_time_that_cannot_be_written_is_refused() -> None:
    # A time beyond the format would be another time when it is read.
    for at in (-1, 2**63):
        with pytest.raises(ValueError, match="seconds"):
            cosignature.cosign(SIGNED, WITNESS, at)


@given(st.data())
def test_every_changed_byte_is_noticed(data: st.DataObject) -> None:
    # No byte of what was co-signed, or of the co-signature, can be changed: the time neither.
    signed = CHECKPOINT.text() + b"\n" + WITNESS.line(CHECKPOINT.text(), AT)
    at = data.draw(st.integers(0, len(signed) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != signed[at]))
    with pytest.raises(NoteError):
        cosignature.verify(signed[:at] + bytes([byte]) + signed[at + 1 :], VERIFIER)


def altered(signed: bytes, change: int) -> bytes:
    """The note with its co-signature's time moved on."""
    *others, last = signed.decode().splitlines(keepends=True)
    raw = base64.b64decode(last.split(" ")[2])
    moved = raw[:4] + (int.from_bytes(raw[4:12]) + change).to_bytes(8) + raw[12:]
    return "".join(others).encode() + note.signature_line(NAME, moved)


def test_an_altered_time_is_refused() -> None:
    # Otherwise an old statement could be passed off as today's, that the tree is still the largest.
    signed = cosignature.cosign(SIGNED, WITNESS, AT)
    assert altered(signed, 0) == signed
    with pytest.raises(NoteError, match="wrong"):
        cosignature.verify(altered(signed, 1), VERIFIER)


def test_another_key_of_the_same_name_is_refused() -> None:
    # The name of a witness proves nothing.
    other = cosignature.cosign(SIGNED, WitnessKey.generate(NAME), AT)
    with pytest.raises(NoteError, match="hasn't co-signed"):
        cosignature.verify(other, VERIFIER)


def test_a_key_under_another_id_is_refused() -> None:
    # Whoever copies the id and signs with another key is a forger, not a stranger.
    forged = WitnessKey.generate(NAME).line(CHECKPOINT.text(), AT).decode()
    raw = base64.b64decode(forged.split(" ")[2])
    line = note.signature_line(NAME, WITNESS.verifier.key_id + raw[4:])
    with pytest.raises(NoteError, match="wrong"):
        cosignature.verify(SIGNED + line, VERIFIER)


def test_a_wrong_co_signature_beside_a_right_one_is_refused() -> None:
    # A note is taken as a whole: what a known key is said to have signed must hold.
    right = WITNESS.line(CHECKPOINT.text(), AT)
    for value in (bytes(72), bytes(71), bytes(64), b"\xff" * 72):
        with pytest.raises(NoteError, match=r"wrong|malformed"):
            cosignature.verify(SIGNED + right + note.signature_line(NAME, WITNESS.verifier.key_id + value), VERIFIER)


def test_a_plain_signature_is_no_co_signature() -> None:
    # The same key that signs the note itself says nothing about a time; the two uses never mix.
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(100, 132)))
    with pytest.raises(NoteError, match="hasn't co-signed"):
        cosignature.verify(note.sign(CHECKPOINT, key, NAME), VERIFIER)
    with pytest.raises(NoteError, match="byte 04"):
        WitnessVerifier.parse(note.Verifier.of(key, NAME).text())
    with pytest.raises(NoteError, match="byte 01"):
        note.Verifier.parse(VERIFIER)


def test_signatures_of_strangers_are_passed_over() -> None:
    # signed-note: at least 16 signatures, of any type and length; only known keys are looked at.
    strangers = b"".join(
        note.signature_line(f"stranger.example/{number}", bytes([number]) * length)
        for number, length in enumerate((5, 68, 76, 2432, *[4000] * 12))
    )
    same_name = note.signature_line(NAME, b"\x00\x00\x00\x01" + bytes(72))
    signed = cosignature.cosign(SIGNED + strangers + same_name, WITNESS, AT)
    assert cosignature.verify(signed, VERIFIER) == (CHECKPOINT, AT)


def test_only_checkpoints_are_co_signed() -> None:
    # A witness signs nothing but what it can have verified.
    for text in (b"hello\n", b"nsor.gov.pk/ledger\n07\nAAAA\n", CHECKPOINT.text() + b"\nextension\n"):
        with pytest.raises(NoteError):
            cosignature.cosign(text + b"\n" + note.signature_line(NAME, bytes(68)), WITNESS, AT)


def test_keys_are_kept(tmp_path: Path) -> None:
    # The key comes back with its name, only its owner reads it, and it is never overwritten.
    path = tmp_path / "witness.key"
    WITNESS.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert WitnessKey.load(path).verifier.text() == VERIFIER
    assert WitnessVerifier.parse(VERIFIER).text() == VERIFIER
    with pytest.raises(FileExistsError):
        WITNESS.save(path)
    path.chmod(0o640)
    with pytest.raises(SettingsWrong, match="read by others"):
        WitnessKey.load(path)


@pytest.mark.parametrize("content", [b"", b"Witness: a\n", b"no name\n"])
def test_what_is_no_key_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "witness.key"
    if content == b"no name\n":
        WITNESS.save(tmp_path / "whole")
        content = (tmp_path / "whole").read_bytes().partition(b"\n")[2]
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SettingsWrong):
        WitnessKey.load(path)


def test_names_have_no_spaces() -> None:
    for name in ("", "a b", "a+b", "a\n"):
        with pytest.raises(NoteError):
            WitnessKey.generate(name)


@pytest.mark.parametrize("cut", range(1, 260, 9))
def test_a_torn_append_is_repaired(tmp_path: Path, cut: int) -> None:
    # A crash in the middle of an append costs that note and no other; until then it is no whole note.
    path = tmp_path / "cosigned"
    notes = [cosignature.cosign(SIGNED, WITNESS, AT + number) for number in range(3)]
    for each in notes[:2]:
        with CosignedFile.open(path) as file:
            file.append(each)
    path.write_bytes(path.read_bytes()[:-cut])
    assert [each for each in cosigned.read(path) if each in notes] == notes[:1]
    with CosignedFile.open(path) as file:
        file.append(notes[2])
    assert list(cosigned.read(path)) == [notes[0], notes[2]]


def test_files_can_be_joined(tmp_path: Path) -> None:
    # Witnesses keep a file each; whoever checks puts them one after the other.
    notes = [cosignature.cosign(SIGNED, WITNESS, AT + number) for number in range(2)]
    path = tmp_path / "both"
    path.write_bytes(b"".join(each + b"\n" for each in notes))
    assert list(cosigned.read(path)) == notes
