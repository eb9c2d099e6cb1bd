"""The database's clock as a process knows it: followed while it runs on, and not believed at once when it steps."""

import pytest

from nsor_server.storage import clock
from nsor_server.storage.clock import AGREED_US, BELIEVED_SECONDS, FOLLOWED_PER_SECOND_US, Clock

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

    @property
    def wall_us(self) -> int:
        return self.wall_ns // 1000

    def pass_by(self, seconds: float) -> None:
        """Let time pass, for both."""
        self.seconds += seconds
        self.wall_ns += int(seconds * 1_000_000_000)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    found = Host()
    monkeypatch.setattr(clock, "time", found)
    return found


def test_the_first_measurement_counts_and_time_passes_by_the_monotonic_clock(host: Host) -> None:
    # Setting the host's clock, by hand or by a daemon, locks no officer out.
    found = Clock()
    assert found.now_us() == host.wall_us
    there = found.observe(host.wall_us + 1_000_000)
    assert found.now_us() == there == host.wall_us + 1_000_000
    host.wall_ns += 10**18
    host.pass_by(7)
    assert found.observe(there + 7_000_000) == found.now_us() == there + 7_000_000


def test_a_clock_that_is_slewed_is_followed(host: Host) -> None:
    # Two clocks drift apart, and NTP makes up for it by 500 ppm at most; the database's is the one that counts.
    found = Clock()
    there = found.observe(host.wall_us)
    for _ in range(1000):
        host.pass_by(1)
        there += 1_000_000 + FOLLOWED_PER_SECOND_US
        assert found.observe(there) == there


def test_observing_often_is_no_way_to_be_followed_faster_nor_not_at_all(host: Host) -> None:
    found = Clock()
    there = found.observe(host.wall_us) + 1_000_000
    for _ in range(4000):
        host.pass_by(0.001)
        there += 1_000
        now = found.observe(there)
    assert 1_000_000 - 4 * FOLLOWED_PER_SECOND_US <= there - now <= 1_000_000 - 3 * FOLLOWED_PER_SECOND_US + 1


@pytest.mark.parametrize("step", [1_000_000, -1_000_000, 60 * FOLLOWED_PER_SECOND_US, -60 * FOLLOWED_PER_SECOND_US])
def test_many_small_steps_move_the_time_by_as_much_as_the_hosts_clock_agrees_with(
    host: Host, caplog: pytest.LogCaptureFixture, step: int
) -> None:
    # Steps that are too small to be told, an hour in all, or as slow as a clock that is slewed, for two days and a
    # half: a grant would live longer, or an officer be locked out.
    found = Clock()
    there = found.observe(host.wall_us)
    for _ in range(1, 3600):
        host.pass_by(60)
        there += 60_000_000 + step
        now = found.observe(there)
        assert abs(now - host.wall_us) <= AGREED_US
    assert "ALERT CLOCK_STEPPED: " in caplog.text
    assert "isn't followed while this host's clock says otherwise" in caplog.text


@pytest.mark.parametrize("step", [HOUR_US, -HOUR_US])
def test_a_step_of_the_database_alone_never_counts(host: Host, caplog: pytest.LogCaptureFixture, step: int) -> None:
    # However long it stays: it is told each minute, and the register goes on by the time that passes.
    found = Clock()
    there = found.observe(host.wall_us)
    for _ in range(600):
        host.pass_by(1)
        there += 1_000_000
        assert found.observe(there + step) == there
    assert caplog.text.count("ALERT CLOCK_STEPPED: ") == 10
    # When the database's clock is right again nothing is left of it.
    host.pass_by(1)
    assert found.observe(there + 1_000_000) == there + 1_000_000


@pytest.mark.parametrize("step", [HOUR_US, -HOUR_US])
def test_a_step_that_both_hosts_have_taken_counts_after_a_minute_and_is_told(
    host: Host, caplog: pytest.LogCaptureFixture, step: int
) -> None:
    # A machine that was suspended, whose monotonic clock stood still; or a mistake, which somebody finds in a minute.
    found = Clock()
    there = found.observe(host.wall_us)
    host.wall_ns += step * 1000
    assert found.observe(there + step) == there
    host.pass_by(BELIEVED_SECONDS - 1)
    there += int((BELIEVED_SECONDS - 1) * 1_000_000)
    assert found.observe(there + step) == there
    host.pass_by(1)
    there += 1_000_000
    assert found.observe(there + step) == there + step
    assert caplog.text.count("ALERT CLOCK_STEPPED: ") == 2


def test_a_host_that_learns_the_time_late_goes_on_a_minute_later(host: Host) -> None:
    # After a pause of a virtual machine its clock is wrong until NTP sets it: until then the database isn't believed.
    found = Clock()
    there = found.observe(host.wall_us)
    for _ in range(600):
        host.pass_by(1)
        there += 1_000_000
        assert found.observe(there + HOUR_US) == there
    host.wall_ns += HOUR_US * 1000
    for _ in range(int(BELIEVED_SECONDS) + 1):
        host.pass_by(1)
        there += 1_000_000
        now = found.observe(there + HOUR_US)
    assert now == there + HOUR_US


def test_a_jump_that_passes_leaves_nothing(host: Host) -> None:
    found = Clock()
    there = found.observe(host.wall_us)
    host.wall_ns += HOUR_US * 1000
    found.observe(there + HOUR_US)
    host.wall_ns -= HOUR_US * 1000
    assert found.observe(there) == there
    host.pass_by(BELIEVED_SECONDS)
    host.wall_ns += HOUR_US * 1000
    there += int(BELIEVED_SECONDS * 1_000_000)
    # What steps now is measured from now on.
    assert found.observe(there + HOUR_US) == there
