"""Finds places: by a name or a part of it in English or Urdu, by a district's letters, by a whole code."""

from __future__ import annotations

from dataclasses import dataclass

from nsor.codes import source
from nsor.codes.source import Place
from nsor.codes.words import near, score, words


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Attributes:
        places: the best first.
        exact: every word is of each place; otherwise these have some of the words, or words that are spelled alike.
    """

    places: tuple[Place, ...]
    exact: bool


def find(text: str) -> Found:
    """Find places; without words, all."""
    every = source.places()
    within = [place for place in every if f"{place.code}/".startswith(f"{text.strip().upper()}/")]
    if within:
        return Found(tuple(within), exact=True)
    wanted = words(text)
    scores = {place: score(wanted, _known(place)) for place in every}
    best = max(scores.values())
    if best or not wanted:
        return Found(tuple(place for place in every if scores[place] == best), exact=best == len(wanted))
    alike = near(wanted, (word for place in every for word in _known(place)))
    return Found(tuple(place for place in every if alike & set(_known(place))), exact=False)


def _known(place: Place) -> list[str]:
    """A district is found by its own letters and not by its province's, which all districts share."""
    return [*words(place.en), *words(place.ur), place.code.rpartition("/")[2].rpartition("-")[2].casefold()]
