"""What two officers decide about a record: unsealing, its end, amendments, and the operator's erasure of it."""

from __future__ import annotations

from typing import Final

from google.protobuf import field_mask_pb2

from demo.running import RunningRegister
from nsor.errors import Refused
from nsor.v1 import amendments_pb2, closure_pb2, proposals_pb2, registration_pb2
from tests import orders
from tests.e2e.life.checks import Checks
from tests.e2e.life.known import BUREAU, ENTERS, POLICE, SHOWN_FOR, Known
from tests.operating import operated
from tests.polling import until

FIXED_TIME_SECONDS: Final = 600.0
"""Until a fixed time has come and gone, at the latest."""
_KEYS: Final = "SELECT count(*) FROM registration_key WHERE registration_id = ANY (%s::uuid[])"


def erased(register: RunningRegister) -> None:
    """Run the operator's command until all is destroyed: who was shown a registration is told first, at fixed times."""
    until(
        lambda: not operated(register.environment, "erase", "--yes").returncode, seconds=FIXED_TIME_SECONDS, every=1.0
    )


class Decisions(Checks):
    """Proposes an end, an unsealing or an amendment, which somebody else confirms, refuses or leaves."""

    def unseal(self, judgment_id: str, known: Known, case: str, agency: str, *, alone: bool) -> str:
        """Two officers of an agency unseal what a judgment restores, or one tries it alone."""
        self._about = known.registration_id
        first = self._client(agency)
        proposal = registration_pb2.ProposeUnsealingRequest(judgment_id=judgment_id)
        self._tried(first.registration.propose_unsealing, proposal)  # or it has been proposed before
        second = first if alone else self._second
        consent = registration_pb2.ConfirmUnsealingRequest(judgment_id=judgment_id)
        refused = self._tried(second.registration.confirm_unsealing, consent)
        if not refused:
            assert (agency, alone) == (BUREAU, False)
            if case in known.taken:
                known.taken.remove(case)
                known.stands.add(case)
        return refused

    def keep_sealed(self, judgment_id: str, known: Known, end: str) -> None:
        """An officer of NPB proposes to unseal, and he withdraws that or another one refuses it: nothing follows."""
        self._about = known.registration_id
        client = self._client(BUREAU)
        client.registration.propose_unsealing(registration_pb2.ProposeUnsealingRequest(judgment_id=judgment_id))
        self._end_proposal(end, judgment_id=judgment_id)
        consent = registration_pb2.ConfirmUnsealingRequest(judgment_id=judgment_id)
        assert self._tried(self._second.registration.confirm_unsealing, consent)

    def close(self, known: Known, kind: str, end: str, agency: str) -> str:
        """An officer proposes how a record ends, and something becomes of that; gives why it wasn't confirmed."""
        self._about = known.registration_id
        request = closure_pb2.ProposeClosureRequest(
            registration_id=known.registration_id,
            etag=self._etag(known),
            kind=closure_pb2.ClosureKind.Value(f"CLOSURE_KIND_{kind}"),
        )
        if kind == "DECEASED":
            request.died_date.CopyFrom(orders.day(2026, 1, 5))
            request.certificate_number = "CRMS-123/2026"
        elif kind != "RESTORED":
            request.erasure_reason = closure_pb2.ERASURE_REASON_OTHER_PERSON
        client = self._client(agency)
        try:
            closure_id = client.registration.propose_closure(request).message.closure_id
        except Refused as refused:
            return refused.reason
        assert agency == BUREAU
        if end == "LEFT":
            return end
        if end in {"WITHDRAWN", "REFUSED"}:
            self._end_proposal(end, closure_id=closure_id)
        consent = closure_pb2.ConfirmClosureRequest(registration_id=known.registration_id, closure_id=closure_id)
        reason = self._tried((client if end == "ALONE" else self._second).registration.confirm_closure, consent)
        assert bool(reason) == (end != "CONFIRMED")
        if not reason:
            self._closed(known, kind)
        return reason

    def _closed(self, known: Known, kind: str) -> None:
        if kind == "DECEASED":
            assert known.is_shown
            known.archived = kind
        elif kind == "WITHDRAWN":
            assert known.stands
            assert known.archived != kind
            known.was_dead = known.archived == "DECEASED"
            known.archived = kind
        elif kind == "RESTORED":
            assert known.stands
            assert known.archived
            # Whoever was dead before the withdrawal still is.
            known.archived = "DECEASED" if known.archived == "WITHDRAWN" and known.was_dead else ""
        else:
            assert known.archived == "WITHDRAWN" or not known.stands | known.taken
            self.records.remove(known)
            self.erased.append(known)

    def _end_proposal(self, end: str, *, closure_id: str = "", judgment_id: str = "") -> None:
        """Who made a proposal withdraws it, or the other officer refuses it; not the other way round."""
        withdrawal = proposals_pb2.WithdrawProposalRequest(closure_id=closure_id, judgment_id=judgment_id)
        refusal = proposals_pb2.RefuseProposalRequest(
            closure_id=closure_id, judgment_id=judgment_id, reason=proposals_pb2.PROPOSAL_REFUSAL_NOT_SO
        )
        first, second = self._client(BUREAU).registration, self._second.registration
        if end == "WITHDRAWN":
            assert self._tried(second.withdraw_proposal, withdrawal)
            first.withdraw_proposal(withdrawal)
        else:
            assert self._tried(first.refuse_proposal, refusal)
            second.refuse_proposal(refusal)

    def amend(self, known: Known, agency: str, end: str, decider: str) -> str:
        """An agency proposes an amendment; it withdraws that, or the owner refuses it, and the record is as it was."""
        self._about = known.registration_id
        etag = self._etag(known)
        proposal = amendments_pb2.ProposeAmendmentRequest(
            registration_id=known.registration_id,
            update_mask=field_mask_pb2.FieldMask(paths=["nationality"]),
            particulars=amendments_pb2.Particulars(nationality="AF"),
        )
        try:
            amendment_id = self._client(agency).registration.propose_amendment(proposal).message.amendment_id
        except Refused as refused:
            return refused.reason
        assert agency in SHOWN_FOR
        assert agency == BUREAU or not known.archived
        assert not known.sealed
        client = self._client(decider).registration
        withdrawal = amendments_pb2.WithdrawAmendmentRequest(
            registration_id=known.registration_id, amendment_id=amendment_id
        )
        refusal = amendments_pb2.RefuseAmendmentRequest(
            registration_id=known.registration_id,
            amendment_id=amendment_id,
            reason=amendments_pb2.AMENDMENT_REFUSAL_NOT_SO,
        )
        if end == "REFUSED":
            reason = self._tried(client.refuse_amendment, refusal)
            assert reason or decider in {ENTERS, POLICE}
        else:
            reason = self._tried(client.withdraw_amendment, withdrawal)
            assert bool(reason) == (decider != agency)
        assert self._etag(known) == etag
        return reason

    def destroy(self) -> None:
        """The operator destroys what was decided to be erased: no key of it is left, and nobody finds it."""
        erased(self._agencies.register)
        with self._agencies.database() as owner:
            (left,) = owner.execute(_KEYS, ([each.registration_id for each in self.erased],)).fetchall()
        assert left == (0,)
        self._nobody_finds_what_is_erased()
