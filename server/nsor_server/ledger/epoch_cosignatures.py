"""What witnesses sign when an epoch was opened: the file that they are handed, and what comes back from them.

While the register doesn't serve, nobody can ask it; so the operator carries files. A co-signature is a row of what
decides: `epoch.check` asks for that of each witness in the settings.
"""

from collections.abc import Collection, Iterable

from nsor.ledger.cosignature import WitnessVerifier
from nsor.ledger.handover import HandedOver
from nsor.ledger.note import Checkpoint, Note, NoteError, signature_line
from nsor_server.calls import Row
from nsor_server.config import OperatorError
from nsor_server.ledger import epoch, operator, proofs
from nsor_server.ledger.append import Connection
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2


def handed_over(conn: Connection, cosigned: Iterable[bytes]) -> HandedOver:
    """What a witness needs to co-sign how the newest epoch was opened.

    Args:
        conn: any role that may read.
        cosigned: what it has co-signed so far; proofs are made for those trees that this one has had.

    Raises:
        OperatorError: there is no epoch, or a file of co-signed checkpoints is damaged.
    """
    found = epoch.openings(conn)
    if not found:
        raise OperatorError("no new epoch was opened: there is nothing to co-sign but the newest checkpoint")
    newest = found[-1]
    first, sizes = _checkpoint(newest.checkpoint).size, {_checkpoint(each).size for each in cosigned}
    source = proofs.Proofs()
    made = {}
    for seen in sorted(sizes):
        try:
            made[seen] = source.consistency(conn, min(seen, first), max(seen, first))
        except proofs.NoSuchTree:
            continue  # a tree that was lost
    return HandedOver(newest, made)


def add_cosignatures(
    conn: Connection, keyring: Keyring, cosigned: Iterable[bytes], witnesses: Collection[WitnessVerifier]
) -> list[str]:
    """Add what witnesses have signed under the first checkpoints of epochs; the caller commits.

    Args:
        conn: of the owner's role.
        keyring: signs.
        cosigned: notes that came back from witnesses; those of other checkpoints are passed over.
        witnesses: whose co-signatures count.

    Returns:
        The names of those whose co-signatures were added.

    Raises:
        OperatorError: none was new, or one doesn't hold.
    """
    conn.execute("SELECT FROM ledger_head FOR UPDATE")
    numbers = [number for (number,) in conn.execute("SELECT epoch FROM ledger_epoch ORDER BY epoch")]
    opened = zip(numbers, epoch.openings(conn), strict=True)
    firsts = {Note.parse(each.checkpoint).text: (number, each) for number, each in opened}
    added: dict[tuple[int, str], Row] = {}
    for signed in cosigned:
        parsed = _note(signed)
        number, opening = firsts.get(parsed.text, (0, None))
        if opening is None:
            continue
        for witness in witnesses:
            line = _new_line(witness, parsed, Note.parse(opening.checkpoint))
            if line:
                added[number, witness.name] = Row(deciding.COSIGNATURES, (line, number))
    if not added:
        raise OperatorError("the file has no new co-signature of how an epoch was opened, of a witness in the settings")
    detail = record_pb2.AccessDetail(outcome="EPOCH_COSIGNED")
    operator.record(conn, keyring, method="nsor-server/ledger.add-cosignatures", detail=detail, rows=[*added.values()])
    return [name for _, name in added]


def _new_line(witness: WitnessVerifier, cosigned: Note, stored: Note) -> bytes:
    """The line of a witness's signature, unless there is one already; empty if there is none."""
    try:
        if witness.times(stored) or not witness.times(cosigned):
            return b""
    except NoteError as error:
        raise OperatorError(f"{error}; nothing was added") from None
    own = (each for each in cosigned.signatures if (each.name, each.key_id) == (witness.name, witness.key_id))
    return next(signature_line(each.name, each.key_id + each.value) for each in own)


def _note(signed: bytes) -> Note:
    try:
        return Note.parse(signed)
    except NoteError as error:
        raise OperatorError(f"the file of co-signed checkpoints is damaged: {error}") from None


def _checkpoint(signed: bytes) -> Checkpoint:
    try:
        return Checkpoint.parse(_note(signed).text)
    except NoteError as error:
        raise OperatorError(f"the file of co-signed checkpoints is damaged: {error}") from None
