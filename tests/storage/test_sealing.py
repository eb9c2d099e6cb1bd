import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import DataKey, SealBroken, Sealer, associated_data

ROW = b"r" * 16
OTHER = b"o" * 16


def _sealed(sealer: Sealer, *, with_data_key: bool) -> tuple[Sealer | DataKey, bytes]:
    seals: Sealer | DataKey = sealer.new_data_key(ROW)[0] if with_data_key else sealer
    return seals, seals.seal("notice", ROW, 3, b"planted")


@pytest.mark.parametrize("with_data_key", [False, True])
def test_what_is_sealed_opens_as_the_same_row_and_version_only(sealer: Sealer, *, with_data_key: bool) -> None:
    # A blob moved to another row, table or version is a forgery by whoever can write to the database.
    seals, blob = _sealed(sealer, with_data_key=with_data_key)
    assert seals.open("notice", ROW, 3, blob) == b"planted"
    assert b"planted" not in blob
    for table, row, version in (("notices", ROW, 3), ("notice", OTHER, 3), ("notice", ROW, 2)):
        with pytest.raises(SealBroken) as raised:
            seals.open(table, row, version, blob)
        assert str(raised.value) == f"a sealed row of {table} does not open"


@pytest.mark.parametrize("with_data_key", [False, True])
def test_any_changed_or_missing_byte_breaks_the_seal(sealer: Sealer, *, with_data_key: bool) -> None:
    seals, blob = _sealed(sealer, with_data_key=with_data_key)
    changed = [blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :] for at in range(len(blob))]
    for wrong in (*changed, *(blob[:length] for length in range(len(blob)))):
        with pytest.raises(SealBroken):
            seals.open("notice", ROW, 3, wrong)


def test_equal_records_seal_differently(sealer: Sealer) -> None:
    # Equal blobs would say that two rows hold the same.
    key, _ = sealer.new_data_key(ROW)
    assert key.seal("t", ROW, 1, b"same") != key.seal("t", ROW, 1, b"same")
    assert sealer.seal("t", ROW, 1, b"same") != sealer.seal("t", ROW, 1, b"same")


def test_a_data_key_opens_for_its_own_registration_only(sealer: Sealer) -> None:
    key, wrapped = sealer.new_data_key(ROW)
    blob = key.seal("registration", ROW, 1, b"planted")
    assert sealer.open_data_key(ROW, wrapped).open("registration", ROW, 1, blob) == b"planted"
    with pytest.raises(SealBroken):
        sealer.open_data_key(OTHER, wrapped)


def test_details_are_under_other_keys_than_the_register(keyring: Keyring, sealer: Sealer) -> None:
    details = Sealer.for_details(keyring)
    blob = details.seal("ledger_detail", ROW, 0, b"planted")
    assert details.open("ledger_detail", ROW, 0, blob) == b"planted"
    with pytest.raises(SealBroken):
        sealer.open("ledger_detail", ROW, 0, blob)


def test_after_a_rotation_old_blobs_open_and_keys_are_wrapped_anew_once(keyring: Keyring, sealer: Sealer) -> None:
    _, wrapped = sealer.new_data_key(ROW)
    blob = sealer.seal("t", ROW, 1, b"old")
    rotated = Sealer(keyring.rotated())
    assert rotated.open("t", ROW, 1, blob) == b"old"
    fresh = rotated.rewrapped(ROW, wrapped)
    assert fresh is not None
    assert rotated.rewrapped(ROW, fresh) is None
    rotated.open_data_key(ROW, fresh)
    with pytest.raises(SealBroken):
        sealer.open_data_key(ROW, fresh)


_rows = st.tuples(st.text(max_size=6), st.binary(max_size=6), st.integers(0, 2**64 - 1))


@given(_rows, _rows)
def test_no_two_rows_share_associated_data(one: tuple[str, bytes, int], two: tuple[str, bytes, int]) -> None:
    assert (associated_data(*one) == associated_data(*two)) == (one == two)


def test_an_impossible_version_is_refused(sealer: Sealer) -> None:
    with pytest.raises(ValueError, match="out of range"):
        sealer.seal("t", ROW, -1, b"")


def test_keys_show_in_no_repr_and_are_not_pickled(keyring: Keyring) -> None:
    assert "Ed25519" not in repr(keyring)
    with pytest.raises(TypeError):
        pickle.dumps(keyring.sealing)
