"""A register of one's own with enrolled officers and one confirmed offender, for loads that go on through crashes.

The port stays the same over restarts, so that clients come back by themselves as an agency's would.
"""

from __future__ import annotations

import contextlib
import random
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString
from urllib.parse import quote

import grpc
import psycopg
from grpc_health.v1 import health_pb2, health_pb2_grpc
from psycopg.conninfo import conninfo_to_dict

from demo.running import RunningRegister
from nsor.client import Client
from nsor.officer import OfficerKey
from nsor.retries import Retries
from nsor.v1 import registration_pb2
from nsor_server import config
from nsor_server.storage.attach import attached
from nsor_server.storage.embedded import SERVER, SUPERUSER, EmbeddedPostgres
from tests import ample_budgets
from tests.e2e.agencies import punjabis
from tests.ledger.lost_standby import Standby
from tests.polling import until
from tests.ports import free_address

PROSECUTION = "punjab-prosecution"
COURT = "lahore-special-court"
BUREAU = "npb"
BORDER = "fia-immigration"
POLICE = "punjab-police"
COMMITTEE = "special-committee"
WITH_OFFICERS = (PROSECUTION, COURT, BUREAU, POLICE, BORDER)

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
HEALTH_SECONDS = 5.0
EVENT_SECONDS = 60.0
"""Until a committed event has its number, at the latest."""


@dataclass
class Deployment:
    """A register that runs, the agencies' clients, and the people they know.

    Attributes:
        register: the register's processes.
        offender: CNIC of the confirmed offender.
        registrations: ids of all that were entered, as far as it is known.
    """

    register: RunningRegister
    offender: str = ""
    registrations: set[str] = field(default_factory=set)
    _officers: dict[str, OfficerKey] = field(default_factory=dict)
    _clients: dict[str, Client] = field(default_factory=dict)
    _connecting: threading.Lock = field(default_factory=threading.Lock)
    _retired: list[Client] = field(default_factory=list)
    _orders: Iterator[registration_pb2.CreateRegistrationRequest] = field(default_factory=lambda: iter(()))
    _ordering: threading.Lock = field(default_factory=threading.Lock)

    def client(self, agency: str) -> Client:
        """The agency's client, which never repeats a call by itself: each outcome is seen as it is."""
        with self._connecting:
            if agency not in self._clients:
                self._clients[agency] = self._connect(agency)
            return self._clients[agency]

    @property
    def clients(self) -> Mapping[str, Client]:
        """All clients that were used, by agency."""
        return self._clients

    def order(self) -> registration_pb2.CreateRegistrationRequest:
        """A conviction order of Punjab that nobody has seen."""
        with self._ordering:
            return next(self._orders)

    def health(self) -> int:
        """What the register says of itself.

        Raises:
            grpc.RpcError: nothing, within a few seconds.
        """
        own = self.register.certs / "agencies" / BUREAU
        credentials = grpc.ssl_channel_credentials(
            (self.register.certs / "ca.pem").read_bytes(),
            own.with_suffix(".key").read_bytes(),
            own.with_suffix(".pem").read_bytes(),
        )
        with grpc.secure_channel(self.register.address, credentials) as channel:
            check = health_pb2_grpc.HealthStub(channel).Check
            answer = check(health_pb2.HealthCheckRequest(), timeout=HEALTH_SECONDS, wait_for_ready=True)
        return int(answer.status)

    @contextlib.contextmanager
    def owner(self) -> Iterator[psycopg.Connection]:
        """A connection as the tables' owner, to see what is stored."""
        with (
            attached(config.load(self.register.environment)) as database,
            contextlib.closing(database.owner()) as connection,
        ):
            yield connection

    def last_event(self, agency: str) -> int:
        """Number of the agency's last event, once every committed one has a number."""
        with self.owner() as owner:
            owner.autocommit = True
            pending = "SELECT count(*) FROM outbox WHERE recipient = %s"
            until(lambda: owner.execute(pending, (agency,)).fetchone() == (0,), seconds=EVENT_SECONDS)
            last = "SELECT coalesce(max(sequence), 0) FROM agency_event WHERE agency_id = %s"
            return int(owner.execute(last, (agency,)).fetchall()[0][0])

    def backends(self) -> set[int]:
        """Process ids of PostgreSQL's backends that the server uses."""
        with self.owner() as owner:
            rows = owner.execute("SELECT pid FROM pg_stat_activity WHERE usename = 'nsor_server'")
            return {pid for (pid,) in rows}

    @property
    def postmaster(self) -> int:
        """Process id of the embedded PostgreSQL, which runs."""
        found = EmbeddedPostgres(self.register.state).postmaster_pid
        if found is None:
            raise RuntimeError("PostgreSQL doesn't run")
        return found

    @contextlib.contextmanager
    def standby(self) -> Iterator[Standby]:
        """A synchronous standby that may be lost; it is back at the end."""
        with self._embedded() as embedded, contextlib.closing(Standby(embedded)) as standby:
            yield standby

    @contextlib.contextmanager
    def slow_commits(self) -> Iterator[None]:
        """Let each commit take 20 ms, as on a slow disk, so that every crash finds some in the middle."""
        self._alter("SET commit_delay = 20000", "SET commit_siblings = 0")
        yield
        self._alter("RESET commit_delay", "RESET commit_siblings")

    @contextlib.contextmanager
    def administrator(self) -> Iterator[psycopg.Connection]:
        """A connection of PostgreSQL's superuser, in autocommit."""
        with (
            self._embedded() as embedded,
            psycopg.connect(embedded.conninfo(SUPERUSER, "postgres"), autocommit=True) as administrator,
        ):
            yield administrator

    def _alter(self, *changes: LiteralString) -> None:
        with self.administrator() as administrator:
            for change in changes:
                administrator.execute(f"ALTER SYSTEM {change}")
            administrator.execute("SELECT pg_reload_conf()")

    def prepare(self) -> None:
        """Enrol an officer for each agency that needs one, and have one offender entered and confirmed."""
        self._orders = punjabis(random.SystemRandom().randrange(1 << 30))
        for agency in WITH_OFFICERS:
            self.replace_officer(agency)
        order = self.order()
        created = self.client(PROSECUTION).registration.create_registration(order).message
        self.client(COURT).registration.confirm_registration(
            registration_pb2.ConfirmRegistrationRequest(
                request_id=str(uuid.uuid4()),
                registration_id=created.registration_id,
                etag=created.etag,
                case_number=order.convictions[0].court_case.case_number,
                judgment_date=order.convictions[0].judgment_date,
            )
        )
        self.offender = order.person.cnic
        self.registrations.add(created.registration_id)

    @contextlib.contextmanager
    def _embedded(self) -> Iterator[EmbeddedPostgres]:
        """The embedded PostgreSQL, in use by us as well for a while."""
        embedded = EmbeddedPostgres(self.register.state)
        embedded.start()
        try:
            yield embedded
        finally:
            embedded.stop()

    def replace_officer(self, agency: str, *, decides: bool = True) -> tuple[Client, bytes]:
        """Enrol another officer for an agency, who acts from now on; ``decides`` as well, or only reads.

        Returns:
            The client of before, which goes on to act for the old officer, and the id of his key; empty: none.
        """
        old, old_key, key = self.client(agency), self._officers.get(agency), OfficerKey.generate()
        # As the register writes numbers, without zeros before them: the proof of the key is over what it writes.
        number = f"BELT-{1 + int.from_bytes(key.key_id[:3], 'big')}"
        self.register.enrol(agency, key, number, decides=decides)
        with self._connecting:
            self._officers[agency] = key
            self._clients[agency] = self._connect(agency)
        self._retired.append(old)
        return old, old_key.key_id if old_key else b""

    def connect_again(self) -> None:
        """Have the clients connect anew at their next call: after a restart those of before wait before they try."""
        with self._connecting:
            self._retired += self._clients.values()
            self._clients.clear()

    @contextlib.contextmanager
    def new_client(self, agency: str) -> Iterator[Client]:
        """A client of the agency that connects anew: one that wasn't used since a restart waits before it tries."""
        with contextlib.closing(self._connect(agency)) as client:
            yield client

    def close(self) -> None:
        """Close the clients."""
        for client in (*self._clients.values(), *self._retired):
            client.close()

    def _connect(self, agency: str) -> Client:
        own = self.register.certs / "agencies" / agency
        return Client(
            self.register.address,
            certificate=own.with_suffix(".pem"),
            key=own.with_suffix(".key"),
            ca=self.register.certs / "ca.pem",
            ledger_key=self.register.ledger_key,
            state_dir=self.register.folder / "clients" / agency,
            officer=self._officers.get(agency),
            retries=Retries(attempts=1),
        )


