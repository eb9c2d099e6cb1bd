"""`nsor-server`, but that nothing is counted for metrics: what ``metrics.py`` compares with.

It is a program of the bench: the server has no such switch.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from nsor_server.__main__ import main
from nsor_server.rpc.metrics import Metrics


def _uncounted(*_: Any, **__: Any) -> None:
    """Count nothing."""


if __name__ == "__main__":
    for counts in ("called", "refused", "committed"):
        setattr(Metrics, counts, _uncounted)
    main()
