"""Watches duties: tells of each step of escalation when it falls due, and counts open duties by a policy that is new.

Which step was told stands in the sealed record, so that none is told twice, and whoever was released weeks before it
was entered is told of at once. What falls due is found by an index of the next steps, so many at a time, each pass one
entry of the ledger; nothing due writes nothing. It may run in several processes; one of them works at a time, and
another goes on where it has ended, also after all were down.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import psycopg
from google.protobuf import empty_pb2

from nsor.v1 import notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import lists
from nsor_server.access.directory import Directory
from nsor_server.alerts import Alert, alert
from nsor_server.calls import Call, Outcome, Row, new_access_id
from nsor_server.errors import ApiError
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger.entry import LedgerUnavailable, StaleRead
from nsor_server.ledger.writer import MAX_BATCH, Writer
from nsor_server.policy.decided_by import LONGEST_CALL_US
from nsor_server.policy.duties import Level, StepName
from nsor_server.registration import claims
from nsor_server.registration import store as registrations
from nsor_server.registration.duties import counted, passes, rules, watch_store
from nsor_server.registration.duties.history import RECOUNT, WATCH
from nsor_server.registration.duties.passes import Opened, Pass
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.registration.persons.others import Others
from nsor_server.registration.readable import readable
from nsor_server.registration.worklists import rows as works
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import Tracing

LOOK_SECONDS: Final = 5.0
"""How often it is looked whether something has fallen due: when one process ends, another goes on after so long."""
HANGS_SECONDS: Final = 4.0
"""After so long without a word PostgreSQL ends the turn of a process whose host is gone. Whatever such a one still has
written is stale where another one has followed the same version."""
TAKEOVER_SECONDS: Final = 10.0
"""Within this another process goes on, whatever became of the one that had its turn; unless that one hangs with the
lock of the ledger's head, or gets it while it hangs: nobody writes until PostgreSQL ends its transaction, after 15
seconds without a word (`storage.pool.Database`)."""
REST_SECONDS: Final = 0.02
"""Rest before an entry while calls are recorded: they go first. A million duties that all move are 4,000 entries."""
MOST: Final = 100
"""Steps of one entry."""
MOST_COUNTED: Final = 250
"""Registrations of one entry whose duties another policy moves: what is written within 20 ms under the head's lock.

