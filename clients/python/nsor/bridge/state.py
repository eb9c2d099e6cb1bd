# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What the bridge keeps on disk: how far it is with the event at hand, and dead letters. A crash loses nothing of it.

A file is written beside its place, synced, and then put there, so that after a kill or a power cut it is the old one or
the new one. Events name no person, and neither does anything here; still, every file is its owner's alone (0600). A
folder that somebody else may write to is refused: he could say that an event was taken that never was.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shlex
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from google.protobuf import json_format

from nsor.advice import Words
from nsor.bridge.endpoint import NotTaken
from nsor.cli import programs
from nsor.errors import NsorError
from nsor.v1 import notification_pb2

_PROGRESS: Final = "progress.json"
_DEAD: Final = "dead"
_NO_ID: Final = re.compile(r"[^0-9A-Za-z-]")
_LINK: Final = Words(
    "it is a symbolic link; name the folder itself in `state`", "یہ علامتی لنک ہے؛ `state` میں خود فولڈر کا نام دیں"
)
_ANOTHERS: Final = Words("it is another user's", "یہ کسی اور صارف کا ہے")
_WRITABLE: Final = Words("others may write to it", "دوسرے بھی اس میں لکھ سکتے ہیں")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the bridge is with one event.

    Attributes:
        sequence: the event's number; 0: none yet.
        event_id: its id: after a restored register a number may come again with another event.
        taken: the endpoint has taken it, or it is a dead letter; only the register may not know that yet.
        posts: how often it was posted.
        refused: how often the endpoint refused this very event.
        due: before this time it isn't posted again, in seconds since 1970.
    """

    sequence: int = 0
    event_id: str = ""
    taken: bool = False
    posts: int = 0
    refused: int = 0
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that the endpoint didn't take, as a file.

    Attributes:
        path: of the file.
        event: the event.
    """

    path: Path
    event: notification_pb2.Event


class State:
    """The state folder of one bridge."""

    def __init__(self, folder: Path) -> None:
        """Make the folder if it is missing.

        Raises:
            OSError: it can't be made.
            NsorError: others may write to it, or the file of the progress isn't the bridge's.
        """
        self.folder = folder
        self._dead = folder / _DEAD
        for each in (folder, self._dead):
            _made_alone(each)
        self.progress = self._read()

    def of(self, event: notification_pb2.Event) -> Progress:
        """How far the bridge is with this event."""
        at = self.progress
        if (at.sequence, at.event_id) == (event.sequence, event.event_id):
            return at
        return Progress(event.sequence, event.event_id)

    def keep(self, progress: Progress) -> None:
        """Keep how far the bridge is; on disk when this returns."""
        _write(self.folder / _PROGRESS, asdict(progress))
        self.progress = progress

    def give_up(self, event: notification_pb2.Event, progress: Progress, why: NotTaken) -> Path:
        """Make an event a dead letter; on disk when this returns, and done once however often it is called."""
        # By number, so that a folder's list is in order. An id that isn't the register's form is no part of a path.
        path = self._dead / f"{event.sequence:012}-{_NO_ID.sub('', event.event_id)}.json"
        reason = why.text.format(*why.values)
        _write(path, {"reason": reason, "posts": progress.posts, "event": programs.as_dict(event)})
        self.keep(replace(progress, taken=True))
        return path

    def dead_letters(self) -> list[DeadLetter]:
        """The dead letters, in the order of their events.

        Raises:
            NsorError: a file isn't one.
        """
        return [_letter(path) for path in sorted(self._dead.glob("*.json"))]

    def remove(self, letter: DeadLetter) -> None:
        """Remove a dead letter that was taken after all."""
        letter.path.unlink()
        _sync(self._dead)

    @contextlib.contextmanager
    def alone(self, what: str) -> Iterator[bool]:
        """Whether no other process does this on this folder, while this one does."""
        with self._lock(what) as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    @contextlib.contextmanager
    def in_turn(self) -> Iterator[None]:
        """Wait until no other process posts: the endpoint gets one event at a time, also while letters are replayed."""
        with self._lock("post") as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    def try_out(self) -> None:
        """Write and remove a file.

        Raises:
            OSError: that can't be.
        """
        path = self.folder / "check"
        _write(path, {})
        path.unlink()

    @contextlib.contextmanager
    def _lock(self, what: str) -> Iterator[int]:
        descriptor = os.open(self.folder / f"{what}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _read(self) -> Progress:
        path = self.folder / _PROGRESS
        try:
            return Progress(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return Progress()
        except (ValueError, TypeError):
            raise _not_ours(path) from None


def _made_alone(folder: Path) -> None:
    """Make a folder if it is missing, and see that it is this user's alone to write to."""
    if folder.is_symlink():
        raise _not_alone(folder, _LINK, f"ls -ld {shlex.quote(str(folder))}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.geteuid():
        raise _not_alone(folder, _ANOTHERS, f"sudo chown -R $(id -u) {shlex.quote(str(folder))}")
    if stat.S_IMODE(found.st_mode) & (stat.S_IWGRP | stat.S_IWOTH):
        raise _not_alone(folder, _WRITABLE, f"chmod -R go-w {shlex.quote(str(folder))}")


def _letter(path: Path) -> DeadLetter:
    try:
        event = json_format.ParseDict(json.loads(path.read_text(encoding="utf-8"))["event"], notification_pb2.Event())
    except (ValueError, TypeError, KeyError, json_format.ParseError):
        raise _not_ours(path) from None
    return DeadLetter(path, event)


def _not_ours(path: Path) -> NsorError:
    return NsorError(
        "STATE_WRONG",
        Words(f"The bridge hasn't written this file: {path}.", f"یہ فائل برج کی لکھی ہوئی نہیں: {path}"),
        next_step=Words(
            "Move it away; what it held may come twice.", "اسے ہٹا دیں؛ اس میں جو تھا وہ دو بار آ سکتا ہے۔"
        ),
    )


def _not_alone(folder: Path, why: Words, command: str) -> NsorError:
    return NsorError(
        "STATE_NOT_ALONE",
        Words(f"The state folder {folder} isn't used: {why.en}.", f"فولڈر {folder} استعمال نہیں ہو سکتا: {why.ur}۔"),
        next_step=Words(f"See what is in it, then: `{command}`", f"پہلے دیکھیں کہ اس میں کیا ہے، پھر: `{command}`"),
    )


def _write(path: Path, value: Any) -> None:
    beside = path.with_name(f".{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", closefd=False) as file:
            json.dump(value, file, ensure_ascii=False)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
