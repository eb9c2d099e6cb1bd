"""The recalls of an order: who was told something that its version makes wrong, or right again."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from nsor.v1 import options_pb2
from nsor_server.ledger import leaf as leaves
from nsor_server.lookup.recalls import accesses, rules, store
from nsor_server.lookup.recalls.accesses import Accesses, Connection
from nsor_server.lookup.recalls.rules import Order, Part, Wrong
from nsor_server.lookup.recalls.told import Disclosure, Finder
from nsor_server.registration import facts as registrations
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

Version: TypeAlias = record_pb2.RegistrationRecord
Judge: TypeAlias = Callable[[Disclosure], Wrong | None]
_ORDERS: Final = f"""
SELECT r.index, uuid_send(o.registration_id), o.version, o.made_by, uuid_send(o.row_id)
FROM {registrations.RECALL_ORDERS} AS o
JOIN ledger_record AS r ON r.table_name = o.made_by AND r.row_id = uuid_send(o.row_id) AND r.version = o.version
WHERE r.index > %s AND r.index <= %s
ORDER BY r.index, uuid_send(o.registration_id), o.version, o.made_by, uuid_send(o.row_id)
"""  # noqa: S608 - constants
_LEAF: Final = "SELECT leaf FROM ledger_entry WHERE index = %s"


def orders(conn: Connection, after: int, last: int) -> list[Order]:
    """The orders of the entries behind one up to another, in the order in which they are told."""
    return [Order(*row) for row in conn.execute(_ORDERS, (after, last), binary=True)]


def part(conn: Connection, finder: Finder, order: Order, first: int = 0, among: Accesses | None = None) -> Part:
    """The recalls of the next accesses of an order, as they are written; what comes after it changes none of them.

    Args:
        conn: any role that may read; its entry and all before are committed.
        finder: finds who was told.
        order: of a registration.
        first: of accesses from this entry on.
        among: the accesses that the finder has found for its registration, at least up to its entry; None: nothing was
            looked for yet.

    Raises:
        errors.Internal: a row on which all of them rest isn't what was sealed.
    """
    versions = {each.version: each for each in accesses.versions(conn, finder.sealer, order.registration_id)}
    judge = judging(conn, order, versions.get)
    if not versions or judge is None:
        return Part((), None)  # its key was destroyed: nobody can say any more who was told what
    author, told = _author(conn, order), finder.told(conn, order.registration_id, order.entry, first, among)
    return rules.part(wrong(told, author, judge))


def wrong(told: Iterable[Disclosure], author: str, judge: Judge) -> Iterator[Wrong]:
    """What has to be recalled of some accesses; ``author``: the agency whose act has made it so."""
    for each in told:
        made = None if rules.knows(each, author) else judge(each)
        if made is not None:
            yield made


def _author(conn: Connection, order: Order) -> str:
    """Whose act an order follows from.

    Raises:
        errors.Internal: its entry is no leaf.
    """
    ((leaf,),) = conn.execute(_LEAF, (order.entry,), binary=True).fetchall()
    try:
        return leaves.decode(leaf).agency
    except leaves.LeafError:
        raise contradicted("ledger_entry") from None


def judging(conn: Connection, order: Order, version: Callable[[int], Version | None]) -> Judge | None:
    """What says of an access what an order makes wrong of it; None: a version is missing, or opens no more.

    Args:
        conn: any role that may read.
        order: the order.
        version: gives a version of its registration.
    """
    if order.made_by == registrations.RECALLED_BY_PHOTO:
        return lambda told: rules.of_photo(told, order.row_id)
    if order.made_by == registrations.RECALLED_BY_CLAIM:
        person = accesses.person_at(conn, order.registration_id, order.entry + 1)
        return lambda told: rules.of_parting(told, order.registration_id, person)
    before, after = version(order.version - 1), version(order.version)
    if before is None or after is None:
        return None

    @functools.cache
    def became(shown: int, purpose: options_pb2.Purpose.ValueType) -> registrations.Wrong | None:
        record = version(shown)
        return None if record is None else registrations.wrong_now(record, before, after, purpose)

    def stands(registration_id: bytes) -> bool:
        return accesses.stands_at(conn, registration_id, order.entry + 1)

    return lambda told: rules.wrong(told, became(told.version, options_pb2.Purpose.ValueType(told.purpose)), stands)


def is_told(sealer: Sealer, conn: Connection, registration_id: bytes) -> bool:
    """Whether every order of a registration is told to its end."""
    last = store.last_pass(conn, sealer)
    every = orders(conn, rules.until(last), accesses.size(conn))
    left = (*rules.left(every, last), *rules.left_out(last))
    return all(each.order.registration_id != registration_id for each in left)
