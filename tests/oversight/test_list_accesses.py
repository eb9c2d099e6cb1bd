import logging
import uuid
from dataclasses import replace

import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2, options_pb2, oversight_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Officer
from nsor_server.formats.instants import from_us
from nsor_server.oversight import rules
from tests.oversight.conftest import Written, an_officer

Request = oversight_pb2.ListAccessesRequest


def listed(
    written: Written, agency: str, request: Request | None = None, officer: Officer | None = None
) -> oversight_pb2.ListAccessesResponse:
    response = written.ask(agency, request or Request(), officer)
    assert isinstance(response, oversight_pb2.ListAccessesResponse)
    return response


def indexes(response: oversight_pb2.ListAccessesResponse) -> list[int]:
    return [access.index for access in response.accesses]


def test_an_agency_sees_its_own_accesses_the_newest_first(written: Written) -> None:
    for agency in ("punjab-police", "sindh-police", "punjab-police"):
        written.append(agency)
    response = listed(written, "punjab-police")
    assert indexes(response) == [2, 0]
    assert {access.agency_id for access in response.accesses} == {"punjab-police"}
    assert not response.next_page_token
    assert indexes(listed(written, "sindh-police", Request(agency_id="sindh-police"))) == [1]


@pytest.mark.parametrize("asked", ["sindh-police", "no-such-agency"])
def test_an_agency_that_asks_for_anothers_is_refused_whether_or_not_there_are_any(written: Written, asked: str) -> None:
    written.append("sindh-police")
    with pytest.raises(errors.Denied):
        listed(written, "punjab-police", Request(agency_id=asked))


@pytest.mark.parametrize("agency", ["npb", "special-committee"])
def test_npb_and_the_committee_see_all(written: Written, agency: str) -> None:
    written.append("punjab-police")
    written.append("")
    assert indexes(listed(written, agency)) == [1, 0]
    assert indexes(listed(written, agency, Request(agency_id="punjab-police"))) == [0]


@pytest.mark.parametrize("scope", options_pb2.RowScope.values())
def test_who_sees_all_is_the_contracts_word(scope: options_pb2.RowScope.ValueType) -> None:
    # Not the kind of agency decides it a second time: whatever the contract doesn't call all is the caller's own.
    npb = Agency("npb", options_pb2.AGENCY_KIND_NPB, ("PK",), enabled=True)
    found = rules.access_filter(npb, scope, Request())
    assert found.agency == (None if scope == options_pb2.ROW_SCOPE_ALL else "npb")


@pytest.mark.parametrize(
    "purpose", [options_pb2.PURPOSE_BORDER_CONTROL, options_pb2.PURPOSE_CUSTODY, options_pb2.PURPOSE_NOTIFICATION]
)
def test_a_list_shows_no_case_of_an_access_that_was_not_shown_one(
    written: Written, purpose: options_pb2.Purpose.ValueType
) -> None:
    # A passport's or a prisoner's number names a person. The police of an address aren't shown the FIR, and would read
    # in the list of their own accesses what the record itself kept from them.
    written.append("punjab-police", purpose=purpose)
    (access,) = listed(written, "punjab-police", officer=an_officer("punjab-police")).accesses
    assert (access.officer_number, access.case_reference) == ("LHR-1024", "")
    # Nor is it found by the case that it isn't shown with: whoever tries FIRs out would learn which it is.
    of_case = Request(fir=types_pb2.FirKey(police_station="PK-PB/LHR/PS-001", serial=679, year=2025))
    assert not listed(written, "punjab-police", of_case, an_officer("punjab-police")).accesses
    written.append("punjab-police")
    assert indexes(listed(written, "punjab-police", of_case, an_officer("punjab-police"))) == [1]


