"""Transfers of responsibility on a real register: who decides, sees and hears of one."""

import datetime as dt
import random
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from nsor.v1 import errors_pb2, notification_pb2, transfers_pb2
from nsor_server import errors
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import Agency, Officer
from tests.agencies import NPB, PUNJAB_POLICE, SINDH_POLICE, narrowed, officer_of
from tests.calls import call_of, violations
from tests.notification.test_notice import Answer, notice, take
from tests.notification.test_notice_decisions import decision, withdraw
from tests.orders import Created
from tests.registration.test_custody import acceptance as release_acceptance
from tests.registration.test_custody import expected, happens, held, today
from tests.registration.test_custody_mistakes import takes_back
from tests.services import Services

HOME, AWAY, BEYOND = "PK-PB/LHR/PS-001", "PK-SD/KHI/PS-002", "PK-PB/FSD/PS-003"
PENDING, REFUSED = transfers_pb2.TRANSFER_STATE_PENDING, transfers_pb2.TRANSFER_STATE_REFUSED
ACCEPT, REFUSE = transfers_pb2.TRANSFER_DECISION_ACCEPT, transfers_pb2.TRANSFER_DECISION_REFUSE
ASSIGN, LEAVE = transfers_pb2.TRANSFER_RESOLUTION_ASSIGN, transfers_pb2.TRANSFER_RESOLUTION_LEAVE
OTHER_STATION = transfers_pb2.TRANSFER_REFUSAL_OTHER_STATION
INCOMING, OUTGOING = transfers_pb2.TRANSFER_SIDE_INCOMING, transfers_pb2.TRANSFER_SIDE_OUTGOING
UNRESOLVED = transfers_pb2.TRANSFER_SIDE_UNRESOLVED
ABSENT = str(uuid.UUID(int=7))


@pytest.fixture
def moving(services: Services) -> Created:
    """Somebody of Lahore who has moved to Karachi."""
    created = services.confirmed()
    moves(services, created)
    return created


def moves(services: Services, created: Created, place: str = AWAY) -> Answer:
    responsible = services.get(created.registration_id, NPB).responsible_place
    police = SINDH_POLICE if responsible.startswith("PK-SD") else PUNJAB_POLICE
    return take(services, notice(created, place, receiving_station=responsible), call_of(police))


def deciding(
    services: Services, created: Created, decision: transfers_pb2.TransferDecision.ValueType = ACCEPT
) -> transfers_pb2.DecideTransferRequest:
    return transfers_pb2.DecideTransferRequest(
        request_id=str(uuid.uuid4()),
        registration_id=created.registration_id,
        etag=services.get(created.registration_id, NPB).etag,
        decision=decision,
        refusal=OTHER_STATION if decision == REFUSE else transfers_pb2.TRANSFER_REFUSAL_UNSPECIFIED,
    )


def resolving(
    services: Services, created: Created, resolution: transfers_pb2.TransferResolution.ValueType = ASSIGN
) -> transfers_pb2.ResolveTransferRequest:
    return transfers_pb2.ResolveTransferRequest(
        request_id=str(uuid.uuid4()),
        registration_id=created.registration_id,
        etag=services.get(created.registration_id, NPB).etag,
        resolution=resolution,
    )


def shown(
    services: Services, created: Created, agency: Agency, officer: Officer | None = None
) -> transfers_pb2.GetTransferResponse:
    request = transfers_pb2.GetTransferRequest(registration_id=created.registration_id)
    answer: transfers_pb2.GetTransferResponse = services.ask(call_of(agency, officer), request).response
    return answer


def listed(services: Services, agency: Agency, officer: Officer | None = None, **fields: Any) -> list[tuple[str, int]]:
    """Registrations on a page, and on which side the caller is."""
    answer = services.ask(call_of(agency, officer), transfers_pb2.ListTransfersRequest(**fields)).response
    return [(each.registration_id, each.side) for each in answer.items]


def told(services: Services, name: str) -> list[str]:
    return services.owed(notification_pb2.EventKind.Value(f"EVENT_KIND_RESPONSIBILITY_TRANSFER_{name}"))


