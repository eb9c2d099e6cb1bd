"""Passengers whose documents find nobody, compared by names and day of birth: strict, masked, paid, and told to NPB."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from google.type import date_pb2

from nsor.ledger import merkle, screened
from nsor.v1 import errors_pb2, notification_pb2, options_pb2, screening_pb2, types_pb2
from nsor_server.calls import Officer
from nsor_server.formats.instants import date_of
from nsor_server.ledger.entry import StaleRead
from nsor_server.lookup.screening import names as passenger_names
from nsor_server.lookup.screening import rules
from nsor_server.names.card import Person
from nsor_server.policy.budgets import Bucket
from nsor_server.storage import sealing
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests.agencies import FIA_IMMIGRATION, officer_of
from tests.budgets import with_budget
from tests.calls import POLICY, call_of
from tests.lookup.search.conftest import named
from tests.lookup.test_screening import declared
from tests.orders import Created, cnic, conviction
from tests.registration.test_duplicates import findings
from tests.registration.test_identifiers import CASES
from tests.services import Services

FOUND = screening_pb2.SCREENING_OUTCOME_FOUND
NO_RECORD = screening_pb2.SCREENING_OUTCOME_NO_RECORD
REFUSED = screening_pb2.SCREENING_OUTCOME_REFUSED
SEND_AGAIN = screening_pb2.SCREENING_OUTCOME_SEND_AGAIN
ALIKE = screening_pb2.SCREENING_OUTCOME_ALIKE
DONE = screening_pb2.NAMES_COMPARED_DONE
EMPTY = screening_pb2.NAMES_COMPARED_BUDGET_EMPTY
NOT_READY = screening_pb2.NAMES_COMPARED_NOT_READY
TOO_LITTLE = screening_pb2.NAMES_COMPARED_SAY_TOO_LITTLE
SCREEN = "nsor.v1.LookupService/ScreenManifest"
RAFIQ, LAL_DIN = "Muhammad Rafiq", "Lal Din"
BORN = date_pb2.Date(year=1980, month=6, day=7)
Row = screening_pb2.ManifestRow
Ask = Callable[..., Any]


def convict(services: Services, name: str = RAFIQ, relative: str = LAL_DIN, **fields: Any) -> Created:
    """Somebody born on the day, with a number that nobody shows."""
    created = services.confirmed(of_day(name, relative, **fields))
    read(services)
    return created


def of_day(name: str, relative: str, **fields: Any) -> Any:
    order = named(name, relative, **fields)
    order.person.cnic = cnic()
    order.person.birth_date.CopyFrom(BORN)
    order.person.birth_date_precision = types_pb2.DATE_PRECISION_DAY
    return order


def read(services: Services) -> None:
    while services.names.work():
        pass


def passenger(number: int, name: str = RAFIQ, relative: str = LAL_DIN, born: date_pb2.Date = BORN, of: str = "") -> Row:
    row = Row(row=number, identity_number=of or cnic(), birth_date=born)
    row.names.name, row.names.relative_name = name, relative
    return row


def ask(services: Services, manifest: str, *rows: Row, who: Officer | None = None) -> Any:
    call = call_of(FIA_IMMIGRATION, who) if who else call_of(FIA_IMMIGRATION)
    return services.ask(call, screening_pb2.ScreenManifestRequest(manifest_id=manifest, rows=rows))


def said(outcome: Any) -> list[tuple[int, int]]:
    return [(each.outcome, each.names) for each in outcome.response.rows]


def told(services: Services) -> list[tuple[str, str, str]]:
    """Whom events of passengers who are alike are owed, of which registration, about whom."""
    query = "SELECT array_agg(ARRAY[recipient, registration_id::text, about_agency]) FROM outbox WHERE kind = %s"
    return [tuple(each) for each in services.one(query, notification_pb2.EVENT_KIND_PASSENGER_ALIKE) or []]


def few(services: Services, left: int) -> None:
    """Let an officer be shown so many by their names, and his agency some more."""
    officer, agency = Bucket(capacity=left, refill_per_hour=1), Bucket(capacity=left + 50, refill_per_hour=1)
    services.policy = with_budget(SCREEN, officer=officer, agency=agency)


def test_who_is_alike_by_both_names_and_the_day_is_shown_masked(services: Services, keyring: Keyring) -> None:
    created = convict(services)
    outcome = ask(services, declared(services), passenger(1), passenger(2, "Zarghun Marri", "Gul Khan"))
    assert said(outcome) == [(ALIKE, DONE), (NO_RECORD, DONE)]
    assert not outcome.response.hits
    (shown,) = outcome.response.alike
    assert (shown.row, list(shown.person.initials), list(shown.relative_initials)) == (1, ["M. R."], ["L. D."])
    assert len(shown.person.cnic_ending) == 3
    # Neither the record's id nor anything else by which it could be looked up.
    assert created.registration_id not in str(outcome.response)
    assert {name.name for name, _ in shown.ListFields()} == {"row", "person", "relative_initials", "sex"}
    # It is a disclosure: a recall finds it, and the owner learns of it.
    assert [each.registration_id.hex() for each in outcome.shown] == [created.registration_id.replace("-", "")]
    assert findings(services, keyring) == []


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        (passenger(1, "محمد رفیق", "لال دین"), ALIKE),
        (passenger(1, "Mohd. Rafeeq", "Lal Deen"), ALIKE),
        (passenger(1, born=date_pb2.Date(year=1980, month=6, day=8)), NO_RECORD),
        (passenger(1, RAFIQ, "Sher Zaman"), NO_RECORD),
        (passenger(1, "Sher Zaman", LAL_DIN), NO_RECORD),
    ],
)
def test_the_names_are_compared_strictly(services: Services, row: Row, outcome: int) -> None:
    convict(services)
    assert said(ask(services, declared(services), row)) == [(outcome, DONE)]


def test_a_record_that_knows_no_day_of_birth_is_alike_nobody(services: Services) -> None:
    order = of_day(RAFIQ, LAL_DIN)
    order.person.birth_date_precision = types_pb2.DATE_PRECISION_YEAR
    order.person.birth_date.month = order.person.birth_date.day = 1
    services.confirmed(order)
    read(services)
    born = order.person.birth_date
    assert said(ask(services, declared(services), passenger(1, born=born))) == [(NO_RECORD, DONE)]


def test_who_is_found_by_a_document_costs_nothing_though_his_names_are_alike(services: Services) -> None:
    order = of_day(RAFIQ, LAL_DIN)
    services.confirmed(order)
    read(services)
    outcome = ask(services, declared(services), passenger(1, of=order.person.cnic))
    assert said(outcome) == [(FOUND, DONE)]
    assert outcome.costs == 0
    assert told(services) == []


def test_each_who_is_alike_costs_one_and_npb_hears_of_him_at_once(services: Services, keyring: Keyring) -> None:
    created = convict(services)
    outcome = ask(services, declared(services, persons=9), passenger(1), passenger(2), passenger(3, "Sher Zaman"))
    assert [each for each, _ in said(outcome)] == [ALIKE, ALIKE, NO_RECORD]
    assert (outcome.detail.spent.price, outcome.detail.spent.times) == (2, 2)
    assert told(services) == [("npb", created.registration_id, "fia-immigration")] * 2
    assert findings(services, keyring) == []


def test_nobody_alike_costs_nothing_and_tells_nobody(services: Services) -> None:
    convict(services)
    outcome = ask(services, declared(services), passenger(1, "Zarghun Marri", "Gul Khan"))
    assert not outcome.detail.HasField("spent")
    assert told(services) == []


def test_behind_the_last_of_the_budget_nobody_is_compared_whoever_he_is(services: Services, keyring: Keyring) -> None:
    convict(services)
    few(services, 1)
    who = officer_of(FIA_IMMIGRATION)
    rows = [passenger(1, "Zarghun Marri", "Gul Khan"), passenger(2), passenger(3), passenger(4, "Sher Zaman")]
    first, second = declared(services, persons=9), declared(services, number=302)
    outcome = ask(services, first, *rows, who=who)
    assert said(outcome) == [(NO_RECORD, DONE), (ALIKE, DONE), (NO_RECORD, EMPTY), (NO_RECORD, EMPTY)]
    # On another flight it is as empty, and nobody is asked; another officer has his own.
    assert said(ask(services, second, passenger(1), who=who)) == [(NO_RECORD, EMPTY)]
    assert said(ask(services, second, passenger(2), who=officer_of(FIA_IMMIGRATION))) == [(ALIKE, DONE)]
    assert findings(services, keyring) == []


def test_who_is_over_his_budget_has_no_part_of_the_register_read(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    convict(services)
    few(services, 1)
    who, manifest = officer_of(FIA_IMMIGRATION), declared(services, persons=9)
    ask(services, manifest, passenger(1), who=who)

    def asked(*_arguments: object) -> None:
        raise AssertionError("the names were asked")

    monkeypatch.setattr(passenger_names.PassengerNames, "met", asked)
    assert said(ask(services, manifest, passenger(2), who=who)) == [(NO_RECORD, EMPTY)]


def test_documents_are_looked_for_though_the_budget_of_names_is_empty(services: Services) -> None:
    order = of_day(RAFIQ, LAL_DIN)
    services.confirmed(order)
    read(services)
    few(services, 1)
    who, manifest = officer_of(FIA_IMMIGRATION), declared(services, persons=9)
    ask(services, manifest, passenger(1), who=who)
    assert said(ask(services, manifest, passenger(2, of=order.person.cnic), who=who)) == [(FOUND, DONE)]


def test_a_row_that_is_sent_again_costs_nothing_and_tells_nobody_again(services: Services, keyring: Keyring) -> None:
    created = convict(services)
    few(services, 1)
    who, manifest, row = officer_of(FIA_IMMIGRATION), declared(services), passenger(1)
    ask(services, manifest, row, who=who)
    before = services.rows()
    outcome = ask(services, manifest, row, who=who)
    assert [(each.outcome, each.screened_before) for each in outcome.response.rows] == [(ALIKE, True)]
    assert (outcome.costs, services.rows()) == (0, before)
    services.judge_all(created, "SET_ASIDE")
    assert said(ask(services, manifest, row, who=who)) == [(NO_RECORD, DONE)]
    assert findings(services, keyring) == []


def test_a_row_that_was_paid_for_is_shown_again_however_many_stand_in_front_of_it(
    services: Services, keyring: Keyring
) -> None:
    # The budget ends at the first row: those behind it aren't compared, and the last one was paid for.
    convict(services)
    created = convict(services, "Zarghun Marri", "Gul Khan")
    few(services, 2)
    who, manifest = officer_of(FIA_IMMIGRATION), declared(services, persons=50)
    last = passenger(rules.MOST_HITS + 8, "Zarghun Marri", "Gul Khan")
    assert said(ask(services, manifest, last, who=who)) == [(ALIKE, DONE)]
    new = [passenger(number) for number in range(1, rules.MOST_HITS + 8)]
    outcome = ask(services, manifest, *new, last, who=who)
    assert said(outcome) == [(ALIKE, DONE), *[(NO_RECORD, EMPTY)] * (len(new) - 1), (ALIKE, DONE)]
    assert (outcome.costs, len(outcome.shown)) == (1, 2)
    assert len(told(services)) == 2
    services.judge_all(created, "SET_ASIDE")
    assert said(ask(services, manifest, last, who=who)) == [(NO_RECORD, DONE)]
    assert findings(services, keyring) == []


def test_a_row_that_is_alike_only_when_it_is_sent_again_is_paid_then(services: Services, keyring: Keyring) -> None:
    manifest, row = declared(services), passenger(1)
    read(services)
    assert said(ask(services, manifest, row)) == [(NO_RECORD, DONE)]
    convict(services)
    outcome = ask(services, manifest, row)
    assert (said(outcome), outcome.costs, len(told(services))) == ([(ALIKE, DONE)], 1, 1)
    assert ask(services, manifest, row).costs == 0
    assert findings(services, keyring) == []


def test_whoever_stands_under_a_number_stays_under_it_with_his_names(services: Services) -> None:
    read(services)
    manifest, row = declared(services), passenger(1)
    ask(services, manifest, row)
    other, none = passenger(1, "Zarghun Marri", of=row.identity_number), passenger(1, of=row.identity_number)
    none.ClearField("names")
    for changed in (other, none):
        (answer,) = ask(services, manifest, changed).response.rows
        assert (answer.outcome, answer.reason) == (REFUSED, errors_pb2.ERROR_REASON_REQUEST_ID_REUSED)


def test_names_that_are_not_read_yet_hold_nobody_up(services: Services) -> None:
    manifest, row = declared(services), passenger(1)
    services.confirmed(of_day(RAFIQ, LAL_DIN))
    assert said(ask(services, manifest, row)) == [(NO_RECORD, NOT_READY)]
    read(services)
    assert said(ask(services, manifest, row)) == [(ALIKE, DONE)]


def test_a_process_that_hangs_holds_no_message_up(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    number = cnic()
    order = of_day(RAFIQ, LAL_DIN)
    order.person.cnic = number
    services.confirmed(order)
    read(services)
    process = services.names._names
    assert process is not None
    monkeypatch.setattr(passenger_names, "LONGEST_SECONDS", 0.01)
    os.kill(process.pid, signal.SIGSTOP)
    rows = [passenger(1, of=number), passenger(2)]
    assert said(ask(services, declared(services), *rows)) == [(FOUND, DONE), (NO_RECORD, NOT_READY)]
    os.kill(process.pid, signal.SIGCONT)


def test_names_that_most_people_have_are_not_compared(services: Services) -> None:
    convict(services, "Muhammad Ali", "Muhammad Khan")
    rows = [passenger(1, "Muhammad", "Muhammad"), passenger(2, "Ali", "Ali")]
    assert said(ask(services, declared(services), *rows)) == [(NO_RECORD, TOO_LITTLE)] * 2


def test_what_is_wrong_with_names_is_said_of_the_row(services: Services) -> None:
    rows = [passenger(1, "Muhammad3", LAL_DIN), passenger(2, RAFIQ, ""), passenger(3, "", LAL_DIN)]
    answer = ask(services, declared(services), *rows).response
    wrong = [
        [(one.field, errors_pb2.FieldReason.Name(one.reason)[13:]) for one in row.violations] for row in answer.rows
    ]
    assert wrong == [
        [("names.name", "NAME_FORM")],
        [("names.relative_name", "REQUIRED")],
        [("names.name", "REQUIRED")],
    ]


@pytest.mark.parametrize("how", ["unconfirmed", "sealed", "held", "juvenile", "with more care"])
def test_who_is_hidden_from_a_search_is_alike_nobody(services: Services, how: str) -> None:
    year = 2004 if how == "juvenile" else 1980
    order = of_day(RAFIQ, LAL_DIN, heightened_handling=how == "with more care")
    order.person.birth_date.year = year
    if how == "held":
        other = of_day("Zarghun Marri", "Shahdad Marri", convictions=[conviction(case_number=CASES[0])])
        other.person.cnic = order.person.cnic
        order.convictions[0].CopyFrom(conviction(case_number=CASES[1]))
        services.confirm(services.create(other), case_number=CASES[0])
    created = services.create(order)
    if how == "held":
        services.confirm(created, case_number=CASES[1])
    elif how != "unconfirmed":
        services.confirm(created)
    read(services)
    if how == "sealed":
        services.judge_all(created, "SET_ASIDE")  # the process has his card still
    manifest, born = declared(services), date_pb2.Date(year=year, month=6, day=7)
    before = services.rows("ledger_entry", "ledger_record")
    assert said(ask(services, manifest, passenger(1, born=born))) == [(NO_RECORD, DONE)]
    after = services.rows("ledger_entry", "ledger_record")
    grown = {table: count - before[table] for table, count in after.items() if count != before[table]}
    assert grown == {"manifest_block": 1, "ledger_entry": 1, "ledger_record": 1}


def test_no_work_tells_of_somebody_who_is_hidden(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = convict(services)
    services.judge_all(hidden, "SET_ASIDE")  # the process has his card still
    opened: Counter[str] = Counter()
    opens = sealing.DataKey.open

    def counted(key: sealing.DataKey, table: str, *rest: Any) -> bytes:
        opened[table] += 1
        return opens(key, table, *rest)

    monkeypatch.setattr(sealing.DataKey, "open", counted)
    manifest, work = declared(services, persons=9), []
    ask(services, manifest, passenger(9, "Sher Zaman"))
    for nth, name in enumerate((RAFIQ, "Zarghun Marri", RAFIQ), 1):
        if nth == 3:
            with services.database.owner() as owner:  # as an erasure leaves it
                owner.execute("DELETE FROM registration_key")
        opened.clear()
        outcome = ask(services, manifest, passenger(nth, name))
        assert said(outcome) == [(NO_RECORD, DONE)]
        work.append((Counter(opened), len(outcome.seen), outcome.response.ByteSize(), len(outcome.detail.screened.met)))
    assert work[0] == work[1] == work[2]


def test_of_whose_date_of_birth_has_changed_nothing_is_shown() -> None:
    # The process may have a card of before for half a second.
    record = record_pb2.RegistrationRecord(birth_day=10, birth_precision=types_pb2.DATE_PRECISION_DAY)
    met = passenger_names.Met(bytes(16), None, record)
    of_day = Person((), birth_day=date_of(10).toordinal())
    assert passenger_names._of_day(met, of_day).record is record
    assert passenger_names._of_day(met, Person((), birth_day=of_day.birth_day + 1)).record is None


def test_an_answer_and_its_entry_have_one_size_whoever_is_alike(services: Services) -> None:
    convict(services)
    sizes = []
    for flight, relative in enumerate((LAL_DIN, "Sher Zaman"), 1):
        outcome = ask(services, declared(services, number=flight), passenger(1, RAFIQ, relative))
        detail = services.one("SELECT octet_length(sealed) FROM ledger_detail ORDER BY index DESC LIMIT 1")
        beside = services.one("SELECT octet_length(labels) FROM ledger_shown ORDER BY index DESC LIMIT 1")
        sizes.append((outcome.response.ByteSize(), detail, beside))
    assert sizes[0] == sizes[1]


def test_those_who_are_alike_take_places_of_an_answer(services: Services, keyring: Keyring) -> None:
    convict(services)
    few(services, 50)
    rows = [passenger(number) for number in range(1, rules.MOST_HITS + 3)]
    outcome = ask(services, declared(services, persons=50), *rows)
    assert [each for each, _ in said(outcome)] == [ALIKE] * rules.MOST_HITS + [SEND_AGAIN] * 2
    assert len(outcome.response.alike) == rules.MOST_HITS
    assert findings(services, keyring) == []


def test_each_row_can_be_proved_with_its_names(services: Services) -> None:
    convict(services)
    few(services, 1)
    rows = [passenger(1), passenger(2)]
    answer = ask(services, declared(services), *rows, who=officer_of(FIA_IMMIGRATION)).response
    names = screened.names_hash(RAFIQ, LAL_DIN).hex()
    words = [f"cnic {row.identity_number} names {names}" for row in rows]
    hashes = [
        screened.row_hash(screened.row_salts(answer.salt)(number), number, words[number - 1], "1980-06-07", outcome)
        for number, outcome in ((1, "ALIKE"), (2, "NAMES_NOT_COMPARED"))
    ]
    assert answer.rows_root == merkle.root_of(hashes)


@pytest.mark.parametrize("together", [True, False])
def test_two_messages_at_once_do_not_spend_the_last_one_twice(
    services: Services, keyring: Keyring, *, together: bool
) -> None:
    # As two server processes do: each has seen that one is left.
    convict(services)
    few(services, 1)
    who = officer_of(FIA_IMMIGRATION)
    flights = [declared(services, number=number) for number in (1, 2)]
    requests = [screening_pb2.ScreenManifestRequest(manifest_id=each, rows=[passenger(1)]) for each in flights]
    ended: Any = services.at_once(*((call_of(FIA_IMMIGRATION, who), each) for each in requests), together=together)
    assert sorted(said(each)[0] for each in ended) == [(NO_RECORD, EMPTY), (ALIKE, DONE)]
    assert len(told(services)) == 1
    assert findings(services, keyring) == []


def test_a_record_that_is_set_aside_meanwhile_is_not_shown(services: Services) -> None:
    created = convict(services)
    manifest, call = declared(services), call_of(FIA_IMMIGRATION)
    services.run(call, screening_pb2.ScreenManifestRequest(manifest_id=manifest, rows=[passenger(1)]))
    assert call.outcome is not None
    assert len(call.outcome.shown) == 1
    services.judge_all(created, "SET_ASIDE")
    with pytest.raises(StaleRead):
        services.writer.submit(call)


def test_no_name_stands_in_the_entry(services: Services) -> None:
    convict(services)
    detail = ask(services, declared(services), passenger(1)).detail.SerializeToString()
    assert RAFIQ.encode() not in detail
    assert LAL_DIN.encode() not in detail


def test_policy_says_how_many_may_be_alike() -> None:
    budget = POLICY.budgets.of(SCREEN, options_pb2.AGENCY_KIND_IMMIGRATION, options_pb2.PURPOSE_BORDER_CONTROL)
    assert budget is not None
    assert budget.officer.capacity <= 20
