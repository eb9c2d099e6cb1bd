"""Who hears of a transfer: the police of both places, the provinces' among them, and NPB."""

from __future__ import annotations

from nsor.v1 import options_pb2
from nsor_server.calls import Row
from nsor_server.events import outbox, recipients
from nsor_server.registration.transfers import rules
from nsor_server.storage.v1 import record_pb2


def of_version(
    agencies: recipients.Agencies, before: record_pb2.RegistrationRecord, after: record_pb2.RegistrationRecord
) -> list[Row]:
    """The events of what a version changes of a transfer; none: it changes nothing.

    Args:
        agencies: of the directory.
        before: the version before.
        after: the version.
    """
    npb = recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB)
    return [
        row
        for kind, places in rules.told(before, after)
        for row in outbox.owed(
            kind,
            [*npb, *(each for place in places for each in recipients.responsible_police(agencies, place))],
            registration_id=after.registration_id,
        )
    ]
