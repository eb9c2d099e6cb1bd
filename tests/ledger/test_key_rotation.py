"""The rotation of the key that signs the ledger: believed by both keys' signatures and an entry alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.ledger import merkle, note, rotations
from nsor.ledger.note import Checkpoint, Note, NoteError
from nsor.ledger.rotations import Rotation, RotationForged
from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger import directory_proof, key_rotation, keyring_check, outside, proofs
from nsor_server.ledger.append import Connection, Ledger
from nsor_server.ledger.entry import LedgerUnavailable
from nsor_server.ledger.key_rotation import ForgedRotation
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.storage import keyring as keyrings
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.ledger.conftest import ORIGIN, NewEntry, Write
from tests.ledger.test_commands import Operator


class Rotating(Operator):
    """An operator who rotates keys."""

    def rotate(self) -> tuple[int, str]:
        return self.do("keys", "rotate-ledger")

    @property
    def now(self) -> Keyring:
        """As it is in its file."""
        return keyrings.load(str(self.folder / "keys.json"))


@pytest.fixture
def operator(database: Database, keyring: Keyring, tmp_path: Path) -> Rotating:
    return Rotating(database, keyring, tmp_path)


Rotations = Callable[[], list[Rotation]]


@pytest.fixture
def shown(database: Database) -> Rotations:
    def read() -> list[Rotation]:
        with database.transaction() as conn:
            return key_rotation.read(conn)

    return read


def verifier(keyring: Keyring, number: int) -> note.Verifier:
    return note.Verifier.of(keyring.ledger.signers[number], ORIGIN)


def append(database: Database, keyring: Keyring, new_entry: NewEntry, count: int = 1) -> bytes:
    with database.transaction() as conn:
        made = Ledger(keyring, ORIGIN).append(conn, [new_entry() for _ in range(count)])
    return made.receipts[-1].checkpoint


def signers_of(signed: bytes, keyring: Keyring) -> list[int]:
    """By which of the keyring's keys a checkpoint is signed."""
    found = []
    for number in range(len(keyring.ledger.signers)):
        try:
            verifier(keyring, number).verify(Note.parse(signed))
            found.append(number)
        except NoteError:
            continue
    return found


def test_the_first_checkpoint_of_a_new_key_is_signed_by_both_and_the_others_by_one(
    operator: Rotating, database: Database, write: Write, new_entry: NewEntry, shown: Rotations
) -> None:
    write(3)
    for number in (1, 2):
        code, said = operator.rotate()
        assert code == 0, said
        own = operator.now
        assert own.verifier_key(ORIGIN) in said.replace("\n", "")
        one = shown()[-1]
        assert signers_of(one.checkpoint, own) == [number - 1, number]
        assert signers_of(append(database, own, new_entry), own) == [number]
        assert own.ledger.ended[-1].size == one.first_index + 1
    keys = rotations.proved(shown(), verifier(own, 0))
    with database.transaction() as conn:
        for size in range(1, 8):
            signed = proofs.checkpoint(conn, size)
            assert keys.verify(signed)[0] == LogKeys.of(own).verify(signed)
        key_rotation.check(conn, own, ORIGIN)
        keyring_check.check(conn, own)


def test_verification_goes_across_a_rotation_and_so_does_the_outside_copy(
    operator: Rotating, database: Database, write: Write, new_entry: NewEntry
) -> None:
    write(3)
    operator.rotate()
    append(database, operator.now, new_entry, 300)
    operator.rotate()
    append(database, operator.now, new_entry)
    code, said = operator.run("new-copy", "--yes")
    assert code == 0, said
    code, said = operator.run("verify")
    assert code == 0, said
    with database.transaction() as conn:
        outside.compare(conn, operator.folder / "checkpoints")


def test_whoever_publishes_or_exports_the_log_goes_on_too(
    operator: Rotating, database: Database, write: Write, keyring: Keyring, new_entry: NewEntry
) -> None:
    write(300)
    path = operator.folder / "ledger.key"
    path.write_text(keyring.verifier_key(ORIGIN) + "\n")
    publishing = LogKeys.load(path)
    assert operator.run("export", str(operator.folder / "log"))[0] == 0
    operator.rotate()
    signed = append(database, operator.now, new_entry)
    assert publishing.verify(signed).size == 302
    with pytest.raises(NoteError):
        publishing.verify(note.sign(Checkpoint(ORIGIN, 9, bytes(32)), Ed25519PrivateKey.generate(), ORIGIN))
    path.unlink()
    with pytest.raises(NoteError):
        publishing.verify(signed)
    code, said = operator.run("export", str(operator.folder / "log"))
    assert (code, "wrote 302 entries" in said) == (0, True), said


