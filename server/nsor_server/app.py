"""The one place where the parts meet: builds a running register from settings, and takes it down in order.

Wiring only. What a part does is in its own package; nothing here decides anything about a call.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import grpc

from nsor_server import watches
from nsor_server.access import gate
from nsor_server.access.contract import Contract
from nsor_server.access.directory import Directory, prove_at_start
from nsor_server.access.disclosure import warm
from nsor_server.access.limits import Limits
from nsor_server.access.officers import Officers
from nsor_server.access.penalties import Penalties
from nsor_server.calls import Call
from nsor_server.config import Settings
from nsor_server.directory import policies
from nsor_server.directory.service import DirectoryService
from nsor_server.events.deliverer import Deliverer
from nsor_server.events.numbered import Numbered
from nsor_server.events.waiter import Waiter
from nsor_server.images.photos import Photos
from nsor_server.ledger import (
    directory_proof,
    epoch,
    key_rotation,
    keyring_check,
    migrations,
    outside,
    partitions,
    proofs,
    witness_keys,
)
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Appended
from nsor_server.ledger.guard import CommitGuard
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.ledger.outside import OutsideCopy
from nsor_server.ledger.probe import EVERY_SECONDS, Probe
from nsor_server.ledger.writer import Writer
from nsor_server.lookup.search.index import SearchIndex
from nsor_server.lookup.service import LookupService
from nsor_server.notification.service import NotificationService
from nsor_server.oversight.service import OversightService
from nsor_server.policy.loaded import Policy
from nsor_server.policy.messages import Messages
from nsor_server.registration.service import RegistrationService
from nsor_server.rpc import probes
from nsor_server.rpc import server as rpc_server
from nsor_server.rpc.admission import Admission
from nsor_server.rpc.answers import Answers
from nsor_server.rpc.batches import Batches
from nsor_server.rpc.checks import Checks
from nsor_server.rpc.connections import Connections
from nsor_server.rpc.credentials import Credentials
from nsor_server.rpc.drops import Drops
from nsor_server.rpc.handlers import Handler
from nsor_server.rpc.health import Health
from nsor_server.rpc.methods import Methods
from nsor_server.rpc.metrics import Metrics, Values
from nsor_server.rpc.open_stream import Needs
from nsor_server.rpc.peers import Peers
from nsor_server.rpc.pipeline import Pipeline, share_of
from nsor_server.rpc.reading import Reader
from nsor_server.rpc.reception import Reception
from nsor_server.rpc.refusals import Refusals
from nsor_server.rpc.renewal import Renewal
from nsor_server.rpc.shares import Shares
from nsor_server.rpc.spending import Spending
from nsor_server.rpc.streams import Streams
from nsor_server.storage import catalog, counts, folders, migrate
from nsor_server.storage import keyring as keyrings
from nsor_server.storage.attach import attached
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.clock import Clock
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.migrate import MigrationError
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.supervisor import Supervisor
from nsor_server.storage.waits import Waits
from nsor_server.tracing.exporters import Destination, destinations
from nsor_server.tracing.spans import Tracing

_log = logging.getLogger(__name__)

SPARE_CONNECTIONS = 8
"""Connections that read beyond those of the unary threads: streams read too."""
FLUSH_SECONDS = 3.0
"""Longest that the shutdown waits for a collector of spans."""
PAUSE_SECONDS = 1.0
"""Time for whoever asks for health to hear NOT_SERVING before connections are told to go."""
IDLE_STREAM_SECONDS = 900.0
ANOTHER_SERVES = "another nsor-server serves with this state folder; stop it, or give this one its own NSOR_STATE_DIR"
SPARE_STREAM_THREADS = 8
"""Threads in which streams beyond the limits are refused."""


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
    _renewal: Renewal
    _drain_seconds: float

    @property
    def open_streams(self) -> int:
        """Streams that are open."""
        return self._streams.count

    def reload(self) -> None:
        """Read the TLS files again, soon; files that are broken change nothing."""
        self._renewal.renew_soon()

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
    contract, messages, metrics = Contract.load(), Messages.load(), Metrics()
    files = Policy.load(settings.policy_dir)
    check_formats(contract, files)
    credentials = Credentials(settings.server_certificate, settings.server_key, settings.client_ca, metrics)
    with contextlib.ExitStack() as stack:
        stack.enter_context(folders.alone(settings.state_dir / "serve.lock", ANOTHER_SERVES))
        pool_size = settings.unary_threads + SPARE_CONNECTIONS
        database = stack.enter_context(attached(settings, pool_size=pool_size, begins=True))
        prepare_database(settings, database)
        keyring = _keyring(settings, database)
        with database.transaction() as connection:  # before the first entry of this start: none is put upon an edit
            prove_at_start(connection, functools.partial(directory_proof.prove, keys=LogKeys.of(keyring)))
        with database.transaction() as connection:
            migrations.record(connection, keyring, settings.ledger_origin)
            policies.begin(connection, keyring, settings.ledger_origin, files)
        clock = Clock()
        parts = _Parts(
            stack, settings, environ, contract, files, messages, metrics, credentials, database, keyring, clock
        )
        register = parts.register()
        stack.callback(register.drain)
        yield register


def check_formats(contract: Contract, policy: Policy) -> None:
    """See that the contract leaves no room for free text; raises the checker's ContractError."""
    policy.checker.validate_contract(contract.services)
    warm(
        (rule.response_class.DESCRIPTOR, frozenset().union(*(allowed.purposes for allowed in rule.allow.values())))
        for rule in contract.methods.values()
    )


