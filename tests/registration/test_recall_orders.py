"""A recall order goes with each version after which something that was told isn't so, and with no other."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from nsor.v1 import options_pb2, types_pb2
from nsor_server.registration.recalls import rules
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests.agencies import NPB, PUNJAB_POLICE
from tests.calls import call_of
from tests.lookup.conftest import conviction_record
from tests.orders import Created, conviction
from tests.registration.test_amend import amendment
from tests.registration.test_closure import close
from tests.registration.test_judgments import by_registry, judgment, proposing, unsealing
from tests.services import Services
from tests.verifying import findings

PROBLEM = "the orders to recall what was told of registrations aren't those that are due"
LOOK_UP, OWNER = options_pb2.PURPOSE_INVESTIGATION, options_pb2.PURPOSE_REGISTRATION


def orders(services: Services, created: Created) -> list[int]:
    """The versions of a registration that recall something."""
    with services.database.owner() as conn:
        rows = conn.execute(
            "SELECT version FROM recall_order WHERE registration_id = %s ORDER BY version",
            (uuid.UUID(created.registration_id),),
        )
        return [version for (version,) in rows]


def changed(change: Callable[[record_pb2.RegistrationRecord], Any]) -> tuple[record_pb2.RegistrationRecord, ...]:
    """A confirmed registration, and the version after it."""
    before = conviction_record()
    before.marks.add(kind=1, body_part=1)
    after = record_pb2.RegistrationRecord()
    after.CopyFrom(before)
    after.version += 1
    change(after)
    return before, after


def sealed(record: record_pb2.RegistrationRecord) -> None:
    record.state = 4
    for each in record.convictions:
        each.state = types_pb2.CONVICTION_STATE_SET_ASIDE
        for count in each.counts:
            count.stands = False


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.addresses.add(kind=2, place_code="PK-PB/LHR/PS-002"),
        lambda record: record.mobiles.append("+923009999999"),
        lambda record: record.names.add(kind=3, name="Testi Bhai"),
        lambda record: setattr(record.convictions[0], "appeal_state", 2),
        lambda record: record.convictions.add(court_place="PK-PB/LHR", state=types_pb2.CONVICTION_STATE_ENTERED),
        lambda record: record.disputed.append(1),
        lambda record: record.documents.add(number="ZZ7654321", country="PK"),
        lambda record: setattr(record, "custody_state", types_pb2.CUSTODY_STATE_RELEASED),
    ],
)
def test_what_only_goes_on_recalls_nothing(change: Callable[[record_pb2.RegistrationRecord], Any]) -> None:
    before, after = changed(change)
    assert not rules.is_due(before, after)


@pytest.mark.parametrize(
    ("change", "of"),
    [
        (lambda record: setattr(record, "cnic", "3520212345673"), options_pb2.FIELD_CLASS_IDENTITY),
        (lambda record: setattr(record, "birth_day", 5001), options_pb2.FIELD_CLASS_IDENTITY),
        (lambda record: setattr(record, "sex", 2), options_pb2.FIELD_CLASS_IDENTITY),
        (lambda record: record.names.pop(0), options_pb2.FIELD_CLASS_IDENTITY),
        (lambda record: setattr(record.names[0], "kind", 2), options_pb2.FIELD_CLASS_IDENTITY),
        (lambda record: setattr(record, "nationality", "AF"), options_pb2.FIELD_CLASS_NATIONALITY),
        (lambda record: record.documents.pop(), options_pb2.FIELD_CLASS_TRAVEL),
        (lambda record: record.marks.pop(), options_pb2.FIELD_CLASS_MARKS),
        (lambda record: setattr(record.convictions[0].counts[0], "months", 7), options_pb2.FIELD_CLASS_CONVICTION),
        (lambda record: setattr(record.convictions[0].fir, "serial", 680), options_pb2.FIELD_CLASS_CASE),
    ],
)
def test_what_is_not_said_any_more_recalls_the_class_that_said_it(
    change: Callable[[record_pb2.RegistrationRecord], Any], of: int
) -> None:
    before, after = changed(change)
    assert rules.is_due(before, after)
    assert rules.became(before, after, LOOK_UP) == rules.Wrong(rules.CHANGED, frozenset({of}))
    assert rules.told_of(before) != rules.told_of(after)


def test_a_name_that_a_notice_has_told_is_no_correction() -> None:
    def told(record: record_pb2.RegistrationRecord) -> None:
        record.names[0].kind = 2
        record.told.tellings.add(notice_id=b"n" * 16)

    before, after = changed(told)
    assert not rules.is_due(before, after)


def test_whoever_was_not_shown_it_is_not_recalled() -> None:
    # A juvenile's count beside an adult's: a look-up has shown the one of the adult alone.
    before, after = changed(lambda _record: None)
    for record in (before, after):
        record.convictions[0].counts.add(
            offence_code="PPC-377", offence_day=5000 + 17 * 365, legal_basis=types_pb2.LEGAL_BASIS_BOTH, stands=True
        )
    after.convictions[0].counts[1].stands = False
    assert rules.is_due(before, after)
    assert rules.became(before, after, LOOK_UP) is None
    assert rules.became(before, after, OWNER) == rules.Wrong(
        rules.CHANGED, frozenset({options_pb2.FIELD_CLASS_CONVICTION})
    )


def test_what_was_shown_by_an_older_version_is_recalled_if_this_one_makes_it_wrong() -> None:
    first, second = changed(lambda record: setattr(record, "birth_day", 6000))
    third = record_pb2.RegistrationRecord()
    third.CopyFrom(second)
    third.birth_day = first.birth_day
    # The mistake came with the second one: whoever was shown the first was told what is so.
    assert rules.of_told(second, second, third, LOOK_UP) is not None
    assert rules.of_told(first, second, third, LOOK_UP) is None
    # Something else is wrong with the first one, and was before.
    third.birth_day = second.birth_day
    third.nationality = "AF"
    made = rules.of_told(first, second, third, LOOK_UP)
    assert made == rules.Wrong(rules.CHANGED, frozenset({options_pb2.FIELD_CLASS_NATIONALITY}))


def test_what_stands_no_more_and_again_is_recalled_as_a_whole() -> None:
    before, after = changed(sealed)
    assert rules.of_told(before, before, after, LOOK_UP) == rules.Wrong(rules.NO_LONGER)
    assert rules.of_told(before, after, before, LOOK_UP) == rules.Wrong(rules.RESTORED)
    # Nobody was told anything by what isn't shown.
    assert rules.of_told(after, after, before, LOOK_UP) is None
    assert not rules.is_due(after, after)
    assert not rules.is_due(None, before)


def test_the_register_orders_a_recall_with_the_version_that_makes_it_due(services: Services, keyring: Keyring) -> None:
    created = services.confirmed()
    services.judge(conviction(), "APPEAL_FILED")
    services.ask(call_of(PUNJAB_POLICE), amendment(services, created, mobile_numbers=["03990000001"]))
    assert orders(services, created) == []
    by_registry(services, judgment("SET_ASIDE"))
    assert len(orders(services, created)) == 1
    restored = by_registry(services, judgment("RESTORED")).response.judgment_id
    services.ask(call_of(NPB), proposing(restored))
    services.ask(call_of(NPB), unsealing(restored))
    assert len(orders(services, created)) == 2
    close(services, created)
    assert len(orders(services, created)) == 3
    with services.database.owner() as conn:
        assert findings(conn, keyring) == []
        for tamper in (
            "DELETE FROM recall_order WHERE version = (SELECT min(version) FROM recall_order)",
            "INSERT INTO recall_order SELECT made_by, row_id, 2, registration_id FROM recall_order LIMIT 1",
            "UPDATE recall_order SET registration_id = gen_random_uuid()",
        ):
            with conn.transaction(force_rollback=True):
                conn.execute(tamper)
                assert PROBLEM in findings(conn, keyring)
        with conn.transaction(force_rollback=True):
            conn.execute(
                "INSERT INTO recall_order VALUES ('registration_version', gen_random_uuid(), 1, gen_random_uuid())"
            )
            assert "a row of recall orders belongs to no entry" in findings(conn, keyring)
