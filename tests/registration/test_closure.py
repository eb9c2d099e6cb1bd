"""How records end: by a death that two officers have seen a certificate of, or by a term; and back again."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from nsor.v1 import closure_pb2, errors_pb2, notification_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Officer, Outcome
from nsor_server.policy import source
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.registration.closure import rules as closure_rules
from nsor_server.storage.keyring import Keyring
from tests import policies
from tests.agencies import LAHORE_COURT, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.attack.test_set_back import is_shown
from tests.calls import call_of, violations
from tests.orders import Created, cnic, conviction, day, order
from tests.services import Services, review_times, sealed_rows_are_listed

DECEASED = closure_pb2.CLOSURE_KIND_DECEASED
RESTORED = closure_pb2.CLOSURE_KIND_RESTORED
ARCHIVED = registration_pb2.REGISTRATION_STATE_ARCHIVED
CONFIRMED = registration_pb2.REGISTRATION_STATE_CONFIRMED
TOLD = notification_pb2.EVENT_KIND_REGISTRATION_ARCHIVED
NOBODY = "a record is archived, or isn't, and nobody has decided that"


def confirmed(services: Services, number: str | None = None, **fields: Any) -> Created:
    request = order(number, **fields)
    created = services.create(request)
    services.confirm(created, judgment_date=request.convictions[0].judgment_date)
    return created


def proposing(services: Services, created: Created, **fields: Any) -> closure_pb2.ProposeClosureRequest:
    of_death = {"died_date": day(2026, 1, 5), "certificate_number": "CRMS-123/2026"}
    kind = fields.get("kind", DECEASED)
    return closure_pb2.ProposeClosureRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "registration_id": created.registration_id,
            "etag": services.get(created.registration_id, NPB).etag,
            "kind": kind,
            **(of_death if kind == DECEASED else {}),
            **fields,
        }
    )


def confirming(created: Created, closure_id: str) -> closure_pb2.ConfirmClosureRequest:
    return closure_pb2.ConfirmClosureRequest(
        request_id=str(uuid.uuid4()), registration_id=created.registration_id, closure_id=closure_id
    )


def proposed(services: Services, created: Created, by: Officer | None = None, **fields: Any) -> str:
    outcome = services.ask(call_of(NPB, by), proposing(services, created, **fields))
    return str(outcome.response.closure_id)


def close(services: Services, created: Created, **fields: Any) -> Outcome[Any]:
    return services.ask(call_of(NPB), confirming(created, proposed(services, created, **fields)))


@pytest.fixture
def time(services: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Has all of the register looked at, and a time for reviews come."""
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)

    def once() -> None:
        with review_times(services, keyring) as times:
            while times.follow():
                pass
            assert times.look()

    return once


def test_an_archived_record_is_no_record_to_everybody_but_npb(services: Services, owner: Owner) -> None:
    created = confirmed(services, number := cnic())
    outcome = close(services, created)
    assert sealed_rows_are_listed(services, outcome) == ["closure_version", "registration_version"]
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT, PUNJAB_POLICE):
        services.hidden(created.registration_id, agency)
    assert not is_shown(services, number)
    shown = services.get(created.registration_id, NPB)
    assert (shown.state, shown.archive.reason) == (ARCHIVED, closure_pb2.ARCHIVE_REASON_DECEASED)
    assert (shown.archive.died_date, shown.archive.certificate_number) == (day(2026, 1, 5), "CRMS-123/2026")
    assert services.owed(TOLD) == ["npb", "punjab-police", "punjab-prosecution"]
    assert owner.findings() == []


def test_it_takes_two_officers(services: Services) -> None:
    created, officer = confirmed(services), services.enrolled(officer_of(NPB))
    closure_id = proposed(services, created, officer)
    refusal = services.refused(errors.Denied, call_of(NPB, officer), confirming(created, closure_id))
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    services.ask(call_of(NPB), confirming(created, closure_id))
    services.refused(errors.WrongState, call_of(NPB), confirming(created, closure_id))


