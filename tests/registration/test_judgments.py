"""What a judgment promises: it takes effect at once for everybody, and tells nobody what the register holds."""

import threading
import uuid
from dataclasses import replace
from typing import Any

import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2, lookup_pb2, notification_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Call, Outcome
from nsor_server.registration import store as registrations
from nsor_server.registration.judgments import store
from nsor_server.storage import session
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import Rows, Statement
from nsor_server.storage.v1 import record_pb2
from tests import orders
from tests.agencies import (
    KARACHI_COURT,
    LAHORE_COURT,
    LAHORE_HIGH_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_PROSECUTION,
    narrowed,
)
from tests.attack.test_set_back import at_the_border, is_shown
from tests.calls import call_of, violations
from tests.orders import Created, cnic, confirmation, conviction, day, order
from tests.services import Services

Request = registration_pb2.RecordJudgmentRequest
OWN_TABLES = ("judgment_version", "judgment_trial", "outbox")
"""Tables to which a judgment adds rows of its own."""
SUPREME_COURT = replace(LAHORE_HIGH_COURT, agency_id="supreme-court", court_kinds=(types_pb2.COURT_KIND_SUPREME_COURT,))


def judgment(kind: str, *counts: registration_pb2.JudgedCount, **fields: Any) -> Request:
    """A judgment of the High Court about the trial of `conviction()`, or another trial."""
    about = conviction()
    about.court_case.place_code = fields.pop("place_code", "PK-PB/LHR")
    about.court_case.case_number = fields.pop("case_number", "S.C. No. 123/2022")
    about.judgment_date.CopyFrom(fields.pop("judgment_date", about.judgment_date))
    return orders.judgment(kind, about, counts=counts, **fields)


def by_registry(services: Services, request: Request) -> Outcome[Any]:
    return services.ask(call_of(LAHORE_HIGH_COURT), request)


def confirmed(services: Services, number: str | None = None, **fields: Any) -> Created:
    created = services.create(order(number, **fields))
    services.confirm(created)
    return created


def two_counts() -> types_pb2.Conviction:
    """A conviction of two sections, each registrable by itself."""
    both = conviction()
    both.counts.add().CopyFrom(both.counts[0])
    both.counts[1].offence_code = "PPC-377"
    return both


def newest(services: Services, created: Created) -> record_pb2.RegistrationRecord:
    with services.database.reading() as conn:
        row = registrations.newest(conn, created.key.bytes)
    assert row is not None
    return registrations.open_version(services.sealer, row)


def stored(services: Services, judgment_id: str) -> int:
    return int(services.one("SELECT count(*) FROM judgment_version WHERE judgment_id = %s", judgment_id))


@pytest.mark.parametrize("kind", ["SET_ASIDE", "RETRIAL_ORDERED", "PARDONED"])
@pytest.mark.parametrize("recorded_by", ["lahore-high-court", "punjab-prosecution"])
def test_what_a_judgment_takes_away_nobody_is_shown_any_more(services: Services, kind: str, recorded_by: str) -> None:
    # Rule 8: at once, for every look-up and every reader, whoever recorded it, and no second person is waited for.
    number = cnic()
    held = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id)
    created = confirmed(services, number, custody=held)
    readers = (PUNJAB_PROSECUTION, LAHORE_COURT, PUNJAB_POLICE, PUNJAB_PRISONS, NPB)
    for agency in readers:
        services.get(created.registration_id, agency)
    assert is_shown(services, number)
    recorder = LAHORE_HIGH_COURT if recorded_by == "lahore-high-court" else PUNJAB_PROSECUTION
    services.ask(call_of(recorder), judgment(kind))
    for agency in readers:
        services.hidden(created.registration_id, agency)
    assert not is_shown(services, number)
    assert newest(services, created).state == registration_pb2.REGISTRATION_STATE_SEALED


def test_only_the_counts_that_failed_are_taken_away(services: Services) -> None:
    # Rule 8: while another registrable count stands, the record is shown with what stands, and the rest to nobody.
    number = cnic()
    created = confirmed(services, number, convictions=[two_counts()])
    by_registry(services, judgment("SET_ASIDE", registration_pb2.JudgedCount(offence_code="PPC-376")))
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT, NPB):
        (shown,) = services.get(created.registration_id, agency).convictions
        assert [count.offence_code for count in shown.counts] == ["PPC-377"]
        assert shown.state == types_pb2.CONVICTION_STATE_VARIED
    assert is_shown(services, number)
    # The last one goes with the record, however the judgment names it.
    by_registry(services, judgment("SET_ASIDE", registration_pb2.JudgedCount(offence_code="PPC-377")))
    services.hidden(created.registration_id, NPB)


