"""What the bridge keeps survives a crash, is its owner's alone, and is never taken for another event's."""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from nsor.bridge.endpoint import NotTaken
from nsor.bridge.state import Progress, State
from nsor.errors import NsorError
from nsor.v1 import notification_pb2

EVENT = notification_pb2.Event(sequence=12, event_id="e12", registration_id="8b5c1d2e-0000-4000-8000-000000000001")
WHY = NotTaken("it answered {}", (400,), is_of_event=True)


def test_progress_is_read_again_by_the_next_process(tmp_path: Path) -> None:
    State(tmp_path / "state").keep(Progress(12, "e12", taken=False, posts=4, refused=2, due=1.5))
    assert State(tmp_path / "state").of(EVENT) == Progress(12, "e12", taken=False, posts=4, refused=2, due=1.5)


def test_another_event_of_the_same_number_begins_anew(tmp_path: Path) -> None:
    # After a restored backup of the register a number may come again, with another event: it must not pass as taken.
    State(tmp_path).keep(Progress(12, "another", taken=True))
    assert State(tmp_path).of(EVENT) == Progress(12, "e12")


def test_a_dead_letter_is_written_once_and_read_in_order(tmp_path: Path) -> None:
    state = State(tmp_path)
    for number in (100, 12, 12, 9):
        event = notification_pb2.Event(sequence=number, event_id=f"e{number}")
        state.give_up(event, Progress(number, f"e{number}", posts=3), WHY)
    assert [letter.event.sequence for letter in state.dead_letters()] == [9, 12, 100]
    assert state.progress.taken
    held = json.loads(state.dead_letters()[0].path.read_text())
    assert (held["reason"], held["posts"]) == ("it answered 400", 3)
    state.remove(state.dead_letters()[0])
    assert [letter.event.sequence for letter in State(tmp_path).dead_letters()] == [12, 100]


# The id comes from outside, and a path is made of it.
def test_a_dead_letter_is_in_its_folder_whatever_its_id(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    event = notification_pb2.Event(sequence=12, event_id="/../../../planted")
    path = state.give_up(event, Progress(12, event.event_id), WHY)
    assert path == tmp_path / "state" / "dead" / "000000000012-planted.json"
    assert [letter.event for letter in state.dead_letters()] == [event]


def test_files_are_their_owner_s_alone(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.give_up(EVENT, Progress(12, "e12"), WHY)
    with state.alone("run") as is_alone:
        assert is_alone
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert len(modes) == 4


def test_what_is_kept_is_on_disk_before_anything_follows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # First the bytes, then the name, then the folder: a power cut leaves the old file or the new one.
    steps: list[str] = []
    state = State(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: steps.append("sync"))
    monkeypatch.setattr(Path, "replace", lambda *_: steps.append("replace"))
    state.keep(Progress(1, "e1"))
    assert steps == ["sync", "replace", "sync"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"sequences": 1}'])
def test_a_file_that_is_not_the_bridge_s_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "progress.json").write_text(content)
    with pytest.raises(NsorError) as raised:
        State(tmp_path)
    assert raised.value.reason == "STATE_WRONG"
    assert "progress.json" in raised.value.message.en


def test_a_dead_letter_that_is_none_is_named(tmp_path: Path) -> None:
    state = State(tmp_path)
    (tmp_path / "dead" / "000000000012-e12.json").write_text('{"event": {"sequence": "x"}}')
    with pytest.raises(NsorError, match="000000000012-e12"):
        state.dead_letters()


def test_only_one_is_alone(tmp_path: Path) -> None:
    with State(tmp_path).alone("run") as first, State(tmp_path).alone("run") as second:
        assert (first, second) == (True, False)
    with State(tmp_path).alone("run") as again:
        assert again


# Whoever writes there could say that an event was taken that never was.
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
@pytest.mark.parametrize("part", ["state", "state/dead"])
def test_a_folder_that_others_may_write_to_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, part: str, mode: int
) -> None:
    State(tmp_path / "state").keep(Progress(12, "e12", taken=True))
    (tmp_path / part).chmod(mode)
    with pytest.raises(NsorError, match="others may write to it") as raised:
        State(tmp_path / "state")
    assert raised.value.reason == "STATE_NOT_ALONE"
    command = f"chmod -R go-w {tmp_path / part}"
    assert command in raised.value.next_step.en
    assert command in raised.value.next_step.ur
    assert subprocess.run(["sh", "-c", command], check=False).returncode == 0
    assert State(tmp_path / "state").of(EVENT).taken


def test_a_folder_that_others_may_read_is_taken(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert State(tmp_path).of(EVENT) == Progress(12, "e12")


@pytest.mark.parametrize("part", ["state", "state/dead"])
def test_a_symbolic_link_is_no_state_folder(tmp_path: Path, part: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (tmp_path / part).parent.mkdir(mode=0o700, exist_ok=True)
    (tmp_path / part).symlink_to(elsewhere)
    with pytest.raises(NsorError, match="symbolic link"):
        State(tmp_path / "state")
    assert list(elsewhere.iterdir()) == []


def test_another_user_s_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(NsorError, match="another user's") as raised:
        State(tmp_path)
    assert "chown" in raised.value.next_step.en
