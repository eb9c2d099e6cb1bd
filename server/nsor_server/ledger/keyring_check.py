"""Whether a keyring is the one that a database was written with.

With another one nothing would be found: blind indexes of its keys match no row, and every look-up would be answered "no
record", truthfully signed. So a register doesn't serve with a keyring that didn't sign its newest checkpoint.
"""

from nsor.ledger import note
from nsor_server.config import OperatorError
from nsor_server.ledger import proofs
from nsor_server.ledger.append import Connection
from nsor_server.storage.keyring import Keyring


class WrongKeyring(OperatorError):
    """The keyring isn't the database's."""


def check(conn: Connection, keyring: Keyring) -> None:
    """See that the keyring signed the newest checkpoint; a ledger without entries fits any.

    Raises:
        WrongKeyring: it didn't.
    """
    try:
        newest = proofs.checkpoint(conn)
    except proofs.NoSuchTree:
        return
    origin = conn.execute("SELECT origin FROM ledger_head").fetchall()[0][0]
    try:
        note.verify(newest, note.Verifier.parse(keyring.verifier_key(origin)))
    except note.NoteError:
        raise WrongKeyring(
            "the keyring isn't the one that this database was written with: with it nobody would be found. "
            "Restore its backup with `nsor-server keys restore`"
        ) from None
