"""The embedded database's private folders, its socket's folder, and the locks by which our processes take turns."""

import contextlib
import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nsor_server.config import OperatorError

SOCKET_NAME = ".s.PGSQL.5432"
_SUN_PATH = 107
"""Bytes that a Unix socket's path may have (unix(7), less the final NUL)."""


class EmbeddedError(OperatorError):
    """The embedded PostgreSQL cannot run here; says why and what to do instead."""


def private(path: Path) -> Path:
    """Make a folder of mode 0700, or check that the one there is ours alone.

    Raises:
        EmbeddedError: it is a link, somebody else's, or open to others.
    """
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700, parents=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise EmbeddedError(f"{path} is not a folder of ours with mode 0700; chmod 700 it, or remove it")
    return path


def for_socket(state: Path) -> Path:
    """The socket's folder: beside the data if its path is short enough, else a private one in a temporary folder.

    Its name there follows from ours, since anybody may make folders there first: one that is not ours is refused.

    Raises:
        EmbeddedError: as `private`, or every path is too long.
    """
    beside = state / "postgres-socket"
    if len(os.fsencode(beside / SOCKET_NAME)) <= _SUN_PATH:
        return private(beside)
    name = f"nsor-{os.geteuid()}-{hashlib.sha256(os.fsencode(state)).hexdigest()[:16]}"
    for parent in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - `private` checks what is there
        if len(os.fsencode(parent / name / SOCKET_NAME)) <= _SUN_PATH:
            return private(parent / name)
    raise EmbeddedError("no folder with a short enough path for a socket; set NSOR_STATE_DIR to a shorter path")


def open_lock(path: Path) -> int:
    """A descriptor for flock, of a file of mode 0600; the kernel frees its locks when a process dies."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextlib.contextmanager
def alone(path: Path, otherwise: str) -> Iterator[None]:
    """Hold a lock alone, or don't begin.

    Args:
        path: the lock's file; its folder is made with mode 0700.
        otherwise: what to say when another process holds it.

    Raises:
        OperatorError: another process holds it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = open_lock(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperatorError(otherwise) from None
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock alone."""
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
