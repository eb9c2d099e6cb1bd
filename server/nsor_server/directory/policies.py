"""The register's policy as it is proposed and adopted, and what it begins with; `policy.store` reads what is in force.

Both tables are part of what decides: their rows are only added, each by an entry of the ledger that holds its hash.
What was proposed, withdrawn and adopted is read from the directory that a call was gated by, which is proved.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import psycopg

from nsor_server.calls import Call, DecidedRows, RecordRef, Row, Seen, Versions
from nsor_server.ledger import operator
from nsor_server.policy import documents, store
from nsor_server.policy.loaded import Policy
from nsor_server.policy.source import PolicyError
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
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


def find(rows: DecidedRows, proposal_id: bytes) -> Proposal | None:
    """A proposal by its id."""
    return next((each for each in _proposals(rows) if each.proposal_id == proposal_id), None)


def made_against(rows: DecidedRows, version: int) -> list[Proposal]:
    """The proposals that were made against a version of the policy, but for withdrawn ones, the oldest first."""
    found = (
        each
        for each in _proposals(rows)
        if each.base_version == version and each.adopted_as is None and each.withdrawn_at is None
    )
    return sorted(found, key=lambda each: (each.proposed_at, each.proposal_id))


def of_the_hour(call: Call) -> tuple[list[tuple[str, bytes]], Seen]:
    """Agency and key of each proposal of the last hour, and that no other one has come since."""
    since = call.now() - dt.timedelta(hours=1)
    proposed = call.decided["policy_proposal"]
    late = [(row["agency_id"], row["officer_key"]) for row in proposed if row["proposed_at"] > since]
    return late, Seen(_PROPOSED, (), len(proposed))


def in_force(rows: DecidedRows) -> list[Adopted]:
    """The documents in force, in the order of their kinds."""
    newest = {row["name"]: row for row in rows[store.TABLE]}  # versions come in their order
    return [
        Adopted(name, row["version"], row["digest"], row["adopted_at"], row["proposal_id"] or b"")
        for name in documents.KINDS
        if (row := newest.get(name)) is not None
    ]


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


def _proposals(rows: DecidedRows) -> Iterator[Proposal]:
    adopted = {row["proposal_id"]: row["version"] for row in rows[store.TABLE]}
    withdrawn = {row["proposal_id"]: row["withdrawn_at"] for row in rows["policy_proposal_withdrawal"]}
    for row in rows["policy_proposal"]:
        proposal_id = row["proposal_id"]
        yield Proposal(**row, adopted_as=adopted.get(proposal_id), withdrawn_at=withdrawn.get(proposal_id))
