"""What is made of a call before the lock is of the outcome that is written."""

from __future__ import annotations

from google.protobuf import empty_pb2

from nsor_server.calls import Call, Outcome
from nsor_server.rpc import packing
from nsor_server.storage.v1 import record_pb2


def outcome() -> Outcome[empty_pb2.Empty]:
    return Outcome(empty_pb2.Empty(), record_pb2.AccessDetail())


def test_what_was_made_of_an_outcome_is_made_once_and_is_nothing_of_another_one() -> None:
    # A call that is run again may have other rows: those of before would be written, and the ledger held to them.
    call = Call("some", outcome=outcome())
    assert packing.packed(call) is None
    packing.pack(call)
    first = packing.packed(call)
    assert first is not None
    packing.pack(call)
    assert packing.packed(call) is first
    call.outcome = outcome()
    assert packing.packed(call) is None
    packing.pack(call)
    made = packing.packed(call)
    assert made is not None
    assert made.outcome is call.outcome
