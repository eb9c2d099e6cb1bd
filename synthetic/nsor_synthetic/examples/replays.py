"""Example requests of replays of tripwires."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import Message

from nsor.v1 import replays_pb2
from nsor_synthetic.examples import parts


def replays(ids: parts.Ids) -> Iterator[Message]:
    """Of replays: proposed, approved, read and listed."""
    proposed = replays_pb2.ProposeTripwireReplayRequest(
        request_id=ids.uuid("replay"),
        toml=b'night_from = 22\nnight_until = 5\ncitation = "working value"\nverified = false\n'
        b'[[tripwire]]\nkind = "DECOY"\nwindow_hours = 24\ncitation = "working value"\nverified = false\n',
    )
    proposed.start_time.seconds = 1_700_000_000
    proposed.end_time.seconds = 1_700_086_400
    yield proposed
    yield replays_pb2.ApproveTripwireReplayRequest(
        request_id=ids.uuid("replay's approval"), replay_id=ids.uuid("replay id"), digest=ids.octets("digest", 32)
    )
    yield replays_pb2.GetTripwireReplayRequest(replay_id=ids.uuid("replay id"))
    yield replays_pb2.ListTripwireReplaysRequest(page_size=50, page_token="dG9rZW4")  # noqa: S106 - a page token, no secret
