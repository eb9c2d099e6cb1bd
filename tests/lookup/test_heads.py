import datetime as dt
import itertools
from typing import Any

import pytest

from nsor.v1 import options_pb2, registration_pb2
from nsor_server.lookup import batch_store
from nsor_server.lookup.batch_store import NO_GRANT, Wanted
from nsor_server.registration import facts as registrations

FIRST, SECOND, THIRD = (bytes([number]) * 16 for number in (1, 2, 3))


def wanted(kind: int = registrations.IDENTIFIER_CNIC) -> Wanted:
    blinds = [(7, bytes(32))] if kind else []
    return Wanted("punjab-police", int(options_pb2.ROW_SCOPE_ALL), bytes(16), kind, blinds, NO_GRANT, b"")


def row(
    registration_id: bytes,
    *,
    of_case: bool | None = False,
    cnic_held: bool = False,
    passport_held: bool = False,
    of_one: bytes | None = None,
    nth: int = 0,
) -> tuple[Any, ...]:
    """A row as the statement gives it, of the first look-up; ``of_one``: the ``nth`` of that one's person."""
    claim = registrations.StoredClaim(registration_id, 1, cnic_held, passport_held, b"", b"")
    version = registrations.StoredVersion(
        *(registration_id, 1, registration_pb2.REGISTRATION_STATE_CONFIRMED, "", "", "", [], True, "", [], None),
        *([], None, None, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), b"", b""),
    )
    return (0, nth, of_one, of_case, *claim, *version)


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        # Whatever comes of its own case is shown before what doesn't, held or not.
        (1, [row(THIRD, of_case=True, cnic_held=True), row(FIRST), row(SECOND)]),
        # Then what nobody had before.
        (1, [row(THIRD, passport_held=True), row(FIRST, cnic_held=True)]),
        (2, [row(THIRD, cnic_held=True), row(FIRST, passport_held=True)]),
        (0, [row(THIRD), row(FIRST, cnic_held=True), row(SECOND, passport_held=True)]),
        # Then the first id, so that two look-ups show the same.
        (1, [row(FIRST), row(SECOND)]),
        # A decoy comes last: under another live key the person may be found.
        (1, [row(THIRD), row(FIRST, of_case=None)]),
    ],
)
def test_one_of_several_is_shown_in_whatever_order_they_come(kind: int, rows: list[tuple[Any, ...]]) -> None:
    for order in itertools.permutations(rows):
        (shown,) = batch_store.heads(list(order), [wanted(kind)]).values()
        assert shown.row.registration_id == rows[0][4]
        assert shown.of_case == rows[0][3]


def test_the_registrations_of_a_person_are_those_of_the_one_that_is_shown() -> None:
    # Both are found by the number, the first one by its case, too: its person comes twice with it.
    person = [row(FIRST, of_one=SECOND, nth=1), row(SECOND, of_one=SECOND, nth=2)]
    others = [row(THIRD, of_one=THIRD, nth=1)]
    rows = [*person, *others, row(THIRD), row(SECOND, of_case=True), row(SECOND), *reversed(person)]
    (shown,) = batch_store.heads(rows, [wanted()]).values()
    assert [claim.registration_id for claim, _ in shown.person] == [FIRST, SECOND]
    assert [version.registration_id for _, version in shown.person] == [FIRST, SECOND]


def test_the_decoy_of_a_number_is_the_same_at_each_call() -> None:
    # What was read a moment ago is read quicker: somebody who is registered would be told by asking again.
    def decoy(blind: bytes) -> bytes | None:
        (_, parameters), _ = batch_store.reads([wanted()._replace(blinds=[(7, blind)])])
        return parameters[8]

    first, second = bytes(range(32)), bytes(range(32, 64))
    assert decoy(first) == decoy(first)
    assert decoy(first) != decoy(second)
    candidate = wanted(0)._replace(candidate=FIRST)
    assert batch_store.reads([candidate]) == batch_store.reads([candidate])
