"""Methods that decide on what another officer has done: how each such act is begun, and how it is decided."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message

from nsor.v1 import (
    access_requests_pb2,
    amendments_pb2,
    closure_pb2,
    corrections_pb2,
    custody_pb2,
    directory_pb2,
    emergencies_pb2,
    grants_pb2,
    identity_pb2,
    notices_pb2,
    proposals_pb2,
    register_seal_pb2,
    registration_pb2,
    replays_pb2,
    reviews_pb2,
    sealed_pb2,
    transfers_pb2,
    tripwires_pb2,
    watched_pb2,
)
from nsor_server.calls import Agency, Officer
from tests.agencies import (
    LAHORE_COURT,
    LAHORE_HIGH_COURT,
    NADRA,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_POLICE,
    officer_of,
)
from tests.attack.test_set_back import confirmed as convicted
from tests.calls import call_of
from tests.directory import test_policies
from tests.lookup import test_emergencies, test_replays, test_watched, test_withdrawal
from tests.lookup.test_access_requests import AccessRequests, application, approval
from tests.lookup.tripwires import conftest as tripwires
from tests.notification import test_arrivals, test_notice, test_notice_decisions, test_transfers
from tests.orders import cnic, confirmation, current_address
from tests.registration import (
    test_corrections,
    test_custody,
    test_ended_proposals,
    test_ended_reviews,
    test_identity_changes,
    test_judgments,
    test_photos,
    test_proposals,
    test_review_decisions,
)
from tests.registration.test_held import CASES
from tests.services import Services, review_times

Request = Callable[[], Message]
"""Makes the request of a decision, by what stands then."""


@dataclass(frozen=True)
class Begun:
    """What somebody has begun.

    Attributes:
        grant: how another one grants it or puts it in force; None: nobody does.
        refuse: how another one refuses it or says what he found; None: nobody does.
        end: how anybody ends it whom the method allows, also who has begun it; None: nobody does.
    """

    grant: Request | None = None
    refuse: Request | None = None
    end: Request | None = None

    @property
    def decisions(self) -> list[Request]:
        """Those that only another human makes."""
        return [each for each in (self.grant, self.refuse) if each is not None]


@dataclass(frozen=True)
class Side:
    """A method that decides on what another officer has done, or several that do.

    Attributes:
        first: agency of who has done it.
        second: agency of who decides.
        begin: has it done by an officer.
        decides: types of the requests that decide.
        compromised: why it isn't granted once the key of who has done it is disabled as compromised; empty: it is.
        by_number: the act is that of an officer's number, whichever key he had.
    """

    first: Agency
    second: Agency
    begin: Callable[[Services, Officer], Begun]
    decides: tuple[type[Message], ...]
    compromised: str = "WRONG_STATE"
    by_number: bool = False


def _id() -> str:
    return str(uuid.uuid4())


class Matter:
    """An access request, and what is decided on it."""

    def __init__(self, services: Services, acting: Officer | None = None) -> None:
        self.services, self.requests = services, AccessRequests(services)
        acting = acting or services.enrolled(officer_of(PUNJAB_POLICE))
        self.request_id = self.requests.create(application(juvenile_records=True), acting).response.access_request_id

    @property
    def etag(self) -> str:
        return self.requests.get(self.request_id).etag

    def approval(self) -> Message:
        return approval(self.request_id, self.etag)

    def returning(self) -> Message:
        reasons = [access_requests_pb2.RETURN_REASON_PERSON_UNRELATED]
        return access_requests_pb2.ReturnAccessRequestRequest(
            request_id=_id(), access_request_id=self.request_id, etag=self.etag, reasons=reasons
        )

    def juveniles(self, decision: str) -> Message:
        return access_requests_pb2.DecideJuvenileAccessRequest(
            request_id=_id(),
            access_request_id=self.request_id,
            etag=self.etag,
            decision=access_requests_pb2.JuvenileDecision.Value(f"JUVENILE_DECISION_{decision}"),
        )

    def passing(self, successor: Officer | None = None) -> Message:
        to = successor or self.services.enrolled(officer_of(PUNJAB_POLICE))
        return access_requests_pb2.PassAccessRequestRequest(
            request_id=_id(), access_request_id=self.request_id, etag=self.etag, successor_key_id=to.key_id
        )

    def deciding(self) -> Begun:
        return Begun(self.approval, self.returning)

    def deciding_of_juveniles(self) -> Begun:
        return Begun(lambda: self.juveniles("ALLOWED"), lambda: self.juveniles("REFUSED"))


def _asked(services: Services, first: Officer) -> Begun:
    return Matter(services, first).deciding()


def _asked_and_passed(services: Services, first: Officer) -> Begun:
    matter = Matter(services, first)
    services.ask(call_of(PUNJAB_POLICE, services.enrolled(officer_of(PUNJAB_POLICE))), matter.passing())
    return matter.deciding()


def _passed(services: Services, first: Officer) -> Begun:
    matter = Matter(services)
    services.ask(call_of(PUNJAB_POLICE, first), matter.passing())
    return matter.deciding()


def _juveniles_allowed(services: Services, first: Officer) -> Begun:
    matter = Matter(services)
    services.ask(call_of(NPB, first), matter.juveniles("ALLOWED"))
    return matter.deciding()


def _asked_of_juveniles(services: Services, first: Officer) -> Begun:
    return Matter(services, first).deciding_of_juveniles()


def _approved(services: Services, first: Officer) -> Begun:
    matter = Matter(services)
    services.ask(call_of(PUNJAB_PROSECUTION, first), matter.approval())
    return matter.deciding_of_juveniles()


def _granted(services: Services, first: Officer) -> Begun:
    matter = Matter(services)
    services.ask(call_of(PUNJAB_PROSECUTION, first), matter.approval())
    return Begun(matter.passing)


def _reported(services: Services, first: Officer) -> Begun:
    created, handle = test_identity_changes.verified(services)
    services.ask(call_of(NADRA, first), test_identity_changes.report(handle))

    def decision(**fields: Any) -> Message:
        return test_identity_changes.decision(services, created, **fields)

    dispute = {
        "decision": identity_pb2.IDENTITY_CHANGE_STATE_DISPUTED,
        "dispute": identity_pb2.IDENTITY_DISPUTE_OTHER_PERSON,
    }
    return Begun(decision, lambda: decision(**dispute))


def _release_expected(services: Services, first: Officer) -> Begun:
    created = test_custody.held(services)
    address = current_address("PK-PB/LHR/PS-001")
    request = test_custody.event(
        services, created, "RELEASE_EXPECTED", expected_date=test_custody.soon(), address=address
    )
    services.ask(call_of(PUNJAB_PRISONS, first), request)
    return Begun(
        lambda: test_custody.acceptance(services, created),
        lambda: test_custody.refusal(services, created),
    )


_AGENCY: Final = {each.agency_id: each for each in (PUNJAB_POLICE, SINDH_POLICE)}


def _correction_taken(services: Services, first: Officer) -> Begun:
    created = test_corrections.confirmed(services, number := cnic())
    station = {} if first.agency_id == SINDH_POLICE.agency_id else {"receiving_station": "PK-PB/LHR/PS-001"}
    services.ask(call_of(_AGENCY[first.agency_id], first), test_corrections.asking(cnic=number, **station))
    with review_times(services, services.keyring) as times:
        assert times.look()
    (met,) = test_corrections.listed(services, created)
    refusal = test_corrections.AGREES
    return Begun(
        lambda: test_corrections.decision(created, met.correction_id),
        lambda: test_corrections.decision(created, met.correction_id, refusal),
    )


def _entered(services: Services, first: Officer) -> Begun:
    created = services.create(call=call_of(PUNJAB_PROSECUTION, first))
    return Begun(lambda: confirmation(created))


def _amendment_proposed(services: Services, first: Officer) -> Begun:
    created = test_judgments.confirmed(services)
    proposal = test_proposals.proposal(created, **test_proposals.numbered(cnic()))
    found = services.ask(call_of(PUNJAB_POLICE, first), proposal).response.amendment_id
    return Begun(
        lambda: test_proposals.acceptance(services, created, found),
        lambda: test_proposals.refusal(services, created, found),
    )


def _review_proposed(services: Services, first: Officer) -> Begun:
    number = cnic()
    one, other = (convicted(services, number, case) for case in CASES[:2])
    with review_times(services, services.keyring) as times:
        assert times.look()
    pair = test_review_decisions.Pair(services, number, one, other)
    services.ask(call_of(NPB, first), pair.proposing(test_review_decisions.MERGE))
    return Begun(lambda: pair.confirming(test_review_decisions.MERGE), test_ended_reviews.refusing)


def _photo_added(services: Services, first: Officer) -> Begun:
    created = test_photos.released(services)
    photo_id = test_photos.add(services, created, PUNJAB_POLICE, first)
    return Begun(
        lambda: test_photos.confirmation(created, photo_id), end=lambda: test_photos.rejection(created, photo_id)
    )


def _judgment_recorded(services: Services, first: Officer) -> Begun:
    request = test_judgments.judgment("SET_ASIDE")
    judgment_id = services.ask(call_of(PUNJAB_PROSECUTION, first), request).response.judgment_id
    return Begun(lambda: test_judgments.confirming(judgment_id))


def _proposed(make: test_ended_proposals.Make) -> Callable[[Services, Officer], Begun]:
    def begin(services: Services, first: Officer) -> Begun:
        proposed = make(services, first)
        return Begun(proposed.confirming, lambda: test_ended_proposals.refusing(proposed))

    return begin


def _grant_given(services: Services, first: Officer) -> Begun:
    matter = Matter(services)
    grant = services.ask(call_of(PUNJAB_PROSECUTION, first), matter.approval()).response.grant
    return Begun(end=lambda: test_withdrawal.withdrawal(grant.grant_id))


def _emergency_opened(services: Services, first: Officer) -> Begun:
    emergency_id = test_emergencies.opened(services, first, cnic())
    return Begun(refuse=lambda: test_emergencies.reviewing(emergency_id))


def _accessed_unusually(services: Services, first: Officer) -> Begun:
    tripwires.refused(services, tripwires.REFUSALS, PUNJAB_PROSECUTION, first)
    running = tripwires.running(services)
    running.look()
    running.stop()
    (one,) = tripwires.listed(services, NPB)
    return Begun(refuse=lambda: tripwires.reviewing(one.unusual_access_id))


def _number_entered(services: Services, first: Officer) -> Begun:
    number = cnic()
    watched_id = test_watched.enter(services, first, number).watched_id
    return Begun(lambda: test_watched.entry(number, watched_id))


def _number_ended(services: Services, first: Officer) -> Begun:
    watched_id = test_watched.watch(services, test_watched.pair(services), cnic())
    test_watched.end(services, first, watched_id)
    return Begun(lambda: test_watched.ending(watched_id))


def _replay_proposed(services: Services, first: Officer) -> Begun:
    services.snapshot()
    request = test_replays.proposal(now=test_replays.now(services))
    proposed = services.ask(call_of(NPB, first), request).response
    return Begun(lambda: test_replays.approval(proposed))


def _policy_proposed(services: Services, first: Officer) -> Begun:
    proposed = services.ask(call_of(NPB, first), test_policies.proposal()).response.proposal
    return Begun(lambda: test_policies.adoption(proposed))


def _sealing(seal_id: str = "") -> register_seal_pb2.ProposeRegisterSealRequest:
    seals, unseals = register_seal_pb2.REGISTER_SEAL_ACTION_SEAL, register_seal_pb2.REGISTER_SEAL_ACTION_UNSEAL
    return register_seal_pb2.ProposeRegisterSealRequest(
        request_id=_id(),
        action=unseals if seal_id else seals,
        reason=0 if seal_id else register_seal_pb2.REGISTER_SEAL_REASON_DRILL,  # type: ignore[arg-type]  # none
        seal_id=seal_id,
    )


def _seal_confirmation(proposal_id: str) -> register_seal_pb2.ConfirmRegisterSealRequest:
    return register_seal_pb2.ConfirmRegisterSealRequest(request_id=_id(), proposal_id=proposal_id)


def _seal_proposed(services: Services, first: Officer) -> Begun:
    proposal_id = services.ask(call_of(NPB, first), _sealing()).response.proposal.proposal_id
    return Begun(lambda: _seal_confirmation(proposal_id))


def _register_sealed(services: Services, first: Officer) -> Begun:
    proposer = services.enrolled(officer_of(NPB))
    proposal_id = services.ask(call_of(NPB, proposer), _sealing()).response.proposal.proposal_id
    services.ask(call_of(NPB, first), _seal_confirmation(proposal_id))
    return Begun(lambda: _sealing(proposal_id))


def _notice_taken(services: Services, first: Officer) -> Begun:
    created = services.confirmed()
    taken = test_notice.take(services, test_notice.notice(created), call_of(PUNJAB_POLICE, first))
    return Begun(
        lambda: test_notice_decisions.decision(created, taken.notice_id),
        lambda: test_notice_decisions.decision(created, taken.notice_id, refused=True),
    )


def _moved(services: Services, first: Officer) -> Begun:
    created = services.confirmed()
    test_notice.take(services, test_notice.notice(created, test_transfers.AWAY), call_of(PUNJAB_POLICE, first))
    return Begun(
        lambda: test_transfers.deciding(services, created),
        end=lambda: test_transfers.deciding(services, created, test_transfers.REFUSE),
    )


def _moved_and_refused(services: Services, first: Officer) -> Begun:
    created = services.confirmed()
    test_notice.take(services, test_notice.notice(created, test_transfers.AWAY), call_of(PUNJAB_POLICE, first))
    services.ask(call_of(SINDH_POLICE), test_transfers.deciding(services, created, test_transfers.REFUSE))
    return Begun(
        lambda: test_transfers.resolving(services, created),
        lambda: test_transfers.resolving(services, created, test_transfers.LEAVE),
    )


def _arrived(services: Services, first: Officer) -> Begun:
    created = test_corrections.confirmed(services, number := cnic())
    services.ask(call_of(SINDH_POLICE, first), test_arrivals.arrival(number))
    with review_times(services, services.keyring) as times:
        assert times.look()
    return Begun(
        lambda: test_transfers.deciding(services, created),
        end=lambda: test_transfers.deciding(services, created, test_transfers.REFUSE),
    )


_APPROVES, _RETURNS = access_requests_pb2.ApproveAccessRequestRequest, access_requests_pb2.ReturnAccessRequestRequest
_JUVENILES, _PASSES = access_requests_pb2.DecideJuvenileAccessRequest, access_requests_pb2.PassAccessRequestRequest
_REFUSES_PROPOSAL = proposals_pb2.RefuseProposalRequest
SIDES: Final[Mapping[str, Side]] = {
    "who asks is granted it": Side(PUNJAB_POLICE, PUNJAB_PROSECUTION, _asked, (_APPROVES, _RETURNS)),
    "who asked first is granted it": Side(PUNJAB_POLICE, PUNJAB_PROSECUTION, _asked_and_passed, (_APPROVES, _RETURNS)),
    "who passed it on is granted it": Side(PUNJAB_POLICE, PUNJAB_PROSECUTION, _passed, (_APPROVES, _RETURNS)),
    "who allowed juveniles' records grants it": Side(
        NPB, PUNJAB_PROSECUTION, _juveniles_allowed, (_APPROVES, _RETURNS)
    ),
    "who asks is allowed juveniles' records": Side(PUNJAB_POLICE, NPB, _asked_of_juveniles, (_JUVENILES,)),
    "who granted it allows juveniles' records": Side(PUNJAB_PROSECUTION, NPB, _approved, (_JUVENILES,)),
    "who granted it passes it on": Side(PUNJAB_PROSECUTION, PUNJAB_POLICE, _granted, (_PASSES,)),
    "who reported a change accepts it": Side(
        NADRA, PUNJAB_POLICE, _reported, (identity_pb2.DecideIdentityChangeRequest,)
    ),
    "who expects a release accepts it": Side(
        PUNJAB_PRISONS,
        PUNJAB_POLICE,
        _release_expected,
        (custody_pb2.AcceptReleaseRequest, custody_pb2.RefuseReleaseRequest),
    ),
    "who took a correction accepts it": Side(
        SINDH_POLICE, PUNJAB_POLICE, _correction_taken, (corrections_pb2.DecideCorrectionRequest,)
    ),
    "who took a correction of his own station accepts it": Side(
        PUNJAB_POLICE, PUNJAB_POLICE, _correction_taken, (corrections_pb2.DecideCorrectionRequest,)
    ),
    "who entered a conviction confirms it": Side(
        PUNJAB_PROSECUTION, LAHORE_COURT, _entered, (registration_pb2.ConfirmRegistrationRequest,)
    ),
    "who proposed an amendment accepts it": Side(
        PUNJAB_POLICE,
        PUNJAB_POLICE,
        _amendment_proposed,
        (amendments_pb2.AcceptAmendmentRequest, amendments_pb2.RefuseAmendmentRequest),
    ),
    "who proposed how a review ends confirms it": Side(
        NPB, NPB, _review_proposed, (reviews_pb2.ConfirmReviewDecisionRequest, _REFUSES_PROPOSAL)
    ),
    "who added a photo confirms it": Side(
        PUNJAB_POLICE,
        PUNJAB_POLICE,
        _photo_added,
        (registration_pb2.ConfirmPhotoRequest, registration_pb2.RejectPhotoRequest),
    ),
    "who recorded a judgment confirms it": Side(
        PUNJAB_PROSECUTION, LAHORE_HIGH_COURT, _judgment_recorded, (registration_pb2.ConfirmJudgmentRequest,)
    ),
    "who proposed an unsealing confirms it": Side(
        NPB,
        NPB,
        _proposed(test_ended_proposals.unsealing),
        (registration_pb2.ConfirmUnsealingRequest, _REFUSES_PROPOSAL),
    ),
    "who proposed a closure confirms it": Side(
        NPB, NPB, _proposed(test_ended_proposals.closure), (closure_pb2.ConfirmClosureRequest, _REFUSES_PROPOSAL)
    ),
    "who proposed a sealed reading confirms it": Side(
        NPB, NPB, _proposed(test_ended_proposals.reading), (sealed_pb2.ConfirmSealedReadingRequest, _REFUSES_PROPOSAL)
    ),
    "who gave a grant withdraws it": Side(
        PUNJAB_PROSECUTION, PUNJAB_PROSECUTION, _grant_given, (grants_pb2.WithdrawGrantRequest,)
    ),
    "who opened an emergency reviews it": Side(
        PUNJAB_POLICE, NPB, _emergency_opened, (emergencies_pb2.ReviewEmergencyLookUpRequest,)
    ),
    "whose access was unusual reviews it": Side(
        PUNJAB_PROSECUTION, NPB, _accessed_unusually, (tripwires_pb2.ReviewUnusualAccessRequest,), by_number=True
    ),
    "who entered a number enters it again": Side(NPB, NPB, _number_entered, (watched_pb2.EnterWatchedNumberRequest,)),
    # What a compromised key has proposed is proposed anew: that grants nothing.
    "who proposed to end a number ends it": Side(
        NPB, NPB, _number_ended, (watched_pb2.EndWatchedNumberRequest,), compromised=""
    ),
    "who asked for a replay approves it": Side(NPB, NPB, _replay_proposed, (replays_pb2.ApproveTripwireReplayRequest,)),
    "who proposed a policy adopts it": Side(NPB, NPB, _policy_proposed, (directory_pb2.AdoptPolicyRequest,)),
    # What a compromised key has proposed is no open proposal.
    "who proposed to seal the register seals it": Side(
        NPB, NPB, _seal_proposed, (register_seal_pb2.ConfirmRegisterSealRequest,), compromised="NO_RECORD"
    ),
    "who sealed the register proposes to unseal it": Side(
        NPB, NPB, _register_sealed, (register_seal_pb2.ProposeRegisterSealRequest,), compromised=""
    ),
    "who took a notice verifies it": Side(
        PUNJAB_POLICE, PUNJAB_POLICE, _notice_taken, (notices_pb2.DecideNoticeRequest,)
    ),
    "who took the notice of a move accepts it": Side(
        PUNJAB_POLICE, SINDH_POLICE, _moved, (transfers_pb2.DecideTransferRequest,)
    ),
    "who took an arrival notice accepts the transfer": Side(
        SINDH_POLICE, SINDH_POLICE, _arrived, (transfers_pb2.DecideTransferRequest,)
    ),
    "who took the notice of a move resolves the transfer": Side(
        PUNJAB_POLICE, NPB, _moved_and_refused, (transfers_pb2.ResolveTransferRequest,)
    ),
}
"""Each by who would decide on his own act."""
