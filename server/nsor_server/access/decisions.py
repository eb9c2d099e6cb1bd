"""The one check before a second person decides: that it is one, mostly of another agency, and sees the newest version.

A person is his agency and his number in it, whatever key he has: a number has one live key, so whoever has the next one
under it is the same person. Keys are compared too, should one ever stand under two numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.calls import Call


@dataclass(frozen=True, slots=True)
class Person:
    """Who begins or decides.

    Attributes:
        agency_id: id of the agency.
        officer_number: within the agency; empty for a key that the directory doesn't have.
        key_id: of the key that has signed.
        compromised: the key was disabled as compromised since.
    """

    agency_id: str
    officer_number: str
    key_id: bytes
    compromised: bool = False

    def is_same(self, other: Person) -> bool:
        """Tell whether both are one person: by the key, or by the number that had one key after the other."""
        number, others = (self.agency_id, self.officer_number), (other.agency_id, other.officer_number)
        return self.key_id == other.key_id or (bool(self.officer_number) and number == others)


def acting(call: Call) -> Person:
    """The officer who acts."""
    return Person(call.agency.agency_id, call.officer.officer_number if call.officer else "", call.officer_key)


def holder(call: Call, agency_id: str, key_id: bytes) -> Person:
    """Who has or had a key of an agency, by the directory that the call was gated by."""
    known = call.officers.get(key_id)
    return Person(agency_id, known.officer_number if known else "", key_id, key_id in call.compromised)


def check(
    *, decider: Person, first: Person, etag_is_current: bool, open_state: bool, another_agency: bool = True
) -> None:
    """See that a person may decide now what another one has begun; asked once the decider may see it.

    Args:
        decider: who decides.
        first: who began.
        etag_is_current: whether the decider has seen the newest version.
        open_state: whether it still is to be decided.
        another_agency: whether two agencies must agree; False where both officers are of the one agency that decides.

    Raises:
        Denied: SECOND_PERSON_REQUIRED: it is who began, or his agency where it mustn't be.
        EtagMismatch: the decider has seen another version.
        WrongState: it is decided already.
    """
    if another_agency and decider.agency_id == first.agency_id:
        raise errors.Denied(errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED)
    check_another(decider, first)
    if not etag_is_current:
        raise errors.EtagMismatch
    if not open_state:
        raise errors.WrongState


def check_another(second: Person, first: Person) -> None:
    """See that two are two persons.

    Raises:
        Denied: SECOND_PERSON_REQUIRED.
    """
    if second.is_same(first):
        raise errors.Denied(errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED)


def check_counts(first: Person) -> None:
    """See that what a person has proposed still counts: a key that is disabled as compromised has proposed nothing.

    Otherwise whoever has stolen one officer's key needs but the word of one other officer, who trusts the first.

    Raises:
        WrongState: it doesn't.
    """
    if first.compromised:
        raise errors.WrongState
