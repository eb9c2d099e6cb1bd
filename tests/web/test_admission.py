"""Only the browser that opened the printed address sees the pages. Played by another local user and a foreign page."""

import secrets
import urllib.parse

import pytest

from tests.web.conftest import Site


def test_the_printed_address_opens_the_pages_once_and_becomes_a_cookie(small: Site) -> None:
    address = small.who.address("")
    opened = small.ask(address)
    assert opened.status == 303
    assert opened.headers["location"] == f"{small.who.path}/"
    name, *attributes = (part.strip() for part in opened.headers["set-cookie"].split(";"))
    assert sorted(attributes) == ["HttpOnly", f"Path={small.who.path}/", "SameSite=Strict"]
    assert small.ask(f"{small.who.path}/en/", Cookie=name).text == "the page"
    # Somebody who read the address over a shoulder or in a log.
    again = small.ask(address)
    assert (again.status, "set-cookie" in again.headers) == (403, False)


def test_the_cookie_goes_to_no_other_path_of_this_machine(small: Site) -> None:
    # Another local user's server on 127.0.0.1 gets cookies of any port, but only for paths that it can name.
    path = small.who.path.strip("/")
    assert len(path) >= 20
    assert f"Path=/{path}/" in small.ask(small.who.address("")).headers["set-cookie"]


@pytest.mark.parametrize("cookie", ["", "nsor_console=", "nsor_console=guess", "other=1"])
def test_another_local_user_sees_nothing_even_with_the_path(small: Site, cookie: str) -> None:
    small.cookie()
    for path in (
        f"{small.who.path}/",
        f"{small.who.path}/en/",
        f"{small.who.path}/static/style.css",
        "/",
        "/en/",
        "/nothing",
    ):
        answer = small.ask(path, **({"Cookie": cookie} if cookie else {}))
        assert answer.status == 403
        assert "the page" not in answer.text
    assert small.seen == []


def test_a_guessed_token_opens_nothing_and_doesnt_use_up_the_right_one(small: Site) -> None:
    guess = urllib.parse.urlencode({"token": secrets.token_urlsafe(32)})
    assert small.ask(f"{small.who.path}/?{guess}").status == 403
    assert small.ask(small.who.address("")).status == 303


def test_the_address_of_a_page_opens_that_page_and_only_once(small: Site) -> None:
    page = small.who.address("").replace("/?", "/en/traces/1?")
    assert small.ask(page.replace(small.who.path, "")).status == 403
    admitted = small.ask(page)
    assert (admitted.status, admitted.headers["location"]) == (303, f"{small.who.path}/en/traces/1")
    assert small.ask(page).status == 403


def test_a_name_that_leads_to_this_machine_isnt_this_machine(small: Site) -> None:
    # DNS rebinding: the page's own name resolves to 127.0.0.1, and the browser sends that name.
    cookie = small.cookie()
    for host in (f"evil.example:{small.port}", "evil.example", "127.0.0.1", f"localhost:{small.port}", ""):
        assert small.ask(f"{small.who.path}/en/", Host=host, Cookie=cookie).status in {400, 421}
    assert small.seen == []


def test_a_page_elsewhere_can_neither_link_nor_send_a_form(small: Site) -> None:
    cookie = small.cookie()
    page, form = f"{small.who.path}/en/", f"{small.who.path}/en/form"
    for whence in ("cross-site", "same-site"):
        assert small.ask(page, Cookie=cookie, Sec_Fetch_Site=whence).status == 403
        assert small.ask(form, "POST", "a=1", Cookie=cookie, Origin=small.origin, Sec_Fetch_Site=whence).status == 403
    assert small.ask(form, "POST", "a=1", Cookie=cookie).status == 403
    for origin in (
        "null",
        "https://evil.example",
        f"http://127.0.0.1:{small.port + 1}",
        f"http://localhost:{small.port}",
    ):
        assert small.ask(form, "POST", "a=1", Cookie=cookie, Origin=origin).status == 403
        assert small.ask(page, Cookie=cookie, Origin=origin).status == 403
    assert small.seen == []
    own = small.ask(form, "POST", "a=1", Cookie=cookie, Origin=small.origin, Sec_Fetch_Site="same-origin")
    assert (own.status, small.seen) == (200, ["POST en"])


def test_what_comes_from_elsewhere_doesnt_use_up_the_token(small: Site) -> None:
    # Who brings somebody's browser here under another name, or by a link, with an address that he has read: the place
    # is looked at first.
    address = small.who.address("")
    for wrong in ({"Host": f"evil.example:{small.port}"}, {"Sec_Fetch_Site": "cross-site"}, {"Origin": "null"}):
        answer = small.ask(address, **wrong)
        assert (answer.status in {403, 421}, "set-cookie" in answer.headers) == (True, False)
    assert small.ask(address).status == 303


def test_every_answer_forbids_what_isnt_of_these_pages(small: Site) -> None:
    cookie = small.cookie()
    for answer in (
        small.ask(f"{small.who.path}/ur/", Cookie=cookie),
        small.ask(f"{small.who.path}/nothing", Cookie=cookie),
        small.ask(f"{small.who.path}/static/style.css", Cookie=cookie),
        small.ask("/"),
    ):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["server"] == "nsor"
    assert small.ask(f"{small.who.path}/en/", "DELETE", Cookie=cookie, Origin=small.origin).status == 405


def test_nothing_lies_outside_the_folder_of_static_files(small: Site) -> None:
    cookie = small.cookie()
    for path in ("static/../site.py", "static/%2e%2e/site.py", "static/..%2fsite.py", "static/"):
        assert small.ask(f"{small.who.path}/{path}", Cookie=cookie).status in {400, 403, 404}
