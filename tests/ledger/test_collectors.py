"""Spans read from a collector, of which nothing is believed but what it answers whole, in time, and itself.

The answers are made after Jaeger's code and Tempo's documentation; tests/peers reads a real Jaeger.
"""

from __future__ import annotations

import http.server
import itertools
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nsor.limits import TimeLimit
from nsor_server.tracing import losses
from nsor_server.tracing.attributes import ACCESS_ID, LOST_CAUSE, LOST_SPANS, RPC_METHOD, RPC_STATUS
from nsor_server.tracing.store import StoredSpan
from nsor_server.verification.collectors import headers, reading
from nsor_server.verification.collectors.fetch import Collector, TooMuch, WrongUrl
from nsor_server.verification.collectors.windows import MOST_TRACES, windows
from nsor_server.verification.spans import Window
from tests.ledger.http_collector import Jaeger, Kept, Played, Tempo, listening, respond
from tests.polling import until
from tests.rpc.conftest import certificates

__all__ = ["certificates"]

SECOND = 1_000_000
NOW = 1_700_000_000 * SECOND
DAY = 24 * 3600 * SECOND
METHOD = "nsor.v1.LookupService/LookUpRegistration"


def call(number: int, start_us: int, *, trace: int | None = None, service: str = "nsor-server") -> Kept:
    attributes: dict[str, str | int] = {
        ACCESS_ID: f"00000000-0000-4000-8000-{number:012d}",
        RPC_METHOD: METHOD,
        RPC_STATUS: "OK",
        "nsor.agency": "punjab-police",
    }
    return Kept(f"{number if trace is None else trace:032x}", start_us, attributes, service=service)


def read(collector: Collector, since_us: int = NOW - DAY, until_us: int = NOW + DAY) -> list[Window]:
    return list(reading.source(collector, since_us, until_us).windows)


def numbers(windows: list[Window]) -> list[int]:
    return [
        int(str(span.attributes[ACCESS_ID])[-12:])
        for each in windows
        for span in each.spans
        if span.name != losses.NAME
    ]


def problems(windows: list[Window]) -> list[str]:
    return [each.problem for each in windows if each.problem]


@pytest.mark.parametrize("api", [Jaeger, Tempo])
def test_spans_of_the_register_are_read_once_each_whatever_traces_they_are_in(api: type[Played]) -> None:
    # An agency's program may send its spans to the same place, under the same access id.
    long_trace = [call(1000 + n, NOW + n * 10 * SECOND, trace=7) for n in range(150)]
    program = [call(90 + n, NOW + SECOND, trace=n, service="program") for n in (3, 7)]
    spans = [*(call(n, NOW + n * SECOND) for n in range(5)), *long_trace, *program]
    lost = Kept("a" * 32, NOW, {LOST_SPANS: 12, LOST_CAUSE: "queue"}, name=losses.NAME)
    with listening(api([*spans, lost])) as url:
        # The first windows are of a minute, and then of four: the long trace is in several.
        windows = read(Collector.parse(url), NOW - SECOND, NOW + DAY)
    assert not problems(windows)
    assert sorted(numbers(windows)) == [*range(5), *range(1000, 1150)]
    (found,) = [span for each in windows for span in each.spans if span.name == losses.NAME]
    assert found.attributes == {LOST_SPANS: 12, LOST_CAUSE: "queue"}
    span = next(span for each in windows for span in each.spans if span.name != losses.NAME)
    assert (span.name, span.attributes[RPC_METHOD], span.attributes[RPC_STATUS]) == (METHOD, METHOD, "OK")
    assert span.end_ns - span.start_ns == 1_000_000
    assert windows[0].first_us == NOW - SECOND
    assert windows[-1].end_us == NOW + DAY
    assert all(before.end_us == after.first_us for before, after in itertools.pairwise(windows))


