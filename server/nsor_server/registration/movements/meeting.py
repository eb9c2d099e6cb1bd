"""The registrations that the movements of a time have met, and how many it may write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final, Protocol

from nsor_server import errors
from nsor_server.registration.claims import Identifier
from nsor_server.registration.movements import rules
from nsor_server.registration.persons.claimants import Claimants, Known
from nsor_server.storage.v1 import record_pb2

MOST: Final = 100
"""Registrations that one time writes for movements."""


class Named(Protocol):
    """Where a time names whom movements have met."""

    def add(self, *, movement_id: bytes, registration_ids: Iterable[bytes]) -> object:
        """Name those whom one has met."""
        ...


class Meeting:
    """Collects them.

    Attributes:
        met: by their ids, each with what it says of the movements that it has met.
    """

    def __init__(self, claimants: Claimants, archived: Collection[bytes], elsewhere: Collection[bytes]) -> None:
        """None of the ``archived`` is met any more; of those ``elsewhere`` the time writes a version already."""
        self._claimants, self._archived, self._elsewhere = claimants, frozenset(archived), frozenset(elsewhere)
        self.met: dict[bytes, tuple[Known, list[record_pb2.MetMovement]]] = {}

    def standing(self, registration_ids: Iterable[bytes]) -> Iterator[Known]:
        """Those of some registrations that stand, as they are now, but for one that can't be read, with an alert."""
        for each in registration_ids:
            if each in self._archived:
                continue
            try:
                known = self._claimants.get(each)
            except errors.Internal:
                continue
            if known is not None and known.confirmed:
                yield known

    def having(self, one: Identifier, registration_ids: Iterable[bytes]) -> list[Known]:
        """Those of some registrations that are met by a number."""
        return [each for each in self.standing(registration_ids) if is_met_by(each, one)]

    def add(self, movement: record_pb2.MovementRecord, known: Collection[Known], named: Named) -> bool:
        """Have a movement meet registrations; False: it has to wait.

        It meets more than the time may still write, or one of which it writes another version.
        """
        ids = [each.registration_id for each in known]
        if not ids:
            return True
        if (self.met and len(self.met.keys() | set(ids)) > MOST) or not self._elsewhere.isdisjoint(ids):
            return False
        named.add(movement_id=movement.movement_id, registration_ids=ids)
        for each in known:
            self.met.setdefault(each.registration_id, (each, []))[1].append(rules.met(movement))
        return True


def is_met_by(known: Known, one: Identifier) -> bool:
    """Whether a registration that stands is met by a number."""
    return rules.may_meet(one, known.current, known.disputed, known.claim)
