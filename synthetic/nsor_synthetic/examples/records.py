"""Example requests of what becomes of a record: reviews, custody, judgments, corrections, ends, identity."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import Message
from google.type import date_pb2

from nsor.v1 import (
    closure_pb2,
    corrections_pb2,
    custody_pb2,
    identity_pb2,
    judgments_pb2,
    proposals_pb2,
    registration_pb2,
    reviews_pb2,
    sealed_pb2,
    types_pb2,
    validation_pb2,
    worklists_pb2,
)
from nsor_synthetic.examples import parts


def reviews(ids: parts.Ids) -> Iterator[Message]:
    """Of reviews."""
    yield reviews_pb2.ListReviewsRequest(page_size=50, page_token="17")  # noqa: S106 - a page token, no secret
    yield reviews_pb2.GetReviewRequest(review_number=17)
    yield reviews_pb2.ProposeReviewDecisionRequest(
        request_id=ids.uuid("review-proposal"),
        review_number=17,
        etag="0123456789abcdef",
        decision=reviews_pb2.REVIEW_DECISION_ENTERED_IN_ERROR,
        decided_registration_ids=[ids.uuid("registration")],
    )
    yield reviews_pb2.ConfirmReviewDecisionRequest(
        request_id=ids.uuid("review-decision"),
        review_number=17,
        etag="0123456789abcdef",
        decision=reviews_pb2.REVIEW_DECISION_ENTERED_IN_ERROR,
    )


def custody(ids: parts.Ids) -> Iterator[Message]:
    """Of custody."""
    registration = ids.uuid("registration")
    yield custody_pb2.RecordCustodyEventRequest(
        request_id=ids.uuid("release-expected"),
        registration_id=registration,
        etag="0123456789abcdef",
        kind=custody_pb2.CUSTODY_EVENT_KIND_RELEASE_EXPECTED,
        event_date=date_pb2.Date(year=2025, month=2, day=28),
        expected_date=date_pb2.Date(year=2190, month=3, day=1),
        address=parts.address(),
    )
    yield custody_pb2.RecordCustodyEventRequest(
        request_id=ids.uuid("taken-back"),
        registration_id=registration,
        etag="0123456789abcdef",
        kind=custody_pb2.CUSTODY_EVENT_KIND_TAKEN_BACK,
        event_date=date_pb2.Date(year=2025, month=2, day=28),
        taken_back_kind=custody_pb2.CUSTODY_EVENT_KIND_ESCAPED,
    )
    yield custody_pb2.AcceptReleaseRequest(
        request_id=ids.uuid("accept-release"), registration_id=registration, etag="0123456789abcdef"
    )
    yield custody_pb2.RefuseReleaseRequest(
        request_id=ids.uuid("refuse-release"),
        registration_id=registration,
        etag="0123456789abcdef",
        reason=custody_pb2.RELEASE_REFUSAL_OTHER_STATION,
    )
    yield custody_pb2.GetCustodyRequest(registration_id=registration)


def judgments(ids: parts.Ids) -> Iterator[Message]:
    """Of judgments."""
    yield registration_pb2.RecordJudgmentRequest(
        request_id=ids.uuid("record judgment"),
        trial=registration_pb2.TrialJudgment(
            court_kind=types_pb2.COURT_KIND_SPECIAL_COURT,
            place_code="PK-PB/LHR",
            case_number=parts.CASE_NUMBER,
            judgment_date=parts.JUDGED,
        ),
        kind=registration_pb2.JUDGMENT_KIND_SENTENCE_VARIED,
        court_kind=types_pb2.COURT_KIND_HIGH_COURT,
        order_number="Crl. Appeal No. 456/2023",
        order_date=date_pb2.Date(year=2024, month=2, day=1),
        counts=[
            registration_pb2.JudgedCount(
                offence_code="PPC-376",
                offence_date=date_pb2.Date(year=2022, month=8, day=30),
                sentence_kind=types_pb2.SENTENCE_KIND_IMPRISONMENT,
                months=120,
            )
        ],
        cnics=["8220312345670"],
    )
    yield registration_pb2.ConfirmJudgmentRequest(
        request_id=ids.uuid("confirm judgment"),
        judgment_id=ids.uuid("judgment"),
        order_number="Crl. Appeal No. 456/2023",
    )
    yield registration_pb2.ProposeUnsealingRequest(
        request_id=ids.uuid("propose unsealing"), judgment_id=ids.uuid("judgment")
    )
    yield registration_pb2.ConfirmUnsealingRequest(
        request_id=ids.uuid("confirm unsealing"), judgment_id=ids.uuid("judgment")
    )
    yield registration_pb2.GetJudgmentRequest(judgment_id=ids.uuid("judgment"))


def sealed(ids: parts.Ids) -> Iterator[Message]:
    """Of what is sealed, and of proposals that end."""
    reading, registration = ids.uuid("sealed-reading"), ids.uuid("registration")
    yield sealed_pb2.ProposeSealedReadingRequest(
        request_id=ids.uuid("propose-reading"),
        registration_id=registration,
        reason=sealed_pb2.SEALED_READING_REASON_COURT_ORDER,
    )
    yield sealed_pb2.ConfirmSealedReadingRequest(
        request_id=ids.uuid("confirm-reading"), sealed_reading_id=reading, registration_id=registration
    )
    yield sealed_pb2.GetSealedRegistrationRequest(sealed_reading_id=reading)
    yield proposals_pb2.WithdrawProposalRequest(request_id=ids.uuid("withdraw reading"), sealed_reading_id=reading)
    yield proposals_pb2.WithdrawProposalRequest(
        request_id=ids.uuid("withdraw unsealing"), judgment_id=ids.uuid("judgment")
    )
    yield proposals_pb2.WithdrawProposalRequest(request_id=ids.uuid("withdraw merge"), review_number=17)
    yield proposals_pb2.RefuseProposalRequest(
        request_id=ids.uuid("refuse merge"), review_number=17, reason=proposals_pb2.PROPOSAL_REFUSAL_NOT_SO
    )
    yield proposals_pb2.RefuseProposalRequest(
        request_id=ids.uuid("refuse closure"),
        closure_id=ids.uuid("closure"),
        reason=proposals_pb2.PROPOSAL_REFUSAL_NOT_SHOWN,
    )
    yield worklists_pb2.ListPendingDecisionsRequest(page_size=50, page_token="17", ended=True)  # noqa: S106 - as above
    yield judgments_pb2.ListUnmatchedJudgmentsRequest(page_token="17")  # noqa: S106 - as above


def ends(ids: parts.Ids) -> Iterator[Message]:
    """Of corrections, a record's end and its revalidation."""
    registration = ids.uuid("registration")
    yield corrections_pb2.RequestCorrectionRequest(
        request_id=ids.uuid("correction"),
        cnic="8220312345670",
        particular=corrections_pb2.CORRECTION_PARTICULAR_BIRTH,
        support=corrections_pb2.CORRECTION_SUPPORT_IDENTITY_DOCUMENT,
        application_number="APP-9/2024",
        receiving_station=parts.STATION,
        received_date=date_pb2.Date(year=2024, month=3, day=4),
        contests_refusal=True,
    )
    yield corrections_pb2.ListCorrectionsRequest(registration_id=registration)
    yield corrections_pb2.DecideCorrectionRequest(
        request_id=ids.uuid("decide correction"),
        registration_id=registration,
        correction_id=ids.uuid("met correction"),
        refusal=corrections_pb2.CORRECTION_REFUSAL_SOURCE_AGREES,
    )
    yield closure_pb2.ProposeClosureRequest(
        request_id=ids.uuid("propose closure"),
        registration_id=registration,
        etag="0123456789abcdef",
        kind=closure_pb2.CLOSURE_KIND_DECEASED,
        died_date=date_pb2.Date(year=2024, month=3, day=1),
        certificate_number="CRMS-12345/2024",
    )
    yield closure_pb2.ProposeClosureRequest(
        request_id=ids.uuid("propose erasure"),
        registration_id=registration,
        etag="0123456789abcdef",
        kind=closure_pb2.CLOSURE_KIND_ERASED,
        erasure_reason=closure_pb2.ERASURE_REASON_NOT_CONVICTED,
    )
    yield closure_pb2.ProposeClosureRequest(
        request_id=ids.uuid("propose withdrawal"),
        registration_id=registration,
        etag="0123456789abcdef",
        kind=closure_pb2.CLOSURE_KIND_WITHDRAWN,
        erasure_reason=closure_pb2.ERASURE_REASON_OTHER_PERSON,
    )
    yield closure_pb2.ConfirmClosureRequest(
        request_id=ids.uuid("confirm closure"), registration_id=registration, closure_id=ids.uuid("closure")
    )
    yield validation_pb2.RevalidateRegistrationRequest(
        request_id=ids.uuid("revalidate"),
        registration_id=registration,
        etag="0123456789abcdef",
        tier=validation_pb2.SUPERVISION_TIER_ENHANCED,
    )


