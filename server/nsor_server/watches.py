"""What the register does by itself: at its fixed times, at their hours, and for its metrics.

Wiring only, a part of `app`: what each of them does is in its own package.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from nsor_server.access.directory import Directory
from nsor_server.calls import Call
from nsor_server.events import unacknowledged
from nsor_server.ledger import activity, cosignatures
from nsor_server.ledger.writer import Writer
from nsor_server.lookup.emergencies.overdue import EmergencyWatch
from nsor_server.lookup.recalls.times import RecallTimes
from nsor_server.lookup.requests.escalation.watch import SilenceWatch
from nsor_server.lookup.screening.forgetting import ForgottenManifests
from nsor_server.lookup.times import LookUpTimes
from nsor_server.lookup.tripwires.times import TripwireTimes
from nsor_server.oversight.statistics.times import StatisticsTimes
from nsor_server.publishing.hours import FetchHours
from nsor_server.registration.duties import watch_store
from nsor_server.registration.duties.watch import DutyWatch
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.rpc.figures import Figure, Figures
from nsor_server.rpc.metrics import Metrics, Values
from nsor_server.storage.full_buckets import FullBuckets
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection, Database
from nsor_server.tracing.spans import Tracing

CHECKPOINT_SECONDS: Final = 10.0
HOUR_SECONDS: Final = 3600.0
"""How often it is read how far agencies are behind with their events: seldom enough that no single event shows."""
_KINDS: Final = (DutyWatch, LookUpTimes, TripwireTimes, SilenceWatch, EmergencyWatch, StatisticsTimes)


class Part(Protocol):
    """What is started and stopped."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End."""
        ...


class Watches(Part, Protocol):
    """A part that does something by itself when a time has come."""

    @property
    def name(self) -> str:
        """Of its thread."""
        ...

    @property
    def age_seconds(self) -> float:
        """Since it has ended a round."""
        ...


def parts(
    database: Database,
    keyring: Keyring,
    writer: Writer[Call],
    directory: Directory,
    tracing: Tracing,
    *,
    metrics: Metrics,
) -> Sequence[Part]:
    """What is to be started once the writer takes what they write; metrics say since when each has ended no round."""
    reviews = ReviewTimes(database, writer, directory, tracing, keyring)
    metrics.watch_one("nsor_movements_wait_seconds", reviews.movements_wait_seconds)
    watching: list[Watches] = [reviews]
    watching.append(RecallTimes(database, writer, directory, tracing, keyring, apart=True))
    watching += [each(database, writer, directory, tracing, keyring) for each in _KINDS]
    metrics.watch("nsor_watch_age_seconds", lambda: {(each.name,): each.age_seconds for each in watching})
    return [*watching, FetchHours(database, writer, tracing), FullBuckets(database), ForgottenManifests(database)]


def figures(database: Database, metrics: Metrics) -> Figures:
    """What is read from the database for metrics."""

    def behind(conn: Connection) -> Sequence[Values]:
        found = unacknowledged.of_agencies(conn)
        return (
            {(agency_id,): each.at_least for agency_id, each in found.items()},
            {(agency_id,): each.days for agency_id, each in found.items()},
        )

    return Figures(
        database,
        metrics,
        (
            Figure(
                ("nsor_checkpoint_age_seconds",),
                CHECKPOINT_SECONDS,
                lambda conn: ({(): activity.checkpoint_age(conn)},),
                grows=True,
            ),
            Figure(
                ("nsor_witness_age_seconds",),
                CHECKPOINT_SECONDS,
                lambda conn: ({(name,): age for name, age in cosignatures.ages(conn).items()},),
                grows=True,
            ),
            Figure(
                ("nsor_duty_steps_wait_seconds",),
                CHECKPOINT_SECONDS,
                lambda conn: ({(): watch_store.wait_seconds(conn)},),
            ),
            Figure(("nsor_events_unacknowledged", "nsor_events_unacknowledged_days"), HOUR_SECONDS, behind),
        ),
    )
