"""What the page of the log's health asks: the last checkpoint, what was before it, and what witnesses have signed."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from nsor.cli import witnesses
from nsor.client import Client
from nsor.console.written import ago, when
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import oversight_pb2

_US: Final = 1_000_000


def log(client: Client, *, committee: bool) -> dict[str, Any]:
    """What the register says of its log.

    The last checkpoint has this view's own entry, since each answer comes with one. So the Committee is shown the
    newest entry before it as well: whether the log was alive when nobody looked.

    Args:
        client: of whoever looks.
        committee: he sees everybody's accesses, and the witnesses.
    """
    answer = client.oversight.get_checkpoint(oversight_pb2.GetCheckpointRequest())
    now, checkpoint = dt.datetime.now(dt.UTC).timestamp(), answer.proof.checkpoint
    made_us = leaf_pb2.Leaf.FromString(answer.proof.leaf).time_us
    made = made_us / _US
    found: dict[str, Any] = {
        "size": checkpoint.size,
        "origin": checkpoint.origin,
        "tree": checkpoint.root.hex(),
        "made": (when(made), *ago(now - made)),
        "before": None,
        "witnesses": [],
        "entries": [answer.index],
    }
    if committee:
        wanted = oversight_pb2.ListAccessesRequest(page_size=1)
        wanted.end_time.FromMicroseconds(made_us)
        listed = client.oversight.list_accesses(wanted)
        for each in listed.message.accesses:
            at = each.access_time.ToSeconds()
            found["before"] = (each.index, when(at), *ago(now - at))
        pages = list(witnesses.pages(client))
        known = [each for page in pages for each in page.message.witnesses]
        last = witnesses.last_cosigned(answer.message.cosigned, known)
        found["witnesses"] = [
            {
                "name": witnesses.name_of(each),
                "retired": each.HasField("retire_time"),
                "size": size,
                "behind": checkpoint.size - size,
                "at": witnesses.at_minute(at) if at else "",
                "ago": ago(now - at) if at else None,
            }
            for each in known
            for size, at in [last.get(each.verifier_key, (0, 0))]
        ]
        found["entries"] += [listed.index, *(page.index for page in pages)]
    return found
