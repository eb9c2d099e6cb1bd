# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""Libraries that only some of the client's commands need: said by name when they aren't installed."""

from __future__ import annotations

import importlib.util

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
            Words(f"Install the client with its extra: nsor[{extra}].", f"کلائنٹ کو nsor[{extra}] کے ساتھ نصب کریں۔"),
        )
