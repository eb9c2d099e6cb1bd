"""Watches duties: tells of each step of escalation when it falls due, and counts open duties by a policy that is new.

Which step was told stands in the sealed record, so that none is told twice, and whoever was released weeks before it
was entered is told of at once. What falls due is found by an index of the next steps; the thread, and the turns of
several processes, are those of ``ledger/watching.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from google.protobuf import empty_pb2

from nsor.v1 import notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import lists
from nsor_server.access.directory import Directory
from nsor_server.calls import Call, Outcome, Row
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger.watching import Watching, has_turn, nothing
from nsor_server.ledger.writer import Writer
from nsor_server.policy.decided_by import LONGEST_CALL_US
from nsor_server.policy.duties import Level, StepName
from nsor_server.registration import claims
from nsor_server.registration import store as registrations
from nsor_server.registration.duties import counted, due_dates, passes, watch_store
from nsor_server.registration.duties.history import RECOUNT, WATCH
from nsor_server.registration.duties.passes import Opened, Pass
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.registration.persons.others import Others
from nsor_server.registration.worklists import rows as works
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import Tracing

MOST: Final = 100
"""Steps of one entry."""
MOST_COUNTED: Final = 250
"""Registrations of one entry whose duties another policy moves: what is written within 20 ms under the head's lock.

PostgreSQL takes 45 us for each (docs/performance.md)."""
TURN: Final = 0x4E534F5200000180
"""Of several processes one works at a time: an advisory lock ("NSOR", 0x180)."""
_EVENTS: Final = {
    StepName.DUE_SOON: notification_pb2.EVENT_KIND_DUTY_DUE_SOON,
    StepName.OVERDUE: notification_pb2.EVENT_KIND_DUTY_OVERDUE,
    StepName.ESCALATED: notification_pb2.EVENT_KIND_DUTY_ESCALATED,
    StepName.REFERRED: notification_pb2.EVENT_KIND_DUTY_REFERRED,
}
_PARTS: Final = {Level.STATION: 3, Level.DISTRICT: 2, Level.PROVINCE: 1}
"""Level of the police -> parts of the code of a place at that level."""


class DutyWatch(Watching):
    """A thread that watches duties."""

    def __init__(
        self, database: Database, writer: Writer[Call], directory: Directory, tracing: Tracing, keyring: Keyring
    ) -> None:
        super().__init__("duty-watch", "duties", writer, tracing)
        self._database, self._directory = database, directory
        self._sealer, self._blind_index = Sealer(keyring), BlindIndex(keyring)
        self._steps_after = watch_store.START

    @property
    def works(self) -> Sequence[Callable[[], bool]]:
        """Tell of what has fallen due, and count what another policy moves."""
        return self.look, self.recount

    def look(self) -> bool:
        """Tell of the next steps that have fallen due; tells whether there may be more.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: it can't be done now.
        """
        now = self._directory.current.now()
        with self._database.transaction() as conn:
            if not has_turn(conn, TURN):
                return False
            found, place = watch_store.due(conn, to_us(now), self._steps_after, most=MOST)
            # What cannot be read or written keeps nobody behind it waiting: it is tried again in the next round.
            self._steps_after = place or watch_store.START
            pass_ = Pass()
            counting = due_dates.Counting.by(self._directory.current.policy)
            opened = readable(found, self._opened)
            made = passes.following(readable(opened, lambda each: _with_step_due(each, to_us(now))))
            newest = claims.newest_versions(conn, [each.before.registration_id for each in made])
            claimants = Claimants(conn, self._sealer, self._blind_index)
            for each in made:
                record = each.record
                told = due_dates.announced(counting, record, to_us(now))
                claim = newest.get(record.registration_id)
                if claim is not None and claim.is_merged:
                    told = pass_.uncovered(record, told, _others(claimants, record.registration_id))
                pass_.rows += self._events(record, told)
                pass_.write(each, now)
            # Nobody is merged before it is written: another one of the person would tell of a step, or already has.
            pass_.seen += [*(each.seen for each in newest.values()), *claimants.seen()]
            self._write(WATCH, "DUTIES_WATCHED", pass_)()
            return place is not None

    def recount(self) -> bool:
        """Count the next open duties by the policy in force, if it is new; tells whether there may be more.

        Each part is an entry, also when nothing in it is moved: it says up to where was counted, for the next start.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: it can't be done now.
        """
        counting = due_dates.Counting.by(self._directory.current.policy)
        now_us = to_us(self._directory.current.now())
        with self._database.transaction() as conn:
            if not has_turn(conn, TURN):
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
            stored = nothing
            while looked_at < len(found) or not found:
                # What was read is good for several entries: Seen holds for each version that one of them follows.
                pass_ = Pass()
                moved, behind = self._moved(counting, found, looked_at, now_us)
                for each in passes.following(moved):
                    due_dates.recounted(counting, each.record, now_us)
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
                stored = self._write(RECOUNT, "DUTIES_COUNTED", pass_)
                if rest:
                    # Calls wait for the lock, and would for longer.
                    if not stored():
                        return True
                    stored = nothing
                if not found or self._stopped.is_set():
                    break
                last, looked_at = count, behind
                conn.execute("SELECT 1")  # it isn't idle, and still has its turn
            stored()
        return True

    def _moved(
        self,
        counting: due_dates.Counting,
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
            moved += [each for each in found_one if due_dates.would_be_recounted(counting, each.record, now_us)]
            if len(moved) == MOST_COUNTED:
                return moved, nth + 1
        return moved, len(found)

    def _opened(self, row: registrations.StoredVersion) -> Opened:
        return passes.opened(self._sealer, row)

    def _events(self, record: record_pb2.RegistrationRecord, told: Sequence[due_dates.Announced]) -> list[Row]:
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

    def _write(self, method: str, outcome: str, pass_: Pass) -> Callable[[], bool]:
        """Write a pass; gives what waits for it and tells whether it was written. Nothing to write is no entry."""
        detail = record_pb2.AccessDetail(outcome=outcome, subjects=sorted(pass_.covered))
        made = Outcome(empty_pb2.Empty(), detail, pass_.rows, pass_.refs, pass_.seen)
        return self._begin(method, made, len(pass_.refs) / MOST_COUNTED)


def _with_step_due(found: Opened, now_us: int) -> Opened:
    """What was found by a row that says that a step has fallen due.

    Raises:
        errors.Internal: its record has no such step. A version of it would leave the row as it is, at each look anew.
    """
    if not due_dates.has_step_due(found.record, now_us):
        raise contradicted(works.TABLE, "a row of %s has a step that its record doesn't have")
    return found


def _others(claimants: Claimants, registration_id: bytes) -> Others:
    """The other registrations of a person that stand; of one that isn't what was sealed there is an alert already."""
    try:
        own = claimants.get(registration_id)
        return Others() if own is None else claimants.apart(own)
    except errors.Internal:
        return Others()
