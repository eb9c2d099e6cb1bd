"""Pages of access requests in PostgreSQL, read with the newest versions that they follow from. Knows no policy."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from nsor.v1 import options_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, Seen
from nsor_server.lookup import fir_places
from nsor_server.lookup.requests import store, work
from nsor_server.lookup.requests.work import Place, Work
from nsor_server.storage import arrays
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealing
from nsor_server.storage.session import ask
from nsor_server.storage.v1 import record_pb2

_EVER_US: Final = (1 << 63) - 1
_ALL_OFFICERS: Final = bytes(16)
_PROBLEM: Final = "%s contradicts the access requests; run `nsor-server ledger verify`"


class Wanted(NamedTuple):
    """What is asked for.

    Attributes:
        states: those that stand there.
        officer_label: those of the officer with this label; empty: of all.
        due_us: what NPB has to do with: those that wait and whose deadline was over at this instant, and those of
            which it must decide whether juveniles' records are shown; None: all.
    """

    states: tuple[int, ...]
    officer_label: bytes = b""
    due_us: int | None = None

    def admits(self, found: Work) -> bool:
        """Whether a request is asked for."""
        is_due = (
            self.due_us is None
            or found.juvenile_us > 0
            or (found.state == work.PENDING and found.order_us <= self.due_us)
        )
        return found.state in self.states and self.officer_label in {b"", found.officer} and is_due


class Item(NamedTuple):
    """A request in a list, and its newest version."""

    work: Work
    record: record_pb2.AccessRequestRecord

    @property
    def seen(self) -> Seen:
        """That this was the newest version."""
        return Seen(store.REQUEST_HEADS, (self.record.access_request_id,), self.record.version)


class Page(NamedTuple):
    """A page of a list.

    Attributes:
        size: how many entries the ledger had when it was read.
        items: in the list's order.
    """

    size: int
    items: Sequence[Item]


def page(
    conn: Connection, keys: tuple[Sealing, BlindIndex], call: Call, wanted: Wanted, after: Place, *, most: int
) -> Page:
    """A page of what the contract shows the caller.

    Args:
        conn: any.
        keys: what opens the versions, and what finds their stations.
        call: past the gate.
        wanted: which requests.
        after: the place at which the page before ended.
        most: how many.

    Raises:
        errors.Internal: a request isn't what its row in the list says, or isn't one that was asked for.
    """
    (sealer, blind_index), statements = keys, _PAGE_IN
    if wanted.due_us is not None:
        statements = _OF_NPB_IN
    elif wanted.officer_label:
        statements = _OWN_IN
    found = ask(
        conn,
        statements[call.rows],
        *fir_places.parameters(blind_index, call.agency, call.officer),
        arrays.shorts(wanted.states),
        arrays.integer(int(after.decided)),
        arrays.integer(after.order_us),
        after.access_request_id,
        arrays.integer(most),
        arrays.integer(_EVER_US if wanted.due_us is None else wanted.due_us),
        wanted.officer_label or _ALL_OFFICERS,
    )
    if not found:
        raise contradicted("ledger_head")
    items = [_item(sealer, call, wanted, row[1:]) for row in found if row[1] is not None]
    places = [after, *(item.work.place for item in items)]
    if any(one >= other for one, other in itertools.pairwise(places)):
        raise contradicted(work.TABLE, _PROBLEM)
    return Page(int(found[0][0]), items)


def _item(sealer: Sealing, call: Call, wanted: Wanted, row: Sequence[Any]) -> Item:
    beside, columns, sealed = row[: len(Work._fields)], row[len(Work._fields) : -1], row[-1]
    found = Work(*beside)
    if columns[0] is None:
        raise contradicted(work.TABLE, "a row of %s names an access request that isn't there")
    request_id = uuid.UUID(bytes=found.access_request_id)
    record = store.open_request(sealer, request_id, columns, sealed)
    if work.of(record) != found or not wanted.admits(found):
        raise contradicted(work.TABLE, _PROBLEM)
    rows.require_shown(work.TABLE, store.said(record), call)
    return Item(found, record)


_SCOPES: Final = (options_pb2.ROW_SCOPE_OWN_AGENCY, options_pb2.ROW_SCOPE_JURISDICTION, options_pb2.ROW_SCOPE_ALL)
_LEVELS: Final = ("left(w.place, 5)", "left(w.place, 9)", "w.place")
"""The unit, the district and the station of a request: each begins an index, in which the requests of an agency and a
state stand in their order. So a page reads as much of a province as of a station, however many stations there are."""
_DECIDED: Final = f"state <> {work.PENDING}"
_BEHIND: Final = f"""
w.order_us <= $10::bigint AND (w.order_us, w.access_request_id) > (
    CASE WHEN (g.{_DECIDED})::integer = $6::bigint THEN $7::bigint ELSE {work.START.order_us} END,
    CASE WHEN (g.{_DECIDED})::integer = $6::bigint THEN $8::uuid ELSE '{work.START.access_request_id.hex()}' END
)
"""
_WHOLE: Final = """
SELECT h.size, uuid_send(w.access_request_id), w.agency_id, w.place, w.state, w.order_us, uuid_send(w.officer),
    uuid_send(w.fir), w.created_us, w.juvenile_us, v.version, v.state, v.agency_id, v.place, v.sealed
