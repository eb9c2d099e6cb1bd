"""`nsor watched`: the number is never on the command line, nor kept here, and what comes next is said."""

from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from nsor import cli
from nsor.v1 import watched_pb2
from tests.client.conftest import Register, Run
from tests.client.test_cli_counter import CNIC, ID, private
from tests.client.test_cli_custody import always
from tests.client.test_cli_emergencies import sent

ENTER = "nsor.v1.LookupService/EnterWatchedNumber"
END = "nsor.v1.LookupService/EndWatchedNumber"
LIST = "nsor.v1.LookupService/ListWatchedNumbers"
Entering, Ending = watched_pb2.EnterWatchedNumberRequest, watched_pb2.EndWatchedNumberRequest


def entered(register: Register, state: watched_pb2.WatchedState.ValueType) -> None:
    register.answers[ENTER] = always(watched_pb2.EnterWatchedNumberResponse(watched_id=ID, state=state))


def test_a_number_is_read_from_stdin_or_a_file_and_shown_nowhere(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entered(register, watched_pb2.WATCHED_STATE_PROPOSED)
    assert run("watched", "enter", "--kind", "decoy", stdin=f"{CNIC}\n") == 0
    file = str(private(tmp_path / "number", f"{CNIC}\n"))
    assert run("watched", "enter", "--kind", "protected-person", "--second", ID, "--number-file", file) == 0
    first, second = sent(register, ENTER, Entering)
    assert (first.cnic, first.kind, first.watched_id) == (CNIC, watched_pb2.WATCHED_KIND_DECOY, "")
    assert (second.cnic, second.kind, second.watched_id) == (CNIC, watched_pb2.WATCHED_KIND_PROTECTED_PERSON, ID)
    said = capsys.readouterr()
    assert f"nsor watched enter --kind decoy --second {ID}" in said.err
    assert CNIC not in said.out + said.err
    assert run("watched", "enter", "--kind", "own", stdin=f"{CNIC}\n") == cli.USAGE
    assert run("watched", "enter", CNIC, "--kind", "decoy") == cli.USAGE


def test_the_clients_folder_keeps_no_number(run: Run, register: Register, tmp_path: Path) -> None:
    # An officer's computer keeps a journal of what was asked.
    entered(register, watched_pb2.WATCHED_STATE_PROPOSED)
    assert run("watched", "enter", "--kind", "decoy", stdin=f"{CNIC}\n") == 0
    (tmp_path / "stdin").unlink()
    kept = [each for each in tmp_path.rglob("*") if each.is_file() and CNIC.encode() in each.read_bytes()]
    assert kept == []


def test_a_second_entry_that_differs_is_told(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    entered(register, watched_pb2.WATCHED_STATE_DIFFERS)
    assert run("watched", "enter", "--kind", "decoy", "--second", ID, stdin=f"{CNIC}\n") == 0
    assert "The two entries differ" in capsys.readouterr().err


def test_an_end_is_asked_about_and_says_who_is_next(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[END] = always(watched_pb2.EndWatchedNumberResponse(state=watched_pb2.WATCHED_STATE_END_PROPOSED))
    assert run("watched", "end", ID, stdin="n\n") == cli.STOPPED
    assert not sent(register, END, Ending)
    assert run("watched", "end", ID, "--yes") == 0
    assert [each.watched_id for each in sent(register, END, Ending)] == [ID]
    assert f"nsor watched end {ID}" in capsys.readouterr().err


def test_the_list_has_every_page(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    def page(request: bytes) -> watched_pb2.ListWatchedNumbersResponse:
        is_last = bool(watched_pb2.ListWatchedNumbersRequest.FromString(request).page_token)
        item = watched_pb2.WatchedNumber(
            watched_id=ID,
            kind=watched_pb2.WATCHED_KIND_DECOY,
            state=watched_pb2.WATCHED_STATE_END_PROPOSED,
            entered_by="PB-7",
            decided_by="PB-8",
            enter_time=Timestamp(seconds=1_770_000_000),
            decide_time=Timestamp(seconds=1_770_086_400),
        )
        return watched_pb2.ListWatchedNumbersResponse(items=[item], next_page_token="" if is_last else "bW9yZQ")

    register.answers[LIST] = page
    assert run("watched", "list") == 0
    out = capsys.readouterr().out
    assert out.count(ID) == 2
    for part in ("decoy", "end-proposed", "PB-7", "PB-8"):
        assert part in out
