"""Who may open, withdraw and list what lets somebody look up. Pure: neither grpc nor psycopg, and no key."""

from __future__ import annotations

from typing import Final

from nsor.v1 import errors_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Officer

DEFAULT_PAGE: Final = 50
"""Grants of a page whose size isn't said."""


OF_COLLEAGUES_A_DAY: Final = 5
"""Grants, tickets and cases of colleagues that an officer may withdraw in a day. More is the work of focal persons: a
key that is disabled as compromised takes all that it has opened with it."""


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
