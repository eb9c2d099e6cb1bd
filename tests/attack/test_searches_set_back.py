"""The owner of the database changes what a search reads, has it made, and puts everything back."""

import uuid
from collections.abc import Iterable
from typing import Any

import pytest

from nsor.v1 import options_pb2
from nsor_server import errors
from nsor_server.lookup.grants import subjects
from nsor_server.lookup.search import rules
from nsor_server.storage.v1 import record_pb2
from tests.agencies import LAHORE_COURT, NPB, PUNJAB_PROSECUTION
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.lookup.conftest import officer
from tests.lookup.search.conftest import OPENER, Basis, Searching, asking, named, suspect, written
from tests.lookup.search.conftest import searching as searching  # noqa: PLC0414 - a fixture
from tests.lookup.search.test_search import look_up
from tests.lookup.test_withdrawal import withdrawal
from tests.orders import conviction

RAFIQ = ("Muhammad Rafiq", "Lal Din", 1980)
HIDDEN = "a search didn't show a registration that it had found and had to show, in its newest version"
SHOWN = "a search showed a registration that it couldn't show"
REFUSED = "a search was refused for its grant, ticket or court case, and that counted, or not for that reason"
NARROWED = "a search was narrowed by what its grant doesn't show: by years, sex or a district"
OUTSIDE = "OUTSIDE_JURISDICTION"
OF_CASE = "the records of the case that a search read aren't those that there were"


def test_a_candidate_who_was_hidden_from_a_search_is_found(searching: Searching, owner: Owner) -> None:
    rafiq, _ = searching.confirmed(named(*RAFIQ), named(*RAFIQ))
    basis = searching.ticket(suspect(*RAFIQ))
    with owner.without("registration_claim", f"registration_id = '{rafiq.key}'"):
        assert len(searching.shown(basis)) == 1
    assert owner.findings() == [HIDDEN]


def test_a_record_that_was_hidden_from_its_case_is_found(searching: Searching, owner: Owner) -> None:
    rafiq, _ = searching.confirmed(named(*RAFIQ), named(*RAFIQ))
    name = written("Muhammad Rafiq", "Lal Din")
    for table in ("registration_case", "registration_claim"):
        with owner.without(table, f"registration_id = '{rafiq.key}'"):
            assert len(searching.shown(searching.fir(), name=name)) == 1
    assert owner.findings() == [OF_CASE] * 2


@pytest.mark.parametrize("narrowed", [{"first_birth_year": 1979, "last_birth_year": 1981}, {"district": "PK-PB/LHR"}])
def test_a_search_that_asks_what_its_grant_does_not_show_is_found(
    searching: Searching, owner: Owner, monkeypatch: pytest.MonkeyPatch, narrowed: dict[str, Any]
) -> None:
    # By who is found, or stands first, it would tell when somebody was born, or where he lives. Of a changed server.
    searching.confirmed(named(*RAFIQ))
    in_part = searching.grant(suspect(*RAFIQ), classes=[options_pb2.FIELD_CLASS_CONVICTION])
    searching.search(searching.grant(suspect(*RAFIQ)), **narrowed)
    assert owner.findings() == []
    monkeypatch.setattr(rules, "check_granted", lambda *_: None)
    searching.search(in_part, **narrowed)
    assert owner.findings() == [NARROWED]


def test_a_version_of_before_is_found(searching: Searching, owner: Owner) -> None:
    # What was set aside is shown as it was; and what is put before a search by another table's columns opens nowhere.
    (rafiq,) = searching.confirmed(named(*RAFIQ))
    basis, name = searching.ticket(suspect(*RAFIQ)), written("Muhammad Rafiq", "Lal Din")
    searching.services.judge(conviction(), "SET_ASIDE")
    newest = f"registration_id = '{rafiq.key}' AND version > 2"
    with owner.without("registration_version", newest):
        assert searching.shown(basis) == searching.shown(searching.fir(), name=name) == [rafiq.key]
    assert owner.findings() == [SHOWN, OF_CASE, SHOWN]


