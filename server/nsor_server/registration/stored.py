"""Which tables of registrations the ledger records; rows beside them that belong to nothing.

The versions of registrations, their claims, reviews and photos, the judgments about them, their corrections, their
validations and ends are opened in the order of the ledger (history.py, reviewed.py, and each subject's module history).
"""

from __future__ import annotations

from typing import Final

from nsor.counting import agreeing
from nsor_server.ledger.stored import Add, Connection, RecordedTable, Stored
from nsor_server.registration import claims, review_store, store
from nsor_server.registration.amendments import stored as amendments
from nsor_server.registration.arrivals import notices as arrivals
from nsor_server.registration.closure import erasures
from nsor_server.registration.closure import store as closures
from nsor_server.registration.corrections import store as corrections
from nsor_server.registration.duties import counted
from nsor_server.registration.identity import store as identity
from nsor_server.registration.imports import stored as imports
from nsor_server.registration.judgments import store as judgments
from nsor_server.registration.movements import store as movements
from nsor_server.registration.persons import store as decisions
from nsor_server.registration.photos import stored as photos
from nsor_server.registration.sealed import store as sealed
from nsor_server.registration.validation import store as validations
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer

_STRAY: Final = """
SELECT count(*) FROM registration_review AS r
WHERE NOT EXISTS (SELECT FROM review_time AS t WHERE t.number = r.review_time)
"""
_KEYS_WITHOUT: Final = """
SELECT count(DISTINCT registration_id) FROM registration_key AS k
WHERE NOT EXISTS (SELECT FROM registration_version AS v WHERE v.registration_id = k.registration_id)
"""
_MOVEMENT_KEYS_WITHOUT: Final = """
SELECT count(*) FROM movement_key AS k WHERE NOT EXISTS (
    SELECT FROM movement AS m WHERE m.movement_id = k.movement_id AND m.created_at = k.created_at
)
"""
_MOVEMENT_KEYS_TWICE: Final = "SELECT count(*) - count(DISTINCT movement_id) FROM movement_key"
_ARRIVAL_KEYS_WITHOUT: Final = """
SELECT count(*) FROM arrival_key AS k WHERE NOT EXISTS (
    SELECT FROM arrival_notice AS a WHERE a.arrival_id = k.arrival_id AND a.ends_at = k.ends_at
)
"""
_ARRIVAL_KEYS_TWICE: Final = "SELECT count(*) - count(DISTINCT arrival_id) FROM arrival_key"


def _compare(conn: Connection, keyring: Keyring, add: Add) -> None:
    imports.compare(conn, keyring, add)
    amendments.compare(conn, keyring, add, erasures.erased_ids(conn, Sealer(keyring)))
    for query, problem in (
        (_STRAY, "registration_review has {} rows of times that aren't there"),
        (_KEYS_WITHOUT, "registration_key has rows of {} registrations that aren't there"),
        (_MOVEMENT_KEYS_WITHOUT, "movement_key has {} rows of movements that aren't there, or of another time"),
        (_MOVEMENT_KEYS_TWICE, "movement_key has {} rows too many"),
        (_ARRIVAL_KEYS_WITHOUT, "arrival_key has {} rows of arrival notices that aren't there, or of another end"),
        (_ARRIVAL_KEYS_TWICE, "arrival_key has {} rows too many"),
    ):
        counted = conn.execute(query.encode()).fetchone()
        if counted is not None and counted[0]:
            add(-1, agreeing(problem, counted[0]))


STORED: Final = Stored(
    (
        RecordedTable(store.TABLE, "registration_id", "version"),
        RecordedTable(claims.TABLE, "registration_id", "version"),
        RecordedTable(review_store.TIMES, "review_time_id"),
        RecordedTable(decisions.TABLE, "decision_id", "version"),
        imports.RECORDED,
        *photos.TABLES,
        RecordedTable(arrivals.TABLE, "arrival_id", written_at="created_at"),
        RecordedTable(corrections.REQUEST, "correction_request_id", written_at="created_at"),
        RecordedTable(corrections.DECISION, "correction_id"),
        RecordedTable(validations.TABLE, "registration_id", "version"),
        RecordedTable(closures.TABLE, "closure_id", "version"),
        *amendments.TABLES,
        RecordedTable(identity.TABLE, "item_id"),
        RecordedTable(sealed.TABLE, "sealed_reading_id", "version", written_at="created_at"),
        RecordedTable(erasures.TABLE, "closure_id", "version"),
        RecordedTable(judgments.TABLE, "judgment_id", "version", written_at="created_at"),
        RecordedTable(movements.TABLE, "movement_id", written_at="created_at"),
        RecordedTable.unsealed(counted.TABLE),
    ),
    _compare,
)
"""For verification."""
