"""The destruction of what two officers have decided to erase: the operator's, as owner of the tables.

The server's role can delete no history. What is destroyed: the registration's data key, so that its versions and photos
open nowhere any more; what there was to do with it; the blind indexes of its identifiers and cases; the details of the
entries about it, and of the look-ups that showed it; and the answers that were kept of these calls. What
stays: rows that nobody can open, with the places and days beside them; the leaves; the two officers' decision; what an
import says of the row: its number, places, and the SHA-256 of the order; which rows were destroyed; and by which of
their identifiers others had met it, without what these say. So do recalls, and the details of answers that showed
several (a page, a search, a manifest's rows, what NADRA was handed), with their labels: of it they have the id and the
version, and of the others what is needed to tell again whoever was shown them. A search that found it, and the grant
on which it was made, say together for whose name that was. An erasure is complete when the last backup that holds the
key has expired.

The keys of arrival notices that have met it go too, if their numbers aren't looked for any more: the others a station
still sees, and by one that is gone it would learn whose number it was. A fixed time deletes them within days.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from nsor.ledger.merkle import leaf_hash
from nsor.v1 import closure_pb2
from nsor_server import errors
from nsor_server.access.contract import Contract
from nsor_server.config import OperatorError
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger import operator
from nsor_server.ledger.detail import DetailError, Details
from nsor_server.ledger.labels import NAMED, Labels
from nsor_server.policy.deadlines import ARRIVAL_EXPIRY, BACKUP_EXPIRY, Deadlines
from nsor_server.registration import claims
from nsor_server.registration import store as registrations
from nsor_server.registration.arrivals import notices
from nsor_server.registration.closure import erasures, meetings, rules, store
from nsor_server.registration.named import numbers
from nsor_server.registration.sealed import store as sealed_readings
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

METHOD: Final = "nsor-server/erase"
IMPORT: Final = "nsor.v1.RegistrationService/ImportRegistrations"
"""Its entries are about many records, and their details name nobody: they stay."""
_BY_NUMBER: Final = (
    "nsor.v1.LookupService/LookUpRegistration",
    "nsor.v1.LookupService/LookUpInEmergency",
    "nsor.v1.NotificationService/FindRegistrant",
)
"""Methods that find a person by a number of his."""
_CLOSURES: Final = """
SELECT DISTINCT ON (closure_id) uuid_send(closure_id), version, sealed
FROM closure_version ORDER BY closure_id, version DESC
"""
_READINGS: Final = f"""
SELECT DISTINCT ON (sealed_reading_id) uuid_send(sealed_reading_id), version, sealed
FROM {sealed_readings.TABLE} ORDER BY sealed_reading_id, version DESC
"""  # noqa: S608 - constants
_ABOUT: Final = f"""
SELECT e.index, e.access_id, e.leaf FROM ledger_entry AS e
WHERE e.index IN (
    SELECT index FROM ledger_entry WHERE named = ANY (%(labels)s)
    UNION ALL
    SELECT index FROM ledger_record WHERE table_name = '{registrations.TABLE}' AND row_id = uuid_send(%(id)s::uuid)
    UNION ALL
    SELECT r.index FROM registration_photo AS p JOIN ledger_record AS r
        ON r.table_name IN ('registration_photo', 'registration_photo_decision')
            AND r.row_id = uuid_send(p.photo_id)
    WHERE p.registration_id = %(id)s::uuid
    UNION ALL
    SELECT r.index FROM notice AS n JOIN ledger_record AS r
        ON r.table_name IN ('notice', 'notice_decision') AND r.row_id = uuid_send(n.notice_id)
    WHERE n.registration_id = %(id)s::uuid
    UNION ALL
    SELECT r.index FROM registration_amendment AS a JOIN ledger_record AS r
        ON r.table_name IN ('registration_amendment', 'registration_amendment_decision')
            AND r.row_id = uuid_send(a.amendment_id)
    WHERE a.registration_id = %(id)s::uuid
)
AND NOT EXISTS (
    SELECT FROM ledger_record AS c
    WHERE c.index = e.index AND c.table_name = '{store.TABLE}' AND c.row_id = uuid_send(%(closure_id)s::uuid)
)
ORDER BY e.index
"""  # noqa: S608 - constants
_SAID_TO_BE: Final = f"""
SELECT e.index, e.leaf, d.sealed
FROM ledger_entry AS e JOIN ledger_detail AS d USING (index)
WHERE e.index = ANY (%(entries)s) AND NOT EXISTS (
    SELECT FROM ledger_record AS r
    WHERE r.index = e.index AND r.table_name = '{registrations.TABLE}' AND r.row_id = uuid_send(%(id)s::uuid)
)
"""  # noqa: S608 - constants
"""Of entries that didn't write a version of a registration, which their leaves say: what their details can tell."""
_NUMBERED: Final = """
SELECT e.index, e.access_id, e.leaf, d.sealed
FROM ledger_entry AS e LEFT JOIN ledger_detail AS d USING (index)
WHERE e.named = ANY (%(labels)s) ORDER BY e.index
"""
"""Look-ups of some numbers."""
_DESTROY: Final = (
    "DELETE FROM ledger_detail WHERE index = ANY (%(entries)s)",
    "DELETE FROM idempotency WHERE access_id = ANY (%(answers)s)",
    "DELETE FROM registration_work WHERE registration_id = %(id)s",
    "DELETE FROM identity_queue WHERE registration_id = %(id)s",
    "DELETE FROM registration_identifier WHERE registration_id = %(id)s",
    "DELETE FROM registration_identifier_withdrawal WHERE registration_id = %(id)s",
    "DELETE FROM registration_screened WHERE registration_id = %(id)s",
    "DELETE FROM registration_case WHERE registration_id = %(id)s",
    "DELETE FROM registration_key WHERE registration_id = %(id)s",
    "DELETE FROM arrival_key WHERE arrival_id = ANY (%(arrivals)s)",
)
_VERSIONS: Final = f"""
SELECT {registrations.COLUMNS}
FROM registration_version AS v JOIN registration_key AS k USING (registration_id)
WHERE v.registration_id = %s ORDER BY v.version
"""  # noqa: S608 - constants

