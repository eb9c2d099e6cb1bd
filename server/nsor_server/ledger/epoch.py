"""A new epoch: how the ledger goes on, honestly, after entries were lost in a restore or a bad failover.

The origin of the checkpoints changes, so that every client sees it, and the first entry under the new one holds the
last checkpoint that is known of the old one. The entries that survived stay where they are and stay provable. Where
there are witnesses, each co-signs the first checkpoint before the register serves.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nsor.ledger import epochs
from nsor.ledger.cosignature import WitnessVerifier
from nsor.ledger.epochs import EpochForged, NotCosigned, Opening
from nsor.ledger.note import Checkpoint, NoteError, Verifier
from nsor_server.calls import Row
from nsor_server.config import OperatorError
from nsor_server.ledger import operator, outside, proofs
from nsor_server.ledger.append import Connection
from nsor_server.ledger.entry import NewEpoch
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.ledger.tiles import TornTree
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

_OPENINGS = """
SELECT epoch.first_index, epoch.last_known, entry.leaf, checkpoint.size, checkpoint.note, (
    SELECT string_agg(line, '' ORDER BY line) FROM ledger_epoch_cosignature AS of WHERE of.epoch = epoch.epoch
)
FROM ledger_epoch AS epoch
LEFT JOIN ledger_entry AS entry ON entry.index = epoch.first_index
LEFT JOIN LATERAL (
    SELECT size, note FROM ledger_checkpoint WHERE size > epoch.first_index ORDER BY size LIMIT 1
) AS checkpoint ON true
ORDER BY epoch.epoch
"""


class EpochNotCosigned(OperatorError):
    """A witness whom the settings name hasn't co-signed the beginning of an epoch."""


class ForgedEpoch(OperatorError):
    """ledger_epoch has a row that no `ledger new-epoch` has written: a rollback is to be covered up."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A new epoch.

    Attributes:
        origin: of its checkpoints.
        first_index: of the entry that opens it.
        last_known: the newest checkpoint of the epoch before.
    """

    origin: str
    first_index: int
    last_known: Checkpoint


@dataclass(frozen=True, slots=True)
class Loss:
    """What the outside copy knows and the tree doesn't.

    Attributes:
        known: the copy's newest checkpoint.
        size: of the tree.
        origin: of the tree.
    """

    known: outside.Known
    size: int
    origin: str

    @property
    def entries(self) -> int | None:
        """How many entries are given up by a new epoch; None: the tree is another one, and nobody can say."""
        lost = self.known.checkpoint.size - self.size
        return lost if lost > 0 and self.origin in {"", self.known.checkpoint.origin} else None


def lost(conn: Connection, keyring: Keyring, copy: Path) -> Loss:
    """See that there is something to own up to.

    Args:
        conn: of any role that reads the ledger.
        keyring: must have signed what the copy knows.
        copy: the outside copy.

    Raises:
        OperatorError: nothing was lost, or the copy's last checkpoint isn't ours.
    """
    head = conn.execute("SELECT origin, size FROM ledger_head").fetchone()
    known = outside.last_known(copy)
    if head is None or known is None:
        raise OperatorError("there is no ledger, or no outside copy that knows more than it: nothing was lost")
    if not _is_ahead(conn, copy):
        raise OperatorError("the tree holds all that the outside copy knows: nothing was lost, and no epoch is needed")
    try:
        LogKeys.of(keyring).verify(known.note)
    except NoteError:
        raise OperatorError("the outside copy's last checkpoint isn't signed with this keyring; restore that") from None
    return Loss(known, head[1], head[0])


def open_new(conn: Connection, keyring: Keyring, copy: Path, first_origin: str) -> Opened:
    """Open a new epoch; the caller commits.

    Args:
        conn: of the owner's role.
        keyring: signs.
        copy: the outside copy.
        first_origin: of the first epoch: the setting ledger_origin.

    Raises:
        OperatorError: nothing was lost, or the copy's last checkpoint isn't ours.
    """
    conn.execute("SELECT FROM ledger_head FOR UPDATE")
    loss = lost(conn, keyring, copy)
    known = loss.known
    row = conn.execute("SELECT coalesce(max(epoch), 1) + 1 FROM ledger_epoch").fetchone()
    number = max(row[0] if row else 2, _number(known.checkpoint.origin, first_origin) + 1)
    origin = f"{first_origin}/{number}"
    operator.record(
        conn,
        keyring,
        method=epochs.METHOD,
        detail=record_pb2.AccessDetail(outcome="NEW_EPOCH", case_reference=known.note.decode()),
        call_hash=hashlib.sha256(known.note).digest(),
        rows=[Row(deciding.EPOCHS, (number, origin, loss.size, known.note))],
        new_epoch=NewEpoch(origin, known.checkpoint.origin),
    )
    return Opened(origin, loss.size, known.checkpoint)


def openings(conn: Connection) -> list[Opening]:
    """What opened each epoch, in their order, for whoever proves it.

    Raises:
        ForgedEpoch: nothing did.
    """
    found = []
    for first_index, last_known, leaf, size, signed, lines in conn.execute(_OPENINGS).fetchall():
        if leaf is None or signed is None:
            raise ForgedEpoch(f"the epoch at entry {first_index} has no entry or no checkpoint")
        try:
            hashes = proofs.Proofs().inclusion(conn, first_index, size).hashes
        except (proofs.NoSuchTree, TornTree, ValueError):  # of a head that isn't one of a tree
            raise ForgedEpoch(f"the entry {first_index} that opens an epoch isn't in its tree") from None
        found.append(Opening(first_index, bytes(last_known), bytes(leaf), bytes(signed) + bytes(lines or b""), hashes))
    return found


def check(conn: Connection, keyring: Keyring, first_origin: str, witnesses: Sequence[WitnessVerifier] = ()) -> None:
    """See that each epoch was opened by `ledger new-epoch`, and signed under the origin before it and by each witness.

    Raises:
        EpochNotCosigned: a witness hasn't co-signed how one was opened.
        ForgedEpoch: one wasn't.
    """
    for opening in openings(conn):
        try:
            verifier = Verifier.of(keyring.ledger_signer, first_origin)
            epochs.proved(opening, verifier, witnesses, [each.key for each in keyring.ledger.public().known])
        except NotCosigned as error:
            raise EpochNotCosigned(
                f"of the epoch that begins at entry {opening.first_index}: {error}. Give the witness what "
                "`nsor-server ledger opening FILE` writes, and take what comes back with `ledger add-cosignatures FILE`"
            ) from None
        except EpochForged as error:
            raise ForgedEpoch(
                f"ledger_epoch says that an epoch begins at entry {opening.first_index}, and none does: {error}. "
                "Somebody wrote to the database past the register; nothing is served before the row is gone"
            ) from None


def _is_ahead(conn: Connection, copy: Path) -> bool:
    try:
        outside.compare(conn, copy)
    except outside.CopyAhead:
        return True
    return False


def _number(origin: str, first_origin: str) -> int:
    """The number of an epoch, by its origin: the first one's origin has none."""
    if origin == first_origin:
        return 1
    match = re.fullmatch(re.escape(first_origin) + r"/([0-9]{1,9})", origin)
    if match is None:
        raise OperatorError(f"the outside copy is of {origin}, not of {first_origin}: check ledger_origin")
    return int(match[1])
