"""A request of each kind that the contract accepts, of a case in Lahore, for tests that walk the contract."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf import field_mask_pb2
from google.protobuf.message import Message

from nsor.ledger.cosignature import WitnessKey
from nsor.v1 import (
    access_requests_pb2,
    amendments_pb2,
    arrivals_pb2,
    closure_pb2,
    consumers_pb2,
    corrections_pb2,
    custody_pb2,
    directory_pb2,
    disclosures_pb2,
    duties_pb2,
    emergencies_pb2,
    grants_pb2,
    identity_pb2,
    lookup_pb2,
    movements_pb2,
    notices_pb2,
    options_pb2,
    proposals_pb2,
    recalls_pb2,
    register_seal_pb2,
    registration_pb2,
    replays_pb2,
    reviews_pb2,
    screening_pb2,
    sealed_pb2,
    search_pb2,
    transfers_pb2,
    tripwires_pb2,
    types_pb2,
    validation_pb2,
    watched_pb2,
    witnesses_pb2,
)
from nsor_server.policy import source
from nsor_synthetic.pictures import picture
from tests import witnesses
from tests.agencies import NPB, PUNJAB_POLICE, officer_of
from tests.orders import Created, confirmation, conviction, current_address, day, judgment, order, suspects

CNIC = "3520212345671"
WITNESS = WitnessKey(Ed25519PrivateKey.from_private_bytes(bytes(32)), "witness.example/one")


@dataclass(frozen=True, slots=True)
class Known:
    """What is in the register: ids of nobody when nothing is.

    Attributes:
        registration: a registration with a conviction and an FIR in Lahore.
        access_request_id: an access request for an FIR in Lahore.
        etag: of the access request.
        judgment_id: a judgment about that conviction, recorded by a prosecution.
    """

    registration: Created
    access_request_id: str
    etag: str
    judgment_id: str = "00000000-0000-4000-8000-000000000001"


def fir(station: str = "PK-PB/LHR/PS-001") -> types_pb2.FirKey:
    return types_pb2.FirKey(police_station=station, year=2021, serial=679, fir_date=day(2021, 9, 2))


def movement() -> movements_pb2.ReportMovementRequest:
    """A departure of an hour ago: how long ago it may be is counted from the database's clock."""
    request = movements_pb2.ReportMovementRequest(
        request_id=str(uuid.uuid4()),
        identity_number=CNIC,
        direction=movements_pb2.MOVEMENT_DIRECTION_DEPARTURE,
        border_crossing=notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT,
        country="SA",
    )
    request.movement_time.FromDatetime(dt.datetime.now(dt.UTC) - dt.timedelta(hours=1))
    return request


def declaration(**fields: object) -> screening_pb2.DeclareManifestRequest:
    """A departure in an hour: how far ahead it may be is counted from the database's clock."""
    request = screening_pb2.DeclareManifestRequest(
        request_id=str(uuid.uuid4()),
        border_crossing=notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT,
        direction=movements_pb2.MOVEMENT_DIRECTION_DEPARTURE,
        carrier_code="PK",
        number=301,
        persons=3,
    )
    request.scheduled_time.FromDatetime(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    request.MergeFrom(screening_pb2.DeclareManifestRequest(**fields))  # type: ignore[arg-type]  # as its fields
    return request


def application(**fields: object) -> access_requests_pb2.CreateAccessRequestRequest:
    name = types_pb2.SearchedName(name="Test Aslam")
    return access_requests_pb2.CreateAccessRequestRequest(
        request_id=str(uuid.uuid4()),
        fir=fir(),
        suspects=[grants_pb2.Suspect(cnic=CNIC, name=name)],
        annexure_a=access_requests_pb2.AnnexureA(
            officer_grade=17,
            posting="PK-PB/LHR",
            offence_codes=["PPC-376"],
            stage=access_requests_pb2.INVESTIGATION_STAGE_ARREST_MADE,
            ground=access_requests_pb2.ACCESS_GROUND_IDENTITY,
            fir_copy_number="FC-1",
            application_number="APP-1",
            application_date=day(2021, 9, 3),
        ),
        **fields,  # type: ignore[arg-type]  # a message's fields
    )


def notice(known: Known) -> notices_pb2.CreateNoticeRequest:
    return notices_pb2.CreateNoticeRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        address=current_address("PK-PB/LHR/PS-002"),
        event_date=day(2026, 2, 20),
        received_date=day(2026, 2, 21),
        receiving_station="PK-PB/LHR/PS-001",
        timing=notices_pb2.NOTICE_TIMING_HAPPENED,
    )


