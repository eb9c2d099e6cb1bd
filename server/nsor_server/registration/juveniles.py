"""Who was under 18 on the day of an offence: computed for each count, never entered (rule 22). Pure.

Where the date of birth is no exact day, the younger reading counts: the latest day on which the person may have been
born. An age that was estimated by appearance may be wrong by years: the person may have been born that much later.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from nsor.v1 import types_pb2
from nsor_server.formats.instants import date_of, day_of
from nsor_server.storage.v1 import record_pb2

ADULT: Final = 18
"""Years: s.2(1)(b) of the Act, and the Juvenile Justice System Act 2018."""
APPARENT_AGE_MARGIN: Final = 2
"""Years by which a person may be younger than he looks. Courts take as much on either side of an age that a physician
estimates from bones and teeth; remembered, not read. No policy's value, since what stands beside records rests on it.
"""
_DECEMBER: Final = 12


def was_adult(record: record_pb2.RegistrationRecord, count: record_pb2.Count) -> bool:
    """Whether the person was certainly 18 on the day of the offence."""
    return count.offence_day >= adult_since(record)


def adult_since(record: record_pb2.RegistrationRecord) -> int:
    """The day from which the person was certainly 18, in days since 1970: of one born on 29 February the 1st of March.

    For whoever asks it of several counts of a record: it is reckoned once.
    """
    return _of_age(_latest_birth(date_of(record.birth_day), record.birth_precision))


def was_minor(record: record_pb2.RegistrationRecord, count: record_pb2.Count) -> bool:
    """Whether the person was certainly under 18 on the day of the offence: also by the older reading.

    For what makes a duty shorter, so that nobody is let off by an age that isn't known.
    """
    return count.offence_day < _of_age(_earliest_birth(date_of(record.birth_day), record.birth_precision))


def _of_age(born: dt.date) -> int:
    try:
        day = born.replace(year=born.year + ADULT)
    except ValueError:
        day = dt.date(born.year + ADULT, 3, 1)
    return day_of(day)


def _earliest_birth(stored: dt.date, precision: int) -> dt.date:
    if precision == types_pb2.DATE_PRECISION_DAY:
        return stored
    if precision == types_pb2.DATE_PRECISION_MONTH:
        return stored.replace(day=1)
    margin = APPARENT_AGE_MARGIN if precision == types_pb2.DATE_PRECISION_APPARENT_AGE else 0
    return dt.date(stored.year - margin, 1, 1)


def _latest_birth(stored: dt.date, precision: int) -> dt.date:
    if precision == types_pb2.DATE_PRECISION_DAY:
        return stored
    if precision == types_pb2.DATE_PRECISION_MONTH and stored.month < _DECEMBER:
        return dt.date(stored.year, stored.month + 1, 1) - dt.timedelta(days=1)
    margin = APPARENT_AGE_MARGIN if precision == types_pb2.DATE_PRECISION_APPARENT_AGE else 0
    return dt.date(stored.year + margin, _DECEMBER, 31)
