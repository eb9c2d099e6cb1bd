"""Of which disclosures the owner of a record learns, and when. Pure."""

from __future__ import annotations

from typing import Final

from nsor.v1 import options_pb2
from nsor_server.lookup.recalls.told import Disclosure

DEFAULT_PAGE: Final = 50
"""Disclosures of a page whose size isn't said."""
_AT_ONCE: Final = frozenset({"nsor.v1.LookupService/LookUpInEmergency"})
"""Methods of which the owner hears at once; of others after a time, so that no investigation is given away."""
_NEVER: Final = frozenset(
    {"nsor.v1.RegistrationService/GetSealedRegistration", "nsor.v1.RegistrationService/GetReview"}
)
"""Methods by which NPB reads what it keeps to itself: that there is a reading, or a review, the owner doesn't learn."""
_ON_A_TICKET: Final = frozenset(
    {"nsor.v1.LookupService/LookUpRegistration", "nsor.v1.LookupService/SearchRegistrations"}
)
"""Methods that rest on NPB's tickets, of which some are for the review of an access."""


def is_told(disclosure: Disclosure, until_us: int, *, of_review: bool) -> bool:
    """Tell whether the owner learns of an access that showed his record.

    Args:
        disclosure: the access.
        until_us: the delay is over for those before this instant, microseconds since 1970.
        of_review: NPB did so on a ticket for the review of an access: it may be the owner whose access is reviewed.
    """
    if disclosure.method in _NEVER or of_review:
        return False
    return disclosure.method in _AT_ONCE or disclosure.time_us < until_us


def may_be_of_review(disclosure: Disclosure) -> bool:
    """Tell whether an access was NPB's on a ticket, which says for what kind of work it is."""
    of_npb = disclosure.purpose == options_pb2.PURPOSE_REGISTER_OPERATION
    return of_npb and disclosure.method in _ON_A_TICKET
