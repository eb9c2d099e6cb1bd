"""A record of nobody, opened where a look-up finds none: a miss takes what it takes to open one and not show it.

A prosecution finds a registration by its FIR. One whose conviction by this FIR was set aside is found, too, and
only its seal says that it isn't shown. Without a decoy the time would tell that he is registered for something else.
A search opens it as often as it has met fewer registrations than it might have.
"""

from __future__ import annotations

import datetime as dt
import os
from typing import Final

from nsor.v1 import registration_pb2, types_pb2
from nsor_server.lookup.batch_store import Found
from nsor_server.registration import facts as registrations
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_NAMES: Final = 2
_COUNTS: Final = 1
_BORN: Final = 5_000
_OFFENCE: Final = 18_000
"""Days since 1970: without them what he did wouldn't be shown, for his age."""
_STATES: Final = (types_pb2.CONVICTION_STATE_CONFIRMED, types_pb2.CONVICTION_STATE_SET_ASIDE)
"""Of its convictions: whoever is found by one that fell has another, or isn't looked at."""
_ADDRESSES: Final = 2


class Decoy:
    """A sealed record. Threads may share it.

    Attributes:
        found: it, as the statement of a look-up gives what it has found by a case.
    """

    def __init__(self, sealer: Sealer) -> None:
        """Make and seal it; it is stored nowhere.

        Args:
            sealer: seals it, and opens it again for each miss.
        """
        self._sealer = sealer
        record = _record()
        key, wrapped = sealer.new_data_key(record.registration_id)
        written = registrations.version_row(key, None, record, dt.datetime.now(dt.UTC))
        row = registrations.StoredVersion._make((*written.row.values, wrapped))
        claim = registrations.stored_claim(
            key, record_pb2.ClaimRecord(registration_id=record.registration_id, version=1)
        )
        self.found = Found(True, claim, row, [])  # noqa: FBT003 - a tuple

    def open(self) -> None:
        """Open it and look at it as at a record that was found, and forget it."""
        record, key, convictions = registrations.open_shown(self._sealer, self.found.row)
        registrations.open_claim(key, self.found.claim)
        registrations.standing_cases(convictions)
        registrations.confirmed_cases(record)


def _record() -> record_pb2.RegistrationRecord:
    """As large as most whose conviction fell: nobody's names, two addresses, and one that stands beside it."""
    place = "PK-PB/LHR/PS-001"
    return record_pb2.RegistrationRecord(
        registration_id=os.urandom(16),
        version=1,
        state=registration_pb2.REGISTRATION_STATE_CONFIRMED,
        responsible_place=place,
        created_by_agency="punjab-prosecution",
        custodian_agency="punjab-prisons",
        custody_state=types_pb2.CUSTODY_STATE_IN_CUSTODY,
        names=[
            record_pb2.Name(kind=types_pb2.NAME_KIND_OFFICIAL, name="-" * 12, relative_name="-" * 12, relation=1)
            for _ in range(_NAMES)
        ],
        cnic="0" * 13,
        sex=types_pb2.SEX_MALE,
        nationality="PK",
        birth_day=_BORN,
        birth_precision=types_pb2.DATE_PRECISION_DAY,
        mobiles=["+92" + "0" * 10],
        addresses=[
            record_pb2.Address(
                kind=types_pb2.ADDRESS_KIND_CURRENT,
                place_code=place,
                locality_code="-" * 8,
                street_number="0",
                house_number="0",
            )
            for _ in range(_ADDRESSES)
        ],
        convictions=[_conviction(place, state) for state in _STATES],
    )


def _conviction(place: str, state: types_pb2.ConvictionState.ValueType) -> record_pb2.Conviction:
    return record_pb2.Conviction(
        conviction_id=os.urandom(16),
        court_kind=types_pb2.COURT_KIND_SPECIAL_COURT,
        court_place="PK-PB/LHR",
        case_number="Sessions Case No. 1000/1970",
        judgment_day=_OFFENCE,
        fir=record_pb2.Fir(police_station=place, year=1970, serial=1000, day=_OFFENCE),
        state=state,
        appeal_state=types_pb2.APPEAL_STATE_NONE,
        entered_by_agency="punjab-prosecution",
        offence_table_version=1,
        confirmed_by_agency="lahore-special-court",
        counts=[
            record_pb2.Count(
                offence_code="PPC-376",
                offence_day=_OFFENCE,
                victim_class=types_pb2.VICTIM_CLASS_NOT_STATED,
                sentence_kind=types_pb2.SENTENCE_KIND_IMPRISONMENT,
                months=200,
                legal_basis=types_pb2.LEGAL_BASIS_BOTH,
                stands=True,
            )
            for _ in range(_COUNTS)
        ],
    )
