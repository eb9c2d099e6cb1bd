"""A long ledger that verifies: calls that the services decide and the writer records, without the network.

A look-up takes a quarter of a millisecond so, of two processes that write by turns. Everything that an entry has is
there: leaf, detail, labels, rows, checkpoint, tile, outside copy. Of a hundred calls one enters a person or confirms
one; the others are look-ups at the border, half of them of somebody who is registered, and look-ups that are refused.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from psycopg.conninfo import make_conninfo

from nsor.v1 import lookup_pb2, options_pb2, types_pb2
from nsor_server import config, errors
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import Call, Officer
from nsor_server.ledger import migrations, outside, proofs
from nsor_server.storage import keyring as keyrings
from nsor_server.storage import migrate
from nsor_server.storage.embedded import OWNER, SERVER, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.agencies import FIA_IMMIGRATION, PUNJAB_POLICE, officer_of
from tests.budgets import unlimited
from tests.calls import ORIGIN, call_of
from tests.orders import nobody, order
from tests.services import Services

Request = lookup_pb2.LookUpRegistrationRequest

IN_FLIGHT: Final = 32
"""Calls that wait for the writer: a commit has about half of them, as one of a server with so many in flight."""
PROCESSES: Final = 2
PEOPLE: Final = 100
"""Calls for each that enters and confirms a person: two entries."""
_OFFICERS: Final = 200
"""Of each agency: none of them empties his bucket."""
_CHECKPOINTS: Final = 1_000
_KEYS: Final = "keys.json"
_ENROLLED: Final = "SELECT key_id, agency_id, officer_number, public_key, grade FROM officer ORDER BY key_id"


@dataclass(frozen=True, slots=True)
class LongLedger:
    """A register whose ledger grows.

    Attributes:
        folder: its state.
        postgres: its database, running.
        officers: who look up, by agency.
    """

    folder: Path
    postgres: EmbeddedPostgres
    officers: Mapping[str, Sequence[Officer]]

    @property
    def environment(self) -> Mapping[str, str]:
        """For the operator's commands."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("NSOR_", "OTEL_"))}
        return {**inherited, "NSOR_STATE_DIR": str(self.folder), "NSOR_LEDGER_ORIGIN": ORIGIN}

    def grow(self, entries: int, people_every: int = PEOPLE) -> int:
        """Have it grow to so many entries at least; gives how many it has."""
        with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
            while (size := self._size()) < entries:
                each = -(-(entries - size) // PROCESSES)
                growing = [
                    pool.submit(_grow, self.folder, self.officers, size + nth, each, people_every)
                    for nth in range(PROCESSES)
                ]
                for one in growing:
                    one.result()
        self._copy()
        with self._database() as database, database.owner() as owner:
            owner.autocommit = True
            owner.execute("VACUUM (ANALYZE)")
        return size

    def _size(self) -> int:
        with self._database() as database, database.connect() as conn:
            ((size,),) = conn.execute("SELECT size FROM ledger_head").fetchall()
        return int(size)

    def _copy(self) -> None:
        """Write the outside copy, or what it lacks."""
        path = config.load(self.environment).checkpoint_file
        known = outside.last_known(path) if path.exists() else None
        size = 0 if known is None else known.checkpoint.size
        with self._database() as database, database.connect() as conn:
            if not path.exists():
                outside.begin(path, ())
            while found := proofs.checkpoints_after(conn, size, _CHECKPOINTS):
                outside.add(path, [note for _, note in found])
                size = found[-1][0]

    @contextlib.contextmanager
    def _database(self) -> Iterator[Database]:
        with contextlib.closing(_database(self.postgres)) as database:
            yield database


class _Growing(Services):
    """Services that know their directory: nobody changes it meanwhile, and to ask before each call took most of all."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        super().__init__(database, keyring)
        self._known = self.directory.reload()

    def snapshot(self) -> DirectorySnapshot:
        """As it was when they began."""
        return self._known


@contextlib.contextmanager
def long_ledger(folder: Path) -> Iterator[LongLedger]:
    """The register of a folder; where there is none yet, one without entries of calls."""
    is_new = not (folder / _KEYS).exists()
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    try:
        keyring = Keyring.new() if is_new else keyrings.load(str(folder / _KEYS))
        with contextlib.closing(_database(postgres)) as database:
            if is_new:
                with database.owner() as owner:
                    migrate.apply(owner, migrate.load())
                _begin(database, keyring)
                keyrings.write_private(folder / _KEYS, keyring.to_bytes(), replace=False)
            officers = _officers(database)
        yield LongLedger(folder, postgres, officers)
    finally:
        postgres.stop()


def _begin(database: Database, keyring: Keyring) -> None:
    """Enter what a register begins with, and officers."""
    database.open()
    with Services(database, keyring) as services:
        with database.transaction() as conn:
            migrations.record(conn, keyring, ORIGIN)
        for agency in (FIA_IMMIGRATION, PUNJAB_POLICE):
            for _ in range(_OFFICERS):
                services.enrolled(officer_of(agency))


def _officers(database: Database) -> Mapping[str, Sequence[Officer]]:
    """Who looks up, by agency."""
    found = dict[str, list[Officer]]()
    with contextlib.closing(database.connect()) as conn:
        for key_id, agency_id, number, public_key, grade in conn.execute(_ENROLLED):
            one = Officer(key_id, agency_id, number, public_key, jurisdiction=(), grade=grade, decides=True)
            found.setdefault(agency_id, []).append(one)
    return found


def _database(postgres: EmbeddedPostgres, *, options: str = "") -> Database:
    return Database(make_conninfo(postgres.conninfo(SERVER), options=options), postgres.conninfo(OWNER), pool_size=4)


def _grow(folder: Path, officers: Mapping[str, Sequence[Officer]], seed: int, entries: int, people_every: int) -> None:
    """Add entries, in a process of its own."""
    postgres = EmbeddedPostgres(folder)
    postgres.start()  # it runs: this only finds it
    keyring = keyrings.load(str(folder / _KEYS))
    with contextlib.closing(_database(postgres, options="-c synchronous_commit=off")) as database:
        database.open()
        with _Growing(database, keyring) as services:
            in_force = services.snapshot().policy
            services.policy = replace(in_force, budgets=unlimited().budgets)
            _calls(services, officers, random.Random(seed), entries, people_every)  # noqa: S311 - repeatable


def _calls(
    services: Services,
    officers: Mapping[str, Sequence[Officer]],
    dice: random.Random,
    entries: int,
    people_every: int,
) -> None:
    """Hand calls to the writer, some at a time, and wait for what came of each."""
    known = list[str]()
    for begin in range(0, entries + 1, IN_FLIGHT):
        for _ in range(-(-(begin + IN_FLIGHT) // people_every) - -(-begin // people_every)):
            entered = order()
            services.confirmed(entered)
            known.append(entered.person.cnic)
        calls = [services.run(*_look_up(dice, known, officers)) for _ in range(IN_FLIGHT)]
        for stored in [services.writer.begin(call) for call in calls]:
            with contextlib.suppress(errors.ApiError):
                stored()


def _look_up(dice: random.Random, known: list[str], officers: Mapping[str, Sequence[Officer]]) -> tuple[Call, Request]:
    found = dice.random() < 0.5
    request = Request(
        request_id=str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        purpose=options_pb2.PURPOSE_BORDER_CONTROL,
        cnic=dice.choice(known) if found else nobody(dice),
        basis=lookup_pb2.LookUpBasis(travel_document=types_pb2.TravelDocument(number="AB1234567", country="PK")),
    )
    agency = FIA_IMMIGRATION
    if dice.random() < 0.1:
        request.purpose, agency = options_pb2.PURPOSE_INVESTIGATION, PUNJAB_POLICE
        request.basis.CopyFrom(lookup_pb2.LookUpBasis(grant_id=str(uuid.uuid4())))
    return call_of(agency, dice.choice(officers[agency.agency_id])), request
