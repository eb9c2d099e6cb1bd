"""What builds the programs of others ends in time, whatever Go does."""

from pathlib import Path

import pytest

from tests.peers import go


def test_all_of_them_together_are_given_up_when_their_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "go").write_text("#!/bin/sh\nexec sleep 30\n")
    (tmp_path / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(go, "FOLDER", tmp_path / "peers")
    monkeypatch.setattr(go, "SECONDS", 0.05)
    with pytest.raises(go.NotBuilt, match="weren't ready within"):
        go.build()
