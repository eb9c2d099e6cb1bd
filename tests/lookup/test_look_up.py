import hashlib
import json
import logging
import uuid
from typing import Any

import psycopg
import pytest

from nsor.v1 import errors_pb2, lookup_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.access.contract import ContractError
from nsor_server.calls import Outcome
from nsor_server.formats.instants import instant
from nsor_server.lookup import batch
from nsor_server.lookup.decoy import Decoy
from nsor_server.lookup.look_up import LookUp
from nsor_server.registration import cases, claims
from nsor_server.registration import store as registrations
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.session import Rows, Session, Statement, ask
from nsor_server.storage.v1 import record_pb2
from tests.lookup.conftest import (
    KNOWN,
    NOW_US,
    UNKNOWN,
    Register,
    conviction_record,
    fir_key,
    make_call,
    officer,
    request_of,
)

Basis = lookup_pb2.LookUpBasis
NO_RECORD = lookup_pb2.LookUpRegistrationResponse(outcome=lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD).SerializeToString()


def answer(decided: object) -> lookup_pb2.LookUpRegistrationResponse:
    assert isinstance(decided, Outcome), decided
    assert isinstance(decided.response, lookup_pb2.LookUpRegistrationResponse)
    return decided.response


def found(decided: object) -> registration_pb2.Registration:
    assert answer(decided).outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
    return answer(decided).registration


def reason(decided: object) -> int:
    assert isinstance(decided, errors.ApiError), decided
    return decided.reason


def trial(register: Register, *cnics: str) -> Basis:
    """A case that the court of Lahore has opened against these persons."""
    return Basis(court_case_id=register.court_case(cnics or (KNOWN,)))


def test_a_grant_shows_what_an_investigation_may_see_and_nothing_else(register: Register) -> None:
    record = register.add(conviction_record())
    item = register.prepare(make_call("punjab-police"), Basis(grant_id=register.grant()))
    (decided,) = register.decide(item)
    shown = found(decided)
    assert shown.registration_id == str(uuid.UUID(bytes=record.registration_id))
    assert shown.person.cnic == KNOWN
    assert shown.convictions[0].fir.serial == 679
    assert shown.etag
    # Custody and the agencies that entered and confirmed it aren't for investigations.
    assert not shown.HasField("custody")
    assert not shown.created_by_agency
    assert not shown.responsible_place


def test_the_entry_says_what_was_found_and_for_which_case(register: Register) -> None:
    record = register.add(conviction_record())
    grant_id = register.grant()
    item = register.prepare(make_call("punjab-police"), Basis(grant_id=grant_id))
    (decided,) = register.decide(item)
    assert isinstance(decided, Outcome)
    assert decided.detail.outcome == "FOUND"
    assert decided.detail.case_reference == "PK-PB/LHR/PS-001 7/2025"
    assert list(decided.detail.subjects) == [record.registration_id, uuid.UUID(grant_id).bytes]


def test_no_record_is_one_answer_byte_for_byte(register: Register) -> None:
    # Nobody learns by probing whether a person is absent, not confirmed, held, or somebody else's prisoner.
    unconfirmed, held, elsewhere = (conviction_record(f"352021234560{digit}") for digit in range(3))
    unconfirmed.state = registration_pb2.REGISTRATION_STATE_UNDER_REVIEW
    elsewhere.custodian_agency = "sindh-prisons"
    for record in (unconfirmed, held, elsewhere):
        register.add(record, held=record is held)
    prisons = make_call("punjab-prisons"), Basis(prisoner_number="P-1")
    border = make_call("fia-immigration"), Basis(travel_document=types_pb2.TravelDocument(number="AB1", country="PK"))
    for (call, basis), others in ((prisons, (unconfirmed, elsewhere)), (border, (unconfirmed, held))):
        cnics = [UNKNOWN, *(each.cnic for each in others)]
        decided = register.decide(*(register.prepare(call, basis, cnic) for cnic in cnics))
        assert {answer(each).SerializeToString() for each in decided} == {NO_RECORD}
        details = [each.detail for each in decided if isinstance(each, Outcome)]
        assert {detail.outcome for detail in details} == {"NO_RECORD"}
        assert {len(detail.SerializeToString()) for detail in details} == {len(details[0].SerializeToString())}


