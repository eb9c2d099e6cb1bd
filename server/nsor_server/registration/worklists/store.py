"""Worklists in PostgreSQL: a page of what there is to do, read with the newest versions that it follows from."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from nsor.v1 import options_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, Seen, Shown
from nsor_server.formats.instants import to_us
from nsor_server.registration import store
from nsor_server.registration.amendments import store as amendments
from nsor_server.registration.judgments.rules import SPECIAL_COURTS
from nsor_server.registration.validation import store as validations
from nsor_server.registration.worklists import owed, rules
from nsor_server.registration.worklists.rows import TABLE
from nsor_server.registration.worklists.rules import Place, Wanted, Work
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, Sealer
from nsor_server.storage.session import ask
from nsor_server.storage.v1 import record_pb2

START: Final = Place(0, -(2**63), bytes(16))
"""Before the first item."""
_WORK_COLUMNS: Final = 8


@dataclass(frozen=True, slots=True)
class Item:
    """Something to do, and the version that it follows from."""

    work: Work
    version: store.StoredVersion
    record: record_pb2.RegistrationRecord
    validation: record_pb2.ValidationRecord | None = None
    """The newest validation, of a record that has to be looked at again."""
    is_listed: bool = True
    """Whether it is still to do, and no other registration of the person stands for it: nobody is shown another one."""
    seen: tuple[Seen, ...] = ()
    """What it rests on."""

    @property
    def place(self) -> Place:
        """Where it stands in the list."""
        return Place(self.work.kind, self.work.since_us, self.work.subject_id)

    @property
    def conviction(self) -> record_pb2.Conviction:
        """What it is about."""
        return next(each for each in self.record.convictions if each.conviction_id == self.work.subject_id)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list.

    Attributes:
        size: how many entries the ledger had when it was read.
        items: in the list's order.
    """

    size: int
    items: Sequence[Item]


def shown(items: Iterable[Item]) -> list[Shown]:
    """The registrations that items show, each once."""
    return list(dict.fromkeys(Shown(each.record.registration_id, each.record.version) for each in items))


def page(conn: Connection, sealer: Sealer, call: Call, wanted: Wanted, after: Place, *, most: int) -> Page:
    """A page of what the contract shows the caller.

    Args:
        conn: any.
        sealer: opens the versions.
        call: past the gate.
        wanted: which works.
        after: the place at which the page before ended.
        most: how many.

    Raises:
        errors.Internal: an item doesn't follow from the newest version of its registration, or isn't one that was
            asked for.
    """
    found = ask(
        conn,
        _PAGE_IN[call.rows],
        *rows.parameters(call.agency, call.officer),
        arrays.shorts(wanted.kinds),
        arrays.shorts(wanted.court_kinds),
        arrays.integer(wanted.special_since_us),
        arrays.integer(wanted.other_since_us),
        arrays.integer(after.kind),
        arrays.integer(after.since_us),
        after.subject_id,
        arrays.integer(most),
        arrays.shorts(wanted.due_kinds),
        arrays.integer(wanted.due_us),
    )
    if not found:
        raise contradicted("ledger_head", _PROBLEM)
    items = [_item(conn, sealer, call, wanted, row[1:]) for row in found if row[1] is not None]
    places = [after, *(item.place for item in items)]
    if any(one >= other for one, other in itertools.pairwise(places)):
        raise contradicted(TABLE, _PROBLEM)
    return Page(int(found[0][0]), items)


def hashed(places: Iterable[Place]) -> bytes:
    """SHA-256 of what a page has found: kind, 2 bytes, beginning, 8, and subject, 16, of each in order."""
    return hashlib.sha256(b"".join(map(packed, places))).digest()


def packed(place: Place) -> bytes:
    """A place as 26 bytes."""
    return place.kind.to_bytes(2, "big") + place.since_us.to_bytes(8, "big", signed=True) + place.subject_id


def unpacked(octets: bytes) -> Place:
    """The place of ``packed``."""
    return Place(int.from_bytes(octets[:2], "big"), int.from_bytes(octets[2:10], "big", signed=True), octets[10:])


def _item(conn: Connection, sealer: Sealer, call: Call, wanted: Wanted, row: Sequence[object]) -> Item:
    subject_id, part, registration_id, *rest = row[:_WORK_COLUMNS]
    work = Work(subject_id, part, *rest)  # type: ignore[arg-type]  # as the table has them
    if row[-1] is None:
        raise contradicted(TABLE, "a row of %s names a registration that isn't there, or whose key is gone")
    version = store.StoredVersion(*row[_WORK_COLUMNS:])  # type: ignore[arg-type]  # as the table has them
    record, key = store.open_keyed(sealer, version)
    since_us, until_us = wanted.since_us(work.kind, work.court_kind), wanted.until_us(work.kind)
    if (
        version.registration_id != registration_id
        or (work.part not in owed.PARTS and work not in rules.works(record))
        or not wanted.admits(work.kind, work.court_kind)
        or (since_us is not None and work.since_us < since_us)
        or (until_us is not None and work.since_us > until_us)
    ):
        raise contradicted(TABLE, _PROBLEM)
    if work.part == rules.OF_CONVICTION:
        rows.require_shown(store.TABLE, store.said(version), call)
    rows.require_shown(TABLE, rules.said(work), call)
    if work.part in owed.PARTS:
        return _of_owner(conn, call, key, Item(work, version, record))
    return Item(work, version, record, seen=(store.seen(version),))


