"""Fixed times for tripwires, of which one has come whenever a test looks; unusual accesses, and what was found."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from nsor.v1 import arrivals_pb2, registration_pb2, tripwires_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Officer
from nsor_server.lookup.tripwires import store
from nsor_server.lookup.tripwires.times import KIND, TripwireTimes
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.policy.tripwires import TripwirePolicy
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests.agencies import PUNJAB_POLICE, PUNJAB_PROSECUTION, SINDH_PROSECUTION, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import TRACING, call_of
from tests.services import Services

OFFICERS = {agency: officer_of(agency) for agency in (PUNJAB_POLICE, PUNJAB_PROSECUTION, SINDH_PROSECUTION)}
"""One officer of each."""
REFUSALS = 15
"""From so many on refusals are unusual, by the policy that ships."""


@dataclass
class Wires:
    """The times, and what they have found."""

    services: Services
    running: TripwireTimes

    def look(self) -> list[record_pb2.UnusualAccessRecord]:
        """The next time comes; gives what it has found."""
        before = {each.unusual_access_id for each in self.found()}
        self.running.look()
        return [each for each in self.found() if each.unusual_access_id not in before]

    def found(self) -> list[record_pb2.UnusualAccessRecord]:
        """All that was found."""
        with self.services.database.reading() as conn:
            rows = conn.execute(store.RECORDED.encode(), binary=True).fetchall()
        return [store.opened(self.services.sealer, store.Stored(*columns)) for _, *columns in rows]

    def told(self) -> dict[str, int]:
        """Of how many unusual accesses each agency was told by the newest time."""
        query = (
            "SELECT recipient, octet_length(unusual_access_ids) / 16 FROM outbox WHERE kind = %s AND created_at ="
            " (SELECT max(created_at) FROM outbox WHERE kind = %s)"
        )
        with self.services.database.owner() as conn:
            return dict(conn.execute(query, (KIND, KIND)).fetchall())

    def anew(self) -> None:
        """Another process has the next turn."""
        self.running = running(self.services)


def running(services: Services) -> TripwireTimes:
    services.directory.reload()
    return TripwireTimes(services.database, services.writer, services.directory, TRACING, services.keyring)


@pytest.fixture
def wires(services: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wires]:
    """Whenever it is looked a time has come, and it is day: by night fewer accesses are unusual (test_rules.py)."""
    assert keyring is services.keyring
    monkeypatch.setattr(TripwirePolicy, "is_night", lambda _policy, _hour: False)
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)
    made = Wires(services, running(services))
    yield made
    made.running.stop()


def refused(services: Services, count: int, agency: Agency = PUNJAB_PROSECUTION, who: Officer | None = None) -> None:
    """An officer asks so often for records that aren't there."""
    for _ in range(count):
        request = registration_pb2.GetRegistrationRequest(registration_id=str(uuid.uuid4()))
        with pytest.raises(errors.NoRecord):
            services.ask(call_of(agency, who or OFFICERS[agency]), request)


def looked_up(services: Services, cnic: str, who: Officer | None = None) -> None:
    """A police officer looks a number up at a counter."""
    request = arrivals_pb2.FindRegistrantRequest(cnic=cnic)
    services.ask(call_of(PUNJAB_POLICE, who or OFFICERS[PUNJAB_POLICE]), request)


def listed(services: Services, agency: Agency, **fields: Any) -> Sequence[tripwires_pb2.UnusualAccess]:
    """What an agency's officer is shown."""
    request = tripwires_pb2.ListUnusualAccessesRequest(**fields)
    response = services.ask(call_of(agency), request).response
    assert isinstance(response, tripwires_pb2.ListUnusualAccessesResponse)
    return response.items


def reviewing(
    unusual_access_id: str,
    finding: tripwires_pb2.UnusualAccessFinding.ValueType = tripwires_pb2.UNUSUAL_ACCESS_FINDING_EXPLAINED,
    **fields: Any,
) -> tripwires_pb2.ReviewUnusualAccessRequest:
    return tripwires_pb2.ReviewUnusualAccessRequest(
        request_id=str(uuid.uuid4()), unusual_access_id=unusual_access_id, finding=finding, **fields
    )


__all__ = [
    "OFFICERS",
    "REFUSALS",
    "Owner",
    "Wires",
    "listed",
    "looked_up",
    "owner",
    "refused",
    "reviewing",
    "running",
    "wires",
]
