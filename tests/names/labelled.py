"""The labelled pairs, as they stand in ``pairs``: one person written twice, or two people who look like one."""

from __future__ import annotations

from dataclasses import dataclass

from nsor_server.names.card import Name, Person
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
    return [
        Pair(row["rule"], row["same"] == "yes", _person(row, ""), _person(row, "other_")) for row in rows(f"{half}.tsv")
    ]


def _person(row: dict[str, str], side: str) -> Person:
    return Person((Name(row[f"{side}name"], row[f"{side}relative"]),), int(row[f"{side}year"]))