FROM ledger_head AS h
LEFT JOIN (
    ({page}) AS w
    LEFT JOIN LATERAL (
        SELECT * FROM access_request_version AS x WHERE x.access_request_id = w.access_request_id
        ORDER BY version DESC LIMIT 1
    ) AS v ON true
) ON true
ORDER BY w.{decided}, w.order_us, w.access_request_id
"""
_AREAS: Final = """
WITH RECURSIVE units (place) AS (
    (SELECT left(place, 5) FROM access_request_work ORDER BY left(place, 5) LIMIT 1)
    UNION ALL
    SELECT n.* FROM units AS u CROSS JOIN LATERAL (
        SELECT left(place, 5) FROM access_request_work WHERE left(place, 5) > u.place ORDER BY left(place, 5) LIMIT 1
    ) AS n
),
areas (place) AS (SELECT place FROM units UNION SELECT pg_catalog.unnest($2 || $3))
"""
"""The places that may lie within the caller's: all units, for whoever acts in the whole country, and his own."""
_OF_LEVEL: Final = f"""
SELECT found.*
FROM areas AS a
CROSS JOIN LATERAL (
    WITH RECURSIVE asking (agency_id) AS (
        (SELECT w.agency_id FROM access_request_work AS w WHERE {{level}} = a.place ORDER BY w.agency_id LIMIT 1)
        UNION ALL
        SELECT n.* FROM asking AS before CROSS JOIN LATERAL (
            SELECT w.agency_id FROM access_request_work AS w
            WHERE {{level}} = a.place AND w.agency_id > before.agency_id
            ORDER BY w.agency_id LIMIT 1
        ) AS n
    )
    SELECT agency_id, of.state
    FROM asking CROSS JOIN pg_catalog.unnest($5::smallint[]) AS of (state)
    WHERE (of.{_DECIDED})::integer >= $6::bigint
) AS g
CROSS JOIN LATERAL (
    SELECT * FROM access_request_work AS w
    WHERE {{level}} = a.place AND (w.agency_id, w.state) = (g.agency_id, g.state) AND {_BEHIND}
    ORDER BY w.order_us, w.access_request_id
    LIMIT $9::bigint
) AS found
WHERE {{{{rows}}}} AND $11::uuid IS NOT NULL
"""  # noqa: S608 - constants
"""Of each area, agency and state so many, behind a place of the list."""
_PAGE: Final = _AREAS + _WHOLE.format(
    decided=_DECIDED,
    page=f"""
        SELECT w.*
        FROM ({" UNION ".join(_OF_LEVEL.format(level=level) for level in _LEVELS)}) AS w
        ORDER BY w.{_DECIDED}, w.order_us, w.access_request_id
        LIMIT $9::bigint
    """,  # noqa: S608 - constants
)
"""The first of them all; one that lies within two areas stands there once."""
_OWN: Final = _WHOLE.format(
    decided=_DECIDED,
    page=f"""
        SELECT w.*
        FROM pg_catalog.unnest($5::smallint[]) AS g (state)
        CROSS JOIN LATERAL (
            SELECT * FROM access_request_work AS w
            WHERE w.officer = $11::uuid AND w.state = g.state AND {_BEHIND} AND {{rows}}
            ORDER BY w.order_us, w.access_request_id
            LIMIT $9::bigint
        ) AS w
        WHERE (g.{_DECIDED})::integer >= $6::bigint
        ORDER BY w.{_DECIDED}, w.order_us, w.access_request_id
        LIMIT $9::bigint
    """,  # noqa: S608 - constants
)
"""Likewise, of one officer."""
_OF_NPB: Final = _WHOLE.format(
    decided=_DECIDED,
    page=f"""
        SELECT w.*
        FROM (
            (
                SELECT * FROM access_request_work
                WHERE state = {work.PENDING} AND state = ANY ($5::smallint[]) AND order_us <= $10::bigint
                    AND (0, order_us, access_request_id) > ($6::bigint, $7::bigint, $8::uuid)
                ORDER BY order_us, access_request_id
                LIMIT $9::bigint
            )
            UNION
            (
                SELECT * FROM access_request_work
                WHERE juvenile_us > 0 AND state = ANY ($5::smallint[])
                    AND (({_DECIDED})::integer, order_us, access_request_id) > ($6::bigint, $7::bigint, $8::uuid)
                ORDER BY ({_DECIDED})::integer, order_us, access_request_id
                LIMIT $9::bigint
            )
        ) AS w
        WHERE {{rows}} AND ($11::uuid = '{_ALL_OFFICERS.hex()}' OR w.officer = $11::uuid)
        ORDER BY w.{_DECIDED}, w.order_us, w.access_request_id
        LIMIT $9::bigint
    """,  # noqa: S608 - constants
)
"""What waits past its deadline, and what waits for NPB's decision of juveniles' records."""
_OF_NPB_IN: Final = rows.statements(
    "access requests listed for NPB", _OF_NPB, rows.Columns(), (options_pb2.ROW_SCOPE_ALL,)
)
_PAGE_IN: Final = rows.statements(
    "access requests listed", _PAGE, rows.Columns(own_agency="g.agency_id", place="a.place"), _SCOPES
)
_OWN_IN: Final = rows.statements(
    "own access requests listed", _OWN, rows.Columns(own_agency="w.agency_id", place="w.place"), _SCOPES
)