@pytest.mark.parametrize("api", [Jaeger, Tempo])
def test_more_traces_than_are_given_at_once_are_read_by_shorter_times(api: type[Played]) -> None:
    # A collector gives as many traces as were asked for and doesn't say that there are more.
    count = MOST_TRACES + 200
    played = api([call(n, NOW + n * SECOND // 50) for n in range(count)])
    with listening(played) as url:
        windows = read(Collector.parse(url), NOW - DAY, NOW + DAY)
    assert not problems(windows)
    assert sorted(numbers(windows)) == list(range(count))
    assert max(len(each.spans) for each in windows) < MOST_TRACES
    assert len(played.asked) < 60


def test_a_time_that_can_t_be_divided_is_passed_over_and_said() -> None:
    played = Jaeger([*(call(n, NOW) for n in range(MOST_TRACES)), call(5000, NOW + SECOND)])
    with listening(played) as url:
        windows = read(Collector.parse(url), NOW, NOW + 2 * SECOND)
    assert problems(windows) == [f"it has {MOST_TRACES} traces or more of a time that can't be divided"]
    assert numbers(windows) == [5000]


def test_a_collector_that_never_comes_to_an_end_is_given_up() -> None:
    # One that looks at no times gives as many traces for each; one that is slow would take days.
    asked: list[int] = []

    def endless(first_us: int, _end_us: int) -> tuple[list[StoredSpan], int]:
        asked.append(first_us)
        raise TooMuch("it has too many")

    found = list(windows(endless, NOW, NOW + 1000 * DAY, shortest_us=1000))
    assert len(asked) < 100
    assert (found[-1].end_us, found[-1].problem) == (NOW + 1000 * DAY, "reading them takes too long")
    (given_up,) = windows(endless, NOW, NOW + DAY, shortest_us=1000, seconds=-1)
    assert given_up.problem == "reading them takes too long"


def test_what_ended_after_the_snapshot_isn_t_compared_with_it() -> None:
    # Its entry may have been written later.
    late = call(2, NOW - SECOND)
    late.took_us = 2 * SECOND
    with listening(Jaeger([call(1, NOW - SECOND), late, call(3, NOW + SECOND)])) as url:
        assert numbers(read(Collector.parse(url), NOW - DAY, NOW)) == [1]


def hangs(handler: http.server.BaseHTTPRequestHandler, _path: str) -> bool:
    return not handler.rfile.read(1)


def drips(handler: http.server.BaseHTTPRequestHandler, _path: str) -> bool:
    # A byte at a time, without end: no timeout of a socket ends that.
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.01)
    except OSError:
        return True


def is_cut(handler: http.server.BaseHTTPRequestHandler, path: str) -> bool:
    if path != "/api/services":
        respond(handler, 200, b'{"data": [', Content_Length="4000")
    return path != "/api/services"


def says_no_length(handler: http.server.BaseHTTPRequestHandler, path: str) -> bool:
    if path != "/api/services":
        respond(handler, 200, b'{"data": []}', Content_Length="many")
    return path != "/api/services"


def breaks(handler: http.server.BaseHTTPRequestHandler, path: str) -> bool:
    if path != "/api/services":
        respond(handler, 500, b"out of memory")
    return path != "/api/services"


def in_part(handler: http.server.BaseHTTPRequestHandler, path: str) -> bool:
    if path != "/api/services":
        respond(handler, 200, b'{"data": [], "errors": [{"code": 500, "msg": "one of two stores is away"}]}')
    return path != "/api/services"


def is_no_trace(handler: http.server.BaseHTTPRequestHandler, path: str) -> bool:
    if path != "/api/services":
        respond(handler, 200, b'{"data": [{"spans": [{"operationName": 1, "spanID": 2, "startTime": Infinity}]}]}')
    return path != "/api/services"


def is_something_else(handler: http.server.BaseHTTPRequestHandler, _path: str) -> bool:
    respond(handler, 200, b"<html>Sign in</html>")
    return True


@pytest.mark.parametrize(
    ("instead", "why"),
    [
        (hangs, "it didn't answer within 0.3 s"),
        (drips, "it didn't answer within 0.3 s"),
        (is_cut, "its answer ended before its end"),
        (says_no_length, "its answer ended before its end"),
        (breaks, "it answers with HTTP 500"),
        (in_part, "it answers in part"),
        (is_no_trace, "what it answers can't be read, or ended before its end"),
        (is_something_else, "neither Jaeger's query API nor Tempo's answers there"),
    ],
)
def test_what_isn_t_answered_whole_is_one_clear_result(
    instead: Callable[[http.server.BaseHTTPRequestHandler, str], bool], why: str
) -> None:
    played = Jaeger([call(1, NOW)])
    played.instead = instead
    with listening(played) as url:
        windows = read(Collector(url, seconds=0.3))
    assert problems(windows) == [why]
    assert not numbers(windows)
    assert (windows[-1].first_us, windows[-1].end_us) == (NOW - DAY, NOW + DAY)
    assert len(played.asked) <= 4


def test_an_answer_of_tempo_of_which_a_part_is_missing_is_none() -> None:
    def unfinished(handler: http.server.BaseHTTPRequestHandler, path: str) -> bool:
        if path == "/api/search":
            respond(handler, 200, b'{"traces": [], "metrics": {"totalJobs": 5, "completedJobs": 4}}')
        return path == "/api/search"

    played = Tempo([call(1, NOW)])
    played.instead = unfinished
    with listening(played) as url:
        assert problems(read(Collector.parse(url))) == ["it answers in part"]


def test_a_collector_that_is_gone_or_goes_away_says_for_which_time() -> None:
    with listening(Jaeger()) as url:
        pass
    (gone,) = problems(read(Collector.parse(url)))
    where = url.removeprefix("http://")
    assert gone.startswith(
        f"nothing listens at {where}: --spans-from takes the query API of Jaeger (https://HOST:16686)"
    )
    played = Jaeger([call(1, NOW - 3600 * SECOND), call(2, NOW + 1)])
    played.instead = lambda handler, _path: len(played.asked) > 5 and is_something_else(handler, "")
    with listening(played) as url:
        windows = read(Collector.parse(url), NOW - 3601 * SECOND, NOW + 100 * DAY)
    assert numbers(windows) == [1, 2]
    assert len(problems(windows)) == 1
    assert windows[-1].problem
    assert windows[-1].end_us == NOW + 100 * DAY


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (
            "https://no-such-host.invalid:16686",
            "the host of no-such-host.invalid:16686 isn't known: --spans-from takes",
        ),
        ("{url}", "what answers at {host} isn't HTTP: --spans-from takes"),
        ("{tls}", "TLS with {host} fails: does it answer https"),
    ],
)
def test_where_nothing_of_a_collector_answers_the_address_and_what_is_taken_are_said(url: str, why: str) -> None:
    def no_http(handler: http.server.BaseHTTPRequestHandler, _path: str) -> bool:
        handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        return True

    played = Jaeger()
    played.instead = no_http
    with listening(played) as plain:
        asked = url.format(url=plain, tls=plain.replace("http:", "https:"))
        (problem,) = problems(read(Collector.parse(asked)))
    assert problem.startswith(why.format(host=plain.removeprefix("http://")))


