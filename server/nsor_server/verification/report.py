"""What a verification finds, which origin signed which sizes, and which losses were owned up to."""

import bisect
from dataclasses import dataclass, field

import psycopg
from psycopg.rows import TupleRow

from nsor.ledger.note import Checkpoint, NoteError
from nsor.printable import printable
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.storage.keyring import Keyring
from nsor_server.verification.reached import Reached

Connection = psycopg.Connection[TupleRow]

MAX_FINDINGS = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that isn't as it must be.

    Attributes:
        index: of the first entry that it concerns; -1 when it concerns none.
        problem: what is wrong; names no person.
        before: one of the entries from ``index`` to this one, without it, is bad; 0: the first one is.
    """

    index: int
    problem: str
    before: int = 0


@dataclass(slots=True)
class Report:
    """What a verification saw.

    Attributes:
        size: entries that were checked.
        root: root of the tree over them.
        leaves: SHA-256 of the hashes of all leaves that were read, in their order; None: reading ended with a finding.
        checkpoints: how many signed checkpoints were checked.
        findings: the first is the one with the lowest index.
        remarks: what isn't wrong, but worth knowing.
        reached: where the next one goes on from; None: the tree wasn't read to its end.
    """

    size: int = 0
    root: bytes = b""
    leaves: bytes | None = None
    checkpoints: int = 0
    findings: list[Finding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    reached: Reached | None = None

    def add(self, index: int, problem: str, before: int = 0) -> None:
        """Note a finding, of which a name may be anybody's text; beyond `MAX_FINDINGS` they say nothing new."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(index, printable(problem), before))

    def join(self, other: "Report") -> None:
        """Take over what the other part of a verification has found, which must have read the same leaves.

        What the database shows to one who reads and not to the next one was compared with nothing.
        """
        self.findings += other.findings
        if None not in {self.leaves, other.leaves} and self.leaves != other.leaves:
            self.findings.append(Finding(-1, "the details were compared with other leaves than the tree has"))
        self.remarks += other.remarks

    def sort(self) -> None:
        """Put the first bad index first; what concerns no entry comes last.

        Of entries one of which is bad, one that was found bad by itself is more to the point than the first of them.
        """
        bad = sorted({each.index for each in self.findings if not each.before})
        for at, each in enumerate(self.findings):
            if each.before:
                nth = bisect.bisect_left(bad, each.index)
                found = bad[nth] if nth < len(bad) and bad[nth] < each.before else each.index
                self.findings[at] = Finding(found, each.problem)
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
            last_known = LogKeys.of(keyring).verify(signed)
            found[last_known.origin] = last_known
        except NoteError:
            continue
    return found