# Whoever has stolen the old key signs more entries with it, under the same name.
def test_what_an_old_key_signs_later_counts_for_nothing(
    operator: Rotating, database: Database, write: Write, new_entry: NewEntry, shown: Rotations
) -> None:
    write(3)
    operator.rotate()
    append(database, operator.now, new_entry)
    own = operator.now
    forged = note.sign(Checkpoint(ORIGIN, 6, bytes(32)), own.ledger.signers[0], ORIGIN)
    for keys in (own.ledger.public(), rotations.proved(shown(), verifier(own, 0))):
        with pytest.raises(NoteError, match="replaced before"):
            keys.verify(forged)
    with pytest.raises(NoteError):
        LogKeys.of(own).verify(forged)
    with database.owner() as owner:
        owner.execute(
            "UPDATE ledger_checkpoint SET note = %s WHERE size = 5",
            (note.sign(Checkpoint.parse(Note.parse(proofs.checkpoint(owner)).text), own.ledger.signers[0], ORIGIN),),
        )
        with pytest.raises(directory_proof.Unproved):
            directory_proof.prove(owner, LogKeys.of(own))


def test_a_new_key_without_what_proves_it_is_a_forgery(
    operator: Rotating, keyring: Keyring, write: Write, shown: Rotations
) -> None:
    before = write(3).receipts[-1].checkpoint
    operator.rotate()
    own = operator.now
    (one,) = shown()
    thief = Ed25519PrivateKey.generate()
    stolen = thief.public_key().public_bytes_raw()
    first = Checkpoint.parse(Note.parse(one.checkpoint).text)
    by_new = note.sign(first, own.ledger.signers[1], ORIGIN)
    by_old = note.sign(first, own.ledger.signers[0], ORIGIN)
    for wrong in (
        replace(one, checkpoint=by_new),
        replace(one, checkpoint=by_old),
        # An old checkpoint that somebody signs again names no key.
        replace(one, key=stolen, checkpoint=note.Signer(thief, ORIGIN).add_to(before), first_index=2),
        replace(one, key=stolen, checkpoint=note.Signer(thief, ORIGIN).add_to(by_old)),
        replace(one, previous=stolen),
        replace(one, leaf=one.leaf + b"\0"),
        replace(one, first_index=one.first_index - 1),
        replace(one, hashes=one.hashes[:-1]),
        replace(one, key=one.key[:-1]),
        replace(one, checkpoint=b""),
    ):
        with pytest.raises(RotationForged):
            rotations.proved([wrong], verifier(keyring, 0))
    with pytest.raises(RotationForged):
        rotations.proved([one, one], verifier(keyring, 0))
    with pytest.raises(RotationForged):
        rotations.proved([one], note.Verifier.of(thief, ORIGIN))


def test_a_rotation_is_proved_by_its_first_checkpoint_alone() -> None:
    # A later one would say that the key before has signed more than it has.
    old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    previous, key = (each.public_key().public_bytes_raw() for each in (old, new))
    leaf = leaf_pb2.Leaf(method=rotations.METHOD, call_hash=rotations.call_hash(previous, key)).SerializeToString()
    hashes = [merkle.leaf_hash(leaf), merkle.leaf_hash(b"another")]
    frontier = merkle.Frontier()
    shown = []
    for hashed in hashes:
        frontier.append(hashed)
        first = Checkpoint(ORIGIN, frontier.size, frontier.root())
        signed = note.Signer(old, ORIGIN).add_to(note.sign(first, new, ORIGIN))
        shown.append(Rotation(0, previous, key, leaf, signed, hashes[1 : frontier.size]))
    rotations.proved(shown[:1], note.Verifier.of(old, ORIGIN))
    with pytest.raises(RotationForged, match="isn't the first one"):
        rotations.proved(shown[1:], note.Verifier.of(old, ORIGIN))


def test_whoever_was_given_a_later_key_follows_from_it(operator: Rotating, write: Write, shown: Rotations) -> None:
    before = write(3).receipts[-1].checkpoint
    operator.rotate()
    operator.rotate()
    own = operator.now
    for number in range(3):
        keys = rotations.proved(shown(), verifier(own, number))
        assert [each.key.public_bytes_raw() for each in keys.known] == [
            each.public_key().public_bytes_raw() for each in own.ledger.signers[::-1]
        ]
        assert keys.verify(before)[0].size == 3


