"""The agencies around a running register: clients, officers, and raw callers for what no client would send."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import psycopg
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs import focal_persons
from demo.running import RunningRegister
from nsor.client import Client
from nsor.officer import OfficerKey
from nsor.v1 import access_requests_pb2, grants_pb2, notification_pb2, oversight_pb2, registration_pb2, types_pb2
from nsor_server import config
from nsor_server.storage.attach import attached
from nsor_synthetic import generate
from nsor_synthetic.story import access_request, searched
from tests.orders import suspects
from tests.polling import until
from tests.rpc.callers import Caller, fingerprint

STATION = "PK-PB/LHR/PS-001"
EVENT_SECONDS = 60.0
"""Until a committed event has its number, at the latest."""
_OF_FIXED_TIMES = {"look_up_time", "recall_pass", "review_time", "tripwire_time"}
_TOLD_AT_FIXED_TIMES = ", ".join(
    str(kind) for kind in (notification_pb2.EVENT_KIND_REVIEWS_WRITTEN, notification_pb2.EVENT_KIND_UNUSUAL_ACCESSES)
)
_GROWN_UP = 18
"""By the years alone, so that the day doesn't matter."""
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Officer:
    """An enrolled officer's key, for the client library and for raw callers."""

    key: OfficerKey
    raw: Ed25519PrivateKey
    number: str

    @classmethod
    def new(cls) -> Officer:
        raw = Ed25519PrivateKey.generate()
        return cls(OfficerKey(raw), raw, f"BELT-{next(_numbers)}")


@dataclass(frozen=True, slots=True)
class Entered:
    """A registration that was entered, and how."""

    order: registration_pb2.CreateRegistrationRequest
    registration_id: str
    etag: str

    @property
    def cnic(self) -> str:
        return self.order.person.cnic


