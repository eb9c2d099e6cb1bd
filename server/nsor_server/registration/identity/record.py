"""From stored records to messages: an item that is handed out, and what NADRA has decided on a person."""

from __future__ import annotations

from nsor.v1 import identity_pb2
from nsor_server.formats.instants import set_day, set_us
from nsor_server.formats.uuids import text
from nsor_server.policy.deadlines import Due
from nsor_server.registration.identity import rules
from nsor_server.storage.v1 import record_pb2


def item_message(
    item: record_pb2.IdentityItemRecord, shown: record_pb2.IdentityParticulars, lease: Due
) -> identity_pb2.IdentityItem:
    """What an officer of NADRA is shown.

    Args:
        item: with its handle and the end of its lease.
        shown: what is compared.
        lease: the rule by which it ends.
    """
    message = identity_pb2.IdentityItem(
        handle=text(item.item_id),
        document=shown.document,  # type: ignore[arg-type]  # stored numbers are the enum's
        document_number=shown.document_number,
        sex=shown.sex,  # type: ignore[arg-type]  # stored numbers are the enum's
        birth_date_precision=shown.birth_precision,  # type: ignore[arg-type]  # stored numbers are the enum's
        lease_deadline=lease.message(due_us=item.lease_until_us),
    )
    for name in shown.names:
        message.names.add(kind=name.kind, name=name.name, relative_name=name.relative_name, relation=name.relation)
    set_day(message.birth_date, shown.birth_day)
    return message


def add_decisions(message: identity_pb2.Identity, record: record_pb2.RegistrationRecord) -> None:
    """Add what NADRA has decided and reported, for whoever is shown it."""
    now = rules.particulars(record)
    for each in record.identity_verifications:
        shown = message.verifications.add(
            result=each.result,
            mismatches=each.mismatches,
            reference_number=each.reference_number,
            current=each.particulars == now,
        )
        set_day(shown.checked_date, each.checked_day)
        set_us(shown.record_time, each.time_us)
    for change in record.identity_changes:
        reported = message.changes.add(
            change_id=text(change.change_id),
            kind=change.kind,
            reference_number=change.reference_number,
            state=change.state,
            dispute=change.dispute,
            document_number=change.document_number,
        )
        for name in change.names:
            reported.names.add(kind=name.kind, name=name.name, relative_name=name.relative_name, relation=name.relation)
        if change.HasField("death_day"):
            set_day(reported.death_date, change.death_day)
        set_us(reported.report_time, change.time_us)
