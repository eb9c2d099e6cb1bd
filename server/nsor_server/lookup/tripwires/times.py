"""Looks for unusual accesses at the fixed times: at each there is one entry and one message for each agency.

Nothing of it happens in a call: what an access costs, answers and leaves in its span is the same whether or not it is
found unusual. Nor does it when there is something: each time has its entry and its messages whatever there is, so that
nobody learns from how the tree grows that somebody was found. The times are those for reviews. Missed ones are one with
the next. It may run in several processes; one of them writes at a time, and no time is written twice.

It has times of its own, and not the look-up's, since it reads all accesses: uses of grants that are given back don't
wait for that.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from google.protobuf import empty_pb2

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.access.directory import Directory, DirectorySnapshot
from nsor_server.calls import Agency, Call, Outcome, Row, new_access_id
from nsor_server.events import hearers, outbox
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger import instants
from nsor_server.ledger.watching import Watching, has_turn, let_first
from nsor_server.ledger.writer import Writer
from nsor_server.lookup.screening import travelled
from nsor_server.lookup.screening.travelled import Over
from nsor_server.lookup.tripwires import rules, store
from nsor_server.lookup.tripwires.reading import Reader
from nsor_server.lookup.tripwires.rules import Finding, Manifest, Tripwires
from nsor_server.lookup.tripwires.store import Time
from nsor_server.policy.tripwires import TripwirePolicy
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import Tracing

METHOD: Final = "nsor-server/write-tripwires"
"""As the entries are recorded."""
KIND: Final = notification_pb2.EVENT_KIND_UNUSUAL_ACCESSES
MOST_READ: Final = 200_000
"""Entries of one time; where there are more the next time goes on."""
MOST_MANIFESTS: Final = 1000
"""Likewise, manifests that are over."""
MOST_SMALL: Final = 500
"""Manifests of a few passengers that are counted together, of an agency at a crossing: the newest."""
_TURN: Final = 0x4E534F5200000037
"""Of several processes one works at a time: an advisory lock ("NSOR", 55)."""
_REST_SECONDS: Final = 0.0005
_SHARE: Final = 0.3
"""Of what one commit holds: the rows of as many findings as a time may have."""


class TripwireTimes(Watching):
    """A thread that looks for unusual accesses whenever their time has come."""

    def __init__(
        self, database: Database, writer: Writer[Call], directory: Directory, tracing: Tracing, keyring: Keyring
    ) -> None:
        super().__init__("tripwire-times", "unusual accesses", writer, tracing)
        self._database, self._directory = database, directory
        self._sealer, self._reader = Sealer(keyring), Reader(keyring, _rest, let_first)
        self._kept: tuple[int, TripwirePolicy, Tripwires] | None = None

    @property
    def works(self) -> Sequence[Callable[[], bool]]:
        """Write a time that has come."""
        return (self.look,)

    def look(self) -> bool:
        """Write what is due if its time has come, and nobody else does; there is never more at once.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: it can't be done now.
            TornTree: an entry that must be there is missing.
        """
        with self._database.transaction() as conn:
            if has_turn(conn, _TURN):
                state, directory = store.state(conn), self._directory.current
                due_us = directory.policy.reviews.last_due_us(state.now_us)
                if state.last is not None and state.last.due_us < due_us:
                    self._write(conn, directory, state.last, due_us)
        return False

    def _write(self, conn: Connection, directory: DirectorySnapshot, last: Time, due_us: int) -> None:
        policy = directory.policy.tripwires
        wires, self._kept = self._wires(conn, policy, last), None
        until = min(instants.first_from(conn, due_us + 1) - 1, last.watched_to + MOST_READ)
        watched_to = last.watched_to
        for index, access in self._reader.accesses(conn, last.watched_to, until, telling=True):
            watched_to = index
            if access is not None:
                wires.take(access)
            if wires.is_full:
                break
        travelled_us, over = manifests_over(conn, policy, last.travelled_us, due_us)
        manifests = not_travelled(conn, self._sealer, policy, over, _rest)
        made = Time(last.number + 1, due_us, watched_to, travelled_us)
        outcome = self._outcome(directory, made, wires.close(due_us, manifests))
        if self._begin(METHOD, outcome, _SHARE)():
            self._kept = watched_to, policy, wires

    def _wires(self, conn: Connection, policy: TripwirePolicy, last: Time) -> Tripwires:
        """What accesses have come to at the last time: as this process has kept it, with what came since, or anew."""
        kept = self._kept
        if kept is not None and kept[1] == policy and kept[0] <= last.watched_to:
            after, _, wires = kept
        else:
            after, wires = -1, Tripwires(policy)
        if after < last.watched_to:
            since_us = store.time_of(conn, last.watched_to) - rules.reach_us(policy)
            wires.hear(store.told_since(conn, self._sealer, since_us))
            first = max(after + 1, instants.first_from(conn, since_us + 1))
            for _, access in self._reader.accesses(conn, first - 1, last.watched_to, telling=False):
                if access is not None:
                    wires.take(access, telling=False)
        return wires

    def _outcome(
        self, directory: DirectorySnapshot, made: Time, findings: Sequence[Finding]
    ) -> Outcome[empty_pb2.Empty]:
        version = directory.policy.versions.get("tripwires", 0)
        rows, refs = [store.time_row(os.urandom(16), made, version)], []
        of_agency: dict[str, list[bytes]] = {}
        for finding in findings:
            record = store.record_of(new_access_id(), finding, made.due_us)
            row, ref = store.row(self._sealer, record)
            rows.append(row)
            refs.append(ref)
            of_agency.setdefault(store.told_agency(record), []).append(record.unusual_access_id)
        rows += _events(directory.agencies, of_agency)
        detail = record_pb2.AccessDetail(outcome="TRIPWIRES_WRITTEN")
        return Outcome(empty_pb2.Empty(), detail, rows, refs, (store.seen(made.number - 1),))


def told(agencies: Mapping[str, Agency], of_agency: Mapping[str, Sequence[bytes]]) -> dict[str, Sequence[bytes]]:
    """Which unusual accesses each agency hears of at a time, perhaps none: NPB of all, the others of their own.

    Args:
        agencies: those that there are, by their ids.
        of_agency: ids of what was found, by agency; by none: what only NPB hears of.
    """
    every = [one for ids in of_agency.values() for one in ids]
    return {
        agency_id: every if agency.kind == options_pb2.AGENCY_KIND_NPB else of_agency.get(agency_id, [])
        for agency_id, agency in sorted(agencies.items())
        if hearers.concerns(KIND, agency.kind)
    }


def manifests_over(conn: Connection, policy: TripwirePolicy, after_us: int, due_us: int) -> tuple[int, list[Over]]:
    """The manifests whose passengers have had their time to travel since the last time, and until when they are all.

    Args:
        conn: any.
        policy: says how long that is.
        after_us: until when they were looked at before, microseconds since 1970.
        due_us: the fixed time.
    """
    row = policy.by_purpose(rules.TRAVELLED).get(0)
    if row is None:
        return max(after_us, due_us), []
    until_us = due_us - row.window_us
    if until_us <= after_us:
        return after_us, []
    found = travelled.over(conn, instant(after_us), instant(until_us), most=MOST_MANIFESTS + 1)
    if len(found) > MOST_MANIFESTS:
        last = found[-1].closes_at
        found = [each for each in found if each.closes_at < last] or found
        until_us = to_us(found[-1].closes_at)
    return until_us, found


def not_travelled(
    conn: Connection, sealer: Sealer, policy: TripwirePolicy, manifests: Sequence[Over], rest: Callable[[], None]
) -> list[Manifest]:
    """Those of manifests of which it is told that their passengers haven't travelled.

    Args:
        conn: any.
        sealer: opens who was screened, and movements.
        policy: says how many have to travel.
        manifests: what ``manifests_over`` has found.
        rest: is done between some movements and the next ones.
    """
    row = policy.by_purpose(rules.TRAVELLED).get(0)
    if row is None or not manifests:
        return []
    window, percent = dt.timedelta(hours=row.window_hours), row.travelled_percent

    def left(among: Sequence[Over]) -> list[Manifest]:
        screened = [each for each in among if each.screened]
        found = travelled.untravelled(conn, sealer, screened, around=window, percent=percent, rest=rest)
        return [manifest(each) for each in found]

    now = left(manifests)
    of_now = {each.manifest_id: each for each in manifests}
    newest = {(each.agency, each.crossing): each for each in now if each.screened < row.at_least}
    small = list[Manifest]()
    for each in newest.values():
        like, until = of_now[each.manifest_id], instant(each.closes_us)
        of_window = travelled.small(conn, like, until - window, until, less=row.at_least, most=MOST_SMALL)
        small += left(of_window)
    return rules.not_travelled(row, now, small)


def manifest(over: Over) -> Manifest:
    """What is told of a manifest, if its passengers haven't travelled."""
    return Manifest(over.manifest_id, over.agency_id, over.border_crossing, to_us(over.closes_at), over.screened)


def _events(agencies: Mapping[str, Agency], of_agency: Mapping[str, Sequence[bytes]]) -> list[Row]:
    return [
        row
        for agency_id, ids in told(agencies, of_agency).items()
        for row in outbox.owed(KIND, [agency_id], unusual_access_ids=ids)
    ]


def _rest() -> None:
    """Let calls go on."""
    time.sleep(_REST_SECONDS)
