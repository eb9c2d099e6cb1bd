"""Emergency look-ups that are open while they are measured, each of them reviewed: else nobody may open the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nsor.v1 import emergencies_pb2
from tests.bench import unshown
from tests.bench.unshown import Kind

OF_A_KIND: Final = 40
"""People of a kind: each costs two decisions before, and all are read within the 15 minutes of policy."""
_STATION: Final = "PK-PB/LHR/PS-001"
Ask = Callable[[bytes], bytes]
"""Makes a call of one method; gives the answer."""


def requests(opening: Ask, reviewing: Ask, kind: Kind) -> list[bytes]:
    """Open one for each of some people of a kind, and have it reviewed; gives the requests that read them.

    Args:
        opening: makes a call of OpenEmergencyLookUp, of an officer of the police.
        reviewing: one of ReviewEmergencyLookUp, of an officer of NPB.
        kind: of people.
    """
    found = []
    for cnic in unshown.cnics(kind)[:OF_A_KIND]:
        request = emergencies_pb2.OpenEmergencyLookUpRequest(
            cnic=cnic, harm=emergencies_pb2.IMMINENT_HARM_CHILD_TAKEN, station=_STATION
        )
        opened = emergencies_pb2.OpenEmergencyLookUpResponse.FromString(opening(request.SerializeToString()))
        review = emergencies_pb2.ReviewEmergencyLookUpRequest(
            emergency_id=opened.emergency_id, finding=emergencies_pb2.EMERGENCY_FINDING_JUSTIFIED
        )
        reviewing(review.SerializeToString())
        reading = emergencies_pb2.LookUpInEmergencyRequest(emergency_id=opened.emergency_id, cnic=cnic)
        found.append(reading.SerializeToString())
    return found
