"""`nsor-server`, but that it never reads the whole register: neither the names for searches, nor what is due.

What takes no name is measured without waiting for it. At a million two servers read names for minutes, and one of them
looks through all records for terms that are over and for likely duplicates, as it does once a day: that went on beside
what was measured. It is a program of the bench: the server has no such switch.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from nsor_server.__main__ import main
from nsor_server.lookup.search.index import SearchIndex
from nsor_server.registration.reviews import ReviewTimes


def _unread(_index: SearchIndex) -> None:
    """Read nothing."""


def _followed(_times: ReviewTimes) -> bool:
    """There is nothing to look for."""
    return False


if __name__ == "__main__":
    setattr(SearchIndex, "start", _unread)  # noqa: B010 - a method, which can't be assigned
    setattr(ReviewTimes, "follow", _followed)  # noqa: B010 - likewise
    main()
