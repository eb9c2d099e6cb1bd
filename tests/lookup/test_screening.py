"""Manifests at the border: declared once, and each passenger screened by document and date of birth together."""

from __future__ import annotations

import datetime as dt
import gc
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from google.type import date_pb2

from nsor.ledger import merkle, screened
from nsor.ledger.screened import BLOCK
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2, notices_pb2, screening_pb2, types_pb2
from nsor_server import errors
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import Call
from nsor_server.formats.uuids import text
from nsor_server.ledger.entry import StaleRead
from nsor_server.lookup.screening import rules, store, travelled
from nsor_server.lookup.screening.forgetting import ForgottenManifests
from nsor_server.lookup.screening.passengers import Passengers
from nsor_server.lookup.screening.service import Screening
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Exchanged
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.session import ask
from nsor_server.storage.v1 import record_pb2
from tests.access.requests import declaration
from tests.agencies import FIA_IMMIGRATION
from tests.calls import POLICY, call_of, violations
from tests.orders import Created, cnic, conviction
from tests.registration.test_duplicates import findings
from tests.registration.test_identifiers import CASES
from tests.registration.test_screened import BORN, born
from tests.services import Services, sealed_rows_are_listed

FOUND = screening_pb2.SCREENING_OUTCOME_FOUND
NO_RECORD = screening_pb2.SCREENING_OUTCOME_NO_RECORD
REFUSED = screening_pb2.SCREENING_OUTCOME_REFUSED
SEND_AGAIN = screening_pb2.SCREENING_OUTCOME_SEND_AGAIN
OTHER_DAY = date_pb2.Date(year=1985, month=6, day=8)
PASSPORT = types_pb2.TravelDocument(number="ZZ0000001", country="PK", kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT)
_CONNECTIONS = 8
"""More than tests have for reading: each makes its statements ready when they are first asked."""
Row = screening_pb2.ManifestRow
Later = Callable[..., None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Has calls be decided so much later."""
    now, ahead = DirectorySnapshot.now, [dt.timedelta()]
    monkeypatch.setattr(DirectorySnapshot, "now", lambda self: now(self) + ahead[0])

    def move(**by: int) -> None:
        ahead[0] = dt.timedelta(**by)

    return move


def by_cnic(number: int, of: str, birth_date: date_pb2.Date = BORN) -> Row:
    return Row(row=number, identity_number=of, birth_date=birth_date)


def declared(services: Services, call: Call | None = None, **fields: Any) -> str:
    answer = services.ask(call or call_of(FIA_IMMIGRATION), declaration(**fields)).response
    return str(answer.manifest_id)


def asked(services: Services, manifest_id: str, *rows: Row, call: Call | None = None) -> Any:
    request = screening_pb2.ScreenManifestRequest(manifest_id=manifest_id, rows=rows)
    return services.ask(call or call_of(FIA_IMMIGRATION), request)


def outcomes(services: Services, manifest_id: str, *rows: Row) -> list[int]:
    return [each.outcome for each in asked(services, manifest_id, *rows).response.rows]


def convict(services: Services, number: str, **fields: Any) -> Created:
    return services.confirmed(born(number, **fields))


def test_a_passenger_is_found_by_document_and_date_of_birth_together(services: Services, keyring: Keyring) -> None:
    number, other = cnic(), cnic()
    request = born(number)
    request.convictions[0].appeal_state = types_pb2.APPEAL_STATE_PENDING
    created, _ = services.confirmed(request), convict(services, other)
    manifest = declared(services)
    outcome = asked(services, manifest, by_cnic(1, number), by_cnic(2, other, OTHER_DAY), by_cnic(3, cnic()))
    assert [each.outcome for each in outcome.response.rows] == [FOUND, NO_RECORD, NO_RECORD]
    (hit,) = outcome.response.hits
    assert (hit.row, hit.registration_id, hit.person.cnic) == (1, created.registration_id, number)
    assert hit.person.birth_date == BORN
    # As every answer says it: a conviction that may still fall misleads whoever isn't told so.
    assert list(hit.appeal_states) == [types_pb2.APPEAL_STATE_PENDING]
    assert sealed_rows_are_listed(services, outcome) == ["manifest_block"]
    assert findings(services, keyring) == []


def test_a_passenger_is_found_by_his_passport(services: Services) -> None:
    request = born(cnic())
    request.person.travel_documents.append(PASSPORT)
    request.person.travel_documents.append(types_pb2.TravelDocument(number="ZZ0000002", country="PK"))
    services.confirmed(request)
    answer = asked(services, declared(services), Row(row=1, shown_document=PASSPORT, birth_date=BORN)).response
    assert [each.outcome for each in answer.rows] == [FOUND]
    (hit,) = answer.hits
    # The document by which he was found, and no other number of his.
    assert [each.number for each in hit.person.travel_documents] == ["ZZ0000001"]
    assert not hit.person.cnic


def test_a_passenger_is_found_by_either_of_two_documents(services: Services, keyring: Keyring) -> None:
    # A passport of Pakistan has the identity number in it, and many records have no passport.
    number, other = cnic(), types_pb2.TravelDocument(number="ZZ0000009", country="PK")
    convict(services, number)
    manifest = declared(services)
    rows = [Row(row=1, identity_number=number, shown_document=other, birth_date=BORN)]
    answer = asked(services, manifest, *rows).response
    assert [(each.row, each.person.cnic, len(each.person.travel_documents)) for each in answer.hits] == [(1, number, 0)]
    # Neither of them stands under another number too.
    again = asked(services, manifest, Row(row=2, shown_document=other, birth_date=BORN), by_cnic(3, number)).response
    assert [each.outcome for each in again.rows] == [REFUSED, REFUSED]
    # And whoever stands under a number does so with what he has shown.
    (less,) = asked(services, manifest, by_cnic(1, number)).response.rows
    assert less.reason == errors_pb2.ERROR_REASON_REQUEST_ID_REUSED
    assert findings(services, keyring) == []


def test_of_two_persons_whom_two_documents_find_the_one_with_the_least_id_is_shown(
    services: Services, keyring: Keyring
) -> None:
    # Which of them it is mustn't change from one message to the next: verification looks for the same one.
    manifest, found = declared(services, persons=9), []
    for nth in range(1, 7):
        number, document = cnic(), types_pb2.TravelDocument(number=f"ZZ000001{nth}", country="PK", kind=PASSPORT.kind)
        by_document = born(cnic())
        by_document.person.travel_documents.append(document)
        ids = {convict(services, number).registration_id, services.confirmed(by_document).registration_id}
        row = Row(row=nth, identity_number=number, shown_document=document, birth_date=BORN)
        (hit,) = asked(services, manifest, row).response.hits
        found.append((hit.registration_id, min(ids)))
    assert [hit for hit, _ in found] == [least for _, least in found]
    assert findings(services, keyring) == []


def test_a_document_with_two_days_of_one_year_finds_whom_the_register_knows_by_the_year(services: Services) -> None:
    # Both rows have one value, by which the statement finds him once.
    number = cnic()
    services.confirmed(born(number, types_pb2.DATE_PRECISION_YEAR))
    rows = by_cnic(1, number), by_cnic(2, cnic()), by_cnic(3, number, OTHER_DAY)
    assert outcomes(services, declared(services), *rows) == [FOUND, NO_RECORD, FOUND]


def test_the_answer_shows_who_it_is_and_nothing_of_the_case(services: Services) -> None:
    number = cnic()
    request = born(number)
    request.person.names.add(kind=types_pb2.NAME_KIND_ALIAS, name="Pappu Testi")
    services.confirmed(request)
    answer = asked(services, declared(services), by_cnic(1, number)).response
    shown = {name.name for name, _ in answer.hits[0].person.ListFields()}
    assert shown == {"names", "cnic", "sex", "birth_date", "birth_date_precision"} | (shown & {"identity_document"})
    assert [each.kind for each in answer.hits[0].person.names] == [types_pb2.NAME_KIND_OFFICIAL]


def test_of_whoever_is_held_by_one_document_the_other_finds_him_and_is_shown_alone(services: Services) -> None:
    # Whether the number is his as well is what NPB reviews: the passenger who shows both hears no yes to it.
    number = cnic()
    earlier = born(number)
    earlier.person.birth_date.CopyFrom(OTHER_DAY)
    services.confirmed(earlier)
    request = born(number, convictions=[conviction(case_number=CASES[1])])
    request.person.travel_documents.append(PASSPORT)
    held = services.create(request)
    services.confirm(held, case_number=CASES[1])
    row = Row(row=1, identity_number=number, shown_document=PASSPORT, birth_date=BORN)
    (hit,) = asked(services, declared(services), row).response.hits
    assert hit.registration_id == held.registration_id
    assert (hit.person.cnic, [each.number for each in hit.person.travel_documents]) == ("", [PASSPORT.number])


@pytest.mark.parametrize("how", ["absent", "unconfirmed", "sealed", "held", "other day"])
def test_whoever_may_not_be_shown_is_no_record_in_every_respect(services: Services, how: str) -> None:
    number = cnic()
    if how == "held":
        of_cases = [services.create(born(number, convictions=[conviction(case_number=each)])) for each in CASES[:2]]
        for each, case_number in zip(of_cases, CASES, strict=False):
            services.confirm(each, case_number=case_number)
        services.judge_all(of_cases[0], "SET_ASIDE")  # until the next time for reviews the second one is held still
    elif how != "absent":
        created = services.create(born(number))
        if how != "unconfirmed":
            services.confirm(created)
        if how == "sealed":
            services.judge_all(created, "SET_ASIDE")
    manifest = declared(services)
    before = services.rows("ledger_entry", "ledger_record")
    outcome = asked(services, manifest, by_cnic(1, number, OTHER_DAY if how == "other day" else BORN))
    assert [each.outcome for each in outcome.response.rows] == [NO_RECORD]
    assert not outcome.response.hits
    after = services.rows("ledger_entry", "ledger_record")
    grown = {table: count - before[table] for table, count in after.items() if count != before[table]}
    assert grown == {"manifest_block": 1, "ledger_entry": 1, "ledger_record": 1}
    # As many versions are looked at under the lock as if there were as many hits as may be.
    assert len(outcome.seen) == 1 + 2 * rules.MOST_HITS


def test_as_many_registrations_are_read_whoever_may_not_be_shown(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A row may be sent again for half an hour: the time of a message would tell of somebody who was set aside.
    numbers = [cnic() for _ in range(3)]
    orders = [convict(services, number) for number in numbers]
    services.judge_all(orders[0], "SET_ASIDE")
    read: list[int] = []

    def counted(*asking: Any) -> list[Any]:
        found = ask(*asking)
        read.append(len(found)) if asking[1] is store._FOUND else None
        return found

    monkeypatch.setattr(store, "ask", counted)
    monkeypatch.setattr(store, "READ", 3)
    manifest = declared(services)
    rows = [by_cnic(1, numbers[0]), by_cnic(2, cnic()), by_cnic(3, numbers[1])]
    assert [outcomes(services, manifest, row) for row in rows] == [[NO_RECORD], [NO_RECORD], [FOUND]]
    assert outcomes(services, manifest, *rows) == [NO_RECORD, NO_RECORD, FOUND]
    assert read == [3] * 4


def work_of(services: Services, request: Any) -> Counter[str]:
    """How often each function is called, Python's own among them, while a message is decided."""
    called: Counter[str] = Counter()

    def count(frame: Any, event: str, function: Any) -> None:
        if event == "call":
            called[f"{frame.f_code.co_filename} {frame.f_code.co_name}"] += 1
        elif event == "c_call":
            called[f"{getattr(function, '__module__', '')} {function.__qualname__}"] += 1

    call = call_of(FIA_IMMIGRATION)
    services.admit(call, request)
    gc.disable()
    sys.setprofile(count)
    try:
        services.decide(call)
    finally:
        sys.setprofile(None)
        gc.enable()
    outcome: Any = call.outcome
    assert [each.outcome for each in outcome.response.rows] == [NO_RECORD]
    return called


def test_nothing_is_done_more_often_for_somebody_who_may_not_be_shown(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By the time of many messages an officer would learn of somebody who was set aside, or waits for his court.
    monkeypatch.setattr(store, "READ", 2)  # as many others there are
    other = [cnic() for _ in range(5)]
    registered = [services.create(born(number)) for number in other[:3]]
    for each in registered[1:]:
        services.confirm(each)
    services.judge_all(registered[1], "SET_ASIDE")
    of_cases = [services.create(born(other[3], convictions=[conviction(case_number=each)])) for each in CASES[:2]]
    for each, case_number in zip(of_cases, CASES, strict=False):
        services.confirm(each, case_number=case_number)
    services.judge_all(of_cases[0], "SET_ASIDE")  # until the next time for reviews the second one is held still
    rows = [by_cnic(1, other[nth], OTHER_DAY if nth == 2 else BORN) for nth in range(5)]
    requests = [
        screening_pb2.ScreenManifestRequest(manifest_id=declared(services, number=number), rows=[row])
        for number, row in enumerate((*rows[4:] * _CONNECTIONS, *rows), 1)  # the first ones fill caches
    ]
    *works, absent = [work_of(services, request) for request in requests][_CONNECTIONS:]
    for how, work in zip(("unconfirmed", "sealed", "other day", "held"), works, strict=True):
        assert (how, work - absent, absent - work) == (how, Counter(), Counter())


def test_after_a_rotation_a_passenger_is_found_and_stands_as_before(services: Services, keyring: Keyring) -> None:
    number = cnic()
    created = convict(services, number)
    old, new = (Passengers(BlindIndex(each)) for each in (keyring, keyring.rotated()))
    row = by_cnic(1, number)
    row.shown_document.CopyFrom(PASSPORT)
    block = record_pb2.ManifestBlockRecord()
    rules.add_rows(block, [old.passenger(bytes(16), 0, row, None, 1).stands], {})
    kept = rules.rows_of(block)[1]
    again = new.passenger(bytes(16), 0, row, kept, 2)
    assert not again.is_another
    for changed in (by_cnic(1, number), by_cnic(1, cnic()), Row(row=1, shown_document=PASSPORT, birth_date=BORN)):
        assert new.passenger(bytes(16), 0, changed, kept, 2).is_another
    absent = new.passenger(bytes(16), 1, by_cnic(2, cnic()), None, 2)
    with services.database.reading() as conn:
        found = store.found(conn, new.values, [absent, again, absent])
    assert [(nth, one.claim.registration_id) for nth, one in found.items()] == [(1, created.key.bytes)]


def test_an_answer_and_its_entry_have_one_size_whatever_was_found(services: Services) -> None:
    numbers = [cnic() for _ in range(3)]
    for number in numbers:
        convict(services, number)
    sizes = []
    for flight, known in enumerate((numbers, [cnic() for _ in range(3)], [numbers[0], cnic(), cnic()]), 1):
        manifest = declared(services, number=flight)
        outcome = asked(services, manifest, *(by_cnic(nth, one) for nth, one in enumerate(known, 1)))
        detail = services.one("SELECT octet_length(sealed) FROM ledger_detail ORDER BY index DESC LIMIT 1")
        beside = services.one("SELECT octet_length(labels) FROM ledger_shown ORDER BY index DESC LIMIT 1")
        sizes.append((outcome.response.ByteSize(), detail, beside))
    assert len(set(sizes)) == 1


def test_of_a_message_of_wrong_rows_so_many_fields_are_said_and_the_others_counted(services: Services) -> None:
    # Each has its words in two languages: of 500 rows they were 800 KB.
    rows = [Row(row=number, identity_number="123") for number in range(1, 61)]
    answer = asked(services, declared(services, persons=60), *rows).response
    assert [each.outcome for each in answer.rows] == [REFUSED] * 60
    assert {each.reason for each in answer.rows} == {errors_pb2.ERROR_REASON_INVALID_FIELDS}
    said = [len(each.violations) for each in answer.rows]
    assert said == [2] * 50 + [0] * 10
    assert [each.more_violations for each in answer.rows] == [0] * 50 + [2] * 10


def test_what_is_wrong_with_a_row_is_said_of_it_and_hinders_no_other(services: Services) -> None:
    number = cnic()
    convict(services, number)
    answer = asked(
        services,
        declared(services, persons=6),
        by_cnic(1, "123"),
        by_cnic(2, cnic()),
        by_cnic(2, cnic()),
        by_cnic(7, cnic()),
        Row(row=3, birth_date=BORN),
        Row(row=4, identity_number=cnic()),
        by_cnic(5, number),
        by_cnic(6, number),
    ).response
    said = [
        (
            each.row,
            each.outcome,
            sorted((one.field, errors_pb2.FieldReason.Name(one.reason)[13:]) for one in each.violations),
        )
        for each in answer.rows
    ]
    assert said == [
        (1, REFUSED, [("identity_number", "CNIC_FORM")]),
        (2, NO_RECORD, []),
        (2, REFUSED, [("row", "DUPLICATE")]),
        (7, REFUSED, [("row", "OUT_OF_RANGE")]),
        (3, REFUSED, [("identity_number", "REQUIRED")]),
        (4, REFUSED, [("birth_date", "REQUIRED")]),
        (5, FOUND, []),
        (6, REFUSED, [("identity_number", "DUPLICATE")]),
    ]
    assert all(one.meaning_en and one.meaning_ur for each in answer.rows for one in each.violations)


@pytest.mark.parametrize(
    ("rows", "here"),
    [
        ([by_cnic(1, "3520212345671"), Row(row=2, shown_document=PASSPORT, birth_date=BORN)], True),
        ([by_cnic(1, "3520212345671"), by_cnic(2, "35202-1234567-1")], False),
        ([by_cnic(nth, "\u06f3" * 39) for nth in range(BLOCK)], False),
        ([by_cnic(nth, "\u06f3" * 39) for nth in range(BLOCK + 1)], True),  # nobody looks at them
    ],
)
def test_what_takes_long_to_check_is_checked_by_another_process(
    services: Services, rows: list[Row], *, here: bool
) -> None:
    # 500 rows of which much is wrong take 20 ms, in which nobody else's call is worked at.
    handler = services.methods["nsor.v1.LookupService/ScreenManifest"].handler
    assert isinstance(handler, Exchanged)
    assert handler.checked_here(screening_pb2.ScreenManifestRequest(rows=rows)) is here


@pytest.mark.parametrize("together", [True, False])
def test_a_document_is_not_tried_with_many_dates_of_birth(
    services: Services, keyring: Keyring, *, together: bool
) -> None:
    # Who knows a number and not the date would find both by a flight of a thousand dates; a clerk may correct one.
    number = cnic()
    convict(services, number)
    manifest = declared(services, persons=9)
    days = [date_pb2.Date(year=1985, month=6, day=day) for day in (1, 2, 7, 3)]
    rows = [by_cnic(nth, number, day) for nth, day in enumerate(days, 1)]
    if together:
        found = outcomes(services, manifest, *rows)
    else:
        found = [one for each in rows for one in outcomes(services, manifest, each)]
    assert found == [NO_RECORD, NO_RECORD, REFUSED, REFUSED]
    assert outcomes(services, manifest, Row(row=8, shown_document=PASSPORT, birth_date=BORN)) == [NO_RECORD]
    assert outcomes(services, manifest, by_cnic(9, cnic())) == [NO_RECORD]
    assert findings(services, keyring) == []


def test_a_message_of_two_blocks_is_refused(services: Services) -> None:
    manifest = declared(services, persons=1000)
    request = screening_pb2.ScreenManifestRequest(
        manifest_id=manifest, rows=[by_cnic(500, cnic()), by_cnic(501, cnic())]
    )
    error = services.refused(errors.InvalidFields, call_of(FIA_IMMIGRATION), request)
    assert violations(error) == [("rows[1].row", errors_pb2.FIELD_REASON_OUT_OF_RANGE)]


def test_a_message_has_at_most_five_hundred_rows(services: Services) -> None:
    manifest, numbers = declared(services, persons=1000), [cnic() for _ in range(500)]
    rows = [by_cnic(nth, number) for nth, number in enumerate(numbers, 501)]
    assert outcomes(services, manifest, *rows) == [NO_RECORD] * 500
    request = screening_pb2.ScreenManifestRequest(manifest_id=manifest, rows=[*rows, rows[0]])
    error = services.refused(errors.InvalidFields, call_of(FIA_IMMIGRATION), request)
    assert violations(error) == [("rows", errors_pb2.FIELD_REASON_TOO_LONG)]


def test_a_row_that_is_sent_again_is_answered_by_what_the_register_says_now(
    services: Services, keyring: Keyring
) -> None:
    number = cnic()
    created = services.create(born(number))
    manifest, row = declared(services), by_cnic(1, number)
    assert outcomes(services, manifest, row) == [NO_RECORD]
    services.confirm(created)
    before = services.rows()
    outcome = asked(services, manifest, row)
    assert [(each.outcome, each.screened_before) for each in outcome.response.rows] == [(FOUND, True)]
    assert services.rows() == before
    assert outcome.detail.replay
    services.judge_all(created, "SET_ASIDE")
    assert outcomes(services, manifest, row) == [NO_RECORD]
    assert findings(services, keyring) == []


def test_whoever_stands_under_a_number_stays_under_it(services: Services) -> None:
    manifest = declared(services)
    asked(services, manifest, by_cnic(1, cnic()))
    (said,) = asked(services, manifest, by_cnic(1, cnic())).response.rows
    assert (said.outcome, said.reason) == (REFUSED, errors_pb2.ERROR_REASON_REQUEST_ID_REUSED)


def test_a_row_is_not_answered_again_for_ever(services: Services, later: Later) -> None:
    manifest, row = declared(services), by_cnic(1, cnic())
    asked(services, manifest, row)
    later(minutes=POLICY.screening.repeat_minutes + 1)
    (said,) = asked(services, manifest, row).response.rows
    assert (said.outcome, said.reason) == (REFUSED, errors_pb2.ERROR_REASON_REPEATED_TOO_LATE)


def test_what_an_answer_cannot_hold_is_sent_again(services: Services, keyring: Keyring) -> None:
    # Each hit is a disclosure that a recall finds by a fixed number of rows.
    most, numbers = 32, [cnic() for _ in range(33)]
    for number in numbers:
        convict(services, number)
    manifest, rows = declared(services, persons=50), [by_cnic(nth, one) for nth, one in enumerate(numbers, 1)]
    rows.append(by_cnic(len(rows) + 1, cnic()))
    outcome = asked(services, manifest, *rows)
    assert [each.outcome for each in outcome.response.rows] == [FOUND] * most + [SEND_AGAIN] * 2
    assert len(outcome.response.hits) == most
    assert outcomes(services, manifest, *rows[most:]) == [FOUND, NO_RECORD]
    assert findings(services, keyring) == []


def test_each_row_can_be_proved_by_itself(services: Services) -> None:
    # The agency shows one row with its own salt; nothing is told of the others.
    number, other = cnic(), cnic()
    convict(services, number)
    manifest, rows = declared(services), (by_cnic(1, number), by_cnic(3, other))
    outcome = asked(services, manifest, *rows)
    answer = outcome.response
    said = ((1, f"cnic {number}", "1985-06-07", "FOUND"), (3, f"cnic {other}", "1985-06-07", "NO_RECORD"))
    hashes = [screened.row_hash(screened.row_salts(answer.salt)(each[0]), *each) for each in said]
    assert outcome.detail.screened.rows_root == answer.rows_root == merkle.root_of(hashes)
    # The entry has it, which is published: whoever is shown a row with its salt needs no detail.
    leaf = services.one("SELECT leaf FROM ledger_entry ORDER BY index DESC LIMIT 1")
    assert leaf_pb2.Leaf.FromString(leaf).rows_root == answer.rows_root
    for position, one in enumerate(hashes):
        proof = screened.row_proof(hashes, position)
        merkle.verify_inclusion(one, position, len(hashes), proof, answer.rows_root)
    # Nor can numbers be tried for the other one: its salt is known to nobody, and none comes twice.
    assert asked(services, manifest, *rows).response.salt != answer.salt


def test_no_number_of_a_passenger_stands_in_the_entry(services: Services) -> None:
    number = cnic()
    detail = asked(services, declared(services), by_cnic(1, number)).detail
    assert number.encode() not in detail.SerializeToString()
    assert detail.named.startswith("manifest ")


def test_screening_costs_nothing_more(services: Services) -> None:
    manifest = declared(services)
    outcome = asked(services, manifest, by_cnic(1, cnic()))
    assert not outcome.detail.HasField("spent")


def test_nothing_is_half_written(services: Services) -> None:
    assert services.never_half_written(call_of(FIA_IMMIGRATION), declaration()) == [
        *("manifest", "manifest_key", "idempotency")
    ]


def test_who_the_passengers_were_is_forgotten_some_days_later(
    services: Services, keyring: Keyring, later: Later
) -> None:
    number = cnic()
    convict(services, number)
    later(days=-POLICY.screening.keep_days - 5)
    request = declaration()
    request.scheduled_time.FromDatetime(dt.datetime.now(dt.UTC) - dt.timedelta(days=POLICY.screening.keep_days + 5))
    manifest = services.ask(call_of(FIA_IMMIGRATION), request).response.manifest_id
    assert outcomes(services, manifest, by_cnic(1, number), by_cnic(2, cnic())) == [FOUND, NO_RECORD]
    later(days=0)
    declared(services, number=400)
    ForgottenManifests(services.database).look()
    kept = services.one("SELECT array_agg(m.number) FROM manifest_key JOIN manifest AS m USING (manifest_id)")
    assert kept == [400]
    # Nothing of it opens any more, and it is over as any other is.
    again = screening_pb2.ScreenManifestRequest(manifest_id=manifest, rows=[by_cnic(1, number)])
    error = services.refused_by_the_register(errors.WrongState, call_of(FIA_IMMIGRATION), again)
    assert error.reason == errors_pb2.ERROR_REASON_MANIFEST_CLOSED
    # The ledger's clock isn't put back with that of calls.
    assert findings(services, keyring) == ["passengers were screened after the end of their manifest"]


def test_a_manifest_that_is_over_is_read_with_how_many_were_screened(services: Services) -> None:
    of_lahore = declared(services, persons=600)
    of_wagah = declared(services, border_crossing=notices_pb2.BORDER_CROSSING_WAGAH, persons=3)
    asked(services, of_lahore, by_cnic(1, cnic()), by_cnic(2, cnic()))
    asked(services, of_lahore, by_cnic(3, cnic()))
    asked(services, of_lahore, by_cnic(501, cnic()))
    now = dt.datetime.now(dt.UTC)
    with services.database.reading() as conn:
        found = travelled.over(conn, now, now + dt.timedelta(days=2), most=9)
        assert not travelled.over(conn, now, now + dt.timedelta(hours=2), most=9)
    assert {text(each.manifest_id): each.screened for each in found} == {of_lahore: 4, of_wagah: 0}


def test_another_message_is_computed_while_one_waits_for_postgresql(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    # And one at a time: several would only take the interpreter from each other, and from everybody's commits.
    others = [declared(services, number=number) for number in (301, 302)]
    found, answered, passengers = store.found, list[list[int]](), Screening._passengers

    def computed(self: Screening, *of: Any) -> Any:
        assert self._computing.locked()
        return passengers(self, *of)

    def asking(*of: Any) -> Any:
        monkeypatch.setattr(store, "found", found)
        other = threading.Thread(target=lambda: answered.append(outcomes(services, others[1], by_cnic(1, cnic()))))
        other.start()
        other.join(60.0)  # without end, if it had to wait for this one
        assert answered == [[NO_RECORD]]
        return found(*of)

    monkeypatch.setattr(store, "found", asking)
    monkeypatch.setattr(Screening, "_passengers", computed)
    assert outcomes(services, others[0], by_cnic(1, cnic())) == [NO_RECORD]


def test_two_messages_of_one_block_at_once_keep_both(services: Services, keyring: Keyring) -> None:
    manifest = declared(services)
    requests = [
        screening_pb2.ScreenManifestRequest(manifest_id=manifest, rows=[by_cnic(nth, cnic())]) for nth in (1, 2)
    ]
    ended = services.at_once(*((call_of(FIA_IMMIGRATION), each) for each in requests), together=True)
    assert [each.response.rows[0].outcome for each in ended if not isinstance(each, errors.ApiError)] == [NO_RECORD] * 2
    (said,) = asked(services, manifest, by_cnic(2, cnic())).response.rows
    assert said.reason == errors_pb2.ERROR_REASON_REQUEST_ID_REUSED
    assert findings(services, keyring) == []


def test_a_record_that_is_set_aside_meanwhile_is_not_shown(services: Services) -> None:
    # Rows are matched before the lock: what has changed since is read again.
    number = cnic()
    created = convict(services, number)
    manifest = declared(services)
    call = call_of(FIA_IMMIGRATION)
    request = screening_pb2.ScreenManifestRequest(manifest_id=manifest, rows=[by_cnic(1, number)])
    services.run(call, request)
    assert call.outcome is not None
    assert len(call.outcome.shown) == 1
    # Neither is one who is held meanwhile.
    read_again = {each.what for each in call.outcome.seen if each.key == (created.key.bytes,)}
    assert read_again == {registrations.HEADS, registrations.CLAIMS}
    services.judge_all(created, "SET_ASIDE")
    with pytest.raises(StaleRead):
        services.writer.submit(call)
