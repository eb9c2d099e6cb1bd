"""Example requests of access, grants and look-ups."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf import timestamp_pb2
from google.protobuf.message import Message
from google.type import date_pb2

from nsor.v1 import access_requests_pb2, grants_pb2, lookup_pb2, options_pb2, recalls_pb2, search_pb2, types_pb2
from nsor_synthetic.examples import parts


def _suspects() -> list[grants_pb2.Suspect]:
    """One by CNIC, one by passport, one who has no number."""
    return [
        grants_pb2.Suspect(
            cnic="8220312345670",
            name=parts.searched_name("Nasreen Akhtar", "Muhammad Akram", "Naseem"),
            birth_year=1990,
        ),
        grants_pb2.Suspect(
            document=parts.travel_document(), name=parts.searched_name("Samina Iqbal", "Iqbal Ahmad"), birth_year=1985
        ),
        grants_pb2.Suspect(name=parts.searched_name("Zar Jana", "گل ولی", "Kala"), birth_year=1979),
    ]


def access_requests(ids: parts.Ids) -> Iterator[Message]:
    """Of requests for access."""
    for use, suspects in (("access", _suspects()), ("access by document", _suspects()[1:])):
        yield access_requests_pb2.CreateAccessRequestRequest(
            request_id=ids.uuid(use),
            fir=parts.fir(),
            suspects=suspects,
            annexure_a=access_requests_pb2.AnnexureA(
                officer_grade=17,
                posting=parts.STATION,
                offence_codes=["PPC-376"],
                stage=access_requests_pb2.INVESTIGATION_STAGE_ARREST_MADE,
                ground=access_requests_pb2.ACCESS_GROUND_PREVIOUS_CONVICTION,
                fir_copy_number="FC-12/2022",
                application_number="APP-9/2022",
                application_date=date_pb2.Date(year=2022, month=9, day=5),
            ),
        )
    yield access_requests_pb2.GetAccessRequestRequest(access_request_id=ids.uuid("access"))
    yield access_requests_pb2.ApproveAccessRequestRequest(
        request_id=ids.uuid("approve"),
        access_request_id=ids.uuid("access"),
        etag="0123456789abcdef",
        part=access_requests_pb2.GrantedPart(
            suspects=[1],
            classes=[options_pb2.FIELD_CLASS_IDENTITY],
            uses_per_subject=1,
            expire_time=timestamp_pb2.Timestamp(seconds=1_800_000_000),
        ),
    )
    yield access_requests_pb2.DecideJuvenileAccessRequest(
        request_id=ids.uuid("juveniles"),
        access_request_id=ids.uuid("access"),
        etag="0123456789abcdef",
        decision=access_requests_pb2.JUVENILE_DECISION_ALLOWED,
    )
    yield access_requests_pb2.PassAccessRequestRequest(
        request_id=ids.uuid("pass"),
        access_request_id=ids.uuid("access"),
        etag="0123456789abcdef",
        successor_key_id=ids.octets("successor", 32),
    )
    yield access_requests_pb2.ReturnAccessRequestRequest(
        request_id=ids.uuid("return"),
        access_request_id=ids.uuid("access"),
        etag="0123456789abcdef",
        reasons=[access_requests_pb2.RETURN_REASON_DOCUMENTS_INCOMPLETE],
    )
    yield access_requests_pb2.ListAccessRequestsRequest(
        page_size=50,
        page_token="dG9rZW4",  # noqa: S106 - a page token, no secret
        state=access_requests_pb2.ACCESS_REQUEST_STATE_PENDING,
        own=True,
    )


def opened(ids: parts.Ids) -> Iterator[Message]:
    """Of tickets, court cases and grants."""
    for use, persons in (("", _suspects()), (" by document", _suspects()[1:])):
        yield grants_pb2.OpenTicketRequest(
            request_id=ids.uuid(f"open ticket{use}"),
            officer_key_id=ids.octets("worker", 32),
            work=grants_pb2.TICKET_WORK_CORRECTION,
            persons=persons,
        )
        yield grants_pb2.OpenCourtCaseRequest(
            request_id=ids.uuid(f"open case{use}"), court_case=parts.court_case(), persons=persons
        )
    yield grants_pb2.ListGrantsRequest(page_size=50, page_token="dG9rZW4")  # noqa: S106 - a page token, no secret
    yield grants_pb2.WithdrawGrantRequest(request_id=ids.uuid("withdraw"), grant_id=ids.uuid("grant"))


def look_ups(ids: parts.Ids) -> Iterator[Message]:
    """A look-up for each of its bases."""
    bases = {
        options_pb2.PURPOSE_INVESTIGATION: lookup_pb2.LookUpBasis(grant_id=ids.uuid("grant")),
        options_pb2.PURPOSE_PROSECUTION: lookup_pb2.LookUpBasis(fir=parts.fir()),
        options_pb2.PURPOSE_TRIAL: lookup_pb2.LookUpBasis(court_case_id=ids.uuid("court case")),
        options_pb2.PURPOSE_CUSTODY: lookup_pb2.LookUpBasis(prisoner_number="P-1234/2023"),
        options_pb2.PURPOSE_BORDER_CONTROL: lookup_pb2.LookUpBasis(travel_document=parts.travel_document()),
        options_pb2.PURPOSE_REGISTER_OPERATION: lookup_pb2.LookUpBasis(ticket_id=ids.uuid("ticket")),
    }
    for purpose, basis in bases.items():
        yield lookup_pb2.LookUpRegistrationRequest(
            request_id=ids.uuid(f"look-up {purpose}"), purpose=purpose, cnic="8220312345670", basis=basis
        )
    yield lookup_pb2.LookUpRegistrationRequest(
        request_id=ids.uuid("look-up by document"),
        purpose=options_pb2.PURPOSE_BORDER_CONTROL,
        document=parts.travel_document(),
        basis=bases[options_pb2.PURPOSE_BORDER_CONTROL],
    )
    yield lookup_pb2.LookUpRegistrationRequest(
        request_id=ids.uuid("look-up of a candidate"),
        purpose=options_pb2.PURPOSE_INVESTIGATION,
        candidate_id="c" * 120,
        basis=bases[options_pb2.PURPOSE_INVESTIGATION],
    )


def recalls(ids: parts.Ids) -> Iterator[Message]:
    """Of recalls."""
    yield recalls_pb2.ListRecallsRequest(page_size=50, page_token="dG9rZW4", acknowledged=True)  # noqa: S106 - no secret
    yield recalls_pb2.AcknowledgeRecallRequest(
        request_id=ids.uuid("acknowledge"),
        validate_only=True,
        recall_id=ids.uuid("recall"),
        measure=recalls_pb2.RECALL_MEASURE_OTHERS_TOLD,
    )


def searches(ids: parts.Ids) -> Iterator[Message]:
    """A search for each of its bases."""
    yield search_pb2.SearchRegistrationsRequest(
        basis=search_pb2.SearchBasis(grant_id=ids.uuid("grant")),
        subject=1,
        first_birth_year=1980,
        last_birth_year=1985,
        district=parts.STATION,
        sex=types_pb2.SEX_FEMALE,
    )
    yield search_pb2.SearchRegistrationsRequest(
        basis=search_pb2.SearchBasis(fir=parts.fir()),
        name=parts.searched_name("Nasreen اختر", "Muhammad Akram", "Naseem"),
    )
    yield search_pb2.SearchRegistrationsRequest(
        basis=search_pb2.SearchBasis(court_case_id=ids.uuid("court case")), subject=1
    )
    yield search_pb2.SearchRegistrationsRequest(basis=search_pb2.SearchBasis(ticket_id=ids.uuid("ticket")), subject=1)
