"""How the accesses are found that showed a registration: one table over the methods of the contract that disclose.

Whoever was told something that turns out wrong has to be told again. Most methods name their one registration, or an
identifier of a person: the label of what their requests name finds them (``ledger_entry.named``), whatever was
answered. An answer that may show several registrations, or one that its request doesn't name, has rows of its own
beside its entry (``ledger_shown``): as many as it may show. A method that discloses and stands here under neither keeps
the server from starting.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final


class FoundBy(enum.Enum):
    """What finds the accesses of a method that showed a registration."""

    NAMED = enum.auto()
    """Its request names a registration, or an identifier of a person."""
    ROWS = enum.auto()
    """The rows beside its entry."""
    NOTHING = enum.auto()
    """It shows nothing of a registered person: no access of it is looked for."""


_LOOKUP: Final = "nsor.v1.LookupService/"
_NOTIFICATION: Final = "nsor.v1.NotificationService/"
_REGISTRATION: Final = "nsor.v1.RegistrationService/"

FOUND_BY: Final[Mapping[str, FoundBy]] = {
    f"{_LOOKUP}LookUpRegistration": FoundBy.NAMED,
    f"{_LOOKUP}LookUpInEmergency": FoundBy.NAMED,
    f"{_NOTIFICATION}FindRegistrant": FoundBy.NAMED,
    f"{_NOTIFICATION}GetDuty": FoundBy.NAMED,
    f"{_NOTIFICATION}GetNotice": FoundBy.NAMED,
    f"{_NOTIFICATION}GetTransfer": FoundBy.NAMED,
    f"{_NOTIFICATION}ListNotices": FoundBy.NAMED,
    f"{_REGISTRATION}GetAmendment": FoundBy.NAMED,
    f"{_REGISTRATION}GetCustody": FoundBy.NAMED,
    f"{_REGISTRATION}GetPhoto": FoundBy.NAMED,
    f"{_REGISTRATION}GetRegistration": FoundBy.NAMED,
    f"{_REGISTRATION}ListAmendments": FoundBy.NAMED,
    f"{_REGISTRATION}ListCorrections": FoundBy.NAMED,
    f"{_REGISTRATION}ListPhotos": FoundBy.NAMED,
    f"{_LOOKUP}ScreenManifest": FoundBy.ROWS,
    f"{_NOTIFICATION}ListDuties": FoundBy.ROWS,
    f"{_NOTIFICATION}ListTransfers": FoundBy.ROWS,
    f"{_LOOKUP}SearchRegistrations": FoundBy.ROWS,
    f"{_REGISTRATION}ClaimVerification": FoundBy.ROWS,
    f"{_REGISTRATION}GetReview": FoundBy.ROWS,
    f"{_REGISTRATION}GetSealedRegistration": FoundBy.ROWS,
    f"{_REGISTRATION}ListRegistrations": FoundBy.ROWS,
    # Officers and ids of accesses: nothing of whom they looked up.
    f"{_LOOKUP}GetTripwireReplay": FoundBy.NOTHING,
    # What was applied for, or told at a counter, of whomever: no registration is read.
    f"{_LOOKUP}GetAccessRequest": FoundBy.NOTHING,
    f"{_LOOKUP}GetEmergencyLookUp": FoundBy.NOTHING,
    f"{_LOOKUP}ListAccessRequests": FoundBy.NOTHING,
    f"{_NOTIFICATION}GetArrivalNotice": FoundBy.NOTHING,
    f"{_NOTIFICATION}ListArrivalNotices": FoundBy.NOTHING,
    # What a judgment says of its accused, whether or not there is such a registration.
    f"{_REGISTRATION}GetJudgment": FoundBy.NOTHING,
    # Ids, and what happened or is to be done: nothing of a person.
    f"{_NOTIFICATION}SubscribeEvents": FoundBy.NOTHING,
    f"{_REGISTRATION}ListImportFindings": FoundBy.NOTHING,
    f"{_REGISTRATION}ListPendingDecisions": FoundBy.NOTHING,
    f"{_REGISTRATION}ListReviews": FoundBy.NOTHING,
    f"{_REGISTRATION}ListUnmatchedJudgments": FoundBy.NOTHING,
}
"""A row is added to when a method is that discloses."""