def replay() -> replays_pb2.ProposeTripwireReplayRequest:
    request = replays_pb2.ProposeTripwireReplayRequest(
        request_id=str(uuid.uuid4()), toml=source.packaged("tripwires.toml").read_bytes()
    )
    request.start_time.seconds, request.end_time.seconds = 1_700_000_000, 1_700_086_400
    return request


def enrolment() -> directory_pb2.EnrolOfficerRequest:
    key = Ed25519PrivateKey.generate()
    proof = b"nsor-enrol-v1\0" + PUNJAB_POLICE.agency_id.encode() + b"\0" + b"LHR-1204"
    return directory_pb2.EnrolOfficerRequest(
        request_id=str(uuid.uuid4()),
        officer_number="LHR-1204",
        public_key=key.public_key().public_bytes_raw(),
        proof_of_possession=key.sign(proof),
        jurisdiction=["PK-PB/LHR"],
        grade=16,
        kind=directory_pb2.KEY_KIND_OFFICER,
        own_number="3520112345671",
    )


def disabling() -> directory_pb2.DisableOfficerRequest:
    return directory_pb2.DisableOfficerRequest(
        request_id=str(uuid.uuid4()),
        officer_key_id=hashlib.sha256(b"nobody").digest(),
        reason=directory_pb2.DISABLE_REASON_LEFT_POST,
    )


def proposed_policy() -> directory_pb2.ProposePolicyRequest:
    return directory_pb2.ProposePolicyRequest(
        request_id=str(uuid.uuid4()),
        document=directory_pb2.POLICY_DOCUMENT_GRANTS,
        toml=b"uses_per_subject = 3\nticket_uses_per_subject = 3\ncourt_case_uses_per_subject = 10\n"
        b'repeat_minutes = 10\ncitation = "working value"\nverified = false\n',
    )


def approval(known: Known) -> access_requests_pb2.ApproveAccessRequestRequest:
    return access_requests_pb2.ApproveAccessRequestRequest(
        request_id=str(uuid.uuid4()), access_request_id=known.access_request_id, etag=known.etag
    )


def send_back(known: Known) -> access_requests_pb2.ReturnAccessRequestRequest:
    return access_requests_pb2.ReturnAccessRequestRequest(
        request_id=str(uuid.uuid4()),
        access_request_id=known.access_request_id,
        etag=known.etag,
        reasons=[access_requests_pb2.RETURN_REASON_RATIONALE_LACKING],
    )


def prosecution_look_up(_known: Known) -> lookup_pb2.LookUpRegistrationRequest:
    return lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=options_pb2.PURPOSE_PROSECUTION,
        cnic=CNIC,
        basis=lookup_pb2.LookUpBasis(fir=fir()),
    )


def prosecution_search(_known: Known) -> search_pb2.SearchRegistrationsRequest:
    name = types_pb2.SearchedName(name="Zafar Testi")
    return search_pb2.SearchRegistrationsRequest(basis=search_pb2.SearchBasis(fir=fir()), name=name)


WORKER = officer_of(NPB, key_id=hashlib.sha256(b"worker").digest())
"""An officer of NPB for whom another one opens tickets."""


def ticket(_known: Known) -> grants_pb2.OpenTicketRequest:
    return grants_pb2.OpenTicketRequest(
        request_id=str(uuid.uuid4()),
        officer_key_id=WORKER.key_id,
        work=grants_pb2.TICKET_WORK_CORRECTION,
        persons=suspects(CNIC),
    )


def case(_known: Known) -> grants_pb2.OpenCourtCaseRequest:
    return grants_pb2.OpenCourtCaseRequest(
        request_id=str(uuid.uuid4()), court_case=conviction().court_case, persons=suspects(CNIC)
    )


def many_confirmations(known: Known) -> registration_pb2.ConfirmRegistrationsRequest:
    one = confirmation(known.registration)
    return registration_pb2.ConfirmRegistrationsRequest(
        request_id=str(uuid.uuid4()),
        confirmations=[
            registration_pb2.Confirmation(
                registration_id=one.registration_id,
                etag=one.etag,
                case_number=one.case_number,
                judgment_date=one.judgment_date,
            )
        ],
    )


def further_conviction(known: Known) -> registration_pb2.AddConvictionRequest:
    return registration_pb2.AddConvictionRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        etag=known.registration.etag,
        conviction=conviction(case_number="Sessions Case No. 7/2023"),
    )


