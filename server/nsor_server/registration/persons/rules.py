"""Who holds whom back by an identifier, how a review ends, and which registrations are of one person. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, Protocol, TypeVar

from nsor.v1 import errors_pb2, registration_pb2, reviews_pb2
from nsor_server import errors
from nsor_server.registration.claims import IDENTIFIER_CNIC, IDENTIFIER_PASSPORT, Identifier
from nsor_server.registration.proposals import rules as proposals
from nsor_server.storage.v1 import record_pb2

MERGE: Final = int(reviews_pb2.REVIEW_DECISION_MERGE)
DISTINCT: Final = int(reviews_pb2.REVIEW_DECISION_DISTINCT)
ENTERED_IN_ERROR: Final = int(reviews_pb2.REVIEW_DECISION_ENTERED_IN_ERROR)
REOPEN: Final = int(reviews_pb2.REVIEW_DECISION_REOPEN)
OPEN: Final = int(reviews_pb2.REVIEW_STATE_OPEN)
PROPOSED: Final = int(reviews_pb2.REVIEW_STATE_PROPOSED)
DECIDED: Final = int(reviews_pb2.REVIEW_STATE_DECIDED)
REOPENING_PROPOSED: Final = int(reviews_pb2.REVIEW_STATE_REOPENING_PROPOSED)
MOST_OF_A_PERSON: Final = 8
"""Registrations that may be merged: a look-up reads all of them under the head's lock."""
_NAMED: Final[Mapping[int, Collection[int]]] = {MERGE: (0,), DISTINCT: (0, 1, 2), ENTERED_IN_ERROR: (1,), REOPEN: (0,)}
"""How many of the two registrations a decision names."""
_FROM: Final[Mapping[int, Collection[int]]] = {
    MERGE: (OPEN, PROPOSED),
    DISTINCT: (OPEN, PROPOSED),
    ENTERED_IN_ERROR: (OPEN, PROPOSED),
    REOPEN: (DECIDED, REOPENING_PROPOSED),
}
"""In which states of a review each decision may be proposed."""
_CONFIRMED: Final = registration_pb2.REGISTRATION_STATE_CONFIRMED


class Claimant(Protocol):
    """A registration that a court has confirmed, as it stands now."""

    @property
    def registration_id(self) -> bytes:
        """16 bytes."""
        ...

    @property
    def claimed_at(self) -> int:
        """Index of the entry by which it was confirmed first."""
        ...

    @property
    def confirmed(self) -> bool:
        """Whether it stands: it isn't sealed since."""
        ...

    @property
    def current(self) -> frozenset[Identifier]:
        """The identifiers of its newest version."""
        ...

    @property
    def disputed(self) -> frozenset[Identifier]:
        """Those of which NPB has decided that they may be another person's."""
        ...

    @property
    def person(self) -> Collection[bytes]:
        """The registrations of its person, itself among them; none: it is alone."""
        ...


C = TypeVar("C", bound=Claimant)


def holders(of: Claimant, claiming: Callable[[Identifier], Iterable[C]]) -> Mapping[Identifier, C]:
    """For each identifier that another person had before: the first registration that stands and has it undisputed.

    Args:
        of: the registration.
        claiming: gives the registrations that claim an identifier, itself among them.
    """
    found = {}
    for one in of.current:
        standing = [each for each in claiming(one) if _has(each, one) and each.registration_id not in of.person]
        first = min(standing, key=lambda each: each.claimed_at, default=None)
        if first is not None and first.claimed_at < of.claimed_at:
            found[one] = first
    return found


def held(of: Claimant, by: Iterable[Identifier]) -> tuple[bool, bool]:
    """Whether a registration is held by its CNIC, and by a passport: another one had it first, or it is disputed."""
    kinds = {one.kind for one in {*by, *(of.current & of.disputed)}}
    return IDENTIFIER_CNIC in kinds, IDENTIFIER_PASSPORT in kinds


def _has(claimant: Claimant, one: Identifier) -> bool:
    return claimant.confirmed and one in claimant.current and one not in claimant.disputed


def is_shown(
    decision: record_pb2.ReviewDecisionRecord | None, pair: Collection[bytes], sealed: Collection[bytes]
) -> bool:
    """Whether NPB is shown a review, though a single officer isn't shown anything of what is sealed.

    One whose registrations both aren't sealed. One that has withdrawn a registration as entered in error is shown
    without the other one when that is sealed: nobody could put the first one back otherwise.

    Args:
        decision: how far NPB is with it; None: nothing was proposed.
        pair: ids of its two registrations.
        sealed: those that are sealed, of whatever review.
    """
    if not set(pair) & set(sealed):
        return True
    if decision is None or decision.decision != ENTERED_IN_ERROR or decision.state not in {DECIDED, REOPENING_PROPOSED}:
        return False
    return not set(decision.decided_registration_ids) & set(sealed)


def binds_another(decision: record_pb2.ReviewDecisionRecord, registration_id: bytes, now_us: int) -> bool:
    """Whether one registration of a review is needed for what was decided of the other one (now: since 1970).

    They are merged; the other one's number is disputed, or it is withdrawn; or something is proposed that can be
    confirmed. Only whoever opens both can undo it.
    """
    if proposals.is_open(waits=is_proposed(decision), expire_us=decision.expire_time_us, now_us=now_us):
        return True
    if decision.state not in {DECIDED, REOPENING_PROPOSED}:
        return False
    return decision.decision == MERGE or bool(set(decision.decided_registration_ids) - {registration_id})