def test_a_decision_is_about_the_version_that_was_seen_and_no_other_record(services: Services) -> None:
    created, other = confirmed(services), confirmed(services)
    closure_id = proposed(services, created)
    services.refused(errors.NoRecord, call_of(NPB), confirming(other, closure_id))
    services.add_conviction(created, conviction(case_number="Sessions Case No. 7/2023"))
    services.refused(errors.EtagMismatch, call_of(NPB), confirming(created, closure_id))
    services.refused(errors.EtagMismatch, call_of(NPB), proposing(services, created, etag="0123456789abcdef"))


def test_what_was_archived_wrongly_is_shown_again(services: Services, owner: Owner) -> None:
    created = confirmed(services, number := cnic())
    services.refused(errors.WrongState, call_of(NPB), proposing(services, created, kind=RESTORED))
    close(services, created)
    services.refused(errors.WrongState, call_of(NPB), proposing(services, created))
    close(services, created, kind=RESTORED)
    shown = services.get(created.registration_id, PUNJAB_POLICE)
    assert (shown.state, shown.HasField("archive")) == (CONFIRMED, False)
    assert is_shown(services, number)
    assert owner.findings() == []


def test_an_archived_record_holds_no_other_one_back(services: Services) -> None:
    # Whoever enters the number again must not see by it that there was one.
    number = cnic()
    close(services, confirmed(services, number))
    again = confirmed(services, number)
    assert not services.get(again.registration_id, NPB).held_for_review
    assert is_shown(services, number)


def test_a_set_aside_seals_what_is_archived(services: Services, owner: Owner) -> None:
    created = confirmed(services)
    close(services, created)
    services.judge(conviction(), "SET_ASIDE")
    services.hidden(created.registration_id, NPB)
    assert owner.findings() == []


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": DECEASED, "certificate_number": ""}, "certificate_number"),
        ({"kind": DECEASED, "died_date": None}, "died_date"),
        ({"kind": DECEASED, "died_date": day(2026, 3, 4)}, "died_date"),
        ({"kind": DECEASED, "certificate_number": "he died"}, "certificate_number"),
        ({"kind": RESTORED, "died_date": day(2026, 1, 5)}, "died_date"),
    ],
)
def test_a_death_has_a_day_and_a_certificate(services: Services, fields: dict[str, Any], wrong: str) -> None:
    created = confirmed(services)
    refusal = services.refused(errors.InvalidFields, call_of(NPB), proposing(services, created, **fields))
    assert [field for field, _ in violations(refusal)] == [wrong]


def old(months: int = 12, kind: int = types_pb2.SENTENCE_KIND_IMPRISONMENT) -> types_pb2.Conviction:
    """A conviction of 2008."""
    judged = conviction()
    judged.judgment_date.CopyFrom(day(2008, 5, 31))
    judged.fir.year = 2007
    judged.fir.fir_date.CopyFrom(day(2007, 9, 2))
    judged.counts[0].offence_date.CopyFrom(day(2007, 9, 1))
    judged.counts[0].sentence_kind = types_pb2.SentenceKind.ValueType(kind)
    judged.counts[0].months = months
    return judged


def state(services: Services, created: Created) -> int:
    return int(services.get(created.registration_id, NPB).state)


def test_a_term_that_is_over_archives_the_record(services: Services, time: Callable[[], None], owner: Owner) -> None:
    # By policy's rule, which stands beside it; what is within its term stays.
    over, within = confirmed(services, convictions=[old()]), confirmed(services)
    time()
    assert (state(services, over), state(services, within)) == (ARCHIVED, CONFIRMED)
    archive = services.get(over.registration_id, NPB).archive
    assert (archive.reason, archive.term_rule_id) == (closure_pb2.ARCHIVE_REASON_TERM_OVER, "registration-term")
    # A year from 31 May 2008, and ten: the last second of 31 May 2019 in Karachi.
    assert archive.term_end_time.ToJsonString() == "2019-05-31T18:59:59Z"
    assert services.owed(TOLD) == ["npb", "punjab-police", "punjab-prosecution"]
    services.hidden(over.registration_id, PUNJAB_POLICE)
    close(services, over, kind=RESTORED)
    time()
    assert state(services, over) == CONFIRMED
    assert owner.findings() == []