@dataclass
class Agencies:
    """Whoever calls one register. Clients and officers are made once for each agency; closing closes all."""

    register: RunningRegister
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _officers: dict[str, Officer] = field(default_factory=dict)
    _clients: dict[str, Client] = field(default_factory=dict)
    _seconds: dict[str, Client] = field(default_factory=dict)

    def close(self) -> None:
        self._stack.close()

    def officer(self, agency: str) -> Officer:
        """The agency's officer, enrolled the first time."""
        found = self._officers.get(agency)
        if found is None:
            found = self._officers[agency] = self.enrol(agency, Officer.new())
        return found

    def enrol(self, agency: str, officer: Officer) -> Officer:
        """Enrol a deciding officer."""
        self.register.enrol(agency, officer.key, officer.number, grade=18)
        return officer

    def adopt(self, agency: str, officer: Officer) -> None:
        """Let the agency act by an officer who is enrolled."""
        self._officers[agency] = officer

    def client(self, agency: str) -> Client:
        """The agency's client, with its officer."""
        found = self._clients.get(agency)
        if found is None:
            officer = self.officer(agency).key
            found = self._stack.enter_context(self.register.client(agency, officer=officer))
            self._clients[agency] = found
        return found

    def focal_keys(self, agency: str) -> list[Ed25519PrivateKey]:
        """The keys of the agency's focal persons, for raw callers."""
        pems = [path.read_bytes() for path in focal_persons.files(self.register.certs, agency)]
        keys = [serialization.load_pem_private_key(pem, password=None) for pem in pems]
        return [key for key in keys if isinstance(key, Ed25519PrivateKey)]

    def files(self, name: str) -> tuple[Path, Path]:
        """Key and certificate of an agency, or of a flawed case of the development CA."""
        flawed = self.register.certs / "test" / f"{name}.pem"
        folder = flawed.parent if flawed.exists() else self.register.certs / "agencies"
        return folder / f"{name}.key", folder / f"{name}.pem"

    def raw(self, name: str, *, officer: bool = False, options: Sequence[tuple[str, Any]] = ()) -> Caller:
        """A caller by hand, on a connection of its own."""
        caller = self.raw_with(*self.files(name), options=options)
        caller.officer = self.officer(name).raw if officer else None
        return caller

    def raw_with(self, key: Path, certificate: Path, *, options: Sequence[tuple[str, Any]] = ()) -> Caller:
        ca = (self.register.certs / "ca.pem").read_bytes()
        credentials = grpc.ssl_channel_credentials(ca, key.read_bytes(), certificate.read_bytes())
        # Otherwise channels of equal arguments share a connection, and a certificate isn't shown again.
        own = [("grpc.use_local_subchannel_pool", 1), *options]
        channel = grpc.secure_channel(self.register.address, credentials, options=own)
        self._stack.callback(channel.close)
        return Caller(channel, fingerprint(certificate))

    def entered(self, order: registration_pb2.CreateRegistrationRequest) -> Entered:
        """Enter an order of Punjab's, not yet confirmed."""
        answer = self.client("punjab-prosecution").registration.create_registration(order).message
        return Entered(order, answer.registration_id, answer.etag)

    def confirmed(self, order: registration_pb2.CreateRegistrationRequest) -> Entered:
        """Enter an order of Punjab's and have the court confirm it."""
        entered = self.entered(order)
        answer = self.client("lahore-special-court").registration.confirm_registration(
            registration_pb2.ConfirmRegistrationRequest(
                registration_id=entered.registration_id,
                etag=entered.etag,
                case_number=order.convictions[0].court_case.case_number,
                judgment_date=order.convictions[0].judgment_date,
            )
        )
        return Entered(order, entered.registration_id, answer.message.etag)

    def granted(self, *orders: registration_pb2.CreateRegistrationRequest) -> grants_pb2.Grant:
        """Have Punjab's prosecution grant Punjab's police access to suspects who are the people of these orders."""
        request = access_request(orders[0], STATION, next(_numbers))
        request.request_id = str(uuid.uuid4())
        for order in orders[1:]:
            request.suspects.add(cnic=order.person.cnic, name=searched(order.person.names[0]))
        submitted = self.client("punjab-police").lookup.create_access_request(request).message
        approval = access_requests_pb2.ApproveAccessRequestRequest(
            access_request_id=submitted.access_request_id, etag=submitted.etag
        )
        return self.client("punjab-prosecution").lookup.approve_access_request(approval).message.grant

    def second(self, agency: str) -> Client:
        """A client of the agency with another officer, enrolled the first time."""
        if agency not in self._seconds:
            officer = self.enrol(agency, Officer.new())
            state = Path(self._folder(), "second")
            client = self.register.client(agency, officer=officer.key, state=state)
            self._seconds[agency] = self._stack.enter_context(client)
        return self._seconds[agency]

    def ticket(self, *cnics: str) -> str:
        """Have another officer of NPB open a ticket on these persons for NPB's officer; gives its id."""
        request = grants_pb2.OpenTicketRequest(
            officer_key_id=self.officer("npb").key.key_id,
            work=grants_pb2.TICKET_WORK_CORRECTION,
            persons=suspects(*cnics),
        )
        return self.second("npb").lookup.open_ticket(request).message.grant.grant_id

    def court_case(self, case: types_pb2.CourtCase, *cnics: str) -> str:
        """Have Lahore's court open a case against these persons; gives its id."""
        request = grants_pb2.OpenCourtCaseRequest(court_case=case, persons=suspects(*cnics))
        return self.client("lahore-special-court").lookup.open_court_case(request).message.grant.grant_id

    def accesses(self, agency: str, **wanted: Any) -> list[oversight_pb2.Access]:
        """What the agency is told of accesses, the newest first; all pages."""
        found: list[oversight_pb2.Access] = []
        request = oversight_pb2.ListAccessesRequest(page_size=500, **wanted)
        while True:
            page = self.client(agency).oversight.list_accesses(request).message
            found += page.accesses
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    def events(self, agency: str) -> list[notification_pb2.Event]:
        """All events that the agency is owed, from its stream: those after the last acknowledged one.

        Waits until every committed event has a number, and then for the last of them.
        """
        with self.database() as owner:
            owner.autocommit = True
            until(lambda: owner.execute("SELECT count(*) FROM outbox").fetchone() == (0,), seconds=EVENT_SECONDS)
            query = """
                SELECT max(e.sequence) FROM agency_event AS e WHERE e.agency_id = %s AND NOT EXISTS (
                    SELECT FROM event_acknowledgement AS a
                    WHERE a.agency_id = e.agency_id AND a.through_sequence >= e.sequence)"""
            ((last,),) = owner.execute(query, (agency,)).fetchall()
        found: list[notification_pb2.Event] = []
        if last is not None:
            for event in self.client(agency).events():
                found.append(event)
                if event.sequence >= last:
                    break
        return found

    @contextlib.contextmanager
    def database(self) -> Iterator[psycopg.Connection]:
        """The owner's connection, as an operator has it."""
        with attached(config.load(self.register.environment)) as database, database.owner() as owner:
            yield owner

    def rows(self) -> dict[str, int]:
        """How many rows each table has, but the ledger's own; events that are on their way are counted as one.

        What comes at fixed times, whatever anybody does, isn't counted.
        """
        with self.database() as owner:
            # One moment for all tables: an event may be on its way from one to the other.
            owner.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'ledger%'"
            counts: dict[str, int] = {}
            for (table,) in owner.execute(query).fetchall():
                name = "events" if table in {"outbox", "agency_event"} else str(table)
                if name in _OF_FIXED_TIMES:
                    continue
                told = f" WHERE kind NOT IN ({_TOLD_AT_FIXED_TIMES})" if name == "events" else ""
                row = owner.execute(f"SELECT count(*) FROM {table}{told}").fetchone()  # noqa: S608 - constants
                counts[name] = counts.get(name, 0) + (row[0] if row else 0)
        return counts

    def _folder(self) -> str:
        return self._stack.enter_context(tempfile.TemporaryDirectory(dir=self.register.folder))


def punjabis(seed: int) -> Iterator[registration_pb2.CreateRegistrationRequest]:
    """People of Punjab with a CNIC, at home there and convicted there once; all numbers differ within a seed.

    Nobody is young enough to have been a juvenile: look-ups would find him only where a grant says so.
    """
    for order in generate(seed, 100_000, "PK-PB"):
        born, done = order.person.birth_date.year, order.convictions[0].counts[0].offence_date.year
        if order.person.cnic and done - born > _GROWN_UP:
            order.request_id = str(uuid.uuid4())
            yield order
