"""A new epoch: how the ledger goes on, honestly, after entries were lost in a restore or a bad failover.

The origin of the checkpoints changes, so that every client sees it, and the first entry under the new one holds the
last checkpoint that is known of the old one. The entries that survived stay where they are and stay provable.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from nsor.ledger import note
from nsor.ledger.note import Checkpoint, NoteError, Verifier
from nsor_server.calls import Row
from nsor_server.config import OperatorError
from nsor_server.ledger import operator, outside
from nsor_server.ledger.append import Connection
from nsor_server.ledger.entry import NewEpoch
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

METHOD = "nsor-server/ledger.new-epoch"


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
    head = conn.execute("SELECT origin, size FROM ledger_head FOR UPDATE").fetchone()
    known = outside.last_known(copy)
    if head is None or known is None:
        raise OperatorError("there is no ledger, or no outside copy that knows more than it: nothing was lost")
    if not _is_ahead(conn, copy):
        raise OperatorError("the tree holds all that the outside copy knows: nothing was lost, and no epoch is needed")
    try:
        note.verify(known.note, Verifier.of(keyring.ledger_signer, known.checkpoint.origin))
    except NoteError:
        raise OperatorError("the outside copy's last checkpoint isn't signed with this keyring; restore that") from None
    row = conn.execute("SELECT coalesce(max(epoch), 1) + 1 FROM ledger_epoch").fetchone()
    number = max(row[0] if row else 2, _number(known.checkpoint.origin, first_origin) + 1)
    origin = f"{first_origin}/{number}"
    operator.record(
        conn,
        keyring,
        method=METHOD,
        detail=record_pb2.AccessDetail(outcome="NEW_EPOCH", case_reference=known.note.decode()),
        call_hash=hashlib.sha256(known.note).digest(),
        rows=[Row(deciding.EPOCHS, (number, origin, head[1], known.note))],
        new_epoch=NewEpoch(origin, known.checkpoint.origin),
    )
    return Opened(origin, head[1], known.checkpoint)


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
