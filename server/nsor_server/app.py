"""The one place where the parts meet: builds a running register from settings, and takes it down in order.

Wiring only. What a part does is in its own room; nothing here decides anything about a call.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import grpc

from nsor.v1 import directory_pb2, lookup_pb2, notification_pb2, oversight_pb2, registration_pb2
from nsor_server.access.contract import Contract
from nsor_server.access.directory import Directory
from nsor_server.access.disclosure import warm
from nsor_server.access.limits import Limits
from nsor_server.access.officers import Officers
from nsor_server.config import Settings
from nsor_server.directory.service import DirectoryService
from nsor_server.formats.checker import Checker
from nsor_server.ledger import keyring_check, outside, partitions, proofs, subtrees
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Appended
from nsor_server.ledger.group import GroupCommit
from nsor_server.ledger.guard import CommitGuard
from nsor_server.ledger.outside import OutsideCopy
from nsor_server.lookup.batch import Decider
from nsor_server.lookup.service import LookupService
from nsor_server.notification.deliverer import Deliverer
from nsor_server.notification.events import Waiter
from nsor_server.notification.service import NotificationService
from nsor_server.notification.stream import EventStream
from nsor_server.oversight.service import OversightService
from nsor_server.policy.deadlines import Deadlines
from nsor_server.policy.grants import GrantPolicy
from nsor_server.policy.messages import Messages
from nsor_server.policy.narrowing import Narrowing
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places
from nsor_server.registration.service import RegistrationService
from nsor_server.rpc import server as rpc_server
from nsor_server.rpc.admission import Admission
from nsor_server.rpc.batch import Batches, Item
from nsor_server.rpc.calls import Handler
from nsor_server.rpc.credentials import Credentials
from nsor_server.rpc.frontdoor import FrontDoor
from nsor_server.rpc.health import Health
from nsor_server.rpc.methods import GROUPED, Methods
from nsor_server.rpc.metrics import Metrics
from nsor_server.rpc.receiving import Receiver
from nsor_server.rpc.refusals import Refusals
from nsor_server.rpc.renewal import Renewal
from nsor_server.rpc.runner import Runner
from nsor_server.rpc.streams import Streams
from nsor_server.storage import keyring as keyrings
from nsor_server.storage import migrate
from nsor_server.storage.attach import attached
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.migrate import MigrationError
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from nsor_server.tracing.exporters import destinations
from nsor_server.tracing.spans import Tracing

POOL_SIZE = 24
FLUSH_SECONDS = 3.0
"""Longest that the shutdown waits for a collector of spans."""
PAUSE_SECONDS = 1.0
"""Time for whoever asks for health to hear NOT_SERVING before connections are told to go."""
IDLE_STREAM_SECONDS = 900.0
SPARE_STREAM_THREADS = 8
"""Threads in which streams beyond the limits are refused."""
STREAM_METHOD = "nsor.v1.NotificationService/SubscribeEvents"

_FILES = (directory_pb2, lookup_pb2, notification_pb2, oversight_pb2, registration_pb2)


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy data in force."""

    places: Places
    offences: OffenceTable
    deadlines: Deadlines
    grants: GrantPolicy
    narrowing: Narrowing
    messages: Messages

    @classmethod
    def load(cls) -> Policy:
        """Load all of it; raises PolicyError."""
        return cls(
            Places.load(),
            OffenceTable.load(),
            Deadlines.load(),
            GrantPolicy.load(),
            Narrowing.load(),
            Messages.load(),
        )


@dataclass(frozen=True, slots=True)
class Register:
    """A register that serves.

    Attributes:
        address: HOST:PORT that it listens on.
    """

    address: str
    _server: grpc.Server
    _health: Health
    _streams: Streams
    _drain_seconds: float

    @property
    def open_streams(self) -> int:
        """Streams that are open."""
        return self._streams.count

    def drain(self) -> None:
        """Say NOT_SERVING, let streams and running calls end, and take no more; returns when all have ended."""
        self._health.drain()
        self._streams.drain()
        threading.Event().wait(min(PAUSE_SECONDS, self._drain_seconds / 4))
        self._server.stop(grace=self._drain_seconds).wait()


