"""The log over HTTPS: who gets what of it, and what anything else is answered."""

from __future__ import annotations

import contextlib
import functools
import gzip
import socket
import ssl
from pathlib import Path

import pytest

from nsor.ledger import copied, merkle, note, tlog_tiles
from nsor.ledger.tlog_tiles import Bundle, Tile
from nsor_server.access import unproved
from nsor_server.publishing import answers, front, process
from nsor_server.storage.keyring import Keyring
from tests.ledger.conftest import ORIGIN, Write
from tests.polling import until
from tests.publishing.conftest import SECONDS, SIZE, Publish, Published, ask

LAST = SIZE % tlog_tiles.WIDTH


@pytest.mark.parametrize("name", ["npb", "special-committee"])
def test_who_oversees_fetches_the_whole_log(published: Published, keyring: Keyring, tmp_path: Path, name: str) -> None:
    signed = published.get(name, "/checkpoint").content
    newest = note.verify(signed, note.Verifier.parse(keyring.verifier_key(ORIGIN)))
    connection = published.connection(name)

    def fetch(named: Tile | Bundle) -> bytes:
        got = ask(connection, f"/{named.path}")
        assert got.status == 200
        return got.content

    copied.update(tmp_path, signed, newest, fetch, held=None, entries=True)  # which verifies every file
    bundles = [(tmp_path / each.path).read_bytes() for each in tlog_tiles.bundles(SIZE)]
    entries = [
        entry
        for each, of in zip(bundles, tlog_tiles.bundles(SIZE), strict=True)
        for entry in tlog_tiles.entries_of(each, of)
    ]
    assert merkle.root_of(map(merkle.leaf_hash, entries)) == newest.root
    assert newest.size == SIZE
    tiles = len(list(tlog_tiles.tiles(SIZE))) + len(list(tlog_tiles.border(SIZE)))
    # The tiles at the border are read twice or once, as `copied` likes; each fetch is a count.
    checkpoints, counted, of_bundles, refused = published.fetched()[name, True]
    assert (checkpoints, of_bundles, refused) == (1, len(bundles), 0)
    assert len(list(tlog_tiles.tiles(SIZE))) <= counted <= tiles


def test_any_other_agency_has_checkpoints_and_hashes_and_no_entry(published: Published) -> None:
    assert published.get("punjab-police", "/checkpoint").status == 200
    assert len(published.get("punjab-police", Tile(0, 0)).content) == 8192
    for path in ("/tile/entries/000", f"/tile/entries/001.p/{LAST}", "/tile/entries/999"):
        for method in ("GET", "HEAD"):
            got = published.get("punjab-police", path, method=method, range="bytes=0-9", accept_encoding="gzip")
            assert got.status == 403
            assert b"Entries are for" in got.content or method == "HEAD"
    # Who asks for what isn't his is counted as well, a little later.
    assert until(lambda: published.fetched()["punjab-police", True] == (1, 1, 0, 6), seconds=SECONDS)


_OTHER_PATHS = (
    "/tile/%65ntries/000",
    "/tile/0/../entries/000",
    "/tile/./entries/000",
    "//tile/entries/000",
    "/tile//entries/000",
    "/tile/entries/000/",
    "/tile/entries/000?x",
    "/tile/entries/000#x",
    "/tile/ENTRIES/000",
    "/tile/entries/x000/000",
    "/tile/entries/000.p/256",
    "/tile/entries/000.p/0",
    "/tile/-1/000",
    "/tile/64/000",
    "/tile/00/000",
    "/tile/0/\u0660\u0660\u0660",
    "/checkpoint/",
    "/checkpoint?",
    "/checkpoint.p/1",
    "checkpoint",
    "tile/0/000",
    "tile/entries/000",
    "*",
    "/",
    "/metrics",
    "/../../etc/passwd",
    "https://127.0.0.1/tile/entries/000",
)


def test_no_other_spelling_of_a_path_means_anything(published: Published) -> None:
    # Neither for whoever may have entries: a proxy or a tool could understand it otherwise.
    for name in ("npb", "punjab-police"):
        for path in _OTHER_PATHS:
            with published.raw(name) as raw:
                raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                status, *_ = _all(raw).split(b"\r\n", 1)
            assert status.split()[1] in {b"400", b"404"}, (path, status)


def test_what_isnt_complete_yet_isnt_there(published: Published) -> None:
    connection = published.connection("npb")
    asked = (Tile(0, 1), Tile(0, 1, LAST + 1), Tile(0, 2, 1), Tile(1, 0, 2), Tile(63, 0, 1), Bundle(1), Bundle(9**17))
    assert {ask(connection, f"/{each.path}").status for each in asked} == {404}
    assert ask(connection, f"/{Tile(1, 0, 1).path}").status == 200


def test_a_tile_grows_with_the_log(published: Published, write: Write) -> None:
    assert published.get("npb", Bundle(1, LAST + 5)).status == 404
    write(5)
    assert published.get("npb", Bundle(1, LAST + 5)).status == 200
    assert published.get("npb", Bundle(1, LAST)).status == 200


