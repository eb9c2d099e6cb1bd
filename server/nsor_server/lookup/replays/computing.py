"""A replay is computed: past accesses are taken as the tripwires' fixed times take them, by other thresholds.

It reads the ledger and writes nothing. What it finds is told to nobody. Manifests whose passengers never travelled
aren't looked for: movements are forgotten after some days, and by then all of them would be such.
"""

from __future__ import annotations

from typing import Final

from nsor_server.ledger import instants
from nsor_server.lookup.replays.rules import Kept
from nsor_server.lookup.tripwires.reading import Reader
from nsor_server.lookup.tripwires.rules import Tripwires, reach_us
from nsor_server.policy import documents
from nsor_server.policy.source import PolicyError
from nsor_server.policy.tripwires import TripwirePolicy
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2

METHOD: Final = "nsor-server/tripwires.replay"
"""As the entries are recorded."""
_MINUTE_US: Final = 60_000_000


def replayed(
    conn: Connection, reader: Reader, record: record_pb2.TripwireReplayRecord, every_minutes: int
) -> record_pb2.ReplayedTripwires:
    """What a replay finds; the same whenever it is computed, until a candidate of a search is erased.

    Args:
        conn: of any role that reads.
        reader: reads the accesses; tells whether it ``has_unread`` candidates.
        record: of the replay.
        every_minutes: between two of the fixed times, as the policy has them.

    Raises:
        source.PolicyError: this version doesn't know the thresholds.
        TornTree: an entry that must be there is missing.
    """
    policy = documents.decode("tripwires", record.content)
    if not isinstance(policy, TripwirePolicy):
        raise PolicyError("the thresholds of a replay are no document of tripwires")
    wires, kept, every_us = Tripwires(policy), Kept(), every_minutes * _MINUTE_US
    since = instants.first_from(conn, record.start_us - reach_us(policy))
    first = instants.first_from(conn, record.start_us)
    until = instants.first_from(conn, record.end_us + 1) - 1
    for _, access in reader.accesses(conn, since - 1, first - 1, telling=False):
        if access is not None:
            wires.take(access, telling=False)
    closed = record.start_us // every_us
    for _, access in reader.accesses(conn, first - 1, until, telling=True):
        if access is None:
            continue
        time = access.ref.time_us // every_us
        if time > closed or wires.is_full:
            kept.add(wires.close(time * every_us))
            closed = time
        wires.take(access)
        kept.accesses += 1
    kept.add(wires.close(record.end_us))
    return kept.result(since, until, every_minutes)
