"""What is done with a batch of calls under the head's lock: who is first, what is looked at again, who fails alone."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import os
import queue
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.rpc import status_pb2

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import directory_pb2, lookup_pb2, options_pb2, receipt_pb2
from nsor_server import config, errors
from nsor_server.access.contract import Contract
from nsor_server.access.directory import Directory
from nsor_server.access.officers import Officers
from nsor_server.calls import Call, Outcome, Refusal, Row, Seen, new_access_id
from nsor_server.events import cursors
from nsor_server.ledger import directory_proof
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import StaleRead
from nsor_server.ledger.guard import CommitGuard
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.ledger.writer import Writer
from nsor_server.policy import source
from nsor_server.policy.messages import Messages
from nsor_server.rpc.admission import Admission
from nsor_server.rpc.batches import Batches
from nsor_server.rpc.handlers import Grouped, Unary
from nsor_server.rpc.methods import Method
from nsor_server.storage.deciding import DISABLED_OFFICERS, refs
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.session import Rows, Statement, Step
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import Tracing
from tests import deciding, policies
from tests.rpc.callers import session

LIST = "nsor.v1.DirectoryService/ListAgencies"
LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
ACKNOWLEDGED = Statement(b"acknowledged", b"SELECT count(*) FROM event_acknowledgement")
CONTRACT = Contract.load()


def _nothing(*_: Any) -> Any:
    raise AssertionError("a thread has run it before")


def _reads(_prepared: Sequence[str]) -> Sequence[Step]:
    return [ACKNOWLEDGED()]


def _decide(
    prepared: Sequence[str], results: Sequence[Rows], _now_us: int
) -> Sequence[Outcome[lookup_pb2.LookUpRegistrationResponse] | Refusal]:
    """Refuses those whose ticket says so; the others are answered."""
    SEEN.append(results[0][0][0])
    DECIDED.append(list(prepared))
    answer = Outcome(lookup_pb2.LookUpRegistrationResponse(), record_pb2.AccessDetail(outcome="NO_RECORD"))
    return [Refusal(errors.NoRecord()) if ticket == "refuse" else answer for ticket in prepared]


SEEN: list[int] = []
"""What grouped calls have read under the lock."""
DECIDED: list[list[str]] = []
"""What was decided together."""
PLAIN = Method(
    LIST,
    CONTRACT.methods[LIST],
    Unary(directory_pb2.ListAgenciesRequest, directory_pb2.ListAgenciesResponse, _nothing),
    5,
)
GROUPED = Method(
    LOOK_UP,
    CONTRACT.methods[LOOK_UP],
    Grouped(
        lookup_pb2.LookUpRegistrationRequest,
        lookup_pb2.LookUpRegistrationResponse,
        lambda _call, request: request.basis.ticket_id,
        _reads,
        _decide,
    ),
    5,
    is_grouped=True,
)


@dataclass
class Recorded:
    """A writer whose calls wait until it is started, so that they are one batch, and what becomes of them."""

    database: Database
    writer: Writer[Call]
    admission: Admission
    certificates: Path
    keyring: Keyring
    batches: Batches = field(init=False)
    elsewhere: list[Call] = field(default_factory=list)
    changed: list[bool] = field(default_factory=list)
    ended: queue.SimpleQueue[tuple[Call, Any]] = field(default_factory=queue.SimpleQueue)

    def enter(self, call: Call) -> None:
        """As the pipeline does, without the checks."""
        call.request = call.route.parse(call.data)
        self.admission.admit_by(call, self.admission.directory.current)

    def plain(
        self, agency_id: str = "npb", rows: Sequence[Row] = (), seen: Sequence[Seen] = (), **changes: Any
    ) -> Call:
        """A call that a thread has run: with its outcome."""
        call = self._call(PLAIN, agency_id, directory_pb2.ListAgenciesRequest())
        self.enter(call)
        outcome = Outcome(
            directory_pb2.ListAgenciesResponse(),
            record_pb2.AccessDetail(outcome="LISTED"),
            rows,
            refs(rows),
            seen,
            **changes,
        )
        call.outcome, call.answer = outcome, b"answer"
        return call

    def refused(self, error: errors.ApiError | None = None) -> Call:
        call = self.plain()
        call.outcome, call.error, call.answer = None, error or errors.NoRecord(), b"status"
        return call

    def look_up(self, key: Ed25519PrivateKey | None, ticket: str = "NPB-1", agency_id: str = "npb") -> Call:
        """A look-up as it was received."""
        request = lookup_pb2.LookUpRegistrationRequest(
            request_id=str(uuid.uuid4()),
            purpose=options_pb2.PURPOSE_REGISTER_OPERATION,
            cnic="3520212345671",
            basis=lookup_pb2.LookUpBasis(ticket_id=ticket),
        )
        return self._call(GROUPED, agency_id, request, key)

    def _call(self, route: Method, agency_id: str, request: Any, key: Ed25519PrivateKey | None = None) -> Call:
        pem = (self.certificates / "agencies" / f"{agency_id}.pem").read_bytes()
        call = Call(
            route.name,
            Tracing([], host="localhost").call(route.name, None),
            certificate_pem=pem[: pem.index(b"-----END CERTIFICATE-----") + 26],
            nonce=os.urandom(32),
            has_nonce=True,
            moment=time.monotonic(),
            deadline=time.monotonic() + 20,
            access_id=new_access_id(),
            route=route,
            done=lambda done, result: self.ended.put((done, result)),
        )
        call.received(request.SerializeToString())
        self.admission.identify(call)
        if key is not None:
            call.officer_session = session(key, call.certificate)
        return call

    def write(self, *calls: Call, hear: int | None = None) -> dict[int, Any]:
        """Write the calls as one batch; gives what each heard, by its id."""
        for call in calls:
            self.writer.put(call)
        self.writer.start(self.batches)
        heard = [self.ended.get(timeout=20) for _ in range(len(calls) if hear is None else hear)]
        return {id(call): result for call, result in heard}

    def enrol(self, agency_id: str = "npb") -> Ed25519PrivateKey:
        key = Ed25519PrivateKey.generate()
        raw = key.public_key().public_bytes_raw()
        self.change(
            "INSERT INTO officer (key_id, agency_id, officer_number, public_key, jurisdiction, grade, access_id,"
            " enrolled_by) VALUES (%s, %s, 'BELT-1', %s, '{}', 17, gen_random_uuid(), sha256(''))",
            (hashlib.sha256(raw).digest(), agency_id, raw),
        )
        self.admission.directory.reload()
        return key

    def change(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Change the directory, as another process does."""
        with self.database.owner() as owner:
            owner.execute(statement, parameters)
            deciding.record(owner, self.keyring)

    def disable(self, agency_id: str) -> None:
        with self.database.owner() as owner:
            deciding.set_enabled(owner, agency_id, enabled=False)
            deciding.record(owner, self.keyring)

    def one(self, query: str) -> Any:
        with self.database.transaction() as connection:
            row = connection.execute(query).fetchone()
        return row[0] if row else None

    def order(self) -> list[bytes]:
        """Access ids of the calls in the order of the ledger."""
        with self.database.transaction() as connection:
            rows = connection.execute("SELECT access_id FROM ledger_entry WHERE agency <> '' ORDER BY index").fetchall()
        return [access_id.bytes for (access_id,) in rows]


