"""One whole and valid request of each kind, with every field set, for the tests that break them field by field."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf import field_mask_pb2
from google.protobuf.message import Message
from google.type import date_pb2

from nsor.v1 import (
    amendments_pb2,
    closure_pb2,
    consumers_pb2,
    corrections_pb2,
    custody_pb2,
    directory_pb2,
    duties_pb2,
    identity_pb2,
    judgments_pb2,
    lookup_pb2,
    notices_pb2,
    notification_pb2,
    options_pb2,
    oversight_pb2,
    proposals_pb2,
    registration_pb2,
    reviews_pb2,
    sealed_pb2,
    transfers_pb2,
    types_pb2,
    validation_pb2,
    worklists_pb2,
)
from nsor_synthetic.orders import NAMESPACE
from nsor_synthetic.pictures import picture

_STATION: Final = "PK-PB/LHR/PS-001"
_CASE_NUMBER: Final = "Sessions Case No. 123/2023"
_JUDGED: Final = date_pb2.Date(year=2023, month=6, day=15)


class _Ids:
    """Ids and bytes that a seed decides."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def uuid(self, use: str) -> str:
        return str(uuid.uuid5(NAMESPACE, f"{self._seed}/{use}"))

    def octets(self, use: str, size: int) -> bytes:
        return hashlib.shake_256(f"{self._seed}/{use}".encode()).digest(size)


def requests(seed: int) -> Iterator[Message]:
    """Give the requests; a look-up for each of its bases."""
    ids = _Ids(seed)
    yield create_registration(seed)
    yield registration_pb2.ConfirmRegistrationRequest(
        request_id=ids.uuid("confirm"),
        registration_id=ids.uuid("registration"),
        etag="0123456789abcdef",
        case_number=_CASE_NUMBER,
        judgment_date=_JUDGED,
        court=registration_pb2.Court(court_kind=types_pb2.COURT_KIND_SPECIAL_COURT, place_code="PK-PB/LHR"),
    )
    yield registration_pb2.ConfirmRegistrationsRequest(
        request_id=ids.uuid("confirm-many"),
        confirmations=[
            registration_pb2.Confirmation(
                registration_id=ids.uuid("registration"),
                etag="0123456789abcdef",
                case_number=_CASE_NUMBER,
                judgment_date=_JUDGED,
            )
        ],
    )
    yield registration_pb2.AddConvictionRequest(
        request_id=ids.uuid("add-conviction"),
        registration_id=ids.uuid("registration"),
        etag="0123456789abcdef",
        conviction=_conviction(),
    )
    yield registration_pb2.GetRegistrationRequest(
        registration_id=ids.uuid("registration"), as_of_date=date_pb2.Date(year=2024, month=2, day=29)
    )
    yield registration_pb2.ImportRegistrationsRequest(
        import_id=ids.uuid("import"), rows=[registration_pb2.ImportRow(row=1, order=create_registration(seed))]
    )
    yield registration_pb2.ListImportFindingsRequest(import_id=ids.uuid("import"), page_token="17")  # noqa: S106 - as below
    yield amend_registration(seed)
    yield worklists_pb2.ListRegistrationsRequest(
        kind=worklists_pb2.WORK_KIND_APPEAL_WINDOW,
        page_size=50,
        page_token="dG9rZW4",  # noqa: S106 - as below
    )
    yield from _proposals(ids)
    yield from _photos(ids)
    yield from _reviews(ids)
    yield from _custody(ids)
    yield from _judgments(ids)
    yield from _sealed(ids)
    yield worklists_pb2.ListPendingDecisionsRequest(page_size=50, page_token="17", ended=True)  # noqa: S106 - as above
    yield judgments_pb2.ListUnmatchedJudgmentsRequest(page_token="17")  # noqa: S106 - as above
    yield from _ends(ids)
    yield from _identity(ids)
    yield from _notification(ids)
    yield from _access_requests(ids)
    yield from _opened(ids)
    yield from _look_ups(ids)
    yield from _oversight(ids)
    yield from _directory(ids)


def amend_registration(seed: int) -> amendments_pb2.AmendRegistrationRequest:
    """Give an amendment with every field set that one officer amends."""
    ids, given = _Ids(seed), particulars()
    for field in given.DESCRIPTOR.fields:
        if field.GetOptions().Extensions[options_pb2.field].second_officer:
            given.ClearField(field.name)  # type: ignore[arg-type]  # a field's name
    return amendments_pb2.AmendRegistrationRequest(
        request_id=ids.uuid("amend"),
        registration_id=ids.uuid("registration"),
        etag="0123456789abcdef",
        update_mask=field_mask_pb2.FieldMask(paths=[field.name for field, _ in given.ListFields()]),
        particulars=given,
    )


