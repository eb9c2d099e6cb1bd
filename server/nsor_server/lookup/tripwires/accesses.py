"""What an entry of the ledger says of an access, as the tripwires count it. Pure: entries as they were opened."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.disclosures import FOUND_BY, FoundBy
from nsor_server.lookup.grants import store as grants
from nsor_server.lookup.requests import store as requests
from nsor_server.lookup.rules import ON_A_GRANT
from nsor_server.lookup.tripwires.named_in import Written
from nsor_server.lookup.tripwires.rules import Access, Ref
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2

LOOK_UP: Final = "nsor.v1.LookupService/LookUpRegistration"
SEARCH: Final = "nsor.v1.LookupService/SearchRegistrations"
OPEN_EMERGENCY: Final = "nsor.v1.LookupService/OpenEmergencyLookUp"
ASK: Final = "nsor.v1.LookupService/CreateAccessRequest"
SCREEN: Final = "nsor.v1.LookupService/ScreenManifest"
ENROL: Final = "nsor.v1.DirectoryService/EnrolOfficer"
_REGISTRATION: Final = "nsor.v1.RegistrationService/"
CREATE: Final = f"{_REGISTRATION}CreateRegistration"
JUDGE: Final = f"{_REGISTRATION}RecordJudgment"
CHANGING: Final = frozenset(
    f"{_REGISTRATION}{name}" for name in ("ImportRegistrations", "AmendRegistration", "AcceptAmendment")
)
"""Methods by which registrations may come to have numbers that no request names by itself."""
ENTERING: Final = frozenset({CREATE, JUDGE, *CHANGING})
"""Methods by which a person is entered, or a number of one."""
NAMING: Final = frozenset({method for method, by in FOUND_BY.items() if by is FoundBy.NAMED} | {SEARCH, OPEN_EMERGENCY})
"""Methods that are about one person each."""
BY_NUMBER: Final = frozenset(
    {
        LOOK_UP,
        SEARCH,
        SCREEN,
        "nsor.v1.LookupService/LookUpInEmergency",
        "nsor.v1.NotificationService/FindRegistrant",
    }
)
"""Of those that show registrations, the ones that look for a person; the others read a record that the officer has."""
SEVERAL: Final = {
    ASK: requests.REQUESTS,
    "nsor.v1.LookupService/OpenTicket": grants.GRANTS,
    "nsor.v1.LookupService/OpenCourtCase": grants.GRANTS,
    JUDGE: registrations.JUDGMENTS,
}
"""Methods that may name several persons, and the table in whose row they stand."""
COUNTED: Final = NAMING | ENTERING | SEVERAL.keys() | {SCREEN}
"""Methods whose calls are accesses, whatever they were answered."""
REFUSALS: Final = frozenset(
    {
        "BUDGET_EMPTY",
        "CANDIDATE_NOT_VALID",
        "EMERGENCY_OVER",
        "EMERGENCY_REVIEWS_OVERDUE",
        "EMERGENCY_ROLE_NEEDED",
        "EMERGENCY_UNREVIEWED",
        "GRANT_EXPIRED",
        "GRANT_NOT_VALID",
        "GRANT_USED_UP",
        "GRANT_WITHDRAWN",
        "NOT_ALLOWED",
        "NO_RECORD",
        "OFFICER_MAY_NOT_DECIDE",
        "OFFICER_NOT_ACCEPTED",
        "OUTSIDE_JURISDICTION",
        "SWITCHED_OFF",
        "COUNTED",
    }
)
"""What details say of refusals that count: none of a form that was filled in wrongly, or of a server that is busy."""
_DISTRICT: Final = re.compile(r"PK-[A-Z]{2}/[A-Z]{3}")
"""What the place of a case begins with."""


class Use(NamedTuple):
    """That a grant, ticket or court case was used, or that it was asked for.

    Attributes:
        officer_number: of the officer.
        certificate: SHA-256 of the client certificate, 32 bytes.
    """

    officer_number: str
    certificate: bytes


def concerns(leaf: leaf_pb2.Leaf) -> bool:
    """Whether an entry may say anything that is counted; if not, its detail isn't opened."""
    if not leaf.agency or leaf.outcome == leaf_pb2.OUTCOME_FAILED:
        return False
    return leaf.method in COUNTED or leaf.method == ENROL or leaf.outcome == leaf_pb2.OUTCOME_REFUSED


def access(index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> Access | None:
    """What an entry says, but for what watches its number and its certificate; None: nothing that is counted.

    Args:
        index: of the entry.
        leaf: one that ``concerns``.
        detail: its own.
    """
    is_refused = leaf.outcome == leaf_pb2.OUTCOME_REFUSED and detail.outcome in REFUSALS
    if not (leaf.method in COUNTED or is_refused):
        return None
    reads = leaf.method in NAMING or leaf.method == CREATE or is_refused
    district = _DISTRICT.match(detail.case_reference) if reads else None
    return Access(
        Ref(index, leaf.access_id, leaf.time_us),
        (leaf.agency, detail.officer_number),
        leaf.purpose,
        _subject(leaf, detail) if leaf.method in NAMING else "",
        district.group() if district else "",
        leaf.count if is_refused else detail.screened.dates_tried,
    )


def number(leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> registrations.Identifier | None:
    """The number of a person that an access was about; None: it names none."""
    if leaf.method not in NAMING and leaf.method != CREATE:
        return None
    return registrations.of_named(detail.named)


def read_by(leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> bytes:
    """The grant, ticket or court case by which a look-up, its repetition or a search was answered; empty: none."""
    if leaf.method not in {LOOK_UP, SEARCH} or leaf.outcome != leaf_pb2.OUTCOME_ALLOWED:
        return b""
    return detail.subjects[-1] if leaf.purpose in ON_A_GRANT and detail.subjects else b""


def is_use(leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> bool:
    """Whether an answer has used its grant, ticket or court case; a repetition and a search don't."""
    return leaf.method == LOOK_UP and bool(detail.grant_use) and not detail.replay


def shown(leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> list[tuple[bytes, int]]:
    """Whom an answer has shown of those whom it was asked for: id and version of each registration.

    Of a person of several registrations who was looked up as one the first. Of worklists and lists nobody.
    """
    if leaf.outcome != leaf_pb2.OUTCOME_ALLOWED or leaf.method not in COUNTED:
        return []
    if detail.shown:
        return [(each.registration_id, each.version) for each in detail.shown]
    return [(detail.subjects[0], detail.shown_version)] if detail.shown_version and detail.subjects else []


def shown_as_one(leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> bytes:
    """Id of the first registration of a person who was shown with others as one; empty: nobody was."""
    return shown(leaf, detail)[0][0] if detail.shown_together and shown(leaf, detail) else b""


def written(leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> Written | None:
    """The row in which persons stand whom a request has named; None: there is none."""
    table = SEVERAL.get(leaf.method)
    if table is None or leaf.outcome != leaf_pb2.OUTCOME_ALLOWED or detail.replay or not detail.subjects:
        return None
    return Written(table, detail.subjects[0])


def _subject(leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> str:
    """Whom an access is about, in a form in which the same person mostly is the same text."""
    if leaf.method != SEARCH:
        return detail.named
    return f"{detail.case_reference} {detail.grant_position or detail.named}"