def prepare_database(settings: Settings, database: Database) -> None:
    """Bring an embedded database to this version, and see that the database may be relied on.

    Raises:
        OperatorError: migrations are missing, it isn't durable, or the clocks differ.
    """
    files = migrate.load()
    if settings.embedded:
        with database.owner() as owner:
            migrate.apply(owner, files)
    database.open()
    with database.transaction() as connection:
        missing = migrate.pending(connection, files)
    if missing:
        raise MigrationError(f"{len(missing)} migrations are not applied; run `nsor-server migrate`")
    with database.transaction() as connection:
        catalog.check(connection)
        told = counts.told(connection)
    if told:
        _log.warning("%s", told)
    database.check_durable()
    database.check_clock()


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


def handlers(
    keyring: Keyring, durable: Callable[[], int], photos: Photos, numbered: Numbered, names: SearchIndex
) -> Sequence[Handler]:
    """The handlers of every service.

    Args:
        keyring: what they seal and find by.
        durable: gives how many entries this process knows to be durable.
        photos: decodes what is given as one.
        numbered: what this process knows of numbered events.
        names: what searches by name go by.
    """
    sealer, blind_index = Sealer(keyring), BlindIndex(keyring)
    lookups = LookupService(keyring, durable, names)
    services = (
        RegistrationService(sealer, blind_index, photos, durable),
        NotificationService(sealer, blind_index, durable, numbered),
        lookups,
        OversightService(keyring, durable),
        DirectoryService(lookups.ended_with, blind_index),
    )
    return [handler for service in services for handler in service.handlers()]


