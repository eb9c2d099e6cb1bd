"""Load, memory and latency of the name index: `.venv/bin/python -m tests.bench.names [--cards N]`.

The cards' names are made of syllables in both scripts, with a frequency like that of names in Pakistan: a third have
Muhammad, most words are rare, one in ten Roman words has a slip. They are nobody's names: what is measured is time.
People are told apart, or not, in `tests.bench.likeness`.
"""

import argparse
import random
import resource
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nsor_server.names.card import Name, Person
from nsor_server.names.process import NameProcess

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
        self._weights = [1 / (8 + n) for n in range(len(self._words))]

    def __iter__(self) -> Iterator[Person]:
        while True:
            drawn = self._random.choices(self._words, self._weights, k=4)
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


def _memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def _timed(process: NameProcess, people: list[Person], limit: int) -> str:
    process.candidates(people[:1], limit)  # the arrays are made by the first query
    taken = []
    for person in people:
        begun = time.perf_counter()
        process.candidates([person], limit)
        taken.append((time.perf_counter() - begun) * 1000)
    cuts = statistics.quantiles(taken, n=100)
    return f"{statistics.median(taken):.1f} / {cuts[94]:.1f} / {cuts[98]:.1f} / {max(taken):.1f}"


def main() -> None:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=500)
    chosen = parser.parse_args()
    print("| cards | load | peak memory | year, 10: p50 / p95 / p99 / most | no year, 20 | many at once, year, 10 |")
    print("|---|---|---|---|---|---|")
    for cards in chosen.cards:
        process = NameProcess()
        people = iter(People(seed=1))
        load = 0.0
        for chunk in range(cards // CHUNK):
            batch = [((chunk * CHUNK + n).to_bytes(16, "big"), next(people)) for n in range(CHUNK)]
            begun = time.perf_counter()
            process.add(batch)
            load += time.perf_counter() - begun
        begun = time.perf_counter()
        queries = [next(people) for _ in range(chosen.queries)]
        process.candidates(queries[:1], 1)
        load += time.perf_counter() - begun
        with_year = _timed(process, queries, 10)
        without = _timed(process, [Person(each.names, 0, each.sex, each.districts) for each in queries[:200]], 20)
        begun = time.perf_counter()
        more = [next(people) for _ in range(chosen.queries)]
        for n in range(0, len(more), 50):
            process.candidates(more[n : n + 50], 10)
        rate = len(more) / (time.perf_counter() - begun)
        memory = _memory_mb(process.pid)
        process.stop()
        print(
            f"| {cards:,} | {load:.1f} s | {memory:.0f} MB | {with_year} ms | {without} ms | {rate:.0f}/s |", flush=True
        )
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"\nCPU of the processes: {spent.ru_utime + spent.ru_stime:.0f} s")


if __name__ == "__main__":
    main()
