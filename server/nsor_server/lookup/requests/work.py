"""Where each access request stands in the lists: state, not history, which follows from its newest version.

Its row goes with the row of the version, so that nobody who writes one can leave it out. It names nobody; what a list
shows is read from the version, which has to say the same.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from nsor.v1 import access_requests_pb2
from nsor_server.calls import Row, Table
from nsor_server.lookup.requests.escalation.rules import waits_for_npb
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "access_request_work"
WORK: Final = Table(
    TABLE,
    (
        ("access_request_id", "uuid"),
        ("agency_id", "text"),
        ("place", "text"),
        ("state", "smallint"),
        ("order_us", "bigint"),
        ("officer", "uuid"),
        ("fir", "uuid"),
        ("created_us", "bigint"),
        ("juvenile_us", "bigint"),
    ),
    key=("access_request_id",),
)
PENDING: Final = int(access_requests_pb2.ACCESS_REQUEST_STATE_PENDING)
_USE: Final = "request"
_PLACE: Final = struct.Struct(">?q16s")


class Work(NamedTuple):
    """A request in the lists, as ``WORK`` has it; ``at`` is its column ``place``."""

    access_request_id: bytes
    agency_id: str
    at: str
    state: int
    order_us: int
    officer: bytes
    fir: bytes
    created_us: int
    juvenile_us: int

    @property
    def place(self) -> Place:
        """Where it stands in the order of the lists."""
        return Place(self.state != PENDING, self.order_us, self.access_request_id)


class Place(NamedTuple):
    """A place in the order of the lists: those that wait by their deadlines, then the others, the last one first."""

    decided: bool
    order_us: int
    access_request_id: bytes

    @property
    def packed(self) -> bytes:
        """The place as 25 bytes."""
        return _PLACE.pack(*self)

    @classmethod
    def unpacked(cls, octets: bytes) -> Place:
        """The place of ``packed``."""
        return cls(*_PLACE.unpack(octets))


START: Final = Place(decided=False, order_us=-(2**63), access_request_id=bytes(16))
"""Before the first request."""


def of(record: record_pb2.AccessRequestRecord) -> Work:
    """What goes with a version."""
    order_us = record.decision_due_us if record.state == PENDING else -record.decide_time_us
    return Work(
        record.access_request_id,
        record.agency,
        record.place,
        record.state,
        order_us,
        record.officer_label,
        record.fir_label,
        record.create_time_us,
        record.juvenile_due_us if waits_for_npb(record) else 0,
    )


def row(record: record_pb2.AccessRequestRecord) -> Row:
    """The row that goes with a version."""
    return Row(WORK, of(record))


def fir_label(blind_index: BlindIndex, agency_id: str, fir: str) -> bytes:
    """By which an agency's requests for an FIR are found; ``fir`` in its one written form."""
    return blind_index.lasting(_USE, f"fir that is asked for\0{agency_id}\0{fir}".encode())


def officer_label(blind_index: BlindIndex, agency_id: str, officer_number: str) -> bytes:
    """By which an officer's requests are found: he is his number, whatever his key."""
    return blind_index.lasting(_USE, f"officer who asks\0{agency_id}\0{officer_number}".encode())
