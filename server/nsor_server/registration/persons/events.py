"""Who hears that several registrations are of one person, or aren't any more: whoever is shown them as one.

That is NPB, and of each registration its responsible police and the prisons department that has the person. The
prosecution and the court of a record hear nothing: what its creator sees and hears depends on no other record. Each
event names the recipient's own registration alone; which others there are GetRegistration says, as it may. A transfer
that a merge opens is told as any other: to the police of both places and to NPB.
"""

from __future__ import annotations

from collections.abc import Iterable

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.calls import Call, Row
from nsor_server.events import outbox, recipients
from nsor_server.registration.persons.claimants import Known


def owed(call: Call, persons: Iterable[Known]) -> list[Row]:
    """The rows of the events, for those registrations that stand: nobody is shown another one."""
    kind = notification_pb2.EVENT_KIND_REGISTRATIONS_OF_PERSON_CHANGED
    rows: list[Row] = []
    for each in persons:
        if each.confirmed:
            told = [
                *recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB),
                *recipients.responsible_police(call.agencies, each.record.responsible_place),
                *filter(None, (each.record.custodian_agency,)),
            ]
            rows += outbox.owed(kind, told, registration_id=each.registration_id)
    return rows
