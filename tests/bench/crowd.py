"""People as a register has them, made fast: a million others among whom somebody is looked for by name.

A third of the men are some Muhammad. Names of both halves of the labelled families stand among them as often as
frequent names do, with those of the synthetic tables; behind them is a long tail of rare words. Clerks spell a word in
another way now and then, and of the Roman words some have a slip. How frequent the names are is chosen so that as many
people share a name and a father's name as `docs/performance.md` says; it was counted nowhere.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator
from typing import Final

from nsor_server.names.card import Name, Person
from nsor_synthetic.names import families as clans
from nsor_synthetic.names import general, regional
from tests.names.families import COMPOUNDS, MUHAMMAD, SECONDS, Word, families

_SYLLABLES: Final = (
    ("ka", "کا"), ("ree", "ری"), ("mo", "مو"), ("sha", "شا"), ("dil", "دل"), ("ba", "با"), ("noo", "نو"),
    ("gul", "گل"), ("za", "زا"), ("ta", "تا"), ("mee", "می"), ("lee", "لی"), ("saa", "سا"), ("jee", "جی"),
    ("pur", "پر"), ("waa", "وا"), ("qam", "قم"), ("raz", "رز"), ("fay", "فی"), ("chan", "چن"), ("tal", "طل"),
    ("sii", "سی"), ("khur", "خر"), ("yaa", "یا"), ("dee", "دی"), ("baz", "بز"), ("hoo", "ہو"), ("ni", "نی"),
)  # fmt: skip
_RARE: Final = 60_000
_FLATTENED: Final = 4
"""Zipf's law, flattened: the most frequent name isn't that of one in ten."""
_IS_RARE: Final = 0.08
_SECOND: Final = 0.35
_CLAN: Final = 0.2
_ANOTHER_SPELLING: Final = 0.25
_SLIP: Final = 0.02


class _Drawn:
    """Words, some more often than others."""

    def __init__(self, words: Iterable[Word], chosen: random.Random) -> None:
        self._words = list(words)
        chosen.shuffle(self._words)
        self._weights = list(itertools.accumulate(1 / (_FLATTENED + n) for n in range(len(self._words))))
        self._random = chosen

    def one(self) -> Word:
        return self._random.choices(self._words, cum_weights=self._weights)[0]


class Crowd:
    """People, made as they are asked for."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - reproducible
        labelled = families().values()
        tables = (general.MEN, general.DEVOTED, regional.PUNJABI, regional.SINDHI, regional.PASHTO, regional.BALOCHI)
        known = {spelling for each in labelled for spelling in each.word.spellings[0]}
        more = [Word((each.roman, each.urdu)) for table in tables for each in table.elements]
        more = [word for word in more if word.usual(0) not in known]
        given = [each.word for each in labelled if each.kind in {"man", *COMPOUNDS}]
        self._given = _Drawn([*given, *more], self._random)
        self._women = _Drawn([each.word for each in labelled if each.kind == "woman"], self._random)
        families_names = (clans.PUNJABI + clans.SINDHI + clans.PASHTO + clans.BALOCHI + clans.SARAIKI).elements
        self._clans = _Drawn(
            [each.word for each in labelled if each.kind == "clan"]
            + [Word((each.roman, each.urdu)) for each in families_names if each.roman[0] not in known],
            self._random,
        )
        self._rare = _Drawn(sorted({self._made_up() for _ in range(_RARE)}), self._random)

    def __iter__(self) -> Iterator[Person]:
        while True:
            yield self._person()

    def _person(self) -> Person:
        chance = self._random.random
        clan = (self._clans.one(),) if chance() < _CLAN else ()
        own = (*((self._women.one(), _BIBI) if chance() < 0.02 else self._mans()), *clan)
        relative = (*self._mans(), *(clan if chance() < 0.5 else ()))
        scripts = self._random.choice(((0,), (0,), (1,), (1,), (0, 1)))
        names = tuple(Name(self._text(own, script), self._text(relative, script)) for script in scripts)
        year = min(2005, max(1940, int(self._random.gauss(1985, 11))))
        return Person(names, birth_year=year, sex=1, districts=(f"PK-PB/{self._random.randrange(150):03d}",))

    def _mans(self) -> tuple[Word, ...]:
        chance = self._random.random
        own = self._rare.one() if chance() < _IS_RARE else self._given.one()
        if chance() < 1 / 3:
            return (MUHAMMAD, own)
        if chance() < _SECOND:
            return (own, self._random.choice(SECONDS))
        return (own, self._given.one()) if chance() < _SECOND / 2 else (own,)

    def _text(self, words: Iterable[Word], script: int) -> str:
        found = []
        for word in words:
            spellings = word.spellings[script]
            text = spellings[0]
            if len(spellings) > 1 and self._random.random() < _ANOTHER_SPELLING:
                text = self._random.choice(spellings)
            found.append(self._slipped(text) if script == 0 and self._random.random() < _SLIP else text)
        return " ".join(found)

    def _slipped(self, text: str) -> str:
        place = self._random.randrange(1, max(2, len(text)))
        return text[:place] + self._random.choice("aeilmnrst") + text[place + self._random.randrange(2) :]

    def _made_up(self) -> Word:
        parts = self._random.choices(_SYLLABLES, k=self._random.choice((2, 3, 3, 3)))
        return Word((("".join(each[0] for each in parts).capitalize(),), ("".join(each[1] for each in parts),)))


_BIBI: Final = Word((("Bibi",), ("بی بی",)))
