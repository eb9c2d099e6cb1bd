"""Transfers as the contract writes them. Nothing is decided here."""

from __future__ import annotations

from nsor.v1 import transfers_pb2, types_pb2
from nsor_server.formats.instants import instant, set_day, set_us
from nsor_server.policy.deadlines import Deadlines
from nsor_server.registration import record as records
from nsor_server.registration.transfers import rules
from nsor_server.storage.v1 import record_pb2


def to_message(
    record: record_pb2.RegistrationRecord, etag: str, deadlines: Deadlines
) -> transfers_pb2.GetTransferResponse:
    """A transfer with whom it is about; what the purpose may see is copied from it by disclosure."""
    answer = transfers_pb2.GetTransferResponse(
        etag=etag,
        person=types_pb2.Person(
            cnic=record.cnic,
            no_cnic_reason=record.no_cnic_reason,  # type: ignore[arg-type]  # stored numbers are the enum's
            sex=record.sex,  # type: ignore[arg-type]  # stored numbers are the enum's
            birth_date_precision=record.birth_precision,  # type: ignore[arg-type]  # stored numbers are the enum's
        ),
        transfer=transfer_message(record.transfer, deadlines),
    )
    set_day(answer.person.birth_date, record.birth_day)
    records.fill_names(answer.person, record)
    home = [each for each in record.addresses if each.place_code == record.transfer.to_place]
    # By an arrival notice alone he has told none: what there is at the place is of before.
    if home and not rules.is_by_arrival_alone(record):
        records.fill_address(answer.address, home[-1])
    return answer


def transfer_message(stored: record_pb2.Transfer, deadlines: Deadlines) -> transfers_pb2.Transfer:
    """A transfer. Its times are those that were counted when they began, whatever policy says since."""
    message = transfers_pb2.Transfer(
        state=stored.state,  # type: ignore[arg-type]  # stored numbers are the enum's
        from_place=stored.from_place,
        to_place=stored.to_place,
        refusal=stored.refusal,  # type: ignore[arg-type]  # stored numbers are the enum's
    )
    set_us(message.open_time, stored.open_time_us)
    if stored.end_time_us:
        set_us(message.end_time, stored.end_time_us)
        return message
    began = instant(stored.refuse_time_us if stored.state == rules.REFUSED else stored.open_time_us)
    for each in stored.deadlines:
        message.deadlines.append(deadlines.due(each.rule, began).message(due_us=each.due_us))
    return message
