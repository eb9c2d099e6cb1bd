"""What is answered to a path of the log: by whom it is asked, whether he may have it, what it holds. Knows no HTTP.

A request has two parts. The first waits for nothing, so that a flood costs little: who asks, by the directory as it is
known, and whether his rate allows it. The second reads: who asks, by the directory as it is now, so that a revoked
certificate gets nothing from the next request on; then what it may have, the content, and its count.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests

from nsor.ledger import tlog_tiles
from nsor.ledger.tlog_tiles import WIDTH, Bundle, Tile
from nsor_server import errors
from nsor_server.access import gate, peer, witnesses
from nsor_server.access.directory import Directory, DirectorySnapshot
from nsor_server.access.limits import UNKNOWN, Hold, Limits
from nsor_server.access.witnesses import Witness
from nsor_server.alerts import Alert, alert
from nsor_server.calls import Agency
from nsor_server.ledger import cosignatures, proofs, published
from nsor_server.ledger.tiles import TornTree
from nsor_server.publishing.fetches import NOBODY, Fetches, NotCounted, What, Who
from nsor_server.publishing.rights import may_fetch
from nsor_server.storage.pool import Database

CHECKPOINT: Final = "/checkpoint"
AT_A_TIME: Final = 4
"""Requests of one agency that are in work at a time, of as many threads as `command` begins."""

Named: TypeAlias = Tile | Bundle | None
"""What a path names; None: the checkpoint."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered.

    Attributes:
        status: of HTTP.
        content: its bytes, compressed if ``is_gzip``.
        is_text: the content is text.
        is_final: it never changes.
        retry_seconds: after how long it may be asked again; None: nothing is said of that.
    """

    status: int
    content: bytes
    is_text: bool = True
    is_gzip: bool = False
    is_final: bool = False
    retry_seconds: float | None = None


NO_SUCH_PATH: Final = Answer(404, b"The log has nothing there, or not yet.\n")
NOT_ACTIVE: Final = Answer(403, b"This certificate isn't active.\n")
NOT_ALLOWED: Final = Answer(
    403, b"Entries are for NPB, the Special Committee and agencies of witnesses that it has registered.\n"
)
NOT_NOW: Final = Answer(503, b"The log can't be read now.\n", retry_seconds=10.0)
BROKEN: Final = Answer(500, b"This part of the log can't be read.\n")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was let in.

    Attributes:
        certificate: PEM of the client's, which TLS has verified.
        path: as it was sent.
        takes_gzip: whether it may be compressed.
        hold: counts it as in work.
        moment: when it came, by ``time.monotonic``.
    """

    certificate: bytes
    path: str
    takes_gzip: bool
    hold: Hold
    moment: float = field(default_factory=time.monotonic)


class Answers:
    """Answers; threads share it."""

    def __init__(self, database: Database, directory: Directory, limits: Limits, fetches: Fetches) -> None:
        """Prepare.

        Args:
            database: of the publisher's role.
            directory: who is who.
            limits: of each agency.
            fetches: counts.
        """
        self._database, self._directory, self._limits, self._fetches = database, directory, limits, fetches

    def let_in(self, certificate: bytes, path: str, *, takes_gzip: bool) -> Asked | Answer:
        """The first part, which waits for nothing: the request, for ``answer``, or why it is refused."""
        snapshot = self._directory.current
        try:
            agency_id = gate.identify(certificate, snapshot, snapshot.now()).agency.agency_id
        except errors.Unauthenticated:
            agency_id = UNKNOWN
        try:
            hold = self._limits.call(agency_id)
        except errors.Exhausted as error:
            self._fetches.refused(_who(certificate, snapshot))
            return Answer(429, b"Too many requests at a time.\n", retry_seconds=error.retry_after_seconds)
        return Asked(certificate, path, takes_gzip, hold)

    def answer(self, asked: Asked) -> Answer:
        """The second part. Whoever has it answered releases the hold, also if it never comes to that."""
        try:
            return self._answer(asked)
        except (psycopg.Error, PoolTimeout, TooManyRequests, errors.Unavailable, NotCounted):
            return NOT_NOW

    def _answer(self, asked: Asked) -> Answer:
        snapshot = self._directory.at_least_as_of(asked.moment)
        self._directory.unproved.check()
        who = _who(asked.certificate, snapshot)
        try:
            agency = gate.identify(asked.certificate, snapshot, snapshot.now()).agency
        except errors.Unauthenticated:
            return self._refused(who, NOT_ACTIVE)
        found = self._found(asked, agency, snapshot)
        if found.status != 200:
            return self._refused(who, found)
        self._fetches.count(who, _what(asked.path))
        return found

    def _refused(self, who: Who, answer: Answer) -> Answer:
        self._fetches.refused(who)
        return answer

    def _found(self, asked: Asked, agency: Agency, snapshot: DirectorySnapshot) -> Answer:
        named = None if asked.path == CHECKPOINT else tlog_tiles.parse(asked.path.removeprefix("/"))
        if named is None and asked.path != CHECKPOINT:
            return NO_SUCH_PATH
        if not may_fetch(named, agency, witnesses.may_fetch(snapshot.rows)):
            return NOT_ALLOWED
        try:
            return self._read(named, witnesses.that_count(snapshot.rows), takes_gzip=asked.takes_gzip)
        except proofs.NoSuchTree:
            return NO_SUCH_PATH
        except TornTree as error:
            alert(Alert.LEDGER_TORN, "a part of the log can't be published: %s", error)
            return BROKEN

    def _read(self, named: Named, cosigning: Sequence[Witness], *, takes_gzip: bool) -> Answer:
        with self._database.reading() as conn:
            if named is None:
                return Answer(200, cosignatures.newest_note(conn, cosigning))
            content = published.read(conn, named, published.size(conn))
        is_gzip = takes_gzip and isinstance(named, Bundle)
        return Answer(
            200,
            gzip.compress(content, mtime=0) if is_gzip else content,
            is_text=False,
            is_gzip=is_gzip,
            is_final=named.width == WIDTH,
        )


def _what(path: str) -> What:
    """What a path that was found counts as."""
    if path == CHECKPOINT:
        return What.CHECKPOINT
    return What.BUNDLE if path.startswith("/tile/entries/") else What.TILE


def _who(certificate: bytes, snapshot: DirectorySnapshot) -> Who:
    """For whom a request counts: our CA has signed the name, so it may be written down though it isn't accepted."""
    try:
        facts = peer.parse(certificate)
    except peer.NoIdentity:
        return NOBODY
    known = snapshot.certificates.get(facts.serial)
    is_known = known is not None and known.fingerprint == facts.fingerprint
    return Who(facts.agency_id if facts.agency_id in snapshot.agencies else "", facts.serial if is_known else "")
