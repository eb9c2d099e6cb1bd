"""A record as of a past day: the versions of that day, and of them what today shows. Pure.

What was set aside since, or isn't his to see any more, is shown to nobody because he asks for an older version. Which
registrations are of a person today says, too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from google.type import date_pb2

from nsor.v1 import options_pb2
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.instants import to_date, to_us
from nsor_server.registration import states
from nsor_server.registration.shown import for_purpose
from nsor_server.storage.v1 import record_pb2


def end_of_us(day: date_pb2.Date) -> int:
    """The first instant after a day in Asia/Karachi, microseconds since 1970."""
    return to_us(dt.datetime.combine(to_date(day) + dt.timedelta(days=1), dt.time(), KARACHI))


def shown_of(
    past: record_pb2.RegistrationRecord,
    newest: record_pb2.RegistrationRecord,
    shown: Iterable[record_pb2.Conviction],
) -> list[record_pb2.Conviction]:
    """The convictions of a past version that are shown: each as it was, with the counts that stood and still stand.

    Args:
        past: the version of that day.
        newest: today's.
        shown: the convictions of that which the caller is shown.
    """
    ids = {each.conviction_id for each in shown}
    today = {each.conviction_id: each for each in newest.convictions if each.conviction_id in ids}
    reduced = [_reduced(each, today[each.conviction_id]) for each in past.convictions if each.conviction_id in today]
    return [each for each in reduced if states.is_shown(each) and each.counts]


def all_convictions(record: record_pb2.RegistrationRecord) -> Iterable[record_pb2.Conviction]:
    """The convictions of one of a person's registrations, whatever is shown of them: ``shown_of`` says that."""
    return record.convictions


def told(
    newest: record_pb2.RegistrationRecord,
    others: Iterable[record_pb2.RegistrationRecord],
    convictions: Collection[record_pb2.Conviction],
    purpose: options_pb2.Purpose.ValueType,
) -> list[record_pb2.Conviction]:
    """Of the convictions of a person those that a purpose is shown, by each registration's own date of birth of today.

    Those of the others are judged by the first one's besides: of two readings the younger counts.

    Args:
        newest: the registration that is asked for, as it is today.
        others: those of its person, likewise.
        convictions: of all of them.
        purpose: of the call.
    """
    found: list[record_pb2.Conviction] = []
    for record in (newest, *others):
        ids = {each.conviction_id for each in record.convictions}
        found += for_purpose(record, [each for each in convictions if each.conviction_id in ids], purpose)
    return for_purpose(newest, found, purpose)


def _reduced(then: record_pb2.Conviction, today: record_pb2.Conviction) -> record_pb2.Conviction:
    """A conviction as it was, without the counts that have fallen by today."""
    reduced = record_pb2.Conviction()
    reduced.CopyFrom(then)
    for count, now in zip(reduced.counts, today.counts, strict=True):
        count.stands &= now.stands
    left = states.left_counts(reduced)
    del reduced.counts[:]
    reduced.counts.extend(left)
    return reduced
