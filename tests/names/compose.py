"""Composes the labelled pairs out of the families, by rule: `.venv/bin/python -m tests.names.compose`.

What it writes is committed, so that every pair can be read, and a test compares. It knows nothing of the matcher. Each
pair follows one rule; besides, every other clerk spells a word in another way now and then, as most pairs in a register
would have it.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from nsor_synthetic.dice import Dice
from nsor_synthetic.names import slips
from tests.names.families import (
    COMPOUNDS,
    FOLDER,
    MUHAMMAD,
    ROMAN,
    SECONDS,
    URDU,
    Family,
    Word,
    families,
    rows,
)

HALVES: Final = ("tuning", "untouched")
COLUMNS: Final = ("rule", "same", "name", "relative", "year", "other_name", "other_relative", "other_year")
_TITLES: Final = tuple(
    Word(((roman,), (urdu,)))
    for roman, urdu in zip(
        ["Haji", "Hafiz", "Qari", "Malik", "Rana", "Mian", "Sardar", "Syed", "Ch.", "Sheikh", "Dr.", "Maulvi"],
        ["حاجی", "حافظ", "قاری", "ملک", "رانا", "میاں", "سردار", "سید", "چوہدری", "شیخ", "ڈاکٹر", "مولوی"],
        strict=True,
    )
)
_WOMENS: Final = tuple(
    Word(((roman,), (urdu,))) for roman, urdu in (("Bibi", "بی بی"), ("Begum", "بیگم"), ("Mai", "مائی"))
)
_MISS: Final = Word((("Mst.",), ("مسماۃ",)))
_ALIAS: Final = (("@", "alias", "urf"), ("عرف",))
_SON: Final = (("s/o", "S/O"), ("ولد",))
_ARABIC: Final = str.maketrans("کیہ", "كيه")
Words = tuple[Word, ...]


class _Person(NamedTuple):
    """Name and relative's name."""

    own: Words
    relative: Words


class _Written(NamedTuple):
    """The same as one clerk writes it."""

    name: str
    relative: str


Both = tuple[_Written, _Written]


