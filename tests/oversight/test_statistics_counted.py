"""The tables of a month against what a person counts of it: which facts there are, where, and the sums of averages."""

import datetime as dt
import uuid
from collections.abc import Iterator

import pytest

from nsor.v1 import lookup_pb2, options_pb2, oversight_pb2, types_pb2
from nsor_server import errors
from nsor_server.lookup.emergencies.overdue import EmergencyWatch
from nsor_server.lookup.requests.escalation.watch import SilenceWatch
from nsor_server.oversight.statistics.facts import Facts
from nsor_server.oversight.statistics.rules import MonthNotCounted
from nsor_server.oversight.statistics.times import StatisticsTimes
from nsor_server.storage.keyring import Keyring
from tests.agencies import (
    FIA_IMMIGRATION,
    LAHORE_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    officer_of,
)
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import TRACING, call_of
from tests.lookup.conftest import KNOWN, officer
from tests.lookup.test_access_requests import AccessRequests
from tests.lookup.test_emergencies import opened, review
from tests.lookup.test_recalls import acknowledging, at_the_border, listed, looked_up, set_aside
from tests.notification.life import Calendar, Life, calendar_from
from tests.notification.life import life as life  # noqa: PLC0414 - a fixture
from tests.notification.life import services as services  # noqa: PLC0414 - likewise
from tests.notification.life import template as template  # noqa: PLC0414 - likewise
from tests.notification.test_events import deliver
from tests.orders import cnic, conviction, day, order
from tests.registration.test_custody import happens
from tests.services import Services

LAHORE, STATION = "PK-PB/LHR", "PK-PB/LHR/PS-001"
MEASURES = oversight_pb2.StatisticsMeasure


@pytest.fixture
def calendar() -> Iterator[Calendar]:
    with calendar_from(dt.date(2026, 3, 2)) as made:
        yield made


def counted(services: Services, keyring: Keyring) -> dict[str, list[tuple[str, str, str, int, int]]]:
    """The facts of all entries, by measure: part, place, agency, how many, and the sum of what is averaged."""
    while deliver(services.database):
        pass
    with services.database.transaction() as conn:
        ((size,),) = conn.execute("SELECT size FROM ledger_head").fetchall()
        found = Facts(conn, keyring).of(0, size)
    assert all(each.is_whole for each in found.values())
    return {
        MEASURES.Name(measure).removeprefix("STATISTICS_MEASURE_"): sorted(
            (each.part, each.place, each.agency, each.count, each.total) for each in of.facts
        )
        for measure, of in found.items()
    }


def entries_of_march() -> oversight_pb2.GetStatisticsRequest:
    return oversight_pb2.GetStatisticsRequest(year=2026, month=3, measure=MEASURES.STATISTICS_MEASURE_ENTRIES)


def happened(life: Life, calendar: Calendar, services: Services, keyring: Keyring) -> None:
    """The story, from 2 March at noon."""
    watches = [
        each(services.database, services.writer, services.directory, TRACING, keyring)
        for each in (EmergencyWatch, SilenceWatch)
    ]

    def at(of_month: int, hour: int, minute: int = 0) -> None:
        """It is this time of a day of March; whatever is told at such times is told."""
        calendar.set(dt.date(2026, 3, of_month), dt.time(hour, minute))
        life._look()
        for each in (*watches, life.watch):
            while each.look():
                pass

    # Four are entered, three of them ten days after their judgments; the other one is confirmed.
    number = cnic()
    services.confirmed(order(number))
    for nth in range(7, 10):
        late = conviction(case_number=f"Sessions Case No. {nth}/2026")
        late.judgment_date.CopyFrom(day(2026, 2, 20))
        services.create(order(convictions=[late]))
    # He is shown for a case of Lahore, and twice at the border, which has none; then he is acquitted: three recalls.
    looked_up(services, number)
    at_the_border(services, number)
    at_the_border(services, number, "AB7654321")
    set_aside(services)
    # Another one is released: he owes his first notice in seven days.
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id)
    another = conviction(case_number="Sessions Case No. 9/2022")
    released = services.create(order(custody=custody, convictions=[another]))
    services.confirm(released, case_number="Sessions Case No. 9/2022")
    happens(services, released, "RELEASED", event_date=day(2026, 3, 2))
    # Two access requests: one is decided after an hour and a half, one after 50 hours, when it was told to be overdue.
    requests = AccessRequests(services)
    soon, later = requests.created(), requests.created()
    first, second = (opened(services, services.enrolled(officer_of(PUNJAB_POLICE)), cnic()) for _ in range(2))
    at(2, 13, 30)
    grant = requests.approve(soon.access_request_id, soon.etag).response.grant.grant_id
    at(2, 14)
    review(services, first)
    # The recalls were told on 2 March at 13:30, and have to be acknowledged within 48 hours.
    (of_lahore,) = listed(services, PUNJAB_PROSECUTION)
    of_border, _never = listed(services, FIA_IMMIGRATION)
    at(3, 9)
    services.ask(call_of(FIA_IMMIGRATION), acknowledging(of_border))
    at(3, 14)
    review(services, second)
    at(4, 13)
    at(4, 14, 30)
    requests.approve(later.access_request_id, later.etag)
    at(4, 15)
    services.ask(call_of(PUNJAB_PROSECUTION), acknowledging(of_lahore))
    at(11, 12)
    # A week later the next step is told of the same duty.
    at(18, 12)
    # Refused: a look-up by a grant that has ended, for a case of Lahore; and NPB, which has no place.
    at(20, 12)
    ended = lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=options_pb2.PURPOSE_INVESTIGATION,
        basis=lookup_pb2.LookUpBasis(grant_id=grant),
        cnic=KNOWN,
    )
    services.refused(errors.Denied, call_of(PUNJAB_POLICE, officer("punjab-police")), ended)
    services.refused_by_the_register(MonthNotCounted, call_of(NPB), entries_of_march())
    for each in watches:
        each.stop()


