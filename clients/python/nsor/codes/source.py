"""Reads the packaged codes."""

from __future__ import annotations

import functools
import importlib.resources
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """A province or territory, or a district of one.

    Attributes:
        code: PK-PB or PK-PB/LHR.
        en: name in English.
        ur: name in Urdu.
        verified: whether the list that it stands in was compared with an official one.
        stations: codes of its police stations; none while nobody has supplied them.
        valid_from: first day on which it was a district, as 2019-06-17; empty when it was one before any case.
        valid_to: last day; empty while it is one.
        levies: there are Levies posts beside police stations.
    """

    code: str
    en: str
    ur: str
    verified: bool
    stations: tuple[str, ...] = ()
    valid_from: str = ""
    valid_to: str = ""
    levies: bool = False


@dataclass(frozen=True, slots=True)
class Offence:
    """A section of the offence table, as the law was from one day to another.

    Attributes:
        code: such as PPC-376.
        title: short title; the law's own language is English.
        valid_from: first day, as 2016-08-18; empty when it was law before any case of the register.
        valid_to: last day; empty when it is law still.
        superseded_by: the code that took its place, or empty.
        always: listed in s.2(1)(h): registrable whoever the victim was.
        principal: registrable by itself when the victim was a woman or a child.
        connected: registrable only together with a principal offence.
        inchoate: an attempt, abetment or conspiracy: registrable also by itself, if the count names a principal
            offence that it was of.
        citation: where the row comes from.
        verified: whether somebody has read that source.
    """

    code: str
    title: str
    valid_from: str
    valid_to: str
    superseded_by: str
    always: bool
    principal: bool
    connected: bool
    inchoate: bool
    citation: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day on which offices are closed.

    Attributes:
        code: such as EID_UL_FITR, or WEEKEND.
        en: name in English.
        ur: name in Urdu.
    """

    code: str
    en: str
    ur: str


@functools.cache
def places() -> tuple[Place, ...]:
    """Every place, each province before its districts."""
    return tuple(Place(**{**row, "stations": tuple(row.get("stations", ()))}) for row in _read()["places"])


@functools.cache
def offences() -> tuple[Offence, ...]:
    """Every row of the offence table; a section that was changed has several."""
    return tuple(Offence(**row) for row in _read()["offences"])


@functools.cache
def holidays() -> Mapping[str, Holiday]:
    """By its code every holiday that had a name when this version was made."""
    return {row["code"]: Holiday(**row) for row in _read()["holidays"]}


def _read() -> dict[str, list[dict[str, Any]]]:
    text = importlib.resources.files("nsor.codes").joinpath("codes.json").read_text(encoding="utf-8")
    found: dict[str, list[dict[str, Any]]] = json.loads(text)
    return found
