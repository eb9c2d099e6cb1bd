"""Which officer numbers are one human's, by the own numbers given at enrolment, as of any entry of the ledger.

It reads the rows as they stand; that they are the ledger's is compared apart (``verification/records.py``).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final, NamedTuple, TypeAlias

import psycopg

Who: TypeAlias = tuple[str, str]
"""Agency, and number of the officer in it."""
_ENROLLED: Final = """
SELECT r.index, o.key_id, o.agency_id, o.officer_number, o.own_number,
    (SELECT min(d.index) FROM ledger_record AS d WHERE d.table_name = 'officer_disabled' AND d.row_id = o.key_id)
FROM ledger_record AS r JOIN officer AS o ON o.key_id = r.row_id
WHERE r.table_name = 'officer'
ORDER BY r.index, r.ordinal
"""


class _Key(NamedTuple):
    """A key: the entries that have enrolled and disabled it (None: none has), whose it is, and his own number."""

    enrolled: int
    disabled: int | None
    who: Who
    own: bytes | None

    def is_live(self, index: int) -> bool:
        """Whether it was enrolled before an entry, and not disabled before it."""
        return self.enrolled < index and (self.disabled is None or self.disabled > index)


class OwnNumbers:
    """All keys with their own numbers; in memory."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        """Read them."""
        self._enrolled_by: dict[int, list[_Key]] = defaultdict(list)
        self._of_number: dict[Who, list[_Key]] = defaultdict(list)
        self._of_own: dict[bytes, list[_Key]] = defaultdict(list)
        for index, _, agency_id, number, own, disabled in conn.execute(_ENROLLED, binary=True):
            key = _Key(index, disabled, (agency_id, number), own)
            self._enrolled_by[index].append(key)
            self._of_number[key.who].append(key)
            if own is not None:
                self._of_own[own].append(key)

    def enrolled_by(self, index: int) -> list[tuple[Who, list[Who]]]:
        """Whom an entry has enrolled, each with the other numbers that he had then and whose keys were live, sorted."""
        return [(key.who, self._others(key)) for key in self._enrolled_by.get(index, ())]

    def _others(self, key: _Key) -> list[Who]:
        known = {
            each.own for each in self._of_number[key.who] if each.own is not None and each.enrolled <= key.enrolled
        }
        numbers = {each.who for own in known for each in self._of_own[own] if each.enrolled < key.enrolled} - {key.who}
        return sorted(who for who in numbers if any(each.is_live(key.enrolled) for each in self._of_number[who]))
