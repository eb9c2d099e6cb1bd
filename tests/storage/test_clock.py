"""The database's clock as a process knows it: followed while it runs on, and not believed at once when it steps."""

import pytest

from nsor_server.storage import clock
from nsor_server.storage.clock import BELIEVED_SECONDS, FOLLOWED_US, Clock

HOUR_US = 3_600_000_000


class Host:
    """This host's clocks, as a test sets them."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.wall_ns = 1_700_000_000_000_000_000

    def monotonic(self) -> float:
        return self.seconds

    def monotonic_ns(self) -> int:
        return int(self.seconds * 1_000_000_000)

    def time_ns(self) -> int:
        return self.wall_ns


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    found = Host()
    monkeypatch.setattr(clock, "time", found)
    return found


def test_the_first_measurement_counts_and_time_passes_by_the_monotonic_clock(host: Host) -> None:
    # Setting the host's clock, by hand or by a daemon, locks no officer out.
    found = Clock()
    assert found.now_us() == host.wall_ns // 1000
    assert found.observe(5 * HOUR_US) == found.now_us() == 5 * HOUR_US
    host.wall_ns += 10**18
    host.seconds += 7
    assert found.now_us() == 5 * HOUR_US + 7_000_000


def test_what_is_measured_is_followed_step_by_step(host: Host) -> None:
    # Two clocks drift apart; the database's is the one that counts.
    found = Clock()
    there = found.observe(5 * HOUR_US)
    for _ in range(10):
        host.seconds += 1
        there += 1_000_000 + FOLLOWED_US
        assert found.observe(there) == there


@pytest.mark.parametrize("step", [HOUR_US, -HOUR_US])
def test_a_step_counts_when_it_has_stayed_and_is_told(host: Host, caplog: pytest.LogCaptureFixture, step: int) -> None:
    # A minute in which somebody finds the mistake; then it is the time.
    found = Clock()
    there = found.observe(5 * HOUR_US)
    assert found.observe(there + step) == there
    host.seconds += BELIEVED_SECONDS - 1
    there += int((BELIEVED_SECONDS - 1) * 1_000_000)
    assert found.observe(there + step) == there
    host.seconds += 1
    there += 1_000_000
    assert found.observe(there + step) == there + step
    assert caplog.text.count("ALERT CLOCK_STEPPED: ") == 2


def test_a_jump_that_passes_leaves_nothing(host: Host) -> None:
    found = Clock()
    there = found.observe(5 * HOUR_US)
    found.observe(there + HOUR_US)
    assert found.observe(there) == there
    host.seconds += BELIEVED_SECONDS
    there += int(BELIEVED_SECONDS * 1_000_000)
    # What steps now is measured from now on.
    assert found.observe(there + HOUR_US) == there
