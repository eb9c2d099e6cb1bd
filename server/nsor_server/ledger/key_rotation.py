"""The rotation of the key that signs the ledger: an entry, whose first checkpoint the key before signs as well.

The next key is in the keyring before the entry is written, and what the key before has signed last afterwards: so
whoever kills the command in between loses no key, and the command goes on where it was (``commands/keys.py``).
"""

from __future__ import annotations

from typing import Final

from nsor.ledger import rotations
from nsor.ledger.note import Checkpoint, Note, Verifier
from nsor.ledger.rotations import Ended, Rotation, RotationForged
from nsor_server.calls import Row
from nsor_server.config import OperatorError
from nsor_server.ledger import operator, proofs
from nsor_server.ledger.append import Connection
from nsor_server.ledger.tiles import TornTree
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

_ROTATIONS: Final = """
SELECT turned.first_index, turned.previous_key, turned.key, entry.leaf, checkpoint.note
FROM ledger_key AS turned
LEFT JOIN ledger_entry AS entry ON entry.index = turned.first_index
LEFT JOIN ledger_checkpoint AS checkpoint ON checkpoint.size = turned.first_index + 1
ORDER BY turned.number
"""


class ForgedRotation(OperatorError):
    """ledger_key has a row that no `keys rotate-ledger` has written, or not this keyring's."""


def is_due(conn: Connection, keyring: Keyring) -> bool:
    """Whether the entry of a rotation is still to be written: the keyring has a key behind the one that signs."""
    return _number(conn) + 1 < len(keyring.ledger.signers)


def rotate(conn: Connection, keyring: Keyring) -> None:
    """Write the entry by which the next key signs; the caller commits.

    Args:
        conn: of the owner's role.
        keyring: has the next key.
    """
    conn.execute("SELECT FROM ledger_head FOR UPDATE")
    number = _number(conn)
    ((size,),) = conn.execute("SELECT size FROM ledger_head").fetchall()
    previous, key = (each.public_key().public_bytes_raw() for each in keyring.ledger.signers[number : number + 2])
    operator.record(
        conn,
        keyring,
        method=rotations.METHOD,
        detail=record_pb2.AccessDetail(outcome="LEDGER_KEY_ROTATED"),
        call_hash=rotations.call_hash(previous, key),
        rows=[Row(deciding.LEDGER_KEYS, (number + 1, size, previous, key))],
        next_key=True,
    )


def ended(conn: Connection, number: int) -> Ended:
    """What the key of a number has signed last: the first checkpoint of the one behind it, which is committed."""
    ((note,),) = conn.execute(
        "SELECT note FROM ledger_checkpoint JOIN ledger_key ON size = first_index + 1 WHERE number = %s", (number + 1,)
    ).fetchall()
    first = Checkpoint.parse(Note.parse(bytes(note)).text)
    return Ended(first.size, first.origin)


def read(conn: Connection) -> list[Rotation]:
    """The rotations, in their order, for whoever proves them.

    Raises:
        ForgedRotation: one has no entry or no checkpoint.
    """
    found = []
    for first_index, previous, key, leaf, signed in conn.execute(_ROTATIONS).fetchall():
        if leaf is None or signed is None:
            raise ForgedRotation(f"the rotation of the ledger's key at entry {first_index} has no entry or checkpoint")
        try:
            hashes = proofs.Proofs().inclusion(conn, first_index, first_index + 1).hashes
        except (proofs.NoSuchTree, TornTree, ValueError):  # of a head that isn't one of a tree
            raise ForgedRotation(f"the entry {first_index} that rotates the ledger's key isn't in its tree") from None
        found.append(Rotation(first_index, bytes(previous), bytes(key), bytes(leaf), bytes(signed), hashes))
    return found


def check(conn: Connection, keyring: Keyring, first_origin: str) -> None:
    """See that each row is a rotation of this keyring's keys, and that the keyring has no other ones.

    Raises:
        ForgedRotation: one isn't, or the keyring knows of a rotation that the ledger hasn't got.
    """
    signers = keyring.ledger
    try:
        keys = rotations.proved(read(conn), Verifier.of(signers.signers[0], first_origin))
    except RotationForged as error:
        raise ForgedRotation(f"ledger_key says how the ledger's key was rotated, and it wasn't: {error}") from None
    ours = [each.public_key().public_bytes_raw() for each in signers.signers]
    theirs = [each.key.public_bytes_raw() for each in keys.known[::-1]]
    if theirs != ours[: len(theirs)]:
        raise ForgedRotation(
            "the ledger's key was rotated to one that this keyring lacks; restore a later backup of it"
        )
    if len(theirs) <= signers.number:
        raise ForgedRotation(
            "the ledger has lost a rotation of its key, as after a restore: nsor-server keys rotate-ledger"
        )
    if any(own != each.ended for own, each in zip(signers.ended, keys.known[:0:-1], strict=False)):
        raise ForgedRotation("the keyring says of a key that was rotated that it has signed something else last")


def _number(conn: Connection) -> int:
    ((number,),) = conn.execute("SELECT key_number FROM ledger_head").fetchall()
    return int(number)