def check_named(decision: int, named: Collection[str]) -> None:
    """See that a request names as many registrations as its decision needs, each once.

    Raises:
        errors.InvalidFields: it doesn't.
    """
    if len(named) not in _NAMED.get(decision, ()) or len(set(named)) != len(named):
        raise _wrong_names()


def check_decision(decision: int, named: Collection[bytes], pair: Collection[Reviewed], shared: bool) -> None:
    """See that a decision may be made of these two registrations, when it is proposed and again when it is confirmed.

    Args:
        decision: number of nsor.v1.ReviewDecision, but REOPEN.
        named: the registrations that it names.
        pair: the two of the review.
        shared: whether they have an identifier in common now.

    Raises:
        errors.InvalidFields: it names another registration; none, where an identifier is shared; or one where none is.
        errors.WrongState: one of them was withdrawn, or is merged where it mustn't be.
    """
    if not set(named) <= {each.registration_id for each in pair}:
        raise _wrong_names()
    if decision == DISTINCT and bool(named) != shared:
        raise _wrong_names()
    persons = [set(each.person) or {each.registration_id} for each in pair]
    merged = not persons[0].isdisjoint(persons[1])
    alone = all(not each.person for each in pair if each.registration_id in named)
    too_many = decision == MERGE and sum(map(len, persons)) > MOST_OF_A_PERSON
    if (
        any(each.state != _CONFIRMED for each in pair)
        or merged
        or too_many
        or (decision == ENTERED_IN_ERROR and not alone)
    ):
        raise errors.WrongState


def check_proposable(decision: int, state: int) -> None:
    """See that a decision may be proposed while a review is in a state.

    Raises:
        errors.WrongState: it may not.
    """
    if not may_be_proposed(decision, state):
        raise errors.WrongState


def may_be_proposed(decision: int, state: int) -> bool:
    """Whether a decision may be proposed while a review is in a state."""
    return state in _FROM.get(decision, ())


def is_proposed(decision: record_pb2.ReviewDecisionRecord) -> bool:
    """Whether something is proposed of a review that nobody has confirmed or ended, in time or not."""
    return decision.state in {PROPOSED, REOPENING_PROPOSED}


def is_confirmable(before: record_pb2.ReviewDecisionRecord, decision: int, now_us: int) -> bool:
    """Whether a second officer of NPB may confirm a decision now (microseconds since 1970): it is what is proposed."""
    proposed = {PROPOSED: before.decision, REOPENING_PROPOSED: REOPEN}.get(before.state)
    return proposals.is_open(waits=proposed == decision, expire_us=before.expire_time_us, now_us=now_us)


class Reviewed(Protocol):
    """One of the two registrations of a review."""

    @property
    def registration_id(self) -> bytes:
        """16 bytes."""
        ...

    @property
    def state(self) -> int:
        """Number of nsor.v1.RegistrationState."""
        ...

    @property
    def person(self) -> Collection[bytes]:
        """The registrations of its person, itself among them; none: it is alone."""
        ...


def proposed(
    before: record_pb2.ReviewDecisionRecord, decision: int, named: Iterable[bytes], key_id: bytes, expire_us: int
) -> record_pb2.ReviewDecisionRecord:
    """The next version of a review's decision: an officer proposes something, to be confirmed by an instant."""
    following = _next(before)
    following.proposed_by_key, following.confirmed_by_key = key_id, b""
    following.expire_time_us = expire_us
    following.ClearField("end")
    if decision == REOPEN:
        following.state = REOPENING_PROPOSED
        return following
    following.state, following.decision = PROPOSED, decision
    del following.decided_registration_ids[:]
    following.decided_registration_ids.extend(sorted(named))
    return following


def confirmed(before: record_pb2.ReviewDecisionRecord, key_id: bytes) -> record_pb2.ReviewDecisionRecord:
    """The next version of a review's decision: a second officer confirms what is proposed."""
    following = _next(before)
    following.confirmed_by_key = key_id
    following.state = DECIDED
    if before.state == REOPENING_PROPOSED:
        following.state, following.decision = OPEN, 0
        del following.decided_registration_ids[:]
    return following


def ended(before: record_pb2.ReviewDecisionRecord, end: record_pb2.ProposalEnd) -> record_pb2.ReviewDecisionRecord:
    """The next version of a review's decision: what is proposed ends, and the review is what it was before."""
    following = _next(before)
    following.end.CopyFrom(end)
    what = REOPEN if before.state == REOPENING_PROPOSED else before.decision
    proposals.add_ended(following.ended, end, before.proposed_by_key, what)
    if before.state == REOPENING_PROPOSED:
        following.state = DECIDED
        return following
    following.state, following.decision = OPEN, 0
    del following.decided_registration_ids[:]
    return following


def person_of(registration_id: bytes, merges: Callable[[bytes], Iterable[bytes]]) -> set[bytes]:
    """The registrations that merges lead to from one, itself among them.

    Args:
        registration_id: where to begin.
        merges: gives the registrations that one is merged with.
    """
    found, left = {registration_id}, [registration_id]
    while left:
        new = set(merges(left.pop())) - found
        found |= new
        left += new
    return found


def _next(before: record_pb2.ReviewDecisionRecord) -> record_pb2.ReviewDecisionRecord:
    following = record_pb2.ReviewDecisionRecord()
    following.CopyFrom(before)
    following.version += 1
    return following


def _wrong_names() -> errors.InvalidFields:
    violation = errors.Violation("decided_registration_ids", errors_pb2.FIELD_REASON_FORM)
    return errors.InvalidFields(violations=(violation,))
