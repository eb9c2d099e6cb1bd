"""From a name as it was written to its words, in both scripts.

Compounds come apart the same way however they are written: Abdur Rehman, Abdulrehman and عبدالرحمٰن are two words each,
and so are Rehmat Ullah and Rehmatullah. An alias begins another name, ``s/o`` and ولد the name of a relative.
"""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from importlib import resources
from typing import Final

from nsor_server.formats import person_name
from nsor_server.names import slips

_DATA: Final = tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
_SUPERSCRIPT_ALEF: Final = "\u0670"
_ALEF: Final = "\u0627"
_YEH: Final = "\u06cc"
_LAST_ALEF: Final = re.compile(_YEH + _SUPERSCRIPT_ALEF + r"(?![\u0621-\u06d3])")
"""موسیٰ ends with an alef; in یٰسین it stands behind the yeh."""
_OF_ALLAH: Final = "\u0627\u0644\u0644\u06c1"


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in one written name.

    Attributes:
        names: the words of each name of the person: the first one, and aliases.
        relatives: the words of each name of a father, mother or husband.
    """

    names: tuple[tuple[str, ...], ...]
    relatives: tuple[tuple[str, ...], ...]


def _folded(text: str) -> str:
    """Letters without case, accents, vowel signs and marks; a superscript alef is written out."""
    if text.isascii():
        return text.casefold()
    key = _LAST_ALEF.sub(_ALEF, person_name.canonical_key(text)).replace(_SUPERSCRIPT_ALEF, _ALEF)
    key = key.replace(_ALEF + _OF_ALLAH, _ALEF + " " + _OF_ALLAH).replace(_ALEF + _ALEF, _ALEF)
    apart = unicodedata.normalize("NFKD", key)
    return unicodedata.normalize(
        "NFC", "".join(each for each in apart if not unicodedata.combining(each) or each > "ؠ")
    )


def _unmarked(word: str) -> str:
    """A word without superscript alef and hamza."""
    return _folded(word.replace(_SUPERSCRIPT_ALEF, "").replace("\u0624", "\u0648"))


def _pattern(words: list[str]) -> re.Pattern[str]:
    longest_first = sorted((_folded(word) for word in words), key=len, reverse=True)
    return re.compile(r"(?:^|(?<=\s))(?:" + "|".join(map(re.escape, longest_first)) + r")(?=\s|$)|@")


_ALIAS: Final = _pattern(_DATA["alias"])
_RELATION: Final = re.compile(_pattern(_DATA["relation"]).pattern.removesuffix("|@"))
_WHOLE: Final[dict[str, str]] = {_folded(form): name for name, row in _DATA["whole"].items() for form in row["forms"]}
SHARES: Final[dict[str, float]] = {name: row["share"] for name, row in _DATA["whole"].items()}
"""Share of people who have a word, by the one spelling that stands for all of its forms."""
TITLES: Final = frozenset(_WHOLE.get(folded, folded) for word in _DATA["titles"] for folded in (_folded(word),))
"""Words that come and go between two entries of one person."""
_MARKED: Final[dict[str, str]] = {_unmarked(word): _folded(word) for word in _DATA["marked"]}
"""Words without the mark that many leave out, and with it."""
_BREAKS: Final = re.compile(r"[\s\-./,()\u06d4]+")
_APOSTROPHES: Final = re.compile(r"['\u2018\u2019`]")
_TWO_WORDS: Final = re.compile(r"\bبی بی\b|\bud din\b|\bul lah\b|\bud deen\b")
_OF_GOD: Final = re.compile(r"^(?P<one>[a-z]{3,})(?P<two>ull?ah?)$")
_OF_FAITH: Final = re.compile(r"^(?P<one>[a-z]{3,})(?P<two>ud?d(?:in|een))$")
_SERVANT: Final = re.compile(r"^(?P<two>abd[aiou]{0,2})(?:l|r(?=r)|s(?=s)|n(?=n)|z(?=z)|t(?=t))(?P<one>[a-z]{3,})$")
_ARTICLE: Final = re.compile(r"^(?:ul|ur|us|un|uz|ush|ut|al|el|ar|as)$")
_URDU_ARTICLE: Final = re.compile(r"^ال(?=[\u0621-\u06d3]{3})(?!\u0644?\u06c1)(?!دین$)")
_URDU_OF_GOD: Final = re.compile(r"^(?P<one>[\u0621-\u06d3]{2,})(?P<two>اللہ)$")
_URDU_OF_FAITH: Final = re.compile(r"^(?P<one>[\u0621-\u06d3]{2,})(?P<two>الدین)$")
_URDU_SERVANT: Final = re.compile(r"^(?P<two>عبدال)(?P<one>[\u0621-\u06d3]{2,})$")
_BEFORE: Final = (_SERVANT, _URDU_SERVANT)
_BEHIND: Final = (_OF_GOD, _OF_FAITH, _URDU_OF_GOD, _URDU_OF_FAITH)
_ENDS: Final = (("ullah", "l"), ("uddin", "d"))
_MUHAMMADS: Final = frozenset(form for form in _DATA["whole"]["muhammad"]["forms"] if len(form) >= 8 and form.isascii())
_LONG_COMPOUND: Final = 8
"""Letters of a compound whose end may have a slip."""
_NOT_PLAIN: Final = frozenset(
    word
    for phrase in (*_DATA["alias"], *_DATA["relation"], "بی بی", "ud din", "ul lah", "ud deen")
    for word in _folded(phrase).split()
)
"""Words that mean something together with others."""
_NOTHING: Final = Written((), ())
OF_GOD: Final = ("abdul", "ullah")
"""At the beginning of a name these two words are one."""
_SERVANT_OF_GOD: Final = frozenset(("abdullah", "abdulla", "abdulah", "عبداللہ"))


def written(text: str) -> Written:
    """The names in a text, and the relatives' names that stand behind ``s/o`` and its like."""
    if not text:
        return _NOTHING
    plain = _of_plain_words(text)
    if plain is not None:
        return Written((plain,), ()) if plain else _NOTHING
    names: list[tuple[str, ...]] = []
    relatives: list[tuple[str, ...]] = []
    for alias in _ALIAS.split(_folded(text)):
        own, *of_relatives = _RELATION.split(alias)
        names.append(_words(own))
        relatives.extend(_words(each) for each in of_relatives)
    return Written(tuple(filter(None, names)), tuple(filter(None, relatives)))


