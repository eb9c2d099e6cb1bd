"""A call as its handler gets it, and the contract, the policy and the places that all tests share."""

import datetime as dt
import os
import time
from typing import Final

from nsor_server import errors
from nsor_server.access.contract import Contract
from nsor_server.calls import Agency, Call, FocalPerson, Officer, new_access_id
from nsor_server.policy.loaded import Policy
from nsor_server.policy.messages import Messages
from nsor_server.tracing.spans import Tracing
from tests.agencies import focal_person_of, officer_of

TODAY = dt.date(2026, 3, 2)
ORIGIN = "test.example/ledger"
CONTRACT = Contract.load()
POLICY = Policy.load()
MESSAGES = Messages.load()
PLACES = POLICY.places
TRACING = Tracing((), host="test.example")
SECONDS: Final = 300.0
"""Longest that a call may take: tests don't depend on how fast the machine is."""


def call_of(agency: Agency, officer: Officer | None = None, *focal_persons: FocalPerson) -> Call:
    """A call of an agency whose certificate was accepted, and of an officer whose proof was.

    Where the method needs a focal person, it is of these, or else of two of the agency.
    """
    return Call(
        method="",
        span=TRACING.call("", None),
        nonce=os.urandom(32),
        has_nonce=True,
        deadline=time.monotonic() + SECONDS,
        access_id=new_access_id(),
        agency=agency,
        accepted=True,
        certificate=os.urandom(32),
        call_hash=os.urandom(32),
        officer=officer or officer_of(agency),
        focal_persons=focal_persons or (focal_person_of(agency), focal_person_of(agency, "FOCAL-2")),
    )


def violations(error: errors.ApiError) -> list[tuple[str, int]]:
    return [(violation.field, violation.reason) for violation in error.violations]
