"""Whoever has a dump, and not the keys, tries to tell the look-ups that found somebody from those that didn't."""

import uuid
from collections import Counter
from typing import Any

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import lookup_pb2
from tests.budgets import unlimited
from tests.lookup.conftest import Register, conviction_record, make_call, request_of
from tests.lookup.test_look_up import trial
from tests.services import Services

PERSONS = 60
"""Of whom half are registered."""
TIMES = (1, 2, 2, 3, 5)
"""How often one after the other is asked for: both halves alike."""
_TO_ENTRY = {
    "ledger_entry": "",
    "ledger_detail": "",
    "look_up": "JOIN (SELECT index, access_id FROM ledger_entry) AS entry USING (access_id)",
}
TABLES = tuple(_TO_ENTRY)
LABELS = ("officer", "case_label", "named")


def test_a_dump_does_not_tell_hits_from_misses(register: Register, services: Services) -> None:
    services.policy = unlimited()
    hits: dict[int, bool] = {}
    for nth in range(PERSONS):
        person, found = nth // 2, nth % 2 == 0
        cnic = f"35202{nth + 1:07d}1"
        if found:
            register.add(conviction_record(cnic))
        for _ in range(TIMES[person % len(TIMES)]):
            for index, outcome in looked_up(register, services, cnic):
                assert (outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND) is found
                hits[index] = found
    rows = {index: row for index, row in dumped(register).items() if index in hits}
    assert len(hits) > 100
    for found in (True, False):
        assert all(len(row) == len(TABLES) for index, row in rows.items() if hits[index] is found)
    # Of each table an entry has one row, and every column of it is of one size.
    shapes = [Counter(shape(rows[index]) for index in rows if hits[index] is found) for found in (True, False)]
    assert len(shapes[0]) == len(shapes[1]) == 1
    assert shapes[0].keys() == shapes[1].keys()
    # Labels repeat alike: whoever is asked for twice has one label twice, found or not.
    for label in LABELS:
        of_hits = repetitions(rows, label, {index for index in hits if hits[index]})
        of_misses = repetitions(rows, label, {index for index in hits if not hits[index]})
        assert of_hits == of_misses, label
    # No value stands twice but those labels, and what the callers have in common.
    assert seldom(rows) <= {"named"}


def looked_up(register: Register, services: Services, cnic: str) -> list[tuple[int, int]]:
    """Look a person up for a trial and on a grant; gives index and outcome of both."""
    bases = {
        "lahore-special-court": trial(register, cnic),
        "punjab-police": lookup_pb2.LookUpBasis(grant_id=register.grant((cnic,))),
    }
    found = []
    for agency_id, basis in bases.items():
        call = make_call(agency_id)
        services.run(call, request_of(call, basis, cnic))
        receipt = services.writer.submit(call)
        assert call.outcome is not None, call.error
        response: Any = call.outcome.response
        found.append((receipt.index, response.outcome))
    return found


def dumped(register: Register) -> dict[int, dict[str, dict[str, Any]]]:
    """What a dump has of each entry: its row of each table."""
    found: dict[int, dict[str, dict[str, Any]]] = {}
    with register.database.owner() as conn:
        for table in TABLES:
            cursor = conn.execute(f"SELECT * FROM {table} {_TO_ENTRY[table]}".encode())  # noqa: S608 - constants
            names = [column.name for column in cursor.description or ()]
            for row in cursor:
                columns = dict(zip(names, row, strict=True))
                assert table not in found.setdefault(columns["index"], {}), "two rows of one entry"
                found[columns["index"]][table] = columns
    return found


def shape(row: dict[str, dict[str, Any]]) -> tuple[object, ...]:
    """All of an entry's rows that isn't random or the caller's: lengths and small numbers."""
    leaf = leaf_pb2.Leaf.FromString(row["ledger_entry"]["leaf"])
    sealed = row["ledger_detail"]["sealed"]
    return (
        leaf.ByteSize() - len(leaf.agency),
        leaf.outcome,
        leaf.count,
        len(leaf.record_hash),
        row["ledger_entry"]["outcome"],
        len(sealed),
        sealed[:5],  # the key's id
        *(row["look_up"][name] is None for name in ("request_hash", "access_id")),
    )


def repetitions(rows: dict[int, dict[str, dict[str, Any]]], label: str, indexes: set[int]) -> Counter[int]:
    """How many labels come how often."""
    return Counter(Counter(rows[index]["ledger_entry"][label] for index in indexes).values())


def seldom(rows: dict[int, dict[str, dict[str, Any]]]) -> set[str]:
    """The columns of 16 bytes and more in which a value stands more than once, but not in all rows of a caller."""
    found = set()
    columns = {(table, name) for table, name in ((t, n) for row in rows.values() for t in row for n in row[t])}
    for table, name in columns:
        values = Counter(row[table][name] for row in rows.values() if isinstance(row[table][name], uuid.UUID | bytes))
        if any(1 < count < len(rows) // 2 for count in values.values()):
            found.add(name)
    return found
