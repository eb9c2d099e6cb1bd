"""The register's policy as it is proposed and adopted, and what it begins with; `policy.store` reads what is in force.

Both tables are part of what decides: their rows are only added, each by an entry of the ledger that holds its hash.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Final

import psycopg

from nsor_server.calls import RecordRef, Row, Seen, Versions
from nsor_server.ledger import operator
from nsor_server.policy import documents, store
from nsor_server.policy.loaded import Policy
from nsor_server.policy.source import PolicyError
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2

BEGIN: Final = "nsor-server/policy.begin"
_VERSION: Final = Versions("policy", (), "(SELECT max(version) FROM policy_version)")
"""The version of the whole policy."""
_PROPOSED: Final = Versions("policy proposals", (), "(SELECT count(*) FROM policy_proposal)")
"""How many there ever were."""
_WITHDRAWN: Final = Versions(
    "policy proposal withdrawn",
    ("bytea",),
    "(SELECT count(*) FROM policy_proposal_withdrawal WHERE proposal_id = q.k1)",
)
"""How often a proposal was withdrawn: 0 or 1."""
_SELECT: Final = """
SELECT p.proposal_id, p.name, p.base_version, p.content, p.agency_id, p.officer_key, p.proposed_at, v.version,
    w.withdrawn_at