def _of_plain_words(text: str) -> tuple[str, ...] | None:
    """The words of a name in which each says by itself what it is; None: it has others."""
    found: list[str] = []
    for each in text.split(" "):
        if each:
            parts = plain(each)
            if parts is None:
                return None
            found += parts[1] if found else parts[0]
    return _of_one_name(found)


@functools.lru_cache(maxsize=200_000)
def plain(word: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """What a word is where it begins a name, and what behind others; None: it depends on those beside it."""
    folded = _folded(word)
    if not folded.isalpha() or folded in _NOT_PLAIN:
        return None
    return _words(folded), () if _ARTICLE.match(folded) else _apart(_URDU_ARTICLE.sub("", folded))


def one_spelling(word: str) -> str:
    """The spelling that stands for a word."""
    return _WHOLE.get(word, word)


def _words(folded: str) -> tuple[str, ...]:
    """The words of one name; a form of a common word becomes the one spelling that stands for it."""
    joined = _TWO_WORDS.sub(lambda found: found.group().replace(" ", ""), _APOSTROPHES.sub("", folded))
    found: list[str] = []
    for part in filter(None, _BREAKS.split(joined)):
        if found and _ARTICLE.match(part):
            continue
        found.extend(_apart(_URDU_ARTICLE.sub("", part) if found else part))
    return _of_one_name(found)


def _of_one_name(found: list[str]) -> tuple[str, ...]:
    if tuple(found[:2]) == OF_GOD:
        found[:2] = ["abdullah"]
    return tuple(found)


def _one(found: re.Match[str]) -> str:
    """The part of a compound that is a name."""
    return _WHOLE.get(found["one"], str(found["one"]))


@functools.lru_cache(maxsize=200_000)
def _apart(word: str) -> tuple[str, ...]:
    """A word, or the two words of a compound."""
    if word in _SERVANT_OF_GOD:
        return ("abdullah",)
    word = _MARKED.get(word, word)
    if word in _WHOLE:
        return (_WHOLE[word],)
    for pattern in _BEFORE:
        if found := pattern.match(word):
            return ("abdul", _one(found))
    for pattern in _BEHIND:
        if found := pattern.match(word):
            return (_one(found), _WHOLE.get(found["two"], "ullah"))
    return _with_a_slip(word) if word.isascii() and len(word) >= _LONG_COMPOUND else (word,)


def _with_a_slip(word: str) -> tuple[str, ...]:
    """A long word that is Muhammad with a slip, or a compound with one in its end: else the two share no word."""
    # Each has a letter twice, of which a slip leaves one: most words have it nowhere near, and needn't be compared.
    may_be_muhammad = "m" in word and not word.endswith("i")  # Muhammadi is another name
    if may_be_muhammad and any(slips.one_slip(form, word) for form in _MUHAMMADS):
        return ("muhammad",)
    for end, letter in _ENDS:
        for length in (len(end) + 1, len(end), len(end) - 1) if letter in word[-len(end) :] else ():
            if slips.one_slip(end, word[-length:]):
                one = word[:-length]
                return (_WHOLE.get(one, one), end)
    return (word,)
