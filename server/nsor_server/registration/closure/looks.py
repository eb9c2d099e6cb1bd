"""Looks at terms and deaths along the ledger: whoever was over by what a look could read is archived when it ends.

Whoever owns the database can hide a registration from a look, or its person's other ones, and put it back. Told again
in the ledger's order, the seals say who was over all the while. Where they don't say that for certain nobody is
accused: a record, or what it is joined to, was changed since the look began, or couldn't be read.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Final, NamedTuple

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import registration_pb2
from nsor_server.formats.instants import to_us
from nsor_server.ledger.stored import Add, Concerns, Connection
from nsor_server.policy import source
from nsor_server.policy import store as policies
from nsor_server.policy.deadlines import Deadlines
from nsor_server.registration.closure import rules
from nsor_server.registration.history import History
from nsor_server.registration.reviewed import Reviewed
from nsor_server.storage.v1 import record_pb2

_LEFT_OUT: Final = "a record whose term was over, or whose person had died, was left out when all were looked at"


class _Version(NamedTuple):
    """A version of a registration that has a term, or whose person has died.

    Attributes:
        at: index of the entry that wrote it.
        ends: of its sentences; none: there is no term.
        died: whether a verified death archives it by itself.
    """

    at: int
    ends: tuple[rules.End, ...]
    died: bool


class Looked:
    """Who was over at each entry; history, reviews and closures must be at the entry already."""

    def __init__(self, conn: Connection, history: History, reviewed: Reviewed, add: Add) -> None:
        self._conn, self._history, self._reviewed, self._add = conn, history, reviewed, add
        self.concerns = Concerns((*history.rows, *reviewed.rows))
        self._versions: dict[bytes, list[_Version]] = {}
        self._joined: dict[bytes, tuple[list[bytes], int]] = {}
        self._counted_by: tuple[int, int] | None = None
        self._deadlines: Deadlines | None = None
        self._coming: list[tuple[int, bytes]] = []
        self._over: set[bytes] = set()
        self._size = 0

    def entry(self, index: int, _leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Take what was written by the next entry, and compare the look that has ended with it; all in their order."""
        for standing in self._history.claimed:
            person, _ = self._joined.get(standing.registration_id, ([], 0))
            if standing.person != person:
                self._joined[standing.registration_id] = standing.person, index
        for record in self._history.changed:
            self._take(index, record)
        time = self._reviewed.written
        if time is not None and time.HasField("terms"):
            self._compare(index, time.terms)

    def finish(self) -> None:
        """Nothing is left: the rows are the history's."""

    def _take(self, index: int, record: record_pb2.RegistrationRecord) -> None:
        version = _Version(index, tuple(rules.sentence_ends(record)), _has_died(record))
        if not version.ends and not version.died:
            self._versions.pop(record.registration_id, None)
            return
        before = self._versions.get(record.registration_id, [])
        # Of those that no look to come can have read none but the last is needed.
        read = [each for each in before if each.at < self._size]
        self._versions[record.registration_id] = [*read[-1:], *before[len(read) :], version]
        if self._deadlines is not None:
            heapq.heappush(self._coming, (self._due_us(version, self._deadlines), record.registration_id))

    def _compare(self, index: int, look: record_pb2.TermsLook) -> None:
        """Hold who still stands when a look ends against who was over as long as it lasted."""
        if not self._size <= look.size <= index:
            self._add(index, "a time for reviews says that more was read for terms than there was, or less than before")
            return
        self._size = look.size
        if not self._count(look):
            return
        over = {each for each in self._over if self._was_over(each, look)}
        if any(self._had_to_end(each, over, look) for each in over):
            self._add(index, _LEFT_OUT)

    def _count(self, look: record_pb2.TermsLook) -> bool:
        """Note who may be over by the policy of a look; tells whether it can be read."""
        by = look.deadlines_version, look.holidays_version
        if by != self._counted_by:
            self._counted_by, self._over = by, set()
            self._deadlines = self._policy(*by)
            self._coming = [] if self._deadlines is None else self._all_coming(self._deadlines)
        while self._coming and self._coming[0][0] <= look.at_us:
            self._over.add(heapq.heappop(self._coming)[1])
        # Of the others either nothing is left, or what is newest of them is still to come.
        self._over = {each for each in self._over if self._is_over(self._versions.get(each, ())[-1:], look)}
        return self._deadlines is not None

    def _policy(self, deadlines_version: int, holidays_version: int) -> Deadlines | None:
        """The deadlines by documents that were in force; None: this version of the server can't read them."""
        try:
            return policies.deadlines_of(self._conn, deadlines_version, holidays_version)
        except source.PolicyError:
            return None

    def _all_coming(self, deadlines: Deadlines) -> list[tuple[int, bytes]]:
        coming = [
            (self._due_us(version, deadlines), registration_id)
            for registration_id, versions in self._versions.items()
            for version in versions
        ]
        heapq.heapify(coming)
        return coming

    @staticmethod
    def _due_us(version: _Version, deadlines: Deadlines) -> int:
        if version.died:
            return 0
        return to_us(rules.latest(version.ends, deadlines).due)

    def _is_over(self, versions: Sequence[_Version], look: record_pb2.TermsLook) -> bool:
        """Whether there are some, and each says that its term is over at a look's instant, or its person has died."""
        deadlines = self._deadlines
        if deadlines is None or not versions:
            return False
        return all(self._due_us(each, deadlines) <= look.at_us for each in versions)

    def _read(self, registration_id: bytes, look: record_pb2.TermsLook) -> Sequence[_Version]:
        """The versions of which a look can have read one; none: it wasn't over before the look began."""
        versions = self._versions.get(registration_id, [])
        before = [nth for nth, each in enumerate(versions) if each.at < look.size]
        return versions[before[-1] :] if before else ()

    def _was_over(self, registration_id: bytes, look: record_pb2.TermsLook) -> bool:
        """Whether a registration was over whichever of its versions the look has read."""
        return self._is_over(self._read(registration_id, look), look)

    def _had_to_end(self, registration_id: bytes, over: set[bytes], look: record_pb2.TermsLook) -> bool:
        """Whether one that was over, and stands, had to be archived: nothing of its person held it back."""
        person = {registration_id, *self._history.standing(registration_id).person}
        _, joined_at = self._joined.get(registration_id, ([], 0))
        is_known = all(self._history.standing(each).whole for each in person)
        if not is_known or not person.isdisjoint(self._history.erased) or not person.isdisjoint(look.unread_ids):
            return False
        if joined_at >= look.size:
            return False  # before, or from then on, it was held back by others
        if all(each.died for each in self._read(registration_id, look)):
            return True
        return all(each in over or self._is_out(each, look) for each in person)

    def _is_out(self, registration_id: bytes, look: record_pb2.TermsLook) -> bool:
        """Whether one didn't stand all the while."""
        standing = self._history.standing(registration_id)
        return not standing.confirmed and standing.index < look.size


def _has_died(record: record_pb2.RegistrationRecord) -> bool:
    """Whether a record stands, and a verified death archives it by itself."""
    return record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED and rules.died_day(record) is not None