@contextlib.contextmanager
def serving(settings: Settings, environ: Mapping[str, str]) -> Iterator[Register]:
    """A register that serves until the block ends, which drains it.

    Args:
        settings: the settings.
        environ: for the OTEL_* variables.

    Raises:
        OperatorError: something that it needs isn't as it must be; nothing was served.
    """
    contract = Contract.load()
    policy = Policy.load()
    checker = checked_formats(policy)
    metrics = Metrics()
    credentials = Credentials(settings.server_certificate, settings.server_key, settings.client_ca, metrics)
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(attached(settings, pool_size=POOL_SIZE))
        prepare_database(settings, database)
        keyring = _keyring(settings, database)
        register = _build(settings, environ, stack, contract, policy, checker, metrics, credentials, database, keyring)
        stack.callback(register.drain)
        yield register


def checked_formats(policy: Policy) -> Checker:
    """The checker of requests; raises its ContractError when the contract leaves room for free text."""
    checker = Checker(policy.places, policy.offences)
    services = [service for file in _FILES for service in file.DESCRIPTOR.services_by_name.values()]
    checker.validate_contract(services)
    warm(tuple(method.output_type for service in services for method in service.methods))
    return checker


def prepare_database(settings: Settings, database: Database) -> None:
    """Bring an embedded database to this version, see that it may be relied on, and that the ledger has partitions.

    Raises:
        OperatorError: migrations are missing, it isn't durable, or the clocks differ.
    """
    migrations = migrate.load()
    if settings.embedded:
        with database.owner() as owner:
            migrate.apply(owner, migrations)
    database.open()
    with database.transaction() as connection:
        missing = migrate.pending(connection, migrations)
    if missing:
        raise MigrationError(f"{len(missing)} migrations are not applied; run `nsor-server migrate`")
    database.check_durable()
    database.check_clock()
    with database.transaction() as connection:
        partitions.extend(connection, subtrees.head(connection).size)


def _keyring(settings: Settings, database: Database) -> Keyring:
    """The keyring; made at the first start of an embedded database, when nothing is sealed yet."""
    if settings.embedded and not settings.keys.startswith(("command:", "fd:")) and not Path(settings.keys).exists():
        with database.transaction() as connection:
            row = connection.execute("SELECT size FROM ledger_head").fetchone()
        if row is not None and row[0] == 0:
            keyrings.write_private(Path(settings.keys), Keyring.new().to_bytes(), replace=False)
    keyring = keyrings.load(settings.keys)
    with database.transaction() as connection:
        keyring_check.check(connection, keyring)
    return keyring


