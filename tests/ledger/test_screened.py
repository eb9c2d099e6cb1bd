"""The tree over the rows of a manifest: each row's own salt, from that of the answer."""

from __future__ import annotations

import hmac

import pytest

from nsor.ledger import screened


@pytest.mark.parametrize("salt", [bytes(range(32)), b"", b"\xff" * 64, b"\xff" * 65])
def test_a_rows_own_salt_is_the_hmac_of_its_number(salt: bytes) -> None:
    # Whoever checks a proof in another language takes what his library calls HMAC-SHA-256.
    own = screened.row_salts(salt)
    numbers = (1, 2, 256, 1000, 1)
    assert [own(each) for each in numbers] == [hmac.digest(salt, each.to_bytes(4, "big"), "sha256") for each in numbers]
