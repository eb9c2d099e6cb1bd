"""What the owner of the database would have an honest erasure destroy besides: accesses to another record."""

from __future__ import annotations

import pytest

from nsor_server.registration.closure import erasing
from nsor_server.storage.keyring import Keyring
from tests.agencies import NPB, PUNJAB_PROSECUTION
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.orders import Created
from tests.registration import test_photos as photos
from tests.registration.test_erasure import decided, destroy
from tests.services import Services

_LAST = "SELECT max(index) FROM ledger_entry"


def seen(services: Services, created: Created) -> int:
    """The entry of NPB's look at a record."""
    services.get(created.registration_id, NPB)
    return int(services.one(_LAST))


def test_an_access_to_another_record_is_not_destroyed_by_its_label(
    services: Services, keyring: Keyring, owner: Owner
) -> None:
    # A label stands beside its leaf: which one it must be, only the detail tells.
    created, other = services.create(), services.create()
    of_created, of_other = seen(services, created), seen(services, other)
    decided(services, created)
    label = f"(SELECT named FROM ledger_entry WHERE index = {of_created})"  # noqa: S608 - a number
    owner.does(f"UPDATE ledger_entry SET named = {label} WHERE index = {of_other}")  # noqa: S608 - likewise
    with pytest.raises(erasing.NotErased, match="is about another one"):
        destroy(services, keyring)
    assert services.one("SELECT count(*) FROM ledger_detail") == services.one("SELECT count(*) FROM ledger_entry")
    assert owner.findings() == ["a label of ledger_entry isn't that of the entry's officer, case or named one"]


def test_the_call_that_added_a_photo_to_another_record_is_not_destroyed_by_its_row(
    services: Services, keyring: Keyring, owner: Owner
) -> None:
    created, other = services.create(), services.create()
    services.ask(call_of(PUNJAB_PROSECUTION), photos.addition(other))
    decided(services, created)
    owner.does(f"UPDATE registration_photo SET registration_id = '{created.registration_id}'")  # noqa: S608 - an id
    with pytest.raises(erasing.NotErased, match="is about another one"):
        destroy(services, keyring)
    assert owner.findings() == ["a seal of registration_photo doesn't open, or a column beside it was changed"]


def test_a_detail_that_does_not_open_keeps_no_other_record(services: Services, keyring: Keyring, owner: Owner) -> None:
    created, other = services.create(), services.create()
    of_created = seen(services, created)
    for each in (created, other):
        decided(services, each)
    owner.does(f"UPDATE ledger_detail SET sealed = sealed || '\\x00' WHERE index = {of_created}")  # noqa: S608 - a number
    with pytest.raises(erasing.NotErased, match=created.registration_id):
        destroy(services, keyring)
    kept = "SELECT count(*) FROM registration_key WHERE registration_id = %s"
    assert (services.one(kept, created.key), services.one(kept, other.key)) == (1, 0)
