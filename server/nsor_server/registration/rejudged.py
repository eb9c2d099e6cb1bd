"""Which counts another offence table would judge otherwise than they were: for whoever decides about it.

It changes none, and tells ids and positions of counts, nothing of a person. Registrations are read
some at a time, so that the memory it takes doesn't grow with the register. What is sealed stays shut, and isn't told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nsor_server.policy.offences import OffenceTable
from nsor_server.registration import rules, store
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer

CHUNK = 500
"""Registrations that are read at a time."""


@dataclass(frozen=True, slots=True)
class Rejudged:
    """A conviction with counts that would be judged otherwise.

    Attributes:
        conviction_id: 16 bytes.
        counts: their positions, from 1, as the conviction is shown.
    """

    conviction_id: bytes
    counts: tuple[int, ...]


def otherwise(conn: Connection, sealer: Sealer, offences: OffenceTable) -> Iterator[tuple[bytes, list[Rejudged]]]:
    """Go through the newest version of every registration that isn't sealed, in the order of ids.

    Args:
        conn: any; it is asked anew for each chunk.
        sealer: opens them.
        offences: the other table.

    Yields:
        each registration's id, 16 bytes, and those of its convictions, none for most.

    Raises:
        errors.Internal: one isn't what its seal says.
    """
    after = bytes(16)
    while heads := store.heads_after(conn, after, CHUNK):
        for head in heads:
            if head.state not in {*store.HIDDEN, store.ARCHIVED}:
                record = store.open_version(sealer, head)
                judged = (
                    Rejudged(each.conviction_id, rules.judged_otherwise(offences, each)) for each in record.convictions
                )
                yield head.registration_id, [each for each in judged if each.counts]
        after = heads[-1].registration_id
