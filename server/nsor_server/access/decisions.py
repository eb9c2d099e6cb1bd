"""The one check before a second person decides: that it is one, mostly of another agency, and sees the newest version.

A person is his agency and his number in it, whatever key he has: a number has one live key, so whoever has the next one
under it is the same person. Keys are compared too, should one ever stand under two numbers. And so are the own numbers
that were given when the keys were enrolled: one human with two officer numbers is one person.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.calls import Call, Officer


class Act(NamedTuple):
    """Who has done what is decided on.

    Attributes:
        agency_id: id; empty: that of the key, by the directory.
        key_id: of the key that has signed; empty: nobody has done it yet.
    """

    agency_id: str
    key_id: bytes


@dataclass(frozen=True, slots=True)
class Person:
    """Who begins or decides.

    Attributes:
        agency_id: id of the agency.
        officer_number: within the agency; empty for a key that the directory doesn't have.
        key_id: of the key that has signed.
        compromised: the key was disabled as compromised since.
        own: keyed hashes of his CNIC, as they were given with this key and with those of his number before it.
    """

    agency_id: str
    officer_number: str
    key_id: bytes
    compromised: bool = False
    own: frozenset[bytes] = frozenset()

    def is_same(self, other: Person) -> bool:
        """Tell whether both are one person: by the key, by the number that had several keys, or by the own CNIC."""
        number, others = (self.agency_id, self.officer_number), (other.agency_id, other.officer_number)
        is_number = bool(self.officer_number) and number == others
        return self.key_id == other.key_id or is_number or not self.own.isdisjoint(other.own)


def acting(call: Call) -> Person:
    """The officer who acts."""
    if call.officer is None:
        return Person(call.agency.agency_id, "", call.officer_key)
    return Person(call.agency.agency_id, call.officer.officer_number, call.officer_key, own=call.officer.own)


def holder(call: Call, agency_id: str, key_id: bytes) -> Person:
    """Who has or had a key of an agency, by the directory that the call was gated by."""
    known = call.officers.get(key_id)
    if known is None:
        return Person(agency_id, "", key_id, key_id in call.compromised)
    return Person(agency_id or known.agency_id, known.officer_number, key_id, key_id in call.compromised, known.own)


def of_number(officers: Iterable[Officer], agency_id: str, officer_number: str) -> Person:
    """Who has a number of an agency, under whichever of its keys.

    Args:
        officers: all that are known.
        agency_id: id.
        officer_number: in it.
    """
    keys = (each.own for each in officers if (each.agency_id, each.officer_number) == (agency_id, officer_number))
    return Person(agency_id, officer_number, b"", own=frozenset[bytes]().union(*keys))


def own_numbers(rows: Iterable[Mapping[str, Any]]) -> dict[bytes, frozenset[bytes]]:
    """The keyed hashes of each officer's own CNIC, by his key: those that were given with it and before it.

    What is given with a later key of the number says nothing of what an earlier one has signed.

    Args:
        rows: of the table ``officer``, all.
    """
    given: dict[tuple[str, str], frozenset[bytes]] = {}
    own = {}
    for row in sorted(rows, key=lambda each: (each["enrolled_at"], each["key_id"])):
        number = row["agency_id"], row["officer_number"]
        if row["own_number"] is not None:
            given[number] = given.get(number, frozenset()) | {bytes(row["own_number"])}
        own[bytes(row["key_id"])] = given.get(number, frozenset())
    return own


def check_acts(
    call: Call,
    acts: Iterable[Act],
    *,
    etag_is_current: bool,
    open_state: bool,
    grants: bool,
    another_agency: bool = False,
    named_key: bytes = b"",
) -> None:
    """Check that the acting officer may decide on what others have done, once he may see it.

    Args:
        call: its officer decides.
        acts: all that he decides on.
        etag_is_current: whether he has seen the newest version.
        open_state: whether it still is to be decided.
        grants: whether the decision grants or puts something in force; if so, no key of the acts may be compromised.
        another_agency: as in ``check``.
        named_key: of another officer of his agency, who gets what is decided on and may have done none of it either.

    Raises:
        Denied: SECOND_PERSON_REQUIRED: he, or his agency where it mustn't be, has done one of them.
        EtagMismatch: he has seen another version.
        WrongState: it is decided, or it grants by an act of a compromised key.
    """
    persons = [holder(call, *act) for act in acts if act.key_id]
    deciders = [acting(call), *([holder(call, call.agency.agency_id, named_key)] if named_key else [])]
    for decider, first in itertools.product(deciders, persons):
        check(decider=decider, first=first, etag_is_current=True, open_state=True, another_agency=another_agency)
    if not etag_is_current:
        raise errors.EtagMismatch
    if not open_state:
        raise errors.WrongState
    if grants:
        for first in persons:
            check_counts(first)


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
