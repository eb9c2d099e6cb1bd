"""Cells as clerks type them, split and cleaned into what the register takes: pure, and never without saying so.

The register is strict, and stays so. What a cell becomes is said beside what it was, for the clerk to look at before
anything is sent; a cell that can be read in two ways is left as it is, and is a problem.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from nsor.codes import source
from nsor.codes.words import ascii_digits

SON, DAUGHTER, WIFE = "RELATION_SON_OF", "RELATION_DAUGHTER_OF", "RELATION_WIFE_OF"
_RELATIONS: Final = (
    (re.compile(r"\b(?:s\s*/\s*o|son\s+of)\b\.?", re.IGNORECASE), SON),
    (re.compile(r"\b(?:d\s*/\s*o|daughter\s+of)\b\.?", re.IGNORECASE), DAUGHTER),
    (re.compile(r"\b(?:w\s*/\s*o|wife\s+of)\b\.?", re.IGNORECASE), WIFE),
    (re.compile(r"(?<!\S)(?:ولد|پسر)(?!\S)"), SON),
    (re.compile(r"(?<!\S)(?:بنت|دختر)(?!\S)"), DAUGHTER),
    (re.compile(r"(?<!\S)(?:زوجہ|زوجۂ|اہلیہ)(?!\S)"), WIFE),
)
_ALIAS: Final = re.compile(
    r"\s*@\s*|(?<!\S)(?:alias|urf|a\.?k\.?a\.?)(?!\S)\s*|(?<!\S)(?:عرف|المعروف)(?!\S)\s*", re.IGNORECASE
)
_RANKS: Final = frozenset(
    {
        *("subedar", "subedar major", "naib subedar", "havildar", "hawaldar", "naik", "lance naik", "sepoy", "sipahi"),
        *("captain", "capt", "major", "maj", "colonel", "col", "brigadier", "constable", "inspector", "retd", "rtd"),
        *("mr", "mst", "mrs", "miss", "dr", "advocate", "ex"),
        *("صوبیدار", "نائب صوبیدار", "حوالدار", "نائیک", "سپاہی", "کپتان", "میجر", "مسمی", "مسماۃ", "مسماة", "ڈاکٹر"),
    }
)
"""Ranks and forms of address that are no part of a name. Haji, Syed, Malik and their like are: they stay."""
_IN_BRACKETS: Final = re.compile(r"\([^()]*\)")
_DATE: Final = re.compile(r"(\d{1,2})\s*[./-]\s*(\d{1,2})\s*[./-]\s*(\d{4})")
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_MONTHS_EN: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_MONTHS_UR: Final = (
    *("جنوری", "فروری", "مارچ", "اپریل", "مئی", "جون", "جولائی"),
    *("اگست", "ستمبر", "اکتوبر", "نومبر", "دسمبر"),
)
_YEAR: Final = re.compile(r"(1[89]|20)\d{2}")
_FIR: Final = re.compile(r"(\d{1,6})\s*[/-]\s*(\d{2}|\d{4})")
_SECTIONS: Final = re.compile(r"[,;&+]|\band\b", re.IGNORECASE)
_READ_WITH: Final = re.compile(r"\bread with\b|\br/w\b|(/)", re.IGNORECASE)
_SECTION: Final = re.compile(r"(PPC|PECA|ATA)?[\s-]*(\d{1,3})\s*-?\s*([A-Z])?\s*(PPC|PECA|ATA)?", re.IGNORECASE)
_YEARS: Final = re.compile(r"(\d{1,3})\s*(?:years?|yrs?|y|سال)", re.IGNORECASE)
_MONTHS: Final = re.compile(r"(\d{1,4})\s*(?:months?|m|ماہ)?", re.IGNORECASE)
_LIFE: Final = frozenset({"life", "life imprisonment", "imprisonment for life", "عمر قید"})
_DEATH: Final = frozenset({"death", "سزائے موت"})
_JOINERS: Final = "\u200c\u200d"
_CENTURY: Final = 100


class Unclear(ValueError):
    """A cell that can't be read in one way alone; ``meaning`` says what may stand there, in English and in Urdu."""

    def __init__(self, english: str, urdu: str) -> None:
        super().__init__(english)
        self.meaning = (english, urdu)


@dataclass(frozen=True, slots=True)
class Name:
    """A cell with a person's name.

    Attributes:
        name: without rank, aliases and relative.
        aliases: in their order.
        relation: name of a nsor.v1.Relation; empty when the cell says none.
        relative: father's or husband's name; empty when the cell says none.
    """

    name: str = ""
    aliases: tuple[str, ...] = field(default=())
    relation: str = ""
    relative: str = ""


