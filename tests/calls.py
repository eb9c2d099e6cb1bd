"""The services, where tests hand in calls.

Calls are admitted and checked as at the front door, run by its reader on a real database, and recorded by the ledger's
writer.
"""

import contextlib
import datetime as dt
import functools
import hashlib
import os
import time
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Self, TypeVar

import msgspec
import psycopg
import pytest
from google.protobuf.message import Message

from nsor.v1 import options_pb2, receipt_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import gate
from nsor_server.access.contract import PURPOSE, Contract, MethodRule
from nsor_server.access.directory import Directory, DirectorySnapshot
from nsor_server.access.disclosure import disclose
from nsor_server.access.officers import Officers
from nsor_server.calls import Agency, Call, FocalPerson, Officer, Outcome, Row, Table, new_access_id
from nsor_server.directory.service import DirectoryService
from nsor_server.events import hearers
from nsor_server.events.numbered import Numbered
from nsor_server.formats.checker import Checker
from nsor_server.images.photos import Photos
from nsor_server.ledger import directory_proof
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import StaleRead
from nsor_server.ledger.guard import CommitGuard
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.ledger.writer import Writer
from nsor_server.lookup.search.index import SearchIndex
from nsor_server.lookup.service import LookupService
from nsor_server.notification.service import NotificationService
from nsor_server.oversight.service import OversightService
from nsor_server.policy.budgets import Bucket, Budget, Budgets, BudgetsFile
from nsor_server.policy.loaded import Policy
from nsor_server.policy.messages import Messages
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.registration.service import RegistrationService
from nsor_server.rpc.admission import Admission
from nsor_server.rpc.batches import Batches
from nsor_server.rpc.handlers import Exchanged, Handler
from nsor_server.rpc.methods import Methods
from nsor_server.rpc.naming import case, named, request_id
from nsor_server.rpc.pipeline import MAX_TRIES
from nsor_server.rpc.reading import Reader, replaced
from nsor_server.rpc.spending import Spending
from nsor_server.rpc.status import status
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from nsor_server.tracing.spans import Tracing
from tests import deciding, policies
from tests.agencies import (
    AGENCIES,
    LAHORE_COURT,
    LAHORE_HIGH_COURT,
    NPB,
    PUNJAB_PROSECUTION,
    focal_person_of,
    officer_of,
)
from tests.orders import Created, confirmation, judgment, order

