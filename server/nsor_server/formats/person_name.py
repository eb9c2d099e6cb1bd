"""Names of persons, in Urdu or in Roman letters.

A name is stored as it was spelled: only composed (NFC) and with single spaces. What makes two spellings the same
letters is the canonical key, kept apart. A name that is registered is in one script; one that is searched for may have
words of both, each in one. The key is Urdu's, not Arabic's: Arabic kaf, yeh, heh and teh marbuta become
their Urdu forms, but alef with madda, yeh barree, do-chashmi heh and hamza are never folded, since that makes other
words of them.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.formats import text as characters
from nsor_server.formats.errors import FormatError

LONGEST: Final = 120
"""Most characters of a name."""


class Script(Enum):
    """The script of a name."""

    URDU = "Urdu"
    ROMAN = "Roman"


_APOSTROPHES: Final = "'\u2019"
_HYPHENS: Final = "-\u2010\u2011"
_ROMAN_MARKS: Final = frozenset(_APOSTROPHES + _HYPHENS + ".")
_URDU_MARKS: Final = frozenset("-.\u06d4")
_JOINERS: Final = frozenset(characters.ZWNJ + characters.ZWJ)
_TATWEEL: Final = "\u0640"
# Vowel signs of Urdu and combining hamza and madda; Quranic annotation signs are no part of a name.
_VOWEL_SIGNS: Final = frozenset(chr(point) for point in (*range(0x064B, 0x0656), 0x0670))
# Letters that pass for Roman ones: IPA, Greek, Cyrillic, Armenian, Cherokee, Lisu, Coptic.
_LOOK_ALIKE_BLOCKS: Final = (
    (0x0250, 0x02B0),
    (0x0370, 0x0590),
    (0x13A0, 0x1400),
    (0x1C80, 0x1C90),
    (0x2C80, 0x2E00),
    (0xA4D0, 0xA500),
    (0xAB30, 0xABC0),
)
# Most names: letters alone, of one script. There is nothing else about them to be looked at, letter by letter.
_URDU_LETTERS: Final = "".join(chr(p) for p in range(0x0620, 0x0700) if unicodedata.category(chr(p)) == "Lo")
_PLAIN: Final = re.compile(f"[A-Za-z]+(?: [A-Za-z]+)*|[{_URDU_LETTERS}]+(?: [{_URDU_LETTERS}]+)*")
_MOST_SIGNS: Final = 2
_SPACES: Final = re.compile(" {2,}")

_KEY_LETTERS: Final = str.maketrans(
    {
        "\u0643": "\u06a9",  # Arabic kaf: Urdu keheh
        "\u064a": "\u06cc",  # Arabic yeh
        "\u0649": "\u06cc",  # alef maksura
        "\u0647": "\u06c1",  # Arabic heh
        "\u06c0": "\u06c2",  # heh with yeh above: heh goal with hamza
        "\u0629": "\u06c3",  # teh marbuta
        _TATWEEL: None,
        characters.ZWNJ: None,
        characters.ZWJ: None,
        "\u2019": "'",
        "\u2010": "-",
        "\u2011": "-",
    }
    | {chr(point): None for point in range(0x064B, 0x0653)}
    | {chr(point): digit for point, digit in characters.DIGITS.items()}
)
_YEH_HAMZA: Final = ("\u06cc\u0654", "\u0626")


def normalise(text: str) -> str:
    """Give the name composed (NFC), with single spaces and its spelling kept.

    Raises:
        FormatError: NAME_FORM, LOOK_ALIKE, CONTROL_CHARACTER, TOO_LONG.
    """
    name = _composed(text)
    _check(name)
    return name


def normalise_searched(text: str) -> str:
    """The same of a name that is searched for: words in Urdu may stand beside words in Roman letters.

    What was typed here and copied there is one name; letters of two scripts in one word are another thing: they pass
    for each other. So the words of each script have to be a name by themselves.

    Raises:
        FormatError: as ``normalise``.
    """
    name = _composed(text)
    of_scripts: dict[Script, list[str]] = {}
    script_of = Script.ROMAN
    for word in name.split(" "):
        script_of = next(filter(None, map(_script_of, word)), script_of)  # a mark alone belongs to what is before it
        of_scripts.setdefault(script_of, []).append(word)
    for words in of_scripts.values():
        _check(" ".join(words))
    return name


def _composed(text: str) -> str:
    """A name in its one written form, before it is checked."""
    characters.shorter(text, 4 * LONGEST)
    name = _SPACES.sub(" ", unicodedata.normalize("NFC", text.translate(characters.SPACES))).strip(" ")
    characters.shorter(name, LONGEST)
    return name


def script(name: str) -> Script:
    """Tell the script of a normalised name."""
    return Script.URDU if _is_urdu_letter(name[0]) else Script.ROMAN


def canonical_key(name: str) -> str:
    """Give the key under which spellings of the same letters meet. Never shown, never stored in the name's place."""
    composed = unicodedata.normalize("NFC", name.translate(characters.SPACES))
    letters = "".join(_plain_form(character) for character in composed).translate(_KEY_LETTERS).replace(*_YEH_HAMZA)
    return _SPACES.sub(" ", unicodedata.normalize("NFC", letters).casefold()).strip(" ")


