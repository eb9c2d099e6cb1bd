"""`nsor-server` whose fixed times come every few seconds: for a story in which one waits for them again and again.

Run as ``python -m tests.e2e.quick_times`` instead of ``nsor-server``: a minute of the policy of reviews is 3 seconds.
"""

from __future__ import annotations

import sys
from typing import Final

from nsor_server import __main__
from nsor_server.ledger import watching
from nsor_server.policy import reviews
from nsor_server.registration import reviews as review_times

MINUTE_US = 3_000_000
LOOK_SECONDS = 0.5
COMMAND: Final = (sys.executable, "-m", "tests.e2e.quick_times")
"""Of a register that runs so."""


def main() -> None:
    """The same command, with other constants."""
    vars(reviews)["_MINUTE_US"] = MINUTE_US
    for module in (watching, review_times):
        vars(module)["LOOK_SECONDS"] = LOOK_SECONDS
    __main__.main()


if __name__ == "__main__":
    main()
