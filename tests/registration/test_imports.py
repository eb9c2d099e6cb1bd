"""ImportRegistrations and ListImportFindings, handed in message by message."""

import os
import uuid
from dataclasses import replace
from typing import Any

import pytest
from google.type import date_pb2

from nsor import imports as sending
from nsor.v1 import errors_pb2, notification_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Call, Officer
from nsor_server.ledger.writer import MAX_OF_ONE
from nsor_server.registration.imports import rules, store, stored
from nsor_server.rpc.batches import Batches
from nsor_server.rpc.handlers import Exchanged
from nsor_server.storage import deciding
from nsor_server.storage.v1 import record_pb2
from tests.agencies import NPB, PUNJAB_PROSECUTION, SINDH_PROSECUTION, narrowed, officer_of
from tests.calls import call_of, violations
from tests.orders import cnic, conviction, current_address, order
from tests.services import Services, sealed_rows_are_listed

Request = registration_pb2.ImportRegistrationsRequest
Finding = registration_pb2.ImportFinding


def request(*orders: Any, import_id: str = "", first: int = 1, validate_only: bool = False) -> Request:
    rows = [registration_pb2.ImportRow(row=number, order=each) for number, each in enumerate(orders, first)]
    return Request(import_id=import_id or str(uuid.uuid4()), rows=rows, validate_only=validate_only)


def copy_of(message: Request) -> Request:
    copied = Request()
    copied.CopyFrom(message)
    return copied


def findings(services: Services, message: Request, call: Call | None = None) -> list[Finding]:
    return list(services.ask(call or call_of(PUNJAB_PROSECUTION), copy_of(message)).response.findings)


def test_each_row_is_accepted_for_review_with_its_id_or_refused_with_every_field_that_is_wrong(
    services: Services,
) -> None:
    wrong = order("12345", addresses=[])
    wrong.custody.prisons_agency_id = "punjab-police"
    wrong.custody.state = types_pb2.CUSTODY_STATE_IN_CUSTODY
    outcome = services.ask(call_of(PUNJAB_PROSECUTION), request(order(), wrong, order(), first=7))
    first, second, third = outcome.response.findings
    assert [first.row, second.row, third.row] == [7, 8, 9]
    assert first.registration_id
    assert third.registration_id
    assert not second.registration_id
    assert second.reason == errors_pb2.ERROR_REASON_INVALID_FIELDS
    found = {violation.field: errors_pb2.FieldReason.Name(violation.reason) for violation in second.violations}
    # Those of its form and those of the directory at once: whoever corrects a file corrects each row once.
    assert found["person.cnic"].endswith("CNIC_FORM")
    assert found["addresses"].endswith("REQUIRED")
    assert found["custody.prisons_agency_id"].endswith("AGENCY_UNKNOWN")
    assert all(violation.meaning_en and violation.meaning_ur for violation in second.violations)
    shown = services.get(first.registration_id, PUNJAB_PROSECUTION)
    assert (shown.etag, shown.state) == (first.etag, registration_pb2.REGISTRATION_STATE_UNDER_REVIEW)
    assert sealed_rows_are_listed(services, outcome) == ["import_block", "registration_version", "registration_version"]


def test_what_the_law_says_of_a_row_refuses_that_row_alone(services: Services) -> None:
    acquitted = order()
    acquitted.convictions[0].verdict = types_pb2.VERDICT_ACQUITTED
    elsewhere = order(convictions=[conviction("PK-SD/KHI")])
    answers = findings(services, request(acquitted, order(), elsewhere))
    assert [errors_pb2.ErrorReason.Name(each.reason) for each in answers] == [
        "ERROR_REASON_NOT_CONVICTED",
        "ERROR_REASON_UNSPECIFIED",
        "ERROR_REASON_OUTSIDE_JURISDICTION",
    ]


def test_an_order_is_entered_as_by_itself(services: Services) -> None:
    # One way in: what a record says doesn't depend on how it came.
    single, row = order(), order()
    row.person.cnic = single.person.cnic
    created = services.create(single)
    (finding,) = findings(services, request(row))
    one, other = (services.get(each, PUNJAB_PROSECUTION) for each in (created.registration_id, finding.registration_id))
    for message in (one, other):
        for field in ("registration_id", "etag", "create_time", "update_time"):
            message.ClearField(field)
        message.convictions[0].ClearField("conviction_id")
    assert one == other