def _spans(spans_to: Sequence[Destination]) -> Values:
    """Spans by destination and what became of them."""
    return {
        (each.name, state): count
        for each in spans_to
        for state, count in (
            ("ended", each.counts.ended),
            ("exported", each.counts.exported),
            ("failed", each.counts.failed),
            ("dropped", each.dropped),
        )
    }


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the parts are made of. Each is started with its stop on the stack: they stop in the reverse order."""

    stack: contextlib.ExitStack
    settings: Settings
    environ: Mapping[str, str]
    contract: Contract
    files: Policy
    messages: Messages
    metrics: Metrics
    credentials: Credentials
    database: Database
    keyring: Keyring
    clock: Clock
    numbered: Numbered = field(default_factory=Numbered)
    spans_to: list[Destination] = field(default_factory=list)

    def register(self) -> Register:
        """Every part, from the database up to the door."""
        settings, stack = self.settings, self.stack
        tracing = self._tracing()
        copy = self._outside_copy()
        writer = self._writer(copy)
        admission = self._admission(writer)
        reception = self._reception()
        answers = Answers(self.metrics, reception)
        limits = self._limits()
        connections = Connections(settings.connections_per_certificate)
        peers = Peers(Penalties(limits.is_full), lambda: admission.directory.current, connections)
        drops = Drops(peers, tracing, self.metrics, lambda: admission.directory.current)
        refusals = Refusals(writer, answers, drops, self.messages)
        reader = self._reader(writer)
        pool, max_bytes = self._shares(), settings.maximum_message_bytes
        streams = self._streams(
            Needs(reader, admission, writer, answers, tracing, self._waiter(), limits, pool=pool, max_bytes=max_bytes)
        )
        pipeline = Pipeline(
            peers=peers,
            tracing=tracing,
            admission=admission,
            limits=limits,
            reception=reception,
            reader=reader,
            refusals=refusals,
            answers=answers,
            streams=streams,
            writer=writer,
            pool=pool,
            checks=self._checks(),
            stream_pool=self._pool(settings.stream_threads + SPARE_STREAM_THREADS, "stream"),
            max_bytes=max_bytes,
        )
        deliverer = self._deliverer(tracing)
        writer.start(
            Batches(
                admission,
                self.messages,
                tracing,
                enter=functools.partial(pipeline.enter, wait=False),
                run_elsewhere=pipeline.run_elsewhere,
                on_change=deliverer.wake,
            )
        )
        refusals.start()
        stack.callback(writer.close)
        stack.callback(refusals.close)
        made_of = self.database, self.keyring, writer, admission.directory, tracing
        for each in watches.parts(*made_of, metrics=self.metrics):
            self._started(each)
        services = frozenset(rule.service for rule in self.contract.methods.values())
        unproved = admission.directory.unproved

        def healthy() -> bool:
            return (
                writer.healthy
                and not unproved.seconds
                and copy.behind_seconds <= settings.copy_patience_seconds
                and deliverer.behind_seconds <= settings.events_patience_seconds
            )

        health = Health(pipeline, services, healthy)
        self._expose(admission.directory, writer, copy, deliverer)
        self._expose_load(writer, copy, pool, streams)
        if settings.metrics_listen is not None:
            stack.callback(probes.serve(settings.metrics_listen, self.metrics.registry, health.is_serving))
        photos = Photos()
        stack.callback(photos.close)
        methods = Methods(
            self.contract, handlers(self.keyring, lambda: writer.size, photos, self.numbered, self._names())
        )
        methods.accept(pipeline.accept, health.methods())
        server, port = rpc_server.build(
            methods,
            self.credentials,
            peers.admit,
            address=settings.listen,
            maximum_message_bytes=settings.maximum_message_bytes,
        )
        tracing.listening(port)
        connections.listening(port)
        self._started(connections)
        server.start()
        renewal = Renewal(self.credentials, self._host.strip("[]"), port)
        self._started(renewal)
        self.metrics.watch(
            "nsor_handshakes",
            lambda: {("begun",): self.credentials.begun - renewal.begun, ("called",): connections.called},
        )
        return Register(f"{self._host}:{port}", server, health, streams, renewal, settings.drain_seconds)

    def _expose(self, directory: Directory, writer: Writer[Call], copy: OutsideCopy, deliverer: Deliverer) -> None:
        """Have metrics say how the service is."""
        one = self.metrics.watch_one
        one("nsor_directory_unproved_seconds", lambda: directory.unproved.seconds)
        one("nsor_ledger_healthy", lambda: writer.healthy)
        one("nsor_outside_copy_behind_seconds", lambda: copy.behind_seconds)
        one("nsor_outside_copy_age_seconds", lambda: copy.age_seconds)
        one("nsor_events_behind_seconds", lambda: deliverer.behind_seconds)
        self.metrics.watch("nsor_agency_certificate_not_after_seconds", lambda: gate.ends(directory.current))
        self._started(watches.figures(self.database, self.metrics))

    def _expose_load(self, writer: Writer[Call], copy: OutsideCopy, pool: Shares, streams: Streams) -> None:
        """Have metrics say how busy the service is."""
        threads, stream_threads = self.settings.unary_threads, self.settings.stream_threads

        def busy() -> Values:
            return {
                ("unary", "busy"): pool.busy,
                ("unary", "all"): threads,
                ("stream", "busy"): streams.count,
                ("stream", "all"): stream_threads,
            }

        def queues() -> Values:
            spans: Values = {(f"spans {each.name}",): each.waiting for each in self.spans_to}
            return {("writer",): writer.waiting, ("unary",): pool.waiting, ("outside copy",): copy.waiting, **spans}

        self.metrics.watch("nsor_threads", busy)
        self.metrics.watch("nsor_queue_length", queues)
        self.metrics.watch("nsor_connections", self.database.connections)

    def _names(self) -> SearchIndex:
        """The names for searches: nobody waits until they are read."""
        names = SearchIndex(self.database, Sealer(self.keyring))
        self.metrics.watch_one("nsor_search_ready", lambda: names.is_ready)
        self._started(names)
        return names

    def _decided_by_the_register(self, policy: Policy) -> None:
        """Prepare the checks of the policy in force, and say whether the files offer another one."""
        check_formats(self.contract, policy)
        offered = policies.offered(self.files, policy)
        if offered:
            _log.warning(offered)

    def _writer(self, copy: OutsideCopy) -> Writer[Call]:
        ledger = Ledger(self.keyring, self.settings.ledger_origin, self.clock)
        with self.database.transaction() as connection:
            ledger.continuity.known(directory_proof.at_start(connection, LogKeys.of(self.keyring)))
            trusted = witness_keys.load(self.settings.witnesses)
            epoch.check(connection, self.keyring, self.settings.ledger_origin, trusted)
            key_rotation.check(connection, self.keyring, self.settings.ledger_origin)

        def copied(appended: Appended) -> None:
            if appended.receipts:
                last = appended.receipts[-1]
                copy.put(last.index + 1, last.checkpoint)

        timeout = self.settings.commit_timeout_seconds
        waits = Waits()
        probe = Probe(self.keyring, self.settings.checkpoint_file, waits)
        guard = CommitGuard(
            self.database.connect,
            timeout_seconds=timeout,
            on_commit=copied,
            trial=probe,
            probe_seconds=EVERY_SECONDS,
        )
        self.stack.callback(guard.close)
        if self.database.embedded is not None:
            self._started(Supervisor(self.database.embedded, guard.fail))
        self._started(partitions.Keeper(self.database))
        return Writer(
            self.database.writer,
            ledger,
            guard,
            owner=share_of,
            weight=lambda call: call.weight,
            patience=lambda call: call.patience,
            waits=waits,
            on_written=self.metrics.committed,
            on_connect=probe.resume,
        )

    def _outside_copy(self) -> OutsideCopy:
        path = self.settings.checkpoint_file

        def compared() -> int:
            with self.database.transaction() as connection:
                return outside.compare(connection, path)

        size = compared()

        def missed(size: int, most: int) -> list[tuple[int, bytes]]:
            with self.database.transaction() as connection:
                return proofs.checkpoints_after(connection, size, most)

        copy = OutsideCopy(path, missed, size=size, marker=self.settings.copy_marker, resume=compared)
        self.stack.callback(copy.close)
        return copy

    def _tracing(self) -> Tracing:
        settings = self.settings
        spans_to = destinations(self.environ, store_in=settings.state_dir if settings.trace_store else None)
        tracing = Tracing(spans_to, host=self._host.strip("[]"))
        self.stack.callback(tracing.shutdown, FLUSH_SECONDS)
        self.spans_to.extend(spans_to)
        self.metrics.watch("nsor_spans", lambda: _spans(spans_to))
        return tracing

    def _admission(self, writer: Writer[Call]) -> Admission:
        prove = functools.partial(directory_proof.prove, keys=LogKeys.of(self.keyring))
        directory = Directory(self.database, prove, self.clock, lambda: writer.size)
        self._decided_by_the_register(directory.current.policy)
        self._started(directory)
        return Admission(directory, Officers())

    def _reader(self, writer: Writer[Call]) -> Reader:
        reader = Reader(self.database, Sealer(self.keyring), Spending(BlindIndex(self.keyring)), lambda: writer.size)
        self._started(reader)
        return reader

    def _limits(self) -> Limits:
        limits = Limits(
            rate_per_second=self.settings.rate_per_second,
            in_flight=self.settings.in_flight_per_agency,
            streams=self.settings.streams_per_agency,
            streams_of_one=self.settings.streams_per_officer,
            all_streams=self.settings.stream_threads,
        )
        self.metrics.watch("nsor_streams", lambda: {(agency,): n for agency, n in limits.open_streams().items()})
        return limits

    def _reception(self) -> Reception:
        reception = Reception()
        self.stack.callback(reception.close)
        return reception

    def _waiter(self) -> Waiter:
        waiter = Waiter(self.database)
        self._started(waiter)
        return waiter

    def _deliverer(self, tracing: Tracing) -> Deliverer:
        deliverer = Deliverer(self.database, self.numbered, tracing)
        self._started(deliverer)
        return deliverer

    def _streams(self, needs: Needs) -> Streams:
        return Streams(needs, idle_seconds=IDLE_STREAM_SECONDS)

    def _started(self, part: watches.Part) -> None:
        part.start()
        self.stack.callback(part.stop)

    def _checks(self) -> Checks:
        checks = Checks()
        self.stack.callback(checks.close)
        return checks

    def _shares(self) -> Shares:
        shares = Shares(self.settings.unary_threads, "unary")
        self.stack.callback(shares.close)
        return shares

    def _pool(self, threads: int, name: str) -> ThreadPoolExecutor:
        pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)
        self.stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        return pool

    @property
    def _host(self) -> str:
        host, _, _ = self.settings.listen.rpartition(":")
        return host
