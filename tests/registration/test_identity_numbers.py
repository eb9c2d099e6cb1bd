"""Another number that NADRA reports by a handle: once the owner has accepted it, it is as one that he has amended."""

from __future__ import annotations

from typing import Any

import pytest

from nsor.v1 import errors_pb2, identity_pb2
from nsor_server import errors
from nsor_server.calls import Outcome
from nsor_server.registration.identity import changes
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests.agencies import NADRA, NPB, PUNJAB_POLICE
from tests.attack.test_set_back import confirmed
from tests.calls import call_of, violations
from tests.orders import Created, cnic, day
from tests.registration.test_duplicates import findings
from tests.registration.test_identifiers import BY_CNIC, CASES, is_held, shown
from tests.registration.test_identity import ABSENT, UNVERIFIED, VERIFIED
from tests.registration.test_identity_changes import DISPUTED, REPORTED, decision, named, report, verified
from tests.registration.test_reviews import Clock, clock, listed, times
from tests.services import Services

__all__ = ["clock", "times"]

NUMBER = identity_pb2.IDENTITY_CHANGE_KIND_NUMBER


def renumbered(handle: str, number: str, **fields: Any) -> identity_pb2.ReportIdentityChangeRequest:
    return report(handle, **{"kind": NUMBER, "document_number": number, "death_date": None, **fields})


def reported(services: Services, handle: str, number: str) -> Outcome[Any]:
    outcome = services.ask(call_of(NADRA), renumbered(handle, number))
    assert outcome.response == identity_pb2.ReportIdentityChangeResponse(state=REPORTED)
    return outcome


def accepted(services: Services, created: Created) -> Outcome[Any]:
    return services.ask(call_of(PUNJAB_POLICE), decision(services, created))


def test_the_old_number_finds_nobody_from_the_acceptance_and_the_new_one_the_record_from_the_next_time_on(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    old, new = cnic(), cnic()
    created, handle = verified(services, confirmed(services, old, CASES[0]))
    reported(services, handle, new)
    # A report alone changes nothing; the owner and NPB read it.
    before = services.get(created.registration_id, NPB)
    assert (before.person.cnic, before.identity.state) == (old, VERIFIED)
    assert [(each.kind, each.document_number) for each in before.identity.changes] == [(NUMBER, new)]
    assert (shown(services, old), shown(services, new)) == (created.registration_id, "")
    accepted(services, created)
    after = services.get(created.registration_id, NPB)
    assert (after.person.cnic, after.identity.state) == (new, UNVERIFIED)
    assert (shown(services, old), shown(services, new), is_held(services, created)) == ("", "", True)
    clock.passes()
    assert times.look()
    assert (shown(services, old), shown(services, new)) == ("", created.registration_id)
    assert not is_held(services, created)
    assert findings(services, keyring) == []


def test_neither_nadra_nor_the_owner_is_told_who_else_has_the_number(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    # Neither the answers nor the rows nor the entries tell a number that another record has from one that nobody has.
    taken, number = cnic(), cnic()
    one, of_one = verified(services, confirmed(services, cnic(), CASES[0]))
    other, of_other = verified(services, confirmed(services, cnic(), CASES[1]))
    holder = confirmed(services, taken, CASES[2])
    reports = [reported(services, of_one, taken), reported(services, of_other, number)]
    decisions = [accepted(services, one), accepted(services, other)]
    for outcomes in (reports, decisions):
        written = [
            ([row.table.name for row in each.rows], [ref.table for ref in each.records], each.detail.outcome)
            for each in outcomes
        ]
        assert written[0] == written[1]
    assert [each.response.ByteSize() for each in decisions] == [decisions[0].response.ByteSize()] * 2
    assert [ref.table for ref in decisions[0].records] == ["registration_version", "registration_claim"]
    assert (is_held(services, one), is_held(services, other)) == (True, True)
    assert shown(services, taken) == holder.registration_id
    clock.passes()
    assert times.look()
    # NPB is told, as of any other two that have one number.
    assert [pair[2] for pair in listed(services)] == [BY_CNIC]
    assert shown(services, number) == other.registration_id
    assert findings(services, keyring) == []


def test_a_disputed_number_changes_nothing(services: Services, keyring: Keyring) -> None:
    old, new = cnic(), cnic()
    created, handle = verified(services, confirmed(services, old, CASES[0]))
    reported(services, handle, new)
    dispute = {"decision": DISPUTED, "dispute": identity_pb2.IDENTITY_DISPUTE_NOT_SO}
    services.ask(call_of(PUNJAB_POLICE), decision(services, created, **dispute))
    assert (shown(services, old), shown(services, new), is_held(services, created)) == (
        created.registration_id,
        "",
        False,
    )
    assert findings(services, keyring) == []


def test_an_accepted_number_that_the_record_does_not_have_is_found(
    services: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server that goes wrong: what it has sealed isn't what the owner has accepted.
    created, handle = verified(services, confirmed(services, cnic(), CASES[0]))
    reported(services, handle, cnic())
    with monkeypatch.context() as patched:
        patched.setattr(changes, "NUMBER", 0)
        accepted(services, created)
    assert findings(services, keyring) == ["an accepted number isn't that of the record"]


@pytest.mark.parametrize(
    ("number", "fields", "field", "reason"),
    [
        ("", {}, "document_number", errors_pb2.FIELD_REASON_REQUIRED),
        ("3520212345671", {"names": [named("Zafar")]}, "names", errors_pb2.FIELD_REASON_EXACTLY_ONE),
        ("3520212345671", {"death_date": day(2026, 1, 1)}, "death_date", errors_pb2.FIELD_REASON_EXACTLY_ONE),
    ],
)
def test_a_report_of_a_number_says_what_fits_together(
    services: Services, number: str, fields: dict[str, Any], field: str, reason: int
) -> None:
    refused = services.refused(errors.InvalidFields, call_of(NADRA), renumbered(ABSENT, number, **fields))
    assert (field, reason) in violations(refused)
