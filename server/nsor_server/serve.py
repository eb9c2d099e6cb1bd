"""`nsor-server serve`."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import resource
import signal
import sys
import threading
import types
from collections.abc import Callable

import click

from nsor.cli import screen
from nsor_server import config, logs, running

STOPPED_AT_ONCE = 130
TRIM_SECONDS = 60.0
"""How often freed memory goes back to the system."""
SWITCH_SECONDS = 0.0003
"""How long a thread may compute while others wait. A call changes its thread several times and waits each time: with
Python's 5 ms, one agency's long pages made four times the latency of everybody's calls, and now twice
(`make bench`, neighbours)."""
_PR_SET_DUMPABLE = 4


@click.command()
def serve() -> None:
    """Run the register until SIGTERM or Ctrl-C; a second signal ends it at once. SIGHUP reads the TLS files again."""
    _silence_handshakes()
    from nsor_server import app  # noqa: PLC0415 - everything is imported here, and only for this command

    settings = config.load(os.environ)
    lines = logs.begin(settings.log_format)
    _allow_connections()
    _forbid_dumps()
    sys.setswitchinterval(SWITCH_SECONDS)
    stop = threading.Event()

    def stopped(_number: int, _frame: types.FrameType | None) -> None:
        if stop.is_set():
            os._exit(STOPPED_AT_ONCE)
        stop.set()

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # nothing to read again yet, and it would end us
    signal.signal(signal.SIGTERM, stopped)
    signal.signal(signal.SIGINT, stopped)
    said = _saying(settings.log_format)
    with app.serving(settings, os.environ) as register, running.announced(settings, register.address):
        _settle_memory()
        signal.signal(signal.SIGHUP, lambda _number, _frame: register.reload())
        screen.echo(f"nsor-server serves on {register.address}")
        sys.stdout.flush()
        if settings.embedded:
            said("Embedded PostgreSQL: its files don't defend against whoever has this account.")
        while not stop.wait(TRIM_SECONDS):
            _return_memory()
        said("Draining; a second signal ends at once.")
    said("Stopped.")
    lines.close()
    sys.stdout.flush()
    sys.stderr.flush()
    # A collector of spans that hangs holds a thread of grpc's, which the interpreter's own end would wait for.
    os._exit(0)


def _saying(form: logs.Format) -> Callable[[str], None]:
    """How an operator is told what isn't of a call: as a line of the log where programs read that."""
    if form == "json":
        return logging.getLogger(__name__).info
    console = screen.console(stderr=True)
    return console.print


def _silence_handshakes() -> None:
    """Have grpc write no line for each handshake that fails, unless its settings ask for it. Before it is loaded.

    Whoever has no certificate could write megabytes a second, and a journal that limits lines would drop our alerts.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")


def _allow_connections() -> None:
    """Raise the limit of open files to what the system allows: at the usual 1,024, idle connections keep others out."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _forbid_dumps() -> None:
    """Leave no dump of the memory, which holds keys and people, and let nobody else of this account look into it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        raise config.OperatorError(f"dumps of the memory can't be forbidden ({os.strerror(ctypes.get_errno())})")


def _return_memory() -> None:
    """Give freed memory back: glibc keeps what a flood of calls has taken, at some 10 KB for each that waited.

    Where the C library has no malloc_trim (musl), it gives memory back by itself.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _settle_memory() -> None:
    """Take what was loaded out of the garbage collector's sight, and let it look at the rest less often.

    Looking through everything for cycles took 8 % of the time of a busy server. What is new is looked through in small
    parts, since every call waits meanwhile: 20,000 objects took 3 to 5 ms beside other work, and 4,000 less than one.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(4_000, 100, 100)
