"""The methods that are served. Every method of the contract has one handler, or the server does not start.

A method that doesn't exist has a route as well, so that calls of it are answered, traced and recorded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message

from nsor.v1 import errors_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.access.contract import Contract, ContractError, MethodRule
from nsor_server.access.disclosures import FOUND_BY, FoundBy
from nsor_server.calls import Call
from nsor_server.errors import Violation
from nsor_server.rpc import transport
from nsor_server.rpc.handlers import Exchanged, Grouped, Handler, Parted, Streamed, Unary
from nsor_server.rpc.reading import Reader
from nsor_server.rpc.transport import Channel
from nsor_server.tracing.spans import OTHER_METHOD

OTHER_SECONDS = 5.0
STREAM_SECONDS = 1e8
"""A stream has an idle deadline instead of one for its work."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method, its rule and its handler.

    Attributes:
        name: as it is recorded.
        rule: the contract's; None for what the contract doesn't have.
        handler: the service's; None for a method that doesn't exist.
        max_seconds: longest that the server works on a call.
        is_stream: whether it answers with a stream.
        is_grouped: whether the ledger's writer decides its calls.
        part: the method as which the parts of its calls are decided; None: it has no parts.
        most_shown: of a request, how many registrations an answer may show; None: it has no rows for them.
    """

    name: str
    rule: MethodRule | None
    handler: Handler | None
    max_seconds: float
    is_stream: bool = False
    is_grouped: bool = False
    part: Method | None = None
    most_shown: Callable[[Any], int] | None = None

    @property
    def by_directory(self) -> bool:
        """Whether it decides by the rows of the directory's snapshot."""
        return isinstance(self.handler, Unary) and self.handler.by_directory

    def parse(self, data: bytes) -> Message:
        """The request.

        Raises:
            UnknownMethod: the method doesn't exist.
            InvalidFields: the bytes are no request of it.
        """
        if self.rule is None:
            raise errors.UnknownMethod
        try:
            return self.rule.request_class.FromString(data)
        except DecodeError:
            raise errors.InvalidFields(errors_pb2.ERROR_REASON_MALFORMED_REQUEST) from None

    def refusing(self, call: Call, violations: Sequence[Violation]) -> tuple[Violation, ...]:
        """Those of the fields that are wrong which refuse the call; the others are the handler's to answer."""
        if not isinstance(self.handler, Exchanged):
            return tuple(violations)
        call.found = tuple(violation for violation in violations if self.handler.answered(violation))
        return tuple(violation for violation in violations if not self.handler.answered(violation))

    def shows(self, call: Call) -> int:
        """How many rows stand beside the entry of an answer, for what it may show; the same whatever it does."""
        return 0 if self.most_shown is None else self.most_shown(call.request)

    def run(self, call: Call, reader: Reader) -> None:
        """Fill in the outcome, or for a grouped method what it prepares.

        Raises:
            ApiError: it refuses.
        """
        if isinstance(self.handler, Unary):
            reader.run(self.handler, call)
        elif isinstance(self.handler, Parted):
            reader.run(self.handler.taken(), call)
        elif isinstance(self.handler, Grouped):
            call.prepared = self.handler.prepare(call, call.request)


class Methods(grpc.GenericRpcHandler):
    """Finds the method of a call.

    Args:
        contract: the methods there are.
        handlers: of all services.
    """

    def __init__(self, contract: Contract, handlers: Iterable[Handler]) -> None:
        self._by_request = {rule.request_class: rule for rule in contract.methods.values()}
        self.methods: dict[str, Method] = {}
        self._accepted: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        for handler in sorted(handlers, key=lambda each: isinstance(each, Parted)):
            method = self._method(handler)
            if method.name in self.methods:
                raise ContractError(f"{method.name} has two handlers")
            self.methods[method.name] = method
        for name in contract.methods:
            if name not in self.methods:
                raise ContractError(f"{name} has no handler")
        self.other = Method(OTHER_METHOD, None, None, OTHER_SECONDS)

    def accept(self, accept: Callable[[Method, Channel], None], others: Mapping[str, transport.Accept]) -> None:
        """Have calls taken: of each method by ``accept``, and of others, such as health, by their own functions."""
        taken = {name: functools.partial(accept, method) for name, method in self.methods.items()} | dict(others)
        self._accepted = {f"/{name}": transport.handler(take) for name, take in taken.items()}
        self._other = transport.handler(functools.partial(accept, self.other))

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        """The handler of a method; never None, for grpc would answer by itself and nobody would know."""
        return self._accepted.get(handler_call_details.method, self._other)

    def _method(self, handler: Handler) -> Method:
        rule = self._by_request.get(handler.request)
        if rule is None or rule.response_class is not handler.response:
            raise ContractError(f"no method takes {handler.request.__name__} and gives {handler.response.__name__}")
        streams = (isinstance(handler, Streamed | Exchanged), isinstance(handler, Exchanged))
        if (rule.streaming, rule.takes_stream) != streams:
            raise ContractError(f"the handler of {rule.full_name} is of the wrong kind")
        if rule.decides.compares and not isinstance(handler, Parted) and getattr(handler, "again", None) is None:
            raise ContractError(f"{rule.full_name} decides on acts, and isn't compared again when it is sent again")
        if _repeats_to_anybody(rule, handler):
            raise ContractError(f"{rule.full_name} would repeat its answers to whoever may no longer see their rows")
        if rule.effect == options_pb2.EFFECT_DISCLOSES and isinstance(handler, Unary) and handler.charge is None:
            raise ContractError(f"{rule.full_name} discloses, and nothing says what it costs")
        found_by = FOUND_BY.get(rule.full_name)
        if rule.effect == options_pb2.EFFECT_DISCLOSES and found_by is None:
            raise ContractError(f"{rule.full_name} discloses, and access/disclosures.py doesn't say how that is found")
        shows = getattr(handler, "shows", None)
        if (found_by is FoundBy.ROWS) != (shows is not None):
            raise ContractError(f"{rule.full_name} has rows for what it shows, or says how many, and not both")
        seconds = STREAM_SECONDS if rule.streaming else rule.deadline_ms / 1000
        part = self._part(handler) if isinstance(handler, Parted) else None
        return Method(rule.full_name, rule, handler, seconds, rule.streaming, isinstance(handler, Grouped), part, shows)

    def _part(self, handler: Parted[Any, Any]) -> Method:
        rule = self._by_request.get(handler.part)
        part = self.methods.get(rule.full_name) if rule else None
        if part is None or not isinstance(part.handler, Unary):
            raise ContractError(f"the parts of {handler.request.__name__} are of no unary method")
        return part


def _repeats_to_anybody(rule: MethodRule, handler: Handler) -> bool:
    """Whether a first answer would be given again without a look at whether the caller still may see its row."""
    narrowed = not rows.NARROWED.isdisjoint(allowed.rows for allowed in rule.allow.values())
    repeatable = "request_id" in rule.request_class.DESCRIPTOR.fields_by_name
    return narrowed and repeatable and isinstance(handler, Unary) and handler.again is None
