"""Ids of candidates: what a search gives for each, and by which the candidate's record is looked up.

An id is a sealed token of this register, so that nobody makes one, and it is another one in each search, so that it
can't be told whether two searches have shown the same record. It holds for the officer, the purpose and the basis of
its search alone, and for as long as policy says. Whether it does follows from the id and the call; nothing is read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from typing import Final, NamedTuple

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.calls import Call
from nsor_server.formats.instants import to_us
from nsor_server.policy.loaded import policy_of
from nsor_server.storage.sealing import SealBroken, Sealing

_NAME: Final = "candidate"
_FORM: Final = struct.Struct(">16s16sHq")
_MINUTE_US: Final = 60_000_000


class Candidate(NamedTuple):
    """What a candidate's id says.

    Attributes:
        registration_id: the record that was shown, 16 bytes.
        search: access id of the search, 16 bytes.
        position: of the subject in the grant, ticket or court case; 0 where there is none.
        found_us: when it was found, microseconds since 1970.
    """

    registration_id: bytes
    search: bytes
    position: int
    found_us: int


def candidate_id(sealer: Sealing, call: Call, basis: str, candidate: Candidate) -> str:
    """The id of a candidate.

    Args:
        sealer: seals it.
        call: the search, past the gate.
        basis: the grant, ticket or court case by its id, or the FIR, in its one written form.
        candidate: whom it is of.
    """
    sealed = sealer.seal(_NAME, _binding(call, basis), 0, _FORM.pack(*candidate))
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def opened(sealer: Sealing, call: Call, basis: str, text: str) -> Candidate:
    """The candidate that an id names.

    Args:
        sealer: opens it.
        call: of the officer who looks the candidate up, past the gate.
        basis: that of this call, as for ``candidate_id``.
        text: the id, of the contract's form.

    Raises:
        errors.Denied: CANDIDATE_NOT_VALID, one and the same for one that no search gave, that is of another
            officer's search, purpose or basis, or that is too old.
    """
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        candidate = Candidate(*_FORM.unpack(sealer.open(_NAME, _binding(call, basis), 0, sealed)))
    except (binascii.Error, SealBroken, ValueError, struct.error):
        raise _not_valid() from None
    if to_us(call.now()) - candidate.found_us > policy_of(call).search.candidate_minutes * _MINUTE_US:
        raise _not_valid()
    return candidate


def _binding(call: Call, basis: str) -> bytes:
    parts = (call.agency.agency_id, call.officer_key, int(call.purpose), basis)
    return hashlib.sha256(repr(parts).encode()).digest()


def _not_valid() -> errors.Denied:
    return errors.Denied(errors_pb2.ERROR_REASON_CANDIDATE_NOT_VALID)
