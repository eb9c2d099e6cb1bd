"""What requests name."""

import pytest
from google.protobuf.message import Message

from nsor.v1 import (
    access_requests_pb2,
    directory_pb2,
    grants_pb2,
    lookup_pb2,
    notices_pb2,
    oversight_pb2,
    registration_pb2,
    types_pb2,
)
from nsor_server.rpc.naming import case, named

CNIC, ID = "3520112345671", "7b0c1d0e-5f0e-4b7e-9a53-0f6f2f4f3b10"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (lookup_pb2.LookUpRegistrationRequest(request_id=ID, cnic=CNIC), f"cnic {CNIC}"),
        (
            lookup_pb2.LookUpRegistrationRequest(document=types_pb2.TravelDocument(country="AF", number="P1")),
            "document AF P1 1",
        ),
        (registration_pb2.CreateRegistrationRequest(person=types_pb2.Person(cnic=CNIC)), f"cnic {CNIC}"),
        (registration_pb2.CreateRegistrationRequest(), ""),
        (registration_pb2.ConfirmRegistrationRequest(request_id=CNIC, registration_id=ID), f"registration {ID}"),
        (registration_pb2.GetRegistrationRequest(registration_id=ID), f"registration {ID}"),
        (notices_pb2.CreateNoticeRequest(registration_id=ID), f"registration {ID}"),
        (access_requests_pb2.GetAccessRequestRequest(access_request_id=ID), f"access-request {ID}"),
        (access_requests_pb2.ApproveAccessRequestRequest(access_request_id=ID), f"access-request {ID}"),
        (access_requests_pb2.ReturnAccessRequestRequest(access_request_id=ID), f"access-request {ID}"),
        (access_requests_pb2.CreateAccessRequestRequest(suspects=[grants_pb2.Suspect(cnic=CNIC)]), ""),
        (directory_pb2.DisableOfficerRequest(officer_key_id=b"\xab" * 32), f"officer {'ab' * 32}"),
        (directory_pb2.ListAgenciesRequest(), ""),
        (oversight_pb2.ListAccessesRequest(access_id=ID), f"access {ID}"),
        (oversight_pb2.GetInclusionProofRequest(leaf_index=3), ""),
    ],
)
def test_a_request_names_the_one_that_it_asks_about(request_: Message, expected: str) -> None:
    # By this label everybody who asked for somebody is found, and a value that only hits repeat would tell hits apart.
    assert named(request_) == expected


def test_a_request_names_its_case_where_an_agency_looks_for_it() -> None:
    fir = types_pb2.FirKey(police_station="PK-PB/LHR/PS-001", year=2025, serial=9)
    of_fir = "PK-PB/LHR/PS-001 9/2025"
    assert case(lookup_pb2.LookUpRegistrationRequest(basis=lookup_pb2.LookUpBasis(fir=fir))) == of_fir
    assert case(lookup_pb2.LookUpRegistrationRequest(basis=lookup_pb2.LookUpBasis(grant_id=ID))) == ""
    assert case(access_requests_pb2.CreateAccessRequestRequest(fir=fir)) == of_fir
    court_case = types_pb2.CourtCase(place_code="PK-PB/LHR", case_number="case 123/2022")
    assert case(grants_pb2.OpenCourtCaseRequest(court_case=court_case)) == "PK-PB/LHR case 123/2022"
    # Whoever lists what was done for a case does nothing for it.
    assert case(oversight_pb2.ListAccessesRequest(fir=fir)) == ""
