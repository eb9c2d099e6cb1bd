"""The policy that decides: what the register begins with, and how two officers of NPB change it."""

import datetime as dt
import itertools
import uuid
from dataclasses import replace
from typing import Any

import pytest

from nsor.v1 import access_requests_pb2, directory_pb2, errors_pb2, grants_pb2, notification_pb2
from nsor_server import errors
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import Officer, Outcome
from nsor_server.directory import limits, policies, policy_service, stored
from nsor_server.policy import documents, source, store
from nsor_server.policy.loaded import Policy
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests import deciding as tests_deciding
from tests.access.requests import application
from tests.agencies import NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, officer_of
from tests.calls import ORIGIN, call_of, violations
from tests.directory.test_deciding import OTHER, findings
from tests.services import Services

FIRST, SECOND = officer_of(NPB), officer_of(NPB)
GRANTS = directory_pb2.POLICY_DOCUMENT_GRANTS


def grants(uses: int) -> bytes:
    shipped = source.packaged("grants.toml").read_bytes()
    return shipped.replace(b"\nuses_per_subject = 1\n", f"\nuses_per_subject = {uses}\n".encode())


def proposal(toml: bytes = grants(3), document: Any = GRANTS) -> directory_pb2.ProposePolicyRequest:
    return directory_pb2.ProposePolicyRequest(request_id=str(uuid.uuid4()), document=document, toml=toml)


def propose(services: Services, toml: bytes = grants(3), document: Any = GRANTS) -> directory_pb2.PolicyProposal:
    outcome = services.ask(call_of(NPB, FIRST), proposal(toml, document))
    found: directory_pb2.PolicyProposal = outcome.response.proposal
    return found


def adoption(proposed: directory_pb2.PolicyProposal, etag: str = "") -> directory_pb2.AdoptPolicyRequest:
    return directory_pb2.AdoptPolicyRequest(
        request_id=str(uuid.uuid4()), proposal_id=proposed.proposal_id, etag=etag or proposed.etag
    )


def adopt(services: Services, proposed: directory_pb2.PolicyProposal) -> Outcome[Any]:
    return services.ask(call_of(NPB, SECOND), adoption(proposed))


def in_force(services: Services) -> Policy:
    return services.directory.reload().policy


def granted(services: Services) -> grants_pb2.Grant:
    """A new grant."""
    asked = services.ask(call_of(PUNJAB_POLICE), application()).response
    decision = access_requests_pb2.ApproveAccessRequestRequest(
        request_id=str(uuid.uuid4()), access_request_id=asked.access_request_id, etag=asked.etag
    )
    grant: grants_pb2.Grant = services.ask(call_of(PUNJAB_PROSECUTION), decision).response.grant
    return grant


def test_the_first_start_enters_every_document_by_one_entry(database: Database, keyring: Keyring) -> None:
    with database.transaction() as conn:
        with pytest.raises(store.NoPolicy):
            store.in_force(conn)
        assert policies.begin(conn, keyring, ORIGIN, Policy.load()) == tuple(documents.KINDS)
    with database.transaction() as conn:
        # The second server finds it done.
        assert policies.begin(conn, keyring, ORIGIN, Policy.load()) == ()
        recorded = conn.execute(
            "SELECT index, count(*) FROM ledger_record WHERE table_name = 'policy_version' GROUP BY index"
        ).fetchall()
        assert recorded == [(0, len(documents.KINDS))]
        policy = store.in_force(conn)
        assert (policy.version, policy.differs(Policy.load())) == (1, ())


def test_files_change_nothing_after_the_first_start(database: Database, keyring: Keyring) -> None:
    # A release that brings another value, or whoever writes to the server's disk, decides nothing.
    files = Policy.load().replaced("grants", documents.parse("grants", grants(9)))
    with database.transaction() as conn:
        policies.begin(conn, keyring, ORIGIN, Policy.load())
        assert policies.begin(conn, keyring, ORIGIN, files) == ()
        policy = store.in_force(conn)
    assert policy.grants.uses_per_subject == 1
    assert "grants" in policies.offered(files, policy)
    assert policies.offered(Policy.load(), policy) == ""