TODAY = dt.date(2026, 3, 2)
ORIGIN = "test.example/ledger"
CONTRACT = Contract.load()
POLICY = Policy.load()
MESSAGES = Messages.load()
PLACES = POLICY.places
TRACING = Tracing((), host="test.example")
SECONDS: Final = 300.0
"""Longest that a call may take: tests don't depend on how fast the machine is."""
_TABLES = (
    "registration_version",
    "registration_key",
    "registration_work",
    "registration_identifier",
    "registration_identifier_withdrawal",
    "registration_screened",
    "look_up_return",
    "look_up_time",
    "registration_case",
    "registration_claim",
    "import_block",
    "registration_photo",
    "registration_photo_decision",
    "registration_amendment",
    "registration_amendment_decision",
    "judgment_version",
    "judgment_trial",
    "identity_item",
    "identity_queue",
    "sealed_reading",
    "review_time",
    "registration_review",
    "arrival_notice",
    "arrival_key",
    "correction_request",
    "correction_met",
    "correction_decision",
    "registration_validation",
    "closure_version",
    "review_decision",
    "erasure_version",
    "notice",
    "notice_decision",
    "movement",
    "movement_key",
    "outbox",
    "agency_event",
    "event_acknowledgement",
    "event_consumer",
    "event_consumer_disabled",
    "consumer_event",
    "consumer_acknowledgement",
    "officer",
    "officer_disabled",
    "ledger_witness",
    "ledger_witness_retired",
    "ledger_cosignature",
    "watched_number",
    "tripwire_replay",
    "focal_person",
    "focal_person_disabled",
    "register_seal",
    "access_request_version",
    "access_request_work",
    "access_request_watch",
    "access_request_step",
    "access_grant",
    "access_grant_withdrawal",
    "manifest",
    "manifest_key",
    "manifest_block",
    "access_grant_holder",
    "access_grant_juvenile",
    "look_up",
    "emergency",
    "emergency_review",
    "emergency_overdue",
    "emergency_reading",
    "unusual_access",
    "unusual_access_review",
    "idempotency",
    "tile_fetch_hour",
)
_LEDGER = ("ledger_entry", "ledger_detail", "ledger_record", "ledger_checkpoint")
_SEALED = {
    "registration_version": "SELECT sealed FROM registration_version WHERE registration_id = %s AND version = %s",
    "registration_claim": "SELECT sealed FROM registration_claim WHERE registration_id = %s AND version = %s",
    "import_block": "SELECT sealed FROM import_block WHERE block_id = %s AND version = %s",
    "registration_photo": "SELECT sealed FROM registration_photo WHERE photo_id = %s AND 1 = %s",
    "registration_photo_decision": (
        "SELECT sealed FROM registration_photo_decision WHERE photo_id = %s AND version = %s"
    ),
    "registration_amendment": "SELECT sealed FROM registration_amendment WHERE amendment_id = %s AND 1 = %s",
    "registration_amendment_decision": (
        "SELECT sealed FROM registration_amendment_decision WHERE amendment_id = %s AND 1 = %s"
    ),
    "sealed_reading": "SELECT sealed FROM sealed_reading WHERE sealed_reading_id = %s AND version = %s",
    "judgment_version": "SELECT sealed FROM judgment_version WHERE judgment_id = %s AND version = %s",
    "arrival_notice": "SELECT sealed FROM arrival_notice WHERE arrival_id = %s AND 1 = %s",
    "correction_request": "SELECT sealed FROM correction_request WHERE correction_request_id = %s AND 1 = %s",
    "correction_decision": "SELECT sealed FROM correction_decision WHERE correction_id = %s AND 1 = %s",
    "closure_version": "SELECT sealed FROM closure_version WHERE closure_id = %s AND version = %s",
    "registration_validation": (
        "SELECT sealed FROM registration_validation WHERE registration_id = %s AND version = %s"
    ),
    "identity_item": "SELECT sealed FROM identity_item WHERE item_id = %s AND 1 = %s",
    "review_time": "SELECT sealed FROM review_time WHERE review_time_id = %s AND 1 = %s",
    "notice_decision": "SELECT sealed FROM notice_decision WHERE notice_id = %s AND version = %s",
    "movement": "SELECT sealed FROM movement WHERE movement_id = %s AND 1 = %s",
    "notice": "SELECT sealed FROM notice WHERE notice_id = %s AND 1 = %s",
    "access_request_version": "SELECT sealed FROM access_request_version WHERE access_request_id = %s AND version = %s",
    "manifest_block": "SELECT sealed FROM manifest_block WHERE block_id = %s AND version = %s",
    "emergency": "SELECT sealed FROM emergency WHERE emergency_id = %s AND 1 = %s",
    "access_grant": "SELECT sealed FROM access_grant WHERE grant_id = %s AND 1 = %s",
}
_NOWHERE = Row(Table("no_such_table", (("name", "text"),)), ("nobody",))
"""A row that can't be added."""

E = TypeVar("E", bound=errors.ApiError)


def call_of(agency: Agency, officer: Officer | None = None, *focal_persons: FocalPerson) -> Call:
    """A call of an agency whose certificate was accepted, and of an officer whose proof was.

    Where the method needs a focal person, it is of these, or else of two of the agency.
    """
    return Call(
        method="",
        span=TRACING.call("", None),
        nonce=os.urandom(32),
        has_nonce=True,
        deadline=time.monotonic() + SECONDS,
        access_id=new_access_id(),
        agency=agency,
        accepted=True,
        certificate=os.urandom(32),
        call_hash=os.urandom(32),
        officer=officer or officer_of(agency),
        focal_persons=focal_persons or (focal_person_of(agency), focal_person_of(agency, "FOCAL-2")),
    )


