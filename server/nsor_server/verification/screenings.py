"""Manifests along the ledger: who was screened when, and whether each was told what the register held then.

Whoever owns the database can hide a row from one message and put it back: then a passenger is told not to be
registered. The entry says which rows were screened and what was found, the sealed block who stands under their numbers,
by the same keyed hashes by which a registration is found; so it is looked once more. What a manifest's own key doesn't
open any more, some days after its end, isn't told again: of that it is seen that what was shown could be shown.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import notification_pb2
from nsor_server import errors
from nsor_server.formats.instants import to_us
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.lookup.screening import rules, store
from nsor_server.lookup.screening.rules import Kept
from nsor_server.lookup.search import rules as searches
from nsor_server.policy.decided_by import LONGEST_CALL_US
from nsor_server.registration import claims, screened
from nsor_server.registration.history import History
from nsor_server.registration.standing import Standing
from nsor_server.storage.blind_index import SHORT_LENGTH, BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.v1 import record_pb2

DECLARE: Final = "nsor.v1.LookupService/DeclareManifest"
SCREEN: Final = "nsor.v1.LookupService/ScreenManifest"
_MANIFESTS: Final = f"""
SELECT r.index, r.row_id, m.agency_id, m.persons::bigint, m.closes_at
FROM ledger_record AS r JOIN manifest AS m ON m.manifest_id = {UUID_OF_RECORD}
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_BLOCKS: Final = f"""
SELECT r.index, k.wrapped, r.row_id, b.version, uuid_send(b.manifest_id), b.block::bigint,
    b.screened::bigint, b.sealed
FROM ledger_record AS r
JOIN manifest_block AS b ON b.block_id = {UUID_OF_RECORD} AND b.version = r.version
LEFT JOIN manifest_key AS k USING (manifest_id)
WHERE r.table_name = '{store.BLOCKS}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_EVENTS: Final = f"""
SELECT r.index, e.recipient, uuid_send(e.registration_id), e.about_agency
FROM (
    SELECT event_id, kind, agency_id AS recipient, registration_id, about_agency FROM agency_event
    UNION ALL
    SELECT event_id, kind, recipient, registration_id, about_agency FROM outbox
) AS e
JOIN ledger_record AS r ON r.table_name = 'agency_event' AND r.row_id = uuid_send(e.event_id) AND r.version = 1
WHERE e.kind = {notification_pb2.EVENT_KIND_PASSENGER_ALIKE}
ORDER BY r.index
"""  # noqa: S608 - constants
_ROWS: Final = "the rows of a manifest aren't those that were screened"
_OVER: Final = "passengers were screened after the end of their manifest"
_HIDDEN: Final = "a passenger was told not to be registered, and a record stood that had to be shown"
_NOT_PAID: Final = "who is alike a passenger by names was shown without its price, or without telling NPB"
_SHOWN: Final = "a passenger was shown a record that couldn't be shown, or another version of it than the newest"


@dataclass(slots=True)
class _Block:
    """A block as it stands after an entry.

    Attributes:
        version: the newest.
        rows: who stands under which number; None: its key is deleted.
    """

    version: int = 0
    rows: dict[int, Kept] | None = field(default_factory=dict)


class Screenings:
    """Messages of manifests, in the ledger's order. The history must be at the entry already."""

    def __init__(self, conn: Connection, keyring: Keyring, history: History, add: Add) -> None:
        self._add, self._history = add, history
        self._sealer, self._blind_index = Sealer(keyring), BlindIndex(keyring)
        self._declared_rows = Rows(conn, "manifests", _MANIFESTS, add)
        self._block_rows = Rows(conn, "blocks of manifests", _BLOCKS, add)
        self._event_rows = Rows(conn, "events of passengers who are alike", _EVENTS, add)
        own = self._declared_rows, self._block_rows, self._event_rows
        self.concerns = Concerns((*own, *history.rows), frozenset({DECLARE, SCREEN}), ("screened",))
        self._declared: dict[bytes, tuple[str, int, int]] = {}
        self._blocks: dict[bytes, _Block] = {}
        self._having: dict[bytes, set[bytes]] | None = None
        self._moved: dict[bytes, int] = {}

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Take the next entry."""
        for manifest_id, agency_id, persons, closes_at in self._declared_rows.take(index):
            self._declared[manifest_id] = agency_id, persons, to_us(closes_at)
            if leaf.method != DECLARE or leaf.agency != agency_id:
                self._add(index, "a manifest is of another agency than its entry, or no entry has declared it")
            elif detail is not None and max(detail.spent.times, 1) != persons:
                self._add(index, "a manifest is of other persons than were paid for")
        self._take_moved(index)
        new, newly_alike = self._take_blocks(index)
        told = list(self._event_rows.take(index))
        if detail is None or leaf.outcome != leaf_pb2.OUTCOME_ALLOWED or not detail.HasField("screened"):
            if new:
                self._add(index, _ROWS)
            if told:
                self._add(index, _NOT_PAID)
            return
        self._compare(index, leaf, detail, new)
        self._compare_alike(index, leaf, detail, newly_alike, told)

    def finish(self) -> None:
        """Report what is left."""
        self._declared_rows.finish()
        self._block_rows.finish()
        self._event_rows.finish()

    def _take_moved(self, index: int) -> None:
        """Note whose registrations and claims the entry wrote."""
        moved = {each.registration_id for each in self._history.changed}
        moved |= {each.registration_id for each in self._history.claimed}
        for registration_id in moved | self._history.changed_unread:
            self._moved[registration_id] = index
            if self._having is not None:
                self._take_having(self._having, self._history.standing(registration_id))

    def _take_blocks(self, index: int) -> tuple[list[tuple[bytes, set[int]]], set[int] | None]:
        """The blocks that an entry wrote, each with the numbers that are new in it; and where somebody was alike first.

        None: a key is deleted.
        """
        found = []
        alike: set[int] | None = set()
        for wrapped, *columns in self._block_rows.take(index):
            row = store.StoredBlock(*columns)
            before = self._blocks.get(row.block_id) or _Block()
            record = None
            if wrapped is not None:
                record = opened(self._add, index, store.BLOCKS, lambda: self._opened(wrapped, row))  # noqa: B023
            rows = None if record is None else rules.rows_of(record)
            known = before.rows or {}
            goes_on = (
                rows is None or before.rows is None or all(_goes_on(who, rows.get(one)) for one, who in known.items())
            )
            if rows is None or before.rows is None:
                alike = None
            elif alike is not None:
                alike |= {one for one, who in rows.items() if who.alike and not (one in known and known[one].alike)}
            is_its_own = (
                row.block_id == rules.block_id(row.manifest_id, row.block) and row.manifest_id in self._declared
            )
            if row.version != before.version + 1 or not goes_on or not is_its_own:
                self._add(index, "a block of a manifest doesn't go on from the one before")
            self._blocks[row.block_id] = _Block(row.version, rows)
            found.append((row.block_id, (rows or {}).keys() - known.keys()))
        return found, alike

    def _opened(self, wrapped: bytes, row: store.StoredBlock) -> record_pb2.ManifestBlockRecord:
        try:
            key = self._sealer.open_data_key(row.manifest_id, wrapped)
        except SealBroken:
            raise errors.Internal from None
        return store.open_block(key, row)

    def _compare(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        detail: record_pb2.AccessDetail,
        new: Sequence[tuple[bytes, set[int]]],
    ) -> None:
        said = detail.screened
        agency_id, persons, closes_us = self._declared.get(said.manifest_id, ("", 0, leaf.time_us))
        if leaf.time_us > closes_us + LONGEST_CALL_US:
            self._add(index, _OVER)
        block_id = rules.block_id(said.manifest_id, said.block)
        block = self._blocks.get(block_id) or _Block()
        numbers = rules.screened_of(said.block, said.screened)
        fits = agency_id == leaf.agency and said.version == block.version and said.before <= index
        fits = fits and all(each == block_id and added <= set(numbers) for each, added in new)
        fits = fits and all(number <= persons for number in numbers) and leaf.rows_root == said.rows_root
        if not fits or (block.rows is not None and not block.rows.keys() >= set(numbers)):
            self._add(index, _ROWS)
            return
        try:
            found = rules.found_of(said.found)
        except struct.error:
            found = []
        hits = dict(zip(found, detail.shown, strict=False))
        are_all = len(hits) == len(detail.shown) == len(found) and hits.keys() <= set(numbers)
        if not are_all or not all(map(self._may_be_shown, detail.shown)):
            self._add(index, _SHOWN)
        elif block.rows is not None:
            alike = {found[each] for each in rules.alike_of(said.alike) if each < len(found)}
            rows = {one: block.rows[one] for one in numbers}
            by_document = {one: hit for one, hit in hits.items() if one not in alike}
            self._compare_found(index, said.before, rows, by_document)
            self._compare_names(index, said, rows, {one: hits[one] for one in alike})

    def _may_be_shown(self, hit: record_pb2.ShownRegistration) -> bool:
        """Whether a registration stood in that version: of one that was erased since nobody knows."""
        if hit.registration_id in self._history.erased:
            return True
        standing = self._history.standing(hit.registration_id)
        return standing.in_look_ups and hit.version == standing.version

    def _compare_found(
        self, index: int, before: int, rows: Mapping[int, Kept], hits: Mapping[int, record_pb2.ShownRegistration]
    ) -> None:
        """Look for each row once more.

        Rows were read when there were so many entries at least: what was written since may have been read, or not.
        """
        for number, who in rows.items():
            hit = hits.get(number)
            if hit is not None and hit.registration_id in self._history.erased:
                continue
            due = sorted(each.registration_id for each in self._found_by(who))
            if hit is not None and hit.registration_id not in due:
                self._add(index, _SHOWN)
                continue
            earlier = due if hit is None else due[: due.index(hit.registration_id)]
            if any(self._moved.get(one, -1) < before for one in earlier):
                self._add(index, _HIDDEN)

    def _compare_names(
        self,
        index: int,
        said: record_pb2.ScreenedRows,
        rows: Mapping[int, Kept],
        alike: Mapping[int, record_pb2.ShownRegistration],
    ) -> None:
        """Compare whom the names of rows gave with who was shown: nobody else, and each who had to be.

        How alike they are isn't computed again: there is no index of names in the database.
        """
        try:
            met = dict(rules.met_of(said.met))
        except struct.error:
            met = {}
        for number, hit in alike.items():
            may_be = hit.registration_id in self._history.erased or self._may_be_alike(hit.registration_id)
            if met.get(number) != hit.registration_id or number not in rows or not rows[number].alike or not may_be:
                self._add(index, _SHOWN)
        for number, registration_id in met.items():
            is_hidden = number not in alike and self._may_be_alike(registration_id)
            if is_hidden and self._moved.get(registration_id, -1) < said.before:
                self._add(index, _HIDDEN)

    def _may_be_alike(self, registration_id: bytes) -> bool:
        """Whether a registration could be shown to whom its names are alike."""
        standing = self._history.standing(registration_id)
        if not standing.whole or not standing.in_look_ups:
            return False
        record = self._history.version(registration_id, standing.version)
        return record is not None and searches.may_be_found(record, standing.claim)

    def _compare_alike(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        detail: record_pb2.AccessDetail,
        newly_alike: set[int] | None,
        told: Sequence[tuple[str, bytes, str]],
    ) -> None:
        """Compare those who were alike first with what was paid for them, and what NPB was told."""
        paid = max(detail.spent.times, 1) if detail.HasField("spent") else 0
        by_number = dict(zip(rules.found_of(detail.screened.found), detail.shown, strict=False))
        told_of: dict[str, list[bytes]] = {}
        for recipient, registration_id, about in told:
            told_of.setdefault(recipient if about == leaf.agency else "", []).append(registration_id)
        if newly_alike is None:
            fits = all(len(each) == paid for each in told_of.values())
        else:
            due = sorted(by_number[each].registration_id for each in newly_alike if each in by_number)
            fits = paid == len(newly_alike) and all(sorted(each) == due for each in told_of.values())
        if not fits or bool(told) != bool(paid) or "" in told_of:
            self._add(index, _NOT_PAID)

    def _found_by(self, who: Kept) -> list[Standing]:
        """The registrations by which a passenger is found after the last entry."""
        if self._having is None:
            self._having = {}
            for standing in self._history.everybody():
                self._take_having(self._having, standing)
        ids = {one for blind in who.blinds for one in self._having.get(blind, ())}
        return [standing for one in ids if self._finds((standing := self._history.standing(one)), who)]

    def _finds(self, standing: Standing, who: Kept) -> bool:
        if not standing.in_look_ups or not standing.screened:
            return False
        kinds = {kind for kind, blind in self._blinds(standing) if blind in who.blinds}
        claim = standing.claim
        return any(not (claim.cnic_held if kind == claims.IDENTIFIER_CNIC else claim.passport_held) for kind in kinds)

    def _take_having(self, having: dict[bytes, set[bytes]], standing: Standing) -> None:
        for _, blind in self._blinds(standing) if standing.screened else ():
            having.setdefault(blind, set()).add(standing.registration_id)

    def _blinds(self, standing: Standing) -> list[tuple[int, bytes]]:
        """Kind and half of the blind index of what a registration is found by now, under every live key."""
        newest = standing.screened[-1]
        return [
            (one.kind, blind[:SHORT_LENGTH])
            for one in screened.of_person(standing.registration_id, newest.numbers, newest.dates)
            for _, blind in self._blind_index.values(screened.USE, one.text)
        ]


def _goes_on(before: Kept, after: Kept | None) -> bool:
    """Whether the same passenger stands under a number still; who was alike once stays so."""
    return after is not None and after._replace(alike=before.alike) == before and after.alike >= before.alike
