"""The look-up's own fixed times: at each there is one entry and one message for each recipient, whatever there is.

Whoever causes what is written here may not know of it: a court that confirms a registration isn't told that somebody
has looked for the person before. Missed times are one with the next. It may run in several processes; one of them
writes at a time, and no time is written twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from google.protobuf import empty_pb2

from nsor_server.access.directory import Directory
from nsor_server.calls import Call, Outcome, Row, Seen, Table, Versions
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger.detail import Details
from nsor_server.ledger.watching import Watching, has_turn
from nsor_server.ledger.writer import Writer
from nsor_server.lookup import returned
from nsor_server.registration import facts as registrations
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import Tracing

METHOD: Final = "nsor-server/write-look-up-times"
"""As the entries are recorded."""
TURN: Final = 0x4E534F5200000020
"""Of several processes one works at a time: an advisory lock ("NSOR", 32)."""
TIMES: Final = Table(
    "look_up_time",
    (("look_up_time_id", "uuid"), ("number", "bigint"), ("due_at", "timestamptz"), ("looked_to", "bigint")),
    row_id="look_up_time_id",
)
"""Insert-only. ``looked_to``: the last entry by which somebody has come to stand who was compared."""
_LAST: Final = Versions("look-up time", (), "coalesce((SELECT max(number) FROM look_up_time), 0)")
"""How many times there were: two processes never write the same one."""
_STATE: Final = """
SELECT clock_timestamp(), coalesce(last.number, 0), coalesce(last.looked_to, -1),
    coalesce(last.due_at, (SELECT created_at FROM access_grant ORDER BY created_at LIMIT 1))
FROM (SELECT) AS one LEFT JOIN (
    SELECT number, due_at, looked_to FROM look_up_time ORDER BY number DESC LIMIT 1
) AS last ON true
"""


class State(NamedTuple):
    """How far times have been written.

    Attributes:
        now_us: now, by the database's clock.
        number: of the last time; 0: none was written yet.
        looked_to: of that time; -1: none was.
        since_us: when that was due, or when something was granted for the first time; None: nothing was yet.
    """

    now_us: int
    number: int
    looked_to: int
    since_us: int | None


class LookUpTimes(Watching):
    """A thread that writes the look-up's times."""

    def __init__(
        self, database: Database, writer: Writer[Call], directory: Directory, tracing: Tracing, keyring: Keyring
    ) -> None:
        super().__init__("look-up-times", "the look-up's times", writer, tracing)
        self._database, self._directory = database, directory
        self._sealer, self._details = Sealer(keyring), Details(keyring)

    @property
    def works(self) -> Sequence[Callable[[], bool]]:
        """Write a time that has come."""
        return (self.look,)

    def look(self) -> bool:
        """Write what is due if its time has come, and nobody else does; there is never more at once.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: it can't be done now.
        """
        with self._database.transaction() as conn:
            if has_turn(conn, TURN):
                state, directory = state_of(conn), self._directory.current
                due_us = directory.policy.reviews.last_due_us(state.now_us)
                if state.since_us is not None and state.since_us < due_us:
                    self._begin(METHOD, self._made(conn, state, due_us))()
        return False

    def _made(self, conn: Connection, state: State, due_us: int) -> Outcome[empty_pb2.Empty]:
        came = registrations.came_to_stand(conn, self._sealer, state.looked_to)
        back = returned.due(
            conn,
            (self._sealer, self._details),
            came.standing,
            now_us=state.now_us,
            compromised=self._directory.current.compromised,
        )
        time = Row(TIMES, (uuid.uuid4().bytes, state.number + 1, instant(due_us), came.until))
        return Outcome(
            empty_pb2.Empty(),
            record_pb2.AccessDetail(outcome="LOOK_UPS_COMPARED"),
            (time, *back.rows),
            (),
            (Seen(_LAST, (), state.number), *back.seen),
        )


def state_of(conn: Connection) -> State:
    """How far times have been written."""
    ((now, number, looked_to, since),) = conn.execute(_STATE).fetchall()
    return State(to_us(now), int(number), int(looked_to), None if since is None else to_us(since))