def test_the_new_police_accept_and_are_responsible(services: Services, moving: Created) -> None:
    services.hidden(moving.registration_id, SINDH_POLICE)
    answer = services.ask(call_of(SINDH_POLICE), deciding(services, moving)).response
    assert (answer.responsible_place, answer.state) == (AWAY, transfers_pb2.TRANSFER_STATE_ACCEPTED)
    assert services.get(moving.registration_id, SINDH_POLICE).responsible_place == AWAY
    services.hidden(moving.registration_id, PUNJAB_POLICE)


def test_both_police_and_npb_hear_of_a_transfer_and_of_its_end(services: Services, moving: Created) -> None:
    parts = [NPB.agency_id, PUNJAB_POLICE.agency_id, SINDH_POLICE.agency_id]
    assert told(services, "OPENED") == parts
    services.ask(call_of(SINDH_POLICE), deciding(services, moving))
    assert told(services, "ACCEPTED") == parts
    assert told(services, "CLOSED") == []


def test_of_a_refusal_npb_decides(services: Services) -> None:
    for resolution, place in ((ASSIGN, AWAY), (LEAVE, HOME)):
        created = services.confirmed()
        moves(services, created)
        # Not NPB's to decide while they may still answer.
        services.refused(errors.WrongState, call_of(NPB), resolving(services, created, resolution))
        refused = services.ask(call_of(SINDH_POLICE), deciding(services, created, REFUSE)).response
        assert (refused.state, refused.responsible_place) == (REFUSED, HOME)
        services.refused(errors.WrongState, call_of(SINDH_POLICE), deciding(services, created))
        assert shown(services, created, NPB).transfer.refusal == OTHER_STATION
        # Who has refused him is shown the transfer, and him no more.
        by_refusing = shown(services, created, SINDH_POLICE)
        assert (by_refusing.transfer.state, by_refusing.transfer.to_place) == (REFUSED, AWAY)
        assert not by_refusing.HasField("person")
        assert not by_refusing.HasField("address")
        for agency in (PUNJAB_POLICE, NPB):
            assert shown(services, created, agency).person.names
        answer = services.ask(call_of(NPB), resolving(services, created, resolution)).response
        assert answer.responsible_place == services.get(created.registration_id, NPB).responsible_place == place
        services.refused(errors.WrongState, call_of(NPB), resolving(services, created, resolution))