def text(cell: str) -> str:
    """The cell without what nobody sees: a byte order mark, direction marks, doubled and unusual spaces.

    The joiners within Urdu words stay: they are part of how a name is spelled.
    """
    if cell.isascii() and cell.isprintable():
        return " ".join(cell.split())
    shown = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", cell)
        if character.isspace() or character in _JOINERS or unicodedata.category(character) not in {"Cf", "Cc"}
    )
    return " ".join(shown.strip(_JOINERS + " ").split())


def reads_otherwise(cell: str) -> bool:
    """Whether a cell is shown in another order than it is stored in: a clerk can't have seen what it holds.

    Only the overrides do that; marks, embeddings and isolates leave letters as they are. A telephone wraps a number in
    a left-to-right override, which changes nothing of digits (Unicode Standard Annex 9, 2.2).
    """
    if "\u202e" in cell:
        return True
    return "\u202d" in cell and any(unicodedata.bidirectional(character) in {"R", "AL", "AN"} for character in cell)


def digits(cell: str) -> str:
    """The cell's text with digits of any script as 0 to 9."""
    return ascii_digits(text(cell))


def name(cell: str) -> Name:
    """A name with what clerks write into its cell: rank, aliases behind @ or عرف, the father's or husband's name.

    Raises:
        Unclear: two relatives, or a comma that stands between more than a last name and the others.
    """
    plain = text(cell)
    found = [(match, relation) for pattern, relation in _RELATIONS for match in pattern.finditer(plain)]
    if len(found) > 1:
        raise Unclear("one name, with one father's or husband's name", "ایک نام، ایک والد یا شوہر کے نام کے ساتھ")
    relation = relative = ""
    if found:
        match, relation = found[0]
        plain, relative = plain[: match.start()], _bare(plain[match.end() :])
        if not relative:
            raise Unclear("the father's or husband's name behind s/o, d/o or w/o", "ولد، بنت یا زوجہ کے بعد نام")
    own, *aliases = (_bare(part) for part in _ALIAS.split(plain))
    return Name(own, tuple(alias for alias in aliases if alias), relation, relative)


def relative(cell: str) -> Name:
    """The cell of a father's or husband's name, with or without s/o, d/o or w/o before it.

    Raises:
        Unclear: as ``name``.
    """
    read = name(cell)
    return Name(relation=read.relation, relative=read.relative or read.name)


def date(cell: str) -> dt.date:
    """A day, as Pakistan writes it (05.03.2024: the fifth of March), or as 2024-03-05.

    Raises:
        Unclear: no day, a year of two digits, or a spreadsheet's bare number.
    """
    plain = digits(cell)
    if (iso := _ISO.fullmatch(plain)) is not None:
        year, month, day = iso[1], iso[2], iso[3]
    elif (written := _DATE.fullmatch(plain)) is not None:
        year, month, day = written[3], written[2], written[1]
    else:
        raise Unclear("a day as 05.03.2024, with a year of four digits", "تاریخ جیسے 05.03.2024، سال چار ہندسوں میں")
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        raise _no_such_day(int(day), int(month)) from None


def _no_such_day(day: int, month: int) -> Unclear:
    """Of the right form, and not in the calendar."""
    if not 1 <= month <= len(_MONTHS_EN):
        return Unclear(
            f"there is no month {month}: the day comes first, as in 05.03.2024",
            f"مہینہ {month} نہیں ہوتا: پہلے دن لکھیں، جیسے 05.03.2024",
        )
    return Unclear(
        f"there is no {day} {_MONTHS_EN[month - 1]} in that year; a day is written as 05.03.2024",
        f"اس سال {_MONTHS_UR[month - 1]} میں {day} تاریخ نہیں؛ تاریخ ایسے لکھیں: 05.03.2024",
    )


def birth(cell: str) -> tuple[dt.date, str]:
    """A birth date with its precision: a day, or a year alone.

    Raises:
        Unclear: neither.
    """
    plain = digits(cell)
    if _YEAR.fullmatch(plain):
        return dt.date(int(plain), 1, 1), "DATE_PRECISION_YEAR"
    return date(cell), "DATE_PRECISION_DAY"


