"""What a call is, and what its handler makes of it: the types that the front door and the services share.

A call is one record from its arrival to its answer. Each step of the front door (``rpc/pipeline.py``) fills in what it
finds out, and a handler reads what was filled in before. A handler never writes: it gives the rows that are to be added
and says which versions it has read, and the ledger's writer adds the rows, in the transaction of the entry, if these
versions are still the newest.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from google.protobuf.message import Message

from nsor.v1 import options_pb2, types_pb2
from nsor_server.errors import ApiError, Violation
from nsor_server.storage.v1 import record_pb2

A_co = TypeVar("A_co", bound=Message, covariant=True)
DecidedRows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows that decide, by table; each by column, in the order of ids and versions."""


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency, as the directory knows it.

    Attributes:
        agency_id: id, as in its certificate's URI SAN.
        kind: kind of agency.
        jurisdiction: place codes; ``PK`` is the whole country, ``PK-PB`` a province, ``PK-PB/LHR`` a district.
        enabled: whether it may call.
        court_kinds: for a court, which kinds of court it is.
    """

    agency_id: str
    kind: options_pb2.AgencyKind.ValueType
    jurisdiction: tuple[str, ...]
    enabled: bool
    name_en: str = ""
    name_ur: str = ""
    court_kinds: tuple[types_pb2.CourtKind.ValueType, ...] = ()


@dataclass(frozen=True, slots=True)
class Officer:
    """An enrolled officer.

    Attributes:
        key_id: SHA-256 of the raw Ed25519 public key, 32 bytes.
        officer_number: personal or belt number within the agency. It has one live key: two-person rules compare both.
        public_key: raw Ed25519 public key, 32 bytes.
        jurisdiction: where the officer may act; empty means the agency's whole jurisdiction.
        grade: BPS grade; 0 for a system.
        disabled: whether the key is disabled.
        decides: whether the officer may sign decisions.
        system: whether it is a system's key, for methods that need no person.
        own: keyed hashes of the CNICs that were given as his own with this key, and with those of his number before it.
    """

    key_id: bytes
    agency_id: str
    officer_number: str
    public_key: bytes
    jurisdiction: tuple[str, ...]
    grade: int
    disabled: bool = False
    decides: bool = False
    system: bool = False
    own: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class FocalPerson:
    """Who decides on the keys of an agency's officers and systems, and on nothing else.

    Attributes:
        key_id: SHA-256 of the raw Ed25519 public key, 32 bytes.
        number: personal number within the agency.
        public_key: raw Ed25519 public key, 32 bytes.
        own: keyed hash of his CNIC, 32 bytes.
        disabled: whether the key is disabled.
    """

    key_id: bytes
    agency_id: str
    number: str
    public_key: bytes
    own: bytes
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Consumer:
    """A consumer of an agency's events: one of its systems, which follows a part of them.

    Attributes:
        consumer_id: 16 bytes.
        name: number of the system that follows.
        places: it hears events of these, or of places within them; empty: of all, and of none.
        kinds: it hears events of these kinds; empty: of all.
        disabled_at: when it was disabled; None: it may follow.
    """

    consumer_id: bytes
    agency_id: str
    name: str
    places: tuple[str, ...]
    kinds: tuple[int, ...]
    enrolled_at: dt.datetime
    disabled_at: dt.datetime | None = None


class LookedAt(NamedTuple):
    """What a handler has looked at, as ``nsor.storage.v1.LookedAt`` has it.

    Attributes:
        kind: what it is.
        row_id: its id, 16 bytes; of a review its number.
        version: the one that was read; 0: there was none, or none that the caller is shown.
    """

    kind: record_pb2.LookedAtKind.ValueType
    row_id: bytes
    version: int


NOBODY: Final = Agency("", options_pb2.AGENCY_KIND_UNSPECIFIED, (), enabled=False)
"""The agency of a call that isn't identified."""