def test_a_count_is_named_by_its_section_and_day(services: Services) -> None:
    # A section that stands twice is told apart by the day; a day that none has takes nothing away.
    twice = two_counts()
    twice.counts[1].offence_code = "PPC-376"
    twice.counts[1].offence_date.CopyFrom(day(2021, 8, 1))
    created = confirmed(services, convictions=[twice])
    by_registry(
        services,
        judgment("SET_ASIDE", registration_pb2.JudgedCount(offence_code="PPC-376", offence_date=day(2021, 7, 1))),
    )
    assert len(services.get(created.registration_id, NPB).convictions[0].counts) == 2
    by_registry(
        services,
        judgment("SET_ASIDE", registration_pb2.JudgedCount(offence_code="PPC-376", offence_date=day(2021, 8, 1))),
    )
    (left,) = services.get(created.registration_id, NPB).convictions[0].counts
    assert left.offence_date == day(2021, 9, 1)


def test_a_judgment_is_about_those_whom_it_names(services: Services) -> None:
    # Several are convicted in one case: who didn't appeal stays convicted.
    first, second = cnic(), cnic()
    confirmed(services, first)
    confirmed(services, second)
    by_registry(services, judgment("SET_ASIDE", cnics=[first]))
    assert (is_shown(services, first), is_shown(services, second)) == (False, True)
    by_registry(services, judgment("SET_ASIDE"))
    assert not is_shown(services, second)


def test_an_appeal_shows_on_every_answer_and_suspends_nothing(services: Services) -> None:
    # Rule 10. Its 30 days are counted from the judgment, with the section that says so; the last one is a Saturday.
    number = cnic()
    created = confirmed(services, number)
    answer = by_registry(services, judgment("APPEAL_FILED", order_date=day(2023, 6, 5))).response
    assert (answer.appeal_deadline.rule_id, answer.late) == ("appeal-window", False)
    assert by_registry(services, judgment("APPEAL_FILED", order_date=day(2023, 6, 6))).response.late
    other = judgment("APPEAL_FILED", order_date=day(2023, 6, 6))
    other.trial.court_kind = types_pb2.COURT_KIND_SESSIONS_COURT
    answer = by_registry(services, other).response
    assert (answer.appeal_deadline.rule_id, answer.late) == ("appeal-window-other-courts", False)
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT, NPB):
        (shown,) = services.get(created.registration_id, agency).convictions
        assert shown.appeal_state == types_pb2.APPEAL_STATE_PENDING
    assert is_shown(services, number)
    by_registry(services, judgment("APPEAL_DISMISSED"))
    (shown,) = services.get(created.registration_id, NPB).convictions
    assert shown.appeal_state == types_pb2.APPEAL_STATE_DISMISSED


def test_a_varied_sentence_is_shown_from_now_on(services: Services) -> None:
    created = confirmed(services, convictions=[two_counts()])
    reduced = registration_pb2.JudgedCount(
        offence_code="PPC-376", sentence_kind=types_pb2.SENTENCE_KIND_IMPRISONMENT, months=84
    )
    by_registry(services, judgment("SENTENCE_VARIED", reduced))
    (shown,) = services.get(created.registration_id, NPB).convictions
    assert [(count.offence_code, count.months) for count in shown.counts] == [("PPC-376", 84), ("PPC-377", 120)]


@pytest.mark.parametrize("kind", ["SET_ASIDE", "APPEAL_FILED", "RESTORED"])
@pytest.mark.parametrize("registry", [True, False], ids=["registry", "prosecution"])
def test_what_the_register_holds_shows_in_no_answer(services: Services, kind: str, registry: bool) -> None:
    # Rule 12: whether there is such a conviction, a sealed one, one that waits for its court, or none: one answer in
    # code, bytes, rows of its own, events, and size of the leaf.
    told: list[tuple[Any, ...]] = []
    for held in ("nothing", "unconfirmed", "confirmed", "sealed"):
        case = f"Sessions Case No. {len(told) + 1}/2022"
        told.append(_told(services, held, case, kind, LAHORE_HIGH_COURT if registry else PUNJAB_PROSECUTION))
    assert told[1:] == told[:-1]