def _check(name: str) -> None:
    """Refuse what isn't one name in one script."""
    if _PLAIN.fullmatch(name):
        return
    seen: set[Script] = set()
    signs = 0
    wrong = not name or not name[0].isalpha() or name[0] == _TATWEEL
    for index, character in enumerate(name):
        if character in _JOINERS:
            if not _between_urdu_letters(name, index):
                raise FormatError(errors_pb2.FIELD_REASON_CONTROL_CHARACTER)
            continue
        if characters.invisible(character):
            raise FormatError(errors_pb2.FIELD_REASON_CONTROL_CHARACTER)
        if _looks_alike(character):
            raise FormatError(errors_pb2.FIELD_REASON_LOOK_ALIKE)
        signs = signs + 1 if character in _VOWEL_SIGNS else 0
        wrong = wrong or signs > _MOST_SIGNS or (signs == 1 and not _is_urdu_letter(name[index - 1]))
        found = _script_of(character)
        if found is not None:
            seen.add(found)
        elif character != " " and character not in _ROMAN_MARKS | _URDU_MARKS:
            wrong = True
    if wrong or len(seen) != 1 or not _marks_fit(name, seen):
        raise FormatError(errors_pb2.FIELD_REASON_NAME_FORM)


def _marks_fit(name: str, seen: set[Script]) -> bool:
    """Tell whether hyphens, apostrophes and full stops are those of the script, and never two in a row."""
    allowed = _URDU_MARKS if Script.URDU in seen else _ROMAN_MARKS
    marks = _URDU_MARKS | _ROMAN_MARKS
    previous = ""
    for character in name:
        if character in marks and (character not in allowed or previous in marks):
            return False
        previous = character
    return True


def _script_of(character: str) -> Script | None:
    if _is_roman_letter(character):
        return Script.ROMAN
    if _is_urdu_letter(character) or character in _VOWEL_SIGNS or character == _TATWEEL:
        return Script.URDU
    return None


def _is_roman_letter(character: str) -> bool:
    """A-Z and the letters of Latin names and transliterations; digraphs and long s only look like others."""
    if "a" <= character <= "z" or "A" <= character <= "Z":
        return True
    if not ("\u00c0" <= character <= "\u017f" or "\u1e00" <= character <= "\u1eff"):
        return False
    return character.isalpha() and unicodedata.normalize("NFKC", character) == character


def _is_urdu_letter(character: str) -> bool:
    """Letters of the Arabic blocks (Urdu, Sindhi, Pashto, Balochi, Shina), and their presentation forms from PDFs."""
    if "\u0620" <= character <= "\u06ff" or "\u0750" <= character <= "\u077f":
        return unicodedata.category(character) == "Lo"
    if "\ufb50" <= character <= "\ufdff" or "\ufe70" <= character <= "\ufefe":
        return unicodedata.category(character) == "Lo" and all(
            "\u0620" <= plain <= "\u06ff" and unicodedata.category(plain) == "Lo" for plain in _plain_form(character)
        )
    return False


def _plain_form(character: str) -> str:
    """Give the letters of a presentation form. NFKC, but for these characters only."""
    if "\ufb50" <= character <= "\ufdff" or "\ufe70" <= character <= "\ufefe":
        return unicodedata.normalize("NFKC", character)
    return character


def _looks_alike(character: str) -> bool:
    """Tell whether a character passes for a Roman letter, a digit or a mark without being one."""
    if character.isascii() or _is_roman_letter(character):
        return False
    point = ord(character)
    if any(first <= point < after for first, after in _LOOK_ALIKE_BLOCKS):
        return True
    plain = unicodedata.normalize("NFKC", character)
    return plain != character and plain.isascii()


def _between_urdu_letters(name: str, index: int) -> bool:
    """Tell whether a joiner stands inside an Urdu word: a letter or its vowel sign before it, a letter after it."""
    if not 0 < index < len(name) - 1:
        return False
    before, after = name[index - 1], name[index + 1]
    return (_is_urdu_letter(before) or before in _VOWEL_SIGNS) and _is_urdu_letter(after)
