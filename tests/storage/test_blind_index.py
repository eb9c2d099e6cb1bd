from nsor_server.storage.blind_index import LENGTH, BlindIndex
from nsor_server.storage.keyring import BLIND_USES, Keyring

CNIC = "3520200000019"


def test_one_identifier_has_one_value_under_one_key(keyring: Keyring, blind_index: BlindIndex) -> None:
    key_id, value = blind_index.primary("cnic", CNIC)
    assert key_id == keyring.blind["cnic"].primary_id
    assert (key_id, value) == BlindIndex(keyring).primary("cnic", CNIC)
    assert len(value) == LENGTH >= 16
    assert value != blind_index.primary("cnic", "3520200000020")[1]


def test_two_uses_of_one_value_cannot_be_joined(blind_index: BlindIndex) -> None:
    assert len({blind_index.primary(use, CNIC)[1] for use in BLIND_USES}) == len(BLIND_USES)


def test_after_a_rotation_old_rows_are_found(keyring: Keyring, blind_index: BlindIndex) -> None:
    old = blind_index.primary("cnic", CNIC)
    twice = BlindIndex(keyring.rotated().rotated())
    values = twice.values("cnic", CNIC)
    assert len(values) == 3
    assert old in values[1:]
    assert values[0] == twice.primary("cnic", CNIC)
    assert len(set(dict(values).values())) == 3
