"""Details: sealed at one size, and opened beside their own leaf only."""

import hashlib

import pytest

from nsor_server.ledger.detail import DetailError, Details, salted_hash
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

SALT_BYTES, SIZE = 32, 336
SALT = bytes(range(SALT_BYTES))
LEAF = hashlib.sha256(b"leaf").digest()


@pytest.fixture
def details(keyring: Keyring) -> Details:
    return Details(keyring)


def of_length(length: int) -> record_pb2.AccessDetail:
    """A detail whose encoding has so many bytes."""
    text = length - record_pb2.AccessDetail(case_reference="x" * length).ByteSize() + length
    detail = record_pb2.AccessDetail(case_reference="x" * text)
    assert detail.ByteSize() == length
    return detail


def test_details_up_to_a_size_are_sealed_at_one(details: Details) -> None:
    # Salt, detail and the byte that ends it; the next one takes as much again.
    longest = SIZE - SALT_BYTES - 1

    def sealed(length: int) -> int:
        return len(details.seal(7, LEAF, SALT + of_length(length).SerializeToString()))

    assert {sealed(length) for length in (3, 100, longest)} == {sealed(5)}
    assert {sealed(length) - sealed(5) for length in (longest + 1, longest + SIZE)} == {SIZE}


def test_of_an_answer_that_may_show_several_the_size_does_not_say_how_many(details: Details) -> None:
    of_one = record_pb2.ShownRegistration(registration_id=b"\xff" * 16, version=1 << 20)

    def sealed(shown: int) -> int:
        detail = record_pb2.AccessDetail(subjects=[of_one.registration_id] * shown, shown=[of_one] * shown)
        return len(details.seal(7, LEAF, SALT + detail.SerializeToString(), shown_rows=50))

    assert len({sealed(shown) for shown in (0, 1, 20, 50)}) == 1


@pytest.mark.parametrize(
    "detail",
    [
        record_pb2.AccessDetail(),
        of_length(SIZE - SALT_BYTES - 1),
        of_length(SIZE - SALT_BYTES),
        # What ends as the filling does.
        record_pb2.AccessDetail(named="\0\0"),
        record_pb2.AccessDetail(request_id=b"\x80\0\0"),
        record_pb2.AccessDetail(request_id=b"\x80"),
    ],
)
def test_what_was_sealed_is_opened(details: Details, detail: record_pb2.AccessDetail) -> None:
    salted = SALT + detail.SerializeToString()
    assert details.open(7, LEAF, details.seal(7, LEAF, salted), salted_hash(salted)) == detail


def test_a_detail_opens_beside_its_leaf_only(details: Details) -> None:
    # Put beside another entry, it would say that somebody else did it.
    salted = SALT + of_length(40).SerializeToString()
    sealed, hashed = details.seal(7, LEAF, salted), salted_hash(salted)
    other = hashlib.sha256(b"other").digest()
    for index, leaf, content in ((8, LEAF, sealed), (7, other, sealed), (7, LEAF, sealed[:-1]), (7, LEAF, b"")):
        with pytest.raises(DetailError, match="doesn't open"):
            details.open(index, leaf, content, hashed)
    with pytest.raises(DetailError, match="hash isn't the leaf's"):
        details.open(7, LEAF, sealed, other)


def test_what_is_no_detail_is_said_so(details: Details) -> None:
    salted = SALT + b"\xff\xff"
    with pytest.raises(DetailError, match="no AccessDetail"):
        details.open(7, LEAF, details.seal(7, LEAF, salted), salted_hash(salted))


def test_the_largest_detail_of_a_look_up_is_of_the_size_of_a_miss(details: Details) -> None:
    # Otherwise whoever has a dump tells the look-ups that found somebody from those that didn't.
    largest = record_pb2.AccessDetail(
        outcome="NO_RECORD",
        officer_key=bytes(32),
        officer_number="x" * 24,
        certificate=bytes(32),
        case_reference="PK-PB/LHR " + "x" * 40,
        subjects=[bytes(16)] * 2,
        classes_shown=range(1, 14),
        request_id=bytes(16),
        grant_position=19,
        grant_use=100,
        named="cnic 3520112345671",
        spent=record_pb2.Spent(
            price=200,
            named=bytes(8),
            bucket=bytes(8),
            terms=record_pb2.BudgetTerms(
                call=1,
                first_named=10,
                officer_capacity=600,
                officer_refill=600,
                agency_capacity=60_000,
                agency_refill=60_000,
            ),
        ),
    )
    small = details.seal(7, LEAF, SALT + b"")
    assert len(details.seal(7, LEAF, SALT + largest.SerializeToString())) == len(small)


@pytest.mark.parametrize(
    ("named", "looked_at"), [("registration 0191d2f4-0000-7000-8000-000000000000", 2), ("review 4294967295", 4)]
)
def test_what_a_refusal_looked_at_fits_in_the_size(named: str, looked_at: int) -> None:
    # Whoever has a dump would tell by a larger one that there was a record, and what stood beside it.
    most = 1 << 20
    terms = record_pb2.BudgetTerms(
        call=100,
        first_named=100,
        officer_capacity=most,
        officer_refill=most,
        agency_capacity=most,
        agency_refill=most,
    )
    one = record_pb2.LookedAt(kind=record_pb2.LOOKED_AT_KIND_REGISTRATION_ITSELF, row_id=bytes(16), version=300)
    detail = record_pb2.AccessDetail(
        outcome="NO_RECORD",
        officer_key=bytes(32),
        officer_number="A" * 24,
        certificate=bytes(32),
        request_id=bytes(16),
        named=named,
        spent=record_pb2.Spent(price=200, named=bytes(8), bucket=bytes(8), terms=terms),
        refused=record_pb2.Refused(rows=10, before=1 << 31, looked_at=[one] * looked_at),
    )
    assert SALT_BYTES + detail.ByteSize() + 1 <= SIZE
