"""Who may seal the register and unseal it, and the rows of the steps that do. No wire.

A seal is proposed by one officer of NPB and set by another. To take it off one more proposes, a fourth seconds, and an
officer of the Special Committee decides. A person is his number in his agency, whatever key he has.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Final

from nsor.v1 import errors_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.register_seal import Standing, Step, Taken, standing
from nsor_server.calls import Call, RecordRef, Row, Seen, Versions
from nsor_server.events import outbox, recipients
from nsor_server.events.hearers import CONCERNED
from nsor_server.policy.deadlines import REGISTER_SEAL_PROPOSAL, Due
from nsor_server.policy.loaded import policy_of
from nsor_server.storage import deciding

_STEPS: Final = Versions("register seal", (), "(SELECT coalesce(max(version), 0) FROM register_seal)")
"""How many steps there were."""

EVENTS: Final = {
    Step.SEAL_PROPOSED: notification_pb2.EVENT_KIND_REGISTER_SEAL_PROPOSED,
    Step.SEALED: notification_pb2.EVENT_KIND_REGISTER_SEALED,
    Step.UNSEALING_PROPOSED: notification_pb2.EVENT_KIND_REGISTER_SEAL_PROPOSED,
    Step.UNSEALING_SECONDED: notification_pb2.EVENT_KIND_REGISTER_UNSEALING_SECONDED,
    Step.UNSEALED: notification_pb2.EVENT_KIND_REGISTER_UNSEALED,
}
"""What is told of a step, to every agency of a kind that it concerns."""


def expiry(proposal: Taken, call: Call) -> Due:
    """Until when a proposal may be confirmed."""
    return policy_of(call).deadlines.due(REGISTER_SEAL_PROPOSAL, proposal.at)


def stands(call: Call) -> Standing:
    """How the register stands by the directory that a call was gated by, without a proposal that counts no more.

    One counts until it expires, and while no key that was for it is disabled as compromised.
    """
    found = standing(call.decided)
    if not found.proposal:
        return found
    over = call.now() >= expiry(found.proposal[0], call).due
    if over or any(each.officer_key in call.compromised for each in found.proposal):
        return Standing(found.version, found.seal)
    return found


def proposed(call: Call, *, seals: bool, reason: int, seal_id: bytes) -> Taken:
    """The step by which an officer proposes.

    Args:
        call: of the officer.
        seals: whether the register is to be sealed; otherwise it is to be unsealed.
        reason: why it is to be sealed.
        seal_id: of the seal that is to be taken off.

    Raises:
        NoRecord: no such seal lies on the register.
        WrongState: it is sealed already, or a proposal is open.
        Denied: SECOND_PERSON_REQUIRED: whoever has sealed it doesn't unseal it.
    """
    now = stands(call)
    proposal_id = uuid.uuid4().bytes
    if not seals and (not now.seal or now.seal[0].seal_id != seal_id):
        raise errors.NoRecord
    check_sealed_by_others(call, now, seals=seals)
    if now.proposal or (seals and now.seal):
        raise errors.WrongState
    if seals:
        return _taken(call, Step.SEAL_PROPOSED, proposal_id, proposal_id, reason)
    return _taken(call, Step.UNSEALING_PROPOSED, seal_id, proposal_id, 0)


def confirmed(call: Call, proposal_id: bytes) -> Taken:
    """The step by which an officer confirms the open proposal.

    Raises:
        NoRecord: there is no such proposal.
        WrongState: it isn't the caller's turn.
        Denied: SECOND_PERSON_REQUIRED; NOT_ALLOWED: the Committee seals nothing.
    """
    now = stands(call)
    if not now.proposal or now.proposal[0].proposal_id != proposal_id:
        raise errors.NoRecord
    first, committee = now.proposal[0], call.agency.kind == options_pb2.AGENCY_KIND_SPECIAL_COMMITTEE
    if first.step is Step.SEAL_PROPOSED and committee:
        raise errors.Denied(errors_pb2.ERROR_REASON_NOT_ALLOWED)
    check_proposed_by_others(call, now)
    if first.step is Step.SEAL_PROPOSED:
        step = Step.SEALED
    elif committee == (len(now.proposal) > 1):
        step = Step.UNSEALED if committee else Step.UNSEALING_SECONDED
    else:
        raise errors.WrongState
    return _taken(call, step, first.seal_id, proposal_id, first.reason)


def row(step: Taken, version: int, signed: bytes) -> tuple[Row, RecordRef]:
    """The row of a step, and what the ledger holds it to.

    Args:
        step: that is taken.
        version: its number.
        signed: what the officer has signed it by.
    """
    values = (
        step.seal_id,
        version,
        step.step.value,
        step.proposal_id,
        step.reason,
        step.agency_id,
        step.officer_key,
        signed,
        step.at,
    )
    made = Row(deciding.REGISTER_SEALS, values)
    return made, deciding.TABLES[made.table.name].ref(made)


def events(agencies: recipients.Agencies, step: Step) -> Sequence[Row]:
    """Who hears of a step."""
    kind = EVENTS[step]
    concerned = [each.agency_id for each in agencies.values() if each.kind in CONCERNED[kind]]
    return outbox.owed(kind, concerned)


def of_version(version: int) -> Seen:
    """That no step was taken but so many."""
    return Seen(_STEPS, (), version)


def check_sealed_by_others(call: Call, now: Standing, *, seals: bool) -> None:
    """See that whoever proposes to unseal the register hasn't sealed it.

    Raises:
        Denied: SECOND_PERSON_REQUIRED.
    """
    decisions.check_acts(call, () if seals else _acts(now.seal, carries=False), open_state=True)


def check_proposed_by_others(call: Call, now: Standing) -> None:
    """See that whoever confirms the open proposal has neither taken a step of it nor sealed the register.

    That a compromised key has sealed it keeps nobody from unsealing it.

    Raises:
        Denied: SECOND_PERSON_REQUIRED.
    """
    acts = (*_acts(now.proposal, carries=True), *_acts(now.seal, carries=False))
    decisions.check_acts(call, acts, open_state=True)


def _acts(steps: Iterable[Taken], *, carries: bool) -> list[decisions.Act]:
    return [decisions.Act(each.agency_id, each.officer_key, carries=carries) for each in steps]


def _taken(call: Call, step: Step, seal_id: bytes, proposal_id: bytes, reason: int) -> Taken:
    at: dt.datetime = call.now()
    return Taken(step, seal_id, proposal_id, reason, call.agency.agency_id, call.officer_key, at)