@pytest.fixture
def recorded(settings: config.Settings, database: Database, keyring: Keyring, certificates: Path) -> Iterator[Recorded]:
    """A writer that isn't started yet, on a database with the example agencies."""
    SEEN.clear()
    DECIDED.clear()
    policies.enter(database, keyring)
    guard = CommitGuard(database.connect, timeout_seconds=5)
    writer: Writer[Call] = Writer(database.writer, Ledger(keyring, settings.ledger_origin), guard)
    found = Recorded(
        database,
        writer,
        Admission(Directory(database, functools.partial(directory_proof.prove, keys=LogKeys.of(keyring))), Officers()),
        certificates,
        keyring,
    )
    found.batches = Batches(
        found.admission,
        Messages.load(),
        Tracing([], host="localhost"),
        enter=found.enter,
        run_elsewhere=found.elsewhere.append,
        on_change=lambda: found.changed.append(True),
    )
    yield found
    writer.close()
    guard.close()


def acknowledgement(agency_id: str, through: int) -> Row:
    return Row(cursors.TABLE, (agency_id, through))


def disabling(key: Ed25519PrivateKey, agency_id: str) -> Row:
    key_id = hashlib.sha256(key.public_key().public_bytes_raw()).digest()
    values = (key_id, 1, agency_id, 1, key_id, None, dt.datetime.now(dt.UTC), new_access_id())
    return Row(DISABLED_OFFICERS, values)


