"""Erasure of what should never have been made: two officers decide, the operator destroys, and verification knows."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import pytest

from nsor.v1 import closure_pb2, errors_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.formats.instants import to_us
from nsor_server.ledger import operator
from nsor_server.policy.deadlines import Deadlines
from nsor_server.registration.closure import erasing, erasures
from nsor_server.storage.keyring import Keyring
from nsor_server.verification.increments import increment
from nsor_server.verification.reached import NOTHING
from tests.agencies import LAHORE_COURT, NPB, PUNJAB_PROSECUTION, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import ORIGIN, call_of, violations
from tests.orders import Created, conviction, order
from tests.registration import test_photos as photos
from tests.registration.test_closure import close, confirming, proposed, proposing
from tests.services import Services

ERASED = closure_pb2.CLOSURE_KIND_ERASED
REASON: dict[str, Any] = {"kind": ERASED, "erasure_reason": closure_pb2.ERASURE_REASON_NOT_CONVICTED}
NOT_DECIDED = "a registration was erased that two officers haven't decided to erase, or before its time"


def decided(services: Services, created: Created) -> str:
    closure_id = proposed(services, created, **REASON)
    services.ask(call_of(NPB), confirming(created, closure_id))
    return closure_id


def destroy(services: Services, keyring: Keyring) -> list[str]:
    """What the operator's command does and says."""
    with services.database.owner() as conn:
        return [str(each) for each in erasing.erase(conn, keyring, Deadlines.load(), ORIGIN)]


def gone(services: Services, created: Created) -> None:
    for agency in (NPB, PUNJAB_PROSECUTION, LAHORE_COURT):
        services.hidden(created.registration_id, agency)


def test_from_the_second_officers_word_it_is_no_record_to_everybody(services: Services, owner: Owner) -> None:
    created, officer = services.create(), services.enrolled(officer_of(NPB))
    closure_id = proposed(services, created, officer, **REASON)
    assert services.get(created.registration_id, NPB).state == registration_pb2.REGISTRATION_STATE_UNDER_REVIEW
    refusal = services.refused(errors.Denied, call_of(NPB, officer), confirming(created, closure_id))
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    services.ask(call_of(NPB), confirming(created, closure_id))
    gone(services, created)
    assert owner.findings() == []


def test_what_a_court_has_confirmed_is_withdrawn_before_it_is_erased(services: Services) -> None:
    # It was shown to others, who rest on it: what was archived as it had to be is no error.
    created = services.create()
    services.confirm(created)
    services.refused(errors.WrongState, call_of(NPB), proposing(services, created, **REASON))
    close(services, created)
    services.refused(errors.WrongState, call_of(NPB), proposing(services, created, **REASON))
    waiting = services.create()
    closure_id = proposed(services, waiting, **REASON)
    services.confirm(waiting)
    services.refused(errors.EtagMismatch, call_of(NPB), confirming(waiting, closure_id))


def test_an_erasure_has_a_reason_and_nothing_else_has_one(services: Services) -> None:
    created = services.create()
    for fields in ({"kind": ERASED}, {**REASON, "kind": closure_pb2.CLOSURE_KIND_RESTORED}):
        refusal = services.refused(errors.InvalidFields, call_of(NPB), proposing(services, created, **fields))
        assert [field for field, _ in violations(refusal)] == ["erasure_reason"]


def test_the_key_is_destroyed_with_what_was_kept_of_the_calls(
    services: Services, keyring: Keyring, owner: Owner
) -> None:
    # Nothing that is left opens, and nothing of it is a finding; of the others nothing is touched.
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id="punjab-prisons")
    created, other = services.create(order(custody=custody)), services.create()
    services.ask(call_of(PUNJAB_PROSECUTION), photos.addition(created))
    assert photos.listed(services, created, PUNJAB_PROSECUTION)
    services.add_conviction(created, conviction(case_number="Sessions Case No. 7/2023"))
    services.get(created.registration_id, PUNJAB_PROSECUTION)
    decided(services, created)
    before = services.rows("ledger_detail", "ledger_entry")
    (said,) = destroy(services, keyring)
    assert said.startswith(f"{created.registration_id}: key, ")
    after = services.rows("ledger_detail", "ledger_entry")
    assert before["registration_key"] - after["registration_key"] == 1
    assert before["idempotency"] - after["idempotency"] == 3  # entered, a photo, a conviction
    assert before["ledger_detail"] - after["ledger_detail"] >= 4
    assert after["ledger_entry"] == before["ledger_entry"] + 1
    assert services.one("SELECT count(*) FROM registration_key WHERE registration_id = %s", created.key) == 0
    gone(services, created)
    assert services.get(other.registration_id, PUNJAB_PROSECUTION).etag == other.etag
    services.confirm(other)
    assert owner.findings() == []
    # `ledger watch`, which compares what came since it looked last, misses nothing of it either.
    with owner.conn.transaction():
        assert increment(owner.conn, keyring, ORIGIN, (Path("nowhere"), 0), NOTHING).findings == []
    assert destroy(services, keyring) == []


