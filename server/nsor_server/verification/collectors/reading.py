"""Whose API answers at a URL, and its spans as a source for the comparison."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from nsor_server.verification.collectors import jaeger, tempo
from nsor_server.verification.collectors.fetch import Collector, NoAnswer
from nsor_server.verification.collectors.windows import SECONDS, Read, windows
from nsor_server.verification.spans import Source, Window


def source(collector: Collector, since_us: int, until_us: int, *, seconds: float = SECONDS) -> Source:
    """The spans that a collector keeps of a time. It is asked as the windows are read.

    Args:
        collector: where it answers.
        since_us: from this microsecond since 1970 on.
        until_us: before this one; what ended later may have its entry later.
        seconds: for everything that is asked, but for the answer that is being given then.
    """
    return Source(collector.url, _windows(collector, since_us, until_us, seconds), until_us)


def _windows(collector: Collector, since_us: int, until_us: int, seconds: float) -> Iterator[Window]:
    try:
        read, shortest_us = _api(collector)
    except NoAnswer as no:
        yield Window(since_us, until_us, (), str(no))
        return
    yield from windows(read, since_us, until_us, shortest_us=shortest_us, seconds=seconds)


def _api(collector: Collector) -> tuple[Read, int]:
    """How spans are read there, and the shortest time that can be asked for, in microseconds."""
    if jaeger.is_one(collector):
        return functools.partial(jaeger.read, collector), 1000
    if tempo.is_one(collector):
        return functools.partial(tempo.read, collector), 1_000_000
    raise NoAnswer("neither Jaeger's query API nor Tempo's answers there")
