"""The register that is measured: its database on the server's core, and one or two server processes over it."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from demo.running import RunningRegister
from nsor.officer import OfficerKey
from nsor_server import config
from nsor_server.storage.attach import attached
from nsor_server.storage.embedded import SERVER, SUPERUSER, EmbeddedPostgres
from tests import ample_budgets
from tests.bench import processes
from tests.bench.measure import BenchFailed, Target
from tests.ports import free_address

OFFICERS = (
    "punjab-police",
    "punjab-prosecution",
    "lahore-special-court",
    "npb",
    "special-committee",
    "fia-immigration",
    "punjab-prisons",
)
"""Agencies whose officers make the calls."""
_STARTS = 3


@dataclass
class BenchRegister:
    """A register in a folder, and its officers.

    Attributes:
        folder: also takes requests and officers' keys.
        url: the database, as its owner.
        postmaster: process id of PostgreSQL.
        prepared: folder of a register that was prepared, of which this one begins as a copy.
    """

    folder: Path
    settings: Mapping[str, str]
    url: str = ""
    postmaster: int = 0
    officers: dict[str, OfficerKey] = field(default_factory=dict)
    prepared: Path | None = None

    @property
    def certs(self) -> Path:
        """Certificates of the server and of the agencies."""
        return self.folder / "certs"

    def process(self, number: int) -> RunningRegister:
        """Server process ``number``, not yet started: each has a port, a copy of the checkpoints and metrics.

        One process serves with a state folder: others have their own, the first one's keys, and its database by a URL.
        """
        own = {
            "NSOR_CHECKPOINT_FILE": str(self.folder / f"checkpoints-{number}"),
            "NSOR_METRICS_LISTEN": free_address(),
            "NSOR_POLICY_DIR": str(ample_budgets.written(self.folder / "policy")),
        }
        first = RunningRegister(self.folder, certs=self.certs, settings={**self.settings, **own})
        if number == 1:
            return first
        at = conninfo_to_dict(self.url)
        apart = {
            "NSOR_STATE_DIR": str(self.folder / f"state-{number}"),
            "NSOR_KEYS": str(first.state / "keys.json"),
            "NSOR_DATABASE_URL": f"postgresql://{SERVER}@/{at['dbname']}?host={quote(str(at['host']))}&port={at['port']}",
            "NSOR_TRACE_STORE": "on",
        }
        return RunningRegister(self.folder, certs=self.certs, settings={**self.settings, **own, **apart})

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings of an operator's command."""
        return self.process(1).environment

    @contextlib.contextmanager
    def database(self) -> Iterator[None]:
        """Prepare everything and keep PostgreSQL running, so that it outlives the servers, which start and stop."""
        register = self.process(1)
        register.prepared = self.prepared
        register.prepare()
        settings = config.load(register.environment)
        with attached(settings) as database:
            postmaster = EmbeddedPostgres(settings.state_dir).postmaster_pid
            if postmaster is None or database.url_owner is None:
                raise BenchFailed("PostgreSQL doesn't run")
            self.url, self.postmaster = database.url_owner, postmaster
            for agency in OFFICERS:
                self.officers[agency], _ = self.officer(agency)
            yield

    def officer(self, name: str) -> tuple[OfficerKey, bool]:
        """The key of a name, in a file of the folder, and whether it was made now: the folder may have been kept."""
        file = self.folder / f"{name}.officer"
        if file.exists():
            return OfficerKey.load(file), False
        made = OfficerKey.generate()
        made.save(file)
        return made, True

    @contextlib.contextmanager
    def serving(self, count: int, command: Sequence[str] = ()) -> Iterator[tuple[Target, tuple[str, ...]]]:
        """Run ``count`` server processes; gives them as a target, and the addresses of their metrics.

        Args:
            count: how many.
            command: what they run instead of `nsor-server`.
        """
        with contextlib.ExitStack() as stack:
            servers = [self._start(stack, number, command) for number in range(1, count + 1)]
            name = "one server process" if count == 1 else f"{count} server processes"
            ports = tuple(int(server.address.rsplit(":", 1)[1]) for server in servers)
            pids = tuple(server.process.pid for server in servers if server.process)
            metrics = tuple(server.environment["NSOR_METRICS_LISTEN"] for server in servers)
            yield Target(name, ports, pids, (self.postmaster,)), metrics

    def _start(self, stack: contextlib.ExitStack, number: int, command: Sequence[str] = ()) -> RunningRegister:
        server = self.process(number)
        server.command = tuple(command) or server.command
        stack.callback(server.stop)
        with processes.on_core(processes.SERVER_CORE):
            return server.start(timeout_seconds=300)

    def target(self, stack: contextlib.ExitStack, number: int, command: Sequence[str] = ()) -> Target:
        """Run server process ``number`` until the stack is left; ``command`` is what it runs instead of its own."""
        server = self._start(stack, number, command)
        pids = (server.process.pid,) if server.process else ()
        return Target(f"server {number}", (int(server.address.rsplit(":", 1)[1]),), pids, (self.postmaster,))

    def settle(self) -> None:
        """Vacuum, analyse and write to disk what was seeded, so that PostgreSQL doesn't while calls are measured.

        A million registrations would be vacuumed by autovacuum a minute after they were written, for several minutes.
        """
        with psycopg.connect(make_conninfo(self.url, user=SUPERUSER), autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")

    def enrol(self) -> None:
        """Enrol the officers; once, while a server runs."""
        with contextlib.ExitStack() as stack:
            server = self._start(stack, 1)
            for number, (agency, officer) in enumerate(self.officers.items(), 1):
                server.enrol(agency, officer, f"B-{number}")

    def start_seconds(self) -> float:
        """How long a server process takes until it serves, PostgreSQL running: the median of three starts."""
        taken = []
        for _ in range(_STARTS):
            with contextlib.ExitStack() as stack:
                began = time.perf_counter()
                self._start(stack, 1)
                taken.append(time.perf_counter() - began)
        return statistics.median(taken)

    def entries(self) -> int:
        """How many entries the ledger has."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT size FROM ledger_head").fetchone()
        if row is None:
            raise BenchFailed("the ledger has no head")
        return int(row[0])