def _proposals(ids: _Ids) -> Iterator[Message]:
    registration, given = ids.uuid("registration"), particulars()
    yield amendments_pb2.ProposeAmendmentRequest(
        request_id=ids.uuid("propose amendment"),
        registration_id=registration,
        update_mask=field_mask_pb2.FieldMask(paths=[field.name for field in given.DESCRIPTOR.fields]),
        particulars=given,
    )
    yield amendments_pb2.AcceptAmendmentRequest(
        request_id=ids.uuid("accept amendment"),
        registration_id=registration,
        etag="0123456789abcdef",
        amendment_id=ids.uuid("amendment"),
    )
    yield amendments_pb2.WithdrawAmendmentRequest(
        request_id=ids.uuid("withdraw amendment"),
        registration_id=ids.uuid("registration"),
        amendment_id=ids.uuid("amendment"),
    )
    yield amendments_pb2.RefuseAmendmentRequest(
        request_id=ids.uuid("refuse amendment"),
        registration_id=registration,
        amendment_id=ids.uuid("amendment"),
        reason=amendments_pb2.AMENDMENT_REFUSAL_NOT_SHOWN,
    )
    yield amendments_pb2.ListAmendmentsRequest(registration_id=registration)
    yield amendments_pb2.GetAmendmentRequest(registration_id=registration, amendment_id=ids.uuid("amendment"))


def particulars() -> amendments_pb2.Particulars:
    """Give particulars with every field set."""
    return amendments_pb2.Particulars(
        names=[_name("نسرین اختر", "محمد اکرم"), _name("Nasreen Akhtar", "Muhammad Akram")],
        cnic="8220312345670",
        identity_document=types_pb2.IDENTITY_DOCUMENT_NICOP,
        sex=types_pb2.SEX_FEMALE,
        birth_date=date_pb2.Date(year=1984, month=5, day=17),
        birth_date_precision=types_pb2.DATE_PRECISION_DAY,
        nationality="PK",
        travel_documents=[_travel_document()],
        mobile_numbers=["+923990000001"],
        addresses=[_address()],
        marks=[
            amendments_pb2.Mark(
                kind=amendments_pb2.MARK_KIND_SCAR,
                body_part=amendments_pb2.BODY_PART_FOREARM,
                side=amendments_pb2.BODY_SIDE_LEFT,
            )
        ],
        vehicles=[amendments_pb2.Vehicle(kind=amendments_pb2.VEHICLE_KIND_MOTORCYCLE, number="LEB-12-1234")],
        occupations=[amendments_pb2.Occupation(kind=amendments_pb2.OCCUPATION_KIND_SHOP, place_code=_STATION)],
        email_addresses=["nasreen.test@example.pk"],
        accounts=[amendments_pb2.Account(service=amendments_pb2.ACCOUNT_SERVICE_FACEBOOK, name="nasreen.test")],
        fingerprint_references=["FPB-123/2022"],
        dna_references=["DNA-123/2022"],
    )


def _reviews(ids: _Ids) -> Iterator[Message]:
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


def _photos(ids: _Ids) -> Iterator[Message]:
    photo, registration = ids.uuid("photo"), ids.uuid("registration")
    yield registration_pb2.AddPhotoRequest(
        request_id=ids.uuid("add-photo"),
        registration_id=registration,
        file=picture(),
        taken_date=date_pb2.Date(year=2024, month=2, day=29),
    )
    yield registration_pb2.ConfirmPhotoRequest(
        request_id=ids.uuid("confirm-photo"), registration_id=registration, photo_id=photo
    )
    yield registration_pb2.RejectPhotoRequest(
        request_id=ids.uuid("reject-photo"),
        registration_id=registration,
        photo_id=photo,
        reason=registration_pb2.PHOTO_REJECTION_UNCLEAR,
    )
    yield registration_pb2.ListPhotosRequest(registration_id=registration)
    yield registration_pb2.GetPhotoRequest(registration_id=registration, photo_id=photo)


