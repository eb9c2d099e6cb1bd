"""Supervision tiers along the ledger: a record has the tier that its newest validation gives it, and no other.

A person is verified as often as his record's tier says. Whoever holds the keys for a while could seal a version with
another one, or leave it out of the version that comes with a validation.
"""

from __future__ import annotations

from collections.abc import Iterable

from nsor_server.registration.validation.rules import STANDARD
from nsor_server.storage.v1 import record_pb2


class Tiers:
    """The tier that the newest validation gives each registration, and those of an entry that have another one now."""

    def __init__(self) -> None:
        self._above_standard: dict[bytes, int] = {}
        self._given: set[bytes] = set()

    def take(self, validation: record_pb2.ValidationRecord) -> None:
        """Take a validation of the next entry."""
        registration_id, tier = validation.registration_id, validation.tier
        if tier != self._above_standard.pop(registration_id, STANDARD):
            self._given.add(registration_id)
        if tier != STANDARD:
            self._above_standard[registration_id] = tier

    def are_those_of(self, changed: Iterable[record_pb2.RegistrationRecord]) -> bool:
        """Whether the versions of the entry have these tiers, and whoever has another one has a version."""
        versions = {each.registration_id: each.supervision_tier or STANDARD for each in changed}
        given, self._given = self._given, set()
        return given <= versions.keys() and all(
            tier == self._above_standard.get(one, STANDARD) for one, tier in versions.items()
        )
