"""Whoever owns the database hides a record from a passenger's row, or a row from its manifest, and puts it back."""

from __future__ import annotations

import pytest

from nsor.v1 import screening_pb2
from nsor_server import errors
from tests.agencies import FIA_IMMIGRATION, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.lookup import test_screening_names as by_names
from tests.lookup.test_screening import NO_RECORD, asked, by_cnic, convict, declared, outcomes
from tests.orders import cnic
from tests.services import Services

HIDDEN = "a passenger was told not to be registered, and a record stood that had to be shown"
SHOWN = "a passenger was shown a record that couldn't be shown, or another version of it than the newest"
NOT_PAID = "who is alike a passenger by names was shown without its price, or without telling NPB"
OVER = "passengers were screened after the end of their manifest"
ROWS = "the rows of a manifest aren't those that were screened"
FOUND = screening_pb2.SCREENING_OUTCOME_FOUND


@pytest.mark.parametrize("table", ["registration_screened", "registration_key"])
def test_a_record_that_was_hidden_from_a_passenger_is_found(services: Services, owner: Owner, table: str) -> None:
    number = cnic()
    convict(services, number)
    manifest = declared(services)
    assert outcomes(services, manifest, by_cnic(1, number), by_cnic(2, cnic())) == [FOUND, NO_RECORD]
    assert owner.findings() == []
    with owner.without(table, "true"):
        assert outcomes(services, manifest, by_cnic(1, number), by_cnic(2, cnic())) == [NO_RECORD, 3]
    assert owner.findings() == [HIDDEN]


def test_a_record_that_was_confirmed_later_is_hidden_from_nobody(services: Services, owner: Owner) -> None:
    number = cnic()
    assert outcomes(services, declared(services), by_cnic(1, number)) == [NO_RECORD]
    convict(services, number)
    assert outcomes(services, declared(services, number=302), by_cnic(1, number)) == [FOUND]
    assert owner.findings() == []


def test_a_record_that_was_shown_though_it_was_sealed_is_found(services: Services, owner: Owner) -> None:
    number = cnic()
    created = convict(services, number)
    manifest = declared(services)
    services.judge_all(created, "SET_ASIDE")
    with owner.without("registration_version", "version = (SELECT max(version) FROM registration_version)"):
        assert outcomes(services, manifest, by_cnic(1, number)) == [FOUND]
    assert owner.findings() == [SHOWN]


def test_a_record_that_was_hidden_from_a_passengers_names_is_found(services: Services, owner: Owner) -> None:
    by_names.convict(services)
    manifest = declared(services)
    with owner.without("registration_key", "true"):
        assert by_names.said(by_names.ask(services, manifest, by_names.passenger(1))) == [(NO_RECORD, by_names.DONE)]
    assert owner.findings() == [HIDDEN]


def test_a_record_that_was_shown_by_names_though_it_was_sealed_is_found(services: Services, owner: Owner) -> None:
    created = by_names.convict(services)
    manifest = declared(services)
    services.judge_all(created, "SET_ASIDE")
    with owner.without("registration_version", "version = (SELECT max(version) FROM registration_version)"):
        assert by_names.said(by_names.ask(services, manifest, by_names.passenger(1)))[0][0] == by_names.ALIKE
    assert SHOWN in owner.findings()


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM outbox WHERE kind = 340",
        "UPDATE outbox SET about_agency = 'npb' WHERE kind = 340",
        "UPDATE outbox SET registration_id = gen_random_uuid() WHERE kind = 340",
    ],
)
def test_what_npb_was_told_of_names_is_not_changed_unseen(services: Services, owner: Owner, change: str) -> None:
    by_names.convict(services)
    by_names.ask(services, declared(services), by_names.passenger(1), by_names.passenger(2))
    assert owner.findings() == []
    owner.does("SET session_replication_role = replica", change)
    assert NOT_PAID in owner.findings()


def test_a_manifest_is_screened_where_it_crosses_and_until_it_ends(services: Services, owner: Owner) -> None:
    manifest = declared(services, call_of(FIA_IMMIGRATION, officer_of(FIA_IMMIGRATION, "PK-PB/LHR")))
    elsewhere = officer_of(FIA_IMMIGRATION, "PK-SD")
    request = screening_pb2.ScreenManifestRequest(manifest_id=manifest, rows=[by_cnic(1, cnic())])
    services.refused_by_the_register(errors.NoRecord, call_of(FIA_IMMIGRATION, elsewhere), request)
    with owner.changing("UPDATE manifest SET place = 'PK-SD/KHS'", "UPDATE manifest SET place = 'PK-PB/LHR'"):
        services.refused(errors.Internal, call_of(FIA_IMMIGRATION, elsewhere), request)
    asked(services, manifest, by_cnic(1, cnic()))
    assert owner.findings() == []
    owner.does("SET session_replication_role = replica", "UPDATE manifest SET closes_at = closes_at - interval '5 day'")
    assert OVER in owner.findings()


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("closes_at", "interval '1 day'"),
        ("closes_at", "interval '-5 days'"),
        ("persons", "1"),
        ("forgotten_at", "interval '1 day'"),
    ],
)
def test_what_a_manifest_allows_is_not_moved_for_one_call(
    services: Services, owner: Owner, column: str, change: str
) -> None:
    manifest = declared(services)
    request = screening_pb2.ScreenManifestRequest(manifest_id=manifest, rows=[by_cnic(1, cnic())])
    moved = f"UPDATE manifest SET {column} = {column}"  # noqa: S608 - constants
    with owner.changing(f"{moved} + {change}", f"{moved} - {change}"):
        services.refused(errors.Internal, call_of(FIA_IMMIGRATION), request)
    assert owner.findings() == []


def test_what_one_manifest_allows_is_no_other_ones(services: Services, owner: Owner) -> None:
    manifest = declared(services)
    declared(services, number=302, persons=9)
    request = screening_pb2.ScreenManifestRequest(manifest_id=manifest, rows=[by_cnic(1, cnic())])
    owner.does(
        "UPDATE manifest AS m SET persons = o.persons, sealed = o.sealed FROM manifest AS o"
        " WHERE m.number = 301 AND o.number = 302"
    )
    services.refused(errors.Internal, call_of(FIA_IMMIGRATION), request)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE manifest SET agency_id = 'npb'",
        "UPDATE manifest SET sealed = sealed || '\\x00'::bytea",
        "UPDATE manifest SET persons = persons + 1",
        "UPDATE manifest SET forgotten_at = forgotten_at + interval '1 day'",
        "UPDATE manifest SET closes_at = closes_at + interval '1 day'",
        "DELETE FROM manifest",
        "DELETE FROM manifest_key",
        "UPDATE manifest_key SET forgotten_at = forgotten_at + interval '1 day'",
        "UPDATE manifest_key SET wrapped = wrapped || '\\x00'::bytea",
        "DELETE FROM manifest_block",
        "UPDATE manifest_block SET manifest_id = gen_random_uuid()",
        "UPDATE manifest_block SET block = 1",
        "UPDATE manifest_block SET screened = 2",
        "UPDATE manifest_block SET version = 2",
    ],
)
def test_a_changed_row_is_found(services: Services, owner: Owner, change: str) -> None:
    asked(services, declared(services), by_cnic(1, cnic()))
    assert owner.findings() == []
    owner.does("SET session_replication_role = replica", change)
    assert owner.findings()
