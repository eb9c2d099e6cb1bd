"""What calls were refused by, compared with what the register held when they read it.

Whoever owns the database can hide a row, or show an older one, while a call is answered, and put it back: then the
caller hears NO_RECORD of his own record. So the sealed detail of a refusal by the register says what was looked at
(``Call.looks_at``), and how many entries there were at least. An honest call has read the register as it stood after
one of the entries between that and its own: what it was refused by is looked for in all of these.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, LiteralString, TypeAlias

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2
from nsor_server.access import rows, watched
from nsor_server.access.enrolled import Enrolled
from nsor_server.calls import Agency, Officer
from nsor_server.formats.instants import to_us
from nsor_server.ledger.stored import Add, Concerns, Connection
from nsor_server.lookup import fir_places
from nsor_server.lookup.emergencies import store as emergencies
from nsor_server.lookup.grants import store as grants
from nsor_server.lookup.recalls import store as recalls
from nsor_server.lookup.replays import store as replays
from nsor_server.lookup.requests import store as requests
from nsor_server.lookup.screening import store as screening
from nsor_server.lookup.tripwires import store as tripwires
from nsor_server.notification import store as notices
from nsor_server.oversight.statistics import store as statistics
from nsor_server.registration import claims, review_store
from nsor_server.registration import store as registrations
from nsor_server.registration.amendments import store as amendments
from nsor_server.registration.arrivals import notices as arrivals
from nsor_server.registration.closure import store as closures
from nsor_server.registration.history import History
from nsor_server.registration.identity import store as identity
from nsor_server.registration.judgments import store as judgments
from nsor_server.registration.persons import store as decisions
from nsor_server.registration.photos import store as photos
from nsor_server.registration.sealed import store as readings
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

_HIDDEN: Final = "a call was answered that there is no record, and one stood that it had to be shown"
_OTHER: Final = "a call was refused by something that wasn't so when it was read"

_Kind: TypeAlias = record_pb2.LookedAtKind.ValueType
_REGISTRATION: Final = record_pb2.LOOKED_AT_KIND_REGISTRATION
_ITEM: Final = record_pb2.LOOKED_AT_KIND_IDENTITY_ITEM


def _recorded(table: LiteralString) -> LiteralString:
    """The versions of a recorded row, each with its entry."""
    return f"SELECT version, index FROM ledger_record WHERE table_name = '{table}' AND row_id = %(id)s"  # noqa: S608 - constants


def _of_registration(table: LiteralString, row_id: LiteralString) -> LiteralString:
    """Likewise, of a row that another registration than the one that was named may have."""
    return f"""
        {_recorded(table)} AND EXISTS (
            SELECT FROM {table} AS t WHERE t.{row_id} = %(key)s AND t.registration_id = %(of)s
        )
    """


def _at_a_time(rows_of: LiteralString) -> LiteralString:
    """Likewise, of what a fixed time for reviews has written; its rows repeat what is sealed in that."""
    return f"""
        SELECT 1, r.index
        FROM {rows_of} AS met
        JOIN review_time AS t ON t.number = met.review_time
        JOIN ledger_record AS r ON r.table_name = '{review_store.TIMES}' AND r.row_id = uuid_send(t.review_time_id)
    """  # noqa: S608 - constants


_TABLES: Final[Mapping[_Kind, str]] = {
    _REGISTRATION: registrations.TABLE,
    record_pb2.LOOKED_AT_KIND_REGISTRATION_ITSELF: registrations.TABLE,
    record_pb2.LOOKED_AT_KIND_JUDGMENT: judgments.TABLE,
    record_pb2.LOOKED_AT_KIND_ACCESS_REQUEST: requests.REQUESTS,
    record_pb2.LOOKED_AT_KIND_GRANT: grants.GRANTS,
    record_pb2.LOOKED_AT_KIND_RECALL: recalls.RECALLS,
    _ITEM: identity.TABLE,
    record_pb2.LOOKED_AT_KIND_SEALED_READING: readings.TABLE,
    record_pb2.LOOKED_AT_KIND_CLOSURE: closures.TABLE,
    record_pb2.LOOKED_AT_KIND_PHOTO_DECISION: photos.DECISION,
    record_pb2.LOOKED_AT_KIND_NOTICE_DECISION: notices.DECISION,
    record_pb2.LOOKED_AT_KIND_CLAIM: claims.TABLE,
    record_pb2.LOOKED_AT_KIND_ARRIVAL: arrivals.TABLE,
    record_pb2.LOOKED_AT_KIND_MANIFEST: screening.TABLE,
    record_pb2.LOOKED_AT_KIND_EMERGENCY: emergencies.TABLE,
    record_pb2.LOOKED_AT_KIND_EMERGENCY_REVIEW: emergencies.REVIEW,
    record_pb2.LOOKED_AT_KIND_TRIPWIRE_REPLAY: replays.TABLE,
    record_pb2.LOOKED_AT_KIND_UNUSUAL_ACCESS: tripwires.TABLE,
    record_pb2.LOOKED_AT_KIND_UNUSUAL_ACCESS_REVIEW: tripwires.REVIEW,
    record_pb2.LOOKED_AT_KIND_STATISTICS: statistics.TABLE,
}
"""What is looked at -> the recorded table that has it under the id that was named."""
_OF_TABLE: Final = Statement(
    b"refused", b"SELECT version, index FROM ledger_record WHERE table_name = $1 AND row_id = $2"
)
"""Many refusals are of a grant that never was: through psycopg, with a plan for each, they took a third of the time."""
_VERSIONS: Final[Mapping[_Kind, LiteralString]] = {
    record_pb2.LOOKED_AT_KIND_CORRECTION: _at_a_time(
        "(SELECT review_time FROM correction_met WHERE correction_id = %(key)s AND registration_id = %(of)s)"
    ),
    record_pb2.LOOKED_AT_KIND_AMENDMENT: _of_registration(amendments.TABLE, "amendment_id"),
    record_pb2.LOOKED_AT_KIND_PHOTO: _of_registration(photos.TABLE, "photo_id"),
    record_pb2.LOOKED_AT_KIND_NOTICE: _of_registration(notices.TABLE, "notice_id"),
    record_pb2.LOOKED_AT_KIND_REVIEW: _at_a_time(
        "(SELECT review_time FROM registration_review WHERE number = %(number)s)"
    ),
    record_pb2.LOOKED_AT_KIND_REVIEW_DECISION: f"""
        SELECT r.version, r.index
        FROM ledger_record AS r
        WHERE r.table_name = '{decisions.TABLE}'
            AND r.row_id = (SELECT uuid_send(decision_id) FROM review_decision WHERE review_number = %(number)s LIMIT 1)
    """,  # noqa: S608 - constants
    # An officer's own number is for nobody one that he may end.
    record_pb2.LOOKED_AT_KIND_WATCHED_NUMBER: f"""
        {_recorded(watched.TABLE)} AND EXISTS (
            SELECT FROM {watched.TABLE} AS w WHERE w.watched_id = %(key)s
        )
    """,
}
"""Of anything else its versions and their entries; the statements' parameters are those of ``_named``."""


