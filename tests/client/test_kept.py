"""The secret of a state folder: without it nobody reads from its files whose orders were sent."""

import os
import secrets
import stat
from pathlib import Path

import pytest

from nsor.cli import kept
from nsor.errors import SettingsWrong


def test_two_who_begin_at_once_have_one_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others, random = list[bytes](), secrets.token_bytes

    def meanwhile(size: int) -> bytes:
        monkeypatch.setattr(secrets, "token_bytes", random)
        others.append(kept.secret(tmp_path))
        return random(size)

    monkeypatch.setattr(secrets, "token_bytes", meanwhile)
    own = kept.secret(tmp_path)
    assert others == [own]
    (path,) = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_is_whole_or_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_full(_descriptor: int) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", is_full)
        with pytest.raises(OSError):  # noqa: PT011 - whichever the disk has
            kept.secret(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(kept.secret(tmp_path)) == 32


def test_a_secret_that_was_cut_off_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "request-ids.key").touch()
    with pytest.raises(SettingsWrong, match="was cut off"):
        kept.secret(tmp_path)


def test_an_officer_is_offered_his_own_posting_and_nobody_elses(tmp_path: Path) -> None:
    kept.keep_posting(tmp_path, b"a" * 32, "PK-PB/LHR", "17")
    kept.keep_posting(tmp_path, b"b" * 32, "PK-SD/KHI", "11")
    kept.keep_posting(tmp_path, b"a" * 32, "PK-PB/MUL", "18")
    assert kept.posting(tmp_path, b"a" * 32) == ("PK-PB/MUL", "18")
    assert kept.posting(tmp_path, b"b" * 32) == ("PK-SD/KHI", "11")
    assert kept.posting(tmp_path, b"c" * 32) == ("", "")