PostgreSQL takes 45 us for each (docs/performance.md)."""
_COMMIT_SECONDS: Final = 10.0
TURN: Final = 0x4E534F5200000180
"""Of several processes one works at a time: an advisory lock ("NSOR", 0x180)."""
_TURN: Final = f"SELECT pg_try_advisory_xact_lock({TURN})"
_EVENTS: Final = {
    StepName.DUE_SOON: notification_pb2.EVENT_KIND_DUTY_DUE_SOON,
    StepName.OVERDUE: notification_pb2.EVENT_KIND_DUTY_OVERDUE,
    StepName.ESCALATED: notification_pb2.EVENT_KIND_DUTY_ESCALATED,
    StepName.REFERRED: notification_pb2.EVENT_KIND_DUTY_REFERRED,
}
_PARTS: Final = {Level.STATION: 3, Level.DISTRICT: 2, Level.PROVINCE: 1}
"""Level of the police -> parts of the code of a place at that level."""
_log = logging.getLogger(__name__)


class DutyWatch:
    """A thread that watches duties."""

    def __init__(
        self, database: Database, writer: Writer[Call], directory: Directory, tracing: Tracing, keyring: Keyring
    ) -> None:
        self._database, self._writer, self._directory, self._tracing = database, writer, directory, tracing
        self._sealer, self._blind_index = Sealer(keyring), BlindIndex(keyring)
        self._steps_after = watch_store.START
        self._own, self._others = 0, 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="duty-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(_COMMIT_SECONDS)

    def look(self) -> bool:
        """Tell of the next steps that have fallen due; tells whether there may be more.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: it can't be done now.
        """
        now = self._directory.current.now()
        with self._database.transaction() as conn:
            if not _has_turn(conn):
                return False
            found, place = watch_store.due(conn, to_us(now), self._steps_after, most=MOST)
            # What cannot be read or written keeps nobody behind it waiting: it is tried again in the next round.
            self._steps_after = place or watch_store.START
            pass_ = Pass()
            counting = rules.Counting.by(self._directory.current.policy)
            opened = readable(found, self._opened)
            made = passes.following(readable(opened, lambda each: _with_step_due(each, to_us(now))))
            newest = claims.newest_versions(conn, [each.before.registration_id for each in made])
            claimants = Claimants(conn, self._sealer, self._blind_index)
            for each in made:
                record = each.record
                told = rules.announced(counting, record, to_us(now))
                claim = newest.get(record.registration_id)
                if claim is not None and claim.is_merged:
                    told = pass_.uncovered(record, told, _others(claimants, record.registration_id))
                pass_.rows += self._events(record, told)
                pass_.write(each, now)
            # Nobody is merged before it is written: another one of the person would tell of a step, or already has.
            pass_.seen += [*(each.seen for each in newest.values()), *claimants.seen()]
            self._begin(WATCH, "DUTIES_WATCHED", pass_)()
            return place is not None

    def recount(self) -> bool:
        """Count the next open duties by the policy in force, if it is new; tells whether there may be more.

        Each part is an entry, also when nothing in it is moved: it says up to where was counted, for the next start.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: it can't be done now.
        """
        counting = rules.Counting.by(self._directory.current.policy)
        now_us = to_us(self._directory.current.now())
        with self._database.transaction() as conn:
            if not _has_turn(conn):
                return False
            in_force, last = counted.in_force(conn), counted.last(conn)
            if in_force.policy != counting.policy:
                return False  # this process hasn't heard of the newest yet
            part = counted.next_part(last, counting.policy, in_force.adopted_us, now_us)
            if in_force.is_first or part is None:
                # Asked at each look: kept here, a row that somebody shows for one look would end the counting.
                return False
            durable = self._writer.size
            size = counted.size(conn)
            lists.require_durable(size, durable)
            found, is_last = counted.heads(conn, part, in_force.adopted_us - LONGEST_CALL_US)
            looked_at = 0
            stored = _nothing
            while looked_at < len(found) or not found:
                # What was read is good for several entries: Seen holds for each version that one of them follows.
                pass_ = Pass()
                moved, behind = self._moved(counting, found, looked_at, now_us)
                for each in passes.following(moved):
                    rules.recounted(counting, each.record, now_us)
                    pass_.write(each, instant(now_us))
                place = found[behind - 1][0] if found else part.after
                ended = is_last and behind == len(found)
                count = counted.Count(last.number + 1, counting.policy, part.again, place, ended, size, now_us)
                pass_.rows.append(count.row())
                pass_.seen.append(counted.seen(last))
                if not stored():
                    return True
                rest = self._rest()
                self._stopped.wait(rest)
                # The next one is made while this one is written, which is stale if this one isn't.
                stored = self._begin(RECOUNT, "DUTIES_COUNTED", pass_)
                if rest:
                    # Calls wait for the lock, and would for longer.
                    if not stored():
                        return True
                    stored = _nothing
                if not found or self._stopped.is_set():
                    break
                last, looked_at = count, behind
                conn.execute("SELECT 1")  # it isn't idle, and still has its turn
            stored()
        return True

    def _moved(
        self,
        counting: rules.Counting,
        found: Sequence[tuple[bytes, registrations.StoredVersion | None]],
        first: int,
        now_us: int,
    ) -> tuple[list[Opened], int]:
        """Of what was read, from a place on, those whose duties a policy moves, and up to where an entry has them."""
        moved: list[Opened] = []
        for nth in range(first, len(found)):
            row = found[nth][1]
            if row is None or row.state != registrations.CONFIRMED:
                continue
            found_one = readable((row,), self._opened)
            moved += [each for each in found_one if rules.would_be_recounted(counting, each.record, now_us)]
            if len(moved) == MOST_COUNTED:
                return moved, nth + 1
        return moved, len(found)

    def _opened(self, row: registrations.StoredVersion) -> Opened:
        return passes.opened(self._sealer, row)

    def _events(self, record: record_pb2.RegistrationRecord, told: Sequence[rules.Announced]) -> list[Row]:
        """What agencies are told of steps, by the place that is responsible."""
        agencies, rows = self._directory.current.agencies, list[Row]()
        for each in told:
            hear = [
                one
                for level in sorted(each.levels & _PARTS.keys(), key=_PARTS.__getitem__)
                for one in recipients.police_at(agencies, record.responsible_place, _PARTS[level])
            ]
            if Level.NPB in each.levels:
                hear += recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB)
            rows += outbox.owed(_EVENTS[each.step], hear, registration_id=record.registration_id)
        return rows

    def _begin(self, method: str, outcome: str, pass_: Pass) -> Callable[[], bool]:
        """Write a pass; gives what waits for it and tells whether it was written. Nothing to write is no entry."""
        if not pass_.rows:
            return _nothing
        detail = record_pb2.AccessDetail(outcome=outcome, subjects=sorted(pass_.covered))
        made = Outcome(empty_pb2.Empty(), detail, pass_.rows, pass_.refs, pass_.seen)
        wait = self._writer.begin(self._call(method, made))

        def stored() -> bool:
            try:
                wait()
            except StaleRead:
                return False  # another process has written it, or a registration has changed: it is looked at again
            self._own += 1
            return True

        return stored

    def _call(self, method: str, outcome: Outcome[empty_pb2.Empty]) -> Call:
        """Nobody called: the entry is of no agency, and there is no request and no answer to bind."""
        weight = 1 + (MAX_BATCH - 1) * len(outcome.records) // MOST_COUNTED
        return Call(
            method,
            self._tracing.call(method, None),
            nonce=os.urandom(32),
            deadline=time.monotonic() + _COMMIT_SECONDS,
            access_id=new_access_id(),
            call_hash=os.urandom(32),
            outcome=outcome,
            weight=min(weight, MAX_BATCH),
        )

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            self._all(self.look)
            self._all(self.recount)

    def _all(self, work: Callable[[], bool]) -> None:
        """Do one kind of work until there is no more."""
        try:
            while not self._stopped.wait(self._rest()) and work():
                pass
        except (psycopg.Error, ApiError, LedgerUnavailable) as error:
            _log.error("duties couldn't be watched (%s); trying again", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - there is one thread for it, and it lives on
            alert(Alert.CALL_FAILED, "duties couldn't be watched (%s)", type(error).__name__)

    def _rest(self) -> float:
        """How many seconds are rested: none unless others have recorded something since it was asked last."""
        before, self._others = self._others, self._writer.size - self._own
        return REST_SECONDS if self._others != before else 0.0


def _with_step_due(found: Opened, now_us: int) -> Opened:
    """What was found by a row that says that a step has fallen due.

    Raises:
        errors.Internal: its record has no such step. A version of it would leave the row as it is, at each look anew.
    """
    if not rules.has_step_due(found.record, now_us):
        raise contradicted(works.TABLE, "a row of %s has a step that its record doesn't have")
    return found


def _nothing() -> bool:
    """What waits for an entry that there is none of."""
    return True


def _others(claimants: Claimants, registration_id: bytes) -> Others:
    """The other registrations of a person that stand; of one that isn't what was sealed there is an alert already."""
    try:
        own = claimants.get(registration_id)
        return Others() if own is None else claimants.apart(own)
    except errors.Internal:
        return Others()


def _has_turn(conn: Connection) -> bool:
    """Whether this process works now: until the transaction ends, or waits for it too long."""
    conn.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{HANGS_SECONDS:g}s'".encode())
    return bool(conn.execute(_TURN).fetchall()[0][0])
