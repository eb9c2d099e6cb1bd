# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""Libraries that only some of the client's commands need: said by name when they aren't installed."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import shlex
import sys
import urllib.parse
from pathlib import Path

from nsor.advice import Words
from nsor.errors import SettingsWrong


def need(extra: str, *modules: str) -> None:
    """See that what an extra brings is installed.

    Raises:
        SettingsWrong: something of it isn't.
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise SettingsWrong(
            Words(
                f"This needs {', '.join(missing)}, not installed.",
                f"اس کے لیے {', '.join(missing)} درکار ہے، جو نصب نہیں۔",
            ),
            Words(f"Install it: `{command(extra)}`", f"نصب کریں: `{command(extra)}`"),
        )


def command(extra: str) -> str:
    """The command that installs the client with an extra, from where it was installed: no registry is asked for `nsor`.

    Where that isn't known, from a checkout of the repository.
    """
    return shlex.join([sys.executable, "-m", "pip", "install", f"{_source() or './clients/python'}[{extra}]"])


def _source() -> str | None:
    """The folder from which the client was installed (PEP 610), if it is one that is still there."""
    try:
        told = importlib.metadata.distribution("nsor").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return None
    url = urllib.parse.urlsplit(json.loads(told)["url"] if told else "")
    folder = urllib.parse.unquote(url.path)
    return folder if url.scheme == "file" and Path(folder).is_dir() else None
