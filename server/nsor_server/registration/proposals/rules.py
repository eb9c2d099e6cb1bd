"""Until when a proposal can be confirmed, and what ends it but that. Pure; the length of the time is policy's.

One whose time is over ends without a version of its own: its seal says until when it could be confirmed, and so the
register and `ledger verify` say of any instant whether it still could.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import MutableSequence
from typing import Final

from nsor.v1 import proposals_pb2
from nsor_server import errors
from nsor_server.storage.v1 import record_pb2

WAITING: Final = proposals_pb2.PROPOSAL_STATE_WAITING
OUTDATED: Final = proposals_pb2.PROPOSAL_STATE_OUTDATED
EXPIRED: Final = proposals_pb2.PROPOSAL_STATE_EXPIRED
WITHDRAWN: Final = proposals_pb2.PROPOSAL_STATE_WITHDRAWN
REFUSED: Final = proposals_pb2.PROPOSAL_STATE_REFUSED
ENDED_VERSION: Final = 3
"""Version of what has two others, proposed and confirmed, once it has ended otherwise: never taken for the second."""
LISTED_FOR: Final = dt.timedelta(days=30)
"""For how long what has ended is listed."""
MOST_ENDED: Final = 20
"""How many of the proposals that ended are kept with what they were about."""
_RUN_US: Final = 60_000_000
"""A call is decided before its entry is written; none takes longer."""


def is_open(*, waits: bool, expire_us: int, now_us: int) -> bool:
    """Whether a proposal can be confirmed, withdrawn or refused.

    Args:
        waits: nobody has confirmed it, nor ended it.
        expire_us: until when it can be, in microseconds since 1970.
        now_us: likewise.
    """
    return waits and now_us <= expire_us


def was_in_time(expire_us: int, entry_us: int) -> bool:
    """Whether what an entry says was decided may have been before a proposal's time was over; both since 1970."""
    return entry_us <= expire_us + _RUN_US


def state(*, end: record_pb2.ProposalEnd | None, expire_us: int, now_us: int, outdated: bool) -> int:
    """Where a proposal stands that nobody has confirmed.

    Args:
        end: how an officer ended it; None: nobody has.
        expire_us: until when it can be confirmed.
        now_us: both in microseconds since 1970.
        outdated: what it is about has changed since.

    Returns:
        A number of nsor.v1.ProposalState.
    """
    if end is not None:
        return end.state
    if now_us > expire_us:
        return EXPIRED
    return OUTDATED if outdated else WAITING


def withdrawal(officer_key: bytes, now_us: int, *, is_open: bool) -> record_pb2.ProposalEnd:
    """How a proposal ends when the officer who made it withdraws it.

    Raises:
        errors.WrongState: it is open no more.
    """
    if not is_open:
        raise errors.WrongState
    return record_pb2.ProposalEnd(state=WITHDRAWN, by_key=officer_key, time_us=now_us)


def refusal(officer_key: bytes, now_us: int, *, reason: int) -> record_pb2.ProposalEnd:
    """How a proposal ends when a second officer refuses it, for a reason, a number of nsor.v1.ProposalRefusal."""
    return record_pb2.ProposalEnd(state=REFUSED, refusal=reason, by_key=officer_key, time_us=now_us)


def add_ended(
    ended: MutableSequence[record_pb2.EndedProposal],
    end: record_pb2.ProposalEnd,
    proposed_by_key: bytes,
    decision: int = 0,
) -> None:
    """Note how a proposal ended, behind those before it; what was proposed by a key, of a review what decision."""
    ended.append(record_pb2.EndedProposal(end=end, proposed_by_key=proposed_by_key, decision=decision))
    del ended[:-MOST_ENDED]


def is_right(end: record_pb2.ProposalEnd, expire_us: int, *, by_proposer: bool) -> bool:
    """Whether a proposal may have ended so: withdrawn by its own officer or refused by another one, in its time."""
    expected = WITHDRAWN if by_proposer else REFUSED
    return end.state == expected and bool(end.refusal) != by_proposer and end.time_us <= expire_us
