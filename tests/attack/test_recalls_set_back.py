"""The owner of the database hides what recalls rest on, or a recall, and puts everything back."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from nsor.v1 import notification_pb2
from nsor_server import errors
from nsor_server.lookup.recalls import rules
from nsor_server.lookup.recalls.times import RecallTimes
from tests.agencies import FIA_IMMIGRATION, NPB, PUNJAB_PROSECUTION
from tests.attack.conftest import Owner
from tests.attack.test_fixed_times import CHANGED
from tests.calls import call_of
from tests.lookup.test_recalls import acknowledging, at_the_border, listed, looked_up, named, set_aside, tell, telling
from tests.orders import cnic, conviction, order
from tests.services import Services

__all__ = ["tell", "telling"]

NOT_DUE = "recalls were written that weren't due, or not to everybody who was told"
LEFT_OUT = "recalls were left for a later time, since a row that they rest on couldn't be read"
OUT_OF_TURN = "recalls weren't written at their time, or don't go on where those before had ended"
NOT_TOLD = "agencies weren't told of their recalls, or of those that are overdue, as they had to be"
WRONG_LIST = "the recalls that were listed aren't those that there were"


@pytest.fixture
def shown(services: Services) -> list[bytes]:
    """Somebody who was shown to two agencies, and is set aside: the access ids."""
    number = cnic()
    services.confirmed(order(number))
    found = [looked_up(services, number), at_the_border(services, number)]
    set_aside(services)
    return found


@pytest.mark.usefixtures("shown")
def test_a_recall_that_was_hidden_from_a_list_is_found(
    services: Services, tell: Callable[[], int], owner: Owner
) -> None:
    tell()
    (recall,) = listed(services, FIA_IMMIGRATION)
    with owner.without("recall", f"recall_id = '{recall.recall_id}'"):
        assert listed(services, FIA_IMMIGRATION) == []
        assert len(listed(services, NPB)) == 1
    assert owner.findings() == [WRONG_LIST, WRONG_LIST]


@pytest.mark.usefixtures("shown")
def test_an_acknowledgement_that_was_hidden_from_a_list_is_found(
    services: Services, tell: Callable[[], int], owner: Owner
) -> None:
    tell()
    (recall,) = listed(services, FIA_IMMIGRATION)
    services.ask(call_of(FIA_IMMIGRATION), acknowledging(recall))
    assert owner.findings() == []
    with owner.without("recall_acknowledgement", "true"):
        assert len(listed(services, FIA_IMMIGRATION)) == 1
    assert owner.findings() == [WRONG_LIST]


def test_an_event_of_a_recall_that_no_time_has_made_is_found(services: Services, owner: Owner) -> None:
    services.confirmed(order())
    event = uuid.uuid4()
    owner.conn.execute(
        "INSERT INTO agency_event (agency_id, sequence, event_id, kind, event_time)"
        " SELECT 'npb', coalesce(max(sequence), 0) + 1, %s, %s, now() FROM agency_event WHERE agency_id = 'npb'",
        (event, notification_pb2.EVENT_KIND_RECALL_ISSUED),
    )
    owner.conn.execute(
        "INSERT INTO ledger_record (index, ordinal, table_name, row_id, version, sha256)"
        " SELECT max(index), 99, 'agency_event', %s, 1, sha256('x') FROM ledger_entry",
        (event.bytes,),
    )
    assert OUT_OF_TURN in owner.findings()


def test_an_access_that_was_hidden_while_recalls_were_made_is_found(
    services: Services, tell: Callable[[], int], owner: Owner, shown: list[bytes]
) -> None:
    # Nobody would ever tell whoever was shown it.
    with owner.without("ledger_entry", f"access_id = '{uuid.UUID(bytes=shown[1])}'"):
        tell()
        assert listed(services, FIA_IMMIGRATION) == []
    assert owner.findings() == [NOT_DUE]


@pytest.mark.usefixtures("shown")
def test_an_order_that_was_hidden_while_recalls_were_made_is_found(
    services: Services, tell: Callable[[], int], owner: Owner
) -> None:
    with owner.without("recall_order", "true"):
        tell()
    assert listed(services, FIA_IMMIGRATION) == []
    assert owner.findings() == [NOT_DUE]


@pytest.fixture
def others(services: Services, shown: list[bytes]) -> dict[str, bytes]:
    """Two others who were shown at the border, and are set aside after the first: registrations and access ids."""
    assert shown
    found = {}
    for nth in range(2):
        number, case_number = cnic(), f"Sessions Case No. {nth + 1}/2023"
        case = conviction(case_number=case_number)
        created = services.create(order(number, convictions=[case]))
        services.confirm(created, case_number=case_number)
        found[created.registration_id] = at_the_border(services, number)
        services.judge(case, "SET_ASIDE", cnics=[number])
    return found


def recalled(services: Services) -> list[bytes]:
    recalls = (each for agency in (FIA_IMMIGRATION, PUNJAB_PROSECUTION) for each in listed(services, agency))
    return sorted(access for each in recalls for access in named(each))


def test_an_access_that_was_changed_keeps_nobody_else_from_being_told(
    services: Services, tell: Callable[[], int], owner: Owner, shown: list[bytes], others: dict[str, bytes]
) -> None:
    change = CHANGED.format(
        "ledger_detail",
        f"index = (SELECT index FROM ledger_entry WHERE access_id = '{uuid.UUID(bytes=shown[1])}')",  # noqa: S608 - an id
    )
    with owner.changing(change, change):
        tell()
        assert recalled(services) == sorted([shown[0], *others.values()])
        assert owner.findings()
    assert owner.findings() == [NOT_DUE]


_LEAF = "UPDATE ledger_entry SET leaf = set_byte(leaf, 0, get_byte(leaf, 0) # 255) WHERE index IN ({})"
_ENTRIES = "SELECT index FROM ledger_record WHERE table_name = 'registration_version' AND row_id = {} AND version = 3"


@pytest.mark.parametrize("of_entry", [1, 25])
@pytest.mark.parametrize("changed", ["versions", "their entries"])
def test_whom_an_order_is_about_that_cannot_be_read_for_a_while_is_told_of_later(
    services: Services,
    tell: Callable[[], int],
    owner: Owner,
    shown: list[bytes],
    others: dict[str, bytes],
    *,
    monkeypatch: pytest.MonkeyPatch,
    changed: str,
    of_entry: int,
) -> None:
    # The last order, and the first but for one: what is between and behind is told at once, what is left out again.
    monkeypatch.setattr(rules, "PER_ENTRY", of_entry)
    first, last = others
    if changed == "versions":
        change = CHANGED.format("registration_version", f"registration_id IN ('{first}', '{last}')")
    else:
        entries = " UNION ".join(_ENTRIES.format(f"uuid_send('{each}')") for each in others)
        change = _LEAF.format(entries)
    with owner.changing(change, change):
        for _ in range(2):
            tell()
            assert recalled(services) == sorted(shown)
        assert owner.findings()
    tell()
    assert recalled(services) == sorted([*shown, *others.values()])
    tell()
    assert len(recalled(services)) == len(shown) + len(others)
    assert owner.findings() == [LEFT_OUT]


def test_so_many_orders_that_cannot_be_read_are_no_accident(
    services: Services, telling: RecallTimes, owner: Owner, others: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "LEFT_OUT", 1)
    change = CHANGED.format("registration_version", f"registration_id IN {tuple(others)}")
    with owner.changing(change, change), pytest.raises(errors.Internal):
        telling.look()
    assert services.one("SELECT count(*) FROM recall_pass") == 0
    assert owner.findings() == []


@pytest.mark.usefixtures("shown")
def test_a_recall_of_which_nobody_was_told_is_found(tell: Callable[[], int], owner: Owner) -> None:
    tell()
    owner.does("UPDATE outbox SET recipient = 'nadra' WHERE recipient = 'fia-immigration' AND kind = 360")
    assert NOT_TOLD in owner.findings()


@pytest.mark.usefixtures("shown")
def test_a_time_with_fewer_entries_than_it_must_have_is_found(
    tell: Callable[[], int], owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server of his own could make them follow from what there is to tell.
    with monkeypatch.context() as patched:
        patched.setattr(rules, "ENTRIES", 1)
        assert (tell(), tell()) == (1, 1)
    assert owner.findings() == [OUT_OF_TURN]
