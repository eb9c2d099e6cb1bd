"""The figures as Markdown, each goal beside what was reached, so that docs/performance.md can quote them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tests.bench.measure import Run
from tests.bench.rounds import Round

_WRITES = ("CreateRegistration", "ConfirmRegistration", "CreateNotice")
_READS = ("GetRegistration", "GetAccessRequest")
_PROOFS = ("GetInclusionProof", "GetConsistencyProof")
_RATIO_GOALS = {32: "0.45", 128: "0.5"}
_FULL = 0.97
"""Share of its core from which on the load may have been what was too slow."""


def goals(rounds: Sequence[Round], *, entries: int, start_seconds: float) -> Iterator[str]:
    """The issue's table: one line a goal, one column a round."""
    yield _line("", "goal", *(one.name for one in rounds))
    yield _rule(2 + len(rounds))
    at = 32 if all(32 in one.look_up for one in rounds) else max(rounds[0].look_up)
    yield _line(
        f"LookUp, {at} in flight: CPU (server + PostgreSQL)",
        "300 us",
        *(_microseconds(one.look_up[at]) for one in rounds),
    )
    for in_flight in (flight for flight in rounds[0].look_up if flight > 1):
        yield _line(
            f"its calls/s against the echo, {in_flight} in flight",
            _RATIO_GOALS.get(in_flight, ""),
            *(f"{_ratio(one, in_flight):.2f}" for one in rounds),
        )
    for name in _WRITES:
        yield _line(f"{name}: CPU", "1.5 ms", *_cells(rounds, name, _cpu))
        yield _line(f"{name}: p50 alone", "8 ms", *_cells(rounds, name, lambda alone, _: f"{alone.p50_ms:.1f} ms"))
        yield _line(
            f"{name}: calls/s at 16 in flight",
            "600",
            *_cells(rounds, name, lambda _, many: f"{many.calls_per_second:,.0f}"),
        )
    for name in _READS:
        yield _line(f"{name}: CPU", "0.8 ms", *_cells(rounds, name, _cpu))
    for name in _PROOFS:
        yield _line(f"{name} at {entries:,} entries: CPU", "1 ms", *_cells(rounds, name, _cpu))
    yield _line(
        f"start at {entries:,} entries, PostgreSQL running",
        "2 s",
        f"{start_seconds:.1f} s",
        *([""] * (len(rounds) - 1)),
    )
    yield _line("bytes per look-up on disk", "1,200", *(f"{_bytes(one):,.0f}" for one in rounds))
    yield _line("under the head's lock: p50, p99", "p99 20 ms", *(_lock(one) for one in rounds))


def rpcs(one: Round) -> Iterator[str]:
    """Every RPC of a round."""
    yield _line(
        "RPC", "in flight", "calls/s", "p50 ms", "p99 ms", "server us", "PostgreSQL us", "load's core", "failed"
    )
    yield _rule(9)
    for in_flight, run in one.look_up.items():
        yield _run("LookUpRegistration", in_flight, run)
        yield _run("(bare echo of it)", in_flight, one.echo[in_flight])
    for name, (alone, many) in one.rpcs.items():
        yield _run(name, 1, alone)
        yield _run(name, many.in_flight, many)


def growth(one: Round) -> Iterator[str]:
    """Where the bytes of a look-up go."""
    yield _line("table or index", "bytes per look-up")
    yield _rule(2)
    for name, size in one.bytes_per_look_up.items():
        if size >= 1:
            yield _line(name, f"{size:,.0f}")


def remarks(rounds: Sequence[Round]) -> Iterator[str]:
    """What a reader must know before he believes the figures."""
    for one in rounds:
        for problem in one.problems:
            yield f"NOT MEASURED, {one.name}: {problem}"
        for failure, count in one.failures.items():
            yield f"FAILED, {one.name}: {count} calls, {failure}"
        for name, runs in one.rpcs.items():
            for run in runs:
                if run.used_up:
                    yield f"{one.name}: {name} at {run.in_flight} ended after {run.calls} calls: no more requests"
        full = [
            f"{name} at {run.in_flight}"
            for name, runs in (("look-up", one.look_up), ("echo", one.echo))
            for run in runs.values()
            if run.load_share > _FULL
        ]
        if full:
            yield f"{one.name}: the load's core was full with {', '.join(full)}: it could have answered more"


def _run(name: str, in_flight: int, run: Run) -> str:
    return _line(
        name, str(in_flight), f"{run.calls_per_second:,.0f}", f"{run.p50_ms:.2f}", f"{run.p99_ms:.2f}",
        f"{run.server_us:,.0f}", f"{run.database_us:,.0f}", f"{run.load_share:.0%}",
        str(sum(run.failures.values())),
    )  # fmt: skip


def _ratio(one: Round, in_flight: int) -> float:
    return one.look_up[in_flight].calls_per_second / one.echo[in_flight].calls_per_second


def _bytes(one: Round) -> float:
    return sum(size for name, size in one.bytes_per_look_up.items() if name != "WAL")


def _lock(one: Round) -> str:
    p50, p99 = one.lock_seconds
    return "not measured by the server" if p50 is None or p99 is None else f"{p50 * 1e3:.1f} ms, {p99 * 1e3:.1f} ms"


def _microseconds(run: Run) -> str:
    return f"{run.server_us:.0f} + {run.database_us:.0f} = {run.all_us:.0f} us"


def _cells(rounds: Sequence[Round], name: str, cell: Callable[[Run, Run], str]) -> list[str]:
    """What ``cell`` makes of the runs of an RPC, one at a time and many, in each round."""
    return [cell(*one.rpcs[name]) if name in one.rpcs else "not measured" for one in rounds]


def _cpu(_alone: Run, many: Run) -> str:
    return f"{many.server_us / 1e3:.2f} + {many.database_us / 1e3:.2f} = {many.all_us / 1e3:.2f} ms"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(columns: int) -> str:
    return "|" + "---|" * columns
