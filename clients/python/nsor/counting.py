"""One thing or several, in English: `1 entry`, `2 entries`. Urdu says either without a change of the noun's form here.

A text whose values come later is brought to the singular before it gets them (`agreed`); a line that is written with
its number at once counts by itself (`counted`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Final

NOUNS: Final = {
    "accesses": "access",
    "agencies": "agency",
    "entries": "entry",
    "duties": "duty",
    **{
        f"{one}s": one
        for one in (
            *(
                "call",
                "cell",
                "certificate",
                "checkpoint",
                "count",
                "day",
                "event",
                "finding",
                "hour",
                "line",
                "look-up",
            ),
            *("method", "minute", "officer", "part", "passenger", "person", "proposal", "registration", "revocation"),
            *("row", "second", "span", "suspect", "thread", "warning"),
        )
    },
}
"""Several -> one, of the words that stand behind numbers in texts."""
_VERBS: Final = {"are": "is", "aren't": "isn't", "don't": "doesn't", "have": "has", "wait": "waits", "were": "was"}
_PLACE: Final = re.compile(
    r"(?P<of>\bof )?\{(?P<name>\w*)[^{}]*\}(?: (?P<noun>(?!of\b)[a-z-]+)(?: (?P<verb>[a-z']+))?)?"
)


def counted(number: int, several: str, form: str = "") -> str:
    """A number with what it counts.

    Args:
        number: how many.
        several: the word in the plural, one of NOUNS; an adjective may stand before it.
        form: how the number is written, such as `,`.
    """
    adjective, _, noun = several.rpartition(" ")
    word = NOUNS[noun] if number == 1 else noun
    return " ".join(filter(None, (format(number, form), adjective, word)))


def agreed(text: str, values: Sequence[object] = (), named: Mapping[str, object] | None = None) -> str:
    """An English text, its places still empty, with the word behind each place that gets a 1 in the singular.

    A verb that follows the word agrees with it. `1 of 1 lines` stays: the 1 is of several.

    Args:
        text: with places in braces, as str.format takes them.
        values: those of the places without a name.
        named: those of the others.
    """
    number = itertools.count()

    def fitting(place: re.Match[str]) -> str:
        name, noun, verb = place["name"], place["noun"], place["verb"]
        value = (named or {})[name] if name and not name.isdigit() else values[int(name) if name else next(number)]
        if str(value) != "1" or place["of"] or noun not in NOUNS:
            return place[0]
        found = place[0][: place.start("noun") - place.start()] + NOUNS[noun]
        return found if verb is None else f"{found} {_VERBS.get(verb, verb)}"

    return _PLACE.sub(fitting, text)


def agreeing(text: str, *values: object) -> str:
    """An English text with its values, each word behind a 1 in the singular, as `agreed`."""
    return agreed(text, values).format(*values)
