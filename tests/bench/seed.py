"""A register of a stated size, written straight into the tables: sealed, blinded and confirmed as the services would.

It skips the ledger, since it isn't what is measured: ``ledger verify`` on it would name every record as unrecorded.
"""

from __future__ import annotations

import itertools
import os
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from nsor.v1 import lookup_pb2, options_pb2, registration_pb2
from nsor_server.lookup import store as lookups
from nsor_server.registration import record as records
from nsor_server.registration import store as registrations
from nsor_server.registration.dates import to_us
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_synthetic import generate

AGENCY = "punjab-police"
SUSPECTS_PER_GRANT = 20

_VERSION_COLUMNS = (
    "registration_version (registration_id, version, state, held, responsible_place, custodian_agency,"
    " created_by_agency, court_places, created_at, sealed)"
)


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was written: requests that will hit and miss by turns, without their request_id, and one hit's record."""

    requests: tuple[bytes, ...]
    example: record_pb2.RegistrationRecord


def seed(
    connection: psycopg.Connection,
    sealer: Sealer,
    blind_index: BlindIndex,
    *,
    registrations_wanted: int,
    officer_key: bytes,
) -> Seeded:
    """Write the registrations, and grants to the officer for all of them and for as many who aren't registered.

    So that nearly every call is the first use of its grant for its subject, as policy has it: a look-up reads all uses
    of its grant, and a grant that had been used a hundred times would be another measurement.
    """
    now = datetime.now(UTC)
    written = _registrations(connection, sealer, blind_index, registrations_wanted, now)
    example = next(written)
    known = [example.cnic, *(record.cnic for record in written)]
    absent = _absent(len(known))
    subjects = list(itertools.chain.from_iterable(zip(known, absent, strict=True)))
    requests: list[bytes] = []
    fir = example.convictions[0].fir
    for suspects in _batched(subjects):
        grant = record_pb2.GrantRecord(
            grant_id=uuid.uuid4().bytes,
            access_request_id=uuid.uuid4().bytes,
            agency=AGENCY,
            officer_key=officer_key,
            fir=fir,
            cnics=suspects,
            uses_per_subject=1_000,  # a long run begins again from the first request
            expires_at_us=to_us(now + timedelta(days=30)),
            expiry_rule="grant-expiry",
            create_time_us=to_us(now),
        )
        lookups.insert_grant(connection, sealer, grant)
        requests += [_request(cnic, grant.grant_id) for cnic in suspects]
    random.Random(7).shuffle(requests)  # noqa: S311 - in the order of the grants, a batch would be of one grant
    connection.commit()
    with connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE")
    return Seeded(tuple(requests), example)


def _registrations(
    connection: psycopg.Connection, sealer: Sealer, blind_index: BlindIndex, wanted: int, now: datetime
) -> Iterator[record_pb2.RegistrationRecord]:
    versions: list[tuple[object, ...]] = []
    keys: list[tuple[object, ...]] = []
    identifiers: list[tuple[object, ...]] = []
    for request in generate(7, wanted + wanted // 5):
        if not request.person.cnic or len(versions) == wanted:
            continue
        record = records.from_request(request)
        identity = uuid.UUID(bytes=os.urandom(16), version=4)
        record.registration_id = identity.bytes
        record.version = 2
        record.state = registration_pb2.REGISTRATION_STATE_CONFIRMED
        record.responsible_place = record.addresses[-1].place_code
        record.created_by_agency = "punjab-prosecution"
        record.confirmed_by_agency = "lahore-special-court"
        record.create_time_us = record.update_time_us = to_us(now)
        key, wrapped = sealer.new_data_key(identity.bytes)
        sealed = key.seal(registrations.TABLE, identity.bytes, 2, record.SerializeToString())
        places = records.court_places(record)
        versions.append(
            (identity, 2, record.state, False, record.responsible_place, record.custodian_agency,
             record.created_by_agency, places, now, sealed)
        )  # fmt: skip
        keys.append((identity, wrapped))
        identifiers.append((identity, registrations.IDENTIFIER_CNIC, *blind_index.primary("cnic", record.cnic)))
        yield record
    _copy(connection, _VERSION_COLUMNS, versions)
    _copy(connection, "registration_key (registration_id, wrapped)", keys)
    _copy(connection, "registration_identifier (registration_id, kind, key_id, blind)", identifiers)


def _copy(connection: psycopg.Connection, target: str, rows: Sequence[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _absent(wanted: int) -> list[str]:
    """CNICs of people who aren't registered: of another seed, whose people are others."""
    people = (request.person.cnic for request in generate(8, 2 * wanted + 100))
    return [cnic for cnic in people if cnic][:wanted]


def _batched(subjects: list[str]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(subjects), SUSPECTS_PER_GRANT):
        yield tuple(subjects[start : start + SUSPECTS_PER_GRANT])


def _request(cnic: str, grant_id: bytes) -> bytes:
    return lookup_pb2.LookUpRegistrationRequest(
        purpose=options_pb2.PURPOSE_INVESTIGATION,
        cnic=cnic,
        basis=lookup_pb2.LookUpBasis(grant_id=str(uuid.UUID(bytes=grant_id))),
    ).SerializeToString()
