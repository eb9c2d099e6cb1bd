"""People whom a look-up doesn't show, of each kind that must be one answer, and the look-ups that ask for them.

They are written as the seed writes people (``seed.py``): past the ledger, by the server's own modules.
"""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Final, NamedTuple

import psycopg

from nsor.v1 import lookup_pb2, options_pb2, registration_pb2, search_pb2, types_pb2
from nsor_server.calls import Row
from nsor_server.registration import claims
from nsor_server.registration import store as registrations
from nsor_server.storage import changes
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.session import BEGIN, COMMIT, Session
from nsor_server.storage.v1 import record_pb2
from tests.bench import people
from tests.bench.seed import confirmed

OF_A_KIND: Final = 200
"""People of each kind: enough that the pages of none are warmer than another one's."""
OWN_FIR: Final = 90_001
"""Serial of the FIR of which the prosecution asks for the first one of a kind, and so on: each person of kind FALLEN or
ENDED had a conviction by his. One FIR for all would have so many of its people looked at in each look-up."""
HIDDEN_FIR: Final = 91_001
"""Serial of the FIR of the first person of kind HIDDEN; the next one has the next, and ``OF_A_KIND`` behind the last
one begin as many FIRs that nobody has had."""
_STATION: Final = people.STATION
_YEAR: Final = 2024
_DAYS_OF_A_CHILD: Final = 15 * 365
_FIRST: Final = 1_900_000
"""Number of the first of them: nobody else of the bench has these."""


class Kind(enum.Enum):
    """Why somebody isn't shown."""

    ABSENT = "absent"
    ALSO_ABSENT = "absent, too"
    UNCONFIRMED = "unconfirmed"
    SEALED = "sealed"
    HELD = "held"
    JUVENILE = "juvenile"
    ELSEWHERE = "another prison's"
    OTHER_FIR = "of another FIR"
    FALLEN = "of this FIR, which was set aside"
    ENDED = "of this FIR, and sealed"
    HIDDEN = "of an FIR of his own, which was set aside"

    @property
    def is_absent(self) -> bool:
        """Whether there is no record at all."""
        return self in {Kind.ABSENT, Kind.ALSO_ABSENT}


class Asked(NamedTuple):
    """Who asks, and for whom in turn.

    Attributes:
        agency: of the officer.
        purpose: of the look-up.
        basis: of the look-up.
        first: a kind.
        second: the other one.
    """

    agency: str
    purpose: options_pb2.Purpose.ValueType
    basis: lookup_pb2.LookUpBasis
    first: Kind
    second: Kind

    @property
    def name(self) -> str:
        """For the table."""
        purpose = options_pb2.Purpose.Name(self.purpose).removeprefix("PURPOSE_").lower().replace("_", " ")
        return f"{purpose}: {self.first.value} and {self.second.value}"


def pairs() -> Sequence[Asked]:
    """Each kind beside somebody who is absent, for a purpose that could be shown such a record if it stood."""
    border = lookup_pb2.LookUpBasis(travel_document=types_pb2.TravelDocument(country="PK", number="AB1234567"))
    prison = lookup_pb2.LookUpBasis(prisoner_number="P-1/2024")
    fir = lookup_pb2.LookUpBasis(fir=_fir(OWN_FIR))
    return (
        *(
            Asked("fia-immigration", options_pb2.PURPOSE_BORDER_CONTROL, border, Kind.ABSENT, kind)
            for kind in (Kind.ALSO_ABSENT, Kind.UNCONFIRMED, Kind.SEALED, Kind.HELD, Kind.JUVENILE)
        ),
        Asked("punjab-prisons", options_pb2.PURPOSE_CUSTODY, prison, Kind.ABSENT, Kind.ELSEWHERE),
        *(
            Asked("punjab-prosecution", options_pb2.PURPOSE_PROSECUTION, fir, Kind.ABSENT, kind)
            for kind in (Kind.OTHER_FIR, Kind.FALLEN, Kind.ENDED)
        ),
    )


def searches(kind: Kind) -> list[bytes]:
    """Searches of a prosecution among the records of FIRs: of each of people of kind HIDDEN, or of nobody."""
    first = HIDDEN_FIR if kind is Kind.HIDDEN else HIDDEN_FIR + OF_A_KIND
    name = types_pb2.SearchedName(name="Zarghun Marri", relative_name="Shahdad Marri")
    return [
        search_pb2.SearchRegistrationsRequest(
            basis=search_pb2.SearchBasis(fir=_fir(serial)), name=name
        ).SerializeToString()
        for serial in range(first, first + OF_A_KIND)
    ]


def _fir(serial: int) -> types_pb2.FirKey:
    key = types_pb2.FirKey(police_station=_STATION, year=_YEAR, serial=serial)
    key.fir_date.year, key.fir_date.month, key.fir_date.day = _YEAR, 3, 5
    return key


