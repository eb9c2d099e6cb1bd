"""Who hears that somebody was looked up in an emergency: NPB and the owner at once, and nobody by what he doesn't hear.

Were the owner alone told, and only when there is a record, then the tree would grow by its stream's entries when
somebody was found, and by how many owners he has. So all who may own records are told of each reading, also of one that
has found nobody: each of its own records that were shown, which mostly are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.calls import Agency, Row
from nsor_server.events import outbox
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2

KIND: Final = notification_pb2.EVENT_KIND_EMERGENCY_LOOKED_UP
_HEARING: Final = frozenset(
    {options_pb2.AGENCY_KIND_POLICE, options_pb2.AGENCY_KIND_PROSECUTION, options_pb2.AGENCY_KIND_NPB}
)


def of_reading(agencies: Mapping[str, Agency], shown: Iterable[record_pb2.RegistrationRecord]) -> list[Row]:
    """The events of a reading that has shown these registrations, perhaps none."""
    return [
        row
        for agency_id, ids in ids_told(agencies, shown).items()
        for row in outbox.owed(KIND, [agency_id], registration_ids=ids)
    ]


def ids_told(
    agencies: Mapping[str, Agency], shown: Iterable[record_pb2.RegistrationRecord]
) -> dict[str, frozenset[bytes]]:
    """Which registrations each agency hears of, by agency id: NPB of all, an owner of its own."""
    records = list(shown)
    owners = {each.registration_id: frozenset(map(str, registrations.owners(each, agencies))) for each in records}
    return {
        agency.agency_id: frozenset(
            registration_id
            for registration_id, own in owners.items()
            if agency.kind == options_pb2.AGENCY_KIND_NPB or agency.agency_id in own
        )
        for agency in sorted(agencies.values(), key=lambda each: each.agency_id)
        if agency.kind in _HEARING
    }