def test_a_withdrawal_that_was_hidden_from_a_search_is_found(searching: Searching, owner: Owner) -> None:
    (rafiq,) = searching.confirmed(named(*RAFIQ))
    basis = searching.ticket(suspect(*RAFIQ))
    searching.services.ask(call_of(NPB, OPENER), withdrawal(basis.ticket_id))
    with owner.without("access_grant_withdrawal", "true"):
        assert searching.shown(basis) == [rafiq.key]
    assert owner.findings() == ["a search rests on a grant, ticket or court case that counted no more"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE registration_claim SET cnic_held = true",
        "UPDATE registration_version SET responsible_place = 'PK-SD/KHI/PS-001' WHERE version = 2",
        "UPDATE registration_version AS v SET sealed = o.sealed FROM registration_version AS o WHERE o.version = 1",
    ],
)
def test_a_record_that_contradicts_its_seal_is_shown_to_nobody(searching: Searching, owner: Owner, change: str) -> None:
    searching.confirmed(named(*RAFIQ))
    basis = searching.ticket(suspect(*RAFIQ))
    owner.does(change)
    by_name: dict[str, Any] = {"name": written("Muhammad Rafiq", "Lal Din")}
    for asked, fields in ((basis, {}), (searching.fir(), by_name)):
        with pytest.raises(errors.Internal):
            searching.outcome(asked, **fields)


def test_no_refusal_of_an_honest_register_is_a_finding(searching: Searching, owner: Owner) -> None:
    services, nobody = searching.services, suspect(number="3520212345671")
    searching.read()
    ticket, case = searching.ticket(suspect(*RAFIQ), nobody), searching.case(suspect(*RAFIQ))
    elsewhere = officer(LAHORE_COURT.agency_id, 4, ("PK-PB/MUL",))
    services.enrolled(elsewhere)
    not_valid = "GRANT_NOT_VALID"
    assert searching.refusal(Basis(ticket_id=str(uuid.uuid4())))[0] == not_valid
    assert searching.refusal(ticket, call_of(NPB, OPENER))[0] == not_valid
    assert searching.refusal(ticket, subject=2)[0] == searching.refusal(ticket, subject=9)[0] == not_valid
    assert searching.refusal(case, call_of(LAHORE_COURT, elsewhere))[0] == not_valid
    services.ask(call_of(NPB, OPENER), withdrawal(ticket.ticket_id))
    assert searching.refusal(ticket)[0] == "GRANT_WITHDRAWN"
    assert searching.refusal(ticket, call_of(NPB, OPENER))[0] == not_valid
    afar = officer(PUNJAB_PROSECUTION.agency_id, 9, ("PK-PB/MUL",))
    services.enrolled(afar)
    name = written("Muhammad Rafiq", "Lal Din")
    assert searching.refusal(searching.fir(), call_of(PUNJAB_PROSECUTION, afar), name=name)[0] == OUTSIDE
    assert owner.findings() == []


def test_a_search_that_was_refused_for_a_withdrawal_that_nobody_made_is_found(
    searching: Searching, owner: Owner
) -> None:
    searching.read()
    basis = searching.ticket(suspect(*RAFIQ))
    row = f"('{basis.ticket_id}', 'npb', sha256(''), false, now())"
    withdrawn = f"INSERT INTO access_grant_withdrawal VALUES {row}"  # noqa: S608 - a test
    with owner.changing(withdrawn, "DELETE FROM access_grant_withdrawal"):
        assert searching.refusal(basis) == ("GRANT_WITHDRAWN", [])
    assert owner.findings() == [REFUSED]


def test_a_search_whose_ticket_was_hidden_or_used_up_by_nobody_is_found(searching: Searching, owner: Owner) -> None:
    searching.read()
    basis = searching.ticket(suspect(*RAFIQ))
    with owner.without("access_grant", "true"):
        assert searching.refusal(basis) == ("GRANT_NOT_VALID", [])
    uses = "SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '{}', 0, nth, 0, 'npb'"
    used = f"INSERT INTO look_up {uses.format(basis.ticket_id)} FROM generate_series(1, 3) AS nth"
    with owner.changing(used, "DELETE FROM look_up"):
        assert searching.refusal(basis) == ("GRANT_USED_UP", [])
    assert searching.shown(basis) == []
    assert owner.findings() == [REFUSED] * 2