def acknowledged(agency_id: str, through: int) -> Seen:
    return Seen(cursors.ACKNOWLEDGED, (agency_id,), through)


def is_receipt_of(result: Any, call: Call) -> bool:
    """Whether the receipt is this call's and covers its answer."""
    assert isinstance(result, receipt_pb2.Receipt), result
    leaf = leaf_pb2.Leaf.FromString(result.leaf)
    answer_hash = hashlib.sha256(call.nonce + call.answer).digest()
    return (leaf.access_id, leaf.answer_hash, leaf.call_hash) == (call.access_id, answer_hash, call.call_hash)


def test_who_only_reads_comes_before_who_changes_something(recorded: Recorded) -> None:
    # All of a batch read the same state, so an answer never comes after a change that it doesn't know of.
    key = recorded.enrol()
    directory = recorded.plain(rows=[disabling(key, "npb")])
    change = recorded.plain(rows=[acknowledgement("punjab-police", 1)])
    look_up, plain, refused = recorded.look_up(key), recorded.plain(), recorded.refused()
    version = recorded.admission.directory.current.version
    results = recorded.write(directory, change, look_up, plain, refused)
    assert all(is_receipt_of(results[id(call)], call) for call in (directory, change, look_up, plain, refused))
    # What a look-up uses up counts behind it, so that it comes behind whoever has only read, too.
    assert recorded.order() == [call.access_id for call in (plain, refused, look_up, change, directory)]
    assert SEEN == [0]
    assert recorded.one("SELECT count(*) FROM event_acknowledgement") == 1
    assert recorded.one("SELECT count(*) FROM officer_disabled") == 1
    assert recorded.one("SELECT directory_version FROM ledger_head") == version + 1
    assert recorded.changed == [True]


def test_nobody_is_woken_for_a_batch_that_changes_nothing(recorded: Recorded) -> None:
    recorded.write(recorded.plain(), recorded.refused())
    assert recorded.changed == []


def test_a_call_whose_version_has_moved_is_the_only_one_to_run_again(recorded: Recorded) -> None:
    with recorded.database.owner() as owner:
        owner.execute("INSERT INTO event_acknowledgement VALUES ('npb', 7)")
    stale = recorded.plain(rows=[acknowledgement("npb", 8)], seen=[acknowledged("npb", 6)])
    good = recorded.plain(
        "punjab-police",
        [acknowledgement("punjab-police", 1)],
        [acknowledged("punjab-police", 0), acknowledged("npb", 7)],
    )
    results = recorded.write(stale, good)
    assert isinstance(results[id(stale)], StaleRead)
    assert is_receipt_of(results[id(good)], good)
    assert recorded.order() == [good.access_id]
    assert recorded.one("SELECT max(through_sequence) FROM event_acknowledgement WHERE agency_id = 'npb'") == 7


