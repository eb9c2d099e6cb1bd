"""Reviews as they are stored, compared with their seals; and which tables of registrations the ledger records.

The versions of registrations and their claims are opened in the order of the ledger (history.py).
"""

from __future__ import annotations

from typing import Final

from nsor_server.ledger.stored import Add, Connection, RecordedTable, Stored, opened, read, recorded_index
from nsor_server.registration import claims, review_store, store
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer

_TIMES: Final = f"""
SELECT {recorded_index(review_store.TIMES, "t.review_time_id", "1")}, uuid_send(t.review_time_id), t.number,
    (extract(epoch FROM t.due_at) * 1000000)::bigint,
    coalesce((
        SELECT jsonb_agg(
            jsonb_build_array(
                r.number, encode(uuid_send(r.registration_id), 'hex'),
                encode(uuid_send(r.earlier_registration_id), 'hex'), r.kind
            ) ORDER BY r.number
        )
        FROM registration_review AS r WHERE r.review_time = t.number
    ), '[]'),
    t.sealed
FROM review_time AS t
ORDER BY 1
"""  # noqa: S608 - constants
_STRAY: Final = """
SELECT count(*) FROM registration_review AS r
WHERE NOT EXISTS (SELECT FROM review_time AS t WHERE t.number = r.review_time)
"""
_KEYS_WITHOUT: Final = """
SELECT count(DISTINCT registration_id) FROM registration_key AS k
WHERE NOT EXISTS (SELECT FROM registration_version AS v WHERE v.registration_id = k.registration_id)
"""


def _compare(conn: Connection, keyring: Keyring, add: Add) -> None:
    sealer = Sealer(keyring)
    for index, time_id, number, due_us, reviews, sealed in read(conn, "review times", _TIMES):
        of_time = (time_id, number, due_us)
        rows = [(nth, bytes.fromhex(one), bytes.fromhex(other), kind) for nth, one, other, kind in reviews]
        opened(add, index, review_store.TIMES, lambda: review_store.open_time(sealer, of_time, rows, sealed))  # noqa: B023
    for query, problem in (
        (_STRAY, "registration_review has {} rows of times that aren't there"),
        (_KEYS_WITHOUT, "registration_key has rows of {} registrations that aren't there"),
    ):
        counted = conn.execute(query.encode()).fetchone()
        if counted is not None and counted[0]:
            add(-1, problem.format(counted[0]))


STORED: Final = Stored(
    (
        RecordedTable(store.TABLE, "registration_id", "version"),
        RecordedTable(claims.TABLE, "registration_id", "version"),
        RecordedTable(review_store.TIMES, "review_time_id"),
    ),
    _compare,
)
"""For verification."""
