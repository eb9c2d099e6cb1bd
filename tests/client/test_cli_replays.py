"""`nsor replay`: thresholds are seen before they are approved; what was found is shown by kind, agency and officer."""

import datetime as dt
import json
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from nsor import cli
from nsor.v1 import replays_pb2, tripwires_pb2
from tests.client.conftest import Register, Run
from tests.client.test_cli_counter import ID
from tests.client.test_cli_custody import always
from tests.client.test_cli_emergencies import sent

PROPOSE = "nsor.v1.LookupService/ProposeTripwireReplay"
APPROVE = "nsor.v1.LookupService/ApproveTripwireReplay"
GET = "nsor.v1.LookupService/GetTripwireReplay"
LIST = "nsor.v1.LookupService/ListTripwireReplays"
DIGEST = bytes(range(32))
CONTENT = json.dumps(
    {"tripwire": [{"kind": "MANY_SUBJECTS", "purposes": [], "window_hours": 24, "at_least": 7}]}
).encode()
OTHER = "9c5c1d2e-0000-4000-8000-000000000009"


def replay(state: replays_pb2.TripwireReplayState.ValueType) -> replays_pb2.TripwireReplay:
    return replays_pb2.TripwireReplay(
        replay_id=ID,
        state=state,
        digest=DIGEST,
        start_time=Timestamp(seconds=1_770_000_000),
        end_time=Timestamp(seconds=1_770_086_400),
        proposed_by="PB-7",
    )


@pytest.fixture
def thresholds(tmp_path: Path) -> str:
    file = tmp_path / "tripwires.toml"
    file.write_text("night_from = 22\n")
    return str(file)


def test_thresholds_are_proposed_for_days_in_pakistan(
    run: Run, register: Register, thresholds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[PROPOSE] = always(replays_pb2.ProposeTripwireReplayResponse(replay_id=ID, digest=DIGEST))
    assert run("replay", "propose", thresholds, "--since", "2026-01-05", "--until", "2026-01-06") == 0
    (request,) = sent(register, PROPOSE, replays_pb2.ProposeTripwireReplayRequest)
    assert request.toml == Path(thresholds).read_bytes()
    start = request.start_time.ToDatetime(tzinfo=dt.UTC)
    assert start == dt.datetime(2026, 1, 4, 19, tzinfo=dt.UTC)
    assert request.end_time.ToDatetime(tzinfo=dt.UTC) - start > dt.timedelta(days=1, hours=23)
    assert f"nsor replay approve {ID}" in capsys.readouterr().err
    Path(thresholds).write_text("night_from = ")
    assert run("replay", "propose", thresholds, "--since", "2026-01-05") == cli.USAGE


def test_the_second_officer_sees_the_thresholds_first(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    proposed = replay(replays_pb2.TRIPWIRE_REPLAY_STATE_PROPOSED)
    register.answers[GET] = always(replays_pb2.GetTripwireReplayResponse(replay=proposed, content=CONTENT))
    register.answers[APPROVE] = always(replays_pb2.ApproveTripwireReplayResponse())
    assert run("replay", "approve", ID, stdin="n\n") == cli.STOPPED
    shown = capsys.readouterr().out
    assert "many-subjects" in shown
    assert "7" in shown
    assert not sent(register, APPROVE, replays_pb2.ApproveTripwireReplayRequest)
    assert run("replay", "approve", ID, stdin="y\n") == 0
    (request,) = sent(register, APPROVE, replays_pb2.ApproveTripwireReplayRequest)
    assert (request.replay_id, request.digest) == (ID, DIGEST)


def test_what_was_found_is_shown(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    computed = replays_pb2.GetTripwireReplayResponse(
        replay=replay(replays_pb2.TRIPWIRE_REPLAY_STATE_COMPUTED), content=CONTENT
    )
    computed.result.counts.add(kind=tripwires_pb2.TRIPWIRE_KIND_DECOY, agency_id="fia-immigration", findings=3)
    computed.result.findings.add(
        kind=tripwires_pb2.TRIPWIRE_KIND_DECOY,
        agency_id="fia-immigration",
        officer_number="PB-9",
        count=4,
        access_ids=[ID, OTHER],
    )
    register.answers[GET] = always(computed)
    assert run("replay", "show", ID) == 0
    out = capsys.readouterr().out
    for part in ("decoy", "fia-immigration", "PB-9", OTHER):
        assert part in out
    register.answers[GET] = always(
        replays_pb2.GetTripwireReplayResponse(
            replay=replay(replays_pb2.TRIPWIRE_REPLAY_STATE_APPROVED), content=CONTENT
        )
    )
    assert run("replay", "show", ID) == 0
    assert "It isn't computed yet." in capsys.readouterr().err


def test_the_list_has_every_page(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    def page(request: bytes) -> replays_pb2.ListTripwireReplaysResponse:
        is_last = bool(replays_pb2.ListTripwireReplaysRequest.FromString(request).page_token)
        items = [replay(replays_pb2.TRIPWIRE_REPLAY_STATE_APPROVED)]
        return replays_pb2.ListTripwireReplaysResponse(items=items, next_page_token="" if is_last else "bW9yZQ")

    register.answers[LIST] = page
    assert run("replay", "list") == 0
    assert capsys.readouterr().out.count(ID) == 2
