"""`nsor-server ledger publish`: the log over HTTPS, for tools that read C2SP tlog-tiles."""

from __future__ import annotations

import logging
import os

from nsor_server import config, logs
from nsor_server.commands.ledger_export import ledger

__all__ = ["ledger"]


@ledger.command("publish")
def publish() -> None:
    """Publish the log as C2SP tlog-tiles over HTTPS with mutual TLS, until SIGTERM or Ctrl-C.

    A process of its own beside the register: it holds no key that signs or opens, and its role of the database changes
    nothing but counts of what was fetched. Any active agency gets checkpoints and hash tiles; NPB, the Special
    Committee and agencies of registered witnesses get the entries too, which name nobody. SIGHUP reads the TLS files
    again.
    """
    from nsor_server.publishing import process  # noqa: PLC0415 - the HTTP server is loaded for this command alone

    settings = config.load(os.environ)
    lines = logs.begin(settings.log_format)
    for name in ("aiohttp", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # a line for each handshake that fails
    process.run(settings)
    lines.close()
