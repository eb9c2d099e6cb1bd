"""What entering and disabling focal persons promises."""

from pathlib import Path

import psycopg
import pytest

from nsor.officer import OfficerKey
from nsor.v1 import notification_pb2, options_pb2
from nsor_server.directory import focal_persons
from nsor_server.directory.focal_persons import FocalPerson, FocalPersonError
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.agencies import PUNJAB_POLICE
from tests.calls import POLICY, call_of
from tests.directory.test_enrolment import new_key
from tests.directory.test_officers import enrolment
from tests.orders import cnic
from tests.services import Services

NUMBERS = POLICY.forms.numbers[options_pb2.FORMAT_OFFICER_NUMBER]
FORMS = focal_persons.Forms(NUMBERS, BlindIndex(Keyring.new()))
CHANGED = notification_pb2.EVENT_KIND_FOCAL_PERSON_CHANGED


def person(
    agency_id: str = "punjab-police", number: str = "F-1", key: OfficerKey | None = None, own: str = ""
) -> FocalPerson:
    return focal_persons.checked(FORMS, agency_id, number, own or cnic(), (key or OfficerKey.generate()).public_pem())


def live(services: Services) -> list[str]:
    return sorted(each.number for each in services.directory.reload().focal_persons.values() if not each.disabled)


def test_a_focal_person_is_entered_once_as_an_entry_and_everybody_concerned_hears(
    services: Services, keyring: Keyring
) -> None:
    wanted = [person(), person("npb", "F-1"), person("npb", "F-2")]
    before = services.one("SELECT count(*) FROM ledger_entry")
    for expected in (3, 0):
        with services.database.owner() as owner:
            assert len(focal_persons.add(owner, keyring, wanted)) == expected
    assert live(services) == ["F-1", "F-1", "F-2"]
    assert services.owed(CHANGED) == ["npb", "npb", "punjab-police"]
    assert services.one("SELECT count(*) FROM ledger_entry") == before + 1
    assert services.one("SELECT count(*) FROM ledger_record WHERE table_name = 'focal_person'") == 3


def test_a_disabled_one_decides_nothing_more_and_may_have_a_new_key(services: Services, keyring: Keyring) -> None:
    first = person()
    with services.database.owner() as owner:
        focal_persons.add(owner, keyring, [first])
        with pytest.raises(FocalPersonError, match="Disable it first"):
            focal_persons.add(owner, keyring, [person()])
        assert focal_persons.disable(owner, keyring, "punjab-police", "f-1")
        assert not focal_persons.disable(owner, keyring, "punjab-police", "F-1")
        with pytest.raises(FocalPersonError, match="no such focal person"):
            focal_persons.disable(owner, keyring, "punjab-police", "F-9")
    assert live(services) == []
    with services.database.owner() as owner:
        # The old key stays disabled, and the number has a new one.
        assert not focal_persons.add(owner, keyring, [first])
        assert len(focal_persons.add(owner, keyring, [person()])) == 1
    assert live(services) == ["F-1"]


def test_a_key_is_one_persons(services: Services, keyring: Keyring) -> None:
    # Otherwise one human is two focal persons, or focal person and officer.
    key, officer = OfficerKey.generate(), new_key()
    services.ask(call_of(PUNJAB_POLICE), enrolment(officer))
    of_officer = person(number="F-3", key=OfficerKey(officer))
    with services.database.owner() as owner:
        focal_persons.add(owner, keyring, [person(key=key)])
    for wrong, why in (
        ([person("npb", "F-1", key)], "another focal person"),
        ([person(number="F-2", key=key)], "another focal person"),
        ([person(number="F-4", key=(twice := OfficerKey.generate())), person(number="F-5", key=twice)], "another"),
        ([person(number="F-6"), person(number="F-6")], "live key"),
        ([of_officer], "enrolled for an officer"),
        ([person("nobody")], "no such agency"),
    ):
        with pytest.raises(FocalPersonError, match=why), services.database.owner() as owner:
            focal_persons.add(owner, keyring, wrong)
    assert live(services) == ["F-1"]


@pytest.mark.parametrize("pem", [b"", b"junk", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_public_key_is_refused(pem: bytes) -> None:
    with pytest.raises(FocalPersonError, match="no Ed25519 key"):
        focal_persons.checked(FORMS, "punjab-police", "F-1", cnic(), pem)


def test_a_number_has_its_form() -> None:
    assert person(number=" pb-12 ").number == "PB-12"
    with pytest.raises(FocalPersonError, match="such as PB-1234"):
        person(number="Ahmad")


def test_two_focal_persons_of_an_agency_are_two_humans(services: Services, keyring: Keyring) -> None:
    # Otherwise one human enrols an officer who decides.
    forms = focal_persons.Forms(NUMBERS, BlindIndex(keyring))
    rotated = focal_persons.Forms(NUMBERS, BlindIndex(keyring.rotated()))
    pem, own = OfficerKey.generate().public_pem(), cnic()
    with services.database.owner() as owner:
        focal_persons.add(owner, keyring, [focal_persons.checked(forms, "punjab-police", "F-1", own, pem)])
    for each in (forms, rotated):
        pem = OfficerKey.generate().public_pem()
        again = focal_persons.checked(each, "punjab-police", "F-2", f"{own[:5]}-{own[5:12]}-{own[12]}", pem)
        with (
            pytest.raises(FocalPersonError, match="F-2 has the own CNIC of F-1, another"),
            services.database.owner() as owner,
        ):
            focal_persons.add(owner, keyring, [again])
    elsewhere = focal_persons.checked(rotated, "npb", "F-1", own, OfficerKey.generate().public_pem())
    with services.database.owner() as owner:
        assert focal_persons.add(owner, keyring, [elsewhere])
    assert services.one("SELECT count(DISTINCT own_number) FROM focal_person") == 1


def test_an_own_number_has_its_form_and_is_not_said() -> None:
    with pytest.raises(FocalPersonError, match="13 digits") as wrong:
        person(own="35201-123")
    assert "35201-123 " not in str(wrong.value)


def test_a_list_names_its_files_from_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "one.pub").write_bytes(OfficerKey.generate().public_pem())
    listed = tmp_path / "list.toml"
    listed.write_text(
        '[[focal_person]]\nagency = "npb"\nnumber = "F-1"\nown_number = "3520112345671"\npublic_key_file = "one.pub"\n'
    )
    assert [(each.agency_id, each.number) for each in focal_persons.read(listed, FORMS)] == [("npb", "F-1")]
    for wrong in ("", "[[focal_person]]\nagency = 'npb'\n", listed.read_text().replace("one", "two"), "nonsense"):
        listed.write_text(wrong)
        with pytest.raises(FocalPersonError, match="is not a list"):
            focal_persons.read(listed, FORMS)


def test_the_server_itself_enters_no_focal_person(database: Database) -> None:
    # Whoever has the server would otherwise enrol whom he likes.
    for table in ("focal_person", "focal_person_disabled"):
        with database.transaction() as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(f"INSERT INTO {table} DEFAULT VALUES")
