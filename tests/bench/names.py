"""What the name index costs: `.venv/bin/python -m tests.bench.names [--cards N]`: CPU and memory, the index alone.

The cards' names are made of syllables in both scripts, with a frequency like that of names in Pakistan: a third have
Muhammad, most words are rare, one in ten Roman words has a slip. They are nobody's names: what is measured is time.
People are told apart, or not, in `tests.bench.likeness`.
"""

import argparse
import itertools
import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Final

from nsor_server.names.card import Name, Person
from nsor_server.names.index import NameIndex
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.registration.duplicates import rules
from nsor_server.registration.duplicates.worker import BATCH, CANDIDATES

SYLLABLES: Final = (
    ("ka", "کا"), ("ree", "ری"), ("mo", "مو"), ("sha", "شا"), ("dil", "دل"), ("ba", "با"), ("noor", "نور"),
    ("gul", "گل"), ("za", "زا"), ("ta", "تا"), ("meer", "میر"), ("lee", "لی"), ("saa", "سا"), ("jee", "جی"),
    ("pur", "پر"), ("waa", "وا"), ("qam", "قم"), ("raz", "رز"), ("fay", "فی"), ("chan", "چن"), ("tal", "طل"),
    ("sii", "سی"), ("khur", "خر"), ("yaa", "یا"), ("deen", "دین"), ("baz", "باز"),
)  # fmt: skip
WORDS: Final = 6_000
CHUNK: Final = 1_000


class People:
    """People that are made as they are asked for."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - reproducible
        words = {self._word() for _ in range(WORDS * 2)}
        self._words = sorted(words)[:WORDS]
        self._random.shuffle(self._words)
        self._weights = list(itertools.accumulate(1 / (8 + n) for n in range(len(self._words))))

    def __iter__(self) -> Iterator[Person]:
        while True:
            drawn = self._random.choices(self._words, cum_weights=self._weights, k=4)
            names = [
                self._written(drawn[:2], drawn[2:], script) for script in self._random.choice([(0,), (1,), (0, 1)])
            ]
            year = min(2005, max(1940, int(self._random.gauss(1985, 11))))
            districts = (f"PK-PB/{self._random.randrange(150):03d}",)
            yield Person(tuple(names), birth_year=year, sex=1, districts=districts)

    def _word(self) -> tuple[str, str]:
        parts = self._random.choices(SYLLABLES, k=self._random.choice([2, 2, 3]))
        return "".join(each[0] for each in parts), "".join(each[1] for each in parts)

    def _written(self, own: list[tuple[str, str]], relatives: list[tuple[str, str]], script: int) -> Name:
        muhammad = ("Muhammad", "محمد")[script]
        texts = []
        for words in (own, relatives):
            written = [self._slip(word[script]) if script == 0 else word[script] for word in words]
            texts.append(" ".join([muhammad, *written[1:]] if self._random.random() < 1 / 3 else written))
        return Name(*texts)

    def _slip(self, word: str) -> str:
        if self._random.random() >= 0.1:
            return word
        place = self._random.randrange(1, len(word))
        return word[:place] + self._random.choice("aeilmnrst") + word[place + self._random.randrange(2) :]


def _spent(queries: list[Person], ask: Callable[[Person], object]) -> str:
    """CPU of a query: half of them take less, 95 % do, and the most."""
    taken = []
    for person in queries:
        begun = time.process_time()
        ask(person)
        taken.append((time.process_time() - begun) * 1000)
    return f"{statistics.median(taken):.1f} / {statistics.quantiles(taken, n=20)[18]:.1f} / {max(taken):.1f} ms"


def _measured(cards: int, queries: int, registered: int) -> list[str]:
    index, people, adding = NameIndex(), iter(People(seed=1)), 0.0
    for chunk in range(cards // CHUNK):
        batch = [next(people) for _ in range(CHUNK)]
        begun = time.process_time()
        index.add_all(((chunk * CHUNK + number).to_bytes(16, "big"), person) for number, person in enumerate(batch))
        adding += time.process_time() - begun
    begun = time.process_time()
    index.candidates(next(people), 1)  # the arrays are made by the first query
    arrays = time.process_time() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    asked = [next(people) for _ in range(queries)]
    new = [next(people) for _ in range(queries)]
    return [
        f"{cards:,}",
        f"{adding:.1f} + {arrays:.1f} s",
        f"{memory:.0f} MB",
        _spent(asked, lambda each: index.candidates(each, 20)),
        _spent(asked, lambda each: index.candidates(each, 20)),
        _spent(asked, lambda each: index.candidates(Person(each.names, 0, each.sex, each.districts), 20)),
        _spent(new, lambda each: index.candidates(each, *_least(index))),
        _keeping_up(index, [next(people) for _ in range(registered)]),
    ]


def _least(index: NameIndex) -> tuple[int, float, float]:
    """What the worker asks for."""
    policy = ReviewPolicy.load()
    return CANDIDATES + 1, policy.likely_strength, rules.least_rarity(len(index), policy)


def _keeping_up(index: NameIndex, people: list[Person]) -> str:
    """Registrations a second that one core adds and compares: the first fifth, and the last, whose words are known."""
    speeds = []
    for part in range(5):
        begun, several = time.process_time(), people[part * len(people) // 5 : (part + 1) * len(people) // 5]
        for first in range(0, len(several), BATCH):
            batch = several[first : first + BATCH]
            new = (b"new" + (part * len(people) + first + number).to_bytes(13, "big") for number in range(len(batch)))
            index.add_all(zip(new, batch, strict=True))
            index.candidates_of(batch, *_least(index))
        speeds.append(len(several) / (time.process_time() - begun))
    return f"{speeds[0]:.0f} to {speeds[-1]:.0f}"


def main() -> None:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--registered", type=int, default=20_000, help="new cards that are added and compared")
    chosen = parser.parse_args()
    print("| cards | load, arrays | peak memory | year, 20 | again | no year | duplicates | registered a second |")
    print("|---|---|---|---|---|---|---|---|")
    print(f"| {' | '.join(_measured(chosen.cards, chosen.queries, chosen.registered))} |")


if __name__ == "__main__":
    main()