def amendment(known: Known) -> amendments_pb2.AmendRegistrationRequest:
    return amendments_pb2.AmendRegistrationRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        etag=known.registration.etag,
        update_mask=field_mask_pb2.FieldMask(paths=["nationality"]),
        particulars=amendments_pb2.Particulars(nationality="PK"),
    )


OF_METHOD: dict[str, Callable[[Known], Message]] = {
    "RegistrationService/CreateRegistration": lambda _: order(),
    "RegistrationService/ImportRegistrations": lambda _: registration_pb2.ImportRegistrationsRequest(
        import_id=str(uuid.uuid4()), rows=[registration_pb2.ImportRow(row=1, order=order())]
    ),
    "RegistrationService/AddConviction": further_conviction,
    "RegistrationService/AmendRegistration": amendment,
    "RegistrationService/ProposeAmendment": lambda known: amendments_pb2.ProposeAmendmentRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        update_mask=field_mask_pb2.FieldMask(paths=["nationality"]),
        particulars=amendments_pb2.Particulars(nationality="PK"),
    ),
    "RegistrationService/AcceptAmendment": lambda known: amendments_pb2.AcceptAmendmentRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        etag=known.registration.etag,
        amendment_id=str(uuid.uuid4()),
    ),
    "RegistrationService/RefuseAmendment": lambda known: amendments_pb2.RefuseAmendmentRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        amendment_id=str(uuid.uuid4()),
        reason=amendments_pb2.AMENDMENT_REFUSAL_NOT_SO,
    ),
    "RegistrationService/WithdrawAmendment": lambda known: amendments_pb2.WithdrawAmendmentRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        amendment_id=str(uuid.uuid4()),
    ),
    "RegistrationService/GetAmendment": lambda known: amendments_pb2.GetAmendmentRequest(
        registration_id=known.registration.registration_id, amendment_id=str(uuid.uuid4())
    ),
    "RegistrationService/ListAmendments": lambda known: amendments_pb2.ListAmendmentsRequest(
        registration_id=known.registration.registration_id
    ),
    "RegistrationService/WithdrawProposal": lambda _: proposals_pb2.WithdrawProposalRequest(
        request_id=str(uuid.uuid4()), closure_id=str(uuid.uuid4())
    ),
    "RegistrationService/RefuseProposal": lambda _: proposals_pb2.RefuseProposalRequest(
        request_id=str(uuid.uuid4()),
        closure_id=str(uuid.uuid4()),
        reason=proposals_pb2.PROPOSAL_REFUSAL_NOT_NEEDED,
    ),
    "RegistrationService/AddPhoto": lambda known: registration_pb2.AddPhotoRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        file=picture(),
        taken_date=day(2025, 1, 2),
    ),
    "RegistrationService/ConfirmPhoto": lambda known: registration_pb2.ConfirmPhotoRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        photo_id=str(uuid.uuid4()),
    ),
    "RegistrationService/RejectPhoto": lambda known: registration_pb2.RejectPhotoRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        photo_id=str(uuid.uuid4()),
        reason=registration_pb2.PHOTO_REJECTION_OTHER_PERSON,
    ),
    "RegistrationService/RequestCorrection": lambda known: corrections_pb2.RequestCorrectionRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        particular=corrections_pb2.CORRECTION_PARTICULAR_NAME,
        support=corrections_pb2.CORRECTION_SUPPORT_NONE,
        application_number="APP-1",
        receiving_station="PK-PB/LHR/PS-001",
        received_date=day(2026, 2, 21),
    ),
    "RegistrationService/ProposeClosure": lambda known: closure_pb2.ProposeClosureRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        etag=known.registration.etag,
        kind=closure_pb2.CLOSURE_KIND_RESTORED,
    ),
    "RegistrationService/ConfirmClosure": lambda known: closure_pb2.ConfirmClosureRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        closure_id=str(uuid.uuid4()),
    ),
    "RegistrationService/RevalidateRegistration": lambda known: validation_pb2.RevalidateRegistrationRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        etag=known.registration.etag,
    ),
    "RegistrationService/DecideCorrection": lambda known: corrections_pb2.DecideCorrectionRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        correction_id=str(uuid.uuid4()),
    ),
    "RegistrationService/ConfirmRegistrations": many_confirmations,
    "RegistrationService/ConfirmRegistration": lambda known: confirmation(known.registration),
    "RegistrationService/GetRegistration": lambda known: registration_pb2.GetRegistrationRequest(
        registration_id=known.registration.registration_id
    ),
    "RegistrationService/RecordJudgment": lambda _: judgment("APPEAL_FILED"),
    "RegistrationService/ConfirmJudgment": lambda known: registration_pb2.ConfirmJudgmentRequest(
        request_id=str(uuid.uuid4()), judgment_id=known.judgment_id, order_number="Crl. Appeal No. 456/2023"
    ),
    **{
        f"RegistrationService/{kind.__name__.removesuffix('Request')}": lambda known, kind=kind: kind(  # type: ignore[misc]  # one for each
            request_id=str(uuid.uuid4()), judgment_id=known.judgment_id
        )
        for kind in (registration_pb2.ProposeUnsealingRequest, registration_pb2.ConfirmUnsealingRequest)
    },
    "RegistrationService/ProposeSealedReading": lambda known: sealed_pb2.ProposeSealedReadingRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        reason=sealed_pb2.SEALED_READING_REASON_COURT_ORDER,
    ),
    "RegistrationService/ConfirmSealedReading": lambda known: sealed_pb2.ConfirmSealedReadingRequest(
        request_id=str(uuid.uuid4()),
        sealed_reading_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
    ),
    "RegistrationService/GetJudgment": lambda known: registration_pb2.GetJudgmentRequest(judgment_id=known.judgment_id),
    "RegistrationService/ReportIdentityChange": lambda _: identity_pb2.ReportIdentityChangeRequest(
        request_id=str(uuid.uuid4()),
        handle=str(uuid.uuid4()),
        kind=identity_pb2.IDENTITY_CHANGE_KIND_DEATH,
        death_date=day(2026, 3, 1),
        reference_number="VR-1/2026",
    ),
    "RegistrationService/DecideIdentityChange": lambda known: identity_pb2.DecideIdentityChangeRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        etag=known.registration.etag,
        change_id=str(uuid.uuid4()),
        decision=identity_pb2.IDENTITY_CHANGE_STATE_ACCEPTED,
    ),
    "RegistrationService/RecordCustodyEvent": lambda known: custody_pb2.RecordCustodyEventRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        etag=known.registration.etag,
        kind=custody_pb2.CUSTODY_EVENT_KIND_RELEASED,
        event_date=day(2024, 6, 1),
    ),
    "RegistrationService/AcceptRelease": lambda known: custody_pb2.AcceptReleaseRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        etag=known.registration.etag,
    ),
    "RegistrationService/RefuseRelease": lambda known: custody_pb2.RefuseReleaseRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        etag=known.registration.etag,
        reason=custody_pb2.RELEASE_REFUSAL_OTHER_STATION,
    ),
    "RegistrationService/ClaimVerification": lambda _: identity_pb2.ClaimVerificationRequest(),
    "RegistrationService/VerifyIdentity": lambda _: identity_pb2.VerifyIdentityRequest(
        request_id=str(uuid.uuid4()),
        handle=str(uuid.uuid4()),
        result=identity_pb2.IDENTITY_STATE_VERIFIED,
        reference_number="VR-1/2026",
        checked_date=day(2026, 3, 1),
    ),
    "RegistrationService/GetReview": lambda _: reviews_pb2.GetReviewRequest(review_number=1),
    "RegistrationService/ProposeReviewDecision": lambda _: reviews_pb2.ProposeReviewDecisionRequest(
        request_id=str(uuid.uuid4()), review_number=1, etag="0" * 16, decision=reviews_pb2.REVIEW_DECISION_MERGE
    ),
    "RegistrationService/ConfirmReviewDecision": lambda _: reviews_pb2.ConfirmReviewDecisionRequest(
        request_id=str(uuid.uuid4()), review_number=1, etag="0" * 16, decision=reviews_pb2.REVIEW_DECISION_MERGE
    ),
    "NotificationService/CreateNotice": notice,
    "NotificationService/DecideTransfer": lambda known: transfers_pb2.DecideTransferRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        etag=known.registration.etag,
        decision=transfers_pb2.TRANSFER_DECISION_ACCEPT,
    ),
    "NotificationService/ResolveTransfer": lambda known: transfers_pb2.ResolveTransferRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        etag=known.registration.etag,
        resolution=transfers_pb2.TRANSFER_RESOLUTION_LEAVE,
    ),
    "NotificationService/WithdrawNotice": lambda known: notices_pb2.WithdrawNoticeRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        notice_id=str(uuid.uuid4()),
        reason=notices_pb2.NOTICE_WITHDRAWAL_MISTAKE,
    ),
    "NotificationService/DecideNotice": lambda known: notices_pb2.DecideNoticeRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        notice_id=str(uuid.uuid4()),
        decision=notices_pb2.NOTICE_STATE_VERIFIED,
    ),
    "NotificationService/GetNotice": lambda known: notices_pb2.GetNoticeRequest(
        registration_id=known.registration.registration_id, notice_id=str(uuid.uuid4())
    ),
    "NotificationService/ListNotices": lambda known: notices_pb2.ListNoticesRequest(
        registration_id=known.registration.registration_id
    ),
    "NotificationService/CreateArrivalNotice": lambda _: arrivals_pb2.CreateArrivalNoticeRequest(
        request_id=str(uuid.uuid4()),
        cnic=CNIC,
        receiving_station="PK-PB/LHR/PS-001",
        home_place="PK-PB/LHR/PS-001",
        event_date=day(2024, 3, 1),
        received_date=day(2024, 3, 2),
    ),
    "NotificationService/GetArrivalNotice": lambda _: arrivals_pb2.GetArrivalNoticeRequest(
        arrival_id=str(uuid.uuid4())
    ),
    "NotificationService/ListArrivalNotices": lambda _: arrivals_pb2.ListArrivalNoticesRequest(),
    "NotificationService/FindRegistrant": lambda _: arrivals_pb2.FindRegistrantRequest(cnic=CNIC),
    "NotificationService/ReportMovement": lambda _: movement(),
    "NotificationService/GetDuty": lambda known: duties_pb2.GetDutyRequest(
        registration_id=known.registration.registration_id, duty_id=str(uuid.uuid4())
    ),
    "NotificationService/ListDuties": lambda _: duties_pb2.ListDutiesRequest(),
    "NotificationService/WaiveDuty": lambda known: duties_pb2.WaiveDutyRequest(
        request_id=str(uuid.uuid4()),
        registration_id=known.registration.registration_id,
        etag=known.registration.etag,
        duty_id=str(uuid.uuid4()),
        reason=duties_pb2.DUTY_WAIVER_ILLNESS,
    ),
    "LookupService/CreateAccessRequest": lambda _: application(),
    "LookupService/GetAccessRequest": lambda known: access_requests_pb2.GetAccessRequestRequest(
        access_request_id=known.access_request_id
    ),
    "LookupService/ListRecalls": lambda _: recalls_pb2.ListRecallsRequest(),
    "LookupService/AcknowledgeRecall": lambda _: recalls_pb2.AcknowledgeRecallRequest(
        request_id=str(uuid.uuid4()),
        recall_id=str(uuid.uuid4()),
        measure=recalls_pb2.RECALL_MEASURE_FILE_CORRECTED,
    ),
    "LookupService/ListAccessRequests": lambda _: access_requests_pb2.ListAccessRequestsRequest(),
    "LookupService/ApproveAccessRequest": approval,
    "LookupService/ReturnAccessRequest": send_back,
    "LookupService/OpenTicket": ticket,
    "LookupService/OpenCourtCase": case,
    "LookupService/DecideJuvenileAccess": lambda known: access_requests_pb2.DecideJuvenileAccessRequest(
        request_id=str(uuid.uuid4()),
        access_request_id=known.access_request_id,
        etag=known.etag,
        decision=access_requests_pb2.JUVENILE_DECISION_ALLOWED,
    ),
    "LookupService/PassAccessRequest": lambda known: access_requests_pb2.PassAccessRequestRequest(
        request_id=str(uuid.uuid4()),
        access_request_id=known.access_request_id,
        etag=known.etag,
        successor_key_id=hashlib.sha256(b"nobody").digest(),
    ),
    "LookupService/WithdrawGrant": lambda _: grants_pb2.WithdrawGrantRequest(
        request_id=str(uuid.uuid4()), grant_id=str(uuid.uuid4())
    ),
    "LookupService/LookUpRegistration": prosecution_look_up,
    "LookupService/DeclareManifest": lambda _: declaration(),
    "LookupService/ScreenManifest": lambda _: screening_pb2.ScreenManifestRequest(
        manifest_id=str(uuid.uuid4()),
        rows=[screening_pb2.ManifestRow(row=1, identity_number=CNIC, birth_date=day(1985, 6, 7))],
    ),
    "LookupService/ListDisclosures": lambda known: disclosures_pb2.ListDisclosuresRequest(
        registration_id=known.registration.registration_id
    ),
    "LookupService/OpenEmergencyLookUp": lambda _: emergencies_pb2.OpenEmergencyLookUpRequest(
        request_id=str(uuid.uuid4()),
        cnic=CNIC,
        harm=emergencies_pb2.IMMINENT_HARM_CHILD_TAKEN,
        station="PK-PB/LHR/PS-001",
    ),
    "LookupService/ReviewEmergencyLookUp": lambda _: emergencies_pb2.ReviewEmergencyLookUpRequest(
        request_id=str(uuid.uuid4()),
        emergency_id=str(uuid.uuid4()),
        finding=emergencies_pb2.EMERGENCY_FINDING_JUSTIFIED,
    ),
    "LookupService/ProposeTripwireReplay": lambda _: replay(),
    "LookupService/ApproveTripwireReplay": lambda _: replays_pb2.ApproveTripwireReplayRequest(
        request_id=str(uuid.uuid4()), replay_id=str(uuid.uuid4()), digest=bytes(32)
    ),
    "LookupService/EnterWatchedNumber": lambda _: watched_pb2.EnterWatchedNumberRequest(
        request_id=str(uuid.uuid4()), kind=watched_pb2.WATCHED_KIND_DECOY, cnic=CNIC
    ),
    "LookupService/EndWatchedNumber": lambda _: watched_pb2.EndWatchedNumberRequest(
        request_id=str(uuid.uuid4()), watched_id=str(uuid.uuid4())
    ),
    "LookupService/ListUnusualAccesses": lambda _: tripwires_pb2.ListUnusualAccessesRequest(),
    "LookupService/ReviewUnusualAccess": lambda _: tripwires_pb2.ReviewUnusualAccessRequest(
        request_id=str(uuid.uuid4()),
        unusual_access_id=str(uuid.uuid4()),
        finding=tripwires_pb2.UNUSUAL_ACCESS_FINDING_EXPLAINED,
    ),
    "LookupService/SearchRegistrations": prosecution_search,
    "OversightService/RegisterWitness": lambda _: witnesses.registration(WITNESS),
    "OversightService/RetireWitness": lambda _: witnesses.retirement(WITNESS),
    "OversightService/AddCosignatures": lambda _: witnesses_pb2.AddCosignaturesRequest(
        request_id=str(uuid.uuid4()), checkpoint=b"test.example/ledger\n1\n"
    ),
    "DirectoryService/EnrolOfficer": lambda _: enrolment(),
    "DirectoryService/DisableOfficer": lambda _: disabling(),
    "DirectoryService/EnrolConsumer": lambda _: consumers_pb2.EnrolConsumerRequest(
        request_id=str(uuid.uuid4()), consumer="SYSTEM-1", places=["PK-PB/LHR"]
    ),
    "DirectoryService/DisableConsumer": lambda _: consumers_pb2.DisableConsumerRequest(
        request_id=str(uuid.uuid4()), consumer="SYSTEM-1"
    ),
    "DirectoryService/DisableOwnKey": lambda _: directory_pb2.DisableOwnKeyRequest(
        request_id=str(uuid.uuid4()), reason=directory_pb2.DISABLE_REASON_KEY_COMPROMISED
    ),
    "DirectoryService/ProposePolicy": lambda _: proposed_policy(),
    "DirectoryService/WithdrawPolicyProposal": lambda _: directory_pb2.WithdrawPolicyProposalRequest(
        request_id=str(uuid.uuid4()), proposal_id=str(uuid.uuid4())
    ),
    "DirectoryService/AdoptPolicy": lambda _: directory_pb2.AdoptPolicyRequest(
        request_id=str(uuid.uuid4()), proposal_id=str(uuid.uuid4()), etag="0" * 32
    ),
    "DirectoryService/ProposeRegisterSeal": lambda _: register_seal_pb2.ProposeRegisterSealRequest(
        request_id=str(uuid.uuid4()),
        action=register_seal_pb2.REGISTER_SEAL_ACTION_SEAL,
        reason=register_seal_pb2.REGISTER_SEAL_REASON_DRILL,
    ),
    "DirectoryService/ConfirmRegisterSeal": lambda _: register_seal_pb2.ConfirmRegisterSealRequest(
        request_id=str(uuid.uuid4()), proposal_id=str(uuid.uuid4())
    ),
}
"""By the method's name without its package."""


def request_of(method: str, known: Known) -> Message:
    """A request of a method, by its full name."""
    return OF_METHOD[method.removeprefix("nsor.v1.")](known)