def _ends(ids: _Ids) -> Iterator[Message]:
    registration = ids.uuid("registration")
    yield corrections_pb2.RequestCorrectionRequest(
        request_id=ids.uuid("correction"),
        cnic="8220312345670",
        particular=corrections_pb2.CORRECTION_PARTICULAR_BIRTH,
        support=corrections_pb2.CORRECTION_SUPPORT_IDENTITY_DOCUMENT,
        application_number="APP-9/2024",
        receiving_station=_STATION,
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


def _custody(ids: _Ids) -> Iterator[Message]:
    registration = ids.uuid("registration")
    yield custody_pb2.RecordCustodyEventRequest(
        request_id=ids.uuid("release-expected"),
        registration_id=registration,
        etag="0123456789abcdef",
        kind=custody_pb2.CUSTODY_EVENT_KIND_RELEASE_EXPECTED,
        event_date=date_pb2.Date(year=2025, month=2, day=28),
        expected_date=date_pb2.Date(year=2190, month=3, day=1),
        address=_address(),
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


def create_registration(seed: int) -> registration_pb2.CreateRegistrationRequest:
    """Give a conviction order with every field set. The CNIC is one of Azad Kashmir and ends in 0."""
    return registration_pb2.CreateRegistrationRequest(
        request_id=_Ids(seed).uuid("create"),
        person=types_pb2.Person(
            names=[
                _name("نسرین اختر", "محمد اکرم"),
                _name("Nasreen Akhtar", "Muhammad Akram"),
            ],
            cnic="8220312345670",
            identity_document=types_pb2.IDENTITY_DOCUMENT_NICOP,
            sex=types_pb2.SEX_FEMALE,
            birth_date=date_pb2.Date(year=1984, month=5, day=17),
            birth_date_precision=types_pb2.DATE_PRECISION_DAY,
            nationality="PK",
            travel_documents=[_travel_document()],
            mobile_numbers=["+923990000001"],
        ),
        convictions=[_conviction()],
        addresses=[_address()],
        custody=types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id="punjab-prisons"),
    )


def _name(name: str, relative: str) -> types_pb2.PersonName:
    return types_pb2.PersonName(
        kind=types_pb2.NAME_KIND_OFFICIAL,
        name=name,
        relative_name=relative,
        relation=types_pb2.RELATION_DAUGHTER_OF,
    )


def _travel_document() -> types_pb2.TravelDocument:
    return types_pb2.TravelDocument(
        number="ZZ0000001",
        country="PK",
        expiry_date=date_pb2.Date(year=2031, month=1, day=31),
        kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT,
    )


def _address() -> types_pb2.Address:
    return types_pb2.Address(
        kind=types_pb2.ADDRESS_KIND_CURRENT,
        place_code=_STATION,
        locality_code="UC-12",
        street_number="7",
        house_number="14/B",
        postal_code="54000",
        since_date=date_pb2.Date(year=2020, month=2, day=29),
    )


def _fir() -> types_pb2.FirKey:
    return types_pb2.FirKey(
        police_station=_STATION, year=2022, serial=679, fir_date=date_pb2.Date(year=2022, month=9, day=2)
    )


def _court_case() -> types_pb2.CourtCase:
    return types_pb2.CourtCase(
        court_kind=types_pb2.COURT_KIND_SPECIAL_COURT, place_code="PK-PB/LHR", case_number=_CASE_NUMBER
    )


def _conviction() -> types_pb2.Conviction:
    return types_pb2.Conviction(
        court_case=_court_case(),
        verdict=types_pb2.VERDICT_CONVICTED,
        judgment_date=_JUDGED,
        fir=_fir(),
        counts=[
            types_pb2.Count(
                offence_code="PPC-376",
                offence_date=date_pb2.Date(year=2022, month=8, day=30),
                victim_class=types_pb2.VICTIM_CLASS_WOMAN,
                sentence_kind=types_pb2.SENTENCE_KIND_IMPRISONMENT,
                months=240,
            ),
            types_pb2.Count(
                offence_code="PPC-511",
                offence_date=date_pb2.Date(year=2022, month=8, day=30),
                victim_class=types_pb2.VICTIM_CLASS_WOMAN,
                sentence_kind=types_pb2.SENTENCE_KIND_IMPRISONMENT,
                months=60,
                underlying_offence_code="PPC-376",
            ),
        ],
        appeal_state=types_pb2.APPEAL_STATE_NONE,
    )


def _sealed(ids: _Ids) -> Iterator[Message]:
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


def _judgments(ids: _Ids) -> Iterator[Message]:
    yield registration_pb2.RecordJudgmentRequest(
        request_id=ids.uuid("record judgment"),
        trial=registration_pb2.TrialJudgment(
            court_kind=types_pb2.COURT_KIND_SPECIAL_COURT,
            place_code="PK-PB/LHR",
            case_number=_CASE_NUMBER,
            judgment_date=_JUDGED,
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


def _identity(ids: _Ids) -> Iterator[Message]:
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
        names=[_name("نسرین اختر", "محمد اکرم"), _name("Nasreen Akhtar", "Muhammad Akram")],
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


def _notice(ids: _Ids, **kind: Any) -> notices_pb2.CreateNoticeRequest:
    return notices_pb2.CreateNoticeRequest(
        request_id=ids.uuid("notice"),
        registration_id=ids.uuid("registration"),
        event_date=date_pb2.Date(year=2024, month=3, day=1),
        received_date=date_pb2.Date(year=2024, month=3, day=4),
        receiving_station=_STATION,
        timing=notices_pb2.NOTICE_TIMING_HAPPENED,
        **kind,
    )


def _notices(ids: _Ids) -> Iterator[Message]:
    """One of each kind."""
    yield _notice(ids, address=_address(), supersedes_notice_id=ids.uuid("notice-id"))
    yield _notice(ids, name=notices_pb2.NameNotice(names=[_name("Nasreen Khan", "Muhammad Akram")]))
    yield _notice(
        ids,
        contact=notices_pb2.ContactNotice(
            mobile_numbers=["+923990000002"],
            email_addresses=["nasreen@example.pk"],
            ended_mobile_numbers=["+923990000001"],
            ended_email_addresses=["akhtar@example.pk"],
        ),
    )
    yield _notice(
        ids,
        travel=notices_pb2.TravelNotice(
            legs=[
                notices_pb2.TravelLeg(
                    country="PK",
                    place_code=_STATION,
                    departure_date=date_pb2.Date(year=2024, month=3, day=1),
                    arrival_date=date_pb2.Date(year=2024, month=3, day=2),
                    mode=notices_pb2.TRAVEL_MODE_AIR,
                    border_crossing=notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT,
                    carrier_code="PK",
                ),
                notices_pb2.TravelLeg(
                    country="SA",
                    departure_date=date_pb2.Date(year=2024, month=3, day=2),
                    arrival_date=date_pb2.Date(year=2024, month=3, day=2),
                    mode=notices_pb2.TRAVEL_MODE_AIR,
                    border_crossing=notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT,
                    carrier_code="PK",
                ),
            ],
            purpose=notices_pb2.TRAVEL_PURPOSE_PILGRIMAGE,
            document=_travel_document(),
            return_date=date_pb2.Date(year=2024, month=3, day=20),
        ),
    )
    yield _notice(
        ids, travel_return=notices_pb2.ReturnNotice(border_crossing=notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT)
    )
    yield _notice(ids, periodic=notices_pb2.PeriodicNotice(photo_id=ids.uuid("photo")))
    yield _notice(ids, no_fixed_abode=notices_pb2.NoFixedAbodeNotice(place_code="PK-PB/LHR"))
    yield _notice(ids, home_visit=notices_pb2.HomeVisitNotice(result=notices_pb2.HOME_VISIT_RESULT_MET))


def _decided_notices(ids: _Ids) -> Iterator[Message]:
    yield notices_pb2.WithdrawNoticeRequest(
        request_id=ids.uuid("withdraw-notice"),
        registration_id=ids.uuid("registration"),
        notice_id=ids.uuid("notice-id"),
        reason=notices_pb2.NOTICE_WITHDRAWAL_MISTAKE,
    )
    yield notices_pb2.DecideNoticeRequest(
        request_id=ids.uuid("decide-notice"),
        registration_id=ids.uuid("registration"),
        notice_id=ids.uuid("notice-id"),
        decision=notices_pb2.NOTICE_STATE_REFUSED,
        refusal=notices_pb2.NOTICE_REFUSAL_NOT_SO,
    )


def _read_notices(ids: _Ids) -> Iterator[Message]:
    yield notices_pb2.GetNoticeRequest(registration_id=ids.uuid("registration"), notice_id=ids.uuid("notice-id"))
    yield notices_pb2.ListNoticesRequest(registration_id=ids.uuid("registration"))


def _notification(ids: _Ids) -> Iterator[Message]:
    yield from _notices(ids)
    yield from _decided_notices(ids)
    yield from _read_notices(ids)
    yield notification_pb2.SubscribeEventsRequest(
        after_sequence=3, consumer="SYSTEM-1", after_event_id=ids.uuid("event")
    )
    yield notification_pb2.AcknowledgeEventsRequest(through_sequence=3, consumer="SYSTEM-1")
    yield from _transfers(ids)
    yield from _duties(ids)


def _duties(ids: _Ids) -> Iterator[Message]:
    registration, duty = ids.uuid("registration"), ids.uuid("duty")
    yield duties_pb2.GetDutyRequest(registration_id=registration, duty_id=duty)
    yield duties_pb2.ListDutiesRequest(overdue=True, page_size=50, page_token="17")  # noqa: S106 - as above
    yield duties_pb2.WaiveDutyRequest(
        request_id=ids.uuid("waive"),
        registration_id=registration,
        etag="0123456789abcdef",
        duty_id=duty,
        reason=duties_pb2.DUTY_WAIVER_ILLNESS,
    )


def _transfers(ids: _Ids) -> Iterator[Message]:
    registration = ids.uuid("registration")
    yield transfers_pb2.DecideTransferRequest(
        request_id=ids.uuid("decide-transfer"),
        registration_id=registration,
        etag="0123456789abcdef",
        decision=transfers_pb2.TRANSFER_DECISION_REFUSE,
        refusal=transfers_pb2.TRANSFER_REFUSAL_NOT_FOUND_THERE,
    )
    yield transfers_pb2.ResolveTransferRequest(
        request_id=ids.uuid("resolve-transfer"),
        registration_id=registration,
        etag="0123456789abcdef",
        resolution=transfers_pb2.TRANSFER_RESOLUTION_ASSIGN,
    )
    yield transfers_pb2.GetTransferRequest(registration_id=registration)
    yield transfers_pb2.ListTransfersRequest(page_size=50, page_token="dG9rZW4")  # noqa: S106 - as above


def _access_requests(ids: _Ids) -> Iterator[Message]:
    yield lookup_pb2.CreateAccessRequestRequest(
        request_id=ids.uuid("access"),
        fir=_fir(),
        suspects=[lookup_pb2.Suspect(cnic="8220312345670", name=_name("Nasreen Akhtar", "Muhammad Akram"))],
        annexure_a=lookup_pb2.AnnexureA(
            officer_grade=17,
            posting=_STATION,
            offence_codes=["PPC-376"],
            stage=lookup_pb2.INVESTIGATION_STAGE_ARREST_MADE,
            ground=lookup_pb2.ACCESS_GROUND_PREVIOUS_CONVICTION,
            fir_copy_number="FC-12/2022",
            application_number="APP-9/2022",
            application_date=date_pb2.Date(year=2022, month=9, day=5),
        ),
    )
    yield lookup_pb2.GetAccessRequestRequest(access_request_id=ids.uuid("access"))
    yield lookup_pb2.ApproveAccessRequestRequest(
        request_id=ids.uuid("approve"), access_request_id=ids.uuid("access"), etag="0123456789abcdef"
    )
    yield lookup_pb2.ReturnAccessRequestRequest(
        request_id=ids.uuid("return"),
        access_request_id=ids.uuid("access"),
        etag="0123456789abcdef",
        reasons=[lookup_pb2.RETURN_REASON_DOCUMENTS_INCOMPLETE],
    )


def _opened(ids: _Ids) -> Iterator[Message]:
    yield lookup_pb2.OpenTicketRequest(
        request_id=ids.uuid("open ticket"),
        officer_key_id=ids.octets("worker", 32),
        work=lookup_pb2.TICKET_WORK_CORRECTION,
        cnics=["8220312345670"],
    )
    yield lookup_pb2.OpenCourtCaseRequest(
        request_id=ids.uuid("open case"), court_case=_court_case(), cnics=["8220312345670"]
    )
    yield lookup_pb2.ListGrantsRequest(page_size=50, page_token="dG9rZW4")  # noqa: S106 - a page token, no secret
    yield lookup_pb2.WithdrawGrantRequest(request_id=ids.uuid("withdraw"), grant_id=ids.uuid("grant"))


def _look_ups(ids: _Ids) -> Iterator[Message]:
    bases = {
        options_pb2.PURPOSE_INVESTIGATION: lookup_pb2.LookUpBasis(grant_id=ids.uuid("grant")),
        options_pb2.PURPOSE_PROSECUTION: lookup_pb2.LookUpBasis(fir=_fir()),
        options_pb2.PURPOSE_TRIAL: lookup_pb2.LookUpBasis(court_case_id=ids.uuid("court case")),
        options_pb2.PURPOSE_CUSTODY: lookup_pb2.LookUpBasis(prisoner_number="P-1234/2023"),
        options_pb2.PURPOSE_BORDER_CONTROL: lookup_pb2.LookUpBasis(travel_document=_travel_document()),
        options_pb2.PURPOSE_REGISTER_OPERATION: lookup_pb2.LookUpBasis(ticket_id=ids.uuid("ticket")),
    }
    for purpose, basis in bases.items():
        yield lookup_pb2.LookUpRegistrationRequest(
            request_id=ids.uuid(f"look-up {purpose}"), purpose=purpose, cnic="8220312345670", basis=basis
        )


def _oversight(ids: _Ids) -> Iterator[Message]:
    accesses = oversight_pb2.ListAccessesRequest(
        page_size=50,
        page_token="dG9rZW4",  # noqa: S106 - a page token, no secret
        agency_id="punjab-police",
        outcome=oversight_pb2.ACCESS_OUTCOME_ALLOWED,
        access_id=ids.uuid("access id"),
    )
    accesses.start_time.seconds = 1_700_000_000
    accesses.end_time.seconds = 1_700_086_400
    yield accesses
    yield oversight_pb2.GetCheckpointRequest(min_tree_size=1)
    yield oversight_pb2.GetInclusionProofRequest(leaf_index=1, tree_size=2)
    yield oversight_pb2.GetConsistencyProofRequest(first_tree_size=1, second_tree_size=2)


def _directory(ids: _Ids) -> Iterator[Message]:
    yield directory_pb2.EnrolOfficerRequest(
        request_id=ids.uuid("enrol"),
        officer_number="PB-1234",
        public_key=ids.octets("public key", 32),
        proof_of_possession=ids.octets("proof", 64),
        jurisdiction=["PK-PB/LHR"],
        grade=17,
        kind=directory_pb2.KEY_KIND_OFFICER,
        decides=True,
        replaced_key_id=ids.octets("replaced key id", 32),
    )
    yield directory_pb2.DisableOfficerRequest(
        request_id=ids.uuid("disable"),
        officer_key_id=ids.octets("key id", 32),
        reason=directory_pb2.DISABLE_REASON_LEFT_POST,
    )
    yield directory_pb2.DisableOwnKeyRequest(
        request_id=ids.uuid("disable own"), reason=directory_pb2.DISABLE_REASON_KEY_COMPROMISED
    )
    yield directory_pb2.ListOfficersRequest(page_size=50, page_token="dG9rZW4")  # noqa: S106 - as above
    yield consumers_pb2.EnrolConsumerRequest(
        request_id=ids.uuid("enrol consumer"),
        consumer="SYSTEM-1",
        places=["PK-PB/LHR"],
        kinds=[notification_pb2.EVENT_KIND_KEY_ENROLLED],
    )
    yield consumers_pb2.DisableConsumerRequest(request_id=ids.uuid("disable consumer"), consumer="SYSTEM-1")
    yield consumers_pb2.ListConsumersRequest(page_size=50, page_token="dG9rZW4")  # noqa: S106 - as above
    yield directory_pb2.ListAgenciesRequest(page_size=50, page_token="dG9rZW4")  # noqa: S106 - as above
    yield directory_pb2.ProposePolicyRequest(
        request_id=ids.uuid("propose"),
        document=directory_pb2.POLICY_DOCUMENT_GRANTS,
        toml=b"uses_per_subject = 3\nticket_uses_per_subject = 3\ncourt_case_uses_per_subject = 10\n"
        b'repeat_minutes = 10\ncitation = "working value"\nverified = false\n',
    )
    yield directory_pb2.WithdrawPolicyProposalRequest(
        request_id=ids.uuid("withdraw proposal"), proposal_id=ids.uuid("proposal")
    )
    yield directory_pb2.AdoptPolicyRequest(
        request_id=ids.uuid("adopt"), proposal_id=ids.uuid("proposal"), etag=ids.octets("etag", 16).hex()
    )
    yield directory_pb2.GetPolicyRequest(
        document=directory_pb2.POLICY_DOCUMENT_GRANTS, proposal_id=ids.uuid("proposal")
    )
    yield directory_pb2.ListPoliciesRequest()
