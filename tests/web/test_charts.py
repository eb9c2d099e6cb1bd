"""Where the parts of a chart lie."""

import asyncio

import pytest
from aiohttp import web

from nsor.web import charts, running


def test_the_longest_bar_has_the_whole_width_and_parts_follow_each_other() -> None:
    long, short, none = charts.bars([("a", [("x", 30), ("y", 10)]), ("b", [("x", 0), ("y", 20)]), ("c", [])])
    assert (long.total, long.parts) == (40, (("x", 0.0, 750.0), ("y", 750.0, 250.0)))
    assert short.parts == (("x", 0.0, 0.0), ("y", 0.0, 500.0))
    assert (none.total, none.parts) == (0, ())
    assert charts.bars([("a", [("x", 0)])])[0].parts == (("x", 0.0, 0.0),)


def test_a_short_span_is_seen_also_at_the_end_and_one_that_outlasts_its_parent_fits() -> None:
    # Durations are rounded up, so that a part may end after the call that it is of.
    found = charts.waterfall([(0, 1_000), (0, 0), (1_000, 1_000), (500, 2_000)])
    assert [(each.x, each.width) for each in found] == [(0.0, 500.0), (0.0, 2.0), (500.0, 2.0), (250.0, 750.0)]
    assert charts.waterfall([(7, 7)]) == (charts.Span(0.0, 2.0),)
    assert charts.waterfall([(0, 10), (10, 10)])[1] == charts.Span(998.0, 2.0)
    assert charts.waterfall([]) == ()


def test_without_tls_pages_are_on_this_machines_own_address_only() -> None:
    async def run(host: str) -> int:
        async with running.running(web.Application(), host, 0, None) as port:
            return port

    for host in ("0.0.0.0", "127.0.0.2", "::"):  # noqa: S104 - what is refused
        with pytest.raises(running.NotHere):
            asyncio.run(run(host))
    assert asyncio.run(run("127.0.0.1")) > 0
