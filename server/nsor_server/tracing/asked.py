"""Which calls of the local span store somebody asks for, at a terminal or in a browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nsor.cli.arguments import fits
from nsor_server.tracing import attributes as names
from nsor_server.tracing.rounding import SECOND_NS, STEPS_NS
from nsor_server.tracing.store import StoredSpan

_NOT_ANSWERED: Final = frozenset({"REFUSED", "FAILED"})


@dataclass(frozen=True, slots=True)
class Filter:
    """Which calls are asked for; what is empty or None asks nothing.

    Attributes:
        agency: its id.
        method: a part of its name, in any case.
        outcome: ALLOWED, REFUSED or FAILED.
        refused: only those that weren't answered: REFUSED or FAILED.
        slower_ms: took at least so long.
        since_ns: began then or later, nanoseconds since 1970.
        access: an access id or a trace id, or what it begins or ends with; a page asks for less than 8 digits too.
    """

    agency: str = ""
    method: str = ""
    outcome: str = ""
    refused: bool = False
    slower_ms: float | None = None
    since_ns: int = 0
    access: str = ""

    def takes(self, call: StoredSpan) -> bool:
        """Whether a call's span is asked for."""
        attributes = call.attributes
        identifiers = (str(attributes.get(names.ACCESS_ID, "")), call.trace)
        return (
            (not self.agency or attributes.get(names.AGENCY) == self.agency)
            and self.method.lower() in call.name.lower()
            and (not self.outcome or attributes.get(names.OUTCOME) == self.outcome)
            and (not self.refused or attributes.get(names.OUTCOME) in _NOT_ANSWERED)
            and (self.slower_ms is None or call.end_ns - call.start_ns >= self.slower_ms * 1e6)
            and call.start_ns >= self.since_ns
            and (not self.access or any(fits(self.access, each) for each in identifiers if each))
        )


ANY: Final = Filter()
"""Every call."""


def is_call(span: StoredSpan) -> bool:
    """Whether a span is a call's, and not one of the work for it."""
    return names.RPC_STATUS in span.attributes


def is_rounded(span: StoredSpan) -> bool:
    """Whether a span took so long at most: it lasts a step, or whole seconds (`rounding`)."""
    lasted = span.end_ns - span.start_ns
    return lasted in STEPS_NS or lasted % SECOND_NS == 0


def support_code(span: StoredSpan) -> str:
    """The code that the caller was told: the end of the access id, or of the trace id where there is none."""
    digits = str(span.attributes.get(names.ACCESS_ID, "")).replace("-", "") or span.trace
    return f"{digits[-8:-4]}-{digits[-4:]}"