def test_a_case_is_shown_to_an_officer_and_to_no_system(written: Written) -> None:
    # A system's certificate alone would read every case of its agency, and nobody would answer for it.
    written.append("punjab-police")
    for agency in ("punjab-police", "npb"):
        for system in (None, replace(an_officer(agency), system=True)):
            (access,) = listed(written, agency, officer=system).accesses
            assert (access.officer_number, access.case_reference) == ("LHR-1024", "")
        (access,) = listed(written, agency, officer=an_officer(agency)).accesses
        assert access.case_reference == "PK-PB/LHR/PS-001 679/2025"


@pytest.mark.parametrize(
    ("case", "place", "shown"),
    [
        ("PK-PB/LHR/PS-001 679/2025", "PK-PB/LHR", True),
        ("PK-PB/LHR/PS-001 679/2025", "PK-PB/MUL", False),
        ("PK-PB/LHR Sessions Case No. 7/2025", "PK-PB/MUL", False),
        ("PK-PB/MUL Sessions Case No. 7/2025", "PK-PB/MUL", True),
    ],
)
def test_an_officer_sees_the_cases_of_his_own_districts(written: Written, case: str, place: str, shown: bool) -> None:
    written.append("punjab-police", case=case)
    (access,) = listed(written, "punjab-police", officer=an_officer("punjab-police", place)).accesses
    assert access.case_reference == (case if shown else "")


@pytest.mark.parametrize(
    "case",
    [
        *("3520212345671", "35202-1234567-1", "case 35202/1234567/1", "3 5 2 0 2 1 2 3 4 5 6 7 1"),
        *("۳۵۲۰۲۱۲۳۴۵۶۷۱", "35202-۱۲۳۴۵۶۷-1"),
    ],
    ids=ascii,
)
def test_no_list_shows_a_case_with_the_digits_of_a_cnic(written: Written, case: str) -> None:
    # From before numbers had forms, or from a form that somebody adds: what looks like a person's number stays sealed.
    written.append("npb", case=case)
    (access,) = listed(written, "npb", officer=an_officer("npb")).accesses
    assert access.case_reference == ""


