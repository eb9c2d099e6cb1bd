"""What is answered of the rows of a message: of nearly every one the same few bytes, which are made once for all."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final, TypeAlias

from nsor.ledger import screened
from nsor.v1 import screening_pb2
from nsor_server.errors import Violation
from nsor_server.lookup.screening import rules

Outcome: TypeAlias = screening_pb2.ScreeningOutcome.ValueType
_NO_RECORD: Final = screening_pb2.SCREENING_OUTCOME_NO_RECORD
_COMPARED: Final = (screening_pb2.NAMES_COMPARED_UNSPECIFIED, screening_pb2.NAMES_COMPARED_DONE)
_WORDS: Final = {
    screening_pb2.SCREENING_OUTCOME_FOUND: screened.FOUND,
    screening_pb2.SCREENING_OUTCOME_ALIKE: screened.ALIKE,
}
_SHORT: Final = 1 << 16
"""Answers of rows that are kept: three of each number of the largest manifest."""


class Answered:
    """The rows of an answer. Of each there is no record until something else is said.

    Attributes:
        numbers: of the rows, in their order.
        named: whether one of them has names.
        dates_tried: how many aren't screened since their document stands there with as many dates as it may.
    """

    __slots__ = ("_others", "_outcomes", "_violations_left", "dates_tried", "named", "numbers")

    def __init__(self, numbers: list[int], *, named: bool) -> None:
        self.numbers, self.named, self.dates_tried = numbers, named, 0
        self._outcomes: dict[int, Outcome] = {}
        self._others: dict[int, screening_pb2.ScreenedRow] = {}
        self._violations_left = rules.MOST_VIOLATIONS

    def becomes(self, position: int, outcome: Outcome) -> None:
        """Say what became of a row."""
        self._outcomes[position] = outcome

    def told(self, violations: Sequence[Violation]) -> Sequence[Violation]:
        """Those of a row's violations that are said: as many as all rows of the answer have left of theirs."""
        found = violations[: self._violations_left]
        self._violations_left -= len(found)
        return found

    def of(self, position: int) -> screening_pb2.ScreenedRow:
        """The row of an answer, of which more is said than what became of it."""
        found = self._others.get(position)
        if found is None:
            found = self._others[position] = screening_pb2.ScreenedRow(row=self.numbers[position])
        return found

    def in_tree(self, position: int) -> str:
        """The word by which the tree has what became of a row that was screened."""
        word = _WORDS.get(self._outcomes.get(position, _NO_RECORD), screened.NO_RECORD)
        other = self._others.get(position)
        if word == screened.NO_RECORD and other is not None and other.names not in _COMPARED:
            return screened.NAMES_NOT_COMPARED
        return word

    def encoded(self) -> bytes:
        """The rows as field ``rows`` of a ScreenManifestResponse has them."""
        outcomes, others = self._outcomes, self._others
        for position, row in others.items():
            if not row.outcome:
                row.outcome = outcomes.get(position, _NO_RECORD)
        return b"".join(
            [
                _field(others[position]) if position in others else _short(number, outcomes.get(position, _NO_RECORD))
                for position, number in enumerate(self.numbers)
            ]
        )


@functools.lru_cache(_SHORT)
def _short(number: int, outcome: Outcome) -> bytes:
    return _field(screening_pb2.ScreenedRow(row=number, outcome=outcome))


def _field(row: screening_pb2.ScreenedRow) -> bytes:
    return screening_pb2.ScreenManifestResponse(rows=[row]).SerializeToString()
