"""One human never stands on both sides of a decision: the one place where officers are compared.

An officer is his agency and his number in it, whatever key he has: a number has one live key, so whoever has the next
one under it is the same person. Keys are compared too, and the own numbers that were given when keys were enrolled:
one human with officers' numbers in two agencies is one person. The contract says of each method what is compared
(``access/contract.py:Decides``), and the front door records no decision without it (``require_compared``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from nsor.v1 import errors_pb2, options_pb2
from nsor_server import errors
from nsor_server.access.contract import Decides
from nsor_server.alerts import Alert, alert
from nsor_server.calls import Call, Officer

_OTHERWISE: Final[Mapping[int, options_pb2.DecisionSide.ValueType]] = {
    options_pb2.DECISION_SIDE_GRANTS_OR_REFUSES: options_pb2.DECISION_SIDE_REFUSES,
    options_pb2.DECISION_SIDE_GRANTS_OR_ENDS: options_pb2.DECISION_SIDE_ENDS,
}
"""Sides that a request chooses -> what it does when it doesn't grant."""


class Act(NamedTuple):
    """Who has done what is decided on.

    Attributes:
        agency_id: id; empty: that of the key, by the directory.
        key_id: of the key that has signed; empty, without a number: nobody has done it yet.
        officer_number: instead of the key, the number that he has in the agency, under whichever of its keys.
        carries: what is granted rests on this act, and not if its key is compromised; else humans alone are compared.
    """

    agency_id: str
    key_id: bytes
    officer_number: str = ""
    carries: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """Who begins or decides.

    Attributes:
        agency_id: id of the agency.
        officer_number: within the agency; empty for a key that the directory doesn't have.
        key_id: of the key that has signed; empty: of whoever has the number.
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
        is_key = bool(self.key_id) and self.key_id == other.key_id
        return is_key or is_number or not self.own.isdisjoint(other.own)


def acting(call: Call) -> Person:
    """The officer who acts."""
    if call.officer is None:
        return Person(call.agency.agency_id, "", call.officer_key)
    return Person(call.agency.agency_id, call.officer.officer_number, call.officer_key, own=call.officer.own)


def _doer(call: Call, act: Act) -> Person:
    """Who has done an act."""
    if act.officer_number:
        return of_number(call.officers.values(), act.agency_id, act.officer_number)
    return holder(call, act.agency_id, act.key_id)


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


@dataclass(slots=True)
class Compared:
    """What was compared in one run of a call's handler. The front door makes a new one for each.

    Attributes:
        replays: the call is sent again, and was decided before.
        acts: the acts that it decides on were compared.
        own_act: that the act is the officer's own was.
        named: the officer whom the request names, and who was; None: nobody.
    """

    replays: bool = False
    acts: bool = False
    own_act: bool = False
    named: Person | None = None


def require_compared(call: Call) -> None:
    """See that a handler has compared what the contract says of its method, before its outcome is recorded.

    Raises:
        RuntimeError: it has forgotten it.
    """
    compared, decides = _compared(call), _decides(call)
    forgotten = (
        (decides.own_act and not compared.own_act)
        or (decides.names_officer and compared.named is None)
        or (decides.acts_of and not compared.acts)
    )
    if forgotten:
        alert(Alert.CALL_FAILED, "%s decided without comparing who decides with who has acted before", call.method)
        raise RuntimeError(f"{call.method} was decided without a comparison")


def is_own(call: Call, act: Act) -> bool:
    """Whether the acting officer has done an act, with whichever key."""
    return acting(call).is_same(_doer(call, act))


def check_named(call: Call, named: Person) -> None:
    """Check that whom the request names is another human than who acts, an officer or focal persons.

    It goes by keys and the request alone, so that it may be asked before the row scope.

    Raises:
        Denied: SECOND_PERSON_REQUIRED.
    """
    _compared(call).named = named
    if any(who.is_same(named) for who in _acting(call)):
        raise errors.Denied(errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED)


def check_own_act(call: Call, act: Act) -> None:
    """Check that the acting officer has done himself what he decides on.

    Who sends a decision again has decided it with the same key, and was compared then: what he has ended may be
    somebody else's since.

    Raises:
        NoRecord: another officer has done it.
    """
    compared = _compared(call)
    compared.own_act = True
    if not compared.replays and not is_own(call, act):
        raise errors.NoRecord


def check_acts(
    call: Call, acts: Iterable[Act], *, etag_is_current: bool = True, open_state: bool, grants: bool | None = None
) -> None:
    """Check that the acting officer may decide on what others have done, once he may see it.

    The contract says what the decision does to these acts, and whether two agencies must agree. A decision that is
    sent again is compared anew, but with what his own key has done, which is the decision.

    Args:
        call: its officer decides.
        acts: all that he decides on; none, where the contract lets the method be the first act.
        etag_is_current: whether he has seen the newest version.
        open_state: whether it still is to be decided.
        grants: whether the request grants, of a method that grants by request; of no other.

    Raises:
        Denied: SECOND_PERSON_REQUIRED: he, his agency where it mustn't be, or whom he names has done one of them.
        EtagMismatch: he has seen another version.
        WrongState: it is decided, or it grants by an act of a compromised key.
    """
    compared, decides = _compared(call), _decides(call)
    side = _side(call, grants=grants)
    given = [act for act in acts if act.key_id or act.officer_number]
    done = [_doer(call, act) for act in given]
    compared.acts = True
    if compared.replays:
        done = [each for each in done if each.key_id != call.officer_key]
    pairs = [] if side == options_pb2.DECISION_SIDE_ENDS else itertools.product(_deciders(call), done)
    if any(_are_one(decides, *pair) for pair in pairs):
        raise errors.Denied(errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED)
    if compared.replays:
        return
    if not etag_is_current:
        raise errors.EtagMismatch
    if not open_state:
        raise errors.WrongState
    if not done and not decides.first_act:
        raise RuntimeError(f"{call.method} would be decided on nobody's acts")
    if side == options_pb2.DECISION_SIDE_GRANTS and any(_doer(call, act).compromised for act in given if act.carries):
        raise errors.WrongState


def _compared(call: Call) -> Compared:
    compared: Compared | None = call.compared
    if compared is None:
        raise RuntimeError("the call isn't run by the front door")
    return compared


def _decides(call: Call) -> Decides:
    decides: Decides = call.route.rule.decides
    return decides


def _side(call: Call, *, grants: bool | None) -> options_pb2.DecisionSide.ValueType:
    """What a call does to the acts, GRANTS, REFUSES or ENDS: by the contract or, where that leaves it, by request."""
    side = _decides(call).side
    if (grants is None) == (side in _OTHERWISE):
        raise RuntimeError(f"{call.method} grants by its side or by its request, and not as its handler says")
    return options_pb2.DECISION_SIDE_GRANTS if grants else _OTHERWISE.get(side, side)


def _are_one(decides: Decides, decider: Person, first: Person) -> bool:
    """Whether two are one person, or of one agency where the contract wants two."""
    return decider.is_same(first) or (decides.another_agency and decider.agency_id == first.agency_id)


def _acting(call: Call) -> list[Person]:
    """Who signs a call: an officer, or focal persons."""
    if call.officer is not None or not call.focal_persons:
        return [acting(call)]
    return [Person(each.agency_id, each.number, each.key_id, own=frozenset({each.own})) for each in call.focal_persons]


def _deciders(call: Call) -> list[Person]:
    """Who has done none of the acts: who acts, and whom the request names."""
    named = _compared(call).named
    if _decides(call).names_officer and named is None:
        raise RuntimeError(f"{call.method} names an officer who wasn't compared before the acts were")
    return [*_acting(call), *([named] if named else [])]