def _told(services: Services, held: str, case: str, kind: str, recorder: Any) -> tuple[Any, ...]:
    """All that a judgment leaves for its recorder to see, about a case of which the register holds something."""
    if held != "nothing":
        created = services.create(order(convictions=[conviction(case_number=case)]))
        if held != "unconfirmed":
            services.confirm(created, case_number=case)
    if held == "sealed":
        by_registry(services, judgment("SET_ASIDE", case_number=case))
    before = services.rows()
    call = call_of(recorder)
    outcome = services.ask(call, judgment(kind, case_number=case))
    after = services.rows()
    answer = registration_pb2.RecordJudgmentResponse()
    answer.CopyFrom(outcome.response)
    assert len(answer.judgment_id) == len(str(uuid.uuid4()))
    answer.judgment_id = "the id, which is random"
    answer.confirmation_deadline.ClearField("start_time")
    answer.confirmation_deadline.ClearField("due_time")
    encoded = services.one("SELECT leaf FROM ledger_entry WHERE access_id = %s", uuid.UUID(bytes=call.access_id))
    leaf = leaf_pb2.Leaf.FromString(bytes(encoded))
    own = {table: after[table] - before[table] for table in (*OWN_TABLES, "idempotency", "registration_claim")}
    return (
        answer.SerializeToString(),
        own,
        (len(leaf.record_hash), leaf.record_version, leaf.outcome),
        len(encoded),
        services.one("SELECT octet_length(sealed) FROM ledger_detail WHERE index = %s", _index(services, call)),
    )


def _index(services: Services, call: Call) -> int:
    return int(services.one("SELECT index FROM ledger_entry WHERE access_id = %s", uuid.UUID(bytes=call.access_id)))


def test_a_judgment_that_comes_first_is_joined_when_the_conviction_is_confirmed(services: Services) -> None:
    # The court that confirms hears what any court hears; from then on the record is what the judgment made of it.
    plain, early = cnic(), cnic()
    first = services.create(order(plain, convictions=[conviction(case_number="Case No. 7/2022")]))
    expected = services.confirm(first, case_number="Case No. 7/2022")
    recorded = by_registry(services, judgment("SET_ASIDE")).response
    created = services.create(order(early))
    before = services.rows()
    outcome = services.confirm(created)
    after = services.rows()
    assert outcome.response.state == expected.response.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
    assert len(outcome.response.SerializeToString()) == len(expected.response.SerializeToString())
    assert [ref.table for ref in outcome.records] == [ref.table for ref in expected.records]
    assert [row.table.name for row in outcome.rows] == [row.table.name for row in expected.rows]
    assert {table: after[table] - before[table] for table in OWN_TABLES[:2]} == dict.fromkeys(OWN_TABLES[:2], 0)
    services.hidden(created.registration_id, NPB)
    assert (is_shown(services, plain), is_shown(services, early)) == (True, False)
    (joined,) = newest(services, created).convictions
    assert joined.judgment_ids == [uuid.UUID(recorded.judgment_id).bytes]


def test_an_appeal_that_comes_first_is_shown_from_the_confirmation_on(services: Services) -> None:
    by_registry(services, judgment("APPEAL_FILED"))
    created = confirmed(services)
    (shown,) = services.get(created.registration_id, NPB).convictions
    assert shown.appeal_state == types_pb2.APPEAL_STATE_PENDING


def test_what_is_restored_is_joined_and_stays_sealed(services: Services) -> None:
    # Unsealing is NPB's, and takes two officers: a judgment alone shows nobody anything again.
    created = confirmed(services)
    by_registry(services, judgment("SET_ASIDE"))
    number = "Crl. Petition No. 9/2024"
    restored = judgment("RESTORED", court_kind=types_pb2.COURT_KIND_SUPREME_COURT, order_number=number)
    answer = services.ask(call_of(PUNJAB_PROSECUTION), restored).response
    record = newest(services, created)
    assert record.state == registration_pb2.REGISTRATION_STATE_SEALED
    assert record.convictions[0].judgment_ids[-1] == uuid.UUID(answer.judgment_id).bytes
    services.hidden(created.registration_id, NPB)


