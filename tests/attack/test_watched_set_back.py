"""The owner of the database changes what is watched, or what one call is shown of it, and puts everything back.

No row shows it afterwards; `ledger verify` tells them again. The honest register is accused of nothing.
"""

import datetime as dt
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.v1 import watched_pb2
from nsor_server import errors
from nsor_server.calls import Officer
from tests import consumers
from tests.agencies import NPB, PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.directory.test_officers import enrolment
from tests.lookup.test_emergencies import Clock
from tests.lookup.test_emergencies import clock as clock  # noqa: PLC0414 - a fixture
from tests.lookup.test_watched import DIFFERS, WATCHED, end, ending, enter, entry, listed, pair, watch
from tests.orders import cnic
from tests.services import Services

NOT_TWO = "a number came to be watched, or to be watched no more, otherwise than by two officers in time"
LISTED = "the watched numbers that were listed aren't those that there were"
HIDDEN = "a call was refused by something that wasn't so when it was read"


@pytest.fixture
def two(services: Services) -> tuple[Officer, Officer]:
    return pair(services)


def _decided_by(officer: Officer) -> str:
    """A statement that has versions be an officer's."""
    return f"UPDATE watched_number SET decided_by = '\\x{officer.key_id.hex()}'"  # noqa: S608 - a key id


def test_no_call_of_an_honest_register_is_a_finding(
    services: Services, owner: Owner, two: tuple[Officer, Officer], clock: Clock
) -> None:
    services.ask(call_of(PUNJAB_POLICE), enrolment(Ed25519PrivateKey.generate()))
    consumers.system(services)  # which has no number
    number = cnic()
    first, waiting = watch(services, two, number), enter(services, two[0], cnic()).watched_id
    for officer in two:
        end(services, officer, first)
    assert enter(services, two[1], cnic(), enter(services, two[0], number).watched_id).state == DIFFERS
    last = watch(services, two, number)
    services.refused(errors.NoRecord, call_of(NPB, two[0]), ending(str(uuid.uuid4())))
    services.refused(errors.WrongState, call_of(NPB, two[0]), ending(first))
    services.refused(errors.Denied, call_of(NPB, two[0]), entry(cnic(), waiting))
    end(services, two[0], last)
    listed(services, two[0], page_size=2)
    clock.ahead = dt.timedelta(days=15)
    assert end(services, two[1], last).state == watched_pb2.WATCHED_STATE_END_PROPOSED
    services.refused(errors.WrongState, call_of(NPB, two[1]), entry(cnic(), waiting))
    listed(services, two[1])
    assert owner.findings() == []


def test_what_was_hidden_from_the_list_is_found(services: Services, owner: Owner, two: tuple[Officer, Officer]) -> None:
    # An officer who has had a number watched unseen by the others.
    shown, hidden = (watch(services, two, cnic()) for _ in range(2))
    with owner.without("watched_number", f"watched_id = '{hidden}'"):
        assert [each.watched_id for each in listed(services, two[0])] == [shown]
    assert owner.findings() == [LISTED]


def test_an_end_that_was_hidden_from_the_list_is_found(
    services: Services, owner: Owner, two: tuple[Officer, Officer]
) -> None:
    watched_id = watch(services, two, cnic())
    for officer in two:
        end(services, officer, watched_id)
    with owner.without("watched_number", "version > 2"):
        assert [each.state for each in listed(services, two[0])] == [WATCHED]
    assert owner.findings() == [LISTED]


def test_a_number_that_one_officer_has_watched_is_found(
    services: Services, owner: Owner, two: tuple[Officer, Officer]
) -> None:
    # The first entry is shown to be another officer's while he makes the second.
    number = cnic()
    watched_id = enter(services, two[0], number).watched_id
    mine, others = (_decided_by(each) for each in two)
    with owner.changing(others, f"{mine} WHERE version = 1"):
        assert enter(services, two[0], number, watched_id).state == WATCHED
    assert NOT_TWO in owner.findings()


def test_an_end_of_one_officer_is_found(services: Services, owner: Owner, two: tuple[Officer, Officer]) -> None:
    watched_id = watch(services, two, cnic())
    end(services, two[0], watched_id)
    mine, others = (_decided_by(each) for each in two)
    with owner.changing(f"{others} WHERE version = 3", f"{mine} WHERE version = 3"):
        assert end(services, two[0], watched_id).state == watched_pb2.WATCHED_STATE_ENDED
    assert NOT_TWO in owner.findings()


def test_two_entries_that_were_made_to_differ_are_found(
    services: Services, owner: Owner, two: tuple[Officer, Officer]
) -> None:
    number = cnic()
    watched_id = enter(services, two[0], number).watched_id
    owner.does("CREATE TEMP TABLE before AS SELECT * FROM watched_number")
    with owner.changing(
        "UPDATE watched_number SET blind = sha256(blind)",
        "UPDATE watched_number AS w SET blind = b.blind FROM before AS b"
        " WHERE (w.watched_id, w.version) = (b.watched_id, b.version)",
    ):
        assert enter(services, two[1], number, watched_id).state == DIFFERS
    assert owner.findings() == [NOT_TWO]


def test_who_was_told_that_there_is_none_is_found(
    services: Services, owner: Owner, two: tuple[Officer, Officer]
) -> None:
    watched_id = watch(services, two, cnic())
    with owner.without("watched_number", f"watched_id = '{watched_id}'"):
        services.refused(errors.NoRecord, call_of(NPB, two[0]), ending(watched_id))
    assert owner.findings() == [HIDDEN]
