"""Where the tests' files lie: in memory if it has room, since on a disk a run waits for it tens of thousands of times.

``python -m tests.temporary`` says where.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - whoever makes something there makes a folder of his own
_ROOM_BYTES: Final = 6 << 30
"""Twice what a whole run has at most at the same time."""


def folder() -> Path:
    """What the environment says; else memory, if it has room and programs may be run there; else the usual place."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir():
        return Path(tempfile.gettempdir())
    runs = not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    has_room = shutil.disk_usage(MEMORY).free > _ROOM_BYTES
    return MEMORY if runs and has_room and os.access(MEMORY, os.W_OK) else Path(tempfile.gettempdir())


if __name__ == "__main__":
    print(folder())