@contextlib.contextmanager
def beside(first: Deployment, folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Deployment]:
    """A second process over the first one's database and keys, which outlives the first: PostgreSQL is held."""
    own = first.register
    with attached(config.load(own.environment)) as database:
        if database.url_owner is None:
            raise RuntimeError("the first process has no PostgreSQL of its own")
        at = conninfo_to_dict(database.url_owner)
        all_settings = {
            "NSOR_LISTEN": free_address(),
            "NSOR_POLICY_DIR": own.environment["NSOR_POLICY_DIR"],
            "NSOR_CHECKPOINT_FILE": str(folder / "checkpoints"),
            "NSOR_KEYS": str(own.state / "keys.json"),
            "NSOR_DATABASE_URL": f"postgresql://{SERVER}@/{at['dbname']}?host={quote(str(at['host']))}&port={at['port']}",
            **(settings or {}),
        }
        register = RunningRegister(folder, certs=own.certs, settings=all_settings)
        register.ledger_key = own.ledger_key  # asked of the first: an operator's command needs the owner's access
        register.start()
        deployment = Deployment(register)
        deployment._orders = punjabis(7)
        deployment._officers.update(first._officers)
        try:
            yield deployment
        finally:
            deployment.close()
            register.stop()


@contextlib.contextmanager
def running(
    folder: Path, settings: Mapping[str, str] | None = None, *, prepared: Path | None = None
) -> Iterator[Deployment]:
    """A deployment whose register runs, a copy of a prepared one if there is one; leaving it stops the register."""
    own = {
        "NSOR_LISTEN": free_address(),
        "NSOR_POLICY_DIR": str(ample_budgets.written(folder / "policy")),
    }
    register = RunningRegister(folder / "register", settings={**own, **(settings or {})}, prepared=prepared)
    with register:
        deployment = Deployment(register)
        try:
            deployment.prepare()
            yield deployment
        finally:
            deployment.close()