def test_of_two_calls_on_one_version_the_second_runs_again(recorded: Recorded) -> None:
    # Both have read the same, and the first moves it on: no lock of the database's tells them apart in one batch.
    first, second = (
        recorded.plain(rows=[acknowledgement("npb", through)], seen=[acknowledged("npb", 0)]) for through in (1, 2)
    )
    other = recorded.plain("punjab-police", [acknowledgement("punjab-police", 1)], [acknowledged("punjab-police", 0)])
    reader = recorded.plain(seen=[acknowledged("npb", 0)])
    results = recorded.write(first, second, other, reader)
    assert isinstance(results[id(second)], StaleRead)
    assert all(is_receipt_of(results[id(call)], call) for call in (first, other, reader))
    assert recorded.order() == [reader.access_id, first.access_id, other.access_id]


def test_a_call_that_was_gated_before_its_officer_was_disabled_is_refused(recorded: Recorded) -> None:
    # Under the lock, by the newest directory; it isn't recorded as allowed, and its neighbours are.
    key, other = recorded.enrol(), recorded.enrol()
    officers = [hashlib.sha256(each.public_key().public_bytes_raw()).digest() for each in (key, other)]
    before = recorded.admission.directory.current
    recorded.change(
        "INSERT INTO officer_disabled (key_id, reason, decided_by, agency_id, access_id)"
        " VALUES (%s, 1, sha256(''), 'npb', gen_random_uuid())",
        (officers[0],),
    )
    disabled, enabled, plain = recorded.look_up(key), recorded.look_up(other), recorded.plain()
    results = recorded.write(disabled, enabled, plain)
    assert isinstance(results[id(disabled)], errors.Denied)
    assert is_receipt_of(results[id(enabled)], enabled)
    assert is_receipt_of(results[id(plain)], plain)
    assert enabled.directory is recorded.admission.directory.current is not before
    assert set(recorded.order()) == {enabled.access_id, plain.access_id}


@pytest.mark.parametrize("others", [("two", "three"), ()])
def test_a_look_up_that_may_not_be_made_now_uses_nothing_up(recorded: Recorded, others: Sequence[str]) -> None:
    # What a batch decides counts for the next in it, as a use of a grant. It isn't told either: the call may run again.
    key, other = recorded.enrol(), recorded.enrol()
    stale = recorded.look_up(key, "refuse")
    recorded.enter(stale)
    stale.route.run(stale, None)
    officer = hashlib.sha256(key.public_key().public_bytes_raw()).digest()
    recorded.change(
        "INSERT INTO officer_disabled (key_id, reason, decided_by, agency_id, access_id)"
        " VALUES (%s, 1, sha256(''), 'npb', gen_random_uuid())",
        (officer,),
    )
    calls = [recorded.look_up(other, ticket) for ticket in others]
    results = recorded.write(stale, *calls)
    assert isinstance(results[id(stale)], errors.Denied)
    assert stale.error is None
    assert ([list(others)] if others else []) == DECIDED
    for call in calls:
        assert is_receipt_of(results[id(call)], call)


@pytest.mark.parametrize("agency_id", ["npb", "sindh-police"])
def test_a_call_that_saw_another_directory_runs_again_or_is_refused(recorded: Recorded, agency_id: str) -> None:
    # A handler may have read any agency of it. One that is disabled itself hears why.
    call = recorded.plain()
    recorded.disable(agency_id)
    results = recorded.write(call)
    assert isinstance(results[id(call)], errors.Unauthenticated if agency_id == "npb" else StaleRead)
    assert recorded.order() == []


def test_a_call_that_was_decided_by_another_policy_runs_again(recorded: Recorded, keyring: Keyring) -> None:
    # Its gate, its checks and its law are of one version, and that is the one in force when it is recorded.
    call = recorded.plain()
    toml = source.packaged("grants.toml").read_bytes().replace(b"\nuses_per_subject = 1\n", b"\nuses_per_subject = 9\n")
    policies.replace(recorded.database, keyring, "grants", toml)
    results = recorded.write(call)
    assert isinstance(results[id(call)], StaleRead)
    assert recorded.admission.directory.current.policy.grants.uses_per_subject == 9