def _build(  # noqa: PLR0917 - called once, above
    settings: Settings,
    environ: Mapping[str, str],
    stack: contextlib.ExitStack,
    contract: Contract,
    policy: Policy,
    checker: Checker,
    metrics: Metrics,
    credentials: Credentials,
    database: Database,
    keyring: Keyring,
) -> Register:
    """Start every part, each with its stop on the stack: they stop in the reverse order."""
    host, _, _ = settings.listen.rpartition(":")
    spans_to = destinations(environ, store_in=settings.state_dir if settings.trace_store else None)
    tracing = Tracing(spans_to, host=host.strip("[]"))
    stack.callback(tracing.shutdown, FLUSH_SECONDS)

    sealer, blind_index = Sealer(keyring), BlindIndex(keyring)
    ledger = Ledger(keyring, settings.ledger_origin)
    copy = _outside_copy(settings, database, stack)
    guard = CommitGuard(database.connect, timeout_seconds=settings.commit_timeout_seconds, on_commit=_copying(copy))
    stack.callback(guard.close)
    directory = Directory(database)
    directory.start()
    stack.callback(directory.stop)
    admission = Admission(directory, Officers(), policy.narrowing)
    decider = Decider(sealer, blind_index)
    batches = Batches(admission, decider, policy.messages, tracing)
    group: GroupCommit[Item] = GroupCommit(database.writer, ledger, guard, batches.decide)
    stack.callback(group.close)
    refusals = Refusals(group, policy.messages)
    stack.callback(refusals.close)
    receiver = Receiver(settings.maximum_message_bytes, crowd=settings.unary_threads // 2)
    stack.callback(receiver.close)
    limits = Limits(
        rate_per_second=settings.rate_per_second,
        in_flight=settings.in_flight_per_agency,
        streams=settings.streams_per_agency,
        all_streams=settings.stream_threads,
    )
    unary_pool = _pool(stack, settings.unary_threads, "unary")
    door = FrontDoor(admission, limits, receiver, checker, refusals, tracing, metrics, unary_pool)
    runner = Runner(database, sealer, ledger, guard, group, decider, admission, tracing)

    deliverer = Deliverer(database)
    deliverer.start()
    stack.callback(deliverer.stop)
    waiter = Waiter(database)
    waiter.start()
    stack.callback(waiter.stop)
    streams = Streams(door, runner, waiter, idle_seconds=IDLE_STREAM_SECONDS)
    health = Health(door, frozenset(rule.service for rule in contract.methods.values()), lambda: group.healthy)
    metrics.watch(spans_to, lambda: group.healthy)
    if settings.metrics_listen is not None:
        stack.callback(metrics.serve(settings.metrics_listen))

    methods = Methods(
        contract,
        _handlers(contract, policy, sealer, blind_index, keyring),
        {STREAM_METHOD: EventStream()},
        door=door,
        runner=runner,
        streams=streams,
        health=health,
        stream_pool=_pool(stack, settings.stream_threads + SPARE_STREAM_THREADS, "stream"),
    )
    server, port = rpc_server.build(
        methods,
        credentials,
        unary_pool,
        address=settings.listen,
        maximum_message_bytes=settings.maximum_message_bytes,
    )
    tracing.listening(port)
    server.start()
    renewal = Renewal(credentials, host.strip("[]"), port)
    renewal.start()
    stack.callback(renewal.stop)
    return Register(f"{host}:{port}", server, health, streams, settings.drain_seconds)


def _handlers(
    contract: Contract, policy: Policy, sealer: Sealer, blind_index: BlindIndex, keyring: Keyring
) -> dict[str, Handler]:
    """Each service's methods by their full names."""
    services: dict[str, object] = {
        "nsor.v1.RegistrationService": RegistrationService(sealer, blind_index, policy.offences),
        "nsor.v1.NotificationService": NotificationService(sealer, policy.places, policy.deadlines),
        "nsor.v1.LookupService": LookupService(
            sealer,
            places=policy.places,
            offences=policy.offences,
            deadlines=policy.deadlines,
            grants=policy.grants,
        ),
        "nsor.v1.OversightService": OversightService(keyring),
        "nsor.v1.DirectoryService": DirectoryService(),
    }
    return {
        name: getattr(services[rule.service], name.rpartition("/")[2])
        for name, rule in contract.methods.items()
        if not rule.streaming and name != GROUPED
    }


def _outside_copy(settings: Settings, database: Database, stack: contextlib.ExitStack) -> OutsideCopy:
    with database.transaction() as connection:
        size = outside.compare(connection, settings.checkpoint_file)

    def missed(size: int, most: int) -> list[tuple[int, bytes]]:
        with database.transaction() as connection:
            return proofs.checkpoints_after(connection, size, most)

    copy = OutsideCopy(settings.checkpoint_file, missed, size=size)
    stack.callback(copy.close)
    return copy


def _copying(copy: OutsideCopy) -> Callable[[Appended], None]:
    def put(appended: Appended) -> None:
        if appended.receipts:
            last = appended.receipts[-1]
            copy.put(last.index + 1, last.checkpoint)

    return put


def _pool(stack: contextlib.ExitStack, threads: int, name: str) -> ThreadPoolExecutor:
    pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)
    stack.callback(pool.shutdown, wait=False, cancel_futures=True)
    return pool