def test_a_judgment_about_what_was_set_aside_moves_nothing(services: Services) -> None:
    # An appeal that is entered late must not bring back what was taken away meanwhile.
    created = confirmed(services)
    by_registry(services, judgment("SET_ASIDE"))
    for kind in ("APPEAL_FILED", "APPEAL_DISMISSED", "PARDONED"):
        by_registry(services, judgment(kind))
        assert newest(services, created).state == registration_pb2.REGISTRATION_STATE_SEALED


@pytest.mark.parametrize(
    "fields",
    [
        {"place_code": "PK-PB/MUL"},
        {"case_number": "Case No. 124/2022"},
        {"case_number": "Crl. Appeal No. 123/2022"},
        {"judgment_date": day(2023, 5, 5)},
    ],
)
def test_another_trial_is_another_conviction(services: Services, fields: dict[str, Any]) -> None:
    number = cnic()
    confirmed(services, number)
    by_registry(services, judgment("SET_ASIDE", **fields))
    assert is_shown(services, number)


def test_a_judgment_and_a_confirmation_at_once_miss_each_other_never(services: Services) -> None:
    # Both had read before either was written: whichever is second reads again.
    for together in (True, False):
        number, case = cnic(), f"Case No. {1 if together else 2}/2022"
        created = services.create(order(number, convictions=[conviction(case_number=case)]))
        services.at_once(
            (call_of(LAHORE_COURT), confirmation(created, case_number=case)),
            (call_of(LAHORE_HIGH_COURT), judgment("SET_ASIDE", case_number=case)),
            together=together,
        )
        assert not is_shown(services, number)
        assert newest(services, created).state == registration_pb2.REGISTRATION_STATE_SEALED


@pytest.mark.parametrize("judged_first", [True, False])
def test_what_is_committed_between_two_statements_is_not_missed(
    services: Services, monkeypatch: pytest.MonkeyPatch, *, judged_first: bool
) -> None:
    # Each statement of a handler sees what was committed before it: what is read is counted first.
    number = cnic()
    created = services.create(order(number))
    judging = (call_of(LAHORE_HIGH_COURT), judgment("SET_ASIDE"))
    confirms = (call_of(LAHORE_COURT), confirmation(created))
    outer, inner = (judging, confirms) if judged_first else (confirms, judging)
    between = [inner]

    def ask(conn: Connection, statement: Statement, *parameters: bytes) -> Rows:
        found = session.ask(conn, statement, *parameters)
        if between:
            services.ask(*between.pop())
        return found

    monkeypatch.setattr(store, "ask", ask)
    services.ask(*outer)
    assert not is_shown(services, number)
    assert newest(services, created).state == registration_pb2.REGISTRATION_STATE_SEALED


def test_what_is_answered_behind_a_set_aside_never_shows_it(services: Services) -> None:
    # Read before the judgment and recorded after it: the answer is made anew, or it would show what was set aside. Of
    # one batch who only reads comes first.
    for together in (True, False):
        number, case = cnic(), f"Case No. {1 if together else 2}/2022"
        created = services.create(order(number, convictions=[conviction(case_number=case)]))
        services.confirm(created, case_number=case)
        reading = registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)
        looking, border = at_the_border(number)
        recorded, asked = call_of(LAHORE_HIGH_COURT), call_of(NPB)
        ended = services.at_once(
            (recorded, judgment("SET_ASIDE", case_number=case)), (asked, reading), (looking, border), together=together
        )
        assert isinstance(ended[2], Outcome)
        shown = (not isinstance(ended[1], errors.NoRecord), ended[2].response.HasField("registration"))
        assert shown == (together, together)
        if together:
            assert max(_index(services, asked), _index(services, looking)) < _index(services, recorded)


def test_look_ups_in_a_race_with_a_set_aside(services: Services) -> None:
    # By the ledger's order: no look-up whose entry comes after the judgment's found him.
    number = cnic()
    confirmed(services, number)
    found: list[tuple[int, bool]] = []
    go_on = threading.Event()

    def look() -> None:
        while not go_on.is_set():
            call, request = at_the_border(number)
            outcome = services.ask(call, request).response.outcome
            found.append((_index(services, call), outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND))

    looking = [threading.Thread(target=look) for _ in range(3)]
    for thread in looking:
        thread.start()
    try:
        call = call_of(LAHORE_HIGH_COURT)
        services.ask(call, judgment("SET_ASIDE"))
    finally:
        go_on.set()
        for thread in looking:
            thread.join()
    at = _index(services, call)
    assert not any(shown for index, shown in found if index > at)
    assert not is_shown(services, number)


