"""Made-up latencies: a base that both calls of a pair share, a delay of each, and now and then a long one."""

import numpy as np
import pytest

from tests.bench import alike

PAIRS = 2_000


def latencies(seed: int) -> tuple[alike.Micros, alike.Micros]:
    dice = np.random.default_rng(seed)
    drift = 800 + 200 * np.sin(np.arange(PAIRS) / 300)
    first, second = (
        drift + dice.gamma(2.0, 60.0, PAIRS) + np.where(dice.random(PAIRS) < 0.02, dice.exponential(5_000, PAIRS), 0)
        for _ in range(2)
    )
    return first, second


@pytest.mark.parametrize("seed", range(4))
def test_what_takes_the_same_time_is_alike(seed: int) -> None:
    first, second = latencies(seed)
    assert alike.compare(first, second, seed).alike


@pytest.mark.parametrize("less", [1, -1])
def test_the_control_is_found_by_both_tests(less: int) -> None:
    first, second = latencies(5)
    found = alike.compare(first, second + less * alike.CONTROL_US, 5)
    assert not found.within
    assert found.chance < alike.CHANCE


def test_a_difference_of_the_fastest_calls_alone_is_found() -> None:
    # The mean hides it: what the one takes longer when all is quiet the other one takes when it isn't.
    first, second = latencies(6)
    slow = second > np.percentile(second, 60)
    moved = np.where(slow, second - 35, second + 35)
    found = alike.compare(first, moved, 6)
    assert found.within
    assert found.chance < alike.CHANCE


def test_too_few_pairs_show_nothing() -> None:
    first, second = latencies(7)
    assert not alike.compare(first[:40], second[:40], 7).within