class Directory(Protocol):
    """The snapshot of the directory that a call was gated by."""

    @property
    def version(self) -> int:
        """Goes up with every change."""
        ...

    @property
    def agencies(self) -> Mapping[str, Agency]:
        """Agencies by id."""
        ...

    @property
    def policy(self) -> Any:
        """The policy in force, a ``policy.loaded.Policy``; ``policy_of`` there gives a call's."""
        ...

    @property
    def officers(self) -> Mapping[bytes, Officer]:
        """Officers by key id, those that are disabled too."""
        ...

    @property
    def compromised(self) -> Mapping[bytes, dt.datetime]:
        """When keys were disabled as compromised, by key id: what they have opened counts no more since."""
        ...

    @property
    def consumers(self) -> Mapping[tuple[str, str], Consumer]:
        """Consumers of events by agency id and name, those that are disabled too."""
        ...

    @property
    def sealed(self) -> bool:
        """Whether a seal lies on the register."""
        ...

    @property
    def rows(self) -> DecidedRows:
        """Every row that decides, as the ledger has it."""
        ...

    def now(self) -> dt.datetime:
        """The time by the database's clock."""
        ...


@dataclass(slots=True, eq=False)
class Call:
    """One call.

    Attributes:
        method: full name as it is recorded, ``nsor.v1.LookupService/LookUpRegistration``; one that doesn't exist is
            ``_OTHER``.
        span: its span.
        certificate_pem: the client certificate as TLS has accepted it.
        nonce: the client's 32 random bytes, or our own when it sent none: a hash without one would confirm a guessed
            request.
        has_nonce: whether the client sent one of the right length.
        officer_session: metadata ``nsor-officer-bin``.
        decision: metadata ``nsor-decision-bin``.
        second_decision: metadata ``nsor-second-decision-bin``.
        moment: ``time.monotonic`` of the arrival.
        deadline: ``time.monotonic`` at which the work must have ended.
        access_id: id of the access, 16 bytes that grow with time: in the leaf, the span and the receipt.
        agency: the caller, by its certificate; also when the certificate names a known agency and isn't accepted.
        accepted: whether the gate accepts the certificate; until then anybody may hold it.
        certificate: SHA-256 of the certificate's DER, or empty.
        data: the request's bytes.
        call_hash: SHA-256(nonce || request bytes), for the leaf and for decisions.
        request: the request, checked and normalised.
        purpose: the purpose that the contract allows this call.
        rows: the rows that the contract shows the agency.
        officer: the officer or system that acts; ``None`` for methods that need none, or a focal person.
        focal_persons: who has signed a call that needs a focal person: one, or two different ones.
        opened_by: who has opened a stream: from then on that key must be enrolled, and its session isn't asked again.
        directory: the snapshot of the directory that the gate saw.
        request_id: the checked request's, 16 bytes, or empty.
        named: what the request names: an identifier or an id, in its one written form; empty: nothing.
        case: the case that it names, or that of its grant, for the entry of a refusal; empty: none is known.
        found: fields of the request that are wrong, and about which it is answered.
        prepared: what a grouped handler has prepared.
        compared: which humans the handler has compared, an ``access.decisions.Compared``; None: it hasn't run.
        payment: how a call is paid that isn't grouped, or for which a bucket was empty; None: it costs nothing.
        left: how many things that cost something an answer may still show, by the buckets that were read for it.
        outcome: what the handler decided.
        packed: what was made of the outcome before the lock, an ``rpc.packing.Packed``; None: nothing yet.
        error: why it is refused.
        refusal: what else is written of the refusal.
        before: how many entries this process knew to be durable when the handler began to read.
        looked_at: what the handler has looked at: what a refusal by the register rests on.
        rests_on: of a call whose refusals are told again by what it named: that.
        answer: the bytes that are sent: the response, or the google.rpc.Status of ``error``.
        count: how many calls the record stands for.
        weight: as how many ordinary calls it counts in a commit.
        patience: for how many seconds it waits for others to be committed with, since nobody waits for it.
        tries: how often it was run again, since what it had read was changed before it was recorded.
        route: its method, with the handler.
        channel: how the answer goes back.
        hold: its place within the limits, until it is answered.
        done: hears what became of its entry; it is called in the ledger's thread and may not wait.
    """

    method: str
    span: Any = None
    certificate_pem: bytes = b""
    nonce: bytes = b""
    has_nonce: bool = False
    officer_session: bytes | None = None
    decision: bytes | None = None
    second_decision: bytes | None = None
    moment: float = 0.0
    deadline: float = 0.0
    access_id: bytes = b""
    agency: Agency = NOBODY
    accepted: bool = False
    certificate: bytes = b""
    data: bytes = b""
    call_hash: bytes = b""
    request: Any = None
    purpose: options_pb2.Purpose.ValueType = options_pb2.PURPOSE_UNSPECIFIED
    rows: options_pb2.RowScope.ValueType = options_pb2.ROW_SCOPE_UNSPECIFIED
    officer: Officer | None = None
    focal_persons: tuple[FocalPerson, ...] = ()
    opened_by: Officer | None = None
    directory: Directory | None = None
    request_id: bytes = b""
    named: str = ""
    case: str = ""
    found: tuple[Violation, ...] = ()
    prepared: Any = None
    compared: Any = None
    payment: Any = None
    outcome: Outcome[Message] | None = None
    packed: Any = None
    error: ApiError | None = None
    refusal: Refusal | None = None
    left: int = 0
    before: int = 0
    looked_at: list[LookedAt] = field(default_factory=list)
    rests_on: RestedOn | None = None
    answer: bytes = b""
    count: int = 1
    weight: int = 1
    patience: float = 0.0
    tries: int = 0
    route: Any = None
    channel: Any = None
    hold: Any = None
    done: Callable[[Call, Any], None] | None = None

    def received(self, data: bytes) -> None:
        """Take the request's bytes."""
        self.data = data
        self.call_hash = hashlib.sha256(self.nonce + data).digest()

    def fails(self, error: ApiError) -> None:
        """Take down why it is refused, but not where: the frames on the error's way hold this call and others.

        A call that is part of a cycle isn't freed when it has ended, and grpc counts it as open on its connection.
        """
        error.__traceback__ = error.__context__ = error.__cause__ = None
        self.error, self.outcome, self.refusal = error, None, None

    def looks_at(self, kind: record_pb2.LookedAtKind.ValueType, row_id: bytes, version: int) -> None:
        """Take down that something was looked at; ``version`` 0: nothing was found that the caller is shown."""
        self.looked_at.append(LookedAt(kind, row_id, version))

    @property
    def agencies(self) -> Mapping[str, Agency]:
        """The agencies of the directory that the gate saw, by id."""
        if self.directory is None:
            raise RuntimeError("the call isn't admitted")
        return self.directory.agencies

    @property
    def officers(self) -> Mapping[bytes, Officer]:
        """The officers of the directory that the gate saw, by key id."""
        if self.directory is None:
            raise RuntimeError("the call isn't admitted")
        return self.directory.officers

    @property
    def compromised(self) -> Mapping[bytes, dt.datetime]:
        """When keys were disabled as compromised, in the directory that the gate saw, by key id."""
        if self.directory is None:
            raise RuntimeError("the call isn't admitted")
        return self.directory.compromised

    @property
    def consumers(self) -> Mapping[tuple[str, str], Consumer]:
        """The consumers of the directory that the gate saw, by agency id and name."""
        if self.directory is None:
            raise RuntimeError("the call isn't admitted")
        return self.directory.consumers

    @property
    def decided(self) -> DecidedRows:
        """Every row that decides, of the directory that the gate saw: proved, whatever the database says meanwhile."""
        if self.directory is None:
            raise RuntimeError("the call isn't admitted")
        return self.directory.rows

    @property
    def register_sealed(self) -> bool:
        """Whether a seal lay on the register, by the directory that the gate saw."""
        if self.directory is None:
            raise RuntimeError("the call isn't admitted")
        return self.directory.sealed

    def now(self) -> dt.datetime:
        """The time by the database's clock."""
        if self.directory is None:
            raise RuntimeError("the call isn't admitted")
        return self.directory.now()

    @property
    def officer_key(self) -> bytes:
        """Key id of the acting officer, system or (first) focal person, or empty."""
        who = self.officer or next(iter(self.focal_persons), None)
        return who.key_id if who else b""


