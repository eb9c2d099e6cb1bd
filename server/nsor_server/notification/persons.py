"""The other registrations of a person: what is told of one of them is told of all, in the same entry.

NPB has decided that they are of one person (domain rule 19), who moves once and owes once what he owes.
Each keeps its own convictions and history. What a caller is answered depends on the one alone that he has named.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from nsor_server.calls import RecordRef, Row, Seen
from nsor_server.events import outbox
from nsor_server.events.recipients import Agencies
from nsor_server.registration import facts as registrations
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


@dataclass(slots=True)
class Others:
    """What an entry adds for the other registrations of a person.

    Attributes:
        found: those that stand, by their confirmation.
        seen: that all of these, and whose they are, were the newest.
        rows: that are to be added.
        refs: what the ledger holds them to.
        told: what agencies are told of transfers, as ``outbox.unheard`` keeps it.
    """

    found: list[registrations.Claimant]
    seen: list[Seen]
    rows: list[Row] = field(default_factory=list)
    refs: list[RecordRef] = field(default_factory=list)
    told: set[tuple[str, int, tuple[str, ...]]] = field(default_factory=set)

    def write(
        self,
        of: registrations.Claimant,
        following: record_pb2.RegistrationRecord,
        written_at: dt.datetime,
        agencies: Agencies,
        beside: tuple[record_pb2.RegistrationRecord, record_pb2.RegistrationRecord],
    ) -> None:
        """Add the next version of one of them, and what agencies are told of its transfer.

        Args:
            of: the registration.
            following: its next version.
            written_at: when it is written.
            agencies: of the directory.
            beside: the registration that was named, before and after it: of a person nobody is told the same twice.
        """
        written = registrations.version_row(of.key, of.record, following, written_at)
        self.rows.append(written.row)
        self.refs.append(written.ref)
        outbox.unheard(registrations.transfer_events(agencies, *beside), self.told)
        self.rows += outbox.unheard(registrations.transfer_events(agencies, of.record, following), self.told)


def others(conn: Connection, sealer: Sealer, blind_index: BlindIndex, registration_id: bytes) -> Others:
    """The other registrations of the person of one, those that stand.

    Raises:
        errors.Internal: one isn't what was sealed, or doesn't say that it is of this person.
    """
    claimants = registrations.Claimants(conn, sealer, blind_index)
    own = claimants.get(registration_id)
    if own is None:
        return Others([], [])
    found = claimants.others(own.claim)
    return Others(found, claimants.seen())
