"""What `tests.bench.search` says of its goals: a run that misses one isn't taken for one that reaches it."""

import pytest

from nsor_server.names.card import Band
from tests.bench.search import GOALS, Measured, Result, measured
from tests.names.labelled import Pair, pairs

REACHED = Measured(0.99, 0.97, 1.0, 0.9, 0.05, 3.0, 19.9, 90.0)


@pytest.mark.parametrize(
    ("worse", "said"),
    [
        ({"recall": 0.98}, "recall is 0.980, the goal 0.99"),
        ({"precision": 0.96}, "precision is 0.960, the goal 0.97"),
        ({"likely": 0.89}, "likely is 0.890, the goal 0.9"),
        ({"alike": 0.06}, "alike is 0.060, the goal 0.05"),
        ({"p95_ms": 20.0}, "p95_ms is 20.000, the goal 20"),
    ],
)
def test_each_goal_that_is_missed_is_said(worse: dict[str, float], said: str) -> None:
    assert REACHED.missed(GOALS[0]) == []
    assert REACHED._replace(**worse).missed(GOALS[0]) == [said]
    # Without a year of birth less is possible, and only how often the person is found and stands first is a goal.
    assert REACHED._replace(**worse).missed(GOALS[1]) == []


def test_persons_and_look_alikes_are_counted_apart() -> None:
    labelled = pairs("tuning")
    same, other = (next(each for each in labelled if each.same is wanted) for wanted in (True, False))

    def of(pair: Pair, place: int | None, band: Band | None = None, spent: float = 1.0) -> Result:
        return Result(pair, place, band, has_double=place == 1, fits=0, spent=spent)

    results = [of(same, 0, Band.LIKELY)] * 6 + [of(same, 1, Band.POSSIBLE)] * 2 + [of(same, None, spent=9.0)] * 2
    results += [of(other, 0, Band.LIKELY)] * 1 + [of(other, 3, Band.POSSIBLE)] * 9
    found = measured(results)
    assert (found.recall, found.precision, found.at_most) == (0.8, 0.6, 0.8)
    assert (found.likely, found.alike) == (0.6, 0.1)
    assert (found.median_ms, found.most_ms) == (1.0, 9.0)
