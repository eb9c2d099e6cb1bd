"""Who is handed to NADRA to be checked, what is compared, and what a decision is about. Pure."""

from __future__ import annotations

from typing import Final

from nsor.v1 import errors_pb2, identity_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Officer
from nsor_server.registration import juveniles, states
from nsor_server.registration.rules import is_owner
from nsor_server.storage.v1 import record_pb2

UNVERIFIED: Final = int(identity_pb2.IDENTITY_STATE_UNVERIFIED)
RESULTS: Final = frozenset(
    {
        identity_pb2.IDENTITY_STATE_VERIFIED,
        identity_pb2.IDENTITY_STATE_MISMATCH,
        identity_pb2.IDENTITY_STATE_NO_SUCH_DOCUMENT,
    }
)
"""What an officer of NADRA may decide."""
SETTLED: Final = ("identity_state", "identity_waits")
"""Fields of a record that follow from the others."""


def particulars(record: record_pb2.RegistrationRecord) -> record_pb2.IdentityParticulars:
    """What of a version is compared with the document: what the item shows, and nothing else.

    Names of other kinds are no document's, so that an alias that is added later leaves a person verified.
    """
    return record_pb2.IdentityParticulars(
        names=[name for name in record.names if name.kind == types_pb2.NAME_KIND_OFFICIAL],
        document=(record.identity_document or types_pb2.IDENTITY_DOCUMENT_CNIC) if record.cnic else 0,
        document_number=record.cnic,
        sex=record.sex,
        birth_day=record.birth_day,
        birth_precision=record.birth_precision,
    )


def settle(record: record_pb2.RegistrationRecord) -> None:
    """Set what follows from a version that is complete: where its identity stands, and whether it waits for NADRA."""
    record.identity_state = state(record)
    record.identity_waits = record.identity_state == UNVERIFIED and _is_handed_out(record)


def state(record: record_pb2.RegistrationRecord) -> int:
    """Where the identity of a version stands: what was decided last on just these particulars."""
    if not record.identity_verifications:
        return UNVERIFIED
    now = particulars(record)
    decided = (each.result for each in reversed(record.identity_verifications) if each.particulars == now)
    return next(decided, UNVERIFIED)


def check_decidable(item: record_pb2.IdentityItemRecord, record: record_pb2.RegistrationRecord, now_us: int) -> None:
    """See that an officer may decide now on what he was handed.

    Raises:
        errors.WrongState: it was decided since it was handed out; LEASE_ENDED: its time is over.
    """
    if any(each.time_us >= item.time_us for each in record.identity_verifications):
        raise errors.WrongState
    if now_us > item.lease_until_us:
        raise errors.WrongState(errors_pb2.ERROR_REASON_LEASE_ENDED)


def is_running(item: record_pb2.IdentityItemRecord, now_us: int) -> bool:
    """Whether an item still is its officer's."""
    return bool(item.registration_id) and now_us <= item.lease_until_us


def sees_decisions(record: record_pb2.RegistrationRecord, agency: Agency, officer: Officer | None) -> bool:
    """Whether an agency that is shown a record is shown what NADRA has decided: its owner, and NPB."""
    return agency.kind == options_pb2.AGENCY_KIND_NPB or is_owner(record, agency, officer)


def _is_handed_out(record: record_pb2.RegistrationRecord) -> bool:
    """Whether NADRA's officers may see a person.

    He is confirmed and neither sealed nor anything else, was an adult by at least one count that stands, and his record
    needs no heightened handling; he hasn't died, and there is a document of NADRA to compare with.
    """
    return (
        record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
        and not record.heightened_handling
        and bool(record.cnic)
        and not record.HasField("verified_death_day")
        and _was_adult(record)
    )


def _was_adult(record: record_pb2.RegistrationRecord) -> bool:
    """Whether he was an adult by at least one count that stands."""
    return any(
        juveniles.was_adult(record, count)
        for conviction in record.convictions
        for count in states.standing_counts(conviction)
    )
