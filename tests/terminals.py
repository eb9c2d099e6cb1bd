"""A terminal of 80 columns, as operators and officers have it: what a command writes there."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Iterator, Mapping, Sequence

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What a terminal takes for colours and for moving about."""


def shown(command: Sequence[str], **environment: str) -> str:
    """What a command writes on a terminal of 80 columns: answers and messages, with what makes colours.

    Args:
        command: with its arguments.
        environment: besides what this process has, but for settings of the screen.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    kept: Mapping[str, str] = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR"}}
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**kept, "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    written = b"".join(_chunks(ours))
    os.close(ours)
    process.wait()
    return written.decode().replace("\r\n", "\n")


def _chunks(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # how Linux says that nobody has the other end open any more
            return
        if not chunk:
            return
        yield chunk