def test_an_erasure_is_complete_when_the_last_backup_has_expired(
    services: Services, keyring: Keyring, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = services.create()
    decided(services, created)
    (said,) = destroy(services, keyring)
    due = Deadlines.load().due("backup-expiry", dt.datetime.now(dt.UTC)).due
    assert f"expired, on {due.astimezone(dt.UTC):%Y-%m-%d}" in said
    assert destroy(services, keyring) == []
    now = operator.now
    monkeypatch.setattr(operator, "now", lambda conn: now(conn) + dt.timedelta(days=91))
    assert destroy(services, keyring) == [f"{created.registration_id}: erased. Its erasure is complete."]
    assert destroy(services, keyring) == []
    # The clock was set: verification knows by the entry's own time that it was too early.
    assert owner.findings() == [NOT_DECIDED]


_OF_IT = "ledger_record WHERE table_name = 'registration_version' AND row_id = uuid_send(%s::uuid)"


@pytest.mark.parametrize(
    "hidden",
    [
        "registration_key WHERE registration_id = %s",
        f"ledger_detail WHERE index IN (SELECT index FROM {_OF_IT})",  # noqa: S608 - constants
        f"idempotency WHERE access_id IN (SELECT access_id FROM ledger_entry JOIN {_OF_IT})".replace(  # noqa: S608 - as above
            "ledger_record WHERE", "ledger_record USING (index) WHERE"
        ),
    ],
    ids=["key", "details", "answers"],
)
def test_what_the_owner_of_the_database_hides_is_not_taken_for_erased(
    services: Services, keyring: Keyring, owner: Owner, hidden: str
) -> None:
    other = services.create()
    decided(services, services.create())
    destroy(services, keyring)
    assert owner.findings() == []
    owner.conn.execute(f"DELETE FROM {hidden}".encode(), (other.key,))  # noqa: S608 - constants
    assert owner.findings()


def test_an_erasure_that_nobody_decided_is_found(services: Services, keyring: Keyring, owner: Owner) -> None:
    # Not even whoever has the keys, but not two officers.
    created = services.create()
    decided(services, created)
    destroy(services, keyring)
    owner.does("DELETE FROM closure_version WHERE version = 2")
    assert NOT_DECIDED in owner.findings()


def test_what_does_not_say_that_it_is_erased_is_not_destroyed(
    services: Services, keyring: Keyring, owner: Owner
) -> None:
    created = services.create()
    decided(services, created)
    owner.does("DELETE FROM registration_version WHERE version = 2")
    with pytest.raises(erasing.NotErased):
        destroy(services, keyring)
    assert services.one("SELECT count(*) FROM registration_key") == 1
    assert services.one("SELECT count(*) FROM erasure_version") == 0


def test_one_that_is_not_destroyed_keeps_no_other_one(services: Services, keyring: Keyring, owner: Owner) -> None:
    # Else one row that somebody takes away would keep for ever whatever two officers have decided.
    created = [services.create() for _ in range(3)]
    for each in created:
        decided(services, each)
    taken = created[1].registration_id
    owner.does(f"DELETE FROM registration_version WHERE version = 2 AND registration_id = '{taken}'")  # noqa: S608 - an id
    with pytest.raises(erasing.NotErased) as refused:
        destroy(services, keyring)
    assert taken in str(refused.value)
    assert services.one("SELECT count(*) FROM registration_key") == 1
    assert services.one("SELECT count(*) FROM erasure_version") == 2


def test_a_key_that_comes_back_is_found(services: Services, keyring: Keyring, owner: Owner) -> None:
    created = services.create()
    decided(services, created)
    owner.does("CREATE TEMP TABLE backup AS SELECT * FROM registration_key")
    destroy(services, keyring)
    owner.does("INSERT INTO registration_key SELECT * FROM backup")
    assert "the data key of a registration that was erased is there" in owner.findings()


def test_a_record_of_what_was_destroyed_names_nobody(services: Services, keyring: Keyring) -> None:
    created = services.create()
    decided(services, created)
    destroy(services, keyring)
    with services.database.owner() as conn:
        (record,) = erasures.newest(conn, services.sealer).values()
    assert record.registration_id == uuid.UUID(created.registration_id).bytes
    assert record.time_us <= to_us(dt.datetime.now(dt.UTC))
    assert {field.name for field, _ in record.ListFields()} == {
        *("closure_id", "version", "registration_id", "last_version", "entries", "answers"),
        *("time_us", "complete_after_us", "rule", "beside_sha256"),
    }