_CLAIMS: Final = """
SELECT uuid_send(registration_id), version, cnic_held, passport_held, person, sealed
FROM registration_claim WHERE registration_id = %s ORDER BY version
"""


_NOT_RECALLED: Final = (
    "Not everybody has been told yet who was shown {}: nothing of it was destroyed. Run it again after the next fixed "
    "time, once `nsor-server serve` has run at it."
)


class NotErased(OperatorError):
    """A registration whose erasure was decided doesn't say so itself."""


@dataclass(frozen=True, slots=True)
class Done:
    """What the command has done with one erasure.

    Attributes:
        record: the version that it wrote.
    """

    record: record_pb2.ErasureRecord

    def __str__(self) -> str:
        """For the operator; it names nobody."""
        registration_id = uuid.UUID(bytes=self.record.registration_id)
        if self.record.version == erasures.COMPLETE:
            return f"{registration_id}: erased. Its erasure is complete."
        until = instant(self.record.complete_after_us).strftime("%Y-%m-%d")
        return (
            f"{registration_id}: key, {len(self.record.entries)} details and {len(self.record.answers)} answers "
            f"destroyed. It is complete when every backup from before today has expired, on {until}."
        )


def erase(
    conn: Connection,
    keyring: Keyring,
    deadlines: Deadlines,
    origin: str = "",
    is_recalled: Callable[[Connection, bytes], bool] = lambda _conn, _registration_id: True,
) -> Iterator[Done]:
    """Destroy what was decided and isn't destroyed yet, and state what is complete; each in a transaction of its own.

    Args:
        conn: the owner's role.
        keyring: opens the decisions, and signs.
        deadlines: of the policy in force: how long backups are kept.
        origin: names a ledger that isn't opened yet.
        is_recalled: whether everybody was told again who was shown a registration: with the details of these accesses
            goes who that is.

    Raises:
        NotErased: a registration isn't what was decided, or its recalls aren't written yet. Nothing of it is destroyed,
            and all others are, first.
    """
    sealer = Sealer(keyring)
    left: list[NotErased] = []
    for columns in conn.execute(_CLOSURES, binary=True).fetchall():
        closure = store.opened(sealer, store.StoredClosure(*columns))
        if closure.kind != closure_pb2.CLOSURE_KIND_ERASED or closure.version != rules.CONFIRMED:
            continue
        before = erasures.newest(conn, sealer).get(closure.closure_id)
        now_us = to_us(operator.now(conn))
        if before is None:
            if not is_recalled(conn, closure.registration_id):
                left.append(NotErased(_NOT_RECALLED.format(uuid.UUID(bytes=closure.registration_id))))
                continue
            try:
                record = _destroy(conn, keyring, closure, deadlines)
            except NotErased as refused:
                conn.rollback()
                left.append(refused)
                continue
        elif before.version == erasures.DESTROYED and before.complete_after_us <= now_us:
            record = record_pb2.ErasureRecord()
            record.CopyFrom(before)
            record.version = erasures.COMPLETE
        else:
            continue
        row, ref = erasures.row(sealer, record)
        outcome = "ERASURE_COMPLETE" if record.version == erasures.COMPLETE else "ERASED"
        detail = record_pb2.AccessDetail(outcome=outcome, subjects=[record.registration_id, record.closure_id])
        operator.record(conn, keyring, method=METHOD, detail=detail, rows=[row], refs=[ref], origin=origin)
        conn.commit()
        yield Done(record)
    if left:
        raise NotErased(" ".join(map(str, left)))