FROM policy_proposal AS p
LEFT JOIN policy_version AS v USING (proposal_id)
LEFT JOIN policy_proposal_withdrawal AS w USING (proposal_id)
"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A document that an officer has proposed.

    Attributes:
        proposal_id: 16 bytes.
        name: of the document that it would replace.
        base_version: version of the policy that was in force.
        content: in canonical form.
        agency_id: of who proposed it.
        officer_key: key id of who proposed it.
        proposed_at: when.
        adopted_as: the version that it became; None: it hasn't been adopted.
        withdrawn_at: when it was withdrawn; None: it wasn't.
    """

    proposal_id: bytes
    name: str
    base_version: int
    content: bytes
    agency_id: str
    officer_key: bytes
    proposed_at: dt.datetime
    adopted_as: int | None = None
    withdrawn_at: dt.datetime | None = None

    def etag(self, version: int) -> str:
        """What a person has seen who has read it beside that version of the policy."""
        return hashlib.sha256(self.sha256 + version.to_bytes(8, "big")).hexdigest()[:32]

    @property
    def sha256(self) -> bytes:
        """Of the row, with all its columns: what the ledger holds it to."""
        return deciding.digest(_row(self))


@dataclass(frozen=True, slots=True)
class Adopted:
    """A document in force.

    Attributes:
        name: of the document.
        version: of the policy that brought it.
        digest: what it is known by.
        adopted_at: when.
        proposal_id: 16 bytes; empty for what the register began with.
    """

    name: str
    version: int
    digest: bytes
    adopted_at: dt.datetime
    proposal_id: bytes


def begin(conn: psycopg.Connection, keyring: Keyring, origin: str, policy: Policy) -> tuple[str, ...]:
    """Enter those documents that the register never had, as one entry, and give their names: all at its first start.

    Args:
        conn: any role that may append; the caller commits.
        keyring: for the entry.
        origin: names the ledger, if this entry is its first.
        policy: of the files.

    Raises:
        PolicyError: a document that the register had is gone: whoever took it away doesn't get that of a file instead.
    """
    if not _lacks(conn):
        return ()
    conn.execute("SELECT FROM ledger_head FOR UPDATE")  # of two servers that start at once, one finds it done
    lacking = _lacks(conn)
    if not lacking:
        return ()
    ((newest,),) = conn.execute("SELECT coalesce(max(version), 0) FROM policy_version").fetchall()
    at = operator.now(conn)
    rows = []
    for name in lacking:
        content = documents.canonical(policy.documents[name])
        values = (name, newest + 1, documents.digest(name, content), content, None, None, at)
        rows.append(Row(deciding.POLICY_VERSIONS, values))
    detail = record_pb2.AccessDetail(outcome="POLICY " + " ".join(lacking))
    operator.record(conn, keyring, method=BEGIN, detail=detail, rows=rows, origin=origin)
    return lacking


def offered(files: Policy, in_force: Policy) -> str:
    """A line that says which files differ from the policy in force; empty when none does. Files change nothing."""
    names = in_force.differs(files)
    if not names:
        return ""
    return (
        f"the policy files differ from the policy in force ({', '.join(names)}) and change nothing;"
        " `nsor-server policy diff` shows what they would, `nsor policy propose` begins it"
    )


def _lacks(conn: psycopg.Connection) -> tuple[str, ...]:
    present = store.present(conn)
    lacking = tuple(name for name in documents.KINDS if name not in present)
    # Compared as bytes: those of other tables' ids are no text, and which condition is looked at first is PostgreSQL's.
    recorded = conn.execute(
        "SELECT FROM ledger_record WHERE table_name = %s AND row_id = ANY (%s) LIMIT 1",
        (store.TABLE, [name.encode() for name in lacking]),
    ).fetchone()
    if recorded is not None:
        raise PolicyError("a document of the policy that the register had is gone: run `nsor-server ledger verify`")
    return lacking


def proposing(proposal: Proposal) -> tuple[Row, RecordRef]:
    """The row of a proposal, and what the ledger holds it to."""
    row = _row(proposal)
    return row, deciding.TABLES[row.table.name].ref(row)


def withdrawal(proposal: Proposal, officer_key: bytes, at: dt.datetime) -> tuple[Row, RecordRef, Seen]:
    """The row with which an officer withdraws a proposal, what the ledger holds it to, and that nobody has yet."""
    row = Row(deciding.POLICY_WITHDRAWALS, (proposal.proposal_id, officer_key, at))
    return row, deciding.TABLES[row.table.name].ref(row), _not_withdrawn(proposal)


def adoption(
    proposal: Proposal, version: int, officer_key: bytes, at: dt.datetime
) -> tuple[Row, RecordRef, tuple[Seen, ...]]:
    """The row that puts a proposal in force, what the ledger holds it to, and what it rests on.

    That is: the policy that it was read beside, and that it isn't withdrawn.

    Args:
        proposal: open.
        version: of the policy in force; the new one is the next.
        officer_key: key id of who adopts.
        at: when.
    """
    digest = documents.digest(proposal.name, proposal.content)
    values = (proposal.name, version + 1, digest, proposal.content, proposal.proposal_id, officer_key, at)
    row = Row(deciding.POLICY_VERSIONS, values)
    return row, deciding.TABLES[row.table.name].ref(row), (of_version(version), _not_withdrawn(proposal))


def _not_withdrawn(proposal: Proposal) -> Seen:
    return Seen(_WITHDRAWN, (proposal.proposal_id,), 0)


def of_version(version: int) -> Seen:
    """That the policy in force is of this version."""
    return Seen(_VERSION, (), version)


def find(conn: Connection, proposal_id: bytes) -> Proposal | None:
    """A proposal by its id."""
    row = conn.execute(f"{_SELECT} WHERE p.proposal_id = %s", (proposal_id,)).fetchone()
    return None if row is None else _proposal(*row)


def made_against(conn: Connection, version: int) -> list[Proposal]:
    """The proposals that were made against a version of the policy, but for withdrawn ones, the oldest first."""
    rows = conn.execute(
        f"{_SELECT} WHERE p.base_version = %s AND v.version IS NULL AND w.withdrawn_at IS NULL"
        " ORDER BY p.proposed_at, p.proposal_id",
        (version,),
    )
    return [_proposal(*row) for row in rows]


def of_the_hour(conn: Connection) -> tuple[list[tuple[str, bytes]], Seen]:
    """Agency and key of each proposal of the last hour, and that no other one has come since."""
    ((count,),) = conn.execute("SELECT count(*) FROM policy_proposal").fetchall()
    rows = conn.execute(
        "SELECT agency_id, officer_key FROM policy_proposal WHERE proposed_at > now() - interval '1 hour'"
    )
    return [(agency_id, bytes(key)) for agency_id, key in rows], Seen(_PROPOSED, (), count)


def in_force(conn: Connection) -> list[Adopted]:
    """The documents in force, in the order of their kinds."""
    rows = conn.execute(
        "SELECT DISTINCT ON (name) name, version, digest, adopted_at, proposal_id FROM policy_version"
        " ORDER BY name, version DESC"
    )
    found = {row[0]: Adopted(row[0], row[1], bytes(row[2]), row[3], bytes(row[4] or b"")) for row in rows}
    return [found[name] for name in documents.KINDS if name in found]


def _row(proposal: Proposal) -> Row:
    return Row(
        deciding.POLICY_PROPOSALS,
        (
            proposal.proposal_id,
            proposal.name,
            proposal.base_version,
            proposal.content,
            proposal.agency_id,
            proposal.officer_key,
            proposal.proposed_at,
        ),
    )


def _proposal(  # noqa: PLR0917 - a row's columns
    proposal_id: bytes,
    name: str,
    base_version: int,
    content: bytes,
    agency_id: str,
    officer_key: bytes,
    proposed_at: dt.datetime,
    adopted_as: int | None,
    withdrawn_at: dt.datetime | None,
) -> Proposal:
    return Proposal(
        bytes(proposal_id),
        name,
        base_version,
        bytes(content),
        agency_id,
        bytes(officer_key),
        proposed_at,
        adopted_as,
        withdrawn_at,
    )