def test_a_search_on_what_was_used_up_is_found(searching: Searching, owner: Owner) -> None:
    rafiq, _ = searching.confirmed(named(*RAFIQ), named("Sher Zaman", "Gul Khan", 1980))
    basis = searching.grant(suspect(*RAFIQ), uses_per_subject=1)
    (found,) = searching.search(basis).candidates
    searching.services.ask(asking(basis), look_up(basis, found))
    with owner.without("look_up", "true"):
        assert searching.shown(basis) == [rafiq.key]
    assert owner.findings() == ["a search rests on a grant, ticket or court case that was used up"]


def test_a_court_whose_officers_place_was_made_up_is_found(
    searching: Searching, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    searching.read()
    here, afar = (officer(LAHORE_COURT.agency_id, nth, places) for nth, places in ((4, ()), (5, ("PK-PB/MUL",))))
    for each in (here, afar):
        searching.services.enrolled(each)
    basis = searching.case(suspect(*RAFIQ))
    with monkeypatch.context() as lawless:
        lawless.setattr("nsor_server.lookup.grants.rules.rows.within", lambda *_: True)
        assert searching.shown(basis, asking(basis, afar)) == []
    with monkeypatch.context() as wrong:
        wrong.setattr("nsor_server.lookup.grants.rules.rows.within", lambda *_: False)
        assert searching.refusal(basis, asking(basis, here)) == ("GRANT_NOT_VALID", [])
    assert searching.refusal(basis, asking(basis, afar)) == ("GRANT_NOT_VALID", [])
    assert searching.shown(basis, asking(basis, here)) == []
    assert owner.findings() == ["a search rests on a grant, ticket or court case that wasn't for it", REFUSED]


def test_a_grant_that_calls_a_suspect_otherwise_than_its_request_is_found(
    searching: Searching, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The prosecutor has seen one name; the officer would search for two people.
    (zaman,) = searching.confirmed(named("Sher Zaman", "Lal Din", 1980))
    whom = suspect("Muhammad Rafiq", "Lal Din", 1980)
    assert searching.shown(searching.grant(whom)) == []
    assert owner.findings() == []
    written_as_asked = subjects.written

    def with_another(named: Iterable[record_pb2.Suspect]) -> bytes:
        several = record_pb2.GrantSubjects(subjects=named).subjects  # copies
        several[0].by_names.append("Sher Zaman")
        return written_as_asked(several)

    with monkeypatch.context() as lawless:
        lawless.setattr(subjects, "written", with_another)
        assert searching.shown(searching.grant(whom)) == [zaman.key]
    assert owner.findings() == ["a grant isn't for those whom its access request names, or for another FIR or agency"]


def test_a_search_that_its_rules_forbid_is_found(
    searching: Searching, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever runs another program than this one with the register's keys.
    searching.read()
    afar = officer(PUNJAB_PROSECUTION.agency_id, 9, ("PK-PB/MUL",))
    searching.services.enrolled(afar)
    most, name = searching.ticket(suspect("Muhammad Khan", "Muhammad", 1980)), written("Muhammad Rafiq", "Lal Din")
    with monkeypatch.context() as lawless:
        lawless.setattr(rules, "check_name", lambda _, names: names)
        lawless.setattr("nsor_server.access.rows.require_within", lambda *_: None)
        assert searching.shown(most) == []
        assert searching.shown(searching.fir(), call_of(PUNJAB_PROSECUTION, afar), name=name) == []
    with monkeypatch.context() as wrong:
        wrong.setattr("nsor_server.access.rows.within", lambda *_: False)
        assert searching.refusal(searching.fir(), name=name)[0] == OUTSIDE
    assert owner.findings() == [
        "a search was for a name that very many people have",
        "a search was of an FIR of another place than its officer's",
        "a search was refused for the place of its FIR, which is its officer's",
    ]
