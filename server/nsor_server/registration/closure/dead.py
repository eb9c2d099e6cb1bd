"""Records that are unsealed after their person has died: they are archived with it, and stand at no moment."""

from __future__ import annotations

from collections.abc import Sequence

from nsor_server.calls import Seen
from nsor_server.registration import store as registrations
from nsor_server.registration.closure import rules
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.storage.v1 import record_pb2


class Dead:
    """Sees whether persons whose records are unsealed are dead: then the records are archived with it.

    Args:
        claimants: reads the other records of a person.
        now_us: microseconds since 1970.
    """

    def __init__(self, claimants: Claimants, now_us: int) -> None:
        self._claimants, self._now_us = claimants, now_us
        self._archived: dict[bytes, record_pb2.Archive] = {}

    def archived(self, record: record_pb2.RegistrationRecord) -> record_pb2.RegistrationRecord:
        """A version that unseals a record, archived if its person is dead; those of an entry come in their order.

        Raises:
            errors.Internal: another record of the person isn't what was sealed.
        """
        if record.state != registrations.CONFIRMED:
            return record
        own = self._claimants.get(record.registration_id)
        others = [] if own is None else self._claimants.all_others(own.claim)
        ends = {each.registration_id: each.record.archive for each in others if each.record.HasField("archive")}
        for one in self._archived.keys() & {each.registration_id for each in others}:
            ends[one] = self._archived[one]
        death = rules.death(None, ends.values(), stands=False, died=rules.died_day(record), time_us=self._now_us)
        if death is None:
            return record
        self._archived[record.registration_id] = death
        return rules.archived(record, death)

    def seen(self) -> Sequence[Seen]:
        """What that rests on."""
        return self._claimants.seen()
