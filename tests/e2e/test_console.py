"""The operators' console in a real browser, beside a register of real processes."""

import contextlib
import http.client
import http.server
import os
import re
import signal
import ssl
import subprocess
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from demo import browser as demonstrated
from demo.narration import Narration, StoryBroke
from demo.running import LOG_KEY, SERVER_COMMAND, RunningRegister
from nsor.errors import Refused
from nsor.v1 import directory_pb2, registration_pb2
from nsor.web.admission import COOKIE
from nsor_server.console import site as ops
from tests.e2e.agencies import Agencies
from tests.polling import until
from tests.web import browser as browsers

POLICE = "sindh-police"
NOBODY = "8b5c1d2e-0000-4000-8000-000000000001"
SECONDS = 120.0


@dataclass
class Console:
    """A console that runs, and its printed address."""

    process: subprocess.Popen[str]
    address: str

    @property
    def port(self) -> int:
        return urllib.parse.urlsplit(self.address).port or 0


@contextlib.contextmanager
def running(register: RunningRegister, *arguments: str) -> Iterator[Console]:
    # It has no key that opens anything.
    own = {"NSOR_LOG_KEYS": str(register.folder / LOG_KEY), "NSOR_KEYS": os.devnull}
    process = subprocess.Popen(
        [str(SERVER_COMMAND), "console", *arguments],
        env={**register.environment, **own},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield Console(process, process.stdout.readline().split()[-1])
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=SECONDS) == 0
        process.stdout.close()


@pytest.fixture(scope="module")
def console(register: RunningRegister) -> Iterator[Console]:
    with running(register) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.chromium() as found:
        yield found


