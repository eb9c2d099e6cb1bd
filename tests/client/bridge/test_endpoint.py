"""One post over real TLS: signed, not redirected, bounded in time and size, taken only when the endpoint says so."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import standardwebhooks

from nsor.bridge.endpoint import READ_BYTES, NotTaken, body_of
from nsor.bridge.endpoint import Endpoint as Client
from nsor.bridge.settings import Endpoint as EndpointSettings
from nsor.bridge.settings import Settings
from nsor.errors import SettingsWrong
from nsor.v1 import notification_pb2
from tests.client.bridge.conftest import SECRET
from tests.client.bridge.endpoints import Answer, Endpoint, say, saying
from tests.client.conftest import Files

EVENT = notification_pb2.Event(
    sequence=7,
    event_id="0d9f7a52-0000-4000-8000-000000000007",
    kind=notification_pb2.EVENT_KIND_REGISTRATION_CONFIRMED,
    registration_id="8b5c1d2e-0000-4000-8000-000000000001",
)
Read = Callable[..., Settings]


def _post(settings: Settings) -> NotTaken | None:
    return Client(settings.endpoint).post(EVENT.event_id, body_of(EVENT))


def test_a_post_is_signed_as_standard_webhooks_says(settings_of: Read, endpoint: Endpoint) -> None:
    assert _post(settings_of()) is None
    (posted,) = endpoint.posted
    found = standardwebhooks.Webhook(SECRET).verify(posted.body, posted.headers)
    assert found["type"] == "REGISTRATION_CONFIRMED"
    assert found["data"]["registration_id"] == EVENT.registration_id
    assert posted.headers["webhook-id"] == EVENT.event_id
    assert posted.headers["content-type"] == "application/json"
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(SECRET).verify(posted.body.replace(b"CONFIRMED", b"CREATED.."), posted.headers)


def test_while_a_secret_is_changed_both_sign(settings_of: Read, endpoint: Endpoint) -> None:
    other = bytes(range(32))
    settings = settings_of()
    assert _post(replace(settings, endpoint=replace(settings.endpoint, secrets=(other, SECRET)))) is None
    for secret in (SECRET, other):
        standardwebhooks.Webhook(secret).verify(endpoint.posted[0].body, endpoint.posted[0].headers)


@pytest.mark.parametrize(
    ("answer", "said", "is_of_event"),
    [
        (saying(301, location="/elsewhere"), "names another address, which is not called", False),
        (saying(307, location="https://127.0.0.1/elsewhere"), "names another address", False),
        (saying(200, b"<p>Sign in</p>", content_type="text/html; charset=utf-8"), "with a web page", False),
        (saying(200, b"\n <!DOCTYPE html><title>Error</title>"), "with a web page", False),
        (saying(400), "it answered {}", True),
        (saying(500), "it answered {}", True),
        (saying(404), "it answered {}", False),
        (saying(503, retry_after="7"), "it answered {}", False),
    ],
)
def test_whatever_is_no_clear_yes_is_not_taken(
    settings_of: Read, endpoint: Endpoint, answer: Answer, said: str, is_of_event: bool
) -> None:
    endpoint.answer = answer
    failed = _post(settings_of())
    assert failed is not None
    assert said in failed.text
    assert failed.is_of_event is is_of_event
    assert endpoint.paths == ["/nsor"]  # nothing else was asked for


def test_the_endpoint_says_when_to_come_again_and_when_it_is_gone(settings_of: Read, endpoint: Endpoint) -> None:
    settings = settings_of()
    endpoint.answer = saying(429, retry_after="7")
    failed = _post(settings)
    assert failed is not None
    assert failed.retry_after_seconds == 7
    endpoint.answer = saying(410)
    failed = _post(settings)
    assert failed is not None
    assert failed.is_gone


def test_an_answer_counts_only_with_the_text_that_is_asked_for(settings_of: Read, endpoint: Endpoint) -> None:
    settings = settings_of(endpoint='answer_contains = "stored"')
    endpoint.answer = saying(200, b'{"error": "database is down"}', content_type="application/json")
    failed = _post(settings)
    assert failed is not None
    assert "without the text of `answer_contains`" in failed.text
    endpoint.answer = saying(200, b'{"state": "stored"}')
    assert _post(settings) is None


def test_an_endpoint_that_hangs_or_drips_ends_at_the_limit(settings_of: Read, endpoint: Endpoint) -> None:
    settings = settings_of(endpoint="timeout_seconds = 0.5")

    def drip(served: Endpoint, handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not served.over.wait(0.05):
            handler.wfile.write(b" ")

    def hang(served: Endpoint, _: http.server.BaseHTTPRequestHandler) -> None:
        served.over.wait()

    for answer in (hang, drip):
        endpoint.answer = answer
        begun = time.monotonic()
        failed = _post(settings)
        assert failed is not None
        assert failed.text == "it gave no whole answer within {:g} s"
        assert not failed.is_of_event
        assert time.monotonic() - begun < 30


def test_a_name_that_is_looked_up_for_ever_ends_at_the_limit(
    settings_of: Read, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(settings_of(endpoint="timeout_seconds = 0.5").endpoint)
    over, asked = threading.Event(), []

    def hang(host: str, *_: object, **_more: object) -> list[object]:
        asked.append(host)
        over.wait()
        return []

    calls = [lambda: client.post("x", b"{}"), client.handshake]
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        for call in calls:
            # In a thread: without the limit it would hang until the look-up ends.
            found: list[NotTaken | None] = []
            thread = threading.Thread(target=lambda call=call, found=found: found.append(call()), daemon=True)
            thread.start()
            thread.join(30)
            assert [each and each.text for each in found] == ["it gave no whole answer within {:g} s"]
        # Who asks while one hangs doesn't begin another: they would be as many as posts are tried again.
        assert asked == ["localhost"]
    finally:
        over.set()
    monkeypatch.undo()
    assert endpoint.posted == []


def test_after_a_look_up_that_failed_the_next_post_looks_again(
    settings_of: Read, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(settings_of().endpoint)

    def unknown(*_: object, **_more: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", unknown)
        for failed in (client.post("x", b"{}"), client.handshake()):
            assert failed == NotTaken("there is no connection to it ({})", ("Name or service not known",))
    assert client.post("x", body_of(EVENT)) is None
    assert len(endpoint.posted) == 1


def test_no_key_of_a_connection_is_written_to_a_file(
    settings_of: Read, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Whoever sets SSLKEYLOGFILE for one program would read what the bridge posts, and its signatures.
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    client = Client(settings_of().endpoint)
    assert client.post("x", body_of(EVENT)) is None
    assert client.handshake() is None
    assert len(endpoint.posted) == 1
    written = (tmp_path / "keys").read_text() if (tmp_path / "keys").exists() else ""
    assert [line for line in written.splitlines() if not line.startswith("#")] == []


def test_no_more_of_an_answer_is_read_than_it_may_have(settings_of: Read, endpoint: Endpoint) -> None:
    sent: list[int] = []

    def flood(served: Endpoint, handler: http.server.BaseHTTPRequestHandler) -> None:
        del served
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(b"x" * READ_BYTES)
            sent.append(READ_BYTES)

    endpoint.answer = flood
    # The beginning is enough, so that the event counts as taken, and the connection is closed.
    assert _post(settings_of()) is None
    assert len(sent) < 1000


def test_another_s_certificate_is_not_trusted(settings_of: Read, endpoint: Endpoint, files: Files) -> None:
    settings = settings_of().endpoint
    # Of the CA, but of another name.
    endpoint.tls.load_cert_chain(files.certificate, files.key)
    _refuses(settings)
    endpoint.tls.load_cert_chain(files.ca.with_name("endpoint.pem"))
    assert Client(settings).handshake() is None
    # Of its name, but of no CA that the computer trusts.
    _refuses(replace(settings, ca=None))
    assert endpoint.posted == []


def _refuses(settings: EndpointSettings) -> None:
    for failed in (Client(settings).post(EVENT.event_id, b"{}"), Client(settings).handshake()):
        assert failed is not None
        assert "its certificate isn't one" in failed.text


def test_an_address_that_is_not_allowed_is_not_called(settings_of: Read, endpoint: Endpoint) -> None:
    settings = settings_of(endpoint='networks = ["10.20.0.0/16"]')
    for failed in (_post(settings), Client(settings.endpoint).handshake()):
        assert failed is not None
        assert failed.text == "its address is none of those that the settings allow"
    assert endpoint.posted == []


def test_the_computer_s_proxy_is_not_used(
    settings_of: Read, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert _post(settings_of()) is None
    assert len(endpoint.posted) == 1


def test_nobody_there_is_said(settings_of: Read, endpoint: Endpoint) -> None:
    settings = settings_of()
    nowhere = replace(settings.endpoint, url="https://127.0.0.1:9/nsor")
    for failed in (Client(nowhere).post("x", b"{}"), Client(nowhere).handshake()):
        assert failed is not None
        assert failed.text == "there is no connection to it ({})"
    assert Client(settings.endpoint).handshake() is None
    assert endpoint.paths == []


def test_what_is_no_http_is_not_taken_and_not_repeated(settings_of: Read, endpoint: Endpoint) -> None:
    def nonsense(_: Endpoint, handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"planted words, no HTTP\r\n\r\n")

    endpoint.answer = nonsense
    failed = _post(settings_of())
    assert failed is not None
    assert "planted" not in failed.text
    assert failed.values == ()


def test_a_ca_file_that_is_none_is_a_wrong_setting(settings_of: Read, tmp_path: Path) -> None:
    settings = settings_of()
    (tmp_path / "none.pem").write_text("none")
    with pytest.raises(SettingsWrong):
        Client(replace(settings.endpoint, ca=tmp_path / "none.pem"))


def test_the_limit_is_of_the_whole_post(settings_of: Read, endpoint: Endpoint) -> None:
    # A server that answers, but slowly, is within the limit.
    def slow(served: Endpoint, handler: http.server.BaseHTTPRequestHandler) -> None:
        served.over.wait(0.1)
        say(handler, 202)

    endpoint.answer = slow
    begun = time.monotonic()
    assert _post(settings_of()) is None
    assert time.monotonic() > begun