@pytest.mark.parametrize("step", ["before the entry", "before the commit", "after it"])
def test_a_rotation_that_is_cut_short_goes_on(  # noqa: PLR0917 - one fixture each
    operator: Rotating,
    database: Database,
    write: Write,
    new_entry: NewEntry,
    shown: Rotations,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    write(3)

    def killed(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if step == "before the entry":
            patched.setattr(key_rotation, "rotate", killed)
        elif step == "before the commit":
            rotate = key_rotation.rotate

            def rotate_and_die(conn: Connection, own: Keyring) -> NoReturn:
                rotate(conn, own)
                raise KeyboardInterrupt

            patched.setattr(key_rotation, "rotate", rotate_and_die)
        else:
            patched.setattr(key_rotation, "ended", killed)
        operator.rotate()
    # Servers go on with what they find, also those that are started now.
    pending = operator.now
    assert pending.ledger.next is not None
    with database.transaction() as conn:
        key_rotation.check(conn, pending, ORIGIN)
        keyring_check.check(conn, pending)
    signed = append(database, pending, new_entry)
    assert signers_of(signed, pending) == [1 if step == "after it" else 0]
    code, said = operator.rotate()
    assert code == 0, said
    assert len(shown()) == 1
    assert operator.now.ledger.next is None
    assert signers_of(append(database, operator.now, new_entry), operator.now) == [1]
    assert operator.run("new-copy", "--yes")[0] in {0, 1}
    code, said = operator.run("verify")
    assert code == 0, said


# A running server has the keyring as it was; it reads its file again, and where it can't it signs nothing.
def test_a_writer_takes_the_new_key_from_the_file_and_signs_nothing_without_it(
    operator: Rotating, database: Database, write: Write, keyring: Keyring, new_entry: NewEntry
) -> None:
    write(3)
    running = operator.now
    ledger = Ledger(running, ORIGIN)
    with database.transaction() as conn:
        ledger.append(conn, [new_entry()])
    ledger.continuity.committed()
    operator.rotate()
    with database.transaction() as conn:
        made = ledger.append(conn, [new_entry()])
    assert signers_of(made.receipts[0].checkpoint, operator.now) == [1]
    without = Keyring.from_bytes(keyring.to_bytes())
    with database.transaction() as conn, pytest.raises(LedgerUnavailable, match="keyring here lacks it"):
        Ledger(without, ORIGIN).append(conn, [new_entry()])


def test_a_head_that_names_another_key_is_not_signed_with_it(
    operator: Rotating, database: Database, write: Write, new_entry: NewEntry
) -> None:
    write(3)
    operator.rotate()
    for number in (0, 2):
        with database.owner() as owner:
            owner.execute("UPDATE ledger_head SET key_number = %s", (number,))
        with pytest.raises(LedgerUnavailable):
            append(database, operator.now, new_entry)


def test_a_row_that_no_rotation_has_written_is_found(
    operator: Rotating, database: Database, write: Write, keyring: Keyring
) -> None:
    write(3)
    operator.rotate()
    own = operator.now
    for statement in (
        "UPDATE ledger_key SET key = sha256('x')",
        "UPDATE ledger_key SET first_index = 1",
        "DELETE FROM ledger_key",
        "INSERT INTO ledger_key SELECT 2, 1, key, sha256('x') FROM ledger_key",
    ):
        with database.owner() as owner, owner.transaction(force_rollback=True):
            owner.execute(statement.encode())
            with pytest.raises(ForgedRotation):
                key_rotation.check(owner, own, ORIGIN)
    with database.transaction() as conn, pytest.raises(ForgedRotation):
        key_rotation.check(conn, keyring, ORIGIN)


# A restore takes the rotation away; the keyring has it. It is written again, and what was lost is owned up to.
def test_a_rotation_that_was_lost_is_written_again(
    operator: Rotating, database: Database, write: Write, new_entry: NewEntry, shown: Rotations
) -> None:
    write(3)
    operator.run("new-copy", "--yes")
    backup = _dump(database)
    operator.rotate()
    append(database, operator.now, new_entry)
    _restore(database, backup)
    with database.transaction() as conn, pytest.raises(ForgedRotation, match="has lost a rotation"):
        key_rotation.check(conn, operator.now, ORIGIN)
    code, said = operator.run("new-epoch", "--yes")
    assert code == 0, said
    code, said = operator.rotate()
    assert code == 0, said
    own = operator.now
    assert own.ledger.next is None
    assert len(own.ledger.signers) == 2
    with database.transaction() as conn:
        key_rotation.check(conn, own, ORIGIN)
    append(database, own, new_entry)
    rotations.proved(shown(), verifier(own, 0))
    code, said = operator.run("verify")
    assert code == 0, said


_TABLES = ("ledger_head", "ledger_entry", "ledger_detail", "ledger_checkpoint", "ledger_record", "ledger_key")


def _dump(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.owner() as owner:
        return {table: owner.execute(f"SELECT * FROM {table}".encode()).fetchall() for table in _TABLES}  # noqa: S608


def _restore(database: Database, backup: dict[str, list[tuple[object, ...]]]) -> None:
    with database.owner() as owner:
        for table in _TABLES[::-1]:
            owner.execute(f"DELETE FROM {table}".encode())  # noqa: S608 - constants
        for table, rows in backup.items():
            for row in rows:
                places = ", ".join(["%s"] * len(row))
                owner.execute(f"INSERT INTO {table} VALUES ({places})".encode(), row)  # noqa: S608 - constants
