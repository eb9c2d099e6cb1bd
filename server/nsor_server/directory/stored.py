"""What decides, as it is stored: each row is the work of an entry, and is compared with all its columns.

And what its rows say of each other: a document of the policy that was adopted was proposed as it is, by another
officer, both decided for NPB when they did, and nobody had withdrawn it. Two keys under one number are one officer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nsor.v1 import options_pb2
from nsor_server.directory.deciders import Deciders, recorded, rows
from nsor_server.directory.register_seal_history import Sealed
from nsor_server.ledger.stored import Add, Connection, RecordedTable, Stored
from nsor_server.policy import documents
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring

_Rows = Mapping[bytes, Mapping[str, Any]]


def _compare(conn: Connection, _keyring: Keyring, add: Add) -> None:
    policy = _Policy(conn)
    for version in rows(conn, deciding.POLICY_VERSIONS):
        index = policy.adopted.get((version["name"].encode(), version["version"]), -1)
        for problem in policy.problems(version, index):
            add(index, f"{version['name']}, version {version['version']} of the policy, {problem}")


class _Policy:
    """Who may have proposed and adopted what, and when; all of it in memory: there is little."""

    def __init__(self, conn: Connection) -> None:
        self.adopted = recorded(conn, deciding.POLICY_VERSIONS)
        self._proposed = recorded(conn, deciding.POLICY_PROPOSALS)
        self._withdrawn = recorded(conn, deciding.POLICY_WITHDRAWALS)
        self._deciders = Deciders(conn)
        self._proposals: _Rows = {row["proposal_id"]: row for row in rows(conn, deciding.POLICY_PROPOSALS)}

    def problems(self, version: Mapping[str, Any], index: int) -> Iterator[str]:
        """What is wrong with a document that came by the entry of this index."""
        if documents.digest(version["name"], version["content"]) != version["digest"]:
            yield "isn't what its digest says"
        if version["proposal_id"] is None:
            if version["officer_key"] is not None:
                yield "was adopted, and nobody proposed it"
            return
        proposal = self._proposals.get(version["proposal_id"])
        if proposal is None:
            yield "was adopted, and its proposal is gone"
            return
        at = self._proposed.get((proposal["proposal_id"], 1), -1)
        if any(version[column] != proposal[column] for column in ("name", "content")):
            yield "isn't what was proposed"
        if version["version"] != proposal["base_version"] + 1:
            yield "was adopted beside another policy than it was proposed for"
        if self._withdrawn.get((proposal["proposal_id"], 1), index + 1) < index:
            yield "was adopted when it had been withdrawn"
        yield from self._of_officers(version["officer_key"], index, proposal["officer_key"], at)

    def _of_officers(self, adopter: bytes, index: int, proposer: bytes, at: int) -> Iterator[str]:
        """What is wrong with who adopted by the one entry, and who proposed by the other."""
        if self._deciders.person(adopter).is_same(self._deciders.person(proposer)):
            yield "was adopted by the officer who proposed it"
        if not self._deciders.decides(proposer, options_pb2.AGENCY_KIND_NPB, at):
            yield "was proposed by nobody who decided for NPB"
        if not self._deciders.decides(adopter, options_pb2.AGENCY_KIND_NPB, index):
            yield "was adopted by nobody who decided for NPB"


STORED: Final = Stored(tuple(RecordedTable.of(each) for each in deciding.TABLES.values()), _compare, Sealed)
"""For verification."""
