"""What `ledger verify` finds in a test's register."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from nsor_server.storage.keyring import Keyring
from nsor_server.verification import indexes
from nsor_server.verification.verified import verified
from tests.calls import ORIGIN

_NOWHERE = (Path("nowhere"), 0)
"""An outside copy that never was."""


def findings(
    conn: psycopg.Connection[Any], keyring: Keyring, *, of_indexes: bool = False, origin: str = ORIGIN
) -> list[str]:
    """The problems that it names.

    Whether each index has the rows of its table is compared only if asked for: of a register this small that takes more
    than half of a verification, and only who switches an index off makes a difference (tests/attack/test_indexes.py).
    """
    with pytest.MonkeyPatch.context() as patched:
        if not of_indexes:
            patched.setattr(indexes, "compare", lambda *_: None)
        return [each.problem for each in verified(conn, keyring, origin, _NOWHERE).findings]