@pytest.fixture(scope="module")
def opened(console: Console, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The address of the pages, and the cookie of the browser that opened the printed one."""
    page, _ = browsers.page(browser)
    page.goto(console.address)
    cookie = tmp_path_factory.mktemp("browser") / "state.json"
    page.context.storage_state(path=cookie)
    root = page.url.removesuffix("/en/")
    page.context.close()
    return root, cookie


@browsers.NEEDED
def test_a_refused_call_is_found_by_agency_and_opened_to_its_waterfall_and_its_entry(
    agencies: Agencies, browser: Browser, opened: tuple[str, Path]
) -> None:
    with pytest.raises(Refused) as refused:
        agencies.client(POLICE).registration.confirm_registration(
            registration_pb2.ConfirmRegistrationRequest(registration_id=NOBODY)
        )
    access_id = refused.value.access_id
    root, cookie = opened
    page = browser.new_context(storage_state=cookie).new_page()

    def shown() -> bool:
        page.goto(f"{root}/en/traces?outcome=REFUSED")
        return page.locator("tbody tr:has-text('ConfirmRegistration')", has_text=POLICE).count() == 1

    until(shown, seconds=SECONDS)
    page.select_option("#agency", POLICE)
    page.select_option("#outcome", "REFUSED")
    page.click("form button")
    page.click("tbody tr:has-text('ConfirmRegistration') td a")
    assert page.locator("svg.waterfall rect").count() == 2  # the call, and its commit
    assert "ConfirmRegistration" in page.locator("tbody").first.inner_text()
    assert browsers.faults(page) == []
    page.click(f"a:text-is('{access_id}')")
    told = page.locator("table").inner_text()
    assert POLICE in told
    assert "Refused" in told
    assert access_id in told
    assert browsers.faults(page) == []
    page.context.close()


@browsers.NEEDED
@pytest.mark.parametrize("language", ["en", "ur"])
def test_no_page_has_a_fault_for_who_cant_see_or_use_a_mouse(
    browser: Browser, opened: tuple[str, Path], language: str
) -> None:
    root, cookie = opened
    page, wrong = browsers.page(browser)
    page.context.close()
    context = browser.new_context(storage_state=cookie)
    page = context.new_page()
    page.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
    known = context.cookies()
    assert [each["name"] for each in known] == [COOKIE]
    for each in (*(entry.path for entry in ops.ENTRIES), f"traces/{'0' * 32}"):
        answer = page.goto(f"{root}/{language}/{each}")
        assert answer is not None
        assert "set-cookie" not in answer.all_headers()
        assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ur" else "ltr")
        assert (each, browsers.faults(page)) == (each, [])
    # The missing trace's status is the one thing that the browser tells.
    assert [each for each in wrong if "404" not in each] == []
    # Nor has anything else that the pages load set one, or changed the one that there is.
    assert context.cookies() == known
    context.close()


@browsers.NEEDED
def test_no_minute_stands_twice_below_the_curves(browser: Browser, opened: tuple[str, Path]) -> None:
    root, cookie = opened
    with browser.new_context(storage_state=cookie, viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(browsers.WAIT_MS)
        page = context.new_page()
        page.goto(f"{root}/en/")
        # Asked from here: a page with this content security policy can't wait by itself.
        drawn = "typeof chart === 'undefined' || chart === null ? null : chart.axes[0]._values"
        minutes = until(lambda: page.evaluate(drawn), seconds=SECONDS)
        assert page.locator("details.minutes").get_attribute("open") is None
    assert len(minutes) > 5
    assert len(minutes) == len(set(minutes))


@browsers.NEEDED
def test_pages_say_the_same_without_javascript(browser: Browser, opened: tuple[str, Path]) -> None:
    root, cookie = opened

    def tables(*, javascript: bool) -> dict[str, list[str]]:
        with browser.new_context(storage_state=cookie, java_script_enabled=javascript) as context:
            page = context.new_page()
            found = {}
            for path in ("", "refused", "traces"):
                page.goto(f"{root}/en/{path}")
                # Not the legend that the script draws; and an age goes on.
                texts = page.locator("main .wide table:not(details *), .figures").all_inner_texts()
                found[path] = [re.sub(r"\d+ \w+ ago", "", each) for each in texts]
            if not javascript:
                page.goto(f"{root}/en/")
                # The curves are a script's; the same stands by minute, as a drawing and as numbers, and is open.
                minutes = page.locator("details.minutes[open] tbody tr:visible").all_inner_texts()
                assert len(minutes) in {10, 11}
                assert any(float(number) > 0 for line in minutes for number in line.split()[1:])
                assert page.locator("details.minutes svg.bars rect").count() >= 1
        return found

    said: list[dict[str, list[str]]] = []

    def alike() -> bool:  # unless the register has recorded something meanwhile
        said[:] = [tables(javascript=each) for each in (True, False)]
        return said[0] == said[1]

    until(alike, seconds=SECONDS)
    assert any(POLICE in each and re.search(r"\t[1-9]", each) for each in said[1][""])


@browsers.NEEDED
def test_what_somebody_types_is_text_and_nothing_else(browser: Browser, opened: tuple[str, Path]) -> None:
    root, cookie = opened
    context = browser.new_context(storage_state=cookie)
    page = context.new_page()
    typed = "\"><script>document.title='taken'</script><img src=x onerror=document.title='taken'>"
    page.goto(f"{root}/en/traces?{urllib.parse.urlencode({'method': typed, 'agency': typed, 'slower': typed})}")
    assert page.title().startswith("Traces")
    assert page.input_value("#method") == typed
    assert page.locator("main script, main img").count() == 0
    context.close()


@contextlib.contextmanager
def listening(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[int]:
    """A server of somebody else's on this machine; gives its port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@browsers.NEEDED
def test_another_local_users_server_gets_no_cookie_and_its_form_is_refused(
    browser: Browser, opened: tuple[str, Path]
) -> None:
    seen: list[str] = []

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Cookie", ""))
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            target = f"{opened[0]}/en/traces"
            self.wfile.write(f"<form action='{target}' method=post><button>go</button></form>".encode())

        def log_message(self, *_arguments: object) -> None: ...

    with listening(Other) as port:
        context = browser.new_context(storage_state=opened[1])
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        with page.expect_navigation() as navigated:
            page.click("button")
        assert navigated.value.status == 403
        # A link from there, too, is refused: the address is pasted.
        page.goto(f"http://127.0.0.1:{port}/")
        page.evaluate(f"location.href = '{opened[0]}/en/'")
        page.wait_for_url(f"{opened[0]}/en/")
        assert "paste the address" in page.locator("body").inner_text()
        context.close()
    assert set(seen) == {""}


def test_elsewhere_than_on_loopback_a_certificate_of_who_runs_the_register_is_needed(register: RunningRegister) -> None:
    # Any other address of this machine isn't the loopback that the token is for.
    with running(register, "--listen", "127.0.0.2:0") as console:
        assert console.address.startswith("https://127.0.0.2:")

        def asked(agency: str | None, path: str = "/en/") -> tuple[int, str]:
            context = ssl.create_default_context(cafile=str(register.certs / "ca.pem"))
            context.check_hostname = False
            if agency is not None:
                own = register.certs / "agencies" / agency
                context.load_cert_chain(own.with_suffix(".pem"), own.with_suffix(".key"))
            connection = http.client.HTTPSConnection("127.0.0.2", console.port, context=context, timeout=SECONDS)
            with contextlib.closing(connection):
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, answer.read().decode()

        assert asked("npb")[0] == 200
        assert asked("punjab-police")[0] == 403
        status, certificates = asked("npb", "/en/certificates")
        assert (status, "Of the agencies, as the ledger proves" in certificates) == (200, True)
        assert ">punjab-police<" in certificates
        with pytest.raises((ssl.SSLError, OSError)):
            asked(None)


def test_the_demonstration_ends_with_an_address_that_shows_its_look_up(
    agencies: Agencies,
    register: RunningRegister,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = agencies.client(POLICE).directory.list_agencies(directory_pb2.ListAgenciesRequest())
    narration = Narration(register, tmp_path)
    demonstrated.trace(narration, answer.trace_id, answer.access_id)
    assert f"/en/traces/{answer.trace_id}?token=" in capsys.readouterr().out
    monkeypatch.setattr(demonstrated, "_SECONDS", 1.0)
    with pytest.raises(StoryBroke):
        demonstrated.trace(narration, answer.trace_id, NOBODY)
