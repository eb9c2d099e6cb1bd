import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from nsor_server.__main__ import EXPECTED, run
from nsor_server.storage.embedded import EmbeddedPostgres
from nsor_server.storage.keyring import load

PASSPHRASE = "correct horse battery"

Say = Callable[..., tuple[int, str]]


@pytest.fixture
def nsor_server(state_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run `nsor-server` with settings of its own; gives its exit code and what it said."""
    for name in [name for name in os.environ if name.startswith("NSOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NSOR_STATE_DIR", str(state_dir))
    monkeypatch.setenv("COLUMNS", "300")

    def say(*arguments: str) -> tuple[int, str]:
        code = run(arguments)
        said = capsys.readouterr()
        return code, said.out + said.err

    return say


@pytest.fixture
def passphrase(tmp_path: Path) -> str:
    path = tmp_path / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    path.chmod(0o600)
    return str(path)


def test_migrate_makes_an_embedded_database_and_leaves_none_running(nsor_server: Say, state_dir: Path) -> None:
    code, said = nsor_server("migrate")
    assert code == 0
    assert "applied 0001_directory" in said
    assert EmbeddedPostgres(state_dir).postmaster_pid is None
    assert nsor_server("migrate") == (0, "The database is up to date.\n")


def test_keys_are_made_once_for_us_alone(nsor_server: Say, state_dir: Path) -> None:
    code, said = nsor_server("keys", "create")
    assert code == 0
    assert load(str(state_dir / "keys.json")).verifier_key("nsor.gov.pk/ledger") in said
    assert stat.S_IMODE((state_dir / "keys.json").stat().st_mode) == 0o600
    code, said = nsor_server("keys", "create")
    assert code == EXPECTED
    assert "is not overwritten" in said


def test_keys_rotate(nsor_server: Say, state_dir: Path) -> None:
    nsor_server("migrate")
    nsor_server("keys", "create")
    before = load(str(state_dir / "keys.json"))
    code, said = nsor_server("keys", "rotate")
    assert (code, "sealing: primary key" in said) == (0, True)
    after = load(str(state_dir / "keys.json"))
    assert after.sealing.key_ids[:-1] == before.sealing.key_ids
    code, said = nsor_server("keys", "rotate", "--rewrap-only")
    assert (code, "0 data keys" in said) == (0, True)
    assert load(str(state_dir / "keys.json")).to_bytes() == after.to_bytes()


def test_a_backup_is_proven_and_restored(nsor_server: Say, state_dir: Path, tmp_path: Path, passphrase: str) -> None:
    nsor_server("keys", "create")
    keys = (state_dir / "keys.json").read_bytes()
    copy = str(tmp_path / "backup.json")
    assert nsor_server("keys", "backup", copy, "--passphrase", passphrase)[0] == 0
    assert nsor_server("keys", "restore", copy, "--passphrase", passphrase, "--check")[0] == 0
    code, said = nsor_server("keys", "restore", copy, "--passphrase", passphrase)
    assert (code, "is not overwritten" in said) == (EXPECTED, True)
    (state_dir / "keys.json").unlink()
    assert nsor_server("keys", "restore", copy, "--passphrase", passphrase)[0] == 0
    assert (state_dir / "keys.json").read_bytes() == keys


def test_a_passphrase_may_come_from_a_descriptor_but_not_from_an_open_file(
    nsor_server: Say, tmp_path: Path, passphrase: str
) -> None:
    nsor_server("keys", "create")
    descriptor = os.open(passphrase, os.O_RDONLY)
    assert nsor_server("keys", "backup", str(tmp_path / "one"), "--passphrase", f"fd:{descriptor}")[0] == 0
    Path(passphrase).chmod(0o644)
    code, said = nsor_server("keys", "backup", str(tmp_path / "two"), "--passphrase", passphrase)
    assert (code, "chmod 600" in said) == (EXPECTED, True)
    assert not (tmp_path / "two").exists()


def test_keys_that_a_command_hands_over_are_not_made_here(nsor_server: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NSOR_KEYS", "command:cat planted")
    code, said = nsor_server("keys", "create")
    assert (code, "where the keyring is kept" in said, "planted" in said) == (EXPECTED, True, False)


def test_another_database_is_used_and_not_managed(
    nsor_server: Say, postgres: EmbeddedPostgres, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.create_database("elsewhere")
    host = str(postgres.sockets).replace("/", "%2F")
    monkeypatch.setenv("NSOR_DATABASE_URL", f"postgresql://nsor_server@{host}/elsewhere")
    code, said = nsor_server("migrate")
    assert (code, "NSOR_DATABASE_OWNER_URL" in said) == (EXPECTED, True)
    monkeypatch.setenv("NSOR_DATABASE_OWNER_URL", f"postgresql://nsor_owner@{host}/elsewhere")
    assert nsor_server("migrate")[0] == 0
    assert not state_dir.exists()
    postgres.drop_database("elsewhere")