def cnic(cell: str) -> str:
    """A CNIC's digits with what stands between them.

    Raises:
        Unclear: a spreadsheet has made a number of it, so that digits are lost.
    """
    plain = digits(cell)
    if re.fullmatch(r"[0-9.]+[eE]\+?[0-9]+", plain):
        raise Unclear(
            "13 digits: the spreadsheet has rounded them; make the column text and type it again",
            "13 ہندسے: اسپریڈ شیٹ نے عدد گول کر دیا؛ خانے کو متن بنا کر دوبارہ لکھیں",
        )
    return re.sub(r"\.0$", "", plain)


def fir(cell: str) -> tuple[int, int]:
    """Serial and year of an FIR number such as 679/2021, FIR No. 679/21.

    Raises:
        Unclear: it isn't one.
    """
    plain = re.sub(r"(?i)^f\.?i\.?r\.?|مقدمہ|نمبر|\bno\.?", " ", digits(cell)).strip(" .:#")
    match = _FIR.fullmatch(plain)
    if match is None:
        raise Unclear("serial and year, such as 679/2021", "سلسلہ نمبر اور سال، جیسے 679/2021")
    year = int(match[2])
    return int(match[1]), year + 2000 if year < _CENTURY else year


class Section(NamedTuple):
    """A section of a cell.

    Attributes:
        code: such as PPC-376.
        underlying: the code of what was attempted, abetted or conspired at, if the section is for that.
    """

    code: str
    underlying: str = ""


def offences(cell: str) -> list[Section]:
    """The sections of a cell such as 376, 365-B PPC, PECA 21, or 376/511: an attempt, which is no rape.

    Raises:
        Unclear: a part of it is no section; of a section without a statute the Penal Code is meant. Two are written
            with a stroke, and neither is for an attempt, an abetment or a conspiracy.
    """
    found = []
    for part in _SECTIONS.split(digits(cell)):
        plain = re.sub(r"(?i)^\W*(?:u/s|sections?|دفعہ)\s*", "", part.strip(" ."))
        if not plain:
            continue
        split = _READ_WITH.split(plain)
        codes, strokes = [_code(section.strip(" .")) for section in split[::2]], any(split[1::2])
        attempts = [code for code in codes if code in _inchoate()]
        if len(codes) == 2 and len(attempts) == 1:
            found.append(Section(attempts[0], next(code for code in codes if code not in attempts)))
        elif len(codes) > 1 and (strokes or attempts):
            raise _no_section()
        else:
            found += map(Section, codes)
    return found


def _code(section: str) -> str:
    match = _SECTION.fullmatch(section)
    if match is None or (match[1] and match[4]):
        raise _no_section()
    return f"{(match[1] or match[4] or 'PPC').upper()}-{match[2]}{(match[3] or '').upper()}"


def _no_section() -> Unclear:
    return Unclear("sections such as 376, 365-B PPC, PECA 21, 376/511", "دفعات جیسے 376، 365-B PPC، PECA 21، 376/511")


@functools.cache
def _inchoate() -> frozenset[str]:
    return frozenset(offence.code for offence in source.offences() if offence.inchoate)


def sentence(cell: str) -> tuple[str, int]:
    """The kind of a sentence and its months: 10 years, 120, 6 months, life, death.

    Raises:
        Unclear: none of these.
    """
    plain = digits(cell).casefold().removesuffix(" ri").removesuffix(" si")
    if plain in _LIFE:
        return "SENTENCE_KIND_LIFE", 0
    if plain in _DEATH:
        return "SENTENCE_KIND_DEATH", 0
    years, months = _YEARS.fullmatch(plain), _MONTHS.fullmatch(plain)
    if years is not None:
        return "SENTENCE_KIND_IMPRISONMENT", 12 * int(years[1])
    if months is not None:
        return "SENTENCE_KIND_IMPRISONMENT", int(months[1])
    raise Unclear("10 years, 6 months, life or death", "10 سال، 6 ماہ، عمر قید یا سزائے موت")


def _bare(part: str) -> str:
    """A name without ranks; one with a comma in its usual order.

    Raises:
        Unclear: several commas.
    """
    plain = text(_IN_BRACKETS.sub(" ", part)).strip(" ,;:.-")
    last, *given = (each.strip() for each in re.split(r"[,،]", plain))
    if len(given) > 1:
        raise Unclear("one name without commas", "ایک نام، بغیر کوما")
    words = f"{given[0]} {last}".split() if given else last.split()
    while size := next((size for size in (2, 1) if _is_rank(words[:size]) and words[size:]), 0):
        words = words[size:]
    return " ".join(words)


def _is_rank(words: list[str]) -> bool:
    return " ".join(words).casefold().replace(".", "") in _RANKS
