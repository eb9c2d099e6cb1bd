"""What the ledger holds an unsealed row to: the SHA-256 of its columns as Python's own ``json`` writes them."""

import datetime as dt
import decimal
import hashlib
import json
import re
import uuid
from typing import Any

import pytest

from nsor_server.storage import deciding
from nsor_server.storage.pool import Database

EVERY_CHARACTER = "".join(map(chr, (*range(0x800), 0x2028, 0xFEFF, 0xFFFF, 0x1F4DC, 0x10FFFF)))
ROWS: tuple[list[Any], ...] = (
    [],
    ["PK-PB/LHR", 3, None, True, False, [], ["a", "b, [c]: {d}"], (1, 2)],
    [EVERY_CHARACTER, [EVERY_CHARACTER]],
    [0, -1, 2**63 - 1, -(2**63)],
)
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_hashed_as_json_writes_it(row: list[Any]) -> None:
    # Registers have rows that were hashed so: another byte, and verification finds all of them changed.
    assert deciding.digest_of(row) == hashlib.sha256(json.dumps(row, ensure_ascii=False).encode()).digest()


@pytest.mark.parametrize("value", [uuid.UUID(int=1), NOW, NOW.date(), decimal.Decimal(1), b"x", {"a": 1}, 1.5])
def test_what_no_column_is_written_as_is_refused(value: object) -> None:
    # A column whose type was changed: its text could be the one of before.
    for row in ([value], ["a", [value]], [["a"], [["b"], [value]]]):
        with pytest.raises(TypeError):
            deciding.digest_of(row)


def test_the_records_by_which_it_is_proved_are_those_of_the_same_tables(database: Database) -> None:
    with database.owner() as owner:
        ((written,),) = owner.execute("SELECT pg_get_viewdef('ledger_record_deciding'::regclass)").fetchall()
    assert set(re.findall(r"'(\w+)'::text", written)) == deciding.TABLES.keys()
