"""What Prometheus' expressions may name: metrics that there are, their labels, and values that these may have."""

from __future__ import annotations

import re
from typing import Final

import grpc

from nsor.v1 import errors_pb2
from nsor_server.commands import ledger_watch
from nsor_server.commands.watched_spans import Sums
from nsor_server.rpc.exposed import EXPOSED
from nsor_server.verification.spans import Cause

_SUFFIXES: Final = r"_(?:total|bucket|sum|count)$"
_WATCHED: Final = frozenset(
    re.sub(_SUFFIXES, "", name) for name in re.findall(r"# TYPE (\w+)", ledger_watch.Result(spans=Sums()).text())
)
"""What `ledger watch` writes into its file."""
_OF_PROMETHEUS: Final = frozenset({"instance", "job", "le"})
_VALUES: Final = {
    "reason": {name.removeprefix("ERROR_REASON_") for name in errors_pb2.ErrorReason.DESCRIPTOR.values_by_name},
    "cause": {cause.value for cause in Cause},
}


def check(expression: str) -> None:
    """See that an expression names nothing that there isn't.

    Raises:
        AssertionError: it does.
    """
    labels = _OF_PROMETHEUS | ({"generation"} if "python_gc_" in expression else set())  # its client's own
    for name, matchers in re.findall(r"\b((?:nsor|process)_[a-z_]+)(?:\{([^}]*)\})?", expression):
        metric = re.sub(_SUFFIXES, "", name)
        assert metric in EXPOSED or metric in _WATCHED, name
        own = {"cause"} if metric in _WATCHED else set(EXPOSED[metric].labels)
        labels = labels | own
        values = _VALUES | ({"code": set(grpc.StatusCode.__members__)} if metric == "nsor_calls" else {})
        for label, value in re.findall(r'([a-z_]+)(?:=~|!~|!=|=)"([^"]*)"', matchers):
            assert label in own | _OF_PROMETHEUS, (name, label)
            assert label not in values or set(value.split("|")) <= values[label], (name, value)
    for grouped in re.findall(r"\b(?:by|on|without|ignoring) \(([^)]*)\)", expression):
        assert set(grouped.split(", ")) <= labels, (expression, grouped)
