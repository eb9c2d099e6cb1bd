"""The register's seals, told again: who set and unset each, signed by whom, and that nothing was disclosed in between.

Whoever has the server's keys and the database can write an entry of any kind, and what goes with it. He can't sign for
an officer: each step holds what its officer has signed, and that must be over the very call that its entry is of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.message import DecodeError

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2, register_seal_pb2
from nsor_server.access import signatures
from nsor_server.access.contract import Contract
from nsor_server.access.enrolled import Enrolled
from nsor_server.access.register_seal import Standing, Step, Taken
from nsor_server.access.signatures import SignedCall
from nsor_server.directory import seal_statements
from nsor_server.directory.deciders import Deciders
from nsor_server.formats.instants import to_us
from nsor_server.formats.uuids import raw
from nsor_server.ledger.stored import Add, Concerns, Connection, Rows
from nsor_server.policy.deadlines import REGISTER_SEAL_PROPOSAL
from nsor_server.policy.decided_by import DecidedBy
from nsor_server.storage import deciding
from nsor_server.storage.v1 import record_pb2

_COLUMNS: Final = [name for name, _ in deciding.REGISTER_SEALS.columns]
_STEPS: Final = f"""
SELECT r.index, {", ".join(f"s.{name}" for name in _COLUMNS)}
FROM ledger_record AS r
JOIN register_seal AS s ON r.row_id = uuid_send(s.seal_id) AND r.version = s.version
WHERE r.table_name = 'register_seal'
ORDER BY r.index, s.version
"""  # noqa: S608 - constants
_KINDS: Final = {Step.UNSEALED: options_pb2.AGENCY_KIND_SPECIAL_COMMITTEE}
"""Whose officer takes a step; those that aren't here are NPB's."""
_FOLLOWS: Final = {
    Step.SEALED: (Step.SEAL_PROPOSED,),
    Step.UNSEALING_SECONDED: (Step.UNSEALING_PROPOSED,),
    Step.UNSEALED: (Step.UNSEALING_PROPOSED, Step.UNSEALING_SECONDED),
}
"""The steps of its proposal that a step must follow."""
_REQUESTS: Final = (register_seal_pb2.ProposeRegisterSealRequest, register_seal_pb2.ConfirmRegisterSealRequest)
RECORDED_US: Final = 60_000_000
"""A step is recorded so long after its signature was verified at most: several times its call's deadline."""