def test_an_entry_bundle_is_compressed_for_whoever_takes_it(published: Published) -> None:
    plain = published.get("npb", Bundle(0))
    assert plain.headers["Content-Encoding"] is None
    for accepts in ("gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "GZIP"):
        got = published.get("npb", Bundle(0), accept_encoding=accepts)
        assert got.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(got.content) == plain.content
    for accepts in ("gzip;q=0", "gzip;q=0.000", "identity", "xgzip"):
        assert published.get("npb", Bundle(0), accept_encoding=accepts).content == plain.content
    assert published.get("npb", Tile(0, 0), accept_encoding="gzip").headers["Content-Encoding"] is None


def test_head_has_the_length_and_no_content(published: Published) -> None:
    connection = published.connection("npb")
    for path in ("/checkpoint", "/tile/0/000", "/tile/entries/000"):
        head, got = ask(connection, path, method="HEAD"), ask(connection, path)
        assert (head.status, head.content) == (200, b"")
        assert head.headers["Content-Length"] == str(len(got.content))
    assert published.fetched()["npb", True] == (2, 2, 2, 0)


def test_headers_say_what_it_is_and_for_how_long(published: Published) -> None:
    checkpoint, full, partial = (published.get("npb", path) for path in ("/checkpoint", Tile(0, 0), Tile(0, 1, LAST)))
    assert checkpoint.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert full.headers["Content-Type"] == "application/octet-stream"
    caches = [each.headers["Cache-Control"] for each in (checkpoint, full, partial)]
    assert caches == ["no-store", "private, immutable, max-age=31536000", "no-store"]
    assert checkpoint.headers["Server"] == "nsor"


@pytest.mark.parametrize("name", [None, "other-ca", "expired"])
def test_tls_lets_nobody_in_without_a_certificate_of_ours(published: Published, name: str | None) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(published.connection(name), "/checkpoint")
    assert published.fetched() == {}


@pytest.mark.parametrize("name", ["revoked", "unknown", "two-uris", "no-eku"])
def test_a_certificate_that_isnt_active_gets_nothing(published: Published, name: str) -> None:
    try:
        got = published.get(name, "/checkpoint")
    except (ssl.SSLError, ConnectionError):
        return  # TLS has refused its use already
    assert (got.status, got.content) == (403, b"This certificate isn't active.\n")


def test_a_revoked_one_gets_nothing_from_the_next_request_on(published: Published) -> None:
    connection = published.connection("npb")
    assert ask(connection, "/tile/entries/000").status == 200
    published.sql(
        "INSERT INTO certificate_revocation (serial, reason) SELECT serial, 'keyCompromise' FROM certificate"
        " WHERE agency_id = 'npb'"
    )
    for path in ("/tile/entries/000", "/tile/0/000", "/checkpoint"):
        assert ask(connection, path).status == 403
    assert until(lambda: published.fetched()["npb", True] == (0, 0, 1, 3), seconds=SECONDS)


def test_an_agency_that_is_disabled_gets_nothing_from_the_next_request_on(published: Published) -> None:
    connection = published.connection("punjab-police")
    assert ask(connection, "/checkpoint").status == 200
    published.sql("INSERT INTO agency_state VALUES ('punjab-police', 1, false)")
    assert ask(connection, "/checkpoint").status == 403


def test_a_revocation_that_was_taken_away_past_the_register_counts(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Rows are obeyed only as they were recorded: what was proved last goes on, and for a minute only.
    connection = published.connection("npb")
    assert ask(connection, "/checkpoint").status == 200
    with published.database.owner() as owner:
        owner.execute("INSERT INTO agency_state VALUES ('npb', 1, false)")  # which no entry has added
    assert ask(connection, "/checkpoint").status == 200
    with published.database.owner() as owner:
        owner.execute("DELETE FROM agency_state WHERE agency_id = 'npb'")
        owner.execute("UPDATE agency SET kind = kind + 1 WHERE agency_id = 'sindh-police'")
    published.sql("INSERT INTO agency_state VALUES ('punjab-police', 1, false)")
    assert ask(connection, "/checkpoint").status == 200
    monkeypatch.setattr(unproved, "UNPROVED_SECONDS", 0.0)
    assert ask(connection, "/checkpoint").status == 503


def test_nothing_is_given_that_isnt_counted(published: Published) -> None:
    connection = published.connection("npb")
    with published.database.owner() as owner:
        owner.execute("REVOKE INSERT (serial) ON tile_fetch FROM nsor_publisher")
    got = ask(connection, "/tile/entries/000")
    assert (got.status, got.content) == (503, b"The log can't be read now.\n")
    with published.database.owner() as owner:
        owner.execute("GRANT INSERT (serial) ON tile_fetch TO nsor_publisher")
    assert ask(connection, "/tile/entries/000").status == 200
    assert published.fetched()["npb", True] == (0, 0, 1, 1)  # what wasn't given was asked for


def test_a_part_of_the_log_that_was_changed_isnt_served_as_whole(published: Published) -> None:
    with published.database.owner() as owner:
        owner.execute("DELETE FROM ledger_entry WHERE index = 7")
    got = published.get("npb", Bundle(0))
    assert (got.status, got.content) == (500, b"This part of the log can't be read.\n")
    assert published.get("npb", Bundle(1, LAST)).status == 200


def test_each_agency_has_a_rate_of_its_own(publish: Publish) -> None:
    with publish(rate_per_second=1) as published:
        connection = published.connection("punjab-police")
        answers = [ask(connection, "/checkpoint") for _ in range(20)]
        assert {each.status for each in answers} == {200, 429}
        late = [each for each in answers if each.status == 429]
        assert all(int(each.headers["Retry-After"]) >= 1 for each in late)
        assert published.get("sindh-police", "/checkpoint").status == 200
        counted = (20 - len(late), 0, 0, len(late))
        assert until(lambda: published.fetched()["punjab-police", True] == counted, seconds=SECONDS)


def test_it_can_only_be_read(published: Published) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT"):
        got = published.get("npb", "/checkpoint", method=method)
        assert (got.status, got.headers["Allow"]) == (405, "GET, HEAD"), method


_GET = b"GET /checkpoint HTTP/1.1\r\nHost: x\r\n"


_MALFORMED = (
    _GET + b"Content-Length: 5\r\n\r\nhello" + _GET + b"\r\n",
    _GET + b"Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + _GET + b"\r\n",
    _GET + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + _GET + b"\r\n",
    _GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx" + _GET + b"\r\n",
    _GET + b"X: " + b"y" * 20_000 + b"\r\n\r\n",
    _GET + b"".join(b"X%d: y\r\n" % each for each in range(200)) + b"\r\n",
    b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"<script>alert(1)</script>\r\n\r\n",
    b"\x16\x03\x01\x00\x05hello\r\n\r\n",
    b"GET /checkpoint HTTP/1.1\r\nHost : x\r\n\r\n" + _GET + b"\r\n",
)


def test_what_isnt_understood_ends_the_connection(published: Published) -> None:
    # One answer, in the same words each time, and none to what follows it: a second request can't hide in a first.
    for sent in _MALFORMED:
        with published.raw("npb") as raw:
            raw.sendall(sent)
            answered = _all(raw)
        assert answered.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ")), sent
        assert answered.count(b"HTTP/1.") == 1, sent
        assert answered.endswith(b"\r\n\r\nThis isn't a request that is understood.\n")
        assert b"aiohttp" not in answered


def test_a_peer_that_doesnt_end_its_request_is_ended(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "IDLE_SECONDS", 0.2)
    with publish() as published:
        for sent in (b"", _GET, _GET + b"X: "):
            with published.raw("npb") as raw:
                raw.sendall(sent)
                assert _all(raw) == b""


def test_a_peer_that_doesnt_shake_hands_is_ended(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "HANDSHAKE_SECONDS", 0.2)
    with publish() as published, socket.create_connection(("127.0.0.1", published.port), timeout=SECONDS) as raw:
        assert raw.recv(1) == b""


def test_a_peer_that_doesnt_read_is_ended(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its answers wait for it in memory, and for a while only.
    monkeypatch.setattr(front, "ANSWER_SECONDS", 0.5)
    asked = b"GET /tile/entries/000 HTTP/1.1\r\nHost: x\r\n\r\n"
    with publish() as published, published.raw("npb") as raw, pytest.raises((ConnectionError, ssl.SSLError)):
        raw.sendall(asked * 1_000_000)


def test_requests_that_were_given_up_before_they_were_read_count_no_more(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The database stands still: all threads wait for it, and what waits for a thread is given up.
    monkeypatch.setattr(front, "ANSWER_SECONDS", 0.5)
    agencies = ("punjab-police", "sindh-police", "npb")
    with publish() as published:
        with published.database.owner() as owner, owner.transaction(), contextlib.ExitStack() as stack:
            owner.execute("LOCK TABLE ledger_head")
            asked = [
                stack.enter_context(published.raw(name)) for name in agencies for _ in range(2 * answers.AT_A_TIME)
            ]
            for each in asked:
                each.sendall(_GET + b"\r\n")
            assert len(asked) > process.THREADS
            for each in asked:
                _all(each)
        for name in agencies:
            assert until(functools.partial(_is_answered, published, name), seconds=SECONDS)


def test_one_certificate_has_so_many_connections(published: Published) -> None:
    kept = [published.connection("punjab-police") for _ in range(front.CONNECTIONS_OF_ONE)]
    assert {ask(each, "/checkpoint").status for each in kept} == {200}
    with pytest.raises((ConnectionError, ssl.SSLError)):
        published.get("punjab-police", "/checkpoint")
    assert published.get("npb", "/checkpoint").status == 200
    kept[0].close()
    until(lambda: _is_answered(published, "punjab-police"), seconds=SECONDS)


def _is_answered(published: Published, name: str) -> bool:
    try:
        return published.get(name, "/checkpoint").status == 200
    except (ConnectionError, ssl.SSLError):
        return False


def _all(raw: ssl.SSLSocket) -> bytes:
    """What comes until the connection ends."""
    found = b""
    try:
        while got := raw.recv(65_536):
            found += got
    except (ConnectionError, ssl.SSLError):
        pass
    return found
