"""Focal persons: who within the agency decides on the keys of its officers and systems, and on nothing else.

The register's operator enters them, each with a key. So whoever holds an agency's certificate can't make himself an
officer: an enrolment carries a focal person's signature over that very call, and that of a deciding officer two.
"""

from __future__ import annotations

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.access import signatures
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.access.gate import Caller
from nsor_server.access.signatures import SignedCall
from nsor_server.calls import FocalPerson


def of_decision(
    first: bytes | None, second: bytes | None, call: SignedCall, caller: Caller, snapshot: DirectorySnapshot
) -> tuple[FocalPerson, ...]:
    """The focal persons who signed this very call, a short time ago: one, or two different humans.

    Args:
        first: the metadata ``nsor-decision-bin``, or None.
        second: the metadata ``nsor-second-decision-bin``, or None.
        call: what they must have signed.
        caller: whose agency they must be focal persons of.
        snapshot: the directory.

    Raises:
        Denied: a signature is missing or isn't accepted, its time is over, or both are of one human.
    """
    found = [_signer(first, call, caller, snapshot)]
    if second is not None:
        found.append(_signer(second, call, caller, snapshot))
        if found[0].key_id == found[1].key_id or found[0].own == found[1].own:
            raise errors.Denied(errors_pb2.ERROR_REASON_SECOND_FOCAL_PERSON_REQUIRED)
    return tuple(found)


def _signer(signed: bytes | None, call: SignedCall, caller: Caller, snapshot: DirectorySnapshot) -> FocalPerson:
    decision = signatures.read(signed) if signed else None
    person = snapshot.focal_persons.get(decision.officer_key_id) if decision is not None else None
    if (
        decision is None
        or person is None
        or person.disabled
        or person.agency_id != caller.agency.agency_id
        or not signatures.holds(person.public_key, decision.signature, call.message(decision.signed_at_us))
    ):
        raise errors.Denied(errors_pb2.ERROR_REASON_FOCAL_PERSON_REQUIRED)
    signatures.check_time(decision, call)
    return person