@dataclass(frozen=True, slots=True)
class _Scoped:
    """What is shown by the rows of the contract.

    Attributes:
        source: its table.
        row_id: the column of its id.
        columns: where it has what the scopes go by.
        version: the column of its version; empty: there is one.
    """

    source: LiteralString
    row_id: LiteralString
    columns: rows.Columns
    version: LiteralString = ""

    @property
    def statement(self) -> str:
        """What a version says of itself, as ``rows.Said``."""
        present = [f"{text.format()} AS {name}" for name, text in asdict(self.columns).items() if text is not None]
        where = f" AND {self.version} = %(version)s" if self.version else ""
        return f"SELECT {', '.join(present)} FROM {self.source} WHERE {self.row_id} = %(key)s{where}"  # noqa: S608 - constants


_SCOPED: Final[Mapping[_Kind, _Scoped]] = {
    _REGISTRATION: _Scoped("registration_version AS v", "v.registration_id", registrations.PLACES, version="v.version"),
    record_pb2.LOOKED_AT_KIND_JUDGMENT: _Scoped(
        "judgment_version AS j", "j.judgment_id", judgments.PLACES, version="j.version"
    ),
    record_pb2.LOOKED_AT_KIND_ACCESS_REQUEST: _Scoped(
        "access_request_version AS r", "r.access_request_id", requests.REQUEST_PLACES, version="r.version"
    ),
    record_pb2.LOOKED_AT_KIND_ARRIVAL: _Scoped("arrival_notice AS a", "a.arrival_id", arrivals.PLACES),
    record_pb2.LOOKED_AT_KIND_MANIFEST: _Scoped("manifest AS m", "m.manifest_id", screening.PLACES),
    record_pb2.LOOKED_AT_KIND_GRANT: _Scoped("access_grant AS g", "g.grant_id", grants.GRANT_PLACES),
    record_pb2.LOOKED_AT_KIND_RECALL: _Scoped("recall AS n", "n.recall_id", recalls.PLACES),
    _ITEM: _Scoped("identity_item AS i", "i.item_id", identity.PLACES),
}
_OF_ITEM: Final = "SELECT uuid_send(registration_id) FROM identity_item WHERE item_id = %(key)s"
_ENDS: Final = "SELECT ends_at FROM arrival_notice WHERE arrival_id = %(key)s"
_STATE: Final = "SELECT state FROM registration_version WHERE registration_id = %(key)s AND version = %(version)s"


