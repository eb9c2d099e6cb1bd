"""What NADRA reports of a person, and what an owner's acceptance makes of the record. Pure."""

from __future__ import annotations

from typing import Final

from nsor.v1 import errors_pb2, identity_pb2, types_pb2
from nsor_server import errors
from nsor_server.formats.instants import to_day
from nsor_server.storage.v1 import record_pb2

MOST_OPEN: Final = 10
"""Reports of a registration that nobody has decided."""
MOST_EVER: Final = 100
"""Reports of a registration: a bound for what a version holds."""
REPORTED: Final = int(identity_pb2.IDENTITY_CHANGE_STATE_REPORTED)
ACCEPTED: Final = int(identity_pb2.IDENTITY_CHANGE_STATE_ACCEPTED)
NAME: Final = int(identity_pb2.IDENTITY_CHANGE_KIND_NAME)
NUMBER: Final = int(identity_pb2.IDENTITY_CHANGE_KIND_NUMBER)
DEATH: Final = int(identity_pb2.IDENTITY_CHANGE_KIND_DEATH)


def verified_by(record: record_pb2.RegistrationRecord, item_id: bytes) -> record_pb2.IdentityVerification | None:
    """The verification that a handle has given; None: the person wasn't verified by it."""
    verified = identity_pb2.IDENTITY_STATE_VERIFIED
    found = (each for each in record.identity_verifications if (each.item_id, each.result) == (item_id, verified))
    return next(found, None)


def check_reportable(
    record: record_pb2.RegistrationRecord,
    verification: record_pb2.IdentityVerification,
    request: identity_pb2.ReportIdentityChangeRequest,
) -> None:
    """See that a change may be reported, by what NADRA itself has seen and reported.

    Raises:
        errors.InvalidFields: DATE_ORDER: he died before the birth that was verified.
        errors.WrongState: there are as many reports as there may be.
    """
    if request.HasField("death_date") and to_day(request.death_date) < verification.particulars.birth_day:
        wrong = errors.Violation("death_date", errors_pb2.FIELD_REASON_DATE_ORDER)
        raise errors.InvalidFields(violations=(wrong,))
    is_open = [each.state == REPORTED for each in record.identity_changes]
    if len(is_open) >= MOST_EVER or sum(is_open) >= MOST_OPEN:
        raise errors.WrongState


def reported(record: record_pb2.RegistrationRecord, change_id: bytes) -> record_pb2.IdentityChange | None:
    """A change that was reported of a record, by its id; None: there is none."""
    return next((each for each in record.identity_changes if each.change_id == change_id), None)


def decided(
    record: record_pb2.RegistrationRecord, change_id: bytes, decision: record_pb2.IdentityChange
) -> record_pb2.RegistrationRecord:
    """A record after the owner's decision on a change that waits for it; ``record`` stays.

    Args:
        record: the version that is being made.
        change_id: 16 bytes, of a change of the record.
        decision: its fields of the decision are set.
    """
    following = record_pb2.RegistrationRecord()
    following.CopyFrom(record)
    change = next(each for each in following.identity_changes if each.change_id == change_id)
    change.MergeFrom(decision)
    if change.state == ACCEPTED and change.kind == NAME:
        _supersede(following, change)
    if change.state == ACCEPTED and change.kind == NUMBER:
        following.cnic = change.document_number
        following.ClearField("no_cnic_reason")
    following.ClearField("verified_death_day")
    day = death_day(following)
    if day is not None:
        following.verified_death_day = day
    return following


def death_day(record: record_pb2.RegistrationRecord) -> int | None:
    """The day of death that follows from what the owner has accepted, the last one; None: none."""
    accepted = [each for each in record.identity_changes if each.kind == DEATH and each.state == ACCEPTED]
    return accepted[-1].death_day if accepted else None


def _supersede(record: record_pb2.RegistrationRecord, change: record_pb2.IdentityChange) -> None:
    """The names of the change are the official ones; those that were are former ones, and none is lost."""
    new = {_written(name) for name in change.names}
    kept = []
    for name in record.names:
        if _written(name) not in new:
            former = record_pb2.Name()
            former.CopyFrom(name)
            if name.kind == types_pb2.NAME_KIND_OFFICIAL:
                former.kind = types_pb2.NAME_KIND_FORMER
            kept.append(former)
    del record.names[:]
    record.names.extend((*change.names, *kept))


def _written(name: record_pb2.Name) -> tuple[str, str, int]:
    return name.name, name.relative_name, name.relation
