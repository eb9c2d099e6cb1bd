"""People are found by name, and told apart: the labelled pairs of the tuning half among a small crowd.

`tests.bench.search` measures the same on the untouched half among a million; here is what may not get worse unseen.
"""

import itertools
from collections.abc import Callable
from typing import Final

import pytest

from nsor_server.names.card import Band, Bands, Person
from nsor_server.names.index import NameIndex
from nsor_server.policy.search import SearchPolicy
from tests.bench.crowd import Crowd
from tests.names.labelled import Pair, pairs

OTHERS: Final = 2_000
_POLICY: Final = SearchPolicy.load()
BANDS: Final = Bands(_POLICY.likely_strength, _POLICY.possible_strength)
WITH_YEAR: Final[Callable[[Person], Person]] = lambda each: each  # noqa: E731 - a query as it stands
WITHOUT_YEAR: Final[Callable[[Person], Person]] = lambda each: Person(each.names)  # noqa: E731 - and one without a year


@pytest.fixture(scope="module")
def labelled() -> list[Pair]:
    return pairs("tuning")


@pytest.fixture(scope="module")
def index(labelled: list[Pair]) -> NameIndex:
    index = NameIndex()
    for number, pair in enumerate(labelled):
        index.add(key(number), pair.registered)
    for number, person in enumerate(itertools.islice(Crowd(seed=2), OTHERS)):
        index.add(key(len(labelled) + number), person)
    return index


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


@pytest.mark.parametrize(
    ("query", "recall", "precision", "alike"),
    [(WITH_YEAR, 0.995, 0.99, 0.06), (WITHOUT_YEAR, 0.995, 0.98, 0.07)],
    ids=["year", "no-year"],
)
def test_one_person_is_found_and_told_from_look_alikes(  # noqa: PLR0917 - what is asked, and what has to come of it
    index: NameIndex,
    labelled: list[Pair],
    query: Callable[[Person], Person],
    recall: float,
    precision: float,
    alike: float,
) -> None:
    found, first, bands = 0, 0, {True: 0, False: 0}
    for number, pair in enumerate(labelled):
        candidates = index.search(query(pair.asked), 20, BANDS).candidates
        place = next((n for n, each in enumerate(candidates) if each.card_id == key(number)), None)
        if place is not None:
            bands[pair.same] += candidates[place].band is Band.LIKELY
            found += pair.same
            first += pair.same and place == 0
    same = sum(pair.same for pair in labelled)
    assert found / same >= recall
    assert first / same >= precision
    assert bands[True] / same >= 0.92
    assert bands[False] / (len(labelled) - same) <= alike