def test_a_document_of_a_newer_release_is_entered_at_its_first_start(
    database: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the register never had can't be decided by anything older.
    policy = Policy.load()
    with database.owner() as owner, monkeypatch.context() as older:
        older.setattr(documents, "KINDS", {name: kind for name, kind in documents.KINDS.items() if name != "grants"})
        policies.begin(owner, keyring, ORIGIN, policy)
    with database.owner() as owner:
        assert policies.begin(owner, keyring, ORIGIN, policy) == ("grants",)
        assert store.in_force(owner).version == 2


def test_a_document_that_was_taken_away_is_not_replaced_by_a_file(database: Database, keyring: Keyring) -> None:
    # Else whoever owns the database could put the register back to what it began with.
    with database.owner() as owner:
        policies.begin(owner, keyring, ORIGIN, Policy.load())
        owner.execute("DELETE FROM policy_version WHERE name = 'grants'")
        with pytest.raises(source.PolicyError, match="is gone"):
            policies.begin(owner, keyring, ORIGIN, Policy.load())


def test_content_that_was_exchanged_is_not_read(database: Database, keyring: Keyring) -> None:
    with database.owner() as owner:
        policies.begin(owner, keyring, ORIGIN, Policy.load())
        content = documents.canonical(documents.parse("grants", grants(9)))
        owner.execute("UPDATE policy_version SET content = %s WHERE name = 'grants'", (content,))
        with pytest.raises(source.PolicyError, match="grants, version 1, isn't what was adopted"):
            store.in_force(owner)


def test_a_proposal_changes_nothing_and_is_told_to_npb(services: Services) -> None:
    before = in_force(services)
    found = propose(services)
    assert found.state == directory_pb2.POLICY_PROPOSAL_STATE_OPEN
    assert in_force(services).grants == before.grants
    assert in_force(services) is before
    assert granted(services).uses_per_subject == 1
    assert services.owed(notification_pb2.EVENT_KIND_POLICY_PROPOSED) == ["npb"]


def test_another_officer_adopts_it_and_the_next_call_is_decided_by_it(services: Services) -> None:
    old = granted(services)
    found = propose(services)
    outcome = adopt(services, found)
    assert outcome.response.policy.version == 2
    assert in_force(services).grants.uses_per_subject == 3
    assert granted(services).uses_per_subject == 3
    assert services.owed(notification_pb2.EVENT_KIND_POLICY_ADOPTED) == ["npb"]
    # What was granted keeps what it was granted with.
    assert old.uses_per_subject == 1
    assert {ref.table for ref in outcome.records} == {"policy_version"}


def test_who_proposed_it_does_not_adopt_it(services: Services) -> None:
    found = propose(services)
    refused = services.refused(errors.Denied, call_of(NPB, FIRST), adoption(found))
    assert refused.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    assert in_force(services).version == 1


def replaced(services: Services, old: Officer) -> Officer:
    """The officer with a new key under his number, as any lost key is replaced; the directory knows both."""
    services.enrolled(old, disabled=True)
    return services.enrolled(replace(officer_of(NPB), officer_number=old.officer_number))


def test_who_proposed_it_does_not_adopt_it_with_his_next_key(services: Services) -> None:
    # A number has one live key: two honest focal persons replace a lost one, and he would have been two persons.
    found = propose(services)
    again = replaced(services, FIRST)
    refused = services.refused(errors.Denied, call_of(NPB, again), adoption(found))
    assert refused.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    assert in_force(services).version == 1
    assert adopt(services, found).response.policy.version == 2


def test_nobody_adopts_what_he_has_not_seen(services: Services) -> None:
    found = propose(services)
    services.refused(errors.EtagMismatch, call_of(NPB, SECOND), adoption(found, etag="0" * 32))
    other = propose(services, grants(4))
    adopt(services, other)
    # The policy beside which it was read is gone: what it would change is another thing now.
    services.refused(errors.EtagMismatch, call_of(NPB, SECOND), adoption(found))
    shown = services.ask(
        call_of(NPB, SECOND), directory_pb2.GetPolicyRequest(document=GRANTS, proposal_id=found.proposal_id)
    ).response.proposal
    assert shown.state == directory_pb2.POLICY_PROPOSAL_STATE_OUTDATED
    services.refused(errors.WrongState, call_of(NPB, SECOND), adoption(found, etag=shown.etag))
    services.refused(
        errors.NoRecord,
        call_of(NPB, SECOND),
        adoption(directory_pb2.PolicyProposal(proposal_id=str(uuid.uuid4()), etag=found.etag)),
    )
    assert in_force(services).grants.uses_per_subject == 4


def test_whose_proposal_it_is_is_not_taken_from_an_edit(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    # Between two looks at what decides the database's owner makes it another's, so that he adopts his own.
    proposed = propose(services)
    services.directory.reload()
    by_id = (uuid.UUID(proposed.proposal_id).bytes,)
    with services.database.owner() as owner:
        owner.execute("UPDATE policy_proposal SET officer_key = sha256(officer_key) WHERE proposal_id = %s", by_id)
    services.directory.reload()
    shown = directory_pb2.GetPolicyRequest(document=GRANTS, proposal_id=proposed.proposal_id)
    assert services.ask(call_of(NPB, SECOND), shown).response.proposal.officer_key_id == FIRST.key_id
    services.refused(errors.Denied, call_of(NPB, FIRST), adoption(proposed))
    assert "ALERT DIRECTORY_CONTRADICTED: the row of policy_proposal" in caplog.text
    assert in_force(services).grants.uses_per_subject == 1
    with services.database.owner() as owner:
        owner.execute("UPDATE policy_proposal SET officer_key = %s WHERE proposal_id = %s", (FIRST.key_id, *by_id))
    adopt(services, proposed)


def test_what_is_adopted_is_what_was_seen_with_all_that_is_said_of_it() -> None:
    seen = policies.Proposal(b"p" * 16, "grants", 1, b"{}", "npb", b"k" * 32, dt.datetime(2026, 1, 2, tzinfo=dt.UTC))
    others: list[dict[str, Any]] = [
        {"proposal_id": b"q" * 16},
        {"name": "reviews"},
        {"base_version": 2},
        {"content": b"{ }"},
        {"agency_id": "nadra"},
        {"officer_key": b"l" * 32},
        {"proposed_at": dt.datetime(2026, 1, 3, tzinfo=dt.UTC)},
    ]
    etags = {replace(seen, **each).etag(1) for each in others}
    assert len({seen.etag(1), seen.etag(2), *etags}) == len(others) + 2


def test_it_is_adopted_once(services: Services) -> None:
    found = propose(services)
    one, two = services.at_once(
        (call_of(NPB, SECOND), adoption(found)), (call_of(NPB, officer_of(NPB)), adoption(found)), together=True
    )
    assert isinstance(one, Outcome)
    assert isinstance(two, errors.EtagMismatch)
    assert services.one("SELECT count(*) FROM policy_version WHERE version > 1") == 1


def test_of_two_documents_that_are_adopted_at_once_one_is(services: Services) -> None:
    # The second was read beside a policy that is gone.
    toml = source.packaged("narrowing.toml").read_bytes().replace(b"adopted = true", b"adopted = false", 1)
    proposals = (propose(services), propose(services, toml, directory_pb2.POLICY_DOCUMENT_NARROWING))
    one, two = services.at_once(*((call_of(NPB, SECOND), adoption(each)) for each in proposals), together=True)
    assert isinstance(one, Outcome)
    assert isinstance(two, errors.EtagMismatch)
    assert services.one("SELECT count(*) FROM policy_version WHERE version > 1") == 1


@pytest.mark.parametrize(
    ("toml", "field", "reason"),
    [
        (grants(0), "toml.uses_per_subject", errors_pb2.FIELD_REASON_OUT_OF_RANGE),
        (b"uses", "toml", errors_pb2.FIELD_REASON_NOT_TOML),
        (b"\xff", "toml", errors_pb2.FIELD_REASON_NOT_TOML),
        (grants(2).replace(b"= 2", b'= "many"'), "toml.uses_per_subject", errors_pb2.FIELD_REASON_VALUE_TYPE),
    ],
)
def test_what_does_not_load_is_refused_with_place_and_rule(
    services: Services, toml: bytes, field: str, reason: int
) -> None:
    refused = services.refused(errors.InvalidFields, call_of(NPB, FIRST), proposal(toml))
    assert refused.reason == errors_pb2.ERROR_REASON_POLICY_NOT_VALID
    assert violations(refused) == [(field, reason)]


def test_a_deadline_that_has_counted_is_not_changed_by_any_two(services: Services) -> None:
    toml = source.packaged("deadlines.toml").read_bytes().replace(b"days = 14", b"days = 100")
    wanted = proposal(toml, directory_pb2.POLICY_DOCUMENT_DEADLINES)
    refused = services.refused(errors.InvalidFields, call_of(NPB, FIRST), wanted)
    assert violations(refused) == [("toml.deadline", errors_pb2.FIELD_REASON_ROW_HAS_COUNTED)]


def test_a_grant_keeps_its_end_when_the_deadline_moves(services: Services) -> None:
    old = granted(services)
    # By the database's clock, which is what grants are made by.
    today = services.directory.current.now().astimezone(dt.timezone(dt.timedelta(hours=5))).date()
    row = (
        '\n[[deadline]]\nid = "grant-expiry"\nstart_event = "the prosecutor grants the request"\ndays = 2\n'
        f'citation = "working value"\nverified = false\nvalid_from = {today.isoformat()}\n'
    )
    toml = source.packaged("deadlines.toml").read_bytes() + row.encode()
    adopt(services, propose(services, toml, directory_pb2.POLICY_DOCUMENT_DEADLINES))
    new = granted(services)
    assert old.expiry.due_time.seconds - new.expiry.due_time.seconds >= 11 * 86_400
    ((due,),) = [
        (record.expiry.due_time.seconds,)
        for record in [
            services.ask(
                call_of(PUNJAB_PROSECUTION),
                access_requests_pb2.GetAccessRequestRequest(access_request_id=_request_of(services, old.grant_id)),
            ).response.access_request.grant
        ]
    ]
    assert due == old.expiry.due_time.seconds


def _request_of(services: Services, grant_id: str) -> str:
    return str(services.one("SELECT access_request_id FROM access_grant WHERE grant_id = %s", grant_id))


def test_nothing_is_proposed_that_is_there(services: Services) -> None:
    services.refused(errors.PolicyUnchanged, call_of(NPB, FIRST), proposal(source.packaged("grants.toml").read_bytes()))
    propose(services)
    services.refused(errors.PolicyUnchanged, call_of(NPB, SECOND), proposal(b"# again\n" + grants(3)))


def test_one_officers_proposals_keep_nobody_from_proposing(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    # Twenty of one officer blocked every change of policy before, a switched-off purpose and a budget too.
    numbers = itertools.count(3)
    for _ in range(limits.OPEN_OF_OFFICER):
        propose(services, grants(next(numbers)))
    refused = services.refused(errors.Exhausted, call_of(NPB, FIRST), proposal(grants(next(numbers))))
    assert refused.retry_after_seconds
    # A new key under his number makes him nobody else: the directory knows both.
    same = replace(officer_of(NPB), officer_number=FIRST.officer_number)
    services.enrolled(FIRST)
    services.refused(errors.Exhausted, call_of(NPB, same), proposal(grants(next(numbers))))
    assert services.ask(call_of(NPB, SECOND), proposal(grants(next(numbers)))).response.proposal.proposal_id
    # All together have a limit above that.
    monkeypatch.setattr(limits, "OPEN_OF_AGENCY", limits.OPEN_OF_OFFICER + 1)
    services.refused(errors.Exhausted, call_of(NPB, SECOND), proposal(grants(next(numbers))))


def test_proposals_of_an_hour_are_bounded_also_when_they_are_withdrawn(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each is kept for good.
    monkeypatch.setattr(limits, "HOURLY_OF_OFFICER", 2)
    for uses in (3, 4):
        withdraw(services, propose(services, grants(uses)))
    services.refused(errors.Exhausted, call_of(NPB, FIRST), proposal(grants(5)))
    found = services.ask(call_of(NPB, SECOND), proposal(grants(5))).response.proposal
    assert found.state == directory_pb2.POLICY_PROPOSAL_STATE_OPEN


def test_what_colleagues_have_withdrawn_keeps_nobody_from_proposing(services: Services) -> None:
    # Six officers with ten each ended all proposals for an hour.
    numbers = itertools.count(3)
    for _ in range(6):
        colleague = officer_of(NPB)
        for _ in range(limits.HOURLY_OF_OFFICER):
            made = services.ask(call_of(NPB, colleague), proposal(grants(next(numbers)))).response.proposal
            services.ask(call_of(NPB, colleague), withdrawal(made))
    assert propose(services, grants(next(numbers))).state == directory_pb2.POLICY_PROPOSAL_STATE_OPEN


def withdrawal(proposed: directory_pb2.PolicyProposal) -> directory_pb2.WithdrawPolicyProposalRequest:
    return directory_pb2.WithdrawPolicyProposalRequest(request_id=str(uuid.uuid4()), proposal_id=proposed.proposal_id)


def withdraw(services: Services, proposed: directory_pb2.PolicyProposal) -> Outcome[Any]:
    return services.ask(call_of(NPB, FIRST), withdrawal(proposed))


def shown(services: Services, proposed: directory_pb2.PolicyProposal) -> directory_pb2.PolicyProposal:
    """A proposal as GetPolicy shows it."""
    asked = directory_pb2.GetPolicyRequest(document=GRANTS, proposal_id=proposed.proposal_id)
    found: directory_pb2.PolicyProposal = services.ask(call_of(NPB, SECOND), asked).response.proposal
    return found


def listed(services: Services) -> list[str]:
    """The proposals that may be adopted."""
    answer = services.ask(call_of(NPB, SECOND), directory_pb2.ListPoliciesRequest()).response
    return [each.proposal_id for each in answer.proposals]


def test_who_proposed_it_withdraws_it_and_nobody_else(services: Services) -> None:
    found, other = propose(services), propose(services, grants(4))
    services.refused(errors.NoRecord, call_of(NPB, SECOND), withdrawal(found))
    first = withdraw(services, found)
    assert {ref.table for ref in first.records} == {"policy_proposal_withdrawal"}
    assert services.owed(notification_pb2.EVENT_KIND_POLICY_WITHDRAWN) == ["npb"]
    assert withdraw(services, found).response == first.response
    assert services.one("SELECT count(*) FROM policy_proposal_withdrawal") == 1
    assert shown(services, found).state == directory_pb2.POLICY_PROPOSAL_STATE_WITHDRAWN
    assert listed(services) == [other.proposal_id]
    services.refused(errors.WrongState, call_of(NPB, SECOND), adoption(found))
    adopt(services, other)
    services.refused(errors.WrongState, call_of(NPB, FIRST), withdrawal(other))


def test_who_proposed_it_withdraws_it_with_his_next_key(services: Services) -> None:
    # Else it would stay open, and count against him, until it expires.
    found = propose(services)
    again = replaced(services, FIRST)
    assert services.ask(call_of(NPB, again), withdrawal(found)).detail.outcome == "POLICY_WITHDRAWN grants"
    assert services.one("SELECT officer_key FROM policy_proposal_withdrawal") == again.key_id
    assert shown(services, found).state == directory_pb2.POLICY_PROPOSAL_STATE_WITHDRAWN


@pytest.mark.parametrize("together", [True, False])
def test_of_a_withdrawal_and_an_adoption_at_once_one_counts(services: Services, *, together: bool) -> None:
    found = propose(services)
    withdrawn, adopted = services.at_once(
        (call_of(NPB, FIRST), withdrawal(found)), (call_of(NPB, SECOND), adoption(found)), together=together
    )
    assert isinstance(withdrawn, errors.WrongState) is isinstance(adopted, Outcome)
    assert isinstance(adopted, errors.WrongState) is isinstance(withdrawn, Outcome)


def test_a_proposal_that_nobody_adopts_in_time_expires(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    found = propose(services)
    assert found.expiry.rule_id == "policy-proposal-expiry"
    due = found.expiry.due_time.ToDatetime(dt.UTC)
    monkeypatch.setattr(DirectorySnapshot, "now", lambda _: due - dt.timedelta(seconds=1))
    assert listed(services) == [found.proposal_id]
    monkeypatch.setattr(DirectorySnapshot, "now", lambda _: due)
    assert shown(services, found).state == directory_pb2.POLICY_PROPOSAL_STATE_EXPIRED
    assert listed(services) == []
    services.refused(errors.WrongState, call_of(NPB, SECOND), adoption(found))


def test_what_a_compromised_key_has_proposed_is_adopted_by_nobody(services: Services) -> None:
    services.enrolled(FIRST)
    found = propose(services)
    services.ask(
        call_of(NPB),
        directory_pb2.DisableOfficerRequest(
            request_id=str(uuid.uuid4()),
            officer_key_id=FIRST.key_id,
            reason=directory_pb2.DISABLE_REASON_KEY_COMPROMISED,
        ),
    )
    assert shown(services, found).state == directory_pb2.POLICY_PROPOSAL_STATE_WITHDRAWN
    assert listed(services) == []
    services.refused(errors.WrongState, call_of(NPB, SECOND), adoption(found))


def test_officers_see_what_is_in_force_beside_what_is_proposed(services: Services) -> None:
    found = propose(services)
    listed = services.ask(call_of(NPB, SECOND), directory_pb2.ListPoliciesRequest()).response
    assert listed.version == 1
    assert [policy_service.NAMES[each.document] for each in listed.policies] == list(documents.KINDS)
    assert [each.proposal_id for each in listed.proposals] == [found.proposal_id]
    assert not listed.proposals[0].content
    asked = directory_pb2.GetPolicyRequest(document=GRANTS, proposal_id=found.proposal_id)
    shown = services.ask(call_of(NPB, SECOND), asked).response
    assert documents.decode("grants", shown.policy.content) == Policy.load().grants
    assert documents.decode("grants", shown.proposal.content) == documents.parse("grants", grants(3))
    assert shown.proposal.etag == listed.proposals[0].etag == found.etag
    asked.document = directory_pb2.POLICY_DOCUMENT_PLACES
    services.refused(errors.NoRecord, call_of(NPB, SECOND), asked)
    adopt(services, found)
    listed = services.ask(call_of(NPB, SECOND), directory_pb2.ListPoliciesRequest()).response
    assert (listed.version, list(listed.proposals)) == (2, [])
    assert next(each for each in listed.policies if each.document == GRANTS).proposal_id == found.proposal_id


def test_the_documents_of_the_contract_are_those_of_the_policy() -> None:
    assert set(policy_service.NAMES.values()) == set(documents.KINDS)


def tampered(services: Services) -> list[str]:
    """What `ledger verify` finds of the policy."""
    return [finding for finding in findings(services.database) if "policy_" in finding]


TABLES = (deciding.POLICY_PROPOSALS, deciding.POLICY_VERSIONS, deciding.POLICY_WITHDRAWALS)


@pytest.mark.parametrize(
    ("table", "column", "kind"), [(table.name, *column) for table in TABLES for column in table.columns]
)
def test_no_column_of_the_policy_is_changed_unseen(services: Services, table: str, column: str, kind: str) -> None:
    # The database's owner may write what he likes; `ledger verify` compares each row with its entry's record.
    withdraw(services, propose(services, grants(9)))
    adopt(services, propose(services))
    assert tampered(services) == []
    with services.database.owner() as owner:
        for constraint in ("proposal_id_fkey", "proposal_id_check", "agency_id_fkey", "officer_key_check"):
            for each in TABLES:
                name = f"{each.name}_{constraint}"
                owner.execute(f"ALTER TABLE {each.name} DROP CONSTRAINT IF EXISTS {name} CASCADE".encode())
        newest = " WHERE version = 2" if table == "policy_version" else ""
        owner.execute(f"UPDATE {table} SET {column} = {OTHER[kind].format(column)}{newest}".encode())  # noqa: S608 - constants
    assert any(table in finding for finding in tampered(services))


def adopted_by(services: Services, officer: Officer, proposer: Officer, *, withdrawn: bool = False) -> list[str]:
    """What verification says of an adoption that is on the record, as a server that was taken over would make it."""
    content = documents.canonical(documents.parse("grants", grants(3)))
    at = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    proposal = policies.Proposal(uuid.uuid4().bytes, "grants", 1, content, "npb", proposer.key_id, at)
    taken_back = [policies.withdrawal(proposal, proposer.key_id, at)[0]] if withdrawn else []
    adoption_ = policies.adoption(proposal, 1, officer.key_id, at)[0]
    with services.database.owner() as owner:
        for row in (policies.proposing(proposal)[0], *taken_back, adoption_):
            names = ", ".join(name for name, _ in row.table.columns)
            places = ", ".join(["%s"] * len(row.values))
            owner.execute(f"INSERT INTO {row.table.name} ({names}) VALUES ({places})".encode(), row.values)  # noqa: S608 - constants
            tests_deciding.record(owner, services.keyring, ORIGIN)
    return of_each_other(services)


def of_each_other(services: Services) -> list[str]:
    """What verification finds in what the rows of the policy say of each other."""
    found: list[str] = []
    assert stored.STORED.compare is not None
    with services.database.connect() as conn:
        stored.STORED.compare(conn, services.keyring, lambda _, problem: found.append(problem.split("policy, ")[1]))
    return found


def test_verification_asks_who_proposed_and_who_adopted(services: Services) -> None:
    # Where one officer alone made policy, whatever server let him: the two rows are on the record, and say so.
    first, second = (services.enrolled(officer_of(NPB)) for _ in range(2))
    assert adopted_by(services, second, first) == []


@pytest.mark.parametrize(
    ("adopter", "proposer", "found"),
    [
        ("first", "first", ["was adopted by the officer who proposed it"]),
        ("first again", "first", ["was adopted by the officer who proposed it"]),
        ("first", "police", ["was proposed by nobody who decided for NPB"]),
        ("undeciding", "first", ["was adopted by nobody who decided for NPB"]),
        ("disabled", "first", ["was adopted by nobody who decided for NPB"]),
    ],
)
def test_verification_finds_who_may_not_make_policy(
    services: Services, adopter: str, proposer: str, found: list[str]
) -> None:
    first = services.enrolled(officer_of(NPB))
    who = {
        "first": first,
        "first again": services.enrolled(replace(officer_of(NPB), officer_number=first.officer_number)),
        "police": services.enrolled(officer_of(PUNJAB_POLICE)),
        "undeciding": services.enrolled(replace(officer_of(NPB), decides=False)),
        "disabled": services.enrolled(officer_of(NPB), disabled=True),
    }
    assert adopted_by(services, who[adopter], who[proposer]) == found


def test_verification_finds_what_was_withdrawn_before_it_was_adopted(services: Services) -> None:
    # Nobody adopts what was taken back, whatever server let him.
    first, second = (services.enrolled(officer_of(NPB)) for _ in range(2))
    found = adopted_by(services, second, first, withdrawn=True)
    assert found == ["was adopted when it had been withdrawn"]


def test_a_policy_that_was_put_past_the_register_is_seen(services: Services) -> None:
    adopt(services, propose(services))
    with services.database.owner() as owner:
        owner.execute("DELETE FROM policy_version WHERE version = 2")
    assert any("is gone from policy_version" in finding for finding in tampered(services))
    content = documents.canonical(documents.parse("grants", grants(100)))
    with services.database.owner() as owner:
        owner.execute(
            "INSERT INTO policy_version (name, version, digest, content, adopted_at)"
            " VALUES ('grants', 3, %s, %s, now())",
            (documents.digest("grants", content), content),
        )
    assert any("policy_version has a row that no entry wrote" in finding for finding in tampered(services))
