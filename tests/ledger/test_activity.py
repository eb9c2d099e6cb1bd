"""What the ledger says of agencies' calls, from leaves and labels alone."""

import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger import activity
from nsor_server.ledger.detail import Details
from tests.oversight.conftest import Written, written

__all__ = ["written"]


def test_the_last_call_of_each_agency_and_none_of_one_that_never_called(written: Written) -> None:
    written.append("punjab-police", count=2)
    (last,) = written.append("punjab-police")
    (other,) = written.append("sindh-police", leaf_pb2.OUTCOME_REFUSED)
    with written.database.owner() as owner:
        found = activity.last_calls(owner, ["punjab-police", "sindh-police", "npb"])
    assert found == {
        "punjab-police": leaf_pb2.Leaf.FromString(last.leaf).time_us,
        "sindh-police": leaf_pb2.Leaf.FromString(other.leaf).time_us,
    }


def test_refusals_are_counted_from_an_instant_on_and_no_seal_is_opened(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Details, "open")
    written.append("punjab-police", leaf_pb2.OUTCOME_REFUSED)
    written.append("punjab-police")
    (since,) = written.append("", leaf_pb2.OUTCOME_REFUSED)
    (failed,) = written.append("npb", leaf_pb2.OUTCOME_FAILED)
    first = leaf_pb2.Leaf.FromString(since.leaf)
    with written.database.owner() as owner:
        found = list(activity.refusals(owner, first.time_us))
    assert [(each.agency, each.failed, each.count) for each in found] == [("npb", True, 1), ("", False, 1)]
    assert found[1].access_id.bytes == first.access_id
    assert found[0].time_us == leaf_pb2.Leaf.FromString(failed.leaf).time_us
