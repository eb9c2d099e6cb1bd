"""The tree over the rows of a manifest: each row's own salt, from that of the answer."""

from __future__ import annotations

import hashlib

import pytest

from nsor.ledger import merkle, screened


@pytest.mark.parametrize("salt", [bytes(range(32)), b"", b"\xff" * 200])
def test_a_rows_own_salt_is_its_part_of_what_shake256_makes(salt: bytes) -> None:
    # Whoever checks a proof in another language takes what his library calls SHAKE256.
    own = screened.row_salts(salt)
    made = hashlib.shake_256(salt).digest(32 * 500)
    numbers = (1, 2, 256, 500)
    assert [own(each) for each in numbers] == [made[32 * (each - 1) :][:32] for each in numbers]
    assert [own(500 + each) for each in numbers] == [own(each) for each in numbers]
    assert len({own(each) for each in range(1, 501)}) == 500


def test_many_rows_are_hashed_as_each_by_itself() -> None:
    salt, own = bytes(32), screened.row_salts(bytes(32))
    rows = [(number, f"cnic {number:013}", "1985-06-07", screened.NO_RECORD) for number in (3, 500, 7)]
    assert screened.row_hashes(salt, rows) == [screened.row_hash(own(each[0]), *each) for each in rows]
    leaf = own(3) + b"3 cnic 0000000000003 1985-06-07 NO_RECORD"
    assert screened.row_hashes(salt, rows)[0] == merkle.leaf_hash(leaf)