def test_a_row_that_is_stored_gives_its_finding_again_and_enters_nothing(services: Services) -> None:
    message = request(order(), order())
    first = findings(services, message)
    before = services.rows()
    again = findings(services, message)
    assert services.rows() == before
    assert [each.registration_id for each in again] == [each.registration_id for each in first]
    assert all(each.stored_before for each in again)
    assert not any(each.stored_before for each in first)


def test_another_row_under_a_number_is_refused_and_its_neighbour_goes_in(services: Services) -> None:
    message = request(order())
    (first,) = findings(services, message)
    other = request(order(), order(), import_id=message.import_id)
    refused, entered = findings(services, other)
    assert refused.reason == errors_pb2.ERROR_REASON_REQUEST_ID_REUSED
    assert not refused.registration_id
    assert entered.registration_id
    # What was there is what it was.
    assert findings(services, message)[0].registration_id == first.registration_id


def test_a_row_that_was_refused_may_be_corrected(services: Services) -> None:
    wrong = order("12345")
    message = request(order(), wrong)
    findings(services, message)
    corrected = copy_of(message)
    corrected.rows[1].order.person.cnic = cnic()
    kept, entered = findings(services, corrected)
    assert kept.stored_before
    assert entered.registration_id
    assert not entered.stored_before
    listed = services.ask(
        call_of(PUNJAB_PROSECUTION), registration_pb2.ListImportFindingsRequest(import_id=message.import_id)
    ).response.findings
    assert [each.registration_id for each in listed] == [kept.registration_id, entered.registration_id]


@pytest.mark.parametrize("together", [True, False])
def test_two_streams_with_one_import_enter_nothing_twice(services: Services, together: bool) -> None:
    # Both have seen that nothing is stored; one is written first, and the other one hears what was stored.
    message = request(order(), order())
    calls = [(call_of(PUNJAB_PROSECUTION), copy_of(message)) for _ in range(2)]
    before = services.rows()["registration_key"]
    ended = services.at_once(*calls, together=together)
    ids = [[each.registration_id for each in outcome.response.findings] for outcome in ended]  # type: ignore[union-attr]  # none is refused
    assert ids[0] == ids[1]
    assert services.rows()["registration_key"] == before + 2


def test_imports_are_each_agencys_own(services: Services) -> None:
    message = request(order())
    findings(services, message)
    lahore = order(convictions=[conviction("PK-SD/KHI")])
    lahore.convictions[0].fir.police_station = "PK-SD/KHI/PS-001"
    other = request(lahore, import_id=message.import_id)
    (finding,) = findings(services, other, call_of(SINDH_PROSECUTION))
    assert finding.registration_id
    assert not finding.stored_before
    wanted = registration_pb2.ListImportFindingsRequest(import_id=str(uuid.uuid4()))
    assert not services.ask(call_of(SINDH_PROSECUTION), wanted).response.findings


def test_a_rehearsal_reads_and_writes_nothing(services: Services) -> None:
    message = request(order(), order("1"))
    findings(services, message)
    before = services.rows()
    rehearsed = copy_of(message)
    rehearsed.validate_only = True
    accepted, refused = findings(services, rehearsed)
    assert services.rows() == before
    # Not even that the row was imported before.
    assert not (accepted.reason)
    assert not (accepted.registration_id)
    assert not (accepted.stored_before)
    assert refused.violations


def test_who_may_act_there_no_more_hears_no_id_again(services: Services) -> None:
    message = request(order())
    findings(services, message)
    agency = narrowed(PUNJAB_PROSECUTION, "PK-PB/MUL")
    (finding,) = findings(services, message, call_of(agency))
    assert (finding.reason, finding.registration_id) == (errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION, "")


def test_npb_enters_for_the_prosecution_of_the_courts_place(services: Services) -> None:
    # That is who owns the record until release; NPB owns none.
    call = call_of(NPB)
    (finding,) = findings(services, request(order()), call)
    shown = services.get(finding.registration_id, PUNJAB_PROSECUTION)
    assert shown.created_by_agency == "punjab-prosecution"
    assert "punjab-prosecution" in services.owed(notification_pb2.EVENT_KIND_REGISTRATION_CREATED)
    gilgit = order(convictions=[conviction("PK-GB/GIL")])
    gilgit.convictions[0].fir.police_station = "PK-GB/GIL/PS-001"
    (refused,) = findings(services, request(gilgit), call_of(NPB))
    assert [(each.field, each.reason) for each in refused.violations] == [
        ("convictions[0].court_case.place_code", errors_pb2.FIELD_REASON_AGENCY_UNKNOWN)
    ]


