"""What the law and the record ask of a further conviction. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.registration.record import court_number
from nsor_server.storage.v1 import record_pb2

MOST: Final = 20
"""Convictions of one record: its version is sealed as a whole, and shown as a whole."""


def check_fits(
    record: record_pb2.RegistrationRecord, shown: Iterable[record_pb2.Conviction], added: record_pb2.Conviction
) -> None:
    """See that a conviction may be added to a record, by what the caller is shown of it.

    Args:
        record: the newest version.
        shown: the convictions that the caller is shown. One that fell isn't among them: a conviction after a retrial
            may be of the same case, and nobody is told that there was one.
        added: the conviction.

    Raises:
        errors.InvalidFields: DUPLICATE: the case is there already. DATE_ORDER: an offence before the person's birth.
            TOO_LONG: the record has too many.
    """
    known = list(shown)
    refused = []
    if any(_case(each) == _case(added) for each in known):
        refused.append(errors.Violation("conviction.court_case.case_number", errors_pb2.FIELD_REASON_DUPLICATE))
    refused += [
        errors.Violation(f"conviction.counts[{at}].offence_date", errors_pb2.FIELD_REASON_DATE_ORDER)
        for at, count in enumerate(added.counts)
        if count.offence_day < record.birth_day
    ]
    if len(known) >= MOST:
        refused.append(errors.Violation("conviction", errors_pb2.FIELD_REASON_TOO_LONG))
    if refused:
        raise errors.InvalidFields(violations=tuple(refused))


def _case(conviction: record_pb2.Conviction) -> tuple[int, str, str]:
    return conviction.court_kind, conviction.court_place, court_number(conviction.case_number)
