"""`nsor-server traces` as ops type it: whose calls, which were refused, which were slow."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from nsor_server.__main__ import run
from nsor_server.tracing import attributes as names
from nsor_server.tracing import store
from nsor_server.tracing.attributes import Value
from nsor_server.tracing.spans import Tracing
from nsor_server.tracing.store import SpanStore, StoredSpan

METHOD = "nsor.v1.DirectoryService/ListAgencies"
LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
STREAM = "nsor.v1.NotificationService/SubscribeEvents"
LONGEST = "khyber-pakhtunkhwa-special-court"
CALLS = (
    ((LOOK_UP, LONGEST, "ALLOWED", "OK"), 5),
    ((LOOK_UP, LONGEST, "REFUSED", "PERMISSION_DENIED"), 40),
    ((METHOD, "npb", "ALLOWED", "OK"), 900),
    ((METHOD, "npb", "FAILED", "UNAVAILABLE"), 2),
    ((STREAM, "npb", "ALLOWED", "OK"), 90_000),
)
"""Method, agency, outcome and gRPC's code; and the milliseconds that it took."""


class Said:
    """Runs `nsor-server traces` over calls of two agencies, in a terminal of 80 columns."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str]:
        code = run(["traces", *arguments])
        found = self._capsys.readouterr()
        return code, found.out + found.err


@pytest.fixture
def said(state_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    monkeypatch.setenv("NSOR_STATE_DIR", str(state_dir))
    monkeypatch.setattr("nsor.cli.screen._UNFOLDED", 80)
    (state_dir / store.FOLDER).mkdir(parents=True)
    found = [span for nth, call in enumerate(CALLS) for span in recorded(nth, *call[0], took_ms=call[1])]
    text = "".join(json.dumps(dataclasses.asdict(each)) + "\n" for each in found)
    (state_dir / store.FOLDER / store.CURRENT).write_text(text, encoding="utf-8")
    return Said(capsys)


def recorded(nth: int, method: str, agency: str, outcome: str, code: str, *, took_ms: int) -> list[StoredSpan]:
    """The spans of a call and of its commit."""
    attributes: dict[str, Value] = {
        names.AGENCY: agency,
        names.PURPOSE: "REGISTER_OPERATION",
        names.OUTCOME: outcome,
        names.RPC_STATUS: code,
        names.ACCESS_ID: access_id(nth),
    }
    if outcome != "ALLOWED":
        attributes[names.REASON] = "GRANT_NOT_VALID"
    start = nth * 10**9
    call = StoredSpan(
        trace=f"{nth:032x}",
        span=f"{nth:016x}",
        parent="",
        name=method,
        start_ns=start,
        end_ns=start + took_ms * 10**6,
        error=False,
        attributes=attributes,
    )
    commit = dataclasses.replace(call, span=f"{nth + 100:016x}", parent=call.span, name="ledger.commit", attributes={})
    return [call, commit]


def access_id(nth: int) -> str:
    return f"01a213d7-5009-7d2c-acf2-14f95f0c8a{nth:02x}"


def shown(said: Said, *arguments: str) -> list[str]:
    """The methods of the calls of the traces that are shown, in their order."""
    code, text = said(*arguments, "--json")
    assert code == 0, text
    calls = [line for line in map(json.loads, text.splitlines()) if line["attributes"]]
    return [f"{line['name'].rpartition('/')[2]} {line['attributes'][names.OUTCOME]}" for line in calls]


def test_calls_are_found_by_agency_outcome_time_and_id(said: Said) -> None:
    assert shown(said, "--agency", LONGEST) == ["LookUpRegistration ALLOWED", "LookUpRegistration REFUSED"]
    assert shown(said, "--refused") == ["LookUpRegistration REFUSED", "ListAgencies FAILED"]
    assert shown(said, "--refused", "--agency", "npb") == ["ListAgencies FAILED"]
    assert shown(said, "--slower-than", "40ms") == [
        "LookUpRegistration REFUSED",
        "ListAgencies ALLOWED",
        "SubscribeEvents ALLOWED",
    ]
    assert shown(said, "--slower-than", "1.5s") == ["SubscribeEvents ALLOWED"]
    assert shown(said, "--access-id", access_id(2)) == ["ListAgencies ALLOWED"]
    for part in (access_id(2)[-12:].upper(), f"{access_id(2)[-8:-4]}-{access_id(2)[-4:]}"):
        assert shown(said, "--access-id", part) == ["ListAgencies ALLOWED"]
    # The first digits are the time's, which calls share: all of them.
    assert len(shown(said, "--access-id", access_id(2)[:8])) == len(shown(said))
    assert shown(said, "--last", "1", "--refused") == ["ListAgencies FAILED"]
    assert said("--agency", "sindh-police")[0] == 2
    for wrong in ("", "xyz", access_id(2) + "00"):
        code, text = said("--access-id", wrong)
        assert (code, "or a support code" in " ".join(text.split())) == (2, True)
    for wrong in ("200", "ms", "-1s", "1m"):
        code, text = said("--slower-than", wrong)
        assert (code, "200ms" in text) == (2, True)


def test_the_slowest_calls_are_listed_without_streams(said: Said) -> None:
    # A stream is as long as its caller wants, and stood above everything that was slow.
    assert shown(said, "--top", "2") == ["ListAgencies ALLOWED", "LookUpRegistration REFUSED"]
    code, text = said("--top", "9", "--agency", LONGEST)
    lines = text.splitlines()
    assert code == 0
    assert lines[0].split() == ["40", "ms", "LookUpRegistration", "REFUSED", "GRANT_NOT_VALID"]
    assert lines[1].split()[1:] == [LONGEST, "code", "5f0c-8a01"]
    assert lines[-1] == "Next: nsor-server traces --code 5f0c-8a01"


def test_nothing_is_cut_at_80_columns(said: Said) -> None:
    for arguments in ((), ("--top", "9"), ("--refused",)):
        _, text = said(*arguments)
        assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    _, text = said()
    for nth in range(5):
        assert f"access {access_id(nth)}" in text  # an id that is cut in two can't be pasted
    assert LONGEST in text
    assert "register operation" in text  # as `nsor` and the pages say it
    assert "REGISTER_OPERATION" not in text


def test_a_trace_says_its_phases_and_durations_up_to_a_step(
    state_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NSOR_STATE_DIR", str(state_dir))
    monkeypatch.setattr("nsor.cli.screen._UNFOLDED", 80)
    tracing = Tracing([SimpleSpanProcessor(SpanStore(state_dir))], host="127.0.0.1")
    call = tracing.call("nsor.v1.LookupService/LookUpRegistration", None)
    call.describe(agency=LONGEST, purpose="INVESTIGATION", outcome="ALLOWED", access_id=access_id(1))
    tracing.committed([call], lock=0.0032, decide=0.0001, store=0.0021, whole=True)
    call.end()
    delivery = tracing.work("events.deliver")
    delivery.set(names.EVENTS, 3)
    delivery.close()
    tracing.work("duty-watch pass").fail("OperationalError")
    say = Said(capsys)
    _, text = say()
    assert "≤10 ms" in text
    assert "wait 0, gate 0, queue 0, commit 0 ms" in text
    assert "lock 3, decide up to 10, store 2 ms" in text
    assert "events.deliver" not in text
    _, text = say("--work")
    assert "events.deliver  ≤10 ms  3 events" in text
    assert "duty-watch pass  ≤10 ms  OperationalError" in text
    assert "LookUpRegistration" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    # What is asked of calls is asked of calls alone.
    _, text = say("--work", "--agency", LONGEST)
    assert "events.deliver" not in text
