"""What a verification finds, which origin signed which sizes, and which losses were owned up to."""

from dataclasses import dataclass, field

import psycopg
from psycopg.rows import TupleRow

from nsor.ledger import note
from nsor.ledger.note import Checkpoint, Note, NoteError, Verifier
from nsor_server.storage.keyring import Keyring

Connection = psycopg.Connection[TupleRow]

MAX_FINDINGS = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that isn't as it must be.

    Attributes:
        index: of the first entry that it concerns; -1 when it concerns none.
        problem: what is wrong; names no person.
    """

    index: int
    problem: str


@dataclass(slots=True)
class Report:
    """What a verification saw.

    Attributes:
        size: entries that were checked.
        root: root of the tree over them.
        checkpoints: how many signed checkpoints were checked.
        findings: the first is the one with the lowest index.
        remarks: what isn't wrong, but worth knowing.
    """

    size: int = 0
    root: bytes = b""
    checkpoints: int = 0
    findings: list[Finding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, index: int, problem: str) -> None:
        """Note a finding; beyond `MAX_FINDINGS` they say nothing new."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(index, problem))

    def sort(self) -> None:
        """Put the first bad index first; what concerns no entry comes last."""
        self.findings.sort(key=lambda finding: (finding.index < 0, finding.index))


@dataclass(frozen=True, slots=True)
class Epochs:
    """Which origin signed which sizes: it changes where a new epoch was opened."""

    first: str
    later: tuple[tuple[int, str], ...]

    @classmethod
    def load(cls, conn: Connection, origin: str) -> "Epochs":
        """Read the epochs; ``origin`` is the first one's."""
        rows = conn.execute("SELECT first_index, origin FROM ledger_epoch ORDER BY epoch").fetchall()
        return cls(origin, tuple((row[0], row[1]) for row in rows))

    def origin(self, size: int) -> str:
        """The origin of the checkpoint of a size."""
        origins = [self.first, *(name for first_index, name in self.later if first_index < size)]
        return origins[-1]

    def ends(self, origin: str) -> int | None:
        """The size at which an origin's epoch ended; None for the current one. KeyError for a stranger."""
        names = [self.first, *(name for _, name in self.later)]
        if origin not in names:
            raise KeyError(origin)
        following = names.index(origin)
        return self.later[following][0] if following < len(self.later) else None


def owned_up(conn: Connection, keyring: Keyring) -> dict[str, Checkpoint]:
    """The last known checkpoint of each origin whose epoch ended, if it is signed."""
    found = {}
    for (signed,) in conn.execute("SELECT last_known FROM ledger_epoch ORDER BY epoch"):
        try:
            origin = Checkpoint.parse(Note.parse(signed).text).origin
            found[origin] = note.verify(signed, Verifier.of(keyring.ledger_signer, origin))
        except NoteError:
            continue
    return found