def born(services: Services, precision: types_pb2.DatePrecision.ValueType) -> Created:
    """Somebody whose birthday is given as 1 January 1990, and who was convicted for an offence of 1 September 2007."""
    request = order(convictions=[old()])
    request.person.birth_date.CopyFrom(day(1990, 1, 1))
    request.person.birth_date_precision = precision
    created = services.create(request)
    services.confirm(created, judgment_date=request.convictions[0].judgment_date)
    return created


def test_what_was_certainly_done_under_18_has_a_term_of_its_own(
    services: Services, time: Callable[[], None], owner: Owner
) -> None:
    # Rule 22. The policy that ships has the same number for it; by this one it is five years, and nobody is let off by
    # an age that was only estimated.
    shipped = source.packaged("deadlines.toml").read_bytes()
    (row,) = re.findall(rb'id = "registration-term-juvenile".*?years = 10', shipped, re.DOTALL)
    shorter = shipped.replace(row, row.replace(b"years = 10", b"years = 5"))
    policies.replace(services.database, services.keyring, "deadlines", shorter)
    services.directory.reload()
    minor = born(services, types_pb2.DATE_PRECISION_DAY)
    perhaps = born(services, types_pb2.DATE_PRECISION_APPARENT_AGE)
    time()
    archives = [services.get(each.registration_id, NPB).archive for each in (minor, perhaps)]
    assert [each.term_rule_id for each in archives] == ["registration-term-juvenile", "registration-term"]
    # A year from 31 May 2008, and five or ten.
    assert [each.term_end_time.ToDatetime().year for each in archives] == [2014, 2019]
    assert owner.findings() == []


def test_a_term_by_a_rule_that_is_not_the_record_s_is_found(
    services: Services, time: Callable[[], None], owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server that was changed takes an adult out of look-ups by the juveniles' rule.
    confirmed(services, convictions=[old()])
    with monkeypatch.context() as patched:
        patched.setattr(closure_rules, "_term_rule", lambda *_: "registration-term-juvenile")
        time()
    assert NOBODY in owner.findings()


def test_where_anything_is_open_there_is_no_term(services: Services, time: Callable[[], None]) -> None:
    # Nobody is archived who may still have a duty: held, sentenced for life, or with another conviction.
    held = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id="punjab-prisons")
    life = old(0, types_pb2.SENTENCE_KIND_LIFE)
    kept = [confirmed(services, custody=held, convictions=[old()]), confirmed(services, convictions=[life])]
    waiting = confirmed(services, convictions=[old()])
    services.add_conviction(waiting, conviction(case_number="Sessions Case No. 7/2023"))
    further = confirmed(services, convictions=[old()])
    services.add_conviction(further, conviction(case_number="Sessions Case No. 8/2023"))
    etag = services.get(further.registration_id, NPB).etag
    services.confirm(further, etag=etag, case_number="Sessions Case No. 8/2023")
    time()
    assert [state(services, each) for each in (*kept, waiting, further)] == [CONFIRMED] * 4


def test_an_appeal_keeps_a_record_out_of_the_archive(services: Services, time: Callable[[], None]) -> None:
    created = confirmed(services, convictions=[old()])
    services.judge(old(), "APPEAL_FILED")
    time()
    assert state(services, created) == CONFIRMED


@pytest.mark.parametrize("table", ["closure_version", "review_time"])
def test_an_archive_that_nobody_has_decided_is_found(
    services: Services, time: Callable[[], None], owner: Owner, table: str
) -> None:
    close(services, confirmed(services))
    confirmed(services, convictions=[old()])
    time()
    owner.does(f"DELETE FROM {table}")  # noqa: S608 - a constant
    assert NOBODY in owner.findings()
