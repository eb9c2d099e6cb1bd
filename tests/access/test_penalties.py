"""Whose calls are dropped, for how long, and whose never are. The clock is the test's."""

import pytest

from nsor_server.access import penalties
from nsor_server.access.penalties import Bucket, Decision, Penalties, Rate, Standing

PLENTY = 60.0
"""Seconds that a call has left."""


class Scene:
    """One certificate, whose agency may have room or not."""

    def __init__(self, *, accepted: bool = True) -> None:
        self.full = False
        self.now = 1_000.0
        self.penalties = Penalties(lambda _agency: self.full)
        self.standing: Standing = self.penalties.standing("punjab-police", self.now, accepted=accepted)

    def come(self, calls: int, *, per_second: float = 1e9, seconds_left: float = PLENTY) -> list[Decision]:
        """So many calls, one after another; what became of each."""
        decisions = []
        for _ in range(calls):
            decisions.append(self.penalties.decide(self.standing, self.now, seconds_left))
            self.now += 1 / per_second
        return decisions

    def reset(self, calls: int, *, per_second: float = 1e9, seconds_left: float = PLENTY) -> None:
        """So many calls that were given up before anybody looked at them."""
        for _ in range(calls):
            self.penalties.gave_up(self.standing, self.now, seconds_left)
            self.now += 1 / per_second

    def penalised(self) -> bool:
        return self.standing.until > self.now


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = Bucket(Rate(10, 5), 0.0)
    assert [bucket.take(0.0) for _ in range(6)] == [True] * 5 + [False]
    assert [bucket.take(0.1), bucket.take(0.1)] == [True, False]
    assert [bucket.take(99.0) for _ in range(6)] == [True] * 5 + [False]


def test_resets_are_punished_for_a_minute_and_then_forgiven() -> None:
    scene = Scene()
    scene.reset(600)
    assert not scene.penalised()
    scene.reset(1)
    assert scene.penalised()
    assert Decision.TAKE not in scene.come(100)
    scene.now = scene.standing.until
    assert scene.come(1) == [Decision.TAKE]
    assert scene.standing.penalties == 1


def test_a_line_that_breaks_with_every_stream_open_is_no_attack() -> None:
    # grpc gives up all calls of a connection at once: 512 of them at most.
    scene = Scene()
    scene.reset(512)
    scene.now += 10
    scene.reset(512)
    assert not scene.penalised()


def test_calls_with_a_short_deadline_are_not_taken_for_resets() -> None:
    scene = Scene()
    scene.reset(10_000, seconds_left=0.05)
    assert not scene.penalised()


def test_a_storm_of_deadlines_that_are_over_is_dropped_and_punished() -> None:
    # Without the second bucket a deadline of 1 ms would be the way around the first one.
    scene = Scene()
    decisions = scene.come(2_000, seconds_left=-0.001)
    assert set(decisions) == {Decision.DROP}
    assert not scene.penalised()
    scene.come(1, seconds_left=-0.001)
    assert scene.penalised()


def test_an_honest_client_whose_deadlines_pass_goes_on() -> None:
    # 1,500 calls a second, each of which comes too late: dropped, since nobody waits for them, and no more than that.
    scene = Scene()
    scene.come(30_000, per_second=1_500, seconds_left=0.0)
    assert not scene.penalised()
    assert scene.come(1) == [Decision.TAKE]


def test_calls_beyond_the_limits_are_refused_then_dropped_then_punished() -> None:
    scene = Scene()
    scene.full = True
    decisions = scene.come(2_000)
    assert decisions == [Decision.REFUSE] * 1_000 + [Decision.DROP] * 1_000
    assert not scene.penalised()
    scene.come(1)
    assert scene.penalised()


def test_an_honest_bulk_beyond_the_limits_that_waits_as_it_is_told_goes_on() -> None:
    # 150 calls too many, each sent again after the 0.1 s of the refusal: 1,500 a second.
    scene = Scene()
    scene.full = True
    scene.come(30_000, per_second=1_500)
    assert not scene.penalised()


def test_whoever_goes_on_while_punished_stays_punished() -> None:
    scene = Scene()
    scene.reset(601)
    first = scene.standing.until
    scene.come(40_000, per_second=10_000)
    assert scene.standing.until > first
    assert scene.standing.penalties == 1


def test_some_are_told_why_even_while_all_are_dropped() -> None:
    scene = Scene()
    scene.reset(601)
    decisions = scene.come(1_000)
    assert decisions.count(Decision.REFUSE) == penalties.WORDED_WHEN_DROPPED.burst
    assert scene.standing.dropped == decisions.count(Decision.DROP)


@pytest.mark.parametrize(("calls", "punished"), [(100, False), (101, True)])
def test_a_certificate_that_is_not_accepted_has_a_few_calls_to_hear_it(calls: int, punished: bool) -> None:
    scene = Scene(accepted=False)
    assert scene.come(calls)[:100] == [Decision.TAKE] * 100
    assert scene.penalised() is punished


def test_a_certificate_that_is_accepted_is_never_held_to_that() -> None:
    scene = Scene()
    assert set(scene.come(50_000)) == {Decision.TAKE}