def identity(ids: parts.Ids) -> Iterator[Message]:
    """Of identities."""
    yield identity_pb2.ClaimVerificationRequest()
    yield identity_pb2.VerifyIdentityRequest(
        request_id=ids.uuid("verify identity"),
        handle=ids.uuid("identity item"),
        result=identity_pb2.IDENTITY_STATE_MISMATCH,
        mismatches=[identity_pb2.IDENTITY_PARTICULAR_NAME],
        reference_number="VR-1234/2026",
        checked_date=date_pb2.Date(year=2024, month=3, day=4),
    )
    yield identity_pb2.ReportIdentityChangeRequest(
        request_id=ids.uuid("report identity change"),
        handle=ids.uuid("identity item"),
        kind=identity_pb2.IDENTITY_CHANGE_KIND_NAME,
        names=[parts.person_name("نسرین اختر", "محمد اکرم"), parts.person_name("Nasreen Akhtar", "Muhammad Akram")],
        reference_number="VR-1234/2026",
    )
    yield identity_pb2.ReportIdentityChangeRequest(
        request_id=ids.uuid("report identity number"),
        handle=ids.uuid("identity item"),
        kind=identity_pb2.IDENTITY_CHANGE_KIND_NUMBER,
        reference_number="VR-1234/2026",
        document_number="8220312345670",
    )
    yield identity_pb2.DecideIdentityChangeRequest(
        request_id=ids.uuid("decide identity change"),
        registration_id=ids.uuid("registration"),
        etag="0123456789abcdef",
        change_id=ids.uuid("identity change"),
        decision=identity_pb2.IDENTITY_CHANGE_STATE_DISPUTED,
        dispute=identity_pb2.IDENTITY_DISPUTE_OTHER_PERSON,
    )
