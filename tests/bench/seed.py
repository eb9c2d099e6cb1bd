"""A register of a stated size, written by several processes: the one place of the bench that knows the server's tables.

What it goes through, all of the server: ``registration.record.from_request``, ``registration.states``,
``registration.store`` (``key_row``, ``version_row``), ``registration.claims`` (``claimed``), ``registration.cases``
(``case_blinds``), ``registration.rules.responsible_place``, ``lookup.grants.store`` (``grant_row``), ``Sealer``,
``BlindIndex``, ``storage.changes.added``, and ``Ledger.append`` for the entries.
Registrations and grants that are written so have no entries of their own, since they aren't what is measured:
``ledger verify`` would name every one as unrecorded.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import lookup_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server import config
from nsor_server.calls import Row, new_access_id
from nsor_server.formats import uuids
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger import partitions
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Entry
from nsor_server.lookup.grants import store as lookups
from nsor_server.lookup.grants import subjects
from nsor_server.policy.loaded import Policy
from nsor_server.registration import cases, claims, rules, shown, states
from nsor_server.registration import record as records
from nsor_server.registration import store as registrations
from nsor_server.registration.custody import rules as custody
from nsor_server.registration.duties import rules as duties
from nsor_server.registration.duties import states as duty_states
from nsor_server.registration.duties.due_dates import Counting
from nsor_server.storage import changes
from nsor_server.storage import keyring as keyrings
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.session import BEGIN, COMMIT, Session
from nsor_server.storage.v1 import record_pb2
from tests.bench import people
from tests.orders import nobody

POLICE = "punjab-police"
SUSPECTS_PER_GRANT = 20
REFUSED_EVERY = SUSPECTS_PER_GRANT // 2 + 1
"""Look-ups of which one is refused, where that is asked for: a grant of so many suspects has two more."""
KEPT_IDS = 20_000
"""Ids of registrations that are given back for reading."""
_PART = 25_000
_ROWS_PER_COMMIT = 500
_ENTRIES_PER_COMMIT = 250
_FREE_DAYS = 300
"""Releases are spread over so many days: no verification is due soon yet."""
_RELEASED_VERSION = 4
"""Of who was entered, confirmed, released, and has told where he lives: what follows a younger version adds more."""
_RARE = 10_000
"""One entry of so many is a refusal: what is listed by a rare outcome."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written, and with what.

    Attributes:
        environment: the register's settings.
        url: the database, as its owner.
        registrations: how many people.
        entries: how many entries the ledger gets.
        look_ups: how many look-ups are prepared: each is to be the first use of its grant for its suspect.
        officer_key: the id of the key of the police officer who gets the grants.
        released: whether everybody was released some months ago and owes the next verification.
        different: how many different people each process makes: the others are those once more, under numbers and ids
            of their own, which takes a third of the time; 0: everybody differs.
        first: number of the first of them: whoever has a smaller one was seeded before.
        refused: whether one look-up of ``REFUSED_EVERY`` is of somebody whom its grant doesn't name.
    """

    environment: Mapping[str, str]
    url: str
    registrations: int
    entries: int
    look_ups: int
    officer_key: bytes
    released: bool = False
    different: int = 0
    first: int = people.FIRST
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was written.

    Attributes:
        requests: look-ups without their request_id, hits and misses mixed, each of another suspect or grant.
        registration_ids: some of the registrations.
        answer: what a hit is answered, before disclosure.
    """

    requests: tuple[bytes, ...]
    registration_ids: tuple[str, ...]
    answer: lookup_pb2.LookUpRegistrationResponse


def seed(plan: Plan) -> Seeded:
    """Write everything, in as many processes as there are cores.

    Raises:
        ValueError: more people than there are numbers.
    """
    end = plan.first + plan.registrations
    if not people.FIRST <= plan.first < end <= people.FIRST_ENTERED:
        raise ValueError(f"registrations must lie between 1 and {people.MOST:,}")
    context = multiprocessing.get_context("spawn")
    with psycopg.connect(plan.url, autocommit=True) as connection:
        # The table takes no version without the one before it.
        connection.execute("ALTER TABLE registration_version DISABLE TRIGGER registration_stays_responsible")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        ledger = pool.submit(_append_entries, plan)
        parts = [
            pool.submit(_register, plan, start, min(_PART, end - start)) for start in range(plan.first, end, _PART)
        ]
        grants = pool.submit(_grant, plan)
        ids = [one for part in parts for one in part.result()]
        requests = grants.result()
        ledger.result()
    with psycopg.connect(plan.url, autocommit=True) as connection:
        connection.execute("ALTER TABLE registration_version ENABLE TRIGGER registration_stays_responsible")
        connection.execute("VACUUM (FREEZE, ANALYZE)")
    dice = random.Random(7)  # noqa: S311 - repeatable
    dice.shuffle(requests)  # in the order of the grants, a batch would be of one grant
    return Seeded(tuple(requests), tuple(dice.sample(ids, min(KEPT_IDS, len(ids)))), _example())


