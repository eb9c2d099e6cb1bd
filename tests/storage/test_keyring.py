import os
import stat
import sys
from pathlib import Path

import pytest
import tink
from tink import aead, prf, proto_keyset_format, secret_key_access
from tink.proto import tink_pb2

from nsor_server.storage import backup, keyring
from nsor_server.storage.keyring import Keyring, KeyringError
from nsor_server.storage.keysets import AeadKeyset, Broken, PrfKeyset

PASSPHRASE = "correct horse battery"


@pytest.fixture
def file(tmp_path: Path, keyring: Keyring) -> Path:
    path = tmp_path / "keys.json"
    path.write_bytes(keyring.to_bytes())
    path.chmod(0o600)
    return path


def test_a_keyring_is_the_same_from_a_file_a_command_and_a_descriptor(file: Path) -> None:
    expected = file.read_bytes()
    assert keyring.load(str(file)).to_bytes() == expected
    assert keyring.load(f"command:{sys.executable} -c \"print(open('{file}').read())\"").to_bytes() == expected
    assert keyring.load(f"fd:{os.open(file, os.O_RDONLY)}").to_bytes() == expected


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_others_could_read_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(KeyringError, match="chmod 600"):
        keyring.load(str(file))


@pytest.mark.parametrize(
    "content", [b"", b"planted", b"{}", b"\xff\xfe", b'{"format": "nsor-keyring/1"}', b"[" * 100_000]
)
def test_what_is_no_keyring_is_refused_without_being_quoted(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(KeyringError, match="not a keyring") as raised:
        keyring.load(str(file))
    assert "planted" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_damaged_key_is_refused(file: Path) -> None:
    text = file.read_text()
    at = text.index('"sealing": "') + len('"sealing": "')
    file.write_text(text[:at] + "!!!!" + text[at + 4 :])
    with pytest.raises(KeyringError, match="not a keyring"):
        keyring.load(str(file))


@pytest.mark.parametrize(
    "source", ["/nonexistent/keys.json", "command:/nonexistent/program", "command:false", "command:'", "fd:4000"]
)
def test_a_keyring_that_cannot_be_had_is_one_clear_line(source: str) -> None:
    with pytest.raises(KeyringError) as raised:
        keyring.load(source)
    assert "\n" not in str(raised.value)


def test_a_keyring_is_written_for_us_alone_and_never_over_another(tmp_path: Path, keyring: Keyring) -> None:
    from nsor_server.storage.keyring import write_private  # noqa: PLC0415 - the fixture has the module's name

    path = tmp_path / "deep" / "keys.json"
    before = os.umask(0)
    try:
        write_private(path, keyring.to_bytes(), replace=False)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(KeyringError, match="exists"):
        write_private(path, b"other", replace=False)
    assert path.read_bytes() == keyring.to_bytes()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("length", [0, 1, 55, 64, 65, 300])
def test_blind_values_are_those_that_tink_makes(length: int) -> None:
    # They are hashed here, and stand in rows that were made by Tink.
    keyset = PrfKeyset.new().with_new_primary()
    tinks = keyset._handle.primitive(prf.PrfSet)
    data = os.urandom(length)
    assert keyset.primary(data, 16) == tinks.primary().compute(data, 16)
    assert dict(keyset.values(data, 32)) == {key_id: each.compute(data, 32) for key_id, each in tinks.all().items()}


def test_a_key_of_another_function_is_refused() -> None:
    # HMAC-SHA-512: what is made of it here isn't what Tink says.
    handle = tink.new_keyset_handle(prf.prf_key_templates.HMAC_SHA512)
    with pytest.raises(ValueError, match="not a keyset of this kind"):
        PrfKeyset(proto_keyset_format.serialize(handle, secret_key_access.TOKEN))


def test_what_tink_has_sealed_under_any_key_opens() -> None:
    keyset = AeadKeyset.new().with_new_primary().with_new_primary()
    handle = proto_keyset_format.parse(keyset.serialized(), secret_key_access.TOKEN)
    for key in tink_pb2.Keyset.FromString(keyset.serialized()).key:
        alone = tink_pb2.Keyset(primary_key_id=key.key_id, key=[key]).SerializeToString()
        sealer = proto_keyset_format.parse(alone, secret_key_access.TOKEN).primitive(aead.Aead)
        assert keyset.decrypt(sealer.encrypt(b"text", b"beside"), b"beside") == b"text"
    assert handle.primitive(aead.Aead).decrypt(keyset.encrypt(b"text", b"beside"), b"beside") == b"text"


@pytest.mark.parametrize("length", [0, 4, 5, 16, 17, 32])
def test_what_is_too_short_to_be_sealed_is_broken(length: int) -> None:
    keyset = AeadKeyset.new()
    with pytest.raises(Broken):
        keyset.decrypt(keyset.encrypt(b"", b"")[:length], b"")


@pytest.mark.parametrize(
    "template", [aead.aead_key_templates.AES128_EAX, aead.aead_key_templates.AES256_CTR_HMAC_SHA256]
)
def test_a_key_that_seals_otherwise_is_refused(template: object) -> None:
    handle = tink.new_keyset_handle(template)
    with pytest.raises(ValueError, match="not a keyset of this kind"):
        AeadKeyset(proto_keyset_format.serialize(handle, secret_key_access.TOKEN))


def test_a_rotation_adds_a_primary_and_keeps_the_rest(keyring: Keyring) -> None:
    rotated = keyring.rotated()
    for old, new in ((keyring.sealing, rotated.sealing), (keyring.detail, rotated.detail)):
        assert new.key_ids[:-1] == old.key_ids
        assert new.primary_id == new.key_ids[-1]
    # Verifiers hold the ledger's public key: a rotation must not look like a fork.
    assert rotated.verifier_key("o") == keyring.verifier_key("o")
    assert Keyring.from_bytes(rotated.to_bytes()).to_bytes() == rotated.to_bytes()


def test_a_backup_opens_with_its_passphrase_only(keyring: Keyring) -> None:
    made = backup.encrypt(keyring, PASSPHRASE)
    assert backup.decrypt(made, PASSPHRASE).to_bytes() == keyring.to_bytes()
    with pytest.raises(KeyringError, match="another passphrase"):
        backup.decrypt(made, PASSPHRASE + "!")
    assert keyring.to_bytes()[200:260] not in made


def test_a_changed_backup_is_refused(keyring: Keyring) -> None:
    made = backup.encrypt(keyring, PASSPHRASE)
    with pytest.raises(KeyringError):
        backup.decrypt(made.replace(b'"scrypt_n": 131072', b'"scrypt_n": 65536'), PASSPHRASE)
    # A cost that would take all memory is not even tried.
    with pytest.raises(KeyringError, match="format"):
        backup.decrypt(made.replace(b'"scrypt_n": 131072', b'"scrypt_n": 1073741824'), PASSPHRASE)
    with pytest.raises(KeyringError, match="not a backup"):
        backup.decrypt(b"planted", PASSPHRASE)


def test_a_short_passphrase_is_refused(keyring: Keyring) -> None:
    with pytest.raises(KeyringError, match="fewer than 16"):
        backup.encrypt(keyring, "short")
