"""The ledger's writer knows its own past: it builds on no head that doesn't continue what it has signed.

A head that another process has moved is checked by its signed checkpoint, and by hashing the entries in between onto
the tree that was known: one statement. What the head says beside the tree (time, version and hash of what decides) is
taken from the leaves, so that whoever writes it into the head changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from nsor.counting import counted
from nsor.ledger import merkle
from nsor.ledger.note import Checkpoint
from nsor_server.alerts import Alert, alert
from nsor_server.ledger import directory_proof, proofs
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.directory_proof import Proved, Unproved
from nsor_server.ledger.entry import LedgerUnavailable, LockedHead
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.ledger.tiles import TornTree
from nsor_server.storage import arrays
from nsor_server.storage.clock import AGREED_US, Clock
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.session import Session, Statement

MOST_HASHED: Final = 2048
"""Entries of other processes that are hashed onto the known tree; of more, the consistency is proved by tiles."""

_SINCE: Final = Statement(
    b"ledger since",
    b"""
SELECT CASE WHEN index = $2::bigint - 1 THEN (SELECT note FROM ledger_checkpoint WHERE size = $2::bigint) END, leaf
FROM ledger_entry WHERE index >= $1::bigint AND index < $2::bigint ORDER BY index
""",
)


class Discontinued(LedgerUnavailable):
    """The head doesn't continue what this process has signed or verified: nothing is built on it."""


@dataclass(slots=True)
class _Told:
    """What has been alerted, so that every batch doesn't say it again."""

    text: str = ""

    def once(self, code: Alert, text: str) -> None:
        if self.text != text:
            self.text = text
            alert(code, "%s", text)


class Continuity:
    """The last head that this process knows. For the one thread that writes."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        """Knows nothing: the first head is proved from its checkpoint and leaves."""
        self._keys = LogKeys.of(keyring)
        self._clock = clock
        self._known: Proved | None = None
        self._pending: Proved | None = None
        self._head, self._time = _Told(), _Told()
        self.continues = True
        """Whether the last head continued what was known."""

    @property
    def size(self) -> int:
        """Entries that this process knows to be durable."""
        return 0 if self._known is None else self._known.size

    def known(self, head: Proved | None) -> None:
        """Take a head that was proved elsewhere, such as at the start; None: prove the next one."""
        self._known, self._pending = head, None

    def appended(self, head: Proved) -> None:
        """A head was written in a transaction that may still fail: the next one continues it, or what was before."""
        self._pending = head

    def committed(self) -> None:
        """That transaction is durable: what was before it isn't continued any more."""
        if self._pending is not None:
            self._known, self._pending = self._pending, None

    def checked(self, session: Session, head: LockedHead) -> LockedHead:
        """The head as it may be built on.

        Args:
            session: in the transaction that has locked the head.
            head: as the row says.

        Raises:
            Discontinued: it doesn't continue what is known.
        """
        try:
            known = self._continued(session, head)
        except (Unproved, TornTree, proofs.NoSuchTree, merkle.ProofError, leaves.LeafError) as error:
            self.continues = False
            problem = str(error) if isinstance(error, Unproved) else type(error).__name__
            self._head.once(Alert.LEDGER_DISCONTINUED, f"the head isn't built on: {problem}")
            raise Discontinued("the ledger's head doesn't continue what was signed") from None
        self.continues, self._known = True, known
        self._compare(head, known)
        return replace(
            head,
            now_us=max(known.time_us, self._clock.observe(head.now_us)),
            directory_version=known.directory_version,
            directory_hash=known.directory_hash,
        )

    def _continued(self, session: Session, head: LockedHead) -> Proved:
        for each in (self._known, self._pending):
            if each is not None and (each.origin, each.size, each.root, each.frontier) == _tree(head):
                if each is self._pending:
                    self._pending = None
                return each
        if self._known is None:
            with session.plain() as conn:
                return directory_proof.prove(conn, self._keys)
        known = self._known
        if known.size and head.origin != known.origin:
            raise Unproved("it is of another origin")
        if head.size <= known.size:
            raise Unproved(f"it has {counted(head.size, 'entries')}, and {known.size} were signed")
        if head.size - known.size > MOST_HASHED:
            return self._proved_further(session, known)
        return self._hashed_further(session, known, head)

    def _hashed_further(self, session: Session, known: Proved, head: LockedHead) -> Proved:
        """What the entries after the known ones give, if that is what was signed."""
        (rows,) = session.run(_SINCE(arrays.integer(known.size), arrays.integer(head.size)))
        if len(rows) != head.size - known.size or rows[-1][0] is None:
            raise Unproved(f"entries or the checkpoint of {counted(head.size, 'entries')} are missing")
        frontier = merkle.Frontier.decode(known.size, known.frontier)
        time_us, version, digest = known.time_us, known.directory_version, known.directory_hash
        for _, encoded in rows:
            frontier.append(merkle.leaf_hash(encoded))
            leaf = leaves.decode(encoded)
            time_us, version = leaf.time_us, leaf.directory_version
            digest = leaf.directory_hash or digest
        directory_proof.check_signed(rows[-1][0], self._keys, Checkpoint(head.origin, head.size, frontier.root()))
        if (head.root, head.frontier) != (frontier.root(), frontier.encode()):
            raise Unproved("its root or frontier isn't that of its entries")
        return Proved(head.origin, head.size, head.root, head.frontier, time_us, version, digest)

    def _proved_further(self, session: Session, known: Proved) -> Proved:
        """As ``_hashed_further``, for so many entries that hashing them would hold the lock for long."""
        with session.plain() as conn:
            proved = directory_proof.prove(conn, self._keys)
            path = proofs.Proofs().consistency(conn, known.size, proved.size) if known.size else []
        if known.size:
            merkle.verify_consistency(known.size, proved.size, known.root, proved.root, path)
        return proved

    def _compare(self, head: LockedHead, known: Proved) -> None:
        """Tell of what the head says beside the tree and its leaves don't: it isn't obeyed, and the append mends it."""
        said = (head.time_us, head.directory_version, head.directory_hash)
        if said != (known.time_us, known.directory_version, known.directory_hash):
            self._head.once(
                Alert.ROW_CONTRADICTED,
                f"the head of {counted(head.size, 'entries')} says another time, version or hash of what decides than "
                "its leaves",
            )
        if known.time_us - self._clock.now_us() > AGREED_US:
            self._time.once(Alert.CLOCK_STEPPED, "the newest entry's time lies ahead of the database's clock")


def _tree(head: LockedHead) -> tuple[str, int, bytes, bytes]:
    return (head.origin, head.size, head.root, head.frontier)