class _Maker:
    """Makes the pairs of a half; others by each seed."""

    def __init__(self, half: str, seed: str = "") -> None:
        self.dice = Dice(f"pairs/{half}{seed}")
        self._of: dict[str, list[Family]] = {}
        for each in families().values():
            if each.half == half:
                self._of.setdefault(each.kind, []).append(each)
        self._next = {kind: itertools.cycle(self._shuffled(several)) for kind, several in self._of.items()}
        pairs = [tuple(families()[row[side]] for side in ("one", "other")) for row in rows("look_alikes.tsv")]
        self._alike = [pair for pair in pairs if pair[0].half == half]

    def _shuffled(self, several: Sequence[Family]) -> list[Family]:
        found = list(several)
        self.dice.shuffle(found)
        return found

    def one(self, kind: str) -> Word:
        """The next name of a kind: each as often as the others."""
        return next(self._next[kind]).word

    def compound(self) -> Word:
        """A compound."""
        return self.one(self.dice.one(COMPOUNDS))

    def mans(self) -> Words:
        """A man's name."""
        form = self.dice.random()
        if form < 0.3:
            return (MUHAMMAD, self.one("man"))
        if form < 0.5:
            return (self.one("man"), self.dice.one(SECONDS))
        if form < 0.75:
            return (self.compound(),)
        return (self.one("man"), self.one("man"))

    def clan(self, percent: int) -> Words:
        """A clan's name, or none."""
        return (self.one("clan"),) if self.dice.chance(percent) else ()

    def person(self, own: Words = ()) -> _Person:
        """A man with his father's name."""
        clan = self.clan(35)
        return _Person((*(own or self.mans()), *clan), (*self.mans(), *(clan if self.dice.chance(30) else ())))

    def scripts(self) -> tuple[int, int]:
        """In which script each of the two is written, where the rule doesn't say."""
        return self.dice.weighted(((ROMAN, ROMAN), (URDU, URDU), (ROMAN, URDU), (URDU, ROMAN)), (60, 75, 88, 100))

    def text(self, words: Words, script: int, others: int = 0) -> str:
        """A name; so many words in a hundred in another spelling."""
        return " ".join(
            word.another(self.dice, script) if self.dice.chance(others) else word.usual(script) for word in words
        )

    def written(self, person: _Person, script: int, others: int = 0) -> _Written:
        """A person."""
        return _Written(self.text(person.own, script, others), self.text(person.relative, script, others))

    def both(self, first: _Person, second: _Person) -> Both:
        """Two, by two clerks."""
        one, other = self.scripts()
        return self.written(first, one), self.written(second, other, _BY_ANOTHER_CLERK)

    # Pairs of one person.

    def spelling(self) -> Both:
        person = self.person()
        return self.written(person, ROMAN), self.written(person, ROMAN, 75)

    def script(self) -> Both:
        person = self.person()
        return self.written(person, ROMAN, 40), self.written(person, URDU, 20)

    def muhammad(self) -> Both:
        person = self.person((MUHAMMAD, self.one("man")))
        script = self.dice.one((ROMAN, ROMAN, URDU))
        own = (MUHAMMAD.another(self.dice, ROMAN), self.text(person.own[1:], ROMAN, _BY_ANOTHER_CLERK))
        return self.written(person, script), _Written(" ".join(own), self.text(person.relative, ROMAN, 30))

    def dropped(self) -> Both:
        own = (self.one("man"), *self.clan(60))
        whole = (MUHAMMAD, *own) if self.dice.chance(80) else (*own, MUHAMMAD)
        relative = self.person().relative
        return self.both(_Person(whole, relative), _Person(own, relative))

    def title(self) -> Both:
        person = self.person()
        title = self.dice.one(_TITLES)
        if self.dice.chance(30):
            return self.both(person, person._replace(relative=(title, *person.relative)))
        return self.both(person, person._replace(own=(title, *person.own)))

    def woman(self) -> Both:
        own, relative = (self.one("woman"),), self.person().relative
        name = self.dice.one(_WOMENS)
        other = self.dice.one(((_MISS, *own, name), own, (_MISS, *own), (*own, self.dice.one(_WOMENS))))
        return self.both(_Person((*own, name), relative), _Person(other, relative))

    def alias(self) -> Both:
        person, by_name = self.person(), self.one("alias")
        one, other = self.scripts()
        first, second = self.written(person, one), self.written(person, other, _BY_ANOTHER_CLERK)
        mark = self.dice.one(_ALIAS[one])
        return first._replace(name=f"{first.name} {mark} {by_name.usual(one)}"), second

    def by_name(self) -> Both:
        person, by_name = self.person(), self.one("alias")
        first, second = self.both(person, _Person((by_name, *person.own[-1:]), person.relative))
        return _Written(f"{first.name} @ {by_name.usual(ROMAN)}", first.relative), second

    def order(self) -> Both:
        own = (self.one("man"), self.one("man"), *self.clan(40))
        if self.dice.chance(40):
            own = (MUHAMMAD, *own[1:])
        turned = (*own[1:], own[0]) if self.dice.chance(60) else (own[1], own[0], *own[2:])
        relative = self.person().relative
        return self.both(_Person(own, relative), _Person(turned, relative))

    def no_relative(self) -> Both:
        own = (self.one("man"), self.dice.one((self.one("man"), self.compound())), self.one("clan"))
        return self.both(_Person(own, self.mans()), _Person(own, ()))

    def compound_words(self) -> Both:
        own = (self.one(self.dice.one(("servant", "god", "faith"))), *self.clan(40))
        person = _Person(own, self.person().relative)
        one, other = self.scripts()
        return self.written(person, one), self.written(person, other, 70)

    def ghulam(self) -> Both:
        own = (self.one(self.dice.one(("ghulam", "bakhsh"))), *self.clan(40))
        person = _Person(own, self.person().relative)
        one, other = self.dice.one(((ROMAN, URDU), (ROMAN, ROMAN), (URDU, ROMAN)))
        return self.written(person, one), self.written(person, other, 60)

    def keyboard(self) -> Both:
        person = self.person()
        first = self.written(person, URDU)
        return first, _Written(first.name.translate(_ARABIC), first.relative.translate(_ARABIC))

    def slip(self) -> Both:
        person = self.person()
        first = self.written(person, ROMAN if self.dice.chance(75) else URDU)
        if self.dice.chance(35):
            return first, first._replace(relative=slips.slip(self.dice, first.relative))
        return first, first._replace(name=slips.slip(self.dice, first.name))

    def shorter(self) -> Both:
        own, relative = (*self.mans(), *self.clan(50)), (self.one("man"), *self.mans())
        kept = relative[:-1] if self.dice.chance(60) else relative[1:]
        return self.both(_Person(own, relative), _Person(own, kept))

    def without_clan(self) -> Both:
        person = _Person(self.mans(), self.mans())
        return self.both(_Person((*person.own, self.one("clan")), person.relative), person)

    def inline(self) -> Both:
        person = self.person()
        one, other = self.scripts()
        first, second = self.written(person, one), self.written(person, other, _BY_ANOTHER_CLERK)
        return _Written(f"{first.name} {self.dice.one(_SON[one])} {first.relative}", ""), second

    def mixed(self) -> Both:
        person = self.person((self.dice.one((MUHAMMAD, self.one("man"))), self.one("man")))
        first = _Written(self.in_turn(person.own), self.in_turn(person.relative))
        return first, self.written(person, self.dice.one((ROMAN, URDU)), _BY_ANOTHER_CLERK)

    def in_turn(self, words: Words) -> str:
        """A name of which one word is in Roman letters and the next one in Urdu."""
        scripts = itertools.cycle(self.dice.one(((ROMAN, URDU), (URDU, ROMAN))))
        return " ".join(self.text((word,), script, 20) for word, script in zip(words, scripts, strict=False))

    def two_scripts(self) -> Both:
        person = self.person()
        one, other = self.dice.one(((ROMAN, URDU), (URDU, ROMAN)))
        first = _Written(self.text(person.own, one, 20), self.text(person.relative, other, 20))
        return first, self.written(person, self.dice.one((ROMAN, URDU)), _BY_ANOTHER_CLERK)

    # Pairs of different people.

    def brothers(self) -> Both:
        clan, relative = self.clan(60), self.mans()
        own, other = self.mans(), self.mans()
        return self.both(_Person((*own, *clan), relative), _Person((*other, *clan), relative))

    def _close(self, kinds: Sequence[str]) -> tuple[Word, Word]:
        pairs = [pair for pair in self._alike if tuple(each.kind for each in pair) == tuple(kinds)]
        one, other = (each.word for each in self.dice.one(pairs))
        one, other = one.without(other), other.without(one)
        return (one, other) if self.dice.chance(50) else (other, one)

    def close(self) -> Both:
        one, other = self._close(("man", "man"))
        rest = self.dice.one(((), (self.dice.one(SECONDS),), self.clan(100)))
        before = (MUHAMMAD,) if self.dice.chance(40) else ()
        relative = self.mans()
        return self.both(_Person((*before, one, *rest), relative), _Person((*before, other, *rest), relative))

    def gender(self) -> Both:
        one, other = self._close(("man", "woman"))
        relative = self.mans()
        return self.both(_Person((one,), relative), _Person((other,), relative))

    def compounds(self) -> Both:
        one, other = self._close((self.dice.one(COMPOUNDS),) * 2)
        clan, relative = self.clan(40), self.mans()
        return self.both(_Person((one, *clan), relative), _Person((other, *clan), relative))

    def fathers(self) -> Both:
        one, other = self._close(("man", "man"))
        own = (*self.mans(), *self.clan(30))
        before = (MUHAMMAD,) if self.dice.chance(40) else ()
        return self.both(_Person(own, (*before, one)), _Person(own, (*before, other)))

    def titles(self) -> Both:
        title, clan = self.dice.one(_TITLES), self.clan(100)
        one, other = ((title, *self.mans(), *clan) for _ in range(2))
        return self.both(_Person(one, (title, *self.mans())), _Person(other, (title, *self.mans())))

    def namesakes(self) -> Both:
        own = (*self.mans(), *self.clan(40))
        return self.both(_Person(own, self.mans()), _Person(own, self.mans()))


