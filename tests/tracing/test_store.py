import json
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from nsor_server.__main__ import run
from nsor_server.commands import traces
from nsor_server.tracing import attributes, store
from nsor_server.tracing.asked import Filter
from nsor_server.tracing.spans import Tracing
from nsor_server.tracing.store import SpanStore

METHOD = "nsor.v1.DirectoryService/ListAgencies"


def record(state_dir: Path, calls: int, **bounds: int) -> None:
    tracing = Tracing([SimpleSpanProcessor(SpanStore(state_dir, **bounds))], host="127.0.0.1")
    for _ in range(calls):
        span = tracing.call(METHOD, None)
        span.set(attributes.AGENCY, "npb")
        span.set(attributes.OUTCOME, "ALLOWED")
        tracing.committed([span], lock=0.001, decide=0.0, store=0.002, whole=True)
        span.end()


def test_the_store_is_bounded_and_keeps_the_newest(state_dir: Path) -> None:
    record(state_dir, 200, file_bytes=10_000, files=3)
    files = list((state_dir / "traces").iterdir())
    assert len(files) <= 4
    assert sum(path.stat().st_size for path in files) < 45_000
    found = list(store.read(state_dir))
    assert 40 < len(found) < 400
    starts = [span.start_ns for span in found if attributes.RPC_STATUS in span.attributes]
    assert starts == sorted(starts)


def test_the_store_is_for_its_owner_only(state_dir: Path) -> None:
    record(state_dir, 1)
    assert (state_dir / "traces").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (state_dir / "traces").iterdir())


def test_a_line_that_a_crash_cut_off_is_passed_over(state_dir: Path) -> None:
    record(state_dir, 2)
    with (state_dir / "traces" / store.CURRENT).open("a", encoding="utf-8") as file:
        file.write('{"trace":"half a li')
    assert len(list(store.read(state_dir))) == 4


def test_a_full_disk_loses_spans_and_nothing_else(state_dir: Path) -> None:
    exporter = SpanStore(state_dir)
    (state_dir / "traces" / store.CURRENT).mkdir()
    tracing = Tracing([SimpleSpanProcessor(exporter)], host="127.0.0.1")
    tracing.call(METHOD, None).end()
    assert not [path for path in (state_dir / "traces").iterdir() if path.is_file()]


def test_a_trace_is_shown_as_a_tree(state_dir: Path) -> None:
    record(state_dir, 3)
    chosen = traces.choose(store.read(state_dir), last=2, trace_id=None)
    assert len(chosen) == 2
    call, commit = chosen[-1]
    assert (call.name, commit.name, commit.parent) == (METHOD, "ledger.commit", call.span)
    assert "npb" in traces.line(call).plain
    assert "ALLOWED" in traces.line(call).plain
    (shown,) = traces.choose(store.read(state_dir), last=9, trace_id=call.trace[:8])
    assert shown == [call, commit]


def test_the_command_speaks_to_people_and_to_programs(
    state_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NSOR_STATE_DIR", str(state_dir))
    assert run(["traces"]) == 2
    assert "NSOR_TRACE_STORE=on" in capsys.readouterr().err
    # An id that is mistyped finds nothing either.
    assert run(["traces", "--agency", "punjab-polise"]) == 2
    assert "`nsor-server agency list`" in capsys.readouterr().err
    record(state_dir, 2)
    assert run(["traces"]) == 0
    assert "ledger.commit" in capsys.readouterr().out
    assert run(["traces", "--json", "--last", "1"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["name"] for line in lines] == [METHOD, "ledger.commit"]


def test_a_support_code_finds_its_call_and_no_other(state_dir: Path) -> None:
    # An officer reads the code out: it is the end of the access id, grouped. Ids of one minute begin alike.
    tracing = Tracing([SimpleSpanProcessor(SpanStore(state_dir))], host="127.0.0.1")
    for access_id in ("01a213d7-5009-7d2c-acf2-14f95f0c8a0e", "01a213d7-5009-7d2c-acf2-14f96f0c8a0e"):
        call = tracing.call(METHOD, None)
        call.set(attributes.ACCESS_ID, access_id)
        call.end()
    ((found,),) = traces.choose(store.read(state_dir), last=9, asked=Filter(access="5f0c8a0e"))
    assert found.attributes[attributes.ACCESS_ID] == "01a213d7-5009-7d2c-acf2-14f95f0c8a0e"
    assert not traces.choose(store.read(state_dir), last=9, asked=Filter(access="7f0c8a0e"))
    # A caller whose answer was lost has the trace id only.
    by_trace = f"{found.trace[-8:-4]}-{found.trace[-4:]}"
    assert traces.choose(store.read(state_dir), last=9, asked=Filter(access=by_trace.replace("-", ""))) == [[found]]
