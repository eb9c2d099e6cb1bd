"""Writes reviews at fixed times: which registrations share an identifier with an earlier confirmed one, or are alike.

With them goes what became due since the time before: who is held no more, or again, by what became of the others;
judgments that no registry has confirmed, and whom the judgments since then have met; corrections that persons have
asked for; records that their owners haven't looked at again; releases that nobody has accepted or entered; transfers
of responsibility that nobody has answered or decided; registrations of a merged person that stand again; and whom
arrival notices were about.

Whoever causes a review may not know of it. So at each time there is one entry of the ledger and one event to NPB,
whatever there is to review, also nothing. Times that were missed are one with the next: everything unreviewed is
written then. It may run in several processes; one of them writes at a time, and no time is written twice.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Final

import psycopg
from google.protobuf import empty_pb2

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.access.directory import Directory, DirectorySnapshot
from nsor_server.alerts import Alert, alert
from nsor_server.calls import Agency, Call, Outcome, Row, new_access_id
from nsor_server.errors import ApiError
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import instant
from nsor_server.formats.uuids import text
from nsor_server.ledger.entry import LedgerUnavailable, StaleRead
from nsor_server.ledger.watching import MOST_SECONDS, TakenTurns
from nsor_server.ledger.writer import Writer
from nsor_server.registration import returned, review_store
from nsor_server.registration.amendments import moved as moved_amendments
from nsor_server.registration.arrivals import matching as arrivals
from nsor_server.registration.closure.terms import Terms
from nsor_server.registration.corrections import store as corrections
from nsor_server.registration.corrections.meeting import Meetings
from nsor_server.registration.custody import releases
from nsor_server.registration.duplicates.worker import Duplicates
from nsor_server.registration.judgments import store as judgments
from nsor_server.registration.judgments import times
from nsor_server.registration.movements import times as movements
from nsor_server.registration.persons import collisions, rejoined
from nsor_server.registration.transfers import overdue as overdue_transfers
from nsor_server.registration.validation import overdue as overdue_validations
from nsor_server.registration.worklists import owed
from nsor_server.storage import locks
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.passes import Passes
from nsor_server.tracing.spans import Tracing

METHOD: Final = "nsor-server/write-reviews"
LOOK_SECONDS: Final = 15.0
"""How often it is looked whether a time has come."""
BETWEEN_BATCHES_SECONDS: Final = 0.02
"""Rest between two batches that are compared by name: calls go first."""
_COMMIT_SECONDS: Final = 10.0
_DAY_US: Final = 86_400_000_000
_TURN: Final = 0x4E534F5200000006
"""Of several processes one looks at a time: an advisory lock ("NSOR", 6)."""

STALE_LOOKS: Final = 10
"""Looks in a row at which what a time rests on has moved on: more is no coincidence, and nobody is told of anything."""
_log = logging.getLogger(__name__)


class ReviewTimes:
    """A thread that writes reviews whenever their time has come."""

    def __init__(
        self, database: Database, writer: Writer[Call], directory: Directory, tracing: Tracing, keyring: Keyring
    ) -> None:
        self._database = database
        self._writer = writer
        self._directory = directory
        self._passes = Passes(tracing, "review-times")
        self._sealer, self._blind_index = Sealer(keyring), BlindIndex(keyring)
        self._terms = Terms(database, self._sealer, self._blind_index, directory)
        self._meetings = Meetings(self._sealer, self._blind_index)
        self._arrivals = arrivals.Matching(self._sealer, self._blind_index)
        self._duplicates = Duplicates(database, self._sealer, lambda: directory.current.policy.reviews)
        self._stale, self._taken = 0, TakenTurns()
        self._made = self._written = record_pb2.ReviewTimeRecord()
        self._ended_at = time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="review-times", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(_COMMIT_SECONDS)
        self._duplicates.close()

    @property
    def name(self) -> str:
        """Of the thread."""
        return self._thread.name

    @property
    def age_seconds(self) -> float:
        """Since it has looked whether the time has come, or since it was made; infinite once its thread has ended."""
        if self._thread.ident is not None and not self._thread.is_alive():
            return math.inf
        return time.monotonic() - self._ended_at

    def look(self) -> bool:
        """Write reviews if their time has come, and nobody else does; tells whether it was written.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: it can't be written now.
        """
        if not self._duplicates.has_turn():
            return False
        with self._database.transaction() as conn:
            if not conn.execute("SELECT pg_try_advisory_xact_lock(%s)", (_TURN,)).fetchall()[0][0]:
                locks.require_own(conn, _TURN, MOST_SECONDS)
                return False
            outcome = self._outcome(conn)
            if outcome is None:
                return False
            call = self._call(outcome)
            try:
                self._writer.submit(call)
            except StaleRead:
                call.span.close()
                # Another process has written it, or a registration has changed: it is decided again.
                self._stale += 1
                if self._stale % STALE_LOOKS == 0:
                    alert(Alert.CALL_FAILED, "reviews couldn't be written %d times in a row", self._stale)
                return False
            except Exception as error:
                call.span.fail(type(error).__name__)
                raise
        call.span.recorded(text(call.access_id))
        call.span.close()
        self._stale, self._written = 0, self._made
        self._duplicates.written()
        self._terms.written()
        movements.destroy(self._database, self._made)
        arrivals.destroy(self._database, self._made)
        late = movements.late(self._directory.current.policy.deadlines, self._made)
        if late:
            alert(
                Alert.MOVEMENTS_WAIT, "movements over the border at %d crossings wait for longer than policy says", late
            )
        return True

    def movements_wait_seconds(self) -> float:
        """How long the oldest movement waits that the last fixed time has left; 0: none, or another process knows."""
        oldest_us = min((each.since_us for each in self._written.movements_waiting), default=0)
        return (self._directory.current.now() - instant(oldest_us)).total_seconds() if oldest_us else 0.0

    def follow(self) -> bool:
        """Compare by name what was written since, and look for terms that are over; tells whether there may be more.

        Raises:
            psycopg.Error, ApiError: the register can't be read now, or contradicts itself.
        """
        if not self._duplicates.has_turn():
            return False
        there_is_more = self._duplicates.follow()
        return self._terms.follow() or there_is_more

    def _outcome(self, conn: Connection) -> Outcome[empty_pb2.Empty] | None:
        """What is written now; None: no time has come since the last one, or there was never anything."""
        state, directory = review_store.state(conn), self._directory.current
        due_us = directory.policy.reviews.last_due_us(state.now_us)
        if state.last_time != self._written.number:
            self._written = record_pb2.ReviewTimeRecord()  # another process writes them now
        if state.since_us is None or state.since_us >= due_us:
            return None
        record = record_pb2.ReviewTimeRecord(
            review_time_id=uuid.uuid4().bytes, number=state.last_time + 1, due_us=due_us
        )
        before = review_store.last_time(conn, self._sealer) or record_pb2.ReviewTimeRecord(examined_to=-1)
        # Before anything else: of whom it archives the time tells nothing more, and nothing asked of him postpones it.
        ended = self._terms.due(conn, record, agencies=directory.agencies, now=directory.now())
        of_day = review_store.readable_since(conn, self._sealer, due_us - _DAY_US)
        written = [each for one in of_day for each in one.reviews]
        time = collisions.Time(record, before, state.last_review, written, directory.policy.reviews)
        collided = collisions.due(conn, self._sealer, self._blind_index, time, ended.following)
        unchanged = self._duplicates.due(conn, record, before, state.last_review, written)
        after_us = state.since_us if state.last_time else 0
        overdue = judgments.overdue(conn, self._sealer, after_us=after_us, until_us=due_us)
        record.overdue_judgment_ids.extend(each.judgment_id for each in overdue)
        stands = returned.since(conn, self._sealer, before.returned_to, without=record.archived_ids)
        record.returned_to = stands.until
        moved = owed.changed(conn, before.returned_to, stands)
        released = releases.due(conn, self._sealer, directory.agencies, record, after_us=after_us, returned=stands)
        transferred = overdue_transfers.due(
            conn, (self._sealer, self._blind_index), directory.agencies, record, after_us=after_us, returned=stands
        )
        meeting = self._meetings.due(
            conn,
            record,
            after_us=after_us,
            returned=stands,
            moved=moved[owed.OF_CORRECTIONS],
            agencies=directory.agencies,
            now=directory.now(),
        )
        unvalidated, undone = overdue_validations.add(
            conn,
            self._sealer,
            record,
            before,
            returned=stands,
            moved=moved[owed.OF_VALIDATION],
            agencies=directory.agencies,
        )
        amended = moved_amendments.due(conn, self._sealer, record, moved[owed.OF_AMENDMENTS], directory.agencies)
        told = times.told(conn, self._sealer, self._blind_index, before.judged_to)
        record.judged_to = told.until
        record.judged.extend(told.judged)
        self._made = record
        keys = self._sealer, self._blind_index
        joined = rejoined.due(
            conn,
            keys,
            record,
            before,
            returned=stands,
            written=(*collided.refs, *meeting.refs, *ended.refs),
            agencies=directory.agencies,
            policy=directory.policy,
            now=directory.now(),
        )
        versions = *collided.refs, *meeting.refs, *ended.refs, *joined.refs
        crossed = movements.due(conn, keys, record, before, written=versions, came=stands.standing, directory=directory)
        # Last of what writes versions: of a registration a time writes one.
        arrived = self._arrivals.due(
            conn,
            record,
            before,
            written=(*versions, *crossed.refs),
            after_us=after_us,
            directory=self._as_it_is_now(),
        )
        rows, ref = review_store.rows(self._sealer, record)
        npb = recipients.of_kind(directory.agencies, options_pb2.AGENCY_KIND_NPB)
        events = outbox.owed(notification_pb2.EVENT_KIND_REVIEWS_WRITTEN, npb)
        for each in overdue:
            events += _overdue_events(directory.agencies, npb, each)
        events += times.events(directory.agencies, told)
        detail = record_pb2.AccessDetail(outcome="REVIEWS_WRITTEN")
        seen = (review_store.seen(state), *(judgments.seen(each) for each in overdue), *unchanged)
        return Outcome(
            empty_pb2.Empty(),
            detail,
            (
                *rows,
                *collided.rows,
                *corrections.met_rows(record),
                *meeting.rows,
                *events,
                *unvalidated,
                *ended.rows,
                *released.rows,
                *amended.rows,
                *transferred.rows,
                *joined.rows,
                *crossed.rows,
                *arrived.rows,
            ),
            (ref, *versions, *crossed.refs, *arrived.refs),
            (
                *(*seen, *collided.seen, *meeting.seen, *undone, *told.seen, *ended.seen),
                *(*joined.seen, *released.seen, *amended.seen, *transferred.seen, *crossed.seen, *arrived.seen),
            ),
        )

    def _as_it_is_now(self) -> DirectorySnapshot:
        """The directory, with what was decided by the last entry that a time has read: a snapshot may be older."""
        return self._directory.at_least_as_of(time.monotonic())

    def _call(self, outcome: Outcome[empty_pb2.Empty]) -> Call:
        """Nobody called: the entry is of no agency, and there is no request and no answer to bind."""
        return Call(
            METHOD,
            self._passes.entry(METHOD),
            nonce=os.urandom(32),
            deadline=time.monotonic() + _COMMIT_SECONDS,
            access_id=new_access_id(),
            call_hash=os.urandom(32),
            outcome=outcome,
        )

    def _run(self) -> None:
        pause, looked = LOOK_SECONDS, time.monotonic()
        while not self._stopped.wait(pause):
            pause, failed = LOOK_SECONDS, ""
            try:
                if self.follow():
                    pause = BETWEEN_BATCHES_SECONDS
                if pause == LOOK_SECONDS or time.monotonic() - looked >= LOOK_SECONDS:
                    looked = time.monotonic()
                    self.look()
                    self._ended_at = time.monotonic()
            except locks.Taken as taken:
                failed = type(taken).__name__
                self._taken.tell("reviews", taken)
            except (psycopg.Error, ApiError, LedgerUnavailable) as error:
                failed = type(error).__name__
                _log.error("reviews couldn't be written (%s); trying again", failed)
            except Exception as error:  # noqa: BLE001 - there is one thread for it, and it lives on
                failed = type(error).__name__
                alert(Alert.CALL_FAILED, "reviews couldn't be written (%s)", failed)
            self._passes.end(failed)


def _overdue_events(agencies: Mapping[str, Agency], npb: list[str], judgment: record_pb2.JudgmentRecord) -> list[Row]:
    """NPB, whoever recorded it, and the registries that haven't confirmed it are told."""
    registries = recipients.courts_for(agencies, [(judgment.court_kind, judgment.trial.court_place)])
    told = [*npb, judgment.recorded_by_agency, *registries]
    return outbox.owed(notification_pb2.EVENT_KIND_JUDGMENT_OVERDUE, told, judgment_id=judgment.judgment_id)