_BY_ANOTHER_CLERK: Final = 25
_NOT_REGISTERED: Final = frozenset({"mixed", "two-scripts"})
"""Rules whose first one is asked for: nobody is registered so."""
_TRIES: Final = 1_000
"""Two clerks may write a name alike: that is no pair."""
_RULES: Final[dict[str, Callable[[_Maker], Both]]] = {
    "spelling": _Maker.spelling,
    "script": _Maker.script,
    "muhammad": _Maker.muhammad,
    "dropped": _Maker.dropped,
    "title": _Maker.title,
    "woman": _Maker.woman,
    "alias": _Maker.alias,
    "by-name": _Maker.by_name,
    "order": _Maker.order,
    "no-relative": _Maker.no_relative,
    "compound": _Maker.compound_words,
    "ghulam": _Maker.ghulam,
    "keyboard": _Maker.keyboard,
    "slip": _Maker.slip,
    "shorter": _Maker.shorter,
    "clan": _Maker.without_clan,
    "inline": _Maker.inline,
    "brothers": _Maker.brothers,
    "close": _Maker.close,
    "gender": _Maker.gender,
    "compounds": _Maker.compounds,
    "fathers": _Maker.fathers,
    "titles": _Maker.titles,
    "namesakes": _Maker.namesakes,
    "mixed": _Maker.mixed,
    "two-scripts": _Maker.two_scripts,
}


def rules(half: str) -> list[dict[str, str]]:
    """The rules of a half: the newer ones are the tuning half's alone, so that figures of the other stay comparable."""
    return [row for row in rows("rules.tsv") if row["halves"] in {"both", half}]


def pairs(half: str, seed: str = "") -> Iterator[tuple[str, ...]]:
    """The rows of a half's file; by a seed, other pairs of the same families and rules."""
    maker = _Maker(half, seed)
    for row in rules(half):
        made = (_RULES[row["rule"]](maker) for _ in range(_TRIES))
        differing = (pair for pair in made if pair[0] != pair[1])
        for pair in itertools.islice(differing, int(row["count"])):
            first, second = pair if maker.dice.chance(50) or row["rule"] in _NOT_REGISTERED else pair[::-1]
            year = maker.dice.randint(1950, 2004)
            apart = maker.dice.weighted((0, 1, -1), (60, 80, 100))
            if row["same"] == "no":
                apart = maker.dice.one((0, 1, 2, -1, -2))
            yield (row["rule"], row["same"], *first, str(year), *second, str(year + apart))


def as_text(half: str) -> str:
    """A half's file."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(pairs(half))
    return file.getvalue()


def main() -> None:
    """Write both halves."""
    for half in HALVES:
        (FOLDER / f"{half}.tsv").write_text(as_text(half), encoding="utf-8")


if __name__ == "__main__":
    main()