def test_a_repeated_judgment_is_answered_again_and_changes_nothing(services: Services) -> None:
    confirmed(services)
    request = judgment("SET_ASIDE")
    officer = call_of(LAHORE_HIGH_COURT).officer
    first = services.ask(call_of(LAHORE_HIGH_COURT, officer), request)
    before = services.rows()
    call = services.run(call_of(LAHORE_HIGH_COURT, officer), request)
    assert call.answer == first.response.SerializeToString()
    services.writer.submit(call)
    assert services.rows() == before


def test_what_only_checks_writes_nothing(services: Services) -> None:
    created = confirmed(services)
    before = services.rows()
    answer = by_registry(services, judgment("SET_ASIDE", validate_only=True)).response
    assert answer == registration_pb2.RecordJudgmentResponse()
    assert services.rows() == before
    services.get(created.registration_id, NPB)


@pytest.mark.parametrize(
    ("agency", "fields"),
    [
        (LAHORE_COURT, {}),  # hears no appeals
        (SUPREME_COURT, {}),  # another court gave it
        (narrowed(LAHORE_HIGH_COURT, "PK-SD"), {}),
        (SINDH_PROSECUTION, {}),
    ],
)
def test_who_may_not_record_is_refused_before_anything_is_read(
    services: Services, agency: Any, fields: dict[str, Any]
) -> None:
    refusal = services.refused(errors.Denied, call_of(agency), judgment("SET_ASIDE", **fields))
    assert refusal.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION


def test_what_a_judgment_must_say(services: Services) -> None:
    varied = registration_pb2.JudgedCount(offence_code="PPC-376")
    for request, field in (
        (judgment("SENTENCE_VARIED"), "counts"),
        (judgment("SENTENCE_VARIED", varied), "counts[0].sentence_kind"),
        (judgment("APPEAL_FILED", varied), "counts"),
        (judgment("SET_ASIDE", varied, varied), "counts[1]"),
        (judgment("SET_ASIDE", order_date=day(2023, 5, 3)), "order_date"),
        (judgment("SET_ASIDE", court_kind=types_pb2.COURT_KIND_SPECIAL_COURT), "court_kind"),
        (judgment("SET_ASIDE", cnics=["3520112345671", "3520112345671"]), "cnics[1]"),
    ):
        refusal = services.refused(errors.InvalidFields, call_of(LAHORE_HIGH_COURT), request)
        assert [name for name, _ in violations(refusal)] == [field]


def by_prosecution(services: Services, kind: str = "SET_ASIDE") -> str:
    answer = services.ask(call_of(PUNJAB_PROSECUTION), judgment(kind)).response
    assert answer.state == registration_pb2.JUDGMENT_STATE_RECORDED
    assert answer.confirmation_deadline.rule_id == "judgment-confirmation"
    return str(answer.judgment_id)


def confirming(judgment_id: str, number: str = "Criminal Appeal No. 456/2023") -> Any:
    return registration_pb2.ConfirmJudgmentRequest(
        request_id=str(uuid.uuid4()), judgment_id=judgment_id, order_number=number
    )


def test_the_registry_confirms_what_a_prosecution_recorded_from_its_own_number(services: Services) -> None:
    # It is told by an event, is shown the judgment without the number, and a wrong number is no record.
    judgment_id = by_prosecution(services)
    recorded = notification_pb2.EVENT_KIND_JUDGMENT_RECORDED
    assert services.owed(recorded) == [LAHORE_HIGH_COURT.agency_id, NPB.agency_id]
    reading = registration_pb2.GetJudgmentRequest(judgment_id=judgment_id)
    shown = services.ask(call_of(LAHORE_HIGH_COURT), reading).response.judgment
    assert (shown.order_number, shown.trial.case_number) == ("", "S.C. No. 123/2022")
    assert services.ask(call_of(PUNJAB_PROSECUTION), reading).response.judgment.order_number
    wrong = confirming(judgment_id, "Crl. Appeal No. 457/2023")
    services.refused(errors.NoRecord, call_of(LAHORE_HIGH_COURT), wrong)
    answer = services.ask(call_of(LAHORE_HIGH_COURT), confirming(judgment_id)).response
    assert answer.state == registration_pb2.JUDGMENT_STATE_CONFIRMED
    assert stored(services, judgment_id) == 2
    services.refused(errors.WrongState, call_of(LAHORE_HIGH_COURT), confirming(judgment_id))


