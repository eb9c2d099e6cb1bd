"""Of a record that was read while it was sealed nothing is left of these calls once it is erased."""

from __future__ import annotations

import uuid

from nsor.v1 import proposals_pb2
from nsor_server import errors
from nsor_server.storage.keyring import Keyring
from tests.agencies import NPB, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of
from tests.orders import cnic, conviction
from tests.registration.test_closure import close, confirmed, old, proposed
from tests.registration.test_erasure import decided, destroy
from tests.registration.test_held import restore
from tests.registration.test_sealed_reading import Get, opened
from tests.registration.test_withdrawal import WITHDRAWN
from tests.services import Services

_DETAILS = "SELECT count(*) FROM ledger_detail WHERE index = ANY (%s)"
_LAST = "SELECT max(index) FROM ledger_entry"


def test_details_of_calls_that_name_a_reading_or_another_end_of_it_are_destroyed(
    services: Services, keyring: Keyring, owner: Owner
) -> None:
    created, other = confirmed(services, cnic()), confirmed(services, cnic(), convictions=[old()])
    first, second = services.enrolled(officer_of(NPB)), services.enrolled(officer_of(NPB))
    services.judge(conviction(), "SET_ASIDE")
    services.judge(old(), "SET_ASIDE")
    of_it, of_other = (opened(services, first, second, each.registration_id) for each in (created, other))
    entries = []
    for reading_id in (of_it, of_other):
        services.ask(call_of(NPB, first), Get(sealed_reading_id=reading_id))
        entries.append(int(services.one(_LAST)))
    services.refused(errors.NoRecord, call_of(NPB), Get(sealed_reading_id=of_it))  # another officer
    entries.append(int(services.one(_LAST)))
    restore(services, conviction().court_case.case_number)
    proposal = proposed(services, created, first)
    withdrawing = proposals_pb2.WithdrawProposalRequest(request_id=str(uuid.uuid4()), closure_id=proposal)
    services.ask(call_of(NPB, first), withdrawing)
    entries.append(int(services.one(_LAST)))
    close(services, created, **WITHDRAWN)
    decided(services, created)
    assert services.one(_DETAILS, entries) == 4
    destroy(services, keyring)
    assert services.one(_DETAILS, entries) == 1
    assert services.one(_DETAILS, entries[1:2]) == 1
    assert owner.findings() == []
