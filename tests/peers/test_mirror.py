"""A folder that `nsor ledger mirror` has fetched, as Tessera's fsck sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nsor_server.storage.keyring import Keyring
from tests.ledger.conftest import ORIGIN, Write, ledger, new_entry, write
from tests.peers.go import program
from tests.peers.test_ledger import checked
from tests.publishing.conftest import SIZE, Published, publish, published
from tests.publishing.test_mirror import Mirror, mirror
from tests.rpc.conftest import certificates

__all__ = ["certificates", "ledger", "mirror", "new_entry", "publish", "published", "write"]

pytestmark = pytest.mark.skipif(not program("fsck").exists(), reason="`make peers` hasn't been run: it needs Go")


def test_tessera_s_fsck_finds_a_mirror_whole(
    published: Published, mirror: Mirror, keyring: Keyring, write: Write, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(keyring.verifier_key(ORIGIN))
    for size in (SIZE, SIZE + 300):
        assert mirror(published.port)[0] == 0
        assert f"Successfully fsck'd log with size {size}" in checked(tmp_path / "log")
        write(300)
