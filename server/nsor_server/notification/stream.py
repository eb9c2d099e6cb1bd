"""SubscribeEvents step by step: where a stream begins, what comes after a cursor. The front door waits and sends."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

from nsor.v1 import errors_pb2, notification_pb2
from nsor_server import errors
from nsor_server.access import register_seal
from nsor_server.access.disclosure import disclose
from nsor_server.alerts import Alert, alert
from nsor_server.calls import Call, Outcome
from nsor_server.events import cursors, hearers
from nsor_server.events.cursors import StoredEvent
from nsor_server.events.numbered import Numbered
from nsor_server.notification import consumers
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import StreamStep
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2


class Cursor(NamedTuple):
    """Where a stream of events is. A later one compares as greater.

    Attributes:
        sequence: number of the last event that was told.
        replayed: whether everything was told that had a number when the stream began.
        until: number of the last event that there was when the stream began.
        line: the numbering.
    """

    sequence: int
    replayed: bool
    until: int
    line: cursors.Line


class EventStream:
    """The stream of an agency's own events, or of one of its consumers: at least once, in order, until acknowledged.

    An event of a registration that has been sealed since keeps its number and names no record. While the register is
    sealed the first event that may be of a record waits, and those after it: whoever gives numbers in for others to
    match would else learn from events who is registered.
    """

    def __init__(self, durable: Callable[[], int], numbered: Numbered) -> None:
        """What it needs.

        Args:
            durable: gives how many entries this process knows to be durable.
            numbered: what this process knows to have been numbered.
        """
        self._durable, self._numbered = durable, numbered

    def start(self, call: Call, request: notification_pb2.SubscribeEventsRequest, conn: Connection) -> Cursor:
        """The cursor that was asked for, or the last acknowledgement.

        Raises:
            errors.InvalidFields: CONSUMER_UNKNOWN; OUT_OF_RANGE: the numbering was never given that sequence, or not to
                the event that the caller names.
            errors.Denied: the consumer is another system's.
            errors.Unavailable: events are missing that had a number.
        """
        line = consumers.line(call, request.consumer)
        acknowledged, until = cursors.end(conn, line, self._numbered, register_seal.set_by(call.decided))
        sequence = int(request.after_sequence)
        if sequence > until:
            raise _beyond("after_sequence")
        if request.after_event_id and cursors.event_id(conn, line, sequence) != request.after_event_id:
            raise _beyond("after_event_id")
        return Cursor(sequence or acknowledged, replayed=False, until=until, line=line)

    def woken_by(self, cursor: Cursor) -> str:
        """What wakes a stream: that its own numbering goes on."""
        return cursor.line.key

    def check(self, call: Call, cursor: Cursor) -> None:
        """See that the consumer that is followed hasn't been disabled.

        Raises:
            errors.InvalidFields, errors.Denied: as for a new stream.
        """
        consumers.check(call, cursor.line, call.request.consumer)

    def after(self, call: Call, cursor: Cursor, conn: Connection) -> StreamStep | None:
        """The next events, at most 250; that there was nothing to replay; or None when there is nothing yet.

        Raises:
            errors.Unavailable: what is stored isn't what the ledger owed, or isn't all that had a number.
        """
        key, entries = cursor.line.key, self._durable()
        least = max(self._numbered.least(key), cursor.until)
        found = cursors.read_after(conn, cursor.line, cursor.sequence, cursors.MAX_EVENTS)
        _require_whole(found, cursor.sequence)
        sequence, more = cursor.sequence + len(found), len(found) == cursors.MAX_EVENTS
        if not more:
            self._numbered.read(key, least, sequence)
        _require_concerned(found, call)
        stored, found = found, _shown(found, call)
        waits = len(found) < len(stored)
        sequence, more = cursor.sequence + len(found), more and not waits
        if not found and cursor.replayed:
            return None
        sealed, seen = registrations.sealed_among(conn, (one for each in found for one in each.registrations()))
        events = [each.message(sealed) for each in found]
        # That something waits isn't told either: the replay ends before it.
        replayed = cursor.replayed or waits or sequence >= cursor.until
        answer = notification_pb2.SubscribeEventsResponse(events=events, replay_ends=replayed and not cursor.replayed)
        told = cursors.told(cursor.line, cursor.sequence, found)
        if not more and not waits:
            told.entries = entries
        subjects = [one for each in found for one in each.subjects(sealed)]
        detail = record_pb2.AccessDetail(outcome="EVENTS", subjects=subjects, events=told)
        onwards = cursor._replace(sequence=sequence, replayed=replayed)
        return StreamStep(Outcome(disclose(answer, call.purpose), detail, seen=seen), onwards, more)


def _beyond(field: str) -> errors.InvalidFields:
    return errors.InvalidFields(violations=(errors.Violation(field, errors_pb2.FIELD_REASON_OUT_OF_RANGE),))


def _shown(events: list[StoredEvent], call: Call) -> list[StoredEvent]:
    """Those that come before the first one that waits for the end of a seal on the register."""
    if not call.register_sealed:
        return events
    return list(itertools.takewhile(lambda each: each.kind in hearers.TOLD_WHILE_SEALED, events))


def _require_whole(found: Sequence[StoredEvent], cursor: int) -> None:
    """See that each event is the one that its entry owed, and that none is passed over.

    Raises:
        errors.Unavailable: somebody wrote to the database past the register; the stream tells nothing.
    """
    if [each.sequence for each in found] != list(range(cursor + 1, cursor + 1 + len(found))):
        alert(Alert.ROW_CONTRADICTED, "a number is missing among the events of an agency")
        raise errors.Unavailable
    if not all(each.is_as_recorded for each in found):
        alert(Alert.ROW_CONTRADICTED, "an event isn't what its entry owed")
        raise errors.Unavailable


def _require_concerned(events: Sequence[StoredEvent], call: Call) -> None:
    """See that each of them concerns the caller's kind of agency: the deliverer goes by the database's word alone.

    Raises:
        errors.Unavailable: one doesn't.
    """
    if not all(hearers.concerns(kind, call.agency.kind) for kind in {event.kind for event in events}):
        alert(Alert.ROW_CONTRADICTED, "an event doesn't concern the kind of agency that it was numbered for")
        raise errors.Unavailable