def test_the_narrowest_prosecution_owns_and_a_tie_is_refused() -> None:
    def prosecution(agency_id: str, *jurisdiction: str) -> Agency:
        return Agency(agency_id, options_pb2.AGENCY_KIND_PROSECUTION, jurisdiction, enabled=True)

    whole, lahore = prosecution("whole", "PK-PB"), prosecution("lahore", "PK-PB/LHR")
    agencies = {each.agency_id: each for each in (whole, lahore)}
    assert rules.owner(agencies, NPB, "PK-PB/LHR") == "lahore"
    assert rules.owner(agencies, NPB, "PK-PB/MUL") == "whole"
    assert rules.owner(agencies, whole, "PK-PB/LHR") == "whole"
    with pytest.raises(errors.InvalidFields):
        rules.owner({**agencies, "other": prosecution("other", "PK-PB/LHR")}, NPB, "PK-PB/LHR")


@pytest.mark.parametrize(
    ("numbers", "field", "reason"),
    [
        ([1, 1], "rows[1].row", errors_pb2.FIELD_REASON_DUPLICATE),
        ([2, 1], "rows[1].row", errors_pb2.FIELD_REASON_DUPLICATE),
        ([25, 26], "rows[1].row", errors_pb2.FIELD_REASON_OUT_OF_RANGE),
    ],
)
def test_rows_of_a_message_are_of_one_block_and_ascend(
    services: Services, numbers: list[int], field: str, reason: int
) -> None:
    message = request(*(order() for _ in numbers))
    for row, number in zip(message.rows, numbers, strict=True):
        row.row = number
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_PROSECUTION), message)
    assert (field, reason) in violations(refusal)
    # Also beside an order of which a list is too long: that is a finding of its row, and lets no other row through.
    message.rows[0].order.convictions.append(conviction())
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_PROSECUTION), message)
    assert (field, reason) in violations(refusal)


def test_dates_out_of_order_are_findings(services: Services) -> None:
    # Judgment before offence, offence before birth.
    unborn = order()
    unborn.person.birth_date.CopyFrom(date_pb2.Date(year=2022, month=1, day=1))
    early = order()
    early.convictions[0].judgment_date.CopyFrom(date_pb2.Date(year=2020, month=1, day=6))
    for finding in findings(services, request(unborn, early)):
        assert errors_pb2.FIELD_REASON_DATE_ORDER in {each.reason for each in finding.violations}


def test_findings_are_listed_in_pages_of_blocks(services: Services) -> None:
    import_id = str(uuid.uuid4())
    for first in (1, 26, 76):
        findings(services, request(order(), order(), import_id=import_id, first=first))
    listed, token, officer = [], "", officer_of(PUNJAB_PROSECUTION)
    for _ in range(3):
        page = services.ask(
            call_of(PUNJAB_PROSECUTION, officer),
            registration_pb2.ListImportFindingsRequest(import_id=import_id, page_token=token),
        ).response
        listed += [each.row for each in page.findings]
        token = page.next_page_token
    assert (listed, token) == ([1, 2, 26, 27, 76, 77], "")
    wrong = registration_pb2.ListImportFindingsRequest(import_id=import_id, page_token="AAAA")
    services.refused(errors.InvalidFields, call_of(PUNJAB_PROSECUTION), wrong)


def test_an_officer_sees_again_what_he_has_sent_and_what_lies_where_he_acts(services: Services) -> None:
    # A colleague of another district is shown neither what was entered nor what was refused outside of it.
    broken = order()
    broken.convictions[0].court_case.place_code = "XX"
    of_lahore, of_multan = (officer_of(PUNJAB_PROSECUTION, place) for place in ("PK-PB/LHR", "PK-PB/MUL"))
    message = request(order(), order(convictions=[conviction("PK-PB/MUL")]), broken)
    findings(services, message, call_of(PUNJAB_PROSECUTION, of_lahore))
    wanted = registration_pb2.ListImportFindingsRequest(import_id=message.import_id)

    def rows(officer: Officer | None = None) -> list[int]:
        page = services.ask(call_of(PUNJAB_PROSECUTION, officer), wanted).response
        return [each.row for each in page.findings]

    assert rows(of_lahore) == [1, 2, 3]
    assert rows(of_multan) == []
    assert rows(officer_of(PUNJAB_PROSECUTION, "PK-PB/LHR")) == [1]
    assert rows() == [1, 2]