class Refusals:
    """Refusals by the register, in the ledger's order; but not of registrations that were erased since."""

    def __init__(self, conn: Connection, keyring: Keyring, history: History, enrolled: Enrolled, add: Add) -> None:
        self._conn, self._history, self._enrolled, self._add = conn, history, enrolled, add
        self._blind_index = BlindIndex(keyring)
        self.concerns = Concerns(told=("refused",))

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next refusal."""
        if detail is None or not detail.HasField("refused"):
            return
        refused = detail.refused
        if any(each.row_id in self._history.erased for each in refused.looked_at):
            return
        caller = self._caller(leaf, detail)
        reader = _Reader(self._conn, refused, index)
        for each in refused.looked_at:
            stood = reader.versions(each.kind, each.row_id)
            if each.version or each.kind not in _SCOPED:
                if each.version not in stood:
                    self._add(index, _OTHER)
            elif (
                caller
                and not reader.is_over(each.kind, each.row_id, leaf.time_us)
                and all(reader.shows(each.kind, each.row_id, version, caller) for version in stood)
            ):
                self._add(index, _HIDDEN)

    def finish(self) -> None:
        """Nothing is left to report."""

    def _caller(self, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> tuple[Agency, Officer | None] | None:
        """Who called; None: nobody who is or was enrolled, and where he may act isn't known."""
        agency, officer = self._enrolled.agency(leaf.agency), self._enrolled.officer(detail.officer_key)
        if agency is None or (officer is None and detail.officer_key):
            return None
        return fir_places.caller(self._blind_index, agency, officer)


@dataclass(frozen=True, slots=True)
class _Reader:
    """What a refused call could read.

    Attributes:
        refused: what its entry says.
        index: of its entry.
    """

    conn: Connection
    refused: record_pb2.Refused
    index: int

    def versions(self, kind: _Kind, row_id: bytes) -> list[int]:
        """The versions that were the newest at some time while it read; 0: there was none."""
        found = self._recorded(kind, row_id)
        before = max((version for version, index in found if index < self.refused.before), default=0)
        since = [version for version, index in found if self.refused.before <= index < self.index]
        return [before, *sorted(since)]

    def _recorded(self, kind: _Kind, row_id: bytes) -> list[tuple[Any, ...]]:
        """The versions of what was looked at, each with its entry."""
        table = _TABLES.get(kind)
        if table is not None:
            return ask(self.conn, _OF_TABLE, table.encode(), row_id)
        of = uuid.UUID(bytes=self.refused.looked_at[0].row_id)
        return self.conn.execute(_VERSIONS[kind].encode(), {**_named(row_id), "of": of}).fetchall()

    def shows(self, kind: _Kind, row_id: bytes, version: int, caller: tuple[Agency, Officer | None]) -> bool:
        """Whether a version is in the rows that the contract shows the caller."""
        if not version:
            return False
        of = _SCOPED[kind]
        with self.conn.cursor() as cursor:
            cursor.execute(of.statement.encode(), {**_named(row_id), "version": version})
            found = cursor.fetchone()
            names = [each.name for each in cursor.description or ()]
        if found is None:
            return False  # which is a finding already
        said = rows.Said(**dict(zip(names, found, strict=True)))
        if not rows.shows(options_pb2.RowScope.ValueType(self.refused.rows), said, *caller):
            return False
        return kind != _ITEM or self._is_confirmed(row_id)

    def is_over(self, kind: _Kind, row_id: bytes, time_us: int) -> bool:
        """Whether nobody was shown it any more at an instant: an arrival notice, once its number isn't looked for."""
        if kind != record_pb2.LOOKED_AT_KIND_ARRIVAL:
            return False
        found = self.conn.execute(_ENDS, _named(row_id)).fetchone()
        return found is not None and to_us(found[0]) <= time_us

    def _is_confirmed(self, item_id: bytes) -> bool:
        """Whether the registration of an item was confirmed all the time."""
        ((registration_id,),) = self.conn.execute(_OF_ITEM, _named(item_id)).fetchall()
        states = [self._state(registration_id, each) for each in self.versions(_REGISTRATION, registration_id)]
        return all(state == registrations.CONFIRMED for state in states)

    def _state(self, registration_id: bytes, version: int) -> int | None:
        found = self.conn.execute(_STATE, {**_named(registration_id), "version": version}).fetchone()
        return None if found is None else int(found[0])


def _named(row_id: bytes) -> dict[str, Any]:
    """An id as the statements name it: its bytes, the key that a table is found by, and the number that it may be."""
    return {"id": row_id, "key": uuid.UUID(bytes=row_id), "number": int.from_bytes(row_id, "big")}
