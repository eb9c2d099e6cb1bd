"""A picture of each page of both consoles: `make screenshots`, into build/screenshots.

With README=1 those in the README are renewed too. The demonstration's story is told first, so that the pages have what
it leaves behind. All people in it are synthetic.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from demo.narration import Narration
from demo.running import CLIENT_COMMAND, REPOSITORY, RunningRegister
from demo.story import policy_of, run_story
from nsor.console import site as own
from nsor.officer import OfficerKey
from nsor.web.pages import Entry
from nsor_server.console import site as ops
from tests.ports import free_address
from tests.web import browser as browsers

COMMITTEE: Final = "special-committee"
POLICE: Final = "punjab-police"
IN_THE_README: Final = {"ops-overview": "operations", "ops-trace": "trace", "committee-overview": "oversight"}
"""Which pictures the README has, and under which names."""
LOOK_UP: Final = "traces?agency=punjab-police&method=LookUpRegistration&outcome=ALLOWED"


def main() -> None:
    """Tell the story, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPOSITORY / "build" / "screenshots", help="where they go")
    parser.add_argument("--count", type=int, default=200, help="conviction orders of the story")
    parser.add_argument("--readme", action="store_true", help="renew those in the README as well")
    arguments = parser.parse_args()
    if browsers.CHROMIUM is None:
        sys.exit("there is no chromium here (apt install chromium)")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    state = Path(tempfile.mkdtemp(prefix="nsor-screenshots-"))
    try:
        settings = {"NSOR_POLICY_DIR": str(policy_of(state)), "NSOR_METRICS_LISTEN": free_address()}
        with RunningRegister(state, settings=settings) as register:
            run_story(Narration(register, state / "officers"), arguments.count, seed=7)
            register.operate("ledger", "watch", "--once", "--metrics", str(register.state / "watch.prom"))
            with browsers.chromium() as browser:
                _operators(register, browser, arguments.folder)
                for agency, name, entries in (
                    (COMMITTEE, "committee", own.COMMITTEE),
                    (POLICE, "focal", own.FOCAL_PERSON),
                ):
                    _of_agency(register, browser, arguments.folder, agency, name, entries)
    finally:
        shutil.rmtree(state, ignore_errors=True)
    if arguments.readme:
        for name in IN_THE_README.values():
            shutil.copy(arguments.folder / f"{name}.png", REPOSITORY / "docs" / "images")
    print(f"{len(list(arguments.folder.glob('*.png')))} pictures in {arguments.folder}")


def _operators(register: RunningRegister, browser: Browser, folder: Path) -> None:
    with register.console() as address, _opened(browser, address) as (page, root):
        for language in ("en", "ur"):
            _each(page, f"{root}/{language}", folder, "ops" if language == "en" else "ops-ur", ops.ENTRIES)
        page.goto(f"{root}/en/{LOOK_UP}")
        page.click("tbody tr td a")
        _take(page, folder, "ops-trace")
        page.click("table.facts a")
        _take(page, folder, "ops-entry")


def _of_agency(  # noqa: PLR0917 - what it is of, and where it goes
    register: RunningRegister, browser: Browser, folder: Path, agency: str, name: str, entries: Sequence[Entry]
) -> None:
    with _console(register, agency) as address, _opened(browser, address) as (page, root):
        if agency == COMMITTEE:
            page.click("button")
            page.wait_for_selector(".figure.good >> text=whole")
        _each(page, f"{root}/en", folder, name, entries)
        _each(page, f"{root}/ur", folder, f"{name}-ur", entries[:1])


@contextlib.contextmanager
def _console(register: RunningRegister, agency: str) -> Iterator[str]:
    """The address that an agency's own console prints."""
    key, file = OfficerKey.generate(), register.folder / f"{agency}.screenshots"
    register.enrol(agency, key, "BELT-900")
    key.save(file)
    process = subprocess.Popen(
        [str(CLIENT_COMMAND), "console"],
        env={**os.environ, **register.client_environment(agency), "NSOR_OFFICER_KEY": str(file)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process.stderr.readline().split()[-1] if process.stderr else ""
    finally:
        process.terminate()
        process.wait(timeout=60)


@contextlib.contextmanager
def _opened(browser: Browser, address: str) -> Iterator[tuple[Page, str]]:
    """A page that was admitted, and under which address the others are."""
    page, wrong = browsers.page(browser)
    page.goto(address)
    yield page, page.url.removesuffix("/en/")
    page.context.close()
    if wrong:
        sys.exit(f"the browser has complained: {wrong}")


def _each(page: Page, root: str, folder: Path, name: str, entries: Sequence[Entry]) -> None:
    for entry in entries:
        page.goto(f"{root}/{entry.path}")
        if entry.path == "" and entries is ops.ENTRIES:
            page.wait_for_selector(".live canvas")
        _take(page, folder, f"{name}-{entry.path or 'overview'}")


def _take(page: Page, folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    if name in IN_THE_README:  # what a window shows of it
        page.screenshot(path=folder / f"{IN_THE_README[name]}.png")
    print(name)


if __name__ == "__main__":
    main()
