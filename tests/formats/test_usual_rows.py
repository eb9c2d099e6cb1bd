"""Rows of manifests that are seen to be right by their bytes: never more than the rules allow, nothing normalised."""

from __future__ import annotations

from typing import Any

import pytest
from google.type import date_pb2
from hypothesis import given
from hypothesis import strategies as st

from nsor.v1 import errors_pb2, screening_pb2, types_pb2
from nsor_server.formats import dates
from nsor_server.formats.usual_rows import is_usual
from nsor_server.policy.loaded import Policy

CHECKER = Policy.load().checker
BORN = date_pb2.Date(year=1985, month=6, day=7)
Row = screening_pb2.ManifestRow


def passport(number: str = "AB1234567", country: str = "PK", kind: int = 1) -> Any:
    return types_pb2.TravelDocument(number=number, country=country, kind=types_pb2.TravelDocumentKind.ValueType(kind))


def planted(row: Row, path: str) -> Row:
    """With a field that the contract doesn't have, in the row or in one of its messages."""
    inner = row if not path else getattr(row, path)
    inner.MergeFromString(b"\x9a\x06\x04text")
    return row


numbers = st.one_of(
    st.from_regex(r"[A-Z]{0,5}[0-9]{0,9}", fullmatch=True), st.text("A1\x1a\x12\x0a \u0660", max_size=14)
)
digits = st.one_of(st.just(""), st.from_regex(r"[0-9]{12,14}", fullmatch=True), st.just("3520212345671"))
documents = st.builds(passport, numbers, st.sampled_from(["PK", "AF", "XX", "pk", "", "P\x18"]), st.integers(0, 6))
days = st.builds(
    lambda year, month, day: date_pb2.Date(year=year, month=month, day=day),
    st.one_of(st.integers(1890, 2300), st.integers(-1, 20_000)),
    st.integers(0, 13),
    st.integers(0, 32),
)
rows = st.builds(
    lambda number, cnic, document, born: Row(
        row=number, identity_number=cnic, shown_document=document, birth_date=born
    ),
    st.integers(-1, 2**31 - 1),
    digits,
    st.one_of(st.none(), documents),
    st.one_of(st.none(), days, st.just(BORN)),
)


@given(rows)
def test_no_rule_finds_anything_about_a_row_that_is_seen_to_be_right(row: Row) -> None:
    before = row.SerializeToString()
    if is_usual(row):
        assert CHECKER.check(row) == []
        assert row.SerializeToString() == before


@pytest.mark.parametrize(
    "row",
    [
        Row(row=1, identity_number="3520212345671", birth_date=BORN),
        Row(row=500, shown_document=passport(), birth_date=BORN),
        Row(row=1000, identity_number="3520212345671", shown_document=passport("K1234567", "AF", 3), birth_date=BORN),
        Row(row=129, shown_document=passport("12345", "AF", 0), birth_date=date_pb2.Date(year=2000, month=2, day=29)),
    ],
)
def test_what_programs_write_is_seen_to_be_right(row: Row) -> None:
    assert is_usual(row)


NAMES = screening_pb2.PassengerNames(name="Lal Khan", relative_name="Gul Khan")
TODAY = dates.today()
OF_TODAY = date_pb2.Date(year=TODAY.year, month=TODAY.month, day=TODAY.day)


@pytest.mark.parametrize(
    "row",
    [
        Row(row=1, birth_date=BORN),
        Row(row=1, identity_number="3520212345671"),
        Row(row=1, identity_number="0520212345671", birth_date=BORN),
        Row(row=1, identity_number="1111111111111", birth_date=BORN),
        Row(row=1, identity_number="3520212345671", birth_date=date_pb2.Date(year=1985, month=2, day=29)),
        Row(row=1, identity_number="3520212345671", birth_date=date_pb2.Date(year=1899, month=2, day=2)),
        Row(row=1, identity_number="3520212345671", birth_date=date_pb2.Date(year=TODAY.year + 1, month=2, day=2)),
        Row(row=1, identity_number="3520212345671", birth_date=OF_TODAY),  # which the rules ask about
        Row(row=1, shown_document=passport("ABCDE"), birth_date=BORN),
        Row(row=1, shown_document=passport("1ABCD23"), birth_date=BORN),
        Row(row=1, shown_document=passport("ab1234567"), birth_date=BORN),
        Row(row=1, shown_document=passport(country="ZZ"), birth_date=BORN),
        Row(row=1, shown_document=passport(kind=9), birth_date=BORN),
        Row(row=1, shown_document=types_pb2.TravelDocument(), birth_date=BORN),
        planted(Row(row=1, shown_document=passport(), birth_date=BORN), ""),
        planted(Row(row=1, shown_document=passport(), birth_date=BORN), "shown_document"),
        planted(Row(row=1, shown_document=passport(), birth_date=BORN), "birth_date"),
        Row(row=1, identity_number="3520212345671", birth_date=BORN, names=NAMES),
    ],
)
def test_whatever_else_a_row_has_is_left_to_the_rules(row: Row) -> None:
    assert not is_usual(row)


def test_a_list_says_of_each_row_what_is_wrong_with_it() -> None:
    right, wrong = (Row(row=1, shown_document=passport(), birth_date=BORN) for _ in range(2))
    planted(wrong, "birth_date")
    request = screening_pb2.ScreenManifestRequest(
        manifest_id="0193a1b2-0000-7000-8000-000000000000", rows=[right, Row(row=2, birth_date=BORN), right, wrong]
    )
    assert [(each.field, each.reason) for each in CHECKER.check(request)] == [
        ("rows[1].identity_number", errors_pb2.FIELD_REASON_REQUIRED),
        ("rows[3].birth_date.#99", errors_pb2.FIELD_REASON_UNKNOWN_FIELD),
    ]
