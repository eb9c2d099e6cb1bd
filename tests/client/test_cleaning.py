# ruff: noqa: RUF001 - letters, digits and signs that look like others are what is tested
"""What clerks really type, cell by cell: what it becomes, or that it can't be read in one way."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from nsor import cleaning
from nsor.cleaning import DAUGHTER, SON, WIFE, Name

NAMES = {
    "Muhammad Rafiq @ Feeqa s/o Lal Din": Name("Muhammad Rafiq", ("Feeqa",), SON, "Lal Din"),
    "محمد رفیق عرف فیقا": Name("محمد رفیق", ("فیقا",)),
    "محمد رفیق ولد لال دین": Name("محمد رفیق", (), SON, "لال دین"),
    "رضیہ بی بی زوجہ لیاقت علی": Name("رضیہ بی بی", (), WIFE, "لیاقت علی"),
    "Khan, Muhammad Akbar": Name("Muhammad Akbar Khan"),
    "Subedar (Retd) Lal Khan": Name("Lal Khan"),
    "Capt. Dr. Gul Zaman": Name("Gul Zaman"),
    "Mst. Razia D/O Ghulam Ali": Name("Razia", (), DAUGHTER, "Ghulam Ali"),
    "Abbas Sk. @ Abbas Hossain alias Basi": Name("Abbas Sk", ("Abbas Hossain", "Basi")),
    "Muhammad Bux urf Bakhshoo son of Allah Dino": Name("Muhammad Bux", ("Bakhshoo",), SON, "Allah Dino"),
    "Lal Khan\u200f": Name("Lal Khan"),
    "\ufeffLal  Khan\u00a0": Name("Lal Khan"),
    "\u202aLal Khan\u202c": Name("Lal Khan"),
    "Haji Syed Malik Aslam": Name("Haji Syed Malik Aslam"),
    "Major": Name("Major"),
    "Aliasghar Urfi": Name("Aliasghar Urfi"),
}
UNCLEAR_NAMES = ("A s/o B s/o C", "Khan, Muhammad, Akbar", "Rafiq s/o", "A s/o B d/o C")


@pytest.mark.parametrize(("cell", "name"), NAMES.items())
def test_a_name_is_split_as_clerks_write_it(cell: str, name: Name) -> None:
    assert cleaning.name(cell) == name


@pytest.mark.parametrize("cell", UNCLEAR_NAMES)
def test_a_name_that_may_mean_two_things_is_not_guessed(cell: str) -> None:
    with pytest.raises(cleaning.Unclear):
        cleaning.name(cell)


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("W/O Liaqat Ali", Name(relation=WIFE, relative="Liaqat Ali")),
        ("s / o Lal Din", Name(relation=SON, relative="Lal Din")),
        ("Lal Din", Name(relative="Lal Din")),
        ("ولد لال دین", Name(relation=SON, relative="لال دین")),
    ],
)
def test_a_relatives_cell_has_its_relation_or_none(cell: str, name: Name) -> None:
    assert cleaning.relative(cell) == name


READ: dict[Callable[[str], Any], dict[str, Any]] = {
    cleaning.date: {
        "05.03.2024": dt.date(2024, 3, 5),
        "5-3-2024": dt.date(2024, 3, 5),
        "۰۵/۰۳/۲۰۲۴": dt.date(2024, 3, 5),
        "٠٥.03.2024": dt.date(2024, 3, 5),
        "2024-03-05": dt.date(2024, 3, 5),
        "2024-03-05 00:00:00".replace(" ", "T"): dt.date(2024, 3, 5),
        "29.02.2024\u200f": dt.date(2024, 2, 29),
    },
    cleaning.birth: {
        "1985": (dt.date(1985, 1, 1), "DATE_PRECISION_YEAR"),
        "05.03.1985": (dt.date(1985, 3, 5), "DATE_PRECISION_DAY"),
    },
    cleaning.cnic: {"۳۵۲۰۱-1234567-1": "35201-1234567-1", "3520112345671.0": "3520112345671"},
    cleaning.fir: {
        "679/2021": (679, 2021),
        "FIR No. 679/21": (679, 2021),
        "F.I.R. 679-2021": (679, 2021),
        "مقدمہ نمبر ۶۷۹/۲۰۲۱": (679, 2021),
    },
    cleaning.offences: {
        "376": [("PPC-376", "")],
        "u/s 365-B & 376 PPC": [("PPC-365B", ""), ("PPC-376", "")],
        "377 A, 34": [("PPC-377A", ""), ("PPC-34", "")],
        "PECA 21": [("PECA-21", "")],
        "376; 511": [("PPC-376", ""), ("PPC-511", "")],
        "376/511 PPC": [("PPC-511", "PPC-376")],
        "u/s 511/377-B, 34": [("PPC-511", "PPC-377B"), ("PPC-34", "")],
        "376 r/w 109 PPC": [("PPC-109", "PPC-376")],
        "376 read with 34": [("PPC-376", ""), ("PPC-34", "")],
    },
    cleaning.sentence: {
        "10 years": ("SENTENCE_KIND_IMPRISONMENT", 120),
        "10 yrs RI": ("SENTENCE_KIND_IMPRISONMENT", 120),
        "120": ("SENTENCE_KIND_IMPRISONMENT", 120),
        "۶ ماہ": ("SENTENCE_KIND_IMPRISONMENT", 6),
        "Life": ("SENTENCE_KIND_LIFE", 0),
        "سزائے موت": ("SENTENCE_KIND_DEATH", 0),
    },
}
UNREAD: dict[Callable[[str], Any], tuple[str, ...]] = {
    cleaning.date: ("05.03.24", "45356", "30.02.2024", "March 2024", "1999"),
    cleaning.birth: ("about 40", "85"),
    cleaning.cnic: ("3.52012E+12",),
    cleaning.fir: ("12", "679/2021/3", "none"),
    cleaning.offences: (
        "376 and others",
        "s.376(3)(x)",
        "376/34",
        "376/377/511",
        "109/511",
        "376 r/w 34 r/w 511",
        "34/",
    ),
    cleaning.sentence: ("ten years", "10 years and fine"),
}


@pytest.mark.parametrize(
    ("read", "cell", "value"), [(read, cell, value) for read, cells in READ.items() for cell, value in cells.items()]
)
def test_a_cell_becomes_what_it_means(read: Callable[[str], Any], cell: str, value: Any) -> None:
    assert read(cell) == value


@pytest.mark.parametrize(("read", "cell"), [(read, cell) for read, cells in UNREAD.items() for cell in cells])
def test_a_cell_that_may_mean_two_things_is_not_guessed(read: Callable[[str], Any], cell: str) -> None:
    with pytest.raises(cleaning.Unclear) as unclear:
        read(cell)
    # What may stand there is said in both languages, and the cell isn't repeated.
    assert all(unclear.value.meaning)
    assert cell not in unclear.value.meaning[0]
