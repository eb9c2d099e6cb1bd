"""Example requests that enter, confirm, import, amend and show records, and of their photos."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf import field_mask_pb2
from google.protobuf.message import Message
from google.type import date_pb2

from nsor.v1 import amendments_pb2, options_pb2, registration_pb2, types_pb2, worklists_pb2
from nsor_synthetic.examples import parts
from nsor_synthetic.pictures import picture


def create_registration(seed: int) -> registration_pb2.CreateRegistrationRequest:
    """Give a conviction order with every field set. The CNIC is one of Azad Kashmir and ends in 0."""
    return registration_pb2.CreateRegistrationRequest(
        request_id=parts.Ids(seed).uuid("create"),
        person=types_pb2.Person(
            names=[
                parts.person_name("نسرین اختر", "محمد اکرم"),
                parts.person_name("Nasreen Akhtar", "Muhammad Akram"),
            ],
            cnic="8220312345670",
            identity_document=types_pb2.IDENTITY_DOCUMENT_NICOP,
            sex=types_pb2.SEX_FEMALE,
            birth_date=date_pb2.Date(year=1984, month=5, day=17),
            birth_date_precision=types_pb2.DATE_PRECISION_DAY,
            nationality="PK",
            travel_documents=[parts.travel_document()],
            mobile_numbers=["+923990000001"],
        ),
        convictions=[parts.conviction()],
        addresses=[parts.address()],
        custody=types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id="punjab-prisons"),
    )


def amend_registration(seed: int) -> amendments_pb2.AmendRegistrationRequest:
    """Give an amendment with every field set that one officer amends."""
    ids, given = parts.Ids(seed), particulars()
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


def particulars() -> amendments_pb2.Particulars:
    """Give particulars with every field set."""
    return amendments_pb2.Particulars(
        names=[parts.person_name("نسرین اختر", "محمد اکرم"), parts.person_name("Nasreen Akhtar", "Muhammad Akram")],
        cnic="8220312345670",
        identity_document=types_pb2.IDENTITY_DOCUMENT_NICOP,
        sex=types_pb2.SEX_FEMALE,
        birth_date=date_pb2.Date(year=1984, month=5, day=17),
        birth_date_precision=types_pb2.DATE_PRECISION_DAY,
        nationality="PK",
        travel_documents=[parts.travel_document()],
        mobile_numbers=["+923990000001"],
        addresses=[parts.address()],
        marks=[
            amendments_pb2.Mark(
                kind=amendments_pb2.MARK_KIND_SCAR,
                body_part=amendments_pb2.BODY_PART_FOREARM,
                side=amendments_pb2.BODY_SIDE_LEFT,
            )
        ],
        vehicles=[amendments_pb2.Vehicle(kind=amendments_pb2.VEHICLE_KIND_MOTORCYCLE, number="LEB-12-1234")],
        occupations=[amendments_pb2.Occupation(kind=amendments_pb2.OCCUPATION_KIND_SHOP, place_code=parts.STATION)],
        email_addresses=["nasreen.test@example.pk"],
        accounts=[amendments_pb2.Account(service=amendments_pb2.ACCOUNT_SERVICE_FACEBOOK, name="nasreen.test")],
        fingerprint_references=["FPB-123/2022"],
        dna_references=["DNA-123/2022"],
    )


def proposals(ids: parts.Ids) -> Iterator[Message]:
    """Of a proposed amendment."""
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


def photos(ids: parts.Ids) -> Iterator[Message]:
    """Of photos."""
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


def entries(ids: parts.Ids, seed: int) -> Iterator[Message]:
    """Of entering, confirming, importing and showing records."""
    yield create_registration(seed)
    yield registration_pb2.ConfirmRegistrationRequest(
        request_id=ids.uuid("confirm"),
        registration_id=ids.uuid("registration"),
        etag="0123456789abcdef",
        case_number=parts.CASE_NUMBER,
        judgment_date=parts.JUDGED,
        court=registration_pb2.Court(court_kind=types_pb2.COURT_KIND_SPECIAL_COURT, place_code="PK-PB/LHR"),
    )
    yield registration_pb2.ConfirmRegistrationsRequest(
        request_id=ids.uuid("confirm-many"),
        confirmations=[
            registration_pb2.Confirmation(
                registration_id=ids.uuid("registration"),
                etag="0123456789abcdef",
                case_number=parts.CASE_NUMBER,
                judgment_date=parts.JUDGED,
            )
        ],
    )
    yield registration_pb2.AddConvictionRequest(
        request_id=ids.uuid("add-conviction"),
        registration_id=ids.uuid("registration"),
        etag="0123456789abcdef",
        conviction=parts.conviction(),
    )
    yield registration_pb2.GetRegistrationRequest(
        registration_id=ids.uuid("registration"), as_of_date=date_pb2.Date(year=2024, month=2, day=29)
    )
    yield registration_pb2.ImportRegistrationsRequest(
        import_id=ids.uuid("import"), rows=[registration_pb2.ImportRow(row=1, order=create_registration(seed))]
    )
    yield registration_pb2.ListImportFindingsRequest(import_id=ids.uuid("import"), page_token="17")  # noqa: S106 - a page token, no secret
    yield amend_registration(seed)
    yield worklists_pb2.ListRegistrationsRequest(
        kind=worklists_pb2.WORK_KIND_APPEAL_WINDOW,
        page_size=50,
        page_token="dG9rZW4",  # noqa: S106 - as above
    )
