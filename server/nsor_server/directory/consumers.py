"""Consumers of an agency's events: enrolled once, disabled once, and neither ever taken back.

They are read from the directory that the call was gated by, which is proved; what is seen of it is compared when the
call is recorded, for races.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Call, Consumer, RecordRef, Row, Seen, Versions
from nsor_server.events import hearers
from nsor_server.storage import deciding, random_bytes

MOST: Final = 50
"""Consumers of one agency that aren't disabled."""
ENROLMENTS_AN_HOUR: Final = 100
"""Of one agency: each is kept for good."""
_CHANGES: Final = Versions(
    "event consumers",
    ("text",),
    """(SELECT count(*) FROM event_consumer WHERE agency_id = q.k1)
        + (SELECT count(*) FROM event_consumer_disabled WHERE agency_id = q.k1)""",
)
"""How often consumers of an agency were enrolled and disabled."""


def of_agency(call: Call) -> list[Consumer]:
    """The consumers of the caller's agency by name, those that are disabled too."""
    agency_id = call.agency.agency_id
    return sorted((each for each in call.consumers.values() if each.agency_id == agency_id), key=lambda each: each.name)


def page(call: Call, *, after: str, limit: int) -> list[Consumer]:
    """At most ``limit`` of them behind a name."""
    return [each for each in of_agency(call) if each.name > after][:limit]


def check_kinds(agency: Agency, kinds: Sequence[int]) -> None:
    """See that a filter's kinds concern the agency.

    Raises:
        errors.InvalidFields: EVENT_NOT_CONCERNING.
    """
    wrong = tuple(
        errors.Violation(f"kinds[{index}]", errors_pb2.FIELD_REASON_EVENT_NOT_CONCERNING)
        for index, kind in enumerate(kinds)
        if not hearers.concerns(kind, agency.kind)
    )
    if wrong:
        raise errors.InvalidFields(violations=wrong)


def check_new(call: Call, name: str) -> None:
    """See that an agency may have another consumer, of this name.

    Raises:
        errors.InvalidFields: CONSUMER_ENROLLED, NO_SYSTEM_KEY, CONSUMERS_FULL.
        errors.Exhausted: too many were enrolled within the hour.
    """
    there = of_agency(call)
    systems = {
        officer.officer_number
        for officer in call.officers.values()
        if officer.agency_id == call.agency.agency_id and officer.system and not officer.disabled
    }
    problems = {
        errors_pb2.FIELD_REASON_CONSUMER_ENROLLED: any(each.name == name for each in there),
        errors_pb2.FIELD_REASON_NO_SYSTEM_KEY: name not in systems,
        errors_pb2.FIELD_REASON_CONSUMERS_FULL: sum(each.disabled_at is None for each in there) >= MOST,
    }
    wrong = tuple(errors.Violation("consumer", reason) for reason, is_so in problems.items() if is_so)
    if wrong:
        raise errors.InvalidFields(violations=wrong)
    since = call.now() - dt.timedelta(hours=1)
    if sum(each.enrolled_at > since for each in there) >= ENROLMENTS_AN_HOUR:
        raise errors.Exhausted(retry_after_seconds=600.0)


def enrolment(
    call: Call, name: str, places: Sequence[str], kinds: Sequence[int]
) -> tuple[Consumer, Row, RecordRef, Seen]:
    """A new consumer, its row, what the ledger holds it to, and that no other one has come or gone meanwhile."""
    now = call.now()
    consumer = Consumer(random_bytes.take(16), call.agency.agency_id, name, tuple(places), tuple(kinds), now)
    row = Row(
        deciding.CONSUMERS,
        (
            consumer.consumer_id,
            consumer.agency_id,
            consumer.name,
            consumer.places,
            consumer.kinds,
            call.officer_key,
            now,
            call.access_id,
        ),
    )
    return consumer, row, deciding.TABLES["event_consumer"].ref(row), _unchanged(call)


def disabling(call: Call, consumer: Consumer, at: dt.datetime) -> tuple[Row, RecordRef, Seen]:
    """The row that disables a consumer, what the ledger holds it to, and that it stands as it was read."""
    row = Row(
        deciding.DISABLED_CONSUMERS,
        (consumer.consumer_id, consumer.agency_id, call.officer_key, at, call.access_id),
    )
    return row, deciding.TABLES["event_consumer_disabled"].ref(row), _unchanged(call)


def _unchanged(call: Call) -> Seen:
    there = of_agency(call)
    changes = len(there) + sum(each.disabled_at is not None for each in there)
    return Seen(_CHANGES, (call.agency.agency_id,), changes)
