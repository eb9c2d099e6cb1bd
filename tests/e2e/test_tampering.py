"""What the database's owner can change behind the register's back, and that `ledger verify` finds each of it."""

from dataclasses import dataclass
from typing import LiteralString

import pytest

from nsor.v1 import grants_pb2, lookup_pb2, options_pb2
from tests.e2e.agencies import Agencies, Entered, punjabis
from tests.e2e.conftest import Started
from tests.operating import operated

_SAVED = "CREATE TABLE saved AS SELECT * FROM ledger_entry WHERE agency = 'punjab-police' LIMIT 1"
_DROP = "DROP TABLE saved"


@dataclass(frozen=True, slots=True)
class Kept:
    """A register in which everything is as it should be, and what is in it."""

    agencies: Agencies
    known: Entered
    grant: grants_pb2.Grant

    def verify(self) -> tuple[int, str]:
        done = operated(self.agencies.register.environment, "ledger", "verify")
        return done.returncode, done.stdout


@pytest.fixture(scope="module")
def kept(started: Started) -> Kept:
    """Two confirmed persons, a grant that is used up, and an officer who has left."""
    agencies = started()
    people = punjabis(7)
    known, other = agencies.confirmed(next(people)), agencies.confirmed(next(people))
    grant = agencies.granted(known.order, other.order)
    request = lookup_pb2.LookUpRegistrationRequest(purpose=options_pb2.PURPOSE_INVESTIGATION, cnic=known.cnic)
    request.basis.grant_id = grant.grant_id
    agencies.client("punjab-police").lookup.look_up_registration(request)
    return Kept(agencies, known, grant)


def test_what_nobody_touched_is_whole(kept: Kept) -> None:
    code, output = kept.verify()
    assert (code, "whole" in output) == (0, True), output


