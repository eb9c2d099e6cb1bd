"""What the record asks of an amendment, who sees a proposed one, and how many there may be. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from nsor.v1 import amendments_pb2, errors_pb2, types_pb2
from nsor_server import errors
from nsor_server.registration import rules
from nsor_server.storage.v1 import record_pb2

MOST_WAITING: Final = 10
"""Amendments of one agency that wait on a record: one agency doesn't fill the owner's list."""
MOST_NAMES: Final = 50
"""Names up to which an amendment adds some. What NADRA has reported is never refused and may have brought more: the
contract takes all of them (``Particulars.names``), or nobody could amend such a record any more."""
MOST_LISTED: Final = 100
"""Amendments of a list, and a bound for what is opened."""


def check_fits(
    before: record_pb2.RegistrationRecord,
    after: record_pb2.RegistrationRecord,
    shown: Iterable[record_pb2.Conviction],
) -> None:
    """See that an amended record may follow a version, by what its owner is shown of that.

    Args:
        before: the newest version.
        after: the same, amended.
        shown: the convictions that the owner is shown: nothing may depend on the others.

    Raises:
        errors.InvalidFields: NAME_REMOVED: a name that the record has is missing. ADDRESS_MOVED: the newest current
            address is of another place, for which other police may be responsible. DATE_ORDER: born after an offence.
            EXACTLY_ONE: a document of a number that the record hasn't. TOO_LONG: names are added to as many as there
            may be.
    """
    refused = []
    if not {_name(each) for each in before.names} <= {_name(each) for each in after.names}:
        refused.append(errors.Violation("particulars.names", errors_pb2.FIELD_REASON_NAME_REMOVED))
    elif len(after.names) > max(MOST_NAMES, len(before.names)):
        refused.append(errors.Violation("particulars.names", errors_pb2.FIELD_REASON_TOO_LONG))
    if rules.responsible_place(after.addresses) != rules.responsible_place(before.addresses):
        refused.append(errors.Violation("particulars.addresses", errors_pb2.FIELD_REASON_ADDRESS_MOVED))
    if after.identity_document and not after.cnic:
        refused.append(errors.Violation("particulars.identity_document", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    offences = [count.offence_day for conviction in shown for count in conviction.counts]
    if after.birth_day != before.birth_day and offences and min(offences) < after.birth_day:
        refused.append(errors.Violation("particulars.birth_date", errors_pb2.FIELD_REASON_DATE_ORDER))
    if refused:
        raise errors.InvalidFields(violations=tuple(refused))


def warnings(
    given: amendments_pb2.Particulars, paths: Iterable[str], record: record_pb2.RegistrationRecord | None
) -> list[types_pb2.FieldWarning]:
    """What is odd about the particulars of an amendment.

    Args:
        given: of the request.
        paths: which of them are amended.
        record: the one that is amended, if the caller owns it: what isn't amended is compared too.
    """
    named, whole = set(paths), amendments_pb2.Particulars()
    whole.CopyFrom(given)
    if record is not None and named & {"cnic", "sex"}:
        whole.cnic = given.cnic if "cnic" in named else record.cnic
        whole.sex = types_pb2.Sex.ValueType(given.sex if "sex" in named else record.sex)
    return rules.warnings(whole, "particulars.")


def has_room(agency_id: str, proposed_by: Sequence[str]) -> bool:
    """Tell whether an agency may propose an amendment of a record, by the agencies that proposed those that wait."""
    return proposed_by.count(agency_id) < MOST_WAITING


def may_withdraw(agency_id: str, proposed_by: str) -> bool:
    """Tell whether an agency may withdraw an amendment that another one, or itself, has proposed: its own alone."""
    return agency_id == proposed_by


def is_listed(agency_id: str, proposed_by: str, *, waits: bool, owner: bool) -> bool:
    """Tell whether an amendment is shown to an agency that may see the record.

    Args:
        agency_id: who asks.
        proposed_by: who proposed it.
        waits: it can still be decided on.
        owner: whether it is the record's owner who asks.
    """
    return agency_id == proposed_by or (owner and waits)


def _name(name: record_pb2.Name) -> tuple[str, str, int]:
    """What a name is, whatever it is used for: an official one may become a former one."""
    return name.name, name.relative_name, name.relation
