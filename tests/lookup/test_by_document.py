"""Look-ups by a passport or another document: found as by a CNIC, and held back by the same rules."""

import uuid

from nsor.v1 import errors_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Outcome
from nsor_server.registration import claims
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from tests.lookup.conftest import KNOWN, Register, conviction_record, fir_key, make_call
from tests.lookup.test_look_up import NO_RECORD, Basis, answer, found, reason, touched, trial

Document = types_pb2.TravelDocument
PASSPORT = Document(country="PK", number="AB1234567", kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT)
"""That of ``conviction_record``."""
NOBODYS = Document(country="PK", number="ZZ7654321", kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT)


def at_the_border(shown: Document = PASSPORT) -> Basis:
    return Basis(travel_document=shown)


def without_cnic(number: str = PASSPORT.number) -> record_pb2.RegistrationRecord:
    """A foreigner, of another FIR than the others."""
    record = conviction_record("")
    record.documents[0].number = number
    record.convictions[0].fir.serial, record.convictions[0].case_number = 900, "Sessions Case No. 900/2025"
    return record


def test_the_border_finds_whoever_shows_a_passport(register: Register) -> None:
    record = register.add(without_cnic())
    call = make_call("fia-immigration")
    unsaid = Document(country="PK", number=PASSPORT.number)
    card = Document(country="PK", number=PASSPORT.number, kind=types_pb2.TRAVEL_DOCUMENT_KIND_FOREIGN_IDENTITY_CARD)
    others = Document(country="AF", number=PASSPORT.number)
    asked = [register.prepare(call, at_the_border(), each) for each in (PASSPORT, unsaid, card, others, KNOWN)]
    decided = register.decide(*asked)
    for each in decided[:2]:  # a kind that isn't stated is a passport
        assert found(each).registration_id == str(uuid.UUID(bytes=record.registration_id))
    # Another country's, or another kind of document, is another document.
    assert [answer(each).SerializeToString() for each in decided[2:]] == [NO_RECORD] * 3


def test_one_batch_finds_by_both_kinds_of_identifier_and_under_every_key(register: Register, keyring: Keyring) -> None:
    by_cnic = register.add(conviction_record())
    rotated = keyring.rotated()
    after = Register(register.database, Sealer(rotated), BlindIndex(rotated))
    by_document = after.add(without_cnic("CD1234567"))
    call, other = make_call("fia-immigration"), Document(country="PK", number="CD1234567")
    decided = after.decide(*(after.prepare(call, at_the_border(), each) for each in (other, KNOWN, PASSPORT)))
    expected = [by_document, by_cnic, by_cnic]
    assert [found(each).registration_id for each in decided] == [
        str(uuid.UUID(bytes=each.registration_id)) for each in expected
    ]


def test_no_record_by_a_document_is_one_answer_byte_for_byte(register: Register) -> None:
    unconfirmed, held, elsewhere = (without_cnic(f"CD000000{digit}") for digit in range(3))
    unconfirmed.state = registration_pb2.REGISTRATION_STATE_UNDER_REVIEW
    elsewhere.custodian_agency = "sindh-prisons"
    for record in (unconfirmed, held, elsewhere):
        register.add(record, held=record is held)
    prisons = make_call("punjab-prisons"), Basis(prisoner_number="P-1")
    border = make_call("fia-immigration"), at_the_border()
    for (call, basis), others in ((prisons, (unconfirmed, elsewhere)), (border, (unconfirmed, held))):
        asked = [NOBODYS, *(Document(country="PK", number=each.documents[0].number) for each in others)]
        decided = register.decide(*(register.prepare(call, basis, each) for each in asked))
        assert {answer(each).SerializeToString() for each in decided} == {NO_RECORD}
        details = [each.detail for each in decided if isinstance(each, Outcome)]
        assert len({detail.SerializeToString(deterministic=True) for detail in details}) == 1


