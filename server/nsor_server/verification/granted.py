"""Whom a prosecutor's grant names, compared with the access request that he decided.

He signs that he grants a request, or some of its suspects by their numbers: the names are the request's. Whoever runs
another program than this one could write others into the grant, or call a suspect by names that no prosecutor has seen.

A prosecutor decides a request and gives its grant in one entry. A grant that stands in an entry of its own would be
compared with nothing.
"""

from __future__ import annotations

from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2
from nsor_server.ledger.stored import Add, Concerns
from nsor_server.lookup.grants import subjects
from nsor_server.lookup.grants.history import Grants
from nsor_server.lookup.requests.listed import Requests
from nsor_server.storage.v1 import record_pb2

_OTHERS: Final = "a grant isn't for those whom its access request names, or for another FIR or agency"
_NOT_NAMED: Final = "a grant was given that no access request of its entry names"
_NOT_GIVEN: Final = "an access request names a grant that its entry didn't give, or no more the one that it named"


class Granted:
    """Grants of access requests in the ledger's order. Both histories must be at the entry already."""

    def __init__(self, requests: Requests, grants: Grants, add: Add) -> None:
        self._requests, self._grants, self._add = requests, grants, add
        self.concerns = Concerns((requests.rows, grants.giving))
        self._named: dict[bytes, bytes] = {}
        """Of each decided request the grant that its newest version names."""

    def entry(self, index: int, _leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next entry."""
        given = {each.grant_id for each in self._grants.given}
        named = {each.grant_id for each in self._requests.written}
        if any(_is_asked_for(each) and each.grant_id not in named for each in self._grants.given):
            self._add(index, _NOT_NAMED)
        for asked in self._requests.written:
            before = self._named.get(asked.access_request_id, b"")
            if asked.grant_id != before:
                self._named[asked.access_request_id] = asked.grant_id
                if before or asked.grant_id not in given:
                    self._add(index, _NOT_GIVEN)
            grant = self._grants.find(asked.grant_id)
            if grant is not None and not _is_of(grant, asked):
                self._add(index, _OTHERS)

    def finish(self) -> None:
        """Nothing is left."""


def _is_asked_for(grant: record_pb2.GrantRecord) -> bool:
    """Whether it needs an access request: tickets and court cases have none."""
    return bool(grant.access_request_id) or grant.purpose == options_pb2.PURPOSE_INVESTIGATION


def _is_of(grant: record_pb2.GrantRecord, asked: record_pb2.AccessRequestRecord) -> bool:
    """Whether a grant gives a part of an access request, and nothing else."""
    if not all(1 <= number <= len(asked.suspects) for number in grant.suspects):
        return False
    named = [asked.suspects[number - 1] for number in grant.suspects]
    return (grant.access_request_id, grant.agency, grant.fir, list(subjects.of(grant)), list(grant.named)) == (
        asked.access_request_id,
        asked.agency,
        asked.fir,
        named,
        [subjects.identifier(each) for each in named],
    )
