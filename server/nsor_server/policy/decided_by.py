"""By which documents of the policy a call may have been decided, for whoever counts again what was counted by them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, Final

import psycopg

from nsor_server.formats.instants import to_us
from nsor_server.policy import source, store
from nsor_server.policy.deadlines import Deadlines
from nsor_server.policy.grants import GrantPolicy

LONGEST_CALL_US: Final = 600_000_000
"""A call is decided by the policy that its gate saw, and recorded this much later at most."""
_VERSIONS: Final = "SELECT name, version, adopted_at FROM policy_version ORDER BY adopted_at, version"


class DecidedBy:
    """The versions of each document, by when they were adopted; documents are read when they are asked for."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn
        self._adopted: dict[str, list[tuple[int, int]]] = {}
        for name, version, adopted_at in conn.execute(_VERSIONS):
            self._adopted.setdefault(name, []).append((to_us(adopted_at), int(version)))
        self._deadlines: dict[tuple[int, int], Deadlines | None] = {}

    def versions(self, name: str, time_us: int) -> frozenset[int]:
        """The versions of a document each of which was the newest while a call was decided.

        Args:
            name: of the document.
            time_us: when the call was recorded, microseconds since 1970.

        Returns:
            The one that ships, 0, of a register that had none.
        """
        until = [(at, version) for at, version in self._adopted.get(name, ()) if at <= time_us]
        since = [version for at, version in until if at > time_us - LONGEST_CALL_US]
        before = [version for at, version in until if at <= time_us - LONGEST_CALL_US]
        return frozenset([*since, *before[-1:]] or [0])

    def newest(self, names: Iterable[str], time_us: int) -> dict[str, int] | None:
        """The versions of some documents that the database had at an instant; None: it has had no others until then."""
        until = {name: [version for at, version in self._adopted.get(name, ()) if at <= time_us] for name in names}
        if all(len(versions) <= 1 for versions in until.values()):
            return None
        return {name: versions[-1] if versions else 0 for name, versions in until.items()}

    def adopted_us(self, versions: Mapping[str, int]) -> int:
        """When the newest of some documents, by name and version, was adopted; microseconds since 1970."""
        return max(
            (at for name, version in versions.items() for at, one in self._adopted.get(name, ()) if one == version),
            default=0,
        )

    def deadlines(self, time_us: int) -> list[Deadlines] | None:
        """The deadlines of which one has decided a call; None: this version of the server can't read all of them."""
        found = [
            self._of(*versions)
            for versions in itertools.product(*(self.versions(name, time_us) for name in ("deadlines", "holidays")))
        ]
        return None if None in found else [each for each in found if each is not None]

    def grants(self, time_us: int) -> list[GrantPolicy]:
        """The documents of grants of which one has decided a call; none: one can't be read by this version."""
        try:
            return [store.grants_of(self._conn, version) for version in self.versions("grants", time_us)]
        except source.PolicyError:
            return []

    def _of(self, deadlines: int, holidays: int) -> Deadlines | None:
        key = deadlines, holidays
        if key not in self._deadlines:
            try:
                self._deadlines[key] = store.deadlines_of(self._conn, *key)
            except source.PolicyError:
                self._deadlines[key] = None
        return self._deadlines[key]
