"""The other registrations of a person that stand: what is told of a person once is told of one of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nsor.v1 import registration_pb2
from nsor_server.storage.v1 import record_pb2

_STANDS = registration_pb2.REGISTRATION_STATE_CONFIRMED


class Others(NamedTuple):
    """The others of a registration, as they stand now, in the order of their confirmation.

    Attributes:
        earlier: those that were confirmed before it.
        later: those that were confirmed after it.
    """

    earlier: tuple[record_pb2.RegistrationRecord, ...] = ()
    later: tuple[record_pb2.RegistrationRecord, ...] = ()

    @classmethod
    def of(
        cls, registration_id: bytes, person: Sequence[bytes], records: Mapping[bytes, record_pb2.RegistrationRecord]
    ) -> Others:
        """The others of one registration.

        Args:
            registration_id: the one.
            person: the registrations of its person in the order of their confirmation; none: it is alone.
            records: the newest versions of these, as far as they are known.
        """
        if registration_id not in person:
            return cls()
        at = list(person).index(registration_id)
        before, behind = (
            tuple(records[each] for each in part if each in records and records[each].state == _STANDS)
            for part in (person[:at], person[at + 1 :])
        )
        return cls(before, behind)
