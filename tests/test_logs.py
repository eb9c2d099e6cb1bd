"""Lines of the log: what programs read of them, what is left out, and what becomes of them where nobody takes them."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nsor.printable import printable
from nsor_server import logs
from nsor_server.alerts import Alert, alert, counts

SECRET = "35202-1234567-1"
_PROGRAM = f"""
import sys, threading, logging
from nsor_server import logs
lines = logs.begin("json")

class Held:
    def __del__(self):
        raise ValueError("{SECRET}")

def fails():
    raise KeyError("{SECRET}")

thread = threading.Thread(target=fails, name="watches")
thread.start()
thread.join()
Held()
logging.getLogger("psycopg.pool").warning("error connecting in %r: %s", "readers", "{SECRET}")
logging.getLogger("grpc").error("{SECRET}")
logging.getLogger("other").error("{SECRET}")
"""


@pytest.fixture
def ours() -> Iterator[logging.Logger]:
    """A logger of ours that hands its lines to nobody else's handlers."""
    logger = logging.getLogger("nsor_server.tests")
    logger.propagate, before = False, logger.propagate
    try:
        yield logger
    finally:
        logger.propagate = before
        for handler in list(logger.handlers):
            logger.removeHandler(handler)


def written(logger: logging.Logger, file: Path, form: logging.Formatter, *said: tuple[object, ...]) -> str:
    """What comes into a file of lines with these texts and arguments."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    lines = logs.Lines(form, descriptor)
    logger.addHandler(lines)
    for text, *arguments in said:
        logger.error(text, *arguments)
    logger.removeHandler(lines)
    lines.close()
    os.close(descriptor)
    return file.read_text(encoding="utf-8")


def test_a_line_for_programs_has_level_logger_and_the_calls_ids(ours: logging.Logger, tmp_path: Path) -> None:
    trace_id, access_id = os.urandom(16), uuid.uuid4()
    with logs.Concerning(trace_id, access_id.bytes):
        (within,) = map(json.loads, written(ours, tmp_path / "log", logs.Json(), ("%d rows", 3)).splitlines())
    (after,) = map(json.loads, written(ours, tmp_path / "log", logs.Json(), ("gone",)).splitlines())
    assert (within["message"], within["level"], within["logger"]) == ("3 rows", "error", "nsor_server.tests")
    assert (within["trace_id"], within["access_id"]) == (trace_id.hex(), str(access_id))
    assert within["time"].endswith("Z")
    # The next line of this thread is of another call, or of none.
    assert not {"trace_id", "access_id"} & set(after)


def test_an_alert_has_its_code_and_is_counted(
    monkeypatch: pytest.MonkeyPatch, ours: logging.Logger, tmp_path: Path
) -> None:
    monkeypatch.setattr("nsor_server.alerts._log", ours)
    before = counts()[Alert.COPY_BEHIND]
    descriptor = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    lines = logs.Lines(logs.Json(), descriptor)
    ours.addHandler(lines)
    alert(Alert.COPY_BEHIND, "it isn't written (%s)", "ENOSPC")
    lines.close()
    os.close(descriptor)
    line = json.loads((tmp_path / "log").read_text(encoding="utf-8"))
    assert (line["alert"], line["level"]) == ("COPY_BEHIND", "critical")
    assert counts()[Alert.COPY_BEHIND] == before + 1
    assert set(counts()) == set(Alert)


@pytest.mark.parametrize("form", [logs.Text(), logs.Json()], ids=["text", "json"])
def test_the_text_of_an_exception_is_in_no_line(ours: logging.Logger, tmp_path: Path, form: logging.Formatter) -> None:
    # A driver's exception quotes the row.
    descriptor = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    lines = logs.Lines(form, descriptor)
    ours.addHandler(lines)
    try:
        int(SECRET)
    except ValueError:
        ours.exception("a row couldn't be read")
    lines.close()
    os.close(descriptor)
    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert "a row couldn't be read" in text
    assert SECRET not in text
    assert isinstance(form, logs.Text) or json.loads(text)["error"] == "ValueError"


@pytest.mark.parametrize("form", [logs.Text(), logs.Json()], ids=["text", "json"])
def test_one_line_stays_one(ours: logging.Logger, tmp_path: Path, form: logging.Formatter) -> None:
    # A file's name with a line break would forge an alert.
    text = written(ours, tmp_path / "log", form, ("%s can't be read", "a\nALERT LEDGER_TORN: no\r\x1b[2K\u202e\x9b"))
    assert text.count("\n") == 1
    assert text.rstrip("\n") == printable(text.rstrip("\n"))
    assert not set(text) & set("\x1b\u202e\x9b")
    assert isinstance(form, logs.Text) or json.loads(text)["message"].startswith("a\nALERT")


def test_what_nobody_catches_and_what_others_say_is_told_without_its_text() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, timeout=300)
    assert SECRET not in done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    messages = [line["message"] for line in lines]
    assert any(said.startswith("the thread watches ended by KeyError at ") and "fails" in said for said in messages)
    assert any(said.startswith("nobody could catch ValueError at ") for said in messages)
    assert "error connecting in %r: %s" in messages
    assert {line["logger"] for line in lines} == {"nsor_server.logs", "psycopg.pool", "other"}


def test_a_reader_of_lines_that_hangs_holds_nobody_up_and_the_lost_ones_are_told(ours: logging.Logger) -> None:
    # `serve 2>&1 | tee log` where tee is stopped: the ledger's writer logs too, and everybody waits for it.
    reading, writing = os.pipe()
    lines = logs.Lines(logs.Text(), writing, most=10)
    ours.addHandler(lines)
    for _ in range(100):
        ours.error("%s", "x" * 10_000)  # a pipe holds 64 KiB
    assert lines.lost >= 80
    ours.removeHandler(lines)
    with os.fdopen(reading, "rb") as reader, ThreadPoolExecutor(1) as pool:
        read = pool.submit(reader.read)
        lines.close()
        os.close(writing)
        told = re.findall(rb"logs: ([0-9]+) lines of the log were lost", read.result())
    assert sum(map(int, told)) == lines.lost


def test_a_full_disk_loses_lines_and_nothing_else(ours: logging.Logger) -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    lines = logs.Lines(logs.Json(), descriptor)
    ours.addHandler(lines)
    for _ in range(5):
        ours.error("there is no space")
    # Nor does a line that can't be formed.
    lines.handle(logging.LogRecord(ours.name, logging.ERROR, "", 0, "%d", ("no number",), None))
    ours.removeHandler(lines)
    lines.close()
    os.close(descriptor)
    assert lines.lost == 6
