"""The names that a search goes by, in a process of its own beside this one: filled, kept current, and made anew.

A thread fills it from the sealed records in the background, and then follows the ledger. Nothing of this is in
anybody's call: a search asks what is there, and whoever it finds is read from the database once more. Until it is
filled there is no search. One that has ended is filled again; so is one that knows somebody who was erased, while it
goes on to answer without him: what was on its cards stays in the memory of a process until that ends.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import psycopg

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.lookup.search import rules, store
from nsor_server.lookup.search.store import Place
from nsor_server.names.card import Bands, Candidate, Found, Person
from nsor_server.names.process import NameProcess, NamesLate, NamesUnavailable
from nsor_server.registration import facts as registrations
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.sealing import Sealer

BATCH: Final = 100
"""Registrations that are read and opened at a time: some 10 ms, in which this process does nothing else."""
ROWS: Final = 500
"""Rows of the ledger that are looked through at a time."""
LOOK_SECONDS: Final = 0.5
AGAIN_SECONDS: Final = 2.0
"""After a failure."""
WAITING: Final = 6
"""Searches at a time, with the one that is made: a quarter of the threads that calls have by default."""
_RETRY_SECONDS: Final = 10.0
_BUSY_SECONDS: Final = 1.0
_SAID_EVERY: Final = 100_000
"""Registrations between two lines of the log."""
_NOBODY: Final = Person(())

_log = logging.getLogger(__name__)


class _Filling(NamedTuple):
    """A process that is being filled.

    Attributes:
        names: the process.
        place: where the ledger ended when that began: what comes behind it is read afterwards.
        after: the last registration that was read.
        began: ``time.monotonic``.
        looked_at: how many registrations were.
    """

    names: NameProcess
    place: Place
    after: bytes
    began: float
    looked_at: int


class SearchIndex:
    """The index of this process. ``search`` and ``compare`` are for any thread, ``work`` for one."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer
        self._names: NameProcess | None = None
        self._place = Place(-1, -1)
        self._filling: _Filling | None = None
        self._made_anew = False
        self.cards = 0
        """How many registrations may be found."""
        self._losing, self._turn = threading.Lock(), threading.Lock()
        self._waiting = threading.BoundedSemaphore(WAITING)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it is filled."""
        return self._names is not None

    def start(self) -> None:
        """Begin to fill it."""
        self._thread = threading.Thread(target=self._run, name="search-index", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and the process."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self._give_up()
        names, self._names = self._names, None
        if names is not None:
            names.stop()

    def search(self, person: Person, limit: int, bands: Bands, deadline: float) -> Found:
        """Who is most alike, as ``NameIndex.search``.

        Args:
            person: who is looked for.
            limit: how many at most are answered.
            bands: how alike somebody has to be.
            deadline: until when to wait for the searches before, and for this one, ``time.monotonic``.

        Raises:
            errors.Unavailable: SEARCH_NOT_READY; also where ``WAITING`` others wait.
            errors.DeadlineExceeded: the searches before take too long, or this one.
        """
        with self._next(deadline) as names:
            return names.search(person, limit, bands, deadline)

    def born(
        self, people: Sequence[Person], limit: int, least_strength: float, deadline: float
    ) -> list[list[Candidate]]:
        """Who was born on the same day as each of some people and is alike by both names, as ``NameIndex.born``.

        Raises:
            errors.ApiError: as ``search``.
        """
        with self._next(deadline) as names:
            return names.born(people, limit, least_strength, deadline)

    def compare(
        self, person: Person, limit: int, bands: Bands, cards: Sequence[tuple[bytes, Person]], deadline: float
    ) -> Found:
        """Who of some others is most alike, as ``NameIndex.compare``.

        Raises:
            errors.ApiError: as ``search``.
        """
        with self._next(deadline) as names:
            return names.compare(person, limit, bands, cards, deadline)

    @contextlib.contextmanager
    def _next(self, deadline: float) -> Iterator[NameProcess]:
        """The process, when it is this search's turn.

        A search that waits has a thread and a connection that others' calls need, too: few wait, and none for longer
        than its caller.
        """
        self._ready()
        if not self._waiting.acquire(blocking=False):
            raise errors.Unavailable(errors_pb2.ERROR_REASON_SEARCH_NOT_READY, retry_after_seconds=_BUSY_SECONDS)
        try:
            if not self._turn.acquire(timeout=max(0.0, deadline - time.monotonic())):
                raise errors.DeadlineExceeded
            try:
                names = self._ready()  # it may have been filled anew meanwhile
                try:
                    yield names
                except NamesLate:
                    raise errors.DeadlineExceeded from None
                except NamesUnavailable:
                    raise self._lost(names) from None
                if time.monotonic() >= deadline:
                    raise errors.DeadlineExceeded  # else its entry would be given up, as if there were no ledger
            finally:
                self._turn.release()
        finally:
            self._waiting.release()

    def work(self) -> bool:
        """Fill a part, or follow the ledger; tells whether there may be more to do at once.

        Raises:
            psycopg.Error, errors.ApiError: the register can't be read.
        """
        try:
            if self._names is None or self._made_anew:
                return self._fill()
            return self._follow(self._names)
        except NamesUnavailable:
            self._give_up()
            if self._names is not None:
                self._lost(self._names)
            return True

    def _run(self) -> None:
        failed = False
        while not self._ended.is_set():
            began = time.monotonic()
            try:
                more = self.work()
                # It takes turns with the calls: half of the time is theirs, whatever there is to do.
                self._ended.wait(time.monotonic() - began if more else LOOK_SECONDS)
                failed = False
            except (psycopg.Error, errors.ApiError) as error:
                if not failed:
                    _log.error("the names for searches can't be read (%s); it is tried again", type(error).__name__)
                failed = True
                self._ended.wait(AGAIN_SECONDS)

    def _fill(self) -> bool:
        filling = self._filling or self._begun()
        with self._database.reading() as conn:
            ids = store.ids_after(conn, filling.after, BATCH)
            filling.names.add(list(self._cards(conn, ids)))
        if ids:
            looked_at = filling.looked_at + len(ids)
            if looked_at // _SAID_EVERY > filling.looked_at // _SAID_EVERY:
                _log.info("%d registrations were read for searches", looked_at)
            self._filling = filling._replace(after=ids[-1], looked_at=looked_at)
            return True
        # What is asked first makes the arrays: nobody waits for that.
        filling.names.search(_NOBODY, 1, Bands(1.0, 1.0))
        before, self._names = self._names, filling.names
        self._place, self._filling, self._made_anew = filling.place, None, False
        self.cards = filling.names.add([])
        if before is not None:
            before.stop()
        # Not how many: whether that grows tells of somebody who was confirmed that he is held.
        _log.info("searches by name are ready, after %.0f s", time.monotonic() - filling.began)
        return True

    def _begun(self) -> _Filling:
        with self._database.reading() as conn:
            place = store.end(conn)
        self._filling = _Filling(NameProcess(), place, store.BEGINNING, time.monotonic(), 0)
        return self._filling

    def _follow(self, names: NameProcess) -> bool:
        if names.has_ended:
            raise NamesUnavailable
        with self._database.reading() as conn:
            changed = store.changed(conn, self._place, ROWS)
            for at in range(0, len(changed.registration_ids), BATCH):
                ids = changed.registration_ids[at : at + BATCH]
                cards = dict(self._cards(conn, ids))
                names.add(list(cards.items()))
                self.cards = names.remove([one for one in ids if one not in cards])
        self._place = changed.place
        self._made_anew = changed.erased
        return changed.more or changed.erased

    def _cards(self, conn: Connection, ids: Sequence[bytes]) -> Iterable[tuple[bytes, Person]]:
        """Those that may be found; one that contradicts itself is none."""
        for one, head in store.heads(conn, ids).items():
            with contextlib.suppress(errors.Internal):  # there is an alert already, and the others go on
                record, key = registrations.open_keyed(self._sealer, head.row)
                if rules.may_be_found(record, registrations.open_claim(key, head.claim)):
                    yield one, registrations.compared_person(record)

    def _ready(self) -> NameProcess:
        names = self._names
        if names is None:
            raise _not_ready()
        return names

    def _lost(self, names: NameProcess) -> errors.Unavailable:
        """Have a process that has ended filled again; whoever finds it first puts it away."""
        with self._losing:
            is_first = self._names is names
            if is_first:
                self._names, self.cards = None, 0
        if is_first:
            _log.error("the process that holds the names has ended; it is filled again")
            names.stop()
        return _not_ready()

    def _give_up(self) -> None:
        filling, self._filling = self._filling, None
        if filling is not None:
            filling.names.stop()


def _not_ready() -> errors.Unavailable:
    return errors.Unavailable(errors_pb2.ERROR_REASON_SEARCH_NOT_READY, retry_after_seconds=_RETRY_SECONDS)