def test_of_two_with_one_passport_the_one_confirmed_first_is_shown(register: Register) -> None:
    # Whoever enters a known passport beside a fresh CNIC learns nothing of it and keeps nobody back.
    first = register.add(conviction_record())
    later = without_cnic()
    later.cnic = "3520298765431"
    register.add(later, held_by=[claims.IDENTIFIER_PASSPORT])
    court = make_call("lahore-special-court")
    for call, basis, subject, expected in (
        (make_call("fia-immigration"), at_the_border(), PASSPORT, first),
        (make_call("fia-immigration"), at_the_border(), later.cnic, later),
        (make_call("punjab-prosecution"), Basis(fir=fir_key()), PASSPORT, first),
        (make_call("punjab-prosecution"), Basis(fir=fir_key(serial=900)), PASSPORT, later),
        (make_call("punjab-prisons"), Basis(prisoner_number="P-1"), PASSPORT, first),
        (court, trial(register, later.cnic), later.cnic, later),
    ):
        shown = found(register.decide(register.prepare(call, basis, subject))[0])
        assert shown.registration_id == str(uuid.UUID(bytes=expected.registration_id)), (basis, subject)


def test_a_known_cnic_keeps_nobody_back_from_who_asks_by_a_document(register: Register) -> None:
    # Otherwise whoever enters a known CNIC beside a fresh passport would learn of it by that passport.
    register.add(conviction_record())
    later = without_cnic("CD1234567")
    later.cnic = KNOWN
    register.add(later, held_by=[claims.IDENTIFIER_CNIC])
    own = Document(country="PK", number="CD1234567")
    shown = found(register.decide(register.prepare(make_call("fia-immigration"), at_the_border(), own))[0])
    assert shown.registration_id == str(uuid.UUID(bytes=later.registration_id))


def test_a_prosecution_finds_by_a_document_in_its_own_case_alone(register: Register) -> None:
    register.add(conviction_record())
    call = make_call("punjab-prosecution")
    mine, other, nobody = (
        register.prepare(call, Basis(fir=fir_key()), PASSPORT),
        register.prepare(call, Basis(fir=fir_key(serial=680)), PASSPORT),
        register.prepare(call, Basis(fir=fir_key(serial=680)), NOBODYS),
    )
    decided = register.decide(mine, other, nobody)
    assert found(decided[0]).person.travel_documents[0].number == PASSPORT.number
    assert [answer(each).SerializeToString() for each in decided[1:]] == [NO_RECORD] * 2
    # Of another FIR's nothing is read: a decoy is, for both.
    assert touched(register, other) == touched(register, nobody)


def test_nobody_is_found_on_a_grant_by_a_number_that_it_does_not_have(register: Register) -> None:
    # The grant names him by his CNIC: that his passport is a suspect's nobody has decided.
    register.add(conviction_record())
    basis = Basis(grant_id=register.grant())
    decided = register.decide(
        *(register.prepare(make_call("punjab-police"), basis, each) for each in (PASSPORT, KNOWN))
    )
    assert reason(decided[0]) == errors_pb2.ERROR_REASON_GRANT_NOT_VALID
    assert found(decided[1]).person.cnic == KNOWN


def test_a_document_that_was_put_beside_another_registration_shows_nobody(register: Register) -> None:
    register.add(conviction_record())
    other = without_cnic("CD1234567")
    register.add(other)
    with register.database.owner() as owner:
        owner.execute(
            "DELETE FROM registration_identifier WHERE registration_id = %s", (uuid.UUID(bytes=other.registration_id),)
        )
        owner.execute(
            "UPDATE registration_identifier SET registration_id = %s WHERE kind = %s",
            (uuid.UUID(bytes=other.registration_id), claims.IDENTIFIER_PASSPORT),
        )
    (decided,) = register.decide(register.prepare(make_call("fia-immigration"), at_the_border(), PASSPORT))
    assert isinstance(decided, errors.Internal)


def test_a_document_is_not_read_in_plain_from_what_is_stored(register: Register) -> None:
    register.decide(register.prepare(make_call("fia-immigration"), at_the_border(), NOBODYS))
    with register.database.reading() as conn:
        stored = conn.execute("SELECT l::text FROM look_up AS l").fetchall()
    assert NOBODYS.number not in repr(stored)