def about(conn: Connection, keyring: Keyring, registration_id: bytes, closure_id: bytes) -> list[tuple[int, bytes]]:
    """Index and access id of every entry about a registration, but for the decision to erase it, and imports."""
    keys, methods = Labels(keyring), sorted(Contract.load().methods)
    names = _names(conn, Sealer(keyring), registration_id, closure_id)
    labels = [label for each in names for label in keys.every(NAMED, each, methods)]
    parameters = {
        "labels": [uuid.UUID(bytes=each) for each in labels],
        "id": uuid.UUID(bytes=registration_id),
        "closure_id": uuid.UUID(bytes=closure_id),
    }
    return [
        (index, access_id.bytes)
        for index, access_id, leaf in conn.execute(_ABOUT, parameters, binary=True)
        if leaves.decode(leaf).method != IMPORT
    ]


def _names(conn: Connection, sealer: Sealer, registration_id: bytes, closure_id: bytes) -> list[str]:
    """What calls about a registration name: itself, a reading of it while it was sealed, or an end proposed before."""
    opened = (
        sealed_readings.opened(sealer, sealed_readings.StoredReading(*columns))
        for columns in conn.execute(_READINGS, binary=True)
    )
    readings = [each.sealed_reading_id for each in opened if each.registration_id == registration_id]
    decided = (store.opened(sealer, store.StoredClosure(*columns)) for columns in conn.execute(_CLOSURES, binary=True))
    closures = {each.closure_id for each in decided if each.registration_id == registration_id} - {closure_id}
    return [
        f"registration {uuid.UUID(bytes=registration_id)}",
        *(f"sealed-reading {uuid.UUID(bytes=each)}" for each in sorted(readings)),
        *(f"closure {uuid.UUID(bytes=each)}" for each in sorted(closures)),
    ]


def looked_up(conn: Connection, labels: Iterable[bytes]) -> set[int]:
    """Indices of the look-ups of numbers, by their labels."""
    parameters = {"labels": [uuid.UUID(bytes=each) for each in labels]}
    return {index for index, *_ in conn.execute(_NUMBERED, parameters, binary=True)}


def _showing(
    conn: Connection, keyring: Keyring, registration_id: bytes, labels: Iterable[bytes]
) -> list[tuple[int, bytes]]:
    """Index and access id of each look-up of a number that showed a registration, by its detail."""
    details = Details(keyring)
    parameters = {"labels": [uuid.UUID(bytes=each) for each in labels]}
    found = []
    for index, access_id, encoded, sealed in conn.execute(_NUMBERED, parameters, binary=True):
        if sealed is None:
            continue  # it was dropped
        detail = details.open(index, leaf_hash(encoded), sealed, leaves.decode(encoded).detail_hash)
        if registration_id in detail.subjects:
            found.append((index, access_id.bytes))
    return found


def _are_about(conn: Connection, keyring: Keyring, closure: record_pb2.ClosureRecord, entries: list[int]) -> bool:
    """Whether entries that were found by what stands beside their leaves are about a registration, by their details.

    With its detail goes whatever tells which label an entry must have: whoever owns the database would have one of his
    own destroyed with the others by exchanging its label, or by moving a photo from one registration to another.

    Raises:
        DetailError: a detail isn't the one of its leaf.
    """
    details, registration_id = Details(keyring), closure.registration_id
    names = _names(conn, Sealer(keyring), registration_id, closure.closure_id)
    parameters = {"entries": entries, "id": uuid.UUID(bytes=registration_id)}
    for index, encoded, sealed in conn.execute(_SAID_TO_BE, parameters, binary=True):
        detail = details.open(index, leaf_hash(encoded), sealed, leaves.decode(encoded).detail_hash)
        if detail.named not in names and registration_id not in detail.subjects:
            return False
    return True