def test_a_refusal_is_recorded_whatever_the_directory_says_now(recorded: Recorded) -> None:
    # It was refused for what the request is; nothing is shown.
    call = recorded.refused(errors.InvalidFields())
    recorded.disable("npb")
    assert is_receipt_of(recorded.write(call)[id(call)], call)


@pytest.mark.parametrize("error", [errors.NoRecord, errors.WrongState, errors.EtagMismatch])
def test_a_refusal_that_tells_of_the_register_is_told_to_nobody_who_may_not_ask(
    recorded: Recorded, error: type[errors.ApiError]
) -> None:
    # "No record" is an answer: an agency that is shut out hears from the next call on that it is, and nothing else.
    shut_out = recorded.refused(error())
    recorded.disable("npb")
    assert isinstance(recorded.write(shut_out)[id(shut_out)], errors.Unauthenticated)
    assert recorded.order() == []


def test_a_call_that_fails_touches_no_neighbour(recorded: Recorded) -> None:
    # An acknowledgement of nothing breaks a rule of the table; what is beside it is written as if it weren't there.
    key = recorded.enrol()
    bad = recorded.plain(rows=[acknowledgement("nobody", 1)])
    good = recorded.plain(rows=[acknowledgement("npb", 1)])
    look_up = recorded.look_up(key)
    results = recorded.write(bad, good, look_up)
    assert type(results[id(bad)]).__name__ == "ForeignKeyViolation"
    assert is_receipt_of(results[id(good)], good)
    assert is_receipt_of(results[id(look_up)], look_up)
    assert set(recorded.order()) == {good.access_id, look_up.access_id}


def test_a_refused_look_up_shares_the_commit(recorded: Recorded) -> None:
    # A miss must cost what a hit costs: one entry, one commit, and a receipt over the status that is sent.
    key = recorded.enrol()
    calls = [recorded.look_up(key, ticket) for ticket in ("NPB-1", "refuse", "NPB-2")]
    results = recorded.write(*calls)
    assert all(is_receipt_of(results[id(call)], call) for call in calls)
    refused = calls[1]
    assert isinstance(refused.error, errors.NoRecord)
    assert status_pb2.Status.FromString(refused.answer).code == refused.error.code
    outcomes = [leaf_pb2.Leaf.FromString(results[id(call)].leaf).outcome for call in calls]
    assert outcomes == [leaf_pb2.OUTCOME_ALLOWED, leaf_pb2.OUTCOME_REFUSED, leaf_pb2.OUTCOME_ALLOWED]
    assert SEEN == [0]


@pytest.mark.parametrize("spoil", ["bytes", "officer"])
def test_a_look_up_that_is_not_in_order_is_given_to_another_thread(recorded: Recorded, spoil: str) -> None:
    # It may have to wait for the database there; here it would hold up everybody.
    key = recorded.enrol()
    wrong = recorded.look_up(key if spoil == "bytes" else None)
    if spoil == "bytes":
        wrong.received(b"\xff\xff")
    good = recorded.look_up(key)
    results = recorded.write(wrong, good, hear=1)
    assert is_receipt_of(results[id(good)], good)
    assert recorded.elsewhere == [wrong]
    assert recorded.order() == [good.access_id]


def test_counted_refusals_have_one_entry(recorded: Recorded) -> None:
    # It stands for all of them, without a route.
    call = Call(
        LIST,
        Tracing([], host="localhost").call(LIST, None),
        agency=recorded.plain().agency,
        access_id=new_access_id(),
        deadline=time.monotonic() + 20,
        count=17,
        done=lambda done, result: recorded.ended.put((done, result)),
    )
    leaf = leaf_pb2.Leaf.FromString(recorded.write(call)[id(call)].leaf)
    assert (leaf.count, leaf.outcome, leaf.agency) == (17, leaf_pb2.OUTCOME_REFUSED, "npb")
