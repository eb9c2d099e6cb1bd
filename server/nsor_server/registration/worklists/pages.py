"""Pages of lists: filled although some of the works that are read for them aren't listed, and told for the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from nsor_server.access import lists
from nsor_server.access import rows as scopes
from nsor_server.calls import Call, Seen
from nsor_server.registration import claims
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.registration.persons.others import Others
from nsor_server.registration.worklists import of_person, rules, store
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

MOST_READ: Final = 400
"""Works that are read for one page: after more that aren't listed it ends, and the next one goes on."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A page as it is shown.

    Attributes:
        found: what was read for it.
        most: how many were asked for.
        items: what it shows.
        last: where the next page goes on; None: it is the last one.
    """

    found: store.Page
    most: int
    items: Sequence[store.Item]
    last: rules.Place | None

    @property
    def read(self) -> Sequence[store.Item]:
        """What was read up to where the next page goes on."""
        return [each for each in self.found.items if self.last is None or each.place <= self.last]


def filled(read: Callable[[int], store.Page], durable: Callable[[], int], size: int) -> Filled:
    """Read as many works as have one more that is listed than a page shows.

    What isn't listed is passed over. Else a page with fewer items than it should have would say to whoever owned a
    record once that it is sealed, archived or another's now, and a merged person would leave a gap. All is of one
    statement, as ``ledger verify`` reads it again.

    Args:
        read: gives so many works.
        durable: how many entries this process knows to be durable: no page is of a register before them.
        size: how many the page shows at most.

    Raises:
        errors.Internal: the list is one of before, or as ``read``.
    """
    most = size + 1
    while True:
        known = durable()
        found = read(most)
        lists.require_durable(found.size, known)
        listed = [each for each in found.items if each.is_listed]
        if len(found.items) < most or most >= MOST_READ or len(listed) > size:
            break
        most = min(4 * most, MOST_READ)
    shown, last = listed[:size], None
    if len(listed) > size:
        last = shown[-1].place
    elif len(found.items) == most:
        last = found.items[-1].place
    return Filled(found, most, shown, last)


def once(conn: Connection, sealer: Sealer, blind_index: BlindIndex, found: store.Page, at_us: int) -> store.Page:
    """The same works, with those noted that another registration of the same person stands for.

    Args:
        conn: any.
        sealer: opens the other registrations.
        blind_index: for these.
        found: works that a person has once.
        at_us: when they are read, microseconds since 1970; the entry says it (``Wanted.due_us``).

    Raises:
        errors.Internal: a registration isn't what was sealed, or doesn't say that it is of its person.
    """
    newest = claims.newest_versions(conn, {each.record.registration_id for each in found.items})
    claimants = Claimants(conn, sealer, blind_index)
    items = []
    for item in found.items:
        claim = newest.get(item.record.registration_id)
        if claim is None:
            raise contradicted(claims.TABLE, "a confirmed registration has no row in %s")
        seen, others = [*item.seen, claim.seen], Others()
        if claim.is_merged:
            others, unchanged = _others(claimants, item.record.registration_id)
            seen += unchanged
        is_listed = not of_person.stands_another(item.place, item.record, others, at_us)
        items.append(replace(item, is_listed=is_listed, seen=tuple(seen)))
    return store.Page(found.size, items)


def _others(claimants: Claimants, registration_id: bytes) -> tuple[Others, Iterable[Seen]]:
    own = claimants.get(registration_id)
    if own is None:
        raise contradicted(claims.TABLE, "a confirmed registration has no row in %s")
    read = own, *claimants.all_others(own.claim)
    return claimants.apart(own), [seen for each in read for seen in each.seen]


def told(call: Call, wanted: rules.Wanted, after: rules.Place | None, page: Filled) -> record_pb2.ListedWork:
    """What the entry says of a page, so that ``ledger verify`` makes it again."""
    items = page.found.items
    return record_pb2.ListedWork(
        rows=call.rows,
        jurisdiction=call.agency.jurisdiction,
        acts_at=scopes.acts_at(call.agency, call.officer),
        **wanted._asdict(),
        after=None if after is None else record_pb2.WorkPlace(**after._asdict()),
        before=page.found.size,
        most=page.most,
        sha256=store.hashed(each.place for each in items),
        beside=[at for at, each in enumerate(items) if each.work.kind in of_person.KINDS and not each.is_listed],
    )