def test_an_import_is_never_half_written(services: Services) -> None:
    tables = services.never_half_written(call_of(PUNJAB_PROSECUTION), request(order(), order("1")))
    assert tables == ["import_block", "registration_key", "registration_version", "outbox"]


def test_what_the_ledger_holds_rows_to_is_made_before_its_head_is_locked(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Everybody waits for whoever has the lock: hashing the rows of an import took a fourth of that time.
    locked, made = [], []
    decide, records = Batches.decide, deciding.records

    def decided(self: Batches, *arguments: Any) -> Any:
        locked.append(True)
        return decide(self, *arguments)

    def recorded(rows: Any) -> Any:
        made.append((bool(locked), len(found := records(rows))))
        return found

    monkeypatch.setattr(Batches, "decide", decided)
    monkeypatch.setattr(deciding, "records", recorded)
    outcome = services.ask(call_of(PUNJAB_PROSECUTION), request(order(), order()))
    owed = sum(row.table.name == "outbox" for row in outcome.rows)
    assert made == [(False, owed)]
    stored = "SELECT count(*) FROM ledger_record WHERE table_name = 'agency_event'"
    assert services.one(stored) == owed > 0


def test_two_full_messages_are_never_in_one_commit(services: Services) -> None:
    # What a commit holds is what everybody else waits for.
    full = request(*(order() for _ in range(rules.BLOCK)))
    handler = services.methods["nsor.v1.RegistrationService/ImportRegistrations"].handler
    assert isinstance(handler, Exchanged)
    assert handler.weight(full) <= MAX_OF_ONE < 2 * handler.weight(full)
    limit = Request.DESCRIPTOR.fields_by_name["rows"].GetOptions().Extensions[options_pb2.field].max_len
    assert (limit, sending.BLOCK) == (rules.BLOCK, rules.BLOCK)


def test_more_than_twenty_wrong_fields_are_counted(services: Services) -> None:
    many = order(addresses=[current_address("XX")] * 20)
    many.person.names.extend([types_pb2.PersonName(name="1")] * 5)
    (finding,) = findings(services, request(many))
    assert len(finding.violations) == rules.MOST_VIOLATIONS
    assert finding.more_violations > 0


def test_the_detail_of_an_entry_names_the_import_and_no_person(services: Services) -> None:
    message = request(order())
    outcome = services.ask(call := call_of(PUNJAB_PROSECUTION), message)
    assert call.named == f"import {message.import_id}"
    assert outcome.detail == record_pb2.AccessDetail(
        outcome="IMPORTED",
        certificate=outcome.detail.certificate,
        named=call.named,
        officer_key=outcome.detail.officer_key,
        officer_number=outcome.detail.officer_number,
    )


def test_an_officer_enters_where_he_acts(services: Services) -> None:
    call = call_of(PUNJAB_PROSECUTION, officer_of(PUNJAB_PROSECUTION, "PK-PB/MUL", key_id=os.urandom(32)))
    (finding,) = findings(services, request(order()), call)
    assert finding.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION


def test_a_block_that_names_another_registration_than_was_written_is_a_finding(services: Services) -> None:
    # A row that was given another's id would show its sender somebody else's record, and hide his own.
    message, found = request(order(), order()), list[str]()
    findings(services, message)
    with services.database.owner() as owner:
        stored.compare(owner, services.keyring, lambda _, problem: found.append(problem))
    assert found == []
    more = request(order(), import_id=message.import_id, first=3)
    outcome = services.run(call := call_of(PUNJAB_PROSECUTION), more).outcome
    assert outcome is not None
    row = outcome.rows[0].values
    block = store.open_block(services.sealer, store.StoredBlock(*row))
    block.rows[2].registration_id = block.rows[0].registration_id
    version, ref = store.version_row(services.sealer, block)
    call.outcome = replace(outcome, rows=(version, *outcome.rows[1:]), records=(ref, *outcome.records[1:]))
    services.writer.submit(call)
    with services.database.owner() as owner:
        stored.compare(owner, services.keyring, lambda _, problem: found.append(problem))
    assert found == ["a block of an import names other registrations than its entry has written"]
