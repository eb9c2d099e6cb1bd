"""Validations that are overdue: told to the owner and NPB at the fixed times for reviews, so many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.calls import Agency, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.registration import rules as owners
from nsor_server.registration import store as registrations
from nsor_server.registration.returned import Returned
from nsor_server.registration.validation import store
from nsor_server.registration.worklists import owed
from nsor_server.registration.worklists import rows as works
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

MOST: Final = 200
"""Of one time; the next time goes on behind them."""
END: Final = b"\xff" * 16
"""Behind every registration id."""


def add(
    conn: Connection,
    sealer: Sealer,
    record: record_pb2.ReviewTimeRecord,
    before: record_pb2.ReviewTimeRecord,
    *,
    returned: Returned,
    moved: Iterable[bytes],
    agencies: Mapping[str, Agency],
) -> tuple[list[Row], list[Seen]]:
    """Add to the record of a time what is overdue; gives events and works of the owners, and what they rest on.

    Args:
        conn: any.
        sealer: opens what is read.
        record: of the time that is written; its instant is set, and whom it archives: of these nothing is told.
        before: of the time before; an empty one: there was none.
        returned: what has come to stand: of this what fell due before.
        moved: registrations that may have another owner than the one who was told.
        agencies: by id.
    """
    after = place(before)
    gone = frozenset(record.archived_ids)
    found = store.due(conn, after=after, until_us=record.due_us, most=MOST + len(gone))
    found = [each for each in found if each.registration.registration_id not in gone][:MOST]
    again = store.due_of(conn, returned.standing, until=after)
    events: list[Row] = []
    seen: list[Seen] = []
    npb = recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB)
    for each, registration, validation in readable((*again, *found), lambda each: _opened(sealer, each)):
        record.overdue_validation_ids.append(validation.registration_id)
        seen.append(Seen(store.HEADS, (validation.registration_id,), validation.version))
        seen.append(registrations.seen(each.registration))
        told = [*npb, *owners.owners(registration, agencies)]
        kind = notification_pb2.EVENT_KIND_VALIDATION_OVERDUE
        events += outbox.owed(kind, told, registration_id=validation.registration_id)
        events.append(_work(registration, validation))
    others = sorted(set(moved).difference(record.overdue_validation_ids, gone))
    left = store.due_of(conn, others, until=(record.due_us, END))
    for each, registration, validation in readable(left, lambda each: _opened(sealer, each)):
        seen.append(Seen(store.HEADS, (validation.registration_id,), validation.version))
        seen.append(registrations.seen(each.registration))
        events.append(_work(registration, validation))
    last = found[-1].validation if len(found) == MOST else None
    record.validations_to_us, record.validations_to_id = (
        (last.due_us, last.registration_id) if last else max(after, (record.due_us, END))
    )
    return events, seen


def _work(registration: record_pb2.RegistrationRecord, validation: record_pb2.ValidationRecord) -> Row:
    return works.of_itself(owed.validation(validation.registration_id, owed.owner(registration), validation.due_us))


def _opened(
    sealer: Sealer, each: store.Due
) -> tuple[store.Due, record_pb2.RegistrationRecord, record_pb2.ValidationRecord]:
    registration, key = registrations.open_keyed(sealer, each.registration)
    return each, registration, store.opened(key, each.validation)


def place(record: record_pb2.ReviewTimeRecord) -> tuple[int, bytes]:
    """Up to where a time has looked: when a validation fell due, and the registration's id."""
    if not record.validations_to_id:
        return 0, bytes(16)
    return record.validations_to_us, record.validations_to_id
