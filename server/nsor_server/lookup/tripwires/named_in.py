"""The numbers of persons in what an entry has written: a request names them, and its entry's label and detail don't."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError, Message

from nsor_server.access import watched
from nsor_server.access.watched import Kind, Number
from nsor_server.lookup.grants import store as grants
from nsor_server.lookup.grants import subjects
from nsor_server.lookup.requests import store as requests
from nsor_server.lookup.tripwires import candidates
from nsor_server.registration import facts as registrations
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.v1 import record_pb2

_AT_A_TIME: Final = 200
"""Versions of registrations that are compared by one statement."""


class Written(NamedTuple):
    """A row that names persons.

    Attributes:
        table: that it stands in, a key of ``TABLES``.
        row_id: its id, 16 bytes.
    """

    table: str
    row_id: bytes


class _Table(NamedTuple):
    """How the numbers in a table's rows are read: by which statement, at which version, and out of what is sealed."""

    statement: str
    version: int
    message: Callable[[], Message]
    persons: Callable[[Any], Iterable[Number]]


def _number(identifier: registrations.Identifier) -> Number:
    return Number(identifier.use, identifier.text)


def _suspects(named: Iterable[record_pb2.Suspect]) -> Iterator[Number]:
    for each in named:
        if each.cnic:
            yield _number(registrations.of_cnic(each.cnic))
        elif each.HasField("document"):
            document = each.document
            yield _number(registrations.of_document(document.country, document.number, document.kind))


TABLES: Final = {
    requests.REQUESTS: _Table(
        "SELECT uuid_send(access_request_id), sealed FROM access_request_version"
        " WHERE access_request_id = ANY (%s::uuid[]) AND version = 1",
        1,
        record_pb2.AccessRequestRecord,
        lambda record: _suspects(record.suspects),
    ),
    grants.GRANTS: _Table(
        "SELECT uuid_send(grant_id), sealed FROM access_grant WHERE grant_id = ANY (%s::uuid[])",
        grants.GRANT_VERSION,
        record_pb2.GrantRecord,
        lambda record: _suspects(subjects.of(record)),
    ),
    registrations.JUDGMENTS: _Table(
        "SELECT uuid_send(judgment_id), sealed FROM judgment_version"
        " WHERE judgment_id = ANY (%s::uuid[]) AND version = 1",
        1,
        record_pb2.JudgmentRecord,
        lambda record: (_number(registrations.of_cnic(each)) for each in record.cnics),
    ),
}
"""Suspects of an access request, whom a ticket or a court case is about, and whom a judgment convicts."""


def numbers(conn: Connection, sealer: Sealer, written: Iterable[Written]) -> Mapping[Written, Sequence[Number]]:
    """The numbers in rows; a row that somebody has changed isn't among them, and there is an alert.

    Args:
        conn: any.
        sealer: opens them.
        written: the rows.
    """
    ids: dict[str, set[bytes]] = {}
    for each in written:
        ids.setdefault(each.table, set()).add(each.row_id)
    found = {}
    for name, wanted in ids.items():
        table = TABLES[name]
        rows = conn.execute(
            table.statement.encode(), ([each.hex() for each in sorted(wanted)],), binary=True
        ).fetchall()
        for row_id, record in readable(rows, functools.partial(_opened, sealer, name)):
            found[Written(name, row_id)] = list(table.persons(record))
    return found


def _opened(sealer: Sealer, name: str, row: tuple[bytes, bytes]) -> tuple[bytes, Message]:
    table, (row_id, sealed) = TABLES[name], row
    record = table.message()
    try:
        record.ParseFromString(sealer.open(name, row_id, table.version, sealed))
    except (SealBroken, DecodeError):
        raise contradicted(name) from None
    return row_id, record


class Entered(NamedTuple):
    """What was found of the versions of registrations that entries have written.

    Attributes:
        decoys: entries by which a registration came to have the number of a decoy.
        unread: entries of which a version can't be read any more.
    """

    decoys: frozenset[int]
    unread: frozenset[int]


_VERSIONS: Final = """
SELECT index, row_id, version FROM ledger_record WHERE index = ANY (%s) AND table_name = 'registration_version'
ORDER BY index, ordinal
"""


def decoys(
    conn: Connection, sealer: Sealer, blind_index: BlindIndex, entries: Iterable[int], rest: Callable[[], None]
) -> Entered:
    """Which entries have given a registration the number of a decoy that it hadn't before.

    Before the first decoy is watched nothing is read: a register is filled by imports, and then it is watched.

    Args:
        conn: any.
        sealer: opens the registrations.
        blind_index: of the keyring.
        entries: their indexes.
        rest: is done between some registrations and the next ones.
    """
    first = watched.first_decoy(conn)
    behind = [] if first is None else sorted(index for index in entries if index > first)
    rows = conn.execute(_VERSIONS.encode(), (behind,), binary=True).fetchall() if behind else []
    found, unread = set(), set()
    for at in range(0, len(rows), _AT_A_TIME):
        some = {(row_id, version): index for index, row_id, version in rows[at : at + _AT_A_TIME]}
        of = candidates.numbers(conn, sealer, some, rest)
        unread |= {index for version, index in some.items() if version not in of}
        known = watched.watched(conn, blind_index, (number for several in of.values() for number in several))
        for version, index in some.items():
            numbers_of_decoys = {
                number
                for number in of.get(version, ())
                if any(one.kind is Kind.DECOY and one.at(index) for one in known.get(number, ()))
            }
            if numbers_of_decoys and not numbers_of_decoys <= _before(conn, sealer, version):
                found.add(index)
    return Entered(frozenset(found), frozenset(unread))


def _before(conn: Connection, sealer: Sealer, version: tuple[bytes, int]) -> set[Number]:
    """The numbers that a registration had in the version before."""
    before = version[0], version[1] - 1
    return set(candidates.numbers(conn, sealer, [before], lambda: None).get(before, ())) if before[1] else set()
