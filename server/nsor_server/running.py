"""Which server runs on a state folder, and with which settings: operators' commands ask what runs, whoever started it.

A server's settings may stand in its unit or in another terminal's environment. While it serves it keeps a file in its
state folder, locked (flock): one that nobody has locked is of a server that was killed. Only one serves with a state
folder. What may not be printed of a setting isn't in the file either (`Settings.shown`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from nsor_server.config import RULES, Settings

_FILE: Final = "serving.json"
_TAKEN_OVER: Final = ("listen", "metrics_listen", "policy_dir")
"""Settings by which commands ask a server and compare with what it had: text, and a path."""
_NOT_OF_A_SERVER: Final = frozenset({"database_owner_url", "console_listen", "console_database_url", "publish_listen"})
"""Settings that a server does nothing with, or that its operator's commands alone should have."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that serves.

    Attributes:
        process: its id.
        address: HOST:PORT where it serves.
        settings: their values as text, by name; paths from the root, without what may not be printed.
    """

    process: int
    address: str
    settings: Mapping[str, str]

    def beside(self, settings: Settings) -> Settings:
        """The same settings, but where they are a default as this server has them; nothing that can't be printed."""
        values: dict[str, Any] = {}
        sources = dict(settings.sources)
        for name in _TAKEN_OVER:
            value = self.settings[name]
            if sources.get(name) == "default" and value != as_text(settings)[name]:
                values[name] = Path(value) if name == "policy_dir" else value
                sources[name] = "the running server"
        return replace(settings, **values, sources=sources)

    def differences(self, settings: Settings) -> list[str]:
        """Names of settings that are others than this server's."""
        here = as_text(settings)
        return [
            name for name, value in self.settings.items() if name not in _NOT_OF_A_SERVER and here.get(name) != value
        ]


def as_text(settings: Settings) -> dict[str, str]:
    """All settings as `Running` has them."""
    found = {}
    for name in RULES:
        value = getattr(settings, name)
        if name == "keys" and not value.startswith(("command:", "fd:")):
            value = Path(value)
        found[name] = str(value.resolve()) if isinstance(value, Path) else settings.shown(name)
    return found


@contextlib.contextmanager
def announced(settings: Settings, address: str) -> Iterator[None]:
    """Say in the state folder that this process serves, until the block ends.

    Args:
        settings: of this server.
        address: HOST:PORT where it serves.
    """
    path = settings.state_dir / _FILE
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate()
        json.dump({"process": os.getpid(), "address": address, "settings": as_text(settings)}, file)
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def beside(settings: Settings) -> Settings:
    """The settings of a command that asks the server which runs: as `Running.beside`, where there is one."""
    found = server(settings.state_dir)
    return settings if found is None else found.beside(settings)


def server(state_dir: Path) -> Running | None:
    """The server that serves now with this state folder; None: there is none."""
    try:
        with (state_dir / _FILE).open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return Running(**json.load(file))
    except (FileNotFoundError, json.JSONDecodeError):
        pass  # there is none, or it begins and is still writing
    return None
