"""The versions that one entry of the scheduler of duties writes: nothing in them but the duties has changed.

So no more is written of what stands beside a version than the duties change: what there is to do for other reasons,
where the identity stands, and the columns beside the seal stay as they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from nsor_server.calls import RecordRef, Row, Seen
from nsor_server.registration import store as registrations
from nsor_server.registration.custody import mistakes
from nsor_server.registration.duties import due_dates, states
from nsor_server.registration.persons.others import Others
from nsor_server.registration.worklists import rows as works
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import DataKey, Sealer
from nsor_server.storage.v1 import record_pb2


class Opened(NamedTuple):
    """A version whose seal was opened, and its registration's data key."""

    row: registrations.StoredVersion
    record: record_pb2.RegistrationRecord
    key: DataKey


class Following(NamedTuple):
    """A version that is being made.

    Attributes:
        before: the one before, as it is stored.
        record: with its number; its duties are still those of the one before.
        key: the registration's.
        there: the rows of what there is to do with those duties.
    """

    before: registrations.StoredVersion
    record: record_pb2.RegistrationRecord
    key: DataKey
    there: frozenset[tuple[Any, ...]]


def opened(sealer: Sealer, row: registrations.StoredVersion) -> Opened:
    """Open a version, without a look at the columns beside it.

    Raises:
        errors.Internal: it doesn't open.
    """
    return Opened(row, *registrations.unseal(sealer, row))


def following(found: Iterable[Opened]) -> list[Following]:
    """The next version of each registration, made of the record itself.

    One of which a column contradicts the seal is left out, with an alert.
    """
    return list(readable(found, _following))


def _following(found: Opened) -> Following:
    """Raises errors.Internal where a column contradicts the seal."""
    row, record, key = found
    registrations.compare(row, record)
    there = frozenset(works.of_duties(record))
    asked_for = mistakes.asked_for(record, record.version)
    record.version += 1
    record.unasked.after_version, record.unasked.last_version = asked_for, record.version
    return Following(row, record, key, there)


class Pass:
    """Versions that one entry writes, and what they rest on."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.refs: list[RecordRef] = []
        self.seen: list[Seen] = []
        self.covered: set[bytes] = set()
        """Registrations of which a step isn't told, since it is told by another one of the person."""

    def uncovered(
        self,
        record: record_pb2.RegistrationRecord,
        told: Sequence[due_dates.Announced],
        others: Others,
    ) -> list[due_dates.Announced]:
        """Those steps of a version that are told by no other registration of the person; the others are noted."""
        left = [each for each in told if not states.is_covered(record, each.duty, others)]
        if len(left) < len(told):
            self.covered.add(record.registration_id)
        return left

    def write(self, made: Following, now: dt.datetime) -> None:
        """Add a version whose duties are as they have to be."""
        if works.stands(made.before.version):
            beside = tuple(Row(works.WORKS, each) for each in works.of_duties(made.record) if each not in made.there)
            written = registrations.unasked_row(made.key, made.before, made.record, now, beside)
        else:
            # Nothing but its duties differs: it is its own version before.
            written = registrations.version_row(made.key, made.record, made.record, now)
        self.rows.append(written.row)
        self.refs.append(written.ref)
        self.seen.append(registrations.seen(made.before))
