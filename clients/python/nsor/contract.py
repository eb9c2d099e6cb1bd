"""What the contract says of each method, read from its own descriptors: nothing about a method is written twice."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import Message

from nsor.v1 import directory_pb2, lookup_pb2, notification_pb2, options_pb2, oversight_pb2, registration_pb2

_M = TypeVar("_M", bound=Message)
_FILES = (registration_pb2, notification_pb2, lookup_pb2, oversight_pb2, directory_pb2)
_READS = frozenset({options_pb2.EFFECT_DISCLOSES, options_pb2.EFFECT_OVERSEES})
_REPEATABLE = frozenset({"nsor.v1.NotificationService/AcknowledgeEvents"})
"""Changes without a request id that may be repeated: acknowledging again changes nothing."""
PROOFS = frozenset(
    f"nsor.v1.OversightService/{name}"
    for name in ("GetCheckpoint", "GetInclusionProof", "GetConsistencyProof", "GetBatchProof")
)
"""Of what proves the ledger no receipt is kept."""


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC.

    Attributes:
        name: full name, ``nsor.v1.LookupService/LookUpRegistration``.
        officer: which proof of the officer it needs.
        deadline_seconds: the longest that the server works on it; 0 for a stream.
        has_request_id: the request makes itself repeatable by an id.
        repeatable: a call whose outcome is unknown may be sent again.
        keeps_leaf: its leaf is kept and proven later. Those of the proofs are not: proving them would make new ones
            without end.
    """

    name: str
    officer: options_pb2.OfficerRule.ValueType
    deadline_seconds: float
    has_request_id: bool
    repeatable: bool
    keeps_leaf: bool

    @property
    def path(self) -> str:
        """As HTTP/2 carries it."""
        return f"/{self.name}"


@functools.cache
def method(name: str) -> Method:
    """The rules of a method.

    Raises:
        KeyError: the contract has no such method.
    """
    return _methods()[name]


def names() -> frozenset[str]:
    """The full names of all methods."""
    return frozenset(_methods())


@functools.cache
def _methods() -> dict[str, Method]:
    found = {}
    for file in _FILES:
        for service in file.DESCRIPTOR.services_by_name.values():
            for rpc in service.methods:
                rule = rpc.GetOptions().Extensions[options_pb2.access]
                name = f"{service.full_name}/{rpc.name}"
                has_request_id = "request_id" in rpc.input_type.fields_by_name
                found[name] = Method(
                    name=name,
                    officer=rule.officer,
                    deadline_seconds=rule.deadline_ms / 1000,
                    has_request_id=has_request_id,
                    repeatable=has_request_id or rule.effect in _READS or name in _REPEATABLE,
                    keeps_leaf=name not in PROOFS,
                )
    return found


def copy_of(message: _M) -> _M:
    """A copy that may be completed without changing the caller's message."""
    copy = type(message)()
    copy.CopyFrom(message)
    return copy
