"""Registrations of a merged person that come to stand after the merge: they join him at the next fixed time.

A merge transfers what stands to the station of the registration that was confirmed first. What was sealed, archived or
withdrawn then has stayed where it was; once it stands again it is transferred as the merge would have done it. Whoever
has it stand again sees nothing of it: his call may not say whose it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from nsor_server import errors
from nsor_server.calls import RecordRef, Row, Seen
from nsor_server.events.recipients import Agencies
from nsor_server.formats.instants import to_us
from nsor_server.policy.loaded import Policy
from nsor_server.registration import claims
from nsor_server.registration import store as registrations
from nsor_server.registration.persons import joined
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.registration.returned import Returned
from nsor_server.registration.transfers import events as transfer_events
from nsor_server.registration.transfers import rules as transfers
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

MOST: Final = 100
"""Registrations that one time joins; the others wait for the next."""


@dataclass(slots=True)
class Rejoined:
    """What a time adds.

    Attributes:
        rows: versions that open a transfer, and events.
        refs: what the ledger holds these versions to.
        seen: what all of it rests on.
    """

    rows: list[Row] = field(default_factory=list)
    refs: list[RecordRef] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


def due(
    conn: Connection,
    keys: tuple[Sealer, BlindIndex],
    time: record_pb2.ReviewTimeRecord,
    before: record_pb2.ReviewTimeRecord,
    *,
    returned: Returned,
    written: Collection[RecordRef],
    agencies: Agencies,
    policy: Policy,
    now: dt.datetime,
) -> Rejoined:
    """Note in the record of a fixed time which registrations join their person, and open the transfers that follow.

    Args:
        conn: any.
        keys: what opens registrations, and reads the others of a person.
        time: that is being made; its number is set, and whom it archives: these join nobody.
        before: the time before.
        returned: what has come to stand since that.
        written: what else the time writes: a registration with a version among it waits for the next time.
        agencies: by id.
        policy: in force.
        now: when versions are written.
    """
    made = Rejoined()
    gone = frozenset(time.archived_ids)
    coming = (set(before.joining_ids) | returned.standing.keys()) - gone
    elsewhere = {each.row_id for each in written if each.table == registrations.TABLE}
    newest = claims.newest_versions(conn, coming)
    made.seen += (each.seen for each in newest.values())
    claimants = Claimants(conn, *keys)
    for one in sorted(each for each, claim in newest.items() if claim.is_merged):
        try:
            own = claimants.get(one)
            found = claimants.others(own.claim) if own is not None and own.confirmed else []
        except errors.Internal:  # there is an alert already
            time.joining_ids.append(one)
            continue
        others = [each for each in found if each.registration_id not in gone]
        if own is None or not others:
            continue
        if one in elsewhere or len(made.refs) == MOST:
            time.joining_ids.append(one)
            continue
        known = {each.registration_id: each for each in (own, *others)}
        first = joined.first(one, own.person, standing=known.keys(), coming=coming)
        following = None if first is None else _joined(own.record, known[first].record, time.number, policy, now)
        if following is None:
            continue
        version = registrations.version_row(own.key, own.record, following, now)
        made.rows += [version.row, *transfer_events.of_version(agencies, own.record, following)]
        made.refs.append(version.ref)
        time.joined_ids.append(one)
    made.seen += claimants.seen()
    return made


def _joined(
    record: record_pb2.RegistrationRecord,
    first: record_pb2.RegistrationRecord,
    number: int,
    policy: Policy,
    now: dt.datetime,
) -> record_pb2.RegistrationRecord | None:
    silence = transfers.of_silence(policy.deadlines, now, policy.places.province(joined.station(first)))
    return joined.joined(record, first, joined.returning_id(number), to_us(now), silence)