@pytest.mark.parametrize("agency", [LAHORE_COURT, KARACHI_COURT, SUPREME_COURT])
def test_a_judgment_is_no_record_for_another_court(services: Services, agency: Any) -> None:
    judgment_id = by_prosecution(services)
    services.refused(errors.NoRecord, call_of(agency), confirming(judgment_id))
    services.refused(errors.NoRecord, call_of(agency), registration_pb2.GetJudgmentRequest(judgment_id=judgment_id))


def proposing(judgment_id: str) -> registration_pb2.ProposeUnsealingRequest:
    return registration_pb2.ProposeUnsealingRequest(request_id=str(uuid.uuid4()), judgment_id=judgment_id)


def unsealing(judgment_id: str) -> registration_pb2.ConfirmUnsealingRequest:
    return registration_pb2.ConfirmUnsealingRequest(request_id=str(uuid.uuid4()), judgment_id=judgment_id)


def test_two_officers_of_npb_unseal_what_was_restored(services: Services) -> None:
    # Neither alone, and to nobody else does a judgment's state tell that something was sealed.
    number = cnic()
    created = confirmed(services, number)
    by_registry(services, judgment("SET_ASIDE"))
    restored = by_registry(services, judgment("RESTORED")).response.judgment_id
    first, second = call_of(NPB), call_of(NPB)
    services.refused(errors.WrongState, second, unsealing(restored))
    services.ask(first, proposing(restored))
    services.hidden(created.registration_id, NPB)
    services.refused(errors.WrongState, call_of(NPB), proposing(restored))
    alone = services.refused(errors.Denied, call_of(NPB, first.officer), unsealing(restored))
    assert alone.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    answer = services.ask(call_of(NPB, second.officer), unsealing(restored)).response
    assert list(answer.registration_ids) == [created.registration_id]
    assert is_shown(services, number)
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT, PUNJAB_POLICE, NPB):
        services.get(created.registration_id, agency)
    assert len(services.get(created.registration_id, NPB).convictions[0].counts) == 1
    reading = registration_pb2.GetJudgmentRequest(judgment_id=restored)
    states = [services.ask(call_of(each), reading).response.judgment.state for each in (LAHORE_HIGH_COURT, NPB)]
    assert states == [registration_pb2.JUDGMENT_STATE_CONFIRMED, registration_pb2.JUDGMENT_STATE_UNSEALED]
    assert PUNJAB_POLICE.agency_id in services.owed(notification_pb2.EVENT_KIND_REGISTRATION_UNSEALED)


def test_some_counts_are_restored_and_others_stay_sealed(services: Services) -> None:
    created = confirmed(services, convictions=[two_counts()])
    by_registry(services, judgment("SET_ASIDE"))
    count = registration_pb2.JudgedCount(offence_code="PPC-377")
    restored = by_registry(services, judgment("RESTORED", count)).response.judgment_id
    services.ask(call_of(NPB), proposing(restored))
    services.ask(call_of(NPB), unsealing(restored))
    (shown,) = services.get(created.registration_id, NPB).convictions
    assert [each.offence_code for each in shown.counts] == ["PPC-377"]


def test_what_restores_nothing_or_was_overtaken_unseals_nothing(services: Services) -> None:
    created = confirmed(services)
    set_aside = by_registry(services, judgment("SET_ASIDE")).response.judgment_id
    services.refused(errors.WrongState, call_of(NPB), proposing(set_aside))
    unconfirmed = by_prosecution(services, "RESTORED")
    services.refused(errors.WrongState, call_of(NPB), proposing(unconfirmed))
    restored = by_registry(services, judgment("RESTORED")).response.judgment_id
    services.ask(call_of(NPB), proposing(restored))
    by_registry(services, judgment("SET_ASIDE"))
    services.refused(errors.WrongState, call_of(NPB), unsealing(restored))
    services.hidden(created.registration_id, NPB)
