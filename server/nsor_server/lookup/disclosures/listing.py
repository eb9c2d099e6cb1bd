"""Disclosures of a record, read a part of the ledger at a time. ``ledger verify`` makes a page again by the same."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Final

from nsor.v1 import grants_pb2
from nsor_server.lookup.disclosures import rules
from nsor_server.lookup.grants import store as grants
from nsor_server.lookup.recalls.accesses import Connection
from nsor_server.lookup.recalls.told import Disclosure, Finder

WINDOW: Final = 1 << 17
"""Entries among which is looked at once."""
WINDOWS: Final = 4
"""How often that is done for a page: then it may be shorter than was asked for."""


def newest_first(
    conn: Connection, finder: Finder, registration_id: bytes, *, before: int, first: int, until_us: int
) -> Iterator[Disclosure]:
    """The disclosures of which the owner learns, among entries from one index up to before another one.

    Raises:
        errors.Internal, DetailError: something isn't what was sealed.
    """
    for each in reversed(list(finder.told(conn, registration_id, before, first))):
        if rules.is_told(each, until_us, of_review=_is_of_review(conn, finder, each)):
            yield each


def _is_of_review(conn: Connection, finder: Finder, disclosure: Disclosure) -> bool:
    """Whether NPB looked up, or searched, on a ticket for the review of an access."""
    if not rules.may_be_of_review(disclosure):
        return False
    ticket = grants.grant(conn, finder.sealer, uuid.UUID(disclosure.case_reference).bytes)
    return ticket.record.work == grants_pb2.TICKET_WORK_ACCESS_REVIEW
