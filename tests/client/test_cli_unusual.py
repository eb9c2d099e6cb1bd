"""`nsor unusual`: an agency sees its own and isn't told what was unusual; NPB sees it, and reviews."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from nsor.v1 import directory_pb2, options_pb2, tripwires_pb2
from tests.client.conftest import AGENCY, Register, Run
from tests.client.test_cli_custody import always
from tests.client.test_cli_emergencies import sent

LIST = "nsor.v1.LookupService/ListUnusualAccesses"
REVIEW = "nsor.v1.LookupService/ReviewUnusualAccess"
AGENCIES = "nsor.v1.DirectoryService/ListAgencies"
POLICY = "nsor.v1.DirectoryService/GetPolicy"
ID = "01910000-0000-7000-8000-000000000001"
OTHER = "01910000-0000-7000-9000-000000000002"
ACCESS = "0190ffff-0000-7000-8000-00000000000a"
Reviewing = tripwires_pb2.ReviewUnusualAccessRequest


@pytest.fixture(params=[options_pb2.AGENCY_KIND_NPB, options_pb2.AGENCY_KIND_POLICE], ids=["npb", "police"])
def kind(request: pytest.FixtureRequest) -> options_pb2.AgencyKind.ValueType:
    found: options_pb2.AgencyKind.ValueType = request.param
    return found


def answering(register: Register, kind: options_pb2.AgencyKind.ValueType) -> None:
    entry = tripwires_pb2.UnusualEntry(access_id=ACCESS, access_time=Timestamp(seconds=1_770_000_000))
    items = []
    for each in (OTHER, ID):
        item = tripwires_pb2.UnusualAccess(
            unusual_access_id=each,
            agency_id="punjab-police",
            find_time=Timestamp(seconds=1_770_003_600),
            accesses=[entry],
        )
        if kind == options_pb2.AGENCY_KIND_NPB:
            item.kind, item.count = tripwires_pb2.TRIPWIRE_KIND_MANY_SUBJECTS, 31
            item.officer_number = "LHR-1001"
        items.append(item)
    register.answers[LIST] = always(tripwires_pb2.ListUnusualAccessesResponse(items=items))
    register.answers[REVIEW] = always(tripwires_pb2.ReviewUnusualAccessResponse())
    own = directory_pb2.Agency(agency_id=AGENCY, kind=kind)
    register.answers[AGENCIES] = always(directory_pb2.ListAgenciesResponse(agencies=[own]))


def test_what_was_unusual_is_shown_to_npb(
    run: Run, register: Register, kind: options_pb2.AgencyKind.ValueType, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(register, kind)
    assert run("unusual", "list", "--accesses") == 0
    said = capsys.readouterr()
    is_npb = kind == options_pb2.AGENCY_KIND_NPB
    assert ("many-subjects" in said.out) == ("LHR-1001" in said.out) == is_npb
    assert "unspecified" not in said.out
    assert ACCESS in said.out
    assert (f"nsor unusual review {ID}" in said.err) == is_npb
    assert ("nsor ledger accesses --access-id" in said.err) != is_npb


def test_an_agency_of_which_nothing_was_unusual_is_told_so_and_asks_for_no_policy(
    run: Run, register: Register, kind: options_pb2.AgencyKind.ValueType, capsys: pytest.CaptureFixture[str]
) -> None:
    # The policy is NPB's to ask for: any other agency is refused, and had a refusal for an answer, and for an entry.
    answering(register, kind)
    register.answers[LIST] = always(tripwires_pb2.ListUnusualAccessesResponse())
    policy = directory_pb2.Policy(content=b'{"every_minutes": 60}')
    register.answers[POLICY] = always(directory_pb2.GetPolicyResponse(policy=policy))
    assert run("unusual", "list") == 0
    said = capsys.readouterr().err
    is_npb = kind == options_pb2.AGENCY_KIND_NPB
    assert "0 of 0 unusual accesses shown." in said
    assert ("grows every 60 minutes" in said) == is_npb
    assert (POLICY in [call.method for call in register.calls]) == is_npb


def test_it_is_said_in_urdu_too(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    answering(register, options_pb2.AGENCY_KIND_POLICE)
    assert run("--lang", "ur", "unusual", "list", "--accesses") == 0
    said = capsys.readouterr()
    assert "غیر معمولی" in said.out
    for english in ("Unusual accesses", "unusual accesses", "Accesses of", "To see who"):
        assert english not in said.out + said.err


def test_who_else_the_same_human_is_stands_beside_him(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(register, options_pb2.AGENCY_KIND_NPB)
    item = tripwires_pb2.UnusualAccess(
        unusual_access_id=ID,
        agency_id="sindh-police",
        find_time=Timestamp(seconds=1_770_003_600),
        kind=tripwires_pb2.TRIPWIRE_KIND_TWO_AGENCIES,
        officer_number="KHI-1",
        other_officers=[tripwires_pb2.UnusualOfficer(agency_id="punjab-police", officer_number="LHR-1")],
    )
    register.answers[LIST] = always(tripwires_pb2.ListUnusualAccessesResponse(items=[item]))
    assert run("unusual", "list") == 0
    out = capsys.readouterr().out
    for part in ("two-agencies", "KHI-1", "punjab-police/LHR-1"):
        assert part in out


def test_a_review_names_one_by_its_beginning(run: Run, register: Register) -> None:
    answering(register, options_pb2.AGENCY_KIND_NPB)
    assert run("unusual", "review", ID[:20], "--finding", "referred") == 0
    (made,) = sent(register, REVIEW, Reviewing)
    assert (made.unusual_access_id, made.finding) == (ID, tripwires_pb2.UNUSUAL_ACCESS_FINDING_REFERRED)
    assert run("unusual", "review", ID[:8], "--finding", "referred") == 2  # both begin so
    assert len(sent(register, REVIEW, Reviewing)) == 1