class Sealed:
    """Goes along the entries, and knows at each whether the register was sealed."""

    def __init__(self, conn: Connection, add: Add) -> None:
        self._add = add
        self._deciders, self._enrolled, self._decided_by = Deciders(conn), Enrolled(conn), DecidedBy(conn)
        self._steps = Rows(conn, "register_seal", _STEPS, add)
        rules = Contract.load().methods.values()
        disclosing = {rule.full_name for rule in rules if rule.effect == options_pb2.EFFECT_DISCLOSES}
        self._closed = frozenset(rule.full_name for rule in rules if not rule.while_sealed)
        self._of_no_record = disclosing - self._closed
        self.concerns = Concerns(rows=(self._steps,), methods=frozenset(disclosing))
        self._requests = {rule.full_name: rule.request_class for rule in rules if rule.request_class in _REQUESTS}
        self._stands = Standing()
        self._proposals: set[bytes] = set()

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """See whether an entry disclosed something that was sealed, and take the steps that it wrote."""
        if self._stands.is_sealed and leaf.method in self._closed and leaf.outcome == leaf_pb2.OUTCOME_ALLOWED:
            self._add(index, "it was answered although the register was sealed")
        if self._stands.is_sealed and leaf.method in self._of_no_record and detail is not None and detail.subjects:
            self._add(index, "events of records were told although the register was sealed")
        if self._steps.next_index > index:
            return
        for values in self._steps.take(index):
            row = dict(zip(_COLUMNS, values, strict=True))
            step = Taken.of(row)
            for problem in self._problems(index, leaf, row, step):
                self._add(index, f"a step of the register's seal {problem}")
            self._proposals.add(step.proposal_id)
            self._stands = self._stands.after(step)

    def finish(self) -> None:
        """Report what is left."""
        self._steps.finish()

    def _problems(self, index: int, leaf: leaf_pb2.Leaf, row: dict[str, Any], step: Taken) -> Iterator[str]:
        stands = self._stands
        proposal, unseals = stands.proposal, step.step >= Step.UNSEALING_PROPOSED
        if row["version"] != stands.version + 1:
            yield "isn't numbered as the next one"
        if unseals != stands.is_sealed:
            yield "doesn't follow from how the register stood"
        elif unseals and step.seal_id != stands.seal[0].seal_id:
            yield "is of another seal than the one that lay on the register"
        yield from self._of_proposal(index, leaf, step)
        if abs(leaf.time_us - to_us(step.at)) > RECORDED_US:
            yield "says another time than its entry"
        before = (*(proposal if step.step in _FOLLOWS else ()), *(stands.seal if unseals else ()))
        person = self._deciders.person(step.officer_key)
        if any(person.is_same(self._deciders.person(each.officer_key)) for each in before):
            yield "was taken by somebody who had taken another one"
        if not self._deciders.decides(step.officer_key, _KINDS.get(step.step, options_pb2.AGENCY_KIND_NPB), index):
            yield "was taken by nobody who decided for his agency"
        if not self._is_signed(leaf, row, step):
            yield "isn't signed by its officer"

    def _of_proposal(self, index: int, leaf: leaf_pb2.Leaf, step: Taken) -> Iterator[str]:
        """What is wrong with a step by the proposal that was open, or that begins one."""
        proposal, needed = self._stands.proposal, _FOLLOWS.get(step.step)
        if needed is None:
            if step.proposal_id in self._proposals:
                yield "has the id of an earlier proposal, whose signatures it could take"
            return
        if tuple(each.step for each in proposal) != needed or any(
            (each.proposal_id, each.seal_id) != (step.proposal_id, step.seal_id) for each in proposal
        ):
            yield "isn't of the proposal that was open"
        if proposal and self._has_expired(proposal[0], leaf.time_us):
            yield "came when its proposal had expired"
        if not all(self._enrolled.counts(each.officer_key, index) for each in proposal):
            yield "rests on a key that was disabled as compromised"

    def _has_expired(self, proposal: Taken, time_us: int) -> bool:
        """Whether a step of an instant came after the proposal had expired by each policy that may have decided it."""
        deadlines = self._decided_by.deadlines(time_us)
        return deadlines is not None and all(
            time_us - RECORDED_US > to_us(each.due(REGISTER_SEAL_PROPOSAL, proposal.at).due) for each in deadlines
        )

    def _is_signed(self, leaf: leaf_pb2.Leaf, row: dict[str, Any], step: Taken) -> bool:
        """Whether the officer has signed the call of the entry, or the statement that a command was given."""
        public_key = self._deciders.public_key(step.officer_key)
        if leaf.method == seal_statements.COMMAND:
            return seal_statements.holds(row["signed"], step, public_key)
        try:
            call = record_pb2.SignedCall.FromString(row["signed"])
            request = self._requests[leaf.method].FromString(call.request)
        except (DecodeError, KeyError):
            return False
        decision = signatures.read(call.decision)
        if decision is None or decision.officer_key_id != step.officer_key or not _asks(request, step):
            return False
        signed = SignedCall(leaf.method, hashlib.sha256(call.nonce + call.request).digest(), 0)
        late = leaf.time_us - decision.signed_at_us
        return (
            signed.call_hash == leaf.call_hash
            and -signatures.DECISION_EARLY_US <= late < signatures.DECISION_US + RECORDED_US
            and signatures.holds(public_key, decision.signature, signed.message(decision.signed_at_us))
        )


def _asks(request: Any, step: Taken) -> bool:
    """Whether a request asks for a step."""
    if isinstance(request, register_seal_pb2.ConfirmRegisterSealRequest):
        return step.step in _FOLLOWS and raw(request.proposal_id) == step.proposal_id
    seals = step.step is Step.SEAL_PROPOSED
    action = register_seal_pb2.REGISTER_SEAL_ACTION_SEAL if seals else register_seal_pb2.REGISTER_SEAL_ACTION_UNSEAL
    if request.action != action or step.step in _FOLLOWS or request.reason != step.reason:
        return False
    return seals or raw(request.seal_id) == step.seal_id