class RecordRef(NamedTuple):
    """A sealed row that a call wrote.

    Attributes:
        table: the table it stands in.
        row_id: the row's id: 16 bytes, or the 32 of an officer's key.
        version: its version, from 1; 1 for a row that is written once.
        sha256: SHA-256 of the sealed bytes as they are stored; of all columns for a row that isn't sealed.
    """

    table: str
    row_id: bytes
    version: int
    sha256: bytes

    def encoded(self) -> bytes:
        """The bytes that stand for it where several are hashed together."""
        table = self.table.encode()
        head = struct.pack(">HHQ", len(table), len(self.row_id), self.version)
        return head + table + self.row_id + self.sha256


@dataclass(frozen=True, slots=True)
class Table:
    """A table to which rows are added.

    Attributes:
        columns: name and PostgreSQL type of each column that a row gives, in their order.
        decides: its rows decide who may do what: it stands in ``storage/deciding.py``.
        key: columns by which a row takes the place of the one that is there: for state, never for a history. A commit
            gives one row of a key at most.
        row_id: of a table that isn't sealed and whose rows are recorded with all these columns: the one that a row is
            known by.
        version: likewise, the column that numbers the rows of one id; empty: there is one row of an id.
        recorded_as: the name that it has in ``ledger_record``; empty: its own.
        written_at: a column that gets the instant of the entry that adds the row; empty: none does.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    decides: bool = False
    key: tuple[str, ...] = ()
    row_id: str = ""
    version: str = ""
    recorded_as: str = ""
    written_at: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is to be added.

    Attributes:
        values: those of the table's columns.
        beside: rows of state that follow from this one, and go where it goes.
    """

    table: Table
    values: tuple[Any, ...]
    beside: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Versions:
    """What has versions that a handler may have read.

    Attributes:
        name: of what it is.
        key: PostgreSQL types of its key.
        current: an SQL expression for the version now, a bigint, of the key ``q.k1``, ``q.k2``...
    """

    name: str
    key: tuple[str, ...]
    current: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A version that a handler has read: the outcome holds only while it is the newest."""

    what: Versions
    key: tuple[Any, ...]
    version: int


class RestedOn(NamedTuple):
    """What the refusal of a call follows from, for its entry.

    Attributes:
        grant_id: the grant, ticket or court case that the request names, 16 bytes; empty: it names an FIR.
        position: of the subject, from 0.
        case_reference: the FIR; empty: it names none.
    """

    grant_id: bytes = b""
    position: int = 0
    case_reference: str = ""


class Shown(NamedTuple):
    """A registration that an answer shows, and which version of it."""

    registration_id: bytes
    version: int


@dataclass(frozen=True, slots=True)
class Outcome(Generic[A_co]):
    """What a handler decided.

    Attributes:
        response: the answer, already reduced to the fields of the purpose.
        detail: outcome, case, subjects and fields shown; the front door adds officer, certificate and salt.
        rows: what is to be added, in the order of the tables' needs.
        records: every sealed row among them, and every one that decides, the one that the call is about first.
        seen: the versions that the outcome rests on.
        shown: of a method whose handler says how many registrations an answer ``shows``: those that this one does.
        costs: of a message whose answer is paid by what it shows: how many of these things it shows.
    """

    response: A_co
    detail: record_pb2.AccessDetail = field(default_factory=record_pb2.AccessDetail)
    rows: Sequence[Row] = ()
    records: Sequence[RecordRef] = ()
    seen: Sequence[Seen] = ()
    shown: Sequence[Shown] = ()
    costs: int = 0

    @property
    def directory_changed(self) -> bool:
        """Whether it adds rows that decide: then the append raises the directory's version."""
        return any(row.table.decides for row in self.rows)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal of a grouped method that leaves more than its entry: it cost something, or somebody is told of it.

    Attributes:
        error: what the caller is told.
        detail: of the entry; the front door puts the reason in.
        rows: what is to be added.
        payment: how the call would have been paid, a ``rpc.spending.Payment``, if a bucket didn't hold it.
    """

    error: ApiError
    detail: record_pb2.AccessDetail = field(default_factory=record_pb2.AccessDetail)
    rows: Sequence[Row] = ()
    payment: Any = None


def new_access_id() -> bytes:
    """A new id of an access: 48 bits of milliseconds since 1970, then 74 random ones (UUID version 7, RFC 9562).

    Ids that grow with time keep the index over them small.
    """
    random = os.urandom(10)
    return b"".join(
        (
            (time.time_ns() // 1_000_000).to_bytes(6, "big"),
            bytes((0x70 | random[0] & 0x0F, random[1], 0x80 | random[2] & 0x3F)),
            random[3:],
        )
    )
