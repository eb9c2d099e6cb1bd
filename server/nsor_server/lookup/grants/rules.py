"""Who may open, withdraw and list what lets somebody look up. Pure: neither grpc nor psycopg, and no key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from nsor.v1 import access_requests_pb2, errors_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.calls import Agency, Officer
from nsor_server.storage.v1 import record_pb2

DEFAULT_PAGE: Final = 50
"""Grants of a page whose size isn't said."""
OF_COLLEAGUES_A_DAY: Final = 5
"""Grants, tickets and cases of colleagues that an officer may withdraw in a day. More is the work of focal persons: a
key that is disabled as compromised takes all that it has opened with it."""


class Part(NamedTuple):
    """What of an access request a grant gives.

    Attributes:
        suspects: their numbers in the request, from 1, in its order.
        classes: numbers of the classes of fields; none: all that the purpose shows.
        uses_per_subject: how often each suspect may be looked up.
        expires_us: when it ends, microseconds since 1970.
        juveniles: whether juveniles' records may be shown, if NPB allows it.
    """

    suspects: Sequence[int]
    classes: Sequence[int]
    uses_per_subject: int
    expires_us: int
    juveniles: bool


def granted_part(
    part: access_requests_pb2.GrantedPart,
    *,
    suspects: int,
    asks_for_juveniles: bool,
    shown: Collection[int],
    most_uses: int,
    now_us: int,
    end_us: int,
) -> Part:
    """What a prosecutor gives of a request: what he says, and where he says nothing, what policy lets him give.

    Args:
        part: checked; empty: the whole request.
        suspects: how many the request names.
        asks_for_juveniles: whether it asks for juveniles' records.
        shown: the classes that an investigation is shown.
        most_uses: by policy.
        now_us: now, microseconds since 1970.
        end_us: the end that policy sets.

    Raises:
        InvalidFields: OUT_OF_RANGE, naming each field that reaches further.
    """
    expires_us = part.expire_time.ToMicroseconds() if part.HasField("expire_time") else end_us
    wrong = [f"part.suspects[{index}]" for index, number in enumerate(part.suspects) if number > suspects]
    wrong += [f"part.classes[{index}]" for index, each in enumerate(part.classes) if each not in shown]
    if part.uses_per_subject > most_uses:
        wrong.append("part.uses_per_subject")
    if not now_us < expires_us <= end_us:
        wrong.append("part.expire_time")
    if wrong:
        violations = (errors.Violation(field, errors_pb2.FIELD_REASON_OUT_OF_RANGE) for field in wrong)
        raise errors.InvalidFields(violations=tuple(violations))
    return Part(
        sorted(part.suspects) or range(1, suspects + 1),
        sorted(part.classes),
        part.uses_per_subject or most_uses,
        expires_us,
        asks_for_juveniles and not part.without_juvenile_records,
    )


def check_worker(agency: Agency, worker: Officer | None) -> None:
    """See that a ticket is opened for an officer of the same agency.

    Args:
        agency: NPB.
        worker: the officer whose key the request names, as the directory knows him.

    Raises:
        Denied: OFFICER_NOT_KNOWN, one and the same for a key that isn't enrolled, is another agency's, or is disabled.
    """
    if worker is None or worker.disabled or worker.agency_id != agency.agency_id:
        raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_NOT_KNOWN)


def check_lists(officer: Officer | None) -> None:
    """See that an officer may withdraw what he lists; who may not would watch his colleagues' look-ups by it.

    Raises:
        Denied: OFFICER_MAY_NOT_DECIDE.
    """
    if officer is None or not officer.decides:
        raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_MAY_NOT_DECIDE)


def check_withdrawals(of_colleagues: int) -> None:
    """See that an officer takes little away from his colleagues.

    Args:
        of_colleagues: how many of theirs he has withdrawn within the last day.

    Raises:
        Exhausted: too many.
    """
    if of_colleagues >= OF_COLLEAGUES_A_DAY:
        raise errors.Exhausted(retry_after_seconds=3600.0)


def check_court_kind(agency: Agency, case: types_pb2.CourtCase) -> None:
    """See that the court tries or hears cases of that kind of court.

    Raises:
        Denied: OUTSIDE_JURISDICTION.
    """
    if case.court_kind not in agency.court_kinds:
        raise errors.Denied(errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION)


def may_use(grant: record_pb2.GrantRecord, holder: bytes | None, agency: Agency, officer: Officer | None) -> bool:
    """Whether the officer is the one of the grant; of a court case, whether he may act where the court sits.

    Args:
        grant: opened.
        holder: to whom it was passed last; None: it wasn't.
        agency: of the caller.
        officer: of the caller.
    """
    if grant.officer_key:
        return officer is not None and (holder or grant.officer_key) == officer.key_id
    return bool(grant.court_case.court_place) and rows.within(agency, officer, [grant.court_case.court_place])
