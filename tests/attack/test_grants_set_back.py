"""The owner of the database changes what a grant, ticket or court case says for one look-up, and puts everything back.

No row shows it afterwards; `ledger verify` tells the grants again and says which look-up wasn't owed its answer. The
honest register is accused of nothing, whatever it refuses.
"""

import uuid
from dataclasses import dataclass

import pytest

from nsor_server.calls import Officer
from tests.agencies import PUNJAB_PROSECUTION, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.lookup.conftest import AGENCIES, KNOWN, UNKNOWN, make_call, officer
from tests.lookup.test_access_requests import AccessRequests
from tests.lookup.test_tickets import COURT, NPB, Basis, case_of, enrolled, look_up, ticket_for
from tests.lookup.test_withdrawal import COMPROMISED, disable, grant, listed, withdrawal
from tests.services import Services

REFUSED = "a look-up was refused for its grant, ticket or court case, and that counted, or not for that reason"
LISTED = "the grants that were listed, or their uses, aren't those that counted"
NUMBERED = "the uses of a grant, ticket or court case aren't numbered one after the other, up to what it allows"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket of NPB, and the officer for whom it was opened."""

    services: Services
    opener: Officer
    worker: Officer
    ticket_id: str

    def look_up(self, cnic: str = KNOWN, who: Officer | None = None) -> str:
        call = make_call(NPB, acting=who or self.worker)
        return look_up(self.services, call, Basis(ticket_id=self.ticket_id), cnic)

    def withdraw(self) -> None:
        self.services.ask(call_of(AGENCIES[NPB], self.opener), withdrawal(self.ticket_id))


@pytest.fixture
def ticket(services: Services) -> Ticket:
    opener, worker = enrolled(services, NPB, 1), enrolled(services, NPB, 2)
    opened = services.ask(call_of(AGENCIES[NPB], opener), ticket_for(worker, (KNOWN, UNKNOWN))).response.grant
    assert opened.uses_per_subject == 3
    return Ticket(services, opener, worker, opened.grant_id)


def test_no_refusal_of_an_honest_register_is_a_finding(services: Services, ticket: Ticket, owner: Owner) -> None:
    assert [ticket.look_up() for _ in range(5)] == ["NO_RECORD"] * 3 + ["GRANT_USED_UP"] * 2
    assert [ticket.look_up(who=ticket.opener), ticket.look_up("3520212345699")] == ["GRANT_NOT_VALID"] * 2
    assert look_up(services, make_call(NPB), Basis(ticket_id=str(uuid.uuid4()))) == "GRANT_NOT_VALID"
    ticket.withdraw()
    assert [ticket.look_up(), ticket.look_up(UNKNOWN)] == ["GRANT_WITHDRAWN"] * 2
    # A court's case, also for an officer of another district, who hears that it isn't valid though it was withdrawn.
    judge = enrolled(services, COURT, 3)
    case_id = services.ask(call_of(AGENCIES[COURT], judge), case_of()).response.grant.grant_id
    elsewhere = officer(COURT, 4, ("PK-PB/MUL",))
    for told in ("NO_RECORD", "GRANT_WITHDRAWN"):
        assert look_up(services, make_call(COURT), Basis(court_case_id=case_id)) == told
        assert look_up(services, make_call(COURT, acting=elsewhere), Basis(court_case_id=case_id)) == "GRANT_NOT_VALID"
        services.ask(call_of(AGENCIES[COURT], judge), withdrawal(case_id))
    # A grant whose key turned out to be compromised; it is withdrawn from that entry on.
    prosecutor = enrolled(services, "punjab-prosecution", 5)
    _, shown = grant(services, prosecutor)
    assert shown() == "NO_RECORD"
    disable(services, prosecutor, COMPROMISED)
    assert shown() == "GRANT_WITHDRAWN"
    assert owner.findings() == []


def test_uses_that_were_taken_away_are_found(ticket: Ticket, owner: Owner) -> None:
    # Without its rows a ticket is as good as new. They are put back, beside others of the same numbers, where the
    # unique index isn't looked at.
    assert ticket.look_up() == "NO_RECORD"
    with owner.without("look_up", "true"):
        assert ticket.look_up() == "NO_RECORD"
        owner.does("UPDATE pg_index SET indisready = false WHERE indexrelid = 'look_up_use'::regclass")
    owner.does("UPDATE pg_index SET indisready = true WHERE indexrelid = 'look_up_use'::regclass")
    assert owner.findings().count(NUMBERED) == 1


def test_uses_that_no_index_knows_are_found(ticket: Ticket, owner: Owner) -> None:
    # No row is touched: with the table's indexes switched off uses are written that are found in no index afterwards.
    with owner.changing(
        "UPDATE pg_class SET relhasindex = false WHERE relname = 'look_up'",
        "UPDATE pg_class SET relhasindex = true WHERE relname = 'look_up'",
    ):
        assert [ticket.look_up() for _ in range(3)] == ["NO_RECORD"] * 3
    assert ticket.look_up() == "NO_RECORD"
    assert owner.findings().count(NUMBERED) == 1


def test_a_look_up_that_was_refused_for_a_withdrawal_that_nobody_made_is_found(ticket: Ticket, owner: Owner) -> None:
    row = f"('{ticket.ticket_id}', 'npb', sha256(''), false, now())"
    withdrawn = f"INSERT INTO access_grant_withdrawal VALUES {row}"  # noqa: S608 - a test
    with owner.changing(withdrawn, "DELETE FROM access_grant_withdrawal"):
        assert ticket.look_up() == "GRANT_WITHDRAWN"
    assert ticket.look_up() == "NO_RECORD"
    assert owner.findings() == [REFUSED]


def test_a_look_up_that_was_refused_since_its_ticket_was_hidden_is_found(ticket: Ticket, owner: Owner) -> None:
    with owner.without("access_grant", "true"):
        assert ticket.look_up() == "GRANT_NOT_VALID"
    assert owner.findings() == [REFUSED]


def test_a_look_up_that_was_refused_for_uses_that_nobody_made_is_found(ticket: Ticket, owner: Owner) -> None:
    uses = (
        "INSERT INTO look_up (agency_id, request_id, request_hash, grant_id, subject, use, answered_us, access_id)"
        " SELECT agency_id, gen_random_uuid(), request_hash, grant_id, subject, use + {}, answered_us,"
        " gen_random_uuid() FROM look_up WHERE use = 1"
    )
    assert ticket.look_up() == "NO_RECORD"
    owner.does(uses.format(1), uses.format(2))
    assert ticket.look_up() == "GRANT_USED_UP"
    owner.does("DELETE FROM look_up WHERE use > 1")
    assert ticket.look_up() == "NO_RECORD"
    assert owner.findings() == [REFUSED]


def test_honest_lists_are_no_finding(services: Services, ticket: Ticket, owner: Owner) -> None:
    # In pages, for officers of several places, before and after uses, withdrawals and a key that was compromised.
    other = enrolled(services, NPB, 5)
    second = services.ask(call_of(AGENCIES[NPB], other), ticket_for(ticket.worker)).response.grant.grant_id
    services.ask(call_of(AGENCIES[COURT], enrolled(services, COURT, 3)), case_of())
    for place in (("PK-PB/LHR",), ("PK-PB/MUL",)):
        listed(services, COURT, acting=officer_of(AGENCIES[COURT], *place))
    listed(services, "punjab-prosecution")
    ticket.look_up()
    assert {each.grant.grant_id: each.uses_left for each in listed(services, NPB, 1)} == {
        ticket.ticket_id: 5,
        second: 3,
    }
    disable(services, other, COMPROMISED)
    ticket.withdraw()
    assert not listed(services, NPB)
    assert owner.findings() == []


@pytest.mark.parametrize("hidden", ["access_grant WHERE true", "look_up WHERE grant_id IS NOT NULL"])
def test_what_was_hidden_from_a_list_is_found(services: Services, ticket: Ticket, owner: Owner, hidden: str) -> None:
    # A ticket that nobody knew of isn't withdrawn, nor is one of which nobody sees that it is used.
    ticket.look_up()
    with owner.without(*hidden.split(" WHERE ")):
        assert [each.uses_left for each in listed(services, NPB)] in ([], [6])
    assert owner.findings() == [LISTED]


@pytest.mark.parametrize("hidden", [True, False])
def test_a_withdrawal_that_was_hidden_from_a_list_or_made_up_for_it_is_found(
    services: Services, ticket: Ticket, owner: Owner, *, hidden: bool
) -> None:
    if hidden:
        ticket.withdraw()
        with owner.without("access_grant_withdrawal", "true"):
            assert listed(services, NPB)
    else:
        made_up = f"VALUES ('{ticket.ticket_id}', 'npb', '', false, now())"
        columns = "grant_id, agency_id, withdrawn_by, of_colleague, withdrawn_at"
        owner.does(f"INSERT INTO access_grant_withdrawal ({columns}) {made_up}")
        assert not listed(services, NPB)
        owner.does("DELETE FROM access_grant_withdrawal")
    assert owner.findings() == [LISTED]


def test_a_withdrawal_that_was_hidden_from_its_access_request_is_found(services: Services, owner: Owner) -> None:
    # Whoever was granted it would take it for good.
    prosecutor = enrolled(services, "punjab-prosecution", 1)
    requests = AccessRequests(services)
    asked = requests.created()
    grant_id = requests.approve(asked.access_request_id, asked.etag, acting=prosecutor).response.grant.grant_id
    requests.get(asked.access_request_id)
    services.ask(call_of(PUNJAB_PROSECUTION, prosecutor), withdrawal(grant_id))
    requests.get(asked.access_request_id)
    assert owner.findings() == []
    with owner.without("access_grant_withdrawal", "true"):
        requests.get(asked.access_request_id)
    assert owner.findings() == ["an access request was shown with a grant as if it was withdrawn, or wasn't"]
