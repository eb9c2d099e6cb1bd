"""Finds offences: by words of the title, by sections as people write them (376, 376 PPC, u/s 377-B), by whole codes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nsor.codes import source
from nsor.codes.source import Offence
from nsor.codes.words import ascii_digits, near, score, words

_SECTION = re.compile(r"(?<![A-Z0-9])([0-9]{1,3})[ -]{0,3}([A-Z](?![A-Z]))?")
_SUBSECTION = re.compile(r"\([^)]*\)")
_CODE = re.compile(r"([A-Z]+)-([0-9]+)([A-Z]*)")
_NOT_WORDS = frozenset({"u", "s", "us", "sec", "section", "sections", "under", "of", "the", "and", "r", "w", "act"})


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Attributes:
        offences: in the order of the table, a section that is named exactly first.
        exact: all that was asked for is of each row; otherwise these have some of the words, or words spelled alike.
    """

    offences: tuple[Offence, ...]
    exact: bool


def find(text: str) -> Found:
    """Find offences; without words, all."""
    every = source.offences()
    typed = _SUBSECTION.sub(" ", ascii_digits(text).upper().translate({0x2013: "-", 0x2010: "-"}))
    sections = [(number, letter) for number, letter in _SECTION.findall(typed)]
    statutes = {code.partition("-")[0] for code in (offence.code for offence in every)}
    rest = [word for word in words(_SECTION.sub(" ", typed)) if word not in _NOT_WORDS]
    named = {word.upper() for word in rest if word.upper() in statutes}
    wanted = [word for word in rest if word.upper() not in statutes]
    pool = [offence for offence in every if not named or offence.code.partition("-")[0] in named]
    if sections:
        return _by_section(pool, sections)
    scores = {offence: score(wanted, words(offence.title)) for offence in pool}
    best = max(scores.values())
    if best or not wanted:
        return Found(tuple(offence for offence in pool if scores[offence] == best), exact=best == len(wanted))
    alike = near(wanted, (word for offence in pool for word in words(offence.title)))
    return Found(tuple(offence for offence in pool if alike & set(words(offence.title))), exact=False)


def _by_section(pool: list[Offence], sections: list[tuple[str, str]]) -> Found:
    """The sections themselves, then those of the same number: 376 brings 376A too, 376A brings 376."""
    asked = [offence for offence in pool if _section(offence) in sections]
    numbers = {number for number, _ in sections}
    others = [offence for offence in pool if _section(offence)[0] in numbers and offence not in asked]
    return Found((*asked, *others), exact={_section(offence) for offence in asked} == set(sections))


def _section(offence: Offence) -> tuple[str, str]:
    found = _CODE.fullmatch(offence.code)
    return (found[2], found[3]) if found else ("", "")