@pytest.mark.parametrize(
    ("tamper", "undo", "found"),
    [
        pytest.param(
            "UPDATE registration_claim SET cnic_held = true WHERE registration_id = %(registration)s",
            "UPDATE registration_claim SET cnic_held = false WHERE registration_id = %(registration)s",
            "a column beside it was changed",
            id="a person is hidden by a column",
        ),
        pytest.param(
            "UPDATE registration_version SET responsible_place = 'PK-SD' WHERE registration_id = %(registration)s",
            "UPDATE registration_version SET responsible_place = %(place)s WHERE registration_id = %(registration)s",
            "a column beside it was changed",
            id="another province may see a person",
        ),
        pytest.param(
            "CREATE TABLE saved AS SELECT * FROM registration_identifier WHERE registration_id = %(registration)s;"
            "DELETE FROM registration_identifier WHERE registration_id = %(registration)s",
            "INSERT INTO registration_identifier SELECT * FROM saved; DROP TABLE saved",
            "the rows of registration_identifier aren't those of the sealed record",
            id="a person can't be found",
        ),
        pytest.param(
            "INSERT INTO registration_identifier SELECT gen_random_uuid(), kind, key_id, blind"
            " FROM registration_identifier WHERE registration_id = %(registration)s",
            "DELETE FROM registration_identifier WHERE registration_id NOT IN"
            " (SELECT registration_id FROM registration_version)",
            "registration_identifier has rows of 1 registration that aren't there",
            id="the next registration of a person would be held",
        ),
        pytest.param(
            "CREATE TABLE saved AS SELECT * FROM registration_claim WHERE registration_id = %(registration)s;"
            "DELETE FROM registration_claim WHERE registration_id = %(registration)s",
            "INSERT INTO registration_claim SELECT * FROM saved; DROP TABLE saved",
            "the entry's record is gone from registration_claim",
            id="a person can't be found without his claim",
        ),
        pytest.param(
            "CREATE TABLE saved AS SELECT * FROM registration_case WHERE registration_id = %(registration)s;"
            "UPDATE registration_case SET blind = sha256(blind) WHERE registration_id = %(registration)s",
            "DELETE FROM registration_case WHERE registration_id = %(registration)s;"
            "INSERT INTO registration_case SELECT * FROM saved; DROP TABLE saved",
            "the rows of registration_case aren't those of the sealed record",
            id="a prosecution sees another FIR's record",
        ),
        pytest.param(
            "CREATE TABLE saved AS SELECT * FROM access_grant WHERE grant_id = %(grant)s;"
            "UPDATE access_grant SET case_blinds = sha256(case_blinds) WHERE grant_id = %(grant)s",
            "UPDATE access_grant AS g SET case_blinds = s.case_blinds FROM saved AS s WHERE g.grant_id = s.grant_id;"
            "DROP TABLE saved",
            "a column beside it was changed",
            id="a grant is of another case",
        ),
        pytest.param(
            "CREATE TABLE saved AS SELECT * FROM registration_key WHERE registration_id = %(registration)s;"
            "DELETE FROM registration_key WHERE registration_id = %(registration)s",
            "INSERT INTO registration_key SELECT * FROM saved; DROP TABLE saved",
            "the data key of the registration is gone",
            id="a person can't be read",
        ),
        pytest.param(
            "CREATE TABLE saved AS SELECT * FROM look_up WHERE grant_id = %(grant)s;"
            "DELETE FROM look_up WHERE grant_id = %(grant)s",
            "INSERT INTO look_up SELECT * FROM saved; DROP TABLE saved",
            "isn't in look_up as the entry says",
            id="a grant can be used again",
        ),
        pytest.param(
            "UPDATE look_up SET subject = 1 - subject WHERE grant_id = %(grant)s",
            "UPDATE look_up SET subject = 1 - subject WHERE grant_id = %(grant)s",
            "isn't in look_up as the entry says",
            id="a use is another suspect's",
        ),
        pytest.param(
            "UPDATE access_grant SET expires_at = expires_at + interval '1 year' WHERE grant_id = %(grant)s",
            "UPDATE access_grant SET expires_at = expires_at - interval '1 year' WHERE grant_id = %(grant)s",
            "a column beside it was changed",
            id="a grant lasts longer",
        ),
        pytest.param(
            "UPDATE access_request_version SET place = 'PK-SD/' || place",
            "UPDATE access_request_version SET place = substr(place, 7)",
            "a column beside it was changed",
            id="another prosecution may decide",
        ),
        pytest.param(
            "CREATE TABLE saved AS SELECT * FROM officer WHERE agency_id = 'punjab-police';"
            "UPDATE officer SET public_key = sha256(public_key) WHERE agency_id = 'punjab-police'",
            "UPDATE officer SET public_key = saved.public_key FROM saved WHERE officer.key_id = saved.key_id;"
            "DROP TABLE saved",
            "it was exchanged",
            id="somebody else's key beside an officer's name",
        ),
        pytest.param(
            "INSERT INTO officer SELECT sha256(key_id), 'punjab-police', 'X-1', sha256(public_key), '{}', 22,"
            " enrolled_at, access_id, 1, false, NULL, NULL, enrolled_by FROM officer LIMIT 1",
            "DELETE FROM officer WHERE officer_number = 'X-1'",
            "a row that no entry wrote",
            id="an officer whom nobody enrolled",
        ),
        *(
            pytest.param(
                f"{_SAVED}; UPDATE ledger_entry SET {column} = {value} WHERE index = (SELECT index FROM saved)",  # noqa: S608
                f"UPDATE ledger_entry AS e SET {column} = s.{column} FROM saved AS s WHERE e.index = s.index; {_DROP}",  # noqa: S608
                found,
                id=f"an access that isn't found by its {column}",
            )
            for column, value, found in (
                ("officer", "gen_random_uuid()", "a label of ledger_entry"),
                ("case_label", "gen_random_uuid()", "a label of ledger_entry"),
                ("named", "(SELECT named FROM ledger_entry ORDER BY index LIMIT 1)", "a label of ledger_entry"),
                ("agency", "'sindh-police'", "a column of ledger_entry"),
                ("outcome", "2", "a column of ledger_entry"),
                ("access_id", "gen_random_uuid()", "a column of ledger_entry"),
            )
        ),
    ],
)
def test_what_is_changed_behind_the_registers_back_is_found(
    kept: Kept, tamper: LiteralString, undo: LiteralString, found: str
) -> None:
    where = {
        "registration": kept.known.registration_id,
        "grant": kept.grant.grant_id,
        "place": kept.known.order.addresses[-1].place_code,
    }

    def change(statements: LiteralString) -> None:
        with kept.agencies.database() as owner:
            for statement in statements.split(";"):
                owner.execute(statement, where)
            owner.commit()

    change(tamper)
    try:
        code, output = kept.verify()
    finally:
        change(undo)
    assert (code, found in output.replace("\n", " ")) == (1, True), output


def test_what_was_put_back_is_whole(kept: Kept) -> None:
    # Else what one change had left behind could be what is found of the next one.
    code, output = kept.verify()
    assert code == 0, output
