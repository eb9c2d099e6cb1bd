"""A look-up on its way: what its request and its caller say, before anything of the register is read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from nsor.v1 import options_pb2
from nsor_server.calls import Agency, Officer
from nsor_server.lookup.batch_store import Wanted
from nsor_server.lookup.search.candidates import Candidate
from nsor_server.registration import facts as registrations
from nsor_server.rpc.spending import Payment


class LookUp(NamedTuple):
    """A look-up whose request is in order.

    Attributes:
        agency: who looks.
        officer: who of the agency looks.
        purpose: what for.
        access_id: id of the access.
        subject: the identifier of the person asked for; None: he is a candidate.
        candidate: the one of a search who is asked for; None: an identifier is.
        wanted: what is read for it.
        hashes: the keyed hash of the request under every live key, the primary's first; none is stored.
        case: the case that the request names, as its blind index is made of it; empty: it names none.
        case_reference: for the ledger's detail; empty where the grant says it.
        payment: how it is paid.
        repeat_us: for how long after its first answer it may be repeated, microseconds.
        compromised: keys whose grants, tickets and court cases count no more.
    """

    agency: Agency
    officer: Officer | None
    purpose: options_pb2.Purpose.ValueType
    access_id: bytes
    subject: registrations.Identifier | None
    candidate: Candidate | None
    wanted: Wanted
    hashes: Sequence[bytes]
    case: str
    case_reference: str
    payment: Payment
    repeat_us: int
    compromised: Collection[bytes]

    @property
    def officer_key(self) -> bytes:
        """Key id of the officer, or empty."""
        return self.officer.key_id if self.officer else b""