def _register(plan: Plan, first: int, count: int) -> list[str]:
    """Confirmed registrations of the people of these numbers; returns their ids."""
    keyring = _keyring(plan)
    sealer, blind_index = Sealer(keyring), BlindIndex(keyring)
    counting, ids = Counting.by(Policy.load()), list[str]()
    with psycopg.connect(plan.url) as connection:
        session = Session(connection)
        persons = _persons(plan, first, count)
        while batch := list(itertools.islice(persons, _ROWS_PER_COMMIT)):
            now = datetime.now(UTC)
            rows: list[Row] = []
            for record in batch:
                record.create_time_us = to_us(now)
                if plan.released:
                    _release(counting, record, custody.days(now.date()) - len(ids) % _FREE_DAYS)
                key, wrapped = sealer.new_data_key(record.registration_id)
                rows += [
                    registrations.key_row(record.registration_id, wrapped),
                    registrations.version_row(key, None, record, now).row,
                    *claims.claimed(blind_index, key, record, ()).rows,
                ]
                ids.append(uuids.text(record.registration_id))
            session.run(BEGIN, *changes.added(rows), COMMIT)
        session.close()
    return ids


def _persons(plan: Plan, first: int, count: int) -> Iterator[record_pb2.RegistrationRecord]:
    """The confirmed records of the people of these numbers, as ``different`` of the plan says."""
    made = min(plan.different or count, count)
    patterns = []
    for order in people.orders(first, first, made):
        patterns.append(confirmed(order))
        if made == count:
            yield patterns.pop()  # nobody needs it once more
    for number in range(first, first + count) if patterns else ():
        yield _another(patterns[number % made], number)


def _another(pattern: record_pb2.RegistrationRecord, number: int) -> record_pb2.RegistrationRecord:
    """Somebody with the same convictions, under a number and ids of his own."""
    record = record_pb2.RegistrationRecord()
    record.CopyFrom(pattern)
    record.registration_id = uuid.uuid4().bytes
    record.cnic = people.registered_cnic(number)
    for document in record.documents:
        document.number = people.document_number(number)
    for conviction in record.convictions:
        conviction.conviction_id = uuid.uuid4().bytes
    return record


def confirmed(order: registration_pb2.CreateRegistrationRequest) -> record_pb2.RegistrationRecord:
    """The record of somebody whose order its court has confirmed, in one version."""
    record = records.from_request(order)
    bases = [[types_pb2.LEGAL_BASIS_S2H] * len(each.counts) for each in order.convictions]
    added = [records.conviction_record(*each, 1) for each in zip(order.convictions, bases, strict=True)]
    entered = states.next_version(record, states.entering(added, "punjab-prosecution", b""), added)
    moves = [move for each in added for move in states.confirming(each, "lahore-special-court", b"")]
    record = states.next_version(entered, moves)
    record.version = 1  # only the newest is seeded
    record.registration_id = uuid.uuid4().bytes
    record.responsible_place = rules.responsible_place(record.addresses)
    record.created_by_agency = "punjab-prosecution"
    return record


def _release(counting: Counting, record: record_pb2.RegistrationRecord, day: int) -> None:
    """The person was released on a day and has told where he lives: what he owes is the next verification."""
    record.custody_state = types_pb2.CUSTODY_STATE_RELEASED
    record.version = _RELEASED_VERSION
    duties.confirmed(counting, record, instant(custody.begins(day)))
    for duty in record.duties:
        if duty.kind == duty_states.INITIAL_NOTICE:
            duty.state, duty.met_day, duty.end_version, duty.next_step_us = duty_states.MET, day, record.version, 0


def _example() -> lookup_pb2.LookUpRegistrationResponse:
    record = confirmed(next(people.orders(people.FIRST, people.FIRST, 1)))
    return lookup_pb2.LookUpRegistrationResponse(
        outcome=lookup_pb2.LOOK_UP_OUTCOME_FOUND,
        registration=records.to_message(record, shown.to_everybody(record), "0" * 16),
    )