def test_prisons_see_their_own_prisoners(register: Register) -> None:
    register.add(conviction_record())
    item = register.prepare(make_call("punjab-prisons"), Basis(prisoner_number="P-1"))
    shown = found(register.decide(item)[0])
    assert shown.custody.prisons_agency_id == "punjab-prisons"
    assert not shown.convictions[0].HasField("fir")


def test_a_prosecution_sees_the_record_of_its_fir_and_no_other(register: Register) -> None:
    register.add(conviction_record())
    call = make_call("punjab-prosecution")
    mine = register.prepare(call, Basis(fir=fir_key()))
    other = register.prepare(call, Basis(fir=fir_key(serial=680)))
    decided = register.decide(mine, other)
    assert found(decided[0]).person.cnic == KNOWN
    assert answer(decided[1]).SerializeToString() == NO_RECORD


@pytest.mark.new_database
def test_whatever_is_not_shown_is_read_and_opened_alike(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    # Otherwise the time tells a prosecution who is in the register: 400 tries were enough to know. What belongs to
    # another FIR isn't found by this one; what did belong to it, and was set aside, is. A decoy is read and opened for
    # whoever isn't found, whose seal is never another person's.
    opened: list[bytes] = []
    open_shown = registrations.open_shown

    def counted(sealer: Sealer, row: registrations.StoredVersion, **told: bool) -> object:
        opened.append(row.registration_id)
        return open_shown(sealer, row, **told)

    looked_at: list[bytes] = []
    may_see = batch._may_see

    def counted_too(item: LookUp, row: registrations.StoredVersion, *told: Any, **more: Any) -> bool:
        looked_at.append(row.registration_id)
        return may_see(item, row, *told, **more)

    cases_of: list[bytes] = []
    confirmed_cases = cases.confirmed_cases

    def counted_cases(record: record_pb2.RegistrationRecord) -> set[str]:
        cases_of.append(record.registration_id)
        return confirmed_cases(record)

    monkeypatch.setattr("nsor_server.registration.facts.open_shown", counted)
    monkeypatch.setattr("nsor_server.registration.facts.confirmed_cases", counted_cases)
    monkeypatch.setattr(batch, "_may_see", counted_too)
    other = register.add(conviction_record())
    fell = conviction_record("3520212345699")
    fell.convictions.add().CopyFrom(fell.convictions[0])
    fell.convictions[1].fir.serial, fell.convictions[1].state = 680, types_pb2.CONVICTION_STATE_SET_ASIDE
    register.add(fell)
    ended = conviction_record("3520212345696")
    ended.convictions[0].fir.serial, ended.state = 680, registration_pb2.REGISTRATION_STATE_SEALED
    register.add(ended, claimed=True)
    call, basis = make_call("punjab-prosecution"), Basis(fir=fir_key(serial=680))
    asked = [register.prepare(call, basis, cnic) for cnic in (UNKNOWN, other.cnic, fell.cnic, ended.cnic)]
    decided = register.decide(*asked)
    assert [answer(each).SerializeToString() for each in decided] == [NO_RECORD] * 4
    assert len(opened) == 4
    assert looked_at == cases_of == opened
    assert opened[0] == opened[1] == opened[3]
    assert opened[0] not in {other.registration_id, fell.registration_id, ended.registration_id}
    read = [touched(register, each) for each in asked]
    assert read[0] == read[1] == read[2] - OF_AN_IDENTIFIER == read[3] - OF_AN_IDENTIFIER
    assert [len(given(register, each)) for each in asked] == [1] * 4
    assert read[0] == {
        *("registration_case", "access_grant", "registration_identifier"),
        *("registration_key", "registration_claim", "registration_version"),
    }
    # By the number alone nothing comes out of the statement: the steps are the same, to the last condition.
    border = make_call("fia-immigration"), Basis(travel_document=types_pb2.TravelDocument(number="AB1", country="PK"))
    sealed, held = conviction_record("3520212345698"), conviction_record("3520212345697")
    sealed.state = registration_pb2.REGISTRATION_STATE_SEALED
    sealed.convictions[0].state = types_pb2.CONVICTION_STATE_SET_ASIDE
    register.add(sealed, claimed=True)
    register.add(held, held=True)
    read = [touched(register, register.prepare(*border, each)) for each in (UNKNOWN, sealed.cnic, held.cnic)]
    assert read[0] == read[1] - OF_AN_IDENTIFIER == read[2] - OF_AN_IDENTIFIER
    assert [given(register, register.prepare(*border, each)) for each in (UNKNOWN, sealed.cnic, held.cnic)] == [[]] * 3
    assert given(register, *(register.prepare(*border, UNKNOWN) for _ in range(16))) == []


def given(register: Register, *items: LookUp) -> Rows:
    """What the statement gives that reads what is shown."""
    with register.database.writer() as conn:
        session = Session(conn)
        found, *_ = session.run(*register.decider.reads(items))
        session.close()
    return found


def test_a_decoy_is_a_record_of_which_one_conviction_fell(sealer: Sealer) -> None:
    # Whom a prosecution finds by a case that fell has two at least: what is opened instead of him takes as long.
    decoy = Decoy(sealer)
    record, _, shown = registrations.open_shown(sealer, decoy.found.row)
    assert (len(record.convictions), len(shown)) == (2, 1)


OF_AN_IDENTIFIER = {"registration_identifier_withdrawal"}
"""Read where an identifier is found, to see that it still counts."""


@pytest.mark.new_database
def test_a_look_up_goes_by_indexes_alone(register: Register) -> None:
    register.add(conviction_record())
    item = register.prepare(make_call("lahore-special-court"), trial(register))
    nodes = explained(register, item)
    assert {node["Node Type"] for node in nodes if "Relation Name" in node} <= {"Index Scan", "Index Only Scan"}
    # Nor is anything sorted, collected or remembered: each such node costs more than what it would save.
    assert {"Sort", "Aggregate", "Memoize"}.isdisjoint(node["Node Type"] for node in nodes)
    assert {node["Relation Name"] for node in nodes if "Relation Name" in node} == {
        *("registration_case", "registration_identifier", "registration_claim", "registration_version"),
        *("registration_key", "access_grant", "access_grant_juvenile", "registration_identifier_withdrawal"),
    }


def explained(register: Register, item: LookUp) -> list[dict[str, Any]]:
    """The nodes of the plan of the statement that reads what is shown, as they were run for a look-up."""
    statement, parameters = register.decider.reads([item])[0]
    asked = Statement(b"explained", b"EXPLAIN (ANALYZE, FORMAT JSON) " + statement.sql)
    with register.database.writer() as conn:
        ((plan,),) = ask(conn, asked, *(parameter for parameter in parameters if parameter is not None))
    waiting, nodes = [json.loads(plan)[0]["Plan"] if isinstance(plan, str) else plan[0]["Plan"]], []
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        waiting += node.get("Plans", [])
    return nodes


def touched(register: Register, item: LookUp) -> set[str]:
    """The tables that are read for a look-up."""
    return {
        node["Relation Name"]
        for node in explained(register, item)
        if node.get("Actual Loops") and "Relation Name" in node
    }


def test_of_two_registrations_the_one_confirmed_first_is_shown(register: Register) -> None:
    first = register.add(conviction_record())
    later = conviction_record()
    later.convictions[0].fir.serial, later.convictions[0].case_number = 900, "Sessions Case No. 900/2025"
    register.add(later, held=True)
    court, prosecution, police = map(make_call, ("lahore-special-court", "punjab-prosecution", "punjab-police"))
    own_case = Basis(court_case_id=register.court_case(number="S.C. No. 900/2025"))  # as the court itself writes it
    for call, basis, expected in (
        (court, trial(register), first),
        (court, own_case, later),
        (prosecution, Basis(fir=fir_key()), first),
        (prosecution, Basis(fir=fir_key(serial=900)), later),
        (police, Basis(grant_id=register.grant()), first),
        (police, Basis(grant_id=register.grant(serial=900)), later),
        (make_call("npb"), Basis(ticket_id=register.ticket()), first),
        (make_call("punjab-prisons"), Basis(prisoner_number="P-1"), first),
    ):
        shown = found(register.decide(register.prepare(call, basis))[0])
        assert shown.registration_id == str(uuid.UUID(bytes=expected.registration_id))


def test_prisons_see_whom_they_hold_also_while_it_is_held(register: Register) -> None:
    # GetRegistration shows them the registration: if a look-up didn't, that would tell them of the earlier one.
    elsewhere, own = conviction_record(), conviction_record()
    elsewhere.custodian_agency = "sindh-prisons"
    register.add(elsewhere)
    register.add(own, held=True)
    item = register.prepare(make_call("punjab-prisons"), Basis(prisoner_number="P-1"))
    assert found(register.decide(item)[0]).registration_id == str(uuid.UUID(bytes=own.registration_id))


def test_a_passport_that_was_known_holds_nothing_back_from_who_asks_by_cnic(register: Register) -> None:
    # Otherwise whoever enters a known passport beside a fresh CNIC would learn of it by looking that CNIC up.
    record = conviction_record()
    key, wrapped = register.sealer.new_data_key(record.registration_id)
    passport = [one for one in claims.identifiers(record) if one.kind == claims.IDENTIFIER_PASSPORT]
    register.write(
        [
            registrations.key_row(record.registration_id, wrapped),
            registrations.version_row(key, None, record, instant(NOW_US)).row,
            *claims.claimed(register.blind_index, key, record, passport).rows,
        ]
    )
    shown = found(register.decide(register.prepare(make_call("lahore-special-court"), trial(register)))[0])
    assert shown.person.cnic == KNOWN


def test_a_rotation_of_the_blind_keys_keeps_cases(register: Register, keyring: Keyring) -> None:
    # All find each other, but for a grant of before and a registration that was confirmed afterwards.
    register.add(conviction_record())
    rotated = keyring.rotated()
    after = Register(register.database, Sealer(rotated), BlindIndex(rotated))
    call = make_call("punjab-prosecution")
    # By itself: another one of the same case, of after the rotation, would be shown in its place.
    assert found(after.decide(after.prepare(call, Basis(fir=fir_key())))[0]).person.cnic == KNOWN
    after.add(conviction_record(), held=True)
    assert found(after.decide(after.prepare(call, Basis(fir=fir_key())))[0]).person.cnic == KNOWN
    younger = conviction_record(UNKNOWN)
    younger.convictions[0].fir.serial = 901
    after.add(younger, held=True)
    police = make_call("punjab-police")
    shown = after.decide(after.prepare(police, Basis(grant_id=after.grant((UNKNOWN,), serial=901)), UNKNOWN))
    assert found(shown[0]).person.cnic == UNKNOWN


def test_the_newest_version_counts(register: Register) -> None:
    # An answer never shows what an entry before it took away.
    record = register.add(conviction_record())
    call, basis = make_call("lahore-special-court"), trial(register)
    assert found(register.decide(register.prepare(call, basis))[0]).person.cnic == KNOWN
    record.version, record.state = 2, registration_pb2.REGISTRATION_STATE_UNDER_REVIEW
    register.add_version(record)
    assert answer(register.decide(register.prepare(call, basis))[0]).SerializeToString() == NO_RECORD


def test_a_rotation_of_the_blind_keys_loses_nobody(register: Register, keyring: Keyring) -> None:
    register.add(conviction_record())
    rotated = keyring.rotated()
    after = Register(register.database, Sealer(rotated), BlindIndex(rotated))
    younger = after.add(conviction_record(UNKNOWN))
    call, basis = make_call("lahore-special-court"), trial(after, KNOWN, younger.cnic)
    decided = after.decide(after.prepare(call, basis), after.prepare(call, basis, younger.cnic))
    assert [found(each).person.cnic for each in decided] == [KNOWN, UNKNOWN]


@pytest.mark.parametrize(
    ("agency_id", "basis", "field"),
    [
        ("punjab-police", Basis(court_case_id=str(uuid.uuid4())), "basis.grant_id"),
        ("punjab-police", Basis(), "basis.grant_id"),
        ("punjab-prosecution", Basis(grant_id=str(uuid.uuid4())), "basis.fir"),
        ("lahore-special-court", Basis(fir=fir_key()), "basis.court_case_id"),
        ("punjab-prisons", Basis(ticket_id=str(uuid.uuid4())), "basis.prisoner_number"),
        ("fia-immigration", Basis(prisoner_number="P"), "basis.travel_document"),
        ("npb", Basis(prisoner_number="P"), "basis.ticket_id"),
    ],
)
def test_each_purpose_needs_its_own_basis(register: Register, agency_id: str, basis: Basis, field: str) -> None:
    with pytest.raises(errors.InvalidFields) as refused:
        register.prepare(make_call(agency_id), basis)
    assert refused.value.violations == (errors.Violation(field, errors_pb2.FIELD_REASON_REQUIRED),)


def test_nobody_is_looked_up_for_a_purpose_without_a_basis(register: Register) -> None:
    with pytest.raises(errors.Denied):
        register.prepare(make_call("npb", options_pb2.PURPOSE_OVERSIGHT), Basis(ticket_id=str(uuid.uuid4())))


@pytest.mark.parametrize("place", ["PK-SD/KHI", "PK-PB/MUL"])
def test_a_case_lies_within_the_agencys_and_the_officers_jurisdiction(register: Register, place: str) -> None:
    acting = {
        agency_id: officer(agency_id, jurisdiction=("PK-PB/LHR",))
        for agency_id in ("punjab-prosecution", "lahore-special-court")
    }
    basis = Basis(court_case_id=register.court_case(place=place))
    call = make_call("lahore-special-court", acting=acting["lahore-special-court"])
    assert reason(register.decide(register.prepare(call, basis))[0]) == errors_pb2.ERROR_REASON_GRANT_NOT_VALID
    call = make_call("punjab-prosecution", acting=acting["punjab-prosecution"])
    with pytest.raises(errors.Denied):
        register.prepare(call, Basis(fir=fir_key(f"{place}/PS-001")))


def test_the_border_sees_identity_and_document_and_nothing_of_the_case(register: Register) -> None:
    register.add(conviction_record())
    basis = Basis(travel_document=types_pb2.TravelDocument(number="AB1234567", country="PK"))
    shown = found(register.decide(register.prepare(make_call("fia-immigration"), basis))[0])
    assert shown.person.travel_documents[0].number == "AB1234567"
    assert not shown.convictions
    assert not shown.addresses
    assert not shown.person.mobile_numbers


def test_every_answer_says_where_the_appeal_stands(register: Register) -> None:
    # A conviction that may still fall misleads whoever isn't told so, and most of all who isn't shown what it was for.
    record = conviction_record()
    record.convictions.add().CopyFrom(record.convictions[0])
    record.convictions.add().CopyFrom(record.convictions[0])
    record.convictions[0].appeal_state = types_pb2.APPEAL_STATE_PENDING
    record.convictions[2].appeal_state = types_pb2.APPEAL_STATE_PENDING
    register.add(record)
    identity = register.grant(classes=[options_pb2.FIELD_CLASS_IDENTITY])
    for call, basis in (
        (make_call("fia-immigration"), Basis(travel_document=types_pb2.TravelDocument(number="AB1", country="PK"))),
        (make_call("punjab-police"), Basis(grant_id=identity)),
        (make_call("punjab-prisons"), Basis(prisoner_number="P-1")),
        (make_call("punjab-prosecution"), Basis(fir=fir_key())),
        (make_call("lahore-special-court"), trial(register)),
        (make_call("npb"), Basis(ticket_id=register.ticket())),
    ):
        shown = found(register.decide(register.prepare(call, basis))[0])
        assert list(shown.appeal_states) == [types_pb2.APPEAL_STATE_NONE, types_pb2.APPEAL_STATE_PENDING]


def test_whoever_is_shown_cases_of_his_own_must_name_one(register: Register) -> None:
    # For a purpose that names no case it would show nobody, and nobody would know why.
    register.add(conviction_record())
    call = make_call("npb")
    call.rows = options_pb2.ROW_SCOPE_PART_IN_CASE
    with pytest.raises(ContractError):
        register.prepare(call, Basis(ticket_id=str(uuid.uuid4())))


@pytest.mark.parametrize("more", ["", ", created_at = 'infinity'", ", created_at = '-infinity'"])
def test_a_row_that_was_tampered_with_fails_alone_and_raises_the_alarm(
    register: Register, caplog: pytest.LogCaptureFixture, more: str
) -> None:
    # A column says what the sealed record doesn't: nothing is shown, and the neighbours are answered. So it is when a
    # column holds what can't be told in Python.
    tampered = conviction_record(UNKNOWN)
    register.add(tampered)
    register.add(conviction_record())
    with register.database.owner() as owner:
        owner.execute(
            f"UPDATE registration_version SET custodian_agency = ''{more} WHERE registration_id = %s".encode(),  # noqa: S608
            (uuid.UUID(bytes=tampered.registration_id),),
        )
    grant = Basis(grant_id=register.grant((UNKNOWN, KNOWN)))
    call = make_call("punjab-police")
    with caplog.at_level(logging.CRITICAL):
        decided = register.decide(register.prepare(call, grant, UNKNOWN), register.prepare(call, grant, KNOWN))
    assert isinstance(decided[0], errors.Internal)
    assert found(decided[1]).person.cnic == KNOWN
    assert "ALERT ROW_CONTRADICTED: " in caplog.text
    assert UNKNOWN not in caplog.text
    # What failed disclosed nothing, so it used nothing.
    with register.database.transaction() as conn:
        assert conn.execute("SELECT subject, use FROM look_up").fetchall() == [(1, 1)]


def test_an_index_row_that_was_moved_shows_nobody_else(register: Register) -> None:
    register.add(conviction_record())
    other = register.add(conviction_record(UNKNOWN))
    with register.database.owner() as owner:
        owner.execute(
            "DELETE FROM registration_identifier WHERE registration_id = %s", (uuid.UUID(bytes=other.registration_id),)
        )
        owner.execute(
            "UPDATE registration_identifier SET registration_id = %s", (uuid.UUID(bytes=other.registration_id),)
        )
    decided = register.decide(register.prepare(make_call("lahore-special-court"), trial(register)))
    assert isinstance(decided[0], errors.Internal)


def test_a_registration_whose_data_key_was_swapped_is_not_shown(register: Register) -> None:
    record = register.add(conviction_record())
    _, wrapped = register.sealer.new_data_key(record.registration_id)
    with register.database.owner() as owner:
        owner.execute("UPDATE registration_key SET wrapped = %s", (wrapped,))
    decided = register.decide(register.prepare(make_call("lahore-special-court"), trial(register)))
    assert isinstance(decided[0], errors.Internal)


def test_a_case_that_was_moved_to_another_registration_shows_nobody(
    register: Register, caplog: pytest.LogCaptureFixture
) -> None:
    # The owner of the tables has a prosecution see a record of another FIR: the seal knows better.
    register.add(conviction_record())
    mine = cases.case_blinds(register.blind_index, cases.fir_case("PK-PB/LHR/PS-001 680/2025"))
    with register.database.owner() as owner:
        owner.execute(
            "INSERT INTO registration_case SELECT registration_id, key_id, %s FROM registration_case LIMIT 1", (mine,)
        )
    call = make_call("punjab-prosecution")
    with caplog.at_level(logging.CRITICAL):
        (decided,) = register.decide(register.prepare(call, Basis(fir=fir_key(serial=680))))
    assert isinstance(decided, errors.Internal)
    assert "ALERT" in caplog.text


def test_nothing_beside_the_seals_names_a_suspect_or_confirms_a_guess(register: Register) -> None:
    # All that a request holds but the CNIC stands in its row; its hash in the clear would confirm a guessed one.
    call = make_call("punjab-police")
    request = request_of(call, Basis(grant_id=register.grant()))
    register.decide(register.decider.prepare(call, request))
    plain = request.SerializeToString(deterministic=True)
    with register.database.reading() as conn:
        ((stored,),) = conn.execute("SELECT request_hash FROM look_up").fetchall()
    for guessed in (plain, call.officer_key + plain):
        assert stored.bytes != hashlib.sha256(guessed).digest()[:16]


@pytest.mark.parametrize("table", ["access_request_version", "access_grant", "look_up"])
def test_the_servers_role_only_adds(register: Register, table: str) -> None:
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET agency_id = 'x'", f"TRUNCATE {table}"):  # noqa: S608
        with pytest.raises(psycopg.errors.InsufficientPrivilege), register.database.transaction() as conn:
            conn.execute(statement.encode())
