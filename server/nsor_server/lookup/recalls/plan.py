"""The recalls of an order: who was told something that its version makes wrong, or right again."""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import Final

from nsor.v1 import options_pb2
from nsor_server.ledger import leaf as leaves
from nsor_server.lookup.recalls import accesses, rules, store
from nsor_server.lookup.recalls.accesses import Connection
from nsor_server.lookup.recalls.rules import Order, Planned, Wrong
from nsor_server.lookup.recalls.told import Finder
from nsor_server.registration import facts as registrations
from nsor_server.storage.sealing import Sealer

_ORDERS: Final = f"""
SELECT r.index, uuid_send(o.registration_id), o.version
FROM {registrations.RECALL_ORDERS} AS o
JOIN ledger_record AS r
    ON r.table_name = '{registrations.TABLE}' AND r.row_id = uuid_send(o.registration_id) AND r.version = o.version
WHERE r.index >= %s AND r.index <= %s
ORDER BY r.index, uuid_send(o.registration_id), o.version
"""  # noqa: S608 - constants
_LEAF: Final = "SELECT leaf FROM ledger_entry WHERE index = %s"


def orders(conn: Connection, first: int, last: int) -> list[Order]:
    """The orders of the entries from one to another, in the order in which they are told."""
    return [Order(*row) for row in conn.execute(_ORDERS, (first, last), binary=True)]


def of_order(conn: Connection, finder: Finder, order: Order, by_labels: Collection[int] | None = None) -> list[Planned]:
    """The recalls of an order, in the order in which they are written; what comes after it changes none of them.

    Args:
        conn: any role that may read; its entry and all before are committed.
        finder: finds who was told.
        order: of a registration that can be read.
        by_labels: what the finder has found by labels for its registration, at least up to its entry; None: nothing
            was looked for yet.

    Raises:
        errors.Internal, DetailError: something isn't what was sealed.
    """
    versions = {each.version: each for each in accesses.versions(conn, finder.sealer, order.registration_id)}
    before, after = versions.get(order.version - 1), versions.get(order.version)
    if before is None or after is None:
        return []  # its key was destroyed: nobody can say any more who was told what
    ((leaf,),) = conn.execute(_LEAF, (order.entry,), binary=True).fetchall()

    def stands(registration_id: bytes) -> bool:
        return accesses.stands_at(conn, registration_id, order.entry + 1)

    @functools.cache
    def became(version: int, purpose: options_pb2.Purpose.ValueType) -> registrations.Wrong | None:
        shown = versions.get(version)
        return None if shown is None else registrations.wrong_now(shown, before, after, purpose)

    author, wrong = leaves.decode(leaf).agency, list[Wrong]()
    for told in finder.told(conn, order.registration_id, order.entry, by_labels=by_labels):
        if rules.knows(told, author):
            continue
        made = rules.wrong(told, became(told.version, options_pb2.Purpose.ValueType(told.purpose)), stands)
        if made is not None:
            wrong.append(made)
    return rules.planned(wrong)


def is_told(sealer: Sealer, conn: Connection, registration_id: bytes) -> bool:
    """Whether every order of a registration is told to its end."""
    last = store.last_pass(conn, sealer)
    every = orders(conn, 0, accesses.size(conn))
    return all(order.registration_id != registration_id for order, _ in rules.left(every, last))
