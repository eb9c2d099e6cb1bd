# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What was accepted of imported orders: a corrected row is noticed before it becomes a second registration.

Of each row the state folder keeps the registration's id, the time, its entry in the ledger, and digests of its parts,
keyed with the folder's secret: whoever reads the file learns nobody's name or number. The file is its owner's alone
(0600). What stood in entries that the register has lost, as it has owned up to by a new epoch, was not accepted.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import sqlite3
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from nsor.advice import Words
from nsor.cli import kept
from nsor.errors import NsorError

if TYPE_CHECKING:
    from types import TracebackType

    from google.protobuf.message import Message

    from nsor.cli.cells import Row
    from nsor.client import Client
    from nsor.v1 import registration_pb2, types_pb2

_FILE: Final = "accepted-orders-{}.db"
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS accepted_row (
    request_id BLOB PRIMARY KEY, registration_id BLOB NOT NULL, time REAL NOT NULL, parts BLOB NOT NULL,
    amended INTEGER NOT NULL, origin TEXT NOT NULL, entry INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS likeness (digest BLOB, request_id BLOB, PRIMARY KEY (digest, request_id)) WITHOUT ROWID;
"""
WAIT_SECONDS: Final = 60.0
"""How long to wait for another command that writes to the same file. It holds it for one batch."""
_BATCH: Final = 200
"""Accepted rows between two commits: what a crash loses is accepted again under its request id, and kept then."""
_PART: Final = 6
"""Bytes of a part: where it is, in two, and its digest."""
_ORDER, _PERSON, _CONVICTION = range(3)


@dataclass(frozen=True, slots=True)
class Before:
    """An accepted row that a row is like.

    Attributes:
        request_id: of the accepted row.
        registration_id: what it became.
        time: when it was accepted, in seconds since 1970.
        differs: fields in which the two differ, by their names in the contract.
        of_person: whether the person's particulars are among them, which are amended.
        of_judgment: whether others are, which aren't.
    """

    request_id: str
    registration_id: str
    time: float
    differs: tuple[str, ...]
    of_person: bool
    of_judgment: bool


class InUse(NsorError):
    """Another command has the file for longer than a batch takes."""

    def __init__(self) -> None:
        super().__init__(
            "STATE_IN_USE",
            Words(
                "Another command writes down what was accepted, and hasn't ended.",
                "ایک اور کمانڈ قبول شدہ سطریں لکھ رہی ہے اور ابھی ختم نہیں ہوئی۔",
            ),
            next_step=Words(
                "Wait until it has ended, then run this one again: nothing is entered twice.",
                "اس کے ختم ہونے تک رکیں، پھر یہی کمانڈ دوبارہ چلائیں: کچھ دو بار درج نہیں ہوتا۔",
            ),
        )


@contextlib.contextmanager
def _waited_for() -> Iterator[None]:
    """What the database refuses because another command has it, said so."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
        raise InUse from None


class Accepted:
    """The accepted rows of an agency's in a state folder; what this run adds is not compared with."""

    def __init__(self, client: Client, file: str) -> None:
        """``file`` names the imported file: a row that was on the same line of it, in the same case, is compared."""
        secret = kept.secret(client.state_folder)
        self._secret = hashlib.sha256(b"accepted orders" + secret).digest()
        self._of_file = Path(file).name
        path = client.state_folder / _FILE.format(client.agency_id)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._client = client
        self._database = sqlite3.connect(path, isolation_level=None, timeout=WAIT_SECONDS)
        with _waited_for():
            self._database.executescript(_TABLES)
            (self._any_before,) = self._database.execute("SELECT EXISTS (SELECT 1 FROM accepted_row)").fetchone()
        if self._any_before:
            client.learn_epochs()
        self._waiting: list[tuple[Row, str, str, int]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._write()
        finally:
            self._database.close()

    def add(self, row: Row, registration_id: str, origin: str, index: int) -> None:
        """Keep an accepted row, with the origin and the index of the entry by which it was."""
        self._waiting.append((row, registration_id, origin, index))
        if len(self._waiting) >= _BATCH:
            self._write()

    def add_amended(self, row: Row, registration_id: str, origin: str, index: int) -> None:
        """Keep that a record was amended to what a row says, unless the row says something else of the judgment too."""
        found = [before for before in self.like(row) if before.registration_id == registration_id]
        if found and not found[0].of_judgment:
            with _waited_for():
                self._keep(row, registration_id, origin, index, amended=True)

    def says_what_was_amended(self, row: Row) -> bool:
        """Whether a row is what a record was amended to: it is no row to send."""
        asked = "SELECT origin, entry FROM accepted_row WHERE request_id = ? AND amended"
        found = self._database.execute(asked, (_bytes_of(row.order.request_id),)).fetchone()
        return found is not None and self._client.survives(*found)

    def like(self, row: Row) -> list[Before]:
        """Accepted rows that this one may be a correction of, the nearest first; none if it was accepted as it is."""
        if not self._any_before:
            return []
        parts, own = self._parts(row.order), _bytes_of(row.order.request_id)
        found = [self._before(one, parts) for one in {own, *self._alike(row)}]
        known = [before for before in found if before is not None]
        if any(before.request_id == row.order.request_id and not before.differs for before in known):
            return []
        return sorted(known, key=lambda before: len(before.differs))

    def _alike(self, row: Row) -> Iterator[bytes]:
        for digest in self._likeness(row):
            asked = self._database.execute("SELECT request_id FROM likeness WHERE digest = ? LIMIT 5", (digest,))
            yield from (request_id for (request_id,) in asked)

    def _before(self, request_id: bytes, parts: dict[bytes, bytes]) -> Before | None:
        asked = "SELECT registration_id, time, parts, origin, entry FROM accepted_row WHERE request_id = ?"
        found = self._database.execute(asked, (request_id,)).fetchone()
        if found is None or not self._client.survives(*found[3:]):
            return None
        kept = {found[2][at : at + 2]: found[2][at + 2 : at + _PART] for at in range(0, len(found[2]), _PART)}
        places = sorted(place for place in kept.keys() | parts.keys() if kept.get(place) != parts.get(place))
        return Before(
            str(uuid.UUID(bytes=request_id)),
            str(uuid.UUID(bytes=found[0])),
            found[1],
            tuple(_name(place) for place in places),
            any(_is_of_person(place) for place in places),
            not all(_is_of_person(place) for place in places),
        )

    def _write(self) -> None:
        if not self._waiting:
            return
        with _waited_for():
            # For writing from its beginning: one that reads first is refused at once when another one writes.
            self._database.execute("BEGIN IMMEDIATE")
            for row, registration_id, origin, index in self._waiting:
                self._keep(row, registration_id, origin, index, amended=False)
            self._database.execute("COMMIT")
        self._waiting.clear()

    def _keep(self, row: Row, registration_id: str, origin: str, index: int, *, amended: bool) -> None:
        own = _bytes_of(row.order.request_id)
        parts = b"".join(place + digest for place, digest in self._parts(row.order).items())
        self._database.execute(
            "INSERT OR REPLACE INTO accepted_row VALUES (?, ?, ?, ?, ?, ?, ?)",
            (own, _bytes_of(registration_id), time.time(), parts, amended, origin, index),
        )
        self._database.executemany(
            "INSERT OR IGNORE INTO likeness VALUES (?, ?)", [(digest, own) for digest in self._likeness(row)]
        )

    def _digest(self, size: int, *parts: str | bytes) -> bytes:
        whole = b"".join(
            len(part).to_bytes(4, "big") + part
            for part in (part.encode() if isinstance(part, str) else part for part in parts)
        )
        return hashlib.blake2b(whole, digest_size=size, key=self._secret).digest()

    def _parts(self, order: registration_pb2.CreateRegistrationRequest) -> dict[bytes, bytes]:
        """Where a part of an order is -> its digest."""
        found: dict[bytes, list[bytes]] = {}
        messages = [(_ORDER, order), (_PERSON, order.person), *((_CONVICTION, each) for each in order.convictions)]
        for of, message in messages:
            for field, value in message.ListFields():
                if of == _ORDER and field.name in {"person", "convictions", "request_id"}:
                    continue
                found.setdefault(bytes((of, field.number)), []).append(_bytes(value))
        return {place: self._digest(_PART - 2, *values) for place, values in found.items()}

    def _likeness(self, row: Row) -> Iterator[bytes]:
        """Digests of who is convicted in which case: one in common is enough to be compared."""
        person = row.order.person
        who = [f"cnic {person.cnic}".replace("-", "")] if person.cnic else []
        who += [f"name {''.join(person.names[0].name.casefold().split())}"] if person.names else []
        who += [f"line {row.line} of {self._of_file}"]
        for conviction in row.order.convictions:
            for case in _cases(conviction):
                yield from (self._digest(8, one, case) for one in who)


def identify(row: Row, secret: bytes) -> None:
    """Give a row the request id that it has whenever it is sent."""
    row.order.validate_only = False
    if not row.order.request_id:
        digest = hmac.digest(secret, b"enter" + row.order.SerializeToString(deterministic=True), "sha256")
        row.order.request_id = str(uuid.UUID(bytes=digest[:16], version=4))


def _cases(conviction: types_pb2.Conviction) -> Iterator[str]:
    court, fir = conviction.court_case, conviction.fir
    if court.case_number:
        number = "".join(filter(str.isalnum, court.case_number.casefold()))
        yield f"case {court.court_kind} {court.place_code} {number}"
    if fir.serial:
        yield f"fir {fir.police_station} {fir.serial} {fir.year}"


def _bytes(value: Any) -> bytes:
    if hasattr(value, "SerializeToString"):
        return bytes(value.SerializeToString(deterministic=True))
    if isinstance(value, str | int | bool):
        return str(value).encode()
    return b"".join(len(part := _bytes(each)).to_bytes(4, "big") + part for each in value)


def _bytes_of(an_id: str) -> bytes:
    return uuid.UUID(an_id).bytes


def _message(of: int) -> Message:
    from nsor.v1 import registration_pb2, types_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    return (registration_pb2.CreateRegistrationRequest, types_pb2.Person, types_pb2.Conviction)[of]()


def _name(place: bytes) -> str:
    fields: Any = _message(place[0]).DESCRIPTOR.fields_by_number
    return str(fields[place[1]].name) if place[1] in fields else "other"


def _is_of_person(place: bytes) -> bool:
    return place[0] == _PERSON or (place[0] == _ORDER and _name(place) == "addresses")