def with_budgets(**values: Any) -> Policy:
    """The policy that ships, with other values in every budget, of all ports alike."""
    return _with(Budgets.load().rows(), values)


def with_budget(method: str, **values: Any) -> Policy:
    """The same with other values in the budgets of one method."""
    return _with([row for row in Budgets.load().rows() if row.method == method], values)


def _with(changed: Collection[Budget], values: Mapping[str, Any]) -> Policy:
    values = {"ports": (), "all_ports": None, **values}
    rows = (msgspec.structs.replace(row, **values) if row in changed else row for row in Budgets.load().rows())
    return replace(POLICY, budgets=Budgets(BudgetsFile(budget=tuple(rows))))


def unlimited() -> Policy:
    """The policy that ships, with budgets that no test empties."""
    return with_budgets(
        officer=Bucket(capacity=900_000, refill_per_hour=900_000),
        agency=Bucket(capacity=1_000_000, refill_per_hour=1_000_000),
    )


class _Admission(Admission):
    """The gate without what only a connection has: who calls and which officer acts stands in the call."""

    def admit_by(self, call: Call, snapshot: DirectorySnapshot, *, just_identified: bool = False) -> None:  # noqa: ARG002 - nobody is identified here
        rule: MethodRule = call.route.rule
        stated = getattr(call.request, PURPOSE) if rule.states_purpose else options_pb2.PURPOSE_UNSPECIFIED
        call.purpose = gate.admit(rule, call.agency, stated, snapshot.policy.narrowing, sealed=snapshot.sealed)
        call.rows = rule.allow[call.agency.kind].rows
        if rule.officer in {options_pb2.OFFICER_RULE_NONE, options_pb2.OFFICER_RULE_FOCAL_PERSON}:
            call.officer = None
        if rule.officer != options_pb2.OFFICER_RULE_FOCAL_PERSON:
            call.focal_persons = ()
        call.directory = snapshot


@contextlib.contextmanager
def review_times(services: "Services", keyring: Keyring) -> Iterator[ReviewTimes]:
    """What writes reviews, without its thread: a test looks by itself."""
    services.directory.reload()
    times = ReviewTimes(services.database, services.writer, services.directory, TRACING, keyring)
    try:
        yield times
    finally:
        times.stop()


