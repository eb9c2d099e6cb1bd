"""Which kinds of agency each kind of event concerns: one table, and no event reaches a kind of agency that isn't in it.

The deliverer gives no number to an event that doesn't concern its recipient, so that no stream tells it and nobody
acknowledges it away: it waits in the outbox, where ``nsor-server check`` and ``ledger verify`` find it. A kind of event
that has no row here keeps the server from starting.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from nsor.v1 import notification_pb2, options_pb2
from nsor.v1.notification_pb2 import EventKind

AgencyKind: TypeAlias = options_pb2.AgencyKind.ValueType
Kind: TypeAlias = EventKind.ValueType

_POLICE: Final = options_pb2.AGENCY_KIND_POLICE
_PROSECUTION: Final = options_pb2.AGENCY_KIND_PROSECUTION
_COURT: Final = options_pb2.AGENCY_KIND_COURT
_PRISONS: Final = options_pb2.AGENCY_KIND_PRISONS
_NPB: Final = options_pb2.AGENCY_KIND_NPB
_IMMIGRATION: Final = options_pb2.AGENCY_KIND_IMMIGRATION
COMMITTEE: Final = options_pb2.AGENCY_KIND_SPECIAL_COMMITTEE

_EVERYBODY: Final = frozenset(options_pb2.AgencyKind.values()) - {options_pb2.AGENCY_KIND_UNSPECIFIED}
"""Monitoring too: it has focal persons, whose changes are owed to it though it follows no events."""
_WITH_A_PART: Final = frozenset({_POLICE, _PROSECUTION, _COURT, _PRISONS, _NPB})
"""Those who may have a part in a record: not NADRA, FIA Immigration and the Special Committee."""
_BUREAU: Final = frozenset({_NPB})

_OF_NO_RECORD: Final[tuple[Kind, ...]] = (
    notification_pb2.EVENT_KIND_OFFICER_BUDGET_EMPTY,
    notification_pb2.EVENT_KIND_AGENCY_BUDGET_EMPTY,
    notification_pb2.EVENT_KIND_KEY_ENROLLED,
    notification_pb2.EVENT_KIND_KEY_REPLACED,
    notification_pb2.EVENT_KIND_KEY_DISABLED,
    notification_pb2.EVENT_KIND_FOCAL_PERSON_CHANGED,
    notification_pb2.EVENT_KIND_CALLS_DROPPED,
    notification_pb2.EVENT_KIND_CONSUMER_ENROLLED,
    notification_pb2.EVENT_KIND_CONSUMER_DISABLED,
    notification_pb2.EVENT_KIND_REGISTER_SEALED,
    notification_pb2.EVENT_KIND_REGISTER_UNSEALED,
)
"""Of an agency's own keys, certificates, budgets, grants and consumers, and of the register's seal."""
_OF_THE_SEAL: Final[tuple[Kind, ...]] = (
    notification_pb2.EVENT_KIND_REGISTER_SEAL_PROPOSED,
    notification_pb2.EVENT_KIND_REGISTER_UNSEALING_SECONDED,
)
TOLD_WHILE_SEALED: Final = frozenset((*_OF_NO_RECORD, *_OF_THE_SEAL))
"""Kinds of event that are told while the register is sealed. By kind and not by what they name: an empty message of a
fixed time would say that nobody was matched."""

_TABLE: Final[tuple[tuple[frozenset[AgencyKind], tuple[Kind, ...]], ...]] = (
    (
        _EVERYBODY,
        _OF_NO_RECORD,
    ),
    (
        frozenset({_NPB, COMMITTEE}),
        _OF_THE_SEAL,
    ),
    (
        frozenset({COMMITTEE}),
        (
            notification_pb2.EVENT_KIND_SEALED_READING_OPENED,
            notification_pb2.EVENT_KIND_SEALED_REGISTRATION_READ,
        ),
    ),
    (
        # Whoever may be shown a registration.
        _EVERYBODY - {COMMITTEE, options_pb2.AGENCY_KIND_MONITORING},
        (
            notification_pb2.EVENT_KIND_RECALL_ISSUED,
            notification_pb2.EVENT_KIND_RECALLS_OVERDUE,
            notification_pb2.EVENT_KIND_UNUSUAL_ACCESSES,
        ),
    ),
    (
        _BUREAU,
        (
            notification_pb2.EVENT_KIND_RECALLS_UNACKNOWLEDGED,
            notification_pb2.EVENT_KIND_REVIEWS_WRITTEN,
            notification_pb2.EVENT_KIND_POLICY_PROPOSED,
            notification_pb2.EVENT_KIND_POLICY_ADOPTED,
            notification_pb2.EVENT_KIND_POLICY_WITHDRAWN,
            notification_pb2.EVENT_KIND_UNSEALING_PROPOSED,
            notification_pb2.EVENT_KIND_REVIEW_DECISION_PROPOSED,
            notification_pb2.EVENT_KIND_CLOSURE_PROPOSED,
            notification_pb2.EVENT_KIND_PROPOSAL_REFUSED,
            notification_pb2.EVENT_KIND_JUVENILE_ACCESS_REQUESTED,
            notification_pb2.EVENT_KIND_EMERGENCY_OPENED,
            notification_pb2.EVENT_KIND_ACCESS_OPENED,
            notification_pb2.EVENT_KIND_WATCHED_NUMBERS_CHANGED,
            notification_pb2.EVENT_KIND_PASSENGER_ALIKE,
            notification_pb2.EVENT_KIND_TRIPWIRE_REPLAYS_CHANGED,
        ),
    ),
    (
        # Of the agency's own emergency look-ups; of one that nobody reviews also those who see to it.
        frozenset({_POLICE}),
        (notification_pb2.EVENT_KIND_EMERGENCY_REVIEWED,),
    ),
    (
        frozenset({_POLICE, _NPB, COMMITTEE}),
        (notification_pb2.EVENT_KIND_EMERGENCY_REVIEW_OVERDUE,),
    ),
    (
        # All who may own a record, whether or not one of theirs was shown: no count of messages tells whether one was.
        frozenset({_POLICE, _PROSECUTION, _NPB}),
        (notification_pb2.EVENT_KIND_EMERGENCY_LOOKED_UP,),
    ),
    (
        frozenset({_POLICE, _PROSECUTION}),
        (notification_pb2.EVENT_KIND_JUVENILE_ACCESS_DECIDED,),
    ),
    (
        frozenset({_POLICE, _PROSECUTION, _COURT, _NPB}),
        (
            notification_pb2.EVENT_KIND_ACCESS_REQUESTED,
            notification_pb2.EVENT_KIND_ACCESS_APPROVED,
            notification_pb2.EVENT_KIND_ACCESS_RETURNED,
            notification_pb2.EVENT_KIND_ACCESS_WITHDRAWN,
            notification_pb2.EVENT_KIND_ACCESS_PASSED,
            notification_pb2.EVENT_KIND_LOOK_UPS_COMPARED,
            notification_pb2.EVENT_KIND_LOOK_UP_RETURNED,
        ),
    ),
    (
        frozenset({_PROSECUTION}),
        (notification_pb2.EVENT_KIND_ACCESS_REQUEST_DUE_SOON,),
    ),
    (
        frozenset({_POLICE, _PROSECUTION, _NPB}),
        (
            notification_pb2.EVENT_KIND_ACCESS_REQUEST_OVERDUE,
            notification_pb2.EVENT_KIND_ACCESS_REQUEST_ESCALATED,
            notification_pb2.EVENT_KIND_ACCESS_REQUEST_REFERRED,
            notification_pb2.EVENT_KIND_JUVENILE_ACCESS_OVERDUE,
            notification_pb2.EVENT_KIND_JUVENILE_ACCESS_ESCALATED,
        ),
    ),
    (
        # FIA Immigration hears of journeys that cross the border, and of no other notice.
        frozenset({_POLICE, _NPB, _IMMIGRATION}),
        (
            notification_pb2.EVENT_KIND_TRAVEL_ABROAD,
            notification_pb2.EVENT_KIND_TRAVEL_RETURNED,
        ),
    ),
    (
        # Whoever may have heard of the notice.
        frozenset({_POLICE, _PROSECUTION, _NPB, _IMMIGRATION}),
        (
            notification_pb2.EVENT_KIND_NOTICE_REFUSED,
            notification_pb2.EVENT_KIND_NOTICE_WITHDRAWN,
            notification_pb2.EVENT_KIND_NOTICE_SUPERSEDED,
            notification_pb2.EVENT_KIND_NOTICE_DID_NOT_HAPPEN,
        ),
    ),
    (
        frozenset({_POLICE, _NPB}),
        (
            notification_pb2.EVENT_KIND_CONTACT_CHANGED,
            notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OPENED,
            notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_ACCEPTED,
            notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_REFUSED,
            notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_ASSIGNED,
            notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_LEFT,
            notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_CLOSED,
            notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OVERDUE,
            notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OVERDUE_PROVINCE,
            notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OVERDUE_NPB,
            notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_UNRESOLVED,
            notification_pb2.EVENT_KIND_TRAVEL_AT_HOME,
            notification_pb2.EVENT_KIND_PERIODIC_NOTICE,
            notification_pb2.EVENT_KIND_HOME_VISIT,
            notification_pb2.EVENT_KIND_HOME_VISIT_FAILED,
            notification_pb2.EVENT_KIND_DUTY_WAIVED,
            notification_pb2.EVENT_KIND_DUTY_DUE_SOON,
            notification_pb2.EVENT_KIND_DUTY_OVERDUE,
            notification_pb2.EVENT_KIND_DUTY_ESCALATED,
            notification_pb2.EVENT_KIND_DUTY_REFERRED,
            # Not FIA Immigration, which has reported it: it would learn whom its report has met.
            notification_pb2.EVENT_KIND_DEPARTURE_WITHOUT_NOTICE,
            notification_pb2.EVENT_KIND_MOVEMENT_MET,
        ),
    ),
    (
        frozenset({_POLICE, _PRISONS, _NPB}),
        (notification_pb2.EVENT_KIND_ARRIVAL_AGAINST_CUSTODY,),
    ),
    (
        _WITH_A_PART,
        (
            notification_pb2.EVENT_KIND_NAME_CHANGED,
            notification_pb2.EVENT_KIND_REGISTRATION_CREATED,
            notification_pb2.EVENT_KIND_REGISTRATION_CONFIRMED,
            notification_pb2.EVENT_KIND_ADDRESS_CHANGED,
            notification_pb2.EVENT_KIND_ADDRESS_CHANGED_ACROSS_PROVINCES,
            notification_pb2.EVENT_KIND_CONVICTION_ADDED,
            notification_pb2.EVENT_KIND_CONVICTION_CONFIRMED,
            notification_pb2.EVENT_KIND_JUDGMENT_RECORDED,
            notification_pb2.EVENT_KIND_JUDGMENT_OVERDUE,
            notification_pb2.EVENT_KIND_REGISTRATION_UNSEALED,
            notification_pb2.EVENT_KIND_CORRECTION_REQUESTED,
            notification_pb2.EVENT_KIND_CORRECTION_DECIDED,
            notification_pb2.EVENT_KIND_VALIDATION_OVERDUE,
            notification_pb2.EVENT_KIND_REGISTRATIONS_JUDGED,
            notification_pb2.EVENT_KIND_REGISTRATION_ARCHIVED,
            notification_pb2.EVENT_KIND_REGISTRATION_RESTORED,
            notification_pb2.EVENT_KIND_REGISTRATIONS_OF_PERSON_CHANGED,
            notification_pb2.EVENT_KIND_AMENDMENT_PROPOSED,
            notification_pb2.EVENT_KIND_AMENDMENTS_WAIT,
            notification_pb2.EVENT_KIND_AMENDMENT_ACCEPTED,
            notification_pb2.EVENT_KIND_AMENDMENT_REFUSED,
            notification_pb2.EVENT_KIND_IDENTIFIERS_AMENDED,
            notification_pb2.EVENT_KIND_IDENTITY_CHECKED,
            notification_pb2.EVENT_KIND_IDENTITY_CHANGE_REPORTED,
            notification_pb2.EVENT_KIND_IDENTITY_CHANGE_DECIDED,
            notification_pb2.EVENT_KIND_OFFENDER_ADMITTED,
            notification_pb2.EVENT_KIND_OFFENDER_TRANSFERRED,
            notification_pb2.EVENT_KIND_TRANSFER_REFUSED,
            notification_pb2.EVENT_KIND_RELEASE_EXPECTED,
            notification_pb2.EVENT_KIND_RELEASE_ACCEPTED,
            notification_pb2.EVENT_KIND_RELEASE_REFUSED,
            notification_pb2.EVENT_KIND_OFFENDER_RELEASED,
            notification_pb2.EVENT_KIND_OFFENDER_BAILED,
            notification_pb2.EVENT_KIND_OFFENDER_ESCAPED,
            notification_pb2.EVENT_KIND_OFFENDER_RECALLED,
            notification_pb2.EVENT_KIND_OFFENDER_DEPORTED,
            notification_pb2.EVENT_KIND_OFFENDER_DECEASED,
            notification_pb2.EVENT_KIND_RELEASE_WITHOUT_ADDRESS,
            notification_pb2.EVENT_KIND_RELEASE_NOT_ACCEPTED,
            notification_pb2.EVENT_KIND_RELEASE_OVERDUE,
            notification_pb2.EVENT_KIND_CUSTODY_EVENT_TAKEN_BACK,
        ),
    ),
)
"""A row is added to when a kind of event is; one that concerns other kinds of agency gets a row of its own."""


def _by_kind() -> dict[Kind, frozenset[AgencyKind]]:
    found: dict[Kind, frozenset[AgencyKind]] = {}
    for agencies, kinds in _TABLE:
        for kind in kinds:
            if kind in found:
                raise RuntimeError(f"{EventKind.Name(kind)} stands twice in events/hearers.py")
            found[kind] = agencies
    unsaid = sorted(set(EventKind.values()) - {notification_pb2.EVENT_KIND_UNSPECIFIED} - found.keys())
    if unsaid:
        names = ", ".join(EventKind.Name(kind) for kind in unsaid)
        raise RuntimeError(f"events/hearers.py doesn't say whom these concern: {names}")
    return found


CONCERNED: Final = _by_kind()
"""The kinds of agency that may hear each kind of event."""


def concerns(kind: int, agency: int) -> bool:
    """Whether an event of a kind concerns a kind of agency."""
    return agency in CONCERNED.get(EventKind.ValueType(kind), frozenset())


def concerned_sql(row: str, recipient: str) -> str:
    """An SQL condition: an event concerns its recipient, and tells the Committee of no record.

    Args:
        row: alias of the row of ``outbox`` or ``agency_event``.
        recipient: the column with the recipient's id.
    """
    kind_of_agency = f"(SELECT kind::integer FROM agency WHERE agency_id = {row}.{recipient})"  # noqa: S608 - constants
    pairs = sorted(kind * 256 + agency for kind, agencies in CONCERNED.items() for agency in agencies)
    named = " AND ".join(
        f"{row}.{column} IS NULL"
        for column in (
            "registration_id",
            "notice_id",
            "access_request_id",
            "judgment_id",
            "grant_id",
            "registration_ids",
        )
    )
    return (
        f"{row}.kind::integer * 256 + {kind_of_agency} = ANY ('{{{','.join(map(str, pairs))}}}'::integer[])"
        f" AND ({named} OR {kind_of_agency} <> {COMMITTEE})"
    )