def _grant(plan: Plan) -> list[bytes]:
    """Grants for registered and absent suspects by turns; returns a look-up for each suspect of each grant."""
    keyring = _keyring(plan)
    sealer, blind_index = Sealer(keyring), BlindIndex(keyring)
    of_another = confirmed(next(people.punjab_orders(3, people.FIRST, 1)))
    fir, names = of_another.convictions[0].fir, of_another.names
    suspects, dice = _suspects(plan), random.Random(3)  # noqa: S311 - repeatable
    requests: list[bytes] = []
    with psycopg.connect(plan.url) as connection:
        now = datetime.now(UTC)
        session, rows = Session(connection), list[Row]()
        while cnics := list(itertools.islice(suspects, SUSPECTS_PER_GRANT)):
            # Each grant is of a case of its own: an index of few values would be too small.
            fir.serial = len(rows) % people.MAX_SERIALS + 1
            named = [record_pb2.Suspect(cnic=cnic, name=names[0]) for cnic in cnics]
            grant = record_pb2.GrantRecord(
                grant_id=uuid.uuid4().bytes,
                access_request_id=uuid.uuid4().bytes,
                agency=POLICE,
                officer_key=plan.officer_key,
                fir=fir,
                named=map(subjects.identifier, named),
                subjects=subjects.written(named),
                uses_per_subject=1_000,  # a run that is longer than planned begins again from the first request
                expires_at_us=to_us(now + timedelta(days=30)),
                expiry_rule="grant-expiry",
                create_time_us=to_us(now),
                case_blinds=cases.case_blinds(blind_index, cases.fir_case(records.case_reference(fir))),
                purpose=options_pb2.PURPOSE_INVESTIGATION,
            )
            rows.append(lookups.grant_row(sealer, grant)[0])
            others = [nobody(dice) for _ in range(2 if plan.refused else 0)]
            requests += [_look_up(cnic, grant.grant_id) for cnic in (*cnics, *others)]
        for at in range(0, len(rows), _ROWS_PER_COMMIT):
            session.run(BEGIN, *changes.added(rows[at : at + _ROWS_PER_COMMIT]), COMMIT)
        session.close()
    return requests


def _suspects(plan: Plan) -> Iterator[str]:
    """Spread over the whole register, so that a look-up finds its record as cold as it would be."""
    dice = random.Random(5)  # noqa: S311 - repeatable
    for _ in range(plan.look_ups // 2):
        number = dice.randrange(people.FIRST, plan.first + plan.registrations)
        yield people.registered_cnic(number)
        yield people.absent_cnic(number)


def _look_up(cnic: str, grant_id: bytes) -> bytes:
    return lookup_pb2.LookUpRegistrationRequest(
        purpose=options_pb2.PURPOSE_INVESTIGATION,
        cnic=cnic,
        basis=lookup_pb2.LookUpBasis(grant_id=uuids.text(grant_id)),
    ).SerializeToString()


def _append_entries(plan: Plan) -> None:
    """Entries of look-ups, as many agencies' and officers' calls would leave them."""
    ledger = Ledger(_keyring(plan), config.load(plan.environment).ledger_origin)
    with psycopg.connect(plan.url) as connection:
        extends_at = 0
        for first in range(0, plan.entries, _ENTRIES_PER_COMMIT):
            if first >= extends_at:
                extends_at = partitions.extend(connection, first)  # as a server does
            count = min(_ENTRIES_PER_COMMIT, plan.entries - first)
            ledger.append(connection, [_entry(number) for number in range(first, first + count)])
            connection.commit()


def _entry(number: int) -> Entry:
    detail = record_pb2.AccessDetail(
        outcome="FOUND" if number % 2 else "NO_RECORD",
        request_id=os.urandom(16),
        case_reference=f"{people.STATION} {number}/2025",
        subjects=[os.urandom(16)] if number % 2 else [],
    )
    refused = number % _RARE == _RARE // 2
    return Entry(
        access_id=new_access_id(),
        agency=POLICE if number % 3 else "sindh-police",
        method="nsor.v1.LookupService/LookUpRegistration",
        purpose=options_pb2.PURPOSE_INVESTIGATION,
        outcome=leaf_pb2.OUTCOME_REFUSED if refused else leaf_pb2.OUTCOME_ALLOWED,
        trace_id=os.urandom(16),
        call_hash=os.urandom(32),
        answer_hash=os.urandom(32),
        detail=detail.SerializeToString(),
        officer_key=number.to_bytes(32, "big"),
        case_reference=detail.case_reference,
        named=f"cnic {number}",
    )


def _keyring(plan: Plan) -> keyrings.Keyring:
    return keyrings.load(config.load(plan.environment).keys)
