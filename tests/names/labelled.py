"""The labelled pairs, as they stand in ``pairs``: one person written twice, or two people who look like one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nsor_server.names.card import Name, Person
from tests.names import compose
from tests.names.families import rows


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair.

    Attributes:
        rule: what makes it.
        same: whether both are one person.
        asked: who is looked for.
        registered: who has a card.
    """

    rule: str
    same: bool
    asked: Person
    registered: Person


def pairs(half: str) -> list[Pair]:
    """Those of a half."""
    return _pairs(rows(f"{half}.tsv"))


def others(half: str, seed: str) -> list[Pair]:
    """Other pairs of the same families, as many of each rule: they stand in no file, so that nobody reads them."""
    return _pairs(dict(zip(compose.COLUMNS, each, strict=True)) for each in compose.pairs(half, f"/{seed}"))


def _pairs(table: Iterable[Mapping[str, str]]) -> list[Pair]:
    return [Pair(row["rule"], row["same"] == "yes", _person(row, ""), _person(row, "other_")) for row in table]


def _person(row: Mapping[str, str], side: str) -> Person:
    return Person((Name(row[f"{side}name"], row[f"{side}relative"]),), int(row[f"{side}year"]))