@pytest.mark.parametrize("kind", [Jaeger, Tempo])
def test_headers_go_with_each_request_and_are_shown_nowhere(kind: type[Played], tmp_path: Path) -> None:
    path = tmp_path / "headers"
    path.write_text("Authorization: Bearer s3cret-of-ours \n\nX-Scope-OrgID:  nsor\n")
    path.chmod(0o600)
    played = kind([call(1, NOW)])
    with listening(played) as url:
        collector = Collector.parse(url, headers=headers.read(path))
        assert numbers(read(collector)) == [1]
    assert len(played.sent) > 1
    assert {(each["Authorization"], each["X-Scope-OrgID"]) for each in played.sent} == {
        ("Bearer s3cret-of-ours", "nsor")
    }
    assert "s3cret" not in repr(collector) + str(reading.source(collector, NOW, NOW + 1))


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        ("Authorization: s3cret", 0o640, "can be read by others: chmod 600"),
        ("Authorization: s3cret", 0o604, "can be read by others: chmod 600"),
        ("\nAuthorization s3cret", 0o600, "line 2 of {path} isn't `Name: value` in ASCII"),
        ("Authorization: s3cret\x00", 0o600, "line 1 of {path} isn't `Name: value` in ASCII"),
        ("Authorization: s3cret\u06d4", 0o600, "line 1 of {path} isn't `Name: value` in ASCII"),
        (" Authorization: s3cret", 0o600, "line 1 of {path} isn't `Name: value` in ASCII"),
        ("X-A: s3cret\nx-a: other", 0o600, "line 2 of {path}: the same header stands there twice"),
        ("HOST: s3cret", 0o600, "line 1 of {path}: the request has this header already"),
        ("\n \n", 0o600, "{path} has 0 headers, and takes 1 to 16"),
        ("".join(f"X-{n}: s3cret\n" for n in range(17)), 0o600, "{path} has 17 headers, and takes 1 to 16"),
        ("X-A: " + "s3cret" * 10_000, 0o600, "is larger than 32 KiB"),
    ],
)
def test_a_file_of_headers_is_its_owners_alone_and_what_stands_in_it_is_never_said(
    content: str, mode: int, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "headers"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(headers.WrongHeaders) as raised:
        headers.read(path)
    assert why.format(path=path) in str(raised.value)
    assert "s3cret" not in str(raised.value)
    with pytest.raises(headers.WrongHeaders, match="No such file"):
        headers.read(tmp_path / "none")


def test_an_answer_that_is_too_large_is_asked_for_by_shorter_times() -> None:
    played = Jaeger([call(n, NOW + n * 60 * SECOND) for n in range(12)])
    with listening(played) as url:
        windows = read(Collector(url, most_bytes=4_000))
        assert not problems(windows)
        assert numbers(windows) == list(range(12))
        # One call of which more is written than is read at all.
        times = NOW - SECOND, NOW + SECOND
        assert problems(read(Collector(url, most_bytes=400), *times)) == ["an answer is larger than 0 KiB"]


def test_an_answer_of_many_small_values_is_not_parsed() -> None:
    # Memory would take twenty times the bytes of empty lists, and the host's is the database's too.
    def empty_lists(handler: http.server.BaseHTTPRequestHandler, path: str) -> bool:
        if path != "/api/services":
            respond(handler, 200, b'{"data": [' + b"[]," * 1000 + b"[]]}")
        return path != "/api/services"

    played = Jaeger()
    played.instead = empty_lists
    with listening(played) as url:
        windows = read(Collector(url, most_values=1000), NOW, NOW + 1000)
    assert problems(windows) == ["an answer has more than 1000 values"]


def test_a_connection_that_comes_after_its_time_is_ended_at_once() -> None:
    # Of a name's addresses the first may never answer; the second would have had no limit any more.
    here, there = socket.socketpair()
    with here, there, TimeLimit(0) as limit:
        until(lambda: limit.over, seconds=10)
        limit.of(here)
        there.settimeout(10)
        assert there.recv(1) == b""


def test_no_redirect_is_followed() -> None:
    # Whoever answers for the collector sends nobody elsewhere.
    elsewhere = Jaeger([call(1, NOW)])
    with listening(elsewhere) as other:

        def sends_on(handler: http.server.BaseHTTPRequestHandler, path: str) -> bool:
            respond(handler, 302, b"", Location=f"{other}{path}")
            return True

        played = Jaeger()
        played.instead = sends_on
        with listening(played) as url:
            assert problems(read(Collector.parse(url))) == ["neither Jaeger's query API nor Tempo's answers there"]
    assert not elsewhere.asked


def test_over_tls_only_who_is_trusted_is_believed_and_only_who_has_a_certificate_is_told(certificates: Path) -> None:
    offered = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    offered.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    offered.load_verify_locations(certificates / "ca.pem")
    offered.verify_mode = ssl.CERT_REQUIRED
    with listening(Jaeger([call(1, NOW)]), offered) as by_address:
        url = by_address.replace("127.0.0.1", "localhost")
        trust = ssl.create_default_context(cafile=certificates / "ca.pem")
        assert problems(read(Collector.parse(url, trust)))  # without a certificate
        trust.load_cert_chain(certificates / "agencies" / "npb.pem", certificates / "agencies" / "npb.key")
        assert numbers(read(Collector.parse(url, trust))) == [1]
        (problem,) = problems(read(Collector.parse(url)))
        host = url.removeprefix("https://")
        assert problem == f"the certificate of {host} isn't trusted: spans_ca names the file of its CA"


@pytest.mark.parametrize(
    "url",
    [
        "http://collector.example:16686",
        "ftp://127.0.0.1",
        "https://",
        "https://user:word@collector.example",
        "https://collector.example/?service=other",
        "https://collector.example:0",
        "https://collector.example:port",
        "https://colléctor.example",
        "https://collector.example/\r\nX: y",
    ],
)
def test_a_url_by_which_answers_could_be_exchanged_is_refused(url: str) -> None:
    with pytest.raises(WrongUrl):
        Collector.parse(url)