def test_npb_decides_what_nobody_has_answered_in_time(
    services: Services, moving: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = DirectorySnapshot.now
    services.refused(errors.WrongState, call_of(NPB), resolving(services, moving))
    assert listed(services, NPB) == []
    monkeypatch.setattr(DirectorySnapshot, "now", lambda self: now(self) + dt.timedelta(days=30))
    assert listed(services, NPB) == [(moving.registration_id, UNRESOLVED)]
    assert services.ask(call_of(NPB), resolving(services, moving)).response.responsible_place == AWAY


@pytest.mark.parametrize(
    ("decision", "refusal", "reason"),
    [
        (REFUSE, transfers_pb2.TRANSFER_REFUSAL_UNSPECIFIED, errors_pb2.FIELD_REASON_REQUIRED),
        (ACCEPT, OTHER_STATION, errors_pb2.FIELD_REASON_EXACTLY_ONE),
    ],
)
def test_a_refusal_has_a_reason_and_nothing_else_has(
    services: Services,
    decision: transfers_pb2.TransferDecision.ValueType,
    refusal: transfers_pb2.TransferRefusal.ValueType,
    reason: int,
) -> None:
    request = transfers_pb2.DecideTransferRequest(
        request_id=str(uuid.uuid4()), registration_id=ABSENT, etag="x", decision=decision, refusal=refusal
    )
    refused = services.refused(errors.InvalidFields, call_of(SINDH_POLICE), request)
    assert violations(refused) == [("refusal", reason)]


def test_nobody_but_the_police_of_the_new_place_accepts(services: Services, moving: Created) -> None:
    # The old station can't push him away, an officer of another district doesn't take him on, and none learns of him.
    request = deciding(services, moving)
    absent = transfers_pb2.DecideTransferRequest()
    absent.CopyFrom(request)
    absent.registration_id = ABSENT
    refusals = [
        services.refused(errors.NoRecord, call_of(agency, officer), asked)
        for agency, officer, asked in (
            (PUNJAB_POLICE, None, request),
            (SINDH_POLICE, officer_of(SINDH_POLICE, "PK-SD/HYD"), request),
            (narrowed(SINDH_POLICE, "PK-KP"), None, request),
            (SINDH_POLICE, None, absent),
        )
    ]
    assert len({repr(each) for each in refusals}) == 1
    assert services.get(moving.registration_id, NPB).responsible_place == HOME


def test_whoever_has_seen_another_version_decides_nothing(services: Services, moving: Created) -> None:
    request = deciding(services, moving)
    request.etag = "0" * 16
    services.refused(errors.EtagMismatch, call_of(SINDH_POLICE), request)
    resolution = resolving(services, moving)
    resolution.etag = "0" * 16
    services.refused(errors.EtagMismatch, call_of(NPB), resolution)


def test_a_rehearsal_reads_no_register(services: Services) -> None:
    before = services.rows()
    for agency, request in (
        (SINDH_POLICE, transfers_pb2.DecideTransferRequest(decision=ACCEPT)),
        (NPB, transfers_pb2.ResolveTransferRequest(resolution=LEAVE)),
    ):
        request.request_id, request.registration_id, request.etag = str(uuid.uuid4()), ABSENT, "none"
        request.validate_only = True
        assert services.ask(call_of(agency), request).detail.outcome == "VALIDATED"
    assert services.rows() == before


def test_both_stations_see_the_transfer_and_whom_it_is_about(services: Services, moving: Created) -> None:
    for agency in (PUNJAB_POLICE, SINDH_POLICE, NPB):
        answer = shown(services, moving, agency)
        assert (answer.transfer.from_place, answer.transfer.to_place, answer.transfer.state) == (HOME, AWAY, PENDING)
        assert answer.person.cnic
        assert answer.address.place_code == AWAY
        assert [each.rule_id for each in answer.transfer.deadlines] == [
            *("transfer-acceptance", "transfer-escalation-province", "transfer-escalation-npb")
        ]
        assert not any(each.verified for each in answer.transfer.deadlines)


def test_a_transfer_that_is_not_ones_own_or_not_there_is_no_record(services: Services, moving: Created) -> None:
    still = services.confirmed()
    refusals = [
        services.refused(
            errors.NoRecord, call_of(agency, officer), transfers_pb2.GetTransferRequest(registration_id=one)
        )
        for agency, officer, one in (
            (SINDH_POLICE, officer_of(SINDH_POLICE, "PK-SD/HYD"), moving.registration_id),
            (SINDH_POLICE, None, ABSENT),
            (PUNJAB_POLICE, None, still.registration_id),
            (NPB, None, still.registration_id),
        )
    ]
    assert len({repr(each) for each in refusals}) == 1


def test_what_has_ended_shows_the_new_police_nothing(services: Services, moving: Created) -> None:
    # He moved on before they had answered: from then on they see no more of him than of anybody.
    moves(services, moving, BEYOND)
    request = transfers_pb2.GetTransferRequest(registration_id=moving.registration_id)
    services.refused(errors.NoRecord, call_of(SINDH_POLICE), request)
    assert told(services, "CLOSED") == [NPB.agency_id, PUNJAB_POLICE.agency_id, SINDH_POLICE.agency_id]
    assert shown(services, moving, PUNJAB_POLICE).transfer.to_place == BEYOND


def test_the_end_of_a_notice_ends_its_transfer_and_whoever_has_taken_him_on_stays_responsible(
    services: Services,
) -> None:
    # He hasn't moved after all; but nobody who took him on is rid of him by a notice.
    for accepted in (False, True):
        created = services.confirmed()
        notice_id = moves(services, created).notice_id
        if accepted:
            services.ask(call_of(SINDH_POLICE), deciding(services, created))
            services.ask(call_of(SINDH_POLICE), decision(created, notice_id, refused=True))
        else:
            withdraw(services, created, notice_id)
            assert told(services, "CLOSED") == [NPB.agency_id, PUNJAB_POLICE.agency_id, SINDH_POLICE.agency_id]
            services.refused(errors.WrongState, call_of(NPB), resolving(services, created))
        shown_place = services.get(created.registration_id, NPB).responsible_place
        assert shown_place == (AWAY if accepted else HOME)
        assert listed(services, SINDH_POLICE) == []


def test_a_list_shows_each_officer_the_transfers_of_his_places(services: Services, moving: Created) -> None:
    one = moving.registration_id
    assert listed(services, SINDH_POLICE) == [(one, INCOMING)]
    assert listed(services, PUNJAB_POLICE) == [(one, OUTGOING)]
    assert listed(services, PUNJAB_POLICE, side=INCOMING) == []
    assert listed(services, SINDH_POLICE, officer_of(SINDH_POLICE, "PK-SD/HYD")) == []
    assert listed(services, NPB) == []
    services.ask(call_of(SINDH_POLICE), deciding(services, moving, REFUSE))
    assert listed(services, SINDH_POLICE) == []
    assert listed(services, PUNJAB_POLICE) == [(one, OUTGOING)]
    assert listed(services, NPB) == [(one, UNRESOLVED)]
    services.ask(call_of(NPB), resolving(services, moving))
    assert listed(services, NPB) == listed(services, PUNJAB_POLICE) == listed(services, SINDH_POLICE) == []


def test_a_list_goes_on_and_shows_no_whole_number(services: Services) -> None:
    everybody = []
    for _ in range(3):
        created = services.confirmed()
        moves(services, created)
        everybody.append(created.registration_id)
    officer, request = officer_of(SINDH_POLICE), transfers_pb2.ListTransfersRequest(page_size=2)
    first = services.ask(call_of(SINDH_POLICE, officer), request).response
    request.page_token = first.next_page_token
    second = services.ask(call_of(SINDH_POLICE, officer), request).response
    assert [each.registration_id for each in (*first.items, *second.items)] == everybody
    assert not second.next_page_token
    assert len(first.items[0].person.cnic_ending) == 3


def test_a_side_that_a_kind_of_agency_has_not_is_refused(services: Services) -> None:
    for agency, side in ((NPB, INCOMING), (PUNJAB_POLICE, UNRESOLVED)):
        services.refused(errors.Denied, call_of(agency), transfers_pb2.ListTransfersRequest(side=side))


def test_a_sealed_record_is_nobodys_to_take_on(services: Services, moving: Created) -> None:
    request = deciding(services, moving)
    services.judge_all(moving, "SET_ASIDE")
    services.refused(errors.NoRecord, call_of(SINDH_POLICE), request)
    assert listed(services, SINDH_POLICE) == listed(services, PUNJAB_POLICE) == []


def test_of_an_acceptance_and_a_move_at_once_one_comes_first(services: Services, moving: Created) -> None:
    # Both have read the same version: the acceptance isn't of the transfer that has gone.
    on = (call_of(PUNJAB_POLICE), notice(moving, BEYOND))
    accepting = (call_of(SINDH_POLICE), deciding(services, moving))
    ended = services.at_once(on, accepting, together=True)
    assert isinstance(ended[1], errors.ApiError)
    assert services.get(moving.registration_id, NPB).responsible_place == HOME


def test_an_acceptance_that_is_sent_again_is_answered_again(services: Services, moving: Created) -> None:
    # By it he has become theirs, so that they still see it; whoever hadn't a part in it any more would hear NO_RECORD.
    request, officer = deciding(services, moving), officer_of(SINDH_POLICE, "PK-SD/KHI")
    first, again = call_of(SINDH_POLICE, officer), call_of(SINDH_POLICE, officer)
    services.ask(first, request)
    services.ask(again, request)
    assert again.answer == first.answer
    elsewhere = replace(officer, jurisdiction=("PK-SD/HYD",))
    services.refused(errors.NoRecord, call_of(SINDH_POLICE, elsewhere), request)


def test_a_release_to_an_accepted_address_ends_a_transfer_and_a_mistake_brings_it_back(services: Services) -> None:
    # Whoever has accepted him after prison is responsible; where he had moved to before doesn't matter any more.
    created = held(services)
    moves(services, created, BEYOND)
    expected(services, created)
    services.ask(call_of(SINDH_POLICE), release_acceptance(services, created))
    happens(services, created, "RELEASED", event_date=today())
    assert services.get(created.registration_id, NPB).responsible_place == "PK-SD/KHI/PS-001"
    assert listed(services, PUNJAB_POLICE) == []
    assert told(services, "CLOSED") == [NPB.agency_id, PUNJAB_POLICE.agency_id]
    takes_back(services, created, "RELEASED", event_date=today())
    assert services.get(created.registration_id, NPB).responsible_place == HOME
    assert listed(services, PUNJAB_POLICE, side=INCOMING) == [(created.registration_id, INCOMING)]
    assert told(services, "OPENED") == sorted([NPB.agency_id, PUNJAB_POLICE.agency_id] * 2)


@pytest.fixture
def server(services: Services) -> Iterator[psycopg.Connection]:
    with psycopg.connect(services.database.url_server, autocommit=True, prepare_threshold=None) as conn:
        yield conn


COPY = """
INSERT INTO registration_version (
    registration_id, version, state, responsible_place, custodian_agency, created_by_agency, court_places, in_look_ups,
    receiving_agency, release_places, release_day, transfer_places, transfer_first_day,
    transfer_last_day, sealed
)
SELECT registration_id, version + {after}, state, {place}, custodian_agency, created_by_agency, court_places,
    in_look_ups, receiving_agency, release_places, release_day, {transfer}, NULL, NULL, sealed
FROM registration_version ORDER BY version DESC LIMIT 1
"""


@pytest.mark.parametrize(
    ("after", "place", "transfer"),
    [
        (1, "'PK-KP/PSH/PS-001'", "'{}'"),
        (1, f"'{AWAY}'", "'{PK-PB/FSD/PS-003}'"),
        (1, "''", "transfer_places"),
        (1, "responsible_place", "ARRAY[responsible_place]"),
        (1, "responsible_place", "'{PK-PB/FSD/PS-003,PK-PB/FSD/PS-004}'"),
        (2, "responsible_place", "transfer_places"),
    ],
    ids=["nobody asked", "accepted and still open", "nobody", "to itself", "two at once", "after a gap"],
)
@pytest.mark.usefixtures("moving")
def test_the_database_itself_keeps_one_responsible_station(
    server: psycopg.Connection, after: int, place: str, transfer: str
) -> None:
    # Whatever the code of the server does: its role can't write a version in which responsibility has moved by itself.
    with pytest.raises(psycopg.errors.IntegrityError):
        server.execute(COPY.format(after=after, place=place, transfer=transfer).encode())


@pytest.mark.usefixtures("moving")
def test_the_database_takes_what_the_rules_make(server: psycopg.Connection) -> None:
    server.execute(COPY.format(after=1, place=f"'{AWAY}'", transfer="'{}'").encode())


def test_the_servers_role_can_not_switch_that_off(server: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        server.execute("ALTER TABLE registration_version DISABLE TRIGGER registration_stays_responsible")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        server.execute("SET session_replication_role = replica")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_happens_on_a_real_register_one_police_sees_the_record(services: Services, seed: int) -> None:
    created, chance = services.confirmed(), random.Random(seed)  # noqa: S311 - repeatable, no secret
    for _ in range(10):
        step = chance.choice(["move", "accept", "refuse", "resolve"])
        try:
            if step == "move":
                moves(services, created, chance.choice([HOME, AWAY, BEYOND, "PK-SD/HYD/PS-001"]))
            elif step == "resolve":
                services.ask(call_of(NPB), resolving(services, created, chance.choice([ASSIGN, LEAVE])))
            else:
                decision = ACCEPT if step == "accept" else REFUSE
                police = chance.choice([PUNJAB_POLICE, SINDH_POLICE])
                services.ask(call_of(police), deciding(services, created, decision))
        except (errors.WrongState, errors.NoRecord):
            pass
        responsible = services.get(created.registration_id, NPB).responsible_place
        of_sindh = responsible.startswith("PK-SD")
        services.get(created.registration_id, SINDH_POLICE if of_sindh else PUNJAB_POLICE)
        services.hidden(created.registration_id, PUNJAB_POLICE if of_sindh else SINDH_POLICE)