def _of_owner(conn: Connection, call: Call, key: DataKey, item: Item) -> Item:
    """Something that a record's owner has to do: whoever owned it once isn't shown it, nor is what has ended since."""
    work, seen = item.work, [store.seen(item.version)]
    if work.subject_id != item.version.registration_id:
        raise contradicted(TABLE, _PROBLEM)
    is_listed, validation = owed.is_current(work, item.record), None
    if is_listed and work.part == owed.OF_VALIDATION:
        validation, newest = validations.newest(conn, key, work.subject_id)
        seen.append(newest)
        is_listed = validation.due_us == work.since_us
    if is_listed and work.part == owed.OF_AMENDMENTS:
        waiting, counted = amendments.undecided(conn, key, work.subject_id)
        seen += [counted, *(each.seen for each in waiting)]
        is_listed = any(each.is_open(to_us(call.now())) for each in waiting)
    return replace(item, validation=validation, is_listed=is_listed, seen=tuple(seen))


_PROBLEM: Final = "%s contradicts the register; run `nsor-server ledger verify`"
_GROUP: Final = "kind, agency, place, court_kind"
"""What the index of works begins with: within one of these they stand in their order."""
_SPECIAL: Final = ", ".join(f"{kind:d}" for kind in sorted(SPECIAL_COURTS))
_PAGE: Final = f"""
WITH RECURSIVE courts ({_GROUP}) AS (
    (SELECT {_GROUP} FROM registration_work WHERE kind > 0 ORDER BY {_GROUP} LIMIT 1)
    UNION ALL
    SELECT n.* FROM courts AS g CROSS JOIN LATERAL (
        SELECT {_GROUP} FROM registration_work AS w
        WHERE w.kind > 0 AND (w.kind, w.agency, w.place, w.court_kind) > (g.kind, g.agency, g.place, g.court_kind)
        ORDER BY {_GROUP} LIMIT 1
    ) AS n
)
SELECT h.size, uuid_send(w.subject_id), w.part, uuid_send(w.registration_id), w.kind, w.agency, w.place, w.court_kind,
    w.since_us, {store.COLUMNS}
FROM ledger_head AS h
LEFT JOIN (
    (
        SELECT w.*
        FROM courts AS g
        CROSS JOIN LATERAL (
            SELECT * FROM registration_work AS w
            WHERE w.kind > 0
                AND (w.kind, w.agency, w.place, w.court_kind) = (g.kind, g.agency, g.place, g.court_kind)
                AND w.since_us >= CASE
                    WHEN g.kind <> {rules.APPEAL_WINDOW_OPEN} THEN {START.since_us}
                    WHEN g.court_kind IN ({_SPECIAL}) THEN $7::bigint
                    ELSE $8::bigint
                END
                AND (g.kind <> ALL ($13::smallint[]) OR w.since_us <= $14::bigint)
                AND (w.since_us, w.subject_id) > (
                    CASE WHEN g.kind = $9::bigint THEN $10::bigint ELSE {START.since_us} END,
                    CASE WHEN g.kind = $9::bigint THEN $11::uuid ELSE '{START.subject_id.hex()}' END
                )
            ORDER BY w.since_us, w.subject_id
            LIMIT $12::bigint
        ) AS w
        WHERE {{rows}} AND g.kind = ANY ($5::smallint[]) AND g.kind >= $9::bigint
            AND (cardinality($6::smallint[]) = 0 OR g.court_kind = ANY ($6::smallint[]))
        ORDER BY w.kind, w.since_us, w.subject_id
        LIMIT $12::bigint
    ) AS w
    LEFT JOIN LATERAL (
        SELECT * FROM registration_version AS x WHERE x.registration_id = w.registration_id
        ORDER BY version DESC LIMIT 1
    ) AS v ON true
    LEFT JOIN registration_key AS k ON k.registration_id = v.registration_id
) ON true
ORDER BY w.kind, w.since_us, w.subject_id
"""  # noqa: S608 - constants
_PAGE_IN: Final = rows.statements(
    "worklist",
    _PAGE,
    rows.Columns(
        own_agency="g.agency", case_places="ARRAY[g.place]", place="CASE WHEN g.agency = '' THEN g.place ELSE '' END"
    ),
    (
        options_pb2.ROW_SCOPE_OWN_AGENCY,
        options_pb2.ROW_SCOPE_PART_IN_CASE,
        options_pb2.ROW_SCOPE_JURISDICTION,
        options_pb2.ROW_SCOPE_RECIPIENTS,
        options_pb2.ROW_SCOPE_ALL,
    ),
)
