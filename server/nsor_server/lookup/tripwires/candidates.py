"""The numbers of candidates: an access that a search has led to names none, and says which version it has shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from nsor_server import errors
from nsor_server.access import watched
from nsor_server.registration import facts as registrations
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer

_AT_A_TIME: Final = 200
"""Versions that are read by one statement."""
_RESTS_AFTER: Final = 10
"""Versions that are opened without a rest."""


def numbers(
    conn: Connection, sealer: Sealer, shown: Iterable[tuple[bytes, int]], rest: Callable[[], None]
) -> Mapping[tuple[bytes, int], Sequence[watched.Number]]:
    """All identifiers of registrations, as they were in the versions that were shown.

    A version that was erased since isn't among them. Neither is one that somebody has changed: there is an alert, and
    the others are read all the same.

    Args:
        conn: any.
        sealer: opens them.
        shown: id and version of each.
        rest: is done between some of them and the next ones.
    """
    found: dict[tuple[bytes, int], Sequence[watched.Number]] = {}
    different = sorted(set(shown))
    for first in range(0, len(different), _AT_A_TIME):
        for nth, row in enumerate(registrations.versions(conn, different[first : first + _AT_A_TIME])):
            try:
                record = registrations.open_version(sealer, row)
            except errors.Internal:
                continue
            identifiers = registrations.identifiers(record)
            found[row.registration_id, row.version] = [watched.Number(one.use, one.text) for one in identifiers]
            if nth % _RESTS_AFTER == 0:
                rest()
    return found
