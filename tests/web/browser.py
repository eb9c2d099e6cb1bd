"""Headless Chromium, where there is one: its tests say what was left out where there isn't."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM: Final = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NEEDED: Final = pytest.mark.skipif(
    CHROMIUM is None, reason="pages were not looked at in a browser: there is no chromium here"
)
_AXE: Final = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
WAIT_MS: Final = 120_000
"""Longest wait for a page, on a machine that has much else to do."""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    # As root Chromium's own cage can't be had.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


def page(browser: Browser, *, javascript: bool = True) -> tuple[Page, list[str]]:
    """A page of a browser that has never been anywhere, and what goes wrong on it, such as what its policy forbids."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=javascript)
    context.set_default_timeout(WAIT_MS)
    found = context.new_page()
    wrong: list[str] = []
    found.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
    found.on("pageerror", lambda error: wrong.append(str(error)))
    return found, wrong


def faults(shown: Page) -> list[tuple[str, list[str]]]:
    """What axe-core finds against WCAG and its own rules: rule and the elements."""
    result = shown.evaluate(f"{_AXE}; axe.run()")
    return [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in result["violations"]]
