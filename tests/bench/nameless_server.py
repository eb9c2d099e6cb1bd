"""`nsor-server`, but that it never reads the names for searches: what takes no name is measured without waiting for it.

Two servers read a million names in minutes. It is a program of the bench: the server has no such switch.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from nsor_server.__main__ import main
from nsor_server.lookup.search.index import SearchIndex


def _unread(_index: SearchIndex) -> None:
    """Read nothing."""


if __name__ == "__main__":
    setattr(SearchIndex, "start", _unread)  # noqa: B010 - a method, which can't be assigned
    main()
