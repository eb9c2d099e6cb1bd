"""Where tests hand in calls: they are admitted and checked as at the front door, run, and recorded by the writer.

The reader works on a real database, and what is written is the ledger's own.
"""

import contextlib
import functools
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from google.protobuf.message import Message

from nsor.v1 import options_pb2, receipt_pb2
from nsor_server import errors
from nsor_server.access import gate
from nsor_server.access.contract import PURPOSE, MethodRule
from nsor_server.access.decisions import Compared
from nsor_server.access.directory import Directory, DirectorySnapshot
from nsor_server.access.disclosure import disclose
from nsor_server.access.officers import Officers
from nsor_server.calls import Call, Outcome
from nsor_server.directory.service import DirectoryService
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
from nsor_server.policy.loaded import Policy
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
from tests import filled
from tests.calls import CONTRACT, MESSAGES, ORIGIN, PLACES, POLICY, TODAY, TRACING


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


class FrontDoor:
    """Hands calls to handlers as the front door does. It has threads: close it."""

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
            filled.fill(database, keyring)
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
        call.method, call.request, call.compared = call.route.name, request, Compared()
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
                return outcome_of(call)

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
                    ended.append(outcome_of(call))
            except errors.ApiError as refusal:
                ended.append(refusal)
        return ended

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


def outcome_of(call: Call) -> Outcome[Any]:
    if call.error is not None:
        raise call.error
    assert call.outcome is not None
    response = call.outcome.response
    # Whatever a test asks for: no handler may answer what it hasn't disclosed.
    assert response == disclose(response, call.purpose), f"{call.method} answers what its purpose isn't shown"
    return call.outcome


def _not_run(_call: Call) -> None:
    raise AssertionError("a call was handed in that hasn't been run")