def test_what_a_person_counts(life: Life, calendar: Calendar, services: Services, keyring: Keyring) -> None:
    prosecution, border = PUNJAB_PROSECUTION.agency_id, FIA_IMMIGRATION.agency_id
    happened(life, calendar, services, keyring)
    found = counted(services, keyring)
    # Five were entered, two of them 1,033 days after the judgment.
    assert found["ENTRIES"] == [("", LAHORE, prosecution, 5, 2 * 1033 + 3 * 10)]
    assert found["IDENTITIES"] == [("UNVERIFIED", STATION, LAHORE_COURT.agency_id, 2, 0)]
    assert found["ACCESS_REQUESTS"] == [("IN_TIME", LAHORE, prosecution, 1, 1), ("LATE", LAHORE, prosecution, 1, 50)]
    assert found["EMERGENCIES"] == [(each, STATION, PUNJAB_POLICE.agency_id, 1, 0) for each in ("IN_TIME", "LATE")]
    assert found["RECALLS"] == [("IN_TIME", "PK", border, 1, 0), ("LATE", STATION, prosecution, 1, 0)]
    # Each of these was told to two agencies or more, but the recalls; one recall of the border was acknowledged.
    assert found["OVERDUE"] == [
        ("ACCESS_REQUEST_OVERDUE", LAHORE, "", 1, 0),
        ("DUTY_OVERDUE", STATION, "", 1, 0),
        ("EMERGENCY_REVIEW_OVERDUE", STATION, PUNJAB_POLICE.agency_id, 1, 0),
        ("RECALLS_OVERDUE", "PK", border, 1, 0),
        ("RECALLS_OVERDUE", STATION, prosecution, 1, 0),
    ]
    assert found["REFUSALS"] == [
        ("GRANT_EXPIRED", STATION, PUNJAB_POLICE.agency_id, 1, 0),
        ("MONTH_NOT_COUNTED", "PK", NPB.agency_id, 1, 0),
    ]
    look_ups = [each for each in found["ACCESSES"] if each[0] == "nsor.v1.LookupService/LookUpRegistration"]
    assert look_ups == [
        ("nsor.v1.LookupService/LookUpRegistration", "PK", border, 2, 0),
        ("nsor.v1.LookupService/LookUpRegistration", "PK-PB", prosecution, 1, 0),
    ]
    # Counted by the server after the month, it is the same again for whoever verifies.
    calendar.set(dt.date(2026, 4, 1))
    times = StatisticsTimes(services.database, services.writer, services.directory, TRACING, keyring)
    assert times.look()
    times.stop()
    assert not [each for each in life.findings() if "month" in each]
    shown = services.ask(call_of(NPB), entries_of_march()).response.counts
    assert [(each.count, each.average_tenths) for each in shown] == [(5, 4192)] * 5