def requests(asked: Asked, kind: Kind) -> list[bytes]:
    """Look-ups of all people of a kind, without their request ids."""
    made = []
    for nth, cnic in enumerate(cnics(kind)):
        request = lookup_pb2.LookUpRegistrationRequest(purpose=asked.purpose, cnic=cnic, basis=asked.basis)
        if request.basis.HasField("fir"):
            request.basis.fir.serial = OWN_FIR + nth
        made.append(request.SerializeToString())
    return made


def cnics(kind: Kind) -> list[str]:
    """The numbers of the people of a kind."""
    of = people.absent_cnic if kind.is_absent else people.registered_cnic
    first = _FIRST + list(Kind).index(kind) * OF_A_KIND
    return [of(number) for number in range(first, first + OF_A_KIND)]


def write(url: str, keyring: Keyring, each: int = OF_A_KIND) -> None:
    """Write all of them.

    Args:
        url: the database, as its owner.
        keyring: the register's.
        each: people of each kind, the first ones.
    """
    sealer, blind_index = Sealer(keyring), BlindIndex(keyring)
    with psycopg.connect(url) as connection:
        session = Session(connection)
        for kind in Kind:
            if not kind.is_absent:
                rows = [row for record in _records(kind, each) for row in _rows(sealer, blind_index, kind, record)]
                session.run(BEGIN, *changes.added(rows), COMMIT)
        session.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (FREEZE, ANALYZE)")


def _records(kind: Kind, count: int) -> Iterator[record_pb2.RegistrationRecord]:
    pattern = confirmed(next(people.punjab_orders(17, people.FIRST, 1)))
    for nth, cnic in enumerate(cnics(kind)[:count]):
        record = record_pb2.RegistrationRecord()
        record.CopyFrom(pattern)
        record.registration_id = _id_of(cnic)
        record.cnic = cnic
        del record.documents[:]
        if kind in _MADE:
            _MADE[kind](record)
        if kind in _FIRS:
            add, first = _FIRS[kind]
            add(record, first + nth)
        yield record


def _rows(sealer: Sealer, blind_index: BlindIndex, kind: Kind, record: record_pb2.RegistrationRecord) -> Iterator[Row]:
    now = dt.datetime.now(UTC)
    key, wrapped = sealer.new_data_key(record.registration_id)
    yield registrations.key_row(record.registration_id, wrapped)
    yield registrations.version_row(key, None, record, now).row
    if kind is not Kind.UNCONFIRMED:
        known = claims.identifiers(record) if kind is Kind.HELD else ()
        yield from claims.claimed(blind_index, key, record, known).rows


def _unconfirmed(record: record_pb2.RegistrationRecord) -> None:
    record.state = registration_pb2.REGISTRATION_STATE_UNDER_REVIEW
    for each in record.convictions:
        each.state = types_pb2.CONVICTION_STATE_ENTERED


def _sealed(record: record_pb2.RegistrationRecord) -> None:
    record.state = registration_pb2.REGISTRATION_STATE_SEALED
    for each in record.convictions:
        each.state = types_pb2.CONVICTION_STATE_SET_ASIDE


def _juvenile(record: record_pb2.RegistrationRecord) -> None:
    first = min(count.offence_day for each in record.convictions for count in each.counts)
    record.birth_day = first - _DAYS_OF_A_CHILD


def _elsewhere(record: record_pb2.RegistrationRecord) -> None:
    record.custody_state = types_pb2.CUSTODY_STATE_IN_CUSTODY
    record.custodian_agency = "sindh-prisons"


def _add_fallen(record: record_pb2.RegistrationRecord, serial: int) -> None:
    """Its conviction by an FIR was set aside, and another one stands."""
    fallen = record.convictions.add()
    fallen.CopyFrom(record.convictions[0])
    fallen.state = types_pb2.CONVICTION_STATE_SET_ASIDE
    _of_fir(fallen, serial)
    fallen.conviction_id = record.registration_id


def _end(record: record_pb2.RegistrationRecord, serial: int) -> None:
    for each in record.convictions:
        _of_fir(each, serial)
    _sealed(record)


def _of_fir(conviction: record_pb2.Conviction, serial: int) -> None:
    conviction.fir.police_station, conviction.fir.year, conviction.fir.serial = _STATION, _YEAR, serial


_MADE: Final[Mapping[Kind, Callable[[record_pb2.RegistrationRecord], None]]] = {
    Kind.UNCONFIRMED: _unconfirmed,
    Kind.SEALED: _sealed,
    Kind.JUVENILE: _juvenile,
    Kind.ELSEWHERE: _elsewhere,
}
"""What is otherwise of a record of each kind; of the others nothing."""
_FIRS: Final[Mapping[Kind, tuple[Callable[[record_pb2.RegistrationRecord, int], None], int]]] = {
    Kind.FALLEN: (_add_fallen, OWN_FIR),
    Kind.ENDED: (_end, OWN_FIR),
    Kind.HIDDEN: (_add_fallen, HIDDEN_FIR),
}
"""What makes it one of an FIR, and that of the first one."""


def _id_of(cnic: str) -> bytes:
    """Random, and the same each time: an index of ids that follow each other would be warmer than it is."""
    return hashlib.sha256(cnic.encode()).digest()[:16]