def test_the_committee_sees_no_officer_and_no_case(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    written.append("punjab-police")
    monkeypatch.delattr(written.service._details.__class__, "open")  # for the Committee nothing is even opened
    (access,) = listed(written, "special-committee", officer=an_officer("special-committee")).accesses
    assert (access.officer_number, access.case_reference) == ("", "")
    assert access.method == "nsor.v1.LookupService/LookUpRegistration"


def test_an_access_is_shown_as_its_leaf_has_it(written: Written) -> None:
    (receipt,) = written.append("punjab-police", leaf_pb2.OUTCOME_REFUSED)
    leaf = leaf_pb2.Leaf.FromString(receipt.leaf)
    (access,) = listed(written, "punjab-police").accesses
    assert access.access_id == str(uuid.UUID(bytes=leaf.access_id))
    assert access.access_time == from_us(leaf.time_us)
    assert access.outcome == oversight_pb2.ACCESS_OUTCOME_REFUSED
    assert access.trace_id == leaf.trace_id.hex()
    assert (access.purpose, access.count) == (leaf.purpose, 1)


def test_pages_do_not_shift_when_entries_are_added(written: Written) -> None:
    written.append("punjab-police", count=5)
    first = listed(written, "punjab-police", Request(page_size=2))
    written.append("punjab-police", count=3)
    second = listed(written, "punjab-police", Request(page_size=2, page_token=first.next_page_token))
    third = listed(written, "punjab-police", Request(page_size=2, page_token=second.next_page_token))
    assert [indexes(page) for page in (first, second, third)] == [[4, 3], [2, 1], [0]]
    assert not third.next_page_token
    assert len(first.next_page_token) <= 64


def test_a_page_token_is_of_one_caller_and_one_filter_and_cannot_be_made(written: Written) -> None:
    for agency in ("punjab-police", "sindh-police"):
        written.append(agency, count=3)
    token = listed(written, "punjab-police", Request(page_size=1)).next_page_token
    changed = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    for caller, request in [
        ("sindh-police", Request(page_token=token)),
        ("npb", Request(page_token=token, agency_id="punjab-police")),
        ("punjab-police", Request(page_token=token, outcome=oversight_pb2.ACCESS_OUTCOME_REFUSED)),
        ("punjab-police", Request(page_token=changed)),
        ("punjab-police", Request(page_token="A")),
        ("punjab-police", Request(page_token="===")),
    ]:
        with pytest.raises(errors.InvalidFields) as refused:
            listed(written, caller, request)
        assert refused.value.violations == (errors.Violation("page_token", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID),)


def test_filters_narrow_by_outcome_access_and_time(written: Written) -> None:
    receipts = [written.append("punjab-police")[0], written.append("punjab-police", leaf_pb2.OUTCOME_REFUSED)[0]]
    receipts.append(written.append("punjab-police")[0])
    leaves = [leaf_pb2.Leaf.FromString(receipt.leaf) for receipt in receipts]
    times = [leaf.time_us for leaf in leaves]
    assert times == sorted(times)
    refused = Request(outcome=oversight_pb2.ACCESS_OUTCOME_REFUSED)
    assert indexes(listed(written, "punjab-police", refused)) == [1]
    one = Request(access_id=str(uuid.UUID(bytes=leaves[0].access_id)))
    assert indexes(listed(written, "punjab-police", one)) == [0]
    assert indexes(listed(written, "sindh-police", one)) == []
    wanted = [nth for nth in (2, 1, 0) if times[1] <= times[nth] < times[2]]
    between = Request(start_time=from_us(times[1]), end_time=from_us(times[2]))
    assert indexes(listed(written, "punjab-police", between)) == wanted
    nothing = Request(start_time=from_us(times[1]), end_time=from_us(times[1]))
    assert indexes(listed(written, "punjab-police", nothing)) == []
    after = Request(start_time=from_us(times[2] + 1))
    assert indexes(listed(written, "punjab-police", after)) == []
    # A nanosecond past an entry's instant is past the entry.
    just_after = Request(start_time=from_us(times[2]))
    just_after.start_time.nanos += 1
    assert indexes(listed(written, "punjab-police", just_after)) == []


def test_times_in_the_wrong_order_are_refused(written: Written) -> None:
    with pytest.raises(errors.InvalidFields) as refused:
        listed(written, "npb", Request(start_time=from_us(2), end_time=from_us(1)))
    assert refused.value.violations == (errors.Violation("end_time", errors_pb2.FIELD_REASON_DATE_ORDER),)


def test_an_empty_ledger_lists_nothing(written: Written) -> None:
    assert indexes(listed(written, "npb", Request(start_time=from_us(1)))) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_entry SET agency = 'punjab-police' WHERE index = 1",
        "UPDATE ledger_entry SET outcome = 2 WHERE index = 0",
        "UPDATE ledger_entry SET leaf = '\\x00' WHERE index = 0",
        "UPDATE ledger_detail SET sealed = (SELECT sealed FROM ledger_detail WHERE index = 1) WHERE index = 0",
    ],
)
def test_a_ledger_that_contradicts_itself_is_an_alarm_and_no_answer(
    written: Written, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    written.append("punjab-police")
    written.append("sindh-police")
    with written.database.owner() as owner:
        owner.execute(change.encode())
    with caplog.at_level(logging.CRITICAL), pytest.raises(errors.Internal):
        listed(written, "punjab-police")
    assert "ALERT ROW_CONTRADICTED: " in caplog.text


def test_a_detail_that_was_destroyed_leaves_the_access_listed(written: Written) -> None:
    # Erasure makes a leaf meaningless; the count of accesses stays whole.
    written.append("punjab-police")
    with written.database.owner() as owner:
        owner.execute("DELETE FROM ledger_detail")
    (access,) = listed(written, "punjab-police").accesses
    assert access.officer_number == ""