def _number_labels(conn: Connection, keyring: Keyring, registration_id: bytes) -> list[bytes]:
    """Labels that calls by the numbers of a registration have, of all that it ever had."""
    sealer = Sealer(keyring)
    versions = conn.execute(_VERSIONS, (uuid.UUID(bytes=registration_id),), binary=True)
    opened = (registrations.open_version(sealer, registrations.StoredVersion(*columns)) for columns in versions)
    names = {name for record in opened for name in numbers(record)}
    labels = Labels(keyring)
    return sorted(label for each in names for label in labels.every(NAMED, each, _BY_NUMBER))


def _destroy(
    conn: Connection, keyring: Keyring, closure: record_pb2.ClosureRecord, deadlines: Deadlines
) -> record_pb2.ErasureRecord:
    """Destroy what there is of a registration, in the caller's transaction."""
    head = registrations.newest(conn, closure.registration_id)
    if head is None or registrations.open_version(Sealer(keyring), head).state != registrations.ERASED:
        raise NotErased(
            f"{uuid.UUID(bytes=closure.registration_id)} isn't what two officers have decided on: nothing of it was "
            "destroyed. Ask `nsor-server ledger verify` why."
        )
    now = operator.now(conn)
    try:
        meetings.check_free(conn, Sealer(keyring), closure.registration_id, to_us(now))
        met = meetings.met(conn, Sealer(keyring), BlindIndex(keyring), closure.registration_id)
        arrivals = notices.with_keys(conn, Sealer(keyring), closure.registration_id)
    except errors.ApiError:
        raise NotErased(
            f"{uuid.UUID(bytes=closure.registration_id)} is needed for what was decided of another registration, or "
            "one of both doesn't open: nothing of it was destroyed."
        ) from None
    try:
        labels = _number_labels(conn, keyring, closure.registration_id)
        showing = _showing(conn, keyring, closure.registration_id, labels)
        found = sorted({*about(conn, keyring, closure.registration_id, closure.closure_id), *showing})
        are_about = _are_about(conn, keyring, closure, [index for index, _ in found])
    except DetailError:
        are_about = False
    if not are_about:
        raise NotErased(
            f"An entry stands beside those about {uuid.UUID(bytes=closure.registration_id)} and is about another one, "
            "or its detail doesn't open: nothing of it was destroyed. Ask `nsor-server ledger verify` which."
        )
    # What a station is still shown keeps its key for some days, and backups that are made in these days have it.
    left = [ends_at for ends_at in arrivals.values() if ends_at > now]
    due = deadlines.due(BACKUP_EXPIRY, deadlines.due(ARRIVAL_EXPIRY, max(left)).due if left else now)
    ended = [arrival_id for arrival_id, ends_at in arrivals.items() if ends_at <= now]
    record = record_pb2.ErasureRecord(
        closure_id=closure.closure_id,
        version=erasures.DESTROYED,
        registration_id=closure.registration_id,
        last_version=head.version,
        entries=[index for index, _ in found],
        time_us=to_us(now),
        complete_after_us=to_us(due.due),
        rule=due.rule_id,
        beside_sha256=_beside(conn, closure.registration_id),
        number_labels=labels if showing else (),
        claims_sha256=_beside_claims(conn, closure.registration_id),
        met=met,
        arrivals=ended,
    )
    answers = [uuid.UUID(bytes=access_id) for _, access_id in found]
    kept = conn.execute("SELECT access_id FROM idempotency WHERE access_id = ANY (%s)", (answers,)).fetchall()
    record.answers.extend(sorted(access_id.bytes for (access_id,) in kept))
    parameters = {
        "entries": list(record.entries),
        "answers": answers,
        "id": uuid.UUID(bytes=closure.registration_id),
        "arrivals": [uuid.UUID(bytes=each) for each in ended],
    }
    for statement in _DESTROY:
        conn.execute(statement, parameters)
    return record


def _beside(conn: Connection, registration_id: bytes) -> bytes:
    """SHA-256 of what stands beside the seals of a registration's versions."""
    hashed = hashlib.sha256()
    for columns in conn.execute(_VERSIONS, (uuid.UUID(bytes=registration_id),), binary=True):
        hashed.update(registrations.beside(registrations.StoredVersion(*columns)))
    return hashed.digest()


def _beside_claims(conn: Connection, registration_id: bytes) -> bytes:
    """SHA-256 of what stands beside the seals of the versions of a registration's claim; empty: it has none."""
    rows = conn.execute(_CLAIMS, (uuid.UUID(bytes=registration_id),), binary=True).fetchall()
    hashed = hashlib.sha256(b"".join(claims.beside(claims.StoredClaim(*columns)) for columns in rows))
    return hashed.digest() if rows else b""