class Services:
    """Hands calls to handlers as the front door does. A context manager: it has threads."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self.database = database
        self.keyring = keyring
        self.policy: Policy | None = None
        """Another policy than the one in force, for the calls that are handed in from now on."""
        self.sealer, self.blind_index = Sealer(keyring), BlindIndex(keyring)
        self.photos = Photos()
        self._owner = database.owner()
        """Counts rows and reads values: one connection, since a new one for each costs more than what it is asked."""
        self._owner.autocommit = True
        if self._owner.execute("SELECT FROM ledger_head WHERE size > 0").fetchone() is None:
            self._fill()
        self.methods = Methods(CONTRACT, self._handlers(keyring)).methods
        self._method_of = {method.rule.request_class: method for method in self.methods.values() if method.rule}
        self.directory = Directory(database, functools.partial(directory_proof.prove, keys=LogKeys.of(keyring)))
        self._admission = _Admission(self.directory, Officers())
        self._checker = Checker(PLACES, POLICY.offences, POLICY.forms, today=lambda: TODAY)
        self._reader = Reader(database, self.sealer, Spending(self.blind_index), lambda: self.writer.size)
        self._ledger = Ledger(keyring, ORIGIN)
        self._guard = CommitGuard(database.connect)
        self.writer = self._writer()
        self.writer.start(self._batches())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        unheard = [] if failure else self._unheard()
        self.close()
        assert not unheard, f"owed to a kind of agency that they don't concern: {unheard}"

    def close(self) -> None:
        """End the threads and connections."""
        self.writer.close()
        self._guard.close()
        self._owner.close()
        self.photos.close()
        self.names.stop()

    def snapshot(self) -> DirectorySnapshot:
        """Who may do what, as it is now."""
        return self.directory.at_least_as_of(time.monotonic())

    def admit(self, call: Call, request: Message) -> None:
        """Take a call to where its handler runs: the method that the request's type has, its purpose and its rows."""
        call.route = self._method_of[type(request)]
        call.method, call.request = call.route.name, request
        snapshot = self.snapshot()
        self._admission.admit_by(call, snapshot if self.policy is None else replace(snapshot, policy=self.policy))
        violations = call.route.refusing(call, self._checker.check(request))
        if violations:
            raise errors.InvalidFields(violations=violations)
        call.named, call.case, call.request_id = named(request), case(request), request_id(request)

    def run(self, call: Call, request: Message) -> Call:
        """Have a call decided by what can be read now; nothing is written."""
        self.admit(call, request)
        self.decide(call)
        return call

    def decide(self, call: Call) -> None:
        """Have a call that was admitted decided by what can be read now."""
        if isinstance(call.route.handler, Exchanged):
            self._reader.run_message(call.route.handler, call)
        else:
            call.route.run(call, self._reader)

    def ask(self, call: Call, request: Message) -> Outcome[Any]:
        """Have a call decided and recorded; it runs again when what it has read has moved on meanwhile.

        A refusal by the register is recorded too, and one that costs something, as at the front door.
        """
        while True:
            self._run_or_refuse(call, request)
            try:
                self.writer.submit(call)
            except StaleRead:
                call.tries += 1
                if call.tries == MAX_TRIES:
                    raise
            except errors.Exhausted as refusal:
                self.writer.submit(self._refused(call, refusal))
                raise
            else:
                return _outcome(call)

    def at_once(self, *handed_in: tuple[Call, Message], together: bool) -> list[Outcome[Any] | errors.ApiError]:
        """What becomes of calls that have all been run before the first one is written.

        Args:
            handed_in: the calls.
            together: they are written in one batch; else one after the other.
        """
        calls = [self._run_or_refuse(call, request) for call, request in handed_in]
        results = self._in_one_batch(calls) if together else [self._alone(call) for call in calls]
        ended: list[Outcome[Any] | errors.ApiError] = []
        for (call, request), result in zip(handed_in, results, strict=True):
            try:
                if isinstance(result, StaleRead):
                    call.tries += 1
                    ended.append(self.ask(call, request))
                elif isinstance(result, Exception):
                    raise replaced(result)
                else:
                    ended.append(_outcome(call))
            except errors.ApiError as refusal:
                ended.append(refusal)
        return ended

    def refused_by_the_register(self, error: type[E], call: Call, request: Message) -> E:
        """The refusal of a call by what is stored: its entry says what it has looked at."""
        refusal = self.refused(error, call, request)
        assert call.looked_at
        return refusal

    def refused(self, error: type[E], call: Call, request: Message) -> E:
        """The refusal of a call; nothing was written."""
        before = self.rows()
        with pytest.raises(error) as caught:
            self.ask(call, request)
        assert type(caught.value) is error
        assert self.rows() == before
        return caught.value

    def never_half_written(self, call: Call, request: Message) -> list[str]:
        """Write a call with a row that can't be added at each place in turn, and then without; gives its tables."""
        outcome = _outcome(self.run(call, request))
        before = self.rows(*_LEDGER)
        for place in range(len(outcome.rows) + 1):
            call.outcome = replace(outcome, rows=(*outcome.rows[:place], _NOWHERE, *outcome.rows[place:]))
            with pytest.raises(psycopg.errors.UndefinedTable):
                self.writer.submit(call)
            assert self.rows(*_LEDGER) == before
        call.outcome = outcome
        self.writer.submit(call)
        tables = list(dict.fromkeys(row.table.name for row in outcome.rows))
        after = self.rows(*_LEDGER)
        assert all(after[table] > before[table] for table in tables if table in after)
        return tables

    def create(
        self, request: registration_pb2.CreateRegistrationRequest | None = None, call: Call | None = None
    ) -> Created:
        outcome = self.ask(call or call_of(PUNJAB_PROSECUTION), request or order())
        return Created(outcome.response.registration_id, outcome.response.etag, outcome)

    def confirmed(self, request: registration_pb2.CreateRegistrationRequest | None = None) -> Created:
        """An order that was entered, and that its court has confirmed."""
        created = self.create(request)
        self.confirm(created)
        return created

    def confirm(self, created: Created, call: Call | None = None, **fields: Any) -> Outcome[Any]:
        return self.ask(call or call_of(LAHORE_COURT), confirmation(created, **fields))

    def judge(self, convicted: types_pb2.Conviction, kind: str, **fields: Any) -> None:
        """Have the High Court's registry record a judgment about a conviction."""
        self.ask(call_of(LAHORE_HIGH_COURT), judgment(kind, convicted, **fields))

    def judge_all(self, created: "Created", kind: str) -> None:
        """The same about each conviction of one person."""
        shown = self.get(created.registration_id, NPB)
        for each in shown.convictions:
            self.judge(each, kind, cnics=[shown.person.cnic])

    def add_conviction(self, created: "Created", added: types_pb2.Conviction) -> Outcome[Any]:
        return self.ask(call_of(PUNJAB_PROSECUTION), self.further(created, added))

    def further(
        self, created: "Created", added: types_pb2.Conviction, etag: str = ""
    ) -> registration_pb2.AddConvictionRequest:
        """A request that adds a conviction to what the register holds now."""
        return registration_pb2.AddConvictionRequest(
            request_id=str(uuid.uuid4()),
            registration_id=created.registration_id,
            etag=etag or self.get(created.registration_id, NPB).etag,
            conviction=added,
        )

    def get(
        self, registration_id: str, agency: Agency, officer: Officer | None = None
    ) -> registration_pb2.Registration:
        request = registration_pb2.GetRegistrationRequest(registration_id=registration_id)
        registration: registration_pb2.Registration = self.ask(call_of(agency, officer), request).response.registration
        return registration

    def enrolled(self, who: Officer, *, disabled: bool = False) -> Officer:
        """Have the directory know an officer."""
        with self.database.owner() as owner:
            owner.execute(
                "INSERT INTO officer"
                " (key_id, agency_id, officer_number, public_key, jurisdiction, grade, decides, access_id)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, gen_random_uuid())",
                (
                    who.key_id,
                    who.agency_id,
                    who.officer_number,
                    who.public_key,
                    list(who.jurisdiction),
                    who.grade,
                    who.decides,
                ),
            )
            if disabled:
                owner.execute(
                    "INSERT INTO officer_disabled (key_id, agency_id, reason, decided_by, access_id)"
                    " VALUES (%s, %s, 1, sha256(''), gen_random_uuid())",
                    (who.key_id, who.agency_id),
                )
            deciding.record(owner, self.keyring, ORIGIN)
        return who

    def hidden(self, registration_id: str, agency: Agency, officer: Officer | None = None) -> None:
        """The agency hears NO_RECORD."""
        request = registration_pb2.GetRegistrationRequest(registration_id=registration_id)
        self.refused(errors.NoRecord, call_of(agency, officer), request)

    def rows(self, *more: str) -> dict[str, int]:
        """How many rows each table has, but for budgets, which refusals spend too; ``more`` are other tables."""
        counted = " UNION ALL ".join(
            f"SELECT '{table}', count(*) FROM {table}"  # noqa: S608 - constants
            for table in (*_TABLES, *more)
        )
        return dict(self._owner.execute(counted.encode()).fetchall())

    def one(self, query: str, *parameters: object) -> Any:
        """The one value of a query, as the owner."""
        return self._owner.execute(query.encode(), parameters).fetchall()[0][0]

    def owed(self, kind: int | None = None) -> list[str]:
        """Recipients in the outbox, in order."""
        query = "SELECT recipient FROM outbox WHERE coalesce(kind = %s, true) ORDER BY recipient"
        return [recipient for (recipient,) in self._owner.execute(query, (kind,))]

    def _unheard(self) -> list[str]:
        """Whom an event is owed that doesn't concern his kind of agency: it is never delivered."""
        query = f"SELECT recipient FROM outbox AS o WHERE NOT ({hearers.concerned_sql('o', 'recipient')})"  # noqa: S608
        return [recipient for (recipient,) in self._owner.execute(query.encode())]

    def _fill(self) -> None:
        """Enter the agencies and the policy, as a server's first start does."""
        with self.database.owner() as owner, owner.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO agency (agency_id, kind, name_en, name_ur, jurisdiction, court_kinds)"
                " VALUES (%s, %s, %s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                [
                    (a.agency_id, a.kind, a.name_en, a.name_ur, list(a.jurisdiction), list(a.court_kinds))
                    for a in AGENCIES
                ],
            )
            deciding.record(owner, self.keyring, ORIGIN)
        policies.enter(self.database, self.keyring, ORIGIN)

    def _handlers(self, keyring: Keyring) -> list[Handler]:
        self.registrations = RegistrationService(self.sealer, self.blind_index, self.photos, lambda: self.writer.size)
        self.names = SearchIndex(self.database, self.sealer)
        self.lookups = LookupService(keyring, lambda: self.writer.size, self.names)
        self.notifications = NotificationService(self.sealer, self.blind_index, lambda: self.writer.size, Numbered())
        services = (
            self.registrations,
            self.notifications,
            self.lookups,
            OversightService(keyring, lambda: self.writer.size),
            DirectoryService(self.lookups.ended_with, self.blind_index),
        )
        return [handler for service in services for handler in service.handlers()]

    def _writer(self) -> Writer[Call]:
        return Writer(
            self.database.writer,
            self._ledger,
            self._guard,
            weight=lambda call: call.weight,
            patience=lambda call: call.patience,
        )

    def _batches(self) -> Batches:
        # Calls come here when they have been run: there is nothing to enter and nothing to run elsewhere.
        return Batches(
            self._admission, MESSAGES, TRACING, enter=_not_run, run_elsewhere=_not_run, on_change=lambda: None
        )

    def _run_or_refuse(self, call: Call, request: Message) -> Call:
        """Have a call decided; a refusal by the register, or that costs something, is recorded as at the front door."""
        try:
            return self.run(call, request)
        except errors.ApiError as refusal:
            if call.payment is None and not isinstance(refusal, errors.FROM_THE_REGISTER):
                raise
            return self._refused(call, refusal)

    def _refused(self, call: Call, refusal: errors.ApiError) -> Call:
        call.fails(refusal)
        call.prepared = None
        call.answer = status(refusal, MESSAGES, str(uuid.UUID(bytes=call.access_id))).SerializeToString()
        self._reader.name_case(call)
        return call

    def _alone(self, call: Call) -> receipt_pb2.Receipt | Exception:
        try:
            return self.writer.submit(call)
        except Exception as error:  # noqa: BLE001 - it is what became of the call
            return error

    def _in_one_batch(self, calls: Sequence[Call]) -> list[receipt_pb2.Receipt | Exception]:
        """Have calls written by a writer that begins when all of them wait."""
        results: dict[int, receipt_pb2.Receipt | Exception] = {}
        with contextlib.closing(self._writer()) as writer:
            for call in calls:
                call.done = lambda ended, result: results.__setitem__(id(ended), result)
                writer.put(call)
            writer.start(self._batches())
        return [results[id(call)] for call in calls]


def _outcome(call: Call) -> Outcome[Any]:
    if call.error is not None:
        raise call.error
    assert call.outcome is not None
    response = call.outcome.response
    # Whatever a test asks for: no handler may answer what it hasn't disclosed.
    assert response == disclose(response, call.purpose), f"{call.method} answers what its purpose isn't shown"
    return call.outcome


def _not_run(_call: Call) -> None:
    raise AssertionError("a call was handed in that hasn't been run")


def violations(error: errors.ApiError) -> list[tuple[str, int]]:
    return [(violation.field, violation.reason) for violation in error.violations]


def sealed_rows_are_listed(services: Services, outcome: Outcome[Any]) -> Sequence[str]:
    """Every sealed row that the outcome names is stored with that hash; gives the tables."""
    for ref in outcome.records:
        sealed = services.one(_SEALED[ref.table], uuid.UUID(bytes=ref.row_id), ref.version)
        assert hashlib.sha256(sealed).digest() == ref.sha256
    return [ref.table for ref in outcome.records]
